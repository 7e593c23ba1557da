"""How far a campaign is: a bar where somebody watches, a line now and then elsewhere."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from downrange.campaign.conduct import Progress
from downrange.cli import gauge
from downrange.cli.gauge import Gauge

SO_FAR = Progress(flights=400, successes=100, flown=300, wanted=1000, wall_s=60.0)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def watched(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> io.StringIO:
    screen = io.StringIO()
    made = Console(file=screen, force_terminal=terminal, width=120)
    monkeypatch.setattr(gauge, "console", lambda **_: made)
    monkeypatch.setattr("downrange.cli.terminal.console", lambda **_: made)
    return screen


def test_a_bar_tells_rate_time_left_and_share(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=True)
    with Gauge() as told:
        told.stage("planning")
        told.stage("flights")
        told.progress(SO_FAR)
        told.say("a worker process died")
    text = ESCAPES.sub("", screen.getvalue())
    # The interval is that of scipy's binomtest(100, 400).
    assert "400 of 1,000 flights, 5/s, 2 min 00 s left; success 25.0 % (20.8 to 29.5)" in text
    assert "downrange: a worker process died" in text


def test_lines_come_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=False)
    clock = iter([0.0, 0.0, 3.0, 11.0, 11.0, 12.0, 22.0, 22.0])
    monkeypatch.setattr(gauge.time, "monotonic", lambda: next(clock))
    with Gauge() as told:
        told.stage("flights")
        for flights in (100, 200, 300, 400):
            told.progress(SO_FAR._replace(flights=flights, successes=flights // 4))
    lines = screen.getvalue().splitlines()
    assert lines[0] == "flying ..."
    assert [line.partition(" ")[0] for line in lines[1:]] == ["200", "400"]


def test_where_the_rule_ends_it_the_end_is_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=True)
    with Gauge(width=0.05) as told:
        told.stage("flights")
        told.progress(SO_FAR._replace(wanted=None))
    # p (1 - p) (2 * 1.96 / 0.05)^2 with p = 101/402
    assert "400 of about 1,156 flights" in ESCAPES.sub("", screen.getvalue())


def test_a_sequence_that_is_not_random_has_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=True)
    with Gauge(intervals=False) as told:
        told.stage("flights")
        told.progress(SO_FAR)
    text = ESCAPES.sub("", screen.getvalue())
    assert "success 25.0 %" in text
    assert "(20.8" not in text


@pytest.mark.parametrize(
    ("time_s", "said"), [(5.4, "5 s"), (59.6, "1 min 00 s"), (3599.0, "59 min 59 s"),
                         (7261.0, "2 h 01 min")],
)  # fmt: skip
def test_times_are_said_shortly(time_s: float, said: str) -> None:
    assert gauge._clock(time_s) == said
