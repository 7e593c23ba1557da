"""Stability margins against polynomials, a classical result and the filters' purpose."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gnc_case import planned, vehicle

from downrange.gnc.kernel.data import Plan
from downrange.gnc.margins import OperatingPoint, loop_margins, operating_point

NONE = np.zeros(0)
RIGID = OperatingPoint(
    fraction=1.0, inertia_kgm2=2e6, thrust_n=7e5, arm_m=9.0, overturning_nmprad=0.0,
    mode_radps=NONE, mode_mass_kg=NONE, mode_shape=NONE, mode_slope_pm=NONE, mode_damping=NONE,
    gimbal_natural_radps=2000.0, gimbal_damping=0.7, moving_moment_kgm=0.0,
)  # fmt: skip
BENDING = replace(
    RIGID, mode_radps=np.array([20.0]), mode_mass_kg=np.array([1e4]), mode_shape=np.array([0.8]),
    mode_slope_pm=np.array([-0.19]), mode_damping=np.array([0.008]),
)  # fmt: skip


def law(tick_s: float, w: float, zeta: float, integral_s: float) -> Plan:
    """The control law alone: no filters, no latency."""
    plan, _ = planned(notch={"depth": 1.0})
    control = plan.control._replace(bandwidth_radps=w, damping=zeta, integral_time_s=integral_s)
    return plan._replace(tick_s=tick_s, control=control)


def slowest(poles: np.ndarray, count: int) -> np.ndarray:
    return np.sort_complex(poles[np.argsort(np.abs(poles))[:count]])


def test_a_fast_pd_loop_has_the_frequency_and_damping_asked_for() -> None:
    """Poles of s^2 + 2 zeta w s + w^2, in ticks of 0.1 ms, against numpy's roots."""
    margins = loop_margins(law(1e-4, 1.5, 0.7, 1e9), RIGID)
    expected = np.sort_complex(np.roots([1.0, 2.0 * 0.7 * 1.5, 1.5**2]))
    found = slowest(margins.poles_ps[np.abs(margins.poles_ps) > 1e-3], 2)
    np.testing.assert_allclose(found, expected, atol=3e-3)
    assert margins.stable
    assert margins.bending_peak_db == -math.inf


def test_the_integral_adds_its_pole() -> None:
    """s^3 + 2 zeta w s^2 + w^2 s + w^2 / T."""
    margins = loop_margins(law(1e-4, 1.5, 0.7, 4.0), RIGID)
    expected = np.sort_complex(np.roots([1.0, 2.1, 2.25, 2.25 / 4.0]))
    np.testing.assert_allclose(slowest(margins.poles_ps, 3), expected, atol=3e-3)


def test_the_phase_margin_of_the_pd_loop_is_the_textbook_one() -> None:
    """L = (2 zeta w s + w^2) / s^2: unit gain where x^4 = 4 zeta^2 x^2 + 1, x = frequency / w."""
    zeta = 0.7
    x2 = 2.0 * zeta**2 + math.sqrt(4.0 * zeta**4 + 1.0)
    expected = math.degrees(math.atan(2.0 * zeta * math.sqrt(x2)))
    margins = loop_margins(law(1e-4, 1.5, zeta, 1e9), RIGID)
    assert margins.phase_deg == pytest.approx(expected, abs=0.3)


def test_overturning_air_bounds_the_gain_from_below() -> None:
    """L = -(a + b s + c / s) / (m - s^2), a = w^2 + m, b = 2 zeta w, c = w^2 / T, m = M_alpha / I.

    It is real where x^2 = c / b, and there its size is a / (x^2 + m).
    """
    overturning = replace(RIGID, overturning_nmprad=0.5 * RIGID.inertia_kgm2)
    margins = loop_margins(law(1e-3, 1.5, 0.7, 20.0), overturning)
    x2 = (2.25 / 20.0) / (2.0 * 0.7 * 1.5)
    size = (2.25 + 0.5) / (x2 + 0.5)
    assert margins.gain_down_db == pytest.approx(20.0 * math.log10(size), abs=0.1)
    assert margins.stable


def test_the_tick_and_the_latency_cost_the_phase_that_a_delay_does() -> None:
    """A hold delays by half a tick, the gyro's mean by half more, each latency tick by one."""
    fine = loop_margins(law(1e-4, 1.5, 0.7, 1e9), RIGID)
    plan, _ = planned(notch={"depth": 1.0}, latency_ticks=2)
    control = plan.control._replace(bandwidth_radps=1.5, damping=0.7, integral_time_s=1e9)
    late = loop_margins(plan._replace(control=control), RIGID)
    crossing = 1.5 * math.sqrt(2.0 * 0.49 + math.sqrt(4.0 * 0.49**2 + 1.0))
    # The derivative half lags by half a tick only in its own share of the gain.
    delay_deg = math.degrees(crossing * 0.02)
    assert 2.5 * delay_deg < fine.phase_deg - late.phase_deg < 3.1 * delay_deg


@pytest.mark.parametrize(
    ("lever", "low", "high"), [(0.0, -4.0, -2.0), (1.0, -0.2, -0.1), (4.0, 1.0, 4.0)]
)
def test_the_engines_inertia_turns_the_mode_round(lever: float, low: float, high: float) -> None:
    """At sqrt(F / m l) the engines' reaction cancels the thrust: the mode keeps its own damping.

    Below that frequency the thrust rules (here it damps), above it the reaction (here it feeds).
    """
    engines = replace(
        BENDING, gimbal_natural_radps=60.0, moving_moment_kgm=lever * BENDING.thrust_n / 20.0**2
    )
    poles = loop_margins(law(0.02, 1.2, 0.8, 8.0), engines).poles_ps
    mode = poles[np.argmin(np.abs(poles - 20j))]
    assert low < mode.real < high
    if lever == 1.0:
        assert mode.imag == pytest.approx(20.0, abs=0.1)


def test_first_order_growth_of_a_mode() -> None:
    """A light mode moves its pole by L's residue: growth = -Im-part of b c(jw) / 2 w, by hand.

    Open pole at -zeta w + j w; the loop gain near it is the mode's own. With gyro slope s, shape p
    and modal mass M: d(lambda) = p T C(j w) s / (2 j w M), C the law from angle to gimbal.
    """
    w, zeta = 1.2, 0.8
    point = replace(BENDING, mode_slope_pm=np.array([-0.01]))
    control = (w * w + 2.0 * zeta * w * 20j) * point.inertia_kgm2 / (point.thrust_n * point.arm_m)
    shift = 0.8 * point.thrust_n * control * -0.01 / (2.0j * 20.0 * 1e4)
    margins = loop_margins(law(1e-4, w, zeta, 1e9), point)
    mode = margins.poles_ps[np.argmin(np.abs(margins.poles_ps - 20j))]
    assert mode.real == pytest.approx(-0.008 * 20.0 + shift.real, abs=0.05 * abs(shift.real))


def at_lift_off(ratio: float) -> tuple[bool, float]:
    plan, _ = planned(notch={"depth": 0.05, "width": 0.5}, latency_ticks=1)
    margins = loop_margins(plan, operating_point(vehicle(), 1.0, mode_ratio=ratio))
    assert margins.gain_down_db > 6.0
    assert margins.phase_deg > 30.0
    return margins.stable, margins.growth_ps


def test_the_design_is_stable_on_the_modes_it_assumes_and_not_far_off() -> None:
    """Spectrum's cause: the true mode a quarter lower than assumed grows at about 1 /s."""
    assert at_lift_off(1.0)[0]
    stable, growth = at_lift_off(0.76)
    assert not stable
    assert 0.3 < growth < 3.0


@pytest.mark.parametrize(
    ("fraction", "q_pa", "mach", "pressure_pa"),
    [
        (1.0, 0.0, 0.0, 101325.0),
        (0.7, 20e3, 0.7, 50e3),
        (0.5, 36e3, 1.3, 28e3),
        (0.05, 1e3, 5.0, 0.0),
    ],
)
def test_it_is_stable_all_the_way_up_with_and_without_an_engine(
    fraction: float, q_pa: float, mach: float, pressure_pa: float
) -> None:
    plan, _ = planned(notch={"depth": 0.05, "width": 0.5}, latency_ticks=1)
    for out in (0, 1):
        point = operating_point(vehicle(), fraction, q_pa, mach, pressure_pa, engines_out=out)
        margins = loop_margins(plan, point)
        assert margins.stable
        assert margins.phase_deg > 30.0
        assert margins.gain_down_db > 5.0


def test_an_operating_point_is_taken_from_the_tables() -> None:
    point = operating_point(vehicle(), 0.5, 2e4, 1.0, 5e4, engines_out=1, mode_ratio=0.9)
    assert point.thrust_n == pytest.approx(8.0 * (83e3 - 5e4 * 0.08), rel=1e-12)
    assert point.mode_radps == pytest.approx(0.9 * math.tau * np.array([5.1, 13.0]), rel=1e-12)
    v = vehicle()
    x_cm = np.interp(0.5, v.fraction, v.x_cm_m)
    assert point.arm_m == pytest.approx(x_cm - 0.3, rel=1e-12)
    assert point.overturning_nmprad == pytest.approx(2e4 * math.pi * 2.6 * (20.0 - x_cm), rel=1e-12)
