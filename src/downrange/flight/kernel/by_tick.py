"""The flight loop for a controller outside it: one tick at a time, with its word in between.

This is a generator, compiled as the loop is. A call of `loop.fly` from Python works out the type
of some two hundred numbers and arrays and unpacks them, ten times the work of a tick; a generator
is given them once and goes on where it stopped, for less than a microsecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.dynamics.kernel.rigid import AUX_SIZE, look_around
from downrange.earth.kernel.frames import quat_conj, quat_multiply, rotation_vector
from downrange.flight.kernel.loop import ENDED, GOING, TICK, Flight, Numbers, act, look, start
from downrange.gnc.kernel.data import (
    COMMANDED_BODY_FROM_ECI,
    COMMANDED_RATE_RADPS,
    LAST_CLOCK_S,
    SATURATED,
    Plan,
)
from downrange.gnc.kernel.guidance import attitude_at, limited
from downrange.gnc.kernel.step import guide, turn
from downrange.gnc.kernel.words import put_quaternion, quaternion_at
from downrange.telemetry.bus import Command, new_command

Floats = NDArray[np.float64]

# Indices into Given.pointing.
ATTITUDE = 0  # 0 .. 3: attitude_body_from_eci
PITCH_RAD = 4  # in pad axes
AZIMUTH_RAD = 5
BEFORE = 6  # 6 .. 9: the attitude that was given a tick ago
POINTING_SIZE = 10


class Given(NamedTuple):
    """What somebody else wants in the coming tick, nan where the flight software is to decide."""

    command: Command
    pointing: Floats  # (POINTING_SIZE,)
    seen: Floats  # (AUX_SIZE,) as rigid's aux, written here: the truth at the start of the tick


def new_given(engines: int) -> Given:
    """Nothing given."""
    given = Given(new_command(engines), np.full(POINTING_SIZE, np.nan), np.zeros(AUX_SIZE))
    for part in given.command:
        part[...] = np.nan
    return given


@inner
def take_attitude(pointing: Floats, plan: Plan, tick_s: float, words: Floats) -> None:
    """The given attitude in place of guidance's, its rate from the one before."""
    if math.isnan(pointing[ATTITUDE]) and math.isnan(pointing[PITCH_RAD]):
        pointing[BEFORE] = math.nan
        return
    if math.isnan(pointing[ATTITUDE]):
        turned = plan.earth.rotation_radps * words[LAST_CLOCK_S]
        azimuth, pitch = pointing[AZIMUTH_RAD], pointing[PITCH_RAD]
        if math.isnan(azimuth):
            azimuth = plan.steering.azimuth_rad
        put_quaternion(pointing, ATTITUDE, attitude_at(plan.steering, turned, azimuth, pitch))
    wanted = quaternion_at(pointing, ATTITUDE)
    before = wanted if math.isnan(pointing[BEFORE]) else quaternion_at(pointing, BEFORE)
    moved = rotation_vector(quat_multiply(wanted, quat_conj(before)))
    for axis in range(3):
        rate = limited(0.0, moved[axis] / tick_s, plan.steering.rate_limit_radps)
        words[COMMANDED_RATE_RADPS + axis] = rate
    put_quaternion(words, COMMANDED_BODY_FROM_ECI, wanted)
    put_quaternion(pointing, BEFORE, wanted)


@inner
def take_command(given: Command, words: Floats, command: Command) -> None:
    """What is given in place of the flight software's; its integral rests where it has no say."""
    for i in range(given.engine_on.size):
        if not math.isnan(given.engine_on[i]):
            command.engine_on[i] = given.engine_on[i]
            command.cutoff_time_s[i] = math.inf
        if not math.isnan(given.throttle[i]):
            command.throttle[i] = given.throttle[i]
        if not math.isnan(given.cutoff_time_s[i]):
            command.cutoff_time_s[i] = given.cutoff_time_s[i]
        for axis in range(2):
            if not math.isnan(given.gimbal_rad[i, axis]):
                command.gimbal_rad[i, axis] = given.gimbal_rad[i, axis]
                words[SATURATED] = 1.0
    for axis in range(3):
        if not math.isnan(given.thrusters[axis]):
            command.thrusters[axis] = given.thrusters[axis]
    for i in range(given.discrete.size):
        if not math.isnan(given.discrete[i]):
            command.discrete[i] = given.discrete[i]


@njit
def fly_by_tick(n: Numbers, f: Flight, given: Given) -> Iterator[float]:
    """Fly as `loop.fly` does. Each yield is after the sensors, before anybody decides.

    Yields the mission clock. The caller keeps the arrays for as long as the generator.
    """
    start(n, f)
    around, rigid, loads = n.plant.around, f.state.rigid, f.state.loads
    while f.clock[ENDED] == GOING:
        now = f.clock[TICK] * n.tick_s
        position, velocity = look(n, f)
        look_around(rigid, now, loads, around, f.state.scratch.rk4, given.seen)
        yield now
        tick_s = guide(n.plan, f.measured, f.memory, f.command)
        take_attitude(given.pointing, n.plan, tick_s, f.memory.words)
        turn(n.plan, tick_s, f.measured, f.memory, f.command)
        take_command(given.command, f.memory.words, f.command)
        act(n, f, position, velocity)
