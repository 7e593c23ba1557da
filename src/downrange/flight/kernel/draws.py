"""Drawn values in kernels: uniform numbers of a flight's streams, then values by their quantiles.

A value's stream depends on the seed, the flight and its own name alone. Correlated values share
their normal scores (a Gaussian copula), and each keeps its own distribution.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange._random import Streams, seed_streams, uniform

Floats = NDArray[np.float64]

LEAST, MOST = 2.0**-54, 1.0 - 2.0**-53  # in place of 0 and 1, whose quantiles are infinite

# Columns of a table of draws, one row a value.
KIND = 0
A, B, C, D = 1, 2, 3, 4  # parameters, see the kinds
LOW, HIGH = 5, 6  # ends of the distribution, -inf and inf where it has none
DRAW_COLUMNS = 7

# Values of the column KIND, and what A to D hold.
NORMAL = 0  # mean, standard deviation, probability below its low and its high end before the cut
UNIFORM = 1  # low, high
TRIANGULAR = 2  # low, mode, high
EXPONENTIAL = 3  # rate, start, end: inf beyond it
CHOICE = 4  # count: one of 1 to count, all alike


@njit
def draw_uniforms(
    words: Streams, first: int, keys: NDArray[np.uint32], states: Streams, out: Floats
) -> None:
    """Set the uniform numbers of flights `first` and on, (flights, keys), in place.

    Args:
        words: of the seed, see `_random.seed_words`.
        first: number of the first flight.
        keys: of the values' streams.
        states: (keys, 4), for the streams.
        out: (flights, keys), above 0 and below 1.
    """
    for k in range(out.shape[0]):
        seed_streams(words, first + k, keys, states)
        for i in range(keys.shape[0]):
            out[k, i] = max(LEAST, uniform(states, i))


@njit
def draw_values(table: Floats, mix: Floats, out: Floats) -> None:
    """Turn uniform numbers, (flights, values), into values in SI, in place.

    Args:
        table: (values, DRAW_COLUMNS).
        mix: (values, values) lower triangular, L of the normal scores' correlation L L'.
        out: (flights, values), uniform numbers above 0 and below 1 at first.
    """
    for k in range(out.shape[0]):
        for i in range(table.shape[0] - 1, -1, -1):
            u = out[k, i]
            if mix[i, i] != 1.0:
                score = 0.0
                for j in range(i + 1):
                    if mix[i, j] != 0.0:
                        score += mix[i, j] * normal_quantile(out[k, j])
                u = normal_probability(score)
            out[k, i] = quantile(table, i, u)


@njit
def quantile(table: Floats, i: int, u: float) -> float:
    """Value of row i of a table of draws that lies above a share u of all draws."""
    kind, a, b, c = table[i, KIND], table[i, A], table[i, B], table[i, C]
    x = 0.0
    if kind == NORMAL:
        x = a + b * normal_quantile(min(max(c + u * (table[i, D] - c), LEAST), MOST))
    elif kind == UNIFORM:
        x = a + u * (b - a)
    elif kind == TRIANGULAR:
        # Inverse of the two parabolas that the density integrates to.
        if u * (c - a) < b - a:
            x = a + math.sqrt(u * (c - a) * (b - a))
        else:
            x = c - math.sqrt((1.0 - u) * (c - a) * (c - b))
    elif kind == EXPONENTIAL:
        x = b - math.log1p(-u) / a
        if x > c:
            return math.inf
    else:
        x = min(math.floor(u * a) + 1.0, a)
    return float(min(max(x, table[i, LOW]), table[i, HIGH]))


@njit
def normal_probability(x: float) -> float:
    """Share of a normal distribution below x standard deviations, kept from 0 and 1."""
    return min(max(0.5 * math.erfc(-x * math.sqrt(0.5)), LEAST), MOST)


@njit
def normal_quantile(p: float) -> float:
    """Standard deviations below which a share p of a normal distribution lies; 0 < p < 1.

    Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37(3): relative error 1e-16.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
                    + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
                  + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
                + 1.3314166789178437745e2) * r + 3.3871328727963666080e0)  # fmt: skip
        bottom = (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
                       + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
                     + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
                   + 4.2313330701600911252e1) * r + 1.0)  # fmt: skip
        return q * top / bottom
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
                    + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
                  + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
                + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)  # fmt: skip
        bottom = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
                       + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
                     + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
                   + 2.05319162663775882187e0) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                    + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
                  + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
                + 5.46378491116411436990e0) * r + 6.65790464350110377720e0)  # fmt: skip
        bottom = (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
                       + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
                     + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
                   + 5.99832206555887937690e-1) * r + 1.0)  # fmt: skip
    return float(math.copysign(top / bottom, q))
