"""The Earth's figure and turning: positions and velocities between frames.

ECI equals ECEF at mission time 0 and stays fixed among the stars. Angles in rad,
lengths in m, vectors are tuples of three floats.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector

Floats = NDArray[np.float64]

# Columns of Earth.upper_air.
UPPER_ALTITUDE_M = 0  # geometric, evenly spaced from 86 km up
UPPER_LOG_DENSITY = 1  # natural log of kg/m^3
UPPER_LOG_PRESSURE = 2  # natural log of Pa
UPPER_TEMPERATURE_K = 3  # kinetic


class Earth(NamedTuple):
    """All that the kernels know of the Earth and its air. Made by `earth.build` only.

    The properties are views on the columns, for Python; kernels index the table.
    """

    equatorial_radius_m: float
    flattening: float  # 0 for a sphere
    mu_m3ps2: float
    j2: float  # 0 for inverse-square gravity
    j2_radius_m: float
    rotation_radps: float
    atmosphere_model: int  # atmosphere.NO_AIR or atmosphere.US76
    air_zero_above_m: float  # density and pressure are 0 above; inf where not wanted
    upper_air: Floats  # (n, 4) columns UPPER_...

    @property
    def upper_altitude_m(self) -> Floats:
        """(n,) geometric altitudes of the upper air in m."""
        return self.upper_air[:, UPPER_ALTITUDE_M]

    @property
    def upper_log_density(self) -> Floats:
        """(n,) natural log of the density in kg/m^3."""
        return self.upper_air[:, UPPER_LOG_DENSITY]

    @property
    def upper_log_pressure(self) -> Floats:
        """(n,) natural log of the pressure in Pa."""
        return self.upper_air[:, UPPER_LOG_PRESSURE]

    @property
    def upper_temperature_k(self) -> Floats:
        """(n,) kinetic temperature in K."""
        return self.upper_air[:, UPPER_TEMPERATURE_K]


@njit
def level_axes(r_ecef_m: Vector, earth: Earth) -> tuple[float, float, float, float, float]:
    """Sine and cosine of the geodetic latitude and of the longitude, and the altitude in m.

    All that turning a vector to north-east-down takes, without the angles; see `geodetic`. At
    the poles the longitude is 0.
    """
    x, y, z = r_ecef_m
    a = earth.equatorial_radius_m
    b = 1.0 - earth.flattening  # lengths from here on in equatorial radii
    e2 = earth.flattening * (2.0 - earth.flattening)
    ep2b = e2 / b
    level_m = math.sqrt(x * x + y * y)
    p, z = level_m / a, z / a
    # Parametric latitude beta; exact at once on a sphere. Its sine and cosine, and north and
    # out, are right up to a common factor: to normalise them would take divisions.
    r = math.sqrt(p * p + z * z)
    sin_beta = z * b * (r + ep2b)
    cos_beta = p * r
    square = sin_beta * sin_beta + cos_beta * cos_beta
    cube = square * math.sqrt(square)
    north = z * cube + ep2b * sin_beta * sin_beta * sin_beta
    out = p * cube - e2 * cos_beta * cos_beta * cos_beta
    size = math.sqrt(north * north + out * out)
    sin_lat, cos_lat = north / size, out / size
    altitude = a * (p * cos_lat + z * sin_lat - math.sqrt(1.0 - e2 * sin_lat * sin_lat))
    if level_m == 0.0:
        return sin_lat, cos_lat, 0.0, 1.0, altitude
    return sin_lat, cos_lat, y / level_m, x / level_m, altitude


@njit
def geodetic(r_ecef_m: Vector, earth: Earth) -> Vector:
    """Geodetic (latitude rad, longitude rad, altitude m) of an Earth-fixed position.

    Bowring 1976, "Transformation from spatial to geographical coordinates", Survey Review
    23 (181), its step taken once, with the altitude of Bowring 1985: under 1e-9 deg
    and 1e-6 m from 10 km deep to 1e6 km high. Not for the inner 50 km about the centre.
    """
    sin_lat, cos_lat, _, _, altitude = level_axes(r_ecef_m, earth)
    return (math.atan2(sin_lat, cos_lat), math.atan2(r_ecef_m[1], r_ecef_m[0]), altitude)


@njit
def ecef_from_geodetic(
    latitude_rad: float, longitude_rad: float, altitude_m: float, earth: Earth
) -> Vector:
    """Earth-fixed position in m of a geodetic latitude, longitude and altitude."""
    e2 = earth.flattening * (2.0 - earth.flattening)
    sin_lat, cos_lat = math.sin(latitude_rad), math.cos(latitude_rad)
    normal = earth.equatorial_radius_m / math.sqrt(1.0 - e2 * sin_lat * sin_lat)
    out = (normal + altitude_m) * cos_lat
    return (
        out * math.cos(longitude_rad),
        out * math.sin(longitude_rad),
        (normal * (1.0 - e2) + altitude_m) * sin_lat,
    )


@njit
def ecef_from_eci(v_eci: Vector, time_s: float, earth: Earth) -> Vector:
    """Earth-fixed components of a vector given in inertial axes (components only, no omega x r)."""
    c, s = math.cos(earth.rotation_radps * time_s), math.sin(earth.rotation_radps * time_s)
    return (c * v_eci[0] + s * v_eci[1], c * v_eci[1] - s * v_eci[0], v_eci[2])


@njit
def eci_from_ecef(v_ecef: Vector, time_s: float, earth: Earth) -> Vector:
    """Inertial components of a vector given in Earth-fixed axes (components only)."""
    c, s = math.cos(earth.rotation_radps * time_s), math.sin(earth.rotation_radps * time_s)
    return (c * v_ecef[0] - s * v_ecef[1], c * v_ecef[1] + s * v_ecef[0], v_ecef[2])


@njit
def ned_from_ecef(v_ecef: Vector, latitude_rad: float, longitude_rad: float) -> Vector:
    """North-east-down components of a vector given in Earth-fixed axes."""
    sin_lat, cos_lat = math.sin(latitude_rad), math.cos(latitude_rad)
    sin_lon, cos_lon = math.sin(longitude_rad), math.cos(longitude_rad)
    x, y, z = v_ecef
    out = cos_lon * x + sin_lon * y
    return (cos_lat * z - sin_lat * out, cos_lon * y - sin_lon * x, -cos_lat * out - sin_lat * z)


@njit
def turned_from_ned(
    v_ned: Vector, sin_lat: float, cos_lat: float, sin_lon: float, cos_lon: float
) -> Vector:
    """`ecef_from_ned` by the sines and cosines of `level_axes`."""
    north, east, down = v_ned
    out = -sin_lat * north - cos_lat * down
    return (
        cos_lon * out - sin_lon * east,
        sin_lon * out + cos_lon * east,
        cos_lat * north - sin_lat * down,
    )


@njit
def ecef_from_ned(v_ned: Vector, latitude_rad: float, longitude_rad: float) -> Vector:
    """Earth-fixed components of a vector given in north-east-down axes."""
    sin_lat, cos_lat = math.sin(latitude_rad), math.cos(latitude_rad)
    sin_lon, cos_lon = math.sin(longitude_rad), math.cos(longitude_rad)
    return turned_from_ned(v_ned, sin_lat, cos_lat, sin_lon, cos_lon)


@njit
def velocity_relative_eci(r_eci_m: Vector, v_eci_mps: Vector, earth: Earth) -> Vector:
    """Velocity in m/s relative to the turning Earth (omega x r taken off), inertial axes."""
    w = earth.rotation_radps
    return (v_eci_mps[0] + w * r_eci_m[1], v_eci_mps[1] - w * r_eci_m[0], v_eci_mps[2])


@njit
def velocity_eci(r_eci_m: Vector, v_relative_eci_mps: Vector, earth: Earth) -> Vector:
    """Inertial velocity in m/s of an Earth-relative one: the inverse of the above."""
    w = earth.rotation_radps
    return (
        v_relative_eci_mps[0] - w * r_eci_m[1],
        v_relative_eci_mps[1] + w * r_eci_m[0],
        v_relative_eci_mps[2],
    )
