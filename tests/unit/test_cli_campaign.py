"""`downrange campaign`: what it asks for, what it says, what it leaves; flights that are fake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_case import Command, Pilot
from fake_flyer import FakeFlyer, MakeFake, ready
from runner_case import digests, rows

import downrange as dr
from downrange.campaign.conduct import Progress
from downrange.campaign.flyer_types import Ready
from downrange.campaign.request import read_request
from downrange.cli.gauge import Gauge
from downrange.errors import InputError, OutputError, Problem
from downrange.flight.load import Mission

MISSION = "spectrum-flight-1"
FLY = ("campaign", MISSION, "--planned", "--no-report", "--record-failures", "0")


class Engine:
    """Stands where the physics would be; keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.make = MakeFake()

    def __call__(self, mission: Mission, **options: Any) -> Ready:
        self.asked.append({"mission": mission, **options})
        made = ready(self.make)
        return Ready(
            made.make, mission.to_toml(), made.plan, made.draws, made.bodies, made.objectives
        )  # fmt: skip


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr("downrange.campaign.flyer.ready_campaign", engine)
    return engine


def successes(flights: int, chance: float = 0.7) -> int:
    flyer = FakeFlyer(MakeFake(chance))
    return sum(flyer.row(number)["outcome"] == "success" for number in range(flights))


@pytest.mark.usefixtures("engine")
def test_outcomes_are_told_with_their_intervals(command: Command) -> None:
    said = command(*FLY, "-n", "200", "--seed", "3")
    assert said.code == 0
    assert f"{MISSION}, as planned, 200 flights, seed 3" in " ".join(said.out.split())
    told = " ".join(said.out.split())
    good = successes(200)
    assert f"Success {good} {good / 2:.2f} %" in told
    assert f"Lost {200 - good} {100 - good / 2:.2f} %" in told
    assert "Clopper" in told
    assert "Attitude lost" in told
    assert "Margin to attitude" in told
    folder = Path("runs") / f"{MISSION}-campaign-3-1"
    assert str(folder) in said.out
    assert "2 threads" in said.out or "threads" in said.out
    assert len(rows(folder)) == 200
    assert json.loads((folder / "summary.json").read_text())["flights"] == 200
    stages = [line.split()[0] for line in said.err.splitlines()]
    assert stages == ["planning", "compiling", "flying", "counting"]


@pytest.mark.usefixtures("engine")
def test_json_is_alone_on_stdout(command: Command) -> None:
    said = command(*FLY, "-n", "64", "--json", "--out", "c", "--workers", "1")
    told = json.loads(said.out)
    assert set(told) >= {
        "schema_version", "mission", "seed", "flights", "sampler", "outcomes", "causes",
        "quantities", "timing", "folder",
    }  # fmt: skip
    assert (told["mission"], told["flights"], told["folder"]) == (MISSION, 64, "c")
    assert told["outcomes"]["success"]["count"] == successes(64)
    assert set(told["outcomes"]["success"]) >= {"count", "share", "low", "high", "method"}
    assert told["timing"]["workers"] == 1
    assert told["timing"]["engine"] == "threads"


def test_options_reach_the_flights(command: Command, engine: Engine) -> None:
    said = command(
        "campaign", MISSION, "-n", "32", "--seed", "9", "--disperse", "wind,engines",
        "--sampler", "sobol", "--scrambles", "16", "--out", "c", "--no-report",
        "--record-failures", "0", "--set", "vehicle.stage1.engine.thrust_vac=85 kN",
        "--fault", "stage1.engine.5: shutdown at 20 s", "--processes", "--workers", "1",
    )  # fmt: skip
    assert said.code == 0, said.err
    (asked,) = engine.asked
    assert (asked["seed"], asked["groups"]) == (9, ("wind", "engines"))
    assert (asked["sampler"], asked["scrambles"], asked["flights"]) == ("sobol", 16, 32)
    assert asked["mission"].spec.vehicle.stage[0].engine.thrust_vac.si == 85e3
    assert str(asked["mission"].spec.fault[-1]) == "stage1.engine.5: shutdown at 20 s"
    kept = read_request(Path("c"))
    assert (kept.sampler, kept.scrambles, kept.planned) == ("sobol", 16, False)
    assert "1 processes" in said.out


def test_what_changes_is_drawn_unless_told_otherwise(command: Command, engine: Engine) -> None:
    command(*FLY, "-n", "10")
    command(*FLY, "-n", "10", "--disperse", "none")
    from downrange.flight.draw import EVERYDAY

    assert [asked["groups"] for asked in engine.asked] == [EVERYDAY, ()]


@pytest.mark.usefixtures("engine")
def test_it_flies_until_the_interval_is_narrow(command: Command) -> None:
    said = command(*FLY, "--until-width", "0.1", "--out", "c")
    assert said.code == 0
    flights = len(rows(Path("c")))
    assert flights % 100 == 0
    assert 300 <= flights <= 400  # 4 * 0.21 * (1.96 / 0.1)^2 = 323, in steps of a hundred
    assert read_request(Path("c")).flights is None


def test_every_problem_comes_at_once(command: Command, engine: Engine) -> None:
    Path("there").mkdir()
    said = command(
        *FLY, "-n", "0", "--seed", "-2", "--workers", "-1", "--disperse", "foo,wnid",
        "--until-width", "7", "--sampler", "soboll", "--set", "vehicle", "--out", "there",
        "--record-failures", "-1",
    )  # fmt: skip
    assert said.code == 2
    assert said.out == ""
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "--set", "--record-failures", "-n", "--workers", "--until-width", "--sampler", "--seed",
        "--disperse", "--disperse", "--out",
    ]  # fmt: skip
    assert engine.asked == []
    assert list(Path("there").iterdir()) == []


def test_problems_as_json(command: Command) -> None:
    said = command("campaign", "spektrum", "-n", "-1", "--json")
    assert said.code == 2
    told = json.loads(said.out)
    assert [set(each) for each in told["errors"]] == [{"file", "path", "message", "hint"}] * 2
    assert "-1 flights" in told["errors"][0]["message"]


def test_the_plan_says_what_will_be_drawn_and_flies_nothing(
    command: Command, engine: Engine
) -> None:
    Path("there").mkdir()
    said = command(*FLY, "--plan", "--disperse", "mass,engines", "--out", "there")
    assert said.code == 0
    for words in ("vehicle.stage1.engine.*.thrust_vac (9)", "normal", "estimated", "Not drawn, "):
        assert words in said.out
    assert "wind" not in said.out.partition("Not drawn")[0]
    told = json.loads(command(*FLY, "--plan", "--json", "--disperse", "engines").out)
    assert {row["group"] for row in told["draws"]} == {"engines"}
    assert {"value", "count", "distribution", "status", "source"} < set(told["draws"][0])
    assert "Nothing is drawn" in command(*FLY, "--plan", "--disperse", "none").out
    assert engine.asked == []
    assert not Path("runs").exists()


@pytest.mark.usefixtures("engine")
def test_a_campaign_is_resumed_and_grows(command: Command) -> None:
    command(*FLY, "-n", "40", "--out", "c")
    again = command(*FLY, "-n", "40", "--out", "c")
    assert again.code == 2
    assert "go on with --resume, replace it with --force" in again.err
    assert command(*FLY, "-n", "60", "--out", "c", "--resume").code == 0
    assert len(rows(Path("c"))) == 60
    other = command(*FLY, "-n", "60", "--out", "c", "--resume", "--seed", "2")
    assert other.code == 2
    assert "the seed was 1 and is now 2" in other.err
    command(*FLY, "-n", "60", "--out", "other")
    assert digests(Path("c")) == digests(Path("other"))
    assert command(*FLY, "-n", "20", "--out", "c", "--force").code == 0
    assert len(rows(Path("c"))) == 20


def test_what_fails_on_the_way_has_another_exit_code(command: Command, engine: Engine) -> None:
    engine.make = MakeFake(fails=13)
    said = command(*FLY, "-n", "40", "--out", "c")
    assert said.code == 1
    assert "could not be flown: ZeroDivisionError: no such luck" in said.err
    assert said.out == ""
    told = json.loads(command(*FLY, "-n", "40", "--out", "d", "--json").out)
    assert "no such luck" in told["errors"][0]["message"]


def test_ctrl_c_says_how_to_go_on(
    command: Command, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.make = MakeFake(delay_s=0.002)
    heard: list[int] = []

    def progress(_gauge: Gauge, told: Progress) -> None:
        if not heard:
            heard.append(told.flights)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Gauge, "progress", progress)
    said = command(*FLY, "-n", "400", "--out", "a folder", "--workers", "1",
                   "--set", "vehicle.stage1.dry_mass=4 t")  # fmt: skip
    assert said.code == 130
    last = said.err.splitlines()[-1]
    assert last.startswith("downrange: stopped with")
    assert last.endswith(
        f"go on with: downrange campaign {MISSION} -n 400 --planned --set "
        "'vehicle.stage1.dry_mass=4 t' --workers 1 --out 'a folder' --resume"
    )


SLOW = f"""
import sys
import downrange.campaign.flyer as flyer
from downrange.cli import run
from fake_flyer import MakeFake, ready
flyer.ready_campaign = lambda mission, **_: ready(MakeFake(delay_s=600.0))
sys.exit(run({["campaign", MISSION, "-n", "8", "--workers", "2", "--out", "c"]!r}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_ctrl_c_ends_the_process_at_once(tmp_path: Path) -> None:
    """Its flights take ten minutes each: it does not wait for one."""
    tests = str(Path(__file__).parents[1])
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([tests, *sys.path])},
    )  # fmt: skip
    assert child.stderr is not None
    with child.stderr:
        while child.stderr.readline() != "flying ...\n":
            assert child.poll() is None
        while not (tmp_path / "c" / "campaign.json").exists():
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert child.stderr.readline().startswith("downrange: stopping after the flights")
        child.send_signal(signal.SIGINT)
        last = child.stderr.readline()
        assert last.startswith("downrange: stopped at once; go on with: downrange campaign")
        assert child.wait(60) == 130
        assert child.stderr.read() == ""


@pytest.mark.usefixtures("engine")
def test_a_report_that_cannot_be_written_leaves_the_flights(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OutputError("cannot write c/summary.json: No space left on device")

    monkeypatch.setattr("downrange.campaign.summary.write_summary_of", refuse)
    said = command(*FLY, "-n", "20", "--out", "c")
    assert said.code == 1
    assert "No space left on device: the flights are kept" in said.err
    assert "downrange campaign report c" in said.err
    assert len(rows(Path("c"))) == 20


def test_a_mission_that_cannot_be_planned_leaves_nothing(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Ready:
        raise InputError([Problem("m.toml", "correlation", "is not positive", "")])

    monkeypatch.setattr("downrange.campaign.flyer.ready_campaign", refuse)
    said = command(*FLY, "-n", "20", "--out", "deep/c")
    assert said.code == 2
    assert said.err.splitlines()[-1] == "m.toml: correlation: is not positive"
    assert not Path("deep/c").exists()


def test_campaigns_from_python(engine: Engine, tmp_path: Path) -> None:
    told: list[Progress] = []
    done = dr.run_campaign(
        MISSION, 40, seed=3, planned=True, disperse=("mass",), workers=1, out=tmp_path / "c",
        progress=told.append,
    )  # fmt: skip
    assert isinstance(done, dr.open_campaign(tmp_path / "c").__class__)
    assert len(done.flights) == told[-1].flights == 40
    assert json.loads((tmp_path / "c" / "summary.json").read_text())["flights"] == 40
    assert done.outcomes["success"].count == told[-1].successes == successes(40)
    assert engine.asked[0]["seed"] == 3
    again = dr.run_campaign(
        dr.load_mission(MISSION, planned=True), 60, seed=3, disperse=("mass",),
        out=str(tmp_path / "c"), resume=True,
    )  # fmt: skip
    assert len(again.flights) == 60
    with pytest.raises(dr.InputError, match="exists already"):
        dr.run_campaign(MISSION, 5, out=tmp_path / "c")


@pytest.mark.usefixtures("engine")
def test_the_report_is_written_anew(command: Command) -> None:
    command(*FLY, "-n", "40", "--out", "c")
    (Path("c") / "summary.json").unlink()
    said = command("campaign", "report", "c")
    assert said.code == 0, said.err
    assert (Path("c") / "report.html").is_file()
    assert (Path("c") / "summary.json").is_file()
    nothing = command("campaign", "report", "nowhere")
    assert nothing.code == 2
    assert "nowhere" in nothing.err


def test_a_mission_called_report_is_a_file(command: Command, engine: Engine) -> None:
    from downrange.flight.load import load_mission

    Path("report.toml").write_text(load_mission(MISSION).to_toml(), encoding="utf-8")
    said = command("campaign", "report.toml", "-n", "10", "--no-report", "--record-failures", "0")
    assert said.code == 0, said.err
    assert len(engine.asked) == 1


@pytest.mark.usefixtures("engine")
def test_a_flight_of_a_campaign_is_flown_alone(command: Command, pilot: Pilot) -> None:
    command(*FLY, "-n", "30", "--seed", "5", "--disperse", "mass", "--out", "c")
    said = command("fly", MISSION, "--from-campaign", "c", "--flight", "29", "--no-report")
    assert said.code == 0, said.err
    ((mission, options),) = pilot.asked
    assert (options["seed"], options["flight"], options["disperse"]) == (5, 29, ("mass",))
    assert mission.planned
    assert Path(f"runs/{MISSION}-5-1").is_dir()


@pytest.mark.usefixtures("engine")
def test_what_the_campaign_says_already_is_not_said_again(command: Command, pilot: Pilot) -> None:
    command(*FLY, "-n", "30", "--out", "c")
    said = command(
        "fly", MISSION, "--from-campaign", "c", "--flight", "30", "--seed", "1", "--planned",
        "--disperse", "wind", "--record-rate", "0",
    )  # fmt: skip
    assert said.code == 2
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "--seed", "--disperse", "--planned", "--record-rate", "--flight",
    ]  # fmt: skip
    assert "from 0 to 29" in said.err
    assert command("fly", MISSION, "--flight", "3").code == 2
    assert pilot.asked == []
