"""A flyer that needs no physics: flights follow from their numbers, and go wrong as they are told.

Run as a program it flies a campaign into a folder, to be killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from downrange.campaign.flyer_types import Chunk, Flyer, Ready
from downrange.campaign.request import Request, versions

COLUMNS = {
    "flight": "", "outcome": "", "cause": "", "cause_time_s": "s", "end_time_s": "s",
    "objective.orbit": "", "objective.clear of the pad": "",
    "event.stage1.meco.time_s": "s", "orbit.perigee_altitude_m": "m",
    "body.stage1.outcome": "", "body.stage1.end_surface": "", "body.stage1.impact_speed_mps": "m/s",
    "body.stage1.end_time_s": "s", "body.stage1.end_latitude_deg": "deg",
    "body.stage1.end_longitude_deg": "deg",
    "margin.attitude": "deg", "draw.vehicle.stage1.dry_mass": "kg",
}  # fmt: skip
CHANNELS = (("stage1", "altitude_m"), ("stage1", "speed_mps"))
TIMES_S = np.linspace(0.0, 40.0, 5)
DRAW = {
    "path": "vehicle.stage1.dry_mass", "group": "mass", "kind": "normal", "nominal": 4000.0,
    "parameters": {"mean": 4000.0, "sigma": 40.0},
    "value": {"text": "4 t", "si": 4000.0, "unit": "kg", "status": "estimated", "source": None},
}  # fmt: skip
PLAN = {"map": {"pad": {"name": "Pad", "latitude_deg": 69.1, "longitude_deg": 15.6}}}


def unit(flight: int, salt: int) -> float:
    """A number in [0, 1) of a flight: the same always, and unlike the next one's."""
    bits = (flight * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9 + 1) % 2**64
    bits = ((bits ^ (bits >> 30)) * 0x94D049BB133111EB) % 2**64
    return float((bits ^ (bits >> 31)) >> 11) * 2.0**-53


@dataclass
class FakeFlyer:
    """Flies by number.

    Attributes:
        make: what it was made by.
        flown: first flight and number of each chunk that it flew.
    """

    make: MakeFake
    columns: dict[str, str] = field(default_factory=lambda: dict(COLUMNS))
    channels: tuple[tuple[str, str], ...] = CHANNELS
    times_s: Any = field(default_factory=TIMES_S.copy)
    chunk_flights: int = 4
    flown: list[tuple[int, int]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def fly(self, first: int, count: int) -> Chunk:
        rows = []
        for flight in range(first, first + count):
            self.make.hurt(flight)
            time.sleep(self.make.delay_s)
            if flight == self.make.waits:
                assert self.stopped.wait(60.0)
            rows.append(self.row(flight))
            if self.stopped.is_set():
                break
        self.flown.append((first, len(rows)))
        samples = np.array([self.samples(row) for row in rows], np.float32)
        return Chunk(first, table(rows), samples, np.full(len(rows), self.make.delay_s))

    def stop(self) -> None:
        self.stopped.set()

    def row(self, flight: int) -> dict[str, Any]:
        good = unit(flight, 1) < self.make.chance
        came_down = unit(flight, 2) < 0.5
        return {
            "flight": flight, "outcome": "success" if good else "loss",
            "cause": "" if good else "attitude_lost",
            "cause_time_s": np.nan if good else 30.0 * unit(flight, 3),
            "end_time_s": 60.0 + unit(flight, 4), "objective.orbit": good or None,
            "objective.clear of the pad": True,
            "event.stage1.meco.time_s": 150.0 + unit(flight, 5) if good else np.nan,
            "orbit.perigee_altitude_m": 5e5 + 1e3 * unit(flight, 6) if good else np.nan,
            "body.stage1.outcome": "splashed" if came_down else "impacted",
            "body.stage1.end_surface": "sea" if came_down else None,
            "body.stage1.impact_speed_mps": 90.0 + unit(flight, 7),
            "body.stage1.end_time_s": 300.0 + unit(flight, 9),
            "body.stage1.end_latitude_deg": 70.0 + unit(flight, 10),
            "body.stage1.end_longitude_deg": 15.0 + unit(flight, 11),
            "margin.attitude": 10.0 * unit(flight, 8),
            "draw.vehicle.stage1.dry_mass": 4000.0 + unit(flight, 12),
        }  # fmt: skip

    def samples(self, row: dict[str, Any]) -> list[list[float]]:
        end = row["cause_time_s"]
        return [
            [np.nan, np.nan] if t > end else [row["margin.attitude"] * t, row["end_time_s"] * t]
            for t in self.times_s.tolist()
        ]


def table(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows as columns, of types that depend on the first row's names alone."""
    words = ("outcome", "cause", "objective.orbit", "objective.clear of the pad",
             "body.stage1.outcome", "body.stage1.end_surface")  # fmt: skip
    made: dict[str, Any] = {}
    for name in COLUMNS:
        kind = object if name in words else np.int64 if name == "flight" else np.float64
        made[name] = np.array([row[name] for row in rows], kind)
    return made


@dataclass(frozen=True)
class MakeFake:
    """Makes fake flyers; can be pickled.

    Attributes:
        chance: of success.
        delay_s: what a flight takes, s.
        kills: flight whose worker process is killed, so often; the times are counted in `marks`.
        fails: flight that can't be flown.
        waits: flight that ends only when it is told to stop.
    """

    chance: float = 0.7
    delay_s: float = 0.0
    kills: int = -1
    times: int = 1
    marks: Path = Path()
    fails: int = -1
    waits: int = -1

    def __call__(self) -> Flyer:
        return FakeFlyer(self)

    def hurt(self, flight: int) -> None:
        """Do to a flight what is to be done to it."""
        if flight == self.fails:
            raise ZeroDivisionError("no such luck")
        if flight == self.kills and len(list(self.marks.glob("killed-*"))) < self.times:
            (self.marks / f"killed-{time.monotonic_ns()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)


def ready(make: MakeFake | None = None) -> Ready:
    return Ready(
        make or MakeFake(), 'name = "fake"\n', PLAN, (DRAW,),
        bodies=("stage1",), objectives=("orbit", "clear of the pad"),
    )  # fmt: skip


def request(flights: int | None = 60, **others: Any) -> Request:
    """What `campaign.json` says of a fake campaign."""
    stated: dict[str, Any] = {
        "mission": "fake", "mission_hash": "0123", "planned": False, "seed": 1,
        "flights": flights, "until_width": None, "groups": ("mass",), "part_flights": 10,
        "columns": dict(COLUMNS), "channels": CHANNELS, "times_s": tuple(TIMES_S.tolist()),
        "bodies": ("stage1",), "objectives": ("orbit", "clear of the pad"), "downrange": "0.1.0",
        "versions": versions(), "draws": (DRAW,),
    }  # fmt: skip
    return Request(**(stated | others))


def die_writing(at: int) -> None:
    """Have this process killed in the middle of a write, after so many that are whole."""
    from downrange.campaign import files

    put = files._put
    left = iter(range(at, -1, -1))

    def put_or_die(out: IO[bytes], data: bytes) -> None:
        if next(left) == 0:
            out.write(data[: len(data) // 2])
            out.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        put(out, data)

    files._put = put_or_die


def main() -> None:
    """Fly so many flights of so long into a folder, or go on; die in a write if so told."""
    from downrange.campaign.folder import hold
    from downrange.campaign.run import Hands, Listener, fly_held

    folder, flights, delay_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    if len(sys.argv) > 4:
        die_writing(int(sys.argv[4]))
    made = ready(MakeFake(delay_s=delay_s))
    first = made.make()
    sys.stdout.write("flying\n")
    sys.stdout.flush()
    with hold(folder, resume=True, force=False, say=lambda _: None) as held:
        fly_held(held, request(flights), made, first, Hands(2), Listener())


if __name__ == "__main__":
    main()
