"""One flight: sense, decide, judge, move, record; tick by tick until the body's end."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange._random import normal
from downrange.dynamics.kernel.advance import (
    FLYING,
    HELD,
    IMPACTED,
    Plant,
    State,
    advance,
    set_modes,
    sit,
    take_mass,
)
from downrange.dynamics.kernel.rigid import derivative
from downrange.earth.kernel.frames import Vector, quat_unrotate
from downrange.earth.kernel.geodesy import ecef_from_eci, velocity_relative_eci
from downrange.earth.kernel.wind import dryden_step
from downrange.faults.kernel import Faults, Health, health_at
from downrange.flight.kernel.watch import (
    EVENT_TERMINATION,
    Watch,
    WatchMemory,
    note,
    watch_tick,
)
from downrange.gnc.kernel import data as gnc_data
from downrange.gnc.kernel.data import Memory, Plan
from downrange.gnc.kernel.step import step as gnc_step
from downrange.safety.kernel.rules import FIRED, NEXT_S, Rules, SafetyMemory
from downrange.safety.kernel.rules import step as safety_step
from downrange.sensors.kernel import (
    Gnss,
    Imu,
    Taps,
    Tracking,
    measure_gnss,
    measure_imu,
    measure_taps,
    measure_tracking,
)
from downrange.telemetry.bus import (
    ABORT,
    CLOCK_S,
    RELEASE_HOLD_DOWN,
    RELEASED,
    Command,
    Measured,
)

Floats = NDArray[np.float64]

# Rows of the random state; the names are the streams'.
STREAMS = ("imu", "gnss", "taps", "tracking", "wind")
IMU_ROW, GNSS_ROW, TAPS_ROW, TRACKING_ROW, WIND_ROW = 0, 1, 2, 3, 4

# Indices into Flight.clock.
TICK = 0
T0_S = 1  # mission clock of first motion; inf before
CUT_S = 2  # when the safety system's command reaches the engines; inf while it has not acted
ROWS = 3
ENDED = 4  # why the loop stopped, see below
CLOCK_SIZE = 5

# Flight.clock[ENDED].
GOING, OUT_OF_TIME, DOWN, LOST_NUMBERS, CALLED_OFF, COMPLETE = 0, 1, 2, 3, 4, 5

BEFORE_LIFTOFF_S = -1e9  # time since T0 that the fault schedule sees before there is a T0


class Numbers(NamedTuple):
    """Everything about a flight that does not change."""

    plant: Plant
    imu: Imu
    gnss: Gnss
    taps: Taps
    tracking: Tracking
    faults: Faults
    plan: Plan  # what the flight software knows
    rules: Rules  # what the safety system knows
    watch: Watch
    tick_s: float
    duration_s: float  # on the mission clock
    record_every: int  # ticks
    end_phase: int  # the mission is over this long after this phase begins
    end_after_s: float


class Flight(NamedTuple):
    """Everything about a flight that changes; arrays are overwritten in place."""

    clock: Floats
    state: State
    health: Health
    measured: Measured
    command: Command
    memory: Memory
    track: Floats
    verdict: SafetyMemory
    watch: WatchMemory
    random: NDArray[np.uint64]
    gusts: Floats
    rate_before: Floats  # (3,)
    rows: Floats  # (rows, words)


@njit
def sense(n: Numbers, f: Flight, now: float) -> tuple[Vector, Vector]:
    """What the sensors say at the start of a tick, from the truth of the tick before."""
    x, dt, core = f.state.rigid, n.tick_s, f.measured.core
    core[CLOCK_S] = now
    core[RELEASED] = 1.0 if now > f.clock[T0_S] else 0.0
    arm = n.imu.station_m - f.state.loads[1]
    p, q, r = x[10], x[11], x[12]
    flex = f.state.flex
    rate = (x[16] / dt, (x[17] + flex[0]) / dt, (x[18] + flex[1]) / dt)
    turn_y, turn_z = (q - f.rate_before[1]) / dt, (r - f.rate_before[2]) / dt
    force = (
        x[13] / dt - arm * (q * q + r * r),
        x[14] / dt + arm * (turn_z + p * q) + flex[2] / dt,
        x[15] / dt - arm * (turn_y - p * r) + flex[3] / dt,
    )
    f.rate_before[:] = x[10:13]
    measure_imu(n.imu, rate, force, dt, f.random, IMU_ROW, f.health.imu_ok[0], core)
    earth = n.plant.around.earth
    r_eci, v_eci = (x[0], x[1], x[2]), (x[3], x[4], x[5])
    position = ecef_from_eci(r_eci, now, earth)
    velocity = ecef_from_eci(velocity_relative_eci(r_eci, v_eci, earth), now, earth)
    measure_gnss(n.gnss, now, dt, position, velocity, f.random, GNSS_ROW, f.health.gnss_ok[0], core)
    measure_taps(
        n.taps, f.state.engine[:, 0], f.state.tank_kg, n.plant.tanks.load_kg, f.random, TAPS_ROW,
        f.measured.chamber_fraction, f.measured.tank_fraction,
    )  # fmt: skip
    return position, velocity


@njit
def judge(n: Numbers, f: Flight, now: float, position: Vector, velocity: Vector) -> None:
    """The safety system looks, with its own tracking, and may end the thrust."""
    since = now - f.clock[T0_S]
    if since < 0.0 or since < f.verdict.state[NEXT_S] - 1e-6 or f.verdict.state[FIRED] > 0.5:
        return
    x = f.state.rigid
    nose = quat_unrotate((x[6], x[7], x[8], x[9]), (1.0, 0.0, 0.0))
    axis = ecef_from_eci(nose, now, n.plant.around.earth)
    measure_tracking(
        n.tracking, since, position, velocity, axis, f.random, TRACKING_ROW, 1.0, f.track
    )
    fired = safety_step(n.rules, f.track, since, f.verdict)
    if fired > 0:
        f.clock[CUT_S] = now + n.rules.latency_s
        note(f.watch, f.state, EVENT_TERMINATION, now, float(fired))


@njit
def blow(n: Numbers, f: Flight) -> None:
    """Turbulence over the coming tick, into the loads."""
    wind, aux = n.plant.around.wind, f.state.aux
    if wind.turbulence_intensity > 0.0:
        n1, n2, n3 = (
            normal(f.random, WIND_ROW),
            normal(f.random, WIND_ROW),
            normal(f.random, WIND_ROW),
        )
        height = aux[2] - n.plant.ground_altitude_m
        f.state.loads[35], f.state.loads[36], f.state.loads[37] = dryden_step(
            f.gusts, height, aux[6], wind, n.tick_s, n1, n2, n3
        )


@njit
def put(row: Floats, at: int, values: Floats) -> int:
    """Copy values into a row from column `at` on; returns the next free column."""
    row[at : at + values.size] = values
    return at + values.size


@njit
def record(f: Flight, now: float) -> None:
    """One row of telemetry: the words that `flight.channels` names, in its order."""
    count = int(f.clock[ROWS])
    if count >= f.rows.shape[0]:
        return
    row = f.rows[count]
    row[0] = now
    at = put(row, 1, f.state.rigid[:13])
    at = put(row, at, f.state.loads[:35])
    at = put(row, at, f.state.aux)
    at = put(row, at, f.state.engine.ravel())
    at = put(row, at, f.state.tank_kg)
    at = put(row, at, f.state.modal.ravel())
    at = put(row, at, f.state.moment)
    at = put(row, at, f.measured.chamber_fraction)
    at = put(row, at, f.command.gimbal_rad.ravel())
    at = put(row, at, f.command.engine_on)
    at = put(row, at, f.memory.words)
    at = put(row, at, f.verdict.margin)
    put(row, at, f.verdict.state)
    f.clock[ROWS] += 1


@njit
def end_of(n: Numbers, f: Flight, now: float) -> float:
    """Why the flight is over, GOING while it is not."""
    if f.state.status[0] == IMPACTED:
        return DOWN
    if f.state.status[0] > HELD:
        return LOST_NUMBERS
    if f.command.discrete[ABORT] > 0.5 and f.state.status[0] == HELD:
        return CALLED_OFF
    words = f.memory.words
    over = words[gnc_data.PHASE] == n.end_phase
    if over and now - words[gnc_data.PHASE_START_S] >= n.end_after_s and f.clock[CUT_S] == math.inf:
        return COMPLETE
    return OUT_OF_TIME if now >= n.duration_s else GOING


@njit
def tick(n: Numbers, f: Flight) -> None:
    """One tick of flight. The page to read first."""
    now = f.clock[TICK] * n.tick_s
    health_at(n.faults, now - min(f.clock[T0_S], now - BEFORE_LIFTOFF_S), f.health)
    position, velocity = sense(n, f, now)
    gnc_step(n.plan, f.measured, f.memory, f.command)
    judge(n, f, now, position, velocity)
    if f.command.discrete[RELEASE_HOLD_DOWN] > 0.5 and f.state.status[0] == HELD:
        f.state.status[0] = FLYING
        f.clock[T0_S] = now
    if now >= f.clock[CUT_S] or f.watch.broken[0] > 0.5:
        f.health.engine_ok[:] = 0.0
    blow(n, f)
    derivative(
        f.state.rigid, now, 0.0, f.state.loads, n.plant.around, f.state.scratch.rk4[0], f.state.aux
    )
    if int(f.clock[TICK]) % n.record_every == 0:
        record(f, now)
    flown = advance(n.plant, f.state, f.command, f.health, now, n.tick_s)
    watch_tick(n, f, now, flown)
    f.clock[TICK] += 1.0
    f.clock[ENDED] = end_of(n, f, now + flown)
    if f.clock[ENDED] != GOING:
        record(f, now + flown)


@njit
def begin(n: Numbers, f: Flight) -> None:
    """Stand the body on its pad at mission clock 0."""
    take_mass(n.plant, f.state)
    set_modes(n.plant, f.state, f.health)
    f.state.rigid[13:19] = 0.0
    sit(n.plant, f.state, -n.tick_s, n.tick_s)
    f.rate_before[:] = f.state.rigid[10:13]


@njit
def fly(n: Numbers, f: Flight) -> None:
    """A whole flight, in place."""
    begin(n, f)
    while f.clock[ENDED] == GOING:
        tick(n, f)
