"""Sensor errors against their statistics, and what a failed sensor says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from downrange._random import streams
from downrange._spec import validate
from downrange.errors import InputError
from downrange.sensors import kernel
from downrange.sensors.build import build_gnss, build_imu, build_taps, build_tracking
from downrange.sensors.kernel import Gnss, Taps, Tracking
from downrange.sensors.spec import GnssSpec, ImuSpec, TapsSpec, TrackingSpec
from downrange.telemetry.bus import (
    ACCEL_MPS2,
    CORE_SIZE,
    GNSS_NEW,
    GNSS_POSITION_M,
    GNSS_VELOCITY_MPS,
    GYRO_RADPS,
    IMU_VALID,
    new_measured,
)

DEG = math.pi / 180.0
GYRO = slice(GYRO_RADPS, GYRO_RADPS + 3)
ACCEL = slice(ACCEL_MPS2, ACCEL_MPS2 + 3)
POSITION = slice(GNSS_POSITION_M, GNSS_POSITION_M + 3)
VELOCITY = slice(GNSS_VELOCITY_MPS, GNSS_VELOCITY_MPS + 3)
RATE, FORCE = (0.1, -0.2, 0.3), (12.0, -0.5, 0.25)
PLACE, SPEED = (6.4e6, 1e5, -2e5), (10.0, -20.0, 30.0)

IMU: dict[str, Any] = {
    "station": "14.2 m",
    "gyro_bias": "1 deg/h",
    "gyro_noise": "0.1 deg/h^0.5",
    "accel_bias": "0.0005 g0",
    "accel_noise": "0.05 m/s/h^0.5",
}
PERFECT = IMU | {
    "gyro_bias": "0 rad/s",
    "gyro_noise": "0 rad/s^0.5",
    "accel_bias": "0 m/s^2",
    "accel_noise": "0 m/s^1.5",
}


def imu_spec(**changes: Any) -> ImuSpec:
    return validate(ImuSpec, IMU | changes)


def core() -> np.ndarray:
    return new_measured(1, 1).core


def test_data_sheet_units() -> None:
    imu = build_imu(imu_spec())
    assert imu.gyro_noise_radprts == pytest.approx(0.1 * DEG / 60.0)
    assert imu.accel_noise_mpsprts == pytest.approx(0.05 / 60.0)
    assert imu.station_m == 14.2


def test_perfect_imu_tells_the_truth() -> None:
    words, random = core(), streams(1, 0, ["imu"])
    imu = build_imu(validate(ImuSpec, PERFECT), random)
    kernel.measure_imu(imu, RATE, FORCE, 0.02, random, 0, 1.0, words)
    assert words[GYRO] == pytest.approx(RATE)
    assert words[ACCEL] == pytest.approx(FORCE)
    assert words[IMU_VALID] == 1.0
    untouched = np.delete(words, [*range(*GYRO.indices(CORE_SIZE)), *range(5, 8), IMU_VALID])
    assert np.isnan(untouched).all()


def test_without_a_draw_there_is_no_bias() -> None:
    imu = build_imu(imu_spec(gyro_scale="1 %", misalignment="1 deg"))
    assert not imu.gyro_bias_radps.any()
    assert imu.gyro_matrix.tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("dt_s", [0.02, 0.005])
def test_integrated_gyro_walks_as_the_data_sheet_says(dt_s: float) -> None:
    """0.1 deg per root hour: angle error after 1 s spreads by 0.1 deg / 60, at any tick."""
    imu, random, words = build_imu(imu_spec()), streams(2, 0, ["imu"]), core()
    angles, speeds = [], []
    for _ in range(400):
        angle, speed = np.zeros(3), np.zeros(3)
        for _ in range(round(1.0 / dt_s)):
            kernel.measure_imu(imu, RATE, FORCE, dt_s, random, 0, 1.0, words)
            angle += (words[GYRO] - RATE) * dt_s
            speed += (words[ACCEL] - FORCE) * dt_s
        angles.append(angle)
        speeds.append(speed)
    # 1,200 samples: the standard deviation of a standard deviation is 2 %; 5 sigma.
    assert np.std(angles) == pytest.approx(0.1 * DEG / 60.0, rel=0.1)
    assert np.std(speeds) == pytest.approx(0.05 / 60.0, rel=0.1)


def test_biases_are_drawn_with_their_spread() -> None:
    flights = [build_imu(imu_spec(), streams(3, flight, ["imu"])) for flight in range(400)]
    gyro = np.array([imu.gyro_bias_radps for imu in flights])
    accel = np.array([imu.accel_bias_mps2 for imu in flights])
    assert gyro.std() == pytest.approx(DEG / 3600.0, rel=0.1)
    assert accel.std() == pytest.approx(0.5e-3 * 9.80665, rel=0.1)
    assert abs(np.corrcoef(gyro.T, accel.T)[0, 1:]).max() < 0.25


def test_naming_an_error_moves_no_other() -> None:
    plain = build_imu(imu_spec(), streams(3, 7, ["imu"]))
    more = build_imu(imu_spec(misalignment="0.1 deg", accel_scale="1 %"), streams(3, 7, ["imu"]))
    assert plain.gyro_bias_radps.tolist() == more.gyro_bias_radps.tolist()
    assert plain.accel_bias_mps2.tolist() == more.accel_bias_mps2.tolist()


def test_misalignment_is_a_small_turn_of_the_unit() -> None:
    """What a unit turned by a small vector sees of a fixed vector."""
    imu = build_imu(imu_spec(misalignment="0.05 deg"), streams(5, 0, ["imu"]))
    tilt = np.array([imu.gyro_matrix[1, 2], imu.gyro_matrix[2, 0], imu.gyro_matrix[0, 1]])
    assert 0.0 < np.abs(tilt).max() < 0.3 * DEG
    seen = Rotation.from_rotvec(tilt).inv().as_matrix()
    assert imu.gyro_matrix == pytest.approx(seen, abs=np.abs(tilt).max() ** 2 * 2.0)
    assert imu.accel_matrix == pytest.approx(imu.gyro_matrix)


def test_scale_factor() -> None:
    data = PERFECT | {"gyro_scale": "1 %"}
    words, random = core(), streams(6, 0, ["imu"])
    imu = build_imu(validate(ImuSpec, data), random)
    kernel.measure_imu(imu, RATE, FORCE, 0.02, random, 0, 1.0, words)
    scale = words[GYRO] / RATE - 1.0
    assert 0.0 < np.abs(scale).max() < 0.04
    assert words[ACCEL] == pytest.approx(FORCE)


def test_a_failed_imu_says_so_and_holds_its_words() -> None:
    words, random = core(), streams(1, 0, ["imu"])
    imu = build_imu(imu_spec(), random)
    kernel.measure_imu(imu, RATE, FORCE, 0.02, random, 0, 1.0, words)
    before = words.copy()
    kernel.measure_imu(imu, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.02, random, 0, 0.0, words)
    assert words[IMU_VALID] == 0.0
    words[IMU_VALID] = 1.0
    assert words[:9].tolist() == pytest.approx(before[:9].tolist(), nan_ok=True)


def fixes(rate_hz: float, ticks: int, tick_hz: float = 50.0, ok: float = 1.0) -> list[float]:
    gnss, random, words, times = Gnss(rate_hz, 0.0, 0.0), streams(1, 0, ["gnss"]), core(), []
    for k in range(ticks):
        time_s = k / tick_hz
        kernel.measure_gnss(gnss, time_s, 1.0 / tick_hz, PLACE, SPEED, random, 0, ok, words)
        if words[GNSS_NEW] > 0.5:
            times.append(time_s)
    return times


def test_fixes_come_at_their_rate() -> None:
    assert fixes(10.0, 5000) == [k / 50.0 for k in range(0, 5000, 5)]
    assert len(fixes(7.0, 5000)) == 700
    assert fixes(1.0, 101) == [0.0, 1.0, 2.0]
    assert len(fixes(200.0, 100)) == 100  # no faster than the tick


def test_fix_noise() -> None:
    gnss = build_gnss(
        validate(
            GnssSpec,
            {"rate": "50 Hz", "position_noise": "3 m", "velocity_noise": "5 cm/s"},
        )
    )
    words, random = core(), streams(1, 0, ["gnss"])
    places, speeds = [], []
    for k in range(2000):
        kernel.measure_gnss(gnss, k * 0.02, 0.02, PLACE, SPEED, random, 0, 1.0, words)
        places.append(words[POSITION] - PLACE)
        speeds.append(words[VELOCITY] - SPEED)
    # 6,000 samples: 0.9 % on a standard deviation; 5 sigma.
    assert np.std(places) == pytest.approx(3.0, rel=0.05)
    assert np.std(speeds) == pytest.approx(0.05, rel=0.05)
    assert np.mean(places, axis=0) == pytest.approx(np.zeros(3), abs=5.0 * 3.0 / math.sqrt(2000.0))


def test_failed_gnss_gives_no_fix() -> None:
    assert fixes(10.0, 100, ok=0.0) == []


def test_taps() -> None:
    taps = build_taps(validate(TapsSpec, {"chamber_noise": "1 %", "level_noise": "0.5 %"}))
    random = streams(1, 0, ["taps"])
    level, mass_kg, load_kg = np.array([0.6, 0.0]), np.array([500.0]), np.array([2000.0])
    chamber, tank = np.zeros(2), np.zeros(1)
    seen = []
    for _ in range(3000):
        kernel.measure_taps(taps, level, mass_kg, load_kg, random, 0, chamber, tank)
        seen.append([*chamber, *tank])
    assert np.mean(seen, axis=0) == pytest.approx([0.6, 0.0, 0.25], abs=0.001)
    assert np.std(seen, axis=0) == pytest.approx([0.01, 0.01, 0.005], rel=0.05)
    kernel.measure_taps(Taps(0.0, 0.0), level, mass_kg, load_kg, random, 0, chamber, tank)
    assert [*chamber, *tank] == [0.6, 0.0, 0.25]


def track(tracking: Tracking, random: np.ndarray, ok: float, out: np.ndarray) -> None:
    axis = (0.6, 0.0, 0.8)
    kernel.measure_tracking(tracking, 12.5, PLACE, SPEED, axis, random, 0, ok, out)


def test_tracking() -> None:
    tracking = build_tracking(
        validate(
            TrackingSpec,
            {"position_noise": "10 m", "velocity_noise": "0.2 m/s", "attitude_noise": "0.3 deg"},
        )
    )
    random, out, seen = streams(1, 0, ["tracking"]), np.full(kernel.TRACK_SIZE, np.nan), []
    for _ in range(2000):
        track(tracking, random, 1.0, out)
        seen.append(out.copy())
    all_seen = np.array(seen)
    axes = all_seen[:, kernel.TRACK_AXIS : kernel.TRACK_AXIS + 3]
    assert np.linalg.norm(axes, axis=1) == pytest.approx(np.ones(2000))
    # The nose's error has two parts across it, each 0.3 degrees.
    off = np.arccos(np.clip(axes @ [0.6, 0.0, 0.8], -1.0, 1.0))
    assert math.sqrt(np.mean(off**2)) == pytest.approx(0.3 * DEG * math.sqrt(2.0), rel=0.05)
    places = all_seen[:, kernel.TRACK_POSITION_M : kernel.TRACK_POSITION_M + 3] - PLACE
    speeds = all_seen[:, kernel.TRACK_VELOCITY_MPS : kernel.TRACK_VELOCITY_MPS + 3] - SPEED
    assert places.std() == pytest.approx(10.0, rel=0.05)
    assert speeds.std() == pytest.approx(0.2, rel=0.05)
    assert (all_seen[:, kernel.TRACK_TIME_S] == 12.5).all()


def test_lost_tracking_holds_what_it_had() -> None:
    random, out = streams(1, 0, ["tracking"]), np.full(kernel.TRACK_SIZE, np.nan)
    track(Tracking(0.0, 0.0, 0.0), random, 1.0, out)
    held = out.copy()
    kernel.measure_tracking(
        Tracking(0.0, 0.0, 0.0), 13.0, SPEED, PLACE, (1.0, 0.0, 0.0), random, 0, 0.0, out
    )
    assert out[kernel.TRACK_VALID] == 0.0
    assert out[1:].tolist() == held[1:].tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gyro_noise": "0.1 deg/h"}, "expected a quantity in rad/s^0.5"),
        ({"gyro_bias": "-1 deg/h"}, "must be at least 0"),
        ({"gyro_bais": "1 deg/h"}, "did you mean gyro_bias?"),
    ],
)
def test_wrong_sensor(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        imu_spec(**changes)
    assert message in str(caught.value)
