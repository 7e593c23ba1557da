"""Intervals, bounds and priors against definitions, tables and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, qmc

from downrange.campaign import statistics as s

CASES = [(0, 1), (1, 1), (0, 20), (1, 29), (15, 148), (81, 263), (1999, 2000), (5000, 10_000)]


@pytest.mark.parametrize("level", [0.6, 0.9, 0.95, 0.999])
@pytest.mark.parametrize(("count", "flights"), CASES)
def test_the_exact_interval_is_where_its_tails_are(count: int, flights: int, level: float) -> None:
    """Clopper and Pearson's definition, by the binomial distribution and not by the beta."""
    low, high = s.clopper_pearson(count, flights, level)
    tail = 0.5 * (1.0 - level)
    if count > 0:
        assert binom.sf(count - 1, flights, low) == pytest.approx(tail, rel=1e-9)
    else:
        assert low == 0.0
    if count < flights:
        assert binom.cdf(count, flights, high) == pytest.approx(tail, rel=1e-9)
    else:
        assert high == 1.0


def test_no_failure_and_no_success_in_closed_form() -> None:
    low, high = s.clopper_pearson(300, 300)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 300), rel=1e-12), 1.0)
    assert s.clopper_pearson(0, 300) == (0.0, 1.0 - low)


def test_limits_of_r() -> None:
    """binom.test(42, 43) of R."""
    assert s.clopper_pearson(42, 43) == pytest.approx((0.8771095, 0.9994114), abs=0.5e-7)


def test_wilson_solves_its_equation() -> None:
    """The ends are where the score (p^ - p) / sqrt(p (1 - p) / n) is the normal quantile."""
    z = 1.959963984540054
    for p in s.wilson(15, 148):
        assert abs(15 / 148 - p) / math.sqrt(p * (1 - p) / 148) == pytest.approx(z, rel=1e-9)


@pytest.mark.parametrize("interval", [s.clopper_pearson, s.wilson])
def test_nothing_is_known_without_a_flight(interval: Callable[..., Any]) -> None:
    assert interval(0, 0) == (0.0, 1.0)
    share = s.share_of(0, 0)
    assert math.isnan(share.share)
    assert share.as_dict()["share"] is None


@pytest.mark.parametrize("all_of", [s.clopper_pearson_all, s.wilson_all])
def test_arrays_are_the_numbers_one_by_one(all_of: Callable[..., Any]) -> None:
    one = {s.clopper_pearson_all: s.clopper_pearson, s.wilson_all: s.wilson}[all_of]
    counts, flights = np.array(CASES).T
    low, high = all_of(counts, flights)
    assert [one(k, n) for k, n in CASES] == list(zip(low, high, strict=True))


@pytest.mark.parametrize(
    ("count", "flights", "level"),
    [(-1, 10, 0.95), (11, 10, 0.95), (5, 10, 0.0), (5, 10, 1.0), (5, 10, 95.0), (5, 10, math.nan)],
)
def test_what_no_interval_can_be_made_of(count: int, flights: int, level: float) -> None:
    for interval in (s.clopper_pearson, s.wilson, s.share_of):
        with pytest.raises(ValueError, match=r"can't be|not between 0 and 1"):
            interval(count, flights, level)


def test_counts_are_whole_numbers() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        s.clopper_pearson(2.5, 10)
    with pytest.raises(ValueError, match="'Wald' is no interval"):
        s.share_of(1, 10, method="Wald")


def test_a_share_names_its_method() -> None:
    assert s.share_of(3, 4).method == "Clopper-Pearson, 95 %"
    assert s.share_of(3, 4, 0.999, s.WILSON).method == "Wilson, 99.9 %"
    told = s.share_of(3, 4).as_dict()
    assert list(told) == ["count", "share", "low", "high", "method"]
    assert (told["count"], told["share"]) == (3, 0.75)


def scrambles(flights: int, seed: int, scrambles_: int = 16) -> np.ndarray:
    """How many of scrambled Sobol points lie in a quarter of the unit disc, of each scramble."""
    points = [qmc.Sobol(2, seed=seed + i).random(flights) for i in range(scrambles_)]
    return np.array([np.count_nonzero((each**2).sum(axis=1) < 1.0) for each in points])


def test_scrambles_give_a_t_interval_and_no_binomial_one() -> None:
    counts = scrambles(1024, 1)
    share = s.scrambled_share(counts, 1024)
    means = counts / 1024
    # Student's t with 15 degrees of freedom, 97.5 %: 2.131 of any table.
    half = 2.1314 * means.std(ddof=1) / 4.0
    assert share.share == pytest.approx(means.mean(), rel=1e-12)
    assert share.high - share.share == pytest.approx(half, rel=1e-4)
    assert share.share - share.low == pytest.approx(half, rel=1e-4)
    assert share.method == "scrambled Sobol, t over 16 scrambles, 95 %"
    low, high = s.clopper_pearson(int(counts.sum()), 16 * 1024)
    assert share.high - share.low < 0.2 * (high - low)


def test_scrambled_intervals_hold_as_often_as_they_say() -> None:
    """400 times 16 scrambles of 64 points; 95 % +- 3 standard errors of 1.1 %."""
    held = 0
    for seed in range(400):
        share = s.scrambled_share(scrambles(64, 16 * seed), 64)
        held += share.low <= math.pi / 4.0 <= share.high
    assert held / 400 == pytest.approx(0.95, abs=0.033)


def test_scrambles_without_scatter_are_not_certain() -> None:
    none, all_ = (s.scrambled_share(np.full(16, count), 64) for count in (0, 64))
    assert (none.share, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(1.0 - 0.025 ** (1 / 16))
    assert (all_.low, all_.high) == (1.0 - none.high, 1.0)
    assert "bound" in none.method


def test_too_few_scrambles() -> None:
    with pytest.raises(ValueError, match="15 scrambles of 64 flights: at least 16"):
        s.scrambled_share(np.full(15, 3), 64)
    with pytest.raises(ValueError, match="at least 16 finite means"):
        s.scrambled_mean([1.0] * 15 + [math.nan])
    with pytest.raises(ValueError, match="can't be"):
        s.scrambled_share(np.full(16, 65), 64)


def test_first_causes_hold_together() -> None:
    causes = s.first_causes({"engine": 5, "attitude": 40, "wind": 5}, 100)
    assert list(causes) == ["attitude", "engine", "wind"]
    one = causes["attitude"]
    assert (one.count, one.share) == (40, 0.4)
    assert (one.low, one.high) == s.clopper_pearson(40, 100, 1.0 - 0.05 / 3)
    assert one.method == "Clopper-Pearson, all 3 together 95 %"
    assert s.first_causes({}, 100) == {}


def test_causes_are_all_held_at_once_as_often_as_said() -> None:
    """2,000 campaigns of 60 flights with four causes: at least 95 % have all four inside."""
    rng = np.random.default_rng(11)
    chances = np.array([0.5, 0.3, 0.15, 0.05])
    held = 0
    for counts in rng.multinomial(60, chances, size=2000):
        found = s.first_causes({str(i): int(k) for i, k in enumerate(counts)}, 60)
        held += all(found[str(i)].low <= p <= found[str(i)].high for i, p in enumerate(chances))
    assert held >= 0.95 * 2000


def test_the_share_on_its_way() -> None:
    hits = np.arange(1000) % 4 == 0
    running = s.running_share(hits)
    assert (running.flights[0], running.flights[-1]) == (1, 1000)
    assert (np.diff(running.flights) > 0).all()
    assert len(running.flights) <= 200
    assert (running.share[-1], running.share[0]) == (0.25, 1.0)
    assert (running.low[-1], running.high[-1]) == s.clopper_pearson(250, 1000)
    at = int(np.searchsorted(running.flights, 100))
    n = int(running.flights[at])
    assert running.share[at] == hits[:n].mean()
    assert len(s.running_share([]).flights) == 0
    with pytest.raises(ValueError, match="2 dimensions"):
        s.running_share(np.zeros((2, 2)))


def test_the_prior_of_a_first_flight() -> None:
    """Beta(2, 1): the distribution function is x^2."""
    prior = s.prior_success()
    assert prior.mean == pytest.approx(2 / 3)  # failure 1/3, Guikema and Pate-Cornell 2005
    assert (prior.low, prior.high) == pytest.approx((math.sqrt(0.05), math.sqrt(0.95)))
    assert "Guikema" in prior.source


def test_the_prior_learns() -> None:
    second = s.prior_success(1, 1)
    assert second.mean == pytest.approx(3 / 4)  # failure 1/4 on the second, as published
    assert (second.low, second.high) == pytest.approx((0.05 ** (1 / 3), 0.95 ** (1 / 3)))
    lost = s.prior_success(1, 0)
    assert (lost.mean, lost.success, lost.failure) == (0.5, 2.0, 2.0)
    with pytest.raises(ValueError, match="2 successes of 1 flights"):
        s.prior_success(1, 2)


def test_a_median_between_the_ranks_of_the_books() -> None:
    """Of 100 the 40th and the 61st hold the median with 95 % (Conover, table A3: r = 40)."""
    found = s.quantile_interval(np.arange(1.0, 101.0), 0.5)
    assert (found.value, found.low, found.high) == (50.5, 40.0, 61.0)
    assert found.method == "order statistics, 95 %"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_order_statistics_miss_a_quantile_no_more_than_said(share: float) -> None:
    n = 700
    found = s.quantile_interval(np.arange(1.0, n + 1.0), share)
    # The quantile lies below the r-th smallest if r - 1 or fewer of n lie below it.
    below = binom.cdf(found.low - 1, n, share)
    above = binom.sf(found.high - 1, n, share)
    assert below <= 0.025
    assert above <= 0.025
    assert binom.cdf(found.low, n, share) > 0.025
    assert binom.sf(found.high - 2, n, share) > 0.025


def test_a_quantile_that_too_few_flights_reach() -> None:
    found = s.quantile_interval(np.arange(50.0), 0.99)
    assert (found.high, math.isfinite(found.low)) == (math.inf, True)
    assert s.quantile_interval([math.nan], 0.5).low == -math.inf
    with pytest.raises(ValueError, match="not between 0 and 1"):
        s.quantile_interval([1.0], 1.0)


@pytest.mark.parametrize(
    ("share", "confidence", "flights"),
    # Wilks: 59 for 95/95; 299 for 99/95; 459 for 99/99; 22 for 90/90.
    [(0.95, 0.95, 59), (0.99, 0.95, 299), (0.99, 0.99, 459), (0.9, 0.9, 22)],
)
def test_wilks_numbers(share: float, confidence: float, flights: int) -> None:
    assert s.flights_for(share, confidence) == flights
    assert s.confidence_within(flights, flights, share) >= confidence
    assert s.confidence_within(flights - 1, flights - 1, share) < confidence


@pytest.mark.parametrize(("flights", "from_top"), [(59, 1), (92, 1), (93, 2), (123, 2), (124, 3)])
def test_orders_of_the_bound(flights: int, from_top: int) -> None:
    """95/95: the largest of 59, the second of 93, the third of 124 (Wilks's formula)."""
    found = s.upper_bound(np.arange(1.0, flights + 1.0), 0.95, 0.95)
    assert (found.rank, found.value) == (flights + 1 - from_top, flights + 1.0 - from_top)
    assert found.confidence >= 0.95


def test_a_bound_that_too_few_flights_give() -> None:
    found = s.upper_bound([*range(200), math.nan])
    assert math.isnan(found.value)
    assert (found.rank, found.flights) == (0, 200)
    assert found.confidence == pytest.approx(1.0 - 0.99**200)
    assert s.upper_bound([]).confidence == 0.0


def test_how_sure_a_requirement_is() -> None:
    assert s.confidence_within(299, 299, 0.99) == pytest.approx(1.0 - 0.99**299)
    assert s.confidence_within(0, 299, 0.99) == 0.0
    low, _ = s.clopper_pearson(1990, 2000, 0.9)
    assert s.confidence_within(1990, 2000, low) == pytest.approx(0.95)
    for call in (s.confidence_within, lambda *_: s.flights_for(1.0)):
        with pytest.raises(ValueError, match="not between 0 and 1"):
            call(1, 2, 1.0)
    with pytest.raises(ValueError, match="can't be"):
        s.confidence_within(3, 2, 0.5)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        s.upper_bound([1.0], 0.0)


def test_a_summary_is_that_of_numpy() -> None:
    x = np.random.default_rng(5).gamma(2.0, size=1001)
    given = np.concatenate([x, [math.nan, math.inf]])
    found = s.summarise(given)
    assert found.count == 1001
    assert (found.mean, found.std) == pytest.approx((x.mean(), x.std(ddof=1)))
    levels = [found.p01, found.p05, found.p25, found.p50, found.p75, found.p95, found.p99]
    assert levels == pytest.approx(np.percentile(x, s.PERCENTS).tolist(), rel=1e-12)


def test_summaries_of_almost_nothing() -> None:
    assert set(s.summarise([]).as_dict().values()) == {0, None}
    one = s.summarise([3.0]).as_dict()
    assert (one["mean"], one["p01"], one["p99"], one["std"]) == (3.0, 3.0, 3.0, None)
