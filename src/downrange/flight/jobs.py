"""What a first start can compile in two processes, with the types that the loop calls it with."""

from __future__ import annotations

import numpy as np

from downrange.dynamics.kernel.advance import Plant, burn, move, set_loads, set_modes, swing
from downrange.dynamics.kernel.fall import fall
from downrange.faults.kernel import new_health
from downrange.flight.assemble import new_state
from downrange.flight.kernel import many
from downrange.flight.kernel.loop import Flight, Numbers, settle
from downrange.flight.kernel.parting import HOW_SIZE
from downrange.flight.kernel.watch import watch_tick
from downrange.flight.parting import new_piece
from downrange.flight.stack import NOTHING_DRAWN, of_one
from downrange.flight.warm import Job
from downrange.gnc.kernel.allocation import allocate
from downrange.gnc.kernel.control import moment_demand
from downrange.gnc.kernel.insertion import aim
from downrange.gnc.kernel.navigation import navigate
from downrange.gnc.kernel.sequencer import read_signals, sequence
from downrange.safety.kernel.rules import step as safety_step
from downrange.telemetry.bus import new_command


def motion_jobs(plant: Plant) -> list[Job]:
    """What moves a body: a quarter of the compiling, and it needs no plan."""
    state, engines = new_state(plant), plant.engines.n
    command, health = new_command(engines), new_health(engines, len(state.modes))
    floats, table = np.zeros(1), np.zeros((1, 1))
    return [
        (move, (plant, state, 0.0, 0.0)),
        (swing, (plant, state, command, health, 0.0)),
        (burn, (plant, state, command, health, 0.0)),
        (set_loads, (plant, state, 0.0)),
        (set_modes, (plant, state, health)),
        (fall, (floats, 0.0, 0.0, floats, plant.around, (0.0, 0.0), 0.0, table, table)),
    ]


def tick_jobs(n: Numbers, f: Flight) -> list[Job]:
    """The rest of a tick."""
    plan, words, engine = n.plan, f.memory.words, f.memory.engine
    chambers, told, moment = f.measured.chamber_fraction, f.command.engine_on, (0.0, 0.0, 0.0)
    return [
        (navigate, (plan.navigation, plan.earth, f.measured.core, words)),
        (aim, (plan.space, 0.0, 0.0, False, words, f.memory.loop)),
        (read_signals, (plan.engines, plan.tanks, 0.0, 0.0, 0.0, plan.space, f.measured, words,
                        engine)),
        (sequence, (plan.phases, plan.engines, 0.0, words, engine, f.command)),
        (watch_tick, (n.watch, 0.0, 0.0, 0.0, f.clock, f.state, words, told, f.health.engine,
                      f.watch)),
        (safety_step, (n.rules, f.track, 0.0, f.verdict)),
        (settle, (n.plant, f.state, f.health)),
        (allocate, (plan.control, plan.engines, 0.0, chambers, moment, f.memory,
                    f.command.gimbal_rad)),
        (moment_demand, (plan.control, 0.0, 0.0, words, f.memory.filters)),
    ]  # fmt: skip


def parting_job(n: Numbers, f: Flight) -> Job:
    """Where one body becomes several; called with these, it parts nothing of a flight at hand."""
    piece = of_one(new_piece([0.0] * len(f.state.attached), len(f.state.tank_kg)))
    return many.part_flights, (
        n.plant, np.zeros(HOW_SIZE), n.tick_s, NOTHING_DRAWN, np.zeros((1, 0)), of_one(f),
        of_one(f.watch), piece, piece, piece, np.zeros(1),
    )  # fmt: skip
