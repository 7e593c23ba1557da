"""Where the vehicle is: strapdown inertial navigation with satellite fixes."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.frames import (
    Quaternion,
    Vector,
    add,
    norm,
    quat_derivative,
    quat_ecef_from_eci,
    quat_multiply,
    quat_normalise,
    quat_unrotate,
    scale,
    sub,
)
from downrange.earth.kernel.geodesy import (
    Earth,
    eci_from_ecef,
    level_axes,
    velocity_eci,
    velocity_relative_eci,
)
from downrange.earth.kernel.gravity import gravity_eci
from downrange.gnc.kernel.data import (
    AIR_DENSITY_KGPM3,
    AIR_PRESSURE_PA,
    ATTITUDE_BODY_FROM_ECI,
    DYNAMIC_PRESSURE_PA,
    FORCE_MPS2,
    IMU_LOST,
    LAST_CLOCK_S,
    MACH,
    NAV_ALTITUDE_M,
    NAV_SPEED_MPS,
    NAV_SPEED_RATE_MPS2,
    PAD_ALTITUDE_M,
    POSITION_ECI_M,
    RATE_RADPS,
    RELEASE_S,
    TICK_S,
    VELOCITY_ECI_MPS,
    Floats,
    Navigation,
)
from downrange.gnc.kernel.words import put_quaternion, put_vector, quaternion_at, vector_at
from downrange.telemetry.bus import (
    ACCEL_MPS2,
    CLOCK_S,
    GNSS_NEW,
    GNSS_POSITION_M,
    GNSS_VELOCITY_MPS,
    GYRO_RADPS,
    IMU_VALID,
    RELEASED,
)


@njit
def turned(attitude: Quaternion, rate_radps: Vector, dt_s: float) -> tuple[Quaternion, Quaternion]:
    """Attitude after half a time and all of it at a constant body rate.

    Exact: q'' = -(rate / 2)^2 q.
    """
    half = 0.5 * norm(rate_radps)
    if half == 0.0:
        return attitude, attitude
    d = quat_derivative(attitude, rate_radps)
    c, s = math.cos(0.5 * half * dt_s), math.sin(0.5 * half * dt_s)
    middle = moved(attitude, d, c, s / half)
    return middle, moved(attitude, d, c * c - s * s, 2.0 * s * c / half)


@njit
def moved(q: Quaternion, d: Quaternion, c: float, s: float) -> Quaternion:
    """Weighted sum c q + s d, normalised."""
    return quat_normalise(
        (c * q[0] + s * d[0], c * q[1] + s * d[1], c * q[2] + s * d[2], c * q[3] + s * d[3])
    )


@njit
def stand(pad: Navigation, earth: Earth, clock_s: float, words: Floats) -> None:
    """Held down: the vehicle is on the pad, turning with the Earth, as aligned."""
    position = eci_from_ecef(pad.pad_position_ecef_m, clock_s, earth)
    put_vector(words, POSITION_ECI_M, position)
    put_vector(words, VELOCITY_ECI_MPS, velocity_eci(position, (0.0, 0.0, 0.0), earth))
    turn = quat_ecef_from_eci(earth.rotation_radps * clock_s)
    attitude = quat_multiply(pad.attitude_body_from_ecef, turn)
    put_quaternion(words, ATTITUDE_BODY_FROM_ECI, attitude)


@njit
def strapdown(earth: Earth, dt_s: float, words: Floats) -> None:
    """Carry attitude, velocity and position over one tick of mean rate and specific force.

    The force is turned by the attitude of mid-tick; coning and sculling are neglected.
    """
    attitude = quaternion_at(words, ATTITUDE_BODY_FROM_ECI)
    rate = vector_at(words, RATE_RADPS)
    position, velocity = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
    half_way, attitude = turned(attitude, rate, dt_s)
    force = quat_unrotate(half_way, vector_at(words, FORCE_MPS2))
    middle = add(position, scale(velocity, 0.5 * dt_s))
    gained = scale(add(force, gravity_eci(middle, earth)), dt_s)
    position = add(position, scale(add(velocity, scale(gained, 0.5)), dt_s))
    put_vector(words, POSITION_ECI_M, position)
    put_vector(words, VELOCITY_ECI_MPS, add(velocity, gained))
    put_quaternion(words, ATTITUDE_BODY_FROM_ECI, attitude)


@njit
def correct(navigation: Navigation, earth: Earth, core: Floats, words: Floats) -> None:
    """Draw position and velocity towards a satellite fix by fixed gains."""
    clock = core[CLOCK_S]
    position, velocity = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
    fix = eci_from_ecef(vector_at(core, GNSS_POSITION_M), clock, earth)
    relative = eci_from_ecef(vector_at(core, GNSS_VELOCITY_MPS), clock, earth)
    off = sub(fix, position)
    off_velocity = sub(velocity_eci(fix, relative, earth), velocity)
    put_vector(words, POSITION_ECI_M, add(position, scale(off, navigation.position_gain)))
    velocity = add(velocity, scale(off_velocity, navigation.velocity_gain))
    put_vector(words, VELOCITY_ECI_MPS, velocity)


@njit
def relative_speed(earth: Earth, words: Floats) -> float:
    """Speed relative to the turning Earth, m/s."""
    position, velocity = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
    return norm(velocity_relative_eci(position, velocity, earth))


@njit
def navigate(navigation: Navigation, earth: Earth, core: Floats, words: Floats) -> None:
    """Bring the navigation state to this tick's clock.

    A lost inertial unit leaves the attitude where it was (rate taken as zero) and the last
    specific force; without satellite fixes the navigation is inertial alone.
    """
    clock = core[CLOCK_S]
    words[IMU_LOST] = 0.0 if core[IMU_VALID] == 1.0 else 1.0
    put_vector(words, RATE_RADPS, (0.0, 0.0, 0.0))
    if core[IMU_VALID] == 1.0:
        put_vector(words, RATE_RADPS, vector_at(core, GYRO_RADPS))
        put_vector(words, FORCE_MPS2, vector_at(core, ACCEL_MPS2))
    last = words[LAST_CLOCK_S]
    if core[RELEASED] != 1.0 or math.isnan(last):
        stand(navigation, earth, clock, words)
    else:
        if math.isnan(words[RELEASE_S]):
            words[RELEASE_S] = last
        strapdown(earth, clock - last, words)
        speed = relative_speed(earth, words)
        words[NAV_SPEED_RATE_MPS2] = (speed - words[NAV_SPEED_MPS]) / (clock - last)
        if core[GNSS_NEW] == 1.0:
            correct(navigation, earth, core, words)
    words[TICK_S] = 0.0 if math.isnan(last) else clock - last
    words[LAST_CLOCK_S] = clock
    derive(earth, words)
    if math.isnan(words[RELEASE_S]):
        words[PAD_ALTITUDE_M] = words[NAV_ALTITUDE_M]


@njit
def derive(earth: Earth, words: Floats) -> None:
    """Altitude, speed and the standard air's q and Mach number that follow from the state."""
    # The altitude doesn't turn with the Earth.
    altitude = level_axes(vector_at(words, POSITION_ECI_M), earth)[4]
    speed = relative_speed(earth, words)
    density, pressure, _, sound_speed = air(altitude, earth)
    words[NAV_ALTITUDE_M] = altitude
    words[NAV_SPEED_MPS] = speed
    words[AIR_DENSITY_KGPM3] = density
    words[AIR_PRESSURE_PA] = pressure
    words[DYNAMIC_PRESSURE_PA] = 0.5 * density * speed * speed
    words[MACH] = speed / sound_speed
