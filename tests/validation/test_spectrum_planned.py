"""The flight as it was planned: through burn-out with room to every limit, and on to orbit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flight_case import flown, ready

from downrange.flight.draw import EVERYDAY
from downrange.telemetry import Recording

SEEDS = range(1, 11)
OUT_AT_S = 20.0
UNWANTED = {"oscillation", "attitude_lost", "flight_termination", "limit_exceeded", "breakup"}
DROPPED = {"stage1", "fairing_left", "fairing_right"}
KINDS = ("nominal", "dispersed", "engine out", "engine out, dispersed")
cases = pytest.mark.parametrize("kind", KINDS)
seeds = pytest.mark.parametrize("seed", SEEDS)


def flight(kind: str, seed: int) -> Recording:
    """An engine out is another one for each seed, the middle one too."""
    faults = (f"stage1.engine.{(seed - 1) % 9 + 1}: shutdown at {OUT_AT_S:g} s",)
    return flown(
        planned=True,
        seed=seed,
        faults=faults if kind.startswith("engine out") else (),
        disperse=EVERYDAY if kind.endswith("dispersed") else (),
    )


@cases
@seeds
def test_it_reaches_orbit_and_nothing_goes_wrong(kind: str, seed: int) -> None:
    recording = flight(kind, seed)
    names = {event.name for event in recording.events}
    assert {"liftoff", "pitch_over", "mach_1", "max_q", "meco", "orbit_insertion"} <= names
    assert not names & UNWANTED
    assert {event.body for event in recording.events_named("impact")} == DROPPED
    assert recording.outcome == "success"


@cases
@seeds
def test_no_rule_comes_near_its_limit(kind: str, seed: int) -> None:
    """Two thirds of the attitude limit are left, a hundred metres, a second of data."""
    margins = flight(kind, seed).summary["margins"]
    assert margins["attitude_deg"]["smallest"] > 30.0
    assert margins["impact_corridor_m"]["smallest"] > 100.0
    assert margins["position_corridor_m"]["smallest"] > 100.0
    assert margins["protected_places_m"]["smallest"] > 100.0
    assert margins["data_loss_s"]["smallest"] > 1.0
    limit = margins["bending_moment_nm"]["limit"]
    assert margins["bending_moment_nm"]["smallest"] > 0.5 * limit


@cases
@seeds
def test_gimbals_and_attitude_errors_stay_small(kind: str, seed: int) -> None:
    telemetry = flight(kind, seed).bodies["stage1"].telemetry
    powered = (telemetry["time_s"] > 0.0) & (telemetry["thrust_n"] > 0.0)
    out = kind.startswith("engine out")
    for axis in ("pitch", "yaw"):
        swing = np.abs(telemetry[f"gimbal_{axis}_deg"][powered])
        assert swing.max() < (3.0 if out else 2.0)
    assert telemetry["attitude_error_deg"][powered].max() < (5.0 if out else 3.0)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_all_nine_engines_burn_for_some_150_seconds(kind: str) -> None:
    """Published: 75 kN each at sea level; the propellant lasts two and a half minutes."""
    for seed in SEEDS:
        (meco,) = flight(kind, seed).events_named("meco")
        assert meco.time_s == pytest.approx(148.0, abs=6.0)


def test_an_engine_out_makes_the_burn_longer_by_an_eighth_of_what_was_left() -> None:
    for seed in SEEDS:
        (nine,) = flight("nominal", seed).events_named("meco")
        (eight,) = flight("engine out", seed).events_named("meco")
        longer = (eight.time_s - OUT_AT_S) / (nine.time_s - OUT_AT_S)
        assert longer == pytest.approx(9.0 / 8.0, abs=0.01)


def burn_out(kind: str) -> dict[str, np.ndarray]:
    """State at burn-out of all seeds."""
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        recording = flight(kind, seed)
        (meco,) = recording.events_named("meco")
        telemetry = recording.bodies["stage1"].telemetry
        for name in ("altitude_m", "speed_mps", "downrange_m", "crossrange_m",
                     "flight_path_angle_deg"):  # fmt: skip
            found.setdefault(name, []).append(telemetry.at(meco.time_s, name))
        found.setdefault("time_s", []).append(meco.time_s)
    return {name: np.array(column) for name, column in found.items()}


def test_the_spread_of_burn_out_is_that_of_thrust_impulse_and_loads(
    record_property: pytest.RecordProperty,
) -> None:
    """Half a per cent of impulse on some 4 km/s of ideal speed, loads of 0.3 %: 10 to 60 m/s.

    Time: one per cent of thrust alone is 1.5 s; thrust and impulse draw the flow.
    """
    state = burn_out("dispersed")
    for name, column in state.items():
        record_property(f"burn-out {name}", f"{column.mean():.1f} +- {column.std(ddof=1):.1f}")
    assert 5.0 < state["speed_mps"].std(ddof=1) < 60.0
    assert 0.5 < state["time_s"].std(ddof=1) < 4.0
    assert state["altitude_m"].std(ddof=1) < 3000.0


def test_sensor_noise_and_gusts_alone_hardly_move_it() -> None:
    state = burn_out("nominal")
    assert state["speed_mps"].std(ddof=1) < 5.0
    assert state["time_s"].std(ddof=1) < 0.5
    assert state["crossrange_m"].std(ddof=1) < 500.0


def test_burn_out_is_about_where_a_first_stage_of_its_kind_is_let_go() -> None:
    """Electron's, the nearest in size, is at 70 to 80 km and 2.3 to 2.6 km/s; wider both ways."""
    state = burn_out("nominal")
    assert 45e3 < state["altitude_m"].mean() < 110e3
    assert 1800.0 < state["speed_mps"].mean() < 3200.0


def test_the_navigation_error_stays_within_its_receivers() -> None:
    """3 m of noise on a fix, filtered; inertial drift between them; to the first separation."""
    gnss = ready(planned=True).mission.spec.vehicle.gnss
    assert gnss is not None
    for seed in SEEDS:
        recording = flight("nominal", seed)
        (parted,) = recording.events_named("separation")
        telemetry = recording.bodies["stage1"].telemetry
        late = (telemetry["time_s"] > 10.0) & (telemetry["time_s"] <= parted.time_s)
        error = telemetry["navigation_error_m"][late]
        assert error.max() < 20.0 * gnss.position_noise.si
        assert math.sqrt(float((error**2).mean())) < 10.0 * gnss.position_noise.si
