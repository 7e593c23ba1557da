"""How long upper-stage guidance takes: a major cycle, a tick, a start from nothing."""

from __future__ import annotations

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector
from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.upfg import UPFG_WORDS, Insertion, Rules
from downrange.verify.ladder import guidance as ladder

CALLS = 1000
MASS_KG = ladder.EMPTY_KG + ladder.PROPELLANT_KG
EXHAUST_MPS = ladder.THRUST_N * ladder.BURN_S / ladder.PROPELLANT_KG

Floats = np.ndarray


@njit
def repeat_start(calls: int, memory: Floats, plan: Insertion, r: Vector, v: Vector) -> None:
    for _ in range(calls):
        upfg.start(memory, plan, r, v, 0.0)


@njit
def repeat_cycle(calls: int, memory: Floats, plan: Insertion, r: Vector, v: Vector) -> None:
    """As if time stood still."""
    for _ in range(calls):
        upfg.cycle(memory, plan, r, v, 1.0)


@njit
def repeat_tick(calls: int, memory: Floats, plan: Insertion, gained_mps: Vector) -> float:
    """What a tick needs of guidance: follow, steer, look ahead to the cut-off."""
    total = 0.0
    for k in range(calls):
        clock = 0.02 * (k + 1)
        upfg.tick(memory, plan, clock, gained_mps)
        total += upfg.direction(memory, clock)[0][0]
        total += upfg.time_to_cutoff(memory, plan, 0.0)
    return total


def begun() -> tuple[Floats, Insertion]:
    stages = ladder.one_stage(EXHAUST_MPS, ladder.THRUST_N, MASS_KG, ladder.EMPTY_KG)
    plan = Insertion(ladder.delta3_target(), stages, Rules(), ladder.MU_M3PS2)
    memory = np.zeros(UPFG_WORDS)
    repeat_start(1, memory, plan, ladder.START_M, ladder.START_MPS)
    return memory, plan


def test_cycle(benchmark: BenchmarkFixture) -> None:
    memory, plan = begun()
    repeat_cycle(1, memory, plan, ladder.START_M, ladder.START_MPS)
    benchmark(repeat_cycle, CALLS, memory, plan, ladder.START_M, ladder.START_MPS)
    benchmark.extra_info["µs a cycle"] = benchmark.stats.stats.min / CALLS * 1e6


def test_tick(benchmark: BenchmarkFixture) -> None:
    memory, plan = begun()
    gained = (-0.034, 0.086, -0.018)
    repeat_tick(1, memory, plan, gained)
    benchmark(repeat_tick, CALLS, memory, plan, gained)
    benchmark.extra_info["µs a tick"] = benchmark.stats.stats.min / CALLS * 1e6


def test_start(benchmark: BenchmarkFixture) -> None:
    memory, plan = begun()
    benchmark(repeat_start, 10, memory, plan, ladder.START_M, ladder.START_MPS)
    benchmark.extra_info["µs a start"] = benchmark.stats.stats.min / 10 * 1e6
