"""Conic orbits against textbook examples, numerical integration and their own definition.

Examples: Vallado, Fundamentals of Astrodynamics and Applications, 4th ed., 2-4 and 2-5; Curtis,
Orbital Mechanics for Engineering Students, 3.7 and 4.3. The figures are as other programs' tests
quote the books, not read from the books themselves. Solved apart from this program in 40 digits
(universal Kepler equation; elements by their vector definitions), every one agrees to its last
digit as far as rounded inputs let it; the further digits asked for below are from that solution.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from downrange.earth.kernel.orbit import elements, kepler

MU = 3.986004418e14  # Vallado's
CURTIS_MU = 3.986e14
DEG = math.pi / 180.0


def km(*numbers: float) -> tuple[float, float, float]:
    x, y, z = (1000.0 * number for number in numbers)
    return x, y, z


def flown(r: tuple[float, ...], v: tuple[float, ...], dt: float) -> NDArray[np.float64]:
    """State after a numerical integration of the two-body problem."""

    def rates(_: float, y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([y[3:], -MU * y[:3] / np.linalg.norm(y[:3]) ** 3])

    start = np.concatenate([r, v])
    done = solve_ivp(rates, (0.0, dt), start, method="DOP853", rtol=1e-13, atol=1e-6)
    return np.asarray(done.y[:, -1])


def test_vallado_example_2_4_propagates_forty_minutes() -> None:
    r, v = kepler(km(1131.340, -2282.343, 6672.423), km(-5.64305, 4.30333, 2.42879), 2400.0, MU)
    assert r == pytest.approx(km(-4219.7527, 4363.0292, -3958.7666), abs=0.06)
    assert v == pytest.approx(km(3.689866, -1.916735, -6.112511), abs=0.0006)


def test_curtis_example_3_7_propagates_an_hour_on_an_ellipse() -> None:
    r, v = kepler(km(7000.0, -12124.0, 0.0), km(2.6679, 4.6210, 0.0), 3600.0, CURTIS_MU)
    assert r == pytest.approx(km(-3297.8, 7413.4, 0.0), abs=60.0)
    assert v == pytest.approx(km(-8.2976, -0.96404, 0.0), abs=0.06)


def test_vallado_example_2_5_elements() -> None:
    orbit = elements(km(6524.834, 6862.875, 6448.296), km(4.901327, 5.533756, -1.976341), MU)
    assert 0.5 * (orbit.perigee_radius_m + orbit.apogee_radius_m) == pytest.approx(
        36127343.0, abs=50.0
    )
    assert orbit.eccentricity == pytest.approx(0.832853, abs=1e-6)
    assert orbit.inclination_rad == pytest.approx(87.870 * DEG, abs=1e-3 * DEG)
    assert orbit.raan_rad == pytest.approx(227.898 * DEG, abs=1e-3 * DEG)
    assert orbit.argument_of_perigee_rad == pytest.approx(53.38 * DEG, abs=6e-3 * DEG)
    assert orbit.true_anomaly_rad == pytest.approx(92.335 * DEG, abs=1e-3 * DEG)


def test_curtis_example_4_3_elements_of_a_retrograde_orbit() -> None:
    orbit = elements(km(-6045.0, -3490.0, 2500.0), km(-3.457, 6.618, 2.533), CURTIS_MU)
    assert orbit.eccentricity == pytest.approx(0.1712, abs=6e-5)
    assert orbit.inclination_rad == pytest.approx(153.2 * DEG, abs=0.06 * DEG)
    assert orbit.raan_rad == pytest.approx(255.3 * DEG, abs=0.06 * DEG)
    assert orbit.argument_of_perigee_rad == pytest.approx(20.07 * DEG, abs=6e-3 * DEG)
    assert orbit.true_anomaly_rad == pytest.approx(28.45 * DEG, abs=6e-3 * DEG)


def test_the_examples_to_the_millimetre() -> None:
    """The same states in 40 digits, of which these are some."""
    r, v = kepler(km(1131.340, -2282.343, 6672.423), km(-5.64305, 4.30333, 2.42879), 2400.0, MU)
    assert r == pytest.approx(km(-4219.752737796, 4363.029177181, -3958.766616603), abs=1e-3)
    assert v == pytest.approx(km(3.689866025053, -1.916734777087, -6.112511100001), abs=1e-6)
    r, v = kepler(km(7000.0, -12124.0, 0.0), km(2.6679, 4.6210, 0.0), 3600.0, CURTIS_MU)
    assert r == pytest.approx(km(-3297.768625199, 7413.396645787, 0.0), abs=1e-3)
    assert v == pytest.approx(km(-8.297603024267, -0.964044944674, 0.0), abs=1e-6)
    orbit = elements(km(6524.834, 6862.875, 6448.296), km(4.901327, 5.533756, -1.976341), MU)
    axis = 0.5 * (orbit.perigee_radius_m + orbit.apogee_radius_m)
    assert axis == pytest.approx(36127337.619679, abs=1e-2)
    assert orbit.eccentricity == pytest.approx(0.8328533984875, abs=1e-12)
    angles = np.array([orbit.inclination_rad, orbit.raan_rad, orbit.argument_of_perigee_rad,
                       orbit.true_anomaly_rad]) / DEG  # fmt: skip
    expected = [87.86912617703, 227.89826035727, 53.38493061846, 92.33515676214]
    np.testing.assert_allclose(angles, expected, atol=1e-9)
    orbit = elements(km(-6045.0, -3490.0, 2500.0), km(-3.457, 6.618, 2.533), CURTIS_MU)
    assert orbit.perigee_radius_m == pytest.approx(7283464.73296, abs=1e-2)
    assert orbit.eccentricity == pytest.approx(0.1712123462845, abs=1e-12)
    angles = np.array([orbit.inclination_rad, orbit.raan_rad, orbit.argument_of_perigee_rad,
                       orbit.true_anomaly_rad]) / DEG  # fmt: skip
    expected = [153.24922851825, 255.27928533440, 20.06831665058, 28.44562830661]
    np.testing.assert_allclose(angles, expected, atol=1e-9)


SPEEDS = (5000.0, 7726.0, 10900.0, 10920.6, 11500.0, 15000.0)
TIMES = (0.1, 5.0, 700.0, 9000.0, -700.0)


# The slowest would pass the centre of the Earth closely within 9000 s.
@pytest.mark.parametrize(
    ("speed", "dt"), [(v, t) for v in SPEEDS for t in TIMES if v > SPEEDS[0] or t < 9000.0]
)
def test_free_flight_agrees_with_numerical_integration(speed: float, dt: float) -> None:
    """Suborbital, circular, long ellipse, nearly parabolic (10,920.6 m/s) and hyperbolic."""
    r, v = (6.0e6, 2.8e6, 5e5), (-0.3 * speed, 0.9 * speed, 0.1 * speed)
    end = flown(r, v, dt)
    position, velocity = kepler(r, v, dt, MU)
    assert position == pytest.approx(end[:3], abs=1e-10 * float(np.abs(end[:3]).max()) + 1e-3)
    assert velocity == pytest.approx(end[3:], abs=1e-6)


def test_no_time_changes_nothing_and_a_period_closes_the_orbit() -> None:
    r, v = (7e6, 0.0, 0.0), (0.0, 7000.0, 3000.0)
    assert kepler(r, v, 0.0, MU) == (r, v)
    axis = 1.0 / (2.0 / 7e6 - 58e6 / MU)
    position, velocity = kepler(r, v, 2.0 * math.pi * math.sqrt(axis**3 / MU), MU)
    assert position == pytest.approx(r, abs=1e-5)
    assert velocity == pytest.approx(v, abs=1e-8)


def test_a_missing_number_gives_no_number() -> None:
    position, velocity = kepler((math.nan, 0.0, 0.0), (0.0, 7e3, 0.0), 60.0, MU)
    assert all(math.isnan(x) for x in (*position, *velocity))
    assert math.isnan(elements((7e6, 0.0, 0.0), (math.nan, 7e3, 0.0), MU).perigee_radius_m)


def turned(angles: tuple[float, float, float], x: float, y: float) -> tuple[float, float, float]:
    """Point of the orbit's plane in inertial axes: R3(-node) R1(-inclination) R3(-argument)."""
    node, tilt, argument = angles
    along = x * math.cos(argument) - y * math.sin(argument)
    across = x * math.sin(argument) + y * math.cos(argument)
    level = across * math.cos(tilt)
    return (
        along * math.cos(node) - level * math.sin(node),
        along * math.sin(node) + level * math.cos(node),
        across * math.sin(tilt),
    )


@given(
    perigee=st.floats(6.4e6, 5e7),
    eccentricity=st.floats(2e-3, 3.0).filter(lambda e: abs(e - 1.0) > 1e-3),
    node=st.floats(0.0, 2.0 * math.pi),
    tilt=st.floats(1e-3, math.pi - 1e-3),
    argument=st.floats(0.0, 2.0 * math.pi),
    part=st.floats(-0.95, 0.95),
)
def test_elements_of_a_state_made_of_elements(
    perigee: float, eccentricity: float, node: float, tilt: float, argument: float, part: float
) -> None:
    widest = math.pi if eccentricity < 1.0 else math.acos(-1.0 / eccentricity)
    anomaly = part * widest
    parameter = perigee * (1.0 + eccentricity)
    radius = parameter / (1.0 + eccentricity * math.cos(anomaly))
    speed = math.sqrt(MU / parameter)
    angles = (node, tilt, argument)
    r = turned(angles, radius * math.cos(anomaly), radius * math.sin(anomaly))
    v = turned(angles, -speed * math.sin(anomaly), speed * (eccentricity + math.cos(anomaly)))
    orbit = elements(r, v, MU)
    assert orbit.perigee_radius_m == pytest.approx(perigee, rel=1e-10)
    if eccentricity < 1.0:
        apogee = perigee * (1.0 + eccentricity) / (1.0 - eccentricity)
        assert orbit.apogee_radius_m == pytest.approx(apogee, rel=1e-9)
    else:
        assert orbit.apogee_radius_m == math.inf
    assert orbit.inclination_rad == pytest.approx(tilt, abs=1e-9)
    for got, want in (
        (orbit.raan_rad, node),
        (orbit.argument_of_perigee_rad, argument),
        (orbit.true_anomaly_rad, anomaly),
    ):
        assert math.remainder(got - want, 2.0 * math.pi) == pytest.approx(0.0, abs=1e-8)


def test_a_circular_orbit_has_no_perigee_to_point_at() -> None:
    speed = math.sqrt(MU / 7e6)
    orbit = elements((7e6, 0.0, 0.0), (0.0, 0.6 * speed, 0.8 * speed), MU)
    assert orbit.perigee_radius_m == pytest.approx(7e6, abs=1e-6)
    assert math.isnan(orbit.argument_of_perigee_rad)
    just = elements((7e6, 0.0, 0.0), (0.0, speed * math.sqrt(1.0 + 1.01e-3), 0.0), MU)
    assert just.eccentricity == pytest.approx(1.01e-3, rel=1e-9)
    assert just.argument_of_perigee_rad == pytest.approx(0.0, abs=1e-9)


def test_the_node_of_an_equatorial_orbit_is_put_on_the_x_axis() -> None:
    orbit = elements((0.0, 7e6, 0.0), (-8000.0, 0.0, 0.0), MU)
    assert orbit.inclination_rad == 0.0
    assert orbit.raan_rad == 0.0
    assert orbit.argument_of_perigee_rad == pytest.approx(0.5 * math.pi, abs=1e-12)
