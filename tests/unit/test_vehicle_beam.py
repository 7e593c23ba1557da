"""Bending modes of beams against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from downrange.vehicle.beam import Beam, Lump, Span, bending_modes, bending_moment

LENGTH, EI, LINE = 28.0, 5e8, 1800.0
# Roots of cos x cosh x = 1 (Blevins, Formulas for Natural Frequency and Mode Shape, table 8-1).
ROOTS = (4.730041, 7.853205, 10.995608)
SIGMAS = (0.982502215, 1.000777312, 0.999966450)


def uniform(elements: int = 40, lumps: tuple[Lump, ...] = ()) -> Beam:
    return Beam(0.0, LENGTH, [Span(0.0, LENGTH, EI)], [Span(0.0, LENGTH, LINE)], lumps, elements)


def frequency(root: float) -> float:
    return (root / LENGTH) ** 2 * math.sqrt(EI / LINE)


def shape(mode: int, x: np.ndarray) -> np.ndarray:
    """Closed form, +1 at the forward end."""
    at = ROOTS[mode] * (1.0 - x / LENGTH)
    return 0.5 * (np.cosh(at) + np.cos(at) - SIGMAS[mode] * (np.sinh(at) + np.sin(at)))


def test_frequencies_of_a_uniform_beam() -> None:
    modes = bending_modes(uniform(), 3)
    for mode, root in zip(modes, ROOTS, strict=True):
        assert mode.omega_radps == pytest.approx(frequency(root), rel=5e-6)


def test_shapes_slopes_and_modal_mass_of_a_uniform_beam() -> None:
    x = np.linspace(0.0, LENGTH, 57)
    for number, mode in enumerate(bending_modes(uniform(), 2)):
        deflection, slope = mode.along(x)
        assert deflection == pytest.approx(shape(number, x), abs=5e-6)
        fine = shape(number, x + 1e-4) - shape(number, x - 1e-4)
        assert slope == pytest.approx(fine / 2e-4, abs=2e-5)
        # the mean square of a free-free mode is a quarter of its end's square
        assert mode.modal_mass_kg == pytest.approx(0.25 * LINE * LENGTH, rel=1e-5)


def test_nodes_of_the_first_mode() -> None:
    """At 0.2242 of the length from each end (Blevins)."""
    (mode,) = bending_modes(uniform(), 1)
    for station in (0.2242 * LENGTH, 0.7758 * LENGTH):
        assert mode.at(station)[0] == pytest.approx(0.0, abs=3e-4)


def test_converges_with_the_fourth_power_of_the_element() -> None:
    errors = [
        abs(bending_modes(uniform(n), 2)[1].omega_radps / frequency(7.8532046241) - 1.0)
        for n in (8, 16)
    ]
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.2)


def root_of(function: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if function(low) * function(middle) <= 0.0 else (middle, high)
    return 0.5 * (low + high)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 2.0])
def test_lump_at_the_end(ratio: float) -> None:
    """Free at one end, a point mass m L ratio at the other: EI w''' = -ratio L beta^4 EI w."""

    def residual(b: float) -> float:
        even = (math.cosh(b) - math.cos(b), math.sinh(b) - math.sin(b))  # w''
        third = (math.sinh(b) + math.sin(b), math.cosh(b) - math.cos(b))  # w'''
        value = (math.cosh(b) + math.cos(b), math.sinh(b) + math.sin(b))
        row = [t + ratio * b * v for t, v in zip(third, value, strict=True)]
        return even[0] * row[1] - even[1] * row[0]

    lump = Lump(LENGTH, ratio * LINE * LENGTH)
    (mode,) = bending_modes(uniform(lumps=(lump,)), 1)
    root = root_of(residual, 3.0, 4.9)
    assert mode.omega_radps == pytest.approx(frequency(root), rel=1e-5)


def test_heavy_lumps_make_a_pinned_beam() -> None:
    """Masses at the ends so heavy that they hardly move: pi^2 sqrt(EI / m) / L^2."""
    heavy = 1e4 * LINE * LENGTH
    beam = uniform(lumps=(Lump(0.0, heavy), Lump(LENGTH, heavy)))
    (mode,) = bending_modes(beam, 1)
    assert mode.omega_radps == pytest.approx(frequency(math.pi), rel=1e-3)


def test_modes_are_orthogonal_to_each_other_and_to_rigid_motion() -> None:
    beam = Beam(
        2.0, 30.0, [Span(2.0, 20.0, EI), Span(20.0, 30.0, 0.4 * EI)],
        [Span(2.0, 30.0, 300.0), Span(4.0, 11.3, 3600.0), Span(13.0, 17.9, 1800.0)],
        (Lump(2.5, 900.0, 400.0), Lump(27.0, 500.0)),
    )  # fmt: skip
    first, second = bending_modes(beam, 2)

    def product(one: Callable, other: Callable) -> float:
        total = 0.0
        for span in beam.mass:
            x = np.linspace(span.start_m, span.end_m, 4001)
            total += span.amount * np.trapezoid(one(x)[0] * other(x)[0], x)
        for lump in beam.lumps:
            at = np.array([lump.station_m])
            total += lump.mass_kg * (one(at)[0] * other(at)[0])[0]
            total += lump.inertia_kgm2 * (one(at)[1] * other(at)[1])[0]
        return total

    size = math.sqrt(first.modal_mass_kg * second.modal_mass_kg)
    rigid = [lambda x: (np.ones_like(x), np.zeros_like(x)), lambda x: (x, np.ones_like(x))]
    assert product(first.along, first.along) == pytest.approx(first.modal_mass_kg, rel=1e-5)
    assert product(first.along, second.along) == pytest.approx(0.0, abs=1e-5 * size)
    for mode in (first, second):
        assert product(mode.along, rigid[0]) == pytest.approx(0.0, abs=1e-4 * size)
        assert product(mode.along, rigid[1]) == pytest.approx(0.0, abs=1e-3 * size)


@pytest.mark.parametrize("station", [3.0, 14.0, 20.3])
def test_bending_moment_is_stiffness_times_curvature(station: float) -> None:
    for number, mode in enumerate(bending_modes(uniform(), 2)):
        h = 1e-2
        x = np.array([station - h, station, station + h])
        left, here, right = shape(number, x)
        curvature = (left - 2.0 * here + right) / h**2
        found = bending_moment(uniform(), mode, station)
        assert found == pytest.approx(EI * curvature, rel=2e-3, abs=1e-5 * EI / LENGTH**2)


def test_no_moment_at_the_free_ends() -> None:
    (mode,) = bending_modes(uniform(), 1)
    middle = bending_moment(uniform(), mode, 0.5 * LENGTH)
    assert bending_moment(uniform(), mode, LENGTH) == 0.0
    assert bending_moment(uniform(), mode, 0.0) == pytest.approx(0.0, abs=1e-5 * abs(middle))


def test_beyond_the_end_on_its_tangent() -> None:
    (mode,) = bending_modes(uniform(), 1)
    deflection, slope = mode.at(LENGTH)
    assert mode.at(LENGTH + 2.0) == pytest.approx((deflection + 2.0 * slope, slope))


def test_a_gap_in_mass_or_stiffness_is_told() -> None:
    light = Beam(0.0, 10.0, [Span(0.0, 10.0, EI)], [Span(0.0, 6.0, LINE)])
    with pytest.raises(ValueError, match="needs mass"):
        bending_modes(light)
    limp = Beam(0.0, 10.0, [Span(0.0, 4.0, EI), Span(6.0, 10.0, EI)], [Span(0.0, 10.0, LINE)])
    with pytest.raises(ValueError, match="needs stiffness"):
        bending_modes(limp)
