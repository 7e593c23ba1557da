"""What is asked of a campaign: every problem at once, and what follows where nothing is said."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_flyer import request
from runner_case import fly

from downrange.campaign.again import flight_of
from downrange.campaign.asked import Asked, ask, loader
from downrange.campaign.request import as_read, hashes, read_request
from downrange.errors import InputError
from downrange.flight.load import load_mission

MISSION = "spectrum-flight-1"
NO_SOBOL = "are no sobol sequence (a power of two, at least the"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(flights: int | None = None, **options: Any) -> Asked:
    return ask(loader(MISSION, planned=True), flights, **options)


def messages(flights: int | None = None, **options: Any) -> list[str]:
    with pytest.raises(InputError) as refused:
        asked(flights, **options)
    return [str(problem) for problem in refused.value.problems]


def test_what_follows_where_nothing_is_said() -> None:
    made = asked()
    assert (made.flights, made.seed, made.part_flights, made.scrambles) == (1000, 1, 1000, 0)
    assert made.out == Path("runs") / f"{MISSION}-campaign-1-1"
    assert made.workers >= 1
    assert made.mission.planned
    assert not made.out.exists()
    assert asked(until_width=0.02).flights is None
    assert asked(500, until_width=0.02).flights == 500
    made.out.mkdir(parents=True)
    assert asked().out.name.endswith("-1-2")


def test_every_problem_comes_at_once(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    found = messages(
        -3, seed=-1, workers=0, disperse=("wind", "wnid"), until_width=1.5, sampler="sobol",
        scrambles=5, out=Path("there"),
    )  # fmt: skip
    assert [each.partition(":")[0] for each in found] == [
        "-n", "--workers", "--until-width", "--until-width", "--scrambles", "--seed",
        "--disperse", "--out",
    ]  # fmt: skip
    assert "-3 flights can't be flown (at least 1)" in found[0]
    assert "there exists already" in found[-1]


def test_a_mission_that_is_wrong_is_among_the_problems() -> None:
    with pytest.raises(InputError) as refused:
        ask(loader("spektrum", planned=False), 0)
    first, second = map(str, refused.value.problems)
    assert "-n: 0 flights" in first
    assert "there is no mission 'spektrum'" in second


@pytest.mark.parametrize(
    ("flights", "scrambles", "says"),
    [
        (1000, 16, f"-n: 1000 flights {NO_SOBOL} 16 scrambles: 1024)"),
        (8, 16, f"-n: 8 flights {NO_SOBOL} 16 scrambles: 16)"),
        (1024, 24, "--scrambles: 24 scrambles can't tell its error (a power of two, at least 16)"),
        (1024, 8, "--scrambles: 8 scrambles can't tell its error (a power of two, at least 16)"),
    ],
)  # fmt: skip
def test_a_sobol_sequence_has_its_length(flights: int, scrambles: int, says: str) -> None:
    assert messages(flights, sampler="sobol", scrambles=scrambles) == [says]


def test_a_sobol_sequence_of_the_right_length() -> None:
    made = asked(1024, sampler="sobol", scrambles=32)
    assert (made.flights, made.sampler, made.scrambles) == (1024, "sobol", 32)
    assert messages(until_width=0.1, sampler="sobol") == [
        "--until-width: a sobol sequence has no interval to stop at (use --sampler plain, or -n)"
    ]
    assert messages(16, sampler="soboll") == [
        "--sampler: there is no sampler 'soboll' (one of plain, sobol)"
    ]


def test_a_sobol_sequence_draws_something() -> None:
    (found,) = messages(16, sampler="sobol", disperse=())
    assert found.startswith("--disperse: a sobol sequence draws values, and none is drawn")


def test_resuming_needs_a_folder_and_takes_its_flights(tmp_path: Path) -> None:
    assert messages(resume=True) == ["--resume: needs --out DIR (the folder of the campaign)"]
    fly(tmp_path / "c", request(40))
    assert asked(resume=True, out=tmp_path / "c").flights == 40
    assert asked(70, resume=True, out=tmp_path / "c").flights == 70
    assert messages(resume=True, force=True, out=tmp_path / "c") == [
        "--force: can't go with --resume: go on with what is there, or replace it"
    ]


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = messages(out=Path("file/deep/campaign"))
    assert "is no folder" in found


def test_a_request_comes_back_as_it_was(tmp_path: Path) -> None:
    made = request(None, until_width=0.1, target={"perigee_altitude_m": 5e5})
    (tmp_path / "campaign.json").write_bytes(made.to_bytes())
    assert read_request(tmp_path) == as_read(made) == made
    told = json.loads(made.to_bytes())
    assert told["schema_version"] == 1
    assert told["flights"] is None
    assert told["channels"] == [["stage1", "altitude_m"], ["stage1", "speed_mps"]]


def test_a_damaged_campaign_is_among_the_problems(tmp_path: Path) -> None:
    fly(tmp_path / "c", request(20))
    (tmp_path / "c" / "campaign.json").write_text("[]")
    first, *_, last = messages(resume=True, out=tmp_path / "c", workers=0)
    assert "is damaged" in first
    assert last == "--workers: 0 workers can't fly (at least 1)"


@pytest.fixture
def flown(tmp_path: Path) -> Path:
    """A folder of a campaign of the real mission, its flights fake."""
    mission = load_mission(MISSION, planned=True)
    folder = tmp_path / "flown"
    fly(folder, request(
        20, mission=mission.name, mission_hash=mission.digest, planned=True, seed=7
    ))  # fmt: skip
    (folder / "mission.toml").write_text(mission.to_toml(), encoding="utf-8")
    return folder


def test_a_flight_of_a_campaign_is_flown_with_what_the_campaign_had(flown: Path) -> None:
    again = flight_of(MISSION, flown, 19)
    assert (again.seed, again.groups, again.mission.planned) == (7, ("mass",), True)
    assert again.points is None
    assert again.mission.digest == read_request(flown).mission_hash
    assert again.mission.spec.fault == ()


def test_a_flight_of_a_sobol_sequence_is_one_of_its_points(flown: Path) -> None:
    kept = replace(read_request(flown), sampler="sobol", scrambles=16, flights=32)
    (flown / "campaign.json").write_bytes(kept.to_bytes())
    assert flight_of(MISSION, flown, 31).points == (16, 32)


def test_files_that_a_mission_names_are_known_by_their_content(tmp_path: Path) -> None:
    file, folder = tmp_path / "wind.csv", tmp_path / "soundings"
    folder.mkdir()
    for path in (file, folder / "b.csv", folder / "a.csv"):
        path.write_text("0, 1")
    named = {"wind.file": file, "wind.folder": folder, "gone": tmp_path / "gone"}
    before = hashes(named)
    assert before["wind.file"] == hashlib.sha256(b"0, 1").hexdigest()
    assert before["gone"] == ""
    assert hashes(named) == before
    (folder / "a.csv").write_text("0, 2")
    assert hashes(named)["wind.folder"] != before["wind.folder"]
    (folder / "a.csv").rename(folder / "c.csv")
    assert len({hashes(named)["wind.folder"], before["wind.folder"]}) == 2


def test_a_flight_that_is_not_there_is_refused(flown: Path, tmp_path: Path) -> None:
    for flight in (-1, 20):
        with pytest.raises(InputError, match=rf"no flight {flight} in .* \(from 0 to 19\)"):
            flight_of(MISSION, flown, flight)
    with pytest.raises(InputError, match=r"holds no campaign"):
        flight_of(MISSION, tmp_path, 1)
    for folder, flight in ((None, 3), (flown, None)):
        with pytest.raises(InputError, match=r"is missing: a flight of a campaign"):
            flight_of(MISSION, folder, flight)


def test_another_mission_or_a_changed_one_is_refused(flown: Path) -> None:
    toml = flown / "mission.toml"
    text = toml.read_text(encoding="utf-8")
    other = flown.parent / "other.toml"
    other.write_text(text.replace(f'name = "{MISSION}"', 'name = "other"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"is not the campaign's mission \(it flew spectrum"):
        flight_of(str(other), flown, 3)
    toml.write_text(text.replace('name = "spectrum"', 'name = "spektrum"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"mission\.toml: is not what was flown"):
        flight_of(MISSION, flown, 3)
