"""Small searches that the planner needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from downrange.gnc.kernel.data import Floats


def find_root(
    function: Callable[[Floats], Floats], starts: Sequence[Floats], tolerance: float = 1e-3
) -> Floats | None:
    """Where all residuals are within a tolerance of 0; None if not found from any start.

    Broyden, "A class of methods for solving nonlinear simultaneous equations", Mathematics of
    Computation 19 (1965), with steps of at most 0.3 in any unknown.
    """
    for start in starts:
        x, off = start, function(start)
        nudged = [function(x + 1e-5 * axis) for axis in np.eye(len(x))]
        jacobian = np.stack([(each - off) / 1e-5 for each in nudged], axis=1)
        for _ in range(25):
            if not np.isfinite(jacobian).all() or abs(np.linalg.det(jacobian)) < 1e-9:
                break
            if np.abs(off).max() < tolerance:
                return x
            step = np.linalg.solve(jacobian, -off)
            step *= min(1.0, 0.3 / float(np.abs(step).max()))
            x = x + step
            was, off = off, function(x)
            jacobian = jacobian + np.outer(off - was - jacobian @ step, step) / (step @ step)
    return None


def golden_section(
    function: Callable[[float], float], low: float, high: float, steps: int
) -> float:
    """Where a function with one peak between low and high is largest."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(steps):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return float(left if at_left > at_right else right)
