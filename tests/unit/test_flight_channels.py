"""Rows of the loop as channels: each against geometry done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flight_case import ended, flown, parts, ready, rows_of
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from downrange.dynamics.kernel import advance
from downrange.flight import channels
from downrange.flight.assemble import engine_names, site_of, tank_names
from downrange.flight.channels import Layout, Names
from downrange.flight.kernel import loop
from downrange.gnc.kernel import data
from downrange.propulsion.kernel import GIMBAL_Y_RAD, GIMBAL_Z_RAD, LEVEL
from downrange.safety.kernel import rules
from downrange.telemetry import Telemetry, channel
from downrange.telemetry.channels import unit_of

EARTH_M = 6378137.0
ROTATION_RADPS = 7.292115e-5


def names_at(latitude_deg: float, longitude_deg: float, azimuth_deg: float) -> Names:
    return Names(
        engines=("a.engine.1",), tanks=("a.tank.lox", "a.tank.fuel"),
        pad_latitude_rad=math.radians(latitude_deg), pad_longitude_rad=math.radians(longitude_deg),
        azimuth_rad=math.radians(azimuth_deg), rotation_radps=ROTATION_RADPS,
        earth_radius_m=EARTH_M, bending_moment_limit_nm=math.inf, q_alpha_limit_parad=math.inf,
    )  # fmt: skip


def on_sphere(latitude: float, longitude: float) -> np.ndarray:
    return np.array([math.cos(latitude) * math.cos(longitude),
                     math.cos(latitude) * math.sin(longitude), math.sin(latitude)])  # fmt: skip


@pytest.mark.parametrize(
    ("along_m", "across_m"), [(1e3, 0.0), (1e5, 2e4), (-3e3, -40.0), (2e6, 1e5)]
)
def test_downrange_is_along_the_great_circle_of_the_azimuth(
    along_m: float, across_m: float
) -> None:
    """A point reached from the pad by its distance and bearing, by rotating vectors."""
    pad, azimuth = (math.radians(69.1), math.radians(15.6)), math.radians(340.0)
    distance, bearing = math.hypot(along_m, across_m), azimuth + math.atan2(across_m, along_m)
    up = on_sphere(*pad)
    north = np.array([-math.sin(pad[0]) * math.cos(pad[1]), -math.sin(pad[0]) * math.sin(pad[1]),
                      math.cos(pad[0])])  # fmt: skip
    heading = math.cos(bearing) * north + math.sin(bearing) * np.cross(north, up)
    angle = distance / EARTH_M
    there = math.cos(angle) * up + math.sin(angle) * heading
    latitude = np.array([math.asin(there[2])])
    longitude = np.array([math.atan2(there[1], there[0])])
    got = channels.ranges(latitude, longitude, names_at(69.1, 15.6, 340.0))
    assert_allclose([got[0][0], got[1][0]], [along_m, across_m], atol=1e-4)


def test_crossrange_is_positive_to_the_right() -> None:
    east = channels.ranges(np.array([0.0]), np.array([0.001]), names_at(0.0, 0.0, 0.0))
    assert east[0][0] == pytest.approx(0.0, abs=1e-6)
    assert east[1][0] == pytest.approx(0.001 * EARTH_M, rel=1e-9)


def test_the_pad_is_at_no_distance() -> None:
    here = channels.ranges(np.radians([69.1]), np.radians([15.6]), names_at(69.1, 15.6, 12.0))
    assert_allclose(np.hypot(*here), 0.0, atol=0.1)  # the sine of a small angle at best


def test_ned_axes_are_north_east_and_down() -> None:
    (axes,) = channels.ned_axes(np.array([0.0]), np.array([0.0]))
    assert_allclose(axes, [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]], atol=1e-15)
    (pole,) = channels.ned_axes(np.array([0.5 * math.pi]), np.array([0.0]))
    assert_allclose(pole[2], [0.0, 0.0, -1.0], atol=1e-15)


def test_inertial_axes_are_earth_fixed_ones_turned_back() -> None:
    """After a quarter turn the inertial y axis is over the meridian of Greenwich."""
    turned = channels.to_earth(np.array([[0.0, 1.0, 0.5]]), np.array([0.5 * math.pi]))
    assert_allclose(turned, [[1.0, 0.0, 0.5]], atol=1e-15)


@pytest.mark.parametrize(
    ("roll", "pitch", "yaw"), [(0.0, 0.0, 0.0), (10.0, 45.0, 350.0), (-170.0, -80.0, 12.0)]
)
def test_euler_angles_of_an_attitude_made_from_them(roll: float, pitch: float, yaw: float) -> None:
    """The inverse by scipy: turns about z, then y, then x of the body."""
    latitude, longitude, angle = 0.7, 0.3, 0.2
    axes = channels.ned_axes(np.array([latitude]), np.array([longitude]))
    ned = axes[0]  # rows: components in Earth-fixed axes
    earth_from_eci = Rotation.from_euler("z", -angle).as_matrix()
    body_in_ned = Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True).as_matrix()
    body_in_eci = (ned @ earth_from_eci).T @ body_in_ned
    x, y, z, w = Rotation.from_matrix(body_in_eci).as_quat()
    got = channels.euler_deg(np.array([[w, x, y, z]]), np.array([angle]), axes)
    apart = np.array([part[0] for part in got]) - [roll, pitch, yaw]
    assert_allclose((apart + 180.0) % 360.0 - 180.0, 0.0, atol=1e-9)
    assert 0.0 <= got[2][0] <= 360.0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("angle_deg", [0.0, 1e-7, 3.0, -40.0, 179.0])
def test_attitude_error_is_the_turn_from_commanded_to_true(axis: int, angle_deg: float) -> None:
    commanded = Rotation.from_euler("ZYX", [0.4, -0.8, 1.1])
    turn = np.zeros(3)
    turn[axis] = math.radians(angle_deg)
    true = commanded * Rotation.from_rotvec(turn)  # about the body's own axis
    rows = [np.roll(each.as_quat(), 1)[None, :] for each in (true, commanded)]
    total, about = channels.attitude_error_deg(*rows)
    expected = np.zeros(3)
    expected[axis] = angle_deg
    assert total[0] == pytest.approx(abs(angle_deg), abs=1e-6)
    assert_allclose(about[0], expected, atol=1e-6)


def test_the_other_sign_of_a_quaternion_is_the_same_attitude() -> None:
    true = np.array([[0.8, 0.6, 0.0, 0.0]])
    total, about = channels.attitude_error_deg(-true, np.array([[1.0, 0.0, 0.0, 0.0]]))
    assert total[0] == pytest.approx(math.degrees(2.0 * math.asin(0.6)))
    assert about[0, 0] == pytest.approx(total[0])


def test_a_row_is_as_wide_as_what_is_put_into_it() -> None:
    """Every column of a row is written, and no row is written but its own."""
    prepared = ready(planned=True)
    numbers, flight = parts(prepared, record_hz=50.0)
    mark = 12345.678
    flight.rows[:] = mark
    assert flight.rows.shape[1] == Layout(10, 4, 2).width
    loop.fly(numbers, flight, 5)
    assert not (flight.rows[:5] == mark).any()
    assert (flight.rows[5:] == mark).all()
    before = flight.rows[:5].copy()
    loop.fly(numbers, flight, 1)
    assert np.array_equal(flight.rows[:5], before, equal_nan=True)
    assert not (flight.rows[5] == mark).any()


def test_the_groups_of_a_row_are_where_the_layout_says() -> None:
    """The last row against the state from which it was written."""
    prepared = ready(planned=True)
    numbers, flight = parts(prepared, record_hz=50.0)
    loop.fly(numbers, flight, 600)
    state, words = flight.state, flight.memory.words
    before = {
        "rigid": state.rigid[:13].copy(),
        "tank": state.tank_kg.copy(),
        "modal": state.modal[:, :, 0].ravel().copy(),
        "moment": state.words[advance.MOMENT_NM : advance.MOMENT_NM + 1].copy(),
        "mass": state.loads[:2].copy(),
    }
    level, angles = state.engine[:, LEVEL].copy(), state.engine[:, [GIMBAL_Y_RAD, GIMBAL_Z_RAD]]
    loop.fly(numbers, flight, 1)
    found = {name: part[-1] for name, part in Layout(10, 4, 2).split(rows_of(flight)).items()}
    for name, expected in before.items():
        assert np.array_equal(found[name], expected), name
    assert found["clock"][0] == pytest.approx(600 * 0.02)
    assert found["phase"][0] == words[data.PHASE]
    assert np.array_equal(found["navigated"], words[data.POSITION_ECI_M : data.POSITION_ECI_M + 3])
    k = data.COMMANDED_BODY_FROM_ECI
    assert np.array_equal(found["commanded"], words[k : k + 4])
    assert np.array_equal(found["aux"][:9], state.aux[:9])
    assert found["aux"][9] == pytest.approx(state.aux[9], rel=1e-3)  # seen again with new loads
    assert np.array_equal(found["margin"], flight.verdict.rules[:, rules.MARGIN], equal_nan=True)
    k = rules.IMPACT_FOUND
    assert np.array_equal(found["impact"], flight.verdict.state[k : k + 4], equal_nan=True)
    engine = found["engine"].reshape(10, loop.ENGINE_WORDS)
    expected = np.column_stack((
        flight.measured.chamber_fraction, flight.command.engine_on, angles,
        flight.command.gimbal_rad, level,
    ))  # fmt: skip
    assert np.array_equal(engine, expected)
    assert np.abs(angles).max() > 1e-5


@pytest.fixture(scope="module")
def flight() -> Telemetry:
    """The first stage with all above it, then by itself to the ground."""
    return flown(planned=True).bodies["stage1"].telemetry


@pytest.fixture(scope="module")
def climb(flight: Telemetry) -> Telemetry:
    """The same before it was dropped."""
    (parted,) = flown(planned=True).events_named("separation")
    rows = int(np.searchsorted(flight["time_s"], parted.time_s))
    return Telemetry.from_columns({name: flight[name][:rows] for name in flight.names})


def test_every_channel_is_in_the_dictionary_with_its_unit(flight: Telemetry) -> None:
    for name in flight.names:
        assert channel(name) is not None, name
        assert unit_of(name) == channel(name).unit  # type: ignore[union-attr]
    assert len(flight.names) == len(set(flight.names)) > 80


def test_speed_is_the_length_of_its_components(flight: Telemetry) -> None:
    parts_mps = [flight[f"velocity_{axis}_mps"] for axis in ("north", "east", "down")]
    assert_allclose(flight["speed_mps"], np.sqrt(sum(part**2 for part in parts_mps)), rtol=1e-12)
    inertial = [flight[f"velocity_eci_{axis}_mps"] for axis in "xyz"]
    assert_allclose(flight["inertial_speed_mps"], np.linalg.norm(inertial, axis=0), rtol=1e-12)
    # On the pad only the Earth moves.
    assert flight["speed_mps"][0] == pytest.approx(0.0, abs=1e-6)
    assert flight["inertial_speed_mps"][0] == pytest.approx(
        ROTATION_RADPS * math.hypot(flight["position_eci_x_m"][0], flight["position_eci_y_m"][0])
    )


def test_altitude_grows_as_velocity_says(climb: Telemetry) -> None:
    """Simpson's rule over the recorded samples, from lift-off on."""
    time, down = climb["time_s"], climb["velocity_down_mps"]
    from scipy.integrate import cumulative_simpson

    start = int(np.searchsorted(time, 0.0))
    stop = -3  # the last row is not on the grid
    gained = -cumulative_simpson(down[start:stop], x=time[start:stop])
    moved = climb["altitude_m"][start + 1 : stop] - climb["altitude_m"][start]
    assert moved.max() > 50e3
    assert_allclose(gained, moved, atol=2e-4 * moved.max())


def test_pressure_density_and_speed_make_the_dynamic_pressure(flight: Telemetry) -> None:
    expected = 0.5 * flight["air_density_kgpm3"] * flight["airspeed_mps"] ** 2
    assert_allclose(flight["dynamic_pressure_pa"], expected, rtol=1e-9)
    assert_allclose(
        flight["q_alpha_pa_rad"],
        flight["dynamic_pressure_pa"] * np.radians(flight["angle_of_attack_deg"]), rtol=1e-12,
    )  # fmt: skip


def test_mass_is_dry_mass_and_propellant(climb: Telemetry) -> None:
    dry = climb["mass_kg"] - climb["propellant_kg"]
    # First tank: recorded before and mass taken after the segment's burn; a tick of flow apart.
    assert np.ptp(dry) < 6.0
    tanks = [climb[name] for name in climb.matching("", ".mass_kg")]
    assert len(tanks) == 4
    assert_allclose(climb["propellant_kg"], sum(tanks), rtol=1e-12)


def test_thrust_is_that_of_nine_engines_at_the_ambient_pressure(climb: Telemetry) -> None:
    """Published: 75 kN each at sea level, 82.9 kN in vacuum."""
    at = int(np.searchsorted(climb["time_s"], 1.0))
    area_m2 = 82.9e3 * (1.0 - 285.0 / 315.0) / 101325.0
    expected = 9.0 * (82.9e3 - climb["air_pressure_pa"][at] * area_m2)
    assert climb["thrust_n"][at] == pytest.approx(expected, rel=1e-4)
    assert climb["engines_running"][at] == 9.0
    assert climb["chamber_fraction_min"][at] == pytest.approx(1.0, abs=0.1)


def test_axial_acceleration_is_thrust_less_drag_over_mass(climb: Telemetry) -> None:
    at = int(np.searchsorted(climb["time_s"], 3.0))  # slow: no drag to speak of
    expected = climb["thrust_n"][at] / climb["mass_kg"][at]
    assert climb["acceleration_axial_mps2"][at] == pytest.approx(expected, rel=5e-3)


def test_on_the_pad_it_points_up_along_the_azimuth(climb: Telemetry) -> None:
    plan = flown(planned=True).plan
    assert climb["pitch_deg"][0] == pytest.approx(90.0, abs=1e-6)
    late = int(np.searchsorted(climb["time_s"], 80.0))
    assert climb["yaw_deg"][late] == pytest.approx(plan["launch_azimuth_deg"] % 360.0, abs=2.0)
    assert climb["pitch_deg"][late] < 80.0
    assert climb["downrange_m"][late] > 1000.0


def test_margins_follow_the_limits_that_are_stated(flight: Telemetry) -> None:
    limit = ready(planned=True).mission.spec.vehicle.structure.bending_moment_limit
    assert limit is not None
    expected = limit.si - flight["bending_moment_nm"]
    assert_allclose(flight["margin.bending_moment_nm"], expected, rtol=1e-12)
    assert {name for name, _ in channels.RULE_MARGINS} <= set(flight.matching("margin."))
    assert np.nanmax(flight["margin.attitude_deg"]) <= 45.0


def test_impact_points_are_ahead_of_a_climbing_vehicle(climb: Telemetry) -> None:
    at = int(np.searchsorted(climb["time_s"], 60.0))
    point = np.radians([climb["impact_latitude_deg"][at], climb["impact_longitude_deg"][at]])
    spec, plan = ready(planned=True).mission.spec, flown(planned=True).plan
    pad = site_of(spec)
    where = names_at(math.degrees(pad.latitude_rad), math.degrees(pad.longitude_rad),
                     plan["launch_azimuth_deg"])  # fmt: skip
    along, across = channels.ranges(point[:1], point[1:], where)
    assert along[0] > climb["downrange_m"][at] + 1000.0
    assert abs(across[0]) < 0.1 * along[0]


def test_names_of_engines_and_tanks_count_from_one() -> None:
    vehicle = ready(planned=True).mission.spec.vehicle
    assert engine_names(vehicle)[0] == "stage1.engine.1"
    assert engine_names(vehicle)[8:] == ("stage1.engine.9", "stage2.engine.1")
    assert tank_names(vehicle) == (
        "stage1.tank.fuel", "stage1.tank.lox", "stage2.tank.fuel", "stage2.tank.lox",
    )  # fmt: skip


def test_time_counts_from_first_motion() -> None:
    prepared = ready(planned=True)
    _, flight = ended(prepared)
    t0_s = flight.clock[loop.T0_S]
    table = flown(planned=True).bodies["stage1"].telemetry
    assert table["time_s"][0] == pytest.approx(-t0_s)
    assert flight.state.words[advance.STATUS] == advance.FLYING
