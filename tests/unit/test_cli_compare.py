"""`downrange compare`: what moved, on the screen and as JSON, and bad input."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_case import Command
from made_up_flight import EVENTS, healthy_flight, lost_flight

from downrange.telemetry import Body, Recording, Telemetry, write_recording

LATER_S = 0.25
HIGHER_M = 12.0
CHANNELS = len(lost_flight().bodies["stage1"].telemetry.names) - 1  # all but time


def moved_flight() -> Recording:
    """The lost flight with its break-off later, and all altitudes from T+10 s higher."""
    before = lost_flight()
    table = before.bodies["stage1"].telemetry
    columns = {name: np.array(table[name]) for name in table.names}
    columns["altitude_m"][columns["time_s"] >= 10.0] += HIGHER_M
    body = Body("stage1", Telemetry.from_columns(columns), "impacted")
    events = tuple(
        dataclasses.replace(e, time_s=e.time_s + LATER_S * (e.name == "attitude_lost"))
        for e in EVENTS
    )
    summary = before.summary | {"seed": 2}
    return dataclasses.replace(before, bodies={"stage1": body}, events=events, summary=summary)


@pytest.fixture
def folders(command: Command) -> None:  # noqa: ARG001 - its folder is the current one
    write_recording(lost_flight(), "a")
    write_recording(moved_flight(), "b")
    write_recording(healthy_flight(), "plan")


@pytest.mark.usefixtures("folders")
def test_what_moved_is_shown(command: Command) -> None:
    said = command("compare", "a", "b")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    (altitude,) = [line for line in lines if line.startswith("altitude_m")]
    assert "12.0 m" in altitude
    (lost,) = [line for line in lines if "Attitude lost" in line]
    assert all(word in lost for word in ("T+24.800 s", "T+25.050 s", "0.250 s"))
    assert "seed" in said.out
    assert said.out.splitlines()[-1] == (
        f"Moved: channels 1 of {CHANNELS}, events 1, figures and words 0; in one alone 0"
    )


@pytest.mark.usefixtures("folders")
def test_the_same_flight(command: Command) -> None:
    said = command("compare", "a", "a", "--tolerance", "0")
    assert said.code == 0
    assert said.out.strip() == f"The same flight: {CHANNELS} channels compared"


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(("tolerance", "code"), [("1e-6", 1), ("0", 1), ("0.5", 0)])
def test_with_a_tolerance_a_difference_is_the_exit_code(
    command: Command, tolerance: str, code: int
) -> None:
    assert command("compare", "a", "b", "--tolerance", tolerance).code == code


@pytest.mark.usefixtures("folders")
def test_all_that_moved_as_json(command: Command) -> None:
    said = command("compare", "a", "b", "--json")
    told = json.loads(said.out)
    assert (said.code, told["schema_version"], told["same"]) == (0, 1, False)
    (altitude,) = told["channels"]
    assert altitude["largest"] == pytest.approx(HIGHER_M, abs=1e-9)
    assert (altitude["name"], altitude["unit"], altitude["alone"]) == ("altitude_m", "m", 0)
    assert altitude["alone_time_s"] is None
    assert 0.0 < altitude["share"] < 0.01
    (event,) = told["events"]
    assert (event["name"], event["change_s"]) == ("attitude_lost", pytest.approx(LATER_S))
    assert told["conditions"] == [{"path": "seed", "before": 1, "after": 2}]
    assert told["figures"] == told["missing"] == []
    assert (told["before"], told["after"]) == ("a", "b")


@pytest.mark.usefixtures("folders")
def test_the_rest_is_shown_when_asked_for(command: Command) -> None:
    short, long = (command("compare", "plan", "a", *all_of) for all_of in ((), ("--all",)))
    assert "Stage\u00a01: 12 of the" in short.out
    assert short.out.rstrip().endswith("--all shows the rest")
    assert "--all" not in long.out
    assert len(long.out.splitlines()) > len(short.out.splitlines()) + 20
    assert "sea \u2192" not in long.out
    assert "outcome" in short.out
    assert "success \u2192 terminated" in short.out


@pytest.mark.usefixtures("folders")
def test_what_one_lacks(command: Command) -> None:
    shutil.copy("b/telemetry/stage1.parquet", "b/telemetry/stage2.parquet")
    said = command("compare", "a", "b")
    assert "In one alone" in said.out
    (row,) = [line for line in said.out.splitlines() if line.startswith("Stage\u00a02")]
    assert row.split()[-2:] == ["all", "A"]
    assert json.loads(command("compare", "b", "a", "--json").out)["missing"] == [
        {"body": "stage2", "channel": None, "missing_in": "after"}
    ]


@pytest.mark.usefixtures("folders")
def test_bad_input_is_told_all_at_once(command: Command) -> None:
    Path("b/summary.json").write_text("{", encoding="utf-8")
    said = command("compare", "nowhere", "b", "--tolerance", "-1")
    assert (said.code, said.out) == (2, "")
    lines = said.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "--tolerance", "nowhere", str(Path("b/summary.json")),
    ]  # fmt: skip
    assert "there is no such folder" in lines[1]
    assert "damaged" in lines[2]
    told = json.loads(command("compare", "nowhere", "b", "--json").out)
    assert [error["file"] for error in told["errors"]] == ["nowhere", str(Path("b/summary.json"))]


@pytest.mark.usefixtures("folders")
def test_a_folder_that_is_no_recording(command: Command) -> None:
    Path("empty").mkdir()
    said = command("compare", "a", "empty")
    assert said.code == 2
    assert all(line.startswith("empty") for line in said.err.splitlines())
    assert command("compare", "a").code == 2
