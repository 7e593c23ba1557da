"""`downrange report` and `downrange verify`, and the way that every command ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_case import Command
from made_up_flight import lost_flight

from downrange.telemetry import write_recording
from downrange.verify import Check, shipped_cases

GOOD = Check("fall", "speed at 1 s", "Galilei 1638", 9.81, 9.8100001, "m/s", 1e-6)
BAD = Check("fall", "distance at 1 s", "Galilei 1638", 4.905, 4.8, "m", 1e-6)
LOST = Check("spin", "rate at 1 s", "Euler 1765", 1.0, float("nan"), "rad/s", 1e-6)


def test_a_report_is_made_from_a_recording(command: Command, tmp_path: Path) -> None:
    folder = write_recording(lost_flight(), tmp_path / "flight")
    said = command("report", "flight")
    assert (said.code, said.out.strip()) == (0, "Report  flight/report.html")
    assert "Made-up flight 1" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_report_of_nothing(command: Command) -> None:
    said = command("report", "nowhere")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].startswith("nowhere: there is no such folder")


@pytest.mark.parametrize(("checks", "code"), [([GOOD], 0), ([GOOD, BAD], 1), ([GOOD, LOST], 1)])
def test_a_check_that_fails_is_the_exit_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, checks: list[Check], code: int
) -> None:
    monkeypatch.setattr("downrange.verify.run_all", lambda: checks)
    said = command("verify")
    assert said.code == code
    assert f"{len(checks) - code} of {len(checks)} checks passed" in said.out
    assert said.out.count("FAIL") == code
    table = ["speed at 1 s", "Galilei 1638", "9.81", "9.8100001", "1e-06", "m/s", "pass"]
    assert [word for word in table if word not in said.out] == []


def test_checks_as_json(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("downrange.verify.run_all", lambda: [GOOD, LOST])
    said = command("verify", "--json")
    told = json.loads(said.out)
    assert said.code == 1
    assert told["passed"] is False
    assert [check["got"] for check in told["checks"]] == [9.8100001, None]
    assert "trajectory" not in told


def test_one_check_case(command: Command) -> None:
    case = shipped_cases()[0]
    said = command("verify", "--case", str(case), "--json")
    told = json.loads(said.out)
    assert (said.code, told["passed"]) == (0, True)
    assert told["trajectory"][0].keys() >= {"time_s", "altitude_m", "roll_deg"}


def test_a_case_that_is_none(command: Command) -> None:
    Path("case.toml").write_text('name = "x"\n', encoding="utf-8")
    said = command("verify", "--case", "case.toml", "--json")
    told = json.loads(said.out)
    assert said.code == 2
    assert {error["file"] for error in told["errors"]} == {"case.toml"}
    assert {error["path"] for error in told["errors"]} >= {"body", "initial"}


WRONG = """
name = "all that can be wrong"
source = "a test"
duration = "30 s"
[body]
mass = "3 ft"
[aero]
reference_area = "0.1 m^2"
drag = { alpha = ["0 deg", "5 deg"], value = [0.1] }
lift = { alpha = ["5 deg", "0 deg"], value = [0.1, 0.2] }
[initial]
latitude_deg = 0.0
longitude_deg = 0.0
altitude = "3 km"
velocity_ned = ["0 m/s", "0 m/s", "0 m/s"]
rates = { frame = "inertial" }
[checkpoints]
columns = ["time_s", "altitude_m", "height_m"]
rows = [[10.0, 1.0, 1.0], [40.0, 1.0, 1.0]]
tolerance = { altitude_m = 1.0 }
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_all_that_is_wrong_with_a_case_at_once(command: Command, as_json: bool) -> None:
    Path("case.toml").write_text(WRONG, encoding="utf-8")
    said = command("verify", "--case", "case.toml", *(["--json"] if as_json else []))
    paths = {"body.mass", "body.inertia", "aero.drag", "aero.lift", "checkpoints.columns",
             "checkpoints.rows.2"}  # fmt: skip
    assert said.code == 2
    if as_json:
        told = json.loads(said.out)
        assert told.keys() == {"schema_version", "errors"}
        assert {error["path"] for error in told["errors"]} == paths
        assert all(error.keys() == {"file", "path", "message", "hint"} for error in told["errors"])
        assert {error["file"] for error in told["errors"]} == {"case.toml"}
    else:
        assert said.out == ""
        assert [path for path in paths if f"case.toml: {path}: " not in said.err] == []
        assert "Traceback" not in said.err


def test_alone_it_shows_what_it_can_do(command: Command) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        said = command(*arguments)
        assert said.code == 0
        assert all(word in said.out for word in ("fly", "list", "show", "sources", "verify"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fyl"], "fyl"),
        (["fly"], "MISSION"),
        (["fly", "spectrum-flight-1", "--sede", "3"], "--sede"),
        (["fly", "spectrum-flight-1", "--seed", "many"], "--seed"),
        (["fly", "spectrum-flight-1", "--seed", "-1"], "--seed"),
    ],
)
def test_misuse_is_one_line(command: Command, arguments: list[str], words: str) -> None:
    said = command(*arguments)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert words in said.err
    told = json.loads(command(*arguments, "--json").out)
    assert told["schema_version"] == 1
    assert words in told["errors"][0]["message"]
    assert told["errors"][0].keys() == {"file", "path", "message", "hint"}
