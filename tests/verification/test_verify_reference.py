"""The compiled flight against a second program: another formulation, another integrator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference import ROTATION_RADPS, Floats, Problem, fly, initial, observe

from downrange._spec import validate
from downrange.verify import CaseSpec, fly_case

TIMES = [0.0, 3.7, 20.0, 60.0]

# Both integrate to rounding: what is left is 1e-9 of the figures.
CLOSE = {"m": 1e-5, "mps": 1e-6, "deg": 1e-6, "radps": 1e-8}


def case(**sections: Any) -> CaseSpec:
    """A body that flies and tumbles, over whatever Earth the sections say."""
    data: dict[str, Any] = {
        "name": "against a second program", "source": "typed for the test", "duration": "60 s",
        "step": "0.002 s",
        "body": {
            "mass": "20 kg",
            "inertia": {"xx": "1.1 kg m^2", "yy": "2.3 kg m^2", "zz": "2.9 kg m^2",
                        "xy": "0.2 kg m^2", "xz": "-0.3 kg m^2", "yz": "0.4 kg m^2"},
        },
        "initial": {
            "latitude_deg": 52.0, "longitude_deg": 16.0, "altitude": "12 km",
            "velocity_ned": ["150 m/s", "-80 m/s", "-300 m/s"],
            "euler_deg": {"roll": 20.0, "pitch": 35.0, "yaw": -120.0},
            "rates": {"p": "20 deg/s", "q": "-15 deg/s", "r": "30 deg/s", "frame": "inertial"},
        },
        "checkpoints": {"columns": ["time_s"], "rows": [[time] for time in TIMES]},
    }  # fmt: skip
    return validate(CaseSpec, data | sections, "")


def inertia() -> Floats:
    """Tensor of `case`: its off-diagonal terms are minus the products."""
    return np.array([[1.1, -0.2, 0.3], [-0.2, 2.3, -0.4], [0.3, -0.4, 2.9]])


def start(problem: Problem) -> Floats:
    place = (math.radians(52.0), math.radians(16.0), 12000.0)
    euler = (math.radians(20.0), math.radians(35.0), math.radians(-120.0))
    rates = np.radians([20.0, -15.0, 30.0])
    return initial(problem, place, np.array([150.0, -80.0, -300.0]), euler, rates)


def compare(spec: CaseSpec, problem: Problem) -> None:
    states = fly(problem, start(problem), np.array(TIMES))
    for row, time, state in zip(fly_case(spec, TIMES), TIMES, states, strict=True):
        for column, expected in observe(time, state, problem).items():
            if column == "time_s":
                continue
            apart = row[column] - expected
            if column.endswith("_deg"):
                apart = math.remainder(apart, 360.0)
            assert abs(apart) < CLOSE[column.rpartition("_")[2]], (column, time, apart)


AERO = {
    "reference_area": "0.05 m^2",
    "reference_span": "0.4 m",
    "reference_chord": "0.8 m",
    "drag": 0.6,
    "damping": {"roll": -0.8, "pitch": -1.5, "yaw": -1.1},
}
# q S b * rate b / (2 V) C = rho V S b^2 C / 4 * rate
DAMPING = (
    -0.8 * 0.05 * 0.4**2 / 4.0,
    -1.5 * 0.05 * 0.8**2 / 4.0,
    -1.1 * 0.05 * 0.4**2 / 4.0,
)
BRICK = Problem(20.0, inertia(), 0.6 * 0.05, DAMPING)


def test_tumble_in_vacuum() -> None:
    compare(case(), Problem(20.0, inertia()))


def test_drag_and_damping_over_the_ellipsoid() -> None:
    compare(case(aero=AERO), BRICK)


@pytest.mark.parametrize("rotating", [True, False])
def test_round_earth(rotating: bool) -> None:
    earth = {"shape": "sphere", "radius": "6371007.1809 m", "rotating": rotating,
             "gravity": "inverse_square"}  # fmt: skip
    problem = Problem(20.0, inertia(), 0.03, DAMPING, wgs84=False, j2=False,
                      rotation_radps=ROTATION_RADPS if rotating else 0.0)  # fmt: skip
    compare(case(aero=AERO, earth=earth), problem)


@pytest.mark.parametrize("gradient", [0.0, 0.003])
def test_wind(gradient: float) -> None:
    """A wind from 240 degrees blows to the north-east; negative speeds blow the other way."""
    given = {"model": "steady", "from_deg": 240.0, "speed": "-20 ft/s"}
    if gradient:
        given |= {"model": "linear", "gradient": "0.003 ft/s per ft"}

    def wind(altitude_m: float) -> tuple[float, float]:
        speed = -20.0 * 0.3048 + gradient * altitude_m
        return -speed * math.cos(math.radians(240.0)), -speed * math.sin(math.radians(240.0))

    problem = Problem(20.0, inertia(), 0.03, DAMPING, wind=wind)
    compare(case(aero=AERO, wind=given), problem)


def test_the_comparison_would_see_a_product_of_the_other_sign() -> None:
    wrong = inertia()
    wrong[1, 2] = wrong[2, 1] = 0.4
    with pytest.raises(AssertionError):
        compare(case(), Problem(20.0, wrong))


def test_the_second_program_conserves_energy_and_angular_momentum() -> None:
    problem = Problem(20.0, inertia(), wgs84=False, j2=False)
    first, last = fly(problem, start(problem), np.array([0.0, 60.0]))
    spins = [state[6:15].reshape(3, 3) @ inertia() @ state[15:] for state in (first, last)]
    assert_allclose(spins[1], spins[0], atol=1e-9)
    energies = [
        0.5 * state[3:6] @ state[3:6] - 3.986004418e14 / np.linalg.norm(state[:3])
        for state in (first, last)
    ]
    assert_allclose(energies[1], energies[0], rtol=1e-12)
