"""From what a person wrote to the numbers of the kernels."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.earth.kernel.atmosphere import NO_AIR, US76
from downrange.earth.kernel.geodesy import Earth
from downrange.earth.kernel.wind import Wind
from downrange.earth.sounding import read_sounding, read_soundings, towards
from downrange.earth.spec import AirSpec, EarthSpec, TurbulenceSpec, WindSpec
from downrange.errors import InputError, Problem
from downrange.units import Value

Floats = NDArray[np.float64]

# NASA/TM-2015-218675 vol. II table 73: the ellipsoid and rotation of WGS 84, mu and J2.
EQUATORIAL_RADIUS_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
MU_M3PS2 = 3.986004418e14
J2 = 0.00108262982
ROTATION_RADPS = 7.292115e-5

_KNOT_MPS = 1852.0 / 3600.0
_FOOT_M = 0.3048
# MIL-F-8785C 3.7.3.4: wind at 20 ft.
_W20_MPS = {"light": 15.0 * _KNOT_MPS, "moderate": 30.0 * _KNOT_MPS, "severe": 45.0 * _KNOT_MPS}
# MIL-F-8785C figure 7, rms in ft/s at altitudes in ft. The chart ends at 80,000 ft; that it
# has faded out at 100,000 ft is assumed.
_CHART_FT = (
    500, 1750, 3750, 7500, 15000, 25000, 35000, 45000, 55000, 65000, 75000, 80000, 100000,
)  # fmt: skip
_CHART_FPS = {
    "light": (6.6, 6.9, 7.4, 6.7, 4.6, 2.7, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "moderate": (8.6, 9.6, 10.6, 10.1, 8.0, 6.6, 5.0, 4.2, 2.7, 0.0, 0.0, 0.0, 0.0),
    "severe": (15.6, 17.6, 23.0, 23.6, 22.1, 20.0, 16.0, 15.1, 12.1, 7.9, 6.2, 5.1, 0.0),
}
_LINEAR_SPAN_M = 10000.0  # any two points of a straight line will do


# Columns of the baked table, in the order of the kernels' UPPER_... codes.
UPPER_COLUMNS = ("altitude_m", "log_density", "log_pressure", "temperature_k")


@cache
def upper_air() -> Floats:
    """US Standard Atmosphere 1976 above 86 km: the table of `scripts/bake_atmosphere.py`.

    (n, 4): altitude in m on even geometric steps, natural logs of the density in kg/m^3 and
    of the pressure in Pa, temperature in K.
    """
    with (files("downrange.earth") / "data" / "us76_upper.npz").open("rb") as stream:
        table = np.load(stream)
        return _columns(*(table[column] for column in UPPER_COLUMNS))


def build_earth(earth: EarthSpec | None = None, air: AirSpec | None = None) -> Earth:
    """Return the Earth for the kernels; by default WGS-84 with J2, turning, with US76 air."""
    earth, air = earth or EarthSpec(), air or AirSpec()
    return Earth(
        equatorial_radius_m=EQUATORIAL_RADIUS_M if earth.radius is None else earth.radius.si,
        flattening=FLATTENING if earth.shape == "wgs84" else 0.0,
        mu_m3ps2=MU_M3PS2,
        j2=J2 if earth.gravity == "j2" else 0.0,
        j2_radius_m=EQUATORIAL_RADIUS_M,
        rotation_radps=ROTATION_RADPS if earth.rotating else 0.0,
        atmosphere_model=US76 if air.model == "us76" else NO_AIR,
        air_zero_above_m=math.inf if air.zero_above is None else air.zero_above.si,
        upper_air=upper_air(),
    )


def build_wind(
    spec: WindSpec | None = None, base_dir: Path | str = ".", minimum_top_m: float = -math.inf
) -> Wind:
    """Return the wind for the kernels; still air without a spec.

    Args:
        spec: what was written.
        base_dir: folder of the file that names the sounding.
        minimum_top_m: altitude that a profile or a sounding must reach; above its last level
            the wind is held.

    Raises:
        InputError: the sounding can't be read, with every problem; or the top is too low.
    """
    spec = spec or WindSpec()
    altitude, north, east = _profile(spec, Path(base_dir), minimum_top_m)
    if spec.model in ("profile", "sounding") and altitude[-1] < minimum_top_m:
        raise InputError([_too_low(spec, Path(base_dir), altitude[-1], minimum_top_m)])
    gusts = [
        (
            gust.altitude.si,
            gust.thickness.si,
            *map(float, towards(gust.speed.si, gust.from_deg.si)),
        )
        for gust in spec.gust
    ]
    chart = _CHART_FPS[spec.turbulence.intensity] if spec.turbulence else np.zeros(len(_CHART_FT))
    return Wind(
        profile=_columns(altitude, north, east),
        extrapolate=1 if spec.model == "linear" else 0,
        gusts=_floats(gusts).reshape(-1, 4),
        turbulence_intensity=1.0 if spec.turbulence else 0.0,
        turbulence_w20_mps=_surface_wind(spec.turbulence),
        turbulence=_columns(_CHART_FT, chart) * _FOOT_M,
    )


def _profile(spec: WindSpec, base_dir: Path, minimum_top_m: float) -> tuple[Floats, Floats, Floats]:
    """Altitude in m, wind to north and to east in m/s, with this flight's deviation."""
    altitude, north, east = _mean_profile(spec, base_dir, minimum_top_m)
    if spec.deviation is None:
        return altitude, north, east
    levels = _floats([level.altitude.si for level in spec.deviation.level])
    off_north = _floats([_si(level.north, 0.0) for level in spec.deviation.level])
    off_east = _floats([_si(level.east, 0.0) for level in spec.deviation.level])
    grid = np.unique(np.concatenate([altitude, levels]))
    return (
        grid,
        np.interp(grid, altitude, north) + np.interp(grid, levels, off_north),
        np.interp(grid, altitude, east) + np.interp(grid, levels, off_east),
    )


def _mean_profile(
    spec: WindSpec, base_dir: Path, minimum_top_m: float
) -> tuple[Floats, Floats, Floats]:
    """Altitude in m, wind to north and to east in m/s, without a deviation."""
    match spec.model:
        case "still":
            altitude, from_deg, speed = _floats([0.0, 1.0]), _floats([0.0]), _floats([0.0, 0.0])
        case "steady" | "linear":
            gradient = _si(spec.gradient, 0.0)
            altitude = _floats([0.0, _LINEAR_SPAN_M])
            from_deg = _floats([_si(spec.from_deg, 0.0)])
            speed = _si(spec.speed, 0.0) + gradient * altitude
        case "profile":
            altitude = _floats([level.altitude.si for level in spec.level])
            from_deg = _floats([level.from_deg.si for level in spec.level])
            speed = _floats([level.speed.si for level in spec.level])
        case "sounding":
            altitude, from_deg, speed = read_sounding(base_dir / (spec.file or ""))
        case "soundings":
            return _one_of_soundings(spec, base_dir, minimum_top_m)
    turned = from_deg + math.degrees(_si(spec.turn, 0.0))
    north, east = towards(_si(spec.speed_factor, 1.0) * speed, turned)
    return altitude, _floats(north), _floats(east)


def _one_of_soundings(
    spec: WindSpec, base_dir: Path, minimum_top_m: float
) -> tuple[Floats, Floats, Floats]:
    """The sounding of this flight or the mean of all, on the altitudes of all."""
    folder = base_dir / (spec.folder or "")
    found = read_soundings(folder, minimum_top_m)
    count = len(found.names)
    if spec.sounding is None:
        north, east = found.north_mps.mean(axis=0), found.east_mps.mean(axis=0)
    elif spec.sounding > count:
        message = f"there is no sounding {spec.sounding}, the folder holds {count}"
        raise InputError([Problem(str(folder), "sounding", message)])
    else:
        north, east = found.north_mps[spec.sounding - 1], found.east_mps[spec.sounding - 1]
    turn, factor = _si(spec.turn, 0.0), _si(spec.speed_factor, 1.0)
    # Clockwise seen from above, as bearings count.
    cos, sin = factor * math.cos(turn), factor * math.sin(turn)
    return found.altitude_m, _floats(cos * north - sin * east), _floats(sin * north + cos * east)


def count_soundings(spec: WindSpec, base_dir: Path | str) -> int:
    """How many soundings a wind's folder holds; 0 where it names none.

    Raises:
        InputError: the folder or a file in it can't be read.
    """
    if spec.model != "soundings":
        return 0
    return len(read_soundings(Path(base_dir) / (spec.folder or "")).names)


def _surface_wind(turbulence: TurbulenceSpec | None) -> float:
    if turbulence is None:
        return 0.0
    return _si(turbulence.surface_wind, _W20_MPS[turbulence.intensity])


def _too_low(spec: WindSpec, base_dir: Path, top_m: float, minimum_m: float) -> Problem:
    file = str(base_dir / spec.file) if spec.file else ""
    message = f"ends at {top_m:.0f} m; it must reach {minimum_m:.0f} m"
    return Problem(file, "" if spec.file else "level", message, "add levels on top")


def _si(value: Value | None, default: float) -> float:
    return default if value is None else value.si


def _columns(*columns: ArrayLike) -> Floats:
    return _floats(np.stack([_floats(column) for column in columns], axis=1))


def _floats(numbers: ArrayLike) -> Floats:
    return np.ascontiguousarray(numbers, dtype=np.float64)
