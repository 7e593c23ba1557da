"""Which way the vehicle is to point."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import (
    add,
    quat_ecef_from_eci,
    quat_from_euler,
    quat_multiply,
    quat_rotate,
)
from downrange.gnc.kernel.data import (
    COMMANDED_BODY_FROM_ECI,
    COMMANDED_PITCH_RAD,
    COMMANDED_PITCH_RATE_RADPS,
    COMMANDED_RATE_RADPS,
    LAST_CLOCK_S,
    NAV_SPEED_MPS,
    NAV_SPEED_RATE_MPS2,
    RELEASE_S,
    SPEED_MPS,
    STEER_HOLD,
    STEER_NONE,
    STEER_PITCH_OVER,
    STEER_PROGRAMME,
    Floats,
    Quaternion,
    Steering,
)
from downrange.gnc.kernel.words import between, place, put_quaternion, put_vector


@njit
def programme(steering: Steering, words: Floats) -> tuple[float, float]:
    """Pitch (rad) and its rate (rad/s) of the planned programme, from pad horizontal."""
    x, x_rate = words[LAST_CLOCK_S] - words[RELEASE_S], 1.0
    if steering.signal == SPEED_MPS:
        x, x_rate = words[NAV_SPEED_MPS], words[NAV_SPEED_RATE_MPS2]
    table = steering.table
    i, f = place(table, x)
    pitch = between(table, i, f, 1)
    if not table[0, 0] < x < table[table.shape[0] - 1, 0]:
        return pitch, 0.0
    return pitch, x_rate * (table[i + 1, 1] - table[i, 1]) / (table[i + 1, 0] - table[i, 0])


@njit
def limited(old: float, new: float, step: float) -> float:
    """New value, no further from the old one than a step."""
    return min(old + step, max(old - step, new))


@njit
def attitude_at(
    steering: Steering, earth_turn_rad: float, azimuth_rad: float, pitch_rad: float
) -> Quaternion:
    """`attitude_body_from_eci` of an azimuth and a pitch in pad axes, no roll."""
    turn = quat_ecef_from_eci(earth_turn_rad)
    ned_from_eci = quat_multiply(steering.attitude_ned_from_ecef, turn)
    body_from_ned = quat_from_euler(azimuth_rad, pitch_rad, 0.0)
    return quat_multiply(body_from_ned, ned_from_eci)


@njit
def steer(
    steering: Steering, mode: float, tick_s: float, rotation_radps: float, words: Floats
) -> None:
    """Commanded attitude and body rate: launch azimuth, planned pitch, no roll, in pad axes.

    Pad axes turn with the Earth. No pitch change is faster than the limit of its phase.
    """
    if mode == STEER_HOLD or (mode == STEER_NONE and not math.isnan(words[RELEASE_S])):
        put_vector(words, COMMANDED_RATE_RADPS, (0.0, 0.0, 0.0))
        return
    old = words[COMMANDED_PITCH_RAD]
    pitch, rate, limit = 0.5 * math.pi, 0.0, steering.rate_limit_radps
    if mode == STEER_PITCH_OVER:
        pitch, limit = steering.kick_pitch_rad, steering.pitch_over_rate_radps
    elif mode == STEER_PROGRAMME:
        pitch, rate = programme(steering, words)
    allowed = limited(old, pitch, limit * tick_s)
    if allowed != pitch:
        rate = (allowed - old) / tick_s
    words[COMMANDED_PITCH_RAD] = allowed
    words[COMMANDED_PITCH_RATE_RADPS] = limited(0.0, rate, limit)
    attitude = attitude_at(
        steering, rotation_radps * words[LAST_CLOCK_S], steering.azimuth_rad, allowed
    )
    put_quaternion(words, COMMANDED_BODY_FROM_ECI, attitude)
    earth_rate = quat_rotate(attitude, (0.0, 0.0, rotation_radps))
    pitching = (0.0, words[COMMANDED_PITCH_RATE_RADPS], 0.0)
    put_vector(words, COMMANDED_RATE_RADPS, add(earth_rate, pitching))
