"""Sensors from what a person wrote to the kernel's numbers, their flight's errors drawn."""

from __future__ import annotations

import numpy as np

from downrange._random import Streams, normal
from downrange.sensors.kernel import Floats, Gnss, Imu, Taps, Tracking
from downrange.sensors.spec import GnssSpec, ImuSpec, TapsSpec, TrackingSpec
from downrange.units import Value


def build_imu(spec: ImuSpec, random: Streams | None = None, row: int = 0) -> Imu:
    """Return an inertial unit with this flight's errors.

    Always takes 15 normal numbers, whichever errors the spec names, so that naming one moves
    no other. Without `random` the unit has noise but no bias, scale error or misalignment.
    """
    drawn = [normal(random, row) for _ in range(15)] if random is not None else [0.0] * 15
    units = np.array(drawn).reshape(5, 3)
    tilt = _si(spec.misalignment) * units[4]
    errors = [
        spec.gyro_bias.si * units[0],
        *_matrix(_si(spec.gyro_scale) * units[2], tilt),
        spec.accel_bias.si * units[1],
        *_matrix(_si(spec.accel_scale) * units[3], tilt),
    ]
    return Imu(
        station_m=float(spec.station.si),
        gyro_noise_radprts=float(spec.gyro_noise.si),
        accel_noise_mpsprts=float(spec.accel_noise.si),
        errors=np.array(errors),
    )


def build_gnss(spec: GnssSpec) -> Gnss:
    """Return a satellite navigation receiver."""
    return Gnss(
        rate_hz=float(spec.rate.si),
        position_noise_m=float(spec.position_noise.si),
        velocity_noise_mps=float(spec.velocity_noise.si),
    )


def build_taps(spec: TapsSpec) -> Taps:
    """Return the chamber pressure and tank level sensors."""
    return Taps(chamber_noise=float(spec.chamber_noise.si), level_noise=float(spec.level_noise.si))


def build_tracking(spec: TrackingSpec) -> Tracking:
    """Return the safety system's tracking."""
    return Tracking(
        position_noise_m=float(spec.position_noise.si),
        velocity_noise_mps=float(spec.velocity_noise.si),
        axis_noise_rad=float(spec.attitude_noise.si),
    )


def _matrix(scale: Floats, tilt_rad: Floats) -> Floats:
    """Body axes to the unit's: small turn by tilt_rad (3,), then scale errors (3,)."""
    x, y, z = tilt_rad
    turn = np.array([[1.0, z, -y], [-z, 1.0, x], [y, -x, 1.0]])
    matrix: Floats = (1.0 + scale)[:, np.newaxis] * turn
    return matrix


def _si(given: Value | None) -> float:
    return float(given.si) if given is not None else 0.0
