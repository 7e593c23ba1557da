"""From what the watch noted to events with names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest

from downrange.faults.kernel import Faults
from downrange.flight.events import Context, events_of
from downrange.flight.kernel import watch
from downrange.telemetry import Event

ENGINES = (*(f"stage1.engine.{k}" for k in range(1, 10)), "stage2.engine.1")
WHERE = Context(
    body="stage1",
    t0_s=2.0,
    cut_s=math.inf,
    engines=ENGINES,
    stages=("stage1", "stage2"),
    pitch_over_phases=frozenset({2}),
    passive_phases=frozenset({5}),
    throttles=(1.0, 1.0, 1.0, 0.7, 1.0, math.nan),
    fault_texts=(),
    surface="sea",
)
Note = tuple[int, float, float]  # code, mission clock, value


def told(
    notes: Sequence[Note],
    where: Context = WHERE,
    end_s: float = 100.0,
    faults: Sequence[tuple[float, ...]] = (),
    top_q: tuple[float, float] = (0.0, 0.0),
) -> list[Event]:
    """Events of a flight of which these notes were made; top_q is its time and pressure."""
    memory = watch.WatchMemory(
        np.zeros(watch.WORDS), np.zeros((watch.EVENTS_MOST, watch.EVENT_SIZE)), np.zeros(10),
        np.zeros((2, watch.SWING_SIZE)), np.full(watch.LAST_TANKS_KG + 4, math.nan),
    )  # fmt: skip
    for row, (code, clock_s, value) in zip(memory.events, notes, strict=False):
        # Altitude 100 m a second, speed 10 m/s a second, then Mach, Pa, 69 N, 16 E.
        row[:] = (code, clock_s, value, 100.0 * clock_s, 10.0 * clock_s, 0.5, 4000.0,
                  math.radians(69.0), math.radians(16.0))  # fmt: skip
    memory.words[watch.COUNT] = len(notes)
    memory.words[watch.TOP_Q : watch.TOP_Q + watch.EVENT_SIZE] = (
        watch.EVENT_MAX_Q, top_q[0], 0.0, 9000.0, 400.0, 1.3, top_q[1], 1.2, 0.27,
    )  # fmt: skip
    return events_of(memory, Faults(np.array(faults).reshape(-1, 4)), end_s, where)


def on(engines: range, clock_s: float, apart_s: float = 0.0) -> list[Note]:
    return [(watch.EVENT_ENGINE_ON, clock_s + apart_s * k, i) for k, i in enumerate(engines)]


def off(engines: range, clock_s: float, code: int = watch.EVENT_ENGINE_OFF) -> list[Note]:
    return [(code, clock_s, i) for i in engines]


def names(events: Sequence[Event]) -> list[str]:
    return [event.name for event in events]


def test_an_event_has_the_state_in_which_it_happened() -> None:
    (event,) = told([(watch.EVENT_LIFTOFF, 2.0, 0.0)])
    assert event == Event(
        time_s=0.0, body="stage1", name="liftoff", detail="hold-down released",
        altitude_m=200.0, speed_mps=20.0, mach=0.5, dynamic_pressure_pa=4000.0,
        latitude_deg=pytest.approx(69.0), longitude_deg=pytest.approx(16.0),
    )  # fmt: skip


def test_engines_that_start_one_after_the_other_are_one_ignition() -> None:
    events = told(on(range(9), 0.0, apart_s=0.1))
    assert [(e.name, e.detail, e.time_s) for e in events] == [
        ("ignition", "stage1, 9 engines", -2.0)
    ]


def test_an_upper_stage_lights_by_itself() -> None:
    events = told([*on(range(9), 0.0), *off(range(9), 150.0), *on(range(9, 10), 155.0)])
    assert [(e.name, e.detail) for e in events] == [
        ("ignition", "stage1, 9 engines"),
        ("meco", "stage1, 9 engines"),
        ("ignition", "stage2.engine.1"),
    ]


def test_the_last_engine_of_the_first_stage_is_meco_that_of_a_later_one_seco() -> None:
    notes = [*on(range(9), 0.0), *off(range(9), 150.0), *on(range(9, 10), 155.0),
             *off(range(9, 10), 400.0)]  # fmt: skip
    assert names(told(notes, end_s=500.0)) == ["ignition", "meco", "ignition", "seco"]


def test_some_engines_off_while_others_run_are_a_shutdown() -> None:
    notes = [*on(range(9), 0.0), *off(range(2), 100.0), *off(range(2, 9), 150.0)]
    events = told(notes, end_s=200.0)
    assert [(e.name, e.detail) for e in events[1:]] == [
        ("engine_shutdown", "stage1, 2 engines"),
        ("meco", "stage1, 7 engines"),
    ]


def test_engines_that_run_dry_a_moment_apart_stop_together() -> None:
    notes = [*on(range(9), 0.0), *off(range(5), 150.0), *off(range(5, 9), 150.04)]
    assert names(told(notes, end_s=200.0)) == ["ignition", "meco"]


def test_engines_called_off_on_the_pad_are_no_burn_out() -> None:
    assert names(told([*on(range(9), 0.0), *off(range(9), 1.5)])) == ["ignition", "engine_shutdown"]


def test_an_engine_that_was_not_told_to_stop_has_failed() -> None:
    notes = [*on(range(9), 0.0), *off(range(4, 5), 22.0, watch.EVENT_ENGINE_FAILED)]
    event = told(notes)[-1]
    assert (event.name, event.detail, event.time_s) == ("engine_failed", "stage1.engine.5", 20.0)


def test_the_last_engine_that_fails_is_a_failure_and_no_meco() -> None:
    notes = [*on(range(1), 0.0), *off(range(1), 22.0, watch.EVENT_ENGINE_FAILED)]
    assert names(told(notes)) == ["ignition", "engine_failed"]


def test_what_the_safety_system_stops_is_laid_to_it() -> None:
    where = dataclasses.replace(WHERE, cut_s=32.0)
    notes = [*on(range(9), 0.0), (watch.EVENT_TERMINATION, 31.7, 4.0),
             *off(range(9), 32.0, watch.EVENT_ENGINE_FAILED)]  # fmt: skip
    events = told(notes, where)
    assert names(events) == ["ignition", "flight_termination", "engine_shutdown"]
    assert events[1].detail == "rule: attitude"
    assert events[2].detail == "stage1, 9 engines, by the safety system"


@pytest.mark.parametrize(
    ("code", "rule"),
    [(1, "impact corridor"), (2, "position corridor"), (3, "protected places"), (4, "attitude"),
     (5, "data loss")],
)  # fmt: skip
def test_a_termination_names_its_rule(code: int, rule: str) -> None:
    (event,) = told([(watch.EVENT_TERMINATION, 30.0, float(code))])
    assert event.detail == f"rule: {rule}"


def test_a_phase_is_an_event_where_it_pitches_over_throttles_or_vents() -> None:
    phases: list[Note] = [(watch.EVENT_PHASE, float(k), float(k)) for k in range(6)]
    events = told(phases)
    assert [(event.name, event.detail, event.time_s) for event in events] == [
        ("pitch_over", "", 0.0),
        ("throttle", "to 70 %", 1.0),
        ("throttle", "to 100 %", 2.0),
        ("passivation", "tanks vented", 3.0),
    ]


def test_nothing_is_vented_after_a_termination() -> None:
    ended = dataclasses.replace(WHERE, cut_s=4.0)
    assert told([(watch.EVENT_PHASE, 5.0, 5.0)], where=ended) == []


def test_an_oscillation_is_told_once_and_how_large_it_was() -> None:
    notes = [(watch.EVENT_OSCILLATION, t, math.radians(1.53)) for t in (10.0, 12.0, 15.0)]
    (event,) = told(notes)
    assert event.time_s == 8.0
    assert "1.5 deg peak to peak" in event.detail


def test_lost_attitude_and_mach_1() -> None:
    notes = [(watch.EVENT_MACH_1, 40.0, 0.0), (watch.EVENT_ATTITUDE_LOST, 27.0, math.radians(31))]
    events = told(notes)
    assert [(e.name, e.detail, e.time_s) for e in events] == [
        ("attitude_lost", "error 31 deg", 25.0), ("mach_1", "", 38.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "what"), [(0.0, "bending moment"), (1.0, "q-alpha")])
def test_a_limit_passed_is_a_break_up(value: float, what: str) -> None:
    events = told([(watch.EVENT_LIMIT, 40.0, value)])
    assert names(events) == ["limit_exceeded", "breakup"]
    assert all(what in event.detail for event in events)


def test_an_impact_says_on_what_and_how_fast() -> None:
    (event,) = told([(watch.EVENT_IMPACT, 55.0, 123.4)])
    assert (event.name, event.detail, event.time_s) == ("impact", "sea, 123 m/s", 53.0)


def test_the_largest_dynamic_pressure_is_told_when_it_was_passed() -> None:
    notes = [*on(range(9), 0.0), *off(range(9), 150.0)]
    event = next(e for e in told(notes, top_q=(66.0, 36123.0), end_s=200.0) if e.name == "max_q")
    assert (event.time_s, event.detail, event.altitude_m) == (64.0, "36.1 kPa", 9000.0)
    assert event.dynamic_pressure_pa == 36123.0


@pytest.mark.parametrize(
    ("notes", "cut_s", "end_s"),
    [
        # still rising when thrust ended, when the safety system cut it, when the flight ended
        ([*on(range(9), 0.0), *off(range(9), 66.5)], math.inf, 200.0),
        (on(range(9), 0.0), 66.5, 200.0),
        (on(range(9), 0.0), math.inf, 66.5),
    ],
)
def test_a_pressure_that_was_merely_cut_short_is_no_maximum(
    notes: list[Note], cut_s: float, end_s: float
) -> None:
    where = dataclasses.replace(WHERE, cut_s=cut_s)
    assert "max_q" not in names(told(notes, where, end_s, top_q=(66.0, 36123.0)))


def test_one_engine_off_early_does_not_hide_the_maximum() -> None:
    notes = [*on(range(9), 0.0), *off(range(1), 20.0, watch.EVENT_ENGINE_FAILED)]
    assert "max_q" in names(told(notes, end_s=200.0, top_q=(66.0, 36123.0)))


def test_no_air_no_maximum() -> None:
    assert names(told(on(range(9), 0.0), top_q=(0.0, 0.0))) == ["ignition"]


def test_faults_are_told_when_they_set_in_and_from_the_start_at_t0() -> None:
    where = dataclasses.replace(WHERE, fault_texts=("soft", "imu: fail at 12 s", "late"))
    rows = [(4.0, 0.0, -math.inf, 0.8), (2.0, 0.0, 12.0, math.nan), (3.0, 0.0, 99.0, math.nan)]
    events = told([], where, end_s=50.0, faults=rows)
    assert [(e.name, e.detail, e.time_s) for e in events] == [
        ("fault", "soft", 0.0), ("fault", "imu: fail at 12 s", 12.0),
    ]  # fmt: skip


def test_events_come_in_the_order_of_time() -> None:
    notes = [(watch.EVENT_IMPACT, 55.0, 100.0), (watch.EVENT_MACH_1, 40.0, 0.0), *on(range(9), 0.0),
             (watch.EVENT_LIFTOFF, 2.0, 0.0)]  # fmt: skip
    times = [event.time_s for event in told(notes)]
    assert times == sorted(times)
    assert len(times) == 4


def test_words_beyond_the_count_are_not_read() -> None:
    assert told([]) == []
