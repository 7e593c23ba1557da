"""The gimbal actuator against independent solutions of its equation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import expm

from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines
from downrange.propulsion.kernel import (
    GIMBAL_Y_RAD,
    GIMBAL_Y_RADPS,
    GIMBAL_Z_RAD,
    GIMBAL_Z_RADPS,
    PUSH_N,
    SIDE_N,
    TORQUE_NM,
    Engines,
)
from downrange.propulsion.spec import EngineGroupSpec

DEG = math.pi / 180.0
NATURAL_RADPS = 2.0 * math.pi * 6.0
DAMPING = 0.7
H_S = 0.0025
FREE = math.inf


def engines(count: int = 2, gimballed: object = "all") -> Engines:
    data = {
        "count": count,
        "layout": {"ring": count, "ring_radius": "1 m"},
        "station": "0 m",
        "thrust_vac": "100 kN",
        "isp_vac": "300 s",
        "exit_area": "0.1 m^2",
        "fuel": "solid",
        "gimbal": {
            "limit": "6 deg",
            "rate": "12 deg/s",
            "natural_frequency": "6 Hz",
            "damping": DAMPING,
        },
        "gimballed": gimballed,
    }
    return build_engines([(0, 0.0, EngineGroupSpec.model_validate(data), {"solid": 0})])


@pytest.mark.parametrize("damping", [0.05, 0.7, 0.9999999, 1.0, 1.0000001, 2.5])
@pytest.mark.parametrize("h_s", [1e-5, 0.0025, 0.1])
def test_transition_is_the_matrix_exponential(damping: float, h_s: float) -> None:
    w = NATURAL_RADPS
    exact = expm(np.array([[0.0, 1.0], [-w * w, -2.0 * damping * w]]) * h_s)
    got = np.array(kernel.gimbal_transition(w, damping, h_s)).reshape(2, 2)
    assert got == pytest.approx(exact, rel=1e-6, abs=1e-9)


def test_small_step_response_is_exact() -> None:
    """Unsaturated: the textbook underdamped step response, at every sub-step."""
    angle, rate, command = 0.0, 0.0, 0.1 * DEG
    damped = NATURAL_RADPS * math.sqrt(1.0 - DAMPING**2)
    for k in range(1, 200):
        angle, rate, _ = kernel.gimbal_step(
            angle, rate, command, NATURAL_RADPS, DAMPING, FREE, 1.0, H_S
        )
        t_s = k * H_S
        swing = math.cos(damped * t_s) + DAMPING * NATURAL_RADPS / damped * math.sin(damped * t_s)
        exact = command * (1.0 - math.exp(-DAMPING * NATURAL_RADPS * t_s) * swing)
        assert angle == pytest.approx(exact, abs=1e-12)


def test_large_step_moves_at_the_rate_limit() -> None:
    """Against the saturated servo integrated finely: rate held while pushed beyond its limit."""
    limit_radps, command = 12.0 * DEG, 5.0 * DEG

    fine_s, fine, place, speed = 5e-6, [0.0], 0.0, 0.0
    for _ in range(120_000):
        pull = NATURAL_RADPS**2 * (command - place) - 2.0 * DAMPING * NATURAL_RADPS * speed
        speed = min(max(speed + pull * fine_s, -limit_radps), limit_radps)
        place += speed * fine_s
        fine.append(place)
    angle, rate = 0.0, 0.0
    for k in range(1, 240):
        angle, rate, accel = kernel.gimbal_step(
            angle, rate, command, NATURAL_RADPS, DAMPING, limit_radps, 6.0 * DEG, H_S
        )
        # Saturation begins and ends inside a sub-step: half of one at the rate limit.
        assert angle == pytest.approx(fine[round(k * H_S / fine_s)], abs=limit_radps * H_S / 2.0)
    assert angle == pytest.approx(command, abs=0.01 * DEG)
    assert abs(accel) < 0.1


def test_acceleration_is_the_mean_over_the_step() -> None:
    _, rate, accel = kernel.gimbal_step(0.01, 0.1, 0.0, NATURAL_RADPS, DAMPING, 0.3, 0.1, H_S)
    assert accel * H_S == pytest.approx(rate - 0.1)


def test_angle_limit_stops_the_engine() -> None:
    angle, rate, _ = kernel.gimbal_step(0.1, 0.2, 0.5, NATURAL_RADPS, DAMPING, 0.3, 0.1, H_S)
    assert (angle, rate) == (0.1, 0.0)


def test_a_settled_gimbal_is_at_rest() -> None:
    """Not in denormal numbers, which are five times as slow."""
    angle, rate, accel = 0.0, 0.0, 1.0
    for _ in range(5000):
        angle, rate, accel = kernel.gimbal_step(
            angle, rate, 1.0 * DEG, NATURAL_RADPS, DAMPING, 0.3, 0.1, H_S
        )
    assert (angle, rate, accel) == (1.0 * DEG, 0.0, 0.0)


STEPS = 20


def swing(
    hardware: Engines, command: np.ndarray, free: np.ndarray, stuck: np.ndarray,
    state: np.ndarray, times: int = 20, side_n: float = 1.0, mean: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """A second of sub-steps; returns what was swept in the last ones."""
    n = hardware.n
    transitions, ready = np.zeros((n, 4)), np.zeros((2, n, kernel.AIM_SIZE))
    mean = np.zeros((n, 2)) if mean is None else mean
    swept = np.zeros((STEPS + 1, 2, kernel.SWEPT_SIZE))
    kernel.gimbal_transitions(hardware, H_S, transitions)
    health = np.column_stack([np.ones(n), free, stuck])
    for _ in range(times):
        kernel.gimbals_swing(
            hardware, state, command, health, np.ones(1), np.full(n, side_n), transitions, H_S,
            STEPS, mean, ready, swept,
        )  # fmt: skip
    return swept


def test_what_is_swept_is_the_sum_of_engines_by_themselves() -> None:
    """At every sub-step: side force, and the push and torque of what swings."""
    hardware, state = engines(), kernel.new_engine_state(2)
    hardware.table[:, kernel.MOVING_MASS_KG] = 80.0, 120.0
    hardware.table[:, kernel.MOVING_CG_M] = 0.4, 0.6
    hardware.table[:, kernel.MOVING_INERTIA_KGM2] = 30.0, 50.0
    command, mean = np.array([[1.0, -2.0], [0.3, 9.0]]) * DEG, np.zeros((2, 2))
    swept = swing(hardware, command, np.ones(2), np.full(2, np.nan), state, 1, 5e4, mean)
    limit, rate_limit = hardware.gimbal_limit_rad, hardware.gimbal_rate_limit_radps
    expected, path = np.zeros_like(swept), np.zeros((STEPS + 1, 2, 2))
    for i in range(2):
        for axis in range(2):
            angle, rate = 0.0, 0.0
            for step in range(1, STEPS + 1):
                angle, rate, accel = kernel.gimbal_step(
                    angle, rate, command[i, axis], NATURAL_RADPS, DAMPING, rate_limit[i],
                    limit[i], H_S,
                )  # fmt: skip
                path[step, i, axis] = angle
                expected[step, axis, SIDE_N] += 5e4 * angle
                moment = hardware.moving_mass_kg[i] * hardware.moving_cg_m[i]
                expected[step, axis, PUSH_N] += moment * accel
                expected[step, axis, TORQUE_NM] += hardware.moving_inertia_kgm2[i] * accel
            assert state[i, GIMBAL_Y_RAD + 2 * axis] == angle
    np.testing.assert_allclose(swept, expected, rtol=1e-12)
    trapezium = (0.5 * path[0] + path[1:-1].sum(axis=0) + 0.5 * path[-1]) / STEPS
    np.testing.assert_allclose(mean, trapezium, rtol=1e-12)


def test_every_engine_follows_its_own_command() -> None:
    hardware, state = engines(), kernel.new_engine_state(2)
    command = np.array([[1.0, -2.0], [3.0, 4.0]]) * DEG
    swing(hardware, command, np.ones(2), np.full(2, np.nan), state)
    assert state[:, [GIMBAL_Y_RAD, GIMBAL_Z_RAD]] == pytest.approx(command, abs=0.001 * DEG)


def test_stuck_gimbal_holds_where_it_is() -> None:
    hardware, state = engines(), kernel.new_engine_state(2)
    state[0, GIMBAL_Y_RAD], state[0, GIMBAL_Y_RADPS] = 1.0 * DEG, 5.0 * DEG
    swept = swing(hardware, np.zeros((2, 2)), np.array([0.0, 1.0]), np.full(2, np.nan), state)
    assert state[0, GIMBAL_Y_RAD] == 1.0 * DEG
    assert state[0, GIMBAL_Y_RADPS] == 0.0
    assert not swept[:, :, PUSH_N : TORQUE_NM + 1].any()


def test_stuck_gimbal_with_an_angle_is_driven_there() -> None:
    hardware, state = engines(), kernel.new_engine_state(2)
    state[0, GIMBAL_Z_RAD], state[0, GIMBAL_Z_RADPS] = 0.5 * DEG, 1.0 * DEG
    stuck = np.array([2.0 * DEG, np.nan])
    swing(hardware, np.zeros((2, 2)), np.array([0.0, 1.0]), stuck, state)
    assert state[0, GIMBAL_Y_RAD] == pytest.approx(2.0 * DEG, abs=0.001 * DEG)
    assert state[0, GIMBAL_Z_RAD] == 0.5 * DEG
    assert not state[1, [GIMBAL_Y_RAD, GIMBAL_Z_RAD]].any()


def test_a_fixed_engine_does_not_swing() -> None:
    hardware, state = engines(gimballed=(2,)), kernel.new_engine_state(2)
    swing(hardware, np.full((2, 2), 1.0 * DEG), np.ones(2), np.full(2, np.nan), state)
    assert not state[0].any()
    assert state[1, GIMBAL_Y_RAD] == pytest.approx(1.0 * DEG, abs=0.001 * DEG)
