"""A campaign on the screen: tables that fit, many causes cut short, what is drawn and left."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_flyer import COLUMNS, FakeFlyer, MakeFake, request
from rich.console import Console
from runner_case import fly

from downrange.campaign.results import Campaign, open_campaign
from downrange.cli.counts import put_campaign, put_campaign_folder, put_draws
from downrange.flight.draw_words import Left, Row


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("flown") / "campaign"
    fly(folder, request(60))
    return open_campaign(folder)


def printed(put: Callable[[Console], None], columns: int = 120) -> str:
    text = io.StringIO()
    put(Console(file=text, width=columns))
    return text.getvalue()


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_tables_fit_the_terminal(flown: Campaign, columns: int) -> None:
    text = printed(lambda to: put_campaign(flown, to), columns)
    tables = text.partition("Outcomes")[2]
    assert max(map(len, tables.splitlines())) <= columns
    for words in ("Success", "Lost", "First causes", "Attitude lost", "Key quantities"):
        assert words in text


def test_outcomes_that_never_came_are_not_told(flown: Campaign) -> None:
    text = printed(lambda to: put_campaign(flown, to))
    assert "Scrubbed" not in text
    assert "Numerical" not in text


def test_success_is_told_where_there_is_none(tmp_path: Path) -> None:
    fly(tmp_path / "c", request(10), MakeFake(chance=0.0))
    text = printed(lambda to: put_campaign(open_campaign(tmp_path / "c"), to))
    # No success in ten: the exact interval ends at 1 - 0.025^(1/10).
    assert " ".join(text.split()).count("Success 0 0.00 % 0.00 % 30.85 %") == 1


def test_key_quantities_come_first_and_the_rest_is_counted(flown: Campaign) -> None:
    text = printed(lambda to: put_campaign(flown, to))
    quantities = text.partition("Key quantities")[2]
    margin, meco = quantities.index("Margin to attitude"), quantities.index("MECO")
    assert margin < meco < quantities.index("impact speed")
    assert f"and {len(flown.quantities) - 3} more in summary.json" in quantities
    assert "T+02:30." in quantities  # of events the time, 150 to 151 s
    assert COLUMNS["body.stage1.impact_speed_mps"] in quantities


def test_many_causes_are_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = FakeFlyer.row

    def row(self: FakeFlyer, flight: int) -> dict[str, object]:
        return told(self, flight) | {"outcome": "loss", "cause": f"engine_failed: {flight:02d}"}

    monkeypatch.setattr(FakeFlyer, "row", row)
    fly(tmp_path / "c", request(20))
    text = printed(lambda to: put_campaign(open_campaign(tmp_path / "c"), to))
    assert text.count("Engine failed") == 12
    assert "and 8 more in summary.json" in text


def test_where_it_is_kept_and_how_fast_it_was(flown: Campaign) -> None:
    text = printed(lambda to: put_campaign_folder(flown, to, report=True))
    assert f"Campaign  {flown.folder}" in text
    assert f"Report    {flown.folder}/report.html" in text
    assert "2 threads" in text
    assert "Report" not in printed(lambda to: put_campaign_folder(flown, to, report=False))


def test_what_is_drawn_and_what_is_left() -> None:
    rows = [
        Row("vehicle.stage1.engine.*.thrust_vac", 9, "engines", "normal 80 ± 1 kN", "derived", "a"),
        Row("wind.sounding", 1, "wind", "one of 12 soundings, each as likely", "", ""),
    ]
    left = [Left("values without a range", tuple("abcde")), Left("told to guidance", ("f",))]
    text = printed(lambda to: put_draws(rows, left, to))
    for words in (
        "vehicle.stage1.engine.*.thrust_vac (9)", "normal 80 ± 1 kN", "one of 12 soundings",
        "Not drawn, values without a range: a, b, c and 2 more", "Not drawn, told to guidance: f",
    ):  # fmt: skip
        assert words in text
    assert "wind.sounding (1)" not in text
    narrow = printed(lambda to: put_draws(rows, left, to), columns=80)
    assert max(map(len, narrow.partition("Not drawn")[0].splitlines())) <= 80
    assert "normal 80 ± 1 kN, derived," in " ".join(narrow.split())
    assert "Nothing is drawn" in printed(lambda to: put_draws([], left, to))
