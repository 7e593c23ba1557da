"""Sensors as a person writes them. Biases are 1-sigma from flight to flight, per axis.

    [imu]
    station = "14.2 m"
    gyro_bias = "1 deg/h"
    gyro_noise = "0.1 deg/h^0.5"
    accel_bias = "0.0005 g0"
    accel_noise = "0.05 m/s/h^0.5"

    [gnss]
    rate = "10 Hz"
    position_noise = "3 m"
    velocity_noise = "0.05 m/s"

The noise of an inertial unit is its random walk, as data sheets give it.
"""

from __future__ import annotations

from typing import Annotated

from downrange._spec import Spec
from downrange.units import (
    Fraction,
    Frequency,
    Length,
    NonNegativeAcceleration,
    NonNegativeAngle,
    NonNegativeAngularRate,
    NonNegativeLength,
    NonNegativeSpeed,
    Value,
    quantity,
)

AngleRandomWalk = Annotated[Value, quantity("rad/s^0.5", minimum=0.0)]
VelocityRandomWalk = Annotated[Value, quantity("m/s^1.5", minimum=0.0)]


class ImuSpec(Spec):
    """One inertial unit.

    Attributes:
        station: above the vehicle's base; bending shakes it there.
        gyro_bias: of the rate gyros.
        gyro_noise: angle random walk.
        accel_bias: of the accelerometers.
        accel_noise: velocity random walk.
        gyro_scale: scale factor error of the rate gyros; none if not given.
        accel_scale: the same of the accelerometers.
        misalignment: of the unit to the body axes; none if not given.
    """

    station: Length
    gyro_bias: NonNegativeAngularRate
    gyro_noise: AngleRandomWalk
    accel_bias: NonNegativeAcceleration
    accel_noise: VelocityRandomWalk
    gyro_scale: Fraction | None = None
    accel_scale: Fraction | None = None
    misalignment: NonNegativeAngle | None = None


class GnssSpec(Spec):
    """One satellite navigation receiver.

    Attributes:
        rate: of its fixes.
        position_noise: of each axis, one sigma.
        velocity_noise: of each axis, one sigma.
    """

    rate: Frequency
    position_noise: NonNegativeLength
    velocity_noise: NonNegativeSpeed


class TapsSpec(Spec):
    """Chamber pressure and tank level sensors; noise as a share of full scale.

    Attributes:
        chamber_noise: of the chamber pressure, one sigma.
        level_noise: of the tank level, one sigma.
    """

    chamber_noise: Fraction
    level_noise: Fraction


class TrackingSpec(Spec):
    """The safety system's own tracking.

    Attributes:
        position_noise: of each axis, one sigma.
        velocity_noise: of each axis, one sigma.
        attitude_noise: about each axis, one sigma.
    """

    position_noise: NonNegativeLength
    velocity_noise: NonNegativeSpeed
    attitude_noise: NonNegativeAngle
