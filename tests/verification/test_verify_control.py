"""The loop of the ladder's stability boundary: what it does at gains where the answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.verify.bench import TICK_S, Bench
from downrange.verify.ladder import control


def test_without_gain_a_mode_decays_by_its_own_damping() -> None:
    mode = Bench().state.modes[0]
    assert control.growth(0.0, TICK_S) == pytest.approx(-mode[0] * mode[9], rel=0.01)


def test_the_linear_equations_have_the_frequencies_of_the_body() -> None:
    bench = Bench()
    roots = np.linalg.eigvals(control._linear(bench)[0])
    for omega, damping in bench.state.modes[:, [0, 9]]:
        expected = complex(-damping * omega, omega * math.sqrt(1.0 - damping**2))
        assert np.abs(roots - expected).min() < 1e-9 * omega


def test_growth_is_the_real_part_of_the_root_of_the_sampled_loop() -> None:
    """At a gain well past the boundary, from the eigenvalues; the step's own error is 1 %."""
    boundary = control.exact_boundary(0.2, 0.4)
    slope = (control.growth(0.4, control.FINEST_S) - control.growth(0.2, control.FINEST_S)) / 0.2
    assert control.growth(boundary, control.FINEST_S) == pytest.approx(0.0, abs=0.01 * slope)


def test_a_boundary_that_is_not_there_is_no_number() -> None:
    assert math.isnan(control.boundary(TICK_S, 0.01, 0.05))
