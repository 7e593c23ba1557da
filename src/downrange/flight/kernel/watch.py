"""What an onlooker notes at tick rate: events with the state in which they happened.

The watch sees the truth and touches nothing but its own memory, save that a structure loaded
beyond its limit is broken from then on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.dynamics.kernel.advance import (
    BACK_MPS,
    IDEAL_MPS,
    IMPACTED,
    MOMENT_NM,
    STATUS,
    State,
)
from downrange.earth.kernel.frames import (
    add,
    norm,
    quat_conj,
    quat_multiply,
    quat_normalise,
    quat_rotate,
    unit,
)
from downrange.faults.kernel import ENGINE_OK
from downrange.gnc.kernel import data as gnc_data
from downrange.propulsion.kernel import GIMBAL_Y_RAD, GIMBAL_Z_RAD, ON, SINCE_S

Floats = NDArray[np.float64]
Band = tuple[float, float, float, float, float]

# Indices into the flight's clock; see loop.
T0_S = 1
CUT_S = 2

# Codes of events; `flight.events` gives them their names.
EVENT_LIFTOFF = 1
EVENT_PHASE = 2  # value: index of the phase that begins
EVENT_ENGINE_ON = 3  # value: engine
EVENT_ENGINE_OFF = 4  # value: engine, shut down or run dry
EVENT_ENGINE_FAILED = 5  # value: engine, off without being told
EVENT_MACH_1 = 6
EVENT_MAX_Q = 7
EVENT_OSCILLATION = 8  # value: peak to peak, rad
EVENT_ATTITUDE_LOST = 9  # value: attitude error, rad
EVENT_LIMIT = 10  # value: 0 bending moment, 1 q alpha
EVENT_TERMINATION = 11  # value: code of the rule
EVENT_IMPACT = 12  # value: Earth-relative speed, m/s
EVENT_PARTED = 13  # value: index of the stage that goes
EVENT_FAIRING = 14

# Columns of an event: code, mission clock s, value, altitude m, Earth-relative speed m/s, Mach,
# dynamic pressure Pa, latitude rad, longitude rad.
EVENT_SIZE = 9
EVENTS_MOST = 400

# Indices into WatchMemory.words. Times are on the mission clock.
COUNT = 0  # events noted
PHASE = 1
MACH_SEEN = 2
LOST_FOR_S = 3
LOST = 4
TOP_Q = 5  # 5 .. 13: event of the largest dynamic pressure under thrust
LEAST_MOMENT = 14  # smallest margins of the structure, and when
LEAST_MOMENT_S = 15
LEAST_Q_ALPHA = 16
LEAST_Q_ALPHA_S = 17
WORST_ERROR = 18  # largest attitude error under guidance, rad
WORST_ERROR_S = 19
TWO_DEGREES_S = 20  # when the attitude error first passed two degrees under guidance; nan
LARGEST_GIMBAL = 21  # rad, while guided
BROKEN = 22  # 1 once a limit was exceeded
# What changed the inertial speed since first motion, m/s; together they are the change.
IDEAL_DV = 23  # thrust in a vacuum along the velocity
STEERING_DV = 24  # what of it went across
BACK_PRESSURE_DV = 25
DRAG_DV = 26
GRAVITY_DV = 27
PARTING_DV = 28  # springs, and the move to the centre of mass of what is left
SPEED_BEFORE = 29  # inertial velocity at the last tick, 29, 30, 31
ATTITUDE_BEFORE = 32  # 32 .. 35
THRUST_BEFORE = 36  # 1 if there was thrust at the end of the last tick
WORDS = 37

# Words of WatchMemory.last: the body after its last thrust. What its tanks held follows.
LAST_S = 0  # mission clock; nan while there was none
LAST_RIGID = 1  # 1 .. 13
LAST_TANKS_KG = 14

# Columns of WatchMemory.swing: band-pass filter states, then the last filtered value, the peak of
# this half cycle, that of the last, and how many halves in a row were large.
FILTER, LAST, PEAK, PEAK_BEFORE, HALVES = 0, 2, 3, 4, 5
SWING_SIZE = 6

ATTITUDE_LOST_RAD = math.radians(30.0)
ATTITUDE_LOST_S = 0.2
OSCILLATION_RAD = math.radians(1.0)  # peak to peak
OSCILLATION_HALVES = 6  # three cycles
NOTICEABLE_RAD = math.radians(2.0)


class Watch(NamedTuple):
    """What the watch looks for."""

    band: Band  # b0, b1, b2, a1, a2 of the band-pass about the bending modes
    bending_moment_limit_nm: float
    q_alpha_limit_parad: float


class WatchMemory(NamedTuple):
    """What it has seen."""

    words: Floats  # (WORDS,)
    events: Floats  # (EVENTS_MOST, EVENT_SIZE)
    engine_on: Floats  # (engines,)
    swing: Floats  # (2 axes, SWING_SIZE)
    last: Floats  # (LAST_TANKS_KG + tanks,)


# Of a body above the air: no bending band, no limits.
UNLOADED = Watch((0.0, 0.0, 0.0, 0.0, 0.0), math.inf, math.inf)


def new_memory(engines: int, tanks: int) -> WatchMemory:
    """What has been seen before the first tick: nothing."""
    words = np.zeros(WORDS)
    words[[LEAST_MOMENT, LEAST_Q_ALPHA]] = math.inf
    words[TWO_DEGREES_S] = math.nan
    words[PHASE] = -1.0
    last = np.full(LAST_TANKS_KG + tanks, math.nan)
    return WatchMemory(
        words, np.zeros((EVENTS_MOST, EVENT_SIZE)), np.zeros(engines), np.zeros((2, SWING_SIZE)),
        last,
    )  # fmt: skip


@njit
def describe(event: Floats, state: State, code: float, time_s: float, value: float) -> None:
    """Fill one event with its code, time and value, and the state as last seen."""
    aux = state.aux
    event[0], event[1], event[2] = code, time_s, value
    event[3], event[4] = aux[2], aux[22]
    event[5] = aux[6] / aux[5] if aux[5] > 0.0 else math.nan
    event[6], event[7], event[8] = aux[7], aux[0], aux[1]


@njit
def note(memory: WatchMemory, state: State, code: float, time_s: float, value: float) -> None:
    """Put an event down; beyond EVENTS_MOST they are lost."""
    k = int(memory.words[COUNT])
    if k < memory.events.shape[0]:
        describe(memory.events[k], state, code, time_s, value)
        memory.words[COUNT] += 1.0


@inner
def watch_engines(
    memory: WatchMemory, state: State, told: Floats, healthy: Floats, end: float
) -> None:
    """Engines that came on, were shut down or failed by mission clock `end`."""
    for i in range(state.engine.shape[0]):
        on = state.engine[i, ON]
        if on == memory.engine_on[i]:
            continue
        memory.engine_on[i] = on
        code = EVENT_ENGINE_ON
        if on < 0.5:
            failed = healthy[i, ENGINE_OK] < 0.5 and told[i] > 0.5
            code = EVENT_ENGINE_FAILED if failed else EVENT_ENGINE_OFF
        note(memory, state, float(code), end - state.engine[i, SINCE_S], float(i))


@inner
def watch_swing(band: Band, memory: WatchMemory, state: State, now: float) -> None:
    """Gimbal motion in the bending band: over a degree peak to peak for three cycles."""
    engine, words, largest = state.engine, memory.words, 0.0
    for axis in range(2):
        x, running = 0.0, 0.0
        for i in range(engine.shape[0]):
            if engine[i, 0] > 0.0:
                x += engine[i, GIMBAL_Y_RAD + 2 * axis]
                running += 1.0
                square = engine[i, GIMBAL_Y_RAD] ** 2 + engine[i, GIMBAL_Z_RAD] ** 2
                largest = max(largest, square)
        x = x / running if running > 0.0 else 0.0
        w = memory.swing[axis]
        y = band[0] * x + w[FILTER]
        w[FILTER] = band[1] * x - band[3] * y + w[FILTER + 1]
        w[FILTER + 1] = band[2] * x - band[4] * y
        if y * w[LAST] < 0.0:
            swing = w[PEAK] + w[PEAK_BEFORE]
            w[HALVES] = w[HALVES] + 1.0 if swing > OSCILLATION_RAD else 0.0
            if w[HALVES] == OSCILLATION_HALVES:
                note(memory, state, float(EVENT_OSCILLATION), now, swing)
            w[PEAK_BEFORE], w[PEAK] = w[PEAK], 0.0
        w[PEAK] = max(w[PEAK], abs(y))
        w[LAST] = y
    words[LARGEST_GIMBAL] = max(words[LARGEST_GIMBAL], math.sqrt(largest))


@inner
def watch_attitude(
    memory: WatchMemory, state: State, gnc_words: Floats, now: float, tick_s: float
) -> None:
    """Attitude error while thrust and guidance are on."""
    words, x = memory.words, state.rigid
    k = gnc_data.COMMANDED_BODY_FROM_ECI
    commanded = (gnc_words[k], gnc_words[k + 1], gnc_words[k + 2], gnc_words[k + 3])
    turn = quat_multiply((x[6], x[7], x[8], x[9]), quat_conj(commanded))
    sine = math.sqrt(turn[1] ** 2 + turn[2] ** 2 + turn[3] ** 2)
    error = 2.0 * math.atan2(sine, abs(turn[0]))
    if error > words[WORST_ERROR]:
        words[WORST_ERROR], words[WORST_ERROR_S] = error, now
    if error > NOTICEABLE_RAD and math.isnan(words[TWO_DEGREES_S]):
        words[TWO_DEGREES_S] = now
    words[LOST_FOR_S] = words[LOST_FOR_S] + tick_s if error > ATTITUDE_LOST_RAD else 0.0
    if words[LOST_FOR_S] >= ATTITUDE_LOST_S - 1e-9 and words[LOST] < 0.5:
        words[LOST] = 1.0
        note(memory, state, float(EVENT_ATTITUDE_LOST), now, error)


@inner
def watch_structure(watch: Watch, memory: WatchMemory, state: State, now: float) -> None:
    """Loads against limits; beyond one the body breaks."""
    words, aux = memory.words, state.aux
    spare_moment = watch.bending_moment_limit_nm - state.words[MOMENT_NM]
    spare_q_alpha = watch.q_alpha_limit_parad - aux[7] * aux[8]
    if spare_moment < words[LEAST_MOMENT]:
        words[LEAST_MOMENT], words[LEAST_MOMENT_S] = spare_moment, now
    if spare_q_alpha < words[LEAST_Q_ALPHA]:
        words[LEAST_Q_ALPHA], words[LEAST_Q_ALPHA_S] = spare_q_alpha, now
    if min(spare_moment, spare_q_alpha) < 0.0 and words[BROKEN] < 0.5:
        words[BROKEN] = 1.0
        note(memory, state, float(EVENT_LIMIT), now, 0.0 if spare_moment < 0.0 else 1.0)


@inner
def watch_ledger(memory: WatchMemory, state: State) -> None:
    """Book what the tick did to the inertial speed; gravity is what the sensed leaves over.

    Body vectors are turned by the attitude of mid-tick and laid along the mean velocity.
    """
    words, x, k = memory.words, state.rigid, ATTITUDE_BEFORE
    v0 = (words[SPEED_BEFORE], words[SPEED_BEFORE + 1], words[SPEED_BEFORE + 2])
    v1 = (x[3], x[4], x[5])
    middle = quat_normalise(
        (words[k] + x[6], words[k + 1] + x[7], words[k + 2] + x[8], words[k + 3] + x[9])
    )
    along = quat_rotate(middle, unit(add(v0, v1)))
    thrust, lost, sensed, ideal = 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        each = state.words[IDEAL_MPS + i]
        ideal += each * each
        thrust += each * along[i]
        lost += state.words[BACK_MPS + i] * along[i]
        sensed += x[13 + i] * along[i]
    ideal = math.sqrt(ideal)
    words[IDEAL_DV] += ideal
    words[STEERING_DV] -= ideal - thrust
    words[BACK_PRESSURE_DV] -= lost
    words[DRAG_DV] += sensed - thrust + lost
    words[GRAVITY_DV] += norm(v1) - norm(v0) - sensed
    keep_motion(memory, state)


@inner
def keep_motion(memory: WatchMemory, state: State) -> None:
    """Velocity and attitude at the end of a tick, for the next."""
    for i in range(3):
        memory.words[SPEED_BEFORE + i] = state.rigid[3 + i]
    for i in range(4):
        memory.words[ATTITUDE_BEFORE + i] = state.rigid[6 + i]


@inner
def keep_last(last: Floats, state: State, end: float) -> None:
    """The body as it is at mission clock `end`."""
    last[LAST_S] = end
    for i in range(13):
        last[LAST_RIGID + i] = state.rigid[i]
    for k in range(state.tank_kg.size):
        last[LAST_TANKS_KG + k] = state.tank_kg[k]


@inner
def watch_tick(
    watch: Watch, tick_s: float, now: float, flown: float, clock: Floats, state: State,
    gnc_words: Floats, told: Floats, healthy: Floats, memory: WatchMemory,
) -> None:  # fmt: skip
    """Look at the tick that began at mission clock `now`, after it."""
    words, aux = memory.words, state.aux
    if gnc_words[gnc_data.PHASE] != words[PHASE]:
        words[PHASE] = gnc_words[gnc_data.PHASE]
        note(memory, state, float(EVENT_PHASE), now, words[PHASE])
    watch_engines(memory, state, told, healthy, now + flown)
    if now < clock[T0_S]:
        keep_motion(memory, state)
        return
    if now == clock[T0_S]:
        note(memory, state, float(EVENT_LIFTOFF), now, 0.0)
    thrust = 1.0 if state.loads[16] > 0.0 else 0.0
    if thrust + words[THRUST_BEFORE] > 0.5:
        keep_last(memory.last, state, now + flown)
    words[THRUST_BEFORE] = thrust
    watch_ledger(memory, state)
    watch_structure(watch, memory, state, now)
    if state.loads[16] > 0.0 and now < clock[CUT_S] and words[BROKEN] < 0.5:
        watch_swing(watch.band, memory, state, now)
        watch_attitude(memory, state, gnc_words, now, tick_s)
        if aux[7] > words[TOP_Q + 6]:
            top = words[TOP_Q : TOP_Q + EVENT_SIZE]
            describe(top, state, float(EVENT_MAX_Q), now, 0.0)
    if aux[6] > aux[5] > 0.0 and words[MACH_SEEN] < 0.5:
        words[MACH_SEEN] = 1.0
        note(memory, state, float(EVENT_MACH_1), now, 0.0)
    if state.words[STATUS] == IMPACTED:
        note(memory, state, float(EVENT_IMPACT), now + flown, aux[22])
