"""The closed loop to the insertion, tick by tick: what was sensed goes in, the aim comes out."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import quat_unrotate, scale
from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.data import (
    ATTITUDE_BODY_FROM_ECI,
    FORCE_MPS2,
    GUIDANCE_CODE,
    LAST_CLOCK_S,
    LEFT_MPS,
    NEXT_CYCLE_S,
    NORMAL,
    POSITION_ECI_M,
    STEER_INSERTION,
    STEER_ORBIT,
    TAIL_RATIO,
    THRUST_ALONG,
    VELOCITY_ECI_MPS,
    Floats,
    Space,
)
from downrange.gnc.kernel.space import aim_at_orbit, plane_normal
from downrange.gnc.kernel.words import put_vector, quaternion_at, vector_at

CYCLE_S = 1.0
RULES = upfg.Rules()


@njit
def insertion_plan(space: Space, mu: float, words: Floats) -> upfg.Insertion:
    """What the closed loop is to reach, in the plane that was chosen when it began."""
    target = upfg.Target(space.radius_m, space.speed_mps, space.climb_rad, vector_at(words, NORMAL))
    return upfg.Insertion(target, space.stages, RULES, mu)


@njit
def begin_insertion(space: Space, mu: float, words: Floats, memory: Floats) -> None:
    """Choose the plane of the target's inclination that leads through here, and begin."""
    r, v = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
    put_vector(words, NORMAL, plane_normal(space.inclination_rad, r, v))
    clock_s = float(words[LAST_CLOCK_S])
    upfg.start(memory, insertion_plan(space, mu, words), r, v, clock_s)
    words[NEXT_CYCLE_S] = clock_s + CYCLE_S


@njit
def aim_at_insertion(space: Space, mu: float, words: Floats, memory: Floats) -> None:
    """Follow what was sensed, solve anew when a cycle is due, and aim along the solution."""
    plan, clock_s = insertion_plan(space, mu, words), float(words[LAST_CLOCK_S])
    dt_s = clock_s - memory[upfg.LAST_CLOCK_S]
    if dt_s > 0.0:
        force = quat_unrotate(
            quaternion_at(words, ATTITUDE_BODY_FROM_ECI), vector_at(words, FORCE_MPS2)
        )
        upfg.tick(memory, plan, clock_s, scale(force, dt_s))
        if clock_s >= words[NEXT_CYCLE_S] - 1e-6:
            r, v = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
            upfg.cycle(memory, plan, r, v, clock_s)
            words[NEXT_CYCLE_S] += CYCLE_S
    tail_off = max(0.0, float(words[FORCE_MPS2])) * space.tail_off_s * words[TAIL_RATIO]
    left = memory[upfg.VELOCITY_TO_GO_MPS] - tail_off
    if upfg.time_to_cutoff(memory, plan, tail_off) == 0.0:
        left = min(left, 0.0)
    words[LEFT_MPS] = left
    words[GUIDANCE_CODE] = memory[upfg.CODE]
    put_vector(words, THRUST_ALONG, upfg.direction(memory, clock_s)[0])


@njit
def aim(space: Space, mu: float, mode: float, entered: bool, words: Floats,
        memory: Floats) -> None:  # fmt: skip
    """Where the thrust is to go in a mode, and how much velocity is missing along it.

    The closed loop begins anew where a phase is entered that no other of its kind came before.
    """
    if mode == STEER_INSERTION:
        if entered:
            begin_insertion(space, mu, words, memory)
        aim_at_insertion(space, mu, words, memory)
    elif mode == STEER_ORBIT:
        aim_at_orbit(space, mu, words)
    else:
        words[LEFT_MPS] = math.nan


@njit
def has_failed(words: Floats) -> float:
    """1 once the closed loop has given up, or what it is told is no number."""
    code = words[GUIDANCE_CODE]
    failed = code in (upfg.NOT_CONVERGING, upfg.BAD_INPUT)
    return 1.0 if failed or math.isnan(code) else 0.0
