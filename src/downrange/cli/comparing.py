"""`downrange compare`: two recordings side by side, and what moved from one to the other."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from downrange.cli.terminal import SCHEMA_VERSION, Stages, console, put_json, table
from downrange.errors import InputError, Problem

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from downrange.review import Changes, ChannelMoved
    from downrange.telemetry import Recording

DIFFERENT = 1
SHOWN = 12  # channels of a body, and figures, that are shown unless all are asked for
CUT = " of the "
TITLE_COLUMNS = 40


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="A recording.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another, to lay beside it.")],
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Leave out changes up to this share of a channel's range, of a figure, and for "
            "events of the flight's duration; the exit code is 1 if any are left.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every channel and figure that moved.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all that moved as JSON on stdout, nothing else.")
    ] = False,
) -> None:
    """Show what moved from one recording to another: events, figures and channels, B minus A."""
    with Stages() as stages:
        stages("loading")
        from downrange.review import changes

        one, other = _recordings(before, after, tolerance)
        found = changes(one, other, tolerance or 0.0)
    if as_json:
        put_json(to_json(found, before, after, tolerance or 0.0))
    else:
        put_changes(found, console(), everything)
    if tolerance is not None and not found.same:
        raise typer.Exit(DIFFERENT)


def _recordings(before: Path, after: Path, tolerance: float | None) -> tuple[Recording, Recording]:
    """Both recordings.

    Raises:
        InputError: carries the problems of both and of the tolerance.
    """
    from downrange.telemetry import read_recording

    problems: list[Problem] = []
    recordings = []
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance >= 0.0):
        wrong = f"{tolerance:g} is no share; 0 or above is, like 1e-6"
        problems.append(Problem("--tolerance", "", wrong))
    for folder in (before, after):
        try:
            recordings.append(read_recording(folder))
        except InputError as error:
            problems += [each for each in error.problems if each not in problems]
    if problems:
        raise InputError(problems)
    one, other = recordings
    return one, other


def to_json(found: Changes, before: Path, after: Path, tolerance: float) -> dict[str, Any]:
    """All that moved, as the object that `--json` prints; what is no number is None."""
    from downrange.telemetry.store import plain

    told: dict[str, Any] = plain({
        "schema_version": SCHEMA_VERSION,
        "before": str(before),
        "after": str(after),
        "tolerance": tolerance,
        "same": found.same,
        "conditions": [asdict(each) for each in found.conditions],
        "missing": [asdict(each) | {"channel": each.channel or None} for each in found.missing],
        "events": [asdict(each) | {"change_s": each.change_s} for each in found.events],
        "figures": [
            asdict(each) | {"change": each.change, "unit": each.unit} for each in found.figures
        ],
        "channels": [asdict(each) | {"share": each.share} for each in found.channels],
        "channels_compared": found.compared,
    })  # fmt: skip
    return told


def put_changes(found: Changes, to: Console, everything: bool = False) -> None:
    """Print what moved, a table for each kind, and how much of it there is."""
    bodies = dict.fromkeys(each.body for each in found.channels)
    most = len(found.channels) + len(found.figures) if everything else SHOWN
    made = [_conditions(found), _missing(found), _events(found), _words(found)]
    made += [_figures(found, most), *(_channels(body, found, most) for body in bodies)]
    for each in made:
        if each.row_count:
            each.min_width = TITLE_COLUMNS
            to.print(each, "")
    if found.same:
        to.print(f"The same flight: {found.compared} channels compared", style="bold green")
        return
    to.print(
        f"Moved: channels {len(found.channels)} of {found.compared}, events {len(found.events)}, "
        f"figures and words {len(found.figures)}; in one alone {len(found.missing)}",
        style="bold yellow",
    )
    if any(CUT in str(each.title) for each in made):
        to.print("--all shows the rest", style="dim")


def _conditions(found: Changes) -> Table:
    made = table("Flown otherwise", "What", "A \u2192 B", fold="A \u2192 B")
    for each in found.conditions:
        made.add_row(each.path, _from_to(each.before, each.after))
    return made


def _from_to(before: Any, after: Any) -> str:
    return f"{_plain(before)} \u2192 {_plain(after)}"


def _missing(found: Changes) -> Table:
    from downrange.review import body_title

    made = table("In one alone", "Body", "Channel", "Missing in")
    where = {"before": "A", "after": "B"}
    for each in found.missing:
        made.add_row(body_title(each.body), each.channel or "all", where[each.missing_in])
    return made


def _events(found: Changes) -> Table:
    from downrange.review import body_title, event_title, quantity

    numbers = ("A", "B", "Change")
    made = table("Events", "Body", "Event", *numbers, "Detail", right=numbers, fold="Detail")
    for each in found.events:
        many = f" ({each.number})" if each.number > 1 else ""
        details = dict.fromkeys(filter(None, (each.before_detail, each.after_detail)))
        made.add_row(
            body_title(each.body), event_title(each.name) + many, _time(each.before_s),
            _time(each.after_s), quantity(each.change_s, "s"), " \u2192 ".join(details),
        )  # fmt: skip
    return made


def _words(found: Changes) -> Table:
    made = table("Words", "What", "A \u2192 B", fold="A \u2192 B")
    for each in found.figures:
        if math.isnan(each.change):
            made.add_row(each.path, _from_to(each.before, each.after))
    return made


def _figures(found: Changes, most: int) -> Table:
    from downrange.review import quantity

    numbers = ("A", "B", "Change")
    mine = [each for each in found.figures if not math.isnan(each.change)]
    mine.sort(key=lambda each: -each.share)
    made = table(_title("Figures", "", len(mine), most), "Figure", *numbers, right=numbers)
    for each in mine[:most]:
        made.add_row(
            each.path, _plain(each.before), _plain(each.after), quantity(each.change, each.unit)
        )
    return made


def _channels(body: str, found: Changes, most: int) -> Table:
    from downrange.review import body_title, quantity

    mine = [each for each in found.channels if each.body == body]
    numbers = ("Largest change", "At", "Of its range")
    title = _title(body_title(body), " channels", len(mine), most)
    made = table(title, "Channel", *numbers, "", right=numbers)
    for each in mine[:most]:
        made.add_row(
            each.name, quantity(each.largest, each.unit), _time(each.time_s), _percent(each),
            _alone(each),
        )  # fmt: skip
    return made


def _title(what: str, of_what: str, count: int, most: int) -> str:
    return what if count <= most else f"{what}: {most}{CUT}{count}{of_what}"


def _percent(moved: ChannelMoved) -> str:
    from downrange.review.words import NOTHING, number

    return NOTHING if math.isnan(moved.largest) else f"{number(100.0 * moved.share, 2)} %"


def _alone(moved: ChannelMoved) -> str:
    if not moved.alone:
        return ""
    return f"{moved.alone} samples in one alone, from {_time(moved.alone_time_s)}"


def _time(time_s: float) -> str:
    from downrange.review.words import NOTHING

    return NOTHING if math.isnan(time_s) else f"T{time_s:+.3f} s".replace("-", "\u2212")


def _plain(value: Any) -> str:
    """A figure or word as it is told in a table."""
    from downrange.review.words import NOTHING

    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.9g}".replace("-", "\u2212")
        case _:
            return str(value)
