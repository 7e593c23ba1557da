"""An upper stage flown into orbit by its guidance: a point mass, spherical gravity, no air."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.frames import add, norm, scale
from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.words import put_vector, vector_at

Floats = NDArray[np.float64]

# Words of the state: position_m, velocity_mps, velocity sensed since the last tick, mass_kg.
POSITION, VELOCITY, SENSED, MASS, STATE = 0, 3, 6, 9, 10


class Motor(NamedTuple):
    """What drives the stage, and gravity."""

    thrust_n: float
    exhaust_mps: float
    empty_kg: float  # mass of all but the usable propellant
    mu_m3ps2: float


@njit
def pull(state: Floats, motor: Motor, memory: Floats, clock_s: float, out: Floats) -> None:
    """Rate of the state while the engine burns along the commanded direction."""
    r, (along, _) = vector_at(state, POSITION), upfg.direction(memory, clock_s)
    push = scale(along, motor.thrust_n / state[MASS])
    put_vector(out, POSITION, vector_at(state, VELOCITY))
    put_vector(out, VELOCITY, add(push, scale(r, -motor.mu_m3ps2 / norm(r) ** 3)))
    put_vector(out, SENSED, push)
    out[MASS] = -motor.thrust_n / motor.exhaust_mps


@njit
def burn_step(state: Floats, motor: Motor, memory: Floats, clock_s: float, h_s: float) -> None:
    """Classical Runge-Kutta step of h_s; the state moves in place."""
    rates = np.empty((4, STATE))
    pull(state, motor, memory, clock_s, rates[0])
    pull(state + 0.5 * h_s * rates[0], motor, memory, clock_s + 0.5 * h_s, rates[1])
    pull(state + 0.5 * h_s * rates[1], motor, memory, clock_s + 0.5 * h_s, rates[2])
    pull(state + h_s * rates[2], motor, memory, clock_s + h_s, rates[3])
    state += h_s / 6.0 * (rates[0] + 2.0 * rates[1] + 2.0 * rates[2] + rates[3])


@njit
def insert(
    state: Floats,
    motor: Motor,
    memory: Floats,
    plan: upfg.Insertion,
    tick_s: float,
    ticks_a_cycle: int,
) -> float:
    """Fly closed loop from clock 0 to an ideal cut-off; its time in s, nan if the stage is empty.

    Guidance knows the plan's stages; the thrust of the motor it has to find out.
    """
    clock, ticks = 0.0, 0
    r, v = vector_at(state, POSITION), vector_at(state, VELOCITY)
    upfg.start(memory, plan, r, v, clock)
    while True:
        left = upfg.time_to_cutoff(memory, plan, 0.0)
        h_s = min(tick_s, left)
        spent = state[MASS] - motor.empty_kg < motor.thrust_n / motor.exhaust_mps * h_s
        if spent:
            return np.nan
        burn_step(state, motor, memory, clock, h_s)
        if left <= tick_s:
            return clock + h_s
        ticks += 1
        clock = ticks * tick_s
        upfg.tick(memory, plan, clock, vector_at(state, SENSED))
        put_vector(state, SENSED, (0.0, 0.0, 0.0))
        if ticks % ticks_a_cycle == 0:
            r, v = vector_at(state, POSITION), vector_at(state, VELOCITY)
            upfg.cycle(memory, plan, r, v, clock)
