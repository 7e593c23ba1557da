"""What a person asks of a campaign, checked whole before anything is flown or written."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downrange.campaign.folder import check_folder
from downrange.campaign.request import FILE, PART_FLIGHTS, check_numbers, read_request
from downrange.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    from downrange.flight.load import Mission

FLIGHTS = 1000  # if nobody says how many
SCRAMBLES = 16
ROOT = Path("runs")


@dataclass(frozen=True)
class Asked:
    """A campaign that can be begun or resumed.

    Attributes:
        mission: what is flown.
        flights: how many at most; None where only the width ends them.
        seed: of all draws.
        groups: what is drawn.
        until_width: where the stopping rule ends it; None if it has none.
        sampler: "plain" or "sobol".
        scrambles: of a sobol sequence; 0 where plain.
        out: the folder.
        resume: whether it goes on with what is there.
        force: whether it replaces what is there.
        workers: how many fly at once.
        processes: whether each worker is a process of its own.
        part_flights: flights in a part.
    """

    mission: Mission
    flights: int | None
    seed: int
    groups: tuple[str, ...]
    until_width: float | None
    sampler: str
    scrambles: int
    out: Path
    resume: bool
    force: bool
    workers: int
    processes: bool
    part_flights: int = PART_FLIGHTS


def ask(
    mission: Mission | Callable[[], Mission],
    flights: int | None = None,
    *,
    seed: int = 1,
    disperse: Sequence[str] = ("all",),
    workers: int | None = None,
    processes: bool = False,
    until_width: float | None = None,
    sampler: str = "plain",
    scrambles: int = SCRAMBLES,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
    part_flights: int = PART_FLIGHTS,
    problems: Sequence[Problem] = (),
) -> Asked:
    """What is asked for, a mission or what loads it, with all that follows.

    `problems` is what is known to be wrong already.

    Raises:
        InputError: carries every problem, the mission's, the options' and the folder's.
    """
    from downrange.flight.draw import check_groups
    from downrange.flight.fly import next_folder

    found = list(problems)
    if flights is None:
        flights = _gather(found, _flights, until_width, out if resume else None)
    workers = cores() if workers is None else workers
    found += check_numbers(flights, until_width, sampler, scrambles, workers)
    if seed < 0:
        found.append(Problem("--seed", "", f"{seed} is below 0"))
    if resume and force:
        message = "can't go with --resume: go on with what is there, or replace it"
        found.append(Problem("--force", "", message))
    groups = _gather(found, check_groups, disperse)
    if sampler == "sobol" and groups == ():
        message = "a sobol sequence draws values, and none is drawn"
        found.append(Problem("--disperse", "", message, "name groups, or use --sampler plain"))
    loaded = _gather(found, mission) if callable(mission) else mission
    if out is None and resume:
        found.append(Problem("--resume", "", "needs --out DIR", "the folder of the campaign"))
    elif loaded is not None:
        out = out or next_folder(f"{loaded.name}-campaign", seed, ROOT)
    if out is not None:
        _gather(found, _check_output, out, resume, force)
    if found:
        raise InputError(found)
    assert out is not None
    return Asked(
        loaded, flights, seed, groups, until_width, sampler,
        scrambles if sampler == "sobol" else 0, out, resume, force, workers, processes,
        part_flights,
    )  # fmt: skip


def _flights(until_width: float | None, resumed: Path | None) -> int | None:
    """How many at most if nobody says: as before where it is resumed, or a thousand."""
    if resumed is not None and (resumed / FILE).exists():
        return read_request(resumed).flights
    return FLIGHTS if until_width is None else None


def _check_output(folder: Path, resume: bool, force: bool) -> None:
    if folder.exists():
        check_folder(folder, resume, force)
        return
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{folder} can't be written: {parent} is no folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} can't be written: no write permission in {parent}")


def _gather(problems: list[Problem], call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call returns; None and its problems among the others if it refuses."""
    try:
        return call(*arguments)
    except InputError as error:
        problems += error.problems
    except OutputError as error:
        problems.append(Problem("--out", "", str(error)))
    return None


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def loader(
    name: str | Path, planned: bool,
    settings: Sequence[tuple[str, str]] = (), faults: Sequence[str] = (),
) -> Callable[[], Mission]:  # fmt: skip
    """What loads a mission when it is asked to."""
    from downrange.flight.load import load_mission

    return lambda: load_mission(name, settings=settings, faults=faults, planned=planned)
