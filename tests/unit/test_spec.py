"""Specs: every problem at once, under the path by which it can be set."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, model_validator

from downrange._spec import (
    Spec,
    get_path,
    load_toml,
    set_path,
    unsourced,
    validate,
    walk,
    walk_values,
)
from downrange.errors import InputError, Problem
from downrange.units import Angle, Isp, PositiveLength, Thrust, Volume, value


class MemberSpec(Spec):
    thrust_vac: Thrust | None = None
    isp: Isp | None = None


class EngineSpec(Spec):
    count: int
    thrust_vac: Thrust
    isp: Isp
    gimbal: Angle = value("5 deg", "rad")
    override: dict[str, MemberSpec] = Field(default_factory=dict)


class TankSpec(Spec):
    name: str
    volume: Volume


class StageSpec(Spec):
    name: str
    length: PositiveLength
    engine: EngineSpec
    tank: tuple[TankSpec, ...] = ()


class GustSpec(Spec):
    height: PositiveLength
    layers: tuple[PositiveLength, ...] = ()


class VehicleSpec(Spec):
    name: str
    stage: tuple[StageSpec, ...]
    gust: tuple[GustSpec, ...] = ()
    drag: float | dict[str, list[float]] = 0.0
    guided: bool = True
    thickness: float = 0.0

    @model_validator(mode="after")
    def _has_a_stage(self) -> VehicleSpec:
        if not self.stage:
            raise ValueError("a vehicle has at least one stage")
        return self


TEXT = """
name = "test"
[[stage]]
name = "stage1"
length = "28 m"
[stage.engine]
count = 9
thrust_vac = { value = "75 kN", low = "70 kN", high = "80 kN", status = "published", source = "a" }
isp = "285 s"
[stage.engine.override.5]
isp = "280 s"
[[stage.tank]]
name = "fuel"
volume = "10 m^3"
[[stage]]
name = "kick"
length = "3 m"
engine = { count = 1, thrust_vac = "5 kN", isp = "330 s" }
[[gust]]
height = "100 m"
[[gust]]
height = "200 m"
layers = ["1 m", "2 m"]
"""


@pytest.fixture
def data() -> dict[str, Any]:
    return tomllib.loads(TEXT)


@pytest.fixture
def vehicle(data: dict[str, Any]) -> VehicleSpec:
    return validate(VehicleSpec, data, "v.toml")


def problems(data: Any) -> dict[str, Problem]:
    with pytest.raises(InputError) as caught:
        validate(VehicleSpec, data, "v.toml")
    assert {problem.file for problem in caught.value.problems} == {"v.toml"}
    return {problem.path: problem for problem in caught.value.problems}


def test_values_are_walked_in_order_under_their_paths(vehicle: VehicleSpec) -> None:
    assert [(path, found.text) for path, found in walk_values(vehicle)] == [
        ("stage1.length", "28 m"),
        ("stage1.engine.thrust_vac", "75 kN"),
        ("stage1.engine.isp", "285 s"),
        ("stage1.engine.gimbal", "5 deg"),
        ("stage1.engine.5.isp", "280 s"),
        ("stage1.tank.fuel.volume", "10 m^3"),
        ("stage.kick.length", "3 m"),
        ("stage.kick.engine.thrust_vac", "5 kN"),
        ("stage.kick.engine.isp", "330 s"),
        ("stage.kick.engine.gimbal", "5 deg"),
        ("gust.1.height", "100 m"),
        ("gust.2.height", "200 m"),
        ("gust.2.layers.1", "1 m"),
        ("gust.2.layers.2", "2 m"),
    ]


def test_every_path_walked_can_be_read_and_set(vehicle: VehicleSpec, data: dict[str, Any]) -> None:
    for path, leaf in walk(vehicle):
        if leaf is not None:
            assert get_path(vehicle, path) is leaf
    for path, found in walk_values(vehicle):
        changed = copy.deepcopy(data)
        set_path(changed, path, f"1.5 {found.unit}", VehicleSpec)
        after = validate(VehicleSpec, changed)
        differing = [
            place for (place, old), (_, new) in zip(walk(vehicle), walk(after), strict=True)
            if old != new
        ]  # fmt: skip
        assert differing == [path]
        assert get_path(after, path).si == 1.5


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("stage1.engine.isp", "285 s"),
        ("stage.stage1.engine.isp", "285 s"),
        ("kick.length", "3 m"),
        ("stage1.fuel.volume", "10 m^3"),
        ("stage1.engine.5.isp", "280 s"),
        ("stage1.engine.5.thrust_vac", "75 kN"),
        ("stage1.engine.4.isp", "285 s"),
    ],
)
def test_ways_to_name_a_thing(vehicle: VehicleSpec, path: str, text: str) -> None:
    assert get_path(vehicle, path).text == text


def test_a_part_of_a_spec_can_be_read(vehicle: VehicleSpec) -> None:
    assert get_path(vehicle, "stage1.engine") is vehicle.stage[0].engine
    assert get_path(vehicle, "drag") == 0.0


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("stage1.engine.thurst_vac", "stage1.engine.thrust_vac"),
        ("stage1.engine.5.ips", "stage1.engine.5.isp"),
        ("stage3.length", "stage1.length"),
        ("stage1.engine.4.ips", "stage1.engine.5.isp"),
        ("gust.3.height", "gust.2.height"),
        ("stage1.tank.fule.volume", "stage1.tank.fuel.volume"),
        ("stage1.engine.isp.value", "stage1.engine.isp"),
    ],
)
def test_a_wrong_path_names_the_nearest(
    vehicle: VehicleSpec, data: dict[str, Any], wrong: str, near: str
) -> None:
    before = copy.deepcopy(data)
    for attempt in (
        lambda: get_path(vehicle, wrong),
        lambda: set_path(data, wrong, "1 m", VehicleSpec),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        [problem] = caught.value.problems
        assert problem.path == wrong
        assert near in problem.hint
    assert data == before


def test_setting_replaces_a_value_with_its_range_and_source(data: dict[str, Any]) -> None:
    set_path(data, "stage1.engine.thrust_vac", "90 kN", VehicleSpec)
    found = get_path(validate(VehicleSpec, data), "stage1.engine.thrust_vac")
    assert (found.si, found.high, found.source) == (90e3, None, None)


def test_setting_one_engine_leaves_the_others(data: dict[str, Any]) -> None:
    set_path(data, "stage1.engine.3.thrust_vac", "80 kN", VehicleSpec)
    after = validate(VehicleSpec, data)
    texts = [get_path(after, f"stage1.engine.{n}.thrust_vac").text for n in (2, 3, 4)]
    assert texts == ["75 kN", "80 kN", "75 kN"]
    assert data["stage"][0]["engine"]["override"]["5"] == {"isp": "280 s"}


def test_setting_plain_values_and_what_the_file_leaves_out(data: dict[str, Any]) -> None:
    for path, text in (("drag", "2"), ("guided", "false"), ("stage1.engine.gimbal", "3 deg")):
        set_path(data, path, text, VehicleSpec)
    after = validate(VehicleSpec, data)
    assert (after.drag, after.guided, after.stage[0].engine.gimbal.text) == (2.0, False, "3 deg")


def test_a_part_of_a_spec_cannot_be_set_to_text(data: dict[str, Any]) -> None:
    for path in ("stage1", "stage1.engine", "stage"):
        with pytest.raises(InputError, match="no such thing"):
            set_path(data, path, "1 m", VehicleSpec)


def test_without_a_class_only_what_is_there_can_be_set(data: dict[str, Any]) -> None:
    set_path(data, "stage1.length", "29 m")
    assert data["stage"][0]["length"] == "29 m"
    with pytest.raises(InputError, match=r"--set: stage1\.engine\.gimbal"):
        set_path(data, "stage1.engine.gimbal", "1 deg")


def test_all_problems_come_at_once(data: dict[str, Any]) -> None:
    engine = data["stage"][0]["engine"]
    engine["thurst_vac"] = engine.pop("thrust_vac")
    engine["isp"] = {"value": "285 kg", "status": "x"}
    engine["override"]["5"]["ips"] = "1 s"
    engine["count"] = "nine"
    data["stage"][0]["tank"][0]["volume"] = "-1 m^3"
    data["stage"][1]["length"] = 3
    data["gust"][1]["layers"][0] = "1 s"
    data["colour"] = "red"
    found = problems(data)
    assert set(found) == {
        "stage1.engine.thurst_vac", "stage1.engine.thrust_vac", "stage1.engine.isp",
        "stage1.engine.isp.status", "stage1.engine.5.ips", "stage1.engine.count",
        "stage1.tank.fuel.volume", "stage.kick.length", "gust.2.layers.1", "colour",
    }  # fmt: skip
    assert found["stage1.engine.thurst_vac"].hint == "did you mean thrust_vac?"
    assert "75 kN" in found["stage1.engine.thrust_vac"].hint
    assert found["stage1.engine.5.ips"].hint == "did you mean isp?"
    assert "which is a mass" in found["stage1.engine.isp"].message
    assert "'nine'" in found["stage1.engine.count"].message
    assert found["colour"].hint.startswith("known: drag")


def test_problems_of_a_union_name_the_field_and_not_its_types(data: dict[str, Any]) -> None:
    data["drag"] = "much"
    assert set(problems(data)) == {"drag"}


def test_a_rule_of_a_spec_speaks_in_its_own_words(data: dict[str, Any]) -> None:
    data["stage"] = []
    assert problems(data)[""].message == "a vehicle has at least one stage"


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_plain_numbers_are_finite(data: dict[str, Any], wrong: float) -> None:
    data["thickness"] = wrong
    assert "finite" in problems(data)["thickness"].message


def test_a_list_where_a_table_is_due(data: dict[str, Any]) -> None:
    data["stage"] = {"name": "stage1"}
    assert "stage" in problems(data)
    data["stage"] = ["stage1"]
    assert set(problems(data)) == {"stage.1"}


def test_catalogue_values_need_status_source_and_range(vehicle: VehicleSpec) -> None:
    found = {problem.path: problem.message for problem in unsourced(vehicle, "v.toml")}
    assert "stage1.engine.thrust_vac" not in found
    assert found["stage1.length"] == "'28 m' in the catalogue has no status, source"
    assert len(found) == len(list(walk_values(vehicle))) - 1


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ({"status": "published", "source": "a"}, []),
        ({"status": "derived", "source": "a"}, []),
        ({"status": "derived"}, ["source"]),
        ({"source": "a"}, ["status"]),
        ({"status": "estimated", "source": "a"}, ["low, high"]),
        ({"status": "assumed", "source": "a", "low": "1 m"}, ["high"]),
        ({"status": "assumed", "source": "a", "low": "1 m", "high": "9 m"}, []),
    ],
)
def test_what_the_catalogue_asks_of_each_status(table: dict[str, str], missing: list[str]) -> None:
    class LengthSpec(Spec):
        length: PositiveLength

    spec = validate(LengthSpec, {"length": {"value": "5 m", **table}})
    said = [problem.message.partition(" has no ")[2] for problem in unsourced(spec)]
    assert said == missing


def load_problem(path: Path) -> Problem:
    with pytest.raises(InputError) as caught:
        load_toml(path)
    [problem] = caught.value.problems
    assert problem.file == str(path)
    return problem


def test_toml_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text('name = "Andøya"', encoding=encoding)
        assert load_toml(file) == {"name": "Andøya"}


def test_files_that_are_no_toml(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("a = 1\nb = = 2\n")
    assert "line 2" in load_problem(file).message
    file.write_bytes(b"\x7fELF\x02\x01\xff\xfe\x00")
    assert "not a text file" in load_problem(file).message
    assert "does not exist" in load_problem(tmp_path / "none.toml").message
    assert "folder" in load_problem(tmp_path).message
