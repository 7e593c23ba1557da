"""Inertial navigation against closed forms, and what it does without its sensors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import EARTH, SITE, planned
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from downrange.earth.kernel.frames import quat_rotate, quat_unrotate
from downrange.earth.kernel.geodesy import (
    ecef_from_eci,
    ecef_from_geodetic,
    velocity_relative_eci,
)
from downrange.earth.kernel.gravity import gravity_eci
from downrange.gnc.build import new_memory
from downrange.gnc.kernel import data
from downrange.gnc.kernel.navigation import navigate, turned
from downrange.telemetry import bus

TICK_S = 0.02


def vector(words: np.ndarray, i: int) -> np.ndarray:
    return words[i : i + 3].copy()


def core_at(clock_s: float, released: bool = True) -> np.ndarray:
    core = bus.new_measured(1, 1).core
    core[bus.CLOCK_S], core[bus.RELEASED] = clock_s, float(released)
    core[bus.IMU_VALID], core[bus.GNSS_NEW] = 1.0, 0.0
    core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3] = 0.0
    core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3] = 0.0
    return core


def on_the_pad(clock_s: float = 0.0, **control: object) -> tuple[data.Plan, np.ndarray]:
    plan, _ = planned(**control)
    words = new_memory(plan).words
    navigate(plan.navigation, plan.earth, core_at(clock_s, released=False), words)
    return plan, words


def test_a_constant_rate_turns_exactly() -> None:
    rate, dt = np.array([0.3, -1.1, 0.7]), 0.5
    start = (0.6, -0.48, 0.36, 0.5291502622129182)
    # The frame turns by rate dt, so components of a fixed vector turn the other way.
    for share, after in zip((0.5, 1.0), turned(start, tuple(rate), dt), strict=True):
        back = Rotation.from_rotvec(-rate * share * dt)
        for axis in np.eye(3):
            wanted = back.apply(quat_rotate(start, tuple(axis)))
            np.testing.assert_allclose(quat_rotate(after, tuple(axis)), wanted, atol=1e-14)
    assert turned(start, (0.0, 0.0, 0.0), dt) == (start, start)


def test_on_the_pad_it_stands_still_on_the_turning_earth() -> None:
    plan, words = on_the_pad(clock_s=40.0)
    imu = ecef_from_geodetic(SITE.latitude_rad, SITE.longitude_rad, SITE.altitude_m + 1.5, EARTH)
    position = tuple(vector(words, data.POSITION_ECI_M))
    velocity = tuple(vector(words, data.VELOCITY_ECI_MPS))
    np.testing.assert_allclose(ecef_from_eci(position, 40.0, EARTH), imu, atol=1e-6)
    np.testing.assert_allclose(velocity_relative_eci(position, velocity, EARTH), 0.0, atol=1e-12)
    assert words[data.NAV_ALTITUDE_M] == pytest.approx(SITE.altitude_m + 1.5, abs=1e-6)
    assert words[data.PAD_ALTITUDE_M] == words[data.NAV_ALTITUDE_M]
    # The nose is up: along the ellipsoid's normal.
    q = tuple(words[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4])
    nose = ecef_from_eci(quat_unrotate(q, (1.0, 0.0, 0.0)), 40.0, EARTH)
    lat, lon = SITE[:2]
    up = (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
    np.testing.assert_allclose(nose, up, atol=1e-12)
    assert plan.tick_s == TICK_S


def test_the_alignment_error_tilts_it_by_that_much_about_each_axis() -> None:
    _, exact = on_the_pad()
    _, off = on_the_pad(navigation={"alignment_error": "0.1 deg"})
    one, other = (words[data.ATTITUDE_BODY_FROM_ECI :][:4] for words in (exact, off))
    angle = 2.0 * math.degrees(math.acos(min(1.0, abs(float(one @ other)))))
    assert angle == pytest.approx(0.1 * math.sqrt(3.0), rel=1e-3)


def test_powered_flight_follows_an_independent_integration() -> None:
    """20 s at 14 m/s^2 along a nose that turns: against scipy's DOP853, to centimetres."""
    plan, words = on_the_pad()
    rate, force = np.array([0.02, -0.05, 0.01]), np.array([14.0, 0.2, -0.1])
    r0, v0 = vector(words, data.POSITION_ECI_M), vector(words, data.VELOCITY_ECI_MPS)
    q0 = tuple(words[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4])
    start = np.array([quat_unrotate(q0, tuple(axis)) for axis in np.eye(3)])  # body axes in ECI

    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        axes = Rotation.from_rotvec(rate * t).apply(np.eye(3)) @ start
        return np.concatenate((y[3:], force @ axes + gravity_eci(tuple(y[:3]), EARTH)))

    exact = solve_ivp(derivative, (0.0, 20.0), np.concatenate((r0, v0)), method="DOP853",
                      rtol=1e-12, atol=1e-9).y[:, -1]  # fmt: skip
    for k in range(1, 1001):
        core = core_at(k * TICK_S)
        core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3] = rate
        core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3] = force
        navigate(plan.navigation, plan.earth, core, words)
    np.testing.assert_allclose(vector(words, data.POSITION_ECI_M), exact[:3], atol=0.05)
    np.testing.assert_allclose(vector(words, data.VELOCITY_ECI_MPS), exact[3:], atol=0.005)
    assert words[data.RELEASE_S] == 0.0


def fixed(words: np.ndarray, plan: data.Plan, off_m: float, off_mps: float) -> np.ndarray:
    """Words after a tick whose fix lies off by a distance along x and a speed along y."""
    plain, with_fix = words.copy(), words.copy()
    navigate(plan.navigation, plan.earth, core_at(TICK_S), plain)
    r, v = (tuple(vector(plain, i)) for i in (data.POSITION_ECI_M, data.VELOCITY_ECI_MPS))
    core = core_at(TICK_S)
    core[bus.GNSS_NEW] = 1.0
    at = np.array(ecef_from_eci(r, TICK_S, EARTH)) + np.array([off_m, 0.0, 0.0])
    speed = np.array(ecef_from_eci(velocity_relative_eci(r, v, EARTH), TICK_S, EARTH))
    core[bus.GNSS_POSITION_M : bus.GNSS_POSITION_M + 3] = at
    core[bus.GNSS_VELOCITY_MPS : bus.GNSS_VELOCITY_MPS + 3] = speed + np.array([0.0, off_mps, 0.0])
    navigate(plan.navigation, plan.earth, core, with_fix)
    return with_fix - plain


def test_a_fix_is_taken_over_by_its_gains() -> None:
    plan, words = on_the_pad(navigation={"position_gain": 0.2, "velocity_gain": 0.1})
    moved = fixed(words, plan, off_m=30.0, off_mps=2.0)
    turn = EARTH.rotation_radps * TICK_S
    shift = 0.2 * 30.0 * np.array([math.cos(turn), math.sin(turn), 0.0])
    np.testing.assert_allclose(vector(moved, data.POSITION_ECI_M), shift, atol=1e-6)
    # omega x (the whole 30 m) belongs to the fix's inertial velocity: 2 mm/s.
    push = 0.1 * np.array([0.0, 2.0 + EARTH.rotation_radps * 30.0, 0.0])
    np.testing.assert_allclose(vector(moved, data.VELOCITY_ECI_MPS), push, atol=1e-5)
    assert not moved[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4].any()


def test_a_perfect_fix_changes_nothing() -> None:
    plan, words = on_the_pad()
    moved = fixed(words, plan, 0.0, 0.0)
    np.testing.assert_allclose(vector(moved, data.POSITION_ECI_M), 0.0, atol=1e-8)
    np.testing.assert_allclose(vector(moved, data.VELOCITY_ECI_MPS), 0.0, atol=1e-10)


def test_a_lost_inertial_unit_leaves_the_last_attitude_and_force() -> None:
    plan, words = on_the_pad()
    core = core_at(TICK_S)
    core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3] = (14.0, 0.0, 0.0)
    navigate(plan.navigation, plan.earth, core, words)
    before = words.copy()
    lost = core_at(2.0 * TICK_S)
    lost[bus.GYRO_RADPS : bus.ACCEL_MPS2 + 3] = math.nan
    lost[bus.IMU_VALID] = 0.0
    navigate(plan.navigation, plan.earth, lost, words)
    at = slice(data.ATTITUDE_BODY_FROM_ECI, data.ATTITUDE_BODY_FROM_ECI + 4)
    np.testing.assert_array_equal(words[at], before[at])
    assert words[data.IMU_LOST] == 1.0
    assert words[data.FORCE_MPS2] == 14.0
    unknown = (data.PHASE_START_S, data.RELEASE_S, data.CUT_S)
    finite = [i for i in range(data.NOW) if i not in unknown]
    assert np.isfinite(words[finite]).all()


def test_what_follows_from_the_state() -> None:
    """Standard air at 8 m and 100 m/s: 1.225 kg/m^3, 340.29 m/s (US Standard Atmosphere 1976)."""
    plan, words = on_the_pad()
    core = core_at(TICK_S)
    core[bus.ACCEL_MPS2] = 100.0 / TICK_S
    navigate(plan.navigation, plan.earth, core, words)
    speed = words[data.NAV_SPEED_MPS]
    assert speed == pytest.approx(100.0, abs=0.3)
    assert words[data.NAV_SPEED_RATE_MPS2] == pytest.approx(speed / TICK_S, rel=1e-9)
    assert words[data.DYNAMIC_PRESSURE_PA] == pytest.approx(0.5 * 1.225 * speed**2, rel=2e-3)
    assert words[data.MACH] == pytest.approx(speed / 340.29, rel=1e-3)
