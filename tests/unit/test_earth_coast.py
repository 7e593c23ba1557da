"""Land or sea at places that everybody knows, areas that are published, and the maps."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from downrange._spec import load_toml, validate
from downrange.earth.coast import Chart, charts, outline, surface
from downrange.earth.polygons import clip, edges, inside, outside
from downrange.earth.spec import SiteSpec

SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
# A comb with its teeth up: what a line across it leaves falls asunder.
COMB = np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 3.0], [3.0, 3.0], [3.0, 1.0], [2.0, 1.0],
                 [2.0, 3.0], [0.0, 3.0]])  # fmt: skip


def area(ring: np.ndarray) -> float:
    """Size of a ring on the flat map (the shoelace formula)."""
    x, y = ring[:, 0], ring[:, 1]
    return abs(0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def area_km2(rings: list[tuple[np.ndarray, np.ndarray]], latitude_deg: float) -> float:
    degree_km = 111.2
    flat = sum(area(np.column_stack(ring)) for ring in rings)
    return flat * degree_km**2 * math.cos(math.radians(latitude_deg))


@pytest.fixture(scope="module")
def andoya() -> SiteSpec:
    with (files("downrange.catalog") / "sites" / "andoya.toml").open() as stream:
        return validate(SiteSpec, load_toml(stream.name))


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "expected"),
    [
        ("Oslo", 59.91, 10.75, "land"), ("Kiruna", 67.85, 20.22, "land"),
        ("Chukotka, across the 180th meridian", 66.5, -175.0, "land"),
        ("the same, longitude from 0 to 360", 66.5, 185.0, "land"),
        ("Antarctica", -85.0, 0.0, "land"), ("Sahara", 20.0, 10.0, "land"),
        ("Alice Springs", -23.7, 133.9, "land"), ("Brownsville", 25.9, -97.5, "land"),
        ("Gulf of Guinea", 0.0, 0.0, "sea"), ("North Pole", 90.0, 0.0, "sea"),
        ("mid Pacific", 30.0, 180.0, "sea"), ("Norwegian Sea", 70.0, 5.0, "sea"),
        ("Vestfjord", 67.9, 14.0, "sea"), ("Gulf of Mexico", 25.99, -96.5, "sea"),
    ],
)  # fmt: skip
def test_places(name: str, latitude: float, longitude: float, expected: str) -> None:
    assert surface(latitude, longitude) == expected, name


def test_share_of_land_is_that_of_the_earth() -> None:
    # 29.1 % of the globe, published; here with the ice shelves of Antarctica as sea.
    latitudes = np.degrees(np.arcsin(np.linspace(-1.0, 1.0, 101)[:-1] + 0.01))
    found = [
        surface(latitude, longitude) == "land"
        for latitude in latitudes
        for longitude in np.arange(-179.0, 180.0, 4.0)
    ]
    assert np.mean(found) == pytest.approx(0.291, abs=0.01)


def test_area_of_andoya_is_that_published() -> None:
    # 489 km^2 (Kartverket).
    rings = outline(68.87, 69.33, 15.40, 16.18)
    largest = max(rings, key=lambda ring: area(np.column_stack(ring)))
    assert area_km2([largest], 69.1) == pytest.approx(489.0, rel=0.05)


@pytest.mark.parametrize(
    ("bearing_deg", "distance_km", "expected"),
    [
        (0.0, 0.0, "land"), (345.0, 0.5, "sea"), (345.0, 3.0, "sea"), (315.0, 0.25, "sea"),
        (270.0, 1.0, "sea"), (0.0, 2.0, "sea"), (90.0, 1.0, "land"), (135.0, 3.0, "land"),
        (55.0, 4.2, "land"), (345.0, 30.0, "sea"), (45.0, 25.0, "land"),
    ],
)  # fmt: skip
def test_around_the_pad(
    andoya: SiteSpec, bearing_deg: float, distance_km: float, expected: str
) -> None:
    latitude, longitude = (math.degrees(each.si) for each in (andoya.pad.latitude,
                                                              andoya.pad.longitude))  # fmt: skip
    north = distance_km / 111.5 * math.cos(math.radians(bearing_deg))
    east = distance_km / 39.8 * math.sin(math.radians(bearing_deg))
    assert surface(latitude + north, longitude + east, andoya) == expected


def test_protected_places_are_on_land(andoya: SiteSpec) -> None:
    # Andenes lies at the very tip, which the chart cuts short: so, some part of its disc.
    for place in andoya.protect:
        latitude, longitude = math.degrees(place.latitude.si), math.degrees(place.longitude.si)
        south_deg = 0.5 * place.radius.si / 111.5e3
        found = {surface(latitude - south, longitude, andoya) for south in (0.0, south_deg)}
        assert "land" in found, place.name


def test_drawing_of_the_shore_overrides_the_chart_in_its_box_only(andoya: SiteSpec) -> None:
    # The chart's shore runs 500 m off the pad: 300 m out is land there.
    at = (69.1105, 15.584)
    assert surface(*at) == "land"
    assert surface(*at, andoya) == "sea"
    assert andoya.coast is not None
    outside_box = andoya.coast.model_copy(update={"land": (), "east_deg": 15.5})
    assert surface(*at, andoya.model_copy(update={"coast": outside_box})) == "land"


def test_a_chart_does_for_a_site(andoya: SiteSpec) -> None:
    island = Chart.of((70.0, 71.0, 4.0, 6.0), [SQUARE / 4.0 + [4.5, 70.0]])
    assert surface(70.5, 5.0, island) == "land"
    assert surface(70.5, 4.2, island) == "sea"
    assert surface(70.5, 5.0, andoya) == "sea"
    assert len(outline(69.9, 71.1, 3.0, 7.0, island)) == 1


def test_map_shows_what_the_surface_is(andoya: SiteSpec) -> None:
    box = (69.0, 69.2, 15.3, 15.9)
    land = edges([np.column_stack(ring) for ring in outline(*box, site=andoya)])
    for latitude in np.arange(69.005, 69.2, 0.017):
        for longitude in np.arange(15.305, 15.9, 0.031):
            drawn = inside(land, longitude, latitude)
            assert drawn == (surface(latitude, longitude, andoya) == "land")
    for longitude, latitude in outline(*box, site=andoya):
        assert longitude.min() >= 15.3
        assert longitude.max() <= 15.9
        assert latitude.min() >= 69.0
        assert latitude.max() <= 69.2


def test_wide_map_comes_from_the_world() -> None:
    assert charts()[-1].rings is not charts()[0].rings
    assert len(outline(40.0, 80.0, -20.0, 60.0)) > 50
    assert outline(-40.0, -30.0, -120.0, -110.0) == []


def test_inside_counts_holes() -> None:
    rings = edges([SQUARE, SQUARE / 4.0 + 1.0])
    assert inside(rings, 0.5, 0.5)
    assert not inside(rings, 1.5, 1.5)
    assert not inside(rings, 5.0, 1.0)
    assert not inside(edges([]), 0.0, 0.0)


def test_clipping_keeps_what_is_inside() -> None:
    assert area(clip(SQUARE, 1.0, 9.0, -9.0, 3.0)) == pytest.approx(9.0)
    assert clip(SQUARE, 5.0, 6.0, 0.0, 1.0).shape == (0, 2)
    assert clip(SQUARE, -1.0, 5.0, -1.0, 5.0) is SQUARE
    teeth = clip(COMB, 2.0, 9.0, -9.0, 9.0)
    assert area(teeth) == pytest.approx(4.0)
    assert not inside(edges([teeth]), 2.5, 2.5)


def test_clipping_and_its_complement_make_the_whole() -> None:
    box = (0.5, 2.5, 1.0, 4.0)
    within = area(clip(COMB, *box))
    without = sum(area(part) for part in outside(COMB, *box))
    assert within + without == pytest.approx(area(COMB))
    assert within == pytest.approx(2.0 * 3.0 - 1.5 * 1.0)


def test_coast_loads_neither_compiler_nor_specs() -> None:
    code = "import sys, downrange.earth.coast; print({'numba', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
