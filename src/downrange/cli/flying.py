"""`downrange fly`: one flight, its timeline on the screen, its recording and report on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from downrange.cli.tables import put_flight, put_folder
from downrange.cli.terminal import Stages, Stopped, console, put_json
from downrange.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    from downrange.flight.load import Mission
    from downrange.telemetry import Recording

MOST_HZ = 1000.0

MISSION = typer.Argument(metavar="MISSION", help="A name from [b]downrange list[/b], or a file.")


def fly(
    mission: Annotated[str, MISSION],
    planned: Annotated[
        bool, typer.Option("--planned", help="Leave out the faults of the flight as flown.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Of sensor noise, gusts and draws: same seed, same bits.")
    ] = 1,
    disperse: Annotated[
        str | None,
        typer.Option(
            metavar="[GROUPS]",
            help="Draw the values that change from flight to flight: all of them, or those of "
            "engines, mass, wind, aero, sensors, structure, faults, failures; knowledge draws "
            "what is not known of the design. Several with commas.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Replace a value; may be repeated."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help='Add a fault: "stage1.engine.5: shutdown at 20 s"; repeatable.'
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the recording; runs/<mission>-<seed>-<n> if not given."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a recording that is there already.")
    ] = False,
    record_rate: Annotated[
        float, typer.Option(metavar="HZ", help="Rows of telemetry a second.")
    ] = 20.0,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write no report.html: quicker.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on stdout, nothing else.")
    ] = False,
) -> None:
    """Fly a mission: timeline on the screen, recording and report in a folder.

    A lost vehicle is a result: the exit code is 0. Bad input gives 2.
    """
    began_s = time.perf_counter()
    left = "nothing was written"
    try:
        with Stages() as stages:
            stages("loading")
            order = _order(mission, planned, settings or (), fault or (), seed, record_rate,
                           disperse, out, force)  # fmt: skip
            flown = _fly(order, stages)
        put_flight(flown, console(stderr=as_json))
        with Stages() as stages:
            flown = _write(order, flown, stages, force, beside=not no_report)
            left = f"the recording is in {flown.folder}, without a report"
            summary = _finish(flown, stages, began_s, report=not no_report)
    except KeyboardInterrupt:
        raise Stopped(f"stopped: {left}") from None
    if as_json:
        put_json(summary)
    else:
        put_folder(flown, console(), report=not no_report)


@dataclass(frozen=True)
class Order:
    """A flight that can be flown: mission, seed, groups to draw, rows a second, folder if named."""

    mission: Mission
    seed: int
    groups: tuple[str, ...]
    rate_hz: float
    out: Path | None


def _order(
    mission: str, planned: bool, settings: Sequence[str], faults: Sequence[str], seed: int,
    rate_hz: float, disperse: str | None, out: Path | None, force: bool,
) -> Order:  # fmt: skip
    """What was asked for, checked whole.

    Raises:
        InputError: carries every problem found, the folder's too.
    """
    from downrange.flight.lines import check_groups
    from downrange.flight.load import load_mission

    problems: list[Problem] = []
    pairs = [_gather(problems, _setting, each) for each in settings]
    groups = _gather(problems, check_groups, _words(disperse))
    if not 0.0 < rate_hz <= MOST_HZ:
        wrong = f"{rate_hz:g} Hz is not between 0 and {MOST_HZ:g} Hz"
        problems.append(Problem("--record-rate", "", wrong))
    if out is not None:
        _gather(problems, check_folder, out, force)
    known = [pair for pair in pairs if pair is not None]
    loaded = _gather(
        problems, partial(load_mission, settings=known, faults=faults, planned=planned), mission
    )
    if loaded is not None and out is None:
        _gather(problems, check_folder, _next_folder(loaded, seed), False)
    if problems:
        raise InputError(problems)
    return Order(loaded, seed, groups, rate_hz, out)


def _gather(problems: list[Problem], call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call returns; None and its problems among the others if it refuses."""
    try:
        return call(*arguments)
    except InputError as error:
        problems += error.problems
    except OutputError as error:
        problems.append(Problem("--out", "", str(error)))
    return None


def _setting(text: str) -> tuple[str, str]:
    """Path and value of a --set."""
    path, equals, value = text.partition("=")
    if not (path.strip() and equals and value.strip()):
        message = f"{text!r} is no PATH=VALUE"
        hint = 'write it like --set vehicle.stage1.engine.thrust_vac="80 kN"'
        raise InputError([Problem("--set", "", message, hint)])
    return path.strip(), value.strip()


def _words(groups: str | None) -> list[str]:
    return [word.strip() for word in groups.split(",")] if groups else []


def bare_disperse(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--disperse` alone spelled out as `--disperse=all`.

    A word after it is its value only if it looks like groups: it may be the mission.
    """
    spelled: list[str] = []
    for word, following in pairwise([*arguments, "-"]):
        alone = word == "--disperse" and not _looks_like_groups(following)
        spelled.append("--disperse=all" if alone else word)
    return spelled


def _looks_like_groups(word: str) -> bool:
    if word.startswith("-"):
        return False
    from difflib import get_close_matches

    from downrange.flight.lines import GROUPS

    return any(get_close_matches(part.strip(), ["all", *GROUPS], 1) for part in word.split(","))


def check_folder(folder: Path, force: bool) -> None:
    """Refuse a folder that can't take a recording, or whose other contents would be lost.

    Raises:
        OutputError: it exists, can't be written, or is no recording that --force may replace.
    """
    from downrange.flight.fly import check_output

    check_output(folder, force)
    if folder.exists() and not _replaceable(folder):
        raise OutputError(f"{folder} is no recording: --force does not replace it")


def _replaceable(folder: Path) -> bool:
    """Whether nothing is lost but a recording."""
    return folder.is_dir() and ((folder / "summary.json").is_file() or not any(folder.iterdir()))


def _next_folder(mission: Mission, seed: int) -> Path:
    from downrange.flight.fly import next_folder

    return next_folder(mission.name, seed)


def _fly(order: Order, tell: Callable[[str], None]) -> Recording:
    from downrange.flight.fly import fly as fly_mission

    return fly_mission(
        order.mission, seed=order.seed, disperse=order.groups, record_rate_hz=order.rate_hz,
        progress=tell,
    )  # fmt: skip


def _write(order: Order, flown: Recording, stages: Stages, force: bool, beside: bool) -> Recording:
    """Write the recording; with the flight as planned `beside` it, if faults part the two."""
    from downrange.telemetry import write_recording

    if beside and order.mission.spec.fault:
        stages("planned")
        plan = replace(order, mission=order.mission.healthy())
        bodies = _fly(plan, lambda _: None).bodies
        flown = replace(flown, planned={name: body.telemetry for name, body in bodies.items()})
    stages("writing")
    folder = order.out or _next_folder(order.mission, order.seed)
    flown = replace(flown, folder=folder, summary=flown.summary | {"recording": str(folder)})
    write_recording(flown, folder, replace=force)
    return flown


def _finish(flown: Recording, stages: Stages, began_s: float, report: bool) -> dict[str, Any]:
    """Write the report, and its time and the whole command's into the summary."""
    from downrange.telemetry.store import plain, write_summary

    folder = flown.folder or Path()
    report_s = 0.0
    if report:
        from downrange.report import write_report

        stages("report")
        report_began_s = time.perf_counter()
        write_report(flown, folder)
        report_s = time.perf_counter() - report_began_s
    timing = {"report_s": report_s, "total_s": time.perf_counter() - began_s}
    summary: dict[str, Any] = plain(flown.summary | {"timing": flown.summary["timing"] | timing})
    write_summary(summary, folder)
    return summary
