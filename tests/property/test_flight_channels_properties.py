"""Channels for whole tables agree with the kernels' functions for one row, wherever it is."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from downrange.earth.kernel.frames import (
    euler_from_quat,
    quat_conj,
    quat_multiply,
    quat_ned_from_ecef,
    quat_rotate,
    rotation_vector,
)
from downrange.earth.kernel.geodesy import ned_from_ecef
from downrange.flight.channels import (
    Layout,
    Names,
    attitude_error_deg,
    euler_deg,
    ned_axes,
    ranges,
    rotate,
    to_earth,
)

Floats = NDArray[np.float64]

EARTH_M = 6378137.0
latitudes = st.floats(-1.55, 1.55)
longitudes = st.floats(-math.pi, math.pi)
angles = st.floats(-10.0, 10.0)
components = st.floats(-1e3, 1e3)
vectors = st.tuples(components, components, components)


@st.composite
def quaternions(draw: st.DrawFn) -> tuple[float, float, float, float]:
    raw = np.array(draw(st.tuples(*[st.floats(-1.0, 1.0)] * 4)))
    size = float(np.linalg.norm(raw))
    assume(size > 0.1)
    w, x, y, z = raw / size
    return float(w), float(x), float(y), float(z)


def row(values: tuple[float, ...] | float) -> Floats:
    return np.atleast_2d(np.array(values)) if isinstance(values, tuple) else np.array([values])


@given(quaternions(), vectors)
def test_turning_a_vector(q: tuple[float, ...], v: tuple[float, float, float]) -> None:
    assert_allclose(rotate(row(q), row(v))[0], quat_rotate(q, v), atol=1e-9)


@given(latitudes, longitudes, vectors)
def test_north_east_down(latitude: float, longitude: float, v: tuple[float, float, float]) -> None:
    (axes,) = ned_axes(row(latitude), row(longitude))
    assert_allclose(axes @ np.array(v), ned_from_ecef(v, latitude, longitude), atol=1e-9)
    assert_allclose(axes @ axes.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(axes) > 0.999


@given(quaternions(), latitudes, longitudes, angles)
def test_euler_angles(
    q: tuple[float, float, float, float], latitude: float, longitude: float, angle: float
) -> None:
    """The Earth's turn is one more to the longitude."""
    roll, pitch, yaw = (float(part[0]) for part in euler_deg(
        row(q), row(angle), ned_axes(row(latitude), row(longitude)))
    )  # fmt: skip
    ned_from_eci = quat_ned_from_ecef(latitude, longitude + angle)
    expected = euler_from_quat(quat_multiply(q, quat_conj(ned_from_eci)))
    assert abs(math.radians(pitch) - expected[1]) < 1e-7
    assume(abs(expected[1]) < 1.55)  # straight up yaw and roll are one
    for got, want in ((yaw, expected[0]), (roll, expected[2])):
        apart = (got - math.degrees(want) + 180.0) % 360.0 - 180.0
        assert abs(apart) < 1e-5


@given(quaternions(), quaternions())
def test_attitude_error(
    true: tuple[float, float, float, float], commanded: tuple[float, float, float, float]
) -> None:
    total, about = attitude_error_deg(row(true), row(commanded))
    expected = np.degrees(rotation_vector(quat_multiply(true, quat_conj(commanded))))
    assert total[0] >= 0.0
    assert abs(float(np.linalg.norm(expected)) - total[0]) < 1e-6
    assume(total[0] < 179.999)  # half a turn is one to either side
    assert_allclose(about[0], expected, atol=1e-6)


@given(vectors, angles)
def test_turning_with_the_earth_keeps_lengths_and_the_pole(
    v: tuple[float, float, float], angle: float
) -> None:
    (turned,) = to_earth(row(v), row(angle))
    assert abs(np.linalg.norm(turned) - np.linalg.norm(v)) < 1e-9
    assert turned[2] == v[2]
    assert_allclose(to_earth(turned[None], row(-angle))[0], v, atol=1e-9)


def names_at(latitude: float, longitude: float, azimuth: float) -> Names:
    return Names(("e",), ("t",), latitude, longitude, azimuth, 7.292115e-5, EARTH_M, 1.0, 1.0)


@given(latitudes, longitudes, angles, latitudes, longitudes)
def test_downrange_and_crossrange_make_up_the_distance(
    latitude: float, longitude: float, azimuth: float, there: float, other: float
) -> None:
    """Haversine formula; turning the azimuth by a right angle swaps the two."""
    along, across = ranges(row(there), row(other), names_at(latitude, longitude, azimuth))
    a = math.sin(0.5 * (there - latitude)) ** 2
    a += math.cos(latitude) * math.cos(there) * math.sin(0.5 * (other - longitude)) ** 2
    distance = 2.0 * EARTH_M * math.asin(min(1.0, math.sqrt(a)))
    assume(distance < 0.99 * math.pi * EARTH_M)
    assert abs(math.hypot(along[0], across[0]) - distance) < 1e-6 * distance + 0.2
    turned = ranges(row(there), row(other), names_at(latitude, longitude, azimuth + 0.5 * math.pi))
    assert_allclose([turned[0][0], turned[1][0]], [across[0], -along[0]], atol=1e-2)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 4))
def test_the_groups_of_a_row_fill_it(engines: int, tanks: int, modes: int) -> None:
    layout = Layout(engines, tanks, modes)
    rows = np.arange(2.0 * layout.width).reshape(2, -1)
    split = layout.split(rows)
    assert_allclose(np.concatenate(list(split.values()), axis=1), rows)
    assert split["tank"].shape == (2, tanks)
    assert split["engine"].shape[1] % engines == 0
