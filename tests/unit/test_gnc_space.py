"""Steering above the air: directions, target orbits, turns, tail-offs and cold gas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation
from space_case import MU, RADIUS_M, TAIL_OFF_S, control, new_words, put_state, quaternion, target

from downrange.earth.kernel.frames import quat_from_axes, quat_rotate, quat_unrotate
from downrange.earth.kernel.orbit import elements
from downrange.gnc.kernel import data
from downrange.gnc.kernel.allocation import fire_thrusters
from downrange.gnc.kernel.control import thruster_demand
from downrange.gnc.kernel.sequencer import TAIL_S, learn_tail_off
from downrange.gnc.kernel.space import (
    SETTLED_MPS,
    aim_at_orbit,
    apsis_speed,
    heading,
    plane_normal,
    point,
    steer_in_space,
    time_to_apogee,
    wanted_velocity,
)

Floats = np.ndarray


def at(latitude_deg: float, longitude_deg: float, altitude_m: float = 500e3) -> Floats:
    """A place by geocentric latitude."""
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    radius = RADIUS_M + altitude_m
    return radius * np.array(
        [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)]
    )


def northward(latitude_deg: float, longitude_deg: float) -> Floats:
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    return np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])


def inclination_deg(r: Floats, v: Floats) -> float:
    h = np.cross(r, v)
    return math.degrees(math.acos(h[2] / np.linalg.norm(h)))


@pytest.mark.parametrize("angle_deg", [0.0, 45.0, 120.0, 179.9999, 180.0])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (-1, 2, -3)])
def test_an_attitude_follows_from_its_axes(axis: tuple[int, ...], angle_deg: float) -> None:
    """Each of the four branches, half turns too, against SciPy's matrices."""
    turn = Rotation.from_rotvec(math.radians(angle_deg) * np.array(axis) / np.linalg.norm(axis))
    x, y, z = (tuple(column) for column in turn.as_matrix().T)
    q = np.array(quat_from_axes(x, y, z))
    wanted = quaternion(turn)
    assert min(np.abs(q - wanted).max(), np.abs(q + wanted).max()) < 1e-9
    for unit_vector, axis_seen in zip(np.eye(3), (x, y, z), strict=True):
        np.testing.assert_allclose(quat_unrotate(tuple(q), tuple(unit_vector)), axis_seen,
                                   atol=1e-12)  # fmt: skip


def test_speed_at_an_apsis_is_by_vis_viva() -> None:
    """v^2 = mu (2 / r - 1 / a); from a table: 7.8 km/s in 200 km, 10.24 to a transfer to GEO."""
    low, high = 6578.137e3, 42164.17e3
    assert apsis_speed(MU, low, low) == pytest.approx(math.sqrt(MU / low), rel=1e-14)
    for r, other in ((low, high), (high, low)):
        a = 0.5 * (r + other)
        assert apsis_speed(MU, r, other) == pytest.approx(
            math.sqrt(MU * (2.0 / r - 1.0 / a)), rel=1e-13
        )
    # Vallado's example of a Hohmann transfer has 10.24 km/s after the first burn from 191 km.
    assert apsis_speed(MU, 6569.48e3, 42159.48e3) == pytest.approx(10246.0, abs=3.0)
    assert low * apsis_speed(MU, low, high) == pytest.approx(high * apsis_speed(MU, high, low))


@pytest.mark.parametrize("inclination", [69.2, 82.0, 90.0, 95.0, 97.6, 110.7])
@pytest.mark.parametrize("north", [1.0, -1.0])
@pytest.mark.parametrize("longitude", [0.0, 15.6, -170.0])
def test_the_heading_is_that_of_the_inclination(
    inclination: float, north: float, longitude: float
) -> None:
    """From Andoya's latitude, to the north or to the south as it is flown."""
    r, v = at(69.1, longitude), north * northward(69.1, longitude) * 7500.0
    along = np.array(heading(math.radians(inclination), tuple(r), tuple(v)))
    assert np.linalg.norm(along) == pytest.approx(1.0, abs=1e-14)
    assert abs(along @ r) / np.linalg.norm(r) < 1e-14
    assert inclination_deg(r, along) == pytest.approx(inclination, abs=math.degrees(1e-9))
    assert north * (along @ northward(69.1, longitude)) > 0.0


@pytest.mark.parametrize(
    ("inclination", "east"), [(30.0, 1.0), (69.0, 1.0), (150.0, -1.0), (111.0, -1.0)]
)
def test_too_near_the_pole_for_the_inclination_it_is_due_east_or_west(
    inclination: float, east: float
) -> None:
    r, v = at(69.1, 15.6), 7500.0 * northward(69.1, 15.6)
    along = np.array(heading(math.radians(inclination), tuple(r), tuple(v)))
    eastward = np.cross([0.0, 0.0, 1.0], r)
    eastward /= np.linalg.norm(eastward)
    np.testing.assert_allclose(along, east * eastward, atol=1e-9)


def test_over_the_pole_itself_it_is_a_number() -> None:
    r, v = np.array([0.0, 0.0, RADIUS_M + 5e5]), np.array([7500.0, 0.0, 0.0])
    assert np.isfinite(heading(math.radians(95.0), tuple(r), tuple(v))).all()


@pytest.mark.parametrize("inclination", [75.0, 95.0, 105.0])
@pytest.mark.parametrize("north", [1.0, -1.0])
def test_the_planes_normal_is_that_of_the_inclination(inclination: float, north: float) -> None:
    r = at(69.1, 15.6)
    v = north * 7500.0 * northward(69.1, 15.6) + 300.0 * r / np.linalg.norm(r)
    normal = np.array(plane_normal(math.radians(inclination), tuple(r), tuple(v)))
    assert np.linalg.norm(normal) == pytest.approx(1.0, abs=1e-14)
    assert abs(normal @ r) < 1e-8
    assert math.degrees(math.acos(normal[2])) == pytest.approx(inclination, abs=1e-7)
    assert normal @ np.cross(r, v) > 0.0


CIRCLE, ELLIPSE = target(500e3), target(800e3, perigee_m=400e3, inclination_deg=88.0)


@pytest.mark.parametrize(
    ("space", "altitude_m", "perigee_m", "apogee_m"),
    [
        (CIRCLE, 500e3, 500e3, 500e3),
        (CIRCLE, 507e3, 500e3, 507e3),  # above it: the other apsis is the target's
        (ELLIPSE, 800e3, 400e3, 800e3),
        (ELLIPSE, 400e3, 400e3, 800e3),
        (ELLIPSE, 810e3, 400e3, 810e3),
        (ELLIPSE, 590e3, 590e3, 800e3),  # nearer to the perigee
        (ELLIPSE, 610e3, 400e3, 610e3),
    ],
)
def test_the_velocity_wanted_makes_the_target_orbit(
    space: data.Space, altitude_m: float, perigee_m: float, apogee_m: float
) -> None:
    """By its elements: apsides, inclination, and the place is one of the two."""
    r, v = at(-40.0, 120.0, altitude_m), -7000.0 * northward(-40.0, 120.0)
    wanted = wanted_velocity(space, MU, tuple(r), tuple(v))
    orbit = elements(tuple(r), wanted, MU)
    assert orbit.perigee_radius_m - RADIUS_M == pytest.approx(perigee_m, abs=1e-3)
    assert orbit.apogee_radius_m - RADIUS_M == pytest.approx(apogee_m, abs=1e-3)
    assert orbit.inclination_rad == pytest.approx(space.inclination_rad, abs=1e-9)
    assert np.dot(wanted, v) > 0.0
    assert abs(np.dot(wanted, r)) < 1e-3


def elapsed_s(a: float, e: float, anomaly: float) -> float:
    """Time since perigee of an eccentric anomaly: Kepler's equation."""
    return math.sqrt(a**3 / MU) * (anomaly - e * math.sin(anomaly))


def on_ellipse(a: float, e: float, anomaly: float) -> tuple[Floats, Floats]:
    """State by the eccentric anomaly, in a plane that is no coordinate plane."""
    b, rate = a * math.sqrt(1.0 - e * e), math.sqrt(MU / a**3) / (1.0 - e * math.cos(anomaly))
    plane = Rotation.from_euler("zx", [0.7, 1.6])
    r = plane.apply([a * (math.cos(anomaly) - e), b * math.sin(anomaly), 0.0])
    v = plane.apply([-a * rate * math.sin(anomaly), b * rate * math.cos(anomaly), 0.0])
    return r, v


@pytest.mark.parametrize("e", [1e-3, 0.0225, 0.2, 0.72])
@pytest.mark.parametrize("anomaly", [0.0, 0.5, 1.5, 3.0, 3.2, 4.0, 6.0])
def test_time_to_apogee_is_by_keplers_equation(e: float, anomaly: float) -> None:
    a = 6.8e6 / (1.0 - e)
    r, v = on_ellipse(a, e, anomaly)
    period = 2.0 * math.pi * math.sqrt(a**3 / MU)
    wanted = (0.5 * period - elapsed_s(a, e, anomaly)) % period
    found = time_to_apogee(MU, tuple(r), tuple(v))
    assert found == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("e", [0.0225, 0.3])
def test_after_that_time_the_climb_has_ended(e: float) -> None:
    """Flown by SciPy, the radial speed is nothing then; the root of it is when it was said."""
    a = 6.8e6 / (1.0 - e)
    r, v = on_ellipse(a, e, 0.4)
    wait_s = time_to_apogee(MU, tuple(r), tuple(v))

    def rates(_: float, y: Floats) -> Floats:
        return np.concatenate((y[3:], -MU * y[:3] / np.linalg.norm(y[:3]) ** 3))

    flown = solve_ivp(rates, (0.0, wait_s + 60.0), [*r, *v], "DOP853", rtol=1e-11, atol=1e-6,
                      dense_output=True)  # fmt: skip
    root = brentq(lambda t: flown.sol(t)[:3] @ flown.sol(t)[3:], wait_s - 50.0, wait_s + 50.0)
    assert root == pytest.approx(wait_s, abs=2e-3)


def test_there_is_no_apogee_on_an_open_conic() -> None:
    r = at(0.0, 0.0)
    escape = math.sqrt(2.0 * MU / np.linalg.norm(r))
    assert math.isnan(time_to_apogee(MU, tuple(r), (0.0, 1.001 * escape, 0.0)))
    assert math.isnan(time_to_apogee(MU, tuple(r), (0.0, math.nan, 0.0)))
    assert math.isfinite(time_to_apogee(MU, tuple(r), (0.0, 0.999 * escape, 0.0)))


TICK_S = 0.02


def pointed(words: Floats) -> tuple[Floats, Floats]:
    """Nose and belly that are commanded, in inertial axes."""
    q = tuple(words[data.COMMANDED_BODY_FROM_ECI : data.COMMANDED_BODY_FROM_ECI + 4])
    return np.array(quat_unrotate(q, (1.0, 0.0, 0.0))), np.array(quat_unrotate(q, (0.0, 0.0, 1.0)))


def rate_of(words: Floats) -> Floats:
    return words[data.COMMANDED_RATE_RADPS : data.COMMANDED_RATE_RADPS + 3].copy()


def flying(attitude: Rotation | None = None) -> Floats:
    words = new_words()
    put_state(words, at(30.0, 40.0), 7500.0 * northward(30.0, 40.0))
    if attitude is not None:
        words[data.COMMANDED_BODY_FROM_ECI : data.COMMANDED_BODY_FROM_ECI + 4] = quaternion(
            attitude
        )
    return words


@pytest.mark.parametrize("rate_degps", [0.5, 1.0, 3.0])
def test_the_nose_turns_no_faster_than_its_limit_and_gets_there(rate_degps: float) -> None:
    """On the great circle, in as many ticks as the angle takes."""
    space, words = target(rate_limit_degps=rate_degps), flying()
    along = np.array([-0.6, 0.0, 0.8])
    begin, _ = pointed(words)
    angle = math.degrees(math.acos(begin @ along))
    ticks = math.ceil(angle / (rate_degps * TICK_S))
    plane = np.cross(begin, along)
    nose = begin
    for k in range(ticks):
        point(space, tuple(along), TICK_S, words)
        now, _ = pointed(words)
        moved = math.degrees(math.atan2(np.linalg.norm(np.cross(nose, now)), nose @ now))
        assert moved <= rate_degps * TICK_S * (1.0 + 1e-9)
        assert abs(now @ plane) < 1e-9
        nose = now
        if k < ticks - 1:
            turning = np.linalg.norm(rate_of(words)[1:])
            assert turning == pytest.approx(math.radians(rate_degps))
            assert abs(rate_of(words)[0]) <= math.radians(rate_degps) * (1.0 + 1e-9)
    np.testing.assert_allclose(nose, along, atol=1e-12)
    point(space, tuple(along), TICK_S, words)
    np.testing.assert_allclose(rate_of(words), 0.0, atol=1e-9)


def test_the_rate_commanded_is_that_of_the_command_in_body_axes() -> None:
    space, words = target(), flying()
    along = (-0.6, 0.0, 0.8)
    for _ in range(20):
        point(space, along, TICK_S, words)
    before = pointed(words)
    q = tuple(words[data.COMMANDED_BODY_FROM_ECI : data.COMMANDED_BODY_FROM_ECI + 4])
    point(space, along, TICK_S, words)
    turn = np.array(quat_unrotate(q, tuple(rate_of(words))))
    for was, now in zip(before, pointed(words), strict=True):
        np.testing.assert_allclose(np.cross(turn, was), (now - was) / TICK_S, atol=1e-5)
    # About the nose too, until the belly is to the Earth.
    assert abs(rate_of(words)[0]) == pytest.approx(math.radians(1.0))


@pytest.mark.parametrize("along", [(0.0, 0.0, 1.0), (0.6, -0.8, 0.0), (-0.36, 0.48, 0.8)])
def test_the_belly_is_to_the_earth(along: tuple[float, float, float]) -> None:
    """As far as the nose lets it: right is level, and down is below."""
    space, words = target(rate_limit_degps=1e5), flying()
    point(space, along, TICK_S, words)
    nose, belly = pointed(words)
    np.testing.assert_allclose(nose, along, atol=1e-12)
    down = -at(30.0, 40.0) / np.linalg.norm(at(30.0, 40.0))
    right = np.cross(belly, nose)
    assert abs(right @ down) < 1e-12
    assert belly @ down > 0.0


@pytest.mark.parametrize("off_deg", [-170.0, -2.0, 35.0, 120.0])
def test_a_roll_far_off_is_turned_back_no_faster_than_the_limit(off_deg: float) -> None:
    """A coast that begins rolled: the command goes the short way round at the limit, and stays."""
    space, words = target(rate_limit_degps=1.0), flying()
    along = (-0.36, 0.48, 0.8)
    for _ in range(round(400.0 / TICK_S)):
        point(space, along, TICK_S, words)
    nose, belly = pointed(words)
    turned = Rotation.from_rotvec(math.radians(off_deg) * nose).apply(belly)
    attitude = quat_from_axes(tuple(nose), tuple(np.cross(turned, nose)), tuple(turned))
    words[data.COMMANDED_BODY_FROM_ECI : data.COMMANDED_BODY_FROM_ECI + 4] = attitude
    for k in range(round(abs(off_deg) / TICK_S)):
        point(space, along, TICK_S, words)
        left = math.degrees(math.acos(min(1.0, pointed(words)[1] @ belly)))
        assert left == pytest.approx(abs(off_deg) - (k + 1) * TICK_S, abs=1e-4)
        if left > 2.0 * TICK_S:
            assert rate_of(words)[0] == pytest.approx(-math.copysign(math.radians(1.0), off_deg))


def test_a_nose_straight_up_keeps_its_right() -> None:
    """Belly to the Earth says nothing there."""
    up = at(30.0, 40.0) / np.linalg.norm(at(30.0, 40.0))
    space, words = target(rate_limit_degps=1e5), flying()
    point(space, tuple(up), TICK_S, words)
    nose, belly = pointed(words)
    np.testing.assert_allclose(nose, up, atol=1e-12)
    assert np.isfinite(belly).all()
    assert abs(belly @ nose) < 1e-12


def test_the_way_back_goes_over_the_right_or_left_side() -> None:
    """Opposite to the nose any way is as short: about the body's y axis, at the limit."""
    space, words = target(rate_limit_degps=1.0), flying()
    begin, _ = pointed(words)
    nose = begin
    for k in range(round(180.0 / TICK_S)):
        point(space, tuple(-begin), TICK_S, words)
        now, _ = pointed(words)
        moved = math.degrees(math.atan2(np.linalg.norm(np.cross(nose, now)), nose @ now))
        assert moved == pytest.approx(TICK_S, rel=1e-6), k
        nose = now
    np.testing.assert_allclose(nose, -begin, atol=1e-6)


def test_prograde_points_along_the_velocity_and_else_along_the_thrust() -> None:
    space = target(rate_limit_degps=1e5)
    words = flying()
    words[data.THRUST_ALONG : data.THRUST_ALONG + 3] = 0.0, 0.6, 0.8
    steer_in_space(space, data.STEER_PROGRADE, TICK_S, words)
    np.testing.assert_allclose(pointed(words)[0], northward(30.0, 40.0), atol=1e-12)
    for mode in (data.STEER_ORBIT, data.STEER_INSERTION):
        words = flying()
        words[data.THRUST_ALONG : data.THRUST_ALONG + 3] = 0.0, 0.6, 0.8
        steer_in_space(space, mode, TICK_S, words)
        np.testing.assert_allclose(pointed(words)[0], (0.0, 0.6, 0.8), atol=1e-12)


def at_apogee(short_mps: float) -> Floats:
    """A flight computer at the target's radius, so much too slow along the orbit."""
    words, r = new_words(), at(-62.0, -172.0)
    wanted = np.array(wanted_velocity(CIRCLE, MU, tuple(r), tuple(-northward(-62.0, -172.0))))
    along = wanted / np.linalg.norm(wanted)
    put_state(words, r, wanted - short_mps * along)
    return words


def test_the_velocity_missing_to_the_orbit_is_what_is_left() -> None:
    words = at_apogee(85.0)
    aim_at_orbit(CIRCLE, MU, words)
    assert words[data.LEFT_MPS] == pytest.approx(85.0, abs=1e-9)
    assert np.linalg.norm(words[data.TO_GO_MPS : data.TO_GO_MPS + 3]) == pytest.approx(85.0)
    along = words[data.THRUST_ALONG : data.THRUST_ALONG + 3]
    course = words[data.VELOCITY_ECI_MPS : data.VELOCITY_ECI_MPS + 3]
    np.testing.assert_allclose(along, course / np.linalg.norm(course), atol=1e-12)


@pytest.mark.parametrize("ratio", [0.8, 1.0, 1.3])
def test_what_the_tail_off_will_give_is_taken_off(ratio: float) -> None:
    words = at_apogee(85.0)
    words[data.FORCE_MPS2], words[data.TAIL_RATIO] = 50.0, ratio
    aim_at_orbit(CIRCLE, MU, words)
    assert words[data.LEFT_MPS] == pytest.approx(85.0 - 50.0 * TAIL_OFF_S * ratio, abs=1e-9)


def test_a_push_backwards_is_no_tail_off() -> None:
    words = at_apogee(85.0)
    words[data.FORCE_MPS2] = -3.0
    aim_at_orbit(CIRCLE, MU, words)
    assert words[data.LEFT_MPS] == pytest.approx(85.0, abs=1e-9)


@pytest.mark.parametrize("short_mps", [-5.0, 0.0, 1.0, 2.9])
def test_with_little_missing_the_direction_is_held_and_what_is_beyond_counts_down(
    short_mps: float,
) -> None:
    words = at_apogee(10.0)
    aim_at_orbit(CIRCLE, MU, words)
    held = words[data.THRUST_ALONG : data.THRUST_ALONG + 3].copy()
    tilted = Rotation.from_rotvec([0.0, 0.0, 1e-4]).apply(held)
    words[data.THRUST_ALONG : data.THRUST_ALONG + 3] = tilted
    later = at_apogee(short_mps)
    put_state(words, later[data.POSITION_ECI_M : data.POSITION_ECI_M + 3],
              later[data.VELOCITY_ECI_MPS : data.VELOCITY_ECI_MPS + 3])  # fmt: skip
    aim_at_orbit(CIRCLE, MU, words)
    if abs(short_mps) < SETTLED_MPS:
        np.testing.assert_array_equal(words[data.THRUST_ALONG : data.THRUST_ALONG + 3], tilted)
        assert words[data.LEFT_MPS] == pytest.approx(short_mps, abs=1e-6)
    else:
        assert words[data.LEFT_MPS] == pytest.approx(abs(short_mps), abs=1e-9)


def tail_off(ratio: float, cut_in_tick_s: float, tick_s: float = TICK_S, before: float = 50.0,
             space: data.Space = CIRCLE) -> Floats:  # fmt: skip
    """Memory after a cut-off inside a tick whose thrust falls in a straight line to nothing.

    Its impulse over the acceleration before is `ratio` times what is assumed; what is sensed in
    a tick is the mean over it, by the integral of the line.
    """
    fall_s = 2.0 * ratio * space.tail_off_s
    words = new_words()
    cut_s = 100.0 + cut_in_tick_s

    def speed(t: float) -> float:  # gained from the cut-off until t after it
        x = min(max(t, 0.0), fall_s)
        return before * (x - 0.5 * x * x / fall_s) + before * min(t, 0.0)

    words[data.CUT_S], words[data.CUT_MPS2], words[data.TICK_S] = cut_s, before, tick_s
    for k in range(1, round(4.0 / tick_s)):
        clock = 100.0 + k * tick_s
        gained = speed(clock - cut_s) - speed(clock - tick_s - cut_s)
        words[data.LAST_CLOCK_S], words[data.FORCE_MPS2] = clock, gained / tick_s
        learn_tail_off(space, words)
    return words


@pytest.mark.parametrize("ratio", [0.6, 0.9, 1.0, 1.1, 1.4])
@pytest.mark.parametrize("cut_in_tick_s", [1e-4, 0.007, 0.0199])
def test_a_tail_off_is_measured_to_a_percent(ratio: float, cut_in_tick_s: float) -> None:
    words = tail_off(ratio, cut_in_tick_s)
    assert words[data.TAIL_RATIO] == pytest.approx(ratio, rel=0.01)
    assert words[data.TAIL_RATIO] == pytest.approx(ratio, rel=1e-9)  # the means are exact


@pytest.mark.parametrize(("ratio", "believed"), [(0.2, 0.5), (2.5, 1.5)])
def test_no_more_is_believed_than_half_more_or_less(ratio: float, believed: float) -> None:
    assert tail_off(ratio, 0.01)[data.TAIL_RATIO] == believed


def test_nothing_is_learnt_before_a_cut_off() -> None:
    words = new_words()
    words[data.LAST_CLOCK_S], words[data.FORCE_MPS2] = 100.0, 50.0
    learn_tail_off(CIRCLE, words)
    assert words[data.TAIL_RATIO] == 1.0
    assert words[data.TAIL_MPS] == 0.0


def test_what_is_learnt_stays_when_the_tail_off_is_over() -> None:
    """What pushes later, thrusters or the next burn, doesn't count."""
    words = tail_off(1.2, 0.01)
    for k in range(200):
        words[data.LAST_CLOCK_S], words[data.FORCE_MPS2] = 110.0 + k * TICK_S, 60.0
        learn_tail_off(CIRCLE, words)
    assert words[data.TAIL_RATIO] == pytest.approx(1.2, rel=1e-9)


def test_a_cut_off_without_thrust_teaches_nothing() -> None:
    """As of a phase whose engines had failed before."""
    words = tail_off(1.2, 0.01, before=0.0)
    assert words[data.TAIL_RATIO] == 1.0


def test_a_tail_off_is_over_in_its_time() -> None:
    """The ratio is set once, at the tick after TAIL_S."""
    words = new_words()
    words[data.CUT_S], words[data.CUT_MPS2], words[data.TICK_S] = 100.0, 50.0, TICK_S
    for k in range(1, 75):  # to 1.48 s
        words[data.LAST_CLOCK_S], words[data.FORCE_MPS2] = 100.0 + k * TICK_S, 8.0
        learn_tail_off(CIRCLE, words)
        assert words[data.TAIL_RATIO] == 1.0
    assert TAIL_S == 1.5
    for k in (75, 76, 77):
        words[data.LAST_CLOCK_S], words[data.FORCE_MPS2] = 100.0 + k * TICK_S, 8.0
        learn_tail_off(CIRCLE, words)
    assert words[data.TAIL_RATIO] == pytest.approx(8.0 * 1.52 / (50.0 * TAIL_OFF_S), rel=0.03)


def disturbed(error: tuple[float, ...], rate: tuple[float, ...] = (0.0,) * 3) -> Floats:
    words = new_words()
    words[data.RELEASE_S] = 2.0
    words[data.ATTITUDE_ERROR_RAD : data.ATTITUDE_ERROR_RAD + 3] = error
    words[data.RATE_RADPS : data.RATE_RADPS + 3] = rate
    return words


def test_thrusters_turn_an_error_back_with_critical_damping() -> None:
    """M = -I (w^2 e + 2 w r), I of roll and of pitch: 1000 and 8000 kg m^2, w = 0.2 rad/s."""
    error, rate = (0.01, -0.02, 0.03), (1e-3, 2e-3, -3e-3)
    moment = thruster_demand(control(), data.STEER_ORBIT, disturbed(error, rate))
    for axis, inertia in enumerate((1000.0, 8000.0, 8000.0)):
        wanted = -inertia * (0.04 * error[axis] + 0.4 * rate[axis])
        assert moment[axis] == pytest.approx(wanted, rel=1e-12)


def test_a_large_error_asks_for_no_more_than_the_rate_allowed() -> None:
    """At one degree a second back, nothing is asked however large the error is."""
    most = math.radians(1.0)
    at_rate = disturbed((2.0, -2.0, 1.0), (-most, most, -most))
    moment = thruster_demand(control(), data.STEER_ORBIT, at_rate)
    np.testing.assert_allclose(moment, 0.0, atol=1e-9)
    slower = thruster_demand(control(), data.STEER_ORBIT, disturbed((2.0, -2.0, 1.0)))
    assert slower[0] < 0.0 < slower[1]
    assert slower[1] == pytest.approx(8000.0 * 0.4 * most)


def test_the_rate_counts_against_the_one_commanded() -> None:
    words = disturbed((0.0,) * 3, (0.01, 0.01, 0.01))
    words[data.COMMANDED_RATE_RADPS : data.COMMANDED_RATE_RADPS + 3] = 0.01
    np.testing.assert_allclose(thruster_demand(control(), data.STEER_ORBIT, words), 0.0)


@pytest.mark.parametrize("why", ["on the pad", "not steered", "no inertial unit"])
def test_nothing_is_asked_of_the_thrusters(why: str) -> None:
    words, mode = disturbed((0.1, 0.1, 0.1)), data.STEER_ORBIT
    if why == "on the pad":
        words[data.RELEASE_S] = math.nan
    elif why == "not steered":
        mode = data.STEER_NONE
    else:
        words[data.IMU_LOST] = 1.0
    assert thruster_demand(control(), mode, words) == (0.0, 0.0, 0.0)


def fired(moment: tuple[float, ...], steered: bool = False, ticks: int = 1, **changed: object):
    """Shares of each tick, (ticks, 3), and what is owed at the end."""
    words, duty, law, rows = new_words(), np.zeros(3), control(**changed), []
    for _ in range(ticks):
        fire_thrusters(law, moment, steered, TICK_S, words, duty)
        rows.append(duty.copy())
    return np.array(rows), words[data.THRUSTERS_OWE_S : data.THRUSTERS_OWE_S + 3]


@pytest.mark.parametrize("share", [0.003, 0.04, 0.3, 0.77, 1.0])
def test_pulses_sum_to_the_impulse_asked_for(share: float) -> None:
    """All that was asked is fired or still owed, and what is owed is less than a pulse."""
    moment = (20.0 * share, -40.0 * share, 40.0 * share)
    ticks = 1500
    duty, owed = fired(moment, ticks=ticks, thruster_pulse_s=0.015)
    seconds = duty.sum(axis=0) * TICK_S + owed
    wanted = share * ticks * TICK_S
    np.testing.assert_allclose(seconds, (wanted, -wanted, wanted), rtol=1e-9)
    assert np.abs(owed).max() < 0.02
    pulses = np.abs(duty[duty != 0.0]) * TICK_S
    assert pulses.min() >= 0.015
    assert pulses.max() <= TICK_S * (1.0 + 1e-12)


def test_the_sense_of_a_pulse_is_that_of_the_moment() -> None:
    duty, _ = fired((20.0, -40.0, 400.0))
    np.testing.assert_array_equal(duty[0], (1.0, -1.0, 1.0))


def test_more_than_they_have_is_not_owed_for_ever() -> None:
    """A demand beyond the thrusters is cut to them each tick; nothing piles up."""
    words, duty, law = new_words(), np.zeros(3), control()
    for _ in range(500):
        fire_thrusters(law, (1e4, 1e4, 1e4), False, TICK_S, words, duty)
    for _ in range(2):
        fire_thrusters(law, (0.0, 0.0, 0.0), False, TICK_S, words, duty)
    np.testing.assert_array_equal(duty, 0.0)


def test_while_engines_steer_only_roll_is_left_to_the_thrusters() -> None:
    duty, owed = fired((20.0, 40.0, 40.0), steered=True, ticks=5)
    np.testing.assert_array_equal(duty, [(1.0, 0.0, 0.0)] * 5)
    np.testing.assert_array_equal(owed, 0.0)


def test_engines_that_can_roll_the_body_do() -> None:
    duty, _ = fired((20.0, 40.0, 40.0), steered=True, ticks=5, roll_by_thrusters=0.0)
    np.testing.assert_array_equal(duty, 0.0)


def test_a_body_without_thrusters_fires_none() -> None:
    duty, owed = fired((20.0, 40.0, 40.0), ticks=5, thruster_nm=(0.0, 0.0, 0.0))
    np.testing.assert_array_equal(duty, 0.0)
    np.testing.assert_array_equal(owed, 0.0)


def test_what_was_owed_is_forgotten_when_engines_take_over() -> None:
    words, duty, law = new_words(), np.zeros(3), control()
    fire_thrusters(law, (0.0, 10.0, 10.0), False, TICK_S, words, duty)
    assert words[data.THRUSTERS_OWE_S + 1] > 0.0
    fire_thrusters(law, (0.0, 10.0, 10.0), True, TICK_S, words, duty)
    assert words[data.THRUSTERS_OWE_S + 1] == 0.0


def test_a_body_turned_by_its_thrusters_comes_to_rest_where_it_is_told() -> None:
    """One axis flown: 8000 kg m^2 and 40 N m, ten degrees off; within its dead band in 90 s."""
    law, words, duty = control(), disturbed((0.0, math.radians(10.0), 0.0)), np.zeros(3)
    angle, rate = math.radians(10.0), 0.0
    fastest = 0.0
    for _ in range(round(120.0 / TICK_S)):
        words[data.ATTITUDE_ERROR_RAD + 1], words[data.RATE_RADPS + 1] = angle, rate
        moment = thruster_demand(law, data.STEER_ORBIT, words)
        fire_thrusters(law, moment, False, TICK_S, words, duty)
        rate += duty[1] * 40.0 / 8000.0 * TICK_S
        angle += rate * TICK_S
        fastest = max(fastest, abs(rate))
    assert abs(math.degrees(angle)) < 0.1
    assert abs(math.degrees(rate)) < 0.02
    assert fastest < math.radians(1.05)


def test_the_quaternion_of_the_case_is_the_kernels() -> None:
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5])
    seen = quat_rotate(tuple(quaternion(turn)), (1.0, 2.0, 3.0))
    np.testing.assert_allclose(seen, turn.inv().apply([1.0, 2.0, 3.0]), atol=1e-14)
