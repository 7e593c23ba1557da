"""When a campaign has flown enough, and what its interval is then worth.

To look again and again, and to stop when the interval is narrow, is not the same as to fly a
number that was fixed: the share of campaigns whose interval holds the truth is computed here
exactly, for both.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.statistics import (
    LEVEL,
    Share,
    clopper_pearson,
    clopper_pearson_all,
    share_of,
)

Floats = NDArray[np.float64]

BLOCK = 100
NEGLIGIBLE = 1e-20  # a chance that no sum here can see


class Coverage(NamedTuple):
    """What a rule does when the probability is known.

    Attributes:
        coverage: share of campaigns whose interval holds the probability.
        mean_flights: of a campaign.
        std_flights: standard deviation of the flights of a campaign.
        unfinished: share of campaigns that had not stopped within the flights looked at.
    """

    coverage: float
    mean_flights: float
    std_flights: float
    unfinished: float


class Stopping(NamedTuple):
    """Stop at the first look at which the exact interval is no wider than `width`.

    There is a look after every `block` flights. The interval that is reported is that of the last
    look, so flights beyond it are not counted.
    """

    width: float
    block: int = BLOCK
    level: float = LEVEL

    def stops(self, count: int, flights: int) -> bool:
        """Whether a campaign with so many successes ends here."""
        if flights < 1 or flights % self.block:
            return False
        low, high = clopper_pearson(count, flights, self.level)
        return high - low <= self.width

    def first(self, hits: NDArray[np.bool_]) -> int:
        """Flights at which a campaign with these outcomes, in order, stops; 0 if it goes on."""
        looks = np.arange(self.block, len(hits) + 1, self.block)
        counts = np.cumsum(hits)[looks - 1] if len(looks) else looks
        low, high = clopper_pearson_all(counts, looks, self.level)
        narrow = np.flatnonzero(high - low <= self.width)
        return int(looks[narrow[0]]) if len(narrow) else 0

    def most(self) -> int:
        """Flights at which it has stopped, whatever came out: a share of one half is widest."""
        flights = self.block
        while not self._always(flights):
            flights *= 2
        low, high = flights // (2 * self.block), flights // self.block
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._always(middle * self.block) else (middle, high)
        return high * self.block

    def _always(self, flights: int) -> bool:
        low, high = clopper_pearson(flights // 2, flights, self.level)
        return high - low <= self.width


def problems_of(rule: Stopping) -> list[str]:
    """All that is wrong with a rule as a person gave it."""
    found = []
    if not 0.0 < rule.width < 1.0:
        found.append(f"width {rule.width:g} of the interval is not between 0 and 1")
    if rule.block < 1:
        found.append(f"a look after every {rule.block} flights can't be: at least 1")
    if not 0.0 < rule.level < 1.0:
        found.append(f"level {rule.level:g} of the interval is not between 0 and 1")
    return found


def fixed_coverage(flights: int, probability: float, level: float = LEVEL) -> Coverage:
    """Exact coverage of the interval of Clopper and Pearson after a fixed number of flights.

    The sum of the binomial chances of those counts whose interval holds the probability.
    """
    from scipy.stats import binom

    counts = np.arange(flights + 1)
    low, high = clopper_pearson_all(counts, np.full(flights + 1, flights), level)
    inside = (low <= probability) & (probability <= high)
    chance = binom.pmf(counts, flights, probability)
    return Coverage(float(chance[inside].sum()), float(flights), 0.0, 0.0)


def stopped_coverage(
    rule: Stopping, probability: float, most_flights: int | None = None
) -> Coverage:
    """Exact coverage of the interval that a campaign reports when it stops by a rule.

    Forward recursion over the number of successes at each look: what stops there is counted and
    taken out, the rest goes on by another block of flights. A campaign that has not stopped at
    `most_flights` reports the interval that it has then.
    """
    from scipy.stats import binom

    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability {probability} is not between 0 and 1")
    step = binom.pmf(np.arange(rule.block + 1), rule.block, probability)
    last = math.inf if most_flights is None else most_flights
    going, first, flights = np.ones(1), 0, 0  # going[i]: chance of first + i successes so far
    coverage = mean = square = unfinished = 0.0
    while len(going):
        flights += rule.block
        going = np.convolve(going, step)
        counts = first + np.arange(len(going))
        told = np.full(len(going), flights + rule.block > last)
        if told.any() or _some_end(rule, counts, flights):
            low, high = clopper_pearson_all(counts, np.full(len(going), flights), rule.level)
            ends = high - low <= rule.width
            told |= ends
            coverage += float(going[told & (low <= probability) & (probability <= high)].sum())
            chance = float(going[told].sum())
            mean, square = mean + flights * chance, square + flights**2 * chance
            unfinished += float(going[told & ~ends].sum())
        on = np.flatnonzero(~told & (going > NEGLIGIBLE))
        going = np.where(told, 0.0, going)[on[0] : on[-1] + 1] if len(on) else going[:0]
        first += int(on[0]) if len(on) else 0
    return Coverage(coverage, mean, math.sqrt(max(0.0, square - mean**2)), unfinished)


def _some_end(rule: Stopping, counts: NDArray[np.int64], flights: int) -> bool:
    """Whether any of a row of counts is narrow enough: its ends are the narrowest of it."""
    low, high = clopper_pearson_all(counts[[0, -1]], [flights, flights], rule.level)
    return bool((high - low).min() <= rule.width)


def stopped_share(count: int, flights: int, rule: Stopping) -> Share:
    """The share of a campaign that stopped by a rule, and how often such an interval is right.

    `method` names the least exact coverage over probabilities in the interval: to stop where it
    is narrow costs some.
    """
    told = share_of(count, flights, rule.level)
    least = min(stopped_coverage(rule, p).coverage for p in np.linspace(told.low, told.high, 9))
    method = f"{told.method} (as stopped {100.0 * least:.1f} %)"
    return replace(told, method=method) if least < rule.level else told
