"""From what a person wrote to the numbers of the kernels."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.atmosphere import US76
from downrange.earth.kernel.geodesy import Earth

Floats = NDArray[np.float64]

# NASA/TM-2015-218675 vol. II table 73; WGS 84 but for mu and J2, which are of EGM96.
EQUATORIAL_RADIUS_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
MU_M3PS2 = 3.986004418e14
J2 = 0.00108262982
ROTATION_RADPS = 7.292115e-5


class UpperAir(NamedTuple):
    """US Standard Atmosphere 1976 above 86 km on even steps of geometric altitude."""

    altitude_m: Floats
    log_density: Floats
    log_pressure: Floats
    temperature_k: Floats


@cache
def upper_air() -> UpperAir:
    """The baked table of `scripts/bake_atmosphere.py`."""
    with (files("downrange.earth") / "data" / "us76_upper.npz").open("rb") as stream:
        table = np.load(stream)
        return UpperAir(*(np.ascontiguousarray(table[k], dtype=np.float64) for k in UpperAir._fields))


def build_earth(spec: object = None) -> Earth:
    """The Earth for the kernels; without a spec WGS-84 with J2, turning, with US76 air."""
    upper = upper_air()
    return Earth(
        equatorial_radius_m=EQUATORIAL_RADIUS_M,
        flattening=FLATTENING,
        mu_m3ps2=MU_M3PS2,
        j2=J2,
        j2_radius_m=EQUATORIAL_RADIUS_M,
        rotation_radps=ROTATION_RADPS,
        atmosphere_model=US76,
        air_zero_above_m=math.inf,
        upper_altitude_m=upper.altitude_m,
        upper_log_density=upper.log_density,
        upper_log_pressure=upper.log_pressure,
        upper_temperature_k=upper.temperature_k,
    )
