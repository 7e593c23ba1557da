"""Pieces of a tick, which stand in the loop's own code, as kernels for Python to call."""

from __future__ import annotations

from downrange._jit import njit
from downrange.dynamics.kernel import advance as kernel
from downrange.dynamics.kernel.advance import Plant, State
from downrange.faults.kernel import Health
from downrange.gnc.kernel.data import Memory, Plan
from downrange.gnc.kernel.step import guide, turn
from downrange.telemetry.bus import Command, Measured


@njit
def see(plant: Plant, state: State, time_s: float) -> None:
    """Air and gravity where the body is, before `advance`."""
    kernel.see(plant, state, time_s)


@njit
def advance(
    plant: Plant, state: State, command: Command, health: Health, time_s: float, dt_s: float
) -> float:
    """One tick of one body; returns the time flown."""
    return kernel.advance(plant, state, command, health, time_s, dt_s)


@njit
def gnc_step(plan: Plan, measured: Measured, memory: Memory, command: Command) -> None:
    """One tick of the flight software."""
    tick_s = guide(plan, measured, memory, command)
    turn(plan, tick_s, measured, memory, command)
