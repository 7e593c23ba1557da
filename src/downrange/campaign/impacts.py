"""Where the bodies of a campaign came down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.table import Coded

if TYPE_CHECKING:
    from downrange.campaign.footprint import Footprint
    from downrange.campaign.table import Flights

Floats = NDArray[np.float64]

MOST_PLACED = 100_000
OF_LOST = ", lost"
EARTH_RADIUS_M = 6_371_000.0  # mean: within 0.5 % of the ellipsoid's


@dataclass(frozen=True)
class Impacts:
    """Points on the ground or sea where one body came down; `rows` are those of its flights."""

    rows: NDArray[np.int64]
    latitude_deg: Floats
    longitude_deg: Floats
    surfaces: dict[str, int]

    def metres(self) -> Floats:
        """North and east of the mean point, m, shape (points, 2), on a sphere.

        A plane at the mean: for points within some hundred kilometres of each other.
        """
        latitude = np.radians(self.latitude_deg)
        turn = (self.longitude_deg - self.longitude_deg[0] + 180.0) % 360.0 - 180.0
        east = np.radians(turn) * np.cos(latitude.mean())
        plane = EARTH_RADIUS_M * np.column_stack((latitude, east))
        return np.asarray(plane - plane.mean(axis=0))

    def distances(self) -> Floats:
        """Mahalanobis distance of each point from the mean."""
        plane = self.metres()
        (a, b), (_, c) = np.linalg.pinv(np.cov(plane.T))
        x, y = plane[:, 0], plane[:, 1]
        return np.asarray(np.sqrt(a * x * x + 2.0 * b * x * y + c * y * y))


def impacts_of(
    flights: Flights, surfaces: dict[str, Coded], lost: NDArray[np.bool_]
) -> dict[str, Impacts]:
    """Impact points by place: `stage1`, and `stage1, lost` of the flights that were lost.

    A lost vehicle and a spent stage come down in two clouds, which have no common mean. `surfaces`
    are by body; `lost` says which flights were.
    """
    found: dict[str, Impacts] = {}
    down = {body: ended for body, ended in surfaces.items() if ended.counts()}
    names = [f"body.{body}.end_{axis}_deg" for body in down for axis in ("latitude", "longitude")]
    columns = flights.numbers(names)
    for body, ended in down.items():
        (_, latitude), (_, longitude) = next(columns), next(columns)
        known = ended.among(ended.counts()) & np.isfinite(latitude) & np.isfinite(longitude)
        for name, which in ((body, ~lost), (f"{body}{OF_LOST}", lost)):
            rows = np.flatnonzero(known & which)
            if rows.size:
                told = Coded(ended.codes[rows], ended.words).counts()
                found[name] = Impacts(rows, latitude[rows], longitude[rows], told)
    return found


def footprint_of(points: Impacts) -> Footprint:
    """Ellipses and density of a body's impact points; of very many, of every so many of them."""
    from downrange.campaign.footprint import footprint

    step = max(1, -(-len(points.rows) // MOST_PLACED))
    found = footprint(points.latitude_deg[::step], points.longitude_deg[::step])
    if step == 1:
        return found
    return replace(found, notes=(*found.notes, f"Of the impacts, one in {step} was taken."))
