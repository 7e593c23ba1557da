"""Where the vehicle would come down if its thrust ended now and there were no air."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.geodesy import Earth

ITERATIONS = 60
CLOSE_ENOUGH_M = 1e-6


@njit
def surface_radius_m(z_m: float, radius_m: float, earth: Earth) -> float:
    """Distance of the ellipsoid from the centre (m) in the direction of a point.

    The point is given by its height `z_m` over the equator's plane and its distance
    `radius_m` from the centre.
    """
    sine_squared = (z_m / radius_m) ** 2
    squashed = (1.0 - earth.flattening) ** 2
    return earth.equatorial_radius_m * math.sqrt(
        squashed / (squashed * (1.0 - sine_squared) + sine_squared)
    )


@njit
def impact_ecef(
    r_ecef: tuple[float, float, float], v_ecef: tuple[float, float, float], earth: Earth
) -> tuple[float, float, float, float, int]:
    """Vacuum impact point: Earth-fixed x, y, z (m), time to it (s), 1 if there is one.

    Kepler's orbit from the present state, followed to the first crossing of the
    ellipsoid on the way down; the radius there is found by fixed-point iteration
    (14 CFR 420, appendix B), which shrinks the error by 0.0034 / tan(descent angle) a
    turn. `v_ecef` is relative to the rotating Earth. A point on or below the surface
    is its own impact point. Neglects air and J2 (350 m at a range of 350 km).
    """
    x, y, z = r_ecef
    spin = earth.rotation_radps
    vx, vy, vz = v_ecef[0] - spin * y, v_ecef[1] + spin * x, v_ecef[2]
    r0 = math.sqrt(x * x + y * y + z * z)
    surface = surface_radius_m(z, r0, earth)
    if r0 <= surface:
        return x, y, z, 0.0, 1
    # 1 / semi-major axis; none or negative: the vehicle is leaving the Earth.
    inverse_a = 2.0 / r0 - (vx * vx + vy * vy + vz * vz) / earth.mu_m3ps2
    if inverse_a <= 0.0:
        return math.nan, math.nan, math.nan, math.nan, 0
    a = 1.0 / inverse_a
    e_cos = 1.0 - r0 * inverse_a
    e_sin = (x * vx + y * vy + z * vz) / math.sqrt(earth.mu_m3ps2 * a)
    e = math.sqrt(e_cos * e_cos + e_sin * e_sin)
    start = math.atan2(e_sin, e_cos)
    if start < 0.0:
        start += 2.0 * math.pi
    motion = math.sqrt(earth.mu_m3ps2 / a**3)
    px, py, pz, time = x, y, z, 0.0
    for _ in range(ITERATIONS):
        if surface <= a * (1.0 - e):
            return math.nan, math.nan, math.nan, math.nan, 0
        cosine = max((1.0 - surface * inverse_a) / e, -1.0)
        turn = 2.0 * math.pi - math.acos(cosine) - start
        time = (turn - e_cos * math.sin(turn) + e_sin * (1.0 - math.cos(turn))) / motion
        f = 1.0 - a / r0 * (1.0 - math.cos(turn))
        g = time - (turn - math.sin(turn)) / motion
        px, py, pz = f * x + g * vx, f * y + g * vy, f * z + g * vz
        before = surface
        surface = surface_radius_m(pz, math.sqrt(px * px + py * py + pz * pz), earth)
        if abs(surface - before) < CLOSE_ENOUGH_M:
            break
    angle = spin * time
    cosine, sine = math.cos(angle), math.sin(angle)
    return cosine * px + sine * py, cosine * py - sine * px, pz, time, 1


@njit
def impact_point(
    r_ecef: tuple[float, float, float], v_ecef: tuple[float, float, float], earth: Earth
) -> tuple[float, float, float, int]:
    """Vacuum impact point: geodetic latitude, longitude (rad), time to it (s), 1 if there is one.

    See `impact_ecef`. The latitude is exact because the point is on the ellipsoid:
    tan(geodetic) = tan(geocentric) / (1 - f)^2.
    """
    x, y, z, time, found = impact_ecef(r_ecef, v_ecef, earth)
    flat = (1.0 - earth.flattening) ** 2
    return math.atan2(z, flat * math.hypot(x, y)), math.atan2(y, x), time, found
