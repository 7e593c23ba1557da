"""Free-free bending modes of a vehicle as an Euler-Bernoulli beam of finite elements.

Two degrees of freedom a node, deflection and slope, and cubic (Hermite) shapes in between, as in
Przemieniecki, Theory of Matrix Structural Analysis (1968), ch. 5 and 11. Shear, rotary inertia
of the sections and axial load are neglected: fair for the first modes of a body of fineness
above 10.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky_banded, eigh, qr, solve_banded

Floats = NDArray[np.float64]

ELEMENTS = 40
RIGID_MODES = 2
BANDS = 4  # a node of two has one neighbour on either side
SHIFT_SHARE = 0.1  # of the square of a typical frequency
LEAST_SHARE = 1e-6  # of it, below which a mode is no bending
MOST_ROUNDS, ROUNDING = 40, 1e-14
GAUSS_POINTS, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(4)  # exact for shape x shape


@dataclass(frozen=True)
class Span:
    """Something spread evenly between two stations: kg/m of mass, or N m^2 of stiffness."""

    start_m: float
    end_m: float
    amount: float


@dataclass(frozen=True)
class Lump:
    """A rigid mass at a station; beyond the beam it hangs on the end's tangent."""

    station_m: float
    mass_kg: float
    inertia_kgm2: float = 0.0  # about its own centre, in the bending plane


@dataclass(frozen=True)
class Beam:
    """A beam from start_m to end_m. Overlapping spans add up."""

    start_m: float
    end_m: float
    stiffness: Sequence[Span]
    mass: Sequence[Span]
    lumps: Sequence[Lump] = ()
    elements: int = ELEMENTS


@dataclass(frozen=True)
class Mode:
    """One bending mode, +1 at the forward end.

    Attributes:
        omega_radps: natural frequency.
        modal_mass_kg: integral of mass times shape squared.
        node_m: (n,) stations of the nodes.
        deflection: (n,) shape.
        slope_1pm: (n,) its derivative along the station.
    """

    omega_radps: float
    modal_mass_kg: float
    node_m: Floats
    deflection: Floats
    slope_1pm: Floats

    def at(self, station_m: float) -> tuple[float, float]:
        """Return the shape [-] and its slope [1/m] at a station, beyond the ends on the tangent."""
        deflection, slope = self.along(np.array([station_m]))
        return float(deflection[0]), float(slope[0])

    def along(self, stations_m: Floats) -> tuple[Floats, Floats]:
        """Return the shape [-] and its slope [1/m] at many stations."""
        element, n, dn = _shapes_at(self.node_m, stations_m)
        around = np.array([
            self.deflection[element], self.slope_1pm[element],
            self.deflection[element + 1], self.slope_1pm[element + 1],
        ])  # fmt: skip
        return (n * around).sum(axis=0), (dn * around).sum(axis=0)


def bending_modes(beam: Beam, count: int = 2) -> list[Mode]:
    """Return the lowest bending modes, without the two rigid ones.

    Raises:
        ValueError: a part of the beam has no mass or no stiffness.
    """
    node_m = _nodes(beam)
    stiffness, mass = _matrices(beam, node_m)
    if not _is_positive(mass):
        raise ValueError("every part of a beam needs mass")
    typical = _typical(stiffness, mass, node_m)
    square, shapes = _lowest(stiffness, mass, node_m, RIGID_MODES + count, SHIFT_SHARE * typical)
    if square[RIGID_MODES] <= LEAST_SHARE * typical:
        raise ValueError("every part of a beam needs stiffness")
    modes = []
    for k in range(RIGID_MODES, RIGID_MODES + count):
        shape = shapes[:, k] / shapes[-2, k]
        modal_mass = float(shape @ mass @ shape)
        modes.append(Mode(math.sqrt(square[k]), modal_mass, node_m, shape[0::2], shape[1::2]))
    return modes


def _lowest(
    stiffness: Floats, mass: Floats, node_m: Floats, count: int, shift: float
) -> tuple[Floats, Floats]:
    """The lowest squares of frequencies, rising, and the shapes (n, count) in columns.

    Subspace iteration with a shift, for a free beam's stiffness is singular (Bathe and Wilson
    1973, Earthquake Engineering and Structural Dynamics 1(3)), from Legendre polynomials. The
    matrices are banded and small: libraries for dense ones would wake a thread on every core.
    """
    lower = cholesky_banded(_bands(stiffness + shift * mass), lower=True)
    upper = np.zeros_like(lower)  # its transpose
    for band in range(BANDS):
        upper[BANDS - 1 - band, band:] = lower[band, : lower.shape[1] - band]
    down, up, before = (BANDS - 1, 0), (0, BANDS - 1), np.zeros(count)
    basis, _ = qr(_polynomials(node_m, 2 * count), mode="economic")
    for _ in range(MOST_ROUNDS):
        moved = solve_banded(down, lower, mass @ solve_banded(up, upper, basis))
        inverse, mix = eigh(basis.T @ moved)
        found = inverse[::-1][:count]
        if (np.abs(found - before) <= ROUNDING * found).all():
            break
        before = found
        basis, _ = qr(moved @ mix, mode="economic")
    shapes = solve_banded(up, upper, basis @ mix[:, ::-1][:, :count])
    return 1.0 / found - shift, shapes


def _typical(stiffness: Floats, mass: Floats, node_m: Floats) -> float:
    """The square of a frequency that a beam of such mass and stiffness has: of a parabola."""
    (shape,) = _polynomials(node_m, 3).T[2:]
    return float(shape @ stiffness @ shape) / float(shape @ mass @ shape)


def _polynomials(node_m: Floats, count: int) -> Floats:
    """Legendre polynomials along the beam as deflections and slopes of the nodes, (n, count)."""
    half = 0.5 * (node_m[-1] - node_m[0])
    shapes = np.empty((2 * node_m.size, count))
    place = (node_m - node_m[0]) / half - 1.0
    values = shapes[0::2] = np.polynomial.legendre.legvander(place, count - 1)
    slopes = np.zeros_like(values)
    for degree in range(1, count):  # P'(n) = P'(n - 2) + (2 n - 1) P(n - 1)
        slopes[:, degree] = (2 * degree - 1) * values[:, degree - 1]
        if degree > 1:
            slopes[:, degree] += slopes[:, degree - 2]
    shapes[1::2] = slopes / half
    return shapes


def _bands(matrix: Floats) -> Floats:
    """The lower diagonals of a matrix whose nodes have neighbours only, as LAPACK has them."""
    bands = np.zeros((BANDS, len(matrix)))
    for band in range(BANDS):
        bands[band, : len(matrix) - band] = np.diagonal(matrix, -band)
    return bands


def _is_positive(matrix: Floats) -> bool:
    try:
        cholesky_banded(_bands(matrix), lower=True)
    except np.linalg.LinAlgError:
        return False
    return True


def bending_moment(beam: Beam, mode: Mode, station_m: float) -> float:
    """Return EI phi'' at a station, N m per m of modal coordinate.

    From the inertia of what is ahead of the station, omega^2 integral m phi (x - station) dx,
    which is smooth where the curvature of the elements is not. Positive where the shape curves
    toward its own positive side.
    """
    places, masses = [], []
    for span in beam.mass:
        low, high = max(span.start_m, station_m), span.end_m
        if low < high:
            between = mode.node_m[(mode.node_m > low) & (mode.node_m < high)]
            x, weight = _quadrature(np.concatenate([[low], between, [high]]))
            places.append(x)
            masses.append(span.amount * weight)
    total = 0.0
    if places:
        x = np.concatenate(places)
        total = float(np.concatenate(masses) @ (mode.along(x)[0] * (x - station_m)))
    for lump in beam.lumps:
        if lump.station_m > station_m:
            deflection, slope = mode.at(lump.station_m)
            total += lump.mass_kg * deflection * (lump.station_m - station_m)
            total += lump.inertia_kgm2 * slope
    return mode.omega_radps**2 * total


def _quadrature(cuts: Floats) -> tuple[Floats, Floats]:
    """Points and weights of Gauss-Legendre integration over consecutive intervals."""
    half = 0.5 * np.diff(cuts)[:, None]
    points = cuts[:-1, None] + half * (1.0 + GAUSS_POINTS)
    return points.ravel(), (half * GAUSS_WEIGHTS).ravel()


def _nodes(beam: Beam) -> Floats:
    """Element ends: even, and at every change of stiffness."""
    marks = {beam.start_m, beam.end_m}
    for span in beam.stiffness:
        marks |= {x for x in (span.start_m, span.end_m) if beam.start_m < x < beam.end_m}
    bounds = sorted(marks)
    longest = (beam.end_m - beam.start_m) / beam.elements
    pieces = [
        np.linspace(low, high, max(1, math.ceil((high - low) / longest - 1e-9)) + 1)[:-1]
        for low, high in itertools.pairwise(bounds)
    ]
    return np.append(np.concatenate(pieces), beam.end_m)


def _matrices(beam: Beam, node_m: Floats) -> tuple[Floats, Floats]:
    """Stiffness and consistent mass matrices of the whole beam."""
    size, low, high = 2 * node_m.size, node_m[:-1], node_m[1:]
    stiffness, mass = np.zeros((size, size)), np.zeros((size, size))
    middle, stiff = 0.5 * (low + high), np.zeros(low.size)
    for span in beam.stiffness:
        stiff += span.amount * ((span.start_m < middle) & (middle < span.end_m))
    rigid = stiff[:, None, None] * _unit_stiffness(high - low)
    heavy = np.zeros_like(rigid)
    for span in beam.mass:
        start, end = np.maximum(low, span.start_m), np.minimum(high, span.end_m)
        in_it = np.flatnonzero(start < end)
        heavy[in_it] += span.amount * _unit_mass(
            low[in_it], (high - low)[in_it], start[in_it], end[in_it]
        )
    for element in range(low.size):
        at = slice(2 * element, 2 * element + 4)
        stiffness[at, at] += rigid[element]
        mass[at, at] += heavy[element]
    for lump in beam.lumps:
        elements, n, dn = _shapes_at(node_m, np.array([lump.station_m]))
        at = slice(2 * elements[0], 2 * elements[0] + 4)
        mass[at, at] += lump.mass_kg * (n @ n.T) + lump.inertia_kgm2 * (dn @ dn.T)
    return stiffness, mass


def _unit_stiffness(length: Floats) -> Floats:
    """Integrals (n, 4, 4) of the shapes' curvatures over elements of unit EI."""
    one, a, b = np.full(length.size, 12.0), 6.0 * length, length * length
    matrix = np.array([
        [one, a, -one, a], [a, 4.0 * b, -a, 2.0 * b],
        [-one, -a, one, -a], [a, 2.0 * b, -a, 4.0 * b],
    ])  # fmt: skip
    return np.moveaxis(matrix / length**3, -1, 0)


def _unit_mass(low: Floats, length: Floats, start: Floats, end: Floats) -> Floats:
    """Integrals (n, 4, 4) of the shapes' products over parts of elements, at 1 kg/m."""
    half = 0.5 * (end - start)[:, None]
    x = start[:, None] + half * (1.0 + GAUSS_POINTS)
    n = _hermite((x - low[:, None]) / length[:, None], length[:, None])
    found: Floats = np.einsum("iep,jep,ep->eij", n, n, half * GAUSS_WEIGHTS)
    return found


def _hermite(s: Floats, length: Floats | float) -> Floats:
    """Shapes (4, ...) of deflection and slope at the ends of elements, at s (...) in 0..1."""
    return np.array([
        1.0 - 3.0 * s**2 + 2.0 * s**3, length * (s - 2.0 * s**2 + s**3),
        3.0 * s**2 - 2.0 * s**3, length * (s**3 - s**2),
    ])  # fmt: skip


def _hermite_slope(s: Floats, length: Floats) -> Floats:
    """Derivatives (4, points) of the shapes along the station."""
    return np.array([
        6.0 * (s**2 - s) / length, 1.0 - 4.0 * s + 3.0 * s**2,
        6.0 * (s - s**2) / length, 3.0 * s**2 - 2.0 * s,
    ])  # fmt: skip


def _shapes_at(node_m: Floats, stations_m: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Elements, shapes and their slopes at stations; beyond the ends on the tangent."""
    x = np.clip(stations_m, node_m[0], node_m[-1])
    element = np.minimum(np.searchsorted(node_m, x, side="right") - 1, node_m.size - 2)
    length = node_m[element + 1] - node_m[element]
    s = (x - node_m[element]) / length
    slopes = _hermite_slope(s, length)
    return element, _hermite(s, length) + (stations_m - x) * slopes, slopes
