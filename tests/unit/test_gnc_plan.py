"""The planned ascent against closed forms, an independent orbit and its own optimum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import CALM, EARTH, SITE, STAGES, TARGET, phases, planned, vehicle

from downrange.earth.build import build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.earth.kernel.frames import quat_ned_from_ecef
from downrange.earth.kernel.geodesy import ecef_from_geodetic, eci_from_ecef, velocity_eci
from downrange.earth.spec import WindSpec
from downrange.errors import InputError
from downrange.gnc.build import ascent_bounds, build_plan
from downrange.gnc.kernel import ascent as kernel
from downrange.gnc.kernel import data
from downrange.gnc.kernel.ascent import Air, Burn, Launch
from downrange.gnc.kernel.throttling import Throttles
from downrange.gnc.plan import RATED, Orbit, Site, launch_azimuth, plan_ascent
from downrange.gnc.search import find_root, golden_section
from downrange.gnc.spec import ControlSpec, GuidanceSpec, TargetSpec

G0 = 9.80665
ORBIT = Orbit(500e3, 500e3, math.radians(95.0), northbound=True)
BOUNDS = ascent_bounds(phases(), GuidanceSpec(), vehicle())


def inertial(ascent, row: int) -> tuple[np.ndarray, np.ndarray]:
    t = float(ascent.time_s[row])
    r = eci_from_ecef(tuple(ascent.position_ecef_m[row]), t, EARTH)
    v = velocity_eci(r, eci_from_ecef(tuple(ascent.velocity_ecef_mps[row]), t, EARTH), EARTH)
    return np.array(r), np.array(v)


def test_the_azimuth_of_a_polar_and_of_a_due_east_launch() -> None:
    # Pole to pole from the equator at 7.8 km/s: 465.1 m/s to the east must be undone.
    polar = launch_azimuth(0.0, Orbit(2e5, 2e5, 0.5 * math.pi, True), 7800.0, EARTH)
    assert math.degrees(polar) == pytest.approx(360.0 - math.degrees(math.atan(465.10 / 7800.0)),
                                                abs=1e-3)  # fmt: skip
    cape = math.radians(28.5)
    east = launch_azimuth(cape, Orbit(2e5, 2e5, cape, True), 7800.0, EARTH)
    assert math.degrees(east) == pytest.approx(90.0, abs=1e-5)
    south = launch_azimuth(cape, Orbit(2e5, 2e5, math.radians(98.0), False), 7800.0, EARTH)
    assert 180.0 < math.degrees(south) < 200.0
    assert math.isnan(
        launch_azimuth(cape, Orbit(2e5, 2e5, math.radians(20.0), True), 7800.0, EARTH)
    )


def test_andoya_to_95_degrees() -> None:
    """Inertial azimuth asin(cos 95 / cos 69.1) = 345.9 deg; the Earth's turning takes a degree."""
    azimuth = math.degrees(launch_azimuth(SITE.latitude_rad, ORBIT, 7655.0, EARTH))
    assert azimuth == pytest.approx(345.0, abs=1.0)
    still = EARTH._replace(rotation_radps=0.0)
    assert math.degrees(launch_azimuth(SITE.latitude_rad, ORBIT, 7655.0, still)) == pytest.approx(
        360.0 - math.degrees(math.asin(math.cos(math.radians(85.0)) / math.cos(SITE.latitude_rad))),
        abs=1e-9,
    )


def test_straight_up_without_air_is_the_rocket_equation() -> None:
    """v = c ln(m0 / m) - g t on an Earth that stands still; g nearly constant over 10 km."""
    earth = EARTH._replace(rotation_radps=0.0, atmosphere_model=NO_AIR, j2=0.0)
    thrust, flow, mass, burn_s = 7e5, 240.0, 5e4, 60.0
    launch = Launch(
        position_ecef_m=ecef_from_geodetic(*SITE, earth),
        attitude_ned_from_ecef=quat_ned_from_ecef(SITE.latitude_rad, SITE.longitude_rad),
        azimuth_rad=0.0, mass_kg=mass, start_time_s=math.inf, start_altitude_m=0.0,
        start_speed_mps=0.0, kick_rate_radps=0.1, kick_pitch_rad=1.5, rate_limit_radps=0.1,
        head_on_pa=1e4,
        cutoff_speed_mps=math.inf, step_s=0.25,
    )  # fmt: skip
    rows = np.empty((300, kernel.COLUMNS))
    medium = Air(earth, CALM, np.array([[0.0, 1.0], [1.0, 1.0]]))
    rated = Throttles(RATED, -1, 1.0, 1.0, 1.0, 0.0, flow * burn_s, 0.0)
    burn, words = Burn(thrust, 0.5, flow, burn_s), np.empty(data.WORDS)
    count, _ = kernel.fly_first_stage(launch, burn, medium, rated, words, rows)
    last = rows[count - 1]
    assert last[kernel.TIME_S] == burn_s
    assert last[kernel.MASS_KG] == pytest.approx(mass - flow * burn_s, rel=1e-12)
    radius = float(np.linalg.norm(rows[0, 1:4]))
    gravity = [earth.mu_m3ps2 / (radius + rise) ** 2 for rise in (0.0, 12e3)]
    ideal = thrust / flow * math.log(mass / (mass - flow * burn_s))
    assert ideal - gravity[0] * burn_s < last[kernel.SPEED_MPS] < ideal - gravity[1] * burn_s


def test_thrust_pressure_and_drag_push_as_in_the_textbook() -> None:
    """At sea level, 150 m/s up: T_vac - p A_e, less 1/2 rho V^2 S CA (CA S = 2 m^2), over m."""
    earth = EARTH._replace(rotation_radps=0.0, j2=0.0)
    r = (earth.equatorial_radius_m, 0.0, 0.0)
    medium = Air(earth, CALM, np.array([[0.0, 2.0], [1.0, 2.0]]))
    push = kernel.acceleration(r, (150.0, 0.0, 0.0), 0.0, 5e4, (0.0, 0.0, 1.0),
                               Burn(7e5, 0.7, 240.0, 100.0), medium)  # fmt: skip
    drag = 0.5 * 1.225 * 150.0**2 * 2.0
    gravity = earth.mu_m3ps2 / earth.equatorial_radius_m**2
    assert push[0] == pytest.approx(-gravity - drag / 5e4, rel=1e-5)
    assert push[2] == pytest.approx((7e5 - 101325.0 * 0.7) / 5e4, rel=1e-9)


def test_the_insertion_is_the_perigee_of_the_transfer() -> None:
    """Apsides from energy and angular momentum of the last row: 200 x 500 km at 95 degrees."""
    _, ascent = planned()
    r, v = inertial(ascent, ascent.insertion_row)
    mu, radius = 3.986004418e14, 6378137.0
    h = np.cross(r, v)
    axis = 1.0 / (2.0 / np.linalg.norm(r) - v @ v / mu)
    eccentricity = math.sqrt(1.0 - (h @ h) / (mu * axis))
    assert axis * (1.0 - eccentricity) - radius == pytest.approx(200e3, abs=20.0)
    assert axis * (1.0 + eccentricity) - radius == pytest.approx(500e3, abs=100.0)
    assert math.degrees(math.acos(h[2] / np.linalg.norm(h))) == pytest.approx(95.0, abs=1e-4)
    assert math.degrees(ascent.inclination_rad) == pytest.approx(95.0, abs=1e-4)


def test_the_upper_stage_ends_in_the_plane_of_its_ignition() -> None:
    """As the closed loop flies: the plane of 95 degrees through where the engine was lit."""
    _, ascent = planned()
    lit, _ = inertial(ascent, ascent.burnout_row + 5)
    r, v = inertial(ascent, ascent.insertion_row)
    normal = np.cross(r, v) / np.linalg.norm(np.cross(r, v))
    assert abs(lit @ normal) < 5.0  # of 6,450 km; with a constant yaw it is 13 km
    assert normal[2] == pytest.approx(math.cos(math.radians(95.0)), abs=1e-6)


def test_masses_times_and_propellant_add_up() -> None:
    v = vehicle()
    _, ascent = planned()
    flow = v.engine_flow_kgps[:9].sum()
    # 2 s on the hold-down and 0.2 % left in the tanks.
    burnt = 36200.0 * (1.0 - 0.002) - 2.0 * flow
    assert ascent.time_s[ascent.burnout_row] == pytest.approx(burnt / flow, rel=1e-9)
    assert ascent.mass_kg[0] == pytest.approx(3900.0 + 9800.0 + 36200.0 - 2.0 * flow, rel=1e-12)
    after = ascent.mass_kg[ascent.burnout_row + 1]
    assert after == pytest.approx(900.0 + 8550.0 + 350.0, rel=1e-12)
    upper_s = ascent.time_s[-1] - ascent.time_s[ascent.burnout_row] - 5.0
    left = 8550.0 - upper_s * v.engine_flow_kgps[9]
    assert ascent.propellant_left_kg == pytest.approx(left, abs=0.1)
    # Circularising at 500 km from 200 x 500 km: 85 m/s by vis-viva, at 338 s.
    wet = 900.0 + left
    burnt = wet * (1.0 - math.exp(-85.0 / 338.0 / G0))
    assert ascent.restart_propellant_kg == pytest.approx(burnt, rel=0.01)


def test_the_attitude_of_burn_out_is_held_through_the_staging_coast() -> None:
    """Five seconds of it; the safety system compares the nose with it."""
    _, ascent = planned()
    since = ascent.time_s - ascent.time_s[ascent.burnout_row]
    coast = (since >= 0.0) & (since <= 5.0)
    assert coast.sum() == 6
    assert (ascent.pitch_rad[coast] == ascent.pitch_rad[ascent.burnout_row]).all()


def test_the_rows_tell_one_story() -> None:
    _, ascent = planned()
    assert (np.diff(ascent.time_s) > 0.0).all()
    assert np.diff(ascent.time_s).max() <= 1.0 + 1e-9
    speed = np.linalg.norm(ascent.velocity_ecef_mps, axis=1)
    np.testing.assert_allclose(ascent.speed_mps, speed, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(ascent.velocity_ned_mps, axis=1), speed, rtol=1e-12)
    # Velocity is the rate of position (central differences, first stage).
    rows = slice(1, ascent.burnout_row - 1)
    t, r = ascent.time_s, ascent.position_ecef_m
    rate = (r[2 : ascent.burnout_row] - r[: ascent.burnout_row - 2]) / (t[2] - t[0])
    np.testing.assert_allclose(rate, ascent.velocity_ecef_mps[rows], atol=0.1)
    assert ascent.max_dynamic_pressure_pa == ascent.dynamic_pressure_pa.max()
    assert 0 < ascent.programme_row < ascent.burnout_row < ascent.insertion_row


def test_the_turn_meets_the_air_head_on_in_the_launch_plane() -> None:
    """Against the forecast wind too: the programme is the direction of the velocity in the air."""
    wind = build_wind(WindSpec(model="steady", from_deg=345, speed="15 m/s"))
    ascent = plan_ascent(vehicle(), SITE, ORBIT, BOUNDS, EARTH, wind)
    row = int(np.searchsorted(ascent.time_s, 60.0))
    north, east, down = _pad_axes(ascent.velocity_ecef_mps[row])
    north += 15.0 * math.cos(math.radians(345.0))
    east += 15.0 * math.sin(math.radians(345.0))
    along = north * math.cos(ascent.azimuth_rad) + east * math.sin(ascent.azimuth_rad)
    # A step of the plan (0.25 s at 0.7 deg/s) lags behind it.
    assert math.degrees(ascent.pitch_rad[row]) == pytest.approx(
        math.degrees(math.atan2(-down, along)), abs=0.3
    )


def _pad_axes(velocity_ecef: np.ndarray) -> tuple[float, float, float]:
    lat, lon = SITE[:2]
    north = [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)]
    east = [-math.sin(lon), math.cos(lon), 0.0]
    down = np.cross(north, east)
    return tuple(float(velocity_ecef @ axis) for axis in (north, east, down))


def test_no_other_kick_leaves_more() -> None:
    """The plan against the same ascent with the pitch-over forced by an earlier or later start."""
    _, best = planned()
    slower = plan_ascent(
        vehicle(), SITE, ORBIT, BOUNDS._replace(start_height_m=1500.0), EARTH, CALM
    )
    assert slower.propellant_left_kg < best.propellant_left_kg
    limited = plan_ascent(
        vehicle(), SITE, ORBIT, BOUNDS._replace(max_dynamic_pressure_pa=33e3), EARTH, CALM
    )
    assert limited.max_dynamic_pressure_pa <= 33e3
    assert limited.propellant_left_kg < best.propellant_left_kg
    higher = plan_ascent(
        vehicle(), SITE, ORBIT, BOUNDS._replace(min_staging_altitude_m=75e3), EARTH, CALM
    )
    assert higher.altitude_m[higher.burnout_row] >= 75e3
    assert higher.propellant_left_kg < best.propellant_left_kg


def test_the_pitch_over_starts_as_the_sequence_says() -> None:
    _, ascent = planned()
    first = int(np.flatnonzero(ascent.pitch_rad < 0.5 * math.pi)[0])
    height = ascent.altitude_m - SITE.altitude_m
    assert height[first - 2] < 100.0 <= height[first]
    late = plan_ascent(vehicle(), SITE, ORBIT, BOUNDS._replace(start_time_s=20.0), EARTH, CALM)
    first = int(np.flatnonzero(late.pitch_rad < 0.5 * math.pi)[0])
    assert late.time_s[first] == pytest.approx(20.25, abs=1e-9)
    assert late.kick_pitch_rad < ascent.kick_pitch_rad


def test_a_plan_is_the_same_every_time() -> None:
    one, other = (plan_ascent(vehicle(), SITE, ORBIT, BOUNDS, EARTH, CALM) for _ in range(2))
    assert one.kick_pitch_rad == other.kick_pitch_rad
    np.testing.assert_array_equal(one.position_ecef_m, other.position_ecef_m)


def reach(target: dict[str, str], site: Site = SITE, **changed: float) -> None:
    build_plan(vehicle(**changed), STAGES, phases(), GuidanceSpec(), ControlSpec(),
               TargetSpec.model_validate(target), site, EARTH, CALM, file="m.toml")  # fmt: skip


@pytest.mark.parametrize("payload_kg", [1000.0, 2500.0])
def test_a_target_out_of_reach_says_by_how_much(payload_kg: float) -> None:
    """The shortfall grows as the rocket equation has it with the payload carried on."""
    with pytest.raises(InputError, match=r"m.toml: target: can't be reached: (\d+) m/s short") as e:
        reach(TARGET, payload_kg=payload_kg)
    short = float(str(e.value).split("reached: ")[1].split(" m/s")[0])
    # 702 m/s spare at 500 kg would be gone at some 750 kg; each further tonne costs > 1 km/s.
    assert 100.0 < short < 3000.0


def test_far_out_of_reach_is_told_without_losses() -> None:
    with pytest.raises(InputError, match="short, even without any losses"):
        reach(TARGET, payload_kg=8000.0)


def test_a_bound_that_cant_be_kept_is_named() -> None:
    with pytest.raises(InputError, match="within max_dynamic_pressure and min_staging_altitude"):
        plan_ascent(
            vehicle(), SITE, ORBIT, BOUNDS._replace(max_dynamic_pressure_pa=5e3), EARTH, CALM
        )


def test_an_inclination_below_the_latitude_and_a_vehicle_too_heavy() -> None:
    with pytest.raises(InputError, match=r"from a latitude of 69.11 deg .* 28.50 deg"):
        reach({**TARGET, "inclination": "28.5 deg"})
    with pytest.raises(InputError, match="below the weight"):
        reach(TARGET, payload_kg=40e3)
    with pytest.raises(InputError, match="second stage"):
        reach(TARGET, stage_dry_kg=np.array([3900.0]))


def test_broyden_finds_a_root_and_gives_up_without_one() -> None:
    root = find_root(lambda x: np.array([x[0] ** 2 - 2.0, x[0] * x[1] - 1.0]),
                     [np.array([1.0, 1.0])], tolerance=1e-10)  # fmt: skip
    assert root is not None
    np.testing.assert_allclose(root, [math.sqrt(2.0), 1.0 / math.sqrt(2.0)], atol=1e-9)
    assert find_root(lambda x: np.array([x[0] ** 2 + 1.0, x[1]]), [np.array([0.5, 0.5])]) is None


def test_the_golden_section_closes_in_on_the_peak() -> None:
    assert golden_section(lambda x: -((x - 0.3) ** 2), 0.0, 1.0, 40) == pytest.approx(0.3, abs=1e-7)
