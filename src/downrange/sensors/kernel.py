"""Truth to measurement: inertial unit, satellite navigation, plant taps, range tracking."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange._random import normal
from downrange.telemetry.bus import (
    ACCEL_MPS2,
    GNSS_NEW,
    GNSS_POSITION_M,
    GNSS_VELOCITY_MPS,
    GYRO_RADPS,
    IMU_VALID,
)

Floats = NDArray[np.float64]

# Indices into a tracking measurement (TRACK_SIZE,), the safety system's own.
TRACK_VALID = 0  # 1 while it answers; the rest is held when it doesn't
TRACK_TIME_S = 1
TRACK_POSITION_M = 2  # 2, 3, 4: Earth-fixed
TRACK_VELOCITY_MPS = 5  # 5, 6, 7: Earth-relative, Earth-fixed axes
TRACK_AXIS = 8  # 8, 9, 10: unit vector of the nose, Earth-fixed axes
TRACK_RATE_RADPS = 11  # 11, 12, 13: body rates
TRACK_SIZE = 14

# A fix is due when time * rate passes a whole number; absorbs the clock's rounding.
TICK_ROUNDING = 1e-6


class Imu(NamedTuple):
    """One inertial unit, its errors drawn. Body axes."""

    station_m: float  # vehicle frame
    gyro_bias_radps: Floats  # (3,)
    gyro_noise_radprts: float  # angle random walk, rad per root second
    gyro_matrix: Floats  # (3, 3) scale and misalignment; the identity is perfect
    accel_bias_mps2: Floats  # (3,)
    accel_noise_mpsprts: float  # velocity random walk, m/s per root second
    accel_matrix: Floats  # (3, 3)


class Gnss(NamedTuple):
    """One satellite navigation receiver. Noise is white, 1-sigma on each axis."""

    rate_hz: float
    position_noise_m: float
    velocity_noise_mps: float


class Taps(NamedTuple):
    """Chamber pressure and tank level sensors. Noise is white, 1-sigma, of full scale."""

    chamber_noise: float
    level_noise: float


class Tracking(NamedTuple):
    """The safety system's own tracking. Noise is white, 1-sigma on each axis."""

    position_noise_m: float
    velocity_noise_mps: float
    axis_noise_rad: float
    rate_noise_radps: float


@njit
def measure_imu(imu, rate_radps, force_mps2, dt_s, random, row, ok, core):
    """Write mean body rate and mean specific force (3-tuples, over dt_s, at the unit) into core.

    Angle and velocity random walk appear as white noise of walk / sqrt(dt_s) on the means
    (IEEE Std 952, annex C). A failed unit says so and holds its last words.
    """
    core[IMU_VALID] = ok
    if ok < 0.5:
        return
    gyro_noise = imu.gyro_noise_radprts / math.sqrt(dt_s)
    accel_noise = imu.accel_noise_mpsprts / math.sqrt(dt_s)
    for i in range(3):
        g, a = imu.gyro_matrix[i], imu.accel_matrix[i]
        rate = g[0] * rate_radps[0] + g[1] * rate_radps[1] + g[2] * rate_radps[2]
        force = a[0] * force_mps2[0] + a[1] * force_mps2[1] + a[2] * force_mps2[2]
        core[GYRO_RADPS + i] = rate + imu.gyro_bias_radps[i] + gyro_noise * normal(random, row)
        core[ACCEL_MPS2 + i] = force + imu.accel_bias_mps2[i] + accel_noise * normal(random, row)


@njit
def measure_gnss(gnss, time_s, dt_s, position_ecef_m, velocity_ecef_mps, random, row, ok, core):
    """Write a fix into core in the ticks in which one is due; 3-tuples, at the antenna.

    Due when time_s * rate passes a whole number since the tick before, dt_s ago. Position
    and velocity stay between fixes; GNSS_NEW tells. White noise: real errors are correlated
    over minutes.
    """
    now = math.floor(time_s * gnss.rate_hz + TICK_ROUNDING)
    before = math.floor((time_s - dt_s) * gnss.rate_hz + TICK_ROUNDING)
    core[GNSS_NEW] = 1.0 if ok > 0.5 and now > before else 0.0
    if core[GNSS_NEW] < 0.5:
        return
    for i in range(3):
        core[GNSS_POSITION_M + i] = position_ecef_m[i] + gnss.position_noise_m * normal(random, row)
        core[GNSS_VELOCITY_MPS + i] = velocity_ecef_mps[i] + gnss.velocity_noise_mps * normal(
            random, row
        )


@njit
def measure_taps(taps, level, tank_mass_kg, load_kg, random, row, chamber_fraction, tank_fraction):
    """Write chamber pressure and tank level fractions; level (engines,) is flow over rated flow.

    Chamber pressure goes with flow (constant c*). Tank level is mass over load.
    """
    for i in range(chamber_fraction.size):
        chamber_fraction[i] = level[i] + taps.chamber_noise * normal(random, row)
    for i in range(tank_fraction.size):
        full = tank_mass_kg[i] / load_kg[i] if load_kg[i] > 0.0 else 0.0
        tank_fraction[i] = full + taps.level_noise * normal(random, row)


@njit
def measure_tracking(
    tracking, time_s, position_ecef_m, velocity_ecef_mps, axis_ecef, rate_radps, random, row, ok, out
):
    """Write a tracking measurement into out (TRACK_SIZE,) from the truth (3-tuples)."""
    out[TRACK_VALID] = ok
    if ok < 0.5:
        return
    out[TRACK_TIME_S] = time_s
    size = 0.0
    for i in range(3):
        out[TRACK_POSITION_M + i] = position_ecef_m[i] + tracking.position_noise_m * normal(
            random, row
        )
        out[TRACK_VELOCITY_MPS + i] = velocity_ecef_mps[i] + tracking.velocity_noise_mps * normal(
            random, row
        )
        out[TRACK_AXIS + i] = axis_ecef[i] + tracking.axis_noise_rad * normal(random, row)
        out[TRACK_RATE_RADPS + i] = rate_radps[i] + tracking.rate_noise_radps * normal(random, row)
        size += out[TRACK_AXIS + i] ** 2
    for i in range(3):
        out[TRACK_AXIS + i] /= math.sqrt(size)
