"""Gravitation of the Earth, without the centrifugal part."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector
from downrange.earth.kernel.geodesy import Earth


@njit
def gravity_eci(r_m: Vector, earth: Earth) -> Vector:
    """Gravitational acceleration in m/s^2: inverse square and J2.

    Vallado, Fundamentals of Astrodynamics and Applications, section 8.6 (J2 terms). The
    field is symmetric about the pole, so inertial and Earth-fixed axes do alike; zonal
    terms above J2 and the longitude terms (each under 1e-5 of g) are left out.
    """
    x, y, z = r_m
    r2 = x * x + y * y + z * z
    over = 1.0 / r2
    k = -earth.mu_m3ps2 * over / math.sqrt(r2)
    j = 1.5 * earth.j2 * earth.j2_radius_m * earth.j2_radius_m * over
    s = 5.0 * z * z * over
    level = k * (1.0 + j * (1.0 - s))
    return (level * x, level * y, k * (1.0 + j * (3.0 - s)) * z)
