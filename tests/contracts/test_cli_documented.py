"""docs/cli.md tells every command and every option, and none that isn't there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from downrange.cli import app

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## `downrange ([a-z]+(?: [a-z]+)?)[^`]*`\n(.*?)(?=^## |\Z)", re.M | re.S)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMON = {"--help"}


def documented(text: str) -> dict[str, set[str]]:
    """Command -> options in the table of its section."""
    return {
        command: {option for row in re.findall(r"^\| `(--[^`]*)`", section, re.M)
                  for option in OPTION.findall(row)}
        for command, section in SECTION.findall(text)
    }  # fmt: skip


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its name; those of a group as "new vehicle"."""
    top: Any = typer.main.get_command(app)
    for name, command in top.commands.items():
        inner = getattr(command, "commands", {})
        yield from ((f"{name} {each}", member) for each, member in inner.items())
        if not inner or any(each.name != "help" for each in command.params):
            yield name, command


def offered() -> dict[str, set[str]]:
    """Command -> its options, as the program has them."""
    return {
        name: {word for each in command.params for word in each.opts if word.startswith("--")}
        - COMMON
        for name, command in commands()
    }


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert documented(text) == offered()


def test_the_contract_bites() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert documented(text.replace("| `--force`", "| `--farce`")) != offered()
    assert documented(text.replace("## `downrange list`", "## Lists")) != offered()


def test_options_named_anywhere_exist() -> None:
    known = {option for options in offered().values() for option in options}
    known |= COMMON | {"--version"}
    for file in (ROOT / "docs" / "cli.md", ROOT / "README.md"):
        assert set(OPTION.findall(file.read_text(encoding="utf-8"))) - known == set()


def test_every_command_says_what_it_does_with_an_example() -> None:
    for name, command in commands():
        assert command.help
        assert f"downrange {name}" in command.epilog
        for each in command.params:
            assert each.help or "--help" in each.opts, f"{name} {each.name}"
