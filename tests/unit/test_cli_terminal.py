"""The terminal: a spinner where somebody watches, plain lines elsewhere, tables that fit."""

from __future__ import annotations

import io
import json
import sys

import pytest
from made_up_flight import healthy_flight, lost_flight
from rich.console import Console

from downrange.cli import main, terminal
from downrange.cli.tables import put_flight
from downrange.cli.terminal import Stages, console, refuse
from downrange.errors import Problem

PROBLEM = Problem("m.toml", "tick", "'5 kg' is no time", 'write it like "0.5 s"')


def printed(columns: int, healthy: bool = False) -> str:
    text = io.StringIO()
    put_flight(healthy_flight() if healthy else lost_flight(), Console(file=text, width=columns))
    return text.getvalue()


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_tables_fit_the_terminal(columns: int) -> None:
    text = printed(columns)
    assert max(map(len, text.splitlines())) <= columns
    assert "\u2026" not in text  # nothing is cut
    flat = " ".join(text.split())
    for words in ("T+00:18.2", "Oscillation", "pitch gimbal", "4.20 kPa", "Flight termination"):
        assert words in flat


def test_a_good_flight_is_told_without_alarm() -> None:
    text = printed(120, healthy=True)
    assert "Success" in text
    assert "as planned, seed 1" in text
    assert "margins" not in text  # it has none


def test_problems_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    refuse([PROBLEM, Problem("", "", "too late")], as_json=False)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "m.toml: tick: '5 kg' is no time (write it like \"0.5 s\")\ntoo late\n"


def test_problems_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    refuse([PROBLEM], as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "schema_version": 1,
        "errors": [
            {"file": "m.toml", "path": "tick", "message": PROBLEM.message, "hint": PROBLEM.hint}
        ],
    }
    assert said.err == ""


def test_a_spinner_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    watched = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(terminal, "console", lambda **_: watched)
    with Stages() as stages:
        stages("compiling")
        stages("flying")
    text = screen.getvalue()
    assert "up to a minute" in text
    assert "0:00:00" in text  # how long it has taken
    assert text.endswith("\x1b[2K")  # the line is cleared


def test_a_pipe_is_wide_enough_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width >= 120
    monkeypatch.setenv("COLUMNS", "70")
    assert console().width == 70


def test_a_sign_that_the_terminal_lacks_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["downrange", "--version"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    sys.stdout.write("\u2212")
    sys.stdout.flush()
    assert raw.getvalue().endswith(rb"\u2212")
