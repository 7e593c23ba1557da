"""What is said at the terminal: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from downrange.errors import Problem

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

SCHEMA_VERSION = 1
STOPPED = 130  # exit code, as shells say after Ctrl-C
PIPED_COLUMNS = 120  # where the output is no terminal and has no width of its own

STAGES = {
    "loading": "loading",
    "planning": "planning",
    "compiling": "compiling (the first start takes up to a minute; it is kept for the next)",
    "flying": "flying",
    "flights": "flying",
    "counting": "counting",
    "recordings": "flying the most telling flights again, to record them",
    "planned": "flying the plan, to lay beside",
    "writing": "writing",
    "report": "writing the report",
    "verifying": "flying the check cases (the first start compiles them)",
}


class Stopped(Exception):  # noqa: N818 - Ctrl-C is no error
    """The person at the terminal stopped it; the message says what is left."""


def say(text: str) -> None:
    """Write a line for the person at the terminal, on stderr."""
    sys.stderr.write(f"downrange: {text}\n")


def refuse(problems: Sequence[Problem], as_json: bool) -> None:
    """Say all that is wrong: a line each on stderr, or one JSON object on stdout."""
    if as_json:
        errors = [asdict(problem) for problem in problems]
        put_json({"schema_version": SCHEMA_VERSION, "errors": errors})
    else:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)


def put_json(data: Any) -> None:
    """Write one JSON object on stdout."""
    sys.stdout.write(json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n")


def console(stderr: bool = False) -> Console:
    """A rich console that is wide enough for tables where there is no terminal."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = max(found.width, PIPED_COLUMNS)
    return found


def table(title: str, *columns: str, right: Sequence[str] = (), fold: str = "") -> Table:
    """An empty table; `right` names the columns of numbers, `fold` the one that may wrap."""
    from rich import box
    from rich.table import Table

    made = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        header_style="dim", pad_edge=False, show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for name in columns:
        made.add_column(
            name, justify="right" if name in right else "left", no_wrap=bool(fold) and name != fold
        )
    return made


class Stages:
    """What is being done, on stderr: a spinner with its time, or a line where nobody watches."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._progress: Progress | None = None
        self._began_s = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __call__(self, stage: str) -> None:
        """Say which stage begins; one of STAGES."""
        if not self._console.is_terminal:
            if stage == "loading":  # over before a line about it is read
                return
            self._console.print(f"{STAGES[stage]} ...", markup=False)
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        if self._progress is not None:
            self._progress.stop()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._progress.add_task(STAGES[stage], total=None)
        self._progress.start()
