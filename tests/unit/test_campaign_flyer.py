"""A row of a campaign holds what the summary of the same flight says that is flown alone."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from flight_case import ready
from many_case import with_value

from downrange.campaign.flyer import MakeFlyer, MissionFlyer
from downrange.campaign.flyer_types import Chunk
from downrange.campaign.samples import CHANNELS
from downrange.flight.draw import EVERYDAY
from downrange.flight.fly import Prepared, fly_prepared
from downrange.flight.writes import finite
from downrange.gnc.build import slow_ticks
from downrange.telemetry import Recording

SEED = 4
CAUSES = {"engine_failed", "limit_exceeded", "attitude_lost", "flight_termination", "breakup"}
ORBIT = ("perigee_altitude_m", "apogee_altitude_m", "inclination_deg", "raan_deg",
         "argument_of_perigee_deg")  # fmt: skip
BODY = ("outcome", "end_time_s", "end_latitude_deg", "end_longitude_deg", "end_surface",
        "impact_speed_mps", "propellant_left_kg")  # fmt: skip
STATE = ("time_s", "altitude_m", "speed_mps", "dynamic_pressure_pa")
KINDS = ("planned", "as flown", "never leaves", "comes down", "sensors")


@cache
def mission(kind: str) -> tuple[Prepared, tuple[str, ...]]:
    """A mission with what is drawn of it; `sensors` can't be written into arrays."""
    groups = ("engines", "wind")
    match kind:
        case "planned":
            return ready(True), EVERYDAY
        case "as flown":
            return ready(False), EVERYDAY
        case "never leaves":
            return ready(True, (), ("stage1.engine.4: shutdown",)), groups
        case "comes down":
            return ready(True, (), ("stage2.engine.1: shutdown at 300 s",)), groups
        case _:
            bias = ("vehicle", "imu", "gyro_bias")
            return with_value(ready(True), bias, spread=1e-6), ("sensors",)


@cache
def flyer(kind: str) -> MissionFlyer:
    prepared, groups = mission(kind)
    return MakeFlyer(prepared.dispersed(groups), SEED)()


@cache
def chunk(kind: str) -> Chunk:
    return flyer(kind).fly(2, 2)


@cache
def alone(kind: str, flight: int, rate_hz: float = 20.0) -> Recording:
    prepared, groups = mission(kind)
    return fly_prepared(prepared, seed=SEED, flight=flight, disperse=groups, record_rate_hz=rate_hz)


def same(found: Any, wanted: Any) -> bool:
    """Equal, what is absent being None or nan."""
    if wanted is None or (isinstance(wanted, float) and math.isnan(wanted)):
        return found is None or bool(np.isnan(found))
    return bool(found == wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_says_what_the_flight_alone_says(kind: str) -> None:
    for row, flight in enumerate((2, 3)):
        said = alone(kind, flight).summary
        columns = {name: column[row] for name, column in chunk(kind).columns.items()}
        wanted: dict[str, Any] = {"flight": flight, "outcome": said["outcome"]}
        orbit, target = said["orbit"], said["target"]
        wanted |= {f"orbit.{key}": orbit and orbit[key] for key in ORBIT}
        for key in ORBIT[:3]:
            what, _, unit = key.replace("_altitude", "").rpartition("_")
            name = f"{what}_error_{unit}"
            wanted[f"insertion.{name}"] = orbit and orbit[key] - target[key]
        for name, body in said["bodies"].items():
            wanted |= {f"body.{name}.{key}": body[key] for key in BODY}
        for name, margin in said["margins"].items():
            if not name.endswith("_clearance_m"):
                wanted[f"margin.{name}"] = margin["smallest"]
        wanted |= {f"objective.{each['name']}": each["met"] for each in said["objectives"]}
        for path, value in said["drawn"].items():
            wanted[f"draw.{path}"] = float(finite(np.array([value]))[0])
        for event in reversed(said["events"]):
            if event["name"] != "fault" and event["body"].startswith("stage"):
                where = f"event.{event['body']}.{event['name']}"
                wanted |= {f"{where}.{key}": event[key] for key in STATE}
        wrong = {k: (columns[k], v) for k, v in wanted.items() if not same(columns[k], v)}
        assert wrong == {}
        rest = columns.keys() - wanted.keys() - {"cause", "cause_time_s", "end_time_s"}
        assert {name for name in rest if not same(columns[name], None)} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_cause_is_the_first_that_went_wrong(kind: str) -> None:
    for row, flight in enumerate((2, 3)):
        said = alone(kind, flight).summary
        cause, time_s = (chunk(kind).columns[name][row] for name in ("cause", "cause_time_s"))
        went = [each for each in said["events"] if each["name"] in CAUSES]
        if said["outcome"] == "success":
            assert (cause, same(time_s, None)) == ("", True)
        elif went:
            assert cause.partition(":")[0] == went[0]["name"]
            assert time_s == went[0]["time_s"]
        else:
            missed = next(each for each in said["objectives"] if each["met"] is not True)
            assert cause == f"objective: {missed['name']}"


def test_outcomes_are_of_all_kinds() -> None:
    assert {kind: chunk(kind).columns["outcome"][0] for kind in KINDS} == {
        "planned": "success", "as flown": "terminated", "never leaves": "scrubbed",
        "comes down": "loss", "sensors": "success",
    }  # fmt: skip


def test_a_lost_flight_has_the_columns_of_a_good_one() -> None:
    good, lost = (
        {name for name in flyer(kind).columns if not name.startswith("draw.")}
        for kind in ("planned", "never leaves")
    )
    assert good == lost
    for kind in KINDS:
        assert list(chunk(kind).columns.keys() ^ flyer(kind).columns.keys()) == []
        assert all(len(column) == 2 for column in chunk(kind).columns.values())
        assert chunk(kind).first == 2


@pytest.mark.parametrize("kind", ["planned", "sensors"])
def test_a_row_has_the_same_bits_in_any_chunk(kind: str) -> None:
    others = flyer(kind).fly(0, 4)
    for name, column in chunk(kind).columns.items():
        assert repr(column.tolist()) == repr(others.columns[name][2:].tolist()), name
    assert np.array_equal(chunk(kind).samples, others.samples[2:], equal_nan=True)


def test_an_unwritable_mission_is_built_anew() -> None:
    prepared, groups = mission("sensors")
    assert prepared.dispersed(groups).writes is None
    bias = chunk("sensors").columns["draw.vehicle.imu.gyro_bias"]
    assert bias[0] != bias[1]


def test_a_flyer_that_is_stopped_gives_what_is_whole() -> None:
    prepared, groups = mission("comes down")
    one = MakeFlyer(prepared.dispersed(groups), SEED)()
    one.stop()
    found = one.fly(0, 3)
    assert (found.first, len(found.columns["flight"]), len(found.samples)) == (0, 0, 0)
    assert found.columns.keys() == one.columns.keys()


@pytest.mark.parametrize("kind", ["planned", "as flown", "comes down", "never leaves"])
def test_samples_are_the_telemetry_at_their_times(kind: str) -> None:
    """Of each bin a row at its time or, where ticks are long, up to a tick late."""
    fast, found = alone(kind, 2, 50.0), chunk(kind).samples[0]
    one = flyer(kind)
    assert found.shape == (len(one.times_s), len(one.channels))
    spec = mission(kind)[0].mission.spec
    late_s = slow_ticks(spec.control, spec.tick.si) * spec.tick.si + 1e-6
    began = 0.0
    for name in dict.fromkeys(body for body, _ in one.channels):
        own = np.array([body == name for body, _ in one.channels])
        samples = found[:, own]
        if name not in fast.bodies or kind == "never leaves":
            assert np.isnan(samples).all()
            continue
        table = fast.bodies[name].telemetry
        time_s = table["time_s"]
        until = float(time_s[np.isfinite(table["attitude_error_deg"])][-1])  # then it only falls
        there = np.isfinite(samples[:, 0])
        assert there.any()
        assert (one.times_s[there] <= until + 1e-6).all()
        assert (one.times_s[there] >= began - 0.5).all()
        inside = (one.times_s > began + 0.5) & (one.times_s < until - 0.5)
        assert there[inside].all()
        wanted = np.stack([table[channel] for channel in CHANNELS], axis=1)
        scale = np.maximum(1.0, np.nanmax(np.abs(wanted), axis=0))
        for time, sample in zip(one.times_s[there], samples[there], strict=True):
            near = (time_s >= time - 1e-6) & (time_s <= time + late_s)
            moving = table["speed_mps"][near][:, None] > 1.0  # else its direction is noise
            off = np.where(moving, np.abs(wanted[near] - sample) / scale, 0.0)
            assert (off < 1e-6).all(axis=1).any(), (name, time)
        began = until
