"""Where the vehicle would come down if its thrust ended now and there were no air."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector
from downrange.earth.kernel.geodesy import Earth

ITERATIONS = 40
CLOSE_ENOUGH = 1e-12  # of twice the height over the Earth's radius: 3 micrometres
TURN = 2.0 * math.pi


@njit
def above_ellipsoid(r_ecef: Vector, earth: Earth) -> float:
    """Twice the height over the Earth's radius, roughly; 0 on the ellipsoid, exactly."""
    x, y, z = r_ecef
    equator = earth.equatorial_radius_m
    pole = equator * (1.0 - earth.flattening)
    return (x * x + y * y) / (equator * equator) + z * z / (pole * pole) - 1.0


@njit
def impact_ecef(
    r_ecef: Vector, v_ecef: Vector, earth: Earth
) -> tuple[float, float, float, float, int]:
    """Vacuum impact point: Earth-fixed x, y, z (m), time to it (s), 1 if there is one.

    Kepler's orbit from the present state in Lagrange's f and g, as in 14 CFR 420 appendix
    B, followed to the ellipsoid by Newton's method in the eccentric anomaly. It starts
    where the orbit is down at the polar radius, below the surface, so that it meets the
    crossing on the way down. `v_ecef` is relative to the rotating Earth. A point on or
    below the surface is its own impact point; there is none for an orbit whose perigee is
    above the polar radius. Neglects air and J2 (350 m at a range of 350 km).
    """
    x, y, z = r_ecef
    if above_ellipsoid(r_ecef, earth) <= 0.0:
        return x, y, z, 0.0, 1
    spin, mu = earth.rotation_radps, earth.mu_m3ps2
    vx, vy, vz = v_ecef[0] - spin * y, v_ecef[1] + spin * x, v_ecef[2]
    r0 = math.sqrt(x * x + y * y + z * z)
    inverse_a = 2.0 / r0 - (vx * vx + vy * vy + vz * vz) / mu
    if inverse_a <= 0.0:  # it leaves the Earth
        return math.nan, math.nan, math.nan, math.nan, 0
    a = 1.0 / inverse_a
    motion = math.sqrt(mu / a**3)
    e_cos, e_sin = 1.0 - r0 / a, (x * vx + y * vy + z * vz) / math.sqrt(mu * a)
    e = math.sqrt(e_cos * e_cos + e_sin * e_sin)
    pole = earth.equatorial_radius_m * (1.0 - earth.flattening)
    if pole <= a * (1.0 - e):
        return math.nan, math.nan, math.nan, math.nan, 0
    turn = TURN - math.acos((1.0 - pole / a) / e) - math.atan2(e_sin, e_cos) % TURN
    px, py, pz, time = x, y, z, 0.0
    for _ in range(ITERATIONS):
        cosine, sine = math.cos(turn), math.sin(turn)
        time = (turn - e_cos * sine + e_sin * (1.0 - cosine)) / motion
        f, g = 1.0 - a / r0 * (1.0 - cosine), time - (turn - sine) / motion
        px, py, pz = f * x + g * vx, f * y + g * vy, f * z + g * vz
        height = above_ellipsoid((px, py, pz), earth)
        if abs(height) < CLOSE_ENOUGH:
            break
        f, g = -a / r0 * sine, (cosine - e_cos * cosine + e_sin * sine) / motion
        squashed = (1.0 - earth.flattening) ** 2
        climb = px * (f * x + g * vx) + py * (f * y + g * vy) + pz * (f * z + g * vz) / squashed
        turn -= height * earth.equatorial_radius_m**2 / (2.0 * climb)
    angle = spin * time
    cosine, sine = math.cos(angle), math.sin(angle)
    return cosine * px + sine * py, cosine * py - sine * px, pz, time, 1


@njit
def impact_point(r_ecef: Vector, v_ecef: Vector, earth: Earth) -> tuple[float, float, float, int]:
    """Vacuum impact point: geodetic latitude, longitude (rad), time to it (s), 1 if there is one.

    See `impact_ecef`. The latitude is exact because the point is on the ellipsoid:
    tan(geodetic) = tan(geocentric) / (1 - f)^2.
    """
    x, y, z, time, found = impact_ecef(r_ecef, v_ecef, earth)
    flat = (1.0 - earth.flattening) ** 2
    return math.atan2(z, flat * math.hypot(x, y)), math.atan2(y, x), time, found
