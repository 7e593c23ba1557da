"""Planned beside flown: differences of two series of telemetry on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from downrange.errors import InputError, Problem
from downrange.review.events import rises
from downrange.telemetry import Telemetry, unit_of

Floats = NDArray[np.float64]
Angle = TypeVar("Angle", float, Floats)
Alignment = Literal["time", "speed"]

ALIGN_SPEED_MPS = 50.0
# What matters first in a review of an ascent, and how much of it is worth a remark.
THRESHOLDS: dict[str, float] = {
    "altitude_m": 100.0,
    "speed_mps": 10.0,
    "downrange_m": 100.0,
    "crossrange_m": 100.0,
    "dynamic_pressure_pa": 1000.0,
    "acceleration_axial_mps2": 1.0,
    "pitch_deg": 2.0,
    "attitude_error_deg": 2.0,
    "gimbal_pitch_deg": 1.0,
    "gimbal_yaw_deg": 1.0,
    "thrust_n": 10_000.0,
    "mass_kg": 200.0,
}


@dataclass(frozen=True)
class Deviation:
    """How far flown lies from planned in one channel, in the channel's unit.

    `largest` is signed, flown minus planned, at `time_s`; `first_over_s` is when the
    threshold was first passed, nan if never.
    """

    name: str
    unit: str
    largest: float
    time_s: float
    threshold: float
    first_over_s: float


def shift_between(planned: Telemetry, flown: Telemetry, align: Alignment = "time") -> float:
    """Seconds to add to the planned clock so that both series share one.

    "time" trusts both clocks (0 s); "speed" makes them pass 50 m/s together, for webcast
    telemetry whose clock may be seconds off. Raises InputError if one never does.
    """
    if align == "time":
        return 0.0
    passed = [rises(t["time_s"], t["speed_mps"], ALIGN_SPEED_MPS) for t in (planned, flown)]
    if not all(passed):
        message = f"never passes {ALIGN_SPEED_MPS:g} m/s, so it can't be aligned on it"
        raise InputError([Problem("telemetry", "speed_mps", message, "align on time")])
    return passed[1][0] - passed[0][0]


def difference(
    planned: Telemetry, flown: Telemetry, name: str, shift_s: float = 0.0
) -> tuple[Floats, Floats]:
    """Times, s, and flown minus planned of one channel, at flown samples that both cover.

    Angles are compared the short way round.
    """
    time, clock = flown["time_s"], planned["time_s"] + shift_s
    both = (time >= clock[0]) & (time <= clock[-1])
    turns = unit_of(name) == "deg"
    gap = flown[name][both] - sampled(time[both], clock, planned[name], turns)
    return time[both], short_way(gap) if turns else gap


def sampled(times_s: Floats, clock_s: Floats, values: Floats, turns: bool = False) -> Floats:
    """Values of a series at times within its clock, linear between samples.

    Where the clock stands still the last sample counts; between a sample and a gap (nan)
    nothing is known, at a sample that is next to one its value. `turns` goes from angle to
    angle, deg, the short way round.
    """
    before = np.clip(np.searchsorted(clock_s, times_s, side="right") - 1, 0, None)
    after = np.minimum(before + 1, len(clock_s) - 1)
    width = clock_s[after] - clock_s[before]
    between = (times_s > clock_s[before]) & (width > 0.0)
    share = np.divide(times_s - clock_s[before], width, out=np.zeros_like(width), where=between)
    with np.errstate(invalid="ignore"):  # of what is infinite
        step = values[after] - values[before]
        step = short_way(step) if turns else step
        return np.where(between, values[before] + share * step, values[before])


def short_way(angle_deg: Angle) -> Angle:
    """An angle or angles, deg, as they are between -180 and 180."""
    return (angle_deg + 180.0) % 360.0 - 180.0


def compare(
    planned: Telemetry,
    flown: Telemetry,
    thresholds: Mapping[str, float] = THRESHOLDS,
    align: Alignment = "time",
) -> tuple[Deviation, ...]:
    """The deviation of each channel in `thresholds` that both series have."""
    shift = shift_between(planned, flown, align)
    shared = [name for name in thresholds if name in planned and name in flown]
    found = (_deviation(planned, flown, name, thresholds[name], shift) for name in shared)
    return tuple(deviation for deviation in found if deviation is not None)


def _deviation(
    planned: Telemetry, flown: Telemetry, name: str, threshold: float, shift_s: float
) -> Deviation | None:
    time, gap = difference(planned, flown, name, shift_s)
    size = np.abs(gap)
    if not np.any(np.isfinite(size)):
        return None
    worst = int(np.nanargmax(size))
    over = [float(time[0])] if size[0] > threshold else rises(time, size, threshold)
    first = over[0] if over else float("nan")
    return Deviation(name, unit_of(name), float(gap[worst]), float(time[worst]), threshold, first)
