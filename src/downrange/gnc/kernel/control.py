"""How hard to turn: the moment that takes the attitude error out."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import (
    Vector,
    quat_conj,
    quat_multiply,
    rotation_vector,
    sub,
)
from downrange.gnc.kernel.data import (
    AIR_PRESSURE_PA,
    ATTACK_HALF_RAD,
    ATTACK_RAD,
    ATTITUDE_BODY_FROM_ECI,
    ATTITUDE_ERROR_RAD,
    COMMANDED_BODY_FROM_ECI,
    COMMANDED_RATE_RADPS,
    DEMAND_Y_RAD,
    DEMAND_Z_RAD,
    DYNAMIC_PRESSURE_PA,
    FORCE_MPS2,
    IMU_LOST,
    INTEGRAL_RADS,
    MACH,
    MOMENT_NM,
    PROPELLANT_FRACTION,
    RATE_BEFORE_RADPS,
    RATE_RADPS,
    RELEASE_S,
    SATURATED,
    STEER_NONE,
    TAIL_RATIO,
    Control,
    Floats,
)
from downrange.gnc.kernel.engines import engine_thrust
from downrange.gnc.kernel.guidance import limited
from downrange.gnc.kernel.words import between, place, put_vector, quaternion_at, vector_at


@njit
def forget_body(words: Floats) -> None:
    """What was learnt of a body that has parted: how its engines tail off, and what was trimmed."""
    words[TAIL_RATIO] = 1.0
    for i in range(3):
        words[INTEGRAL_RADS + i] = 0.0


@njit
def filtered(filters: Floats, row: int, f: float, state: Floats, axis: int, signal: float) -> float:
    """Signal through a chain of second-order sections whose coefficients lie between two rows.

    Transposed direct form II; `state` (axes, sections, 2) is carried on.
    """
    low, high = filters[row], filters[row + 1]
    for s in range(low.shape[0]):
        b0 = low[s, 0] + f * (high[s, 0] - low[s, 0])
        b1 = low[s, 1] + f * (high[s, 1] - low[s, 1])
        b2 = low[s, 2] + f * (high[s, 2] - low[s, 2])
        a1 = low[s, 3] + f * (high[s, 3] - low[s, 3])
        a2 = low[s, 4] + f * (high[s, 4] - low[s, 4])
        out = b0 * signal + state[axis, s, 0]
        state[axis, s, 0] = b1 * signal - a1 * out + state[axis, s, 1]
        state[axis, s, 1] = b2 * signal - a2 * out
        signal = out
    return signal


@njit
def aero_stiffness(control: Control, x_cm_m: float, words: Floats) -> float:
    """Aerodynamic moment per angle of attack that overturns, N m/rad; 0 where it restores."""
    i, f = place(control.aero, words[MACH])
    slope, x_cp = between(control.aero, i, f, 1), between(control.aero, i, f, 2)
    return max(0.0, float(words[DYNAMIC_PRESSURE_PA]) * slope * (x_cp - x_cm_m))


@njit
def feel_the_air(
    control: Control, engines: Floats, chamber: Floats, tick_s: float, words: Floats,
    engine: Floats,
) -> None:  # fmt: skip
    """Angle of attack and sideslip (rad) from the side force that the engines don't explain.

    F_z = -q S CN_alpha alpha - T d_y and F_y = -q S CN_alpha beta + T d_z, sensed at the inertial
    unit, from which the turn of the body about its CM is taken off. Filtered twice, since bending
    and noise are felt there too; 0 below the dynamic pressure from which loads are relieved.
    """
    q, p = words[RATE_RADPS + 1], words[RATE_RADPS + 2]
    turn_y = (q - words[RATE_BEFORE_RADPS]) / tick_s
    turn_z = (p - words[RATE_BEFORE_RADPS + 1]) / tick_s
    words[RATE_BEFORE_RADPS], words[RATE_BEFORE_RADPS + 1] = q, p
    force, pressure = words[FORCE_MPS2], words[DYNAMIC_PRESSURE_PA]
    if pressure < control.relief_from_pa or force <= 1.0:
        for i in range(4):
            words[ATTACK_RAD + i] = 0.0
        return
    thrust, side_y, side_z = 0.0, 0.0, 0.0
    for e in range(engines.shape[0]):
        each = engine_thrust(engines, e, chamber[e], words[AIR_PRESSURE_PA])
        thrust += each
        side_y += each * engine[e, DEMAND_Z_RAD]
        side_z -= each * engine[e, DEMAND_Y_RAD]
    i, f = place(control.aero, words[MACH])
    row, share = place(control.mass, words[PROPELLANT_FRACTION])
    arm = control.imu_x_m - between(control.mass, row, share, 1)
    mass = thrust / force
    stiffness = pressure * between(control.aero, i, f, 1)
    felt_z = words[FORCE_MPS2 + 2] + arm * turn_y - side_z / mass
    felt_y = words[FORCE_MPS2 + 1] - arm * turn_z - side_y / mass
    for axis, felt in ((0, felt_z), (1, felt_y)):
        now = -felt * mass / stiffness
        once, twice = ATTACK_HALF_RAD + axis, ATTACK_RAD + axis
        words[once] += control.relief_tick_share * (now - words[once])
        words[twice] += control.relief_tick_share * (words[once] - words[twice])


@njit
def moment_demand(
    control: Control, steering: float, tick_s: float, words: Floats, state: Floats
) -> Vector:
    """Moment about the CM in N m, body axes, against the attitude error.

    M = -I [(w^2 + M_alpha / I) e + 2 zeta w rate error] through the bending filters, less
    I w^2 / T times the integral of e: the rigid body then closes with natural frequency w
    and damping zeta. The integral rests while a gimbal demand is at a limit. With load relief
    the nose gives way to the air by a share of the angle of attack that is felt. A lost inertial
    unit or a phase without steering asks for nothing.
    """
    body_from_command = quat_multiply(
        quaternion_at(words, ATTITUDE_BODY_FROM_ECI),
        quat_conj(quaternion_at(words, COMMANDED_BODY_FROM_ECI)),
    )
    error = rotation_vector(body_from_command)
    put_vector(words, ATTITUDE_ERROR_RAD, error)
    given = control.load_relief
    error = (error[0], error[1] + given * words[ATTACK_RAD],
             error[2] - given * words[ATTACK_RAD + 1])  # fmt: skip
    flying = not math.isnan(words[RELEASE_S])
    if not flying or steering == STEER_NONE or words[IMU_LOST] == 1.0:
        return (0.0, 0.0, 0.0)
    rate = sub(vector_at(words, RATE_RADPS), vector_at(words, COMMANDED_RATE_RADPS))
    row, f = place(control.mass, words[PROPELLANT_FRACTION])
    axial, lateral = between(control.mass, row, f, 2), between(control.mass, row, f, 3)
    overturning = aero_stiffness(control, between(control.mass, row, f, 1), words) / lateral
    for axis in range(3):
        w = control.roll_bandwidth_radps if axis == 0 else control.bandwidth_radps
        stiffness = w * w if axis == 0 else w * w + overturning
        demand = stiffness * error[axis] + 2.0 * control.damping * w * rate[axis]
        if axis > 0:
            demand = filtered(control.filters, row, f, state, axis - 1, demand)
        if words[SATURATED] == 0.0:
            words[INTEGRAL_RADS + axis] += error[axis] * tick_s
        demand += w * w / control.integral_time_s * words[INTEGRAL_RADS + axis]
        inertia = axial if axis == 0 else lateral
        words[MOMENT_NM + axis] = -inertia * demand
    return vector_at(words, MOMENT_NM)


@njit
def thruster_demand(control: Control, steering: float, words: Floats) -> Vector:
    """Moment in N m, body axes, that brings the attitude back without haste.

    The rate asked for goes with the error, w / (2 zeta) of it but no faster than the limit, and
    the moment with the rate's error: 2 zeta w of it, zeta = 1. Call after `moment_demand`.
    """
    flying = not math.isnan(words[RELEASE_S])
    if not flying or steering == STEER_NONE or words[IMU_LOST] == 1.0:
        return (0.0, 0.0, 0.0)
    w = control.thruster_bandwidth_radps
    error = vector_at(words, ATTITUDE_ERROR_RAD)
    rate = sub(vector_at(words, RATE_RADPS), vector_at(words, COMMANDED_RATE_RADPS))
    row, f = place(control.mass, words[PROPELLANT_FRACTION])
    axial, lateral = between(control.mass, row, f, 2), between(control.mass, row, f, 3)
    most = control.thruster_rate_radps
    x = rate[0] + limited(0.0, 0.5 * w * error[0], most)
    y = rate[1] + limited(0.0, 0.5 * w * error[1], most)
    z = rate[2] + limited(0.0, 0.5 * w * error[2], most)
    return (-2.0 * w * axial * x, -2.0 * w * lateral * y, -2.0 * w * lateral * z)
