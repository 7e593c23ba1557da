"""The `downrange` command: parse, call, print. What a command needs is imported inside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from downrange.cli.campaigning import CampaignCommand, campaign
from downrange.cli.catalogue import check, listing, show, sources
from downrange.cli.comparing import compare
from downrange.cli.creating import new
from downrange.cli.flying import bare_disperse, fly
from downrange.cli.results import report, verify
from downrange.cli.schemas import schema
from downrange.cli.terminal import STOPPED, Stopped, refuse, say
from downrange.errors import DownrangeError, HaltError, InputError, Problem

BAD_INPUT = 2
FAILED = 1

# typer's own or click's, as the version has it; both call it so.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

# Matrices here are small: with more threads BLAS only waits for itself. Read when numpy loads.
for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def _example(*lines: str) -> str:
    return "Example: " + "\n\n".join(lines)


app.command("fly", epilog=_example(
    "downrange fly spectrum-flight-1",
    'downrange fly MISSION.toml --disperse --fault "stage1.engine.5: shutdown at 20 s"',
))(fly)  # fmt: skip
app.command("campaign", cls=CampaignCommand, epilog=_example(
    "downrange campaign spectrum-flight-1 -n 2000 --out runs/maiden",
    "downrange campaign spectrum-flight-1 --planned --until-width 0.02",
    "downrange campaign report runs/maiden",
))(campaign)  # fmt: skip
app.command("list", epilog=_example("downrange list"))(listing)
app.command("show", epilog=_example("downrange show spectrum"))(show)
app.command("sources", epilog=_example("downrange sources spectrum"))(sources)
app.command("check", epilog=_example("downrange check my-mission.toml"))(check)
app.add_typer(new, name="new")
app.command("schema", epilog=_example("downrange schema vehicle"))(schema)
app.command("report", epilog=_example("downrange report runs/spectrum-flight-1-1-1"))(report)
app.command("compare", epilog=_example(
    "downrange compare runs/spectrum-flight-1-1-1 runs/spectrum-flight-1-1-2",
    "downrange compare A B --tolerance 1e-6",
))(compare)  # fmt: skip
app.command("verify", epilog=_example("downrange verify", "downrange verify --case FILE.toml"))(
    verify
)


def _version(wanted: bool) -> None:
    if wanted:
        from downrange import __version__

        sys.stdout.write(f"downrange {__version__}\n")
        raise typer.Exit


@app.callback(epilog=_example("downrange fly spectrum-flight-1"))
def top(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Fly a launch vehicle's test flight in software, and see why it went as it did."""


def main() -> None:
    """Run the command of this process's arguments."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a sign must not end a flight
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 0 done, 1 it failed on the way, 2 bad input."""
    as_json = "--json" in arguments
    words = bare_disperse(arguments) if "fly" in arguments[:1] else [*arguments]
    try:
        code = int(app(words or ["--help"], prog_name="downrange", standalone_mode=False) or 0)
    except DownrangeError as error:
        problems = error.problems if isinstance(error, InputError) else None
        refuse(problems or [Problem("", "", str(error))], as_json)
        return FAILED if isinstance(error, HaltError) else BAD_INPUT
    except Stopped as stopped:
        say(str(stopped))
        return STOPPED
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except UsageError as error:
        refuse([_misuse(error)], as_json)
        return BAD_INPUT
    if code == STOPPED:
        say("stopped")
    return code


def _misuse(error: Exception) -> Problem:
    """An option or argument that the parser refused."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "downrange"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return Problem("", command, message.rstrip("."), f"see {command} --help")
