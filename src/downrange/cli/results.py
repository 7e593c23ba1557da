"""`downrange report` and `downrange verify`: on what was flown, and on what it is flown with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from downrange.cli.terminal import Stages, console, put_json, table

if TYPE_CHECKING:
    from rich.console import Console

    from downrange.verify import Check

CHECK_FAILED = 1


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A recording.")],
) -> None:
    """Write report.html of a recording anew."""
    with Stages() as stages:
        stages("loading")
        from downrange.report import write_report
        from downrange.telemetry import read_recording

        recording = read_recording(folder)
        stages("report")
        page = write_report(recording, folder)
    console().print(f"Report  {page}", markup=False, soft_wrap=True)


def verify(
    case: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Fly one check case instead of all that ship."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the checks as JSON on stdout, nothing else.")
    ] = False,
) -> None:
    """Fly check cases and compare with published figures; the exit code is 1 if one fails."""
    with Stages() as stages:
        stages("loading")
        from downrange import verify as verification

        stages("verifying")
        if case is None:
            checks: Sequence[Check] = verification.run_all()
            told = verification.to_json(checks)
        else:
            result = verification.run_file(case)
            checks, told = result.checks, verification.to_json(result)
    if as_json:
        put_json(told)
    else:
        put_checks(checks, console())
    if not told["passed"]:
        raise typer.Exit(CHECK_FAILED)


def put_checks(checks: Sequence[Check], to: Console) -> None:
    """Print the checks, a table for each case or law, and how many passed."""
    numbers = ("Expected", "Got", "Tolerance")
    for name in dict.fromkeys(check.name for check in checks):
        mine = [check for check in checks if check.name == name]
        made = table(name, "What", *numbers, "Unit", "", right=numbers)
        made.caption, made.caption_justify = "; ".join(sorted({c.source for c in mine})), "left"
        for check in mine:
            verdict = "[green]pass[/green]" if check.passed else "[bold red]FAIL[/bold red]"
            made.add_row(
                check.what, f"{check.expected:.9g}", f"{check.got:.9g}", f"{check.tolerance:.2g}",
                check.unit, verdict,
            )  # fmt: skip
        to.print(made, "")
    failed = sum(not check.passed for check in checks)
    style = "bold red" if failed else "bold green"
    to.print(f"{len(checks) - failed} of {len(checks)} checks passed", style=style)
