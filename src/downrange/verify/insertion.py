"""An upper stage flown into orbit by its guidance: a point mass, spherical gravity, no air."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector, add, norm, scale
from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.ascent import RK4_NODE, RK4_WEIGHT
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
def pull(
    r: Vector, mass_kg: float, motor: Motor, memory: Floats, clock_s: float
) -> tuple[Vector, Vector]:
    """What the engine gives along the commanded direction, and that with gravity, m/s^2."""
    push = scale(upfg.direction(memory, clock_s)[0], motor.thrust_n / mass_kg)
    return push, add(push, scale(r, -motor.mu_m3ps2 / norm(r) ** 3))


@njit
def burn_step(state: Floats, motor: Motor, memory: Floats, clock_s: float, h_s: float) -> None:
    """Classical Runge-Kutta step of h_s; the state moves in place."""
    r, v = vector_at(state, POSITION), vector_at(state, VELOCITY)
    sensed = vector_at(state, SENSED)
    mass_kg, flow_kgps = state[MASS], motor.thrust_n / motor.exhaust_mps
    moved, gained = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    v_k, a_k = v, (0.0, 0.0, 0.0)
    for k in range(4):
        part_s = h_s * RK4_NODE[k]
        r_k, v_k = add(r, scale(v_k, part_s)), add(v, scale(a_k, part_s))
        push, a_k = pull(r_k, mass_kg - flow_kgps * part_s, motor, memory, clock_s + part_s)
        moved = add(moved, scale(v_k, RK4_WEIGHT[k]))
        gained = add(gained, scale(a_k, RK4_WEIGHT[k]))
        sensed = add(sensed, scale(push, h_s * RK4_WEIGHT[k]))
    put_vector(state, POSITION, add(r, scale(moved, h_s)))
    put_vector(state, VELOCITY, add(v, scale(gained, h_s)))
    put_vector(state, SENSED, sensed)
    state[MASS] = mass_kg - flow_kgps * h_s


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
