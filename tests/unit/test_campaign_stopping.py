"""When a campaign stops, and the coverage of its interval, against every possible campaign."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from downrange.campaign.statistics import clopper_pearson
from downrange.campaign.stopping import (
    Coverage,
    Stopping,
    fixed_coverage,
    problems_of,
    stopped_coverage,
    stopped_share,
)


def of_every_campaign(rule: Stopping, chance: float, most: int) -> Coverage:
    """The same by walking through all sequences of outcomes, each with its chance."""
    covered = mean = square = unfinished = 0.0
    for outcomes in itertools.product((0, 1), repeat=most):
        weight = chance ** sum(outcomes) * (1.0 - chance) ** (most - sum(outcomes))
        flights, stopped = most, False
        for look in range(rule.block, most + 1, rule.block):
            low, high = clopper_pearson(sum(outcomes[:look]), look, rule.level)
            if high - low <= rule.width:
                flights, stopped = look, True
                break
        low, high = clopper_pearson(sum(outcomes[:flights]), flights, rule.level)
        covered += weight * (low <= chance <= high)
        mean += weight * flights
        square += weight * flights**2
        unfinished += weight * (not stopped)
    return Coverage(covered, mean, math.sqrt(max(0.0, square - mean**2)), unfinished)


@pytest.mark.parametrize("chance", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    "rule", [Stopping(0.6, 1), Stopping(0.55, 3), Stopping(0.62, 4), Stopping(0.5, 2, 0.9)]
)
def test_the_recursion_is_the_sum_over_every_campaign(rule: Stopping, chance: float) -> None:
    exact = of_every_campaign(rule, chance, 12)
    found = stopped_coverage(rule, chance, most_flights=12)
    assert found == pytest.approx(exact, abs=1e-7)  # the root of a small variance costs digits
    assert found[:2] == pytest.approx(exact[:2], abs=1e-12)


def test_a_rule_that_runs_to_its_own_end() -> None:
    rule = Stopping(0.62, 4)
    assert rule.most() == 12
    assert stopped_coverage(rule, 0.4) == stopped_coverage(rule, 0.4, most_flights=12)
    assert stopped_coverage(rule, 0.4).unfinished == 0.0


@pytest.mark.parametrize(("flights", "chance"), [(1, 0.5), (10, 0.3), (20, 0.342), (50, 0.99)])
def test_coverage_of_a_fixed_number(flights: int, chance: float) -> None:
    held = 0.0
    for count in range(flights + 1):
        low, high = clopper_pearson(count, flights)
        ways = math.comb(flights, count) * chance**count * (1.0 - chance) ** (flights - count)
        held += ways * (low <= chance <= high)
    found = fixed_coverage(flights, chance)
    assert found == pytest.approx((held, flights, 0.0, 0.0), abs=1e-12)
    assert found.coverage >= 0.95


def test_one_look_is_a_fixed_number() -> None:
    """A rule that is content at its first look."""
    stopped = stopped_coverage(Stopping(0.99, 40), 0.2)
    assert stopped == pytest.approx(fixed_coverage(40, 0.2), abs=1e-6)


def test_certain_outcomes() -> None:
    rule = Stopping(0.05)
    for chance in (0.0, 1.0):
        found = stopped_coverage(rule, chance)
        assert (found.coverage, found.mean_flights) == (1.0, 100.0)
        assert rule.stops(int(100 * chance), 100)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        stopped_coverage(rule, 1.1)


def test_stops_only_at_a_look_and_when_narrow() -> None:
    rule = Stopping(0.1, 50)
    assert not rule.stops(0, 0)
    assert not rule.stops(0, 49)
    assert rule.stops(0, 50)
    assert not rule.stops(25, 50)
    assert rule.stops(250, 500)


def test_first_look_that_is_narrow_enough() -> None:
    rule = Stopping(0.2, 10)
    hits = np.random.default_rng(3).random(400) < 0.4
    at = rule.first(hits)
    assert rule.stops(int(hits[:at].sum()), at)
    assert not any(rule.stops(int(hits[:n].sum()), n) for n in range(1, at))
    assert rule.first(hits[: at - 1]) == 0
    assert rule.first(hits[:5]) == 0


@pytest.mark.parametrize("rule", [Stopping(0.3, 7), Stopping(0.1, 10), Stopping(0.02)])
def test_most_is_where_nothing_goes_on(rule: Stopping) -> None:
    most = rule.most()
    counts = np.arange(most + 1)
    assert all(rule.stops(int(count), most) for count in counts)
    before = most - rule.block
    assert not rule.stops(before // 2, before)


def test_stopping_costs_some_coverage_and_says_so() -> None:
    rule = Stopping(0.02)
    # Few failures make the interval narrow, and stop it, more often than they should.
    assert stopped_coverage(rule, 0.019).coverage < 0.94
    low = stopped_share(10, 900, rule)
    assert low.method.startswith("Clopper-Pearson, 95 % (as stopped 93.")
    assert (low.low, low.high) == clopper_pearson(10, 900)
    assert stopped_share(0, 200, Stopping(0.05)).method == "Clopper-Pearson, 95 %"


def test_all_that_is_wrong_with_a_rule() -> None:
    assert problems_of(Stopping(0.02)) == []
    found = problems_of(Stopping(1.5, 0, 95.0))
    assert [problem.split()[0] for problem in found] == ["width", "a", "level"]
    assert "1.5" in found[0]
    assert len(problems_of(Stopping(math.nan))) == 1
