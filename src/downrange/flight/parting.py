"""Where one body becomes several: momentum is kept, and each part starts as it was carried.

What pushes the parts from each other acts at once and along one line, so that impulse and its
moment are equal and opposite. Bending, and what was still in the engines' lines, ends with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.advance import Plant, State
from downrange.dynamics.kernel.rigid import (
    ATTITUDE_BODY_FROM_ECI,
    CM_X_M,
    INERTIA_KGM2,
    LOADS_SIZE,
    MASS_KG,
    POSITION_ECI_M,
    RATE_BODY_RADPS,
    STATE_SIZE,
    VELOCITY_ECI_MPS,
)
from downrange.earth.kernel.frames import Vector, quat_unrotate
from downrange.vehicle import kernel as vehicle

Floats = NDArray[np.float64]


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


def piece_of(plant: Plant, state: State, attached: Sequence[float], share: float = 1.0) -> Piece:
    """Part of a body, moving as it was carried; `share` of its mass, for the half of a shell."""
    present = np.array(attached, dtype=np.float64)
    tank_kg = state.tank_kg * present[plant.tanks.stage]
    properties = np.zeros(vehicle.PROPERTIES)
    vehicle.mass_properties(plant.masses, tank_kg, present, properties)
    loads = np.zeros(LOADS_SIZE)
    loads[MASS_KG] = share * properties[vehicle.MASS_KG]
    loads[CM_X_M] = properties[vehicle.X_CM_M]
    across = share * properties[vehicle.IYY_KGM2]
    loads[INERTIA_KGM2 : INERTIA_KGM2 + 3] = share * properties[vehicle.IXX_KGM2], across, across
    return Piece(_carried(state, float(loads[CM_X_M])), loads, tank_kg, present)


def _carried(state: State, x_cm_m: float) -> Floats:
    """State of a point on the axis of a body, at a station."""
    x = state.rigid
    rigid = np.zeros(STATE_SIZE)
    rigid[:13] = x[:13]
    arm = x_cm_m - float(state.loads[CM_X_M])
    q, r = x[RATE_BODY_RADPS + 1], x[RATE_BODY_RADPS + 2]
    rigid[POSITION_ECI_M : POSITION_ECI_M + 3] += to_eci(x, (arm, 0.0, 0.0))
    rigid[VELOCITY_ECI_MPS : VELOCITY_ECI_MPS + 3] += to_eci(x, (0.0, r * arm, -q * arm))
    return rigid


def to_eci(rigid: Floats, body: Vector) -> Floats:
    """Inertial components of a vector in body axes."""
    w, x, y, z = (float(e) for e in rigid[ATTITUDE_BODY_FROM_ECI : ATTITUDE_BODY_FROM_ECI + 4])
    return np.array(quat_unrotate((w, x, y, z), body))


def push_apart(upper: Piece, lower: Piece, impulse_ns: float, offset_m: float) -> None:
    """Springs between two pieces, along the axis and off it toward body z; in place."""
    for piece, sense in ((upper, 1.0), (lower, -1.0)):
        speed = sense * impulse_ns / piece.loads[MASS_KG]
        along = to_eci(piece.rigid, (speed, 0.0, 0.0))
        piece.rigid[VELOCITY_ECI_MPS : VELOCITY_ECI_MPS + 3] += along
        turned = sense * impulse_ns * offset_m / piece.loads[INERTIA_KGM2 + 1]
        piece.rigid[RATE_BODY_RADPS + 1] += turned


def split_shell(shell: Piece, speed_mps: float, rate_radps: float) -> tuple[Piece, Piece]:
    """The halves of a shell, thrown to either side and turning outward; together they are it."""
    halves = []
    for sense in (1.0, -1.0):
        half = shell._replace(rigid=shell.rigid.copy())
        sideways = to_eci(half.rigid, (0.0, sense * speed_mps, 0.0))
        half.rigid[VELOCITY_ECI_MPS : VELOCITY_ECI_MPS + 3] += sideways
        half.rigid[RATE_BODY_RADPS + 2] += sense * rate_radps
        halves.append(half)
    return halves[0], halves[1]


def clearance_m(upper: Floats, lower: Floats, upper_aft_m: float, lower_fore_m: float) -> float:
    """Gap in m between the facing ends of two bodies along the upper one's axis.

    `upper` and `lower` are rows of (position 3, attitude 4, CM station) at one time; the ends
    are stations on either axis.
    """
    ends = []
    for row, station in ((upper, upper_aft_m), (lower, lower_fore_m)):
        rigid = np.zeros(STATE_SIZE)
        rigid[ATTITUDE_BODY_FROM_ECI : ATTITUDE_BODY_FROM_ECI + 4] = row[3:7]
        ends.append(row[:3] + to_eci(rigid, (station - row[7], 0.0, 0.0)))
    w, x, y, z = (float(each) for each in upper[3:7])
    axis = np.array(quat_unrotate((w, x, y, z), (1.0, 0.0, 0.0)))
    gap = float(axis @ (ends[0] - ends[1]))
    return gap if math.isfinite(gap) else math.nan
