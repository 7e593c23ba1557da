"""Rungs of the ladder on chance: thrown balls against the distribution of where they come down.

A ball is thrown over a flat, still Earth without air (a round one of 100 million km radius)
with an error of launch that is normal in all three velocities. Where it comes down is then
known: time up and down is 2 u / g, so east is 2 u v / g, whose moments are closed, and given u
all is normal. Azimuths are turned by an angle, so that no axis of the cloud is one of the map.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._random import Streams, streams
from downrange.aero.build import no_aero
from downrange.campaign.footprint import ellipses
from downrange.campaign.ground import plane_at
from downrange.campaign.statistics import clopper_pearson, clopper_pearson_all, wilson
from downrange.campaign.stopping import Stopping, fixed_coverage, stopped_coverage
from downrange.dynamics.kernel.fall import FALL_COLUMNS, WORK_ROWS
from downrange.dynamics.kernel.rigid import (
    AUX_SIZE,
    INERTIA_KGM2,
    LOADS_LEVELS,
    LOADS_SIZE,
    MASS_KG,
    STATE_SIZE,
    Surroundings,
    new_work,
)
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.verify import kernel
from downrange.verify.check import Check

Floats = NDArray[np.float64]

SEED = 20250330  # written down before the first throw, and never another
RADIUS_M = 1e11
UP_MPS, OUT_MPS = 100.0, 60.0
AZIMUTH_RAD = math.radians(30.0)  # of the throw, from north by east
UP_STD_MPS, OUT_STD_MPS, ACROSS_STD_MPS = 2.0, 1.5, 1.0
CORRELATION = -0.5  # of up and out: mostly an error of elevation
FLIGHTS = 20_000
TARGET_M = 22.0  # radius of the circle about where a throw without error comes down
REPETITIONS, EACH = 5_000, 20
RULE = Stopping(width=0.45, block=5)
ERRORS = 4.0  # standard errors allowed: one check in 16,000 misses by chance
COVERAGE = 0.01  # allowed of a share of coverage: three standard errors of 5,000
STEP_S = 5.0
ROWS = 1000
# Newcombe 1998, Statistics in Medicine 17, table I: of so many, limits by methods 5 and 3.
NEWCOMBE = (
    (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),
    (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),
    (0, 20, (0.0, 0.1684), (0.0, 0.1611)),
    (1, 29, (0.0009, 0.1776), (0.0061, 0.1718)),
)
FOUR_DIGITS = 0.5e-4
MOMENTS = "moments of products of normal velocities"


class Cloud(NamedTuple):
    """Where the balls come down, in closed form; axes out (along the throw) and across.

    Attributes:
        mean_m: out; across it is 0.
        variance_m2: out and across, which are uncorrelated.
    """

    mean_m: float
    variance_m2: tuple[float, float]

    @property
    def covariance_m2(self) -> Floats:
        """(2, 2) east and north."""
        turned = _east_north()
        return np.asarray(turned @ np.diag(self.variance_m2) @ turned.T)


def _east_north() -> Floats:
    """(2, 2) from out and across (to the right) to east and north."""
    sine, cosine = math.sin(AZIMUTH_RAD), math.cos(AZIMUTH_RAD)
    return np.array([[sine, cosine], [cosine, -sine]])


def _error() -> tuple[Floats, Floats]:
    """Mean velocity up, east, north, and a square root of its covariance."""
    turned = np.zeros((3, 3))
    turned[0, 0] = 1.0
    turned[1:, 1:] = _east_north()
    root = np.array([
        [UP_STD_MPS, 0.0, 0.0],
        [CORRELATION * OUT_STD_MPS, math.sqrt(1.0 - CORRELATION**2) * OUT_STD_MPS, 0.0],
        [0.0, 0.0, ACROSS_STD_MPS],
    ])  # fmt: skip
    return turned @ np.array([UP_MPS, OUT_MPS, 0.0]), np.ascontiguousarray(turned @ root)


def cloud() -> Cloud:
    """Moments of u v and u w for normal u (up), v (out) and w (across), w by itself."""
    both = CORRELATION * UP_STD_MPS * OUT_STD_MPS
    up2, out2, across2 = UP_STD_MPS**2, OUT_STD_MPS**2, ACROSS_STD_MPS**2
    out = (UP_MPS**2 * out2 + OUT_MPS**2 * up2 + 2.0 * UP_MPS * OUT_MPS * both
           + up2 * out2 + both**2)  # fmt: skip
    scale = 2.0 / STANDARD_GRAVITY_MPS2
    across = across2 * (UP_MPS**2 + up2)
    return Cloud(scale * (UP_MPS * OUT_MPS + both), (scale**2 * out, scale**2 * across))


def share_in(centre_m: float, out_m: float, across_m: float) -> float:
    """Share that comes down in an ellipse about a point on the line of the throw, axes along it.

    Given the speed up, out and across are normal and by themselves; integrated over both by
    quadrature (Gauss-Hermite, Gauss-Legendre), good to ten digits.
    """
    from scipy.special import ndtr

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    turns, parts = np.polynomial.legendre.leggauss(200)
    up = UP_MPS + UP_STD_MPS * nodes[:, None]
    time_s = 2.0 * up / STANDARD_GRAVITY_MPS2
    middle = time_s * (OUT_MPS + CORRELATION * OUT_STD_MPS * nodes[:, None])
    spread = time_s * OUT_STD_MPS * math.sqrt(1.0 - CORRELATION**2)
    turn = 0.5 * math.pi * turns[None, :]  # out is centre + size * sin(turn): smooth at both ends
    at = (centre_m + out_m * np.sin(turn) - middle) / spread
    chord = across_m * np.cos(turn) / (time_s * ACROSS_STD_MPS)
    inside = np.exp(-0.5 * at**2) / math.sqrt(2.0 * math.pi) * (2.0 * ndtr(chord) - 1.0)
    over_out = (inside * out_m * np.cos(turn) / spread) @ (0.5 * math.pi * parts)
    return float(over_out @ weights) / math.sqrt(2.0 * math.pi)


def _around() -> tuple[Surroundings, Floats]:
    """A flat, still Earth without air, and a ball of 1 kg."""
    earth = build_earth()._replace(
        equatorial_radius_m=RADIUS_M, flattening=0.0, j2=0.0, rotation_radps=0.0,
        mu_m3ps2=STANDARD_GRAVITY_MPS2 * RADIUS_M**2, atmosphere_model=NO_AIR,
    )  # fmt: skip
    loads = np.zeros(LOADS_SIZE)
    loads[MASS_KG] = 1.0
    loads[INERTIA_KGM2:LOADS_LEVELS] = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    return Surroundings(earth, build_wind(), no_aero()), loads


@cache
def fallen() -> Floats:
    """(FLIGHTS, kernel.THROWN) thrown and fallen as the pieces of a flight fall."""
    around, loads = _around()
    thrown = np.zeros((FLIGHTS, kernel.THROWN))
    if not kernel.throw(
        streams(SEED, 0, ("balls",)), _error(), RADIUS_M, loads, around, np.zeros(STATE_SIZE),
        np.zeros((WORK_ROWS, AUX_SIZE)), np.zeros((ROWS, FALL_COLUMNS)), thrown,
    ):  # fmt: skip
        raise ArithmeticError("a ball that was thrown up did not come down")
    return thrown


def hits(random: Streams, flights: int) -> NDArray[np.bool_]:
    """Whether the next flights of a stream come down in the target."""
    around, loads = _around()
    thrown = np.zeros((flights, kernel.THROWN))
    kernel.throw_in_steps(
        random, _error(), RADIUS_M, STEP_S, loads, around, np.zeros((3, STATE_SIZE)), new_work(),
        np.zeros(AUX_SIZE), thrown,
    )  # fmt: skip
    return _in_target(thrown)


def _in_target(thrown: Floats) -> NDArray[np.bool_]:
    aim_m = _east_north()[:, 0] * (2.0 * UP_MPS * OUT_MPS / STANDARD_GRAVITY_MPS2)
    return np.asarray(np.hypot(*(thrown[:, 3:] - aim_m).T) <= TARGET_M)


def parabolas() -> list[Check]:
    """Each ball comes down where its own parabola ends."""
    thrown = fallen()
    time_s = 2.0 * thrown[:, :1] / STANDARD_GRAVITY_MPS2
    off_m = np.hypot(*(thrown[:, 3:] - time_s * thrown[:, 1:3]).T)
    # Contact is located to a millimetre of height, under some 30 degrees to the ground's normal.
    return [
        Check("thrown balls", f"worst of {FLIGHTS:,} from the end of its parabola",
              "parabola over flat ground", 0.0, float(off_m.max()), "m", 2e-3)
    ]  # fmt: skip


def where_they_come_down() -> list[Check]:
    """Mean, covariance, ellipses and hits of the balls against the closed form."""
    exact, at = cloud(), fallen()[:, 3:]
    covariance, got = exact.covariance_m2, np.cov(at.T)
    mean = _east_north()[:, 0] * exact.mean_m
    name, source = "spread of thrown balls", MOMENTS
    checks = [
        Check(name, f"mean to the {axis}", source, float(mean[i]), float(at[:, i].mean()), "m",
              ERRORS * math.sqrt(covariance[i, i] / FLIGHTS))
        for i, axis in enumerate(("east", "north"))
    ] + [
        Check(name, f"covariance of {what}", source, float(covariance[i, j]), float(got[i, j]),
              "m^2", ERRORS * math.sqrt((covariance[i, i] * covariance[j, j]
                                         + covariance[i, j] ** 2) / FLIGHTS))
        for i, j, what in ((0, 0, "east"), (1, 1, "north"), (0, 1, "east and north"))
    ]  # fmt: skip
    return checks + _ellipses(exact, at) + _hits()


def _ellipses(exact: Cloud, at: Floats) -> list[Check]:
    """Areas of ellipses, and what is truly in them."""
    out_m, across_m = np.sqrt(exact.variance_m2).tolist()
    name, checks = "ellipses of thrown balls", []
    for found in ellipses(plane_at(0.0, 0.0), at):
        c = math.sqrt(-2.0 * math.log1p(-found.share))
        area_km2 = math.pi * c * c * out_m * across_m / 1e6
        inside = share_in(exact.mean_m, c * out_m, c * across_m)
        percent = f"{100.0 * found.share:g} %"
        checks += [
            # The log of the determinant of a covariance has a variance of 4 / n.
            Check(name, f"area of the {percent} ellipse", MOMENTS, area_km2, found.area_km2,
                  "km^2", ERRORS * area_km2 / math.sqrt(FLIGHTS)),
            Check(name, f"share inside the {percent} ellipse", "the same, integrated",
                  inside, found.inside.share, "1", _error_of(inside, FLIGHTS)),
        ]  # fmt: skip
    return checks


def _hits() -> list[Check]:
    chance = hit_chance()
    got = float(_in_target(fallen()).mean())
    return [
        Check("hits of thrown balls", f"share within {TARGET_M:g} m of the aim",
              "normal given the speed up, integrated", chance, got, "1",
              _error_of(chance, FLIGHTS))
    ]  # fmt: skip


def hit_chance() -> float:
    """Probability that a ball comes down in the target."""
    return share_in(2.0 * UP_MPS * OUT_MPS / STANDARD_GRAVITY_MPS2, TARGET_M, TARGET_M)


def _error_of(chance: float, flights: int) -> float:
    return ERRORS * math.sqrt(chance * (1.0 - chance) / flights)


def published_intervals() -> list[Check]:
    """Intervals of a share against a published table."""
    return [
        Check("intervals of a share", f"{which} end, {count} of {flights}, {method}",
              "Newcombe 1998, Statistics in Medicine 17, table I", expected, got, "1", FOUR_DIGITS)
        for count, flights, exact, score in NEWCOMBE
        for method, limits, found in (
            ("Clopper-Pearson", exact, clopper_pearson(count, flights)),
            ("Wilson", score, wilson(count, flights)),
        )
        for which, expected, got in zip(("low", "high"), limits, found, strict=True)
    ]  # fmt: skip


def coverage() -> list[Check]:
    """How often the interval of a small campaign holds the probability of a hit, and should."""
    chance = hit_chance()
    flown = hits(streams(SEED, 0, ("campaigns",)), REPETITIONS * max(EACH, RULE.most()))
    counts = flown[: REPETITIONS * EACH].reshape(REPETITIONS, EACH).sum(axis=1)
    low, high = clopper_pearson_all(counts, np.full(REPETITIONS, EACH))
    fixed = float(((low <= chance) & (chance <= high)).mean())
    stopped, flights = _stopped(flown, chance)
    exact = stopped_coverage(RULE, chance)
    name, many = "coverage of intervals", f"{REPETITIONS:,} campaigns"
    rule, recursion = f"stopped at a width of {RULE.width:g}", "recursion over the looks"
    return [
        Check(name, f"share of {many} of {EACH} flights", "sum of binomial chances",
              fixed_coverage(EACH, chance).coverage, fixed, "1", COVERAGE),
        Check(name, f"share of {many} {rule}", recursion, exact.coverage, stopped, "1", COVERAGE),
        Check(name, f"mean flights of {many} {rule}", recursion, exact.mean_flights, flights, "1",
              ERRORS * exact.std_flights / math.sqrt(REPETITIONS)),
    ]  # fmt: skip


def _stopped(flown: NDArray[np.bool_], chance: float) -> tuple[float, float]:
    """Coverage and mean flights of campaigns that stop by the rule, one after another."""
    most, right, at = RULE.most(), 0, 0
    for _ in range(REPETITIONS):
        flights = RULE.first(flown[at : at + most])
        low, high = clopper_pearson(int(flown[at : at + flights].sum()), flights)
        right += low <= chance <= high
        at += flights
    return right / REPETITIONS, at / REPETITIONS


RUNGS: tuple[Callable[[], list[Check]], ...] = (
    parabolas, where_they_come_down, published_intervals, coverage,
)  # fmt: skip
