"""Vectors and attitude quaternions against rotation matrices written out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from downrange.earth.build import build_earth
from downrange.earth.kernel import frames
from downrange.earth.kernel.geodesy import ecef_from_eci, ned_from_ecef

DEG = math.pi / 180.0
TIGHT = 1e-14
V = (0.3, -1.2, 2.5)


def turn_x(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])


def turn_y(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def turn_z(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def test_vector_algebra() -> None:
    a, b = (1.0, 2.0, 3.0), (-4.0, 0.5, 2.0)
    assert frames.dot(a, b) == 3.0
    assert frames.cross(a, b) == tuple(np.cross(a, b))
    assert frames.add(a, b) == (-3.0, 2.5, 5.0)
    assert frames.sub(a, b) == (5.0, 1.5, 1.0)
    assert frames.scale(a, -2.0) == (-2.0, -4.0, -6.0)
    assert frames.norm((2.0, 3.0, 6.0)) == 7.0
    assert frames.unit((0.0, -3.0, 4.0)) == pytest.approx((0.0, -0.6, 0.8), abs=TIGHT)
    assert frames.unit((0.0, 0.0, 0.0)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(30.0, 0.0, 0.0), (0.0, 40.0, 0.0), (0.0, 0.0, -70.0), (345, 80, 25)]
)
def test_euler_angles_turn_yaw_pitch_roll_in_this_order(
    yaw: float, pitch: float, roll: float
) -> None:
    q = frames.quat_from_euler(yaw * DEG, pitch * DEG, roll * DEG)
    matrix = turn_x(roll * DEG) @ turn_y(pitch * DEG) @ turn_z(yaw * DEG)
    assert frames.quat_rotate(q, V) == pytest.approx(matrix @ V, abs=TIGHT)
    assert frames.quat_unrotate(q, V) == pytest.approx(matrix.T @ V, abs=TIGHT)


def test_launch_attitude_points_the_nose_up_and_belly_downrange() -> None:
    q = frames.quat_from_euler(345.0 * DEG, 90.0 * DEG, 0.0)
    nose = frames.quat_unrotate(q, (1.0, 0.0, 0.0))
    belly = frames.quat_unrotate(q, (0.0, 0.0, 1.0))
    downrange = (math.cos(345.0 * DEG), math.sin(345.0 * DEG), 0.0)
    assert nose == pytest.approx((0.0, 0.0, -1.0), abs=TIGHT)
    assert belly == pytest.approx(downrange, abs=TIGHT)


def test_pitching_over_is_a_negative_rate_about_y() -> None:
    q = frames.quat_from_euler(0.0, 90.0 * DEG, 0.0)
    rate = frames.quat_derivative(q, (0.0, -0.01, 0.0))
    later = frames.quat_normalise(tuple(a + b for a, b in zip(q, rate, strict=True)))
    _, pitch, _ = frames.euler_from_quat(later)
    assert pitch == pytest.approx(90.0 * DEG - 0.01, abs=1e-6)


@pytest.mark.parametrize("pitch", [90.0, -90.0])
def test_straight_up_and_down_keep_the_attitude_with_roll_zero(pitch: float) -> None:
    q = frames.quat_from_euler(50.0 * DEG, pitch * DEG, 20.0 * DEG)
    yaw, got, roll = frames.euler_from_quat(q)
    again = frames.quat_from_euler(yaw, got, roll)
    assert roll == 0.0
    assert got == pytest.approx(pitch * DEG, abs=1e-9)
    assert frames.quat_rotate(again, V) == pytest.approx(frames.quat_rotate(q, V), abs=1e-9)


def test_product_chains_frames_by_name() -> None:
    b_from_a = frames.quat_from_euler(0.3, -0.4, 0.5)
    c_from_b = frames.quat_from_euler(-1.1, 0.2, 2.0)
    c_from_a = frames.quat_multiply(c_from_b, b_from_a)
    step_by_step = frames.quat_rotate(c_from_b, frames.quat_rotate(b_from_a, V))
    assert frames.quat_rotate(c_from_a, V) == pytest.approx(step_by_step, abs=TIGHT)


def test_derivative_is_the_limit_of_small_turns() -> None:
    q = frames.quat_from_euler(0.3, -0.4, 0.5)
    rate, dt = (0.4, -0.7, 0.2), 1e-6
    size = math.sqrt(sum(w * w for w in rate))
    half = 0.5 * size * dt
    turn = (math.cos(half), *(math.sin(half) * w / size for w in rate))
    after = frames.quat_multiply(turn, q)
    slope = [(a - b) / dt for a, b in zip(after, q, strict=True)]
    # One-sided difference: half a step of the second derivative, about 1e-7.
    assert frames.quat_derivative(q, rate) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("angle", [1e-9, 0.3, 3.0])
def test_rotation_vector_is_axis_times_angle(angle: float) -> None:
    axis = np.array([2.0, -1.0, 2.0]) / 3.0
    q = (math.cos(0.5 * angle), *(math.sin(0.5 * angle) * axis))
    minus_q = tuple(-each for each in q)
    assert frames.rotation_vector(q) == pytest.approx(angle * axis, rel=1e-12)
    assert frames.rotation_vector(minus_q) == pytest.approx(angle * axis, rel=1e-12)


def test_error_of_a_nose_too_far_right_is_positive_about_z() -> None:
    wanted = frames.quat_from_euler(0.0, 0.0, 0.0)
    actual = frames.quat_from_euler(5.0 * DEG, 0.0, 0.0)
    error = frames.quat_multiply(actual, frames.quat_conj(wanted))
    assert frames.rotation_vector(error) == pytest.approx((0.0, 0.0, 5.0 * DEG), abs=TIGHT)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0.0, 0.0), (69.1, 15.6), (-33.0, -120.0), (90.0, 10.0)]
)
def test_local_axes_agree_with_the_trigonometric_formula(latitude: float, longitude: float) -> None:
    q = frames.quat_ned_from_ecef(latitude * DEG, longitude * DEG)
    by_formula = ned_from_ecef(V, latitude * DEG, longitude * DEG)
    assert frames.quat_rotate(q, V) == pytest.approx(by_formula, abs=TIGHT)


def test_earth_fixed_axes_agree_with_the_trigonometric_formula() -> None:
    earth = build_earth()
    q = frames.quat_ecef_from_eci(earth.rotation_radps * 5000.0)
    assert frames.quat_rotate(q, V) == pytest.approx(ecef_from_eci(V, 5000.0, earth), abs=TIGHT)


def test_attitude_from_inertial_axes_goes_by_way_of_the_local_ones() -> None:
    earth, time = build_earth(), 3600.0
    body_from_ned = frames.quat_from_euler(0.4, 1.1, -0.2)
    got = frames.quat_body_from_eci(body_from_ned, 1.2, 0.27, time, earth)
    ned = ned_from_ecef(ecef_from_eci(V, time, earth), 1.2, 0.27)
    assert frames.quat_rotate(got, V) == pytest.approx(
        frames.quat_rotate(body_from_ned, ned), abs=TIGHT
    )
