"""A second flight program, in plain NumPy, that the compiled kernels are held against.

It shares no line and no formulation with the product: the attitude is a direction cosine
matrix instead of a quaternion, latitude comes from fixed-point iteration, the integrator is
SciPy's DOP853, and the constants are typed again from the publications.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Floats = NDArray[np.float64]
Wind = Callable[[float], tuple[float, float]]

# NASA/TM-2015-218675 Vol. II, table 73.
MU_M3PS2 = 3.986004418e14
ROTATION_RADPS = 7.292115e-5
EQUATOR_M = 6378137.0
J2 = 0.00108262982
FLATTENING = 1.0 / 298.257223563
SPHERE_M = 6371007.1809

# US Standard Atmosphere 1976, table 4: geopotential km', kelvin per km', to 84.852 km'.
LAYERS = [
    (0.0, -6.5),
    (11.0, 0.0),
    (20.0, 1.0),
    (32.0, 2.8),
    (47.0, 0.0),
    (51.0, -2.8),
    (71.0, -2.0),
    (84.852, 0.0),
]
GAS_JPKGK = 8314.32 / 28.9644
G0_MPS2 = 9.80665


@dataclass(frozen=True)
class Problem:
    """One flight: SI units, angles in rad, inertia tensor about the centre of mass."""

    mass_kg: float
    inertia_kgm2: Floats
    drag_area_m2: float = 0.0
    damping_nms: tuple[float, float, float] = (0.0, 0.0, 0.0)  # moment / (rate rho V), m^5
    wgs84: bool = True
    j2: bool = True
    rotation_radps: float = ROTATION_RADPS
    wind: Wind | None = None


def air(altitude_m: float) -> tuple[float, float]:
    """Density kg/m^3 and temperature K below 86 km, from the layer equations."""
    height_km = 6356.766 * altitude_m / (6356766.0 + altitude_m)
    temperature, pressure = 288.15, 101325.0
    for (base, lapse), (top, _) in pairwise(LAYERS):
        step = min(height_km, top) - base
        if base > 0.0 and step <= 0.0:
            break
        if lapse == 0.0:
            pressure *= math.exp(-G0_MPS2 * step * 1e3 / (GAS_JPKGK * temperature))
        else:
            after = temperature + lapse * step
            pressure *= (temperature / after) ** (G0_MPS2 * 1e3 / (GAS_JPKGK * lapse))
            temperature = after
    return pressure / (GAS_JPKGK * temperature), temperature


def geodetic(r_ecef: Floats, wgs84: bool = True) -> tuple[float, float, float]:
    """Latitude, longitude in rad and altitude in m of an Earth-fixed position."""
    axis, flattening = (EQUATOR_M, FLATTENING) if wgs84 else (SPHERE_M, 0.0)
    e2 = flattening * (2.0 - flattening)
    x, y, z = r_ecef
    p = math.hypot(x, y)
    lat = math.atan2(z, p * (1.0 - e2))
    for _ in range(30):
        normal = axis / math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
        lat = math.atan2(z + e2 * normal * math.sin(lat), p)
    alt = p * math.cos(lat) + z * math.sin(lat) - axis * math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
    return lat, math.atan2(y, x), alt


def ecef(lat: float, lon: float, alt_m: float, wgs84: bool = True) -> Floats:
    """Earth-fixed position in m of a latitude and longitude in rad."""
    axis, flattening = (EQUATOR_M, FLATTENING) if wgs84 else (SPHERE_M, 0.0)
    e2 = flattening * (2.0 - flattening)
    normal = axis / math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
    flat = (normal + alt_m) * math.cos(lat)
    up = (normal * (1.0 - e2) + alt_m) * math.sin(lat)
    return np.array([flat * math.cos(lon), flat * math.sin(lon), up])


def spin(angle: float) -> Floats:
    """Matrix that turns Earth-fixed components into inertial ones."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def ned_axes(lat: float, lon: float) -> Floats:
    """Matrix whose columns are north, east, down in Earth-fixed axes."""
    sp, cp, sl, cl = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
    return np.array([[-sp * cl, -sl, -cp * cl], [-sp * sl, cl, -cp * sl], [cp, 0.0, -sp]])


def body_axes(roll: float, pitch: float, yaw: float) -> Floats:
    """Matrix that turns body components into north-east-down ones, 3-2-1 angles in rad."""

    def about(axis: int, angle: float) -> Floats:
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        out = np.eye(3)
        out[i, i] = out[j, j] = math.cos(angle)
        out[i, j], out[j, i] = -math.sin(angle), math.sin(angle)
        return out

    return about(2, yaw) @ about(1, pitch) @ about(0, roll)


def gravitation(r: Floats, j2: bool = True) -> Floats:
    """Acceleration in m/s^2: the gradient of mu/r (1 - J2 (a/r)^2 P2(sin latitude))."""
    distance = float(np.linalg.norm(r))
    central = -MU_M3PS2 * r / distance**3
    if not j2:
        return central
    s2 = (r[2] / distance) ** 2
    k = 1.5 * J2 * MU_M3PS2 * EQUATOR_M**2 / distance**5
    return central + k * r * (5.0 * s2 - np.array([1.0, 1.0, 3.0]))


def derivative(t: float, y: Floats, problem: Problem) -> Floats:
    """Rate of [r_eci, v_eci, eci_from_body by rows, inertial rate in body axes]."""
    r, v, turn, w = y[:3], y[3:6], y[6:15].reshape(3, 3), y[15:]
    force, moment = np.zeros(3), np.zeros(3)
    if problem.drag_area_m2 or any(problem.damping_nms):
        to_eci = spin(problem.rotation_radps * t)
        lat, lon, alt = geodetic(to_eci.T @ r, problem.wgs84)
        moving = np.cross([0.0, 0.0, problem.rotation_radps], r)
        if problem.wind is not None:
            north, east = problem.wind(alt)
            moving = moving + to_eci @ ned_axes(lat, lon) @ np.array([north, east, 0.0])
        relative = v - moving
        speed, density = float(np.linalg.norm(relative)), air(alt)[0]
        force = -0.5 * density * speed * problem.drag_area_m2 * relative
        moment = density * speed * np.array(problem.damping_nms) * w
    skew = np.array([[0.0, -w[2], w[1]], [w[2], 0.0, -w[0]], [-w[1], w[0], 0.0]])
    inertia = problem.inertia_kgm2
    w_dot = np.linalg.solve(inertia, moment - np.cross(w, inertia @ w))
    a = gravitation(r, problem.j2) + force / problem.mass_kg
    return np.concatenate([v, a, (turn @ skew).ravel(), w_dot])


def initial(
    problem: Problem,
    place: tuple[float, float, float],
    velocity_ned: Floats,
    euler: tuple[float, float, float],
    rates: Floats,
) -> Floats:
    """State at t = 0 of (lat, lon, alt), Earth-relative velocity and inertial rates."""
    lat, lon, alt = place
    r = ecef(lat, lon, alt, problem.wgs84)
    axes = ned_axes(lat, lon)
    v = axes @ velocity_ned + np.cross([0.0, 0.0, problem.rotation_radps], r)
    return np.concatenate([r, v, (axes @ body_axes(*euler)).ravel(), rates])


def fly(problem: Problem, start: Floats, times: Floats) -> Floats:
    """States at the given times, one row each."""
    flown = solve_ivp(
        derivative,
        (0.0, float(times[-1])),
        start,
        method="DOP853",
        t_eval=times,
        args=(problem,),
        rtol=1e-12,
        atol=1e-10,
    )
    assert flown.success, flown.message
    return flown.y.T


def observe(t: float, y: Floats, problem: Problem) -> dict[str, float]:
    """One state in the columns of a check case."""
    to_eci = spin(problem.rotation_radps * t)
    lat, lon, alt = geodetic(to_eci.T @ y[:3], problem.wgs84)
    axes = to_eci @ ned_axes(lat, lon)
    north, east, down = axes.T @ (y[3:6] - np.cross([0.0, 0.0, problem.rotation_radps], y[:3]))
    turn = axes.T @ y[6:15].reshape(3, 3)
    return {
        "time_s": t,
        "altitude_m": alt,
        "velocity_north_mps": north,
        "velocity_east_mps": east,
        "velocity_down_mps": down,
        "latitude_deg": math.degrees(lat),
        "longitude_deg": math.degrees(lon),
        "roll_deg": math.degrees(math.atan2(turn[2, 1], turn[2, 2])),
        "pitch_deg": math.degrees(-math.asin(turn[2, 0])),
        "yaw_deg": math.degrees(math.atan2(turn[1, 0], turn[0, 0])),
        "p_radps": y[15],
        "q_radps": y[16],
        "r_radps": y[17],
    }
