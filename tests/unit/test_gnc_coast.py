"""The coast to the apogee in the field of the real Earth, as the plan foresees it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flight_case import ready
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from downrange.earth.build import build_earth
from downrange.gnc.kernel.ascent import coast_apogee_m

EARTH = build_earth()
# WGS-84 and EGM2008.
MU, J2, RADIUS_M = 3.986004418e14, 1.08262982e-3, 6378137.0
STEP_S = 20.0


def rates(_: float, y: np.ndarray) -> np.ndarray:
    """Point mass and J2, from the gradient of the potential."""
    r = y[:3]
    d = np.linalg.norm(r)
    k = 1.5 * J2 * MU * RADIUS_M**2 / d**5
    z2 = 5.0 * r[2] ** 2 / d**2
    pull = -MU * r / d**3 + k * np.array([r[0] * (z2 - 1), r[1] * (z2 - 1), r[2] * (z2 - 3)])
    return np.concatenate((y[3:], pull))


def highest_m(r: np.ndarray, v: np.ndarray, within_s: float = 6000.0) -> float:
    flown = solve_ivp(rates, (0.0, within_s), [*r, *v], "DOP853", rtol=1e-12, atol=1e-4,
                      dense_output=True)  # fmt: skip
    grid = np.linspace(0.0, within_s, 3001)
    radius = np.linalg.norm(flown.sol(grid)[:3], axis=0)
    peak = next(
        k for k in range(1, 3000) if radius[k] >= radius[k - 1] and radius[k] > radius[k + 1]
    )
    found = minimize_scalar(
        lambda t: -np.linalg.norm(flown.sol(t)[:3]), bounds=(grid[peak - 1], grid[peak + 1]),
        method="bounded", options={"xatol": 1e-4},
    )  # fmt: skip
    return float(-found.fun)


def start(latitude_deg: float, inclination_deg: float, apogee_m: float):
    """At a perigee of 200 km, north or south as the inclination has it."""
    lat, low = math.radians(latitude_deg), RADIUS_M + 200e3
    up = np.array([math.cos(lat), 0.0, math.sin(lat)])
    east, north = np.array([0.0, 1.0, 0.0]), np.array([-math.sin(lat), 0.0, math.cos(lat)])
    sine = math.cos(math.radians(inclination_deg)) / math.cos(lat)
    along = sine * east + math.sqrt(1.0 - sine * sine) * north
    high = RADIUS_M + apogee_m
    return low * up, math.sqrt(2.0 * MU * high / (low * (low + high))) * along


@pytest.mark.parametrize("latitude", [0.0, 30.0, 79.6])
@pytest.mark.parametrize("apogee_m", [400e3, 507e3, 1500e3])
@pytest.mark.parametrize("inclination", [90.0, 95.0, 97.6])
def test_the_apogee_is_that_of_another_integrator(
    latitude: float, apogee_m: float, inclination: float
) -> None:
    r, v = start(latitude, inclination, apogee_m)
    found = coast_apogee_m(tuple(r), tuple(v), STEP_S, EARTH)
    assert found == pytest.approx(highest_m(r, v), abs=1.0)


def test_j2_moves_it_by_kilometres() -> None:
    """Why it is worth flying: from near the pole the conic is off by more than five."""
    r, v = start(79.6, 95.0, 507e3)
    found = coast_apogee_m(tuple(r), tuple(v), STEP_S, EARTH)
    assert abs(found - (RADIUS_M + 507e3)) > 5e3
    round_earth = EARTH._replace(j2=0.0)
    conic = coast_apogee_m(tuple(r), tuple(v), STEP_S, round_earth)
    assert conic == pytest.approx(RADIUS_M + 507e3, abs=1.0)


def test_an_escape_has_no_apogee() -> None:
    r, v = start(0.0, 90.0, 500e3)
    assert math.isnan(coast_apogee_m(tuple(r), tuple(1.5 * v), STEP_S, EARTH))


def test_the_planned_insertion_leads_to_the_targets_apogee_and_its_margin() -> None:
    """Of the catalogue's mission: from the insertion as planned, at the planned speed, level."""
    prepared = ready(planned=True)
    spec, ascent = prepared.mission.spec, prepared.planned.ascent
    row = ascent.insertion_row
    place = ascent.position_ecef_m[row]
    spin = np.array([0.0, 0.0, 7.292115e-5])
    velocity = ascent.velocity_ecef_mps[row] + np.cross(spin, place)
    up = place / np.linalg.norm(place)
    level = velocity - up * (up @ velocity)
    level /= np.linalg.norm(level)
    reached = highest_m(up * ascent.insertion_radius_m, level * ascent.insertion_speed_mps)
    margin_m = spec.guidance.apogee_margin.si
    assert margin_m == 7000.0
    assert reached - RADIUS_M == pytest.approx(spec.target.apogee.si + margin_m, abs=5.0)
    for plan in prepared.planned.plans:
        assert plan.space.speed_mps == ascent.insertion_speed_mps
        assert plan.space.radius_m == ascent.insertion_radius_m
    assert ascent.insertion_radius_m - RADIUS_M == pytest.approx(200e3)
