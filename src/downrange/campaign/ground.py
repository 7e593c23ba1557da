"""Where things come down: ellipses and density of impact points, in metres on the ground.

Points are put on a plane that touches the Earth amid them (`Plane`), so neither the antimeridian
nor a pole is special. Ellipses are those of a bivariate normal distribution and say beside each how
many points are truly inside; the density assumes no shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.campaign.statistics import LEVEL, Share, share_of
from downrange.earth.build import EQUATORIAL_RADIUS_M, FLATTENING

Floats = NDArray[np.float64]

SHARES = (0.5, 0.9, 0.99)
LEAST_FOR_ELLIPSES = 10
LEAST_FOR_DENSITY = 100
LEAST_BEYOND = 5  # points outside a region of highest density, or its edge is by chance
THIN = 1e-6  # a cloud whose narrow axis is this part of the long one is a line
POINT_M = 1e-3  # and one that is no longer than this is a point
RING_POINTS = 73  # the first again at the end
CELLS_PER_WIDTH = 4.0  # of the grid, to the width of the kernel
MOST_CELLS = 768  # along a side
DRAWN_CELLS = 160  # along a side, of the density that is given away
MARGIN_WIDTHS = 4.0  # of the grid around the points
NARROWEST_CELLS = 1.5  # of a kernel: a far point must not make the grid coarser than it
_E2 = FLATTENING * (2.0 - FLATTENING)


class Plane(NamedTuple):
    """A plane that touches WGS 84, with coordinates (east, north) in m that keep areas.

    Lambert's azimuthal equal-area projection about the centre of curvature: 2 R sin(angle / 2)
    from the centre, R the Gaussian radius there. Within 300 km of the centre areas are true to
    0.1 %, within 1,000 km to 0.5 %.
    """

    latitude_deg: float
    longitude_deg: float
    radius_m: float
    origin_m: Floats  # (3,) centre of curvature, Earth-fixed
    axes: Floats  # (3, 3) rows: east, north, up

    def metres(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Floats:
        """(n, 2) east and north in m of points on the ground, latitude and longitude in deg."""
        seen = (ecef_m(latitude_deg, longitude_deg) - self.origin_m) @ self.axes.T
        across = np.hypot(seen[:, 0], seen[:, 1])
        reach = 2.0 * self.radius_m * np.sin(0.5 * np.arctan2(across, seen[:, 2]))
        scale = reach / np.where(across > 0.0, across, 1.0)
        return np.asarray(seen[:, :2] * scale[:, None])

    def degrees(self, metres: ArrayLike) -> Floats:
        """(n, 2) latitude and longitude in deg of points of the plane; longitudes within 180."""
        east_north = np.asarray(metres, dtype=np.float64).reshape(-1, 2)
        reach = np.hypot(east_north[:, 0], east_north[:, 1])
        angle = 2.0 * np.arcsin(np.minimum(reach / (2.0 * self.radius_m), 1.0))
        flat = east_north * (np.sin(angle) / np.where(reach > 0.0, reach, 1.0))[:, None]
        ray = np.column_stack([flat, np.cos(angle)]) @ self.axes
        return _geodetic_deg(_on_ground_m(self.origin_m, ray))


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


class Density(NamedTuple):
    """Kernel density of points, and the smallest area that holds a share of them.

    Attributes:
        areas_km2: share -> area on the ground of the region of highest density that holds it.
        thresholds_per_km2: share -> density at the edge of that region.
        width_m: standard deviation of the kernel along the two axes of the cloud.
        latitude_deg: (m, m) of the grid that is given away for drawing.
        longitude_deg: (m, m), run on over 180.
        per_km2: (m, m) density there; its integral over the ground is 1.
    """

    areas_km2: dict[float, float]
    thresholds_per_km2: dict[float, float]
    width_m: tuple[float, float]
    latitude_deg: Floats
    longitude_deg: Floats
    per_km2: Floats


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


def plane_amid(latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Plane:
    """The plane that touches the ground under the mean of points, or else under the first."""
    points = ecef_m(latitude_deg, longitude_deg)
    mean = points.mean(axis=0)
    if np.linalg.norm(mean) < 1.0:
        mean = points[0]
    latitude, longitude = _geodetic_deg(_on_ground_m(np.zeros(3), mean[None]))[0].tolist()
    return plane_at(latitude, longitude)


def plane_at(latitude_deg: float, longitude_deg: float) -> Plane:
    """The plane that touches the ground at a place."""
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    w2 = 1.0 - _E2 * math.sin(lat) ** 2
    normal_m = EQUATORIAL_RADIUS_M / math.sqrt(w2)
    radius_m = normal_m * math.sqrt((1.0 - _E2) / w2)  # sqrt(M N)
    axes = np.array([
        [-math.sin(lon), math.cos(lon), 0.0],
        [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
        [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
    ])  # fmt: skip
    origin_m = ecef_m(latitude_deg, longitude_deg)[0] - radius_m * axes[2]
    return Plane(latitude_deg, longitude_deg, radius_m, origin_m, axes)


def ecef_m(latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Floats:
    """(n, 3) Earth-fixed positions in m of points on the ellipsoid."""
    lat = np.radians(np.atleast_1d(np.asarray(latitude_deg, dtype=np.float64)))
    lon = np.radians(np.atleast_1d(np.asarray(longitude_deg, dtype=np.float64)))
    normal_m = EQUATORIAL_RADIUS_M / np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    return np.column_stack([
        normal_m * np.cos(lat) * np.cos(lon),
        normal_m * np.cos(lat) * np.sin(lon),
        (1.0 - _E2) * normal_m * np.sin(lat),
    ])  # fmt: skip


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


def density(plane: Plane, metres: Floats, shares: tuple[float, ...] = SHARES) -> Density:
    """Kernel density of points (n, 2) in m, and its regions of highest density.

    A normal kernel in the axes of the cloud, its width by Silverman's rule (1986, Density
    Estimation for Statistics and Data Analysis, eqs 3.28 and 4.14) with the lesser of standard
    deviation and interquartile range over 1.349, so that a few far points don't blur the rest. The
    edge of a region is the density that the share of points exceed (Hyndman 1996, The American
    Statistician 50), each without its own kernel.
    """
    mean = metres.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov(metres.T))
    along = (metres - mean) @ directions
    width = _spread(along) * len(metres) ** (-1.0 / 6.0)
    width = np.maximum(width, NARROWEST_CELLS / MOST_CELLS * np.ptp(along, axis=0))
    grid, low, cell = _smoothed(along, width)
    own = 1.0 / (2.0 * math.pi * width[0] * width[1] * len(metres))
    at_points = np.maximum(_at(grid, (along - low) / cell) - own, 0.0)
    edges = {share: float(np.quantile(at_points, 1.0 - share)) for share in shares}
    step = max(1, math.ceil(max(grid.shape) / DRAWN_CELLS))
    drawn = grid[::step, ::step]
    index = np.indices(drawn.shape).reshape(2, -1).T * step
    places = plane.degrees(mean + (low + index * cell) @ directions.T)
    shape = drawn.shape
    latitude = places[:, 0].reshape(shape)
    longitude = plane.longitude_deg + (places[:, 1] - plane.longitude_deg + 180.0) % 360.0 - 180.0
    return Density(
        {share: _area_m2(grid, edge, cell) / 1e6 for share, edge in edges.items()},
        {share: edge * 1e6 for share, edge in edges.items()},
        (float(width[0]), float(width[1])),
        latitude,
        longitude.reshape(shape),
        drawn * 1e6,
    )


def _spread(along: Floats) -> Floats:
    """(2,) Silverman's spread along each axis."""
    std = along.std(axis=0, ddof=1)
    middle = np.subtract(*np.quantile(along, [0.75, 0.25], axis=0)) / 1.349
    return np.asarray(np.where(middle > THIN * std, np.minimum(std, middle), std))


def _smoothed(along: Floats, width: Floats) -> tuple[Floats, Floats, Floats]:
    """Density per m^2 on a grid, the place of its first corner and the size of its cells."""
    from scipy.ndimage import gaussian_filter

    low = along.min(axis=0) - MARGIN_WIDTHS * width
    span = along.max(axis=0) + MARGIN_WIDTHS * width - low
    cells = np.clip(np.ceil(CELLS_PER_WIDTH * span / width), 2, MOST_CELLS).astype(np.int64)
    cell = span / cells
    at = (along - low) / cell
    first = np.minimum(at.astype(np.int64), cells - 1)
    part = at - first
    grid = np.zeros(cells + 1)
    for i in (0, 1):  # each point is shared by the corners around it
        for j in (0, 1):
            weight = np.abs(1 - i - part[:, 0]) * np.abs(1 - j - part[:, 1])
            np.add.at(grid, (first[:, 0] + i, first[:, 1] + j), weight)
    smooth = gaussian_filter(grid, width / cell, mode="constant", truncate=MARGIN_WIDTHS)
    return smooth / (len(along) * cell[0] * cell[1]), low, cell


def _at(grid: Floats, at: Floats) -> Floats:
    """Values between the corners of a grid, linear; at (n, 2) in cells."""
    from scipy.ndimage import map_coordinates

    return np.asarray(map_coordinates(grid, at.T, order=1))


def _area_m2(grid: Floats, edge: float, cell: Floats) -> float:
    """Ground where the density reaches an edge; corners of the grid stand for a cell each."""
    return float(np.count_nonzero(grid >= edge) * cell[0] * cell[1])


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


def _on_ground_m(origin_m: Floats, rays: Floats) -> Floats:
    """(n, 3) where rays from a point inside the ellipsoid leave it, Earth-fixed, m."""
    squash = np.array([1.0, 1.0, 1.0 / (1.0 - FLATTENING)])  # to a sphere
    start, ray = origin_m * squash, rays * squash
    a = (ray**2).sum(axis=1)
    b = ray @ start
    c = float(start @ start) - EQUATORIAL_RADIUS_M**2
    reach = (-b + np.sqrt(b * b - a * c)) / a
    return np.asarray(origin_m + rays * reach[:, None])


def _geodetic_deg(ground_m: Floats) -> Floats:
    """(n, 2) latitude and longitude in deg of points on the ellipsoid."""
    out = np.hypot(ground_m[:, 0], ground_m[:, 1])
    latitude = np.arctan2(ground_m[:, 2], (1.0 - _E2) * out)
    longitude = np.arctan2(ground_m[:, 1], ground_m[:, 0])
    return np.asarray(np.degrees(np.column_stack([latitude, longitude])))


def _run_on(ring_deg: Floats) -> Floats:
    """A ring whose longitudes make no jump."""
    return np.column_stack([ring_deg[:, 0], np.unwrap(ring_deg[:, 1], period=360.0)])
