"""Percentile sketches: near to the exact, the same bits each time, and safe on disk."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from downrange.campaign.sketch import CENTROIDS, RANK_ERROR, TAIL_RANK_ERROR, Sketches

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS, CHANNELS = 9, 5
Floats = np.ndarray

KINDS: dict[str, Callable[[Floats], Floats]] = {
    "normal": lambda z: z,
    "skewed": lambda z: np.exp(1.5 * z),
    "two humps": lambda z: np.where(1e3 * z % 1.0 < 0.4, z, z + 100.0),
}


def part(seed: int, flights: int = 1000, kind: str = "normal") -> Floats:
    """Samples of a part, (flights, BINS, CHANNELS)."""
    z = np.random.default_rng(seed).normal(size=(flights, BINS, CHANNELS))
    return KINDS[kind](z).astype(np.float32)


def sketched(*parts: Floats) -> Sketches:
    """Parts as they are kept, merged."""
    kept = []
    for samples in parts:
        one = Sketches.new(BINS, CHANNELS)
        one.add(samples)
        kept.append(one)
    return kept[0].merge(kept[1:])


def rank_errors(sketches: Sketches, samples: Floats) -> Floats:
    """By how much of a rank each quantile is off, (levels, bins, channels)."""
    got = sketches.quantiles(LEVELS)
    worst = np.zeros(got.shape)
    for cell in np.ndindex(got.shape[1:]):
        x = np.sort(samples[(slice(None), *cell)])
        for i, level in enumerate(LEVELS):
            value = got[(i, *cell)]
            low = np.searchsorted(x, value, "left") / len(x)
            high = np.searchsorted(x, value, "right") / len(x)
            worst[(i, *cell)] = max(low - level, level - high, 0.0)
    return worst


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [1, 4, 20])
def test_percentiles_are_near_the_exact_ones(kind: str, parts: int) -> None:
    samples = [part(seed, kind=kind) for seed in range(parts)]
    errors = rank_errors(sketched(*samples), np.concatenate(samples))
    assert errors.max() <= RANK_ERROR
    assert errors[[0, -1]].max() <= TAIL_RANK_ERROR


def test_few_flights_are_exact() -> None:
    """Up to CENTROIDS each flight is a centroid of its own: the quantiles are those of numpy."""
    samples = part(3, flights=41)
    assert len(samples) < CENTROIDS
    got = sketched(samples).quantiles((0.25, 0.5, 0.75))
    assert got == pytest.approx(np.quantile(samples, (0.25, 0.5, 0.75), axis=0), rel=1e-5, abs=1e-6)


def test_constant_channels_stay_what_they_are() -> None:
    samples = np.full((1000, BINS, CHANNELS), 1234.5678, np.float32)
    assert (sketched(samples, samples).quantiles(LEVELS) == np.float32(1234.5678)).all()


def test_a_value_that_many_flights_have() -> None:
    """Half of the flights at one value: percentiles well within are that value."""
    samples = np.maximum(part(8), 0.0)
    quantiles = sketched(samples).quantiles((0.05, 0.25, 0.4, 0.75, 0.95))
    assert (quantiles[:3] == 0.0).all()
    assert quantiles[3:] == pytest.approx(np.quantile(samples, (0.75, 0.95), axis=0), abs=0.05)


def test_what_is_absent_is_not_counted() -> None:
    samples = part(4)
    samples[:400, 2:, :] = np.nan
    samples[:, 5, 1] = np.nan
    samples[0, 0, 0] = np.inf
    sketches = sketched(samples)
    count = sketches.count()
    assert (count[1] == 1000).all()
    assert count[0, 0] == 999
    assert (np.delete(count[2:].ravel(), 3 * CHANNELS + 1) == 600).all()
    assert count[5, 1] == 0
    quantiles = sketches.quantiles(LEVELS)
    assert np.isnan(quantiles[:, 5, 1]).all()
    assert np.isfinite(np.delete(quantiles.reshape(len(LEVELS), -1), 5 * CHANNELS + 1, 1)).all()
    assert quantiles[:, 2:, 0] == pytest.approx(sketched(samples[400:]).quantiles(LEVELS)[:, 2:, 0])


def test_order_within_a_part_does_not_matter() -> None:
    samples = part(5)
    shuffled = np.random.default_rng(0).permutation(samples, axis=0)
    assert sketched(samples).to_bytes() == sketched(shuffled).to_bytes()


def test_merging_one_by_one_from_disk_or_all_at_once(tmp_path: Path) -> None:
    """What a campaign merges it has read from files: the same bits as if it had never been kept."""
    parts = [part(seed) for seed in range(3)]
    for i, samples in enumerate(parts):
        sketched(samples).save(tmp_path / f"part-{i:05d}")
    read = (Sketches.load(path) for path in sorted(tmp_path.iterdir()))
    merged = Sketches.new(BINS, CHANNELS).merge(read)
    assert merged.count().min() == 3000
    again = Sketches.new(BINS, CHANNELS).merge([sketched(samples) for samples in parts])
    assert merged.to_bytes() == again.to_bytes()


def test_merging_leaves_what_is_merged() -> None:
    one, other = sketched(part(1)), sketched(part(2))
    before = one.to_bytes(), other.to_bytes()
    assert one.merge([other]).count().max() == 2000
    assert (one.to_bytes(), other.to_bytes()) == before
    assert one.merge([]) is one


def test_many_parts_are_merged_in_groups_in_their_order() -> None:
    small = [sketched(part(seed, flights=30)) for seed in range(40)]
    merged = Sketches.new(BINS, CHANNELS).merge(small)
    by_hand = Sketches.new(BINS, CHANNELS)
    for start in (0, 16, 32):
        by_hand = by_hand.merge(small[start : start + 16])
    assert merged.to_bytes() == by_hand.to_bytes()
    assert (merged.count() == 1200).all()


def test_more_flights_on_top_of_a_part() -> None:
    sketches = Sketches.new(BINS, CHANNELS)
    for seed in range(3):
        sketches.add(part(seed))
    assert (sketches.count() == 3000).all()
    assert (
        rank_errors(sketches, np.concatenate([part(seed) for seed in range(3)])).max() <= RANK_ERROR
    )


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_bytes_hold_every_number(scale: float) -> None:
    samples = part(6) * np.float32(scale)
    samples[:, 0, 0] = np.where(np.arange(1000) % 2, -3e38, 3e38)
    samples[:, 1, 1] = np.where(np.arange(1000) % 2, -0.0, 0.0)
    sketches = sketched(samples)
    read = Sketches.from_bytes(sketches.to_bytes())
    assert read.shape == sketches.shape
    assert read.means.tobytes() == sketches.means.tobytes()
    assert read.weights.tobytes() == sketches.weights.tobytes()
    assert read.means.dtype == np.float32
    read.add(samples)  # and can be gone on with


PROGRAM = """
import numpy as np, hashlib
from downrange.campaign.sketch import Sketches
made = []
for seed in range(3):
    one = Sketches.new(9, 5)
    z = np.random.default_rng(seed).normal(size=(1000, 9, 5))
    one.add(z.astype(np.float32))
    made.append(one)
print(hashlib.sha256(made[0].merge(made[1:]).to_bytes()).hexdigest())
"""


def test_other_processes_make_the_same_bits() -> None:
    told = {
        subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True,
                       env=os.environ | {"PYTHONHASHSEED": seed}).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    here = sketched(*(part(seed) for seed in range(3)))
    assert told == {hashlib.sha256(here.to_bytes()).hexdigest()}


def test_a_part_of_a_campaign_is_small() -> None:
    """700 bins of 12 channels, 1,000 flights that differ in all of them: below 2.5 MB."""
    rng = np.random.default_rng(1)
    time_s = np.linspace(0.0, 700.0, 700)[:, None]
    shape = 1e4 * np.sin(time_s / 200.0 + np.arange(12))
    samples = (shape * (1.0 + 0.02 * rng.normal(size=(1000, 1, 12)))).astype(np.float32)
    sketches = Sketches.new(700, 12)
    sketches.add(samples)
    assert len(sketches.to_bytes()) < 2.5e6


def test_what_is_not_sketches() -> None:
    good = sketched(part(1)).to_bytes()
    for bad, word in (
        (b"", "no sketches"),
        (b"PAR1" + good, "no sketches"),
        (good[:-40], "damaged"),
        (good[:60] + b"????" + good[64:], "damaged"),
    ):
        with pytest.raises(ValueError, match=word):
            Sketches.from_bytes(bad)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "part-00007"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="part-00007: no sketches"):
        Sketches.load(path)


def test_shapes_that_do_not_fit() -> None:
    sketches = Sketches.new(BINS, CHANNELS)
    with pytest.raises(ValueError, match=r"shape \(10, 5, 9\)"):
        sketches.add(np.zeros((10, CHANNELS, BINS), np.float32))
    with pytest.raises(ValueError, match=r"\(9, 5\) bins and channels and of \[\(9, 4\)\]"):
        sketches.merge([Sketches.new(BINS, 4)])
    with pytest.raises(ValueError, match="at least one of each"):
        Sketches.new(0, 3)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        sketches.quantiles((50.0,))


def test_nothing_at_all() -> None:
    sketches = Sketches.new(BINS, CHANNELS)
    sketches.add(np.zeros((0, BINS, CHANNELS), np.float32))
    assert np.isnan(sketches.quantiles(LEVELS)).all()
    assert not sketches.count().any()
    assert not Sketches.from_bytes(sketches.to_bytes()).count().any()
