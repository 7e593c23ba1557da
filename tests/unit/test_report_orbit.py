"""The report of a flight to orbit: what it shows of each body, and what it leaves out."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from made_up_flight import healthy_flight

from downrange.report.map import WORLD, draw_map, interval, paint_map, round_times
from downrange.report.page import render
from downrange.report.profile import draw_profile
from downrange.report.style import MAX_POINTS, PICTURE, drawing, new_axes, new_figure
from downrange.telemetry import Body, Event, Recording, Telemetry

CUTOFF_S, END_S = 400.0, 3000.0
ORBIT = {
    "perigee_altitude_m": 499_400.0,
    "apogee_altitude_m": 1_500_100.0,
    "inclination_deg": 95.0,
}


def upper_stage() -> Telemetry:
    """From T+60 s, along a meridian and over the 180th; burns to T+400 s and at T+2,500 s."""
    time = np.append(np.arange(60.0, CUTOFF_S, 0.1), np.arange(CUTOFF_S, END_S, 0.5))
    burning = (time < CUTOFF_S) | ((time > 2500.0) & (time < 2510.0))
    turn = np.radians(69.2 + 0.06 * (time - 60.0))
    longitude = np.where(np.cos(turn) > 0.0, 15.0, -165.0) - 0.05 * np.clip(
        time - 2000.0, 0.0, None
    )
    return Telemetry.from_columns(
        {
            "time_s": time,
            "latitude_deg": np.degrees(np.arcsin(np.sin(turn))),
            "longitude_deg": (longitude + 180.0) % 360.0 - 180.0,
            "altitude_m": 80e3 + 420e3 * (1.0 - np.exp(-(time - 60.0) / 300.0)),
            "downrange_m": 6.4e6 * np.sin(turn - turn[0]),
            "inertial_speed_mps": np.minimum(2600.0 + 15.0 * (time - 60.0), 7700.0),
            "dynamic_pressure_pa": 200.0 * np.exp(-(time - 60.0) / 10.0),
            "mach": np.full_like(time, 9.0),
            "thrust_n": 9e4 * burning,
            "attitude_error_deg": 0.1 + 0.05 * np.sin(time),
            "velocity_to_go_mps": np.where(burning, 5000.0 - 12.0 * (time - 60.0), np.nan),
            "thruster_gas_kg": 20.0 - 0.0005 * time,
            "q_radps": 0.01 * np.sin(time),
            "gimbal_pitch_deg": 0.1 * np.sin(time) * burning,
            "bending_moment_nm": np.full_like(time, 800.0),
            "stage1.tank.fuel.mass_kg": np.zeros_like(time),
            "stage2.tank.fuel.mass_kg": 2300.0 - 0.5 * time,
        }
    )


def fairing(side: float) -> Telemetry:
    time = np.arange(90.0, 500.0, 0.5)
    nothing = np.full_like(time, np.nan)
    return Telemetry.from_columns(
        {
            "time_s": time,
            "latitude_deg": 69.3 + 0.01 * (time - 90.0),
            "longitude_deg": 15.5 + side - 0.003 * (time - 90.0),
            "altitude_m": 1e5 * (1.0 - (time - 90.0) / 410.0),
            "downrange_m": 2e4 + 1100.0 * (time - 90.0),
            "dynamic_pressure_pa": 1e3 + 0.0 * time,
            "q_radps": 0.3 * np.sin(time),
            "thrust_n": np.zeros_like(time),
            "mass_kg": np.full_like(time, 175.0),
            "attitude_error_deg": nothing,
            "gimbal_pitch_deg": np.zeros_like(time),
            "margin.attitude_deg": nothing,
        }
    )


def to_orbit() -> Recording:
    flight = healthy_flight()
    bodies = {
        **flight.bodies,
        "stage2": Body("stage2", upper_stage(), "in_orbit"),
        "fairing_left": Body("fairing_left", fairing(-0.01), "impacted"),
        "fairing_right": Body("fairing_right", fairing(0.01), "impacted"),
    }
    down = {"outcome": "impacted", "end_surface": "sea", "end_time_s": 499.5}
    ends = {
        "stage1": {"outcome": "flying", "end_time_s": 60.0},
        "stage2": {"outcome": "in_orbit", "end_time_s": END_S, "orbit": ORBIT},
        "fairing_left": {**down, "end_latitude_deg": 73.395, "end_longitude_deg": 14.26},
        "fairing_right": {**down, "end_latitude_deg": 73.395, "end_longitude_deg": 14.28},
    }
    summary = {
        **flight.summary,
        "outcome": "success",
        "bodies": ends,
        "orbit": ORBIT,
        "target": {**ORBIT, "inclination_deg": 95.1},
    }
    events = (
        Event(60.0, "stage1", "separation", "", 0.0, 0.0, 0.0, 0.0, 69.2, 15.5),
        Event(CUTOFF_S, "stage2", "seco", "", 0.0, 0.0, 0.0, 0.0, 82.0, 15.0),
        Event(499.5, "fairing_left", "impact", "sea", 0.0, 0.0, 0.0, 0.0, 73.395, 14.26),
        Event(499.6, "fairing_right", "impact", "sea", 0.0, 0.0, 0.0, 0.0, 73.395, 14.28),
        Event(2510.0, "stage2", "seco", "", 0.0, 0.0, 0.0, 0.0, -40.0, -170.0),
    )
    return dataclasses.replace(flight, bodies=bodies, events=events, summary=summary)


@pytest.fixture(scope="module")
def html() -> str:
    return render(to_orbit())


def figures_of(html: str, heading: str) -> list[str]:
    """The titles of the figures under a heading that begins so."""
    section = next(part for part in html.split("<h2>")[1:] if part.startswith(heading))
    return re.findall(r"<figcaption><b>([^<]*)</b>", section)


def test_key_numbers_are_those_of_the_orbit(html: str) -> None:
    found = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)<small>([^<]*)<", html)
    assert found[:3] == [
        ("Orbit", "499 \u00d7 1\u202f500 km", "perigee \u00d7 apogee"),
        ("Inclination", "95.00\u00b0", "target 95.10\u00b0"),
        ("Top inertial speed", "7\u202f700 m/s", "T+06:40.0"),
    ]
    assert found[3][0] == "Max q in ascent"
    assert found[4] == ("Flight time", "50:00.0", "last cut-off T+41:50.0")


def test_an_upper_stage_is_shown_whole_and_by_burn(html: str) -> None:
    space, air = "Whole flight of stage\u00a02", "Structure of stage\u00a02"
    assert figures_of(html, space)[:3] == ["Altitude", "Inertial speed", "Attitude error"]
    assert air not in html
    for heading in ("First burn of stage\u00a02, T+01:00.0 to T+07:", "Second burn of stage"):
        titles = figures_of(html, heading)
        assert {"Velocity to go", "Body rates", "Gimbal in pitch", "Propellant"} <= set(titles)
        assert not {"Mach number", "Bending moment"} & set(titles)
    second = next(part for part in html.split("<h2>") if part.startswith("Second burn"))
    assert "41:40<" in second
    assert "10:00<" not in second


def test_what_fell_has_a_trajectory_alone(html: str) -> None:
    titles = figures_of(html, "Fall of fairing left")
    assert titles == ["Altitude", "Dynamic pressure", "Body rates"]
    headings = re.findall(r"<h2>([^<]*fairing left[^<]*)</h2>", html)
    assert headings == ["Fall of fairing left"]


def test_maps_are_near_and_whole(html: str) -> None:
    assert figures_of(html, "Where it flew") == [
        "Around the launch",
        "Side view",
        "Ground track over the Earth",
    ]
    near = next(s for s in html.split("<svg ") if "around the launch" in s[:200])
    assert "Fairing left and fairing right, T+08:20" in near
    assert "separation, T+01:00" in near
    world = next(s for s in html.split("<svg ") if "over the earth" in s[:200])
    assert "SECO, T+41:50" in world
    assert " km<" not in world


def test_no_line_is_longer_than_may_be(html: str) -> None:
    lines = re.findall(r' d="([^"]*)"[^>]*style="fill: none', html)
    assert len(lines) > 100
    assert max(len(re.findall(r"[ML] ", line)) for line in lines) <= MAX_POINTS


def test_a_track_is_cut_at_the_180th_meridian() -> None:
    time = np.arange(0.0, 100.0)
    longitude = (170.0 + 0.5 * time + 180.0) % 360.0 - 180.0
    table = {"time_s": time, "latitude_deg": 0.5 * time, "longitude_deg": longitude}
    flight = Recording({"a": Body("a", Telemetry.from_columns(table))})
    with drawing():
        axes = new_axes(new_figure(460.0, 240.0), (52.0, 24.0, 400.0, 200.0), PICTURE)
        paint_map(axes, flight, {}, WORLD, PICTURE)
    (track,) = (line for line in axes.lines if len(line.get_xdata()) > 50)
    steps = np.abs(np.diff(track.get_xdata()))
    assert np.count_nonzero(np.isnan(steps)) == 2
    assert np.nanmax(steps) == pytest.approx(0.5)


def test_dots_are_told_apart_on_the_longest_track() -> None:
    short, long = healthy_flight().bodies["stage1"].telemetry, upper_stage()
    assert interval([short]) == 10.0
    assert interval([short, long]) == 300.0
    assert list(round_times(short, 20.0)) == [20.0, 40.0]
    assert round_times(short, 300.0).size == 0
    assert round_times(short, np.inf).size == 0


def test_the_side_view_ends_with_the_first_burn() -> None:
    with drawing():
        side = draw_profile(to_orbit(), {})
        assert side is not None
        assert "stretched" in side.caption
    # The whole orbit would reach 6,400 km downrange and back; to T+400 s it is some 2,300 km.
    assert ">2000<" in side.svg
    assert ">5000<" not in side.svg


def test_an_orbit_alone_is_mapped_to_its_first_cut_off() -> None:
    alone = Recording({"stage2": Body("stage2", upper_stage(), "in_orbit")})
    with drawing():
        near, world = (draw_map(alone, {}, whole=whole) for whole in (False, True))
    assert near is not None
    assert world is not None
    assert (near.title, world.title) == ("Around the launch", "Ground track over the Earth")
    assert "90.00\u00b0\u00a0S 180.00\u00b0\u00a0W" in world.svg
    assert "90.00\u00b0\u00a0S" not in near.svg


def test_a_planned_orbit_of_a_lost_flight_has_a_map_of_its_own() -> None:
    flight = healthy_flight()
    page = render(dataclasses.replace(flight, planned={"stage2": upper_stage()}))
    assert "<b>The whole planned track</b> <span>to T+50:00</span>" in page
