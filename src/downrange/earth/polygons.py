"""Closed rings of (longitude, latitude) in degrees on the plate carree map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def edges(rings: Sequence[Floats]) -> Floats:
    """Edges of closed rings, (4, n): longitude and latitude of one end, then of the other.

    Rings, (n, 2), need not repeat their first point.
    """
    ends = [np.column_stack((ring, np.roll(ring, -1, axis=0))) for ring in rings]
    return np.ascontiguousarray(np.concatenate([np.empty((0, 4)), *ends]).T)


def inside(ring_edges: Floats, longitude_deg: float, latitude_deg: float) -> bool:
    """True if a point lies in an odd number of rings (a ring inside a ring is a hole).

    A ray goes east from the point and counts the edges that it crosses.
    """
    x0, y0, x1, y1 = ring_edges
    cut = np.nonzero((y0 > latitude_deg) != (y1 > latitude_deg))[0]
    share = (latitude_deg - y0[cut]) / (y1[cut] - y0[cut])
    crossings = np.count_nonzero(x0[cut] + share * (x1[cut] - x0[cut]) > longitude_deg)
    return bool(crossings % 2 == 1)


def clip(ring: Floats, south: float, north: float, west: float, east: float) -> Floats:
    """The part of a ring inside a box, in degrees; no points if there is none.

    Sutherland and Hodgman 1974, "Reentrant polygon clipping", Comm. ACM 17(1): parts that
    fall asunder stay joined by edges along the border of the box.
    """
    for axis, limit, sign in ((0, west, 1.0), (0, east, -1.0), (1, south, 1.0), (1, north, -1.0)):
        if len(ring) == 0:
            break
        ring = _cut(ring, axis, limit, sign)
    return ring


def outside(ring: Floats, south: float, north: float, west: float, east: float) -> list[Floats]:
    """The parts of a ring outside a box: south and north of it, then west and east."""
    far = 1e3
    strips = (
        (-far, south, -far, far),
        (north, far, -far, far),
        (south, north, -far, west),
        (south, north, east, far),
    )
    return [part for strip in strips if len(part := clip(ring, *strip)) > 0]


def _cut(ring: Floats, axis: int, limit: float, sign: float) -> Floats:
    """The part of a ring on one side of a line: sign * coordinate >= sign * limit."""
    before = np.roll(ring, 1, axis=0)
    over, over_before = (sign * (points[:, axis] - limit) for points in (ring, before))
    crosses = (over >= 0.0) != (over_before >= 0.0)
    if not crosses.any():
        return ring if over[0] >= 0.0 else ring[:0]
    span = np.where(crosses, over - over_before, 1.0)
    met = before - (over_before / span)[:, None] * (ring - before)
    met[:, axis] = limit
    # Each point in turn: where the edge to it crosses the line, then itself if it is inside.
    both = np.stack((met, ring), axis=1).reshape(-1, 2)
    keep = np.stack((crosses, over >= 0.0), axis=1).reshape(-1)
    kept: Floats = both[keep]
    return kept
