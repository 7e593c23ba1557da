"""What moved between two recordings: every number follows from what the test moves."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from made_up_flight import EVENTS, SUMMARY, healthy_flight, lost_flight

from downrange.review import Changes, ChannelMoved, changes
from downrange.telemetry import Body, Event, Recording, Telemetry

TIME = np.arange(0.0, 10.5, 0.5)


def flight(events: tuple[Event, ...] = (), **columns: Any) -> Recording:
    """A recording of one body with a clock of half seconds."""
    table = Telemetry.from_columns({"time_s": TIME, **columns})
    return Recording({"stage1": Body("stage1", table)}, events)


def only(found: Changes) -> ChannelMoved:
    assert len(found.channels) == 1
    return found.channels[0]


def test_a_flight_is_the_same_as_itself() -> None:
    found = changes(lost_flight(), lost_flight())
    assert found.same
    assert found.conditions == ()
    # All channels but time, gaps and all.
    assert found.compared == len(lost_flight().bodies["stage1"].telemetry.names) - 1


def test_the_largest_change_of_a_channel_with_time_sign_and_range() -> None:
    after = 3.0 * TIME
    after[8] -= 7.5
    moved = only(changes(flight(altitude_m=3.0 * TIME), flight(altitude_m=after)))
    assert (moved.body, moved.name, moved.unit) == ("stage1", "altitude_m", "m")
    assert (moved.largest, moved.time_s, moved.alone) == (-7.5, 4.0, 0)
    assert moved.span == 30.0
    assert moved.share == 0.25


def test_the_largest_share_of_its_range_comes_first() -> None:
    before = flight(altitude_m=1000.0 * TIME, mach=0.1 * TIME, mass_kg=10.0 + TIME)
    after = flight(altitude_m=1000.0 * TIME + 1.0, mach=0.1 * TIME + 0.5, mass_kg=10.0 + TIME)
    found = changes(before, after)
    assert [each.name for each in found.channels] == ["mach", "altitude_m"]
    assert found.compared == 3


def test_samples_at_other_times_are_taken_between() -> None:
    """A straight line is the same at whatever times it is sampled."""
    table = Telemetry.from_columns({"time_s": [0.0, 0.8, 10.0], "altitude_m": [0.0, 2.4, 30.0]})
    coarse = Recording({"stage1": Body("stage1", table)})
    assert changes(flight(altitude_m=3.0 * TIME), coarse, 1e-12).channels == ()
    assert changes(coarse, flight(altitude_m=3.0 * TIME), 1e-12).channels == ()


def test_only_the_time_that_both_cover_is_compared() -> None:
    table = Telemetry.from_columns({"time_s": [4.0, 6.0], "altitude_m": [13.0, 19.0]})
    found = changes(flight(altitude_m=3.0 * TIME), Recording({"stage1": Body("stage1", table)}))
    assert only(found).largest == 1.0
    ends = {each.path: (each.before, each.after) for each in found.figures}
    assert ends == {
        "telemetry.stage1.first_time_s": (0.0, 4.0), "telemetry.stage1.last_time_s": (10.0, 6.0),
    }  # fmt: skip


def test_flights_at_no_common_time_or_of_no_samples_differ() -> None:
    for times in ([20.0, 30.0], []):
        table = Telemetry.from_columns({"time_s": times, "altitude_m": times})
        other = Recording({"stage1": Body("stage1", table)})
        for pair in ((flight(altitude_m=TIME), other), (other, flight(altitude_m=TIME))):
            found = changes(*pair)
            assert found.channels == ()
            assert {each.path for each in found.figures} == {
                "telemetry.stage1.first_time_s", "telemetry.stage1.last_time_s",
            }  # fmt: skip


def test_a_number_where_there_was_none_is_a_change() -> None:
    gap = 2.0 * TIME
    gap[5:9] = np.nan
    for before, after in ((gap, 2.0 * TIME), (2.0 * TIME, gap)):
        moved = only(changes(flight(speed_mps=before), flight(speed_mps=after), 0.5))
        assert (moved.alone, moved.alone_time_s) == (4, 2.5)
        assert moved.largest == 0.0
        assert moved.share == 1.0
    assert changes(flight(speed_mps=gap), flight(speed_mps=gap.copy())).same
    none = np.full_like(TIME, np.nan)
    moved = only(changes(flight(speed_mps=none), flight(speed_mps=TIME)))
    assert math.isnan(moved.largest)
    assert moved.alone == len(TIME)


def test_angles_go_the_short_way_round_past_a_gap() -> None:
    before, after = (359.0 + 0.5 * TIME) % 360.0, (0.5 + 0.5 * TIME) % 360.0
    before[:3] = after[:3] = np.nan
    moved = only(changes(flight(yaw_deg=before), flight(yaw_deg=after)))
    assert moved.largest == pytest.approx(1.5, abs=1e-12)
    between = Telemetry.from_columns({"time_s": [0.0, 10.0], "yaw_deg": [358.0, 2.0]})
    turned = Recording({"stage1": Body("stage1", between)})
    assert changes(flight(yaw_deg=(358.0 + 0.4 * TIME) % 360.0), turned, 1e-9).channels == ()


def test_where_the_clock_stands_the_last_sample_counts() -> None:
    def stepped(first: float) -> Recording:
        times, mass = [0.0, 1.0, 1.0, 2.0], [9.0, first, 4.0, 4.0]
        table = Telemetry.from_columns({"time_s": times, "mass_kg": mass})
        return Recording({"stage1": Body("stage1", table)})

    assert changes(stepped(9.0), stepped(8.0)).same


def test_a_missing_body_and_a_missing_channel() -> None:
    one = flight(altitude_m=TIME, mach=TIME)
    two = flight(altitude_m=TIME)
    two.bodies["stage2"] = Body("stage2", two.bodies["stage1"].telemetry)
    for found, channel_in, body_in in (
        (changes(one, two), "after", "before"), (changes(two, one), "before", "after"),
    ):  # fmt: skip
        missing = {(each.body, each.channel, each.missing_in) for each in found.missing}
        assert missing == {("stage1", "mach", channel_in), ("stage2", "", body_in)}
        assert not found.same
        assert found.channels == ()


def test_events_that_moved_changed_or_are_there_in_one_alone() -> None:
    def told(*rows: tuple[float, str, str]) -> Recording:
        return flight(tuple(Event(time, "stage1", name, text) for time, name, text in rows))

    before = told((0.0, "liftoff", ""), (5.0, "engine_shutdown", "engine 1"),
                  (6.0, "engine_shutdown", "engine 2"), (7.0, "max_q", "30 kPa"))  # fmt: skip
    after = told((0.0, "liftoff", ""), (6.0, "engine_shutdown", "engine 2"),
                 (6.5, "engine_shutdown", "engine 1"), (7.0, "max_q", "31 kPa"),
                 (8.0, "meco", ""))  # fmt: skip
    shut, peak, new = changes(before, after).events
    assert (shut.name, shut.number, shut.before_detail, shut.change_s) == (
        "engine_shutdown", 1, "engine 1", 1.5,
    )  # fmt: skip
    assert (peak.before_detail, peak.after_detail, peak.change_s) == ("30 kPa", "31 kPa", 0.0)
    assert (new.name, new.after_s) == ("meco", 8.0)
    assert math.isnan(new.before_s)
    back = changes(after, before).events[-1]
    assert (back.name, back.before_s) == ("meco", 8.0)
    assert math.isnan(back.after_s)


def test_times_of_events_are_tolerated_by_the_flights_duration() -> None:
    late = tuple(
        dataclasses.replace(event, time_s=event.time_s + 0.05 * (event.name == "max_q"))
        for event in (*EVENTS, Event(40.0, "stage1", "max_q"))
    )
    before = dataclasses.replace(lost_flight(), events=(*EVENTS, Event(40.0, "stage1", "max_q")))
    after = dataclasses.replace(lost_flight(), events=late)
    lasts_s = EVENTS[-1].time_s - EVENTS[0].time_s
    assert changes(before, after, 0.051 / lasts_s).events == ()
    assert len(changes(before, after, 0.049 / lasts_s).events) == 1


def test_figures_by_path_with_their_unit() -> None:
    summary = json.loads(json.dumps(SUMMARY))
    summary["bodies"]["stage1"] |= {"impact_speed_mps": 180.0, "outcome": "splashed"}
    summary["objectives"][3]["met"] = True
    summary["margins"]["attitude_deg"]["smallest"] = -100.0
    summary["timing"]["fly_s"] = 77.0
    found = changes(lost_flight(), dataclasses.replace(lost_flight(), summary=summary))
    told = {each.path: (each.before, each.after, each.unit) for each in found.figures}
    assert told == {
        "bodies.stage1.impact_speed_mps": (187.0, 180.0, "m/s"),
        "bodies.stage1.outcome": ("impacted", "splashed", "1"),
        "objectives.orbit.met": (None, True, "1"),
        "margins.attitude_deg.smallest": (-110.0, -100.0, "deg"),
    }
    by_path = {each.path: each.change for each in found.figures}
    assert by_path["bodies.stage1.impact_speed_mps"] == -7.0
    assert math.isnan(by_path["bodies.stage1.outcome"])


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [(True, 1, False), (0, None, False), (None, None, True), (float("nan"), None, True),
     (1, 1.0, True), ("a", "b", False)],
)  # fmt: skip
def test_words_and_absent_figures(before: Any, after: Any, same: bool) -> None:
    pair = (Recording({}, summary={"orbit": {"x": each}}) for each in (before, after))
    assert changes(*pair).same is same


def test_what_was_flown_is_told_apart_from_what_came_of_it() -> None:
    summary = SUMMARY | {"seed": 2, "mission_hash": "0", "dispersed": ["wind"]}
    found = changes(lost_flight(), dataclasses.replace(lost_flight(), summary=summary))
    assert found.same
    assert {each.path for each in found.conditions} == {"seed", "mission_hash", "dispersed.0"}


def test_numbers_of_the_plan_are_figures() -> None:
    one, two = (
        dataclasses.replace(lost_flight(), plan={"kick_pitch_deg": x, "ascent": {"time_s": [x]}})
        for x in (2.0, 2.5)
    )
    (kick,) = changes(one, two).figures
    assert (kick.path, kick.change, kick.unit) == ("plan.kick_pitch_deg", 0.5, "deg")


def test_what_is_tolerated_is_left_out() -> None:
    before = flight(altitude_m=10.0 * TIME)
    after = flight(altitude_m=10.0 * TIME + 1e-3)
    assert changes(before, after, 2e-5).same
    assert len(changes(before, after, 5e-6).channels) == 1


def test_rounding_of_what_stands_still_is_only_tolerated_with_a_tolerance() -> None:
    """A channel of zeros has no range to be a share of."""
    before, after = flight(p_radps=0.0 * TIME), flight(p_radps=0.0 * TIME + 1e-16)
    assert only(changes(before, after)).share == 1.0
    assert changes(before, after, 1e-9).same
    assert not changes(before, flight(p_radps=0.0 * TIME + 1e-6), 1e-9).same


@pytest.mark.parametrize("tolerance", [-1e-6, math.nan, math.inf])
def test_a_tolerance_that_is_none(tolerance: float) -> None:
    with pytest.raises(ValueError, match="0 or above"):
        changes(lost_flight(), lost_flight(), tolerance)


def test_a_lost_flight_beside_its_plan() -> None:
    found = changes(healthy_flight(), lost_flight())
    assert not found.same
    assert [each.name for each in found.events] == [event.name for event in EVENTS[3:]]
    assert {each.path for each in found.conditions} == {"planned"}
    outcome = next(each for each in found.figures if each.path == "outcome")
    assert (outcome.before, outcome.after) == ("success", "terminated")
