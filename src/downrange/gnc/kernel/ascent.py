"""A planned ascent as a point mass over the turning Earth: what the pitch programme comes from."""

from __future__ import annotations

import math
from typing import NamedTuple

from downrange._jit import njit
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.frames import (
    Quaternion,
    Vector,
    add,
    cross,
    dot,
    norm,
    quat_unrotate,
    scale,
    sub,
    unit,
)
from downrange.earth.kernel.geodesy import (
    Earth,
    ecef_from_eci,
    ecef_from_ned,
    eci_from_ecef,
    geodetic,
    velocity_eci,
    velocity_relative_eci,
)
from downrange.earth.kernel.gravity import gravity_eci
from downrange.earth.kernel.wind import Wind, wind_ned
from downrange.gnc.kernel.data import PENDING_PHASE, Floats
from downrange.gnc.kernel.guidance import limited
from downrange.gnc.kernel.throttling import Met, Throttles, begin, level_for
from downrange.gnc.kernel.words import between, place, put_vector, vector_at

# Columns of a trajectory; time 0 is the release, and there ECI equals ECEF.
TIME_S = 0
POSITION_ECI_M = 1  # 1, 2, 3
VELOCITY_ECI_MPS = 4  # 4, 5, 6
MASS_KG = 7
PITCH_RAD = 8  # of the thrust above the pad's horizontal plane
SPEED_MPS = 9  # Earth-relative
DYNAMIC_PRESSURE_PA = 10
COLUMNS = 11

ROUNDING_S = 1e-6  # of the time of a burn: no step is shorter
ZERO = (0.0, 0.0, 0.0)
RK4_NODE = (0.0, 0.5, 0.5, 1.0)
RK4_WEIGHT = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)


class Air(NamedTuple):
    """What the vehicle flies through, and what it feels of it."""

    earth: Earth
    wind: Wind
    axial: Floats  # (M, 2): Mach, rising; area * CA (m^2)


class Burn(NamedTuple):
    """Rated thrust and flow of a stage; both 0 for a coast."""

    thrust_vac_n: float
    exit_area_m2: float
    flow_kgps: float
    duration_s: float  # at rated thrust


class Launch(NamedTuple):
    """The first stage's way: from where, in which plane, and how it pitches over."""

    position_ecef_m: Vector
    attitude_ned_from_ecef: Quaternion  # pad axes
    azimuth_rad: float
    mass_kg: float
    start_time_s: float  # the pitch-over starts when all three are reached
    start_altitude_m: float
    start_speed_mps: float
    kick_rate_radps: float
    kick_pitch_rad: float
    rate_limit_radps: float
    head_on_pa: float  # dynamic pressure from which the wind is met head on
    cutoff_speed_mps: float  # inf: burns out
    step_s: float


class Steered(NamedTuple):
    """Linear-tangent steering of an upper stage, and what ends its burn.

    tan(pitch) falls linearly from `tangent_start` to `tangent_end` over `duration_s`, against
    the horizontal of the ignition and at a yaw from its plane, to which a linear turn may come.
    """

    tangent_start: float
    tangent_end: float
    yaw_rad: float  # to the right
    yaw_turn: float  # tangent that is added to the right over `duration_s`
    duration_s: float
    speed_mps: float  # inertial, at which the burn ends
    least_mass_kg: float  # the burn is given up here
    drop_mass_kg: float  # the fairing
    drop_altitude_m: float
    step_s: float


@njit
def air_relative(r: Vector, v: Vector, t: float, medium: Air) -> tuple[Vector, float, float, float]:
    """Velocity against the air in ECI (m/s), density, pressure and speed of sound there."""
    lat, lon, altitude = geodetic(ecef_from_eci(r, t, medium.earth), medium.earth)
    wind = ecef_from_ned(wind_ned(altitude, medium.wind), lat, lon)
    relative = velocity_relative_eci(r, v, medium.earth)
    density, pressure, _, sound = air(altitude, medium.earth)
    return sub(relative, eci_from_ecef(wind, t, medium.earth)), density, pressure, sound


@njit
def acceleration(
    r: Vector, v: Vector, t: float, mass: float, along: Vector, burn: Burn, medium: Air
) -> Vector:
    """Acceleration in m/s^2 of a point mass: gravity, thrust along a direction, axial drag."""
    flow, density, pressure, sound = air_relative(r, v, t, medium)
    speed = norm(flow)
    i, f = place(medium.axial, speed / sound)
    drag = 0.5 * density * speed * between(medium.axial, i, f, 1)
    thrust = burn.thrust_vac_n - pressure * burn.exit_area_m2
    force = sub(scale(along, thrust), scale(flow, drag))
    return add(gravity_eci(r, medium.earth), scale(force, 1.0 / mass))


@njit
def advance(
    row: Floats, h: float, start: Vector, middle: Vector, end: Vector, burn: Burn, medium: Air
) -> tuple[Vector, Vector]:
    """Position and velocity after a Runge-Kutta step with the thrust's direction given."""
    r, v = vector_at(row, POSITION_ECI_M), vector_at(row, VELOCITY_ECI_MPS)
    mean_v, mean_a, last_v, last_a = ZERO, ZERO, v, ZERO
    for k in range(4):
        h_k = h * RK4_NODE[k]
        along = start if k == 0 else (end if k == 3 else middle)
        r_k, v_k = add(r, scale(last_v, h_k)), add(v, scale(last_a, h_k))
        mass = row[MASS_KG] - h_k * burn.flow_kgps
        last_v = v_k
        last_a = acceleration(r_k, v_k, row[TIME_S] + h_k, mass, along, burn, medium)
        mean_v = add(mean_v, scale(last_v, RK4_WEIGHT[k]))
        mean_a = add(mean_a, scale(last_a, RK4_WEIGHT[k]))
    return add(r, scale(mean_v, h)), add(v, scale(mean_a, h))


@njit
def throttled(burn: Burn, level: float) -> Burn:
    """The burn at a level: thrust and flow in proportion, the pressure term as it is."""
    return Burn(burn.thrust_vac_n * level, burn.exit_area_m2, burn.flow_kgps * level,
                burn.duration_s)  # fmt: skip


@njit
def level_ahead(
    row: Floats, h: float, level: float, used_s: float, to_go_mps: float, burn: Burn, medium: Air,
    throttles: Throttles, words: Floats,
) -> float:  # fmt: skip
    """Level of a step from a row on, where `used_s` of rated thrust were burnt before."""
    r, v, t = vector_at(row, POSITION_ECI_M), vector_at(row, VELOCITY_ECI_MPS), row[TIME_S]
    flow, density, pressure, sound = air_relative(r, v, t, medium)
    speed = norm(flow)
    i, f = place(medium.axial, speed / sound)
    drag = 0.5 * density * speed * speed * between(medium.axial, i, f, 1)
    now = Met(
        time_s=t,
        altitude_m=geodetic(ecef_from_eci(r, t, medium.earth), medium.earth)[2],
        speed_mps=row[SPEED_MPS],
        to_go_mps=to_go_mps,
        burnt_kg=used_s * burn.flow_kgps,
        mass_kg=row[MASS_KG],
        density_kgpm3=density,
        against_n=drag + pressure * burn.exit_area_m2,
        thrust_vac_n=burn.thrust_vac_n,
        flow_kgps=burn.flow_kgps,
    )
    return level_for(throttles, now, h, level, words)


@njit
def put_row(row: Floats, t: float, r: Vector, v: Vector, mass: float, medium: Air) -> None:
    """Fill a row of a trajectory, but for its pitch."""
    flow, density, _, _ = air_relative(r, v, t, medium)
    row[TIME_S], row[MASS_KG] = t, mass
    put_vector(row, POSITION_ECI_M, r)
    put_vector(row, VELOCITY_ECI_MPS, v)
    row[SPEED_MPS] = norm(velocity_relative_eci(r, v, medium.earth))
    row[DYNAMIC_PRESSURE_PA] = 0.5 * density * dot(flow, flow)


@njit
def thrust_direction(launch: Launch, pitch: float, t: float, earth: Earth) -> Vector:
    """Inertial direction of a pitch in the launch plane."""
    level = math.cos(pitch)
    ned = (
        level * math.cos(launch.azimuth_rad),
        level * math.sin(launch.azimuth_rad),
        -math.sin(pitch),
    )
    return eci_from_ecef(quat_unrotate(launch.attitude_ned_from_ecef, ned), t, earth)


@njit
def flow_pitch(launch: Launch, row: Floats, medium: Air) -> float:
    """Pitch in rad, in the launch plane, of the velocity against the air.

    The wind counts with the square of the dynamic pressure, fully from `head_on_pa` on: at low
    speed it would lay the vehicle down, and does no harm.
    """
    r, v, t = vector_at(row, POSITION_ECI_M), vector_at(row, VELOCITY_ECI_MPS), row[TIME_S]
    relative = velocity_relative_eci(r, v, medium.earth)
    share = min(1.0, row[DYNAMIC_PRESSURE_PA] / launch.head_on_pa) ** 2
    flow = scale(air_relative(r, v, t, medium)[0], share)
    flow = add(flow, scale(relative, 1.0 - share))
    up = thrust_direction(launch, 0.5 * math.pi, t, medium.earth)
    return math.atan2(dot(flow, up), dot(flow, thrust_direction(launch, 0.0, t, medium.earth)))


@njit
def fly_first_stage(
    launch: Launch, burn: Burn, medium: Air, throttles: Throttles, words: Floats, rows: Floats
) -> tuple[int, int]:
    """Fly to burn-out or cut-off; returns the number of rows and that where the turn begins.

    Vertical, then a pitch-over at a steady rate to the kick pitch, held until the path has
    come down to it; from there along the path, and in the launch plane without angle of attack.
    The engines run at the levels of the phases; `words` is scratch of data.WORDS.
    """
    earth = medium.earth
    position = launch.position_ecef_m
    at_rest = velocity_eci(position, (0.0, 0.0, 0.0), earth)
    put_row(rows[0], 0.0, position, at_rest, launch.mass_kg, medium)
    rows[0, PITCH_RAD] = 0.5 * math.pi
    begin(throttles, 0.0, words)
    n, mode, turn, level, used_s = 0, 0, 0, throttles.most, 0.0
    while n + 1 < rows.shape[0] and used_s < burn.duration_s - ROUNDING_S:
        row, t = rows[n], rows[n, TIME_S]
        level = level_ahead(row, launch.step_s, level, used_s, math.nan, burn, medium, throttles,
                            words)  # fmt: skip
        if words[PENDING_PHASE] >= 0.0:
            break
        now = throttled(burn, level)
        h = min(launch.step_s, (burn.duration_s - used_s) / level)
        pitch, limit = row[PITCH_RAD], launch.rate_limit_radps
        target = 0.5 * math.pi
        if mode == 0:
            r_ecef = ecef_from_eci(vector_at(row, POSITION_ECI_M), t, earth)
            high = geodetic(r_ecef, earth)[2] >= launch.start_altitude_m
            if t >= launch.start_time_s and high and row[SPEED_MPS] >= launch.start_speed_mps:
                mode = 1
        if mode == 1:
            target, limit = launch.kick_pitch_rad, launch.kick_rate_radps
            if pitch == target and flow_pitch(launch, row, medium) <= pitch:
                mode, turn = 2, n
        if mode == 2:
            target, limit = flow_pitch(launch, row, medium), launch.rate_limit_radps
        new = limited(pitch, target, limit * h)
        start = thrust_direction(launch, pitch, t, earth)
        middle = thrust_direction(launch, 0.5 * (pitch + new), t + 0.5 * h, earth)
        end = thrust_direction(launch, new, t + h, earth)
        r, v = advance(row, h, start, middle, end, now, medium)
        n, used_s = n + 1, used_s + h * level
        put_row(rows[n], t + h, r, v, row[MASS_KG] - h * now.flow_kgps, medium)
        rows[n, PITCH_RAD] = new
        if rows[n, SPEED_MPS] >= launch.cutoff_speed_mps:
            break
    return n + 1, turn


@njit
def tangent_direction(
    steered: Steered, since: float, up: Vector, ahead: Vector, right: Vector
) -> Vector:
    """Direction of linear-tangent steering some time after ignition."""
    span = since / steered.duration_s
    change = steered.tangent_end - steered.tangent_start
    across = add(ahead, scale(right, span * steered.yaw_turn))
    return unit(add(across, scale(up, steered.tangent_start + span * change)))


@njit
def fly_upper_stage(
    steered: Steered, burn: Burn, medium: Air, pad_up: Vector, throttles: Throttles,
    words: Floats, rows: Floats,
) -> int:  # fmt: skip
    """Fly on from rows[0] until the speed is reached; returns the number of rows.

    The last step is shortened by secants to end at the speed. `pad_up` only serves to express
    the pitch.
    """
    r, v = vector_at(rows[0], POSITION_ECI_M), vector_at(rows[0], VELOCITY_ECI_MPS)
    up = unit(r)
    ahead = unit(sub(v, scale(up, dot(v, up))))
    right = cross(ahead, up)
    ahead = add(scale(ahead, math.cos(steered.yaw_rad)), scale(right, math.sin(steered.yaw_rad)))
    start_s, carried, n, h = rows[0, TIME_S], steered.drop_mass_kg, 0, steered.step_s
    begin(throttles, start_s, words)
    level, used_s = throttles.most, 0.0
    while n + 1 < rows.shape[0]:
        row, t = rows[n], rows[n, TIME_S]
        along = tangent_direction(steered, t - start_s, up, ahead, right)
        row[PITCH_RAD] = math.asin(dot(along, eci_from_ecef(pad_up, t, medium.earth)))
        r_ecef = ecef_from_eci(vector_at(row, POSITION_ECI_M), t, medium.earth)
        if geodetic(r_ecef, medium.earth)[2] > steered.drop_altitude_m:
            row[MASS_KG] -= carried
            carried = 0.0
        speed = norm(vector_at(row, VELOCITY_ECI_MPS))
        done = speed >= steered.speed_mps - 1e-5 or row[MASS_KG] < steered.least_mass_kg
        if done or used_s >= burn.duration_s - ROUNDING_S:
            break
        to_go = steered.speed_mps - speed
        level = level_ahead(row, steered.step_s, level, used_s, to_go, burn, medium, throttles,
                            words)  # fmt: skip
        now = throttled(burn, level)
        whole = min(steered.step_s, (burn.duration_s - used_s) / level)
        h = whole
        for _ in range(8):
            middle = tangent_direction(steered, t - start_s + 0.5 * h, up, ahead, right)
            end = tangent_direction(steered, t - start_s + h, up, ahead, right)
            r, v = advance(row, h, along, middle, end, now, medium)
            over = norm(v) - steered.speed_mps
            if abs(over) < 1e-6 or (over < 0.0 and h == whole):
                break
            h *= (steered.speed_mps - speed) / (norm(v) - speed)
        n, used_s = n + 1, used_s + h * level
        put_row(rows[n], t + h, r, v, row[MASS_KG] - h * now.flow_kgps, medium)
    return n + 1


@njit
def coast_apogee_m(r: Vector, v: Vector, step_s: float, earth: Earth) -> float:
    """Largest radius (m) of a coast that begins with v (m/s) at a perigee r (m); nan if none.

    Runge-Kutta in the gravity field with J2, which moves the apogee of a low orbit by kilometres
    against the conic; the peak is a parabola through the last three radii.
    """
    before, now = norm(r), norm(r)
    for _ in range(int(20000.0 / step_s)):
        v1, a1 = v, gravity_eci(r, earth)
        v2 = add(v, scale(a1, 0.5 * step_s))
        a2 = gravity_eci(add(r, scale(v1, 0.5 * step_s)), earth)
        v3 = add(v, scale(a2, 0.5 * step_s))
        a3 = gravity_eci(add(r, scale(v2, 0.5 * step_s)), earth)
        v4 = add(v, scale(a3, step_s))
        a4 = gravity_eci(add(r, scale(v3, step_s)), earth)
        r = add(r, scale(add(add(v1, v4), scale(add(v2, v3), 2.0)), step_s / 6.0))
        v = add(v, scale(add(add(a1, a4), scale(add(a2, a3), 2.0)), step_s / 6.0))
        after = norm(r)
        if now > before and now >= after:
            bend = 2.0 * now - before - after
            return now + (after - before) ** 2 / (8.0 * bend)
        before, now = now, after
    return math.nan
