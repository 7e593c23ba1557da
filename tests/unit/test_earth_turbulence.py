"""Dryden turbulence against the spectra and tables of MIL-F-8785C."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from downrange.earth.build import build_wind
from downrange.earth.kernel.wind import DRYDEN_STATE_SIZE, dryden_step, turbulence_scales
from downrange.earth.spec import TurbulenceSpec, WindSpec

FOOT = 0.3048
KNOT = 1852.0 / 3600.0
FREE_M = 1750.0 * FOOT  # scale length above 2,000 ft
HEIGHT_M = 5000.0


def turbulence(intensity: str, **more: str):
    return build_wind(WindSpec(turbulence=TurbulenceSpec(intensity=intensity, **more)))


def response(way_m: float, samples: int) -> NDArray[np.float64]:
    """(samples, 3) of the filters, at rms 1, to a single unit normal on all three inputs."""
    wind = turbulence("moderate")
    _, _, level, vertical = turbulence_scales(HEIGHT_M, wind)
    state = np.zeros(DRYDEN_STATE_SIZE)
    state[-1] = 1.0  # under way already
    out = np.empty((samples, 3))
    for k in range(samples):
        kick = 1.0 if k == 0 else 0.0
        out[k] = dryden_step(state, HEIGHT_M, way_m / 0.02, wind, 0.02, kick, kick, kick)
    return out / [level, level, vertical]


def longitudinal(x: float) -> float:
    return math.exp(-x)


def transverse(x: float) -> float:
    return math.exp(-x) * (1.0 - 0.5 * x)


@pytest.mark.parametrize("x", [0.0, 0.4, 2.0, 5.0])
def test_correlations_are_those_of_the_spectra(x: float) -> None:
    # MIL-F-8785C 3.7.2.2, one-sided, sigma = 1, W = Omega L; the integral of each is 1.
    def along(w: float) -> float:
        return 2.0 / math.pi / (1.0 + w * w)

    def across(w: float) -> float:
        return (1.0 + 3.0 * w * w) / (1.0 + w * w) ** 2 / math.pi

    for spectrum, correlation in ((along, longitudinal), (across, transverse)):
        if x == 0.0:
            total, _ = quad(spectrum, 0.0, np.inf)
        else:
            total, _ = quad(spectrum, 0.0, np.inf, weight="cos", wvar=x)
        assert total == pytest.approx(correlation(x), abs=1e-7)


@pytest.mark.parametrize("xi", [0.004, 0.05, 0.7])
def test_steps_of_any_length_have_these_correlations(xi: float) -> None:
    # The response h to one normal gives the correlation sum h[i] h[i + k], without chance.
    samples = math.ceil(30.0 / xi)
    h = response(xi * FREE_M, samples)
    for lag in (0, 1, 2, 10, 3 * int(1.0 / xi)):
        got = np.sum(h[lag:] * h[: samples - lag], axis=0)
        x = lag * xi
        expected = (transverse(x), transverse(x), longitudinal(x))
        assert got == pytest.approx(expected, abs=1e-9)


def test_first_sample_has_full_strength() -> None:
    wind = turbulence("severe")
    _, _, level, vertical = turbulence_scales(HEIGHT_M, wind)
    first = dryden_step(np.zeros(DRYDEN_STATE_SIZE), HEIGHT_M, 100.0, wind, 0.02, 1.0, -2.0, 0.5)
    assert first == pytest.approx((level, -2.0 * level, 0.5 * vertical), rel=1e-15)


def test_variance_and_length_of_a_long_flight() -> None:
    wind = turbulence("moderate")
    normals = np.random.default_rng(8).standard_normal((40000, 3))
    state = np.zeros(DRYDEN_STATE_SIZE)
    way_m = 0.1 * FREE_M
    flown = np.array(
        [dryden_step(state, HEIGHT_M, way_m / 0.02, wind, 0.02, *row) for row in normals]
    )
    _, _, level, vertical = turbulence_scales(HEIGHT_M, wind)
    # 4,000 lengths: the rms of an exponential correlation is known to 1/sqrt(4000) = 1.6 %.
    assert flown.std(axis=0) == pytest.approx((level, level, vertical), rel=0.05)
    north, _, down = (flown / [level, level, vertical]).T
    assert np.mean(down[10:] * down[:-10]) == pytest.approx(longitudinal(1.0), abs=0.06)
    assert np.mean(north[10:] * north[:-10]) == pytest.approx(transverse(1.0), abs=0.06)
    assert np.corrcoef(flown.T)[0, 1] == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize(("intensity", "w20_kt"), [("light", 15), ("moderate", 30), ("severe", 45)])
def test_low_altitude_scales(intensity: str, w20_kt: float) -> None:
    # 3.7.3.4: at 1,000 ft all components have the scale 1,000 ft and the rms 0.1 W20.
    wind = turbulence(intensity)
    scale, sigma = 1000.0 * FOOT, 0.1 * w20_kt * KNOT
    assert turbulence_scales(scale, wind) == pytest.approx((scale, scale, sigma, sigma), rel=1e-12)
    # At 100 ft: L_u = 100 / (0.177 + 0.0823)^1.2 = 505.2 ft, sigma_u = sigma_w / 0.2593^0.4.
    level_m, vertical_m, level, vertical = turbulence_scales(100.0 * FOOT, wind)
    assert level_m == pytest.approx(505.2 * FOOT, rel=2e-4)
    assert vertical_m == pytest.approx(100.0 * FOOT)
    assert (level, vertical) == pytest.approx((1.7158 * sigma, sigma), rel=1e-4)
    assert turbulence_scales(-5.0, wind) == turbulence_scales(10.0 * FOOT, wind)


def test_surface_wind_sets_the_low_altitude_turbulence() -> None:
    wind = turbulence("severe", surface_wind="6 m/s")
    assert turbulence_scales(1000.0 * FOOT, wind)[2:] == pytest.approx((0.6, 0.6))


@pytest.mark.parametrize(
    ("intensity", "altitude_ft", "rms_fps"),
    [
        ("light", 7500, 6.7),
        ("moderate", 3750, 10.6),
        ("severe", 45000, 15.1),
        ("light", 60000, 0.0),
    ],
)
def test_free_air_rms_is_that_of_the_chart(
    intensity: str, altitude_ft: float, rms_fps: float
) -> None:
    # Figure 7 at probabilities of exceedance 1e-2, 1e-3, 1e-5.
    got = turbulence_scales(altitude_ft * FOOT, turbulence(intensity))
    expected = (FREE_M, FREE_M, rms_fps * FOOT, rms_fps * FOOT)
    assert got == pytest.approx(expected, rel=1e-9)


def test_between_1000_and_2000_ft_the_two_models_blend() -> None:
    wind = turbulence("moderate")
    low = turbulence_scales(1000.0 * FOOT, wind)
    high = turbulence_scales(2000.0 * FOOT, wind)
    middle = turbulence_scales(1500.0 * FOOT, wind)
    # The chart is read at 1,500 ft for its part, where it is 5 % below 2,000 ft.
    assert middle == pytest.approx(
        [0.5 * (a + b) for a, b in zip(low, high, strict=True)], rel=0.03
    )


def test_turbulence_off_is_exactly_zero() -> None:
    state = np.zeros(DRYDEN_STATE_SIZE)
    assert dryden_step(state, 100.0, 50.0, build_wind(), 0.02, 1.0, 1.0, 1.0) == (0.0, 0.0, 0.0)


def test_air_drifts_past_a_vehicle_on_the_pad() -> None:
    wind = turbulence("light")
    resting, slow = (np.zeros(DRYDEN_STATE_SIZE) for _ in range(2))
    for normal in (0.3, -1.0, 0.7):
        at_rest = dryden_step(resting, 3.0, 0.0, wind, 0.02, normal, normal, normal)
        drifting = dryden_step(slow, 3.0, 1.0, wind, 0.02, normal, normal, normal)
    assert at_rest == drifting
