"""Check cases as numbers: start, march and observe one rigid body; one tick of a vehicle."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange._random import Streams, normals
from downrange.dynamics.kernel.advance import Plant, State, advance, see
from downrange.dynamics.kernel.fall import GROUNDED, fall
from downrange.dynamics.kernel.rigid import (
    LOADS_LEVELS,
    LOADS_RATES,
    STATE_SIZE,
    Surroundings,
    rk4_step,
)
from downrange.earth.kernel.frames import (
    Vector,
    add,
    euler_from_quat,
    quat_body_from_eci,
    quat_conj,
    quat_from_euler,
    quat_multiply,
    quat_ned_from_eci,
    quat_rotate,
)
from downrange.earth.kernel.geodesy import (
    Earth,
    ecef_from_eci,
    ecef_from_geodetic,
    ecef_from_ned,
    geodetic,
    ned_from_ecef,
    velocity_eci,
    velocity_relative_eci,
)
from downrange.faults.kernel import Health
from downrange.telemetry.bus import Command

Floats = NDArray[np.float64]

# Frames in which initial rates are given.
INERTIAL, EARTH, NED = 0, 1, 2

OBSERVED = 12

# Columns of what is thrown: velocity at launch up, east, north; where it came down, east, north.
THROWN = 5


@njit
def altitude(state: Floats, time_s: float, earth: Earth) -> float:
    """Geodetic altitude in m."""
    r_ecef = ecef_from_eci((state[0], state[1], state[2]), time_s, earth)
    return geodetic(r_ecef, earth)[2]


@njit
def step(
    state: Floats,
    time_s: float,
    h_s: float,
    loads: Floats,
    around: Surroundings,
    work: Floats,
    aux: Floats,
) -> None:
    """Take one Runge-Kutta step of h_s seconds; state and the levels in loads move in place."""
    rk4_step(state, time_s, h_s, loads, around, work, aux)
    for k in range(LOADS_LEVELS):
        loads[k] += h_s * loads[LOADS_RATES + k]


@njit
def tick(
    plant: Plant, state: State, command: Command, health: Health, time_s: float, dt_s: float
) -> float:
    """One tick of one body as the flight loop moves it; returns the time flown, s."""
    see(plant, state, time_s)
    return advance(plant, state, command, health, time_s, dt_s)


@njit
def put(state: Floats, into: Floats) -> None:
    """Copy a state into another's place."""
    for i in range(STATE_SIZE):
        into[i] = state[i]


@njit
def time_to_ceiling(
    state: Floats,
    time_s: float,
    h_s: float,
    loads: Floats,
    around: Surroundings,
    ceiling_m: float,
    probe: Floats,
    work: Floats,
    aux: Floats,
) -> float:
    """Time in s from the state, within h_s, at which the altitude passes the ceiling (secant).

    probe (19,) is room for a state.
    """
    put(state, probe)
    last_s, last_m = 0.0, altitude(probe, time_s, around.earth) - ceiling_m
    part_s = h_s
    for _ in range(4):
        put(state, probe)
        rk4_step(probe, time_s, part_s, loads, around, work, aux)
        over_m = altitude(probe, time_s + part_s, around.earth) - ceiling_m
        if over_m == last_m:
            break
        next_s = part_s - over_m * (part_s - last_s) / (over_m - last_m)
        last_s, last_m = part_s, over_m
        part_s = min(h_s, max(0.0, next_s))
    return part_s


@njit
def march(
    state: Floats,
    time_s: float,
    h_s: float,
    steps: int,
    loads: Floats,
    layers: tuple[Surroundings, Surroundings],
    ceiling_m: float,
    work: Floats,
    aux: Floats,
) -> None:
    """Take steps of h_s seconds; state and the levels in loads move in place.

    layers: surroundings below and above the ceiling; the step is split where it is passed.
    """
    earth = layers[0].earth
    before = work[4, :STATE_SIZE]
    layer = 1 if altitude(state, time_s, earth) > ceiling_m else 0
    for i in range(steps):
        t = time_s + i * h_s
        put(state, before)
        step(state, t, h_s, loads, layers[layer], work, aux)
        after = 1 if altitude(state, t + h_s, earth) > ceiling_m else 0
        if after != layer:
            for k in range(LOADS_LEVELS):
                loads[k] -= h_s * loads[LOADS_RATES + k]
            part = time_to_ceiling(
                before, t, h_s, loads, layers[layer], ceiling_m, state, work, aux
            )
            put(before, state)
            step(state, t, part, loads, layers[layer], work, aux)
            layer = after
            step(state, t + part, h_s - part, loads, layers[layer], work, aux)


@njit
def ned_rate(latitude_rad: float, altitude_m: float, v_ned_mps: Vector, earth: Earth) -> Vector:
    """Rate in rad/s at which north-east-down turns against the Earth as it is carried along.

    Components in north-east-down. Groves, Principles of GNSS, Inertial and Multisensor
    Integrated Navigation Systems, 2nd ed., eq. 5.44. Not at the poles.
    """
    e2 = earth.flattening * (2.0 - earth.flattening)
    w2 = 1.0 - e2 * math.sin(latitude_rad) ** 2
    normal_m = earth.equatorial_radius_m / math.sqrt(w2)
    meridian_m = normal_m * (1.0 - e2) / w2
    east = v_ned_mps[1] / (normal_m + altitude_m)
    return (
        east,
        -v_ned_mps[0] / (meridian_m + altitude_m),
        -east * math.tan(latitude_rad),
    )


@njit
def start(
    place: Vector,
    v_ned_mps: Vector,
    euler_rad: Vector,
    rates_radps: Vector,
    rates_frame: int,
    earth: Earth,
    state: Floats,
) -> None:
    """Write the state at time 0.

    place: latitude and longitude in rad, altitude in m; velocity relative to the turning
    Earth; euler_rad: yaw, pitch, roll; rates in body axes against the frame of the code.
    """
    latitude, longitude, altitude = place
    r = ecef_from_geodetic(latitude, longitude, altitude, earth)
    v = velocity_eci(r, ecef_from_ned(v_ned_mps, latitude, longitude), earth)
    body_from_ned = quat_from_euler(euler_rad[0], euler_rad[1], euler_rad[2])
    q = quat_body_from_eci(body_from_ned, latitude, longitude, 0.0, earth)
    rates = rates_radps
    if rates_frame != INERTIAL:
        rates = add(rates, quat_rotate(q, (0.0, 0.0, earth.rotation_radps)))
    if rates_frame == NED:
        carried = ned_rate(latitude, altitude, v_ned_mps, earth)
        rates = add(rates, quat_rotate(body_from_ned, carried))
    state[:] = 0.0
    for i in range(3):
        state[i], state[3 + i], state[10 + i] = r[i], v[i], rates[i]
    for i in range(4):
        state[6 + i] = q[i]


@njit
def observe(state: Floats, time_s: float, earth: Earth, out: Floats) -> None:
    """Write a state as a check case reports it.

    out (12,): altitude m, velocity north, east, down m/s, latitude, longitude, roll, pitch,
    yaw rad, inertial body rates rad/s.
    """
    r_eci = (state[0], state[1], state[2])
    v_eci = (state[3], state[4], state[5])
    q = (state[6], state[7], state[8], state[9])
    latitude, longitude, out[0] = geodetic(ecef_from_eci(r_eci, time_s, earth), earth)
    relative = ecef_from_eci(velocity_relative_eci(r_eci, v_eci, earth), time_s, earth)
    out[1], out[2], out[3] = ned_from_ecef(relative, latitude, longitude)
    out[4], out[5] = latitude, longitude
    ned_from_eci = quat_ned_from_eci(latitude, longitude, time_s, earth)
    out[8], out[7], out[6] = euler_from_quat(quat_multiply(q, quat_conj(ned_from_eci)))
    out[9], out[10], out[11] = state[10], state[11], state[12]


@inner
def launch(random: Streams, error: tuple[Floats, Floats], radius_m: float, state: Floats) -> None:
    """Write the state of a ball that is thrown up from the ground, with the next error of launch.

    error: mean velocity up, east and north (3,) and a square root of its covariance (3, 3); the
    place is that of latitude and longitude 0, radius_m from the Earth's centre.
    """
    first, second = normals(random, 0)
    third, _ = normals(random, 0)
    state[:] = 0.0
    state[0], state[6] = radius_m, 1.0
    for i in range(3):
        root = error[1]
        moved = root[i, 0] * first + root[i, 1] * second + root[i, 2] * third
        state[3 + i] = error[0][i] + moved


@njit
def throw(
    random: Streams,
    error: tuple[Floats, Floats],
    radius_m: float,
    loads: Floats,
    around: Surroundings,
    state: Floats,
    work: Floats,
    rows: Floats,
    thrown: Floats,
) -> bool:
    """Throw a ball again and again, and let it `fall` as a body of a flight does.

    error as of `launch`; work and rows as of `fall`; thrown (n, THROWN). False if one did not come
    down.
    """
    for flight in range(thrown.shape[0]):
        launch(random, error, radius_m, state)
        for i in range(3):
            thrown[flight, i] = state[3 + i]
        _, ended = fall(state, 0.0, 1e6, loads, around, (0.0, 0.0), 0.0, work, rows)
        if ended != GROUNDED:
            return False
        thrown[flight, 3], thrown[flight, 4] = state[1], state[2]
    return True


@njit
def throw_in_steps(
    random: Streams,
    error: tuple[Floats, Floats],
    radius_m: float,
    h_s: float,
    loads: Floats,
    around: Surroundings,
    states: Floats,
    work: Floats,
    aux: Floats,
    thrown: Floats,
) -> None:
    """The same by steps of h_s seconds and a secant to the ground: quicker, where nothing bends.

    states (3, STATE_SIZE) is room; the rest as of `throw`.
    """
    state, before, probe = states[0], states[1], states[2]
    for flight in range(thrown.shape[0]):
        launch(random, error, radius_m, state)
        for i in range(3):
            thrown[flight, i] = state[3 + i]
        t = 0.0
        while True:
            put(state, before)
            rk4_step(state, t, h_s, loads, around, work, aux)
            if altitude(state, t + h_s, around.earth) < 0.0:
                break
            t += h_s
        part_s = time_to_ceiling(before, t, h_s, loads, around, 0.0, probe, work, aux)
        rk4_step(before, t, part_s, loads, around, work, aux)
        thrown[flight, 3], thrown[flight, 4] = before[1], before[2]
