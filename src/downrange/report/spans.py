"""What a body did when: its burns, when it was guided, whether it fell or left the air."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downrange.telemetry import Telemetry

Floats = NDArray[np.float64]
Span = tuple[float, float]

ONE_BURN_S = 5.0  # thrust that stops for less is one burn
AIR_PA = 500.0  # a dynamic pressure that matters to a vehicle
AROUND_S = 30.0  # shown before and after a burn in space
FAR_DEG = 30.0  # of latitude: a track so long is shown on a map of the world


def burns(telemetry: Telemetry) -> tuple[Span, ...]:
    """First and last time, s, of each stretch of thrust."""
    if "thrust_n" not in telemetry:
        return ()
    time = telemetry["time_s"][telemetry["thrust_n"] > 0.0]
    parts = np.split(time, np.flatnonzero(np.diff(time) > ONE_BURN_S) + 1)
    return tuple((float(part[0]), float(part[-1])) for part in parts if len(part))


def guided(telemetry: Telemetry) -> Telemetry:
    """The part in which guidance flew the body: that with an attitude error, else all of it."""
    return known(telemetry, "attitude_error_deg")


def known(telemetry: Telemetry, name: str) -> Telemetry:
    """The part from the first to the last value of a channel; all of it if it has none."""
    rows = np.flatnonzero(np.isfinite(telemetry[name])) if name in telemetry else np.empty(0)
    return _rows(telemetry, slice(rows[0], rows[-1] + 1)) if rows.size else telemetry


def only_fell(telemetry: Telemetry) -> bool:
    """Whether a body is known to have had neither thrust nor guidance: fairings, spent stages."""
    if "thrust_n" not in telemetry or np.any(telemetry["thrust_n"] > 0.0):
        return False
    error = "attitude_error_deg"
    return error not in telemetry or not np.any(np.isfinite(telemetry[error]))


def above_the_air(telemetry: Telemetry) -> bool:
    """Whether a body that was guided never met air that matters, as an upper stage."""
    if "dynamic_pressure_pa" not in telemetry or only_fell(telemetry):
        return False
    pressure = telemetry["dynamic_pressure_pa"]
    return bool(np.any(np.isfinite(pressure))) and float(np.nanmax(pressure)) < AIR_PA


def goes_far(telemetry: Telemetry) -> bool:
    """Whether a track leaves what a map around the launch can show."""
    return float(np.ptp(telemetry["latitude_deg"])) > FAR_DEG


def between(telemetry: Telemetry, span: Span) -> Telemetry:
    """The samples from one time to another, s."""
    time = telemetry["time_s"]
    return _rows(telemetry, (time >= span[0]) & (time <= span[1]))


def until_first_cutoff(telemetry: Telemetry) -> Telemetry:
    """A far track's part up to the end of its first burn; any other track whole."""
    found = burns(telemetry)
    if not found or "latitude_deg" not in telemetry or not goes_far(telemetry):
        return telemetry
    return between(telemetry, (float(telemetry["time_s"][0]), found[0][1]))


def around_burns(telemetry: Telemetry) -> tuple[Span, ...]:
    """A span, s, around each burn; the first reaches back to the start of the recording."""
    start, end = float(telemetry["time_s"][0]), float(telemetry["time_s"][-1])
    found = burns(telemetry)
    return tuple(
        (max(start, first - AROUND_S) if i else start, min(end, last + AROUND_S))
        for i, (first, last) in enumerate(found)
    )


def _rows(telemetry: Telemetry, rows: slice | NDArray[np.bool_]) -> Telemetry:
    return Telemetry(telemetry.names, telemetry.values[rows])
