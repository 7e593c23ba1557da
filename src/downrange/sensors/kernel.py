"""Truth to measurement: inertial unit, satellite navigation, plant taps, range tracking."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange._random import Streams, normal, normals, uniform
from downrange.telemetry.bus import (
    ACCEL_MPS2,
    GNSS_NEW,
    GNSS_POSITION_M,
    GNSS_VELOCITY_MPS,
    GYRO_RADPS,
    IMU_VALID,
)

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

# Indices into a tracking measurement (TRACK_SIZE,), the safety system's own.
TRACK_VALID = 0  # 1 while it answers; the rest is held when it doesn't
TRACK_TIME_S = 1
TRACK_POSITION_M = 2  # 2, 3, 4: Earth-fixed
TRACK_VELOCITY_MPS = 5  # 5, 6, 7: Earth-relative, Earth-fixed axes
TRACK_AXIS = 8  # 8, 9, 10: unit vector of the nose, Earth-fixed axes
TRACK_SIZE = 11

# Rows of Imu.errors.
GYRO_BIAS = 0  # rad/s
GYRO_MATRIX = 1  # 1, 2, 3: scale and misalignment; the identity is perfect
ACCEL_BIAS = 4  # m/s^2
ACCEL_MATRIX = 5  # 5, 6, 7
IMU_ROWS = 8

# A fix is due when time * rate passes a whole number; absorbs the clock's rounding.
TICK_ROUNDING = 1e-6
UNIFORM_TO_SIGMA = math.sqrt(12.0)  # a unit interval's standard deviation is 1 / this


class Imu(NamedTuple):
    """One inertial unit, its errors drawn. Body axes."""

    station_m: float  # vehicle frame
    gyro_noise_radprts: float  # angle random walk, rad per root second
    accel_noise_mpsprts: float  # velocity random walk, m/s per root second
    errors: Floats  # (IMU_ROWS, 3)

    @property
    def gyro_bias_radps(self) -> Floats:
        """Bias of the gyros (3,), rad/s."""
        return self.errors[GYRO_BIAS, :]

    @property
    def gyro_matrix(self) -> Floats:
        """Scale and misalignment of the gyros (3, 3); the identity is perfect."""
        return self.errors[GYRO_MATRIX : GYRO_MATRIX + 3]

    @property
    def accel_bias_mps2(self) -> Floats:
        """Bias of the accelerometers (3,), m/s^2."""
        return self.errors[ACCEL_BIAS, :]

    @property
    def accel_matrix(self) -> Floats:
        """Scale and misalignment of the accelerometers (3, 3)."""
        return self.errors[ACCEL_MATRIX : ACCEL_MATRIX + 3]


class Gnss(NamedTuple):
    """One satellite navigation receiver. Noise is white, 1-sigma on each axis."""

    rate_hz: float
    position_noise_m: float
    velocity_noise_mps: float


class Taps(NamedTuple):
    """Chamber pressure and tank level sensors. Noise is white, its 1-sigma of full scale."""

    chamber_noise: float
    level_noise: float


class Tracking(NamedTuple):
    """The safety system's own tracking. Noise is white, 1-sigma on each axis."""

    position_noise_m: float
    velocity_noise_mps: float
    axis_noise_rad: float


@njit
def measure_imu(
    imu: Imu,
    rate_radps: Vector,
    force_mps2: Vector,
    dt_s: float,
    random: Streams,
    row: int,
    ok: float,
    core: Floats,
) -> None:
    """Write mean body rate and mean specific force (3-tuples, over dt_s, at the unit) into core.

    Angle and velocity random walk appear as white noise of walk / sqrt(dt_s) on the means
    (IEEE Std 952, annex C). A failed unit says so and holds its last words.
    """
    core[IMU_VALID] = ok
    if ok < 0.5:
        return
    gyro_noise = imu.gyro_noise_radprts / math.sqrt(dt_s)
    accel_noise = imu.accel_noise_mpsprts / math.sqrt(dt_s)
    e = imu.errors
    for i in range(3):
        g, a = GYRO_MATRIX + i, ACCEL_MATRIX + i
        rate = e[g, 0] * rate_radps[0] + e[g, 1] * rate_radps[1] + e[g, 2] * rate_radps[2]
        force = e[a, 0] * force_mps2[0] + e[a, 1] * force_mps2[1] + e[a, 2] * force_mps2[2]
        one, other = normals(random, row)
        core[GYRO_RADPS + i] = rate + e[GYRO_BIAS, i] + gyro_noise * one
        core[ACCEL_MPS2 + i] = force + e[ACCEL_BIAS, i] + accel_noise * other


@njit
def measure_gnss(
    gnss: Gnss,
    time_s: float,
    dt_s: float,
    position_ecef_m: Vector,
    velocity_ecef_mps: Vector,
    random: Streams,
    row: int,
    ok: float,
    core: Floats,
) -> None:
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
        one, other = normals(random, row)
        core[GNSS_POSITION_M + i] = position_ecef_m[i] + gnss.position_noise_m * one
        core[GNSS_VELOCITY_MPS + i] = velocity_ecef_mps[i] + gnss.velocity_noise_mps * other


@njit
def measure_taps(
    taps: Taps,
    level: Floats,
    tank_mass_kg: Floats,
    load_kg: Floats,
    random: Streams,
    row: int,
    chamber_fraction: Floats,
    tank_fraction: Floats,
) -> None:
    """Write chamber pressure and tank level fractions; level (engines,) is flow over rated flow.

    Chamber pressure goes with flow (constant c*). Tank level is mass over load. Noise is
    uniform, as of a coarse digitiser: a quarter of the cost of normal numbers.
    """
    for i in range(chamber_fraction.size):
        noise = UNIFORM_TO_SIGMA * (uniform(random, row) - 0.5)
        chamber_fraction[i] = level[i] + taps.chamber_noise * noise
    for i in range(tank_fraction.size):
        noise = UNIFORM_TO_SIGMA * (uniform(random, row) - 0.5)
        tank_fraction[i] = tank_mass_kg[i] / load_kg[i] + taps.level_noise * noise


@njit
def measure_tracking(
    tracking: Tracking,
    time_s: float,
    position_ecef_m: Vector,
    velocity_ecef_mps: Vector,
    axis_ecef: Vector,
    random: Streams,
    row: int,
    ok: float,
    out: Floats,
) -> None:
    """Write a tracking measurement into out (TRACK_SIZE,) from the truth (3-tuples)."""
    out[TRACK_VALID] = ok
    if ok < 0.5:
        return
    out[TRACK_TIME_S] = time_s
    size = 0.0
    for i in range(3):
        one, other = normals(random, row)
        out[TRACK_POSITION_M + i] = position_ecef_m[i] + tracking.position_noise_m * one
        out[TRACK_VELOCITY_MPS + i] = velocity_ecef_mps[i] + tracking.velocity_noise_mps * other
        out[TRACK_AXIS + i] = axis_ecef[i] + tracking.axis_noise_rad * normal(random, row)
        size += out[TRACK_AXIS + i] ** 2
    for i in range(3):
        out[TRACK_AXIS + i] /= math.sqrt(size)
