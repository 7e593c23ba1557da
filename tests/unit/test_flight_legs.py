"""The legs of a mission, and every way in which vehicle and sequence don't fit each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flight_case import MISSION, written
from vehicle_case import vehicle_data

from downrange._spec import validate
from downrange.errors import InputError, Problem
from downrange.flight.legs import FAIRING, Leg, leg_findings, legs_of
from downrange.flight.load import load_mission
from downrange.gnc.spec import PhaseSpec
from downrange.vehicle.spec import VehicleSpec

SEPARATION = {"impulse": "3 kN s", "offset": "2 mm"}
JETTISON = {"speed": "3 m/s", "rate": "20 deg/s", "drag_share": 0.75}


def vehicle(**changed: Any) -> VehicleSpec:
    """Two stages that can part, an upper engine that lights twice, a fairing that can go."""
    tables = vehicle_data()
    tables["stage"][0]["separation"] = SEPARATION
    tables["stage"][1]["engine"]["ignitions"] = 2
    tables["fairing"]["jettison"] = JETTISON
    for path, value in changed.items():
        part, _, key = path.partition("__")
        table = {"first": tables["stage"][0], "second": tables["stage"][1],
                 "upper_engine": tables["stage"][1]["engine"], "fairing": tables.get("fairing"),
                 "all": tables}[part]  # fmt: skip
        if value is None:
            del table[key]
        else:
            table[key] = value
    return validate(VehicleSpec, tables)


def phase(name: str, engines: str = "none", **more: Any) -> PhaseSpec:
    return PhaseSpec.model_validate({"name": name, "engines": engines, **more})


def sequence(**changed: Any) -> list[PhaseSpec]:
    """A flight to orbit; what is given replaces a phase, None leaves it out."""
    phases = {
        "first": phase("first", "stage1", release=True),
        "out": phase("out"),
        "part": phase("part", separate="stage1"),
        "second": phase("second", "stage2", steering="insertion"),
        "open": phase("open", "stage2", steering="insertion", jettison_fairing=True),
        "coast": phase("coast", steering="prograde"),
        "again": phase("again", "stage2", steering="orbit"),
        "end": phase("end"),
    } | changed
    return [each for each in phases.values() if each is not None]


def findings(
    spec: VehicleSpec | None = None, phases: list[PhaseSpec] | None = None
) -> list[tuple[str, str, str]]:
    return list(leg_findings(spec or vehicle(), phases or sequence()))


def test_a_flight_to_orbit_has_three_legs() -> None:
    """The parts: two stages, the fairing, the payload."""
    assert legs_of(vehicle(), sequence()) == [
        Leg(0, (1.0, 1.0, 1.0, 1.0), ""),
        Leg(1, (0.0, 1.0, 1.0, 1.0), "stage1"),
        Leg(1, (0.0, 1.0, 0.0, 1.0), FAIRING),
    ]


def test_a_flight_that_drops_nothing_is_one_leg() -> None:
    assert legs_of(vehicle(), sequence(part=None, open=None)) == [Leg(0, (1.0,) * 4, "")]


def test_a_fairing_may_go_before_the_stage() -> None:
    early = sequence(first=phase("first", "stage1", jettison_fairing=True), open=None)
    assert [leg.dropped for leg in legs_of(vehicle(), early)] == ["", FAIRING, "stage1"]
    assert legs_of(vehicle(), early)[-1].attached == (0.0, 1.0, 0.0, 1.0)


def test_both_may_go_at_once_the_stage_first() -> None:
    at_once = sequence(part=phase("part", separate="stage1", jettison_fairing=True), open=None)
    assert [leg.dropped for leg in legs_of(vehicle(), at_once)] == ["", "stage1", FAIRING]


def test_three_stages_part_twice() -> None:
    tables = vehicle_data()
    third = {**vehicle_data()["stage"][1], "name": "stage3"}
    spec = validate(VehicleSpec, {**tables, "stage": [*tables["stage"], third]})
    phases = [phase("one", separate="stage1"), phase("two", separate="stage2")]
    legs = legs_of(spec, phases)
    assert [(leg.stage, leg.attached[:3]) for leg in legs] == [
        (0, (1.0, 1.0, 1.0)), (1, (0.0, 1.0, 1.0)), (2, (0.0, 0.0, 1.0)),
    ]  # fmt: skip


def test_what_fits_finds_nothing() -> None:
    assert findings() == []


def test_the_mission_of_the_catalogue_fits() -> None:
    spec = load_mission(MISSION).spec
    assert list(leg_findings(spec.vehicle, spec.phase)) == []
    assert [leg.dropped for leg in legs_of(spec.vehicle, spec.phase)] == ["", "stage1", FAIRING]


def test_a_stage_without_separation_cant_be_dropped() -> None:
    assert findings(vehicle(first__separation=None)) == [
        ("phase.part.separate", "stage1 can't be dropped: it has no separation",
         "state [stage.separation] with impulse and offset in stage1"),
    ]  # fmt: skip


def test_only_the_lowest_stage_can_be_dropped() -> None:
    found = findings(phases=sequence(part=phase("part", separate="stage2")))
    assert found[0] == (
        "phase.part.separate", "drops stage2, but the lowest stage is stage1", ""
    )  # fmt: skip


def test_a_stage_goes_once() -> None:
    found = findings(phases=sequence(end=phase("end", separate="stage1")))
    assert found == [("phase.end.separate", "drops stage1, but the lowest stage is stage2", "")]


def test_the_last_stage_stays() -> None:
    found = findings(phases=sequence(end=phase("end", separate="stage2")))
    assert found == [
        ("phase.end.separate", "drops stage2, the last stage: nothing is left to steer", "")
    ]


def test_engines_of_an_upper_stage_need_the_lower_one_gone() -> None:
    found = findings(phases=sequence(part=None))
    message = "stage2 can't burn: the lowest stage there is stage1"
    hint = "state separate in a phase before"
    assert found == [(f"phase.{name}.engines", message, hint) for name in
                     ("second", "open", "again")]  # fmt: skip


def test_engines_of_a_stage_that_has_gone_cant_burn() -> None:
    found = findings(phases=sequence(end=phase("end", "stage1")))
    assert found[0] == (
        "phase.end.engines", "stage1 can't burn: the lowest stage there is stage2",
        "state separate in a phase before",
    )  # fmt: skip


def test_a_phase_may_part_and_light_at_once() -> None:
    hot = sequence(part=phase("part", "stage2", separate="stage1", steering="insertion"))
    assert findings(phases=hot) == []


def test_a_flight_to_orbit_loses_its_fairing() -> None:
    found = findings(phases=sequence(open=None))
    assert found == [
        ("phase", "the fairing never goes, but the mission flies to orbit",
         "state jettison_fairing = true in a phase"),
    ]  # fmt: skip


def test_a_flight_that_is_not_to_orbit_may_keep_its_fairing() -> None:
    hop = [phase("first", "stage1", release=True), phase("end")]
    assert findings(phases=hop) == []


def test_a_fairing_goes_once() -> None:
    found = findings(phases=sequence(end=phase("end", jettison_fairing=True)))
    assert found == [("phase.end.jettison_fairing", "the fairing has gone before", "")]


def test_a_fairing_that_is_not_there_cant_go() -> None:
    found = findings(vehicle(all__fairing=None, all__payload=None))
    assert found == [("phase.open.jettison_fairing", "the vehicle has no fairing", "")]


def test_a_vehicle_without_fairing_flies_to_orbit_as_it_is() -> None:
    bare = vehicle(all__fairing=None, all__payload=None)
    assert findings(bare, sequence(open=None)) == []


def test_a_fairing_without_jettison_cant_go() -> None:
    assert findings(vehicle(fairing__jettison=None)) == [
        ("phase.open.jettison_fairing", "the fairing can't be dropped",
         "state [fairing.jettison] with speed, rate and drag_share"),
    ]  # fmt: skip


def test_engines_are_lit_no_more_often_than_they_can_be() -> None:
    found = findings(vehicle(upper_engine__ignitions=1))
    assert found == [
        ("vehicle.stage2.engine.ignitions",
         "the sequence lights stage2 2 times, its engines can be lit 1",
         "state ignitions = 2, or take a phase with engines = 'stage2' out"),
    ]  # fmt: skip


def test_phases_of_one_burn_light_once() -> None:
    """From one phase to the next with the same engines nothing is lit anew."""
    once = sequence(coast=phase("coast", "stage2", steering="orbit"))
    assert findings(vehicle(upper_engine__ignitions=1), once) == []


def test_a_burn_after_a_stop_counts_for_the_first_stage_too() -> None:
    stopped = sequence(out=phase("out"), twice=None)
    stopped.insert(2, phase("relight", "stage1"))
    (found,) = findings(phases=stopped)
    assert found[0] == "vehicle.stage1.engine.ignitions"
    assert "lights stage1 2 times, its engines can be lit 1" in found[1]


def test_all_is_found_at_once() -> None:
    spec = vehicle(first__separation=None, fairing__jettison=None, upper_engine__ignitions=1)
    paths = [path for path, _, _ in findings(spec)]
    assert paths == [
        "phase.part.separate", "phase.open.jettison_fairing", "vehicle.stage2.engine.ignitions",
    ]  # fmt: skip


SEPARATE = 'separate = "stage1"\nsteering = "hold_attitude"'
JETTISONS = "jettison_fairing = true"
# Edits of the catalogue's files, with what is said of them: path, part of the message, hint.
EDITS = {
    "wrong stage": (
        (("missions", SEPARATE, 'separate = "stage2"\nsteering = "hold_attitude"'),),
        "phase.separation.separate", "drops stage2, but the lowest stage is stage1", "",
    ),
    "last stage": (
        (("missions", 'name = "in_orbit"', 'name = "in_orbit"\nseparate = "stage2"'),),
        "phase.in_orbit.separate", "drops stage2, the last stage: nothing is left to steer", "",
    ),
    "never parts": (
        (("missions", SEPARATE, 'steering = "hold_attitude"'),),
        "phase.second_start.engines", "stage2 can't burn: the lowest stage there is stage1",
        "state separate in a phase before",
    ),
    "fairing never goes": (
        (("missions", JETTISONS, ""),),
        "phase", "the fairing never goes, but the mission flies to orbit",
        "state jettison_fairing = true in a phase",
    ),
    "fairing goes twice": (
        (("missions", 'name = "tail_off"', f'name = "tail_off"\n{JETTISONS}'),),
        "phase.tail_off.jettison_fairing", "the fairing has gone before", "",
    ),
    "one ignition": (
        (("vehicles", "ignitions = 2", "ignitions = 1"),),
        "vehicle.stage2.engine.ignitions",
        "the sequence lights stage2 2 times, its engines can be lit 1", "",
    ),
    "unknown control": (
        (("missions", "[upper_control.stage2]\n", "[upper_control.stage3]\n"),
         ("missions", "[upper_control.stage2.thrusters]", "[upper_control.stage3.thrusters]")),
        "upper_control.stage3", "is no later stage", "later stages: stage2",
    ),
    "control of the first": (
        (("missions", "[upper_control.stage2]\n", "[upper_control.stage1]\n"),
         ("missions", "[upper_control.stage2.thrusters]", "[upper_control.stage1.thrusters]")),
        "upper_control.stage1", "is no later stage", "later stages: stage2",
    ),
}  # fmt: skip


def refused(file: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load_mission(file)
    return list(caught.value.problems)


@pytest.mark.parametrize(("edits", "path", "message", "hint"), EDITS.values(), ids=EDITS)
def test_an_edited_mission_is_refused_with_what_is_wrong_and_where(
    tmp_path: Path, edits: tuple[tuple[str, str, str], ...], path: str, message: str, hint: str
) -> None:
    first = refused(written(tmp_path, *edits))[0]
    assert (first.path, first.message) == (path, message)
    assert hint in (first.hint or "")
    assert first.file.endswith(f"{MISSION}.toml")


def cut(text: str, start: str, end: str) -> str:
    """What stands from one line up to another."""
    return text[text.index(start) : text.index(end, text.index(start))]


@pytest.mark.parametrize(
    ("start", "end", "path", "message"),
    [
        ("[stage.separation]", "[[stage]]", "phase.separation.separate",
         "stage1 can't be dropped: it has no separation"),
        ("[fairing.jettison]", "[aero]", "phase.fairing.jettison_fairing",
         "the fairing can't be dropped"),
    ],
)  # fmt: skip
def test_a_vehicle_that_cant_part_is_refused(
    tmp_path: Path, start: str, end: str, path: str, message: str
) -> None:
    file = written(tmp_path)
    vehicle_file = tmp_path / "spectrum.toml"
    text = vehicle_file.read_text(encoding="utf-8")
    vehicle_file.write_text(text.replace(cut(text, start, end), ""), encoding="utf-8")
    (problem,) = refused(file)
    assert (problem.path, problem.message) == (path, message)


def test_a_slow_phase_with_engines_is_refused_when_it_is_planned(tmp_path: Path) -> None:
    """Found with what else is wrong in the sequence, before anything flies."""
    from downrange.flight.fly import prepare

    slow = ("missions", 'steering = "orbit"\nany_until = ["velocity_to_go',
            'steering = "orbit"\nslow = true\nany_until = ["velocity_to_go')  # fmt: skip
    with pytest.raises(InputError) as caught:
        prepare(load_mission(written(tmp_path, slow)))
    (problem,) = caught.value.problems
    assert problem.path == "phase.restart.slow"
    assert problem.message == "engines run: the flight computer can't be slow"


def test_all_that_is_wrong_with_a_mission_is_said_at_once(tmp_path: Path) -> None:
    edits = [*EDITS["wrong stage"][0], *EDITS["fairing never goes"][0], *EDITS["one ignition"][0],
             *EDITS["unknown control"][0]]  # fmt: skip
    paths = {problem.path for problem in refused(written(tmp_path, *edits))}
    assert paths == {
        "upper_control.stage3", "phase.separation.separate", "phase",
        "vehicle.stage2.engine.ignitions",
    }  # fmt: skip


def test_a_way_round_a_parting_is_found() -> None:
    """An abort of the first burn leads past the separation to the fairing's going."""
    ends = {"until": ["phase_time >= 2 s"]}
    past = sequence(
        first=phase(
            "first",
            "stage1",
            release=True,
            abort_if=["healthy_engines < 9"],
            abort_to="open",
            **ends,
        ),
        out=phase("out", **ends),
        part=phase("part", separate="stage1", **ends),
        second=phase("second", "stage2", steering="insertion", **ends),
    )
    ((path, message, hint),) = findings(phases=past)
    assert path == "phase.open"
    assert "without all the parts having gone" in message
    assert hint == "parts go in the order written: part, open"
