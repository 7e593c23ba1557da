"""Density of impact points on the ground, and the least area that holds a share of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.ground import Plane

Floats = NDArray[np.float64]

CELLS_PER_WIDTH = 4.0  # of the grid, to the width of the kernel
MOST_CELLS = 768  # along a side
DRAWN_CELLS = 160  # along a side, of the density that is given away
MARGIN_WIDTHS = 4.0  # of the grid around the points
NARROWEST_CELLS = 1.5  # of a kernel: a far point must not make the grid coarser than it
BINS = 2048  # of the histogram that chooses a width
FLATTEST = 1e-6  # of the standard deviation: an interquartile range below it says nothing


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


def density(plane: Plane, metres: Floats, shares: tuple[float, ...]) -> Density:
    """Kernel density of points (n, 2) in m, and its regions of highest density.

    A normal kernel in the axes of the cloud, as wide as Silverman's rule has it (1986, Density
    Estimation for Statistics and Data Analysis, eqs 3.28 and 4.14) or narrower where the cloud has
    several humps. The edge of a region is the density that the share of points exceed (Hyndman
    1996, The American Statistician 50), each without its own kernel.
    """
    mean = metres.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov(metres.T))
    along = (metres - mean) @ directions
    width = _widths(along)
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


def _widths(along: Floats) -> Floats:
    """(2,) width of the kernel along each axis: the lesser of two rules.

    Silverman's is for one hump; that of Botev and others finds the width of several.
    """
    n = len(along)
    std = along.std(axis=0, ddof=1)
    middle = np.subtract(*np.quantile(along, [0.75, 0.25], axis=0)) / 1.349
    spread = np.where(middle > FLATTEST * std, np.minimum(std, middle), std)
    # In two dimensions a width goes with n^(-1/6), in one with 1.06 n^(-1/5).
    lone = np.array([diffusion_width(along[:, i]) for i in (0, 1)])
    return np.asarray(np.minimum(spread * n ** (-1.0 / 6.0), lone / 1.06 * n ** (1.0 / 30.0)))


def diffusion_width(x: Floats) -> float:
    """Width of a kernel in one dimension that assumes no shape; inf where the rule finds none.

    Botev, Grotowski and Kroese 2010, Annals of Statistics 38, section 5: the width by which
    the estimate of the seventh derivative down to the second agree, on a histogram's cosines.
    """
    from scipy.fft import dct
    from scipy.optimize import brentq

    low, high = float(x.min()), float(x.max())
    span = 1.2 * (high - low)
    if span <= 0.0:
        return math.inf
    counts, _ = np.histogram(x, BINS, (low - span / 12.0, high + span / 12.0))
    power = (0.5 * dct(counts / len(x))[1:]) ** 2
    squares = np.arange(1.0, BINS) ** 2

    def apart(t: float) -> float:
        return t - _next_time(t, len(x), squares, power)

    least, most = (0.2 / BINS) ** 2, 0.1
    if apart(least) > 0.0 or apart(most) < 0.0:
        return math.inf
    return span * math.sqrt(float(brentq(apart, least, most)))


def _next_time(t: float, n: int, squares: Floats, power: Floats) -> float:
    """The square of the width, over that of the span, which the width t leads to (their eq. 30)."""

    def norm(s: int, at: float) -> float:
        terms = squares**s * power * np.exp(-squares * math.pi**2 * at)
        return float(2.0 * math.pi ** (2 * s) * terms.sum())

    size = norm(7, t)
    for s in range(6, 1, -1):
        odd = math.prod(range(1, 2 * s, 2)) / math.sqrt(2.0 * math.pi)
        ahead = (2.0 * (1.0 + 0.5 ** (s + 0.5)) / 3.0 * odd / (n * size)) ** (2.0 / (3 + 2 * s))
        size = norm(s, ahead)
    return float((2.0 * n * math.sqrt(math.pi) * size) ** -0.4)


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
            corner = np.ravel_multi_index((first[:, 0] + i, first[:, 1] + j), grid.shape)
            weight = np.abs(1 - i - part[:, 0]) * np.abs(1 - j - part[:, 1])
            grid += np.bincount(corner, weight, grid.size).reshape(grid.shape)
    smooth = gaussian_filter(grid, width / cell, mode="constant", truncate=MARGIN_WIDTHS)
    return smooth / (len(along) * cell[0] * cell[1]), low, cell


def _at(grid: Floats, at: Floats) -> Floats:
    """Values between the corners of a grid, linear; at (n, 2) in cells."""
    from scipy.ndimage import map_coordinates

    return np.asarray(map_coordinates(grid, at.T, order=1))


def _area_m2(grid: Floats, edge: float, cell: Floats) -> float:
    """Ground where the density reaches an edge; corners of the grid stand for a cell each."""
    return float(np.count_nonzero(grid >= edge) * cell[0] * cell[1])
