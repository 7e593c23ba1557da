"""The Earth's figure and turning against published points and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.earth.build import build_earth
from downrange.earth.kernel import geodesy
from downrange.earth.spec import EarthSpec

DEG = math.pi / 180.0
EARTH = build_earth()


def test_satellite_position_of_vallado() -> None:
    # Vallado, Fundamentals of Astrodynamics and Applications, example 3-3.
    latitude, longitude, altitude = geodesy.geodetic((6524834.0, 6862875.0, 6448296.0), EARTH)
    assert latitude / DEG == pytest.approx(34.352496, abs=1e-6)
    assert longitude / DEG == pytest.approx(46.4464, abs=1e-4)
    assert altitude == pytest.approx(5085.22e3, abs=10.0)


def test_tracking_site_of_vallado() -> None:
    # The same, example 7-1; its equatorial radius is 0.7 m smaller.
    got = geodesy.ecef_from_geodetic(39.007 * DEG, -104.883 * DEG, 2187.0, EARTH)
    assert got == pytest.approx((-1275121.9, -4797989.0, 3994297.5), abs=1.0)


def test_poles_and_equator() -> None:
    polar_radius_m = 6356752.3142  # WGS 84, NIMA TR8350.2 table 3.3
    north = geodesy.ecef_from_geodetic(0.5 * math.pi, 0.0, 0.0, EARTH)
    assert north[2] == pytest.approx(polar_radius_m, abs=1e-4)
    for sign in (1.0, -1.0):
        latitude, _, altitude = geodesy.geodetic((0.0, 0.0, sign * north[2]), EARTH)
        assert latitude == sign * 0.5 * math.pi
        assert altitude == pytest.approx(0.0, abs=1e-8)
    assert geodesy.geodetic((6378137.0, 0.0, 0.0), EARTH) == (0.0, 0.0, 0.0)


def test_radius_of_curvature_in_the_meridian() -> None:
    # a (1 - e2) / (1 - e2 sin^2)^1.5 is the length of a radian of latitude.
    latitude, step = 69.108 * DEG, 1e-4
    e2 = EARTH.flattening * (2.0 - EARTH.flattening)
    radius = 6378137.0 * (1.0 - e2) / (1.0 - e2 * math.sin(latitude) ** 2) ** 1.5
    south = geodesy.ecef_from_geodetic(latitude - step, 0.3, 0.0, EARTH)
    north = geodesy.ecef_from_geodetic(latitude + step, 0.3, 0.0, EARTH)
    assert math.dist(south, north) / (2.0 * step) == pytest.approx(radius, rel=1e-8)


def test_sphere_is_plain_trigonometry() -> None:
    radius = 6371007.1809
    sphere = build_earth(EarthSpec(shape="sphere", radius="6371007.1809 m"))
    r = radius + 9144.0
    point = (r * math.cos(0.7) * math.cos(-2.0), r * math.cos(0.7) * math.sin(-2.0),
             r * math.sin(0.7))  # fmt: skip
    assert geodesy.geodetic(point, sphere) == pytest.approx((0.7, -2.0, 9144.0), abs=2e-9)
    assert geodesy.ecef_from_geodetic(0.7, -2.0, 9144.0, sphere) == pytest.approx(point, abs=2e-9)


@pytest.mark.parametrize("latitude_deg", [0.0, 28.5, 69.108, 89.0])
def test_ground_moves_east_with_the_earth(latitude_deg: float) -> None:
    latitude, longitude = latitude_deg * DEG, 15.589 * DEG
    r = geodesy.ecef_from_geodetic(latitude, longitude, 7.0, EARTH)
    v = geodesy.velocity_eci(r, (0.0, 0.0, 0.0), EARTH)
    to_axis = math.hypot(r[0], r[1])
    ned = geodesy.ned_from_ecef(v, latitude, longitude)
    assert ned == pytest.approx((0.0, 7.292115e-5 * to_axis, 0.0), abs=1e-10)
    assert geodesy.velocity_relative_eci(r, v, EARTH) == (0.0, 0.0, 0.0)


def test_inertial_axes_part_from_earth_fixed_ones_by_omega_t() -> None:
    # The stellar day, 86164.0989 s (IERS); WGS 84 rounds omega by 2e-8 of it.
    quarter = 0.25 * 86164.0989
    assert geodesy.eci_from_ecef((1.0, 2.0, 3.0), 0.0, EARTH) == (1.0, 2.0, 3.0)
    assert geodesy.eci_from_ecef((1.0, 0.0, 0.0), quarter, EARTH) == pytest.approx(
        (0.0, 1.0, 0.0), abs=1e-7
    )
    assert geodesy.ecef_from_eci((1.0, 0.0, 0.0), quarter, EARTH) == pytest.approx(
        (0.0, -1.0, 0.0), abs=1e-7
    )


def test_still_earth_has_one_frame() -> None:
    still = build_earth(EarthSpec(rotating=False))
    v = (1.0, 2.0, 3.0)
    assert geodesy.eci_from_ecef(v, 1e5, still) == v
    assert geodesy.velocity_relative_eci((7e6, 0.0, 0.0), v, still) == v


def test_local_axes_at_the_origin_of_longitude() -> None:
    # At latitude 0, longitude 0: north is z, east is y, down is -x.
    assert geodesy.ned_from_ecef((1.0, 2.0, 3.0), 0.0, 0.0) == (3.0, 2.0, -1.0)
    assert geodesy.ecef_from_ned((3.0, 2.0, -1.0), 0.0, 0.0) == (1.0, 2.0, 3.0)


def test_down_is_against_growing_altitude() -> None:
    latitude, longitude = 69.108 * DEG, 15.589 * DEG
    low = geodesy.ecef_from_geodetic(latitude, longitude, 0.0, EARTH)
    high = geodesy.ecef_from_geodetic(latitude, longitude, 1000.0, EARTH)
    rise = np.subtract(high, low)
    down = geodesy.ned_from_ecef(tuple(rise), latitude, longitude)
    assert down == pytest.approx((0.0, 0.0, -1000.0), abs=1e-8)
