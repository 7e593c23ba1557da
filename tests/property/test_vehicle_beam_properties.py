"""What holds for the bending modes of any beam (Rayleigh's theorems and similarity)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downrange.vehicle.beam import Beam, Lump, Span, bending_modes, bending_moment

parts = st.lists(
    st.tuples(st.floats(1.0, 10.0), st.floats(1e7, 1e9), st.floats(50.0, 4000.0)),
    min_size=1,
    max_size=4,
)  # length, stiffness, kg/m
shares = st.floats(0.0, 1.0)
few = settings(max_examples=30)


def beam(given_parts: list[tuple[float, float, float]], start_m: float = 0.0) -> Beam:
    stiffness, mass, x = [], [], start_m
    for length, ei, line in given_parts:
        stiffness.append(Span(x, x + length, ei))
        mass.append(Span(x, x + length, line))
        x += length
    return Beam(start_m, x, stiffness, mass, elements=16)


def omegas(given_beam: Beam) -> np.ndarray:
    return np.array([mode.omega_radps for mode in bending_modes(given_beam)])


@few
@given(parts, shares, st.floats(1.0, 5000.0))
def test_a_lump_slows_every_mode(given_parts: list, share: float, kilograms: float) -> None:
    bare = beam(given_parts)
    loaded = replace(bare, lumps=[Lump(share * bare.end_m, kilograms, kilograms)])
    assert np.all(omegas(loaded) <= omegas(bare) * (1.0 + 1e-9))


@few
@given(parts, st.integers(0, 3), st.floats(1.0, 4.0))
def test_a_stiffer_part_quickens_every_mode(given_parts: list, which: int, factor: float) -> None:
    bare = beam(given_parts)
    which %= len(given_parts)
    stiffness = [
        replace(span, amount=span.amount * (factor if k == which else 1.0))
        for k, span in enumerate(bare.stiffness)
    ]
    assert np.all(omegas(replace(bare, stiffness=stiffness)) >= omegas(bare) * (1.0 - 1e-9))


@few
@given(parts, st.floats(-20.0, 50.0), st.floats(0.1, 10.0))
def test_place_and_proportion(given_parts: list, start_m: float, factor: float) -> None:
    """A shift changes nothing; factor on EI over factor^2... on mass goes with the root."""
    plain = omegas(beam(given_parts))
    assert omegas(beam(given_parts, start_m)) == pytest.approx(plain, rel=1e-6)
    scaled = [(length, factor * ei, line / factor) for length, ei, line in given_parts]
    assert omegas(beam(scaled)) == pytest.approx(factor * plain, rel=1e-6)
    longer = [(factor * length, ei, line) for length, ei, line in given_parts]
    assert omegas(beam(longer)) == pytest.approx(plain / factor**2, rel=1e-6)


@few
@given(parts)
def test_turned_round_it_is_the_same_beam(given_parts: list) -> None:
    plain, turned = bending_modes(beam(given_parts)), bending_modes(beam(given_parts[::-1]))
    for mode, other in zip(plain, turned, strict=True):
        assert other.omega_radps == pytest.approx(mode.omega_radps, rel=1e-6)
        aft, length = mode.at(0.0)[0], sum(part[0] for part in given_parts)
        # each is +1 at its own forward end
        assert other.at(0.0)[0] * aft == pytest.approx(1.0, rel=1e-4)
        middle = 0.37 * length
        assert other.at(length - middle)[0] * aft == pytest.approx(
            mode.at(middle)[0], abs=1e-4 * (1.0 + abs(aft))
        )


@few
@given(parts, shares)
def test_moment_balances_from_either_side(given_parts: list, share: float) -> None:
    """A free body: what is ahead of a station and what is behind turn it alike."""
    given_beam = beam(given_parts)
    station = share * given_beam.end_m
    (mode,) = bending_modes(given_beam, 1)
    behind = 0.0
    for span in given_beam.mass:
        x = np.linspace(span.start_m, min(span.end_m, station), 2001)
        if x[-1] > x[0]:
            behind += span.amount * np.trapezoid(mode.along(x)[0] * (station - x), x)
    behind *= mode.omega_radps**2
    ahead = bending_moment(given_beam, mode, station)
    total_kg = sum(span.amount * (span.end_m - span.start_m) for span in given_beam.mass)
    slack = 1e-4 * mode.omega_radps**2 * total_kg * given_beam.end_m * (1 + abs(mode.at(0.0)[0]))
    assert ahead == pytest.approx(behind, abs=slack)
