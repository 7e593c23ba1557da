"""Footprints: the plane against closed forms on the ellipsoid, areas against those of a normal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import simpson

from downrange.campaign.density import DRAWN_CELLS
from downrange.campaign.footprint import footprint
from downrange.campaign.ground import Plane, plane_amid, plane_at

A_M, F = 6378137.0, 1.0 / 298.257223563
E2 = F * (2.0 - F)
LONG_M, SHORT_M, AZIMUTH_DEG = 30e3, 5e3, 70.0
PLACES = [(69.1, 15.6), (0.0, 180.0), (-35.0, -179.95), (89.9, 40.0), (-90.0, 0.0)]

Floats = np.ndarray


def zone_m2(south_deg: float, north_deg: float, width_deg: float) -> float:
    """Area of a box of latitudes and longitudes on the ellipsoid, in closed form.

    Snyder 1987, Map Projections: A Working Manual, eq. 3-12: area = a^2 width (q2 - q1) / 2.
    """
    e = math.sqrt(E2)

    def q(deg: float) -> float:
        s = math.sin(math.radians(deg))
        return (1.0 - E2) * (s / (1.0 - E2 * s * s) + math.atanh(e * s) / e)

    return 0.5 * A_M**2 * math.radians(width_deg) * (q(north_deg) - q(south_deg))


def shoelace_m2(ring: Floats) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2.0


def box_m2(plane: Plane, south: float, north: float, west: float, east: float) -> float:
    """Area in the plane of a box of latitudes and longitudes, its edges in small steps."""
    up, right = np.linspace(south, north, 400), np.linspace(west, east, 400)
    lat = np.concatenate([np.full(400, south), up, np.full(400, north), up[::-1]])
    lon = np.concatenate([right, np.full(400, east), right[::-1], np.full(400, west)])
    ring = plane.metres(lat, lon)
    return shoelace_m2(np.vstack([ring, ring[:1]]))


@pytest.mark.parametrize("latitude", [-75.0, -40.0, 0.0, 28.5, 62.0, 80.0])
@pytest.mark.parametrize(("reach_m", "wrong"), [(300e3, 1e-3), (1000e3, 5e-3)])
def test_areas_are_those_of_the_ellipsoid(latitude: float, reach_m: float, wrong: float) -> None:
    """The claim in the plane's docstring; boxes that reach so far from its centre."""
    plane = plane_at(latitude, 179.0)
    high = math.degrees(reach_m / 1.42 / A_M)
    wide = high / math.cos(math.radians(latitude))
    south, north = max(latitude - high, -89.9), min(latitude + high, 89.9)
    got = box_m2(plane, south, north, 179.0 - wide, 179.0 + wide)
    assert got == pytest.approx(zone_m2(south, north, 2.0 * wide), rel=wrong)
    assert zone_m2(-90.0, 90.0, 360.0) == pytest.approx(510.0656e12, rel=1e-6)  # WGS 84


def test_distances_along_a_meridian() -> None:
    """50 km to the north of the pad: the arc of the ellipse, integrated."""
    lat = np.radians(np.linspace(69.1, 69.1 + 0.45, 20_001))
    radius_m = A_M * (1.0 - E2) / (1.0 - E2 * np.sin(lat) ** 2) ** 1.5
    arc_m = float(simpson(radius_m, x=lat))
    east_m, north_m = plane_at(69.1, 15.6).metres(69.55, 15.6)[0]
    assert abs(east_m) < 1e-6
    assert north_m == pytest.approx(arc_m, rel=1e-5)


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
def test_there_and_back(latitude: float, longitude: float) -> None:
    plane = plane_at(latitude, longitude)
    there = np.random.default_rng(2).normal(scale=300e3, size=(500, 2))
    back = plane.degrees(there)
    assert (np.abs(back[:, 1]) <= 180.0).all()
    assert np.abs(plane.metres(back[:, 0], back[:, 1]) - there).max() < 1e-5
    assert np.abs(plane.metres(latitude, longitude)).max() < 1e-6


def thrown(flights: int, seed: int, place: tuple[float, float] = PLACES[0]) -> Floats:
    """(n, 2) latitude and longitude of a normal cloud about a place."""
    rng = np.random.default_rng(seed)
    along, across = rng.normal(size=(2, flights)) * np.array([[LONG_M], [SHORT_M]])
    turn = math.radians(AZIMUTH_DEG)
    metres = np.column_stack([
        along * math.sin(turn) + across * math.cos(turn),
        along * math.cos(turn) - across * math.sin(turn),
    ])  # fmt: skip
    return plane_at(*place).degrees(metres)


def exact_km2(share: float) -> float:
    return -2.0 * math.log(1.0 - share) * math.pi * LONG_M * SHORT_M / 1e6


@pytest.mark.parametrize("place", PLACES)
def test_ellipses_of_a_normal_cloud(place: tuple[float, float]) -> None:
    n = 10_000
    found = footprint(*thrown(n, 4, place).T)
    assert found.notes == ()
    assert [ellipse.share for ellipse in found.ellipses] == [0.5, 0.9, 0.99]
    for ellipse in found.ellipses:
        share, c = ellipse.share, math.sqrt(-2.0 * math.log(1.0 - ellipse.share))
        assert ellipse.area_km2 == pytest.approx(exact_km2(share), rel=4.0 / math.sqrt(n))
        assert ellipse.semi_major_m == pytest.approx(c * LONG_M, rel=4.0 / math.sqrt(2.0 * n))
        assert ellipse.semi_minor_m == pytest.approx(c * SHORT_M, rel=4.0 / math.sqrt(2.0 * n))
        error = math.sqrt(share * (1.0 - share) / n)
        assert ellipse.inside.share == pytest.approx(share, abs=4.0 * error)
        assert ellipse.inside.low < ellipse.inside.share < ellipse.inside.high


def test_the_azimuth_is_from_north_by_east() -> None:
    found = footprint(*thrown(10_000, 5, (10.0, 20.0)).T)
    # Of the long axis: short / long / sqrt(n) radians, here 0.1 degrees.
    assert found.ellipses[0].azimuth_deg == pytest.approx(AZIMUTH_DEG, abs=0.5)
    assert (found.latitude_deg, found.longitude_deg) == pytest.approx((10.0, 20.0), abs=0.02)


@pytest.mark.parametrize("place", PLACES[:4])
def test_the_ring_is_the_ellipse(place: tuple[float, float]) -> None:
    for ellipse in footprint(*thrown(1000, 6, place).T).ellipses:
        ring = ellipse.ring_deg
        metres = plane_at(*place).metres(*ring.T)
        assert shoelace_m2(metres) / 1e6 == pytest.approx(ellipse.area_km2, rel=3e-3)
        assert np.abs(np.diff(ring[:, 1])).max() < 180.0
        ends = np.hypot(*(metres[0] - metres[-1]))
        assert ends < 1e-3


def test_across_the_antimeridian_nothing_jumps() -> None:
    ring = footprint(*thrown(1000, 6, (0.0, 180.0)).T).ellipses[2].ring_deg
    assert np.ptp(ring[:, 1]) < 2.0
    assert np.ptp(footprint(*thrown(1000, 6, (0.0, 180.0)).T).density.longitude_deg) < 4.0


def test_a_place_changes_nothing_but_the_place() -> None:
    """The same throws elsewhere: the same sizes, to what the plane is worth."""
    areas = [[e.area_km2 for e in footprint(*thrown(2000, 8, place).T).ellipses]
             for place in PLACES]  # fmt: skip
    assert np.ptp(np.array(areas) / areas[0], axis=0).max() < 1e-4


@pytest.mark.parametrize("flights", [1000, 10_000])
def test_density_of_a_normal_cloud(flights: int) -> None:
    """Against the closed form; tolerances as of the spread over many clouds."""
    wrong = {1000: (0.10, 0.10, 0.45), 10_000: (0.06, 0.06, 0.12)}[flights]
    found = footprint(*thrown(flights, 9).T).density
    for (share, area), allowed in zip(found.areas_km2.items(), wrong, strict=True):
        assert area == pytest.approx(exact_km2(share), rel=allowed)


def test_density_is_one_over_all() -> None:
    """Its peak is that of a normal, and what is drawn of it adds up to one."""
    found = footprint(*thrown(10_000, 10).T).density
    peak = 1e6 / (2.0 * math.pi * LONG_M * SHORT_M)
    assert found.per_km2.max() == pytest.approx(peak, rel=0.1)
    plane = plane_at(*PLACES[0])
    at = plane.metres(found.latitude_deg.ravel(), found.longitude_deg.ravel())
    at = at.reshape(*found.latitude_deg.shape, 2)
    cell = abs(float(np.linalg.det(np.array([at[1, 0] - at[0, 0], at[0, 1] - at[0, 0]]))))
    assert float(found.per_km2.sum()) * cell / 1e6 == pytest.approx(1.0, abs=5e-3)


def test_two_clouds_are_seen_by_the_density_and_by_the_shares() -> None:
    """One ellipse over both says nothing of the gap; the regions are two small ones."""
    rng = np.random.default_rng(12)
    metres = rng.normal(scale=2e3, size=(4000, 2))
    metres[::2, 0] += 100e3
    found = footprint(*plane_at(30.0, -80.0).degrees(metres).T)
    half = 2.0 * -2.0 * math.log(0.5) * math.pi * 4.0  # 50 % of each
    assert found.density.areas_km2[0.5] == pytest.approx(half, rel=0.3)
    assert found.ellipses[0].area_km2 > 5.0 * half
    assert found.ellipses[2].inside.low > 0.99  # of a normal 99 %: here all are inside


def test_a_few_far_points_do_not_blur_the_rest() -> None:
    near = thrown(5000, 13)
    far = plane_at(*PLACES[0]).degrees(np.random.default_rng(1).normal(scale=600e3, size=(10, 2)))
    alone = footprint(*near.T).density.areas_km2
    both = footprint(*np.vstack([near, far]).T).density.areas_km2
    for share in (0.5, 0.9):
        assert both[share] == pytest.approx(alone[share], rel=0.1)


def test_few_points_are_told_and_not_drawn() -> None:
    points = thrown(400, 14)
    none = footprint([], [])
    assert (none.count, none.notes) == (0, ("No point.",))
    one = footprint(*points[:1].T)
    assert one.latitude_deg == pytest.approx(points[0, 0])
    assert one.ellipses == ()
    nine = footprint(*points[:9].T)
    assert nine.notes == ("9 points are too few for ellipses, which need 10.",)
    assert nine.covariance_m2.shape == (2, 2)
    some = footprint(*points[:99].T)
    assert (len(some.ellipses), some.density) == (3, None)
    assert "too few for a density" in some.notes[0]
    more = footprint(*points.T)
    assert list(more.density.areas_km2) == [0.5, 0.9]
    assert more.notes == (
        "400 points are too few for the region that holds 99 %, which needs 500.",
    )


@pytest.mark.parametrize(
    ("latitude", "longitude", "word"),
    [
        (np.full(200, 60.0), np.full(200, 10.0), "all in one place"),
        (np.full(200, 0.0), np.linspace(179.0, 181.0, 200), "all on one line"),
    ],
)
def test_clouds_without_width(latitude: Floats, longitude: Floats, word: str) -> None:
    found = footprint(latitude, longitude)
    assert (found.ellipses, found.density) == ((), None)
    assert word in found.notes[0]
    assert abs(found.longitude_deg) == pytest.approx(abs(float(longitude.mean())), abs=1e-9)


def test_the_middle_of_points_that_cancel_out() -> None:
    plane = plane_amid([0.0, 0.0], [0.0, 180.0])
    assert (plane.latitude_deg, plane.longitude_deg) == pytest.approx((0.0, 0.0))


def test_what_is_no_point() -> None:
    points = thrown(50, 15)
    points[3, 0] = math.nan
    assert footprint(*points.T).count == 49
    with pytest.raises(ValueError, match="3 latitudes and 2 longitudes"):
        footprint([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="beyond the pole"):
        footprint([91.0], [0.0])
    with pytest.raises(ValueError, match="not all between 0 and 1"):
        footprint([1.0], [0.0], shares=(1.0,))


def test_grids_stay_small() -> None:
    """Clouds with far points are looked at on at most so many cells, and drawn on fewer."""
    points = np.vstack([thrown(2000, 16), [[-69.0, 100.0]]])
    drawn = footprint(*points.T).density.per_km2
    assert max(drawn.shape) <= DRAWN_CELLS + 1
    assert np.isfinite(drawn).all()
