"""From a mission to numbers: what is planned, what is drawn, where the body stands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flight_case import as_bytes, ended, parts, ready
from numpy.testing import assert_allclose

from downrange.errors import InputError
from downrange.flight.assemble import build_plant, engine_names, nose_of, plan_mission, site_of
from downrange.flight.assumed import assumed_vehicle, small_angle
from downrange.flight.ends import fault_lines
from downrange.flight.fly import prepare
from downrange.flight.load import load_mission
from downrange.gnc.kernel import data
from downrange.vehicle import kernel as vehicle

MISSION = "spectrum-flight-1"
DRY_KG = 3900.0
LOADS_KG = (9840.0, 26550.0)


def test_the_body_stands_on_its_pad_with_its_aft_end() -> None:
    numbers, _ = parts(ready(planned=True))
    pad = ready(planned=True).mission.spec.site.pad
    a, f = 6378137.0, 1.0 / 298.257223563
    e2 = f * (2.0 - f)
    prime = a / math.sqrt(1.0 - e2 * math.sin(pad.latitude.si) ** 2)
    level = (prime + pad.altitude.si) * math.cos(pad.latitude.si)
    expected = [
        level * math.cos(pad.longitude.si), level * math.sin(pad.longitude.si),
        (prime * (1.0 - e2) + pad.altitude.si) * math.sin(pad.latitude.si),
    ]  # fmt: skip
    assert_allclose(numbers.plant.pad_position_ecef_m, expected, atol=1e-6)
    w, x, y, z = numbers.plant.pad_body_from_ecef
    assert w * w + x * x + y * y + z * z == pytest.approx(1.0, abs=1e-14)


def test_a_negative_pitch_rate_tips_the_nose_along_the_azimuth() -> None:
    """Nose up, body z along the launch azimuth: a turn about -y takes x to z."""
    prepared = ready(planned=True)
    numbers, _ = parts(prepared)
    pad, azimuth = prepared.mission.spec.site.pad, prepared.planned.ascent.azimuth_rad
    sl, cl = math.sin(pad.latitude.si), math.cos(pad.latitude.si)
    so, co = math.sin(pad.longitude.si), math.cos(pad.longitude.si)
    north, east = np.array([-sl * co, -sl * so, cl]), np.array([-so, co, 0.0])
    up = np.array([cl * co, cl * so, sl])
    w, x, y, z = numbers.plant.pad_body_from_ecef
    body_z = np.array([2.0 * (x * z + w * y), 2.0 * (y * z - w * x), w * w - x * x - y * y + z * z])
    body_x = np.array([w * w + x * x - y * y - z * z, 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)])
    assert_allclose(body_x, up, atol=1e-12)
    assert_allclose(body_z, math.cos(azimuth) * north + math.sin(azimuth) * east, atol=1e-12)


def test_nine_engines_and_two_stages_are_what_was_written() -> None:
    numbers, flight = parts(ready(planned=True))
    engines, tanks = numbers.plant.engines, numbers.plant.tanks
    assert engines.n == len(engine_names(ready(planned=True).mission.spec.vehicle)) == 10
    assert engines.stage.tolist() == [0] * 9 + [1]
    assert engines.thrust_vac_n[:9] == pytest.approx(82.9e3)
    assert tanks.load_kg[:2] == pytest.approx(LOADS_KG)
    assert_allclose(flight.state.tank_kg, tanks.load_kg)
    assert flight.state.tank_kg is not tanks.load_kg
    spec = ready(planned=True).mission.spec.vehicle
    out = np.zeros(vehicle.PROPERTIES)
    attached = np.ones(numbers.plant.masses.parts)
    vehicle.mass_properties(numbers.plant.masses, tanks.load_kg, attached, out)
    assert out[vehicle.MASS_KG] == pytest.approx(spec.liftoff_mass_kg, rel=1e-12)


def test_sensors_and_limits_are_what_was_written() -> None:
    numbers, _ = parts(ready(planned=True))
    spec = ready(planned=True).mission.spec.vehicle
    assert spec.gnss is not None
    assert numbers.sensors.gnss.rate_hz == spec.gnss.rate.si
    assert numbers.sensors.imu.station_m == spec.imu.station.si
    assert spec.structure.bending_moment_limit is not None
    assert numbers.watch.bending_moment_limit_nm == spec.structure.bending_moment_limit.si
    assert numbers.tick_s == 0.02
    assert numbers.record_every.tolist() == [[math.inf, 2.0]]  # to the end, every second tick
    assert numbers.end_after_s == 120.0


def test_the_assumed_vehicle_is_the_specified_one() -> None:
    prepared = ready(planned=True)
    spec = prepared.mission.spec
    leg = prepared.planned.legs[0]
    built = build_plant(prepared.mission, spec, prepared.planned.plan.earth, 0.0, leg)
    assumed = assumed_vehicle(spec.vehicle, built, leg)
    assert assumed.stage_dry_kg[0] == pytest.approx(DRY_KG + 160.0)  # with what can't be burnt
    assert assumed.stage_propellant_kg[0] == pytest.approx(sum(LOADS_KG) - 160.0)
    full, empty = assumed.mass_kg[-1], assumed.mass_kg[0]
    assert full == pytest.approx(spec.vehicle.liftoff_mass_kg)
    assert full - empty == pytest.approx(sum(LOADS_KG))
    assert assumed.fraction[0] == 0.0
    assert assumed.fraction[-1] == 1.0
    assert (np.diff(assumed.mass_kg) > 0.0).all()
    # The lighter, the higher the first mode.
    assert assumed.mode_frequency_radps[0, 0] > assumed.mode_frequency_radps[-1, 0]
    first_hz = assumed.mode_frequency_radps[-1, 0] / (2.0 * math.pi)
    assert first_hz == pytest.approx(4.2, abs=0.1)  # as its stiffness was set
    assert prepared.planned.first_mode_radps == assumed.mode_frequency_radps[-1, 0]
    assert assumed.engine_moving_moment_kgm == pytest.approx(80.0 * 0.35)


def test_small_angles_are_the_table_near_zero() -> None:
    """Slender body: dCN/dalpha is 2 per radian, a little more with crossflow, near the nose."""
    aero = parts(ready(planned=True))[0].plant.around.aero
    axial, slope, x_cp = small_angle(aero)
    assert_allclose(axial, aero.table[:, 0, 2])
    assert (slope > 1.9).all()
    assert (slope < 4.0).all()
    assert (x_cp > 15.0).all()
    assert (x_cp < 28.0).all()


def test_what_is_planned_does_not_know_the_fault_or_the_draw() -> None:
    plain, faulty = ready(planned=True), ready(planned=False)
    assert as_bytes(plain.planned.plan) == as_bytes(faulty.planned.plan)
    assert as_bytes(plain.planned.rules) == as_bytes(faulty.planned.rules)


def test_the_plan_changes_with_what_is_assumed() -> None:
    other = ready(True, (("vehicle.stage1.dry_mass", "4.2 t"),))
    assert as_bytes(ready(planned=True).planned.plan) != as_bytes(other.planned.plan)


def test_a_forecast_is_what_guidance_plans_with() -> None:
    """A wind that guidance was not told of changes the flight and leaves the plan as it was."""
    told = load_mission(MISSION, planned=True)
    calm = told.spec.wind.model_copy(update={"turbulence": None})
    strong = calm.model_copy(
        update={"level": tuple(
            level.model_copy(update={"speed": level.speed.model_copy(update={"si": 20.0})})
            for level in calm.level
        )}
    )  # fmt: skip
    unknown = type(told)(
        told.spec.model_copy(update={"wind": strong, "forecast": told.spec.wind}),
        told.file, told.folders | {"forecast": told.folders["wind"]}, True,
    )  # fmt: skip
    prepared = prepare(unknown)
    assert as_bytes(prepared.planned.plan) == as_bytes(ready(planned=True).planned.plan)
    assert parts(prepared)[0].plant.around.wind.north_mps[3] != pytest.approx(
        parts(ready(planned=True))[0].plant.around.wind.north_mps[3]
    )


def test_the_planned_nose_starts_up_and_tips_along_the_azimuth() -> None:
    prepared = ready(planned=True)
    nose = nose_of(prepared.planned.ascent, prepared.mission.spec)
    assert_allclose(np.linalg.norm(nose, axis=1), 1.0, rtol=1e-12)
    pad = prepared.mission.spec.site.pad
    up = [math.cos(pad.latitude.si) * math.cos(pad.longitude.si),
          math.cos(pad.latitude.si) * math.sin(pad.longitude.si),
        math.sin(pad.latitude.si)]  # fmt: skip
    assert nose[0] @ up == pytest.approx(1.0, abs=1e-9)
    assert (np.diff(nose[: prepared.planned.ascent.burnout_row] @ up) < 1e-3).all()


def test_a_target_out_of_reach_is_refused_with_the_missions_file() -> None:
    mission = load_mission(MISSION, planned=True, settings=[
        ("target.perigee", "30000 km"), ("target.apogee", "30000 km"),
    ])  # fmt: skip
    with pytest.raises(InputError) as caught:
        prepare(mission)
    assert caught.value.problems[0].file == str(mission.file)


def test_a_corridor_too_narrow_for_the_plan_is_refused() -> None:
    mission = load_mission(MISSION, settings=[("safety.keep_out", "30 km")])
    with pytest.raises(InputError):
        plan_mission(mission)


def test_the_site_is_told_in_radians_and_metres() -> None:
    spec = ready(planned=True).mission.spec
    site = site_of(spec)
    assert math.degrees(site.latitude_rad) == pytest.approx(69.108, abs=0.01)
    assert math.degrees(site.longitude_rad) == pytest.approx(15.59, abs=0.02)
    assert site.altitude_m == spec.site.pad.altitude.si


def test_each_row_of_the_fault_schedule_has_its_line() -> None:
    lines = ("stage1.engine: shutdown at 90 s", "imu: fail at 99 s", "stage2.engine: shutdown")
    prepared = ready(True, (), lines)
    numbers, _ = parts(prepared)
    spec = prepared.mission.spec
    told = fault_lines(spec, len(spec.fault))
    assert len(told) == len(numbers.faults.table) == 9 + 1 + 1
    assert told[0] == told[8] == "stage1.engine: shutdown at 90 s"
    assert told[9] == "imu: fail at 99 s"


def test_room_for_the_rows_is_the_longest_flight() -> None:
    prepared = ready(True, (("longest", "14 s"),))
    for record_hz in (50.0, 20.0, 7.0):
        numbers, flight = ended(prepared, record_hz=record_hz)
        rows = 14.0 / numbers.tick_s / numbers.record_every[0, 1]
        assert rows + 1 <= len(flight.rows) <= rows + 5


def test_phases_are_those_of_the_mission() -> None:
    numbers, _ = parts(ready(planned=True))
    names = [phase.name for phase in ready(planned=True).mission.spec.phase]
    assert numbers.end_phase == names.index("in_orbit")
    assert len(numbers.plan.phases.table) == len(names)
    assert numbers.plan.phases.table[names.index("pitch_over"), data.STEERING] == (
        data.STEER_PITCH_OVER
    )
