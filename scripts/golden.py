"""Golden runs: flights kept in tests/golden, that show what a change of the code moves.

    python scripts/golden.py compare [NAME ...]    fly them now and show what moved; exit code 1
    python scripts/golden.py accept [NAME ...]     keep the flights of now instead

They are for change, not for truth. A flight that moved on purpose is accepted in the commit that
moves it, and the table goes into its message. `compare --exact` shows every bit that moved.

Tolerances. One kind of processor, system and set of versions gives the same bits; another rounds
otherwise. How far that leads was measured over five flights at 20 Hz with kernels compiled for a
processor without fused multiply-add or AVX, and numpy and BLAS without them: largest change as a
share of a channel's range or of a figure, and times.

                                        measured         tolerated
    planned, while steered              3.1e-7           3e-6
    as flown, until attitude is lost    4.5e-6           5e-5
    path of what nobody steers          2.1e-4           2e-3
    its time and place of impact        4.3e-6           5e-5
    times of events                     0.0014 s         0.01 s

About ten times what was measured: a third kind of processor rounds in yet another way.

As flown the vehicle is unstable, which multiplies rounding from the pad on. What nobody steers
tumbles: its attitude and the loads by it differ by 2 % of their range after rounding alone, so
only its path and its events are held. So it is after insertion, where the stage coasts in a dead
band and rounding decides in which tick a thruster fires (numpy 2.4 and 2.5 differ by 3 %). Before
it Python 3.13 with numpy 2.5 moved what is steered by 3.1e-4, in the coast's dead band too; hence
2e-3 where versions differ. With the versions of the kept runs the table above holds.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from downrange.errors import DownrangeError
from downrange.flight.draw import check_groups
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.flight.load import load_mission
from downrange.review import Changes, changes
from downrange.telemetry import Body, Recording, Telemetry, read_recording, write_recording

FOLDER = Path(__file__).parents[1] / "tests" / "golden"
MISSION = "spectrum-flight-1"
FREE = 2e-3  # of a channel's range, on the path of what nobody steers
OTHER_VERSIONS = 2e-3  # of a channel's range while steered, with another Python, numpy or numba
FREE_FIGURE = 5e-5  # of a figure that says how it ended
EVENT_S = 0.01
PATH = ("position_", "velocity_eci_", "velocity_north_", "velocity_east_", "velocity_down_",
        "latitude_", "longitude_", "altitude_", "downrange_", "crossrange_", "speed_",
        "inertial_speed_", "airspeed_", "mach", "dynamic_pressure_", "air_", "mass_",
        "flight_path_angle_")  # fmt: skip


class Golden(NamedTuple):
    """One flight that is kept.

    Attributes:
        name: folder of its recording.
        planned: without the faults of the flight as flown.
        disperse: groups of values that are drawn.
        thrusting_s: time between rows that are kept under thrust.
        coasting_s: the same without thrust.
        tolerance: share of a channel's range, and of a figure, while it is steered.
    """

    name: str
    planned: bool
    seed: int
    disperse: tuple[str, ...]
    thrusting_s: float
    coasting_s: float
    tolerance: float


GOLDEN = (
    Golden("as-flown", False, 1, (), 1.0, 1.0, 5e-5),
    Golden("planned", True, 1, (), 4.0, 30.0, 3e-6),
    Golden("planned-dispersed", True, 3, ("all",), 4.0, 30.0, 3e-6),
)


@cache
def _ready(planned: bool) -> Prepared:
    return prepare(load_mission(MISSION, planned=planned))


def fly(golden: Golden) -> Recording:
    """The flight as the code of now flies it, with the channels that are held."""
    groups = check_groups(golden.disperse)
    flown = fly_prepared(_ready(golden.planned), seed=golden.seed, disperse=groups)
    left_out = {"timing", "recording", "events"}  # of the clock, of the disk, in their own file
    return replace(
        flown,
        bodies={name: replace(body, telemetry=_held(body.telemetry))
                for name, body in flown.bodies.items()},
        summary={key: value for key, value in flown.summary.items() if key not in left_out},
        plan={key: value for key, value in flown.plan.items() if isinstance(value, float)},
        mission="",
    )  # fmt: skip


def _held(telemetry: Telemetry) -> Telemetry:
    """Of what is never steered its path; of engines what they do together: nine are alike."""
    steered = np.isfinite(telemetry["attitude_error_deg"]).any()
    names = [name for name in telemetry.names if ".engine." not in name]
    return _columns(telemetry, names if steered else _path(names))


def _path(names: Sequence[str]) -> list[str]:
    return [name for name in names if name == "time_s" or name.startswith(PATH)]


def _columns(telemetry: Telemetry, names: Sequence[str], rows: Any = slice(None)) -> Telemetry:
    return Telemetry.from_columns({name: telemetry[name][rows] for name in names})


def thinned(golden: Golden, flown: Recording) -> Recording:
    """The rows that are kept: a few a minute, and the last."""
    bodies = {}
    for name, body in flown.bodies.items():
        time, step = body.telemetry["time_s"], golden.coasting_s
        if "thrust_n" in body.telemetry:
            step = np.where(body.telemetry["thrust_n"][1:] > 0.0, golden.thrusting_s, step)
        due = np.floor(np.cumsum(np.diff(time) / step) + 1e-9)
        kept = np.concatenate(([True], np.diff(due, prepend=0.0) > 0.0))
        kept[-1] = True
        bodies[name] = replace(
            body, telemetry=_columns(body.telemetry, body.telemetry.names, kept)
        )  # fmt: skip
    return replace(flown, bodies=bodies)


def kept(golden: Golden) -> Recording:
    """The flight that is kept."""
    return read_recording(FOLDER / golden.name)


def accept(golden: Golden, flown: Recording) -> None:
    """Keep a flight from now on."""
    write_recording(thinned(golden, flown), FOLDER / golden.name, replace=True)


def moved(golden: Golden, before: Recording, after: Recording) -> Changes:
    """What moved by more than is tolerated from the flight that is kept to another."""
    every = changes(before, after)
    ends_s = {name: _steered_until_s(before, body) for name, body in before.bodies.items()}
    steered = changes(_part(before, ends_s, steered=True), after)
    free = changes(_part(before, ends_s, steered=False), after)
    fallen = [
        f"bodies.{name}." for name, body in before.bodies.items()
        if ends_s[name] < body.telemetry["time_s"][-1]
    ]  # fmt: skip
    loose = ("objectives.", *fallen)
    same = before.summary["versions"] == after.summary["versions"]
    steered_share = golden.tolerance if same else max(golden.tolerance, OTHER_VERSIONS)
    return replace(
        every,
        events=tuple(each for each in every.events if not each.within(EVENT_S)),
        figures=tuple(
            each for each in every.figures
            if not each.within(FREE_FIGURE if each.path.startswith(loose) else golden.tolerance)
        ),
        channels=(
            *(each for each in steered.channels if not each.within(steered_share)),
            *(each for each in free.channels if not each.within(FREE)),
        ),
    )  # fmt: skip


def _steered_until_s(recording: Recording, body: Body) -> float:
    """When a body was last steered with its attitude held; minus infinity if never."""
    telemetry = body.telemetry
    if "attitude_error_deg" not in telemetry:  # see `_held`
        return -math.inf
    steered = telemetry["time_s"][np.isfinite(telemetry["attitude_error_deg"])]
    ends = [
        event.time_s for name in ("attitude_lost", "orbit_insertion")
        for event in recording.events_named(name, body.name)
    ]  # fmt: skip
    return min([*steered[-1:].tolist(), *ends], default=-math.inf)


def _part(recording: Recording, ends_s: dict[str, float], steered: bool) -> Recording:
    """The rows of each body while it was steered, or the path of it after that."""
    bodies = {}
    for name, body in recording.bodies.items():
        time, names = body.telemetry["time_s"], list(body.telemetry.names)
        rows = time <= ends_s[name] if steered else time > ends_s[name]
        if not steered:
            names = _path(names)
        if rows.any():
            bodies[name] = replace(body, telemetry=_columns(body.telemetry, names, rows))
    return replace(recording, bodies=bodies)


def as_text(found: Changes, everything: bool = False) -> str:
    """The tables of what moved."""
    from rich.console import Console

    from downrange.cli.comparing import put_changes

    page = io.StringIO()
    put_changes(found, Console(file=page, width=120, highlight=False), everything)
    return page.getvalue()


def _chosen(names: Sequence[str]) -> Iterator[Golden]:
    return (golden for golden in GOLDEN if not names or golden.name in names)


def _compare(names: Sequence[str], exact: bool) -> int:
    same = True
    for golden in _chosen(names):
        before, after = kept(golden), fly(golden)
        found = changes(before, after) if exact else moved(golden, before, after)
        print(f"\n== {golden.name}\n\n{as_text(found)}")
        same = same and found.same
    return 0 if same else 1


def main(arguments: Sequence[str]) -> int:
    """Compare or accept; the exit code is 1 if a flight moved, 2 if it can't be told."""
    parser = argparse.ArgumentParser(description="Fly the golden runs.")
    commands = parser.add_subparsers(dest="command", required=True)
    known = [golden.name for golden in GOLDEN]
    for name, about in (("compare", "show what moved"), ("accept", "keep the flights of now")):
        command = commands.add_parser(name, help=about)
        command.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
        if name == "compare":
            command.add_argument("--exact", action="store_true", help="tolerate nothing")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no golden run {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        if asked.command == "compare":
            return _compare(asked.names, asked.exact)
        for golden in _chosen(asked.names):
            accept(golden, fly(golden))
            print(f"kept {FOLDER.name}/{golden.name}")
    except DownrangeError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
