"""Campaigns of Spectrum: the same bytes however they are flown, killed or not."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from runner_case import digests

from downrange.campaign.ledger import read_ledger
from downrange.campaign.results import open_campaign
from downrange.campaign.run import run_campaign
from downrange.flight.fly import fly_prepared, prepare
from downrange.flight.load import load_mission

MISSION = "spectrum-flight-1"
FLIGHTS = 48
KILLS, LONGEST_S = 20, 1.0
KILLED = 2400  # flights; more than two cores fly between the kills
PROGRAM = f"""
import sys
from pathlib import Path
from downrange.campaign.asked import ask, loader
from downrange.campaign.run import Listener, run
asked = ask(loader("spectrum-flight-1", False), {KILLED}, seed=3, workers=2, part_flights=40,
            disperse=("wind", "faults"), out=Path(sys.argv[1]), resume=len(sys.argv) > 2)
run(asked, Listener(stage=lambda name: print(name, flush=True)))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flights as flown, by one worker."""
    folder = tmp_path_factory.mktemp("campaign") / "one"
    run_campaign(MISSION, FLIGHTS, seed=7, workers=1, out=folder)
    return folder


def test_two_workers_write_the_same_bytes_as_one(alone: Path, tmp_path: Path) -> None:
    run_campaign(MISSION, FLIGHTS, seed=7, workers=2, out=tmp_path / "two")
    assert digests(tmp_path / "two") == digests(alone)


def test_a_flight_of_a_campaign_is_the_same_alone(alone: Path) -> None:
    """Outcome, ends and what was drawn, to the last bit."""
    campaign = open_campaign(alone)
    table = campaign.flights.to_pandas()
    ready = prepare(load_mission(MISSION))
    for number in (0, 17, FLIGHTS - 1):
        flown = fly_prepared(ready, seed=7, flight=number, disperse=campaign.request.groups).summary
        row = table.iloc[number]
        assert row["outcome"] == flown["outcome"]
        for key in ("end_time_s", "end_latitude_deg", "end_longitude_deg", "propellant_left_kg"):
            assert row[f"body.stage1.{key}"] == flown["bodies"]["stage1"][key]
        for path, value in flown["drawn"].items():
            assert row[f"draw.{path}"] == value


def test_more_flights_change_none_that_were_flown(alone: Path, tmp_path: Path) -> None:
    few = run_campaign(MISSION, 16, seed=7, workers=2, out=tmp_path / "few")
    many = open_campaign(alone)
    for name in ("body.stage1.end_latitude_deg", "event.stage1.attitude_lost.time_s"):
        np.testing.assert_array_equal(few.flights.column(name), many.flights.column(name)[:16])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_kills_at_random_moments_lose_no_flight(tmp_path: Path) -> None:
    """Twenty of them, most in the midst of flights; then the data of a campaign left in peace."""
    chance, folder = random.Random(20250330), tmp_path / "killed"
    words: tuple[str, ...] = ()
    finished = []
    for _ in range(KILLS):
        with start(folder, *words) as child:
            time.sleep(chance.uniform(0.0, LONGEST_S))
            child.kill()
        assert child.returncode == -9, "all was flown before the last kill"
        words = ("resume",)
        finished.append(len(read_ledger(folder)[0]))
    assert finished == sorted(finished)
    for place, more in ((folder, words), (tmp_path / "whole", ())):
        with start(place, *more) as child:
            child.communicate()
        assert child.returncode == 0
    assert digests(folder) == digests(tmp_path / "whole")
    assert open_campaign(folder).flights.column("flight").tolist() == list(range(KILLED))


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Begin or go on in a process of its own; back when it flies."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), *words],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    while (line := child.stdout.readline().strip()) not in ("flying", "flights"):
        assert line, "it ended before it flew"
    return child
