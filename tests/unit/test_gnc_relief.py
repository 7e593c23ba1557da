"""Load relief: the air is felt as it blows, and the nose gives way to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from space_case import control, new_words

from downrange.gnc.kernel import data
from downrange.gnc.kernel.control import feel_the_air, moment_demand

# One engine on the axis: stage, x, y, z, thrust, exit area, gimbal limit.
ENGINE = np.array([[0.0, 1.0, 0.0, 0.0, 900e3, 0.0, 0.1]])
SLOPE_M2 = 9.0  # area times normal force slope
MASS_KG = 40e3
Q_PA = 30e3
TICK_S = 0.02
TOLD = {"load_relief": 0.4, "relief_tick_share": 0.02, "relief_from_pa": 10e3, "imu_x_m": 2.0}
AERO = np.array([[0.0, SLOPE_M2, 12.0], [5.0, SLOPE_M2, 12.0]])


def felt(
    alpha: float, beta: float, d_y: float = 0.0, d_z: float = 0.0, seconds: float = 10.0
) -> np.ndarray:
    """Memory after so long in a steady flow with steady gimbal angles."""
    known = control(aero=AERO, **TOLD)
    words, engine = new_words(), np.zeros((1, data.ENGINE_WORDS))
    words[data.DYNAMIC_PRESSURE_PA], words[data.MACH], words[data.PROPELLANT_FRACTION] = Q_PA, 1, 1
    thrust = ENGINE[0, 4]
    words[data.FORCE_MPS2] = thrust / MASS_KG
    words[data.FORCE_MPS2 + 1] = (-Q_PA * SLOPE_M2 * beta + thrust * d_z) / MASS_KG
    words[data.FORCE_MPS2 + 2] = (-Q_PA * SLOPE_M2 * alpha - thrust * d_y) / MASS_KG
    engine[0, data.DEMAND_Y_RAD], engine[0, data.DEMAND_Z_RAD] = d_y, d_z
    for _ in range(round(seconds / TICK_S)):
        feel_the_air(known, ENGINE, np.ones(1), TICK_S, words, engine)
    return words


@pytest.mark.parametrize(("d_y", "d_z"), [(0.0, 0.0), (0.02, -0.01)])
@pytest.mark.parametrize(("alpha", "beta"), [(0.03, 0.0), (0.0, -0.02), (0.01, 0.04)])
def test_what_is_felt_is_what_blows(alpha: float, beta: float, d_y: float, d_z: float) -> None:
    words = felt(alpha, beta, d_y, d_z)
    assert words[data.ATTACK_RAD] == pytest.approx(alpha, abs=1e-4)
    assert words[data.ATTACK_RAD + 1] == pytest.approx(beta, abs=1e-4)


def test_it_is_felt_after_two_time_constants_and_not_at_once() -> None:
    """Two lags of a second each: 1 - (1 + t) exp(-t)."""
    for seconds in (0.5, 1.0, 3.0):
        share = felt(0.03, 0.0, seconds=seconds)[data.ATTACK_RAD] / 0.03
        assert share == pytest.approx(1.0 - (1.0 + seconds) * math.exp(-seconds), abs=0.02)


def test_nothing_is_felt_in_thin_air_or_without_thrust() -> None:
    known = control(aero=AERO, **TOLD)
    for pressure, force in ((9e3, 20.0), (30e3, 0.5)):
        words = felt(0.03, 0.02)
        words[data.DYNAMIC_PRESSURE_PA], words[data.FORCE_MPS2] = pressure, force
        feel_the_air(known, ENGINE, np.ones(1), TICK_S, words, np.zeros((1, data.ENGINE_WORDS)))
        np.testing.assert_array_equal(words[data.ATTACK_RAD : data.ATTACK_RAD + 4], 0.0)


def test_the_turn_of_the_body_is_not_taken_for_wind() -> None:
    """At a steady angular acceleration the unit, ahead of the CM or behind, feels its lever."""
    known = control(aero=AERO, **TOLD | {"imu_x_m": 7.0})
    words, engine = new_words(), np.zeros((1, data.ENGINE_WORDS))
    words[data.DYNAMIC_PRESSURE_PA], words[data.MACH], words[data.PROPELLANT_FRACTION] = Q_PA, 1, 1
    words[data.FORCE_MPS2] = ENGINE[0, 4] / MASS_KG
    arm = 7.0 - float(known.mass[-1, 1])
    for tick in range(1, 500):
        words[data.RATE_RADPS + 1], words[data.RATE_RADPS + 2] = 0.01 * tick * TICK_S, 0.0
        words[data.FORCE_MPS2 + 2] = -arm * 0.01  # a_z = -arm * turn about y
        feel_the_air(known, ENGINE, np.ones(1), TICK_S, words, engine)
    assert abs(words[data.ATTACK_RAD]) < 1e-6


def test_the_nose_gives_way_by_its_share() -> None:
    """Held where it gives way: an error of -share * alpha (nose down) asks for no turn."""
    known = control(aero=AERO * [[1.0, 0.0, 1.0]], **TOLD)  # no overturning of its own
    alpha = 0.03
    for given, sense in ((0.0, -1.0), (known.load_relief * alpha, 0.0)):
        words = felt(alpha, 0.0)
        words[data.SATURATED] = 1.0
        half = -0.5 * given
        words[data.ATTITUDE_BODY_FROM_ECI : data.ATTITUDE_BODY_FROM_ECI + 4] = (
            math.cos(half), 0.0, math.sin(half), 0.0,
        )  # fmt: skip
        words[data.COMMANDED_BODY_FROM_ECI : data.COMMANDED_BODY_FROM_ECI + 4] = 1.0, 0.0, 0.0, 0.0
        moment = moment_demand(known, float(data.STEER_PROGRAMME), TICK_S, words,
                               np.zeros((2, 1, 2)))  # fmt: skip
        if sense:
            assert moment[1] * sense > 1.0  # nose above the flow: pitched down
        else:
            assert abs(moment[1]) < 1.0
