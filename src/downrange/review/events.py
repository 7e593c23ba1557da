"""Events found in telemetry columns alone, to check those that a flight reported itself.

Definitions are those of the documented event names. Times are of the moment at which the
condition is complete, interpolated between samples where a value crosses a level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from downrange.telemetry import Event, Recording, Telemetry

Floats = NDArray[np.float64]

LIFTOFF_SPEED_MPS = 1.0
LOST_DEG, LOST_FOR_S = 30.0, 0.2
SWING_DEG, SWINGS = 1.0, 6  # peak to peak; two swings are a cycle
TURN_DEG = 0.05  # a turning point is one that the signal leaves by this much
BAND_HZ = (1.0, 8.0)  # where first and second bending modes of launch vehicles lie


def derive_events(
    recording: Recording, band_hz: tuple[float, float] = BAND_HZ
) -> tuple[Event, ...]:
    """The events that each body's telemetry shows, in time order.

    `liftoff`, `max_q`, `mach_1`, `oscillation` (of a gimbal, at a frequency in `band_hz`),
    `attitude_lost` and `limit_exceeded` (a margin passes zero). What a missing channel
    would tell is left out. Sampled at a rate r, swings at f read up to 1 - cos(pi f / r) low
    (12 % for 3.2 Hz at 20 Hz), so an oscillation shows later than to whoever sees every tick.
    """
    found = (
        _event(body.telemetry, name, what, time_s, detail)
        for name, body in recording.bodies.items()
        for what, time_s, detail in _found(body.telemetry, band_hz)
    )
    return tuple(sorted(found, key=lambda event: event.time_s))


@dataclass(frozen=True)
class Check:
    """An event as recorded and as derived from telemetry; nan in the one that lacks it."""

    body: str
    name: str
    recorded_s: float
    derived_s: float

    @property
    def difference_s(self) -> float:
        """Derived minus recorded time, s."""
        return self.derived_s - self.recorded_s


def cross_check(recording: Recording, band_hz: tuple[float, float] = BAND_HZ) -> tuple[Check, ...]:
    """First recorded and first derived event of each body and derivable name, side by side."""
    derivable = {"liftoff", "max_q", "mach_1", "oscillation", "attitude_lost", "limit_exceeded"}
    recorded = _first_times(e for e in recording.events if e.name in derivable)
    derived = _first_times(iter(derive_events(recording, band_hz)))
    nan = float("nan")
    return tuple(
        Check(body, name, recorded.get((body, name), nan), derived.get((body, name), nan))
        for body, name in sorted(recorded.keys() | derived.keys())
    )


def _first_times(events: Iterator[Event]) -> dict[tuple[str, str], float]:
    first: dict[tuple[str, str], float] = {}
    for event in events:
        key = (event.body, event.name)
        first[key] = min(event.time_s, first.get(key, event.time_s))
    return first


def _event(telemetry: Telemetry, body: str, name: str, time_s: float, detail: str) -> Event:
    state = [f.name for f in fields(Event) if f.name in telemetry and f.name != "time_s"]
    values = {channel: telemetry.at(time_s, channel) for channel in state}
    return Event(time_s, body, name, detail, **values)


def _found(telemetry: Telemetry, band_hz: tuple[float, float]) -> Iterator[tuple[str, float, str]]:
    """(name, time, detail) of each event that the columns show."""
    time = telemetry["time_s"]
    for name, column, level in (
        ("liftoff", "speed_mps", LIFTOFF_SPEED_MPS),
        ("mach_1", "mach", 1.0),
    ):
        if column in telemetry:
            yield from ((name, at, "") for at in rises(time, telemetry[column], level)[:1])
    yield from _lost_control(telemetry, band_hz)
    if "dynamic_pressure_pa" in telemetry and "altitude_m" in telemetry:
        climb = slice(0, int(np.nanargmax(telemetry["altitude_m"])) + 1)
        peak = interior_peak(time[climb], telemetry["dynamic_pressure_pa"][climb])
        if peak is not None:
            yield "max_q", peak, ""
    for margin in telemetry.matching("margin."):
        for at in rises(time, -telemetry[margin], 0.0)[:1]:
            yield "limit_exceeded", at, margin.removeprefix("margin.")


def _lost_control(
    telemetry: Telemetry, band_hz: tuple[float, float]
) -> Iterator[tuple[str, float, str]]:
    time = telemetry["time_s"]
    for axis in ("pitch", "yaw"):
        if f"gimbal_{axis}_deg" in telemetry:
            swinging = sustained_swing(time, telemetry[f"gimbal_{axis}_deg"], band_hz)
            if swinging is not None:
                yield "oscillation", swinging, f"{axis} gimbal"
    if "attitude_error_deg" in telemetry:
        lost = held_above(time, telemetry["attitude_error_deg"], LOST_DEG, LOST_FOR_S)
        if lost is not None:
            yield "attitude_lost", lost, ""


def rises(time_s: Floats, values: Floats, level: float) -> list[float]:
    """Times, s, at which values pass from at or below a level to above it, gaps left out."""
    seen = np.isfinite(values)
    time_s, values = time_s[seen], values[seen]
    above = values > level
    before = np.flatnonzero(above[1:] & (values[:-1] <= level))
    share = (level - values[before]) / (values[before + 1] - values[before])
    times = time_s[before] + share * (time_s[before + 1] - time_s[before])
    return [float(t) for t in times]


def held_above(time_s: Floats, values: Floats, level: float, for_s: float) -> float | None:
    """The first time, s, at which values have stayed above a level for a duration, or None."""
    starts = rises(time_s, values, level)
    if len(values) and values[0] > level:
        starts.insert(0, float(time_s[0]))
    for start in starts:
        below = np.flatnonzero((time_s > start) & ~(values > level))
        end = time_s[below[0]] if below.size else time_s[-1]
        if end - start >= for_s:
            return start + for_s
    return None


def interior_peak(time_s: Floats, values: Floats) -> float | None:
    """The time, s, of the largest value, by a parabola through its neighbours.

    None when the largest is the first or last sample: then nothing shows that it is a peak.
    """
    if not np.any(np.isfinite(values)):
        return None
    top = int(np.nanargmax(values))
    if top in (0, len(values) - 1) or not np.isfinite(values[top - 1 : top + 2]).all():
        return None
    left, right = time_s[top] - time_s[top - 1], time_s[top + 1] - time_s[top]
    if left <= 0.0 or right <= 0.0:
        return float(time_s[top])
    before, after = (values[top] - values[top - 1]) / left, (values[top] - values[top + 1]) / right
    if before + after <= 0.0:
        return float(time_s[top])
    return float(time_s[top] + 0.5 * (before * right - after * left) / (before + after))


def sustained_swing(
    time_s: Floats, angle_deg: Floats, band_hz: tuple[float, float]
) -> float | None:
    """The first time, s, at which an angle has swung for three cycles in a band, or None.

    A swing goes from one turning point to the next; it counts when it is over 1 degree and
    lasts half a period of the band. Six in a row are three cycles. Slow motion on which the
    swings ride does not matter, nor does ripple under 0.05 degrees.
    """
    shortest, longest = 0.5 / band_hz[1], 0.5 / band_hz[0]
    turns = turning_points(angle_deg, TURN_DEG)
    run = 0
    for start, end in pairwise(turns):
        lasts = time_s[end] - time_s[start]
        swings = abs(angle_deg[end] - angle_deg[start]) > SWING_DEG
        run = run + 1 if swings and shortest <= lasts <= longest else 0
        if run == SWINGS:
            return float(time_s[end])
    return None


def turning_points(values: Floats, dead_band: float) -> list[int]:
    """Indices of the extremes that a signal leaves by more than a dead band."""
    turns: list[int] = []
    low = high = 0
    direction = 0
    for i in range(len(values)):
        low = i if values[i] < values[low] else low
        high = i if values[i] > values[high] else high
        if direction >= 0 and values[high] - values[i] > dead_band:
            turns.append(high)
            direction, low = -1, i
        elif direction <= 0 and values[i] - values[low] > dead_band:
            turns.append(low)
            direction, high = 1, i
    return turns
