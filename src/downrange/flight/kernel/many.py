"""Many flights in one call: each with its own draw, written into the numbers they share.

What changes in a flight (`loop.Flight`, pieces) has one flight after the other along the first
axis of every array. Numbers are those of one leg; what a draw moves in them is written anew
before each flight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.dynamics.kernel.advance import Plant, Scratch, State, copy
from downrange.dynamics.kernel.fall import fall
from downrange.dynamics.kernel.rigid import Surroundings
from downrange.faults.kernel import Health
from downrange.flight.kernel.loop import ENDED, PARTED, TICK, TO_THE_END, Flight, Numbers, fly
from downrange.flight.kernel.parting import Piece, drop, steer_on
from downrange.flight.kernel.watch import WatchMemory
from downrange.flight.kernel.writes import Writes, write
from downrange.gnc.kernel.data import Memory
from downrange.propulsion.kernel import LOAD_KG
from downrange.safety.kernel.rules import SafetyMemory
from downrange.telemetry.bus import Command, Measured

Floats = NDArray[np.float64]


@inner
def pick_state(all_: State, k: int) -> State:
    """The state of one flight."""
    s = all_.scratch
    return State(
        all_.words[k], all_.rigid[k], all_.engine[k], all_.tank_kg[k], all_.modal[k],
        all_.attached[k], all_.loads[k], all_.aux[k], all_.modes[k],
        Scratch(
            s.rk4[k], s.engine[k], s.gimbal_mean_rad[k], s.gimbal_accel[k], s.transitions[k],
            s.side_n[k], s.aim[k], s.swept[k], s.modal[k], s.small[k], s.modal_before[k],
        ),
    )  # fmt: skip


@inner
def pick_watch(all_: WatchMemory, k: int) -> WatchMemory:
    """What was noted of one flight."""
    return WatchMemory(all_.words[k], all_.events[k], all_.engine_on[k], all_.swing[k],
                       all_.last[k])  # fmt: skip


@inner
def pick_piece(all_: Piece, k: int) -> Piece:
    """A part of one flight."""
    return Piece(all_.rigid[k], all_.loads[k], all_.tank_kg[k], all_.attached[k])


@inner
def pick(all_: Flight, k: int) -> Flight:
    """One flight of many, as views."""
    m, c, g, v = all_.measured, all_.command, all_.memory, all_.verdict
    return Flight(
        all_.clock[k], pick_state(all_.state, k),
        Health(all_.health.engine[k], all_.health.other[k]),
        Measured(m.core[k], m.chamber_fraction[k], m.tank_fraction[k]),
        Command(c.engine_on[k], c.throttle[k], c.cutoff_time_s[k], c.gimbal_rad[k],
                c.thrusters[k], c.discrete[k]),
        Memory(g.words[k], g.engine[k], g.filters[k], g.delay[k], g.loop[k], g.chamber[k]),
        all_.track[k], SafetyMemory(v.state[k], v.rules[k]), pick_watch(all_.watch, k),
        all_.random[k], all_.gusts[k], all_.rows[k],
    )  # fmt: skip


@njit
def fly_flights(
    n: Numbers, w: Writes, drawn: Floats, errors: Floats, go: Floats, stop: Floats, all_: Flight
) -> None:
    """Fly one leg of every flight whose `go` is 1, until `stop` (1,) is set.

    drawn (flights, variables); errors (flights, rows, 3) of the inertial unit.
    """
    for k in range(go.size):
        if go[k] < 0.5 or stop[0] > 0.5:
            continue
        write(w, drawn[k])
        copy(errors[k], n.sensors.imu.errors)
        f = pick(all_, k)
        if f.clock[TICK] == 0.0:
            for i in range(f.state.tank_kg.size):
                f.state.tank_kg[i] = n.plant.tanks.table[i, LOAD_KG]
        fly(n, f, TO_THE_END)


@njit
def part_flights(
    plant: Plant, how: Floats, tick_s: float, w: Writes, drawn: Floats, all_: Flight,
    seen: WatchMemory, kept: Piece, first: Piece, second: Piece, went: Floats,
) -> None:  # fmt: skip
    """Part every flight whose leg has ended so; `went` is 1 for those.

    `plant` is the body that flies on, `seen` what is noted of it: the old one's while no stage
    has gone.
    """
    for k in range(went.size):
        went[k] = 1.0 if all_.clock[k, ENDED] == PARTED else 0.0
        if went[k] < 0.5:
            continue
        write(w, drawn[k])
        f, rest = pick(all_, k), pick_piece(kept, k)
        drop(plant, how, f.clock[TICK] * tick_s, f.state, f.watch, rest, pick_piece(first, k),
             pick_piece(second, k))  # fmt: skip
        steer_on(plant, how, f.state, f.health, f.clock, f.memory.words, f.watch,
                 pick_watch(seen, k), rest)  # fmt: skip


@njit
def fall_flights(
    around: Surroundings, ends_m: tuple[float, float], most_s: float, w: Writes, drawn: Floats,
    began_s: Floats, go: Floats, pieces: Piece, work: Floats, rows: Floats, last: Floats,
) -> None:  # fmt: skip
    """Let a part of every flight whose `go` is 1 fall from `began_s`; see fall.fall.

    last (flights, 1 + FALL_COLUMNS): how it ended, then the last row.
    """
    for k in range(go.size):
        if go[k] < 0.5:
            continue
        write(w, drawn[k])
        count, code = fall(
            pieces.rigid[k], began_s[k], began_s[k] + most_s, pieces.loads[k], around, ends_m,
            0.0, work, rows,
        )  # fmt: skip
        last[k, 0] = code
        for i in range(rows.shape[1]):
            last[k, 1 + i] = rows[count - 1, i]
