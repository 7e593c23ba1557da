"""The rigid body against closed forms and against equations written a second time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dynamics_case import ball, space
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from downrange._spec import validate
from downrange.aero.build import build_case_aero, no_aero
from downrange.aero.kernel import Aero
from downrange.aero.spec import CaseAeroSpec
from downrange.dynamics.kernel import rigid
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic
from downrange.earth.spec import WindSpec

Floats = NDArray[np.float64]

MU, J2, RADIUS_M, FLATTENING = 3.986004418e14, 0.00108262982, 6378137.0, 1.0 / 298.257223563
ROTATION_RADPS = 7.292115e-5
X = np.array([1.0, 0.0, 0.0])


def surroundings(
    earth: Earth, wind: WindSpec | None = None, aero: Aero | None = None
) -> rigid.Surroundings:
    return rigid.Surroundings(earth, build_wind(wind), no_aero() if aero is None else aero)


def advance(
    state: Floats, loads: Floats, around: rigid.Surroundings, seconds: float, step_s: float
) -> Floats:
    """Steps with loads whose levels move on with their rates; returns what the last one saw."""
    work, aux, loads = rigid.new_work(), np.zeros(rigid.AUX_SIZE), loads.copy()
    for k in range(round(seconds / step_s)):
        rigid.rk4_step(state, k * step_s, step_s, loads, around, work, aux)
        loads[: rigid.LOADS_LEVELS] += step_s * loads[rigid.LOADS_RATES : 2 * rigid.LOADS_LEVELS]
    return aux


def point(position: tuple[float, float, float], velocity: tuple[float, float, float]) -> Floats:
    state = np.zeros(rigid.STATE_SIZE)
    state[0:3], state[3:6], state[6] = position, velocity, 1.0
    return state


def unit_loads(mass_kg: float = 1.0) -> Floats:
    loads = np.zeros(rigid.LOADS_SIZE)
    loads[rigid.MASS_KG] = mass_kg
    loads[rigid.INERTIA_KGM2 : rigid.INERTIA_KGM2 + 3] = 1.0
    return loads


def kepler(semi_major_m: float, eccentricity: float, time_s: float) -> tuple[Floats, Floats]:
    """Position and velocity in the orbit's plane, time from perigee: Kepler's equation."""
    mean = math.sqrt(MU / semi_major_m**3) * time_s
    anomaly = mean
    for _ in range(50):
        anomaly -= (anomaly - eccentricity * math.sin(anomaly) - mean) / (
            1.0 - eccentricity * math.cos(anomaly)
        )
    share = math.sqrt(1.0 - eccentricity**2)
    c, s = math.cos(anomaly), math.sin(anomaly)
    rate = math.sqrt(MU / semi_major_m**3) / (1.0 - eccentricity * c)
    position = semi_major_m * np.array([c - eccentricity, share * s])
    return position, semi_major_m * rate * np.array([-s, share * c])


@pytest.mark.parametrize("eccentricity", [0.0, 0.3])
def test_an_orbit_is_keplers_ellipse(eccentricity: float) -> None:
    semi_major_m = 1.0e7
    start, speed = kepler(semi_major_m, eccentricity, 0.0)
    state = point((start[0], 0.0, 0.0), (0.0, speed[1], 0.0))
    advance(state, unit_loads(), surroundings(ball()), 4000.0, 2.0)
    position, velocity = kepler(semi_major_m, eccentricity, 4000.0)
    assert_allclose(state[0:2], position, atol=0.01)
    assert_allclose(state[3:5], velocity, atol=1e-5)
    assert state[2] == 0.0


def test_the_node_of_an_inclined_orbit_drifts_as_j2_has_it() -> None:
    """Vallado, eq. 9-37: -3/2 J2 (Re/p)^2 n cos i; over one orbit, to second order in J2."""
    earth = build_earth()._replace(rotation_radps=0.0)
    radius_m, inclination = 8.0e6, math.radians(60.0)
    speed = math.sqrt(MU / radius_m)
    c, s = math.cos(inclination), math.sin(inclination)
    state = point((radius_m, 0.0, 0.0), (0.0, speed * c, speed * s))
    mean_motion = math.sqrt(MU / radius_m**3)
    period_s = 2.0 * math.pi / mean_motion
    advance(state, unit_loads(), surroundings(earth), period_s, period_s / 4000)
    normal = np.cross(state[0:3], state[3:6])
    drift = math.atan2(normal[0], -normal[1])
    expected = -1.5 * J2 * (RADIUS_M / radius_m) ** 2 * mean_motion * c * period_s
    assert drift == pytest.approx(expected, rel=0.01)


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    errors = []
    for step_s in (40.0, 20.0):
        state = point((8.0e6, 0.0, 0.0), (0.0, 7500.0, 0.0))
        exact = state.copy()
        advance(state, unit_loads(), surroundings(ball()), 2000.0, step_s)
        advance(exact, unit_loads(), surroundings(ball()), 2000.0, 1.0)
        errors.append(np.linalg.norm(state[0:3] - exact[0:3]))
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.2)


def test_a_rocket_in_space_gains_what_tsiolkovsky_says() -> None:
    exhaust_mps, flow_kgps, mass_kg, time_s = 3000.0, 20.0, 1000.0, 40.0
    loads = unit_loads(mass_kg)
    loads[rigid.LOADS_RATES + rigid.MASS_KG] = -flow_kgps
    loads[rigid.FORCE_VACUUM_N] = exhaust_mps * flow_kgps
    state = point((7.0e6, 0.0, 0.0), (0.0, 0.0, 0.0))
    advance(state, loads, surroundings(space()), time_s, 0.02)
    left_kg = mass_kg - flow_kgps * time_s
    gain_mps = exhaust_mps * math.log(mass_kg / left_kg)
    way_m = exhaust_mps * (time_s - left_kg / flow_kgps * math.log(mass_kg / left_kg))
    assert state[3] == pytest.approx(gain_mps, rel=1e-9)
    assert state[0] - 7.0e6 == pytest.approx(way_m, rel=1e-8)
    assert state[13] == pytest.approx(gain_mps, rel=1e-9)  # what the accelerometer adds up


@pytest.mark.parametrize(
    ("factor", "jet_kgm2ps"), [(0.0, 0.0), (1.0, 0.0), (0.0, 3.0), (1.0, 3.0), (0.5, 1.0)]
)
def test_spin_of_a_draining_cylinder(factor: float, jet_kgm2ps: float) -> None:
    """I w' = -(factor I' + jet) w with I = I0 + I' t: w = w0 (I / I0)^-(factor + jet / I').

    At full factor without a jet I w is kept; what leaves with the jet takes spin away.
    """
    inertia, rate_kgm2ps, spin_radps, time_s = 100.0, -4.0, 0.5, 15.0
    loads = unit_loads(10.0)
    loads[rigid.INERTIA_KGM2] = inertia
    loads[rigid.LOADS_RATES + rigid.INERTIA_KGM2] = rate_kgm2ps
    loads[rigid.INERTIA_RATE_FACTOR], loads[rigid.JET_DAMPING_KGM2PS] = factor, jet_kgm2ps
    state = point((7.0e6, 0.0, 0.0), (0.0, 0.0, 0.0))
    state[10] = spin_radps
    advance(state, loads, surroundings(space()), time_s, 0.01)
    shrunk = (inertia + rate_kgm2ps * time_s) / inertia
    expected = spin_radps * shrunk ** -(factor + jet_kgm2ps / rate_kgm2ps)
    assert state[10] == pytest.approx(expected, rel=1e-9)


def test_a_top_nutates_at_its_rate() -> None:
    """Axisymmetric body: the transverse rates turn at (Ix - It)/It times the spin."""
    loads = unit_loads()
    loads[rigid.INERTIA_KGM2 : rigid.INERTIA_KGM2 + 3] = 0.4, 1.0, 1.0
    state = point((7.0e6, 0.0, 0.0), (0.0, 0.0, 0.0))
    state[10:13] = 2.0, 0.1, 0.0
    advance(state, loads, surroundings(space()), 3.0, 0.005)
    turn = (0.4 - 1.0) / 1.0 * 2.0 * 3.0
    # q' = (Iz - Ix)/Iy p r, r' = (Ix - Iy)/Iz p q
    assert_allclose(state[11:13], [0.1 * math.cos(turn), 0.1 * math.sin(turn)], atol=1e-9)
    assert state[10] == pytest.approx(2.0, abs=1e-12)
    turned = [6.0, 0.1 / -1.2 * math.sin(turn), 0.1 / -1.2 * (1.0 - math.cos(turn))]
    assert_allclose(state[16:19], turned, atol=1e-8)


def test_thrust_falls_with_ambient_pressure() -> None:
    """Sea level: vacuum thrust less 101,325 Pa over the exit area."""
    earth = build_earth()
    state = point(ecef_from_geodetic(0.3, 0.4, 0.0, earth), (0.0, 0.0, 0.0))
    loads = unit_loads(10.0)
    loads[rigid.FORCE_VACUUM_N], loads[rigid.FORCE_AREA_M2] = 5000.0, 0.02
    out, aux = np.zeros(rigid.STATE_SIZE), np.zeros(rigid.AUX_SIZE)
    rigid.derivative(state, 0.0, 0.0, loads, surroundings(earth), out, aux)
    assert out[13] == pytest.approx((5000.0 - 0.02 * 101325.0) / 10.0, rel=1e-9)
    assert aux[rigid.AUX_PRESSURE_PA] == pytest.approx(101325.0, rel=1e-9)


def test_standing_on_the_turning_earth_the_air_moves_as_the_wind() -> None:
    """A west wind and a gust to the north, on a body whose axes are north, east and down."""
    earth, latitude, longitude, time_s = build_earth(), 0.5, 1.1, 100.0
    wind = validate(WindSpec, {"model": "steady", "from_deg": 270, "speed": "10 m/s"})
    turned = longitude + ROTATION_RADPS * time_s
    position = np.array(ecef_from_geodetic(latitude, turned, 500.0, earth))
    north = [-math.sin(latitude) * math.cos(turned), -math.sin(latitude) * math.sin(turned),
             math.cos(latitude)]  # fmt: skip
    east = [-math.sin(turned), math.cos(turned), 0.0]
    axes = np.array([north, east, np.cross(north, east)])
    x, y, z, w = Rotation.from_matrix(axes.T).as_quat()
    state = point(tuple(position), tuple(np.cross([0.0, 0.0, ROTATION_RADPS], position)))
    state[6:10] = w, x, y, z
    loads = unit_loads()
    loads[rigid.TURBULENCE_NED_MPS : rigid.TURBULENCE_NED_MPS + 3] = 3.0, 0.0, -1.0
    out, aux = np.zeros(rigid.STATE_SIZE), np.zeros(rigid.AUX_SIZE)
    rigid.derivative(state, time_s, 0.0, loads, surroundings(earth, wind), out, aux)
    k = rigid.AUX_AIR_BODY_MPS
    assert_allclose(aux[k : k + 3], [-3.0, -10.0, 1.0], atol=1e-9)
    assert aux[rigid.AUX_SPEED_MPS] == pytest.approx(0.0, abs=1e-9)
    assert aux[rigid.AUX_LATITUDE_RAD] == pytest.approx(latitude, abs=1e-12)
    assert aux[rigid.AUX_LONGITUDE_RAD] == pytest.approx(longitude, abs=1e-12)


# Powered flight, written again from the textbooks.

MASS_KG, FLOW_KGPS, THRUST_N, EXIT_M2 = 3000.0, 25.0, 75000.0, 0.08
ENGINE_M, LEAN = np.array([0.6, 0.05, -0.03]), np.array([1.0, 0.004, -0.006])
CM_M, CM_RATE_MPS = 7.0, 0.04
INERTIA = np.array([[900.0, 30.0, -20.0], [30.0, 21000.0, 50.0], [-20.0, 50.0, 22000.0]])
INERTIA_RATE = np.diag([-2.0, -60.0, -55.0])
JET = np.array([1.0, 900.0, 950.0])
DRAG, AREA_M2, STATION_M = 0.4, 1.5, 9.0
WIND_NED_MPS = np.array([8.0, -5.0, 0.0])


def altitude_and_up(r_ecef: Floats) -> tuple[float, float, float]:
    """Geodetic latitude and altitude by Heiskanen and Moritz's iteration, and longitude."""
    e2 = FLATTENING * (2.0 - FLATTENING)
    level = math.hypot(r_ecef[0], r_ecef[1])
    latitude = math.atan2(r_ecef[2], level * (1.0 - e2))
    height = 0.0
    for _ in range(30):
        prime = RADIUS_M / math.sqrt(1.0 - e2 * math.sin(latitude) ** 2)
        height = level / math.cos(latitude) - prime
        latitude = math.atan2(r_ecef[2], level * (1.0 - e2 * prime / (prime + height)))
    return latitude, math.atan2(r_ecef[1], r_ecef[0]), height


def standard_air(altitude_m: float) -> tuple[float, float]:
    """Density and pressure of the lowest layer of US Standard Atmosphere 1976."""
    potential = 6356766.0 * altitude_m / (6356766.0 + altitude_m)
    temperature = 288.15 - 0.0065 * potential
    pressure = 101325.0 * (temperature / 288.15) ** (9.80665 * 0.0289644 / (8.31432 * 0.0065))
    return pressure * 0.0289644 / (8.31432 * temperature), pressure


def second_opinion(time_s: float, y: Floats) -> Floats:
    """Position, velocity, body-to-inertial matrix, rates."""
    r, v, matrix, w = y[0:3], y[3:6], y[6:15].reshape(3, 3), y[15:18]
    spin = Rotation.from_rotvec([0.0, 0.0, ROTATION_RADPS * time_s]).as_matrix()
    latitude, longitude, altitude = altitude_and_up(spin.T @ r)
    density, pressure = standard_air(altitude)
    sl, cl, so, co = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    ned = np.array([[-sl * co, -so, -cl * co], [-sl * so, co, -cl * so], [cl, 0.0, -sl]])
    air = v - np.cross([0.0, 0.0, ROTATION_RADPS], r) - spin @ ned @ WIND_NED_MPS
    air_body = matrix.T @ air
    mass = MASS_KG - FLOW_KGPS * time_s
    cm = np.array([CM_M + CM_RATE_MPS * time_s, 0.0, 0.0])
    drag = -0.5 * density * AREA_M2 * DRAG * np.linalg.norm(air_body) * air_body
    thrust = (THRUST_N - pressure * EXIT_M2) * LEAN / np.linalg.norm(LEAN)
    moment = np.cross(ENGINE_M - cm, thrust) + np.cross([STATION_M, 0.0, 0.0] - cm, drag)
    tensor = INERTIA + INERTIA_RATE * time_s
    turn = moment - np.cross(w, tensor @ w) - INERTIA_RATE @ w - JET * w
    far = np.linalg.norm(r)
    flat = 1.5 * J2 * (RADIUS_M / far) ** 2
    sine2 = 5.0 * (r[2] / far) ** 2
    shape = 1.0 + flat * np.array([1.0 - sine2, 1.0 - sine2, 3.0 - sine2])
    pull = -MU / far**3 * r * shape
    skew = np.array([[0.0, -w[2], w[1]], [w[2], 0.0, -w[0]], [-w[1], w[0], 0.0]])
    push = matrix @ ((thrust + drag) / mass)
    return np.concatenate((v, pull + push, (matrix @ skew).ravel(), np.linalg.solve(tensor, turn)))


def powered_loads() -> Floats:
    loads = np.zeros(rigid.LOADS_SIZE)
    direction = LEAN / np.linalg.norm(LEAN)
    products = -INERTIA[0, 1], -INERTIA[0, 2], -INERTIA[1, 2]
    loads[0:8] = MASS_KG, CM_M, *np.diag(INERTIA), *products
    loads[8:16] = -FLOW_KGPS, CM_RATE_MPS, *np.diag(INERTIA_RATE), 0.0, 0.0, 0.0
    loads[16:19] = THRUST_N * direction
    loads[19:22] = np.cross(ENGINE_M, THRUST_N * direction)
    loads[22:25] = EXIT_M2 * direction
    loads[25:28] = np.cross(ENGINE_M, EXIT_M2 * direction)
    loads[28], loads[29:32] = 1.0, JET
    return loads


def test_powered_flight_against_equations_written_again() -> None:
    """Seven seconds with everything on, against an eighth-order method on matrices."""
    earth = build_earth()
    bearing = math.degrees(math.atan2(-WIND_NED_MPS[1], -WIND_NED_MPS[0])) % 360.0
    speed = np.linalg.norm(WIND_NED_MPS)
    wind = validate(WindSpec, {"model": "steady", "from_deg": bearing, "speed": f"{speed} m/s"})
    aero = {"reference_area": f"{AREA_M2} m^2", "reference_chord": "1 m", "reference_span": "1 m",
            "angle": "total", "drag": DRAG}  # fmt: skip
    around = surroundings(
        earth, wind, build_case_aero(validate(CaseAeroSpec, aero), reference_x_m=STATION_M)
    )
    attitude = Rotation.from_euler("ZYX", [0.3, -0.9, 0.4])  # body axes in inertial ones
    position = np.array(ecef_from_geodetic(math.radians(40.0), math.radians(20.0), 3000.0, earth))
    velocity = np.cross([0.0, 0.0, ROTATION_RADPS], position) + attitude.apply([150.0, 4.0, 6.0])
    rate = np.array([0.05, 0.02, -0.03])
    state = point(tuple(position), tuple(velocity))
    x, y, z, w = attitude.as_quat()
    state[6:10], state[10:13] = (w, x, y, z), rate
    advance(state, powered_loads(), around, 7.0, 0.01)
    start = np.concatenate((position, velocity, attitude.as_matrix().ravel(), rate))
    found = solve_ivp(second_opinion, (0.0, 7.0), start, method="DOP853", rtol=1e-12, atol=1e-9)
    end = found.y[:, -1]
    assert np.linalg.norm(end[0:3] - position) > 1500.0
    assert_allclose(state[0:3], end[0:3], atol=1e-5)
    assert_allclose(state[3:6], end[3:6], atol=1e-6)
    w, x, y, z = state[6:10]
    assert_allclose(Rotation.from_quat([x, y, z, w]).as_matrix().ravel(), end[6:15], atol=1e-8)
    assert_allclose(state[10:13], end[15:18], atol=1e-9)
    assert np.linalg.norm(state[6:10]) == pytest.approx(1.0, abs=1e-15)
