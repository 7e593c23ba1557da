"""The whole flight software around a small plant: it flies, and goes on when things break."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import Plant, planned, vehicle
from tick_case import gnc_step as step

from downrange.gnc.kernel import data
from downrange.gnc.margins import loop_margins, operating_point
from downrange.telemetry import bus


def fly(plant: Plant, seconds: float) -> float:
    """Fly on; returns the largest attitude error in deg."""
    worst = 0.0
    for _ in range(round(seconds / plant.plan.tick_s)):
        plant.tick()
        worst = max(worst, plant.error_deg())
    return worst


@pytest.fixture(scope="module")
def climbed() -> tuple[Plant, float]:
    plant = Plant(*planned())
    return plant, fly(plant, 40.0)


def test_it_follows_the_plan(climbed: tuple[Plant, float]) -> None:
    plant, worst = climbed
    _, ascent = planned()
    assert worst < 0.6
    since = plant.clock_s - plant.memory.words[data.RELEASE_S]
    # Engines at full thrust from the release in the plan, here as well: a few m/s at most.
    assert plant.speed_mps() == pytest.approx(
        np.interp(since, ascent.time_s, ascent.speed_mps), abs=6.0
    )
    height = np.interp(since, ascent.time_s, ascent.altitude_m) - ascent.altitude_m[0]
    assert plant.height_m() == pytest.approx(height, abs=60.0)
    assert plant.memory.words[data.PHASE] == 3


def test_it_knows_where_it_is(climbed: tuple[Plant, float]) -> None:
    """Inertial navigation alone over 38 s of flight, against a plant in Euler steps of 10 ms."""
    plant, _ = climbed
    words = plant.memory.words
    behind = plant.clock_s - words[data.LAST_CLOCK_S]
    assert behind == pytest.approx(plant.plan.tick_s, abs=1e-9)
    r = np.array(plant.r) - behind * np.array(plant.v)
    at = slice(data.POSITION_ECI_M, data.POSITION_ECI_M + 3)
    np.testing.assert_allclose(words[at], r, atol=5.0)
    at = slice(data.VELOCITY_ECI_MPS, data.VELOCITY_ECI_MPS + 3)
    np.testing.assert_allclose(words[at], plant.v, atol=0.5)
    q = words[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4]
    assert 2.0 * math.acos(min(1.0, abs(float(q @ plant.q)))) < math.radians(0.05)


def test_it_waits_on_the_pad_until_all_engines_are_up() -> None:
    plant = Plant(*planned())
    fly(plant, 1.9)
    assert plant.command.engine_on[:9].all()
    assert not plant.released
    fly(plant, 0.3)
    assert plant.released
    assert plant.memory.words[data.PHASE] == 1


def test_an_engine_that_does_not_start_keeps_it_on_the_pad() -> None:
    plant = Plant(*planned())
    plant.healthy[3] = 0.0
    fly(plant, 6.5)
    assert not plant.released
    assert plant.command.discrete[bus.ABORT] == 1.0
    assert not plant.command.engine_on.any()


def test_it_goes_on_with_an_engine_out() -> None:
    plant = Plant(*planned())
    fly(plant, 12.0)
    plant.healthy[2] = 0.0
    worst = fly(plant, 12.0)
    assert worst < 3.0
    assert plant.error_deg() < 0.3
    assert plant.memory.engine[2, data.FAILED] == 1.0
    assert plant.command.engine_on.tolist() == [1.0, 1.0, 0.0, *[1.0] * 6, 0.0]


def test_roll_comes_back_to_zero() -> None:
    plant = Plant(*planned())
    fly(plant, 5.0)
    plant.w = plant.w + np.array([math.radians(3.0), 0.0, 0.0])
    assert fly(plant, 3.0) > 0.5
    fly(plant, 7.0)
    assert plant.error_deg() < 0.15


def test_it_shuts_down_when_the_tanks_are_empty() -> None:
    plant = Plant(*planned())
    fly(plant, 5.0)
    plant.memory.words[data.PHASE] = 3
    plant.propellant_kg = 200.0
    fly(plant, 1.5)
    assert plant.memory.words[data.PHASE] == 4
    assert not plant.command.engine_on.any()
    assert plant.propellant_kg > 0.0


def test_a_lost_inertial_unit_leaves_the_engines_straight() -> None:
    class Blind(Plant):
        def disturb(self) -> None:
            if self.clock_s > 4.0:
                self.measured.core[bus.IMU_VALID] = 0.0
                self.measured.core[bus.GYRO_RADPS : bus.ACCEL_MPS2 + 3] = math.nan

    plant = Blind(*planned())
    fly(plant, 6.0)
    np.testing.assert_allclose(plant.command.gimbal_rad, 0.0, atol=1e-12)
    assert np.isfinite(plant.memory.words[: data.RELEASE_S]).all()


def bending(ratio: float, seconds: float) -> tuple[np.ndarray, float]:
    """Amplitude of the first pitch mode second by second, and the linear growth rate."""
    plan, ascent = planned(latency_ticks=1)
    plant = Plant(plan, ascent, mode_ratio=ratio, flexible=True)
    fly(plant, 4.0)
    plant.mode = np.array([1e-5, 0.0])
    amplitudes = []
    w = ratio * vehicle().mode_frequency_radps[-1, 0]
    for _ in range(round(seconds)):
        peak = 0.0
        for _ in range(50):
            plant.tick()
            peak = max(peak, math.hypot(plant.mode[0], plant.mode_rate[0] / w))
        amplitudes.append(peak)
    point = operating_point(vehicle(), plant.propellant_kg / 36200.0, mode_ratio=ratio)
    return np.array(amplitudes), loop_margins(plan, point).growth_ps


def test_a_mode_lower_than_assumed_grows_as_the_linear_analysis_says() -> None:
    amplitudes, growth = bending(0.8, 4.0)
    assert growth > 0.5
    assert math.log(amplitudes[3] / amplitudes[1]) / 2.0 == pytest.approx(growth, rel=0.15)


def test_the_assumed_mode_dies_away() -> None:
    amplitudes, _ = bending(1.0, 4.0)
    assert amplitudes[3] < 0.8 * amplitudes[0]


def test_one_signature_is_compiled() -> None:
    Plant(*planned()).tick()
    Plant(*planned(latency_ticks=1)).tick()
    assert len(step.signatures) == 1


def test_the_same_measurements_give_the_same_commands() -> None:
    """Bit for bit, in a fresh memory: nothing else goes in."""
    kept = []
    for _ in range(2):
        plant = Plant(*planned())
        core = plant.measured.core
        core[:], core[bus.IMU_VALID] = 0.0, 1.0
        plant.measured.chamber_fraction[:9] = 1.0
        for k in range(200):
            core[bus.CLOCK_S], core[bus.RELEASED] = k * plant.plan.tick_s, float(k > 120)
            core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3] = 0.01 * math.sin(k), 0.01, -0.02
            core[bus.ACCEL_MPS2] = 13.5
            step(plant.plan, plant.measured, plant.memory, plant.command)
        assert plant.command.gimbal_rad.any()
        kept.append((plant.command.gimbal_rad.copy(), plant.memory.words.copy()))
    for one, other in zip(*kept, strict=True):
        np.testing.assert_array_equal(one, other)
