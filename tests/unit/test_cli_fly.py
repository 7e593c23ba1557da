"""`downrange fly`: what it asks of the flight, what it says, what it leaves on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_case import Command, Pilot
from made_up_flight import SUMMARY, impact_time_s

from downrange.cli.flying import bare_disperse
from downrange.flight.draw import EVERYDAY
from downrange.telemetry import read_recording

MISSION = "spectrum-flight-1"
QUICK = (MISSION, "--no-report")


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("pilot")
def test_a_lost_vehicle_is_told_and_kept(command: Command) -> None:
    said = command("fly", MISSION)
    assert said.code == 0
    told = ["Flight terminated", "T+00:30.0", "4.20 kPa", "30 s of flight", "not reached", "29.5 t"]
    assert [words for words in told if words not in said.out] == []
    folder = Path("runs") / f"{MISSION}-1-1"
    assert str(folder) in said.out
    kept = {path.name for path in folder.iterdir()}
    files = {"mission.toml", "plan.json", "summary.json", "events.jsonl", "report.html"}
    assert kept == {*files, "telemetry", "planned"}


@pytest.mark.usefixtures("pilot")
def test_progress_goes_to_stderr(command: Command) -> None:
    said = command("fly", MISSION)
    stages = [line.split()[0] for line in said.err.splitlines()]
    assert stages == ["planning", "compiling", "flying", "flying", "writing", "writing"]
    assert "up to a minute" in said.err


@pytest.mark.usefixtures("pilot")
def test_the_timeline_is_on_the_screen_before_the_report_is_begun(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(
        "downrange.report.write_report", lambda *_: seen.append(capsys.readouterr().out)
    )
    command("fly", MISSION)
    assert "Flight termination" in seen[0]
    assert "Smallest margins" in seen[0]


@pytest.mark.usefixtures("pilot")
def test_json_is_the_summary_and_alone_on_stdout(command: Command) -> None:
    said = command("fly", MISSION, "--json", "--out", "here")
    told = json.loads(said.out)
    assert told == json.loads(Path("here/summary.json").read_text(encoding="utf-8"))
    assert told["recording"] == "here"
    assert told["bodies"]["stage1"]["end_time_s"] == impact_time_s()
    timing = told["timing"]
    assert 0.0 < timing["report_s"] < timing["total_s"]
    assert timing["body_seconds"] == SUMMARY["timing"]["body_seconds"]
    assert "Flight termination" in said.err


def test_the_plan_lies_beside_a_flight_with_faults(command: Command, pilot: Pilot) -> None:
    command("fly", MISSION, "--seed", "3", "--disperse", "wind")
    (flown, first), (planned, second) = pilot.asked
    assert flown.spec.fault
    assert not flown.planned
    assert planned.spec.fault == ()
    assert planned.planned
    assert flown.spec.correlation  # of its faults
    assert planned.spec == flown.spec.model_copy(update={"fault": (), "correlation": ()})
    assert {**first, "progress": None} == {**second, "progress": None}
    recording = read_recording(Path("runs") / f"{MISSION}-3-1")
    assert recording.planned["stage1"]["time_s"][-1] == 60.0


@pytest.mark.parametrize("option", ["--planned", "--no-report"])
def test_no_plan_lies_beside_the_plan_or_without_a_report(
    command: Command, pilot: Pilot, option: str
) -> None:
    said = command("fly", MISSION, option)
    assert len(pilot.asked) == 1
    recording = read_recording(Path("runs") / f"{MISSION}-1-1")
    assert recording.planned == {}
    assert recording.summary["planned"] is (option == "--planned")
    assert ("Report" in said.out) is (option == "--planned")


def test_options_reach_the_flight(command: Command, pilot: Pilot) -> None:
    command(
        "fly", *QUICK, "--seed", "7", "--disperse", "wind,engines", "--record-rate", "50",
        "--set", "vehicle.stage1.engine.thrust_vac=85 kN", "--set", "guidance.programme = time",
        "--fault", "stage1.engine.5: shutdown at 20 s", "--out", "elsewhere/deep",
    )  # fmt: skip
    ((mission, options),) = pilot.asked
    assert (options["seed"], options["record_rate_hz"]) == (7, 50.0)
    assert options["disperse"] == ("wind", "engines")
    assert mission.spec.vehicle.stage[0].engine.thrust_vac.si == 85e3
    assert mission.spec.guidance.programme == "time"
    assert str(mission.spec.fault[-1]) == "stage1.engine.5: shutdown at 20 s"
    assert Path("elsewhere/deep/summary.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "spelled"),
    [
        (["fly", "m", "--disperse"], ["fly", "m", "--disperse=all"]),
        (["fly", "m", "--disperse", "--json"], ["fly", "m", "--disperse=all", "--json"]),
        (["fly", "--disperse", "m.toml"], ["fly", "--disperse=all", "m.toml"]),
        (["fly", "--disperse", MISSION], ["fly", "--disperse=all", MISSION]),
        (["fly", "--disperse", "wind", "m"], ["fly", "--disperse", "wind", "m"]),
        (["fly", "--disperse", "mass,wnid"], ["fly", "--disperse", "mass,wnid"]),
        (["fly", "m", "--disperse", "no,group"], ["fly", "m", "--disperse", "no,group"]),
        (["fly", "m", "--disperse=wind"], ["fly", "m", "--disperse=wind"]),
        ([], []),
    ],
)
def test_disperse_alone_means_all(arguments: list[str], spelled: list[str]) -> None:
    assert bare_disperse(arguments) == spelled


def test_disperse_alone_draws_what_changes_every_day(command: Command, pilot: Pilot) -> None:
    command("fly", *QUICK, "--disperse")
    assert pilot.asked[0][1]["disperse"] == EVERYDAY


@pytest.mark.usefixtures("pilot")
def test_flights_of_one_seed_are_numbered(command: Command) -> None:
    for _ in range(3):
        command("fly", *QUICK, "--seed", "5")
    assert sorted(path.name for path in Path("runs").iterdir()) == [
        f"{MISSION}-5-{n}" for n in (1, 2, 3)
    ]


@pytest.mark.usefixtures("pilot")
def test_force_replaces_a_recording(command: Command) -> None:
    command("fly", *QUICK, "--out", "here")
    Path("here/old").touch()
    assert command("fly", *QUICK, "--out", "here").code == 2
    assert Path("here/old").exists()
    assert command("fly", *QUICK, "--out", "here", "--force").code == 0
    assert not Path("here/old").exists()


def test_force_replaces_nothing_else(command: Command, pilot: Pilot) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter").touch()
    said = command("fly", *QUICK, "--out", "thesis", "--force")
    assert said.code == 2
    assert "thesis is no recording" in said.err
    assert Path("thesis/chapter").exists()
    assert pilot.asked == []
    Path("empty").mkdir()
    assert command("fly", *QUICK, "--out", "empty", "--force").code == 0


def test_stopped_in_flight_nothing_is_written(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downrange.flight.fly.fly", interrupt)
    said = command("fly", MISSION)
    assert (said.code, said.out) == (130, "")
    assert said.err.splitlines()[-1] == "downrange: stopped: nothing was written"
    assert list(Path().iterdir()) == []


@pytest.mark.usefixtures("pilot")
def test_stopped_in_the_report_the_recording_is_kept(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downrange.report.write_report", interrupt)
    said = command("fly", MISSION, "--out", "here")
    assert said.code == 130
    assert said.err.splitlines()[-1].endswith("the recording is in here, without a report")
    assert read_recording("here").outcome == "terminated"
    assert command("report", "here").code == 130
