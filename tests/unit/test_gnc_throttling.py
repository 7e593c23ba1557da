"""A planned ascent under throttle: levels of the phases against closed forms."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from gnc_case import CALM, EARTH, SITE, STAGES, phases, vehicle

from downrange.gnc.build import _space, ascent_bounds
from downrange.gnc.kernel import data
from downrange.gnc.kernel.throttling import Met, Throttles, begin, level_for
from downrange.gnc.phases import compile_phases
from downrange.gnc.plan import Ascent, Orbit, plan_ascent
from downrange.gnc.spec import GuidanceSpec, PhaseSpec, TargetSpec

ORBIT = Orbit(500e3, 500e3, math.radians(95.0), northbound=True)
RATED_N, FLOW_KGPS = 9.0 * 83e3, 9.0 * 83e3 / (310.0 * 9.80665)
TURN = {"engines": "stage1", "steering": "programme"}
LAST = {"any_until": ["tank_fraction_min <= 0.002", "acceleration <= 3 m/s^2"]}
MAX_Q = (
    {"name": "turn", **TURN, "until": ["speed >= 250 m/s"]},
    {"name": "max_q", **TURN, "throttle": "70 %", "until": ["altitude >= 14 km"]},
    {"name": "full", **TURN, **LAST},
)
UPPER = {"engines": "stage2", "steering": "insertion"}


def deep(**changed: object) -> data.AssumedVehicle:
    """The made-up vehicle with engines that throttle to half."""
    return vehicle(engine_throttle_min=np.full(10, 0.5), **changed)


def sequence(*flown: dict[str, object]) -> tuple[PhaseSpec, ...]:
    """Ignition to pitch-over as they are, then these, then what ends a flight."""
    first = list(phases())[:3]
    made = [PhaseSpec.model_validate(each) for each in flown]
    return (*first, *made, *list(phases())[4:])


@cache
def ascent_of(*, which: str) -> Ascent:
    """An ascent by phases that throttle so."""
    upper = (
        {"name": "turn", **TURN, **LAST},
        {"name": "parting", "until": ["phase_time >= 5 s"]},
        {"name": "low", **UPPER, "throttle": "80 %", "until": ["phase_time >= 40 s"]},
        {"name": "burn", **UPPER, "acceleration_limit": "20 m/s^2",
         "until": ["velocity_to_go <= 0 m/s"]},
    )  # fmt: skip
    flown = {
        "full": (MAX_Q[0] | LAST | {"until": []},),
        "max_q": MAX_Q,
        "limit": (*MAX_Q[:2], MAX_Q[2] | {"acceleration_limit": "25 m/s^2"}),
        "time": ({"name": "turn", **TURN, "until": ["time_since_release >= 140 s"]},),
        "upper": upper,
    }[which]
    specs = sequence(*flown)
    bounds = ascent_bounds(specs, GuidanceSpec(), deep())
    compiled = compile_phases(specs, STAGES)
    return plan_ascent(deep(), SITE, ORBIT, bounds, EARTH, CALM, phases=compiled)


def levels(ascent: Ascent, rows: slice, flow_kgps: float) -> np.ndarray:
    """Level of each step, from the mass that it burns."""
    return -np.diff(ascent.mass_kg[rows]) / np.diff(ascent.time_s[rows]) / flow_kgps


def test_phases_without_throttles_move_nothing() -> None:
    """Bit for bit the plan that is made of rated thrust alone."""
    bounds = ascent_bounds(phases(), GuidanceSpec(), vehicle())
    compiled = compile_phases(phases(), STAGES)
    one = plan_ascent(vehicle(), SITE, ORBIT, bounds, EARTH, CALM, phases=compiled)
    other = plan_ascent(vehicle(), SITE, ORBIT, bounds, EARTH, CALM)
    assert one.kick_pitch_rad == other.kick_pitch_rad
    assert one.position_ecef_m.tobytes() == other.position_ecef_m.tobytes()
    assert one.mass_kg.tobytes() == other.mass_kg.tobytes()


def test_a_phase_of_less_throttle_burns_less_and_lowers_the_peak() -> None:
    full, ascent = ascent_of(which="full"), ascent_of(which="max_q")
    rows = slice(0, ascent.burnout_row + 1)
    level = levels(ascent, rows, FLOW_KGPS)
    slow = ascent.speed_mps[rows][:-1] < 250.0
    high = ascent.altitude_m[rows][:-1] >= 14e3
    expected = np.where(slow | high, 1.0, 0.7)
    np.testing.assert_allclose(level, expected, rtol=1e-9)
    assert 0.2 < (expected == 0.7).mean() < 0.5
    # The same propellant is burnt: each second at 70 % takes 0.3 s longer.
    step_s = np.diff(ascent.time_s[rows])
    longer = 0.3 * float(step_s[expected == 0.7].sum())
    burn_s = full.time_s[full.burnout_row]
    assert ascent.time_s[ascent.burnout_row] - burn_s == pytest.approx(longer, abs=1e-6)
    assert ascent.mass_kg[ascent.burnout_row] == pytest.approx(full.mass_kg[full.burnout_row])
    assert ascent.max_dynamic_pressure_pa < 0.85 * full.max_dynamic_pressure_pa
    assert ascent.propellant_left_kg < full.propellant_left_kg


def test_an_acceleration_limit_holds_what_is_sensed() -> None:
    """Thrust less drag over mass: where it would be above the limit it is at it."""
    ascent = ascent_of(which="limit")
    rows = slice(0, ascent.burnout_row + 1)
    level = levels(ascent, rows, FLOW_KGPS)
    middle_kg = 0.5 * (ascent.mass_kg[rows][1:] + ascent.mass_kg[rows][:-1])
    high = ascent.altitude_m[rows][:-1] > 40e3  # no drag, no pressure: below 0.1 m/s^2
    felt = level * RATED_N / middle_kg
    limited = high & (level < 1.0 - 1e-9) & (level > 0.5 + 1e-9)
    assert limited.sum() > 40
    np.testing.assert_allclose(felt[limited], 25.0, atol=0.15)
    assert (felt[high & (level > 1.0 - 1e-9)] < 25.1).all()
    np.testing.assert_allclose(
        level[high & (felt > 25.2)], 0.5, rtol=1e-9
    )  # no deeper than they can


def test_the_sequence_may_cut_the_first_stage_off() -> None:
    ascent = ascent_of(which="time")
    assert ascent.time_s[ascent.burnout_row] == pytest.approx(140.0, abs=1e-9)
    left_kg = ascent.mass_kg[ascent.burnout_row] - 3900.0 - 9800.0
    assert left_kg == pytest.approx(36200.0 - 142.0 * FLOW_KGPS, rel=1e-9)


def test_the_upper_stage_follows_its_phases() -> None:
    """80 % for 40 s; then full until 20 m/s^2, from where mass falls as exp(-a t / c)."""
    ascent = ascent_of(which="upper")
    thrust, exhaust = 94.5e3, 338.0 * 9.80665
    start = ascent.burnout_row + 5
    rows = slice(start, ascent.insertion_row + 1)
    since = ascent.time_s[rows] - ascent.time_s[start]
    mass = ascent.mass_kg[rows].copy()
    dropped = int(np.argmax(-np.diff(mass))) + 1  # 350 kg of fairing
    mass[:dropped] -= 350.0
    level = -np.diff(mass) / np.diff(since) / (thrust / exhaust)
    np.testing.assert_allclose(level[since[:-1] < 39.5], 0.8, rtol=1e-6)
    first = int(np.flatnonzero((since[:-1] > 41.0) & (level < 1.0 - 1e-6))[0]) + 1
    np.testing.assert_allclose(level[(since[:-1] > 40.5) & (since[:-1] < since[first - 1])], 1.0,
                               rtol=1e-6)  # fmt: skip
    floor = level[first:-1] <= 0.5 + 1e-6  # deeper they can't
    held = slice(first, first + (int(np.argmax(floor)) if floor.any() else len(floor)))
    expected = mass[first] * np.exp(-20.0 * (since[held] - since[first]) / exhaust)
    np.testing.assert_allclose(mass[held], expected, rtol=2e-5)
    assert held.stop - held.start > 20


def test_a_signal_that_no_plan_foresees_ends_no_phase() -> None:
    turn = {"name": "turn", **TURN, "until": ["clock >= 1 s"]}
    specs = sequence(turn, {"name": "slow", **TURN, "throttle": "60 %", **LAST})
    throttles = Throttles(compile_phases(specs, STAGES), 3, 0.5, 1.0, 9.0, 0.0, 36200.0, 8.0)
    words = np.empty(data.WORDS)
    begin(throttles, 20.0, words)
    now = Met(25.0, 2e3, 150.0, math.nan, 5e3, 4e4, 1.0, 5e4, RATED_N, FLOW_KGPS)
    assert level_for(throttles, now, 0.25, 1.0, words) == 1.0
    assert words[data.PHASE] == 3


def test_conditions_see_what_the_flight_would_sense() -> None:
    """At 25 s: 1 - 5000 / 36200 of the tanks, (747 - 50) kN over 40 t, 1/2 1.0 150^3 W/m^2."""
    for met, text in [
        (True, "tank_fraction_min <= 0.862"), (False, "tank_fraction_min <= 0.861"),
        (True, "acceleration >= 17.42 m/s^2"), (False, "acceleration >= 17.43 m/s^2"),
        (True, "heating >= 1687499 W/m^2"), (False, "heating >= 1687501 W/m^2"),
        (True, "phase_time >= 5 s"), (False, "phase_time >= 5.01 s"),
        (True, "height >= 1992 m"), (False, "height >= 1993 m"),
        (True, "healthy_engines >= 9"), (False, "guidance_failed >= 1"),
    ]:  # fmt: skip
        turn = {"name": "turn", **TURN, "until": [text]}
        specs = sequence(turn, {"name": "slow", **TURN, "throttle": "60 %", **LAST})
        throttles = Throttles(compile_phases(specs, STAGES), 3, 0.5, 1.0, 9.0, 0.0, 36200.0, 8.0)
        words = np.empty(data.WORDS)
        begin(throttles, 20.0, words)
        now = Met(25.0, 2e3, 150.0, math.nan, 5e3, 4e4, 1.0, 5e4, RATED_N, FLOW_KGPS)
        assert level_for(throttles, now, 0.25, 1.0, words) == (0.6 if met else 1.0), text


def test_what_is_burnt_on_the_hold_down_is_burnt_at_its_throttle() -> None:
    held = {"name": "ignition", "engines": "stage1", "throttle": "60 %",
            "until": ["phase_time >= 2 s"]}  # fmt: skip
    bounds = ascent_bounds(phases(held), GuidanceSpec(), deep())
    assert bounds.burnt_before_release_kg == pytest.approx(0.6 * 2.0 * FLOW_KGPS, rel=1e-12)
    bounds = ascent_bounds(phases(held), GuidanceSpec(), vehicle())  # these can't throttle
    assert bounds.burnt_before_release_kg == pytest.approx(2.0 * FLOW_KGPS, rel=1e-12)


def test_a_speed_that_ends_a_phase_of_the_burn_does_not_end_the_burn() -> None:
    bounds = ascent_bounds(sequence(*MAX_Q), GuidanceSpec(), deep())
    assert bounds.cutoff_speed_mps == math.inf
    assert bounds.residual_fraction == 0.002


def test_closed_loop_guidance_expects_the_first_level_of_its_stage() -> None:
    upper = {"name": "burn", **UPPER, "throttle": "80 %", "until": ["velocity_to_go <= 0 m/s"]}
    specs = sequence({"name": "turn", **TURN, **LAST}, upper)
    body = deep(stage=1)
    target = TargetSpec.model_validate(
        {"perigee": "500 km", "apogee": "500 km", "inclination": "95 deg"}
    )
    space = _space(target, GuidanceSpec(), ascent_of(which="full"), body, EARTH,
                   compile_phases(specs, STAGES))  # fmt: skip
    exhaust, acceleration, burn_s, _ = space.stages[0]
    assert exhaust == pytest.approx(338.0 * 9.80665, rel=1e-12)
    assert acceleration * body.mass_kg[-1] == pytest.approx(0.8 * 94.5e3, rel=1e-12)
    assert burn_s == pytest.approx(8550.0 / (0.8 * 94.5e3 / exhaust), rel=1e-12)
