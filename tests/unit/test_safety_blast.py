"""Blast radius against the worked figures of 14 CFR 417's formula."""

from __future__ import annotations

import pytest

from downrange.safety.blast import overpressure_radius_m, pad_unharmed

POUND_KG = 0.45359237
METRE = 1.0


@pytest.mark.parametrize(
    ("pounds", "radius_m"), [(1e3, 137.2), (1e4, 295.5), (1e5, 636.6), (1e6, 1371.6)]
)
def test_one_psi_radius_of_tnt(pounds, radius_m):
    assert overpressure_radius_m(pounds * POUND_KG, 1.0) == pytest.approx(radius_m, abs=0.1 * METRE)


def test_yield_scales_the_charge():
    assert overpressure_radius_m(5e4, 0.2) == pytest.approx(overpressure_radius_m(1e4, 1.0))


def test_empty_tanks_reach_nowhere():
    assert overpressure_radius_m(0.0, 0.2) == 0.0
    assert overpressure_radius_m(-1.0, 0.2) == 0.0


def test_pad_is_unharmed_only_beyond_the_radius():
    radius = overpressure_radius_m(37e3, 0.2)
    assert pad_unharmed(radius + 1.0, 37e3, 0.2)
    assert not pad_unharmed(radius - 1.0, 37e3, 0.2)
