"""Gimbal allocation against the moments that the turned thrusts really make."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import planned, vehicle
from numpy.typing import NDArray

from downrange.gnc.build import new_memory
from downrange.gnc.kernel import data
from downrange.gnc.kernel.allocation import allocate, shares
from downrange.telemetry.bus import new_command

Floats = NDArray[np.float64]
FULL = np.array([1.0] * 9 + [0.0])
ONE_OUT = np.array([1.0, 0.0, *[1.0] * 7, 0.0])  # up and right: off in both planes


def x_cm() -> float:
    return float(vehicle().x_cm_m[-1])


def matrix(chamber: Floats) -> Floats:
    """B with M = B d, d = (d_y, d_z) engine by engine, by cross products in vacuum."""
    v = vehicle()
    columns = []
    for e in range(9):
        r = v.engine_position_m[e] - [x_cm(), 0.0, 0.0]
        f = chamber[e] * v.engine_thrust_vac_n[e]
        columns += [np.cross(r, [0.0, 0.0, -f]), np.cross(r, [0.0, f, 0.0])]
    return np.array(columns).T


def still(chamber: Floats) -> Floats:
    """Moment of the straight thrusts."""
    v = vehicle()
    force = np.zeros((10, 3))
    force[:, 0] = chamber * v.engine_thrust_vac_n
    return np.cross(v.engine_position_m - [x_cm(), 0.0, 0.0], force).sum(axis=0)


def demands(chamber: Floats, moment: tuple[float, float, float], **control: float) -> Floats:
    """Gimbal angles (9, 2) in vacuum, full tanks."""
    plan, _ = planned()
    free = {"gimbal_limit_rad": 1.0, **control}
    memory, command = new_memory(plan), new_command(10)
    engines = plan.engines.copy()
    engines[:, data.GIMBAL_LIMIT_RAD] *= 10.0
    allocate(plan.control._replace(**free), engines, plan.tick_s, chamber, moment, memory,
             command.gimbal_rad)  # fmt: skip
    assert not command.gimbal_rad[9].any(), "an engine that does not run is not turned"
    return command.gimbal_rad[:9].copy()


@pytest.mark.parametrize("chamber", [FULL, ONE_OUT])
@pytest.mark.parametrize(
    "moment", [(0.0, 2e5, 0.0), (0.0, 0.0, -1e5), (3e4, 0.0, 0.0), (-2e4, 1e5, 5e4)]
)
def test_the_moment_asked_for_is_the_moment_given(
    chamber: Floats, moment: tuple[float, float, float]
) -> None:
    angles = demands(chamber, moment)
    given = matrix(chamber) @ angles.ravel() + still(chamber)
    np.testing.assert_allclose(given, moment, atol=1e-6 * 2e5)


@pytest.mark.parametrize("chamber", [FULL, ONE_OUT])
def test_no_smaller_motion_would_do(chamber: Floats) -> None:
    moment = (2e4, 1e5, -5e4)
    least = np.linalg.pinv(matrix(chamber)) @ (np.array(moment) - still(chamber))
    np.testing.assert_allclose(demands(chamber, moment).ravel(), least, atol=1e-12)


def test_the_signs_of_the_contract() -> None:
    # Nose up (+y): thrust behind the CM turned about -y pushes the tail down (+z).
    pitch = demands(FULL, (0.0, 1e5, 0.0))
    assert (pitch[:, 0] < 0.0).all()
    np.testing.assert_allclose(pitch[:, 1], 0.0, atol=1e-12)
    yaw = demands(FULL, (0.0, 0.0, 1e5))
    assert (yaw[:, 1] < 0.0).all()
    # Roll right (+x): the engine on the right (y > 0) pushes down (+z), so turns about -y.
    roll = demands(FULL, (1e4, 0.0, 0.0))
    assert roll[0, 0] < 0.0 < roll[4, 0]
    np.testing.assert_allclose(roll[8], 0.0, atol=1e-12)


def test_a_missing_engine_is_trimmed_before_any_error_shows() -> None:
    angles = demands(ONE_OUT, (0.0, 0.0, 0.0))
    np.testing.assert_allclose(matrix(ONE_OUT) @ angles.ravel(), -still(ONE_OUT), atol=1e-3)
    assert np.abs(still(ONE_OUT)).max() > 4e4


def test_the_middle_engine_alone_pitches_and_yaws_but_cant_roll() -> None:
    alone = np.zeros(10)
    alone[8] = 1.0
    angles = demands(alone, (1e5, 3e4, -2e4))
    given = matrix(alone) @ angles.ravel()
    np.testing.assert_allclose(given, (0.0, 3e4, -2e4), atol=1e-3)


def test_without_thrust_nothing_is_asked() -> None:
    assert not demands(np.zeros(10), (1e5, 1e5, 1e5)).any()
    assert not demands(np.full(10, math.nan), (1e5, 1e5, 1e5)).any()


def test_back_pressure_makes_the_engines_weaker_and_the_angles_larger() -> None:
    plan, _ = planned()
    vacuum = shares(plan.engines, FULL, 0.0, x_cm(), (0.0, 1e5, 0.0))
    ground = shares(plan.engines, FULL, 101325.0, x_cm(), (0.0, 1e5, 0.0))
    # The share goes with 1 / F^2: 83 kN in vacuum, 83 kN - 101.325 kPa 0.08 m^2 on the ground.
    ratio = (83e3 / (83e3 - 101325.0 * 0.08)) ** 2
    assert ground[1] / vacuum[1] == pytest.approx(ratio, rel=1e-12)


def test_limits_of_angle_and_rate_are_kept_and_reported() -> None:
    plan, _ = planned()
    memory, command = new_memory(plan), new_command(10)
    control = plan.control._replace(gimbal_limit_rad=0.02, gimbal_rate_radps=0.5)
    for k in range(4):
        allocate(control, plan.engines, 0.02, FULL, (0.0, 1e7, 0.0), memory, command.gimbal_rad)
        expected = max(-0.02, -0.01 * (k + 1))
        np.testing.assert_allclose(command.gimbal_rad[:9, 0], expected, rtol=1e-12)
        assert memory.words[data.SATURATED] == 1.0
    allocate(control, plan.engines, 0.02, FULL, (0.0, 1e3, 0.0), memory, command.gimbal_rad)
    allocate(control, plan.engines, 0.02, FULL, (0.0, 1e3, 0.0), memory, command.gimbal_rad)
    allocate(control, plan.engines, 0.02, FULL, (0.0, 1e3, 0.0), memory, command.gimbal_rad)
    assert memory.words[data.SATURATED] == 0.0


def test_the_latency_holds_a_demand_back_by_whole_ticks() -> None:
    plan, _ = planned(latency_ticks=2)
    memory, command = new_memory(plan), new_command(10)
    seen = []
    for k in range(5):
        moment = (0.0, 1e5 if k == 0 else 0.0, 0.0)
        allocate(plan.control, plan.engines, plan.tick_s, FULL, moment, memory, command.gimbal_rad)
        seen.append(bool(abs(command.gimbal_rad[0, 0]) > 1e-6))
    assert seen == [False, False, True, False, False]
