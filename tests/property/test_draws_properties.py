"""Draws: numpy's seeds, the same bits alone and in bulk, values within their ends."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downrange import _random
from downrange.flight.kernel import draws

seeds = st.integers(0, 2**200)
flights = st.integers(0, 2**32 - 1)
keys = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5)


@given(seeds, flights, keys)
def test_streams_are_seeded_as_numpy_does(seed: int, flight: int, known: list[int]) -> None:
    out = np.empty((len(known), 4), dtype=np.uint64)
    _random.seed_streams(_random.seed_words(seed), flight, np.array(known, dtype=np.uint32), out)
    for row, key in enumerate(known):
        expected = np.random.SeedSequence(seed, spawn_key=(flight, key))
        np.testing.assert_array_equal(out[row], expected.generate_state(4, np.uint64))


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    """A row of a table of draws, of any kind."""
    low, width = draw(st.floats(-1e6, 1e6)), draw(st.floats(0.0, 1e6))
    mode = low + draw(st.floats(0.0, 1.0)) * width
    kind = draw(st.integers(0, 4))
    rows = {
        draws.NORMAL: [low, width, 0.00135, 0.99865, low - 3.0 * width, low + 3.0 * width],
        draws.UNIFORM: [low, low + width, 0.0, 0.0, low, low + width],
        draws.TRIANGULAR: [low, min(mode, low + width), low + width, 0.0, low, low + width],
        draws.EXPONENTIAL: [width + 1e-9, low, low + width, 0.0, -math.inf, math.inf],
        draws.CHOICE: [float(1 + int(width)), 0.0, 0.0, 0.0, -math.inf, math.inf],
    }
    return np.array([[float(kind), *rows[kind]]])


shares = st.floats(draws.LEAST, draws.MOST)


@given(tables(), shares, shares)
def test_a_quantile_lies_within_the_ends_and_never_falls(
    table: np.ndarray, one: float, other: float
) -> None:
    below, above = (draws.quantile(table, 0, u) for u in sorted((one, other)))
    scale = abs(table[0, draws.A]) + abs(table[0, draws.B]) + abs(table[0, draws.C])
    # Two roundings of the branches of a triangle may cross at its mode.
    assert below <= above + 1e-15 * scale or math.isinf(above)
    assert table[0, draws.LOW] <= below <= table[0, draws.HIGH]


@given(st.integers(0, 2**40), st.integers(0, 2**31), st.integers(1, 8), st.data())
def test_a_flight_has_the_same_bits_alone_and_in_bulk(
    seed: int, first: int, count: int, data: st.DataObject
) -> None:
    table = np.vstack([data.draw(tables()) for _ in range(4)])
    mix = np.eye(4)
    mix[1, :2] = 0.6, 0.8
    names = _random.stream_keys(["a", "b", "c", "d"])
    words = _random.seed_words(seed)

    def drawn(at: int, many: int) -> np.ndarray:
        out, states = np.empty((many, 4)), np.empty((4, 4), dtype=np.uint64)
        draws.draw_uniforms(words, at, names, states, out)
        draws.draw_values(table, mix, out)
        return out

    together = drawn(first, count)
    for k in range(count):
        assert drawn(first + k, 1).tobytes() == together[k].tobytes()
