"""Finding a mission with all its parts, setting values in it, keeping it as one text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from flight_case import MISSION, ended, ready, rows_of, written

from downrange import catalog
from downrange._spec import get_path, walk_values
from downrange.errors import InputError
from downrange.flight.draw import GROUPS, plan_draws
from downrange.flight.fly import prepare
from downrange.flight.load import Mission, fault_schedule, load_mission


def problems(name: str | Path = MISSION, **kwargs: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_mission(name, **kwargs)  # type: ignore[arg-type]
    return [f"{p.file}|{p.path}|{p.message}|{p.hint}" for p in caught.value.problems]


def test_a_mission_of_the_catalogue_by_name_and_by_file() -> None:
    by_name, by_file = load_mission(MISSION), load_mission(catalog.find("missions", MISSION))
    assert by_name.digest == by_file.digest
    assert by_name.name == MISSION
    assert by_name.spec.vehicle.name == "spectrum"
    assert by_name.spec.site.name == "andoya"
    assert not by_name.planned


def test_parts_are_looked_for_beside_the_mission(tmp_path: Path) -> None:
    file = written(tmp_path, ("vehicles", 'value = "3.9 t"', 'value = "3.8 t"'))
    mission = load_mission(file)
    assert mission.spec.vehicle.stage[0].dry_mass.si == pytest.approx(3800.0)
    assert mission.folders["vehicle"] == tmp_path
    assert mission.folders["site"] == catalog.FOLDER / "sites"


@pytest.mark.parametrize(
    ("path", "text", "si"),
    [
        ("vehicle.stage1.dry_mass", "4.1 t", 4100.0),
        ("vehicle.stage1.engine.thrust_vac", "80 kN", 80e3),
        ("vehicle.stage1.tank.fuel.load", "9500 kg", 9500.0),
        ("control.notch.depth", "7 %", 0.07),
        ("control.damping", "0.7", 0.7),
        ("longest", "1 min", 60.0),
        ("safety.corridor.narrowest", "400 m", 400.0),
        ("wind.turbulence.surface_wind", "3 m/s", 3.0),
    ],
)
def test_a_setting_replaces_a_value(path: str, text: str, si: float) -> None:
    mission = load_mission(MISSION, settings=[(path, text)])
    assert get_path(mission.spec, path).si == pytest.approx(si, rel=1e-12)


def test_settings_of_what_is_no_quantity() -> None:
    mission = load_mission(
        MISSION, settings=[("control.latency_ticks", "2"), ("guidance.programme", "time")]
    )
    assert mission.spec.control.latency_ticks == 2
    assert mission.spec.guidance.programme == "time"


def test_the_last_setting_of_a_path_counts() -> None:
    settings = [("control.damping", "0.7"), ("control.damping", "0.9")]
    assert load_mission(MISSION, settings=settings).spec.control.damping.si == 0.9


def test_a_setting_of_what_does_not_exist_names_the_nearest() -> None:
    (said,) = problems(settings=[("vehicle.stage1.engine.thrust_vak", "80 kN")])
    assert "thrust_vak" in said
    assert "thrust_vac" in said.split("|")[3]


def test_a_setting_that_is_wrong_is_laid_to_the_setting() -> None:
    (said,) = problems(settings=[("vehicle.stage1.dry_mass", "4 kN")])
    assert said.startswith("--set|vehicle.stage1.dry_mass|")


def test_all_that_is_wrong_with_a_command_is_told() -> None:
    said = problems(
        settings=[("vehicle.stage1.dry_mass", "4 kN"), ("control.damping", "-1")],
        faults=["nonsense"],
    )
    assert len(said) == 3
    assert sum("--fault" in each for each in said) == 1


def test_a_fault_of_an_engine_that_is_not_there() -> None:
    (said,) = problems(faults=["stage1.engine.10: shutdown at 20 s"])
    assert said.startswith("--fault|stage1.engine.10|")
    assert "stage1.engine.1" in said


def test_faults_come_on_top_of_the_missions_own() -> None:
    own = len(load_mission(MISSION).spec.fault)
    added = load_mission(MISSION, faults=["imu: fail at 12 s", "gnss: fail"])
    assert own > 0
    assert len(added.spec.fault) == own + 2
    assert str(added.spec.fault[-2]) == "imu: fail at 12 s"


def test_planned_leaves_out_the_missions_own_faults_and_keeps_those_asked_for() -> None:
    planned = load_mission(MISSION, planned=True, faults=["gnss: fail at 3 s"])
    assert [str(fault) for fault in planned.spec.fault] == ["gnss: fail at 3 s"]
    assert planned.planned
    assert load_mission(MISSION, planned=True).spec.fault == ()


def test_a_group_of_engines_is_a_row_for_each() -> None:
    mission = load_mission(MISSION, planned=True, faults=["stage1.engine: shutdown at 9 s"])
    schedule = fault_schedule(mission.spec.vehicle, mission.spec.fault, "")
    assert schedule.target.tolist() == list(range(9))
    assert set(schedule.start_s) == {9.0}


def test_engines_of_an_upper_stage_come_after_those_below() -> None:
    mission = load_mission(MISSION, planned=True, faults=["stage2.engine.1: shutdown"])
    schedule = fault_schedule(mission.spec.vehicle, mission.spec.fault, "")
    assert schedule.target.tolist() == [9]
    assert np.isneginf(schedule.start_s).all()


def resolved(mission: Mission, folder: Path) -> Mission:
    """The mission read back from its own text."""
    file = folder / "resolved.toml"
    file.write_text(mission.to_toml(), encoding="utf-8")
    return load_mission(file)


SETTINGS = (("control.damping", "0.75"), ("vehicle.stage1.engine.thrust_vac", "81 kN"),
            ("longest", "12 s"))  # fmt: skip


@pytest.mark.parametrize(
    ("planned", "settings", "faults"),
    [
        (False, (), ()),
        (True, SETTINGS, ()),
        (False, SETTINGS, ("stage1.engine.3: stuck gimbal at 8 s to 2 deg", "gnss: fail at 5 s")),
    ],
)
def test_a_mission_in_one_text_is_the_same_mission(
    tmp_path: Path, planned: bool, settings: tuple[tuple[str, str], ...], faults: tuple[str, ...]
) -> None:
    mission = load_mission(MISSION, settings=settings, faults=faults, planned=planned)
    again = resolved(mission, tmp_path)
    assert again.to_toml() == mission.to_toml()
    assert again.digest == mission.digest
    for (path, one), (_, other) in zip(
        walk_values(mission.spec), walk_values(again.spec), strict=True
    ):
        assert (one.si, one.low, one.high, one.spread) == (
            other.si, other.low, other.high, other.spread,
        ), path  # fmt: skip


def test_a_mission_in_one_text_flies_the_same_bits(tmp_path: Path) -> None:
    faults = ("stage1.engine.3: shutdown at 8 s",)
    there = ready(False, SETTINGS, faults)
    back = prepare(resolved(there.mission, tmp_path))
    one, other = (rows_of(ended(each, disperse=("wind", "engines"))[1]) for each in (there, back))
    assert len(one) > 200
    assert one.tobytes() == other.tobytes()


def test_the_digest_changes_with_what_is_set() -> None:
    digests = {
        load_mission(MISSION).digest,
        load_mission(MISSION, planned=True).digest,
        load_mission(MISSION, settings=[("control.damping", "0.81")]).digest,
        load_mission(MISSION, faults=["gnss: fail at 30 s"]).digest,
    }
    assert len(digests) == 4


def test_the_text_of_a_mission_with_a_sounding_names_it_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "sounding.csv").write_text(
        "altitude_m,direction_deg,speed_mps\n0,270,5\n20000,290,20\n"
    )
    wind = '[wind]\nmodel = "sounding"\nfile = "sounding.csv"\n\n[end]'
    file = written(folder, ("missions", 'wind = "andoya-march"\n', ""), ("missions", "[end]", wind))
    mission = load_mission(file)
    text = tomllib.loads(mission.to_toml())
    assert text["wind"]["file"] == str((folder / "sounding.csv").resolve())
    assert prepare(resolved(mission, tmp_path)).planned.ascent.azimuth_rad == pytest.approx(
        prepare(mission).planned.ascent.azimuth_rad, abs=1e-12
    )


def test_what_quantities_say_of_themselves_is_kept_in_the_text() -> None:
    text = tomllib.loads(load_mission(MISSION).to_toml())
    thrust = text["vehicle"]["stage"][0]["engine"]["thrust_vac"]
    assert thrust["value"] == "82.9 kN"
    assert thrust["status"] == "derived"
    assert thrust["spread"].endswith(" N")
    assert float(thrust["spread"].split()[0]) == pytest.approx(829.0)


def test_a_mission_in_one_text_draws_the_same_values(tmp_path: Path) -> None:
    normal = 'high = "4.5 t", distribution = "normal", quantiles = [0.1, 0.9]'
    file = written(tmp_path, ("vehicles", 'high = "4.5 t", spread = "1 %"', normal))
    mission = load_mission(file)
    plans = [plan_draws(each, GROUPS) for each in (mission, resolved(mission, tmp_path))]
    first, second = (plan.records() for plan in plans)
    for one, other in zip(first, second, strict=True):
        # Quantities of the one text are rounded in its unit, a factor or two.
        assert other.pop("parameters") == pytest.approx(one.pop("parameters"), rel=1e-14)
        assert other == one
    masses = {each["path"]: each for each in plans[1].records()}["vehicle.stage1.dry_mass"]
    # 1 t is 2 * 1.28155 standard deviations.
    assert masses["parameters"]["sigma"] == pytest.approx(1000.0 / 2.563103, rel=1e-6)


def test_an_unknown_mission_names_the_nearest() -> None:
    (said,) = problems("spectrum-flight-2")
    assert MISSION in said


def test_a_part_that_is_not_there_is_found_in_the_missions_file(tmp_path: Path) -> None:
    file = written(tmp_path, ("missions", 'site = "andoya"', 'site = "andoja"'))
    (said,) = problems(file)
    assert said.startswith(f"{file}|site|")
    assert "andoya" in said.split("|")[3]


def test_a_problem_in_a_part_names_its_own_file(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        ("vehicles", 'value = "3.9 t"', 'value = "-3.9 t"'),
        ("missions", "[end]", "[ende]"),
    )
    said = problems(file)
    assert any(each.startswith(f"{tmp_path / 'spectrum.toml'}|stage1.dry_mass|") for each in said)
    assert any(each.startswith(f"{file}|ende|") for each in said)


def test_a_wind_that_ends_too_low_is_refused(tmp_path: Path) -> None:
    wind = """[wind]
model = "profile"
[[wind.level]]
altitude = "0 m"
from_deg = 270
speed = "5 m/s"
[[wind.level]]
altitude = "9 km"
from_deg = 270
speed = "5 m/s"

[end]"""
    file = written(
        tmp_path, ("missions", 'wind = "andoya-march"\n', ""), ("missions", "[end]", wind)
    )
    (said,) = problems(file)
    assert "15000 m" in said
