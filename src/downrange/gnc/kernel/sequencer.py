"""Which phase of the flight it is, and what the engines are to do in it."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.frames import dot, norm
from downrange.gnc.kernel.data import (
    ACCELERATION_LIMIT_MPS2,
    ACCELERATION_MPS2,
    AIR_DENSITY_KGPM3,
    ALTITUDE_M,
    BEFORE,
    CALLED_OFF,
    CHAMBER_MIN,
    CHAMBER_SUM,
    CUT_MPS2,
    CUT_S,
    ENGINE_STAGE,
    FAILED,
    FIRST_ROW,
    FORCE_MPS2,
    GROUP,
    GUIDANCE_FAILED,
    HEALTHY_ENGINES,
    HEATING_WPM2,
    HEIGHT_M,
    JETTISONS,
    LAST_CLOCK_S,
    LAST_ROW,
    LEFT_MPS,
    LOW_TIME_S,
    NAV_ALTITUDE_M,
    NAV_SPEED_MPS,
    NOW,
    ON_TIME_S,
    PAD_ALTITUDE_M,
    PASSIVATES,
    PENDING_PHASE,
    PHASE,
    PHASE_START_S,
    PHASE_TIME_S,
    POSITION_ECI_M,
    PROPELLANT_FRACTION,
    RELEASE_S,
    RELEASES,
    SENSE,
    SEPARATES,
    SIGNAL,
    SIGNAL_CLOCK_S,
    SIGNALS,
    SLOW,
    SMOOTH_SIGNALS,
    SPEED_MPS,
    STAGE,
    TAIL_MPS,
    TAIL_RATIO,
    TANK_FRACTION_MIN,
    TARGET,
    THRESHOLD,
    THROTTLE,
    THRUST_VAC_N,
    TICK_S,
    TIME_SINCE_RELEASE_S,
    TIME_TO_APOGEE_S,
    TIME_TO_RADIUS_S,
    VELOCITY_ECI_MPS,
    VELOCITY_TO_GO_MPS,
    Floats,
    Monitor,
    Phases,
    Space,
)
from downrange.gnc.kernel.insertion import has_failed
from downrange.gnc.kernel.space import time_to_apogee
from downrange.gnc.kernel.words import vector_at
from downrange.telemetry.bus import (
    ABORT,
    JETTISON_FAIRING,
    PASSIVATE,
    RELEASE_HOLD_DOWN,
    SEPARATE_STAGE,
    SLOW_TICK,
    Command,
    Measured,
)

LEAST_THROTTLE = 0.2  # that the limit on acceleration asks for
SPACE_ALTITUDE_M = 100e3  # from which orbits are looked at, and ticks may be long
SLOWEST_CLIMB_MPS = 1.0  # slower than this nothing is said of when a radius is reached
TAIL_S = 1.5  # in which a tail-off is over


@njit
def monitor(
    rule: Monitor, tick_s: float, measured: Measured, engine: Floats, command: Command
) -> None:
    """Declare an engine failed, for good, whose chamber stays low while it is asked to run."""
    for e in range(engine.shape[0]):
        engine[e, ON_TIME_S] = (engine[e, ON_TIME_S] + tick_s) * command.engine_on[e]
        low = measured.chamber_fraction[e] < rule.below_fraction * command.throttle[e]
        if low and engine[e, ON_TIME_S] > rule.start_allowance_s:
            engine[e, LOW_TIME_S] += tick_s
        else:
            engine[e, LOW_TIME_S] = 0.0
        if engine[e, LOW_TIME_S] > rule.persistence_s:
            engine[e, FAILED] = 1.0


@njit
def read_signals(
    engines: Floats,
    tanks: Floats,
    stage: float,
    attached: float,
    mu: float,
    space: Space,
    measured: Measured,
    words: Floats,
    engine: Floats,
) -> None:
    """Everything that an exit condition may look at; measured or navigated, never the truth.

    `stage` is the one whose engines run, `attached` the lowest there is.
    """
    for i in range(SIGNALS):
        words[BEFORE + i] = words[NOW + i]
    clock = words[LAST_CLOCK_S]
    if math.isnan(words[PHASE_START_S]):
        words[PHASE_START_S] = clock
    words[NOW + PHASE_TIME_S] = clock - words[PHASE_START_S]
    words[NOW + SIGNAL_CLOCK_S] = clock
    words[NOW + TIME_SINCE_RELEASE_S] = clock - words[RELEASE_S]
    words[NOW + ALTITUDE_M] = words[NAV_ALTITUDE_M]
    words[NOW + HEIGHT_M] = words[NAV_ALTITUDE_M] - words[PAD_ALTITUDE_M]
    words[NOW + SPEED_MPS] = words[NAV_SPEED_MPS]
    words[NOW + ACCELERATION_MPS2] = words[FORCE_MPS2]
    words[NOW + VELOCITY_TO_GO_MPS] = words[LEFT_MPS]
    words[NOW + TIME_TO_APOGEE_S] = words[NOW + TIME_TO_RADIUS_S] = math.nan
    if words[NAV_ALTITUDE_M] > SPACE_ALTITUDE_M:
        r, v = vector_at(words, POSITION_ECI_M), vector_at(words, VELOCITY_ECI_MPS)
        words[NOW + TIME_TO_APOGEE_S] = time_to_apogee(mu, r, v)
        climb = dot(r, v) / norm(r)
        if climb > SLOWEST_CLIMB_MPS:
            words[NOW + TIME_TO_RADIUS_S] = (space.apogee_m - norm(r)) / climb
    words[NOW + GUIDANCE_FAILED] = has_failed(words)
    words[NOW + HEATING_WPM2] = 0.5 * words[AIR_DENSITY_KGPM3] * words[NAV_SPEED_MPS] ** 3
    lowest, thrust, installed, healthy = math.inf, 0.0, 0.0, 0.0
    for e in range(engines.shape[0]):
        if engines[e, ENGINE_STAGE] == stage:
            installed += engines[e, THRUST_VAC_N]
            if engine[e, FAILED] == 0.0:
                chamber = measured.chamber_fraction[e]
                lowest = min(lowest, chamber)
                thrust += chamber * engines[e, THRUST_VAC_N]
                healthy += 1.0
    words[NOW + CHAMBER_MIN] = lowest if healthy > 0.0 else 0.0
    words[NOW + CHAMBER_SUM] = thrust / installed if installed > 0.0 else 0.0
    words[NOW + HEALTHY_ENGINES] = healthy
    lowest, left, load = 1.0, 0.0, 0.0
    for k in range(tanks.shape[0]):
        fraction = measured.tank_fraction[k]
        if tanks[k, 0] == stage:
            lowest = min(lowest, fraction)
        if tanks[k, 0] == attached:
            left += fraction * tanks[k, 1]
            load += tanks[k, 1]
    words[NOW + TANK_FRACTION_MIN] = lowest
    words[PROPELLANT_FRACTION] = left / load


@njit
def learn_tail_off(space: Space, words: Floats) -> None:
    """Measure what came after a foreseen cut-off, for the next one; call before `sequence`.

    What was sensed up to the cut-off, inside its tick, is taken off. No more than half as much
    again, or half, is believed.
    """
    since, tick_s = words[LAST_CLOCK_S] - words[CUT_S], words[TICK_S]
    if not 0.0 < since <= TAIL_S + tick_s or words[CUT_MPS2] <= 0.0:
        return
    words[TAIL_MPS] += words[FORCE_MPS2] * tick_s
    if since < tick_s:
        words[TAIL_MPS] -= words[CUT_MPS2] * (tick_s - since)
    if since > TAIL_S:
        ratio = words[TAIL_MPS] / (words[CUT_MPS2] * space.tail_off_s)
        words[TAIL_RATIO] = min(1.5, max(0.5, ratio))


@njit
def next_exit(phases: Phases, phase: int, words: Floats, tick_s: float) -> tuple[float, int]:
    """Time until the phase ends (0 now, inf not within a tick) and the phase that follows.

    A smooth signal is carried on straight into the coming tick; a group of conditions is
    met when its last one is. Of several groups the first to be met wins.
    """
    best, target = math.inf, -1
    rows, last = phases.rows, int(phases.table[phase, LAST_ROW])
    group_wait = 0.0
    for r in range(int(phases.table[phase, FIRST_ROW]), last):
        signal = int(rows[r, SIGNAL])
        sense, threshold = rows[r, SENSE], rows[r, THRESHOLD]
        gap = sense * (threshold - words[NOW + signal])
        gained = sense * (words[NOW + signal] - words[BEFORE + signal])
        wait = math.inf
        if gap <= 0.0:
            wait = 0.0
        elif signal < SMOOTH_SIGNALS and gained >= gap:
            wait = tick_s * gap / gained
        group_wait = max(group_wait, wait)
        if r + 1 == last or rows[r + 1, GROUP] != rows[r, GROUP]:
            if group_wait < best:
                best, target = group_wait, int(rows[r, TARGET])
            group_wait = 0.0
    return best, target


@njit
def sequence(
    phases: Phases,
    engines: Floats,
    tick_s: float,
    words: Floats,
    engine: Floats,
    command: Command,
) -> None:
    """Advance the sequence and command the engines and the hold-down.

    A phase changes at a tick. A cut-off that is foreseen inside the coming tick is commanded
    at its time in the tick, and the phase changes at the next.
    """
    table, clock_s = phases.table, words[LAST_CLOCK_S]
    phase, entered = int(words[PHASE]), int(words[PENDING_PHASE])
    cutoff_s = math.inf
    if entered < 0:
        wait, target = next_exit(phases, phase, words, tick_s)
        if wait == 0.0:
            entered = target
        elif wait <= tick_s and table[target, STAGE] < 0.0:
            words[PENDING_PHASE] = target
            cutoff_s = clock_s + wait
            if table[phase, STAGE] >= 0.0:
                words[CUT_S], words[CUT_MPS2] = cutoff_s, words[FORCE_MPS2]
                words[TAIL_MPS] = 0.0
    if entered >= 0:
        phase = entered
        words[PHASE] = phase
        words[PHASE_START_S] = clock_s
        words[PENDING_PHASE] = -1.0
    throttle = table[phase, THROTTLE]
    limit = table[phase, ACCELERATION_LIMIT_MPS2]
    for e in range(engines.shape[0]):
        runs = engines[e, ENGINE_STAGE] == table[phase, STAGE] and engine[e, FAILED] == 0.0
        wanted = throttle
        if words[FORCE_MPS2] > 0.5 * limit and command.engine_on[e] > 0.5:
            fit = command.throttle[e] * limit / words[FORCE_MPS2]
            wanted = min(throttle, max(LEAST_THROTTLE, fit))
        command.engine_on[e] = 1.0 if runs else 0.0
        command.throttle[e] = wanted
        command.cutoff_time_s[e] = cutoff_s
    if table[phase, RELEASES] == 1.0:
        command.discrete[RELEASE_HOLD_DOWN] = 1.0
    command.discrete[SEPARATE_STAGE] = table[phase, SEPARATES]
    command.discrete[JETTISON_FAIRING] = table[phase, JETTISONS]
    high = words[NAV_ALTITUDE_M] > SPACE_ALTITUDE_M
    command.discrete[SLOW_TICK] = table[phase, SLOW] if high else 0.0
    command.discrete[PASSIVATE] = table[phase, PASSIVATES]
    if table[phase, CALLED_OFF] == 1.0 and math.isnan(words[RELEASE_S]):
        command.discrete[ABORT] = 1.0
