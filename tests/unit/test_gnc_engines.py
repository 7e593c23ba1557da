"""What the steering takes for thrust: chamber pressures without their sensors' noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import Plant, planned

from downrange.gnc.kernel.engines import smooth_chambers

SHARE = 0.02 / 0.5  # a tick of 20 ms, half a second


def test_a_step_is_followed_with_the_time_constant() -> None:
    """Of a lag of first order 1 - exp(-t/T) is there; a tick is 4 % of T."""
    chamber = np.array([1.0])
    for tick in range(1, 101):
        smooth_chambers(SHARE, np.array([0.8]), chamber)
        expected = 0.8 + 0.2 * math.exp(-tick * SHARE)
        assert chamber[0] == pytest.approx(expected, abs=0.2 * 0.5 * SHARE)


def test_noise_is_what_a_lag_leaves_of_it() -> None:
    """White noise through y += k (x - y) has the variance k / (2 - k), and none of its mean."""
    draws = np.random.default_rng(1).normal(1.0, 0.005, (20000, 1))
    chamber, seen = np.ones(1), []
    for measured in draws:
        smooth_chambers(SHARE, measured, chamber)
        seen.append(chamber[0])
    # 20,000 samples, some 50 of them alike: 4 % of a standard deviation.
    assert np.std(seen) == pytest.approx(0.005 * math.sqrt(SHARE / (2.0 - SHARE)), rel=0.1)
    assert np.mean(seen) == pytest.approx(1.0, abs=5.0 * 0.005 / math.sqrt(20000))


def test_an_engine_that_goes_or_comes_is_seen_at_once() -> None:
    chamber = np.array([1.0, 0.0, 0.3])
    smooth_chambers(SHARE, np.array([0.2, 0.95, 0.9]), chamber)
    assert chamber.tolist() == [0.2, 0.95, 0.9]
    smooth_chambers(SHARE, np.array([math.nan, 1.0, 0.4]), chamber)
    assert math.isnan(chamber[0])
    assert chamber[1:].tolist() == [0.95 + SHARE * (1.0 - 0.95), 0.4]
    smooth_chambers(SHARE, np.array([1.0, 1.0, 1.0]), chamber)
    assert chamber[0] == chamber[2] == 1.0


def test_without_a_filter_it_is_as_measured() -> None:
    chamber = np.array([0.9, 0.7])
    smooth_chambers(1.0, np.array([0.8123, 0.6]), chamber)
    assert chamber.tolist() == [0.8123, 0.6]


def test_the_share_of_a_tick_is_that_of_the_mission() -> None:
    assert planned()[0].control.chamber_tick_share == 1.0
    assert planned(chamber_filter_time="0.5 s")[0].control.chamber_tick_share == pytest.approx(
        planned()[0].tick_s / 0.5, rel=1e-12
    )
    assert planned(chamber_filter_time="1 ms")[0].control.chamber_tick_share == 1.0


def test_the_engines_are_turned_alike_whatever_a_gauge_says() -> None:
    """One gauge reads 2 % high for a tick: its engine is turned by that much more, or hardly."""

    def apart(filter_time: str) -> float:
        plant = Plant(*planned(chamber_filter_time=filter_time))
        while not plant.released:
            plant.tick()
        for _ in range(100):
            plant.tick()
        plant.chamber[2] *= 1.02
        plant.tick()
        turned = plant.command.gimbal_rad[:9]
        return float(np.abs(turned[2] / turned[6] - 1.0).max())

    assert apart("0 s") > 5.0 * apart("0.5 s") > 0.0
