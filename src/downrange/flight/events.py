"""What the watch noted, in the words that the outside relies on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from downrange.faults.kernel import Faults
from downrange.flight.kernel import watch
from downrange.safety.build import RULE_NAMES
from downrange.telemetry import Event

Row = list[float]  # EVENT_SIZE words, see kernel.watch

TOGETHER_S = 0.6  # engines that come on within this of each other make one ignition
SAME_MOMENT_S = 0.06  # engines that stop within this of each other stop together


@dataclass(frozen=True)
class Context:
    """What is needed to put names to codes."""

    body: str
    t0_s: float  # mission clock of first motion
    cut_s: float  # mission clock at which the safety system's command took effect, or inf
    engines: tuple[str, ...]  # stage1.engine.1
    stages: tuple[str, ...]
    pitch_over_phases: frozenset[int]
    passive_phases: frozenset[int]  # in which the tanks are vented
    throttles: tuple[float, ...]  # of each phase; nan without engines
    fault_texts: tuple[str, ...]  # a line for each row of the schedule that is told as a fault
    surface: str  # where an impact would be: land or sea


def events_of(
    memory: watch.WatchMemory, faults: Faults | None, end_s: float, where: Context
) -> list[Event]:
    """Events of one body in time order; end_s is the mission clock at which it stopped flying.

    Without `faults` they are those of another body.
    """
    noted: list[Row] = memory.events[: int(memory.words[watch.COUNT])].tolist()
    found = [
        *_engine_events(noted, where),
        *_single_events(noted, where),
        *(_first_body(memory, noted, faults, end_s, where) if faults is not None else ()),
    ]
    return sorted(found, key=lambda event: event.time_s)


def _event(row: Row, name: str, detail: str, where: Context) -> Event:
    return Event(
        time_s=float(row[1]) - where.t0_s,
        body=where.body,
        name=name,
        detail=detail,
        altitude_m=float(row[3]),
        speed_mps=float(row[4]),
        mach=float(row[5]),
        dynamic_pressure_pa=float(row[6]),
        latitude_deg=math.degrees(row[7]),
        longitude_deg=math.degrees(row[8]),
    )


def _single_events(noted: Sequence[Row], where: Context) -> Iterator[Event]:
    """Events that stand for themselves; an oscillation is told once."""
    oscillated = False
    for row in noted:
        number = float(row[2])
        match int(row[0]):
            case watch.EVENT_LIFTOFF:
                yield _event(row, "liftoff", "hold-down released", where)
            case watch.EVENT_PHASE:
                yield from _phase_events(row, int(number), where)
            case watch.EVENT_MACH_1:
                yield _event(row, "mach_1", "", where)
            case watch.EVENT_OSCILLATION if not oscillated:
                oscillated = True
                swing = math.degrees(number)
                yield _event(row, "oscillation", f"gimbal {swing:.1f} deg peak to peak in the "
                             "bending band, three cycles", where)  # fmt: skip
            case watch.EVENT_ATTITUDE_LOST:
                yield _event(row, "attitude_lost", f"error {math.degrees(number):.0f} deg", where)
            case watch.EVENT_LIMIT:
                what = "bending moment" if number == 0.0 else "q-alpha"
                yield _event(row, "limit_exceeded", what, where)
                yield _event(row, "breakup", f"{what} beyond the structure's limit", where)
            case watch.EVENT_TERMINATION:
                rule = RULE_NAMES[int(number) - 1][0]
                yield _event(row, "flight_termination", f"rule: {rule.replace('_', ' ')}", where)
            case watch.EVENT_PARTED | watch.EVENT_FAIRING:
                fairing = row[0] == watch.EVENT_FAIRING
                name = "fairing_jettison" if fairing else "separation"
                detail = "" if fairing else f"{where.stages[int(number)]} dropped"
                yield _event(row, name, detail, where)
            case watch.EVENT_IMPACT:
                yield _event(row, "impact", f"{where.surface}, {number:.0f} m/s", where)


def _phase_events(row: Row, phase: int, where: Context) -> Iterator[Event]:
    """What a phase of the sequence means by beginning."""
    if phase in where.pitch_over_phases:
        yield _event(row, "pitch_over", "", where)
    if phase in where.passive_phases and row[1] < where.cut_s:
        yield _event(row, "passivation", "tanks vented", where)
    if _throttled(phase, where):
        yield _event(row, "throttle", f"to {100.0 * where.throttles[phase]:.0f} %", where)


def _throttled(phase: int, where: Context) -> bool:
    """Whether a phase runs its engines at another level than the one before it in the list."""
    before = where.throttles[phase - 1] if phase > 0 else math.nan
    return not math.isnan(before + where.throttles[phase]) and where.throttles[phase] != before


def _engine_events(noted: Sequence[Row], where: Context) -> Iterator[Event]:
    """Ignitions and shut-downs, engines that act together in one event."""
    on = [row for row in noted if row[0] == watch.EVENT_ENGINE_ON]
    off = [row for row in noted if row[0] in (watch.EVENT_ENGINE_OFF, watch.EVENT_ENGINE_FAILED)]
    running: set[int] = set()
    groups = [(rows, True) for rows in _together(on, TOGETHER_S)]
    groups += [(rows, False) for rows in _together(off, SAME_MOMENT_S)]
    for rows, started in sorted(groups, key=lambda group: float(group[0][0][1])):
        engines = [int(row[2]) for row in rows]
        names = _engine_names(engines, where.engines)
        if started:
            running |= set(engines)
            yield _event(rows[0], "ignition", names, where)
            continue
        stages = {where.engines[i].split(".")[0] for i in engines}
        running -= set(engines)
        left = {where.engines[i].split(".")[0] for i in running}
        failed = all(row[0] == watch.EVENT_ENGINE_FAILED for row in rows)
        if float(rows[0][1]) >= where.cut_s - SAME_MOMENT_S:
            yield _event(rows[0], "engine_shutdown", f"{names}, by the safety system", where)
        elif failed:
            yield _event(rows[0], "engine_failed", names, where)
        elif stages & left or float(rows[0][1]) < where.t0_s:  # or called off on the pad
            yield _event(rows[0], "engine_shutdown", names, where)
        else:
            first = where.engines[0].split(".")[0] in stages
            yield _event(rows[0], "meco" if first else "seco", names, where)


def _together(rows: Sequence[Row], gap_s: float) -> list[list[Row]]:
    """Rows in time order, in groups whose members follow each other within a gap."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda each: float(each[1])):
        if groups and row[1] - groups[-1][-1][1] <= gap_s:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _engine_names(engines: Sequence[int], names: Sequence[str]) -> str:
    if len(engines) == 1:
        return names[engines[0]]
    stage = names[engines[0]].split(".")[0]
    return f"{stage}, {len(engines)} engines"


def _first_body(
    memory: watch.WatchMemory, noted: Sequence[Row], faults: Faults, end_s: float, where: Context
) -> Iterator[Event]:
    """What is told once, of the body that stood on the pad."""
    yield from _max_q(memory, noted, end_s, where)
    yield from _fault_events(faults, end_s, where)


def _max_q(
    memory: watch.WatchMemory, noted: Sequence[Row], end_s: float, where: Context
) -> Iterator[Event]:
    """The largest dynamic pressure under thrust, if it was passed and not merely cut short."""
    row = memory.words[watch.TOP_Q : watch.TOP_Q + watch.EVENT_SIZE].tolist()
    starts = [r for r in noted if r[0] == watch.EVENT_ENGINE_ON]
    stops = [float(r[1]) for r in noted
             if r[0] in (watch.EVENT_ENGINE_OFF, watch.EVENT_ENGINE_FAILED)]  # fmt: skip
    last_thrust_s = max(stops) if stops and len(stops) == len(starts) else end_s
    if row[6] > 0.0 and row[1] < min(last_thrust_s, where.cut_s) - 1.0:
        yield _event(row, "max_q", f"{row[6] / 1000.0:.1f} kPa", where)


def _fault_events(faults: Faults, end_s: float, where: Context) -> Iterator[Event]:
    """Each stated fault when it sets in; one that is there from the start shows at T0."""
    for start_s, text in zip(faults.start_s, where.fault_texts, strict=False):
        time_s = max(float(start_s), 0.0)
        if time_s <= end_s - where.t0_s:
            yield Event(time_s, where.body, "fault", text)
