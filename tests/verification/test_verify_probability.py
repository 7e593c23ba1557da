"""The rungs on chance: their closed forms against plain sampling, and what makes them fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from downrange.campaign import statistics
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.verify.check import Check
from downrange.verify.ladder import probability as ladder

DRAWS = 2_000_000


@pytest.fixture(autouse=True)
def thrown_anew() -> Iterator[None]:
    """What is thrown in a test is not kept for another."""
    ladder.fallen.cache_clear()
    yield
    ladder.fallen.cache_clear()


@pytest.fixture(scope="module")
def sampled() -> np.ndarray:
    """(DRAWS, 2) out and across where balls come down, by NumPy's own generator."""
    rng = np.random.default_rng(1)
    covariance = np.diag([ladder.UP_STD_MPS, ladder.OUT_STD_MPS, ladder.ACROSS_STD_MPS]) ** 2
    both = ladder.CORRELATION * ladder.UP_STD_MPS * ladder.OUT_STD_MPS
    covariance[0, 1] = covariance[1, 0] = both
    mean = [ladder.UP_MPS, ladder.OUT_MPS, 0.0]
    speeds = rng.multivariate_normal(mean, covariance, size=DRAWS, method="cholesky")
    return 2.0 * speeds[:, :1] / STANDARD_GRAVITY_MPS2 * speeds[:, 1:]


def test_the_moments_are_those_of_plain_samples(sampled: np.ndarray) -> None:
    exact = ladder.cloud()
    got = np.cov(sampled.T)
    for i in (0, 1):
        error = exact.variance_m2[i] * math.sqrt(2.0 / DRAWS)
        assert got[i, i] == pytest.approx(exact.variance_m2[i], abs=5.0 * error)
    assert sampled[:, 0].mean() == pytest.approx(
        exact.mean_m, abs=5.0 * math.sqrt(exact.variance_m2[0] / DRAWS)
    )


@pytest.mark.parametrize(("out_m", "across_m"), [(22.0, 22.0), (60.0, 10.0), (5.0, 80.0)])
def test_shares_are_those_of_plain_samples(
    sampled: np.ndarray, out_m: float, across_m: float
) -> None:
    centre = ladder.cloud().mean_m + 7.0
    inside = ((sampled - [centre, 0.0]) / [out_m, across_m]) ** 2
    got = float((inside.sum(axis=1) <= 1.0).mean())
    exact = ladder.share_in(centre, out_m, across_m)
    assert got == pytest.approx(exact, abs=5.0 * math.sqrt(exact * (1.0 - exact) / DRAWS))


def test_a_share_of_all_is_one() -> None:
    assert ladder.share_in(ladder.cloud().mean_m, 1000.0, 1000.0) == pytest.approx(1.0, abs=1e-9)


def test_the_covariance_turns_with_the_throw() -> None:
    covariance = ladder.cloud().covariance_m2
    sizes, directions = np.linalg.eigh(covariance)
    assert sizes == pytest.approx(sorted(ladder.cloud().variance_m2))
    long = directions[:, 1] * np.sign(directions[1, 1])
    assert math.atan2(*long) % math.pi == pytest.approx(ladder.AZIMUTH_RAD)


def test_the_coverage_asked_for_is_no_triviality() -> None:
    chance = ladder.hit_chance()
    for exact in (
        ladder.fixed_coverage(ladder.EACH, chance),
        ladder.stopped_coverage(ladder.RULE, chance),
    ):
        assert 0.94 < exact.coverage < 0.975
    assert ladder.stopped_coverage(ladder.RULE, chance).std_flights > 2.0


def failing(rungs: tuple[Callable[[], list[Check]], ...]) -> set[str]:
    return {check.name for rung in rungs for check in rung() if not check.passed}


def test_another_gravity_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    around, loads = ladder._around()
    earth = around.earth._replace(mu_m3ps2=1.02 * around.earth.mu_m3ps2)
    monkeypatch.setattr(ladder, "_around", lambda: (around._replace(earth=earth), loads))
    found = failing(ladder.RUNGS)
    assert {"thrown balls", "spread of thrown balls", "hits of thrown balls"} <= found
    assert "coverage of intervals" in found


def test_parabolas_are_sharper_than_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ten-thousandth of gravity moves each ball by a decimetre and no share."""
    around, loads = ladder._around()
    earth = around.earth._replace(mu_m3ps2=around.earth.mu_m3ps2 * (1.0 + 1e-4))
    monkeypatch.setattr(ladder, "_around", lambda: (around._replace(earth=earth), loads))
    assert failing(ladder.RUNGS[:2]) == {"thrown balls"}


def test_launch_errors_of_another_size_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, root = ladder._error()
    monkeypatch.setattr(ladder, "_error", lambda: (mean, 1.04 * root))
    found = failing(ladder.RUNGS[:2])
    assert {"spread of thrown balls", "ellipses of thrown balls"} <= found
    assert "thrown balls" not in found  # each is where its own speeds lead to


def test_other_intervals_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of 90 % that say 95: by the table, and by campaigns that are not so often right."""
    exact = statistics.clopper_pearson_all

    def of_all(counts: Any, flights: Any, level: float = 0.95) -> Any:
        return exact(counts, flights, 2.0 * level - 1.0)

    def of_one(count: int, flights: int) -> Any:
        low, high = of_all(count, flights)
        return float(low), float(high)

    monkeypatch.setattr(ladder, "clopper_pearson_all", of_all)
    monkeypatch.setattr(ladder, "clopper_pearson", of_one)
    assert failing(ladder.RUNGS[2:]) == {"intervals of a share", "coverage of intervals"}
