"""The rules watching made-up flights: a good one, and ones that go wrong in one way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from safety_case import EARTH, ascent, ned_ecef, rules, tracking, watch

from downrange.safety.build import new_memory
from downrange.safety.kernel.impact import impact_ecef
from downrange.safety.kernel.rules import (
    ARMED,
    ATTITUDE,
    ATTITUDE_TIME_S,
    DATA_LOSS,
    FIRED,
    FIRED_S,
    GREEN_TIME_S,
    IMPACT_CORRIDOR,
    IMPACT_FOUND,
    IMPACT_IN_S,
    IMPACT_POINT_M,
    PROTECTED_PLACES,
    at,
    corridor_margin_m,
    plan_at,
    step,
    thrust_end_s,
)

BUILT = rules()
PERIOD_S = 0.1
EAST = ned_ecef(0.0, 1.0, 0.0)


def tilted(degrees: float, start_s: float, end_s: float = math.inf):
    """The planned flight with the nose off its plan between two times; the path is kept."""
    time, position, velocity, axis = ascent()
    angle = math.radians(degrees)
    off = math.cos(angle) * axis + math.sin(angle) * EAST
    wrong = (time >= start_s) & (time < end_s)
    return time, position, velocity, np.where(wrong[:, None], off, axis)


def test_the_planned_flight_never_fires_and_sits_deep_inside_every_rule():
    memory = watch(BUILT, ascent())
    assert memory.state[FIRED] == 0.0
    assert memory.state[ARMED] == 1.0
    assert thrust_end_s(BUILT, memory) == math.inf
    assert memory.smallest[ATTITUDE - 1] > math.radians(44.0)
    assert memory.smallest[IMPACT_CORRIDOR - 1] > 1500.0
    assert memory.smallest[DATA_LOSS - 1] > 1.0


@pytest.mark.parametrize("push", [0.7, 0.85, 1.1, 1.2])
def test_a_slow_or_fast_flight_along_the_plan_never_fires(push):
    assert watch(BUILT, ascent(push=push)).state[FIRED] == 0.0


@pytest.mark.parametrize("azimuth_deg", [90.0, 180.0, 270.0])
def test_a_flight_in_a_wrong_direction_is_ended(azimuth_deg):
    time, position, velocity, axis = ascent(azimuth_deg)
    assert watch(BUILT, (time, position, velocity, ascent()[3])).state[FIRED] == IMPACT_CORRIDOR
    assert watch(BUILT, (time, position, velocity, axis)).state[FIRED] > 0.0


def test_a_flight_towards_the_village_ends_with_the_distance_to_spare():
    time, position, velocity, _ = ascent(90.0)
    memory = watch(BUILT, ascent(90.0))
    k = int(np.searchsorted(time, thrust_end_s(BUILT, memory)))
    *point, _, found = impact_ecef(tuple(position[k]), tuple(velocity[k]), EARTH)
    assert found
    away = np.linalg.norm(np.array(point) - BUILT.protected_ecef_m[0])
    assert away > 500.0 + 1000.0


def test_a_wide_corridor_leaves_the_village_to_its_own_rule():
    open_sea = BUILT._replace(track=BUILT.track.copy())
    open_sea.impact_half_width_m[:] = 1e6
    assert watch(open_sea, ascent(90.0)).state[FIRED] == PROTECTED_PLACES


def test_a_nose_off_the_plan_is_ended_after_its_time():
    memory = watch(BUILT, tilted(60.0, 20.0))
    assert memory.state[FIRED] == ATTITUDE
    allowed = at(BUILT.track, ATTITUDE_TIME_S, plan_at(BUILT, memory.state[FIRED_S]))
    assert memory.state[FIRED_S] - 20.0 == pytest.approx(allowed, abs=1.5 * PERIOD_S)
    assert memory.margin[ATTITUDE - 1] < 0.0


def test_a_nose_within_the_limit_is_left_alone():
    memory = watch(BUILT, tilted(43.0, 20.0))
    assert memory.state[FIRED] == 0.0
    assert memory.smallest[ATTITUDE - 1] == pytest.approx(math.radians(2.0), abs=math.radians(0.2))


def test_a_nose_that_comes_back_in_time_is_left_alone():
    assert watch(BUILT, tilted(60.0, 20.0, 21.0)).state[FIRED] == 0.0


def test_a_tumbling_nose_is_ended_though_it_passes_its_plan():
    time, position, velocity, axis = ascent()
    turn = np.where(time > 20.0, 2.0 * math.pi * (time - 20.0) / 2.0, 0.0)[:, None]
    nose = np.cos(turn) * axis + np.sin(turn) * EAST
    assert watch(BUILT, (time, position, velocity, nose)).state[FIRED] == ATTITUDE


def test_a_single_bad_measurement_fires_nothing():
    time, position, velocity, axis = ascent()
    position = position.copy()
    position[(time >= 30.0) & (time < 30.09)] += 50e3 * EAST
    memory = watch(BUILT, (time, position, velocity, axis))
    assert memory.state[FIRED] == 0.0
    assert memory.smallest[IMPACT_CORRIDOR - 1] < 0.0


def test_lost_data_end_the_flight_when_the_green_time_is_over():
    memory = watch(BUILT, ascent(), lost_s=(30.0, math.inf))
    assert memory.state[FIRED] == DATA_LOSS
    green = at(BUILT.track, GREEN_TIME_S, plan_at(BUILT, 30.0))
    assert memory.state[FIRED_S] == pytest.approx(30.0 + green, abs=2.0 * PERIOD_S)
    assert np.isnan(memory.margin[: DATA_LOSS - 1]).all()


def test_data_back_in_time_are_forgiven():
    assert watch(BUILT, ascent(), lost_s=(30.0, 31.0)).state[FIRED] == 0.0


def test_tracking_that_never_answers_ends_the_flight():
    memory = watch(BUILT, ascent(), lost_s=(0.0, math.inf))
    assert memory.state[FIRED] == DATA_LOSS
    assert memory.state[FIRED_S] >= BUILT.arming_latest_s


def test_nothing_fires_beside_the_pad():
    # 100 m up at 6.3 s; before that the nose may point anywhere.
    memory = watch(BUILT, tilted(90.0, 0.0, 6.0))
    assert memory.state[FIRED] == 0.0
    assert memory.smallest[ATTITUDE - 1] > 0.0
    late = watch(BUILT, tilted(90.0, 0.0))
    armed_s = math.sqrt(100.0 / 2.5)
    assert late.state[FIRED_S] >= armed_s + BUILT.attitude_time_s.min() - 2.0 * PERIOD_S


def test_the_first_rule_to_fire_stays_and_thrust_ends_a_latency_later():
    memory = watch(BUILT, ascent(90.0))
    assert thrust_end_s(BUILT, memory) == memory.state[FIRED_S] + 0.3
    fired = memory.state[FIRED_S], memory.smallest.copy()
    time, position, velocity, axis = (each[-1] for each in ascent(90.0))
    for _ in range(50):
        time += PERIOD_S
        assert step(BUILT, tracking(position, velocity, -axis), time, memory) == IMPACT_CORRIDOR
    assert memory.state[FIRED_S] == fired[0]
    assert_allclose(memory.smallest, fired[1])


def test_rules_are_evaluated_at_their_period_only():
    _, position, velocity, axis = (each[1500] for each in ascent())
    memory = new_memory()
    step(BUILT, tracking(position, velocity, axis), 30.0, memory)
    before = memory.margin.copy()
    step(BUILT, tracking(position, velocity, -axis), 30.06, memory)
    assert_allclose(memory.margin, before)
    step(BUILT, tracking(position, velocity, -axis), 30.1, memory)
    assert memory.margin[ATTITUDE - 1] < 0.0 < before[ATTITUDE - 1]


def test_nothing_is_judged_after_the_end_of_planned_thrust():
    memory = new_memory()
    _, position, velocity, axis = (each[-1] for each in ascent(180.0))
    for k in range(50):
        code = step(BUILT, tracking(position, velocity, axis), BUILT.end_s + 0.1 + 0.1 * k, memory)
        assert code == 0
    assert np.isnan(memory.margin).all()


def test_the_impact_point_is_kept_for_the_record():
    _, position, velocity, axis = (each[2000] for each in ascent())
    memory = new_memory()
    step(BUILT, tracking(position, velocity, axis), 40.0, memory)
    *point, fall_s, _ = impact_ecef(tuple(position), tuple(velocity), EARTH)
    assert memory.state[IMPACT_FOUND] == 1.0
    assert_allclose(memory.state[IMPACT_POINT_M : IMPACT_POINT_M + 3], point, atol=1e-6)
    assert memory.state[IMPACT_IN_S] == pytest.approx(fall_s)


def test_without_an_impact_point_its_corridor_has_no_margin():
    _, position, velocity, axis = (each[2000] for each in ascent())
    memory = new_memory()
    step(BUILT, tracking(position, 50.0 * velocity, axis), 40.0, memory)
    assert memory.state[IMPACT_FOUND] == 0.0
    assert math.isnan(memory.margin[IMPACT_CORRIDOR - 1])
    assert math.isfinite(memory.margin[PROTECTED_PLACES - 1])


# A track of 10 km along x, its half-width growing from 1 to 2 km, beside a column of no matter.
TRACK = np.array(
    [[7.0, 0.0, 0.0, 0.0, 1e3], [7.0, 4e3, 0.0, 0.0, 1.4e3], [7.0, 10e3, 0.0, 0.0, 2e3]]
)


@pytest.mark.parametrize(
    ("point", "first", "last", "depth_m"),
    [
        ((0.0, 0.0, 0.0), 0, 2, 1000.0),
        ((5e3, 0.0, 0.0), 0, 2, 1500.0),
        ((5e3, 900.0, 1200.0), 0, 2, 0.0),
        ((-300.0, 400.0, 0.0), 0, 2, 500.0),
        ((12.5e3, 0.0, 0.0), 0, 2, -500.0),
        ((0.0, 0.0, 0.0), 1, 2, -2600.0),
        ((10e3, 0.0, 0.0), 0, 1, -4600.0),
    ],
    ids=["start", "middle", "edge", "behind", "beyond", "rear end moved on", "ahead of the front"],
)
def test_depth_in_a_straight_corridor(point, first, last, depth_m):
    assert corridor_margin_m(TRACK, 1, first, last, point) == pytest.approx(depth_m, abs=1e-6)


def test_depth_where_the_track_stands_still():
    still = TRACK * [0.0, 0.0, 0.0, 0.0, 1.0]
    assert corridor_margin_m(still, 1, 0, 1, (0.0, 600.0, 0.0)) == pytest.approx(400.0)
