"""Bending filters against scipy's, and the control law against the equation it is to give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import planned, vehicle
from scipy import signal

from downrange.earth.kernel.frames import quat_from_euler
from downrange.gnc.build import new_memory
from downrange.gnc.filters import PASS, low_pass, notch
from downrange.gnc.kernel import data
from downrange.gnc.kernel.control import filtered, moment_demand

TICK_S = 0.02


def gain(section: np.ndarray, frequency_radps: float) -> complex:
    b, a = section[:3], [1.0, *section[3:]]
    return complex(signal.freqz(b, a, worN=[frequency_radps * TICK_S])[1][0])


def test_the_notch_is_as_deep_and_as_wide_as_asked() -> None:
    w = math.tau * 4.2
    section = notch(w, depth=0.05, width=0.3, tick_s=TICK_S)
    assert abs(gain(section, w)) == pytest.approx(0.05, rel=1e-9)
    assert gain(section, 0.0) == pytest.approx(1.0, abs=1e-12)
    assert abs(gain(section, math.pi / TICK_S)) == pytest.approx(1.0, abs=1e-12)
    # scipy's notch goes down to nothing; its width is measured on the digital side.
    deep = notch(w, depth=0.0, width=0.3, tick_s=TICK_S)
    b, a = signal.iirnotch(w * TICK_S / math.pi, _quality(w, 0.3))
    np.testing.assert_allclose(deep, [*b, *a[1:]], atol=1e-12)


def _quality(w: float, width: float) -> float:
    """Quality factor that gives scipy's digital notch the bilinear image of an analogue width."""
    half = 0.5 * w * TICK_S
    band = 2.0 * math.atan(width * math.tan(half) / (1.0 + math.tan(half) ** 2))
    return w * TICK_S / band


def test_the_low_pass_is_butterworths() -> None:
    corner = math.tau * 8.0
    b, a = signal.butter(2, 8.0, fs=1.0 / TICK_S)
    np.testing.assert_allclose(low_pass(corner, TICK_S), [*b, *a[1:]], atol=1e-12)


def test_what_is_too_fast_for_the_tick_passes() -> None:
    np.testing.assert_array_equal(notch(math.tau * 24.0, 0.05, 0.3, TICK_S), PASS)
    np.testing.assert_array_equal(low_pass(math.tau * 24.0, TICK_S), PASS)


def test_a_chain_of_sections_runs_as_scipys_does() -> None:
    chain = np.array([notch(26.0, 0.1, 0.4, TICK_S), low_pass(40.0, TICK_S)])
    other = np.array([notch(30.0, 0.1, 0.4, TICK_S), low_pass(60.0, TICK_S)])
    state = np.zeros((2, 2, 2))
    given = np.sin(0.3 * np.arange(200)) + 0.5
    out = [filtered(np.stack((chain, other)), 0, 0.25, state, 1, x) for x in given]
    between = 0.75 * chain + 0.25 * other
    sos = np.insert(between, 3, 1.0, axis=1)
    np.testing.assert_allclose(out, signal.sosfilt(sos, given), atol=1e-12)
    assert not state[0].any()


def demanded(
    error: tuple[float, float, float] = (0.0, 0.0, 0.0),
    rate: tuple[float, float, float] = (0.0, 0.0, 0.0),
    **words_given: float,
) -> tuple[np.ndarray, data.Plan, np.ndarray]:
    """Moment demanded in the first tick without filters, full tanks."""
    plan, _ = planned(notch={"depth": 1.0}, bandwidth="1.5 rad/s", damping=0.7)
    memory = new_memory(plan)
    words = memory.words
    words[data.RELEASE_S] = 0.0
    # Small attitude off the commanded one: yaw about z, pitch about y, roll about x.
    q = quat_from_euler(error[2], error[1], error[0])
    words[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4] = q
    words[data.RATE_RADPS : data.RATE_RADPS + 3] = rate
    for name, value in words_given.items():
        words[getattr(data, name)] = value
    moment = moment_demand(plan.control, float(data.STEER_PROGRAMME), TICK_S, words, memory.filters)
    return np.array(moment), plan, words


def inertia() -> np.ndarray:
    v = vehicle()
    lateral = v.inertia_lateral_kgm2[-1]
    return np.array([v.inertia_axial_kgm2[-1], lateral, lateral])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_law_gives_the_rigid_body_its_frequency_and_damping(axis: int) -> None:
    w = 1.2 if axis == 0 else 1.5
    one = np.eye(3)[axis]
    moment, _, words = demanded(error=tuple(1e-4 * one))
    kept = words[data.ATTITUDE_ERROR_RAD : data.ATTITUDE_ERROR_RAD + 3]
    np.testing.assert_allclose(kept, 1e-4 * one, atol=1e-9)
    # The first tick's share of the integral: tick over integral time, 0.25 %.
    expected = -(w**2) * 1e-4 * (1.0 + TICK_S / 8.0) * one
    np.testing.assert_allclose(moment / inertia(), expected, rtol=1e-6, atol=1e-10)
    moment, _, _ = demanded(rate=tuple(1e-3 * one))
    np.testing.assert_allclose(moment / inertia(), -2.0 * 0.7 * w * 1e-3 * one, atol=1e-12)


def test_overturning_air_is_answered_in_pitch_and_yaw_only() -> None:
    still, _, _ = demanded(error=(1e-4, 1e-4, 1e-4))
    air, _, _ = demanded(error=(1e-4, 1e-4, 1e-4), DYNAMIC_PRESSURE_PA=3e4, MACH=1.0)
    v = vehicle()
    stiffness = 3e4 * v.reference_area_m2 * 2.6 * (20.0 - v.x_cm_m[-1])
    np.testing.assert_allclose(air - still, [0.0, -1e-4 * stiffness, -1e-4 * stiffness], rtol=1e-4)


def test_the_integral_rests_at_a_limit_and_grows_otherwise() -> None:
    _, _, free = demanded(error=(0.0, 1e-3, 0.0))
    _, _, held = demanded(error=(0.0, 1e-3, 0.0), SATURATED=1.0)
    assert free[data.INTEGRAL_RADS + 1] == pytest.approx(1e-3 * TICK_S, rel=1e-6)
    assert held[data.INTEGRAL_RADS + 1] == 0.0


def test_nothing_is_asked_before_the_release_or_without_the_inertial_unit() -> None:
    for given in ({"RELEASE_S": math.nan}, {"IMU_LOST": 1.0}):
        moment, _, _ = demanded(error=(0.1, 0.1, 0.1), **given)
        assert not moment.any()
