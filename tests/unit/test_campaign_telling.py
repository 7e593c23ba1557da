"""The flights that tell most, and what goes with what came of the flights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from campaign_case import MISMATCH, Columns, flown_rows, planned_rows, write_campaign
from scipy.stats import spearmanr

from downrange.campaign.impacts import Impacts
from downrange.campaign.results import Campaign, open_campaign

N = 1500


@pytest.fixture(scope="module")
def rows() -> Columns:
    return planned_rows(N)


@pytest.fixture(scope="module")
def campaign(rows: Columns, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("planned") / "of a friend"
    return open_campaign(write_campaign(folder, rows))


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("flown") / "c"
    return open_campaign(write_campaign(folder, flown_rows(N), planned=False))


def flight(campaign: Campaign, why: str) -> int:
    (found,) = (each.flight for each in campaign.telling if why in each.why)
    return found


def test_there_are_ten_and_each_once(campaign: Campaign, flown: Campaign) -> None:
    for opened in (campaign, flown):
        numbers = [each.flight for each in opened.telling]
        assert len(numbers) == len(set(numbers)) == 10
        assert open_campaign(opened.folder).telling == opened.telling


def test_the_command_flies_that_flight(campaign: Campaign) -> None:
    first = campaign.telling[0]
    assert first.command == (
        f"downrange fly spectrum-flight-1 --from-campaign '{campaign.folder}' "
        f"--flight {first.flight}"
    )


def test_the_earliest_and_latest_loss(campaign: Campaign, rows: Columns) -> None:
    lost_s = rows["event.stage1.flight_termination.time_s"]
    assert flight(campaign, "the earliest loss") == np.nanargmin(lost_s)
    assert flight(campaign, "the latest loss") == np.nanargmax(lost_s)


def test_the_worst_insertion_is_far_off_in_its_own_spread(
    campaign: Campaign, rows: Columns
) -> None:
    size = sum(
        (rows[f"insertion.{name}"] / np.nanstd(rows[f"insertion.{name}"], ddof=1)) ** 2
        for name in ("perigee_error_m", "apogee_error_m", "inclination_error_deg")
    )
    assert flight(campaign, "the worst insertion") == np.nanargmax(size)


def test_each_cause_has_a_typical_flight(campaign: Campaign, rows: Columns) -> None:
    for cause, words in (("flight_termination: attitude", "flight termination: attitude"),
                         ("objective: orbit", "objective: orbit")):  # fmt: skip
        found = flight(campaign, f"whose first cause is {words}")
        assert rows["cause"][found] == cause
        times = np.sort(rows["cause_time_s"][rows["cause"] == cause])
        assert times[(len(times) - 1) // 2] == rows["cause_time_s"][found]


def test_the_middle_flight_is_near_the_middle(campaign: Campaign, rows: Columns) -> None:
    found = flight(campaign, "the middle of all with the outcome success")
    success = rows["outcome"] == "success"
    for name in ("event.stage1.meco.time_s", "insertion.apogee_error_m", "margin.attitude_deg"):
        column = rows[name][success]
        rank = (column < rows[name][found]).mean()
        assert 0.05 < rank < 0.95


def test_a_success_and_a_failure_that_were_drawn_alike(campaign: Campaign, rows: Columns) -> None:
    success = flight(campaign, "a success, though drawn most like")
    failure = flight(campaign, "no success, though drawn most like")
    points = np.column_stack([v / v.std() for k, v in rows.items() if k.startswith("draw.")])
    won = rows["outcome"] == "success"
    apart = np.linalg.norm(points[won][:, None] - points[~won][None], axis=2)
    assert won[success]
    assert not won[failure]
    assert np.linalg.norm(points[success] - points[failure]) == pytest.approx(apart.min())


def test_what_moves_the_loss_stands_first(flown: Campaign) -> None:
    (found,) = (each for each in flown.associations if each.what == "lost_time_s")
    first = found.lines[0]
    path = f"draw.{MISMATCH[0]}"
    frame = flown.flights.to_pandas([path, "event.stage1.flight_termination.time_s"]).dropna()
    expected = spearmanr(frame[path], frame["event.stage1.flight_termination.time_s"]).statistic
    assert first.path == MISMATCH[0]
    assert first.correlation == pytest.approx(expected, abs=1e-12)
    assert first.errors == pytest.approx(expected * np.sqrt(len(frame) - 1.0))
    assert first.low < 0.75 < first.high
    assert found.found == (first,)


def test_weak_engines_go_with_failures(campaign: Campaign) -> None:
    (found,) = (each for each in campaign.associations if each.what == "success")
    assert found.found
    assert all(line.path.endswith("thrust_vac") for line in found.found)
    assert all(line.low < line.high for line in found.found)


def test_chance_is_that_of_the_largest_of_many(campaign: Campaign) -> None:
    found = campaign.associations[0]
    draws = np.random.default_rng(1).normal(size=(20_000, found.drawn))
    beyond = (np.abs(draws).max(axis=1) > found.chance).mean()
    assert beyond == pytest.approx(0.05, abs=3.0 * np.sqrt(0.05 * 0.95 / 20_000))


def test_failures_that_never_come_are_drawn_as_infinite(tmp_path: Path) -> None:
    rows = planned_rows(400)
    lost = rows["outcome"] != "success"
    time_s = np.where(lost, 100.0 + np.arange(400.0), np.inf)
    rows["draw.vehicle.stage1.engine.1.failure_time"] = time_s
    opened = open_campaign(write_campaign(tmp_path / "c", rows))
    (found,) = (each for each in opened.associations if each.what == "success")
    assert found.lines[0].path == "vehicle.stage1.engine.1.failure_time"
    assert found.lines[0].high == np.inf
    assert len(opened.telling) == 10


def test_distances_are_in_the_spread_of_the_points() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(4000, 2)) * (0.02, 0.05) + (60.0, 179.99)
    longitude = (points[:, 1] + 180.0) % 360.0 - 180.0
    found = Impacts(np.arange(4000), points[:, 0], longitude, {"sea": 4000})
    # Of a normal cloud in two dimensions the mean of the distance squared is 2.
    assert np.mean(found.distances() ** 2) == pytest.approx(2.0, abs=0.01)
    assert np.ptp(found.metres()[:, 1]) < 40e3
