"""The flight software's tick, which stands in the loop's own code, for Python to call."""

from __future__ import annotations

from downrange._jit import njit
from downrange.gnc.kernel.data import Memory, Plan
from downrange.gnc.kernel.step import guide, turn
from downrange.telemetry.bus import Command, Measured


@njit
def gnc_step(plan: Plan, measured: Measured, memory: Memory, command: Command) -> None:
    """One tick of the flight software."""
    tick_s = guide(plan, measured, memory, command)
    turn(plan, tick_s, measured, memory, command)
