"""Wind: profile, discrete gusts and turbulence. Directions are those it blows TO."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector

Floats = NDArray[np.float64]

FOOT_M = 0.3048
# MIL-F-8785C 3.7.2-3.7.3: the low-altitude model up to 1,000 ft, the free air from 2,000 ft.
LOW_TOP_FT = 1000.0
FREE_BASE_FT = 2000.0
FREE_SCALE_FT = 1750.0
LOWEST_FT = 10.0
SLOWEST_MPS = 1.0

# Columns of the tables of Wind; the altitude is the first of each.
ALTITUDE_M = 0
NORTH_MPS, EAST_MPS = 1, 2  # of the profile
GUST_THICKNESS_M, GUST_NORTH_MPS, GUST_EAST_MPS = 1, 2, 3
SIGMA_MPS = 1  # of the turbulence

DRYDEN_STATE_SIZE = 6  # down, north (2), east (2), started


class Wind(NamedTuple):
    """All that the kernels know of the wind. Made by `earth.build` only.

    The properties are views on the columns, for Python; kernels index the tables.
    """

    profile: Floats  # (n, 3) altitude growing, north, east; n >= 2
    extrapolate: int  # 1: straight on beyond the ends; 0: ends are held
    # (g, 4) altitude of the peak, thickness from still air to still air, north and east at
    # the peak; g may be 0
    gusts: Floats
    turbulence_intensity: float  # factor on the turbulence; 0 off, 1 as the tables below
    turbulence_w20_mps: float  # wind at 20 ft that sets the low-altitude turbulence
    turbulence: Floats  # (k, 2) altitude growing, rms of a component in free air; ends held

    @property
    def altitude_m(self) -> Floats:
        """(n,) levels of the profile in m."""
        return self.profile[:, ALTITUDE_M]

    @property
    def north_mps(self) -> Floats:
        """(n,) wind to the north at the levels in m/s."""
        return self.profile[:, NORTH_MPS]

    @property
    def east_mps(self) -> Floats:
        """(n,) wind to the east at the levels in m/s."""
        return self.profile[:, EAST_MPS]

    @property
    def gust_altitude_m(self) -> Floats:
        """(g,) altitudes of the gusts' peaks in m."""
        return self.gusts[:, ALTITUDE_M]

    @property
    def gust_thickness_m(self) -> Floats:
        """(g,) thickness in m of the air that a gust moves."""
        return self.gusts[:, GUST_THICKNESS_M]

    @property
    def gust_north_mps(self) -> Floats:
        """(g,) gust to the north at its peak in m/s."""
        return self.gusts[:, GUST_NORTH_MPS]

    @property
    def gust_east_mps(self) -> Floats:
        """(g,) gust to the east at its peak in m/s."""
        return self.gusts[:, GUST_EAST_MPS]

    @property
    def turbulence_altitude_m(self) -> Floats:
        """(k,) altitudes of the turbulence's table in m."""
        return self.turbulence[:, ALTITUDE_M]

    @property
    def turbulence_sigma_mps(self) -> Floats:
        """(k,) rms of a component in free air in m/s."""
        return self.turbulence[:, SIGMA_MPS]


@njit
def _row_below(table: Floats, altitude_m: float) -> int:
    """Row i whose altitude is at or below the one given and the next above, kept within."""
    low, high = 0, table.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if altitude_m >= table[middle, ALTITUDE_M]:
            low = middle
        else:
            high = middle
    return low


@njit
def _fraction(table: Floats, i: int, altitude_m: float, extrapolate: int) -> float:
    """Place of an altitude between those of rows i and i + 1, 0..1 unless extrapolated."""
    base = table[i, ALTITUDE_M]
    f: float = (altitude_m - base) / (table[i + 1, ALTITUDE_M] - base)
    if extrapolate == 1:
        return f
    return min(1.0, max(0.0, f))


@njit
def wind_ned(altitude_m: float, wind: Wind) -> Vector:
    """Mean wind and discrete gusts in m/s at an altitude: north, east, down (down is 0).

    The components are linear between levels. A gust is 1 - cosine over its thickness:
    V/2 (1 + cos(2 pi (h - h_peak) / thickness)), the shape of MIL-F-8785C 3.7.1.3 rising
    over half the thickness and falling again.
    """
    profile, gusts = wind.profile, wind.gusts
    i = _row_below(profile, altitude_m)
    f = _fraction(profile, i, altitude_m, wind.extrapolate)
    north = profile[i, NORTH_MPS] + f * (profile[i + 1, NORTH_MPS] - profile[i, NORTH_MPS])
    east = profile[i, EAST_MPS] + f * (profile[i + 1, EAST_MPS] - profile[i, EAST_MPS])
    for k in range(gusts.shape[0]):
        x = (altitude_m - gusts[k, ALTITUDE_M]) / gusts[k, GUST_THICKNESS_M]
        if -0.5 < x < 0.5:
            share = 0.5 * (1.0 + math.cos(2.0 * math.pi * x))
            north += share * gusts[k, GUST_NORTH_MPS]
            east += share * gusts[k, GUST_EAST_MPS]
    return (north, east, 0.0)


@njit
def turbulence_scales(height_m: float, wind: Wind) -> tuple[float, float, float, float]:
    """Scale lengths (level, vertical) in m and rms (level, vertical) in m/s of the turbulence.

    MIL-F-8785C: below 1,000 ft (3.7.3.4) L_w = h, L_u = L_v = h / (0.177 + 0.000823 h)^1.2,
    sigma_w = 0.1 W20, sigma_u = sigma_v = sigma_w / (0.177 + 0.000823 h)^0.4, h in ft and
    not under 10; above 2,000 ft L = 1,750 ft and the rms of figure 7; linear between.
    """
    table = wind.turbulence
    i = _row_below(table, height_m)
    f = _fraction(table, i, height_m, 0)
    free = table[i, SIGMA_MPS] + f * (table[i + 1, SIGMA_MPS] - table[i, SIGMA_MPS])
    height_ft = height_m / FOOT_M
    low_ft = min(LOW_TOP_FT, max(LOWEST_FT, height_ft))
    shape = 0.177 + 0.000823 * low_ft
    flatter = shape**0.4
    level_m = low_ft / (flatter * flatter * flatter) * FOOT_M
    vertical_m = low_ft * FOOT_M
    vertical_mps = 0.1 * wind.turbulence_w20_mps
    level_mps = vertical_mps / flatter
    up = min(1.0, max(0.0, (height_ft - LOW_TOP_FT) / (FREE_BASE_FT - LOW_TOP_FT)))
    free_m = FREE_SCALE_FT * FOOT_M
    k = wind.turbulence_intensity
    return (
        level_m + up * (free_m - level_m),
        vertical_m + up * (free_m - vertical_m),
        k * (level_mps + up * (free - level_mps)),
        k * (vertical_mps + up * (free - vertical_mps)),
    )


@njit
def _transverse_weights(xi: float) -> Vector:
    """Pole and moving-average weights of the sampled transverse Dryden process; xi = V dt / L.

    Its autocorrelation exp(-x)(1 - x/2), x = distance / L, is that of the filter
    (1 + sqrt3 s)/(1 + s)^2. Sampled, it is an ARMA(2, 1) with both poles at exp(-xi); the
    two moving-average weights follow from its spectrum at frequency 0 and at Nyquist.
    """
    a = math.exp(-xi)
    b = -math.expm1(-xi)  # 1 - a, without loss of digits
    total = b * math.sqrt(b * (1.0 + a) - xi * a)
    alternating = (1.0 + a) * math.sqrt(b * (1.0 + a) + xi * a)
    return a, 0.5 * (total + alternating), 0.5 * (total - alternating)


@njit
def _transverse_step(state: Floats, at: int, xi: float, weights: Vector, normal: float) -> float:
    """Next sample, of variance 1, of the transverse process of `_transverse_weights`."""
    a, now, later = weights
    if state[5] == 0.0:
        state[at] = a * (1.0 - 0.5 * xi) * normal
        state[at + 1] = -a * a * normal
        return normal
    y: float = now * normal + state[at]
    state[at] = 2.0 * a * y + later * normal + state[at + 1]
    state[at + 1] = -a * a * y
    return y


@njit
def dryden_step(
    state: Floats,
    height_m: float,
    airspeed_mps: float,
    wind: Wind,
    dt_s: float,
    n1: float,
    n2: float,
    n3: float,
) -> Vector:
    """Turbulence in m/s over the coming step: north, east, down (MIL-F-8785C, Dryden form).

    `state` is float64 (6,), zero before the first call, changed in place; height is above
    the ground, n1..n3 are unit normals. The standard thinks of level flight; a climbing
    vehicle crosses the frozen field upwards, so north and east have the transverse spectrum
    with the scale and rms of the level components, down the longitudinal one with those of
    the vertical component. Exact in distribution for any step while L, sigma and airspeed
    are constant. Airspeed counts as at least 1 m/s: air drifts past a vehicle on the pad.
    """
    if wind.turbulence_intensity == 0.0:
        return (0.0, 0.0, 0.0)
    level_m, vertical_m, level_mps, vertical_mps = turbulence_scales(height_m, wind)
    way_m = max(SLOWEST_MPS, airspeed_mps) * dt_s
    weights = _transverse_weights(way_m / level_m)
    north = level_mps * _transverse_step(state, 1, way_m / level_m, weights, n1)
    east = level_mps * _transverse_step(state, 3, way_m / level_m, weights, n2)
    a = math.exp(-way_m / vertical_m)
    if state[5] == 0.0:
        state[0] = n3
        state[5] = 1.0
    else:
        state[0] = a * state[0] + math.sqrt(-math.expm1(-2.0 * way_m / vertical_m)) * n3
    return (north, east, vertical_mps * state[0])
