"""The ledger of velocity of the planned flight, against what mass, gravity and air say."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flight_case import flown, ready
from scipy.integrate import trapezoid
from scipy.spatial.transform import Rotation

from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.gravity import gravity_eci
from downrange.telemetry import Telemetry
from downrange.units import STANDARD_GRAVITY_MPS2

PARTS = ("ideal", "steering", "back_pressure", "drag", "gravity", "parting")
ISP_S = {"stage1": 315.0, "stage2": 338.0}  # of the catalogue


def lines() -> list[dict[str, Any]]:
    found = flown(planned=True).summary["delta_v"]
    assert [line["after"] for line in found] == ["meco", "seco", "seco"]
    return list(found)


@pytest.mark.parametrize("line", range(3))
def test_the_entries_add_up(line: int) -> None:
    booked = lines()[line]
    total = booked["start"] + sum(booked[part] for part in PARTS)
    assert total == pytest.approx(booked["inertial_speed"], abs=0.1)


def test_it_starts_with_the_turning_of_the_earth() -> None:
    """465.1 m/s at the equator times the cosine of the pad's latitude."""
    start = lines()[0]["start"]
    assert start == pytest.approx(465.1 * math.cos(math.radians(69.108)), rel=0.004)


def ideal_of(table: Telemetry, isp_s: float, start_s: float, end_s: float) -> float:
    """Tsiolkovsky's velocity of the propellant that went, between two times without a parting."""
    masses = [table.at(time_s, "mass_kg") for time_s in (start_s, end_s)]
    return isp_s * STANDARD_GRAVITY_MPS2 * math.log(masses[0] / masses[1])


def test_the_ideal_velocity_is_what_the_mass_ratio_gives() -> None:
    recording = flown(planned=True)
    first, second = (recording.bodies[name].telemetry for name in ("stage1", "stage2"))
    booked = lines()
    burn_out, cut, last = (line["time_s"] + 1.0 for line in booked)
    expected = ideal_of(first, ISP_S["stage1"], 0.001, burn_out)
    assert booked[0]["ideal"] == pytest.approx(expected, abs=0.5)
    jettison = recording.events_named("fairing_jettison")[0].time_s
    parted = recording.events_named("separation")[0].time_s
    expected = ideal_of(second, ISP_S["stage2"], parted + 0.1, jettison - 0.05)
    expected += ideal_of(second, ISP_S["stage2"], jettison + 0.05, cut)
    gained = booked[1]["ideal"] - booked[0]["ideal"]
    assert gained == pytest.approx(expected, abs=2.5)  # a tenth of a second is left out
    expected = ideal_of(second, ISP_S["stage2"], last - 10.0, last)
    assert booked[2]["ideal"] - booked[1]["ideal"] == pytest.approx(expected, abs=0.2)


def test_the_gravity_loss_is_gravity_along_the_velocity() -> None:
    """Integrated from the telemetry of 20 rows a second, over the ascent to the first cut-off."""
    recording, earth = flown(planned=True), ready(planned=True).planned.plan.earth
    loss = 0.0
    edges = [0.0, *(line["time_s"] for line in lines()[:2])]
    for name, (start_s, end_s) in zip(("stage1", "stage2"), pairwise(edges), strict=True):
        table = recording.bodies[name].telemetry
        begin_s = float(table["time_s"][0]) if name == "stage2" else start_s
        rows = (table["time_s"] >= begin_s) & (table["time_s"] <= end_s)
        place, speed = (
            np.stack([table[f"{what}_eci_{a}_{unit}"][rows] for a in "xyz"], axis=1)
            for what, unit in (("position", "m"), ("velocity", "mps"))
        )
        pull = np.array([gravity_eci(tuple(r), earth) for r in place.tolist()])
        along = np.einsum("ni,ni->n", pull, speed) / np.linalg.norm(speed, axis=1)
        loss += float(trapezoid(along, table["time_s"][rows]))
    # The stage's two seconds between burn-out and parting are in its own rows: not counted here.
    table = recording.bodies["stage1"].telemetry
    parted = recording.events_named("separation")[0].time_s
    between = table.at(parted, "delta_v_gravity_mps") - table.at(edges[1], "delta_v_gravity_mps")
    assert lines()[1]["gravity"] == pytest.approx(loss + between, abs=0.6)


def test_steering_and_back_pressure_are_what_attitude_and_air_make_of_the_thrust() -> None:
    """Of the first stage, from its rows: vacuum thrust by the flow of mass at 315 s.

    The exit area follows from 315 s and 285 s at sea level. With ideal and gravity above, what is
    left of the sum is drag, which so is checked as well.
    """
    table, end_s = flown(planned=True).bodies["stage1"].telemetry, 148.0
    rows = (table["time_s"] >= 0.0) & (table["time_s"] <= end_s)
    time_s, mass = table["time_s"][rows], table["mass_kg"][rows]
    pushed = -np.gradient(mass, time_s) * ISP_S["stage1"] * STANDARD_GRAVITY_MPS2
    attitude = np.stack([table[f"attitude_body_from_eci_{axis}"][rows] for axis in "xyzw"], axis=1)
    pitch, yaw = (np.radians(table[f"gimbal_{name}_deg"][rows]) for name in ("pitch", "yaw"))
    along = Rotation.from_quat(attitude).apply(np.stack([np.ones_like(yaw), yaw, -pitch], axis=1))
    speed = np.stack([table[f"velocity_eci_{axis}_mps"][rows] for axis in "xyz"], axis=1)
    cosine = (along * speed).sum(axis=1)
    cosine /= np.linalg.norm(along, axis=1) * np.linalg.norm(speed, axis=1)
    steering = -trapezoid(pushed / mass * (1.0 - cosine), time_s)
    assert table.at(end_s, "delta_v_steering_mps") == pytest.approx(float(steering), abs=0.05)
    earth = ready(planned=True).planned.plan.earth
    pressure = np.array([air(h, earth)[1] for h in table["altitude_m"][rows].tolist()])
    lost = pressure / 101325.0 * (1.0 - 285.0 / 315.0) * pushed
    back = -trapezoid(lost / mass * cosine, time_s)
    assert table.at(end_s, "delta_v_back_pressure_mps") == pytest.approx(float(back), abs=0.05)


def test_a_coast_moves_nothing_but_gravity() -> None:
    table = flown(planned=True).bodies["stage2"].telemetry
    first, second = lines()[1]["time_s"] + 5.0, lines()[2]["time_s"] - 5.0
    for part in PARTS:
        moved = table.at(second, f"delta_v_{part}_mps") - table.at(first, f"delta_v_{part}_mps")
        if part != "gravity":
            assert abs(moved) < 0.01, part
    speeds = [table.at(time_s, "inertial_speed_mps") for time_s in (first, second)]
    gravity = table.at(second, "delta_v_gravity_mps") - table.at(first, "delta_v_gravity_mps")
    assert gravity == pytest.approx(speeds[1] - speeds[0], abs=0.01)
