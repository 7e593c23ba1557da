"""Second-order filter sections for the bending modes, as numbers for a fixed tick."""

from __future__ import annotations

import math

import numpy as np

from downrange.gnc.kernel.data import Floats

PASS = np.array([1.0, 0.0, 0.0, 0.0, 0.0])  # b0, b1, b2, a1, a2 of no filter


def notch(frequency_radps: float, depth: float, width: float, tick_s: float) -> Floats:
    """Section (b0, b1, b2, a1, a2) whose gain is `depth` at a frequency and 1 far from it.

    (s^2 + depth width w s + w^2) / (s^2 + width w s + w^2), bilinear with the notch kept in
    place (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.2). `width` is
    the -3 dB width over the frequency, for depths near 0. A mode above 0.9 of the Nyquist
    frequency can't be notched and passes.
    """
    half = 0.5 * frequency_radps * tick_s
    if half >= 0.45 * math.pi:
        return PASS.copy()
    k = math.tan(half)
    return _section((k * k, depth * width * k, 1.0), (k * k, width * k, 1.0))


def low_pass(frequency_radps: float, tick_s: float, damping: float = math.sqrt(0.5)) -> Floats:
    """Section of a second-order low-pass (Butterworth) with its corner at a frequency."""
    half = 0.5 * frequency_radps * tick_s
    if half >= 0.45 * math.pi:
        return PASS.copy()
    k = math.tan(half)
    return _section((k * k, 0.0, 0.0), (k * k, 2.0 * damping * k, 1.0))


def _section(
    numerator: tuple[float, float, float], denominator: tuple[float, float, float]
) -> Floats:
    """Digital section of polynomials c0 + c1 p + c2 p^2 in p = (z - 1) / (z + 1)."""
    b, a = (
        np.array([c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2])
        for c0, c1, c2 in (numerator, denominator)
    )
    section: Floats = np.concatenate((b, a[1:])) / a[0]
    return section
