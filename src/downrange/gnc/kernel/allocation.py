"""Which engine turns how far: a moment becomes gimbal angles."""

from __future__ import annotations

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector
from downrange.gnc.kernel.data import (
    AIR_PRESSURE_PA,
    DEMAND_Y_RAD,
    GIMBAL_LIMIT_RAD,
    PROPELLANT_FRACTION,
    SATURATED,
    THRUSTERS_OWE_S,
    TICKS,
    Control,
    Floats,
    Memory,
)
from downrange.gnc.kernel.engines import engine_place, engine_thrust
from downrange.gnc.kernel.guidance import limited
from downrange.gnc.kernel.words import between, place


@njit
def shares(
    engines: Floats, chamber: Floats, pressure_pa: float, x_cm: float, moment: Vector
) -> Vector:
    """Multipliers (x, y, z) of the gimbals' moment arms that give a moment with least motion.

    With M = B d, column by column (-F y, -F l, 0) for an angle about y and (-F z, 0, -F l)
    about z, the least |d| is B' (B B')^-1 M; this returns (B B')^-1 M. What thrust off the
    axis already does is taken off first. Without engines off the axis roll is left out.
    """
    roll, roll_pitch, roll_yaw, pitch = 0.0, 0.0, 0.0, 0.0
    moment_x, moment_y, moment_z = moment
    for e in range(engines.shape[0]):
        thrust = engine_thrust(engines, e, chamber[e], pressure_pa)
        x, y, z = engine_place(engines, e)
        moment_y -= z * thrust
        moment_z += y * thrust
        if engines[e, GIMBAL_LIMIT_RAD] > 0.0:
            arm, square = x_cm - x, thrust * thrust
            roll += square * (y * y + z * z)
            roll_pitch += square * y * arm
            roll_yaw += square * z * arm
            pitch += square * arm * arm
    if pitch == 0.0:
        return (0.0, 0.0, 0.0)
    pivot = roll - (roll_pitch * roll_pitch + roll_yaw * roll_yaw) / pitch
    share_x = 0.0
    if pivot > 1e-9 * pitch:
        share_x = (moment_x - (roll_pitch * moment_y + roll_yaw * moment_z) / pitch) / pivot
    share_y = (moment_y - roll_pitch * share_x) / pitch
    share_z = (moment_z - roll_yaw * share_x) / pitch
    return (share_x, share_y, share_z)


@njit
def allocate(
    control: Control,
    engines: Floats,
    tick_s: float,
    chamber: Floats,
    moment: Vector,
    memory: Memory,
    gimbal_rad: Floats,
) -> bool:
    """Gimbal angles of all engines that thrust, within the limits of angle and rate.

    The demand is held back by the latency of the flight computer. Returns whether there is an
    engine that steers.
    """
    words, engine, delay = memory.words, memory.engine, memory.delay
    row, f = place(control.mass, words[PROPELLANT_FRACTION])
    x_cm, pressure_pa = between(control.mass, row, f, 1), words[AIR_PRESSURE_PA]
    share_x, share_y, share_z = shares(engines, chamber, pressure_pa, x_cm, moment)
    slots = delay.shape[0]
    slot = int(words[TICKS]) % slots
    oldest = (slot + 1) % slots
    words[SATURATED] = 0.0
    steered = False
    for e in range(engines.shape[0]):
        thrust = engine_thrust(engines, e, chamber[e], pressure_pa)
        x, y, z = engine_place(engines, e)
        limit = min(engines[e, GIMBAL_LIMIT_RAD], control.gimbal_limit_rad)
        steered = steered or (thrust > 0.0 and limit > 0.0)
        step = control.gimbal_rate_radps * tick_s
        wanted_y = -thrust * (y * share_x + (x_cm - x) * share_y)
        wanted_z = -thrust * (z * share_x + (x_cm - x) * share_z)
        for axis, wanted in enumerate((wanted_y, wanted_z)):
            old = engine[e, DEMAND_Y_RAD + axis]
            given = limited(old, limited(0.0, wanted, limit), step)
            if given != wanted and limit > 0.0:
                words[SATURATED] = 1.0
            engine[e, DEMAND_Y_RAD + axis] = given
            delay[slot, e, axis] = given
            gimbal_rad[e, axis] = delay[oldest, e, axis]
    words[TICKS] += 1.0
    if not steered:  # nothing answers: the integral is to rest
        words[SATURATED] = 1.0
    return steered


@njit
def fire_thrusters(
    control: Control, moment: Vector, steered: bool, tick_s: float, words: Floats, duty: Floats
) -> None:
    """Share of the coming tick for which the thrusters of each axis fire, with the sense as sign.

    What is too short for a pulse is owed, until it makes one. While engines steer, only the roll
    that they can't give is left to the thrusters.
    """
    for axis in range(3):
        most, owed = control.thruster_nm[axis], THRUSTERS_OWE_S + axis
        duty[axis] = 0.0
        if most <= 0.0 or (steered and (axis > 0 or control.roll_by_thrusters < 0.5)):
            words[owed] = 0.0
            continue
        words[owed] += limited(0.0, moment[axis] / most, 1.0) * tick_s
        pulse_s = limited(0.0, words[owed], tick_s)
        if abs(pulse_s) >= control.thruster_pulse_s:
            duty[axis] = pulse_s / tick_s
            words[owed] -= pulse_s
