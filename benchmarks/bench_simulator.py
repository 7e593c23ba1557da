"""How long a step of a flight takes from Python: the tick, the call, a command, the truth."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

import downrange as dr

STEPS = 100
AIRBORNE_S = 20.0


def airborne() -> dr.Simulator:
    sim = dr.Simulator(dr.load_mission("spectrum-flight-1", planned=True))
    while sim.time_s < AIRBORNE_S:
        sim.step()
    return sim


def measure(benchmark: BenchmarkFixture, step: object) -> None:
    benchmark.pedantic(step, rounds=40, warmup_rounds=1)
    benchmark.extra_info["us_per_step"] = 1e6 * benchmark.stats.stats.min / STEPS


def test_step(benchmark: BenchmarkFixture) -> None:
    """The built-in flight software flies; its measurements are returned."""
    sim = airborne()

    def step() -> None:
        for _ in range(STEPS):
            sim.step()

    measure(benchmark, step)
    assert not sim.done


def test_step_with_a_command(benchmark: BenchmarkFixture) -> None:
    """Throttle and pitch given in each step."""
    sim = airborne()

    def step() -> None:
        for _ in range(STEPS):
            sim.step(throttle=1.0, pitch_rad=1.5)

    measure(benchmark, step)
    assert not sim.done


def test_step_with_the_truth(benchmark: BenchmarkFixture) -> None:
    """The truth looked at after each step."""
    sim = airborne()

    def step() -> None:
        for _ in range(STEPS):
            sim.step()
            sim.truth()

    measure(benchmark, step)
    assert not sim.done
