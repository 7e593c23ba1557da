"""The commanded attitude: where the nose points, how fast it is to turn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import EARTH, SITE, planned

from downrange.earth.kernel.frames import quat_conj, quat_multiply, quat_unrotate, rotation_vector
from downrange.earth.kernel.geodesy import ecef_from_eci, ned_from_ecef
from downrange.gnc.build import new_memory
from downrange.gnc.kernel import data
from downrange.gnc.kernel.guidance import programme, steer

TICK_S = 0.02
PLAN, ASCENT = planned()
TABLE = np.array([[50.0, 1.5], [100.0, 1.4], [200.0, 1.3]])
STEERING = PLAN.steering._replace(table=TABLE, rate_limit_radps=0.2, pitch_over_rate_radps=0.05)


def words_at(clock_s: float = 30.0, speed_mps: float = 80.0) -> np.ndarray:
    words = new_memory(PLAN).words
    words[data.LAST_CLOCK_S], words[data.RELEASE_S] = clock_s, 10.0
    words[data.NAV_SPEED_MPS], words[data.NAV_SPEED_RATE_MPS2] = speed_mps, 5.0
    return words


def aim(words: np.ndarray, mode: int, steering: data.Steering = STEERING) -> None:
    steer(steering, float(mode), TICK_S, EARTH.rotation_radps, words)


def commanded(words: np.ndarray) -> tuple[float, float, float, float]:
    at = data.COMMANDED_BODY_FROM_ECI
    return tuple(words[at : at + 4])


def axis_ned(words: np.ndarray, axis: tuple[float, float, float]) -> np.ndarray:
    """A commanded body axis in the pad's north-east-down axes."""
    ecef = ecef_from_eci(quat_unrotate(commanded(words), axis), words[data.LAST_CLOCK_S], EARTH)
    return np.array(ned_from_ecef(ecef, SITE.latitude_rad, SITE.longitude_rad))


def test_the_nose_points_along_azimuth_and_pitch_and_does_not_roll() -> None:
    words = words_at()
    words[data.COMMANDED_PITCH_RAD] = 1.0
    aim(words, data.STEER_PROGRAMME, STEERING._replace(rate_limit_radps=100.0))
    pitch = 1.5 - 0.1 * 30.0 / 50.0
    assert words[data.COMMANDED_PITCH_RAD] == pytest.approx(pitch, abs=1e-12)
    azimuth = ASCENT.azimuth_rad
    level = np.array([math.cos(azimuth), math.sin(azimuth), 0.0])
    nose = math.cos(pitch) * level - [0.0, 0.0, math.sin(pitch)]
    np.testing.assert_allclose(axis_ned(words, (1.0, 0.0, 0.0)), nose, atol=1e-12)
    right = [-math.sin(azimuth), math.cos(azimuth), 0.0]
    np.testing.assert_allclose(axis_ned(words, (0.0, 1.0, 0.0)), right, atol=1e-12)


def test_the_programme_runs_on_speed_or_on_time_and_holds_its_ends() -> None:
    words = words_at(clock_s=85.0, speed_mps=150.0)
    assert programme(STEERING, words) == pytest.approx((1.35, -0.1 / 100.0 * 5.0), rel=1e-12)
    timed = STEERING._replace(signal=data.TIME_SINCE_RELEASE_S)
    assert programme(timed, words) == pytest.approx((1.45, -0.1 / 50.0), rel=1e-12)
    assert programme(STEERING, words_at(speed_mps=10.0)) == (1.5, 0.0)
    assert programme(STEERING, words_at(speed_mps=900.0)) == (1.3, 0.0)


def test_the_pitch_over_goes_at_its_rate_and_stops_at_the_kick() -> None:
    words = words_at()
    kick = 0.5 * math.pi - 0.01
    steering = STEERING._replace(kick_pitch_rad=kick)
    for k in range(1, 10):
        aim(words, data.STEER_PITCH_OVER, steering)
        assert words[data.COMMANDED_PITCH_RAD] == pytest.approx(
            0.5 * math.pi - 0.001 * k, abs=1e-12
        )
        assert words[data.COMMANDED_PITCH_RATE_RADPS] == pytest.approx(-0.05, rel=1e-9)
    for _ in range(3):
        aim(words, data.STEER_PITCH_OVER, steering)
    assert words[data.COMMANDED_PITCH_RAD] == kick
    assert words[data.COMMANDED_PITCH_RATE_RADPS] == 0.0


def test_a_jump_of_the_programme_is_taken_at_the_rate_limit() -> None:
    words = words_at()
    aim(words, data.STEER_PROGRAMME)
    assert words[data.COMMANDED_PITCH_RAD] == pytest.approx(0.5 * math.pi - 0.2 * TICK_S, rel=1e-12)
    assert words[data.COMMANDED_PITCH_RATE_RADPS] == pytest.approx(-0.2, rel=1e-9)


def test_the_commanded_rate_is_that_of_the_commanded_attitude() -> None:
    """Over a tick on the programme by time, the Earth's turning included."""
    steering = STEERING._replace(signal=data.TIME_SINCE_RELEASE_S, rate_limit_radps=100.0)
    words = words_at(clock_s=85.0)
    aim(words, data.STEER_PROGRAMME, steering)
    first = commanded(words)
    rate = words[data.COMMANDED_RATE_RADPS : data.COMMANDED_RATE_RADPS + 3].copy()
    words[data.LAST_CLOCK_S] += TICK_S
    aim(words, data.STEER_PROGRAMME, steering)
    turn = rotation_vector(quat_multiply(commanded(words), quat_conj(first)))
    np.testing.assert_allclose(np.array(turn) / TICK_S, rate, atol=2e-8)
    # Pitching over is a negative rate about y.
    assert rate[1] < 0.0


def test_a_held_attitude_stays_among_the_stars() -> None:
    words = words_at()
    aim(words, data.STEER_VERTICAL)
    before = commanded(words)
    words[data.LAST_CLOCK_S] += 100.0
    aim(words, data.STEER_HOLD)
    assert commanded(words) == before
    assert not words[data.COMMANDED_RATE_RADPS : data.COMMANDED_RATE_RADPS + 3].any()
