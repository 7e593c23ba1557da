"""Fins against thin-plate theory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.aero.fins import Fins

FINS = Fins(count=4, area_m2=1.2, span_m=1.0, sweep_rad=0.0, station_m=1.0, body_radius_m=1.0)


def test_subsonic_slope_is_barrowmans() -> None:
    """C_Na = 4 n (s/d)^2 / (1 + sqrt(1 + (2 l / (c_r + c_t))^2)), on the body's cross-section.

    Barrowman (1967) for the set, at low speed; l is the mid-chord span, area = mean chord * span.
    """
    d, mean_chord = 2.0, 1.2
    barrowman = 4.0 * 4 * (1.0 / d) ** 2 / (1.0 + math.sqrt(1.0 + (2.0 / (2.0 * mean_chord)) ** 2))
    alone = FINS.slope(np.array([0.0]), math.pi)[0] / FINS.carry_over
    assert alone == pytest.approx(barrowman, rel=1e-9)
    assert FINS.carry_over == pytest.approx(1.5)


def test_supersonic_slope_is_ackerets() -> None:
    panel = FINS.panel_slope(np.array([3.0]), math.pi)[0]
    assert panel == pytest.approx(4.0 / math.sqrt(8.0) * 1.2 / math.pi)


def test_slope_has_no_jump_or_pole_at_mach_1() -> None:
    mach = np.linspace(0.9, 1.3, 400)
    slope = FINS.panel_slope(mach, math.pi)
    assert np.abs(np.diff(slope)).max() < 0.06
    assert slope.max() == pytest.approx(math.pi * 1.0 / math.pi, rel=1e-3)  # pi s^2 / A at Mach 1


def test_plates_across_the_flow() -> None:
    """Of four fins two are square to it: 1.2 * 2.4 m^2."""
    assert FINS.across(np.array([0.5 * math.pi]), math.pi)[0] == pytest.approx(1.2 * 2.4 / math.pi)


def test_roll_damping_by_strips() -> None:
    """A panel at radius r sees the angle p r / V: moment -N C_Na q A r * p r / V."""
    p, speed, arm, d = 0.2, 100.0, 1.5, 2.0
    slope = FINS.panel_slope(np.array([0.0]), math.pi)[0]
    moment = -4 * slope * (p * arm / speed) * arm / d  # over q A d
    assert FINS.roll_damping(math.pi, d) * p * d / (2.0 * speed) == pytest.approx(moment)
