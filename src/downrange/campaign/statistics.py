"""What a number of flights says about a probability, a quantity and a figure that must hold.

Shares carry exact intervals (Clopper and Pearson 1934) or Wilson's (1927); shares of scrambled
Sobol points never do: their error is the scatter between scrambles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
EXACT, WILSON = "Clopper-Pearson", "Wilson"
LEAST_SCRAMBLES = 16
PERCENTS = (1, 5, 25, 50, 75, 95, 99)
PRIOR_SOURCE = "Guikema and Paté-Cornell 2005, doi 10.1016/j.ress.2004.06.001"
# Beta of the success of a first flight: a mean failure of 1/3, and of 1/4 after one success.
PRIOR_SUCCESS, PRIOR_FAILURE = 2.0, 1.0


@dataclass(frozen=True)
class Share:
    """How many of the flights, with the interval of the probability behind it.

    `method` names the interval and its level. `share` is nan where no flight was counted.
    """

    count: int
    share: float
    low: float
    high: float
    method: str

    def as_dict(self) -> dict[str, Any]:
        """The share as `downrange campaign --json` prints it; nan is null."""
        share = None if math.isnan(self.share) else self.share
        return {**asdict(self), "share": share}


class Estimate(NamedTuple):
    """A figure with the interval of what it estimates; nan where there is none."""

    value: float
    low: float
    high: float
    method: str


class Prior(NamedTuple):
    """Beta distribution of the probability of success before the simulation is looked at."""

    mean: float
    low: float
    high: float
    success: float  # first parameter of the distribution
    failure: float  # second
    level: float
    source: str


class Bound(NamedTuple):
    """A one-sided bound: with `confidence`, at least `share` of all flights lie below `value`.

    `value` is nan where no flight is far enough out; `confidence` is then that of the largest.
    """

    value: float
    share: float
    confidence: float
    rank: int  # of the flight that is the bound, from 1; 0 for none
    flights: int


@dataclass(frozen=True)
class Summary:
    """A column: how many flights have it, mean, standard deviation (n - 1) and percentiles."""

    count: int
    mean: float
    std: float
    p01: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    p99: float

    def as_dict(self) -> dict[str, Any]:
        """The summary with null for what there is not."""
        return {key: value if math.isfinite(value) else None
                for key, value in asdict(self).items()}  # fmt: skip


class Running(NamedTuple):
    """A share as it was after so many flights: arrays of one length."""

    flights: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats
    method: str


def clopper_pearson_all(
    counts: ArrayLike, flights: ArrayLike, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Low and high ends of exact intervals of a probability, arrays.

    Clopper and Pearson 1934, Biometrika 26, by quantiles of the beta distribution. The
    interval holds the probability at least in a share `level` of campaigns, whatever it is.
    """
    k, n = _counts(counts, flights)
    alpha = 1.0 - _level(level)
    # The upper end is the mirror of the lower, so that k and n - k are so to the last bit.
    return _lower(k, n, 0.5 * alpha), 1.0 - _lower(n - k, n, 0.5 * alpha)


def clopper_pearson(count: int, flights: int, level: float = LEVEL) -> tuple[float, float]:
    """Low and high end of the exact interval of a probability; (0, 1) without a flight."""
    low, high = clopper_pearson_all(count, flights, level)
    return float(low), float(high)


def wilson_all(
    counts: ArrayLike, flights: ArrayLike, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Low and high ends of Wilson's intervals, arrays; (0, 1) without a flight.

    Wilson 1927, Journal of the American Statistical Association 22. Shorter than the exact
    one; covers with `level` on average over probabilities, and with less at some.
    """
    from scipy.special import ndtri

    k, n = _counts(counts, flights)
    z = float(ndtri(0.5 + 0.5 * _level(level)))
    some = np.maximum(n, 1)
    p = k / some
    middle = (p + 0.5 * z * z / some) / (1.0 + z * z / some)
    half = z * np.sqrt(p * (1.0 - p) / some + 0.25 * (z / some) ** 2) / (1.0 + z * z / some)
    low = np.where((k == 0) | (n == 0), 0.0, middle - half)
    return low, np.where((k == n) | (n == 0), 1.0, middle + half)


def wilson(count: int, flights: int, level: float = LEVEL) -> tuple[float, float]:
    """Low and high end of Wilson's interval of a probability; (0, 1) without a flight."""
    low, high = wilson_all(count, flights, level)
    return float(low), float(high)


def share_of(count: int, flights: int, level: float = LEVEL, method: str = EXACT) -> Share:
    """The share of plain, independent flights, by one of the two methods.

    Raises:
        ValueError: more counted than flown, a level outside (0, 1), or another method.
    """
    if method not in (EXACT, WILSON):
        raise ValueError(f"{method!r} is no interval of a share: {EXACT} or {WILSON}")
    low, high = (clopper_pearson if method == EXACT else wilson)(count, flights, level)
    share = count / flights if flights else math.nan
    return Share(int(count), share, low, high, f"{method}, {_percent(level)}")


def scrambled_share(counts: ArrayLike, flights_each: int, level: float = LEVEL) -> Share:
    """The share of scrambled Sobol points: the mean over scrambles and its t interval.

    counts (scrambles,): successes of each scramble, of `flights_each` flights. Scrambles are
    independent, flights of one are not, so nothing binomial holds (Owen 1997, SIAM Journal on
    Numerical Analysis 34). If no flight or every flight counts there is no scatter to judge by:
    the interval is then the exact one of "a scramble with any", which bounds the share.

    Raises:
        ValueError: under LEAST_SCRAMBLES scrambles, or counts that can't be.
    """
    k, _ = _counts(counts, flights_each)
    if k.ndim != 1 or len(k) < LEAST_SCRAMBLES or flights_each < 1:
        raise ValueError(f"{k.size} scrambles of {flights_each} flights: at least "
                         f"{LEAST_SCRAMBLES} of at least one are needed")  # fmt: skip
    total, flown = int(k.sum()), len(k) * flights_each
    if total in (0, flown):
        low, high = clopper_pearson(0 if total == 0 else len(k), len(k), level)
        method = f"scrambled Sobol, exact bound over {len(k)} scrambles, {_percent(level)}"
        return Share(total, total / flown, low, high, method)
    mean, low, high, method = scrambled_mean(k / flights_each, level)
    return Share(total, mean, max(low, 0.0), min(high, 1.0), method)


def scrambled_mean(means: ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean of a quantity over scrambled Sobol points, with its t interval.

    means (scrambles,): the mean of each scramble. Student's t with scrambles - 1 degrees.

    Raises:
        ValueError: under LEAST_SCRAMBLES scrambles, or one that is not finite.
    """
    from scipy.special import stdtrit

    each = np.asarray(means, dtype=np.float64)
    if each.ndim != 1 or len(each) < LEAST_SCRAMBLES or not np.isfinite(each).all():
        raise ValueError(f"{each.size} scrambles: at least {LEAST_SCRAMBLES} finite means "
                         "are needed")  # fmt: skip
    mean = float(each.mean())
    error = float(each.std(ddof=1)) / math.sqrt(len(each))
    half = float(stdtrit(len(each) - 1, 0.5 + 0.5 * _level(level))) * error
    method = f"scrambled Sobol, t over {len(each)} scrambles, {_percent(level)}"
    return Estimate(mean, mean - half, mean + half, method)


def first_causes(counts: Mapping[str, int], flights: int, level: float = LEVEL) -> dict[str, Share]:
    """Shares of first causes, whose intervals hold all at once with `level`, the largest first.

    Each interval is taken at 1 - (1 - level) / causes (Bonferroni), so that the chance that
    any of them misses stays below 1 - level: a table of causes is read as one statement. A
    cause that no flight met is not in it, which is no proof that there is none.
    """
    each = 1.0 - (1.0 - _level(level)) / max(len(counts), 1)
    method = f"{EXACT}, all {len(counts)} together {_percent(level)}"
    order = sorted(counts, key=lambda cause: (-counts[cause], cause))
    return {
        cause: replace(share_of(counts[cause], flights, each), method=method) for cause in order
    }


def running_share(hits: ArrayLike, points: int = 200, level: float = LEVEL) -> Running:
    """The share after a growing number of flights, for a figure of its convergence.

    hits (flights,): true or false in the order flown; `points` numbers of flights, evenly in the
    logarithm, of which the last is all. The interval holds at a number that was fixed beforehand,
    not at the best-looking one.
    """
    yes = np.asarray(hits, dtype=bool)
    if yes.ndim != 1:
        raise ValueError(f"hits has {yes.ndim} dimensions, not one")
    if not len(yes):
        none = np.zeros(0)
        return Running(np.zeros(0, np.int64), none, none, none, f"{EXACT}, {_percent(level)}")
    at = np.unique(np.round(np.geomspace(1.0, len(yes), max(points, 2))).astype(np.int64))
    counts = np.cumsum(yes)[at - 1]
    low, high = clopper_pearson_all(counts, at, level)
    return Running(at, counts / at, low, high, f"{EXACT}, {_percent(level)}")


def prior_success(flights: int = 0, successes: int = 0, level: float = 0.9) -> Prior:
    """What the record of new vehicles says of the next flight, to stand beside a simulated share.

    Beta(2, 1) of success before a first flight, that is a mean failure of 1/3, and after each
    flight of the same vehicle one more in its place. The two parameters fit the two means of
    PRIOR_SOURCE (1/3 on a first flight, 1/4 on a second after a success). It knows nothing of
    this vehicle, and a simulation nothing of what nobody thought of: neither is mixed in the other.

    Raises:
        ValueError: more successes than flights, or negative numbers.
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= flights:
        raise ValueError(f"{successes} successes of {flights} flights can't be")
    a, b = PRIOR_SUCCESS + successes, PRIOR_FAILURE + flights - successes
    tail = 0.5 - 0.5 * _level(level)
    low, high = float(betaincinv(a, b, tail)), float(betaincinv(a, b, 1.0 - tail))
    return Prior(a / (a + b), low, high, a, b, level, PRIOR_SOURCE)


def quantile_interval(values: ArrayLike, share: float, level: float = LEVEL) -> Estimate:
    """A quantile with the interval of order statistics, whatever the distribution.

    The number of flights below the true quantile is binomial (David and Nagaraja 2003, Order
    Statistics, section 7.1). An end is infinite where too few flights lie beyond it; what is
    not finite in `values` is left out.
    """
    from scipy.stats import binom

    x = np.sort(_finite(values))
    n, tail = len(x), 0.5 - 0.5 * _level(level)
    method = f"order statistics, {_percent(level)}"
    if not 0.0 < share < 1.0:
        raise ValueError(f"share {share} of a quantile is not between 0 and 1")
    if n == 0:
        return Estimate(math.nan, -math.inf, math.inf, method)
    # The r-th smallest misses from above with P(B <= r - 1), from below with P(B >= r).
    low = int(binom.ppf(tail, n, share))
    low += bool(binom.cdf(low, n, share) <= tail)
    high = int(binom.isf(tail, n, share))
    high -= bool(high > 0 and binom.sf(high - 1, n, share) <= tail)
    return Estimate(
        float(quantiles_of_sorted(x, np.array([share]))[0]),
        float(x[low - 1]) if low else -math.inf,
        float(x[high]) if high < n else math.inf,
        method,
    )


def confidence_within(inside: int, flights: int, share: float) -> float:
    """How sure it is that at least `share` of all flights are inside, as `inside` of these were.

    One-sided and exact: the chance of so many or more, were the true share just `share`, is what
    is left to 1. With all of n inside it is 1 - share^n (Wilks 1941, Annals of Mathematical
    Statistics 12), which also holds for "below the largest of n".
    """
    from scipy.stats import binom

    _counts(inside, flights)
    if not 0.0 < share < 1.0:
        raise ValueError(f"share {share} is not between 0 and 1")
    return float(binom.cdf(inside - 1, flights, share))


def flights_for(share: float, confidence: float = LEVEL) -> int:
    """Fewest flights, all of which must be inside, for `confidence` that `share` of all are."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"share {share} is not between 0 and 1")
    return math.ceil(math.log(1.0 - _level(confidence)) / math.log(share) - 1e-9)


def upper_bound(values: ArrayLike, share: float = 0.99, confidence: float = LEVEL) -> Bound:
    """The smallest flown value below which, with confidence, `share` of all flights lie.

    A distribution-free tolerance bound (Wilks 1941): an order statistic, so no shape is assumed.
    What is not finite in `values` is left out; of a size with a sign, give the absolute value.
    """
    from scipy.stats import binom

    if not 0.0 < share < 1.0:
        raise ValueError(f"share {share} is not between 0 and 1")
    x = np.sort(_finite(values))
    n = len(x)
    if n == 0 or float(binom.cdf(n - 1, n, share)) < _level(confidence):
        most = float(binom.cdf(n - 1, n, share)) if n else 0.0
        return Bound(math.nan, share, most, 0, n)
    rank = int(binom.ppf(confidence, n, share)) + 1  # the r-th smallest is one with P(B < r)
    sure = float(binom.cdf(rank - 1, n, share))
    return Bound(float(x[rank - 1]), share, sure, rank, n)


def summarise(values: ArrayLike) -> Summary:
    """Mean, standard deviation and percentiles of what is finite in a column; nan where none is."""
    x = np.sort(_finite(values))
    if not len(x):
        return Summary(0, *([math.nan] * (2 + len(PERCENTS))))
    at = quantiles_of_sorted(x, np.array(PERCENTS) / 100.0)
    std = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    return Summary(len(x), float(x.mean()), std, *at.tolist())


def quantiles_of_sorted(x: Floats, shares: Floats) -> Floats:
    """Quantiles of sorted numbers, linear between them: Hyndman and Fan 1996, definition 7."""
    at = shares * (len(x) - 1)
    below = np.minimum(at.astype(np.int64), max(len(x) - 2, 0))
    above = np.minimum(below + 1, len(x) - 1)
    return np.asarray(x[below] + (at - below) * (x[above] - x[below]))


def _lower(k: NDArray[np.int64], n: NDArray[np.int64], tail: float) -> Floats:
    """Lower end of the exact interval: P(k or more) is `tail` there."""
    from scipy.special import betaincinv

    some = np.maximum(k, 1)
    return np.where(k > 0, betaincinv(some, np.maximum(n - some + 1, 1), tail), 0.0)


def _counts(counts: ArrayLike, flights: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    k, n = np.asarray(counts), np.asarray(flights)
    whole = np.issubdtype(k.dtype, np.integer) and np.issubdtype(n.dtype, np.integer)
    if not whole or (k < 0).any() or (k > n).any():
        raise ValueError(f"{counts!r} of {flights!r} flights can't be: whole numbers from 0 to all")
    return k.astype(np.int64), n.astype(np.int64)


def _level(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level} of an interval is not between 0 and 1")
    return level


def _finite(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=np.float64).ravel()
    return x[np.isfinite(x)]


def _percent(level: float) -> str:
    return f"{100.0 * level:.6g} %"
