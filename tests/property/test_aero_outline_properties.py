"""What holds for the side view of any body."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from downrange.aero.outline import Outline, tangent_ogive

steps = st.lists(
    st.tuples(st.floats(0.1, 10.0), st.floats(0.1, 5.0)), min_size=2, max_size=6
)  # (length of a part, diameter at its forward end)


def body(parts: list[tuple[float, float]], start_m: float = 0.0, scale: float = 1.0) -> Outline:
    stations = start_m + scale * np.cumsum([0.0] + [length for length, _ in parts[:-1]])
    return Outline.of([(x, scale * d) for x, (_, d) in zip(stations, parts, strict=True)])


def sums(given_body: Outline) -> tuple[float, float, float, float, float]:
    """Area, centroid, gyration, volume and skin by 1,000 slices of each part."""
    area = first = second = volume = skin = 0.0
    ends = zip(given_body.station_m, given_body.diameter_m, strict=True)
    points = list(ends)
    for (x0, d0), (x1, d1) in itertools.pairwise(points):
        s = (np.arange(1000) + 0.5) / 1000
        x, d, h = x0 + s * (x1 - x0), d0 + s * (d1 - d0), (x1 - x0) / 1000
        area += np.sum(d) * h
        first += np.sum(d * x) * h
        second += np.sum(d * x * x) * h
        volume += np.sum(0.25 * np.pi * d * d) * h
        skin += np.sum(np.pi * d) * np.hypot(h, (d1 - d0) / 2000)
    centre = first / area
    return area, centre, np.sqrt(max(second / area - centre**2, 0.0)), volume, skin


@given(steps)
def test_integrals_are_the_sums_of_slices(parts: list[tuple[float, float]]) -> None:
    found = body(parts)
    expected = sums(found)
    assert (
        found.planform_area_m2, found.planform_x_m, found.planform_gyration_m,
        found.volume_m3, found.wetted_area_m2,
    ) == pytest.approx(expected, rel=1e-4)  # fmt: skip


@example([(1.0, 0.10000000000000002), (1.0, 0.1)], 0.0, 0.1)  # the same but for rounding
@given(steps, st.floats(-30.0, 30.0), st.floats(0.1, 10.0))
def test_shift_and_scale(parts: list[tuple[float, float]], shift: float, scale: float) -> None:
    plain, moved = body(parts), body(parts, shift, scale)
    assert moved.length_m == pytest.approx(scale * plain.length_m)
    assert moved.planform_area_m2 == pytest.approx(scale**2 * plain.planform_area_m2)
    assert moved.volume_m3 == pytest.approx(scale**3 * plain.volume_m3)
    assert moved.planform_x_m == pytest.approx(shift + scale * plain.planform_x_m, abs=1e-9)
    assert moved.planform_gyration_m == pytest.approx(scale * plain.planform_gyration_m)
    assert moved.nose_length_m == pytest.approx(scale * plain.nose_length_m, abs=1e-9)


@given(steps)
def test_the_centroid_is_inside(parts: list[tuple[float, float]]) -> None:
    found = body(parts)
    assert found.base_x_m < found.planform_x_m < found.nose_x_m
    assert 0.0 < found.planform_gyration_m < 0.5 * found.length_m + 1e-9
    assert found.volume_m3 <= found.reference_area_m2 * found.length_m * (1.0 + 1e-12)


@given(st.floats(0.6, 10.0), st.floats(0.5, 10.0), st.integers(5, 60))
def test_every_ogive_narrows_to_a_point(fineness: float, diameter: float, points: int) -> None:
    x, d = np.array(tangent_ogive(fineness * diameter, diameter, points)).T
    assert d[0] == pytest.approx(diameter)
    assert d[-1] == pytest.approx(0.0, abs=1e-7 * diameter)
    assert np.all(np.diff(x) > 0.0)
    assert np.all(np.diff(d) < 0.0)
    # convex: fuller than the cone of the same length
    assert np.all(d >= diameter * (1.0 - x / x[-1]) - 1e-9 * diameter)
