"""One tick of the flight software, on one page: measurements in, commands out."""

from __future__ import annotations

from downrange._jit import njit
from downrange.gnc.kernel.allocation import allocate
from downrange.gnc.kernel.control import moment_demand
from downrange.gnc.kernel.data import PHASE, STAGE, STEERING, Memory, Plan
from downrange.gnc.kernel.guidance import steer
from downrange.gnc.kernel.navigation import navigate
from downrange.gnc.kernel.sequencer import monitor, read_signals, sequence
from downrange.telemetry.bus import Command, Measured


@njit
def step(plan: Plan, measured: Measured, memory: Memory, command: Command) -> None:
    """Read what is measured, update the memory, write the command. Call once a tick.

    The command holds from this tick's clock to the next tick's.
    """
    tick_s, core, words = plan.tick_s, measured.core, memory.words
    navigate(plan.navigation, plan.earth, core, words)
    monitor(plan.monitor, tick_s, measured, memory.engine, command)
    stage = plan.phases.table[int(words[PHASE]), STAGE]
    read_signals(plan.engines, plan.tanks, stage, measured, words, memory.engine)
    sequence(plan.phases, plan.engines, tick_s, words, memory.engine, command)
    mode = plan.phases.table[int(words[PHASE]), STEERING]
    steer(plan.steering, mode, tick_s, plan.earth.rotation_radps, words)
    moment = moment_demand(plan.control, mode, tick_s, words, memory.filters)
    allocate(
        plan.control,
        plan.engines,
        tick_s,
        measured.chamber_fraction,
        moment,
        memory,
        command.gimbal_rad,
    )
