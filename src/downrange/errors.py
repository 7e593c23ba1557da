"""What can go wrong, as exceptions.

A lost vehicle is a result and never an exception. The tree:

    DownrangeError
    |-- InputError      what a person wrote can't be used: every problem found, at once
    |-- OutputError     a result can't be written where it was asked for
    `-- HaltError       work that was under way could not go on; what was finished is kept
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong in what a person wrote.

    Attributes:
        file: the file, or the option (`--set`), that says it; empty if neither.
        path: where in it, as `stage1.engine.thrust_vac`; empty for the whole file.
        message: what is wrong, with the text that was given.
        hint: what to write instead; empty if there is nothing to add.
    """

    file: str
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.path) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class DownrangeError(Exception):
    """Anything that Downrange refuses to do; the message is for the person at the terminal."""


class InputError(DownrangeError):
    """What a person wrote can't be used. Carries every problem, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutputError(DownrangeError):
    """A result can't be written: the folder exists, is read-only, or the disk is full."""


class HaltError(DownrangeError):
    """Long work can't go on: the disk is full, its folder is gone, its workers die."""
