"""What holds of every campaign's figures, whatever came of its flights."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from campaign_case import Columns, flown_rows, planned_rows, write_campaign
from hypothesis import given, settings
from hypothesis import strategies as st

from downrange.campaign.impacts import Impacts
from downrange.campaign.report.figures import MOST_BINS, _bins, thinned
from downrange.campaign.results import OUTCOMES, Campaign, open_campaign
from downrange.campaign.statistics import share_of
from downrange.campaign.table import Coded
from downrange.campaign.words import both, headline, interval, percent

counts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
words = st.sampled_from(("success", "partial", "loss", "terminated", "scrubbed", "numerical"))
seeds = st.integers(0, 2**31)


def opened(rows: Columns, **more: Any) -> Campaign:
    """A campaign in a folder that is gone with the process: its columns are read at once."""
    with tempfile.TemporaryDirectory() as folder:
        campaign = open_campaign(write_campaign(Path(folder) / "c", rows, **more))
        assert campaign.summary
        assert campaign.causes is not None
        return campaign


def numbers_in(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)]


@given(counts)
def test_a_share_is_told_within_its_interval(case: tuple[int, int]) -> None:
    count, n = case
    share = share_of(count, n)
    told, low, high = numbers_in(both(share))
    assert 0.0 <= low <= told <= high <= 100.0
    # To the place that is told, and an interval is never told narrower than a tenth of it.
    assert abs(told - 100.0 * share.share) <= 0.06
    assert numbers_in(interval(share)) == [low, high]


@given(st.floats(0.0, 1.0), st.floats(1e-7, 1.0))
def test_a_percentage_reads_back(share: float, width: float) -> None:
    (told,) = numbers_in(percent(share, width))
    assert abs(told - 100.0 * share) <= max(0.051, 50.0 * width)


@settings(max_examples=15)
@given(st.lists(words, min_size=1, max_size=40), seeds)
def test_outcomes_share_out_all_flights(outcomes: list[str], seed: int) -> None:
    rows = planned_rows(len(outcomes), seed=seed)
    rows["outcome"] = np.array(outcomes, dtype=object)
    rows["cause"] = np.where(rows["outcome"] == "success", "", "objective: orbit").astype(object)
    campaign = opened(rows)
    assert {name: share.count for name, share in campaign.outcomes.items()} == {
        name: outcomes.count(name) for name in OUTCOMES
    }
    assert sum(share.count for share in campaign.causes.values()) == len(outcomes) - outcomes.count(
        "success"
    )
    assert headline(campaign).endswith(".")
    assert json.dumps(campaign.summary, allow_nan=False)


@settings(max_examples=15)
@given(st.integers(1, 60), st.booleans(), st.floats(0.0, 1.0), seeds)
def test_figures_are_in_order(flights: int, planned: bool, rate: float, seed: int) -> None:
    rows = planned_rows(flights, seed, 0.5 * rate) if planned else flown_rows(flights, seed, rate)
    campaign = opened(rows, planned=planned)
    for told in campaign.quantities.values():
        values = [told.p01, told.p05, told.p25, told.p50, told.p75, told.p95, told.p99]
        assert values == sorted(values)
        assert 0 < told.count <= flights
    lost = campaign.lost_time_s
    assert np.array_equal(np.isfinite(lost), campaign.lost)
    by_then = [campaign.lost_by(t).count for t in (0.0, 20.0, 30.0, 100.0, 1e9)]
    assert by_then == sorted(by_then)
    assert by_then[-1] == int(campaign.lost.sum())
    for share in campaign.outcomes.values():
        assert 0.0 <= share.low <= share.share <= share.high <= 1.0
    chosen = [each.flight for each in campaign.telling]
    assert 1 <= len(chosen) == len(set(chosen)) <= min(10, flights)
    placed = [row for found in campaign.impacts.values() for row in found.rows.tolist()]
    assert all(0 <= row < flights for row in placed)


@given(st.lists(st.sampled_from(("", "a", "b", "c")), max_size=50))
def test_words_are_counted_and_found(told: list[str]) -> None:
    known = ("c", "a", "b", "")
    coded = Coded(np.array([known.index(word) for word in told], np.int32), known)
    assert coded.counts() == {word: told.count(word) for word in "abc" if word in told}
    assert coded.among(["a", "c"]).tolist() == [word in ("a", "c") for word in told]


@given(st.integers(0, 20_000), st.integers(1, 3_000))
def test_what_is_thinned_is_spread_over_all(count: int, most: int) -> None:
    found = thinned(np.arange(count), most)
    assert len(found) <= most
    assert len(found) == count or len(found) >= min(count, most) // 2
    assert np.all(np.diff(found) == found[1] - found[0]) if len(found) > 1 else True


@given(seeds, st.integers(10, 400), st.sampled_from((1e-9, 1.0, 1e9)))
def test_histograms_have_bins_enough(seed: int, count: int, size: float) -> None:
    values = size * np.random.default_rng(seed).standard_cauchy(count)
    assert 12 <= _bins(values) <= MOST_BINS


@given(seeds, st.floats(-80.0, 80.0), st.floats(-180.0, 180.0), st.floats(1e-3, 0.5))
def test_distances_do_not_depend_on_where_it_is(
    seed: int, latitude: float, longitude: float, spread: float
) -> None:
    points = np.random.default_rng(seed).normal(size=(50, 2)) * (spread, 2.0 * spread)
    east = (longitude + points[:, 1] + 180.0) % 360.0 - 180.0
    here = Impacts(np.arange(50), latitude + points[:, 0], east, {"sea": 50})
    there = Impacts(np.arange(50), points[:, 0], points[:, 1], {"sea": 50})
    # Both are stretched alike along each axis, and such a distance knows no stretch.
    assert np.allclose(here.distances(), there.distances(), rtol=1e-6)
