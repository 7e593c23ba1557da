"""Fly a mission and look at what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.errors import InputError, OutputError
from downrange.flight.assemble import Planned, assemble, first_plant, plan_mission
from downrange.flight.bodies import Journey, compile_fall
from downrange.flight.dispersed import Dispersed, disperse_mission, fly_drawn
from downrange.flight.draw import check_groups
from downrange.flight.jobs import motion_jobs, parting_job, tick_jobs
from downrange.flight.kernel import loop
from downrange.flight.load import Mission, load_mission
from downrange.flight.record import recording_of
from downrange.flight.sobol import Sobol
from downrange.flight.warm import Helper
from downrange.telemetry import Recording
from downrange.telemetry.store import plain

Floats = NDArray[np.float64]

RECORD_HZ = 20.0
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A mission with its plan, ready for any number of flights."""

    mission: Mission
    planned: Planned
    _dispersed: dict[tuple[str, ...], Dispersed] = field(default_factory=dict)

    def dispersed(self, groups: tuple[str, ...]) -> Dispersed:
        """The mission with what some groups draw of it, worked out once."""
        if groups not in self._dispersed:
            self._dispersed[groups] = disperse_mission(self, groups)
        return self._dispersed[groups]


def prepare(mission: Mission, helper: Helper | None = None) -> Prepared:
    """Plan a mission once, see `plan_mission`; a helper compiles the motion in the meantime."""
    try:
        if helper:
            helper.ask(motion_jobs(first_plant(mission)))
        return Prepared(mission, plan_mission(mission))
    except InputError as error:
        problems = [replace(each, file=each.file or str(mission.file)) for each in error.problems]
    raise InputError(problems)


def fly(
    mission: Mission | str | Path,
    *,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_rate_hz: float = RECORD_HZ,
    points: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Recording:
    """Fly a mission once and return its recording.

    Args:
        mission: a mission, or the name or file of one.
        seed: of sensor noise, gusts and draws; the same seed gives the same bits.
        flight: which flight of a campaign with this seed.
        disperse: groups of values to draw, ("all",) for every one that changes between flights.
        record_rate_hz: rows of telemetry a second.
        points: scrambles and flights of the campaign's sobol sequence; None where it is plain.
        progress: told what is being done.

    Raises:
        InputError: the mission is wrong or can't be planned.
    """
    tell = progress or (lambda _: None)
    started = time.perf_counter()
    if not isinstance(mission, Mission):
        mission = load_mission(mission)
    groups = check_groups(disperse)
    tell("planning")
    with Helper(loop.fly) as helper:
        ready = prepare(mission, helper)
        planned_s = time.perf_counter() - started
        tell("compiling")
        compile_s = compile_loop(ready, helper)
    tell("flying")
    recording = fly_prepared(
        ready, seed=seed, flight=flight, disperse=groups, record_rate_hz=record_rate_hz,
        points=points,
    )  # fmt: skip
    timing = recording.summary["timing"] | {
        "plan_s": planned_s, "compile_s": compile_s, "total_s": time.perf_counter() - started,
    }  # fmt: skip
    return replace(recording, summary=recording.summary | {"timing": timing})


def compile_loop(ready: Prepared, helper: Helper | None = None) -> float:
    """Have the flight loop compiled or read from the cache; returns the seconds that it took."""
    started = time.perf_counter()
    spec = ready.mission.spec
    numbers, flight = assemble(ready.mission, spec, ready.planned, 0, 0, RECORD_HZ)
    if helper:
        helper.share(tick_jobs(numbers, flight))
        helper.ask([parting_job(numbers, flight)])  # while this process puts the loop together
    loop.fly(numbers, flight, 0)
    compile_fall(numbers)
    part, arguments = parting_job(numbers, flight)
    part(*arguments)
    return time.perf_counter() - started


def fly_prepared(
    ready: Prepared,
    *,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_rate_hz: float = RECORD_HZ,
    points: tuple[int, int] | None = None,
) -> Recording:
    """One flight of a planned mission; see `fly`."""
    values = None
    if points is not None:
        plan = ready.dispersed(tuple(disperse)).plan
        (values,) = Sobol(plan, seed, *points).sample(flight)
    journey, drawn = fly_drawn(ready, disperse, seed, flight, record_rate_hz, values)
    started = time.perf_counter()
    journey.fly()
    fly_s = time.perf_counter() - started
    return recording_of(ready, journey, how_flown(journey, seed, disperse, drawn, fly_s))


def how_flown(
    journey: Journey, seed: int, disperse: Sequence[str], drawn: dict[str, float], fly_s: float
) -> dict[str, Any]:
    """What the summary says of how a flight was made."""
    return {
        "seed": seed, "dispersed": list(disperse), "drawn": drawn,
        "timing": {
            "compile_s": 0.0, "fly_s": fly_s,
            "body_seconds": float(journey.flight.clock[loop.TICK]) * journey.numbers.tick_s,
            "report_s": 0.0, "total_s": fly_s,
        },
    }  # fmt: skip


def next_folder(mission: str, seed: int, root: Path = Path("runs")) -> Path:
    """runs/<mission>-<seed>-<n>, with the first n that is free."""
    n = 1
    while (root / f"{mission}-{seed}-{n}").exists():
        n += 1
    return root / f"{mission}-{seed}-{n}"


def check_output(folder: Path, force: bool) -> None:
    """Refuse an output folder before anything is flown.

    Raises:
        OutputError: it exists and `force` is not set, or it can't be written.
    """
    import os

    if folder.exists() and not force:
        raise OutputError(f"{folder} exists already: name another folder, or use --force")
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{folder} can't be written: {parent} is no folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} can't be written: no write permission in {parent}")


def to_json(summary: dict[str, Any]) -> str:
    """The summary as JSON; what isn't a number is null."""
    return json.dumps(plain(summary), allow_nan=False, ensure_ascii=False)
