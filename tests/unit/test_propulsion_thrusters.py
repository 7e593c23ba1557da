"""Cold gas by the pulse, and engines that light only so often."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.faults.kernel import ENGINE_OK, new_health
from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines, build_tanks, build_thrusters, tank_indices
from downrange.propulsion.kernel import LEVEL, LIT, MEAN_LEVEL, ON, Thrusters, fire
from downrange.propulsion.spec import EngineGroupSpec, TankSpec, ThrusterSpec

COLD_GAS = Thrusters(roll_nm=20.0, pitch_nm=40.0, flow_kgps=0.03, gas_kg=20.0, shortest_s=0.02)
TICK_S = 0.1


def fired(duty: tuple[float, float, float], gas_kg: float = 20.0, dt_s: float = TICK_S):
    return fire(COLD_GAS, np.array(duty), gas_kg, dt_s)


@pytest.mark.parametrize(
    ("duty", "moment"),
    [
        ((1.0, 0.0, 0.0), (20.0, 0.0, 0.0)),
        ((0.0, 1.0, 0.0), (0.0, 40.0, 0.0)),
        ((0.0, 0.0, 1.0), (0.0, 0.0, 40.0)),
        ((-0.5, 0.25, -1.0), (-10.0, 10.0, -40.0)),
        ((3.0, -7.0, 0.0), (20.0, -40.0, 0.0)),  # no more than all of the time
    ],
)
def test_the_mean_moment_is_the_share_of_the_couple(
    duty: tuple[float, float, float], moment: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(fired(duty)[:3], moment, rtol=1e-12)


def test_gas_goes_with_the_time_that_each_axis_fires() -> None:
    """30 g/s: over a tenth of a second with shares of 1, 1/2 and 1/4, 5.25 g."""
    assert fired((1.0, -0.5, 0.25))[3] == pytest.approx(20.0 - 0.03 * 0.1 * 1.75, abs=1e-12)
    assert fired((0.0, 0.0, 0.0)) == (0.0, 0.0, 0.0, 20.0)


def test_the_impulse_of_a_kilogram_is_the_same_in_long_pulses_and_in_short_ones() -> None:
    """A kilogram lasts 33 s of one couple: 1333 N m s in pitch."""
    for share in (0.2, 0.6, 1.0):
        gas, impulse = 1.0, 0.0
        while gas > 0.0:
            _, my, _, gas = fired((0.0, share, 0.0), gas)
            impulse += my * TICK_S
        assert impulse == pytest.approx(40.0 / 0.03, abs=40.0 * share * TICK_S)


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_a_pulse_shorter_than_the_shortest_is_not_fired(sense: float) -> None:
    assert fired((0.199 * sense, 0.0, 0.0)) == (0.0, 0.0, 0.0, 20.0)
    mx, _, _, gas = fired((0.2 * sense, 0.0, 0.0))
    assert mx == pytest.approx(4.0 * sense)
    assert gas < 20.0


def test_without_gas_nothing_fires() -> None:
    assert fired((1.0, 1.0, -1.0), 0.0) == (0.0, 0.0, 0.0, 0.0)


def test_gas_never_falls_below_nothing() -> None:
    _, _, _, gas = fired((1.0, 1.0, 1.0), 1e-4)
    assert gas == 0.0


def test_when_the_gas_ends_in_a_tick_the_axes_after_it_stay_still() -> None:
    assert fired((1.0, 1.0, 1.0), 1e-4)[:3] == (20.0, 0.0, 0.0)


def test_a_vehicle_without_thrusters_has_none() -> None:
    none = build_thrusters(None)
    assert fire(none, np.ones(3), none.gas_kg, TICK_S) == (0.0, 0.0, 0.0, 0.0)


def test_thrusters_are_as_written() -> None:
    spec = ThrusterSpec.model_validate(
        {"roll_moment": "20 N m", "pitch_moment": "40 N m", "flow": "30 g/s", "gas": "20 kg",
         "shortest": "20 ms"}
    )  # fmt: skip
    np.testing.assert_allclose(build_thrusters(spec), COLD_GAS, rtol=1e-12)


class Bench:
    """One engine with tanks for long, and how often it may be lit."""

    def __init__(self, ignitions: int | None) -> None:
        more = {} if ignitions is None else {"ignitions": ignitions}
        group = EngineGroupSpec.model_validate(
            {"count": 1, "station": "0.5 m", "thrust_vac": "100 kN", "isp_vac": "300 s",
             "exit_area": "0.1 m^2", "oxidiser": "lox", "fuel": "fuel", "mixture_ratio": 2.7,
             "start_delay": "0.3 s", "rise_time": "0.8 s", "shutdown_delay": "0.05 s",
             "fall_time": "0.4 s", **more}
        )  # fmt: skip
        tanks = [[
            TankSpec.model_validate(
                {"name": name, "propellant": name, "density": "1000 kg/m^3", "load": "10 t",
                 "volume": "11 m^3", "bottom": "1 m", "diameter": "2 m"}
            )
            for name in ("lox", "fuel")
        ]]  # fmt: skip
        (indices,) = tank_indices(tanks)
        self.engines, self.tanks = build_engines([(0, 0.0, group, indices)]), build_tanks(
            [(0, tanks[0])]
        )  # fmt: skip
        self.state = kernel.new_engine_state(1)
        self.health = new_health(1, 0).engine
        self.tank_kg = self.tanks.load_kg.copy()

    def run(self, on: bool, seconds: float) -> float:
        """The highest level on the way."""
        highest = 0.0
        for _ in range(round(seconds / 0.01)):
            kernel.engine_levels_step(
                self.engines, self.tanks, self.state, self.tank_kg, np.array([float(on)]),
                np.ones(1), self.health, 0.01,
            )  # fmt: skip
            highest = max(highest, float(self.state[0, MEAN_LEVEL]))
        return highest


@pytest.mark.parametrize("ignitions", [1, 2, 3])
def test_an_engine_lights_as_often_as_it_can_and_then_stays_off(ignitions: int) -> None:
    bench = Bench(ignitions)
    for burn in range(1, 6):
        highest = bench.run(True, 2.0)
        lights = burn <= ignitions
        assert highest == pytest.approx(1.0 if lights else 0.0)
        assert bench.state[0, LIT] == min(burn, ignitions)
        assert bench.state[0, ON] == (1.0 if lights else 0.0)
        bench.run(False, 1.0)
        assert bench.state[0, LEVEL] == 0.0


def test_engines_light_once_where_nothing_is_stated() -> None:
    bench = Bench(None)
    assert bench.run(True, 2.0) == pytest.approx(1.0)
    bench.run(False, 1.0)
    assert bench.run(True, 2.0) == 0.0


def test_what_burns_is_not_lit_anew() -> None:
    """A long burn counts once, throttled or not."""
    bench = Bench(1)
    for _ in range(20):
        assert bench.run(True, 1.0) > 0.0
    assert bench.state[0, LIT] == 1.0
    assert bench.state[0, LEVEL] == pytest.approx(1.0)


def test_an_engine_that_failed_and_recovers_has_used_an_ignition() -> None:
    bench = Bench(1)
    bench.run(True, 2.0)
    bench.health[0, ENGINE_OK] = 0.0
    bench.run(True, 1.0)
    bench.health[0, ENGINE_OK] = 1.0
    assert bench.run(True, 2.0) == 0.0


def test_a_command_in_the_tail_off_is_an_ignition() -> None:
    bench = Bench(2)
    bench.run(True, 2.0)
    bench.run(False, 0.2)
    assert bench.state[0, LEVEL] > 0.3
    bench.run(True, 2.0)
    assert bench.state[0, LIT] == 2.0
    assert math.isclose(bench.state[0, LEVEL], 1.0)
