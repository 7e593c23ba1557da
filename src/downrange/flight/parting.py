"""Parts of a body as Python has them, and how clear of each other two bodies stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.advance import Plant, State
from downrange.dynamics.kernel.rigid import LOADS_SIZE, STATE_SIZE
from downrange.flight.channels import rotate
from downrange.flight.kernel import parting
from downrange.flight.kernel.parting import Piece
from downrange.telemetry import Telemetry

Floats = NDArray[np.float64]


def new_piece(attached: Sequence[float] | Floats, tanks: int) -> Piece:
    """Room for a part that is made of `attached`."""
    made_of = np.array(attached, dtype=np.float64)
    return Piece(np.zeros(STATE_SIZE), np.zeros(LOADS_SIZE), np.zeros(tanks), made_of)


def piece_of(plant: Plant, state: State, attached: Sequence[float], share: float = 1.0) -> Piece:
    """Part of a body, moving as it was carried; `share` of its mass, for the half of a shell."""
    piece = new_piece(attached, len(state.tank_kg))
    parting.take_piece(plant.masses, plant.tanks.table, state.rigid, state.loads, state.tank_kg,
                       share, piece)  # fmt: skip
    return piece


def push_apart(upper: Piece, lower: Piece, impulse_ns: float, offset_m: float) -> None:
    """Springs between two pieces, along the axis and off it toward body z; in place."""
    parting.push(upper, impulse_ns, offset_m)
    parting.push(lower, -impulse_ns, offset_m)


def split_shell(shell: Piece, speed_mps: float, rate_radps: float) -> tuple[Piece, Piece]:
    """The halves of a shell, thrown to either side and turning outward; together they are it."""
    left, right = (shell._replace(rigid=shell.rigid.copy()) for _ in range(2))
    parting.throw(left, speed_mps, rate_radps)
    parting.throw(right, -speed_mps, -rate_radps)
    return left, right


def to_eci(rigid: Floats, body: tuple[float, float, float]) -> Floats:
    """Inertial components of a vector in body axes."""
    return np.array(parting.to_eci(rigid, body))


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
