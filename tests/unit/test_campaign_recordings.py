"""Recordings of a few flights: which, with what they are flown, and none twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_flyer import FakeFlyer, MakeFake, request
from made_up_flight import lost_flight
from runner_case import fly

from downrange.campaign.recordings import MOST, flights_to_record, record_flights, record_nominal
from downrange.campaign.results import Campaign, open_campaign
from downrange.flight.load import load_mission
from downrange.telemetry import Recording

MISSION = "spectrum-flight-1"


@pytest.fixture
def flown(tmp_path: Path) -> Campaign:
    mission = load_mission(MISSION)
    folder = tmp_path / "campaign"
    fly(folder, request(60, mission=MISSION, mission_hash=mission.digest, seed=4))
    (folder / "mission.toml").write_text(mission.to_toml(), encoding="utf-8")
    return open_campaign(folder)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was flown again."""
    flights: list[dict[str, Any]] = []

    def fly_prepared(ready: str, **options: Any) -> Recording:
        flights.append({"ready": ready, **options})
        return lost_flight()

    monkeypatch.setattr("downrange.flight.fly.prepare", lambda mission: mission.name)
    monkeypatch.setattr("downrange.flight.fly.fly_prepared", fly_prepared)
    return flights


def test_failures_and_what_tells_most_are_recorded(flown: Campaign) -> None:
    flyer = FakeFlyer(MakeFake())
    lost = [number for number in range(60) if flyer.row(number)["outcome"] == "loss"]
    telling = [each.flight for each in flown.telling]
    found = flights_to_record(flown, 3)
    assert set(found) == {*telling, *lost[:3]}
    assert len(found) == len(set(found))
    assert len(flights_to_record(flown, 10_000)) <= MOST


def test_they_are_flown_as_the_campaign_flew_them(
    flown: Campaign, asked: list[dict[str, Any]]
) -> None:
    folders = record_flights(flown, 2)
    numbers = flights_to_record(flown, 2)
    assert [path.name for path in folders] == [f"flight-{number:06d}" for number in numbers]
    assert [each["flight"] for each in asked] == list(numbers)
    assert {(each["ready"], each["seed"], each["disperse"]) for each in asked} == {
        (MISSION, 4, ("mass",))
    }
    assert {each["points"] for each in asked} == {None}
    assert all((path / "summary.json").is_file() for path in folders)


def test_the_nominal_flight_is_the_healthy_mission_with_nothing_drawn(
    flown: Campaign, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    monkeypatch.setattr("downrange.flight.fly.prepare", prepared.append)
    folder = record_nominal(flown)
    assert folder == flown.folder / "recordings/nominal"
    assert (folder / "summary.json").is_file()
    (mission,) = prepared
    assert mission.spec.fault == ()
    assert asked == [{"ready": None, "seed": 4}]
    assert record_nominal(flown) == folder
    assert len(asked) == 1


def test_what_is_recorded_already_stays(flown: Campaign, asked: list[dict[str, Any]]) -> None:
    first = record_flights(flown, 1)
    assert record_flights(flown, 1) == []
    more = record_flights(flown, 4)
    assert not {*first} & {*more}
    assert len(asked) == len(first) + len(more)
