"""What must hold on Earth for any place, altitude and attitude."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from downrange.earth.build import build_earth
from downrange.earth.kernel import frames, geodesy
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.gravity import gravity_eci
from downrange.earth.spec import EarthSpec

DEG = math.pi / 180.0
EARTH = build_earth()
SPHERE = build_earth(EarthSpec(shape="sphere", radius="6371007.1809 m"))

latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)
altitudes = st.one_of(st.floats(-1e4, 1e6), st.floats(1e6, 1e9))
angles = st.floats(-math.pi, math.pi)
components = st.floats(-1e4, 1e4)
vectors = st.tuples(components, components, components)


@given(latitudes, longitudes, altitudes)
def test_geodetic_position_goes_there_and_back(
    latitude: float, longitude: float, altitude: float
) -> None:
    for earth in (EARTH, SPHERE):
        r = geodesy.ecef_from_geodetic(latitude * DEG, longitude * DEG, altitude, earth)
        lat, lon, alt = geodesy.geodetic(r, earth)
        assert lat / DEG == pytest.approx(latitude, abs=1e-9)
        assert alt == pytest.approx(altitude, abs=1e-6)
        # Close to the pole a longitude is as fine as the position: here some 1e-8 m.
        to_axis = math.hypot(r[0], r[1])
        apart = math.remainder(lon - longitude * DEG, 2.0 * math.pi)
        assert abs(apart) * to_axis <= 1e-9 * DEG * math.hypot(*r)


@given(vectors, latitudes, longitudes, st.floats(-1e5, 1e5))
def test_frames_keep_lengths_and_go_there_and_back(
    v: frames.Vector, latitude: float, longitude: float, time: float
) -> None:
    size = math.hypot(*v)
    there = geodesy.ned_from_ecef(v, latitude * DEG, longitude * DEG)
    fixed = geodesy.ecef_from_eci(v, time, EARTH)
    assert math.hypot(*there) == pytest.approx(size, abs=1e-10)
    assert math.hypot(*fixed) == pytest.approx(size, abs=1e-10)
    back = geodesy.ecef_from_ned(there, latitude * DEG, longitude * DEG)
    assert back == pytest.approx(v, abs=1e-10)
    assert geodesy.eci_from_ecef(fixed, time, EARTH) == pytest.approx(v, abs=1e-10)


@given(latitudes, longitudes)
def test_local_axes_are_orthonormal_and_right_handed(latitude: float, longitude: float) -> None:
    axes = np.array(
        [geodesy.ecef_from_ned(e, latitude * DEG, longitude * DEG)
         for e in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
    )  # fmt: skip
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-14)
    assert np.linalg.det(axes) == pytest.approx(1.0, abs=1e-14)


@given(angles, angles, angles, vectors)
def test_quaternions_keep_lengths_and_undo_themselves(
    yaw: float, pitch: float, roll: float, v: frames.Vector
) -> None:
    q = frames.quat_from_euler(yaw, pitch, roll)
    turned = frames.quat_rotate(q, v)
    assert math.hypot(*turned) == pytest.approx(math.hypot(*v), abs=1e-9)
    assert frames.quat_unrotate(q, turned) == pytest.approx(v, abs=1e-9)
    assert frames.quat_multiply(q, frames.quat_conj(q)) == pytest.approx(
        (1.0, 0.0, 0.0, 0.0), abs=1e-14
    )


@given(angles, st.floats(-89.9 * DEG, 89.9 * DEG), angles)
def test_euler_angles_go_there_and_back(yaw: float, pitch: float, roll: float) -> None:
    got = frames.euler_from_quat(frames.quat_from_euler(yaw, pitch, roll))
    apart = [math.remainder(a - b, 2.0 * math.pi) for a, b in zip(got, (yaw, pitch, roll),
                                                                 strict=True)]  # fmt: skip
    # Within 0.1 deg of straight up, yaw and roll lose three digits.
    assert apart == pytest.approx([0.0, 0.0, 0.0], abs=1e-11)


@example(9.9e5, 1e4)  # the very top of the table
@given(st.floats(-5e3, 9.9e5), st.floats(1.0, 1e4))
def test_air_thins_with_altitude(altitude: float, rise: float) -> None:
    below, above = air(altitude, EARTH), air(altitude + rise, EARTH)
    assert above[0] < below[0]
    assert above[1] < below[1]
    assert all(math.isfinite(number) and number > 0.0 for number in (*below, *above))


@given(latitudes, longitudes, st.floats(0.0, 1e6))
def test_gravity_is_symmetric_about_pole_and_equator(
    latitude: float, longitude: float, altitude: float
) -> None:
    x, y, z = geodesy.ecef_from_geodetic(latitude * DEG, longitude * DEG, altitude, EARTH)
    here = gravity_eci((x, y, z), EARTH)
    mirrored = gravity_eci((x, y, -z), EARTH)
    assert mirrored == (here[0], here[1], -here[2])
    level = gravity_eci((math.hypot(x, y), 0.0, z), EARTH)
    assert math.hypot(here[0], here[1]) == pytest.approx(-level[0], abs=1e-12)
