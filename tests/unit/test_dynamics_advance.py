"""A tick of one body: thrust and propellant, what is located inside the tick, pad and ground."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dynamics_case import (
    LATITUDE_RAD,
    LONGITUDE_RAD,
    PAD_M,
    Bench,
    ball,
    bench_plant,
    bench_vehicle,
    space,
)
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.advance import HELD, IMPACTED, NUMERICAL, STATUS
from downrange.earth.build import build_earth
from downrange.earth.kernel.geodesy import ecef_from_geodetic
from downrange.faults.kernel import ENGINE_OK
from downrange.propulsion.kernel import GIMBAL_Y_RAD, GIMBAL_Z_RAD, LEVEL, ON, SINCE_S

Floats = NDArray[np.float64]

STANDARD_GRAVITY = 9.80665
ROTATION_RADPS = 7.292115e-5
MU, RADIUS_M = 3.986004418e14, 6378137.0
ISP_S = 315.0
DELAY_S, RISE_S, STOP_DELAY_S, FALL_S = 0.21, 0.5, 0.07, 0.4
# 75 kN and 285 s at sea level fix the flow.
FLOW_KGPS = 75000.0 / (285.0 * STANDARD_GRAVITY)
ENGINES = 9


def gain_mps(start_kg: float, burnt_kg: float, isp_s: float = ISP_S) -> float:
    return isp_s * STANDARD_GRAVITY * math.log(start_kg / (start_kg - burnt_kg))


def in_space(**engine: object) -> Bench:
    return Bench(bench_plant(bench_vehicle(**engine), space())).free()


def test_thrust_gives_what_the_rocket_equation_says() -> None:
    """Start transient and steady thrust; the mass that is missing is what went through."""
    bench = in_space().ignite()
    start_kg = bench.mass_kg
    bench.run(12.0)
    burnt_kg = ENGINES * FLOW_KGPS * (12.0 - DELAY_S - 0.5 * RISE_S)
    assert start_kg - bench.mass_kg == pytest.approx(burnt_kg, rel=1e-9)
    assert bench.velocity_mps[0] == pytest.approx(gain_mps(start_kg, burnt_kg), rel=1e-7)
    assert np.abs(bench.velocity_mps[1:]).max() < 1e-9
    assert np.abs(bench.rate_radps).max() < 1e-12


def test_oxidiser_and_fuel_go_in_their_ratio() -> None:
    bench = in_space().ignite()
    before = bench.state.tank_kg.copy()
    bench.run(5.0)
    lox_kg, fuel_kg = (before - bench.state.tank_kg)[:2]
    assert lox_kg / fuel_kg == pytest.approx(2.5, rel=1e-9)
    assert np.array_equal(bench.state.tank_kg[2:], before[2:])


def test_the_length_of_a_tick_changes_nothing() -> None:
    ends = []
    for dt_s in (0.02, 0.005):
        bench = in_space().ignite(slice(0, 5))
        bench.command.gimbal_rad[:5] = 0.03, -0.02
        bench.run(4.0, dt_s)
        ends.append(bench)
    one, other = ends
    assert one.mass_kg == pytest.approx(other.mass_kg, rel=1e-12)
    assert_allclose(one.velocity_mps, other.velocity_mps, rtol=1e-4, atol=1e-4)
    assert_allclose(one.rate_radps, other.rate_radps, rtol=1e-3, atol=1e-6)


def dry_after_s(tank_kg: float, flow_kgps: float) -> float:
    """Full-thrust time is the propellant over the flow; delay and half the ramp come on top."""
    return DELAY_S + 0.5 * RISE_S + tank_kg / flow_kgps


@pytest.mark.parametrize("dt_s", [0.02, 0.013, 0.05])
def test_burn_out_is_where_the_propellant_ends(dt_s: float) -> None:
    bench = in_space().ignite()
    # Lox for 3 s and a crumb, fuel for more.
    per_second_kg = ENGINES * FLOW_KGPS * 2.5 / 3.5
    bench.state.tank_kg[0] = 3.00413 * per_second_kg
    while bench.state.engine[0, ON] > 0.5 or bench.time_s < 1.0:
        bench.tick(dt_s)
    stopped_s = bench.time_s - bench.state.engine[0, SINCE_S]
    assert stopped_s == pytest.approx(dry_after_s(3.00413, 1.0), abs=1e-6)
    assert bench.state.tank_kg[0] == 0.0
    assert_allclose(bench.state.engine[:9, SINCE_S], bench.state.engine[0, SINCE_S])


def test_burn_out_inside_the_start_ramp() -> None:
    """Dry while the level still rises: half t^2 over the rise is the propellant's time."""
    bench = in_space().ignite()
    share_s = 0.09
    bench.state.tank_kg[0] = share_s * ENGINES * FLOW_KGPS * 2.5 / 3.5
    bench.run_until(1.5)
    stopped_s = bench.time_s - bench.state.engine[0, SINCE_S]
    assert stopped_s == pytest.approx(DELAY_S + math.sqrt(2.0 * RISE_S * share_s), abs=1e-6)


def test_a_residual_stays_in_the_tank() -> None:
    spec = bench_vehicle()
    plant = bench_plant(spec, space())
    plant.tanks.table[0, 2] = 120.0
    bench = Bench(plant).free().ignite()
    bench.state.tank_kg[0] = 120.0 + 2.0 * ENGINES * FLOW_KGPS * 2.5 / 3.5
    bench.run(4.0)
    assert bench.state.tank_kg[0] == 120.0
    assert not bench.state.engine[:, ON].any()


def test_engines_that_share_a_tank_all_stop_others_go_on() -> None:
    bench = in_space().ignite(slice(0, 10))
    bench.state.tank_kg[1] = 50.0
    bench.run(6.0)
    assert not bench.state.engine[:9, ON].any()
    assert bench.state.engine[9, ON] == 1.0


@pytest.mark.parametrize("cutoff_s", [5.0, 5.0071, 5.0199])
def test_a_cut_off_inside_a_tick_gives_its_impulse(cutoff_s: float) -> None:
    """Full-thrust time: from the cut, less the start's loss, plus the tail-off's half."""
    bench = in_space().ignite()
    start_kg = bench.mass_kg
    bench.run(5.0)
    bench.command.cutoff_time_s[:] = cutoff_s
    bench.run(1.0)
    assert not bench.command.engine_on[:9].any()
    assert bench.state.engine[0, LEVEL] == 0.0
    full_s = cutoff_s + STOP_DELAY_S + 0.5 * FALL_S - DELAY_S - 0.5 * RISE_S
    burnt_kg = ENGINES * FLOW_KGPS * full_s
    assert start_kg - bench.mass_kg == pytest.approx(burnt_kg, rel=1e-9)
    assert bench.velocity_mps[0] == pytest.approx(gain_mps(start_kg, burnt_kg), rel=1e-7)


def test_two_cut_offs_in_one_tick() -> None:
    bench = in_space().ignite()
    start_kg = bench.mass_kg
    bench.run(3.0)
    bench.command.cutoff_time_s[0:4] = 3.004
    bench.command.cutoff_time_s[4:9] = 3.011
    bench.run(1.0)
    tail_s = STOP_DELAY_S + 0.5 * FALL_S - DELAY_S - 0.5 * RISE_S
    full_s = 4 * (3.004 + tail_s) + 5 * (3.011 + tail_s)
    assert start_kg - bench.mass_kg == pytest.approx(FLOW_KGPS * full_s, rel=1e-9)


def test_an_engine_that_fails_falls_without_being_told() -> None:
    bench = in_space().ignite()
    start_kg = bench.mass_kg
    bench.run(3.0)
    bench.health.engine[4, ENGINE_OK] = 0.0
    bench.run(1.0)
    assert bench.state.engine[4, LEVEL] == 0.0
    assert (bench.state.engine[[0, 1, 2, 3, 5, 6, 7, 8], LEVEL] == 1.0).all()
    start_s = DELAY_S + 0.5 * RISE_S
    full_s = 8 * (4.0 - start_s) + 3.0 + 0.5 * FALL_S - start_s
    assert start_kg - bench.mass_kg == pytest.approx(FLOW_KGPS * full_s, rel=1e-9)
    # Engine 5 was on the left (y < 0), thrust is left on the right: the nose turns left.
    assert bench.plant.engines.position_m[4, 1] < -0.5
    assert bench.rate_radps[2] < -1e-3


def swung(gimbal_rad: tuple[float, float], seconds: float) -> Bench:
    """Steady thrust, gimbals already where they are told to be."""
    bench = in_space().ignite()
    bench.state.engine[:9, LEVEL] = 1.0
    bench.state.engine[:9, ON], bench.state.engine[:9, SINCE_S] = 1.0, 10.0
    bench.command.gimbal_rad[:9] = gimbal_rad
    bench.state.engine[:9, GIMBAL_Y_RAD], bench.state.engine[:9, GIMBAL_Z_RAD] = gimbal_rad
    return bench.run(seconds)


@pytest.mark.parametrize("gimbal_rad", [(0.02, 0.0), (0.0, 0.02), (-0.015, 0.01)])
def test_gimballed_thrust_turns_and_pushes_as_agreed(gimbal_rad: tuple[float, float]) -> None:
    """Thrust along (1, dz, -dy) at l behind the CM: M = (0, -l F dy, -l F dz)."""
    time_s = 0.5
    bench = swung(gimbal_rad, time_s)
    start = Bench(bench.plant)
    dy, dz = gimbal_rad
    thrust_n = ENGINES * ISP_S * STANDARD_GRAVITY * FLOW_KGPS
    lever_m = start.x_cm_m - 0.5
    along_n = thrust_n / math.sqrt(1.0 + dy * dy + dz * dz)
    inertia = start.state.loads[3]
    turn = along_n * lever_m / inertia
    rates = [-turn * dy * time_s, -turn * dz * time_s]
    assert_allclose(bench.rate_radps[1:], rates, rtol=0.01, atol=1e-5)
    assert abs(bench.rate_radps[0]) < 1e-9
    # Sideways push, less what the nose's turn the other way takes back of the forward thrust.
    push = along_n / start.mass_kg * (time_s - turn * time_s**3 / 6.0)
    assert_allclose(bench.velocity_mps[1:], [push * dz, -push * dy], rtol=0.01, atol=1e-4)


def test_a_ring_that_swings_about_its_centre_rolls() -> None:
    """M_x = sum of -F (y dy + z dz): each engine tangential, as hands on a wheel."""
    bench = in_space().ignite()
    bench.state.engine[:9, LEVEL], bench.state.engine[:9, ON] = 1.0, 1.0
    bench.state.engine[:9, SINCE_S] = 10.0
    place = bench.plant.engines.position_m
    for i in range(8):
        angle = 0.01 * place[i, 1:] / 0.7
        bench.command.gimbal_rad[i] = bench.state.engine[i, [GIMBAL_Y_RAD, GIMBAL_Z_RAD]] = angle
    inertia = bench.state.loads[rigid.INERTIA_KGM2]
    bench.run(0.2)
    thrust_n = ISP_S * STANDARD_GRAVITY * FLOW_KGPS
    expected = -8.0 * thrust_n * 0.01 * 0.7 / inertia * 0.2
    assert bench.rate_radps[0] == pytest.approx(expected, rel=0.01)
    assert np.abs(bench.rate_radps[1:]).max() < 1e-6


def test_swinging_engines_push_back_and_no_momentum_is_left() -> None:
    """With the thrust off, body and engines keep the momentum that they had: none.

    Each engine's CM goes m l d to the side, so the body goes the other way by that over its
    mass and turns by (lever m l + I) d over its inertia, and then both stand still.
    """
    bench = in_space()
    angle, engines = 0.003, 9  # slower than the rate limit
    bench.command.gimbal_rad[:9, 0] = angle
    mass_kg, inertia = bench.mass_kg, bench.state.loads[3]
    lever_m = bench.x_cm_m - 0.5
    bench.run(1.5, 0.001)  # a tick's velocity is taken as straight: short ticks for the way
    assert bench.state.engine[0, GIMBAL_Y_RAD] == pytest.approx(angle, abs=1e-9)
    assert np.abs(bench.velocity_mps).max() < 1e-9
    assert np.abs(bench.rate_radps).max() < 1e-9
    first_kgm = engines * 80.0 * 0.35
    assert bench.position_m[2] == pytest.approx(-first_kgm * angle / mass_kg, rel=1e-3)
    turn = -(lever_m * first_kgm + engines * 18.0) * angle / inertia
    assert 2.0 * bench.state.rigid[8] == pytest.approx(turn, rel=1e-3)


def test_a_spinning_body_whose_propellant_leaves_along_the_axis_keeps_its_rate_in_roll() -> None:
    """Liquid does not roll and the jet is on the axis for one engine: nothing changes p."""
    bench = in_space()
    bench.free(rate_radps=(0.2, 0.0, 0.0))
    bench.command.engine_on[8] = 1.0  # the one in the middle
    bench.run(5.0)
    assert bench.mass_kg < Bench(bench.plant).mass_kg - 100.0
    assert bench.rate_radps[0] == pytest.approx(0.2, abs=1e-9)


def test_a_ring_of_jets_damps_the_roll() -> None:
    """Each kilogram leaves with r^2 w of angular momentum: p = p0 exp(-flow r^2 t / Ix)."""
    bench = in_space()
    bench.free(rate_radps=(0.2, 0.0, 0.0)).ignite()
    inertia = bench.state.loads[rigid.INERTIA_KGM2]
    bench.run(5.0)
    full_s = 5.0 - DELAY_S - 0.5 * RISE_S
    expected = 0.2 * math.exp(-8.0 * FLOW_KGPS * 0.7**2 * full_s / inertia)
    assert bench.rate_radps[0] == pytest.approx(expected, rel=1e-4)


def test_pitching_under_thrust_is_damped_by_jet_and_fed_by_draining() -> None:
    """I w' = -(I' + flow l^2) w with what the tanks' filling says of I, in a second quadrature."""
    bench = in_space()
    bench.free(rate_radps=(0.0, 0.01, 0.0)).ignite()
    rate = 0.01
    for _ in range(500):
        lever_m, before = bench.x_cm_m - 0.5, bench.state.loads[3]
        level = bench.state.engine[0, LEVEL]
        bench.tick()
        after = bench.state.loads[3]
        level = 0.5 * (level + bench.state.engine[0, LEVEL])
        # rings add r^2 / 2 each for the engines' y or z
        jet = level * FLOW_KGPS * (9.0 * lever_m**2 + 8.0 * 0.5 * 0.7**2)
        rate *= math.exp(-((after - before) + jet * 0.02) / (0.5 * (before + after)))
    assert bench.rate_radps[1] == pytest.approx(rate, rel=1e-5)
    assert rate != pytest.approx(0.01, rel=1e-3)


# Held down, and coming down.


def test_held_down_it_turns_with_the_earth() -> None:
    bench = Bench(bench_plant())
    bench.run(30.0)
    x = bench.state.rigid
    assert bench.state.words[STATUS] == HELD
    turned = LONGITUDE_RAD + ROTATION_RADPS * bench.time_s
    earth = build_earth()
    expected = ecef_from_geodetic(LATITUDE_RAD, turned, PAD_M + bench.x_cm_m, earth)
    assert_allclose(x[0:3], expected, atol=1e-6)
    assert_allclose(x[3:6], np.cross([0.0, 0.0, ROTATION_RADPS], expected), atol=1e-9)
    up = [math.cos(LATITUDE_RAD) * math.cos(turned), math.cos(LATITUDE_RAD) * math.sin(turned),
          math.sin(LATITUDE_RAD)]  # fmt: skip
    w, a, b, c = x[6:10]
    nose = [w * w + a * a - b * b - c * c, 2.0 * (a * b + w * c), 2.0 * (a * c - w * b)]
    assert_allclose(nose, up, atol=1e-12)
    assert np.linalg.norm(x[10:13]) == pytest.approx(ROTATION_RADPS, rel=1e-12)
    # Up is forward: the Earth's rate is seen along the nose by the sine of the latitude.
    assert x[10] == pytest.approx(ROTATION_RADPS * math.sin(LATITUDE_RAD), rel=1e-12)


def test_held_down_the_accelerometer_reads_normal_gravity() -> None:
    """Somigliana's formula for WGS 84, less the free-air gradient; J2 alone is good to 1e-5 g."""
    bench = Bench(bench_plant())
    bench.tick()
    force = bench.state.rigid[13:16] / 0.02
    sine2 = math.sin(LATITUDE_RAD) ** 2
    normal = (
        9.7803253359 * (1.0 + 0.00193185265241 * sine2) / math.sqrt(1.0 - 0.00669437999014 * sine2)
    )
    normal -= 3.086e-6 * (PAD_M + bench.x_cm_m)
    assert force[0] == pytest.approx(normal, abs=1e-5 * 9.8)
    assert np.abs(force[1:]).max() < 1e-5 * 9.8


def test_held_down_the_reading_is_gravity_less_centrifugal() -> None:
    """From the potential's own terms, at this very place: to 1e-9."""
    bench = Bench(bench_plant())
    bench.tick()
    r = bench.position_m
    far = np.linalg.norm(r)
    flat = 1.5 * 0.00108262982 * (RADIUS_M / far) ** 2
    sine2 = 5.0 * (r[2] / far) ** 2
    pull = -MU / far**3 * r * (1.0 + flat * np.array([1.0 - sine2, 1.0 - sine2, 3.0 - sine2]))
    spin = np.array([0.0, 0.0, ROTATION_RADPS])
    expected = np.linalg.norm(pull - np.cross(spin, np.cross(spin, r)))
    assert np.linalg.norm(bench.state.rigid[13:16]) / 0.02 == pytest.approx(expected, rel=1e-9)


def test_held_down_the_engines_burn_and_nothing_moves() -> None:
    bench = Bench(bench_plant()).ignite()
    start_kg = bench.mass_kg
    bench.run(2.0)
    assert bench.state.words[STATUS] == HELD
    assert start_kg - bench.mass_kg == pytest.approx(
        ENGINES * FLOW_KGPS * (2.0 - DELAY_S - 0.5 * RISE_S), rel=1e-9
    )
    # The accelerometer still reads one g: the pad holds the rest.
    assert bench.state.rigid[13] / 0.02 == pytest.approx(9.82, abs=0.02)
    assert not bench.state.modal.any()


def fall_s(from_m: float, to_m: float) -> float:
    """Time of a fall from rest between two distances from the centre, inverse-square gravity."""
    x = to_m / from_m
    return math.sqrt(from_m**3 / (2.0 * MU)) * (math.acos(math.sqrt(x)) + math.sqrt(x * (1.0 - x)))


@pytest.mark.parametrize(
    ("nose_up", "height_m", "tick_s"),
    [(True, 1000.0, 0.02), (False, 1000.0, 0.02), (True, 3.21, 0.02), (True, 1080.0, 1.0),
     (False, 1080.0, 1.0)],
)  # fmt: skip
def test_free_fall_ends_where_the_lower_end_meets_the_ground(
    nose_up: bool, height_m: float, tick_s: float
) -> None:
    plant = bench_plant(earth=ball())
    bench = Bench(plant)
    under_m = bench.x_cm_m - plant.aft_x_m if nose_up else plant.nose_x_m - bench.x_cm_m
    start_m, end_m = RADIUS_M + under_m + height_m, RADIUS_M + under_m
    attitude = (1.0, 0.0, 0.0, 0.0) if nose_up else (0.0, 0.0, 0.0, 1.0)
    bench.free(position_m=(start_m, 0.0, 0.0), body_from_eci=attitude)
    while bench.state.words[STATUS] != IMPACTED and bench.time_s < 60.0:
        bench.tick(tick_s)
    assert bench.time_s == pytest.approx(fall_s(start_m, end_m), abs=2e-7)
    speed = math.sqrt(2.0 * MU * (1.0 / end_m - 1.0 / start_m))
    assert -bench.velocity_mps[0] == pytest.approx(speed, abs=1e-5)
    assert bench.position_m[0] == pytest.approx(end_m, abs=1e-4)
    assert bench.tick() == 0.0  # it stays where it is


def test_lying_across_it_lands_on_its_middle_line() -> None:
    bench = Bench(bench_plant(earth=ball()))
    half = math.sqrt(0.5)
    # Nose to the north: body x along the inertial z.
    bench.free(position_m=(RADIUS_M + 50.0, 0.0, 0.0), body_from_eci=(half, 0.0, -half, 0.0))
    while bench.state.words[STATUS] != IMPACTED and bench.time_s < 60.0:
        bench.tick()
    assert bench.time_s == pytest.approx(fall_s(RADIUS_M + 50.0, RADIUS_M), abs=1e-4)


def test_a_body_that_rises_from_the_ground_is_not_stopped() -> None:
    plant = bench_plant(earth=ball())
    bench = Bench(plant)
    bench.free((RADIUS_M + bench.x_cm_m - 0.5, 0.0, 0.0), (5.0, 0.0, 0.0))
    assert bench.tick() == 0.02
    assert bench.state.words[STATUS] != IMPACTED


def test_let_go_without_thrust_it_is_down_at_once() -> None:
    plant = bench_plant(earth=ball())
    bench = Bench(plant)
    bench.free((RADIUS_M + bench.x_cm_m, 0.0, 0.0), (-1e-6, 0.0, 0.0))
    flown = bench.tick()
    assert bench.state.words[STATUS] == IMPACTED
    assert 0.0 < flown < 1e-4  # as far as a metre's ninth digit is felt


def test_what_is_no_number_ends_the_flight_with_the_last_state_that_was() -> None:
    bench = in_space()
    before = bench.state.rigid[:13].copy()
    bench.state.loads[rigid.TURBULENCE_NED_MPS] = math.nan
    bench.plant = bench.plant._replace(
        around=bench.plant.around._replace(earth=build_earth()._replace(mu_m3ps2=math.nan))
    )
    bench.tick()
    assert bench.state.words[STATUS] == NUMERICAL
    assert np.array_equal(bench.state.rigid[:13], before)
