"""The rows of the report's tables, and what stands in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign_case import DRAWS, Columns, flown_rows, planned_rows, write_campaign

from downrange.campaign.association import Association, Line
from downrange.campaign.report import page, rows
from downrange.campaign.results import Campaign, open_campaign
from downrange.campaign.statistics import upper_bound
from downrange.campaign.words import (
    draw_title,
    interval,
    outcome_word,
    percent,
    place_title,
    value_of,
)
from downrange.review.words import quantity

N = 1100
MISSION = """name = "spectrum-flight-1"
title = "Spectrum"

[[fault]]
target = "vehicle.bending.mode.1"
kind = "frequency"

[[correlation]]
between = ["fault.1.value", "fault.2.value"]
coefficient = { value = 0.9, status = "assumed", source = "somebody" }

[[vehicle.correlation]]
between = ["stage1.engine.*.thrust_vac"]
coefficient = { value = 0.5, status = "estimated", source = "downrange-spectrum" }
"""


def opened(folder: Path, table: Columns, **more: Any) -> Campaign:
    return open_campaign(write_campaign(folder, table, **more))


@pytest.fixture(scope="module")
def table() -> Columns:
    return planned_rows(N)


@pytest.fixture(scope="module")
def planned(table: Columns, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    campaign = opened(tmp_path_factory.mktemp("planned") / "c", table)
    (campaign.folder / "mission.toml").write_text(MISSION, encoding="utf-8")
    return open_campaign(campaign.folder)


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return opened(tmp_path_factory.mktemp("flown") / "c", flown_rows(N), planned=False)


def test_outcomes_are_in_the_order_of_their_number(planned: Campaign, flown: Campaign) -> None:
    assert [each.kind for each in rows.outcome_bars(planned)] == [
        "success", "terminated", "partial",
    ]  # fmt: skip
    assert [each.kind for each in rows.outcome_bars(flown)] == ["terminated", "success"]


def test_success_is_told_though_it_never_came(tmp_path: Path) -> None:
    campaign = opened(tmp_path / "c", flown_rows(30, spared=0.0), planned=False)
    assert [each.kind for each in rows.outcome_bars(campaign)] == ["terminated", "success"]


def test_a_bar_lies_where_its_share_is(planned: Campaign) -> None:
    share = planned.outcomes["success"]
    first = next(rows.outcome_bars(planned))
    assert first.width == pytest.approx(100.0 * share.count / N)
    assert (first.low, first.high) == pytest.approx((100.0 * share.low, 100.0 * share.high))
    assert first.interval == interval(share)


def test_the_prior_stands_over_the_simulation(planned: Campaign) -> None:
    prior, simulated = rows.prior_bar(), rows.simulated_bar(planned)
    assert prior.width == pytest.approx(200.0 / 3.0)
    # Of Beta(2, 1) the distribution is x^2: its quantiles are roots.
    assert (prior.low, prior.high) == pytest.approx((100.0 * np.sqrt(0.05), 100.0 * np.sqrt(0.95)))
    assert simulated.share == next(rows.outcome_bars(planned)).share


def test_key_numbers_tell_the_campaign(planned: Campaign, flown: Campaign) -> None:
    told = {what: (value, beside) for what, value, beside in rows.key_numbers(planned)}
    assert list(told) == [
        "Success", "Vehicle lost", "Time of loss", "Perigee error, 99 %", "Apogee error, 99 %",
        "Stage\u00a01, ellipse",
    ]  # fmt: skip
    assert told["Apogee error, 99 %"][1].startswith("of ")
    lost = {what: value for what, value, _ in rows.key_numbers(flown)}
    assert lost["Time of loss"] == value_of("time_s", float(np.nanmedian(flown.lost_time_s)))
    assert "Stage\u00a01 of lost flights, ellipse" in lost


def test_insertion_rows_have_the_bound_of_order_statistics(
    planned: Campaign, table: Columns
) -> None:
    row = next(rows.insertion_rows(planned))
    errors = table["insertion.perigee_error_m"]
    known = np.abs(errors[np.isfinite(errors)])
    assert row[0] == "Perigee error"
    assert row[1] == quantity(float(np.nanmean(errors)), "m")
    assert row[6] == quantity(float(np.quantile(known, 0.99)), "m")
    assert row[7] == quantity(upper_bound(known, 0.99, 0.95).value, "m")
    assert row[7] != row[6]


def test_few_insertions_bound_nothing(flown: Campaign) -> None:
    assert {row[7] for row in rows.insertion_rows(flown)} == {"too few flights"}


def test_a_margin_that_was_passed_is_marked(flown: Campaign) -> None:
    told = {row[0]: row for row in rows.margin_rows(flown)}
    assert told["Attitude"][7] == "beyond"
    passed = int((flown.flights.column("margin.attitude_deg") < 0.0).sum())
    assert told["Attitude"][6].startswith(percent(passed / N))
    assert told["Protected places"][7] == ""


def test_a_margin_is_passed_below_nothing(tmp_path: Path) -> None:
    table = planned_rows(40)
    table["margin.attitude_deg"] = np.concatenate((np.full(30, 5.0), np.full(10, np.nan)))
    table["margin.impact_corridor_m"] = np.where(np.arange(40) < 4, -0.1, 0.1)
    told = {row[0]: row for row in rows.margin_rows(opened(tmp_path / "c", table))}
    assert told["Attitude"][1:3] == ("30", "5.00°")
    assert told["Attitude"][6].startswith("0\u00a0%")
    assert told["Impact corridor"][6].startswith("10.0\u00a0%")
    assert told["Impact corridor"][7] == "beyond"


def test_quantities_have_the_words_of_their_columns(planned: Campaign) -> None:
    names = ["event.stage1.meco.time_s", "body.stage1.impact_speed_mps"]
    meco, speed = rows.spread_rows(planned, names)
    assert meco[0] == "Stage\u00a01 MECO"
    assert meco[2].startswith("T+02:")
    assert meco[3].endswith(" s")
    assert speed[0] == "Stage\u00a01 impact speed"
    assert speed[2].endswith(" m/s")


def test_places_of_one_note_share_it(tmp_path: Path) -> None:
    campaign = opened(tmp_path / "c", planned_rows(8, failing=0.0))
    (note,) = rows.ground_notes(campaign)
    assert note == (
        "Stage\u00a01, Fairing left, Fairing right: 8 points are too few for ellipses, "
        "which need 10."
    )


def test_impacts_on_land_are_told(tmp_path: Path) -> None:
    table = flown_rows(60, spared=0.0)
    table["body.stage1.end_surface"][:20] = "land"
    notes = list(rows.ground_notes(opened(tmp_path / "c", table, planned=False)))
    assert any("20 on land" in note and "40 in the sea" in note for note in notes)


def test_engines_that_are_drawn_alike_share_a_row(planned: Campaign) -> None:
    told = [row[0] for row in rows.draw_rows(planned)]
    assert "vehicle.stage1.engine.*.thrust_vac (9)" in told
    assert "vehicle.stage2.engine.thrust_vac" in told
    assert len(told) == len(DRAWS) - 16


def test_draws_in_words_are_taken_as_they_are(tmp_path: Path) -> None:
    line = {"value": "wind.scale", "count": 2, "group": "wind", "distribution": "normal",
            "status": "assumed", "source": None}  # fmt: skip
    campaign = opened(tmp_path / "c", planned_rows(10), draws=[line])
    assert list(rows.draw_rows(campaign)) == [
        ("wind.scale (2)", "wind", "normal", "assumed", "\u2013")
    ]


@pytest.mark.parametrize(
    ("kind", "parameters", "told"),
    [
        ("normal", {"mean": 1.0, "sigma": 0.5}, "normal 1.000 \u00b1 0.5000\u00a0kg"),
        ("uniform", {"low": 2.0, "high": 3.0}, "uniform 2.000 to 3.000\u00a0kg"),
        ("triangular", {"low": 0.0, "mode": 1.0, "high": 4.0},
         "triangular 0 to 4.000, most at 1.000\u00a0kg"),
        ("exponential", {"rate": 1e-3, "start": 0.0, "end": 150.0},
         "at a rate of 0.001000 a second from 0 s to 150.0 s"),
        ("exponential", {"rate": 1e-3, "start": 0.0, "end": None},
         "at a rate of 0.001000 a second from 0 s"),
        ("choice", {"count": 12.0}, "one of 12.00, all alike"),
        ("told by nobody", {}, "told by nobody"),
    ],
)  # fmt: skip
def test_distributions_are_told(kind: str, parameters: dict[str, Any], told: str) -> None:
    line = {"kind": kind, "parameters": parameters, "value": {"unit": "kg"}}
    assert rows.distribution(line) == told


def test_what_is_drawn_together_is_told(planned: Campaign, flown: Campaign) -> None:
    assert list(rows.correlation_rows(planned)) == [
        ("fault.1.value and fault.2.value", "0.9", "assumed", "somebody"),
        ("vehicle.stage1.engine.*.thrust_vac", "0.5", "estimated", "downrange-spectrum"),
    ]
    assert list(rows.correlation_rows(flown)) == []


def test_a_fault_is_called_by_what_it_does(planned: Campaign) -> None:
    faults = planned.mission_data["fault"]
    assert draw_title("fault.1.value", faults) == "Bending mode 1, frequency"
    assert draw_title("fault.2.value", faults) == "Fault 2, value"
    line = Line("fault.1.value", -0.5, -9.0, 0.7, np.inf)
    found = Association("lost_time_s", 100, 3, 2.4, (line,))
    assert list(rows.association_rows(planned, found)) == [
        ("Bending mode 1, frequency", "\u22120.50", "\u22129.0", "0.7000", "never")
    ]
    assert rows.association_title(found) == ("Time of loss", "Earlier half", "Later half")


def test_what_goes_with_nothing_is_one_sentence(planned: Campaign) -> None:
    told = rows.unassociated(planned)
    quiet = [each for each in planned.associations if not each.found]
    assert told.startswith("No drawn value goes with ")
    assert told.count(",") + told.count(" or ") == len(quiet) - 1


def test_groups_without_a_value_are_told(planned: Campaign) -> None:
    told = list(page._not_drawn(planned))
    assert told[0].startswith("Groups that were left out: knowledge (")
    assert told[1] == (
        "Groups that were asked for, but hold no value with a spread: structure, faults, failures."
    )


def test_names_of_places_and_outcomes() -> None:
    assert place_title("stage1, lost") == "Stage\u00a01 of lost flights"
    assert place_title("fairing_left") == "Fairing left"
    assert outcome_word("loss") == "Lost"
    assert outcome_word("scrubbed") == "Scrubbed"
