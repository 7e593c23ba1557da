"""Whatever orbit is asked for and whatever fails, an upper stage's burn comes to its end."""

from __future__ import annotations

import math

import numpy as np
import upfg_case
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from upfg_case import End

from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.upfg import Insertion, Rules, Target
from downrange.verify.insertion import Motor

Floats = NDArray[np.float64]

MU, EARTH_M, G0 = 3.986004418e14, 6378137.0, 9.80665
FINAL_KG = 1000.0

targets = st.builds(
    lambda altitude, faster, climb: Target(
        EARTH_M + altitude, math.sqrt(MU / (EARTH_M + altitude)) * faster, climb, (0.0, 0.0, 1.0)
    ),
    st.floats(150e3, 600e3), st.floats(1.0, 1.05), st.floats(-0.009, 0.026),
)  # fmt: skip
thrusts = st.floats(1.0, 5.0).map(lambda g: g * G0 * FINAL_KG)
exhausts = st.floats(2800.0, 4500.0)
gains = st.floats(1500.0, 4500.0)


def sane(end: End) -> None:
    """What holds in any case: steering is a direction, time to go a number, and it ends."""
    assert np.abs(np.linalg.norm(end.steering, axis=1) - 1.0).max() < 1e-12
    assert np.isfinite(end.tgo_s).all()
    assert end.clock_s < upfg_case.LONGEST_S - 1.0


def before(
    target: Target, motor: Motor, gain_mps: float, last_rad: float, swing_rad: float, yaw: float
) -> Floats:
    """State from which a burn of linear tangent steering ends on the target: flown backwards."""
    flow = motor.thrust_n / motor.exhaust_mps
    burn_s = FINAL_KG * math.expm1(gain_mps / motor.exhaust_mps) / flow
    low, high = math.tan(last_rad), math.tan(min(1.3, last_rad + swing_rad))

    def rates(t: float, y: Floats) -> Floats:
        aim = np.array([low + (high - low) * t / burn_s, 1.0, yaw * (t / burn_s - 0.5)])
        push = motor.thrust_n / (FINAL_KG + flow * t) * aim / np.linalg.norm(aim)
        pull = -MU * y[:3] / np.linalg.norm(y[:3]) ** 3
        return -np.concatenate([y[3:], push + pull])

    up, level = math.sin(target.flight_path_angle_rad), math.cos(target.flight_path_angle_rad)
    end = [target.radius_m, 0.0, 0.0, target.speed_mps * up, target.speed_mps * level, 0.0]
    start = solve_ivp(rates, (0.0, burn_s), end, rtol=1e-9, atol=1e-3).y[:, -1]
    return np.array([*start, 0.0, 0.0, 0.0, FINAL_KG + flow * burn_s])


def plan_of(target: Target, motor: Motor, start: Floats) -> Insertion:
    first = motor.thrust_n / start[9]
    burn_s = (start[9] - motor.empty_kg) * motor.exhaust_mps / motor.thrust_n
    stages = np.array([[motor.exhaust_mps, first, burn_s, 0.0]])
    return Insertion(target, stages, Rules(), motor.mu_m3ps2)


@settings(max_examples=60)
@given(
    target=targets, thrust_n=thrusts, exhaust=exhausts, gain=gains, last=st.floats(-0.35, 0.09),
    swing=st.floats(0.0, 1.0), yaw=st.floats(-0.1, 0.1), ratio=st.floats(0.9, 1.1),
    cycle=st.sampled_from([5, 10]),
)  # fmt: skip
def test_an_orbit_that_can_be_reached_is_reached(
    target: Target, thrust_n: float, exhaust: float, gain: float, last: float, swing: float,
    yaw: float, ratio: float, cycle: int,
) -> None:  # fmt: skip
    """Thrust may be off by a tenth, untold: a fifth of the final mass is propellant to spare."""
    motor = Motor(thrust_n, exhaust, 0.8 * FINAL_KG, MU)
    burn_s = FINAL_KG * math.expm1(gain / exhaust) * exhaust / thrust_n
    start = before(target, motor, gain, last, min(swing, 0.0035 * burn_s), yaw)
    r, v = start[:3], start[3:6]
    climb = float(r @ v / np.linalg.norm(r))
    assume(np.linalg.norm(r) > EARTH_M + 70e3 and -300.0 < climb < 3000.0)
    plan = plan_of(target, motor, start)
    end = upfg_case.fly(start, motor, plan, thrust=lambda _, __: ratio * thrust_n, cycle=cycle)
    sane(end)
    assert end.cut
    assert end.code == upfg.CONVERGED
    r, v = end.state[:3], end.state[3:6]
    assert abs(np.linalg.norm(r) - target.radius_m) < 100.0
    assert abs(np.linalg.norm(v) - target.speed_mps) < 0.1
    along = float(r @ v) / float(np.linalg.norm(r) * np.linalg.norm(v))
    assert abs(math.asin(along) - target.flight_path_angle_rad) < 1e-4
    assert end.orbit.inclination_rad < 1e-5


numbers = st.floats(-1.0, 1.0)


@settings(max_examples=60)
@given(
    target=targets, thrust_n=thrusts, exhaust=exhausts, gain=gains,
    altitude=st.floats(-50e3, 800e3), velocity=st.tuples(numbers, numbers, numbers),
    fails_s=st.floats(0.0, 400.0), left=st.floats(0.0, 1.5), blind_s=st.floats(0.0, 400.0),
    blind_for_s=st.floats(0.0, 400.0),
)  # fmt: skip
def test_every_burn_ends_whatever_it_starts_from_and_whatever_fails(
    target: Target, thrust_n: float, exhaust: float, gain: float, altitude: float,
    velocity: tuple[float, float, float], fails_s: float, left: float, blind_s: float,
    blind_for_s: float,
) -> None:  # fmt: skip
    """Any state, thrust that drops or surges, accelerometers that go silent for a while."""
    speed = 9e3 * np.array(velocity)
    assume(np.linalg.norm(speed) > 1.0)
    mass_kg = FINAL_KG * math.exp(gain / exhaust)
    start = np.array([EARTH_M + altitude, 0.0, 0.0, *speed, 0.0, 0.0, 0.0, mass_kg])
    motor = Motor(thrust_n, exhaust, FINAL_KG, MU)

    def sensed(clock: float, gained: Floats) -> Floats:
        return gained * math.nan if blind_s < clock < blind_s + blind_for_s else gained

    plan = plan_of(target, motor, start)
    end = upfg_case.fly(
        start, motor, plan, lambda clock, _: thrust_n * (left if clock > fails_s else 1.0), sensed
    )
    sane(end)
    if end.cut and end.code == upfg.CONVERGED and left > 0.3:
        assert abs(np.linalg.norm(end.state[3:6]) - target.speed_mps) < 50.0
