"""How long it takes to count a campaign: sketches of a part, their merging, a footprint."""

from __future__ import annotations

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from downrange.campaign.footprint import Footprint, footprint
from downrange.campaign.ground import plane_at
from downrange.campaign.sketch import Sketches
from downrange.campaign.statistics import summarise

FLIGHTS, BINS, CHANNELS, PARTS = 1000, 700, 12, 10


def part(seed: int) -> np.ndarray:
    """Samples of a part: channels that swing, each flight with another size."""
    size = np.random.default_rng(seed).normal(1.0, 0.02, size=(FLIGHTS, 1, CHANNELS))
    shape = 1e4 * np.sin(np.linspace(0.0, 3.5, BINS)[:, None] + np.arange(CHANNELS))
    return (shape * size).astype(np.float32)


def sketched(samples: np.ndarray) -> Sketches:
    sketches = Sketches.new(BINS, CHANNELS)
    sketches.add(samples)
    return sketches


def test_sketches_of_a_part_of_1000_flights(benchmark: BenchmarkFixture) -> None:
    samples = part(0)
    benchmark.pedantic(sketched, (samples,), rounds=5, warmup_rounds=1)


def test_merge_ten_parts_from_bytes(benchmark: BenchmarkFixture) -> None:
    kept = [sketched(part(seed)).to_bytes() for seed in range(PARTS)]

    def merge() -> np.ndarray:
        merged = Sketches.new(BINS, CHANNELS).merge(Sketches.from_bytes(each) for each in kept)
        return merged.quantiles((0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))

    assert benchmark.pedantic(merge, rounds=5, warmup_rounds=1).shape == (7, BINS, CHANNELS)


def test_footprint_of_10000_points(benchmark: BenchmarkFixture) -> None:
    metres = np.random.default_rng(1).normal(size=(10_000, 2)) * np.array([30e3, 5e3])
    found: Footprint = benchmark(footprint, *plane_at(69.1, 15.6).degrees(metres).T)
    assert found.density is not None


def test_summary_of_a_million_values(benchmark: BenchmarkFixture) -> None:
    values = np.random.default_rng(1).normal(size=1_000_000)
    assert benchmark(summarise, values).count == 1_000_000
