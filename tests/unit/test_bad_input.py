"""Bad input: all that is wrong at once, each with file and path; exit code 2, nothing written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_case import Command, Pilot, Said

from downrange import catalog
from downrange._spec import load_toml, unsourced, validate
from downrange.vehicle.spec import VehicleSpec

MISSION = "spectrum-flight-1"
COMMAND = [sys.executable, "-c", "from downrange.cli import main; main()"]

Refused = Callable[..., list[str]]


@pytest.fixture
def refused(command: Command) -> Refused:
    """Run a command that must be refused; give its complaints, a line each."""

    def call(*arguments: str) -> list[str]:
        before = everything()
        said = command(*arguments)
        assert (said.code, said.out) == (2, "")
        assert "Traceback" not in said.err
        assert everything() == before
        lines = [line for line in said.err.splitlines() if not line.endswith(" ...")]
        told = json.loads(command(*arguments, "--json").out)["errors"]
        assert len(told) == len(lines)
        return lines

    return call


def everything() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def copied(*edits: tuple[str, str, str]) -> str:
    """The mission in a folder of its own, with (kind, text, its replacement) edited."""
    named = {"missions": MISSION, "vehicles": "spectrum", "winds": "andoya-march"}
    for kind, name in named.items():
        text = catalog.find(kind, name).read_text(encoding="utf-8")
        for own in ("spectrum", "andoya-march"):
            text = text.replace(f'= "{own}"\n', f'= "{own}.toml"\n') if kind == "missions" else text
        for where, old, new in edits:
            if where == kind:
                assert old in text
                text = text.replace(old, new, 1)
        Path(f"{name}.toml").write_text(text, encoding="utf-8")
    return f"{MISSION}.toml"


def with_sounding(text: str) -> str:
    """The mission with a sounding for its wind."""
    Path("sounding.csv").write_text(text, encoding="utf-8")
    wind = '[wind]\nmodel = "sounding"\nfile = "sounding.csv"\n\n[end]'
    return copied(("missions", 'wind = "andoya-march.toml"\n', ""), ("missions", "[end]", wind))


def test_the_copy_itself_is_good(command: Command) -> None:
    assert command("check", copied()).code == 0
    text = "altitude_m,direction_deg,speed_mps\n0,270,5\n20000,290,20\n"
    assert command("check", with_sounding(text)).code == 0


@pytest.mark.parametrize(
    ("kind", "old", "new", "complaint"),
    [
        (
            "vehicles", 'description = "Isar', 'wings = 2\ndescription = "Isar',
            "spectrum.toml: wings: unknown key (known: aero, ",
        ),
        (
            "missions", "[control]", '[control]\nbandwith = "1 rad/s"',
            "spectrum-flight-1.toml: control.bandwith: unknown key (did you mean bandwidth?)",
        ),
        (
            "vehicles", 'value = "82.9 kN", low = "80.5 kN", high = "85.5 kN"', 'value = "75 kg"',
            "spectrum.toml: stage1.engine.thrust_vac: expected a force, got '75 kg'",
        ),
        (
            "vehicles", 'value = "18.5 m", low = "17.5 m", high = "19.5 m"', "value = 18.5",
            "spectrum.toml: stage1.length: expected a length with its unit, got the bare number",
        ),
        (
            "vehicles", 'value = "3.9 t", low = "3.5 t", high = "4.5 t"', 'value = "-3.9 t"',
            "spectrum.toml: stage1.dry_mass: must be more than 0 kg, got '-3.9 t'",
        ),
        (
            "vehicles", 'value = "82.9 kN", low = "80.5 kN"', 'value = "50 kN", low = "40 kN"',
            "spectrum.toml: stage1.engine: lift-off thrust 407.1 kN does not exceed the weight",
        ),
        (
            "vehicles", 'oxidiser = "lox"', 'oxidiser = "lux"',
            "spectrum.toml: stage1.engine.oxidiser: draws from 'lux', no tank of this stage (did",
        ),
        (
            "winds", 'value = "6 m/s", low = "3 m/s"', 'value = "fast", low = "3 m/s"',
            "andoya-march.toml: level.1.speed: 'fast' does not begin with a number",
        ),
        (
            "winds", 'value = "100 m", low = "100 m"', 'value = "10 m", low = "10 m"',
            "andoya-march.toml: level 2 (10 m) is not above the one before it",
        ),
        (
            "missions", 'phase = "in_orbit"', 'phase = "in_orbt"',
            "spectrum-flight-1.toml: end.phase: there is no phase 'in_orbt'",
        ),
        (
            "missions", 'site = "andoya"', 'site = "andoia"',
            "spectrum-flight-1.toml: site: there is no site 'andoia' (did you mean andoya?)",
        ),
        (
            "missions", "height >= 1", "hight >= 1",
            "spectrum-flight-1.toml: phase.rise.until: unknown signal 'hight'",
        ),
        (
            "missions", 'target = "vehicle.bending.mode.1"', 'target = "vehicle.bending.mode.7"',
            "spectrum-flight-1.toml: vehicle.bending.mode.7: there is no such thing",
        ),
    ],
)  # fmt: skip
def test_one_thing_wrong_in_a_file(
    refused: Refused, kind: str, old: str, new: str, complaint: str
) -> None:
    (line,) = refused("fly", copied((kind, old, new)))
    assert line.startswith(complaint)


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("altitude_m,speed_mps\n0,1\n20000,3\n", ["row 1: no column for direction"]),
        (
            "altitude_m,direction_deg,speed_mps\n0,1,2\n100,1,2\n100,1,2\n50,1,2\n20000,1,2\n",
            ["row 4: altitude 100.0 m repeats that of row 3", "row 5: altitude 50.0 m falls below"],
        ),
        (
            "altitude_m,direction_deg,speed_mps\n0,1,2\n100,north,2\n20000,1,calm\n",
            ["row 3, direction_deg: expected a number, got 'north'", "row 4, speed_mps: expected"],
        ),
        ("altitude_m,direction_deg,speed_mps\n0,1,2\n9000,1,2\n", ["ends at 9000 m; it must"]),
    ],
)
def test_a_sounding_that_is_none(refused: Refused, text: str, complaints: list[str]) -> None:
    lines = refused("fly", with_sounding(text))
    for line, complaint in zip(lines, complaints, strict=True):
        assert line.startswith(f"sounding.csv: {complaint}")


def test_a_profile_with_too_low_a_top(refused: Refused) -> None:
    wind = '[wind]\nmodel = "profile"\nlevel = [{LOW}, {HIGH}]\n\n[end]'
    for key, altitude in (("{LOW}", "0 m"), ("{HIGH}", "9 km")):
        wind = wind.replace(key, f'{{altitude = "{altitude}", from_deg = 270, speed = "5 m/s"}}')
    mission = copied(("missions", 'wind = "andoya-march.toml"\n', ""), ("missions", "[end]", wind))
    (line,) = refused("fly", mission)
    assert line.startswith(f"{MISSION}.toml: wind.level: ends at 9000 m; it must reach 15000 m")


def test_a_missing_sounding(refused: Refused) -> None:
    mission = with_sounding("")
    Path("sounding.csv").unlink()
    (line,) = refused("fly", mission)
    assert line.startswith("sounding.csv: ")


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--set", "vehicle.stage1.engine.thrust_vac=75 kg",
         "--set: vehicle.stage1.engine.thrust_vac: expected a force, got '75 kg'"),
        ("--set", "vehicle.stage1.dry_mass=-1 t",
         "--set: vehicle.stage1.dry_mass: must be more than 0 kg, got '-1 t'"),
        ("--set", "vehicle.stage1.dry_mass=4", "--set: vehicle.stage1.dry_mass: expected a mass"),
        ("--set", "vehicle.stage1.dry_mess=4 t",
         "--set: vehicle.stage1.dry_mess: there is no such thing (did you mean"),
        ("--set", "thrust", "--set: 'thrust' is no PATH=VALUE (write it like"),
        ("--fault", "gremlins at 3 s", "--fault: can't read 'gremlins at 3 s' (write it like"),
        ("--fault", "stage1.engine.12: shutdown at 20 s",
         "--fault: stage1.engine.12: there is no such thing"),
        ("--disperse", "wind,winds", "--disperse: winds: there is no such group (groups: all"),
        ("--record-rate", "0", "--record-rate: 0 Hz is not between"),
        ("--record-rate", "nan", "--record-rate: nan Hz is not between"),
    ],
)  # fmt: skip
def test_one_thing_wrong_in_the_options(
    refused: Refused, option: str, text: str, complaint: str
) -> None:
    (line,) = refused("fly", MISSION, option, text)
    assert line.startswith(complaint)


def test_an_unknown_mission_has_neighbours(refused: Refused) -> None:
    (line,) = refused("fly", "spectrum-fligth-1")
    assert line == ("there is no mission 'spectrum-fligth-1' (did you mean spectrum-flight-1?)")


def test_a_binary_file(refused: Refused, command: Command) -> None:
    Path("photo.toml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    (line,) = refused("fly", "photo.toml")
    assert line.startswith("photo.toml: is not a text file")
    assert command("check", "photo.toml") == Said(2, "", f"{line}\n")


def test_toml_that_is_none(refused: Refused) -> None:
    Path("half.toml").write_text('name = "half"\nvehicle = !\n', encoding="utf-8")
    (line,) = refused("fly", "half.toml")
    assert line.startswith("half.toml: is not valid TOML")
    assert "line 2" in line


def test_an_output_folder_that_exists(refused: Refused, pilot: Pilot) -> None:
    Path("taken").mkdir()
    Path("taken/notes").touch()
    (line,) = refused("fly", MISSION, "--out", "taken")
    assert line.startswith("--out: taken exists already")
    assert pilot.asked == []


def test_an_output_folder_that_cannot_be_written(refused: Refused, pilot: Pilot) -> None:
    Path("file").touch()
    (line,) = refused("fly", MISSION, "--out", "file/below")
    assert line.startswith("--out: file/below can't be written")
    assert line.endswith("file is no folder")
    assert pilot.asked == []


def test_everything_wrong_is_said_at_once(refused: Refused) -> None:
    mission = copied(
        ("vehicles", 'value = "18.5 m", low = "17.5 m", high = "19.5 m"', "value = 18.5"),
        ("vehicles", 'value = "3.9 t", low = "3.5 t", high = "4.5 t"', 'value = "-3.9 t"'),
        ("winds", 'value = "6 m/s", low = "3 m/s"', 'value = "fast", low = "3 m/s"'),
        ("missions", "[control]", '[control]\nbandwith = "1 rad/s"'),
    )
    Path("taken").mkdir()
    lines = refused(
        "fly", mission, "--out", "taken", "--set", "nothing", "--fault", "gremlins",
        "--disperse", "winds", "--record-rate", "-1",
    )  # fmt: skip
    starts = [
        "--set: 'nothing'", "--disperse: winds", "--record-rate: -1 Hz", "--out: taken exists",
        "--fault: can't read", "spectrum.toml: stage1.length", "spectrum.toml: stage1.dry_mass",
        "andoya-march.toml: level.1.speed", f"{MISSION}.toml: control.bandwith",
    ]  # fmt: skip
    for start in starts:
        assert sum(line.startswith(start) for line in lines) == 1, start
    assert len(lines) == len(starts)


def test_a_value_of_the_catalogue_without_source() -> None:
    file = catalog.find("vehicles", "spectrum")
    data = load_toml(file)
    assert unsourced(validate(VehicleSpec, data, file), file.name) == []
    del data["stage"][0]["dry_mass"]["source"]
    data["stage"][1]["tank"][0]["load"] = "2.32 t"
    said = [str(each) for each in unsourced(validate(VehicleSpec, data, file), file.name)]
    assert said == [
        "spectrum.toml: stage1.dry_mass: '3.9 t' in the catalogue has no source",
        "spectrum.toml: stage2.tank.fuel.load: '2.32 t' in the catalogue has no status, source",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
@pytest.mark.parametrize("stage", ["planning", "flying"])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, stage: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "fly", MISSION], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as flight:  # fmt: skip
        assert flight.stderr is not None
        for line in flight.stderr:
            if line.startswith(stage):
                os.kill(flight.pid, signal.SIGINT)
                break
        rest = flight.stderr.read()
    assert flight.returncode == 130
    assert rest.splitlines()[-1] == "downrange: stopped: nothing was written"
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
