"""`downrange new` and `downrange schema`, and what they write."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli_case import Command

from downrange import catalog
from downrange._fields import MADE_BY
from downrange._spec import load_toml, validate, walk_values
from downrange.cli.schemas import Kind, schema_text
from downrange.flight.draw import EVERYDAY
from downrange.flight.fly import fly_prepared, prepare
from downrange.flight.load import load_mission
from downrange.vehicle.spec import VehicleSpec


def written(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_launcher_and_a_mission_of_ones_own_fly(command: Command, tmp_path: Path) -> None:
    assert command("new", "vehicle", "my-launcher").code == 0
    said = command("new", "mission", "my-flight", "--vehicle", "my-launcher.toml")
    assert said.code == 0
    assert "downrange fly my-flight.toml" in said.out
    assert written(tmp_path) == {
        "my-launcher.toml", "vehicle.schema.json", "my-flight.toml", "mission.schema.json",
    }  # fmt: skip
    for file in ("my-launcher.toml", "my-flight.toml"):
        assert command("check", file).out.startswith("OK")
    flown = json.loads(command("fly", "my-flight.toml", "--json", "--no-report").out)
    assert flown["outcome"] == "success"
    met = {event["name"] for event in flown["events"]}
    assert {"liftoff", "meco", "separation", "fairing_jettison", "seco"} <= met
    assert all(each["met"] for each in flown["objectives"])
    reached = flown["orbit"]
    for apsis in ("perigee_altitude_m", "apogee_altitude_m"):
        assert reached[apsis] == pytest.approx(500e3, abs=2e3)
    assert reached["inclination_deg"] == pytest.approx(95.0, abs=0.01)
    ends = {name: body["outcome"] for name, body in flown["bodies"].items()}
    assert ends == {"stage1": "impacted", "stage2": "in_orbit",
                    "fairing_left": "impacted", "fairing_right": "impacted"}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("disperse", [(), EVERYDAY])
def test_the_launcher_reaches_its_orbit_on_other_days(
    command: Command, disperse: tuple[str, ...]
) -> None:
    """Within 2 km, a quarter of what its apogee margin and its two cut-offs are laid out for."""
    command("new", "vehicle", "my-launcher")
    command("new", "mission", "my-flight", "--vehicle", "my-launcher.toml")
    ready = prepare(load_mission("my-flight.toml"))
    for seed in range(1, 11):
        reached = fly_prepared(ready, seed=seed, disperse=disperse).summary["orbit"]
        for apsis in ("perigee_altitude_m", "apogee_altitude_m"):
            assert reached[apsis] == pytest.approx(500e3, abs=2e3), f"seed {seed}"
        assert reached["inclination_deg"] == pytest.approx(95.0, abs=0.01)


def test_too_much_is_refused_with_what_is_missing(command: Command) -> None:
    """The very lines that the tutorial shows: 200 kg, twice what the launcher is made for."""
    command("new", "vehicle", "my-launcher")
    command("new", "mission", "my-flight", "--vehicle", "my-launcher.toml")
    said = command("fly", "my-flight.toml", "--set", "vehicle.payload.mass=200 kg")
    assert said.code == 2
    tutorial = Path(__file__).parents[2] / "docs" / "tutorial.md"
    shown = tutorial.read_text(encoding="utf-8").splitlines()
    assert said.err.splitlines()[-1] in shown


def test_a_mission_flies_what_and_from_where_it_is_told(command: Command) -> None:
    assert command("new", "mission", "mine").code == 0
    data = load_toml("mine.toml")
    assert (data["vehicle"], data["site"], data["wind"]) == ("spectrum", "andoya", "andoya-march")
    # Spectrum has nine engines.
    assert "healthy_engines >= 9" in data["phase"][0]["until"]
    assert command("check", "mine.toml").code == 0


def test_the_sequence_names_the_stages_of_the_vehicle(command: Command) -> None:
    """Names as they stand in the vehicle's file; without a fairing none is dropped."""
    command("new", "vehicle", "mine")
    text = Path("mine.toml").read_text(encoding="utf-8")
    fairing = text.index("[fairing]"), text.index("[payload]")
    text = text[: fairing[0]] + text[fairing[1] :].replace('station = "16.4 m"', 'station = "15 m"')
    text = text.replace('"stage1"', '"booster"').replace('"stage2"', '"kick"')
    Path("mine.toml").write_text(text, encoding="utf-8")
    assert command("new", "mission", "m", "--vehicle", "mine.toml").code == 0
    data = load_toml("m.toml")
    assert set(data["upper_control"]) == {"kick"}
    assert {p.get("engines", "none") for p in data["phase"]} == {"booster", "kick", "none"}
    assert [p["separate"] for p in data["phase"] if "separate" in p] == ["booster"]
    assert not any("jettison_fairing" in phase for phase in data["phase"])
    assert command("check", "m.toml").code == 0


def test_one_burn_straight_into_a_circle(command: Command) -> None:
    """As the how-to says: no coast, no second ignition; the margin of a coast's apogee is none."""
    command("new", "vehicle", "mine")
    command("new", "mission", "m", "--vehicle", "mine.toml")
    text = Path("m.toml").read_text(encoding="utf-8")
    coast = text.index('[[phase]]\nname = "transfer"'), text.index('[[phase]]\nname = "in_orbit"')
    Path("m.toml").write_text(text[: coast[0]] + text[coast[1] :], encoding="utf-8")
    paths = ("target.perigee", "target.apogee", "guidance.insertion_altitude")
    words = [word for path in paths for word in ("--set", f"{path}=300 km")]
    said = command("fly", "m.toml", *words, "--set", "vehicle.stage2.engine.ignitions=1",
                   "--json", "--no-report")  # fmt: skip
    reached = json.loads(said.out)["orbit"]
    for apsis in ("perigee_altitude_m", "apogee_altitude_m"):
        assert reached[apsis] == pytest.approx(300e3, abs=2e3)


def test_one_stage_is_told_that_orbit_takes_two(command: Command, tmp_path: Path) -> None:
    command("new", "vehicle", "mine")
    text = Path("mine.toml").read_text(encoding="utf-8")
    upper = text.index("# Second stage"), text.index("# Nose")
    text = text[: upper[0]] + text[upper[1] :].replace('station = "16.4 m"', 'station = "13 m"')
    Path("mine.toml").write_text(text.replace('"15.6 m"', '"12 m"'), encoding="utf-8")
    said = command("new", "mission", "m", "--vehicle", "mine.toml")
    assert said.code == 2
    assert "mine.toml has one stage" in said.err
    assert not (tmp_path / "m.toml").exists()


def test_the_launcher_of_the_template_fits_together() -> None:
    """Masses and thrusts as they stand in the file; the rest is arithmetic."""
    text = (catalog.FOLDER / "templates" / "vehicle.toml").read_text(encoding="utf-8")
    Path("own.toml").write_text(text.replace("$name", "own"), encoding="utf-8")
    vehicle = validate(VehicleSpec, load_toml("own.toml"))
    assert vehicle.liftoff_mass_kg == pytest.approx(1500 + 13660 + 350 + 2720 + 130 + 100)
    assert vehicle.length_m == pytest.approx(12.5 + 3.2 + 3.4)
    for stage in vehicle.stage:
        lox, rp1 = (next(t for t in stage.tank if t.name == name) for name in ("lox", "rp1"))
        assert stage.engine.mixture_ratio is not None
        assert lox.load.si / rp1.load.si == pytest.approx(stage.engine.mixture_ratio.si, rel=0.01)
        for tank in stage.tank:  # ullage
            assert 0.02 < 1.0 - tank.load.si / (tank.density.si * tank.volume.si) < 0.05


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", ["vehicle", "mission"])
def test_the_first_line_names_the_schema(kind: str) -> None:
    text = (catalog.FOLDER / "templates" / f"{kind}.toml").read_text(encoding="utf-8")
    assert text.startswith(f"#:schema ./{kind}.schema.json\n")


def test_values_with_a_table_say_that_they_are_the_users() -> None:
    text = (catalog.FOLDER / "templates" / "vehicle.toml").read_text(encoding="utf-8")
    tables = [line for line in text.splitlines() if "{ value = " in line and line[0] != "#"]
    assert tables
    for line in tables:
        assert 'status = "assumed", source = "own"' in line
        assert "low = " in line
        assert "high = " in line


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("folder", ["plain", 'a "quoted" one', "back\\slash"])
def test_parts_may_lie_in_other_folders(command: Command, tmp_path: Path, folder: str) -> None:
    assert command("new", "vehicle", "mine").code == 0
    (tmp_path / folder).mkdir()
    (tmp_path / "mine.toml").rename(tmp_path / folder / "mine.toml")
    assert command("new", "mission", "m", "--vehicle", f"{folder}/mine.toml").code == 0
    assert load_toml("m.toml")["vehicle"] == f"{folder}/mine.toml"
    assert command("check", "m.toml").code == 0


def test_a_file_that_exists_is_left_alone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("precious")
    for kind in ("vehicle", "mission"):
        said = command("new", kind, "mine")
        assert said.code == 2
        assert "mine.toml exists already" in said.err
        assert said.out == ""
    assert written(tmp_path) == {"mine.toml"}
    assert (tmp_path / "mine.toml").read_text() == "precious"


def test_a_schema_is_renewed_but_no_other_file(command: Command, tmp_path: Path) -> None:
    schema = tmp_path / "vehicle.schema.json"
    schema.write_text(json.dumps({"$comment": MADE_BY}))
    assert command("new", "vehicle", "one").code == 0
    assert schema.read_text(encoding="utf-8") == schema_text(Kind.VEHICLE)
    schema.write_text("{}")
    said = command("new", "vehicle", "two")
    assert said.code == 2
    assert "vehicle.schema.json exists and is none of Downrange's" in said.err
    assert schema.read_text() == "{}"
    assert not (tmp_path / "two.toml").exists()


@pytest.mark.parametrize("name", ["a/b", "../x", "my launcher", "x.toml", "-x", "x" * 81, ""])
def test_what_can_be_no_name(command: Command, tmp_path: Path, name: str) -> None:
    said = command("new", "vehicle", "--", name)
    assert said.code == 2
    assert "can't be a name" in said.err
    assert written(tmp_path) == set()


def test_all_that_is_wrong_with_a_mission_at_once(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")
    said = command("new", "mission", "m", "--vehicle", "mine", "--site", "andoja", "--wind", "w")
    assert said.code == 2
    first, second, third = said.err.splitlines()
    assert third.startswith("--wind: there is no wind 'w'")
    assert first.startswith("--vehicle: there is no vehicle 'mine' (for the file here write")
    assert second == "--site: there is no site 'andoja' (did you mean andoya?)"
    said = command("new", "mission", "m", "--vehicle", "mine.toml")
    assert said.code == 2
    assert "mine.toml: stage: is missing" in said.err
    assert written(tmp_path) == {"mine.toml"}


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="needs Unix permissions")
def test_nothing_half_written_where_nothing_can_be(command: Command, tmp_path: Path) -> None:
    blocked = tmp_path / "vehicle.schema.json"
    blocked.symlink_to(tmp_path / "absent" / "folder")  # can't be created: its folder is missing
    said = command("new", "vehicle", "mine")
    assert said.code == 2
    assert "can't be written" in said.err
    assert not (tmp_path / "mine.toml").exists()


def test_new_alone_says_what_is_missing(command: Command) -> None:
    said = command("new")
    assert said.code == 2
    assert "Missing command" in said.err


@pytest.mark.parametrize("kind", Kind)
def test_schemas_are_printed_as_json(command: Command, kind: Kind) -> None:
    said = command("schema", kind)
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["title"] == f"Downrange {kind}"


def test_there_is_no_schema_of_anything_else(command: Command) -> None:
    said = command("schema", "rocket")
    assert (said.code, said.out) == (2, "")
    assert "'vehicle', 'mission'" in said.err


def test_what_the_template_leaves_bare_has_no_status(command: Command) -> None:
    """Text alone is the user's word; only tables carry a status, and none claims a publication."""
    assert command("new", "vehicle", "mine").code == 0
    found = {each.status for _, each in walk_values(validate(VehicleSpec, load_toml("mine.toml")))}
    assert "published" not in found
