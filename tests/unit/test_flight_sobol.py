"""Scrambled Sobol points: balanced, the same alone, and better than plain numbers."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from flight_case import ready

from downrange.errors import InputError
from downrange.flight.draw import DrawPlan, plan_draws
from downrange.flight.sobol import Sobol, check_sobol


@cache
def plan() -> DrawPlan:
    return plan_draws(ready(planned=False).mission, ("engines", "mass", "wind", "faults"))


def test_each_scramble_fills_each_dimension_evenly() -> None:
    """A (0, 1)-sequence in each dimension: one point in each of n equal intervals."""
    sobol = Sobol(plan(), 3, 16, 1024)
    for scramble in (0, 15):
        points = sobol.uniforms(64 * scramble, 64)
        places = np.sort(np.floor(points * 64.0), axis=0)
        np.testing.assert_array_equal(places, np.arange(64.0)[:, None] * np.ones(points.shape[1]))


def test_a_flight_alone_has_the_same_point() -> None:
    sobol = Sobol(plan(), 3, 16, 1024)
    together = sobol.sample(0, 1024)
    for flight in (0, 63, 64, 500, 1023):
        alone = Sobol(plan(), 3, 16, 1024).sample(flight)
        assert alone.tobytes() == together[flight].tobytes()
    assert sobol.sample(60, 8).tobytes() == together[60:68].tobytes()


def test_scrambles_and_seeds_differ() -> None:
    first = Sobol(plan(), 3, 16, 1024)
    assert not (first.uniforms(0, 64) == first.uniforms(64, 64)).any()
    assert not (first.uniforms(0, 64) == Sobol(plan(), 4, 16, 1024).uniforms(0, 64)).any()


def test_the_mean_of_a_sum_is_nearer_than_with_plain_numbers() -> None:
    """Each of 16 scrambles of 256 points tells the mean of the first stage's thrust.

    Their scatter against that of plain means, sigma_total / sqrt(256): for a smooth sum it falls
    by far more than the factor of 5 that is asked for.
    """
    sobol = Sobol(plan(), 5, 16, 4096)
    columns = [k for k, name in enumerate(plan().names)
               if name.startswith("vehicle.stage1") and name.endswith("thrust_vac")]  # fmt: skip
    total = sobol.sample(0, 4096)[:, columns].sum(axis=1)
    means = total.reshape(16, 256).mean(axis=1)
    plain_error = 829.0 * math.sqrt(9.0 * 5.0) / math.sqrt(256)
    assert np.std(means, ddof=1) < plain_error / 5.0
    assert means.mean() == pytest.approx(9 * 82.9e3, abs=plain_error / 5.0)


def test_numbers_that_are_no_powers_of_two_are_refused_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        check_sobol(12, 1000)
    scrambles, flights = caught.value.problems
    assert scrambles.file == "--scrambles"
    assert "12 is not a power of two of at least 16" in scrambles.message
    assert (flights.file, flights.hint) == ("-n", "1024 is the next")
    for wrong in ((8, 1024), (0, 1024), (-16, 1024)):
        with pytest.raises(InputError, match="at least 16"):
            Sobol(plan(), 1, *wrong)
    with pytest.raises(InputError, match="fewer than 32 scrambles"):
        check_sobol(32, 16)
    with pytest.raises(InputError, match="no power of two"):
        check_sobol(16, 0)


def test_a_flight_beyond_the_campaign_is_refused() -> None:
    with pytest.raises(ValueError, match="not among 1024"):
        Sobol(plan(), 3, 16, 1024).uniforms(1000, 25)


def test_nothing_drawn_is_no_point() -> None:
    nothing = plan_draws(ready(planned=True).mission, ("failures",))
    assert Sobol(nothing, 1, 16, 32).sample(3, 2).shape == (2, 0)
