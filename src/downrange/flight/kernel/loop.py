"""One flight: sense, decide, judge, move, record; tick by tick until the body's end."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit, part
from downrange._random import normal, normals
from downrange.dynamics.kernel.advance import (
    FLEX,
    FLYING,
    GAS_KG,
    HELD,
    IMPACTED,
    MOMENT_NM,
    STATUS,
    Plant,
    State,
    advance,
    see,
    set_modes,
    sit,
    take_mass,
)
from downrange.dynamics.kernel.rigid import (
    AUX_ALTITUDE_M,
    CM_X_M,
    FORCE_AREA_M2,
    FORCE_VACUUM_N,
    MASS_KG,
)
from downrange.earth.kernel.frames import Vector, quat_unrotate
from downrange.earth.kernel.geodesy import ecef_from_eci, velocity_relative_eci
from downrange.earth.kernel.wind import Wind, dryden_step
from downrange.faults.kernel import (
    ENGINE_OK,
    GNSS_OK,
    IMU_OK,
    Faults,
    Health,
    health_at,
)
from downrange.flight.kernel.watch import (
    BROKEN,
    EVENT_TERMINATION,
    IDEAL_DV,
    Watch,
    WatchMemory,
    note,
    watch_tick,
)
from downrange.gnc.kernel import data as gnc_data
from downrange.gnc.kernel.data import Memory, Plan
from downrange.gnc.kernel.step import guide, turn
from downrange.propulsion.kernel import (
    GIMBAL_Y_RAD,
    GIMBAL_Z_RAD,
    LEVEL,
    LOAD_KG,
    TANK_STAGE,
    fire,
)
from downrange.safety.kernel.rules import (
    FIRED,
    IMPACT_FOUND,
    MARGIN,
    NEXT_S,
    Rules,
    SafetyMemory,
)
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
    JETTISON_FAIRING,
    PASSIVATE,
    RELEASE_HOLD_DOWN,
    RELEASED,
    SEPARATE_STAGE,
    SLOW_TICK,
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
RATE_BEFORE_RADPS = 5  # 5, 6, 7: body rates a tick ago
TICK_BEFORE_S = 8  # length of the last tick
NEXT_ROW = 9  # tick from which on the next row is written; inf: at first motion
CLOCK_SIZE = 10

# Flight.clock[ENDED]. Parted: a part of the body goes, and what stays flies on as another.
GOING, OUT_OF_TIME, DOWN, LOST_NUMBERS, CALLED_OFF, COMPLETE, PARTED = 0, 1, 2, 3, 4, 5, 6
AIRLESS_M = 95e3  # above which a long tick flies as well as a short one
VENT_S = 60.0  # in which a full tank is vented


TO_THE_END = 2**62  # ticks
ENGINE_WORDS = 7  # of each engine in a row of telemetry
NAVIGATED = 31  # where the navigated position stands in a row
LEDGER = 6  # words of the ledger of velocity in a row


class Sensors(NamedTuple):
    """All that measures, the safety system's tracking included."""

    imu: Imu
    gnss: Gnss
    taps: Taps
    tracking: Tracking


class Numbers(NamedTuple):
    """Everything about a flight that does not change."""

    plant: Plant
    sensors: Sensors
    faults: Faults
    plan: Plan  # what the flight software knows
    rules: Rules  # what the safety system knows
    watch: Watch
    tick_s: float
    slow_ticks: int  # ticks in a slow one
    duration_s: float  # on the mission clock
    record_every: Floats  # (n, 2): up to which tick after first motion, every how many ticks a row
    end_phase: int  # the mission is over this long after this phase begins, or one that leads
    end_after_s: float  # nowhere


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
    rows: Floats  # (rows, words)


@inner
def sense(
    sensors: Sensors, plant: Plant, now: float, clock: Floats, state: State,
    health: Health, measured: Measured, random: NDArray[np.uint64],
) -> tuple[Vector, Vector]:  # fmt: skip
    """What the sensors say at the start of a tick, from the truth of the tick before.

    Returns position and velocity, Earth-fixed, which others measure too.
    """
    x, core, words, dt_s = state.rigid, measured.core, state.words, clock[TICK_BEFORE_S]
    core[CLOCK_S] = now
    core[RELEASED] = 1.0 if now > clock[T0_S] else 0.0
    arm = sensors.imu.station_m - state.loads[1]
    p, q, r = x[10], x[11], x[12]
    rate = (x[16] / dt_s, (x[17] + words[FLEX]) / dt_s, (x[18] + words[FLEX + 1]) / dt_s)
    turn_y = (q - clock[RATE_BEFORE_RADPS + 1]) / dt_s
    turn_z = (r - clock[RATE_BEFORE_RADPS + 2]) / dt_s
    force = (
        x[13] / dt_s - arm * (q * q + r * r),
        x[14] / dt_s + arm * (turn_z + p * q) + words[FLEX + 2] / dt_s,
        x[15] / dt_s - arm * (turn_y - p * r) + words[FLEX + 3] / dt_s,
    )
    for i in range(3):
        clock[RATE_BEFORE_RADPS + i] = x[10 + i]
    measure_imu(sensors.imu, rate, force, dt_s, random, IMU_ROW, health.other[IMU_OK], core)
    earth = plant.around.earth
    r_eci, v_eci = (x[0], x[1], x[2]), (x[3], x[4], x[5])
    position = ecef_from_eci(r_eci, now, earth)
    velocity = ecef_from_eci(velocity_relative_eci(r_eci, v_eci, earth), now, earth)
    measure_gnss(
        sensors.gnss, now, dt_s, position, velocity, random, GNSS_ROW, health.other[GNSS_OK], core
    )
    measure_taps(
        sensors.taps, state.engine[:, LEVEL], state.tank_kg, plant.tanks.table[:, LOAD_KG], random,
        TAPS_ROW, measured.chamber_fraction, measured.tank_fraction,
    )  # fmt: skip
    return position, velocity


@inner
def judge(
    rules: Rules, tracking: Tracking, now: float, position: Vector, velocity: Vector,
    clock: Floats, state: State, track: Floats, verdict: SafetyMemory, watch: WatchMemory,
    random: NDArray[np.uint64],
) -> None:  # fmt: skip
    """The safety system looks, with its own tracking, and may end the thrust."""
    since = now - clock[T0_S]
    if since < 0.0 or since < verdict.state[NEXT_S] - 1e-6 or verdict.state[FIRED] > 0.5:
        return
    x = state.rigid
    nose = quat_unrotate((x[6], x[7], x[8], x[9]), (1.0, 0.0, 0.0))
    axis = ecef_from_eci(nose, now, rules.earth)
    measure_tracking(tracking, since, position, velocity, axis, random, TRACKING_ROW, 1.0, track)
    fired = safety_step(rules, track, since, verdict)
    if fired > 0:
        clock[CUT_S] = now + rules.latency_s
        note(watch, state, float(EVENT_TERMINATION), now, float(fired))


@inner
def blow(wind: Wind, height_m: float, dt_s: float, state: State, gusts: Floats,
         random: NDArray[np.uint64]) -> None:  # fmt: skip
    """Turbulence over the coming tick, into the loads."""
    (n1, n2), n3 = normals(random, WIND_ROW), normal(random, WIND_ROW)
    gust = dryden_step(gusts, height_m, state.aux[6], wind, dt_s, n1, n2, n3)
    state.loads[35], state.loads[36], state.loads[37] = gust


@inner
def record(f: Flight, now: float) -> None:
    """One row of telemetry: the words that `flight.channels` names, in its order."""
    count = int(f.clock[ROWS])
    if count >= f.rows.shape[0]:
        return
    row, state, words, at = f.rows[count], f.state, f.memory.words, 17
    row[0] = now
    for i in range(13):
        row[1 + i] = state.rigid[i]
    row[14], row[15] = state.loads[MASS_KG], state.loads[CM_X_M]
    row[16] = state.loads[FORCE_VACUUM_N] - state.aux[4] * state.loads[FORCE_AREA_M2]
    for i in range(12):
        row[at + i] = state.aux[i]
    row[at + 12], row[at + 13] = state.words[MOMENT_NM], words[gnc_data.PHASE]
    at += 14
    for i in range(7):  # navigated position, commanded attitude
        k = gnc_data.POSITION_ECI_M + i if i < 3 else gnc_data.COMMANDED_BODY_FROM_ECI + i - 3
        row[at + i] = words[k]
    at += 7
    for i in range(state.engine.shape[0]):
        row[at], row[at + 1] = f.measured.chamber_fraction[i], f.command.engine_on[i]
        row[at + 2], row[at + 3] = state.engine[i, GIMBAL_Y_RAD], state.engine[i, GIMBAL_Z_RAD]
        row[at + 4], row[at + 5] = f.command.gimbal_rad[i, 0], f.command.gimbal_rad[i, 1]
        row[at + 6] = state.engine[i, LEVEL]
        at += ENGINE_WORDS
    for i in range(state.tank_kg.size):
        row[at + i] = state.tank_kg[i]
    at += state.tank_kg.size
    for axis in range(2):
        for mode in range(state.modal.shape[1]):
            row[at] = state.modal[axis, mode, 0]
            at += 1
    for i in range(f.verdict.rules.shape[0]):
        row[at + i] = f.verdict.rules[i, MARGIN]
    at += f.verdict.rules.shape[0]
    for i in range(4):  # whether there is an impact point, and where
        row[at + i] = f.verdict.state[IMPACT_FOUND + i]
    row[at + 4], row[at + 5] = words[gnc_data.LEFT_MPS], state.words[GAS_KG]
    for i in range(LEDGER):
        row[at + 6 + i] = f.watch.words[IDEAL_DV + i]
    f.clock[ROWS] += 1


@inner
def ticks_to_row(every: Floats, since: float) -> float:
    """Ticks from one row to the next, `since` ticks after first motion; inf beyond the table."""
    for i in range(every.shape[0]):
        if since < every[i, 0] - 0.5:
            return float(every[i, 1])
    return math.inf


@inner
def end_of(
    n: Numbers,
    gnc_words: Floats,
    discrete: Floats,
    attached: Floats,
    clock: Floats,
    state: State,
    seen: Floats,
    now: float,
) -> float:
    """Why the flight is over, GOING while it is not."""
    status = state.words[STATUS]
    if status == IMPACTED:
        return float(DOWN)
    if status > HELD:
        return float(LOST_NUMBERS)
    if discrete[ABORT] > 0.5 and status == HELD:
        return float(CALLED_OFF)
    stage, fairing = int(discrete[SEPARATE_STAGE]) - 1, attached.size - 2
    whole = clock[CUT_S] == math.inf and seen[BROKEN] < 0.5
    goes = stage >= 0 and attached[stage] > 0.5
    goes = goes or (discrete[JETTISON_FAIRING] > 0.5 and attached[fairing] > 0.5)
    if goes and whole:
        return float(PARTED)
    phase = gnc_words[gnc_data.PHASE]
    table = n.plan.phases.table
    nowhere = table[int(phase), gnc_data.FIRST_ROW] == table[int(phase), gnc_data.LAST_ROW]
    over = (phase == n.end_phase or nowhere) and whole and status != HELD
    if over and now - gnc_words[gnc_data.PHASE_START_S] >= n.end_after_s:
        return float(COMPLETE)
    return float(OUT_OF_TIME if now >= n.duration_s else GOING)


@inner
def thrusters_and_vents(plant: Plant, state: State, command: Command, dt_s: float) -> None:
    """Moment of the attitude thrusters over the coming tick, and what is vented in it."""
    if plant.thrusters.flow_kgps > 0.0:
        mx, my, mz, left = fire(plant.thrusters, command.thrusters, state.words[GAS_KG], dt_s)
        state.loads[32], state.loads[33], state.loads[34] = mx, my, mz
        state.words[GAS_KG] = left
    if command.discrete[PASSIVATE] > 0.5:
        for k in range(state.tank_kg.size):
            vented = plant.tanks.table[k, LOAD_KG] * dt_s / VENT_S
            there = state.attached[int(plant.tanks.table[k, TANK_STAGE])]
            state.tank_kg[k] = max(0.0, state.tank_kg[k] - vented * there)
        take_mass(plant, state)


@inner
def close(n: Numbers, f: Flight, end_s: float) -> None:
    """The last row: the state at the end, to which the last navigated one is carried on."""
    state, words = f.state, f.memory.words
    since_s = end_s - words[gnc_data.LAST_CLOCK_S]
    see(n.plant, state, end_s)
    record(f, end_s)
    for i in range(3):
        moved_m = words[gnc_data.VELOCITY_ECI_MPS + i] * since_s
        f.rows[int(f.clock[ROWS]) - 1, NAVIGATED + i] += moved_m


@njit
def settle(plant: Plant, state: State, health: Health) -> None:
    """Mass properties and modes of a body that has just come to be."""
    take_mass(plant, state)
    set_modes(plant, state, health)


@inner
def begin(plant: Plant, state: State, health: Health, clock: Floats, dt_s: float) -> None:
    """Stand the body on its pad at mission clock 0."""
    settle(plant, state, health)
    clock[TICK_BEFORE_S] = dt_s
    state.rigid[13:19] = 0.0
    sit(plant, state, -dt_s, dt_s)
    for i in range(3):
        clock[RATE_BEFORE_RADPS + i] = state.rigid[10 + i]


@part
def start(n: Numbers, f: Flight) -> None:
    """Before the first tick the body is stood on its pad."""
    if f.clock[TICK] == 0.0:
        begin(n.plant, f.state, f.health, f.clock, n.tick_s)


@part
def look(n: Numbers, f: Flight) -> tuple[Vector, Vector]:
    """The first half of a tick, up to what the flight software is given; see `sense`."""
    now = f.clock[TICK] * n.tick_s
    health_at(n.faults, now - f.clock[T0_S], f.health)
    return sense(n.sensors, n.plant, now, f.clock, f.state, f.health, f.measured, f.random)


@part
def act(n: Numbers, f: Flight, position: Vector, velocity: Vector) -> None:
    """The second half of a tick: what comes of the command. Takes what `look` returned."""
    clock, state, health, command, plant = f.clock, f.state, f.health, f.command, n.plant
    now = clock[TICK] * n.tick_s
    slow = command.discrete[SLOW_TICK] > 0.5 and state.aux[AUX_ALTITUDE_M] > AIRLESS_M
    ticks_now = n.slow_ticks if slow else 1
    tick_s = ticks_now * n.tick_s
    judge(n.rules, n.sensors.tracking, now, position, velocity, clock, state, f.track,
          f.verdict, f.watch, f.random)  # fmt: skip
    if command.discrete[RELEASE_HOLD_DOWN] > 0.5 and state.words[STATUS] == HELD:
        state.words[STATUS] = FLYING
        clock[T0_S] = now
        if clock[NEXT_ROW] == math.inf:
            clock[NEXT_ROW] = clock[TICK]
    if now >= clock[CUT_S] or f.watch.words[BROKEN] > 0.5:
        health.engine[:, ENGINE_OK] = 0.0
    if plant.around.wind.turbulence_intensity > 0.0:
        height_m = state.aux[2] - plant.ground_altitude_m
        blow(plant.around.wind, height_m, tick_s, state, f.gusts, f.random)
    if now < clock[CUT_S] and f.watch.words[BROKEN] < 0.5:
        thrusters_and_vents(plant, state, command, tick_s)
    see(plant, state, now)
    if clock[TICK] >= clock[NEXT_ROW]:
        record(f, now)
        step = ticks_to_row(n.record_every, clock[TICK] - clock[T0_S] / n.tick_s)
        due = clock[NEXT_ROW] + step  # a row that was late makes no later one late
        clock[NEXT_ROW] = due if due > clock[TICK] else clock[TICK] + step
    flown = advance(plant, state, command, health, now, tick_s)
    watch_tick(n.watch, tick_s, now, flown, clock, state, f.memory.words,
               command.engine_on, health.engine, f.watch)  # fmt: skip
    clock[TICK] += ticks_now
    clock[TICK_BEFORE_S] = tick_s
    clock[ENDED] = end_of(
        n, f.memory.words, command.discrete, state.attached, clock, state, f.watch.words,
        now + flown,
    )  # fmt: skip
    if clock[ENDED] != GOING:
        close(n, f, clock[TICK] * n.tick_s if flown == tick_s else now + flown)


@njit
def fly(n: Numbers, f: Flight, ticks: int) -> None:
    """Fly so many ticks, in place, or until the flight is over. The page to read first."""
    start(n, f)
    for _ in range(ticks):
        if f.clock[ENDED] != GOING:
            return
        position, velocity = look(n, f)
        tick_s = guide(n.plan, f.measured, f.memory, f.command)
        turn(n.plan, tick_s, f.measured, f.memory, f.command)
        act(n, f, position, velocity)
