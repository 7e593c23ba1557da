"""Where a body is, as people say it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.geodesy import Earth, ecef_from_eci, geodetic, velocity_relative_eci

Floats = NDArray[np.float64]


@njit
def over_ground(x: Floats, clock_s: float, earth: Earth) -> tuple[float, float, float, float]:
    """Latitude and longitude in rad, altitude in m, speed in m/s against the turning Earth.

    x (13,) and more: inertial state as of dynamics/kernel/rigid.py; at a mission clock in s.
    """
    r, v = (x[0], x[1], x[2]), (x[3], x[4], x[5])
    latitude, longitude, altitude_m = geodetic(ecef_from_eci(r, clock_s, earth), earth)
    vx, vy, vz = velocity_relative_eci(r, v, earth)
    return latitude, longitude, altitude_m, math.sqrt(vx * vx + vy * vy + vz * vz)
