"""A stage flown closed loop by its guidance, tick by tick, open to trouble."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.orbit import Elements, elements
from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.upfg import Insertion
from downrange.verify.insertion import Motor, burn_step

Floats = NDArray[np.float64]

TICK_S = 0.1
LONGEST_S = 4000.0


class End(NamedTuple):
    """How a burn ended."""

    code: int
    cut: bool  # off by guidance; else the stage is empty or time is over
    clock_s: float
    state: Floats
    orbit: Elements
    memory: Floats
    steering: Floats  # (ticks, 3)
    tgo_s: Floats  # (ticks,)

    @property
    def mass_kg(self) -> float:
        return float(self.state[9])


def fly(
    state: Floats,
    motor: Motor,
    plan: Insertion,
    thrust: Callable[[float, float], float] | None = None,
    sensed: Callable[[float, Floats], Floats] | None = None,
    cycle: int = 10,
) -> End:
    """From clock 0; thrust(clock, mass) and sensed(clock, velocity gained) are the trouble."""
    state, memory = state.copy(), np.zeros(upfg.UPFG_WORDS)
    clock, cut, steering, tgo = 0.0, False, [], []
    upfg.start(memory, plan, tuple(state[:3]), tuple(state[3:6]), 0.0)
    for ticks in range(1, round(LONGEST_S / TICK_S)):
        left = upfg.time_to_cutoff(memory, plan, 0.0)
        now = motor._replace(thrust_n=thrust(clock, state[9])) if thrust else motor
        step = min(TICK_S, left)
        if state[9] - now.thrust_n / now.exhaust_mps * step < motor.empty_kg:
            break
        burn_step(state, now, memory, clock, step)
        if left <= TICK_S:
            cut = True
            break
        clock = ticks * TICK_S
        gained = sensed(clock, state[6:9]) if sensed else state[6:9]
        upfg.tick(memory, plan, clock, tuple(gained))
        state[6:9] = 0.0
        if ticks % cycle == 0:
            upfg.cycle(memory, plan, tuple(state[:3]), tuple(state[3:6]), clock)
        steering.append(upfg.direction(memory, clock)[0])
        tgo.append(memory[upfg.CUTOFF_S] - clock)
    orbit = elements(tuple(state[:3]), tuple(state[3:6]), motor.mu_m3ps2)
    code = int(memory[upfg.CODE])
    return End(code, cut, clock, state, orbit, memory, np.array(steering), np.array(tgo))
