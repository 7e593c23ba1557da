"""What a mission may say, and what it is told when it says something else."""

from __future__ import annotations

import copy
import math
import tomllib
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from flight_case import ready

from downrange._spec import validate
from downrange.errors import InputError
from downrange.flight.spec import MissionSpec


@cache
def tables() -> dict[str, Any]:
    return tomllib.loads(ready().mission.to_toml())


@pytest.fixture
def data() -> dict[str, Any]:
    """The resolved mission as tables, free to be spoilt."""
    return copy.deepcopy(tables())


def complaints(data: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        validate(MissionSpec, data, "mission.toml")
    return "\n".join(f"{each.path}: {each.message}" for each in caught.value.problems)


def test_the_mission_as_resolved_is_a_mission(data: dict[str, Any]) -> None:
    assert validate(MissionSpec, data).name == "spectrum-flight-1"


def test_the_end_needs_a_phase_of_the_sequence(data: dict[str, Any]) -> None:
    data["end"]["phase"] = "orbit"
    said = complaints(data)
    assert "end.phase" in said
    assert "'orbit'" in said
    assert "gravity_turn" in said


def test_a_mission_may_go_on_until_it_comes_down(data: dict[str, Any]) -> None:
    del data["end"]
    assert validate(MissionSpec, data).end is None


@pytest.mark.parametrize("tick", ["0.9 ms", "51 ms", "1 s"])
def test_a_tick_outside_what_the_flight_software_can_do(data: dict[str, Any], tick: str) -> None:
    data["tick"] = tick
    assert "1 ms to 50 ms" in complaints(data)


@pytest.mark.parametrize("tick", ["1 ms", "20 ms", "50 ms"])
def test_ticks_that_will_do(data: dict[str, Any], tick: str) -> None:
    data["tick"] = tick
    assert validate(MissionSpec, data).tick.text == tick


def test_an_objective_must_ask_for_something(data: dict[str, Any]) -> None:
    data["objective"] = [{"name": "glory"}]
    said = complaints(data)
    assert "asks for nothing" in said
    assert "glory" in said


@pytest.mark.parametrize(
    "asked",
    [{"event": "meco"}, {"without": ["breakup"]}, {"pad_unharmed": True}, {"tolerance": {}}],
)
def test_any_one_condition_makes_an_objective(data: dict[str, Any], asked: dict[str, Any]) -> None:
    data["objective"] = [{"name": "something", **asked}]
    assert validate(MissionSpec, data).objective[0].name == "something"


def test_a_tolerance_has_defaults_for_what_is_left_out(data: dict[str, Any]) -> None:
    data["objective"] = [{"name": "orbit", "tolerance": {"apogee": "3 km"}}]
    near = validate(MissionSpec, data).objective[0].tolerance
    assert near is not None
    assert (near.perigee.si, near.apogee.si) == (10e3, 3e3)
    assert near.inclination.si == pytest.approx(0.1 * math.pi / 180.0, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ({"perigee": "-1 km"}, "tolerance.perigee", "-1 km"),
        ({"apogee": "0 km"}, "tolerance.apogee", "0 km"),
        ({"inclination": "1 km"}, "tolerance.inclination", "1 km"),
        ({"perigee": 10}, "tolerance.perigee", "10"),
        ({"perige": "1 km"}, "tolerance.perige", "perigee"),
        ({"perigee": "500 km"}, "tolerance.perigee", "any orbit would do"),
        ({"apogee": "700 km"}, "tolerance.apogee", "no less than the target's 500 km"),
    ],
)
def test_a_tolerance_that_asks_for_nothing_is_refused(
    data: dict[str, Any], given: dict[str, Any], path: str, says: str
) -> None:
    data["objective"] = [{"name": "orbit", "tolerance": given}]
    with pytest.raises(InputError) as caught:
        validate(MissionSpec, data)
    (problem,) = caught.value.problems
    assert problem.path == f"objective.orbit.{path}"
    assert says in f"{problem.message} {problem.hint}"


def test_a_time_of_launch_without_its_offset_is_refused(data: dict[str, Any]) -> None:
    data["launch_time_utc"] = datetime(2025, 3, 30, 12, 30)
    assert "offset" in complaints(data)


def test_a_time_of_launch_in_another_zone_is_told_in_utc(data: dict[str, Any]) -> None:
    data["launch_time_utc"] = datetime.fromisoformat("2025-03-30T12:30:00+02:00")
    expected = datetime(2025, 3, 30, 10, 30, tzinfo=UTC)
    assert validate(MissionSpec, data).launch_time_utc == expected
    assert validate(MissionSpec, data).launch_time_utc.tzinfo is UTC


@pytest.mark.parametrize("name", ["a/b", "../x", "", "-x", "x" * 81, "two words"])
def test_a_name_that_can_be_no_folder(data: dict[str, Any], name: str) -> None:
    data["name"] = name
    assert complaints(data).startswith("name:")


def test_faults_may_stand_as_lines_or_as_tables(data: dict[str, Any]) -> None:
    data["fault"] = ["stage1.engine.5: shutdown at 20 s", {"target": "imu", "kind": "fail"}]
    spec = validate(MissionSpec, data)
    assert [str(fault) for fault in spec.fault] == [
        "stage1.engine.5: shutdown at 20 s", "imu: fail",
    ]  # fmt: skip
    assert spec.fault[0].at is not None
    assert spec.fault[0].at.si == 20.0
    assert spec.fault[1].at is None


def test_a_line_that_is_no_fault_shows_how_one_is_written(data: dict[str, Any]) -> None:
    data["fault"] = ["engine five stops"]
    with pytest.raises(InputError) as caught:
        validate(MissionSpec, data)
    assert "shutdown at 20 s" in "".join(f"{p.message}{p.hint}" for p in caught.value.problems)


def test_an_unknown_key_names_the_nearest(data: dict[str, Any]) -> None:
    data["longist"] = "3 s"
    with pytest.raises(InputError) as caught:
        validate(MissionSpec, data)
    (problem,) = caught.value.problems
    assert problem.path == "longist"
    assert "longest" in problem.hint


@pytest.mark.parametrize("part", ["vehicle", "site", "phase", "safety", "target", "name"])
def test_what_a_mission_cannot_do_without(data: dict[str, Any], part: str) -> None:
    del data[part]
    assert f"{part}:" in complaints(data)


def test_what_stands_when_nothing_is_said(data: dict[str, Any]) -> None:
    for key in ("tick", "longest", "wind", "guidance", "fault", "objective", "title"):
        del data[key]
    spec = validate(MissionSpec, data)
    assert (spec.tick.si, spec.longest.si) == (0.02, 1200.0)
    assert (spec.wind.model, spec.fault, spec.objective, spec.title) == ("still", (), (), "")
    assert spec.forecast is None


def test_several_things_wrong_are_told_at_once(data: dict[str, Any]) -> None:
    data["vehicle"]["stage"][0]["dry_mass"] = "-4 t"
    data["control"]["latency_ticks"] = 11
    data["objective"] = [{"name": "glory"}]
    said = complaints(data)
    assert "vehicle.stage1.dry_mass" in said
    assert "control.latency_ticks" in said
    assert "glory" in said
