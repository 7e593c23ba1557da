"""Where things come down: the ellipses and the density of impact points.

Ellipses are those of a bivariate normal distribution and say beside each how many points are truly
inside; the density assumes no shape. Where there are too few points it is said, not drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.campaign.density import Density, density
from downrange.campaign.ground import Plane, plane_amid
from downrange.campaign.statistics import LEVEL, Share, share_of

Floats = NDArray[np.float64]

SHARES = (0.5, 0.9, 0.99)
LEAST_FOR_ELLIPSES = 10
LEAST_FOR_DENSITY = 100
LEAST_BEYOND = 5  # points outside a region of highest density, or its edge is by chance
THIN = 1e-6  # a cloud whose narrow axis is this part of the long one is a line
POINT_M = 1e-3  # and one that is no longer than this is a point
RING_POINTS = 73  # the first again at the end


class Ellipse(NamedTuple):
    """The ellipse that holds a share of a normal distribution with the mean and spread of points.

    Attributes:
        share: of the distribution, inside.
        semi_major_m: half of the long axis.
        semi_minor_m: half of the short one.
        azimuth_deg: of the long axis, from north by east, 0 to 180.
        area_km2: on the ground.
        inside: share of the points that are truly in it, with its interval.
        ring_deg: (n, 2) latitude and longitude around it; longitudes run on over 180.
    """

    share: float
    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float
    area_km2: float
    inside: Share
    ring_deg: Floats


@dataclass(frozen=True)
class Footprint:
    """Where the flights came down.

    Attributes:
        count: points.
        latitude_deg: of their mean on the ground.
        longitude_deg: the same.
        covariance_m2: (2, 2) east and north about that mean.
        ellipses: none where `notes` says why.
        density: None where `notes` says why.
        notes: what is not given, and why, as sentences.
    """

    count: int
    latitude_deg: float
    longitude_deg: float
    covariance_m2: Floats
    ellipses: tuple[Ellipse, ...]
    density: Density | None
    notes: tuple[str, ...]


def footprint(
    latitude_deg: ArrayLike,
    longitude_deg: ArrayLike,
    shares: tuple[float, ...] = SHARES,
    level: float = LEVEL,
) -> Footprint:
    """Ellipses and density of impact points; points that are not finite are left out.

    Raises:
        ValueError: arrays of two lengths, a latitude beyond a pole, or a share not in (0, 1).
    """
    places = _points(latitude_deg, longitude_deg, shares)
    if not len(places):
        nothing = np.full((2, 2), math.nan)
        return Footprint(0, math.nan, math.nan, nothing, (), None, ("No point.",))
    plane = plane_amid(places[:, 0], places[:, 1])
    metres = plane.metres(places[:, 0], places[:, 1])
    mean = metres.mean(axis=0)
    latitude, longitude = plane.degrees(mean)[0].tolist()
    n = len(metres)
    covariance = np.cov(metres.T) if n > 1 else np.full((2, 2), math.nan)
    found = Footprint(n, latitude, longitude, covariance, (), None, ())
    if n < LEAST_FOR_ELLIPSES:
        few = f"{n} points are too few for ellipses, which need {LEAST_FOR_ELLIPSES}."
        return replace(found, notes=(few,))
    if shape := _flat(covariance):
        return replace(found, notes=(f"No ellipses and no density: the points are {shape}.",))
    found = replace(found, ellipses=ellipses(plane, metres, shares, level))
    if n < LEAST_FOR_DENSITY:
        few = f"{n} points are too few for a density, which needs {LEAST_FOR_DENSITY}."
        return replace(found, notes=(few,))
    enough = tuple(share for share in shares if n * (1.0 - share) > LEAST_BEYOND - 1e-9)
    notes = tuple(
        f"{n} points are too few for the region that holds {100.0 * share:g} %, which needs "
        f"{math.ceil(LEAST_BEYOND / (1.0 - share) - 1e-9)}."
        for share in shares if share not in enough
    )  # fmt: skip
    return replace(found, density=density(plane, metres, enough), notes=notes)


def ellipses(
    plane: Plane, metres: Floats, shares: tuple[float, ...] = SHARES, level: float = LEVEL
) -> tuple[Ellipse, ...]:
    """Ellipses of a normal distribution with the mean and covariance of points (n, 2) in m."""
    mean, covariance = metres.mean(axis=0), np.cov(metres.T)
    sizes, directions = np.linalg.eigh(covariance)  # rising
    off = (metres - mean) @ directions
    distance2 = (off**2 / sizes).sum(axis=1)
    turn = np.linspace(0.0, 2.0 * math.pi, RING_POINTS)
    unit = np.column_stack([np.cos(turn), np.sin(turn)])
    long = directions[:, 1]
    azimuth_deg = math.degrees(math.atan2(long[0], long[1])) % 180.0
    found = []
    for share in shares:
        # Distances squared are exponential: 1 - exp(-c^2 / 2) is inside.
        c2 = -2.0 * math.log1p(-share)
        minor_m, major_m = np.sqrt(c2 * sizes).tolist()
        ring = plane.degrees(mean + unit * np.sqrt(c2 * sizes) @ directions.T)
        inside = share_of(int(np.count_nonzero(distance2 <= c2)), len(metres), level)
        area_km2 = math.pi * major_m * minor_m / 1e6
        found.append(Ellipse(share, major_m, minor_m, azimuth_deg, area_km2, inside, _run_on(ring)))
    return tuple(found)


def _flat(covariance: Floats) -> str:
    """What a cloud without width is; nothing of a proper one."""
    narrow, long = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0)).tolist()
    if long < POINT_M:
        return "all in one place"
    return "all on one line" if narrow < max(THIN * long, POINT_M) else ""


def _points(latitude_deg: ArrayLike, longitude_deg: ArrayLike, shares: tuple[float, ...]) -> Floats:
    lat = np.asarray(latitude_deg, dtype=np.float64).ravel()
    lon = np.asarray(longitude_deg, dtype=np.float64).ravel()
    if len(lat) != len(lon):
        raise ValueError(f"{len(lat)} latitudes and {len(lon)} longitudes")
    if not all(0.0 < share < 1.0 for share in shares):
        raise ValueError(f"shares {shares} of an area are not all between 0 and 1")
    points = np.column_stack([lat, lon])
    points = points[np.isfinite(points).all(axis=1)]
    if (np.abs(points[:, 0]) > 90.0).any():
        raise ValueError(f"a latitude of {np.abs(points[:, 0]).max():g} deg is beyond the pole")
    return points


def _run_on(ring_deg: Floats) -> Floats:
    """A ring whose longitudes make no jump."""
    return np.column_stack([ring_deg[:, 0], np.unwrap(ring_deg[:, 1], period=360.0)])
