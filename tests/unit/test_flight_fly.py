"""A mission flown and looked at: the recording, its summary, where it goes on disk."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from flight_case import MISSION, flown, ready
from numpy.testing import assert_allclose

import downrange
from downrange.errors import InputError, OutputError
from downrange.flight.draw import EVERYDAY
from downrange.flight.fly import (
    check_output,
    compile_loop,
    fly,
    fly_prepared,
    next_folder,
    to_json,
)
from downrange.flight.load import load_mission
from downrange.telemetry import Recording


def values(recording: Recording) -> np.ndarray:
    return recording.bodies["stage1"].telemetry.values


@pytest.fixture(scope="module")
def good() -> Recording:
    return flown(planned=True)


def test_the_same_seed_flies_the_same_bits() -> None:
    prepared = ready(planned=False)
    one, other = (fly_prepared(prepared, seed=4, disperse=("wind", "engines")) for _ in range(2))
    assert values(one).tobytes() == values(other).tobytes()
    assert repr(one.events) == repr(other.events)  # what is no number is not equal to itself
    assert one.summary["drawn"] == other.summary["drawn"]


def test_another_seed_flies_another_flight() -> None:
    one, other = flown(seed=1), flown(seed=2)
    assert values(one)[:100].tobytes() != values(other)[:100].tobytes()


def test_a_flight_of_a_campaign_flies_alone_with_the_same_bits() -> None:
    prepared = ready(planned=True, settings=(("longest", "30 s"),))
    series = [fly_prepared(prepared, seed=9, flight=i, disperse=EVERYDAY) for i in range(4)]
    alone = fly_prepared(prepared, seed=9, flight=2, disperse=EVERYDAY)
    assert values(alone).tobytes() == values(series[2]).tobytes()
    assert len({values(each).tobytes() for each in series}) == 4


def test_planning_again_changes_nothing() -> None:
    mission = load_mission(MISSION, settings=[("longest", "20 s")])
    one, other = (fly(mission, seed=3) for _ in range(2))
    assert values(one).tobytes() == values(other).tobytes()


def test_fly_takes_a_name_and_tells_what_it_does() -> None:
    told: list[str] = []
    recording = fly(MISSION, progress=told.append)
    assert told == ["planning", "compiling", "flying"]
    timing = recording.summary["timing"]
    assert timing["total_s"] >= timing["fly_s"] > 0.0
    assert timing["plan_s"] > 0.0


def test_fly_refuses_a_group_that_does_not_exist() -> None:
    with pytest.raises(InputError):
        fly(MISSION, disperse=("weather",))


def test_the_public_names_reach_it() -> None:
    assert downrange.fly is fly
    assert downrange.load_mission is load_mission


def test_compiling_leaves_the_flight_to_be_flown() -> None:
    assert compile_loop(ready(planned=True)) >= 0.0


def test_the_summary_of_a_good_flight(good: Recording) -> None:
    summary = good.summary
    assert (summary["schema_version"], summary["mission"], summary["seed"]) == (1, MISSION, 1)
    assert summary["planned"] is True
    assert (summary["dispersed"], summary["drawn"], summary["faults"]) == ([], {}, [])
    assert summary["launch_time_utc"] == "2025-03-30T10:30:00Z"
    assert summary["outcome"] == "success"
    bodies = summary["bodies"]
    assert list(bodies) == ["stage1", "stage2", "fairing_left", "fairing_right"]
    ends = [(body["outcome"], body["end_surface"]) for body in bodies.values()]
    assert ends == [("impacted", "sea"), ("in_orbit", None), *[("impacted", "sea")] * 2]
    assert all(each["met"] for each in summary["objectives"])
    time_s = {name: good.bodies[name].telemetry["time_s"] for name in bodies}
    assert all(bodies[name]["end_time_s"] == time_s[name][-1] for name in bodies)
    left = good.bodies["stage1"].telemetry["propellant_kg"][-1]
    assert bodies["stage1"]["propellant_left_kg"] == pytest.approx(left)
    assert bodies["fairing_left"]["propellant_left_kg"] == 0.0
    # What is left of the upper stage's is told before it is vented.
    upper = good.bodies["stage2"].telemetry
    *_, seco = good.events_named("seco")
    kept = upper.at(seco.time_s + 0.5, "propellant_kg")
    assert bodies["stage2"]["propellant_left_kg"] == pytest.approx(kept, rel=1e-6)
    assert upper["propellant_kg"][-1] < 0.1 * kept
    seconds = summary["timing"]["body_seconds"]
    assert seconds == pytest.approx(time_s["stage2"][-1] - time_s["stage1"][0], abs=0.021)


def test_the_summary_is_json_without_nan(good: Recording) -> None:
    text = to_json(good.summary)
    assert "NaN" not in text
    assert "Infinity" not in text
    again = json.loads(text)
    assert [event["name"] for event in again["events"]] == [event.name for event in good.events]


def test_no_body_has_two_rows_at_one_time(good: Recording) -> None:
    """Where a leg ends the next begins: a parting is in both."""
    for name, body in good.bodies.items():
        assert (np.diff(body.telemetry["time_s"]) > 0.0).all(), name


def test_events_agree_with_the_telemetry_of_their_moment(good: Recording) -> None:
    for event in good.events:
        telemetry = good.bodies[event.body].telemetry
        if event.name not in ("fault", "ignition") and event.time_s > 1.0:
            # Noted with the state of the tick's start: 20 ms of climb and speed at most.
            assert event.altitude_m == pytest.approx(
                telemetry.at(event.time_s, "altitude_m"), abs=0.03 * event.speed_mps + 0.1
            ), event.name
            assert event.speed_mps == pytest.approx(
                telemetry.at(event.time_s, "speed_mps"), abs=1.5
            ), event.name


def test_a_good_flight_has_the_events_of_one(good: Recording) -> None:
    names = [event.name for event in good.events]
    assert names == [
        "ignition", "liftoff", "pitch_over", "mach_1", "max_q", "meco", "separation",
        "ignition", "fairing_jettison", "seco", "impact", "impact", "impact",
        "ignition", "seco", "orbit_insertion", "passivation",
    ]  # fmt: skip
    downs = [event.body for event in good.events_named("impact")]
    assert downs[0] == "stage1"
    assert sorted(downs[1:]) == ["fairing_left", "fairing_right"]
    (mach,) = good.events_named("mach_1")
    assert mach.mach == pytest.approx(1.0, abs=0.02)
    (top,) = good.events_named("max_q")
    telemetry = good.bodies["stage1"].telemetry
    pressure = telemetry["dynamic_pressure_pa"][telemetry["thrust_n"] > 0.0]
    assert top.dynamic_pressure_pa == pytest.approx(pressure.max(), rel=1e-3)


def test_burn_out_leaves_what_cannot_be_burnt(good: Recording) -> None:
    telemetry = good.bodies["stage1"].telemetry
    left = telemetry["stage1.tank.fuel.mass_kg"][-1], telemetry["stage1.tank.lox.mass_kg"][-1]
    usable = 9840.0 - 50.0 + 26550.0 - 110.0
    assert min(left[0] - 50.0, left[1] - 110.0) < 0.003 * 26550.0
    burnt = 9840.0 + 26550.0 - sum(left)
    assert 0.985 * usable < burnt < usable
    # Published: some 150 s of burning; the flow and the propellant give it.
    flow = 9.0 * 82.9e3 / (315.0 * 9.80665)
    (meco,), (ignition,) = good.events_named("meco"), good.events_named("ignition", "stage1")
    expected = burnt / flow + 0.4 + 0.5 * 0.8
    assert meco.time_s - ignition.time_s == pytest.approx(expected, abs=0.3)


def test_the_recording_carries_mission_and_plan(good: Recording) -> None:
    assert good.mission_data["name"] == MISSION
    plan = good.plan
    assert plan["map"]["pad"]["name"] == "andoya"
    assert plan["map"]["launch_azimuth_deg"] == plan["launch_azimuth_deg"]
    assert plan["first_bending_mode_hz"] == pytest.approx(4.2, abs=0.1)
    ascent = plan["ascent"]
    assert len({len(column) for column in ascent.values()}) == 1
    assert ascent["pitch_deg"][0] == pytest.approx(90.0)


def test_a_good_flight_follows_its_plan(good: Recording) -> None:
    """A minute and a half into it, within 2 % of the planned altitude and speed."""
    ascent, telemetry = good.plan["ascent"], good.bodies["stage1"].telemetry
    for name in ("altitude_m", "speed_mps"):
        planned = np.interp(90.0, ascent["time_s"], ascent[name])
        assert telemetry.at(90.0, name) == pytest.approx(planned, rel=0.02)
    assert telemetry.at(90.0, "pitch_deg") == pytest.approx(
        np.interp(90.0, ascent["time_s"], ascent["pitch_deg"]), abs=2.0
    )


def test_the_launch_azimuth_leads_to_the_inclination(good: Recording) -> None:
    """cos i = cos(latitude) sin(inertial azimuth); the turning Earth adds its part."""
    latitude, inclination = math.radians(69.108), math.radians(95.0)
    inertial = math.asin(math.cos(inclination) / math.cos(latitude))
    speed, ground = 7700.0, 6378137.0 * 7.292115e-5 * math.cos(latitude)
    expected = math.atan2(speed * math.sin(inertial) - ground, speed * math.cos(inertial))
    difference = good.plan["launch_azimuth_deg"] - math.degrees(expected)
    assert (difference + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1.0)


def test_what_was_drawn_is_told() -> None:
    recording = flown(planned=True, settings=(("longest", "10 s"),), disperse=("engines",))
    assert recording.summary["dispersed"] == ["engines"]
    drawn = recording.summary["drawn"]
    assert "vehicle.stage1.engine.9.thrust_vac" in drawn
    assert 80e3 < drawn["vehicle.stage1.engine.9.thrust_vac"] < 86e3
    # The mission that is kept is the one that was asked for, not the draw.
    assert recording.mission == flown(planned=True, settings=(("longest", "10 s"),)).mission


def test_a_failure_by_rate_shows_as_an_engine_that_fails() -> None:
    rate = (("vehicle.stage1.engine.failure_rate", "0.02 1/s"), ("longest", "14 s"))
    recording = flown(planned=True, settings=rate, seed=2, disperse=("failures",))
    drawn = recording.summary["drawn"]
    assert len(drawn) == 9
    end_s = float(recording.bodies["stage1"].telemetry.column("time_s")[-1])
    failed = sorted((time_s, path.removeprefix("vehicle.").removesuffix(".failure_time"))
                    for path, time_s in drawn.items() if time_s < end_s - 0.02)  # fmt: skip
    assert failed
    told = recording.events_named("engine_failed")
    assert [event.detail for event in told] == [name for _, name in failed]
    assert [event.time_s for event in told] == pytest.approx([t for t, _ in failed], abs=0.021)
    assert recording.events_named("fault") == ()
    assert recording.summary["faults"] == []


def test_faults_are_told_in_summary_and_events() -> None:
    faults = ("stage1.engine.5: shutdown at 8 s",)
    recording = flown(planned=True, settings=(("longest", "14 s"),), faults=faults)
    assert recording.summary["faults"] == list(faults)
    (fault,), (failed,) = recording.events_named("fault"), recording.events_named("engine_failed")
    assert fault.detail == faults[0]
    assert failed.detail == "stage1.engine.5"
    assert failed.time_s == pytest.approx(8.0, abs=0.021)


def test_a_scrubbed_flight_is_told_from_where_it_would_have_left() -> None:
    recording = flown(planned=True, faults=("stage1.engine.4: shutdown",))
    assert recording.summary["outcome"] == "scrubbed"
    assert recording.summary["bodies"]["stage1"]["outcome"] == "scrubbed"
    telemetry = recording.bodies["stage1"].telemetry
    assert telemetry["time_s"][-1] == pytest.approx(0.0, abs=0.021)
    assert telemetry["speed_mps"].max() < 1e-6
    assert {each["met"] for each in recording.summary["objectives"][:3]} == {None}
    assert recording.events_named("liftoff") == ()


def test_records_as_often_as_asked() -> None:
    prepared = ready(planned=True, settings=(("longest", "14 s"),))
    for rate_hz in (50.0, 10.0):
        recording = fly_prepared(prepared, record_rate_hz=rate_hz)
        steps = np.diff(recording.bodies["stage1"].telemetry["time_s"])
        assert_allclose(steps[:-1], 1.0 / rate_hz, rtol=1e-6)


def test_the_next_folder_is_the_first_that_is_free(tmp_path: Path) -> None:
    assert next_folder("m", 3, tmp_path) == tmp_path / "m-3-1"
    (tmp_path / "m-3-1").mkdir()
    (tmp_path / "m-3-3").mkdir()
    assert next_folder("m", 3, tmp_path) == tmp_path / "m-3-2"
    assert next_folder("m", 4, tmp_path) == tmp_path / "m-4-1"


def test_a_folder_that_exists_is_refused_unless_forced(tmp_path: Path) -> None:
    check_output(tmp_path / "new" / "deep", force=False)
    with pytest.raises(OutputError, match="exists"):
        check_output(tmp_path, force=False)
    check_output(tmp_path, force=True)


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="no folder"):
        check_output(tmp_path / "file" / "out", force=False)


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="permission"):
        check_output(tmp_path / "out", force=False)
