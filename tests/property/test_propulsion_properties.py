"""What holds for engines and gimbals whatever they are told."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines
from downrange.propulsion.kernel import LEVEL, MEAN_LEVEL, Tanks
from downrange.propulsion.spec import EngineGroupSpec

DATA = {
    "count": 1,
    "station": "0 m",
    "thrust_vac": "100 kN",
    "isp_vac": "300 s",
    "exit_area": "0.1 m^2",
    "fuel": "solid",
    "throttle_min": 0.5,
    "throttle_max": 1.1,
    "start_delay": "0.3 s",
    "rise_time": "0.8 s",
    "shutdown_delay": "0.06 s",
    "fall_time": "0.25 s",
    "ignitions": 10,  # more than it is told
}
ENGINES = build_engines([(0, 0.0, EngineGroupSpec.model_validate(DATA), {"solid": 0})])
TANKS = Tanks(np.array([[0.0, 1000.0, 0.0]]))  # stage, load, residual

# What an engine is told, and for how long: run or not, throttle, healthy, seconds.
orders = st.tuples(
    st.sampled_from([0.0, 1.0]),
    st.floats(0.0, 1.5),
    st.sampled_from([0.0, 1.0, 1.0, 1.0]),
    st.floats(0.0, 2.0),
)


def fly(told: list[tuple[float, float, float, float]], cut: list[float]) -> tuple[float, float]:
    """Integral of level (s) and last level, each order flown in pieces in the ratio of `cut`."""
    state, total_s = kernel.new_engine_state(1), 0.0
    for on, throttle, ok, held_s in told:
        for share in cut:
            dt_s = held_s * share / sum(cut)
            kernel.engine_levels_step(
                ENGINES,
                TANKS,
                state,
                np.array([1000.0]),
                np.array([on]),
                np.array([throttle]),
                np.array([[ok, 1.0, np.nan]]),
                dt_s,
            )
            total_s += state[0, MEAN_LEVEL] * dt_s
    return total_s, float(state[0, LEVEL])


@given(st.lists(orders, max_size=6), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=7))
def test_impulse_does_not_depend_on_the_step(
    told: list[tuple[float, float, float, float]], cut: list[float]
) -> None:
    whole_s, whole_level = fly(told, [1.0])
    cut_s, cut_level = fly(told, cut)
    assert abs(whole_s - cut_s) < 1e-11
    assert abs(whole_level - cut_level) < 1e-11


@given(st.lists(orders, max_size=6))
def test_impulse_is_that_of_small_steps_of_the_ramp(
    told: list[tuple[float, float, float, float]],
) -> None:
    """An independent Euler walk along the same rules, 1 ms at a time."""
    level, total_s, running, since_s = 0.0, 0.0, False, 0.0
    for on, throttle, ok, held_s in told:
        if running != (wanted := on * ok > 0.5):
            running, since_s = wanted, 0.0
        steps = max(1, round(held_s / 0.001))
        for _ in range(steps):
            dt_s = held_s / steps
            middle_s = since_s + 0.5 * dt_s
            if running and middle_s >= 0.3:
                gap, most = min(max(throttle, 0.5), 1.1) - level, dt_s / 0.8
            elif running or not ok or middle_s >= 0.06:
                gap, most = -level, dt_s / 0.25
            else:
                gap, most = 0.0, 0.0
            change = min(max(gap, -most), most)
            total_s += (level + 0.5 * change) * dt_s
            level, since_s = level + change, since_s + dt_s
    exact_s, exact_level = fly(told, [1.0])
    # One step late at most, at each of the two corners of each order, at 1 / 0.25 s.
    off = 2 * (1 + len(told)) * 0.001 / 0.25
    assert abs(level - exact_level) < off
    assert abs(total_s - exact_s) <= off * sum(held_s for *_, held_s in told) + 1e-12


@given(st.lists(orders, max_size=8))
def test_level_stays_between_zero_and_full_throttle(
    told: list[tuple[float, float, float, float]],
) -> None:
    total_s, level = fly(told, [1.0, 2.0])
    assert 0.0 <= level <= 1.1
    assert 0.0 <= total_s <= 1.1 * sum(held_s for *_, held_s in told)


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=40),
    st.floats(5.0, 60.0),
    st.floats(0.05, 1.5),
    st.floats(0.05, 0.5),
    st.floats(0.01, 0.2),
    st.floats(0.001, 0.01),
)
def test_gimbal_respects_its_limits(
    commands: list[float],
    natural_radps: float,
    damping: float,
    rate_limit: float,
    limit: float,
    h_s: float,
) -> None:
    angle, rate = 0.0, 0.0
    for command in commands:
        new_angle, new_rate, _ = kernel.gimbal_step(
            angle, rate, command, natural_radps, damping, rate_limit, limit, h_s
        )
        assert abs(new_angle) <= limit
        assert abs(new_rate) <= rate_limit
        assert abs(new_angle - angle) <= rate_limit * h_s * (1.0 + 1e-9) + 1e-15
        angle, rate = new_angle, new_rate


@given(
    st.floats(-0.1, 0.1), st.floats(-0.2, 0.2), st.floats(5.0, 60.0), st.floats(0.05, 2.0),
    st.integers(2, 8),
)  # fmt: skip
def test_free_gimbal_motion_does_not_depend_on_the_step(
    angle: float, rate: float, natural_radps: float, damping: float, pieces: int
) -> None:
    whole = kernel.gimbal_step(angle, rate, 0.01, natural_radps, damping, 1e9, 1e9, 0.02)
    at, speed = angle, rate
    for _ in range(pieces):
        at, speed, _ = kernel.gimbal_step(
            at, speed, 0.01, natural_radps, damping, 1e9, 1e9, 0.02 / pieces
        )
    assert abs(at - whole[0]) < 1e-12
    assert abs(speed - whole[1]) < 1e-10
