"""What must hold of the flight software whatever it is told."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downrange.earth.build import build_earth
from downrange.earth.kernel.frames import quat_normalise
from downrange.gnc.filters import low_pass, notch
from downrange.gnc.kernel.guidance import limited
from downrange.gnc.kernel.navigation import turned
from downrange.gnc.kernel.words import between, place
from downrange.gnc.plan import Orbit, launch_azimuth

TICK_S = 0.02
EARTH = build_earth()
rates = st.floats(-20.0, 20.0)
parts = st.floats(-1.0, 1.0)


@given(q=st.tuples(parts, parts, parts, parts), rate=st.tuples(rates, rates, rates))
def test_turning_there_and_back_is_no_turn(
    q: tuple[float, float, float, float], rate: tuple[float, float, float]
) -> None:
    if sum(x * x for x in q) < 0.01:
        q = (1.0, 0.0, 0.0, 0.0)
    start = quat_normalise(q)
    half_way, there = turned(start, rate, TICK_S)
    _, back = turned(there, tuple(-x for x in rate), TICK_S)
    np.testing.assert_allclose(back, start, atol=1e-12)
    _, two_halves = turned(half_way, rate, 0.5 * TICK_S)
    np.testing.assert_allclose(two_halves, there, atol=1e-12)
    assert math.isclose(math.fsum(x * x for x in there), 1.0, abs_tol=1e-12)


@given(frequency=st.floats(0.5, 200.0), depth=st.floats(0.0, 1.0), width=st.floats(0.01, 2.0))
def test_filters_are_stable_and_leave_slow_signals_alone(
    frequency: float, depth: float, width: float
) -> None:
    for section in (notch(frequency, depth, width, TICK_S), low_pass(frequency, TICK_S)):
        assert np.abs(np.roots([1.0, *section[3:]])).max(initial=0.0) < 1.0
        assert math.isclose(section[:3].sum() / (1.0 + section[3:].sum()), 1.0, rel_tol=1e-6)


@given(
    grid=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20, unique=True),
    value=st.floats(-2e3, 2e3),
)
def test_a_place_in_a_table_interpolates_as_numpy_does(grid: list[float], value: float) -> None:
    table = np.stack((np.sort(grid), np.cos(np.arange(len(grid)))), axis=1)
    i, f = place(table, value)
    expected = np.interp(value, table[:, 0], table[:, 1])
    np.testing.assert_allclose(between(table, i, f, 1), expected, atol=1e-9)


@given(old=st.floats(-10, 10), new=st.floats(-10, 10), step=st.floats(0.0, 5.0))
def test_a_limited_change_is_never_past_its_aim_or_its_limit(
    old: float, new: float, step: float
) -> None:
    given_ = limited(old, new, step)
    assert abs(given_ - old) <= step + 1e-12
    assert min(old, new) - 1e-12 <= given_ <= max(old, new) + 1e-12


@given(latitude=st.floats(-1.2, 1.2), inclination=st.floats(0.0, math.pi), northbound=st.booleans())
def test_an_azimuth_gives_its_inclination(
    latitude: float, inclination: float, northbound: bool
) -> None:
    """With the site's own speed, the velocity is in the plane wanted: v_e = v cos i / cos lat."""
    earth, speed = EARTH, 7800.0
    orbit = Orbit(2e5, 2e5, inclination, northbound)
    azimuth = launch_azimuth(latitude, orbit, speed, earth)
    reach = abs(math.cos(inclination)) <= math.cos(latitude)
    assert math.isnan(azimuth) is not reach
    if not reach:
        return
    site = earth.rotation_radps * earth.equatorial_radius_m * math.cos(latitude)
    east = speed * math.cos(inclination) / math.cos(latitude) - site
    north = math.sqrt(max(0.0, speed**2 - (east + site) ** 2)) * (1.0 if northbound else -1.0)
    relative = math.hypot(east, north)
    assert math.isclose(relative * math.sin(azimuth), east, abs_tol=1e-6 * speed)
    assert math.isclose(relative * math.cos(azimuth), north, abs_tol=1e-6 * speed)
