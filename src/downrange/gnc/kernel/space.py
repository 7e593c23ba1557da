"""Steering above the air: along the velocity, to the target orbit, and what coasts wait for."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import (
    Vector,
    add,
    cross,
    dot,
    norm,
    quat_from_axes,
    quat_rotate,
    quat_unrotate,
    scale,
    sub,
    unit,
)
from downrange.gnc.kernel.data import (
    COMMANDED_BODY_FROM_ECI,
    COMMANDED_RATE_RADPS,
    FORCE_MPS2,
    LEFT_MPS,
    POSITION_ECI_M,
    STEER_PROGRADE,
    TAIL_RATIO,
    THRUST_ALONG,
    TO_GO_MPS,
    VELOCITY_ECI_MPS,
    Floats,
    Space,
)
from downrange.gnc.kernel.words import put_quaternion, put_vector, quaternion_at, vector_at

SETTLED_MPS = 3.0  # velocity to go below which the direction of the thrust is held
NORTH = (0.0, 0.0, 1.0)


@njit
def apsis_speed(mu: float, r: float, other: float) -> float:
    """Speed in m/s at an apsis of radius r of the conic whose other apsis has radius `other`."""
    return math.sqrt(2.0 * mu * other / (r * (r + other)))


@njit
def heading(inclination_rad: float, r: Vector, v: Vector) -> Vector:
    """Level direction at r of an orbit of an inclination, to the north or south as v goes.

    Poleward of what the inclination reaches it is due east or west.
    """
    up = unit(r)
    east = unit(cross(NORTH, up))
    north = cross(up, east)
    cosine_latitude = math.sqrt(max(1e-12, 1.0 - up[2] * up[2]))
    sine = min(1.0, max(-1.0, math.cos(inclination_rad) / cosine_latitude))
    along_north = math.copysign(math.sqrt(1.0 - sine * sine), dot(v, north))
    return add(scale(east, sine), scale(north, along_north))


@njit
def wanted_velocity(space: Space, mu: float, r: Vector, v: Vector) -> Vector:
    """Inertial velocity that makes the place where the vehicle is an apsis of the target orbit.

    Level and at the target's inclination; the other apsis is that of the target that is further
    from here.
    """
    radius = norm(r)
    near_apogee = abs(radius - space.apogee_m) <= abs(radius - space.perigee_m)
    other = space.perigee_m if near_apogee else space.apogee_m
    return scale(heading(space.inclination_rad, r, v), apsis_speed(mu, radius, other))


@njit
def plane_normal(inclination_rad: float, r: Vector, v: Vector) -> Vector:
    """Unit normal of the plane of an inclination through a place, flown as the velocity is."""
    return unit(cross(r, heading(inclination_rad, r, v)))


@njit
def time_to_apogee(mu: float, r: Vector, v: Vector) -> float:
    """Time in s to the next apogee along the conic; nan on an open one."""
    radius = norm(r)
    energy = 0.5 * dot(v, v) - mu / radius
    if not energy < 0.0:
        return math.nan
    a = -0.5 * mu / energy
    rate = math.sqrt(mu / (a * a * a))
    e_cos, e_sin = 1.0 - radius / a, dot(r, v) / math.sqrt(mu * a)
    anomaly = math.atan2(e_sin, e_cos)
    return ((math.pi - anomaly + e_sin) % (2.0 * math.pi)) / rate


@njit
def point(space: Space, along: Vector, tick_s: float, words: Floats) -> None:
    """Command the nose along a direction with belly to the Earth, each no faster than the limit."""
    old = quaternion_at(words, COMMANDED_BODY_FROM_ECI)
    nose = quat_unrotate(old, (1.0, 0.0, 0.0))
    axis = cross(nose, along)
    sine, cosine = norm(axis), dot(nose, along)
    angle, most = math.atan2(sine, cosine), space.rate_limit_radps * tick_s
    if angle > most:
        side = unit(axis) if sine > 1e-9 else quat_unrotate(old, (0.0, 1.0, 0.0))
        along = add(scale(nose, math.cos(most)), scale(cross(side, nose), math.sin(most)))
        axis, angle = side, most
    elif sine > 0.0:
        axis = scale(axis, 1.0 / sine)
    down = scale(unit(vector_at(words, POSITION_ECI_M)), -1.0)
    right = cross(down, along)
    if norm(right) < 1e-6:
        right = quat_unrotate(old, (0.0, 1.0, 0.0))
        right = sub(right, scale(along, dot(right, along)))
    right = unit(right)
    was = quat_unrotate(old, (0.0, 1.0, 0.0))
    was = sub(was, scale(along, dot(was, along)))
    roll = math.atan2(dot(cross(was, right), along), dot(was, right))
    rolling = 0.0
    if abs(roll) > most and norm(was) > 1e-6:
        rolling = math.copysign(most, roll)
        was = unit(was)
        right = add(scale(was, math.cos(rolling)), scale(cross(along, was), math.sin(rolling)))
    attitude = quat_from_axes(along, right, cross(along, right))
    put_quaternion(words, COMMANDED_BODY_FROM_ECI, attitude)
    turn = quat_rotate(attitude, scale(axis, angle / tick_s))
    put_vector(words, COMMANDED_RATE_RADPS, add(turn, (rolling / tick_s, 0.0, 0.0)))


@njit
def aim_at_orbit(space: Space, mu: float, words: Floats) -> None:
    """Velocity that is missing to the target orbit from here; its direction held when little is."""
    r, v = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
    missing = sub(wanted_velocity(space, mu, r, v), v)
    put_vector(words, TO_GO_MPS, missing)
    if norm(missing) > SETTLED_MPS:
        put_vector(words, THRUST_ALONG, unit(missing))
    tail_off = max(0.0, float(words[FORCE_MPS2])) * space.tail_off_s * words[TAIL_RATIO]
    words[LEFT_MPS] = dot(missing, vector_at(words, THRUST_ALONG)) - tail_off


@njit
def steer_in_space(space: Space, mode: float, tick_s: float, words: Floats) -> None:
    """Command the attitude: where the thrust is to go, or along the velocity."""
    prograde = mode == STEER_PROGRADE
    along = unit(vector_at(words, VELOCITY_ECI_MPS if prograde else THRUST_ALONG))
    point(space, along, tick_s, words)
