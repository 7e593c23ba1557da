"""Where one body becomes several: momentum is kept, and each part starts as it was carried.

What pushes the parts from each other acts at once and along one line, so that impulse and its
moment are equal and opposite. Bending, and what was still in the engines' lines, ends with it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.dynamics.kernel.advance import FLYING, GAS_KG, STATUS, Plant, State
from downrange.dynamics.kernel.rigid import (
    ATTITUDE_BODY_FROM_ECI,
    CM_X_M,
    INERTIA_KGM2,
    MASS_KG,
    POSITION_ECI_M,
    RATE_BODY_RADPS,
    STATE_SIZE,
    VELOCITY_ECI_MPS,
)
from downrange.earth.kernel.frames import Vector, norm, quat_unrotate
from downrange.faults.kernel import Health
from downrange.flight.kernel import watch
from downrange.flight.kernel.loop import ENDED, GOING, RATE_BEFORE_RADPS, settle
from downrange.gnc.kernel.control import forget_body
from downrange.propulsion.kernel import TANK_STAGE
from downrange.vehicle.kernel import IXX_KGM2 as FOUND_IXX
from downrange.vehicle.kernel import IYY_KGM2 as FOUND_IYY
from downrange.vehicle.kernel import MASS_KG as FOUND_MASS
from downrange.vehicle.kernel import PROPERTIES, Masses, mass_properties
from downrange.vehicle.kernel import X_CM_M as FOUND_X

Floats = NDArray[np.float64]

# Words that say how a leg begins.
DROPPED_STAGE = 0  # index of the stage that goes; -1 for the fairing
PUSH = 1  # impulse of the springs, N s; of a fairing the speed of each half, m/s
TURN = 2  # how far off the axis they push, m; of a fairing the rate of each half, rad/s
HOW_SIZE = 3


class Piece(NamedTuple):
    """One part right after it has parted.

    Attributes:
        rigid: (19,) state of its own centre of mass, see dynamics/kernel/rigid.py.
        loads: (38,) its mass properties, nothing acting.
        tank_kg: (tanks,) what its tanks hold, 0 in those of others.
        attached: (parts,) 1 for what it is made of.
    """

    rigid: Floats
    loads: Floats
    tank_kg: Floats
    attached: Floats


@njit
def to_eci(rigid: Floats, body: Vector) -> Vector:
    """Inertial components of a vector in body axes."""
    q = ATTITUDE_BODY_FROM_ECI
    return quat_unrotate((rigid[q], rigid[q + 1], rigid[q + 2], rigid[q + 3]), body)


@njit
def take_piece(
    masses: Masses, tanks: Floats, rigid: Floats, loads: Floats, tank_kg: Floats, share: float,
    piece: Piece,
) -> None:  # fmt: skip
    """The part of a body that `piece.attached` says, moving as it was carried.

    `share` of its mass, for the half of a shell; `tanks` is their table, the body's state and
    loads are those of advance.State.
    """
    for k in range(tank_kg.size):
        piece.tank_kg[k] = tank_kg[k] * piece.attached[int(tanks[k, TANK_STAGE])]
    found = piece.loads[:PROPERTIES]
    mass_properties(masses, piece.tank_kg, piece.attached, found)
    mass_kg, x_m = share * found[FOUND_MASS], found[FOUND_X]
    along, across = share * found[FOUND_IXX], share * found[FOUND_IYY]
    piece.loads[:] = 0.0
    piece.loads[MASS_KG], piece.loads[CM_X_M] = mass_kg, x_m
    piece.loads[INERTIA_KGM2] = along
    piece.loads[INERTIA_KGM2 + 1] = piece.loads[INERTIA_KGM2 + 2] = across
    piece.rigid[:] = 0.0
    for i in range(13):
        piece.rigid[i] = rigid[i]
    arm = x_m - loads[CM_X_M]
    q, r = rigid[RATE_BODY_RADPS + 1], rigid[RATE_BODY_RADPS + 2]
    moved = to_eci(rigid, (arm, 0.0, 0.0))
    swept = to_eci(rigid, (0.0, r * arm, -q * arm))
    for i in range(3):
        piece.rigid[POSITION_ECI_M + i] += moved[i]
        piece.rigid[VELOCITY_ECI_MPS + i] += swept[i]


@njit
def push(piece: Piece, impulse_ns: float, offset_m: float) -> None:
    """An impulse on a piece along its axis, and off it toward body z; in place."""
    speed = to_eci(piece.rigid, (impulse_ns / piece.loads[MASS_KG], 0.0, 0.0))
    for i in range(3):
        piece.rigid[VELOCITY_ECI_MPS + i] += speed[i]
    piece.rigid[RATE_BODY_RADPS + 1] += impulse_ns * offset_m / piece.loads[INERTIA_KGM2 + 1]


@njit
def throw(piece: Piece, speed_mps: float, rate_radps: float) -> None:
    """A half shell thrown toward body y and turning outward; in place."""
    sideways = to_eci(piece.rigid, (0.0, speed_mps, 0.0))
    for i in range(3):
        piece.rigid[VELOCITY_ECI_MPS + i] += sideways[i]
    piece.rigid[RATE_BODY_RADPS + 2] += rate_radps


@inner
def drop(
    plant: Plant, how: Floats, now: float, state: State, seen: watch.WatchMemory, kept: Piece,
    first: Piece, second: Piece,
) -> None:  # fmt: skip
    """What goes and what stays: a stage is `first`, the halves of a fairing are both."""
    x, loads, tank_kg = state.rigid, state.loads, state.tank_kg
    masses, tanks = plant.masses, plant.tanks.table
    take_piece(masses, tanks, x, loads, tank_kg, 1.0, kept)
    if how[DROPPED_STAGE] >= 0.0:
        take_piece(masses, tanks, x, loads, tank_kg, 1.0, first)
        push(kept, how[PUSH], how[TURN])
        push(first, -how[PUSH], how[TURN])
        watch.note(seen, state, float(watch.EVENT_PARTED), now, how[DROPPED_STAGE])
        return
    take_piece(masses, tanks, x, loads, tank_kg, 0.5, first)
    take_piece(masses, tanks, x, loads, tank_kg, 0.5, second)
    throw(first, how[PUSH], how[TURN])
    throw(second, -how[PUSH], -how[TURN])
    watch.note(seen, state, float(watch.EVENT_FAIRING), now, 0.0)


@inner
def clear(state: State) -> None:
    """Forget bending, loads and all that was being worked out."""
    scratch = state.scratch
    state.modal[:] = 0.0
    state.loads[:] = 0.0
    state.modes[:] = 0.0
    scratch.rk4[:] = 0.0
    scratch.engine[:] = 0.0
    scratch.gimbal_mean_rad[:] = 0.0
    scratch.gimbal_accel[:] = 0.0
    scratch.transitions[:] = 0.0
    scratch.side_n[:] = 0.0
    scratch.aim[:] = 0.0
    scratch.swept[:] = 0.0
    scratch.modal[:] = 0.0
    scratch.small[:] = 0.0
    scratch.modal_before[:] = 0.0


@inner
def steer_on(
    plant: Plant, how: Floats, state: State, health: Health, clock: Floats, words: Floats,
    before: watch.WatchMemory, seen: watch.WatchMemory, kept: Piece,
) -> None:  # fmt: skip
    """The rest flies on as the body of `plant`; `seen` is its own once a stage has gone."""
    x = state.rigid
    old = norm((x[3], x[4], x[5]))
    gained = norm((kept.rigid[3], kept.rigid[4], kept.rigid[5])) - old
    clear(state)
    state.words[STATUS] = FLYING
    for i in range(STATE_SIZE - 6):  # the inertial unit's sums go on
        x[i] = kept.rigid[i]
    for k in range(state.tank_kg.size):
        state.tank_kg[k] = kept.tank_kg[k]
    for k in range(state.attached.size):
        state.attached[k] = kept.attached[k]
    clock[ENDED] = GOING
    for i in range(3):
        clock[RATE_BEFORE_RADPS + i] = kept.rigid[10 + i]
    forget_body(words)
    if how[DROPPED_STAGE] >= 0.0:
        state.words[GAS_KG] = plant.thrusters.gas_kg
        for i in range(seen.engine_on.size):
            seen.engine_on[i] = before.engine_on[i]
        seen.words[watch.PHASE] = before.words[watch.PHASE]
        seen.words[watch.MACH_SEEN] = 1.0
        for word in range(watch.IDEAL_DV, watch.SPEED_BEFORE):
            seen.words[word] = before.words[word]
    seen.words[watch.PARTING_DV] += gained
    watch.keep_motion(seen, state)
    settle(plant, state, health)
