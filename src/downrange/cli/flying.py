"""`downrange fly`: one flight, its timeline on the screen, its recording and report on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downrange.cli import options
from downrange.cli.tables import put_flight, put_folder
from downrange.cli.terminal import Stages, Stopped, console, put_json
from downrange.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    from downrange.flight.load import Mission
    from downrange.telemetry import Recording

MOST_HZ = 1000.0


def fly(
    mission: options.Mission,
    planned: options.Planned = False,
    seed: options.Seed = None,
    disperse: options.Disperse = None,
    settings: options.Settings = None,
    fault: options.Faults = None,
    out: options.Out = None,
    force: options.Force = False,
    from_campaign: options.FromCampaign = None,
    flight: options.Flight = None,
    record_rate: options.RecordRate = 20.0,
    no_report: options.NoReport = False,
    as_json: options.AsJson = False,
) -> None:
    """Fly a mission: timeline on the screen, recording and report in a folder.

    A lost vehicle is a result: the exit code is 0. Bad input gives 2.
    """
    began_s = time.perf_counter()
    left = "nothing was written"
    try:
        with Stages() as stages:
            stages("loading")
            if from_campaign is None and flight is None:
                order = _order(mission, planned, settings or (), fault or (),
                               1 if seed is None else seed, record_rate, disperse, out,
                               force)  # fmt: skip
            else:
                stated = {
                    "--seed": seed, "--disperse": disperse, "--set": settings, "--fault": fault,
                    "--planned": planned or None,
                }  # fmt: skip
                order = order_again(mission, from_campaign, flight, stated, record_rate, out,
                                    force)  # fmt: skip
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
    """A flight that can be flown.

    Attributes:
        mission: what is flown.
        seed: of its draws.
        groups: what is drawn.
        rate_hz: rows of telemetry a second.
        out: folder, if it was named.
        flight: its number among those of the seed.
        points: scrambles and flights of a sobol sequence; None where draws are plain.
    """

    mission: Mission
    seed: int
    groups: tuple[str, ...]
    rate_hz: float
    out: Path | None
    flight: int = 0
    points: tuple[int, int] | None = None


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
    pairs = [gather(problems, setting, each) for each in settings]
    groups = gather(problems, check_groups, words(disperse))
    _check_rest(problems, rate_hz, out, force)
    known = [pair for pair in pairs if pair is not None]
    loaded = gather(
        problems, partial(load_mission, settings=known, faults=faults, planned=planned), mission
    )
    if loaded is not None and out is None:
        gather(problems, check_folder, _next_folder(loaded, seed), False)
    if problems:
        raise InputError(problems)
    return Order(loaded, seed, groups, rate_hz, out)


def _check_rest(problems: list[Problem], rate_hz: float, out: Path | None, force: bool) -> None:
    """Add what is wrong with the recording that is asked for."""
    if not 0.0 < rate_hz <= MOST_HZ:
        wrong = f"{rate_hz:g} Hz is not between 0 and {MOST_HZ:g} Hz"
        problems.append(Problem("--record-rate", "", wrong))
    if out is not None:
        gather(problems, check_folder, out, force)


def order_again(
    mission: str, campaign: Path | None, flight: int | None, stated: Mapping[str, Any],
    rate_hz: float, out: Path | None, force: bool,
) -> Order:  # fmt: skip
    """A flight of a campaign, as it was there.

    Raises:
        InputError: carries every problem found; among them what was `stated` that the campaign
            states already.
    """
    from downrange.campaign.again import flight_of

    problems: list[Problem] = []
    for option, value in stated.items():
        if value is not None:
            message = "can't go with --from-campaign, which says it already"
            problems.append(Problem(option, "", message, "leave it out"))
    _check_rest(problems, rate_hz, out, force)
    found = gather(problems, flight_of, mission, campaign, flight)
    if found is not None and out is None:
        gather(problems, check_folder, _next_folder(found.mission, found.seed), False)
    if problems:
        raise InputError(problems)
    return Order(found.mission, found.seed, found.groups, rate_hz, out, flight or 0, found.points)


def gather(problems: list[Problem], call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call returns; None and its problems among the others if it refuses."""
    try:
        return call(*arguments)
    except InputError as error:
        problems += error.problems
    except OutputError as error:
        problems.append(Problem("--out", "", str(error)))
    return None


def setting(text: str) -> tuple[str, str]:
    """Path and value of a --set."""
    path, equals, value = text.partition("=")
    if not (path.strip() and equals and value.strip()):
        message = f"{text!r} is no PATH=VALUE"
        hint = 'write it like --set vehicle.stage1.engine.thrust_vac="80 kN"'
        raise InputError([Problem("--set", "", message, hint)])
    return path.strip(), value.strip()


def words(text: str | None) -> list[str]:
    """Words with commas between."""
    return [word.strip() for word in text.split(",")] if text else []


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

    return "," in word or any(
        get_close_matches(part.strip(), ["all", "none", *GROUPS], 1) for part in word.split(",")
    )


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
        order.mission, seed=order.seed, flight=order.flight, disperse=order.groups,
        record_rate_hz=order.rate_hz, points=order.points, progress=tell,
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
