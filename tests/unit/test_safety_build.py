"""Rules built from a plan, against plane geometry and falls in a vacuum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from safety_case import EARTH, ascent, ned_ecef, rules, site, spec

from downrange.earth.kernel.geodesy import geodetic
from downrange.errors import InputError
from downrange.safety.build import RULE_NAMES, build_rules, new_memory
from downrange.safety.kernel import rules as kernel
from downrange.safety.kernel.impact import impact_ecef

GRAVITY_MPS2 = 9.82  # at 60 degrees north
DELAY_S = 0.1 + 0.2 + 0.3  # period, persistence and latency of the case
# Along a parallel at 60 degrees: prime vertical radius 6394.209 km, half of it, times 0.09 deg.
VILLAGE_M = 5022.0


def fall_s(row_s: float) -> float:
    """Time of fall from the made-up ascent while it goes straight up."""
    height, speed = 2.5 * row_s**2, 5.0 * row_s
    return (speed + math.sqrt(speed**2 + 2.0 * GRAVITY_MPS2 * height)) / GRAVITY_MPS2


def test_half_width_is_what_is_left_beside_the_village():
    built = rules()
    # At release the impact point is the pad and stands still.
    assert built.impact_half_width_m[0] == pytest.approx(VILLAGE_M - 500.0 - 1000.0, abs=10.0)


def test_travel_is_what_thrust_in_the_worst_direction_does_before_it_has_ended():
    # Row 3 is at 6 s: still straight up, 14.8 m/s^2 of thrust.
    assert rules().travel_m[3] == pytest.approx(14.82 * fall_s(6.0) * DELAY_S, rel=0.03)


def test_attitude_time_is_what_thrust_needs_to_cross_its_share():
    built = rules(attitude={"drift": 0.1, "longest": "60 s"})
    across = 14.82 * fall_s(6.0) * math.sin(math.radians(45.0))
    expected = 0.1 * (built.impact_half_width_m[3] - built.travel_m[3]) / across - 0.3
    assert built.attitude_time_s[3] == pytest.approx(expected, rel=0.03)


def test_green_time_is_what_thrust_needs_to_reach_the_village():
    built = rules(data_loss={"longest": "1000 s"})
    expected = (VILLAGE_M - 1500.0) / (14.82 * fall_s(6.0)) - 0.3
    assert built.green_time_s[3] == pytest.approx(expected, rel=0.03)


def test_times_keep_their_bounds():
    built = rules()
    assert built.attitude_time_s.min() >= 0.5
    assert built.attitude_time_s.max() <= 4.0
    assert built.green_time_s.min() >= 0.0
    assert built.green_time_s.max() <= 20.0


def test_every_disc_of_the_corridor_keeps_clear_of_the_village():
    built = rules()
    for track, width in (
        (built.impact_track_m, built.impact_half_width_m),
        (built.position_track_m, built.position_half_width_m),
    ):
        away = np.linalg.norm(track - built.protected_ecef_m[0], axis=1)
        assert (away - width >= 500.0 + 1000.0).all()


def test_corridor_is_widest_with_nobody_near():
    empty = build_rules(spec(), site(protect=[]), *ascent(), EARTH)
    for built in (rules(), empty):
        assert (built.impact_half_width_m <= 20e3 + built.travel_m).all()
    assert_allclose(empty.impact_half_width_m - empty.travel_m, 20e3)
    assert (empty.green_time_s == 20.0).all()
    assert empty.protected_ecef_m.shape == (0, 3)


def test_track_goes_on_straight_beyond_the_plan():
    built = rules()
    rows = len(built.green_time_s)
    assert (rows - 1) * built.step_s >= built.end_s == pytest.approx(60.0 * 1.3)
    steps = np.diff(built.position_track_m, axis=0)[30:]
    assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=2.0)
    assert_allclose(built.axis_ecef[30:], np.broadcast_to(built.axis_ecef[-1], (rows - 30, 3)))


def test_a_long_plan_has_no_more_rows_than_the_search_can_afford():
    built = build_rules(spec(), site(protect=[]), *ascent(seconds=1000.0), EARTH)
    assert len(built.green_time_s) <= 402


def test_a_plan_too_near_a_place_is_refused_by_name():
    near = [{"name": "hamlet", "latitude": "60.02 deg", "longitude": "10 deg", "radius": "300 m"}]
    with pytest.raises(InputError) as caught:
        build_rules(spec(), site(protect=near), *ascent(), EARTH)
    (problem,) = caught.value.problems
    assert problem.path == "safety.corridor.narrowest"
    assert "hamlet" in problem.message


def test_an_orbit_ends_the_impact_track():
    time, position, faster, axis = to_orbit()
    built = build_rules(spec(), site(protect=[]), time, position, faster, axis, EARTH)
    assert np.isfinite(built.impact_track_m).all()
    assert np.isfinite(built.travel_m).all()
    last = tuple(position[-1]), tuple(faster[-1])
    assert impact_ecef(*last, EARTH)[4] == 0


def to_orbit() -> tuple[np.ndarray, ...]:
    """The made-up ascent pushed north by 250 m/s^2 from 20 s on: an orbit before its end."""
    time, position, velocity, axis = ascent()
    push = np.outer(np.clip(time - 20.0, 0.0, None) * 250.0, ned_ecef(1.0, 0.0, 0.0))
    return time, position, velocity + push, axis


def test_the_gate_is_where_the_impact_point_outruns_the_rules():
    """Half of 20 km in 0.6 s; of 40 km, a later gate."""
    built = build_rules(spec(), site(protect=[]), *to_orbit(), EARTH)
    gate = round(built.end_s / built.step_s)
    assert built.travel_m[gate] <= 10e3 < built.travel_m[gate + 1]
    assert 20.0 <= built.end_s < 60.0
    wider = build_rules(spec(corridor={"widest": "40 km"}), site(protect=[]), *to_orbit(), EARTH)
    gate = round(wider.end_s / wider.step_s)
    assert wider.travel_m[gate] <= 20e3 < wider.travel_m[gate + 1]
    assert wider.end_s > built.end_s
    # Its corridor reaches as far ahead as rules look.
    rows = len(built.green_time_s)
    assert (rows - 1) * built.step_s >= built.end_s * 1.3


def test_places_beyond_the_gate_are_not_the_rules_business():
    open_sea = build_rules(spec(), site(protect=[]), *to_orbit(), EARTH)
    gate = round(open_sea.end_s / open_sea.step_s)
    latitude, longitude, _ = geodetic(tuple(open_sea.impact_track_m[gate + 2]), EARTH)
    far = {"latitude": f"{math.degrees(latitude)} deg", "radius": "500 m",
           "longitude": f"{math.degrees(longitude)} deg", "name": "far shore"}  # fmt: skip
    built = build_rules(spec(), site(protect=[far]), *to_orbit(), EARTH)
    assert built.end_s == open_sea.end_s
    assert built.impact_half_width_m[gate + 2] == 0.0


def test_numbers_are_of_the_types_that_the_kernel_was_compiled_for():
    for name, number in rules()._asdict().items():
        if isinstance(number, np.ndarray):
            assert number.dtype == np.float64, name
            assert number.flags.c_contiguous, name
        elif name not in ("pad_ecef_m", "earth"):
            assert type(number) is float, name
    assert rules().track.shape[1] == kernel.TRACK_COLUMNS
    assert new_memory().rules.shape == (kernel.RULES, kernel.MEMORY_COLUMNS)


def test_the_planned_tracks_and_nose_are_read_from_their_columns():
    built = rules()
    _, position, _, axis = ascent()
    pad = position[0]
    assert_allclose(built.impact_track_m[0], pad, atol=1.0)
    assert_allclose(built.position_track_m[0], pad, atol=1.0)
    assert_allclose(built.axis_ecef[0], axis[0], atol=1e-12)
    assert built.protected_distance_m[0] == 1500.0
    assert np.shares_memory(built.travel_m, built.track)


def test_every_rule_has_a_name_and_a_row_in_the_memory():
    assert len(RULE_NAMES) == kernel.RULES == len(new_memory().margin)
    assert np.isnan(new_memory().margin).all()
    assert RULE_NAMES[kernel.ATTITUDE - 1] == ("attitude", "rad")
    assert RULE_NAMES[kernel.DATA_LOSS - 1] == ("data_loss", "s")
