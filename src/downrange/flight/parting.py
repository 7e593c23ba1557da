"""Where one body becomes several: momentum is kept, and each part starts as it was carried.

What pushes the parts from each other acts at once and along one line, so that impulse and its
moment are equal and opposite. Bending, and what was still in the engines' lines, ends with it.
"""

from __future__ import annotations

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
from downrange.flight.channels import rotate
from downrange.telemetry import Telemetry
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


def clearances(
    upper: Telemetry,
    lower: Telemetry,
    upper_aft_m: float,
    lower_fore_m: float,
    between_s: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Times of the upper body's rows within an interval, and the gap in m between the two then.

    The gap is that between the facing ends, stations on either axis, along the upper's axis.
    """
    time_s = upper["time_s"]
    time_s = np.unique(time_s[(time_s >= between_s[0]) & (time_s <= between_s[1])])
    lower_end, _ = _end_at(lower, time_s, lower_fore_m)
    upper_end, axis = _end_at(upper, time_s, upper_aft_m)
    return time_s, np.einsum("ni,ni->n", upper_end - lower_end, axis)


def _end_at(table: Telemetry, time_s: Floats, station_m: float) -> tuple[Floats, Floats]:
    """Inertial place of a station on a body's axis at some times, (n, 3), and the axis.

    Between rows by cubics through place and velocity: what falls has few rows.
    """
    from scipy.interpolate import CubicHermiteSpline

    kept = np.flatnonzero(table["time_s"] >= time_s[0] - 1e-9)
    kept = kept[np.append(np.diff(table["time_s"][kept]) > 0.0, True)]  # the later of two at once
    at = table["time_s"][kept]
    place, speed = (
        np.stack([table[f"{what}_eci_{a}_{unit}"][kept] for a in "xyz"], axis=1)
        for what, unit in (("position", "m"), ("velocity", "mps"))
    )
    q = np.stack(
        [np.interp(time_s, at, table[f"attitude_body_from_eci_{a}"][kept]) for a in "wxyz"], axis=1
    )
    q *= np.array([1.0, -1.0, -1.0, -1.0]) / np.linalg.norm(q, axis=1, keepdims=True)
    axis = rotate(q, np.broadcast_to([1.0, 0.0, 0.0], (len(time_s), 3)))
    away = station_m - np.interp(time_s, at, table["centre_of_mass_m"][kept])
    return CubicHermiteSpline(at, place, speed)(time_s) + away[:, None] * axis, axis
