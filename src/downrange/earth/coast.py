"""Land or sea, and the coastline for maps.

Natural Earth (public domain; `scripts/bake_coast.py`): 1:50m for the world, good to some
2 km; 1:10m around launch sites, some 500 m. Near a pad the site's own drawing of the shore
takes its place. Lakes are land, the Caspian is sea. Loaded at the first question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.polygons import clip, edges, inside, outside

if TYPE_CHECKING:
    from downrange.earth.spec import CoastSpec, SiteSpec

Floats = NDArray[np.float64]
Surface = Literal["land", "sea"]


class Chart(NamedTuple):
    """Rings of land inside a box, in degrees."""

    south: float
    north: float
    west: float
    east: float
    rings: tuple[Floats, ...]  # each (n, 2): longitude, latitude; closed
    bands: tuple[Floats, ...]  # edges that reach into each degree of latitude, -90 first

    @classmethod
    def of(cls, box_deg: Sequence[float], rings: Iterable[Floats]) -> Chart:
        """Return the chart of a box (south, north, west, east) and its rings."""
        south, north, west, east = box_deg
        closed = tuple(rings)
        every = edges(closed)
        low, high = (np.floor(choose(every[1], every[3])) for choose in (np.minimum, np.maximum))
        bands = (every[:, (low <= south) & (high >= south)] for south in range(-90, 91))
        return cls(south, north, west, east, closed, tuple(bands))

    def is_land(self, latitude_deg: float, longitude_deg: float) -> bool:
        """True if a point of the chart lies on land; False of one that is no number."""
        if math.isnan(latitude_deg + longitude_deg):
            return False
        band = self.bands[math.floor(latitude_deg) + 90]
        return inside(band, longitude_deg, latitude_deg)

    def holds(self, south: float, north: float, west: float, east: float) -> bool:
        """True if all of a box lies on the chart."""
        return (
            self.south <= south and north <= self.north and self.west <= west <= east <= self.east
        )


@cache
def charts() -> tuple[Chart, ...]:
    """Return the baked charts, the finest first and the world last."""
    with (files("downrange.earth") / "data" / "coast.npz").open("rb") as stream:
        table = dict(np.load(stream))
    grid = float(table["grid_deg"])
    found = []
    for number, box in enumerate(table["boxes"].tolist()):
        points = np.cumsum(table[f"chart{number}_steps"], axis=0) * grid
        counts = table[f"chart{number}_counts"]
        found.append(Chart.of(box, np.split(points, np.cumsum(counts)[:-1])))
    return tuple(found)


def surface(
    latitude_deg: float, longitude_deg: float, site: SiteSpec | Chart | None = None
) -> Surface:
    """Return what lies at a point, "land" or "sea".

    Args:
        latitude_deg: geodetic, -90 to 90.
        longitude_deg: any; wrapped to -180..180.
        site: whose drawing of the shore holds near the pad; or that drawing.
    """
    longitude_deg = (longitude_deg + 180.0) % 360.0 - 180.0
    near = site_chart(site)
    box = (latitude_deg, latitude_deg, longitude_deg, longitude_deg)
    every = charts() if near is None else (near, *charts())
    chart = next((each for each in every if each.holds(*box)), every[-1])
    return "land" if chart.is_land(latitude_deg, longitude_deg) else "sea"


def outline(
    latitude_min: float,
    latitude_max: float,
    longitude_min: float,
    longitude_max: float,
    site: SiteSpec | Chart | None = None,
) -> list[tuple[Floats, Floats]]:
    """Return the land in a box as closed (longitude, latitude) rings in degrees, for a map.

    They are clipped to the box: fill them without edges, for some run along borders inside.
    The box must not span the 180th meridian.
    """
    box = (latitude_min, latitude_max, longitude_min, longitude_max)
    chart = next((each for each in charts() if each.holds(*box)), charts()[-1])
    rings: Iterable[Floats] = chart.rings
    near = site_chart(site)
    if near is not None:
        rings = [part for ring in rings for part in outside(ring, *near[:4])] + list(near.rings)
    shown = (clip(ring, *box) for ring in rings)
    return [(ring[:, 0], ring[:, 1]) for ring in shown if len(ring) > 0]


def site_chart(site: SiteSpec | Chart | None) -> Chart | None:
    """Return a site's own drawing of its shore, for many questions; None if it has none."""
    if isinstance(site, Chart):
        return site
    coast: CoastSpec | None = None if site is None else site.coast
    if coast is None:
        return None
    rings = (np.array(polygon, dtype=np.float64)[:, ::-1] for polygon in coast.land)
    return Chart.of((coast.south_deg, coast.north_deg, coast.west_deg, coast.east_deg), rings)
