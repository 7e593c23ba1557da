"""A flight in steps: the same bits as in one go, and a controller's word in between."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest
from flight_case import MISSION, ended, flown, parts, ready, rows_of
from numpy.testing import assert_allclose, assert_array_equal

import downrange as dr
from downrange.flight.fly import fly_prepared, to_json
from downrange.flight.kernel import loop
from downrange.flight.simulator import Simulator
from downrange.gnc.kernel import data
from downrange.telemetry import Recording, bus

SHORT = (("longest", "14 s"),)


def simulator(planned: bool = True, **kwargs: object) -> Simulator:
    return Simulator(ready(planned).mission, **kwargs)  # type: ignore[arg-type]


def until(sim: Simulator, time_s: float) -> Simulator:
    while sim.time_s < time_s:
        sim.step()
    return sim


def without_timing(recording: Recording) -> str:
    return to_json({k: v for k, v in recording.summary.items() if k != "timing"})


def assert_same(one: Recording, other: Recording) -> None:
    assert one.bodies.keys() == other.bodies.keys()
    for name, body in one.bodies.items():
        assert body.telemetry.names == other.bodies[name].telemetry.names
        for channel in body.telemetry.names:
            assert_array_equal(
                body.telemetry.column(channel), other.bodies[name].telemetry.column(channel)
            )
    assert repr(one.events) == repr(other.events)  # what is no number is not equal to itself
    assert without_timing(one) == without_timing(other)
    assert one.mission == other.mission
    assert json.dumps(one.plan, default=list) == json.dumps(other.plan, default=list)


@pytest.mark.parametrize(("planned", "disperse"), [(True, ()), (False, ("wind", "engines"))])
def test_without_commands_it_is_fly_bit_for_bit(planned: bool, disperse: tuple[str, ...]) -> None:
    sim = simulator(planned, seed=3, flight=2, disperse=disperse, record_rate_hz=10.0)
    while not sim.done:
        sim.step()
    once = fly_prepared(ready(planned), seed=3, flight=2, disperse=disperse, record_rate_hz=10.0)
    assert_same(sim.recording(), once)
    assert sim.outcome == once.outcome


def test_looking_at_truth_and_recordings_on_the_way_changes_no_bit() -> None:
    sim = Simulator(ready(True, SHORT).mission)
    while not sim.done:
        if int(sim.clock_s * 50.0) % 100 == 99:
            sim.truth(), sim.navigation(), sim.recording()
        sim.step()
    assert_same(sim.recording(), flown(True, SHORT))


def test_it_measures_what_the_flight_software_is_given() -> None:
    numbers, flight = parts(ready(planned=True))
    sim = simulator()
    for _ in range(300):
        before = sim.measured
        loop.fly(numbers, flight, 1)
        core = flight.measured.core
        assert before.clock_s == core[bus.CLOCK_S]
        assert before.released == (core[bus.RELEASED] == 1.0)
        assert before.gnss_new == (core[bus.GNSS_NEW] == 1.0)
        assert before.imu_valid
        gyro, force = core[bus.GYRO_RADPS :][:3], core[bus.ACCEL_MPS2 :][:3]
        assert_array_equal(before.rate_body_radps, gyro)
        assert_array_equal(before.specific_force_body_mps2, force)
        assert_array_equal(before.gnss_position_ecef_m, core[bus.GNSS_POSITION_M :][:3])
        assert_array_equal(before.gnss_velocity_ecef_mps, core[bus.GNSS_VELOCITY_MPS :][:3])
        assert_array_equal(before.chamber_fraction, flight.measured.chamber_fraction)
        assert_array_equal(before.tank_fraction, flight.measured.tank_fraction)
        assert before.tick_s == pytest.approx(0.02)
        assert sim.step() is sim.measured
    words = flight.memory.words
    believed = sim.navigation()
    assert_array_equal(believed.position_eci_m, words[data.POSITION_ECI_M :][:3])
    assert_array_equal(believed.attitude_body_from_eci, words[data.ATTITUDE_BODY_FROM_ECI :][:4])
    assert believed.altitude_m == words[data.NAV_ALTITUDE_M]


def test_measurements_are_kept_as_they_were() -> None:
    sim = simulator()
    first = sim.measured
    kept = copy.deepcopy(first.rate_body_radps)
    until(sim, 1.0)
    assert_array_equal(first.rate_body_radps, kept)


def test_time_counts_from_first_motion() -> None:
    sim = simulator()
    assert sim.time_s == -math.inf
    assert sim.measured.time_s == -math.inf
    assert not sim.measured.released
    until(sim, 0.0)
    assert sim.time_s == pytest.approx(0.02)
    assert sim.clock_s == pytest.approx(2.02, abs=0.05)
    assert sim.phase == "rise"


def test_truth_is_the_state_of_the_body() -> None:
    """Against the row that the loop writes at the same time."""
    prepared = ready(True, SHORT)
    _, flight = ended(prepared, record_hz=50.0)
    rows = rows_of(flight)
    sim = Simulator(prepared.mission)
    for row in rows[50:-1:50]:
        while sim.clock_s < row[0] - 1e-9:
            sim.step()
        truth = sim.truth()
        state = (truth.position_eci_m, truth.velocity_eci_mps, truth.attitude_body_from_eci,
                 truth.rate_body_radps)  # fmt: skip
        assert_array_equal(np.concatenate(state), row[1:14])
        assert truth.mass_kg == row[14]
        at = 17  # aux: gusts of the coming tick are in the row, those of the last in the truth
        assert (truth.latitude_rad, truth.longitude_rad, truth.altitude_m) == tuple(
            row[at : at + 3]
        )
        assert truth.airspeed_mps == pytest.approx(row[at + 6], abs=0.5)
        assert truth.dynamic_pressure_pa == pytest.approx(row[at + 7], rel=0.1, abs=30.0)
    assert truth.tank_kg.shape == (4,)
    assert truth.gimbal_rad.shape == (10, 2)
    assert truth.flow_fraction[:9] == pytest.approx(1.0)
    assert truth.speed_mps / truth.airspeed_mps == pytest.approx(1.0, rel=0.3)


def test_a_command_is_carried_out_and_lasts_a_tick() -> None:
    sim = until(simulator(), 10.0)
    command = sim._journey.flight.command
    before = sim.truth().gimbal_rad[:9, 0].copy()
    sim.step(gimbal_rad=(0.01, -0.02))
    assert_array_equal(command.gimbal_rad[:9], [[0.01, -0.02]] * 9)
    assert not command.gimbal_rad[9].any()
    assert (sim.truth().gimbal_rad[:9, 0] - before).min() > 0.0
    sim.step()
    assert abs(command.gimbal_rad[:9, 0] - 0.01).min() > 1e-4
    each = np.zeros((10, 2))
    each[3] = 0.005
    sim.step({"gimbal_rad": each}, throttle=0.9)
    assert_array_equal(command.gimbal_rad, each)
    assert_array_equal(command.throttle, [0.9] * 9 + [1.0])


def test_engines_that_are_shut_down_stay_off_while_it_is_asked_for() -> None:
    sim = until(simulator(), 10.0)
    on = np.ones(10)
    on[[4, 9]] = 0.0
    for _ in range(50):
        sim.step(engine_on=on)
    assert sim.truth().flow_fraction[4] == 0.0
    assert sim.truth().flow_fraction[:4].min() == 1.0
    names = [event.name for event in sim.recording().events]
    assert "engine_shutdown" in names
    assert "engine_failed" not in names


def test_a_cut_off_inside_a_tick_comes_at_its_time() -> None:
    """Less is burnt than in the whole tick, by the share that is left of it."""
    burnt = []
    for share in (0.25, 0.75):
        sim = until(simulator(), 10.0)
        before = sim.truth().tank_kg[:2].sum()
        sim.step(cutoff_time_s=sim.time_s + share * 0.02)
        for _ in range(30):
            sim.step(engine_on=0.0)
        burnt.append(before - sim.truth().tank_kg[:2].sum())
    flow_kgps = 9 * 82.9e3 / (9.80665 * 315.0)
    assert burnt[1] - burnt[0] == pytest.approx(0.5 * 0.02 * flow_kgps, rel=1e-3)


def test_the_safety_system_ends_a_flight_that_is_steered_wrong() -> None:
    sim = until(simulator(), 20.0)
    while not sim.done:
        sim.step(gimbal_rad=(0.0, 0.05))
    flight = sim.recording()
    assert sim.outcome == flight.outcome == "terminated"
    (act,) = flight.events_named("flight_termination")
    assert 20.0 < act.time_s < 30.0
    assert flight.events_named("impact")


def test_an_attitude_replaces_guidance_alone() -> None:
    """Held upright by the pitch, or by the quaternion that guidance had at one time."""
    sim, turned = until(simulator(), 8.0), until(simulator(), 8.0)
    attitude = sim.navigation().commanded_body_from_eci
    for _ in range(500):
        sim.step(attitude_body_from_eci=attitude)
        turned.step(pitch_rad=math.radians(80.0))
    off = sim.navigation()
    assert_allclose(off.commanded_body_from_eci, attitude, rtol=0.0, atol=1e-15)
    assert np.abs(off.attitude_error_body_rad).max() < math.radians(2.0)
    told = turned.recording().bodies["stage1"].telemetry.column("pitch_deg")[-1]
    assert told == pytest.approx(80.0, abs=1.5)
    assert sim.phase == turned.phase == "gravity_turn"


def test_guidance_given_back_its_own_attitude_flies_the_same_way() -> None:
    """Pitch and launch azimuth as planned, at the same ticks: only the rate is another."""
    sim, plain = simulator(), simulator()
    plan = sim.plan
    azimuth = math.radians(plan["launch_azimuth_deg"])
    for _ in range(1500):
        plain.step()
        words = plain._journey.flight.memory.words
        sim.step(pitch_rad=words[data.COMMANDED_PITCH_RAD], azimuth_rad=azimuth)
    one, other = sim.truth(), plain.truth()
    assert np.linalg.norm(one.position_eci_m - other.position_eci_m) < 10.0
    assert plain.time_s > 25.0


def test_a_stage_dropped_early_falls_and_the_rest_flies_on() -> None:
    sim = until(simulator(), 60.0)
    for _ in range(100):
        sim.step(engine_on=0.0)
    sim.step(separate=True)
    assert sim.body == "stage2"
    at_s = sim.time_s
    for _ in range(50):
        sim.step()
    flight = sim.recording()
    assert flight.bodies.keys() == {"stage1", "stage2"}
    assert flight.bodies["stage1"].outcome == "impacted"
    assert flight.bodies["stage2"].outcome == "flying"
    (parted,) = flight.events_named("separation")
    assert parted.time_s == pytest.approx(at_s)
    upper = flight.bodies["stage2"].telemetry.column("time_s")
    assert upper[-1] == pytest.approx(sim.time_s)


def test_a_recording_is_there_right_after_a_parting() -> None:
    sim = simulator()
    while sim.body == "stage1":
        sim.step()
    assert sim.recording().bodies.keys() == {"stage1", "stage2"}


def test_a_launch_can_be_called_off() -> None:
    sim = simulator()
    for _ in range(10):
        sim.step()
    sim.step(abort=True, engine_on=0.0)
    assert sim.done
    assert sim.outcome == "scrubbed"


def test_the_hold_down_waits_for_the_controller() -> None:
    sim = simulator()
    for _ in range(200):
        sim.step(release=False)
    assert not sim.measured.released
    sim.step(release=True)
    assert sim.step().released


def test_a_recording_is_written_and_read(tmp_path: Path) -> None:
    sim = Simulator(ready(True, SHORT).mission)
    while not sim.done:
        sim.step()
    flight = sim.recording()
    assert sim.recording() is flight
    dr.write_recording(flight, tmp_path / "flight")
    assert dr.load_recording(tmp_path / "flight").outcome == flight.outcome


def test_a_flight_that_is_over_takes_no_step() -> None:
    sim = Simulator(ready(True, SHORT).mission)
    while not sim.done:
        sim.step()
    with pytest.raises(dr.InputError, match="the flight is over: it ended at 12"):
        sim.step()
    assert sim.recording().bodies["stage1"].outcome == "flying"


def test_nothing_is_recorded_before_the_first_step() -> None:
    with pytest.raises(dr.InputError, match="nothing has been flown"):
        simulator().recording()


def test_a_controller_that_fails_leaves_the_flight_as_it_was() -> None:
    sim = until(simulator(), 5.0)
    clock_s = sim.clock_s
    with pytest.raises(dr.InputError, match=r"gimbal_rad: is .*nan.*finite"):
        sim.step(gimbal_rad=(math.nan, 0.0), throttle=0.5)
    assert sim.clock_s == clock_s
    assert len(sim.recording().bodies["stage1"].telemetry) > 100
    plain = until(simulator(), 5.0)
    assert_array_equal(sim.step().rate_body_radps, plain.step().rate_body_radps)


def test_the_fairing_does_not_go_before_the_stage() -> None:
    """The first stage is kept by force; the flight software comes to the fairing."""
    sim = simulator()
    while sim.phase != "fairing":
        sim.step(separate=False)
        assert not sim.done
        if sim.phase == "second_burn":
            sim._journey.flight.memory.words[data.PHASE] = sim.phases.index("fairing")
    with pytest.raises(dr.InputError, match="stage1 is still attached and has to go first"):
        sim.step(separate=False)
    assert not sim.done
    with pytest.raises(dr.InputError, match=r"jettison_fairing: .*goes next.*stage1"):
        sim.step(jettison_fairing=True)


def test_the_name_of_a_mission_is_enough() -> None:
    said: list[str] = []
    sim = dr.Simulator(MISSION, progress=said.append)
    assert said == ["planning", "compiling"]
    assert sim.engines[0] == "stage1.engine.1"
    assert sim.tanks[-1] == "stage2.tank.lox"
    assert not sim.done
    assert sim.outcome == "flying"
