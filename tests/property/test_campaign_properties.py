"""Intervals, bounds, footprints and sketches, whatever the numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from downrange.campaign import statistics as s
from downrange.campaign.footprint import footprint
from downrange.campaign.ground import plane_at
from downrange.campaign.sketch import Sketches
from downrange.campaign.stopping import Stopping, fixed_coverage, stopped_coverage

Interval = Callable[[int, int, float], tuple[float, float]]

counted = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)
methods = pytest.mark.parametrize("interval", [s.clopper_pearson, s.wilson])


@methods
@given(counted, levels)
def test_an_interval_holds_what_was_seen(
    interval: Interval, seen: tuple[int, int], level: float
) -> None:
    low, high = interval(*seen, level)
    assert 0.0 <= low <= seen[0] / seen[1] <= high <= 1.0
    assert low < high


@methods
@given(counted, levels)
def test_failures_are_the_mirror_of_successes(
    interval: Interval, seen: tuple[int, int], level: float
) -> None:
    count, flights = seen
    low, high = interval(count, flights, level)
    mirrored = interval(flights - count, flights, level)
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-14)


@methods
@given(counted, levels)
def test_one_more_success_moves_both_ends_up(
    interval: Interval, seen: tuple[int, int], level: float
) -> None:
    count, flights = seen
    assume(count < flights)
    before, after = interval(count, flights, level), interval(count + 1, flights, level)
    assert before[0] < after[0] or after[0] == 1.0
    assert before[1] < after[1] or before[1] == 1.0


@methods
@given(counted, levels, st.floats(0.0005, 0.2))
def test_to_be_surer_is_to_say_less(
    interval: Interval, seen: tuple[int, int], level: float, more: float
) -> None:
    narrow = interval(*seen, level)
    wide = interval(*seen, level + more * (1.0 - level))
    assert wide[0] <= narrow[0]
    assert narrow[1] <= wide[1]


@given(counted, st.integers(2, 5))
def test_more_flights_with_the_same_share_say_more(seen: tuple[int, int], times: int) -> None:
    low, high = s.clopper_pearson(*seen)
    more_low, more_high = s.clopper_pearson(times * seen[0], times * seen[1])
    assert low <= more_low
    assert more_high <= high


@given(st.integers(1, 200), st.floats(0.001, 0.999), levels)
def test_the_exact_interval_covers_at_least_so_often(n: int, p: float, level: float) -> None:
    assert fixed_coverage(n, p, level).coverage >= level - 1e-9


@settings(max_examples=30, deadline=None)
@given(st.floats(0.15, 0.9), st.integers(1, 20), st.floats(0.01, 0.99))
def test_success_and_failure_stop_alike(width: float, block: int, p: float) -> None:
    rule = Stopping(width, block)
    found, mirror = stopped_coverage(rule, p), stopped_coverage(rule, 1.0 - p)
    assert mirror.mean_flights == pytest.approx(found.mean_flights, rel=1e-9)
    assert found.unfinished == 0.0
    assert rule.block - 1e-6 <= found.mean_flights <= rule.most() + 1e-6
    assert 0.8 < found.coverage <= 1.0 + 1e-9


@given(hnp.arrays(float, st.integers(1, 300), elements=st.floats(-1e6, 1e6)), levels)
def test_a_quantile_is_in_its_interval(values: np.ndarray, level: float) -> None:
    for share in (0.05, 0.5, 0.9):
        found = s.quantile_interval(values, share, level)
        assert found.low <= found.high
        # Of a few flights one end alone is told, and need not hold the value between two of them.
        if level >= 0.9 and math.isfinite(found.low) and math.isfinite(found.high):
            assert found.low <= found.value <= found.high


@given(st.integers(1, 2000), st.floats(0.5, 0.999), st.floats(0.5, 0.999))
def test_a_bound_is_the_least_that_will_do(n: int, share: float, confidence: float) -> None:
    found = s.upper_bound(np.arange(1.0, n + 1.0), share, confidence)
    if found.rank == 0:
        assert found.confidence == pytest.approx(1.0 - share**n)
        assert found.confidence < confidence
    else:
        assert s.confidence_within(found.rank, n, share) == found.confidence >= confidence
        assert found.rank == 1 or s.confidence_within(found.rank - 1, n, share) < confidence


@given(counted)
def test_a_prior_moves_towards_the_record(seen: tuple[int, int]) -> None:
    successes, flights = seen
    prior = s.prior_success(flights, successes)
    assert prior.low < prior.mean < prior.high
    assert min(2 / 3, successes / flights) <= prior.mean <= max(2 / 3, successes / flights)


@given(hnp.arrays(float, st.integers(1, 200),
                  elements=st.floats(-1e9, 1e9) | st.just(math.nan)))  # fmt: skip
def test_a_summary_is_in_order(values: np.ndarray) -> None:
    found = s.summarise(values)
    assert found.count == np.isfinite(values).sum()
    if found.count:
        order = [found.p01, found.p05, found.p25, found.p50, found.p75, found.p95, found.p99]
        assert order == sorted(order)
        assert np.nanmin(values) <= found.p01
        assert found.p99 <= np.nanmax(values)


@settings(deadline=None)
@given(
    st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(1.0, 500e3), st.floats(0.01, 1.0),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_footprint_anywhere(
    latitude: float, longitude: float, long_m: float, thin: float, seed: int
) -> None:
    metres = np.random.default_rng(seed).normal(size=(300, 2)) * np.array([long_m, thin * long_m])
    found = footprint(*plane_at(latitude, longitude).degrees(metres).T)
    areas = [ellipse.area_km2 for ellipse in found.ellipses]
    assert areas == sorted(areas)
    assert [ellipse.inside.count for ellipse in found.ellipses] == sorted(
        ellipse.inside.count for ellipse in found.ellipses
    )
    c2 = -2.0 * math.log(0.5)
    exact_km2 = c2 * math.pi * thin * long_m**2 / 1e6
    # A normal of 300: 5 standard errors of 1 / sqrt(n), and the plane's half a per cent.
    assert areas[0] == pytest.approx(exact_km2, rel=0.3)
    assert list(found.density.areas_km2) == [0.5, 0.9]
    assert 0.5 < found.density.areas_km2[0.9] / areas[1] < 2.0
    for ellipse in found.ellipses:
        assert np.isfinite(ellipse.ring_deg).all()
        assert (np.abs(ellipse.ring_deg[:, 0]) <= 90.0).all()


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(3), st.just(2)),
               elements=st.floats(-(2.0**100), 2.0**100, width=32) | st.just(math.nan)),
    st.integers(0, 40),
)  # fmt: skip
def test_sketches_keep_what_they_are_given(samples: np.ndarray, cut: int) -> None:
    sketches = Sketches.new(3, 2)
    sketches.add(samples[:cut])
    other = Sketches.new(3, 2)
    other.add(samples[cut:])
    both = sketches.merge([Sketches.from_bytes(other.to_bytes())])
    assert (both.count() == np.isfinite(samples).sum(axis=0)).all()
    quantiles = both.quantiles((0.0, 0.3, 0.5, 1.0))
    for cell in np.ndindex(3, 2):
        seen = samples[(slice(None), *cell)]
        seen = seen[np.isfinite(seen)]
        got = quantiles[(slice(None), *cell)]
        if not len(seen):
            assert np.isnan(got).all()
            continue
        assert list(got) == sorted(got)
        assert (got[0], got[-1]) == (seen.min(), seen.max())
