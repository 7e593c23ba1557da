"""Conic orbits around a point mass: where a body comes to, and the shape of its orbit."""

from __future__ import annotations

import math
from typing import NamedTuple

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector, add, cross, dot, norm, scale

NO_PERIGEE_ECCENTRICITY = 1e-3  # below it the direction of the perigee is noise
LAGUERRE = 5.0  # Conway's degree
MAX_ITERATIONS = 50

# Series of the Stumpff functions, 1 / n! downwards.
COSINE = (1 / 40320, 1 / 720, 1 / 24, 1 / 2)
SINE = (1 / 362880, 1 / 5040, 1 / 120, 1 / 6)


class Elements(NamedTuple):
    """Osculating orbit, angles from 0 to 2 pi in the axes of the state.

    On an equatorial orbit the node is put on the x axis.
    """

    perigee_radius_m: float
    apogee_radius_m: float  # inf: it escapes
    inclination_rad: float  # 0 to pi
    raan_rad: float  # right ascension of the ascending node
    argument_of_perigee_rad: float  # nan below NO_PERIGEE_ECCENTRICITY
    true_anomaly_rad: float  # as ill-defined as the perigee below it
    eccentricity: float


@njit
def stumpff(z: float) -> tuple[float, float]:
    """Stumpff functions c2 and c3 of z, to rounding."""
    if abs(z) < 0.1:
        c2 = 1 / 3628800 - z / 479001600
        c3 = 1 / 39916800 - z / 6227020800
        for step in range(4):
            c2 = COSINE[step] - z * c2
            c3 = SINE[step] - z * c3
        return c2, c3
    x = math.sqrt(abs(z))
    if z > 0.0:
        half = math.sin(0.5 * x)
        return 2.0 * half * half / z, (x - math.sin(x)) / (z * x)
    half = math.sinh(0.5 * x)
    return -2.0 * half * half / z, (x - math.sinh(x)) / (z * x)


@njit
def kepler(r_m: Vector, v_mps: Vector, dt_s: float, mu_m3ps2: float) -> tuple[Vector, Vector]:
    """Position (m) and velocity (m/s) after dt_s of free flight, either way in time.

    Universal variable: Bate, Mueller and White, Fundamentals of Astrodynamics, chapter 4;
    its root by Conway's Laguerre iteration (1986), which needs no good first guess. nan if
    a number is missing or the body goes through the centre.
    """
    root, r0 = math.sqrt(mu_m3ps2), norm(r_m)
    radial = dot(r_m, v_mps) / root
    alpha = 2.0 / r0 - dot(v_mps, v_mps) / mu_m3ps2  # 1 / semi-major axis
    x, radius = root * dt_s / r0, r0
    c2, c3 = 0.5, 1.0 / 6.0
    for _ in range(MAX_ITERATIONS):
        c2, c3 = stumpff(alpha * x * x)
        late = (radial * c2 + (1.0 - alpha * r0) * c3 * x) * x * x + r0 * x - root * dt_s
        bend = 1.0 - alpha * x * x * c3
        radius = x * x * c2 + radial * x * bend + r0 * (1.0 - alpha * x * x * c2)
        slope = radial * (1.0 - alpha * x * x * c2) + (1.0 - alpha * r0) * x * bend
        inside = (LAGUERRE - 1.0) ** 2 * radius**2 - LAGUERRE * (LAGUERRE - 1.0) * late * slope
        step = LAGUERRE * late / (radius + math.sqrt(abs(inside)))
        x -= step
        if abs(step) <= 1e-14 * abs(x):
            break
    c2, c3 = stumpff(alpha * x * x)
    radius = x * x * c2 + radial * x * (1.0 - alpha * x * x * c3) + r0 * (1.0 - alpha * x * x * c2)
    f, g = 1.0 - x * x / r0 * c2, dt_s - x**3 / root * c3
    f_rate = root / (radius * r0) * x * (alpha * x * x * c3 - 1.0)
    g_rate = 1.0 - x * x / radius * c2
    return (
        add(scale(r_m, f), scale(v_mps, g)),
        add(scale(r_m, f_rate), scale(v_mps, g_rate)),
    )


@njit
def elements(r_m: Vector, v_mps: Vector, mu_m3ps2: float) -> Elements:
    """Osculating elements of a state in inertial axes; nan for a fall straight to the centre.

    Bate, Mueller and White, section 2.4, with the anomaly from e cos and e sin of it.
    """
    radius, h = norm(r_m), cross(r_m, v_mps)
    momentum = norm(h)
    parameter = momentum * momentum / mu_m3ps2
    e_cos = parameter / radius - 1.0
    e_sin = momentum * dot(r_m, v_mps) / (mu_m3ps2 * radius)
    eccentricity, anomaly = math.hypot(e_cos, e_sin), math.atan2(e_sin, e_cos)
    node = (-h[1], h[0], 0.0)
    if norm(node) < 1e-12 * momentum:
        node = (1.0, 0.0, 0.0)
    from_node = math.atan2(dot(r_m, cross(h, node)) / momentum, dot(r_m, node))
    argument = (from_node - anomaly) % (2.0 * math.pi)
    return Elements(
        perigee_radius_m=parameter / (1.0 + eccentricity),
        apogee_radius_m=parameter / (1.0 - eccentricity) if eccentricity < 1.0 else math.inf,
        inclination_rad=math.atan2(math.hypot(h[0], h[1]), h[2]),
        raan_rad=math.atan2(node[1], node[0]) % (2.0 * math.pi),
        argument_of_perigee_rad=argument if eccentricity >= NO_PERIGEE_ECCENTRICITY else math.nan,
        true_anomaly_rad=anomaly % (2.0 * math.pi),
        eccentricity=eccentricity,
    )
