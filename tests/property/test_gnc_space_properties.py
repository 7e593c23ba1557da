"""Whatever the state, steering above the air keeps its limits and its targets."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from space_case import MU, RADIUS_M, control, new_words, put_state, quaternion, target

from downrange.earth.kernel.frames import quat_from_axes, quat_unrotate
from downrange.earth.kernel.orbit import elements
from downrange.gnc.kernel import data
from downrange.gnc.kernel.allocation import fire_thrusters
from downrange.gnc.kernel.space import (
    heading,
    plane_normal,
    point,
    time_to_apogee,
    wanted_velocity,
)

units = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array).filter(
    lambda v: np.linalg.norm(v) > 0.1
).map(lambda v: v / np.linalg.norm(v))  # fmt: skip
turns = st.tuples(*[st.floats(-1.0, 1.0)] * 4).map(np.array).filter(
    lambda q: np.linalg.norm(q) > 0.1
).map(Rotation.from_quat)  # fmt: skip
altitudes = st.floats(150e3, 2000e3)


@given(turns)
def test_axes_lead_back_to_their_attitude(turn: Rotation) -> None:
    """Round trip: the axes of an attitude, and the attitude of these, to rounding."""
    x, y, z = (tuple(column) for column in turn.as_matrix().T)
    q = np.array(quat_from_axes(x, y, z))
    wanted = quaternion(turn)
    assert abs(np.linalg.norm(q) - 1.0) < 1e-14
    assert min(np.abs(q - wanted).max(), np.abs(q + wanted).max()) < 1e-7
    for axis, seen in zip(np.eye(3), (x, y, z), strict=True):
        np.testing.assert_allclose(quat_unrotate(tuple(q), tuple(axis)), seen, atol=1e-12)


@given(units, units, altitudes, st.floats(0.0, math.pi))
def test_a_heading_is_level_and_reaches_the_inclination_or_comes_nearest(
    up: np.ndarray, course: np.ndarray, altitude: float, inclination: float
) -> None:
    """An orbit through a latitude has at least its inclination, at most 180 degrees less it."""
    r = (RADIUS_M + altitude) * up
    assume(abs(up[2]) < 0.9999)
    along = np.array(heading(inclination, tuple(r), tuple(7e3 * course)))
    assert abs(np.linalg.norm(along) - 1.0) < 1e-12
    assert abs(along @ up) < 1e-9
    h = np.cross(up, along)
    latitude = math.asin(abs(up[2]))
    nearest = min(max(inclination, latitude), math.pi - latitude)
    assert abs(math.acos(np.clip(h[2], -1.0, 1.0)) - nearest) < 1e-6
    normal = np.array(plane_normal(inclination, tuple(r), tuple(7e3 * course)))
    np.testing.assert_allclose(normal, h, atol=1e-12)


@given(
    units, units, st.floats(200e3, 1500e3), st.floats(1e3, 800e3), st.floats(0.2, 0.8),
    st.floats(60.0, 120.0),
)  # fmt: skip
def test_the_velocity_wanted_leads_to_the_further_apsis_of_the_target(
    up: np.ndarray, course: np.ndarray, perigee: float, higher: float, share: float, degrees: float
) -> None:
    """Anywhere between the apsides: one apsis is here, the other is one of the target's."""
    assume(abs(share - 0.5) > 1e-3)
    assume(abs(up[2]) < 0.8 and np.linalg.norm(np.cross(up, course)) > 0.1)
    space = target(perigee + higher, perigee_m=perigee, inclination_deg=degrees)
    r = (RADIUS_M + perigee + share * higher) * up
    v = wanted_velocity(space, MU, tuple(r), tuple(7e3 * course))
    orbit = elements(tuple(r), v, MU)
    here = np.linalg.norm(r)
    other = space.perigee_m if share >= 0.5 else space.apogee_m
    assert abs(orbit.perigee_radius_m - min(here, other)) < 1e-2
    assert abs(orbit.apogee_radius_m - max(here, other)) < 1e-2


@given(turns, units, units, st.floats(0.1, 30.0), st.floats(0.01, 1.0))
def test_a_turn_keeps_its_limit_and_never_leads_away(
    attitude: Rotation, along: np.ndarray, up: np.ndarray, rate_degps: float, tick_s: float
) -> None:
    """What is commanded is an attitude, its nose no further off than before."""
    assume(np.linalg.norm(np.cross(up, along)) > 1e-2)
    space, words = target(rate_limit_degps=rate_degps), new_words()
    put_state(words, 7e6 * up, np.zeros(3))
    at = data.COMMANDED_BODY_FROM_ECI
    words[at : at + 4] = quaternion(attitude)
    before = attitude.apply([1.0, 0.0, 0.0])
    point(space, tuple(along), tick_s, words)
    q = words[at : at + 4]
    assert abs(np.linalg.norm(q) - 1.0) < 1e-12
    now = np.array(quat_unrotate(tuple(q), (1.0, 0.0, 0.0)))

    def angle(a: np.ndarray, b: np.ndarray) -> float:
        return math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))

    most = math.radians(rate_degps) * tick_s
    off = angle(before, along)
    # A turn of most from either end of the way; near a half turn it may go either way round.
    assert abs(angle(before, now) - min(off, most)) < 1e-6
    assert abs(angle(now, along) - max(0.0, off - most)) < 1e-6
    rolling, *turning = words[data.COMMANDED_RATE_RADPS : data.COMMANDED_RATE_RADPS + 3]
    assert np.linalg.norm(turning) <= math.radians(rate_degps) * (1.0 + 1e-9)
    assert abs(rolling) <= math.radians(rate_degps) * (1.0 + 1e-9)


@given(units, units, altitudes, st.floats(0.3, 1.3))
def test_the_time_to_apogee_is_within_a_period_and_falls_as_time_goes_on(
    up: np.ndarray, course: np.ndarray, altitude: float, faster: float
) -> None:
    from downrange.earth.kernel.orbit import kepler

    assume(np.linalg.norm(np.cross(up, course)) > 0.3)
    r, circle = (RADIUS_M + altitude) * up, math.sqrt(MU / (RADIUS_M + altitude))
    v = faster * circle * course
    a = 1.0 / (2.0 / np.linalg.norm(r) - v @ v / MU)
    period = 2.0 * math.pi * math.sqrt(a**3 / MU)
    wait = time_to_apogee(MU, tuple(r), tuple(v))
    assert 0.0 <= wait <= period
    assume(wait > 60.0)
    later = time_to_apogee(MU, *kepler(tuple(r), tuple(v), 50.0, MU))
    assume(abs(faster - 1.0) > 1e-3 or abs(up @ course) > 1e-3)
    assert abs(wait - later - 50.0) < 1e-3


@given(st.lists(st.floats(-60.0, 60.0), min_size=1, max_size=60), st.floats(0.0, 0.02))
def test_of_the_impulse_asked_for_nothing_is_lost(moments: list[float], pulse_s: float) -> None:
    """Within what they can give: fired and owed is what was asked, tick by tick."""
    words, duty, law = new_words(), np.zeros(3), control(thruster_pulse_s=pulse_s)
    fired_s, asked_s = np.zeros(3), np.zeros(3)
    for moment in moments:
        fire_thrusters(law, (moment, moment, -moment), False, 0.02, words, duty)
        assert np.abs(duty).max() <= 1.0
        pulses = np.abs(duty[duty != 0.0]) * 0.02
        assert not pulses.size or pulses.min() >= pulse_s * (1.0 - 1e-12)
        fired_s += duty * 0.02
        asked = np.array([moment / 20.0, moment / 40.0, -moment / 40.0])
        asked_s += np.clip(asked, -1.0, 1.0) * 0.02
    owed = words[data.THRUSTERS_OWE_S : data.THRUSTERS_OWE_S + 3]
    lost = asked_s - fired_s - owed
    assert np.abs(owed).max() <= 0.02 + 1e-12
    np.testing.assert_allclose(lost, 0.0, atol=1e-9)
