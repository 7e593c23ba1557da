"""The level at which a planned burn is flown: its phases' throttles, as the sequence will ask."""

from __future__ import annotations

import math
from typing import NamedTuple

from downrange._jit import njit
from downrange.gnc.kernel.data import (
    ACCELERATION_LIMIT_MPS2,
    ACCELERATION_MPS2,
    ALTITUDE_M,
    BEFORE,
    CHAMBER_MIN,
    CHAMBER_SUM,
    GUIDANCE_FAILED,
    HEALTHY_ENGINES,
    HEATING_WPM2,
    HEIGHT_M,
    NOW,
    PENDING_PHASE,
    PHASE,
    PHASE_START_S,
    PHASE_TIME_S,
    SIGNALS,
    SPEED_MPS,
    STAGE,
    TANK_FRACTION_MIN,
    THROTTLE,
    TIME_SINCE_RELEASE_S,
    VELOCITY_TO_GO_MPS,
    Floats,
    Phases,
)
from downrange.gnc.kernel.sequencer import LEAST_THROTTLE, next_exit


class Throttles(NamedTuple):
    """What throttles a stage's planned burn: the sequence from its ignition or release on."""

    phases: Phases
    first: int  # phase that it begins in; -1: rated thrust throughout
    least: float  # levels that its engines take
    most: float
    engines: float
    burnt_kg: float  # before the plan begins
    load_kg: float
    pad_altitude_m: float


class Met(NamedTuple):
    """Where a plan is: what the sequence's conditions look at, and what throttling needs."""

    time_s: float  # since the release
    altitude_m: float
    speed_mps: float  # Earth-relative
    to_go_mps: float
    burnt_kg: float  # since the plan began
    mass_kg: float
    density_kgpm3: float
    against_n: float  # drag, and what the air's pressure takes from the thrust
    thrust_vac_n: float  # at rated level
    flow_kgps: float  # at rated level


@njit
def begin(throttles: Throttles, time_s: float, words: Floats) -> None:
    """Enter the first phase; `words` is a flight computer's memory of data.WORDS."""
    words[:] = math.nan
    words[PHASE], words[PHASE_START_S], words[PENDING_PHASE] = throttles.first, time_s, -1.0


@njit
def tell(throttles: Throttles, now: Met, level: float, words: Floats) -> None:
    """Write the signals that a plan can foresee; the others stay nan, so never meet a condition."""
    burnt = throttles.burnt_kg + now.burnt_kg
    words[NOW + PHASE_TIME_S] = now.time_s - words[PHASE_START_S]
    words[NOW + TIME_SINCE_RELEASE_S] = now.time_s
    words[NOW + ALTITUDE_M] = now.altitude_m
    words[NOW + HEIGHT_M] = now.altitude_m - throttles.pad_altitude_m
    words[NOW + SPEED_MPS] = now.speed_mps
    words[NOW + VELOCITY_TO_GO_MPS] = now.to_go_mps
    words[NOW + CHAMBER_MIN] = words[NOW + CHAMBER_SUM] = level
    words[NOW + TANK_FRACTION_MIN] = 1.0 - burnt / throttles.load_kg
    words[NOW + ACCELERATION_MPS2] = (level * now.thrust_vac_n - now.against_n) / now.mass_kg
    words[NOW + HEALTHY_ENGINES] = throttles.engines
    words[NOW + HEATING_WPM2] = 0.5 * now.density_kgpm3 * now.speed_mps**3
    words[NOW + GUIDANCE_FAILED] = 0.0
    for i in range(SIGNALS):
        words[BEFORE + i] = words[NOW + i]


@njit
def level_for(throttles: Throttles, now: Met, h: float, level: float, words: Floats) -> float:
    """Level of a step of h seconds, from that of the step before; changes phases on the way.

    Under a limit on acceleration it is that of the middle of the step. Where the sequence leaves
    the stage the phase stays, and PENDING_PHASE says so.
    """
    if throttles.first < 0:
        return 1.0
    table = throttles.phases.table
    stage = table[throttles.first, STAGE]
    for _ in range(table.shape[0]):
        tell(throttles, now, level, words)
        wait, target = next_exit(throttles.phases, int(words[PHASE]), words, 0.0)
        if wait > 0.0:
            break
        if table[target, STAGE] != stage:
            words[PENDING_PHASE] = target
            break
        words[PHASE], words[PHASE_START_S] = target, now.time_s
    phase = int(words[PHASE])
    throttle, limit = table[phase, THROTTLE], table[phase, ACCELERATION_LIMIT_MPS2]
    wanted = throttle
    mass = now.mass_kg
    for _ in range(2):
        fit = (limit * mass + now.against_n) / now.thrust_vac_n
        wanted = min(throttle, max(LEAST_THROTTLE, fit))
        mass = now.mass_kg - 0.5 * h * wanted * now.flow_kgps
    return float(min(max(wanted, throttles.least), throttles.most))
