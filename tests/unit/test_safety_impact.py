"""Vacuum impact point against published-method vectors, an integration and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from downrange.earth.build import build_earth
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic, ecef_from_ned
from downrange.safety.kernel.impact import above_ellipsoid, impact_ecef, impact_point

EARTH = build_earth()
METRE = 1.0
SECOND = 1.0

# (latitude deg, longitude deg, altitude m), velocity north-east-down, impact lat, lon, time:
# 14 CFR 420 appendix B's iteration, three independent codes and an integration agreeing.
VECTORS = [
    ((28.5, -80.6, 50e3), (0.0, 1500.0, -800.0), (28.436123, -77.182873, 226.090)),
    ((26.1, -96.7, 65e3), (50.0, 1600.0, -600.0), (26.137903, -93.452253, 204.894)),
    ((25.0, -85.0, 140e3), (-200.0, 7000.0, -50.0), (17.693261, -44.286591, 616.564)),
]
STATES = {
    "on the pad": ((69.1, 15.6, 12.0), (0.0, 0.0, 0.0)),
    "creeping off the pad": ((69.1, 15.6, 30.0), (0.0, 1e-3, -5.0)),
    "straight up": ((69.1, 15.6, 1500.0), (0.0, 0.0, -100.0)),
    "diving": ((69.1, 15.6, 1500.0), (30.0, 10.0, 100.0)),
    "burn-out": ((69.8, 15.2, 60e3), (1900.0, -500.0, -900.0)),
    "westward": ((-5.0, 120.0, 100e3), (0.0, -5000.0, -500.0)),
    "over the pole": ((89.99, 0.0, 80e3), (3000.0, 0.0, -500.0)),
    "across the date line": ((-30.0, 179.9, 50e3), (0.0, 2000.0, -300.0)),
    "down from apogee": ((40.0, 0.0, 900e3), (0.0, 100.0, 0.0)),
    "skimming the ground": ((16.0, 0.0, 1.0), (-1104.0, 0.0, 0.0)),
    "nearly in orbit": ((69.0, 10.0, 190e3), (7500.0, 0.0, 0.0)),
}


def state(place: tuple[float, ...], ned: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Earth-fixed position and velocity."""
    latitude, longitude = math.radians(place[0]), math.radians(place[1])
    return (
        ecef_from_geodetic(latitude, longitude, place[2], EARTH),
        ecef_from_ned(ned, latitude, longitude),
    )


def integrated(
    r: tuple[float, ...], v: tuple[float, ...], earth: Earth
) -> tuple[np.ndarray, float]:
    """Impact point and time by integrating inverse-square gravity in the turning frame."""
    spin = earth.rotation_radps
    shape = np.array([1.0, 1.0, 1.0 / (1.0 - earth.flattening)]) / earth.equatorial_radius_m

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        x, vel = y[:3], y[3:]
        acceleration = -earth.mu_m3ps2 * x / np.linalg.norm(x) ** 3
        acceleration += np.array([2 * spin * vel[1], -2 * spin * vel[0], 0.0])
        acceleration += spin**2 * np.array([x[0], x[1], 0.0])
        return np.concatenate([vel, acceleration])

    def height(_: float, y: np.ndarray) -> float:
        return float(np.linalg.norm(y[:3] * shape) - 1.0)

    height.terminal, height.direction = True, -1.0
    run = solve_ivp(rates, (0.0, 4000.0), [*r, *v], method="DOP853", rtol=1e-11, atol=1e-6,
                    events=height)  # fmt: skip
    return run.y_events[0][0][:3], float(run.t_events[0][0])


@pytest.mark.parametrize(("place", "ned", "expected"), VECTORS)
def test_impact_point_matches_the_vectors_of_part_420(place, ned, expected):
    latitude, longitude, time, found = impact_point(*state(place, ned), EARTH)
    assert found == 1
    # The vectors are printed to 1e-6 deg (0.1 m) and 1 ms.
    assert math.degrees(latitude) == pytest.approx(expected[0], abs=2e-6)
    assert math.degrees(longitude) == pytest.approx(expected[1], abs=2e-6)
    assert time == pytest.approx(expected[2], abs=1e-3 * SECOND)


@pytest.mark.parametrize("name", STATES)
def test_impact_matches_an_integration(name):
    r, v = state(*STATES[name])
    point, time = integrated(r, v, EARTH)
    *got, got_time, found = impact_ecef(r, v, EARTH)
    assert found == 1
    assert_allclose(got, point, rtol=0.0, atol=0.01 * METRE)
    assert got_time == pytest.approx(time, abs=1e-4 * SECOND)


def test_range_on_a_still_sphere_is_that_of_the_ballistic_formula():
    # Bate, Mueller, White 1971, sec. 6.2: tan(range/2) = L sin g cos g / (1 - L cos^2 g)
    # between points of one radius, L = v^2 r / mu.
    radius = 6371e3
    earth = EARTH._replace(equatorial_radius_m=radius, flattening=0.0, rotation_radps=0.0)
    speed, climb = 4000.0, math.radians(35.0)
    ratio = speed**2 * radius / earth.mu_m3ps2
    half = math.atan(ratio * math.sin(climb) * math.cos(climb) / (1 - ratio * math.cos(climb) ** 2))
    start = (radius + 1e-6, 0.0, 0.0)
    velocity = (speed * math.sin(climb), speed * math.cos(climb), 0.0)
    latitude, longitude, _, found = impact_point(start, velocity, earth)
    assert found == 1
    assert latitude == pytest.approx(0.0, abs=1e-12)
    assert longitude == pytest.approx(2.0 * half, abs=0.1 * METRE / radius)


@pytest.mark.parametrize(
    "ned",
    [(0.0, 7800.0, 0.0), (7700.0, 2000.0, -100.0), (0.0, 12e3, -3e3), (0.0, 0.0, -12e3)],
    ids=["orbit", "inclined orbit", "escape", "straight out"],
)
def test_no_impact_point_when_the_orbit_misses_the_earth(ned):
    *point, _, found = impact_ecef(*state((20.0, 50.0, 300e3), ned), EARTH)
    assert found == 0
    assert np.isnan(point).all()


def test_a_point_on_the_ground_is_its_own_impact_point():
    r, v = state((69.1, 15.6, -3.0), (0.0, 0.0, -50.0))
    assert impact_ecef(r, v, EARTH) == (*r, 0.0, 1)


@pytest.mark.parametrize("latitude_deg", [0.0, 30.0, 69.1, -45.0, 90.0])
def test_the_ellipsoid_is_where_altitude_is_0(latitude_deg):
    place = math.radians(latitude_deg), 1.0
    assert abs(above_ellipsoid(ecef_from_geodetic(*place, 0.0, EARTH), EARTH)) < 1e-15
    height = above_ellipsoid(ecef_from_geodetic(*place, 100.0, EARTH), EARTH)
    assert height == pytest.approx(2.0 * 100.0 / 6371e3, rel=0.005)
