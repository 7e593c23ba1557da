"""What must hold of every vacuum impact point."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from downrange.earth.build import build_earth
from downrange.earth.kernel.geodesy import ecef_from_geodetic, ecef_from_ned, geodetic
from downrange.safety.kernel.impact import impact_ecef, impact_point

EARTH = build_earth()
METRE = 1.0

latitudes = st.floats(-89.9, 89.9)
altitudes = st.floats(1.0, 300e3)
velocities = st.tuples(st.floats(-4e3, 4e3), st.floats(-4e3, 4e3), st.floats(-3e3, 3e3))


def fallen(r: tuple[float, ...], v: tuple[float, ...], seconds: float) -> np.ndarray:
    """Position and velocity after a fall in a vacuum, integrated in the turning frame."""
    spin = EARTH.rotation_radps

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        pull = -EARTH.mu_m3ps2 / np.linalg.norm(y[:3]) ** 3
        turning = np.array([2 * spin * y[4] + spin**2 * y[0], spin**2 * y[1] - 2 * spin * y[3], 0])
        return np.concatenate([y[3:], pull * y[:3] + turning])

    return solve_ivp(rates, (0.0, seconds), [*r, *v], method="DOP853", rtol=1e-11, atol=1e-6).y[
        :, -1
    ]


@settings(max_examples=30, deadline=None)
@given(latitudes, altitudes, velocities, st.floats(0.05, 0.95))
def test_the_impact_point_stays_while_the_vehicle_falls(latitude_deg, altitude, ned, share):
    place = math.radians(latitude_deg), 0.3
    r, v = ecef_from_geodetic(*place, altitude, EARTH), ecef_from_ned(ned, *place)
    *point, time, found = impact_ecef(r, v, EARTH)
    assume(found and time > 0.1)
    later = fallen(r, v, share * time)
    *again, left, found = impact_ecef(tuple(later[:3]), tuple(later[3:]), EARTH)
    assert found
    assert_allclose(again, point, rtol=0.0, atol=0.05 * METRE)
    assert_allclose(left, (1.0 - share) * time, atol=1e-3)


@settings(deadline=None)
@given(latitudes, altitudes, velocities)
def test_the_impact_point_lies_on_the_ellipsoid_and_has_its_latitude(latitude_deg, altitude, ned):
    place = math.radians(latitude_deg), -2.0
    r, v = ecef_from_geodetic(*place, altitude, EARTH), ecef_from_ned(ned, *place)
    *point, _, found = impact_ecef(r, v, EARTH)
    assume(found)
    latitude, longitude, height = geodetic(tuple(point), EARTH)
    assert abs(height) < 1e-3 * METRE
    got = impact_point(r, v, EARTH)
    assert_allclose(got[:2], (latitude, longitude), atol=1e-10)


@settings(deadline=None)
@given(latitudes, st.floats(-math.pi, math.pi), altitudes, velocities)
def test_the_impact_point_turns_with_the_longitude(latitude_deg, turn, altitude, ned):
    latitude = math.radians(latitude_deg)
    results = []
    for longitude in (0.0, turn):
        r = ecef_from_geodetic(latitude, longitude, altitude, EARTH)
        results.append(impact_point(r, ecef_from_ned(ned, latitude, longitude), EARTH))
    assume(results[0][3])
    assert_allclose(results[1][0], results[0][0], atol=1e-9)
    between = (results[1][1] - results[0][1] - turn + math.pi) % (2 * math.pi) - math.pi
    assert abs(between) * math.cos(results[0][0]) < 1e-9
