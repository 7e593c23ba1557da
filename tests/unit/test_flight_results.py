"""How a flight is judged: outcomes, objectives, margins, the summary's entries."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from flight_case import parts, ready

from downrange.flight import results
from downrange.flight.ends import Last, teller_of
from downrange.flight.kernel import loop, watch
from downrange.flight.spec import ObjectiveSpec, ToleranceSpec
from downrange.safety.kernel import rules
from downrange.telemetry import Event

LEFT_KG = 30000.0


def moment(time_s: float = 50.0, own_kg: float = LEFT_KG, **more: Any) -> results.Moment:
    """Above the sea west of the pad, at rest there unless told otherwise."""
    rigid = np.zeros(13)
    rigid[[0, 6]] = 6.4e6, 1.0
    given = {"latitude_deg": 69.2, "longitude_deg": 15.5, "altitude_m": 0.0, "speed_mps": 123.0,
             "aboard_kg": own_kg, "rigid": rigid}  # fmt: skip
    return results.Moment(time_s=time_s, own_kg=own_kg, **(given | more))


def body(events: Sequence[Event], outcome: str, distance_m: float = 1e5) -> results.Ended:
    """A first stage above the sea, to which these events happened."""
    return results.Ended("stage1", list(events), outcome, "sea", distance_m, True, 2.0, moment(),
                         None)  # fmt: skip


def entry_of(ended: results.Ended) -> dict[str, Any]:
    prepared = ready(planned=True)
    return results.body_summary(ended, prepared.planned.plan.earth, prepared.mission.spec)


def event(name: str, time_s: float = 10.0, speed_mps: float = math.nan) -> Event:
    return Event(time_s, "stage1", name, speed_mps=speed_mps)


@pytest.fixture
def flight() -> loop.Flight:
    """A flight before its first tick, free to be given any end."""
    return parts(ready(planned=True))[1]


@pytest.mark.parametrize(
    ("end", "fired", "broken", "outcome"),
    [
        (loop.OUT_OF_TIME, 0, 0, "flying"),
        (loop.COMPLETE, 0, 0, "flying"),
        (loop.DOWN, 0, 0, "impacted"),
        (loop.DOWN, 4, 0, "terminated"),
        (loop.OUT_OF_TIME, 1, 0, "terminated"),
        (loop.DOWN, 0, 1, "broke_up"),
        (loop.DOWN, 4, 1, "terminated"),
        (loop.LOST_NUMBERS, 4, 1, "numerical"),
        (loop.CALLED_OFF, 0, 0, "scrubbed"),
    ],
)
def test_how_a_body_ended(
    flight: loop.Flight, end: int, fired: int, broken: int, outcome: str
) -> None:
    flight.clock[loop.ENDED] = end
    flight.verdict.state[rules.FIRED] = fired
    flight.watch.words[watch.BROKEN] = broken
    assert results.body_outcome(flight.clock, flight.verdict, flight.watch) == outcome


YES, NO, NOT_REACHED = ({"met": met} for met in (True, False, None))


@pytest.mark.parametrize(
    ("bodies", "objectives", "outcome"),
    [
        (["flying"], [YES, YES], "success"),
        (["flying"], [], "success"),
        (["flying"], [YES, NOT_REACHED], "partial"),
        (["flying"], [YES, NO], "partial"),
        (["impacted"], [YES], "loss"),
        (["broke_up"], [YES], "loss"),
        (["terminated"], [YES], "terminated"),
        (["scrubbed"], [NOT_REACHED], "scrubbed"),
        (["flying", "terminated"], [YES], "terminated"),
        (["terminated", "numerical"], [YES], "numerical"),
        (["broke_up", "terminated"], [YES], "terminated"),
    ],
)
def test_how_a_mission_ended(
    bodies: list[str], objectives: list[dict[str, Any]], outcome: str
) -> None:
    assert results.mission_outcome(bodies, objectives) == outcome


def test_the_entry_of_a_body_that_came_down() -> None:
    events = [event("liftoff", 0.0), event("impact", 50.0, 123.0)]
    entry = entry_of(body(events, "impacted"))
    assert entry["outcome"] == "impacted"
    assert (entry["end_time_s"], entry["end_latitude_deg"], entry["end_longitude_deg"]) == (
        50.0, 69.2, 15.5,
    )  # fmt: skip
    assert (entry["end_surface"], entry["impact_speed_mps"]) == ("sea", 123.0)
    assert entry["propellant_left_kg"] == LEFT_KG
    assert entry["orbit"] is None


def test_a_body_that_flies_on_ends_on_no_surface() -> None:
    entry = entry_of(body([event("meco")], "flying"))
    assert entry["end_surface"] is None
    assert entry["impact_speed_mps"] is None


@pytest.mark.parametrize(("burnt_kg", "left_kg"), [(700.0, 700.0), (None, 500.0)])
def test_what_is_left_is_what_was_after_the_last_thrust(
    burnt_kg: float | None, left_kg: float
) -> None:
    """Before anything is vented; of what never burnt, at its end."""
    burnt = None if burnt_kg is None else moment(40.0, burnt_kg)
    ended = body([], "impacted")._replace(end=moment(50.0, 500.0), burnt=burnt)
    assert ended.propellant_left_kg == left_kg
    assert entry_of(ended)["propellant_left_kg"] == left_kg


@pytest.mark.parametrize(
    ("name", "flies_on", "left_kg"),
    [
        ("stage1", True, 9500.0),
        ("stage1", False, 700.0),
        ("stage2", False, 8800.0),
        ("fairing_left", False, 0.0),
    ],
)
def test_what_was_left_in_the_stages_above_is_not_that_of_a_dropped_one(
    name: str, flies_on: bool, left_kg: float
) -> None:
    """Fuel and oxygen of both stages: 300 + 400 kg and 8,000 + 800 kg."""
    prepared = ready(planned=True)
    teller = teller_of(prepared, prepared.mission.spec)
    _, flight = parts(prepared)
    seen = watch.new_memory(len(flight.watch.engine_on), len(flight.state.tank_kg))
    seen.last[watch.LAST_S] = 42.0
    seen.last[watch.LAST_RIGID : watch.LAST_RIGID + 13] = flight.state.rigid[:13]
    seen.last[watch.LAST_TANKS_KG :] = 300.0, 400.0, 8000.0, 800.0
    flight.clock[loop.T0_S] = 2.0
    now = Last(50.0, flight.state.rigid, np.zeros(4), 0.0, 0.0)
    if name.startswith("fairing"):
        told = teller.fallen(name, flight.clock, now, "impacted")
        assert told.burnt is None
    else:
        told = teller.steered(name, flight.clock, flight.verdict, seen, now, None, "impacted",
                              flies_on)  # fmt: skip
        assert told.burnt is not None
        assert told.burnt.time_s == 40.0
        assert told.burnt.aboard_kg == 9500.0
    assert told.end.time_s == 48.0
    assert told.propellant_left_kg == left_kg


def test_a_moment_is_told_from_the_inertial_state() -> None:
    """Above the equator at Greenwich, 1 km up at clock 0, carried by the turning Earth."""
    earth = ready(planned=True).planned.plan.earth
    rigid = np.zeros(13)
    up_m = 6378137.0 + 1000.0
    rigid[0], rigid[4], rigid[5] = up_m, 7.292115e-5 * up_m + 30.0, 40.0
    at = results.moment_of(0.0, 2.0, rigid, 1.0, 2.0, earth)
    assert (at.time_s, at.own_kg, at.aboard_kg) == (-2.0, 1.0, 2.0)
    assert at.altitude_m == pytest.approx(1000.0, abs=1e-6)
    assert at.speed_mps == pytest.approx(50.0, abs=1e-5)
    assert (at.latitude_deg, at.longitude_deg) == pytest.approx((0.0, 0.0), abs=1e-9)
    later = results.moment_of(3600.0, 2.0, rigid, 1.0, 2.0, earth)
    assert later.longitude_deg == pytest.approx(-math.degrees(7.292115e-5 * 3600.0), abs=1e-6)


def judged(
    asked: dict[str, Any],
    events: list[Event],
    distance_m: float = 1e5,
    orbit: dict[str, Any] | None = None,
) -> dict[str, Any]:
    spec = ready(planned=True).mission.spec
    spec = spec.model_copy(update={"objective": (ObjectiveSpec(name="it", **asked),)})
    ended = [body(events, "impacted", distance_m)]
    (found,) = results.judge_objectives(spec, ended, events, orbit)
    assert found["name"] == "it"
    return found


def test_an_objective_is_met_when_its_event_happened() -> None:
    found = judged({"event": "meco"}, [event("max_q", 60.0), event("meco", 148.0)])
    assert (found["met"], found["time_s"]) == (True, 148.0)
    assert "T+148.0 s" in found["evidence"]


def test_an_objective_is_not_reached_when_it_did_not() -> None:
    found = judged({"event": "meco"}, [event("max_q", 60.0)])
    assert (found["met"], found["time_s"]) == (None, None)
    assert found["evidence"] == "no meco"


@pytest.mark.parametrize("happened", [True, False])
def test_what_must_not_happen_spoils_an_objective(happened: bool) -> None:
    events = [event("max_q", 60.0), *([event("breakup", 70.0)] if happened else [])]
    found = judged({"event": "max_q", "without": ("breakup", "flight_termination")}, events)
    assert found["met"] is not happened
    assert found["time_s"] == (70.0 if happened else 60.0)


def test_an_objective_only_of_what_must_not_happen() -> None:
    assert judged({"without": ("breakup",)}, [])["met"] is True
    assert judged({"without": ("breakup",)}, [event("breakup")])["met"] is False


def orbit_of(perigee_km: float, apogee_km: float, inclination_deg: float = 95.0) -> dict[str, Any]:
    return {"perigee_altitude_m": perigee_km * 1e3, "apogee_altitude_m": apogee_km * 1e3,
            "inclination_deg": inclination_deg, "time_s": 2893.1}  # fmt: skip


INSERTED = [Event(2893.0, "stage2", "orbit_insertion")]
NEAR = ToleranceSpec.model_validate(
    {"perigee": "10 km", "apogee": "12 km", "inclination": "0.1 deg"}
)


@pytest.mark.parametrize(
    ("orbit", "met", "told"),
    [
        (orbit_of(499.4, 500.1), True, "perigee off by -0.6 of 10 km, apogee off by +0.1 of 12 km"),
        (orbit_of(490.01, 511.99, 95.099), True, "inclination off by +0.099 of 0.1 deg"),
        (orbit_of(489.9, 500.0), False, "perigee off by -10.1 of 10 km, too far"),
        (orbit_of(499.0, 512.1), False, "apogee off by +12.1 of 12 km, too far"),
        (orbit_of(500.0, 500.0, 94.89), False, "inclination off by -0.110 of 0.1 deg, too far"),
        (orbit_of(119.0, 500.0), None, "no orbit"),
        (None, None, "no orbit"),
    ],
)
def test_an_orbit_is_measured_against_the_target(
    orbit: dict[str, Any] | None, met: bool | None, told: str
) -> None:
    """The target is 500 km by 500 km at 95 degrees."""
    found = judged({"tolerance": NEAR}, [], orbit=orbit)
    assert found["met"] is met
    assert told in found["evidence"]
    assert found["time_s"] == (2893.1 if met is not None else None)


def test_an_insertion_into_another_orbit_does_not_meet_an_objective() -> None:
    asked = {"event": "orbit_insertion", "tolerance": ToleranceSpec()}
    assert judged(asked, INSERTED, orbit=orbit_of(500.0, 514.0))["met"] is True
    found = judged(asked, INSERTED, orbit=orbit_of(200.0, 500.0))
    assert found["met"] is False
    assert (
        "orbit_insertion at T+2893.0 s; perigee off by -300.0 of 10 km, too far"
        in found["evidence"]
    )
    assert judged(asked, [], orbit=None)["met"] is None
    spoilt = judged({**asked, "without": ("breakup",)}, [*INSERTED, event("breakup")],
                    orbit=orbit_of(500.0, 500.0))  # fmt: skip
    assert (spoilt["met"], spoilt["time_s"]) == (False, 10.0)


def one_psi_m(propellant_kg: float) -> float:
    """45 ft per cube root of a pound of TNT, a fifth of the propellant counting."""
    return 0.3048 * 45.0 * (0.2 * propellant_kg / 0.45359237) ** (1.0 / 3.0)


@pytest.mark.parametrize(("factor", "met"), [(1.01, True), (0.99, False)])
def test_the_pad_is_unharmed_beyond_the_blast(factor: float, met: bool) -> None:
    distance_m = factor * one_psi_m(LEFT_KG)
    found = judged({"pad_unharmed": True}, [event("impact", 50.0, 100.0)], distance_m)
    assert (found["met"], found["time_s"]) == (met, 50.0)
    assert f"{distance_m:.0f} m" in found["evidence"]


@pytest.mark.parametrize("full_m", [300.0, 400.0])
def test_every_body_may_harm_the_pad_not_only_the_nearest(full_m: float) -> None:
    """30 t reach 324 m; an empty one that comes down nearer harms nothing."""
    assert one_psi_m(LEFT_KG) == pytest.approx(324.4, abs=0.1)
    far = [event("impact", 50.0, 9.0)]
    ended = [
        body(far, "impacted", full_m),
        results.Ended("fairing_left", [event("impact", 40.0, 9.0)], "impacted", "land", 150.0,
                      False, 2.0, moment(40.0, 0.0), None),
    ]  # fmt: skip
    spec = ready(planned=True).mission.spec
    objective = ObjectiveSpec(name="pad", pad_unharmed=True)
    spec = spec.model_copy(update={"objective": (objective,)})
    (found,) = results.judge_objectives(spec, ended, far, None)
    assert found["met"] is (full_m > 324.4)
    assert found["time_s"] == 50.0
    assert found["evidence"] == f"stage1 came down {full_m:.0f} m from the pad, 1 psi reaches 324 m"


def test_the_pad_is_unharmed_by_what_never_came_down() -> None:
    found = judged({"pad_unharmed": True}, [], 0.0)
    assert (found["met"], found["evidence"]) == (True, "nothing came down")


def test_an_event_that_is_missing_is_not_made_good_by_an_unharmed_pad() -> None:
    found = judged({"event": "meco", "pad_unharmed": True}, [event("impact", 50.0, 9.0)])
    assert found["met"] is not True


def test_margins_are_those_that_were_looked_at(flight: loop.Flight) -> None:
    table = flight.verdict.rules
    table[:, rules.SMALLEST] = math.inf
    table[rules.ATTITUDE - 1, rules.SMALLEST :] = math.radians(12.0), 25.5
    table[rules.IMPACT_CORRIDOR - 1, rules.SMALLEST :] = -20.0, 30.0
    words = flight.watch.words
    words[watch.LEAST_MOMENT], words[watch.LEAST_MOMENT_S] = 5e5, 33.0
    spec = ready(planned=True).mission.spec
    found = results.margins_of(flight.verdict, flight.watch, spec, 2.0)
    assert found.keys() == {"attitude_deg", "impact_corridor_m", "bending_moment_nm"}
    assert found["attitude_deg"] == {
        "body": "stage1", "smallest": pytest.approx(12.0), "time_s": 25.5,
        "limit": pytest.approx(45.0),
    }  # fmt: skip
    assert found["impact_corridor_m"]["smallest"] == -20.0
    assert found["impact_corridor_m"]["limit"] is None
    assert found["bending_moment_nm"]["time_s"] == 31.0


def test_every_end_of_the_loop_has_a_word() -> None:
    codes = {loop.OUT_OF_TIME, loop.DOWN, loop.LOST_NUMBERS, loop.CALLED_OFF, loop.COMPLETE}
    assert set(results.ENDS) == {*codes, loop.GOING}  # a recording may be made on the way
    assert len(codes) == 5
    assert results.ENDS[loop.GOING] == "flying"
    assert loop.PARTED not in codes  # the body flies on as another


def test_what_was_never_measured_is_null_in_json() -> None:
    from downrange.flight.fly import to_json

    text = to_json({"a": math.nan, "b": np.float64(2.0), "c": [math.inf, 1], "d": np.arange(2)})
    assert json.loads(text) == {"a": None, "b": 2.0, "c": [None, 1], "d": [0, 1]}
