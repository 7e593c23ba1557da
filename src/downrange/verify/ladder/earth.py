"""Rungs of the ladder that stand on the Earth alone: its air and its figure."""

from __future__ import annotations

import math
from collections.abc import Callable

from downrange.earth.build import build_earth
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.geodesy import ecef_from_geodetic, geodetic
from downrange.verify.check import Check

# US Standard Atmosphere 1976, tables I and VIII: geometric km, K, Pa, kg/m^3.
US76_TABLE = (
    (0.0, 288.150, 1.01325e5, 1.2250),
    (5.0, 255.676, 5.4048e4, 7.3643e-1),
    (10.0, 223.252, 2.6500e4, 4.1351e-1),
    (20.0, 216.650, 5.5293e3, 8.8910e-2),
    (30.0, 226.509, 1.1970e3, 1.8410e-2),
    (40.0, 250.350, 2.8714e2, 3.9957e-3),
    (50.0, 270.650, 7.9779e1, 1.0269e-3),
    (60.0, 247.021, 2.1958e1, 3.0968e-4),
    (70.0, 219.585, 5.2209, 8.2829e-5),
    (80.0, 198.639, 1.0524, 1.8458e-5),
    (86.0, 186.87, 3.7338e-1, 6.958e-6),
    (90.0, 186.87, 1.8359e-1, 3.416e-6),
    (100.0, 195.08, 3.2011e-2, 5.604e-7),
    (110.0, 240.00, 7.1042e-3, 9.708e-8),
    (120.0, 360.00, 2.5382e-3, 2.222e-8),
    (150.0, 634.39, 4.5422e-4, 2.076e-9),
    (200.0, 854.56, 8.4736e-5, 2.541e-10),
    (300.0, 976.01, 8.7704e-6, 1.916e-11),
    (500.0, 999.24, 3.0236e-7, 5.215e-13),
    (1000.0, 1000.00, 7.5138e-9, 3.561e-15),
)
FIVE_DIGITS = 1e-4  # half a unit in the last place of the tables below 86 km, and their rounding
FOUR_DIGITS = 1e-3  # above 86 km: a numerical integration then, a baked table now

# WGS 84 at latitude 45 deg: a cos(lat) / sqrt(1 - e2 sin^2) and its polar part.
FIGURE_45_DEG_M = (4517590.878848932, 4487348.408865919)


def standard_air() -> list[Check]:
    """Temperature, pressure and density of the US Standard Atmosphere 1976."""
    earth, checks = build_earth(), []
    for km, kelvin, pascal, density in US76_TABLE:
        got = air(km * 1000.0, earth)
        digits = FIVE_DIGITS if km < 86.0 else FOUR_DIGITS
        for what, unit, expected, number in (
            ("temperature", "K", kelvin, got[2]),
            ("pressure", "Pa", pascal, got[1]),
            ("density", "kg/m^3", density, got[0]),
        ):
            checks.append(
                Check(
                    name="US Standard Atmosphere 1976",
                    what=f"{what} at {km:g} km",
                    source="NOAA-S/T 76-1562, table I or VIII",
                    expected=expected,
                    got=number,
                    unit=unit,
                    tolerance=digits * expected,
                )
            )
    return checks


def geodesy() -> list[Check]:
    """One point of the ellipsoid, and there and back over the whole globe."""
    earth, worst_deg, worst_lon_deg, worst_m = build_earth(), 0.0, 0.0, 0.0
    for lat_deg in range(-90, 91, 5):
        for altitude_m in (-10e3, 0.0, 30e3, 400e3, 36e6, 1e9):
            lon_deg = 2.0 * lat_deg - 1.0 if abs(lat_deg) < 90 else 0.0
            place = math.radians(lat_deg), math.radians(lon_deg)
            r = ecef_from_geodetic(*place, altitude_m, earth)
            latitude, longitude, altitude = geodetic(r, earth)
            worst_deg = max(worst_deg, abs(math.degrees(latitude) - lat_deg))
            if abs(lat_deg) < 90:
                worst_lon_deg = max(worst_lon_deg, abs(math.degrees(longitude) - lon_deg))
            worst_m = max(worst_m, abs(altitude - altitude_m))
    out_m, _, north_m = ecef_from_geodetic(math.pi / 4.0, 0.0, 0.0, earth)
    point, trip = "WGS 84 at 45 degrees north", "to Earth-fixed axes and back"
    closed = "NIMA TR8350.2, section 4.2, closed form"
    return [
        Check("geodesy", f"{point}, distance from the axis", closed, FIGURE_45_DEG_M[0], out_m,
              "m", 1e-6),
        Check("geodesy", f"{point}, distance from the equator", closed, FIGURE_45_DEG_M[1],
              north_m, "m", 1e-6),
        Check("geodesy", f"latitude {trip}, worst", "identity", 0.0, worst_deg, "deg", 1e-9),
        Check("geodesy", f"longitude {trip}, worst", "identity", 0.0, worst_lon_deg, "deg", 1e-9),
        Check("geodesy", f"altitude {trip}, worst", "identity", 0.0, worst_m, "m", 1e-6),
    ]  # fmt: skip


RUNGS: tuple[Callable[[], list[Check]], ...] = (standard_air, geodesy)
