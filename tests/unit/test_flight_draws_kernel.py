"""Quantiles and streams of the compiled draws, against scipy and numpy."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from scipy import special, stats

from downrange import _random
from downrange.flight.kernel import draws

INF = math.inf
EPSILON = 2.0**-52


def test_the_normal_quantile_is_that_of_scipy_to_rounding() -> None:
    shares = np.concatenate([
        np.linspace(1e-6, 1.0 - 1e-6, 4001), 10.0 ** -np.arange(1.0, 17.0),
        1.0 - 10.0 ** -np.arange(1.0, 15.0), [draws.LEAST, draws.MOST, 0.075, 0.925, 0.5],
    ])  # fmt: skip
    found = np.array([draws.normal_quantile(p) for p in shares])
    # Wichura: 1e-16; a polynomial of seven terms rounds by a few units of the last place.
    np.testing.assert_allclose(found, special.ndtri(shares), rtol=8 * EPSILON, atol=8 * EPSILON)


def test_the_share_of_a_normal_below_is_that_of_scipy() -> None:
    scores = np.linspace(-8.0, 8.0, 801)
    found = np.array([draws.normal_probability(x) for x in scores])
    # erfc's argument is rounded: relative error x^2 times that of x in the lower tail.
    np.testing.assert_allclose(found, special.ndtr(scores), rtol=64 * EPSILON)
    assert draws.normal_probability(50.0) == draws.MOST < 1.0
    assert draws.normal_probability(-50.0) == draws.LEAST > 0.0


def row(kind: int, *abcd: float, ends: tuple[float, float] = (-INF, INF)) -> np.ndarray:
    return np.array([[kind, *abcd, *[0.0] * (4 - len(abcd)), *ends]])


def cut_normal() -> np.ndarray:
    below = stats.norm.cdf([1.0, 6.0], 3.0, 2.0)
    return row(draws.NORMAL, 3.0, 2.0, *below, ends=(1.0, 6.0))


@pytest.mark.parametrize(
    ("table", "law"),
    [
        (row(draws.NORMAL, 3.0, 2.0, 0.0, 1.0), stats.norm(3.0, 2.0)),
        (cut_normal(), stats.truncnorm(-1.0, 1.5, 3.0, 2.0)),
        (row(draws.UNIFORM, -2.0, 5.0, ends=(-2.0, 5.0)), stats.uniform(-2.0, 7.0)),
        (row(draws.TRIANGULAR, 0.7, 0.755, 0.9), stats.triang(0.055 / 0.2, 0.7, 0.2)),
        (row(draws.TRIANGULAR, 0.7, 0.7, 0.9), stats.triang(0.0, 0.7, 0.2)),
        (row(draws.TRIANGULAR, 0.7, 0.9, 0.9), stats.triang(1.0, 0.7, 0.2)),
        (row(draws.EXPONENTIAL, 0.02, 160.0, INF), stats.expon(160.0, 50.0)),
    ],
)
def test_each_distribution_has_the_quantiles_of_scipy(table: np.ndarray, law: object) -> None:
    shares = np.linspace(0.001, 0.999, 333)
    found = [draws.quantile(table, 0, u) for u in shares]
    np.testing.assert_allclose(found, law.ppf(shares), rtol=1e-12, atol=1e-12)  # type: ignore[attr-defined]


def test_a_range_of_one_point_is_that_point() -> None:
    for table in (row(draws.TRIANGULAR, 2.0, 2.0, 2.0), row(draws.UNIFORM, 2.0, 2.0),
                  row(draws.NORMAL, 2.0, 0.0, 0.0, 1.0)):  # fmt: skip
        assert [draws.quantile(table, 0, u) for u in (draws.LEAST, 0.5, draws.MOST)] == [2.0] * 3


def test_a_failure_after_the_last_burn_never_comes() -> None:
    table = row(draws.EXPONENTIAL, 0.01, 100.0, 200.0)
    never = math.exp(-1.0)
    assert draws.quantile(table, 0, 1.0 - never - 1e-9) == pytest.approx(200.0, abs=1e-5)
    assert draws.quantile(table, 0, 1.0 - never + 1e-9) == INF


def test_a_choice_takes_each_alike() -> None:
    table = row(draws.CHOICE, 5.0)
    found = [draws.quantile(table, 0, u) for u in (np.arange(1000) + 0.5) / 1000]
    assert np.bincount(np.array(found, dtype=int)).tolist() == [0, 200, 200, 200, 200, 200]
    assert draws.quantile(table, 0, draws.MOST) == 5.0


@pytest.mark.parametrize("table", [cut_normal(), row(draws.UNIFORM, -2.0, 5.0, ends=(-2.0, 5.0))])
def test_the_ends_of_the_streams_stay_within_the_ends(table: np.ndarray) -> None:
    low, high = table[0, draws.LOW], table[0, draws.HIGH]
    for u in (draws.LEAST, draws.MOST):
        assert low <= draws.quantile(table, 0, u) <= high


def uniforms(first: int, count: int, names: tuple[str, ...] = ("a", "b")) -> np.ndarray:
    keys, out = _random.stream_keys(names), np.empty((count, len(names)))
    states = np.empty((len(names), 4), dtype=np.uint64)
    draws.draw_uniforms(_random.seed_words(9), first, keys, states, out)
    return out


def test_the_uniform_numbers_are_the_first_of_each_stream() -> None:
    """numpy's seeds, and by hand the first output of xoshiro256++."""
    found = uniforms(4, 2)
    for k in range(2):
        seeds = np.random.SeedSequence(9, spawn_key=(4 + k, zlib.crc32(b"b")))
        s = [int(word) for word in seeds.generate_state(4, np.uint64)]
        total = (s[0] + s[3]) % 2**64
        word = (((total << 23) | (total >> 41)) % 2**64 + s[0]) % 2**64
        assert found[k, 1] == (word >> 11) * 2.0**-53


def test_correlated_scores_keep_each_ones_distribution() -> None:
    """A copula: ranks are correlated, the marginals stay. Four standard errors, seed fixed."""
    n, rho = 20_000, 0.8
    table = np.vstack([row(draws.UNIFORM, 0.0, 1.0), row(draws.TRIANGULAR, 0.0, 0.3, 1.0)])
    mix = np.array([[1.0, 0.0], [rho, math.sqrt(1.0 - rho * rho)]])
    out = uniforms(0, n)
    draws.draw_values(table, mix, out)
    assert stats.kstest(out[:, 0], "uniform").pvalue > 1e-3
    assert stats.kstest(out[:, 1], stats.triang(0.3).cdf).pvalue > 1e-3
    # Pearson 1907: Spearman's rank correlation of a bivariate normal is 6/pi asin(rho/2).
    expected = 6.0 / math.pi * math.asin(rho / 2.0)
    assert stats.spearmanr(out).statistic == pytest.approx(expected, abs=4.0 / math.sqrt(n))
