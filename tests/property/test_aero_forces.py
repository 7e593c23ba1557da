"""What holds for the air's force on any body in any flow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downrange.aero.build import build_aero, build_case_aero
from downrange.aero.kernel import aero_force_moment
from downrange.aero.outline import tangent_ogive
from downrange.aero.spec import AeroSpec, CaseAeroSpec

POINTS = [(0.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))]
ROCKET = build_aero(AeroSpec(), POINTS)
TABLE = {"alpha": ["0 deg", "60 deg", "180 deg"], "value": [0.0, 1.0, 0.0]}
CASE = build_case_aero(
    CaseAeroSpec(
        reference_area="2 m^2", reference_chord="1 m", drag=0.5, lift=TABLE, pitch_moment=TABLE
    )
)
STILL = (0.0, 0.0, 0.0)

speeds = st.floats(0.0, 3000.0)
angles = st.floats(0.0, math.pi)
rolls = st.floats(-math.pi, math.pi)
rates = st.floats(-2.0, 2.0)


def velocity(speed: float, alpha: float, roll: float) -> tuple[float, float, float]:
    cross = speed * math.sin(alpha)
    return speed * math.cos(alpha), cross * math.sin(roll), cross * math.cos(roll)


def turned(vector: tuple[float, ...], roll: float) -> np.ndarray:
    """Rolled about the body axis as `velocity` is."""
    x, y, z = vector
    c, s = math.cos(roll), math.sin(roll)
    return np.array([x, y * c + z * s, z * c - y * s])


@given(speeds, angles, rolls, st.sampled_from([ROCKET, CASE]))
def test_alike_at_any_roll_angle(speed: float, alpha: float, roll: float, aero) -> None:
    straight = aero_force_moment(aero, velocity(speed, alpha, 0.0), STILL, 1.0, 300.0, 11.0)
    rolled = aero_force_moment(aero, velocity(speed, alpha, roll), STILL, 1.0, 300.0, 11.0)
    size = 1e-9 * (1.0 + straight[6] * 100.0)
    # at 0 and 180 degrees the plane itself is lost in rounding
    slack = size + 1e-6 * straight[6] * (1.0 if math.sin(alpha) < 1e-9 else 0.0)
    assert np.array(rolled[:3]) == pytest.approx(turned(straight[:3], roll), abs=slack)
    assert np.array(rolled[3:6]) == pytest.approx(turned(straight[3:6], roll), abs=slack)


@given(speeds, angles, rolls)
def test_the_air_takes_energy(speed: float, alpha: float, roll: float) -> None:
    v = velocity(speed, alpha, roll)
    force = aero_force_moment(ROCKET, v, STILL, 1.0, 300.0, 11.0)[:3]
    assert np.dot(force, v) <= 1e-9 * speed


@given(speeds, angles, rolls, rates, rates, rates)
def test_damping_takes_energy(
    speed: float, alpha: float, roll: float, p: float, q: float, r: float
) -> None:
    v = velocity(speed, alpha, roll)
    turning = aero_force_moment(ROCKET, v, (p, q, r), 1.0, 300.0, 11.0)
    quiet = aero_force_moment(ROCKET, v, STILL, 1.0, 300.0, 11.0)
    added = np.array(turning[3:6]) - np.array(quiet[3:6])
    assert np.dot(added, (p, q, r)) <= 1e-9 * (1.0 + np.abs(quiet[3:6]).max())


@given(speeds, angles, rolls, st.floats(0.0, 28.0), st.floats(0.0, 28.0))
def test_moment_moves_with_the_cm(
    speed: float, alpha: float, roll: float, first: float, second: float
) -> None:
    """About a point further aft by a, the moment changes by a x F."""
    v = velocity(speed, alpha, roll)
    one = aero_force_moment(ROCKET, v, STILL, 1.0, 300.0, first)
    two = aero_force_moment(ROCKET, v, STILL, 1.0, 300.0, second)
    shift = np.cross([first - second, 0.0, 0.0], one[:3])
    change = np.array(two[3:6]) - np.array(one[3:6])
    assert change == pytest.approx(shift, abs=1e-9 * (1.0 + one[6] * 1e3))


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0.0, 2.0))
def test_always_finite(vx: float, vy: float, vz: float, density: float) -> None:
    for aero in (ROCKET, CASE):
        found = aero_force_moment(aero, (vx, vy, vz), (0.3, -0.2, 0.1), density, 295.0, 11.0)
        assert np.isfinite(found).all()
