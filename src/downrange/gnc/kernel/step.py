"""One tick of the flight software, on one page: measurements in, commands out.

`guide`, then `turn`: the memory is updated, the command written, which holds from this tick's
clock to the next tick's.
"""

from __future__ import annotations

from downrange._jit import part
from downrange.gnc.kernel.allocation import allocate, fire_thrusters
from downrange.gnc.kernel.control import feel_the_air, moment_demand, thruster_demand
from downrange.gnc.kernel.data import PHASE, STAGE, STEER_PROGRADE, STEERING, Memory, Plan
from downrange.gnc.kernel.engines import smooth_chambers
from downrange.gnc.kernel.guidance import steer
from downrange.gnc.kernel.insertion import aim
from downrange.gnc.kernel.navigation import navigate
from downrange.gnc.kernel.sequencer import (
    learn_tail_off,
    monitor,
    read_signals,
    sequence,
)
from downrange.gnc.kernel.space import steer_in_space
from downrange.telemetry.bus import SLOW_TICK, Command, Measured


@part
def guide(plan: Plan, measured: Measured, memory: Memory, command: Command) -> float:
    """Navigate, sequence, steer: leaves the commanded attitude in the memory.

    Returns the length of the coming tick, s.
    """
    core, words, table = measured.core, memory.words, plan.phases.table
    navigate(plan.navigation, plan.earth, core, words)
    before = int(words[PHASE])
    tick_s = plan.slow_tick_s if command.discrete[SLOW_TICK] > 0.5 else plan.tick_s
    monitor(plan.monitor, tick_s, measured, memory.engine, command)
    was = table[before, STEERING]
    aim(plan.space, plan.earth.mu_m3ps2, was, False, words, memory.loop)
    read_signals(plan.engines, plan.tanks, table[before, STAGE], float(plan.stage),
                 plan.earth.mu_m3ps2, plan.space, measured, words, memory.engine)  # fmt: skip
    learn_tail_off(plan.space, words)
    sequence(plan.phases, plan.engines, tick_s, words, memory.engine, command)
    phase = int(words[PHASE])
    mode = table[phase, STEERING]
    tick_s = plan.slow_tick_s if command.discrete[SLOW_TICK] > 0.5 else plan.tick_s
    if phase != before:
        aim(plan.space, plan.earth.mu_m3ps2, mode, mode != was, words, memory.loop)
    if mode >= STEER_PROGRADE:
        steer_in_space(plan.space, mode, tick_s, words)
    else:
        steer(plan.steering, mode, tick_s, plan.earth.rotation_radps, words)
    return tick_s


@part
def turn(plan: Plan, tick_s: float, measured: Measured, memory: Memory, command: Command) -> None:
    """Turn to the commanded attitude: moment, gimbals, thrusters."""
    words, chamber = memory.words, memory.chamber
    smooth_chambers(plan.control.chamber_tick_share, measured.chamber_fraction, chamber)
    mode = plan.phases.table[int(words[PHASE]), STEERING]
    if plan.control.load_relief > 0.0:
        feel_the_air(plan.control, plan.engines, chamber, tick_s, words, memory.engine)
    moment = moment_demand(plan.control, mode, tick_s, words, memory.filters)
    steered = allocate(
        plan.control, plan.engines, tick_s, chamber, moment, memory, command.gimbal_rad,
    )  # fmt: skip
    turning = thruster_demand(plan.control, mode, words)
    fire_thrusters(plan.control, turning, steered, tick_s, words, command.thrusters)
