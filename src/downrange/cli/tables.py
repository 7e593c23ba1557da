"""A flight on the screen: timeline, objectives, bodies, margins, where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from downrange.cli.terminal import table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from downrange.telemetry import Recording

OUTCOME_STYLES = {"success": "bold green", "partial": "bold yellow"}
OBJECTIVE_STYLES = {"met": "green", "not met": "red", "not reached": "yellow"}
WIDE_COLUMNS = 110
GRAVE = ("flight_termination", "breakup", "impact", "attitude_lost", "engine_failed", "fault")


def put_flight(flown: Recording, to: Console) -> None:
    """Print what happened on a flight."""
    from downrange.review import headline

    title = str(flown.summary.get("title") or flown.name)
    to.print(f"\n[bold]{title}[/bold]", _conditions(flown), sep=", ")
    to.print(headline(flown), style=OUTCOME_STYLES.get(flown.outcome, "bold red"), markup=False)
    for made in (
        _timeline(flown, to.width), _objectives(flown), _bodies(flown), _orbit(flown),
        _ledger(flown), _margins(flown),
    ):  # fmt: skip
        if made.row_count:
            to.print()
            to.print(made)


def put_folder(flown: Recording, to: Console, report: bool) -> None:
    """Print where a flight is kept, and how long it took."""
    timing = flown.summary["timing"]
    to.print(f"\nRecording  {flown.folder}", markup=False, soft_wrap=True)
    if report:
        to.print(f"Report     {flown.folder}/report.html", markup=False, soft_wrap=True)
    pace = f"{timing['body_seconds']:.0f} s of flight in {timing['fly_s']:.2f} s"
    to.print(f"{pace}; compiling or loading took {timing['compile_s']:.1f} s", style="dim")


def _conditions(flown: Recording) -> str:
    summary = flown.summary
    words = ["as planned" if summary["planned"] else "as flown", f"seed {summary['seed']}"]
    if summary["dispersed"]:
        words.append(f"dispersed: {', '.join(summary['dispersed'])}")
    return ", ".join(words)


def _timeline(flown: Recording, width: int) -> Table:
    """The events; the detail shares a column with the event where the terminal is narrow."""
    from rich.text import Text

    from downrange.review import timeline

    wide = width >= WIDE_COLUMNS
    numbers = ("Altitude", "Speed", "q")
    words = ("What", "Detail") if wide else ("What",)
    made = table("Timeline", "T", "Body", *words, *numbers, right=numbers, fold=words[-1])
    for row in timeline(flown):
        said = (
            (row.what, row.detail) if wide else (", ".join(filter(None, (row.what, row.detail))),)
        )
        cells = (row.time, row.body, *said, row.altitude, row.speed, row.dynamic_pressure)
        made.add_row(*map(Text, cells), style="red" if row.name in GRAVE else None)
    return made


def _objectives(flown: Recording) -> Table:
    from rich.text import Text

    from downrange.review import objective_rows

    made = table("Objectives", "Objective", "", "Evidence", fold="Evidence")
    for name, met, evidence, _ in objective_rows(flown):
        made.add_row(name, Text(met, style=OBJECTIVE_STYLES[met]), evidence)
    return made


def _bodies(flown: Recording) -> Table:
    from downrange.review import body_rows

    numbers = ("Impact speed", "Propellant left")
    made = table("Bodies", "Body", "Outcome", "Ended", "Where", *numbers, right=numbers)
    for row in body_rows(flown):
        made.add_row(*row)
    return made


def _orbit(flown: Recording) -> Table:
    from downrange.review import orbit_rows

    numbers = ("Reached", "Target", "Difference")
    made = table("Orbit, osculating at the end of the last thrust", "", *numbers, right=numbers)
    for row in orbit_rows(flown):
        made.add_row(*row)
    return made


def _ledger(flown: Recording) -> Table:
    from downrange.review import LEDGER, ledger_rows, spoken

    numbers = [spoken(name) for name in LEDGER]
    made = table("Ledger of inertial velocity, m/s", "After", *numbers, right=tuple(numbers))
    for row in ledger_rows(flown):
        made.add_row(*row)
    return made


def _margins(flown: Recording) -> Table:
    from downrange.review import margin_rows

    made = table(
        "Smallest margins", "To", "Body", "Margin", "Limit", "When", right=("Margin", "Limit")
    )
    for row in margin_rows(flown):
        spent = row[2].startswith("\u2212")  # below zero: the limit was passed
        made.add_row(*row, style="red" if spent else None)
    return made
