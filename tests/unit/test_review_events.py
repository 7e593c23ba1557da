from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import MODE_HZ, flown_telemetry, healthy_flight, lost_flight

from downrange.review import cross_check, derive_events
from downrange.review.events import (
    held_above,
    interior_peak,
    rises,
    sustained_swing,
    turning_points,
)
from downrange.telemetry import Body, Event, Recording, Telemetry, read_telemetry_csv

TICK_S = 0.02


def swing(amplitude_deg: float, frequency_hz: float, end_s: float = 6.0) -> tuple:
    time = np.arange(0.0, end_s, TICK_S)
    return time, amplitude_deg * np.sin(2.0 * np.pi * frequency_hz * time)


@given(st.floats(0.1, 9.9), st.floats(-5.0, 5.0))
def test_a_ramp_rises_through_a_level_where_algebra_says(level: float, start: float) -> None:
    time = np.linspace(start, start + 10.0, 37)
    assert rises(time, time - start, level) == [pytest.approx(start + level, abs=1e-9)]


def test_each_rise_is_told_and_no_fall() -> None:
    time, values = np.arange(5.0), np.array([0.0, 2.0, 0.0, 2.0, 2.0])
    assert rises(time, values, 1.0) == [0.5, 2.5]


def test_a_gap_does_not_hide_a_rise() -> None:
    time, values = np.arange(4.0), np.array([0.0, np.nan, np.nan, 3.0])
    assert rises(time, values, 1.0) == [1.0]


def test_held_above_waits_its_time_and_starts_again() -> None:
    time = np.arange(0.0, 2.0, 0.1)
    short = np.where((time > 0.25) & (time < 0.45), 40.0, 0.0)
    assert held_above(time, short, 30.0, 0.3) is None
    long = np.where(time > 0.95, 40.0, short)
    assert held_above(time, long, 30.0, 0.3) == pytest.approx(0.9 + 0.075 + 0.3)
    assert held_above(time, np.full(20, 40.0), 30.0, 0.2) == pytest.approx(0.2)


@given(st.floats(2.0, 8.0), st.lists(st.floats(0.05, 0.4), min_size=40, max_size=40))
def test_the_peak_of_a_parabola_is_exact_at_any_sampling(at: float, steps: list[float]) -> None:
    time = np.cumsum(steps)
    found = interior_peak(time, 100.0 - (time - at) ** 2)
    if time[0] < at - 0.5 and time[-1] > at + 0.5:
        assert found == pytest.approx(at, abs=1e-6)


def test_a_rising_series_has_no_peak() -> None:
    time = np.arange(10.0)
    assert interior_peak(time, time) is None
    assert interior_peak(time, -time) is None
    assert interior_peak(time, np.full(10, np.nan)) is None


@pytest.mark.parametrize("frequency_hz", [1.5, 3.2, 6.0])
def test_three_cycles_of_a_sine_are_an_oscillation(frequency_hz: float) -> None:
    # Turning points at odd quarter periods: six swings end 3.25 periods after the start; the
    # quarter from rest, 0.6 degrees, does not count.
    time, angle = swing(0.6, frequency_hz)
    found = sustained_swing(time, angle, (1.0, 8.0))
    assert found == pytest.approx(3.25 / frequency_hz, abs=TICK_S)


@pytest.mark.parametrize(
    ("amplitude_deg", "frequency_hz", "end_s"),
    [(0.49, 3.2, 6.0), (5.0, 0.3, 60.0), (5.0, 12.0, 6.0), (0.6, 3.2, 0.9)],
    ids=["small", "slow", "fast", "brief"],
)
def test_what_is_no_oscillation(amplitude_deg: float, frequency_hz: float, end_s: float) -> None:
    assert sustained_swing(*swing(amplitude_deg, frequency_hz, end_s), (1.0, 8.0)) is None


def test_a_slow_motion_below_does_not_hide_an_oscillation() -> None:
    time, angle = swing(0.7, 3.2)
    assert sustained_swing(time, angle + 3.0 * np.sin(0.5 * time), (1.0, 8.0)) is not None


def test_ripple_makes_no_turning_points() -> None:
    time, angle = swing(2.0, 1.0, 3.0)
    ripple = 0.02 * np.cos(2.0 * np.pi * 20.0 * time)
    assert len(turning_points(angle + ripple, 0.05)) == len(turning_points(angle, 0.05))


@given(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=60))
def test_turning_points_alternate_and_are_apart(values: list[float]) -> None:
    array = np.array(values)
    steps = np.diff(array[turning_points(array, 0.5)])
    assert np.all(np.abs(steps) > 0.5)
    assert np.all(np.sign(steps[1:]) == -np.sign(steps[:-1]))


def test_the_lost_flight_shows_its_events() -> None:
    found = {(e.name, e.detail): e for e in derive_events(lost_flight())}
    # Attitude error 0.05 exp(0.26 t) passes 30 degrees at ln(600) / 0.26, then 0.2 s more.
    lost = found["attitude_lost", ""]
    assert lost.time_s == pytest.approx(math.log(600.0) / 0.26 + 0.2, abs=0.01)
    assert lost.altitude_m == pytest.approx(8.0 + 1.5 * lost.time_s**2, abs=0.1)
    # Its margin is 60 degrees less the error.
    exceeded = found["limit_exceeded", "attitude_deg"]
    assert exceeded.time_s == pytest.approx(math.log(1200.0) / 0.26, abs=0.01)
    assert found["max_q", ""].time_s == pytest.approx(30.0, abs=0.1)
    # The swing of 0.06 t each way passes 1 degree in all at 8.3 s, if nothing is lost between
    # samples; three cycles later it is seen, and at 20 Hz at most 12 % of amplitude later.
    earliest = 0.5 / 0.06 + 3.0 / MODE_HZ
    latest = 0.5 / 0.06 / math.cos(math.pi * MODE_HZ / 20.0) + 4.0 / MODE_HZ
    assert earliest - 0.3 < found["oscillation", "pitch gimbal"].time_s < latest
    assert ("mach_1", "") not in found


def test_the_healthy_flight_only_lifts_off() -> None:
    assert [e.name for e in derive_events(healthy_flight())] == ["liftoff"]


def test_mach_1_is_found_in_a_faster_flight() -> None:
    flown = flown_telemetry(healthy=True)
    columns = {name: flown[name] for name in flown.names} | {"mach": 0.02 * flown["time_s"]}
    faster = Recording({"a": Body("a", Telemetry.from_columns(columns))})
    found = [e.time_s for e in derive_events(faster) if e.name == "mach_1"]
    assert found == [pytest.approx(50.0, abs=1e-6)]


def test_missing_channels_are_left_out() -> None:
    telemetry = Telemetry.from_columns({"time_s": [0.0, 1.0], "speed_mps": [0.0, 4.0]})
    (event,) = derive_events(Recording({"a": Body("a", telemetry)}))
    assert (event.name, event.time_s) == ("liftoff", 0.25)
    assert math.isnan(event.altitude_m)


def test_cross_check_lays_recorded_beside_derived() -> None:
    flight = lost_flight()
    extra = (*flight.events, Event(12.0, "stage1", "mach_1"))
    checks = {c.name: c for c in cross_check(dataclasses.replace(flight, events=extra))}
    assert abs(checks["attitude_lost"].difference_s) < 0.05
    assert math.isnan(checks["mach_1"].derived_s)
    assert math.isnan(checks["max_q"].recorded_s)
    assert "impact" not in checks


def test_a_real_flight_read_off_its_webcast(reference_data: Path) -> None:
    telemetry = read_telemetry_csv(
        reference_data / "telemetry" / "starship_flight-1.csv",
        {"time_s": "t", "speed_mps": ("v1", 1 / 3.6), "altitude_m": ("h1", 1000.0)},
    )
    # Starship's first flight reached 39 km, as published; the screen shows whole kilometres.
    assert np.nanmax(telemetry["altitude_m"]) == pytest.approx(39_000.0, abs=500.0)
    # The first number on the screen is past 1 m/s already: no lift-off to be seen.
    assert derive_events(Recording({"booster": Body("booster", telemetry)})) == ()
    assert len(rises(telemetry["time_s"], telemetry["speed_mps"], 100.0)) == 1
