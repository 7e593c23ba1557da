"""Spectrum with its engines throttled through the largest dynamic pressure: flown as planned."""

from __future__ import annotations

import numpy as np
import pytest
from flight_case import ready, written

from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.flight.load import load_mission
from downrange.telemetry import Recording

BURN = """any_until = ["tank_fraction_min <= 0.002", "acceleration <= 3 m/s^2"]
"""
THROTTLED = f"""until = ["speed >= 250 m/s"]

[[phase]]
name = "max_q"
engines = "stage1"
steering = "programme"
throttle = "70 %"
until = ["altitude >= 14 km"]

[[phase]]
name = "full_thrust"
engines = "stage1"
steering = "programme"
acceleration_limit = "40 m/s^2"
{BURN}"""
Flight = tuple[Prepared, Recording]


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    """The mission so throttled, planned and flown."""
    folder = tmp_path_factory.mktemp("throttled")
    prepared = prepare(load_mission(written(folder, ("missions", BURN, THROTTLED)), planned=True))
    return prepared, fly_prepared(prepared, seed=1)


def test_it_reaches_orbit_near_its_own_plan(flight: Flight) -> None:
    """Burn-out within a second, a kilometre and 1 %; at rated thrust it comes 13 s earlier."""
    prepared, recording = flight
    ascent = prepared.planned.ascent
    (meco,) = recording.events_named("meco")
    row = ascent.burnout_row
    assert recording.outcome == "success"
    assert meco.time_s == pytest.approx(ascent.time_s[row], abs=1.0)
    assert meco.altitude_m == pytest.approx(ascent.altitude_m[row], abs=1000.0)
    assert meco.speed_mps == pytest.approx(ascent.speed_mps[row], rel=0.01)
    rated = ready(planned=True).planned.ascent
    assert ascent.time_s[row] > rated.time_s[rated.burnout_row] + 10.0


def test_the_peak_of_pressure_is_lowered_as_planned(flight: Flight) -> None:
    prepared, recording = flight
    (max_q,) = recording.events_named("max_q")
    ascent = prepared.planned.ascent
    assert max_q.dynamic_pressure_pa == pytest.approx(ascent.max_dynamic_pressure_pa, rel=0.03)
    assert max_q.time_s == pytest.approx(
        ascent.time_s[int(np.argmax(ascent.dynamic_pressure_pa))], abs=2.0
    )
    rated = ready(planned=True).planned.ascent
    assert ascent.max_dynamic_pressure_pa < 0.8 * rated.max_dynamic_pressure_pa


def test_the_throttles_are_those_of_the_phases(flight: Flight) -> None:
    """70 % between 250 m/s and 14 km, in the plan and in the flight, within a second."""
    prepared, recording = flight
    down, up = recording.events_named("throttle")
    ascent = prepared.planned.ascent
    rows = slice(0, ascent.burnout_row + 1)
    flow = -np.diff(ascent.mass_kg[rows]) / np.diff(ascent.time_s[rows])
    low = np.flatnonzero(np.abs(flow / flow[0] - 0.7) < 1e-6)
    low = low[ascent.altitude_m[low] < 14e3]
    assert ascent.time_s[low[0]] == pytest.approx(down.time_s, abs=1.0)
    assert ascent.time_s[low[-1] + 1] == pytest.approx(up.time_s, abs=1.0)


def test_safety_rules_follow_the_throttled_plan(flight: Flight) -> None:
    """Drawn about rated thrust the corridor would be a dozen seconds ahead of the vehicle."""
    margins = flight[1].summary["margins"]
    assert margins["impact_corridor_m"]["smallest"] > 100.0
    assert margins["attitude_deg"]["smallest"] > 30.0
