"""What an onlooker notes at tick rate: events with the state in which they happened.

The watch sees the truth and touches nothing but its own memory, save that a structure loaded
beyond its limit is broken from then on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.dynamics.kernel.advance import IMPACTED, State
from downrange.earth.kernel.frames import quat_conj, quat_multiply
from downrange.gnc.kernel import data as gnc_data

if TYPE_CHECKING:
    from downrange.flight.kernel.loop import Flight, Numbers

Floats = NDArray[np.float64]

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
WORDS = 22

ATTITUDE_LOST_RAD = math.radians(30.0)
ATTITUDE_LOST_S = 0.2
OSCILLATION_RAD = math.radians(1.0)  # peak to peak
OSCILLATION_HALVES = 6  # three cycles
NOTICEABLE_RAD = math.radians(2.0)


class Watch(NamedTuple):
    """What the watch looks for."""

    band: Floats  # (5,) b0, b1, b2, a1, a2 of the band-pass about the bending modes
    bending_moment_limit_nm: float
    q_alpha_limit_parad: float


class WatchMemory(NamedTuple):
    """What it has seen."""

    words: Floats  # (WORDS,)
    events: Floats  # (EVENTS_MOST, EVENT_SIZE)
    engine_on: Floats  # (engines,)
    band: Floats  # (2 axes, 2) filter states
    swing: Floats  # (2 axes, 4): last filtered, peak of this half, of the last, halves in a row
    broken: Floats  # (1,)


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


@njit
def watch_engines(f: Flight, now: float, flown: float) -> None:
    """Engines that came on, were shut down or failed."""
    memory, state = f.watch, f.state
    for i in range(state.engine.shape[0]):
        on = state.engine[i, 1]
        if on == memory.engine_on[i]:
            continue
        memory.engine_on[i] = on
        when = now + flown - state.engine[i, 2]
        code = EVENT_ENGINE_ON
        if on < 0.5:
            failed = f.health.engine_ok[i] < 0.5 and f.command.engine_on[i] > 0.5
            code = EVENT_ENGINE_FAILED if failed else EVENT_ENGINE_OFF
        note(memory, state, code, when, float(i))


@njit
def watch_swing(n: Numbers, f: Flight, now: float) -> None:
    """Gimbal motion in the bending band: over a degree peak to peak for three cycles."""
    memory, engine = f.watch, f.state.engine
    b0, b1, b2, a1, a2 = n.watch.band
    for axis in range(2):
        x, running = 0.0, 0.0
        for i in range(engine.shape[0]):
            if engine[i, 0] > 0.0:
                x += engine[i, 3 + 2 * axis]
                running += 1.0
        x = x / running if running > 0.0 else 0.0
        s, w = memory.band[axis], memory.swing[axis]
        y = b0 * x + s[0]
        s[0] = b1 * x - a1 * y + s[1]
        s[1] = b2 * x - a2 * y
        if y * w[0] < 0.0:
            w[3] = w[3] + 1.0 if w[1] + w[2] > OSCILLATION_RAD else 0.0
            if w[3] == OSCILLATION_HALVES:
                note(memory, f.state, EVENT_OSCILLATION, now, w[1] + w[2])
            w[2], w[1] = w[1], 0.0
        w[1] = max(w[1], abs(y))
        w[0] = y


@njit
def watch_attitude(n: Numbers, f: Flight, now: float) -> None:
    """Attitude error while thrust and guidance are on."""
    words, m = f.watch.words, f.memory.words
    x = f.state.rigid
    k = gnc_data.COMMANDED_BODY_FROM_ECI
    commanded = (m[k], m[k + 1], m[k + 2], m[k + 3])
    turn = quat_multiply((x[6], x[7], x[8], x[9]), quat_conj(commanded))
    sine = math.sqrt(turn[1] ** 2 + turn[2] ** 2 + turn[3] ** 2)
    error = 2.0 * math.atan2(sine, abs(turn[0]))
    if error > words[WORST_ERROR]:
        words[WORST_ERROR], words[WORST_ERROR_S] = error, now
    if error > NOTICEABLE_RAD and math.isnan(words[TWO_DEGREES_S]):
        words[TWO_DEGREES_S] = now
    words[LOST_FOR_S] = words[LOST_FOR_S] + n.tick_s if error > ATTITUDE_LOST_RAD else 0.0
    if words[LOST_FOR_S] >= ATTITUDE_LOST_S - 1e-9 and words[LOST] < 0.5:
        words[LOST] = 1.0
        note(f.watch, f.state, EVENT_ATTITUDE_LOST, now, error)
    for i in range(f.state.engine.shape[0]):
        swing = math.hypot(f.state.engine[i, 3], f.state.engine[i, 5])
        words[LARGEST_GIMBAL] = max(words[LARGEST_GIMBAL], swing)


@njit
def watch_structure(n: Numbers, f: Flight, now: float) -> None:
    """Loads against limits; beyond one the body breaks."""
    words, aux = f.watch.words, f.state.aux
    q_alpha = aux[7] * aux[8]
    spare_moment = n.watch.bending_moment_limit_nm - f.state.moment[0]
    spare_q_alpha = n.watch.q_alpha_limit_parad - q_alpha
    if spare_moment < words[LEAST_MOMENT]:
        words[LEAST_MOMENT], words[LEAST_MOMENT_S] = spare_moment, now
    if spare_q_alpha < words[LEAST_Q_ALPHA]:
        words[LEAST_Q_ALPHA], words[LEAST_Q_ALPHA_S] = spare_q_alpha, now
    if min(spare_moment, spare_q_alpha) < 0.0 and f.watch.broken[0] < 0.5:
        f.watch.broken[0] = 1.0
        note(f.watch, f.state, EVENT_LIMIT, now, 0.0 if spare_moment < 0.0 else 1.0)


@njit
def watch_tick(n: Numbers, f: Flight, now: float, flown: float) -> None:
    """Look at the tick that began at mission clock `now`, after it."""
    memory, words, aux = f.watch, f.watch.words, f.state.aux
    if f.memory.words[gnc_data.PHASE] != words[PHASE]:
        words[PHASE] = f.memory.words[gnc_data.PHASE]
        note(memory, f.state, EVENT_PHASE, now, words[PHASE])
    watch_engines(f, now, flown)
    if now < f.clock[1]:
        return
    if now == f.clock[1]:
        note(memory, f.state, EVENT_LIFTOFF, now, 0.0)
    watch_structure(n, f, now)
    if f.state.loads[16] > 0.0 and now < f.clock[2] and memory.broken[0] < 0.5:
        watch_swing(n, f, now)
        watch_attitude(n, f, now)
        if aux[7] > words[TOP_Q + 6]:
            describe(words[TOP_Q : TOP_Q + EVENT_SIZE], f.state, EVENT_MAX_Q, now, 0.0)
    if aux[6] > aux[5] > 0.0 and words[MACH_SEEN] < 0.5:
        words[MACH_SEEN] = 1.0
        note(memory, f.state, EVENT_MACH_1, now, 0.0)
    if f.state.status[0] == IMPACTED:
        note(memory, f.state, EVENT_IMPACT, now + flown, aux[22])
