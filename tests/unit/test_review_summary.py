from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import PAD, SUMMARY, healthy_flight, lost_flight

from downrange.review import (
    body_rows,
    headline,
    margin_rows,
    objective_rows,
    orbit_rows,
    timeline,
)
from downrange.review.summary import pad_distance_m
from downrange.review.words import (
    body_outcome,
    body_title,
    detail_words,
    event_title,
    mission_time,
    number,
    outcome_title,
    quantity,
)
from downrange.telemetry import Body, Event, Recording, Telemetry


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "T+00:00.0"),
        (25.34, "T+00:25.3"),
        (59.96, "T+01:00.0"),
        (-2.5, "T−00:02.5"),
        (-0.01, "T+00:00.0"),
        (3725.0, "T+1:02:05.0"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_mission_time(time_s: float | None, text: str) -> None:
    assert mission_time(time_s) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (6310.0, "Pa", "6.31 kPa"),
        (1234.0, "m", "1\u202f230 m"),
        (1778.0, "m", "1.78 km"),
        (675_000.0, "N", "675 kN"),
        (1.1e6, "N m", "1.10 MN m"),
        (48_200.0, "kg", "48.2 t"),
        (-0.5, "m", "−0.500 m"),
        (12.34, "m/s^2", "12.3 m/s²"),
        (0.0, "m", "0 m"),
        (30.0, "deg", "30.0°"),
        (0.876, "1", "0.876"),
        (999.7, "Pa", "1\u202f000 Pa"),
        (None, "m", "–"),
        (math.inf, "m", "–"),
    ],
)
def test_quantities_read_well(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


@given(st.floats(1e-3, 1e6) | st.floats(-1e6, -1e-3))
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    read = float(number(value).replace("\u202f", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=5.01e-3)


def test_names_become_words() -> None:
    assert event_title("flight_termination") == "Flight termination"
    assert event_title("max_q") == "Max q"
    assert outcome_title("terminated") == "Flight terminated"
    assert body_outcome("broke_up") == "broke up"
    assert body_outcome("flying") == "still flying"
    assert body_title("stage1") == "Stage\u00a01"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("stage1, 9 engines", "stage\u00a01, 9 engines"),
        ("stage2.engine.1", "stage\u00a02 engine 1"),
        ("499.4 x 500.1 km, 95.00 deg", "499.4 \u00d7 500.1 km, 95.00\u00b0"),
        ("pitch_over at T+8.4 s", "pitch-over at T+8.4 s"),
        ("no meco; flight_termination at T+30.6 s", "no MECO; flight termination at T+30.6 s"),
        ("mach_1 at T+51.6 s; no breakup", "Mach 1 at T+51.6 s; no break-up"),
        ("stage1.engine.5.thrust: x 0.9", "stage1.engine.5.thrust: x 0.9"),
        ("", ""),
    ],
)
def test_details_are_words(detail: str, words: str) -> None:
    assert detail_words(detail) == words


def test_what_is_next_to_nothing_is_shown_as_nothing() -> None:
    events = (
        Event(900.0, "a", "impact", "", 0.05, 33.1, 0.1, 646.0),
        Event(2890.0, "a", "seco", "", 517e3, 7650.0, 12.0, 1.15e-5),
        Event(2891.0, "a", "orbit_insertion"),
    )
    rows = timeline(Recording({}, events))
    assert [(row.altitude, row.dynamic_pressure) for row in rows] == [
        ("0 m", "646 Pa"),
        ("517 km", "0 Pa"),
        ("\u2013", "\u2013"),
    ]


def test_a_fault_keeps_the_path_that_sets_it() -> None:
    event = Event(0.0, "a", "fault", "vehicle.bending.mode.1: frequency x 0.72")
    assert timeline(Recording({}, (event,)))[0].detail == event.detail


def test_timeline_is_in_order_with_units() -> None:
    rows = timeline(lost_flight())
    assert [row.time_s for row in rows] == sorted(row.time_s for row in rows)
    row = next(row for row in rows if row.name == "flight_termination")
    assert (row.time, row.what, row.detail) == ("T+00:30.0", "Flight termination", "attitude")
    assert (row.altitude, row.speed, row.dynamic_pressure) == (
        "1\u202f360 m",
        "90.0 m/s",
        "4.20 kPa",
    )


def test_like_events_at_one_time_share_a_row() -> None:
    engines = tuple(Event(10.0 + 0.05 * k, "a", "ignition", f"engine {k}") for k in range(9))
    other = (Event(10.2, "b", "ignition"), Event(11.0, "a", "ignition", "engine 9"))
    rows = timeline(Recording({}, (*engines, *other)))
    assert [(row.body, row.what) for row in rows] == [
        ("A", "Ignition × 9"),
        ("B", "Ignition"),
        ("A", "Ignition"),
    ]
    assert rows[0].detail.startswith("engine 0; engine 1")


def test_headline_says_how_why_and_where() -> None:
    assert headline(lost_flight()) == (
        "Flight terminated at T+00:30.0 (attitude). "
        "Stage\u00a01 came down in the sea at T+00:58.1, 750 m from the pad."
    )


def test_headline_of_a_flight_that_goes_on() -> None:
    flight = healthy_flight()
    ends = {"stage1": {"outcome": "flying", "end_time_s": 60.0, "end_surface": None}}
    flight = dataclasses.replace(flight, summary={**flight.summary, "bodies": ends})
    assert headline(flight) == "Success. Stage\u00a01 was still flying at T+01:00.0."


def orbit_flight() -> Recording:
    orbit = {"perigee_altitude_m": 499.44e3, "apogee_altitude_m": 500.08e3}
    down = {"outcome": "impacted", "end_surface": "sea", "end_longitude_deg": PAD[1]}
    ends = {
        "stage1": {**down, "end_latitude_deg": PAD[0] + 5.0},
        "stage2": {"outcome": "in_orbit", "orbit": {**orbit, "inclination_deg": 95.0}},
        "fairing_left": {**down, "end_latitude_deg": PAD[0] + 8.0},
    }
    summary = {
        "outcome": "success",
        "bodies": ends,
        "orbit": ends["stage2"]["orbit"],
        "target": {**orbit, "apogee_altitude_m": 500e3, "inclination_deg": 95.0000001},
    }
    return dataclasses.replace(healthy_flight(), summary=summary)


def test_headline_of_an_orbit_tells_it_first_and_the_rest_at_once() -> None:
    # A degree of latitude is 111.195 km on the sphere of 6,371 km.
    assert headline(orbit_flight()) == (
        "Success. Stage\u00a02 in orbit, 499.4 \u00d7 500.1 km, 95.00\u00b0. "
        "Stage\u00a01 and fairing left came down in the sea, 560 km to 890 km from the pad."
    )


def test_headline_of_an_orbit_without_a_known_pad() -> None:
    assert headline(dataclasses.replace(orbit_flight(), plan={})).endswith(
        "Stage\u00a01 and fairing left came down in the sea."
    )


def test_an_orbit_met_differs_by_zero_without_a_sign() -> None:
    assert orbit_rows(orbit_flight()) == (
        ("Perigee", "499.440\u00a0km", "499.440\u00a0km", "0.000\u00a0km"),
        ("Apogee", "500.080\u00a0km", "500.000\u00a0km", "+0.080\u00a0km"),
        ("Inclination", "95.000\u00b0", "95.000\u00b0", "0.000\u00b0"),
    )


def test_headline_of_a_break_up_and_of_an_unjudged_recording() -> None:
    event = Event(41.0, "stage1", "breakup", "bending_moment")
    lost = dataclasses.replace(
        lost_flight(), events=(event,), summary={"outcome": "loss", "bodies": {}}
    )
    assert headline(lost) == "Vehicle lost: break-up at T+00:41.0 (bending moment)."
    telemetry = Telemetry.from_columns({"time_s": [0.0]})
    assert headline(Recording({"a": Body("a", telemetry)})) == ""


def test_distance_from_the_pad_is_pythagoras_nearby() -> None:
    distance = pad_distance_m(lost_flight(), "stage1")
    north = (69.1145 - 69.108) * 111_195.0
    east = (15.5937 - 15.589) * 111_195.0 * math.cos(math.radians(69.111))
    assert distance == pytest.approx(math.hypot(north, east), rel=1e-4)


def test_a_body_that_did_not_come_down_has_no_distance() -> None:
    flight = healthy_flight()
    ends = {"stage1": {**SUMMARY["bodies"]["stage1"], "end_surface": None}}
    flight = dataclasses.replace(flight, summary={**flight.summary, "bodies": ends})
    assert pad_distance_m(flight, "stage1") is None
    assert pad_distance_m(flight, "stage2") is None


def test_rows_of_objectives_bodies_and_margins() -> None:
    flight = lost_flight()
    assert [row[:2] for row in objective_rows(flight)] == [
        ("Lift-off", "met"),
        ("30 s of flight", "met"),
        ("Stage separation", "not met"),
        ("Orbit", "not reached"),
    ]
    ((body, outcome, time, place, speed, left),) = body_rows(flight)
    assert (body, outcome, time) == ("Stage\u00a01", "impacted", "T+00:58.1")
    assert place == "69.1145°\u00a0N 15.5937°\u00a0E, sea"
    assert (speed, left) == ("187 m/s", "29.5 t")
    # Tightest first: -110 of 60 degrees, 0.7 of 1.1 MN m, 812 of 900 m.
    assert [row[0] for row in margin_rows(flight)] == [
        "Attitude",
        "Bending moment",
        "Corridor position",
    ]


def test_an_empty_summary_has_no_rows() -> None:
    empty = Recording({})
    assert (objective_rows(empty), body_rows(empty), margin_rows(empty)) == ((), (), ())
