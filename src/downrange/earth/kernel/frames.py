"""Vectors and attitude quaternions as tuples: no allocation in hot code.

A quaternion is (w, x, y, z), scalar first. `q_b_from_a` turns components in frame a
into components in frame b, and its vector part is the axis of the turn from a to b
times sin(half angle). Products are written in the order of rotation matrices:
`quat_multiply(c_from_b, b_from_a) = c_from_a` (Shuster 1993, "A survey of attitude
representations", J. Astronautical Sciences 41(4), section on the quaternion product).
Angles in rad.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from downrange._jit import njit

if TYPE_CHECKING:
    from downrange.earth.kernel.geodesy import Earth

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@njit
def dot(a: Vector, b: Vector) -> float:
    """Scalar product, in the product of the units."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit
def cross(a: Vector, b: Vector) -> Vector:
    """Vector product a x b."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@njit
def add(a: Vector, b: Vector) -> Vector:
    """Sum a + b."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


@njit
def sub(a: Vector, b: Vector) -> Vector:
    """Difference a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


@njit
def scale(a: Vector, factor: float) -> Vector:
    """Vector times a number."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


@njit
def norm(a: Vector) -> float:
    """Length, in the unit of the components."""
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


@njit
def unit(a: Vector) -> Vector:
    """Direction of a; the zero vector stays zero."""
    length = norm(a)
    if length == 0.0:
        return (0.0, 0.0, 0.0)
    return (a[0] / length, a[1] / length, a[2] / length)


@njit
def quat_multiply(c_from_b: Quaternion, b_from_a: Quaternion) -> Quaternion:
    """Chain of two turns, c_from_a, in the order of matrices (Shuster's product)."""
    p0, p1, p2, p3 = b_from_a
    q0, q1, q2, q3 = c_from_b
    return (
        p0 * q0 - p1 * q1 - p2 * q2 - p3 * q3,
        p0 * q1 + p1 * q0 + p2 * q3 - p3 * q2,
        p0 * q2 - p1 * q3 + p2 * q0 + p3 * q1,
        p0 * q3 + p1 * q2 - p2 * q1 + p3 * q0,
    )


@njit
def quat_conj(q: Quaternion) -> Quaternion:
    """The opposite turn: a_from_b of b_from_a."""
    return (q[0], -q[1], -q[2], -q[3])


@njit
def quat_normalise(q: Quaternion) -> Quaternion:
    """Quaternion of length 1; q must not be zero."""
    f = 1.0 / math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return (q[0] * f, q[1] * f, q[2] * f, q[3] * f)


@njit
def quat_rotate(b_from_a: Quaternion, v_a: Vector) -> Vector:
    """Components in frame b of a vector given in frame a."""
    u = (b_from_a[1], b_from_a[2], b_from_a[3])
    t = cross(v_a, u)
    t = (2.0 * t[0], 2.0 * t[1], 2.0 * t[2])
    s = cross(t, u)
    w = b_from_a[0]
    return (v_a[0] + w * t[0] + s[0], v_a[1] + w * t[1] + s[1], v_a[2] + w * t[2] + s[2])


@njit
def quat_unrotate(b_from_a: Quaternion, v_b: Vector) -> Vector:
    """Components in frame a of a vector given in frame b: the inverse of `quat_rotate`."""
    return quat_rotate(quat_conj(b_from_a), v_b)


@njit
def quat_derivative(body_from_eci: Quaternion, rate_body_radps: Vector) -> Quaternion:
    """Time derivative in 1/s of an attitude that turns at a rate given in body axes, rad/s."""
    d = quat_multiply(
        (0.0, rate_body_radps[0], rate_body_radps[1], rate_body_radps[2]), body_from_eci
    )
    return (0.5 * d[0], 0.5 * d[1], 0.5 * d[2], 0.5 * d[3])


@njit
def rotation_vector(b_from_a: Quaternion) -> Vector:
    """Turn from frame a to frame b as axis times angle, rad, the shorter way round.

    Its components are the same in a and in b. With b the body and a the attitude wanted,
    a positive z component says that the nose is too far to the right.
    """
    w, x, y, z = b_from_a
    if w < 0.0:
        w, x, y, z = -w, -x, -y, -z
    s = math.sqrt(x * x + y * y + z * z)
    f = 2.0 if s < 1e-12 else 2.0 * math.atan2(s, w) / s
    return (f * x, f * y, f * z)


@njit
def quat_from_euler(yaw_rad: float, pitch_rad: float, roll_rad: float) -> Quaternion:
    """Attitude body_from_ned of the Euler sequence 3-2-1: yaw, then pitch, then roll."""
    cy, sy = math.cos(0.5 * yaw_rad), math.sin(0.5 * yaw_rad)
    cp, sp = math.cos(0.5 * pitch_rad), math.sin(0.5 * pitch_rad)
    cr, sr = math.cos(0.5 * roll_rad), math.sin(0.5 * roll_rad)
    return (
        cy * cp * cr + sy * sp * sr,
        cy * cp * sr - sy * sp * cr,
        cy * sp * cr + sy * cp * sr,
        sy * cp * cr - cy * sp * sr,
    )


@njit
def quat_from_axes(x: Vector, y: Vector, z: Vector) -> Quaternion:
    """Attitude b_from_a of the axes of frame b, right-handed and of length 1, given in frame a.

    Sheppard's method: the largest of four squares is divided by (Journal of Guidance and
    Control 1(3), 1978).
    """
    trace = x[0] + y[1] + z[2]
    squares = (1.0 + trace, 1.0 + 2.0 * x[0] - trace, 1.0 + 2.0 * y[1] - trace,
               1.0 + 2.0 * z[2] - trace)  # fmt: skip
    largest = max(squares)
    if largest == squares[0]:
        q = (largest, y[2] - z[1], z[0] - x[2], x[1] - y[0])
    elif largest == squares[1]:
        q = (y[2] - z[1], largest, x[1] + y[0], z[0] + x[2])
    elif largest == squares[2]:
        q = (z[0] - x[2], x[1] + y[0], largest, y[2] + z[1])
    else:
        q = (x[1] - y[0], z[0] + x[2], y[2] + z[1], largest)
    return quat_normalise(q)


@njit
def euler_from_quat(body_from_ned: Quaternion) -> Vector:
    """Euler angles 3-2-1 (yaw, pitch, roll) in rad; straight up or down roll is set to 0."""
    w, x, y, z = body_from_ned
    nose_north = 1.0 - 2.0 * (y * y + z * z)
    nose_east = 2.0 * (x * y + w * z)
    nose_down = 2.0 * (x * z - w * y)
    level = math.sqrt(nose_north * nose_north + nose_east * nose_east)
    pitch = math.atan2(-nose_down, level)
    if level < 1e-9:
        return (math.atan2(2.0 * (w * z - x * y), 1.0 - 2.0 * (x * x + z * z)), pitch, 0.0)
    yaw = math.atan2(nose_east, nose_north)
    roll = math.atan2(2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y))
    return (yaw, pitch, roll)


@njit
def quat_ecef_from_eci(angle_rad: float) -> Quaternion:
    """Turn of the Earth-fixed frame by an angle about the pole."""
    return (math.cos(0.5 * angle_rad), 0.0, 0.0, math.sin(0.5 * angle_rad))


@njit
def quat_ned_from_ecef(latitude_rad: float, longitude_rad: float) -> Quaternion:
    """Local north-east-down axes at a geodetic latitude and longitude, from Earth-fixed ones."""
    half_pitch = -0.5 * (latitude_rad + 0.5 * math.pi)
    cy, sy = math.cos(0.5 * longitude_rad), math.sin(0.5 * longitude_rad)
    cp, sp = math.cos(half_pitch), math.sin(half_pitch)
    return (cy * cp, -sy * sp, cy * sp, sy * cp)


@njit
def quat_ned_from_eci(
    latitude_rad: float, longitude_rad: float, time_s: float, earth: Earth
) -> Quaternion:
    """Local north-east-down axes from inertial ones at a mission time."""
    return quat_ned_from_ecef(latitude_rad, longitude_rad + earth.rotation_radps * time_s)


@njit
def quat_body_from_eci(
    body_from_ned: Quaternion,
    latitude_rad: float,
    longitude_rad: float,
    time_s: float,
    earth: Earth,
) -> Quaternion:
    """Inertial attitude of a body whose attitude to local north-east-down is given."""
    ned_from_eci = quat_ned_from_eci(latitude_rad, longitude_rad, time_s, earth)
    return quat_multiply(body_from_ned, ned_from_eci)
