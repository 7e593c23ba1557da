"""Random streams: the published algorithm, the right distributions, independent by name."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from downrange import _random

MASK = 2**64 - 1
words = st.integers(0, MASK)


def xoshiro256pp(state: list[int]) -> int:
    """One step as published (Blackman and Vigna 2021), in Python's unbounded integers."""

    def rotl(x: int, k: int) -> int:
        return ((x << k) | (x >> (64 - k))) & MASK

    result = (rotl((state[0] + state[3]) & MASK, 23) + state[0]) & MASK
    shifted = (state[1] << 17) & MASK
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotl(state[3], 45)
    return result


@settings(deadline=None)
@given(st.lists(words, min_size=4, max_size=4))
def test_steps_are_those_of_the_published_algorithm(start: list[int]) -> None:
    expected = list(start)
    state = np.array([start], dtype=np.uint64)
    for _ in range(20):
        assert int(_random.next_u64(state, 0)) == xoshiro256pp(expected)
    assert [int(word) for word in state[0]] == expected


def test_first_numbers_from_the_state_1_2_3_4() -> None:
    # The vector with which other implementations (Rust's rand_xoshiro) check themselves.
    state = np.array([[1, 2, 3, 4]], dtype=np.uint64)
    assert [int(_random.next_u64(state, 0)) for _ in range(5)] == [
        41943041,
        58720359,
        3588806011781223,
        3591011842654386,
        9228616714210784205,
    ]


@settings(deadline=None)
@given(words, words)
def test_sums_wrap(a: int, b: int) -> None:
    for add in (_random.add_u64, _random.add_in_halves):
        assert int(add(np.uint64(a), np.uint64(b))) == (a + b) & MASK


def test_compiled_and_plain_python_agree_to_the_bit() -> None:
    compiled, plain = (_random.streams(7, 0, ["wind"]) for _ in range(2))
    for _ in range(100):
        assert int(_random.next_u64(compiled, 0)) == int(_random.next_u64.py_func(plain, 0))


def draws(function: object, count: int, seed: int = 1) -> np.ndarray:
    assert callable(function)
    state = _random.streams(seed, 0, ["test"])
    return np.array([function(state, 0) for _ in range(count)])


def test_uniform_is_uniform_in_the_half_open_interval() -> None:
    numbers = draws(_random.uniform, 20_000)
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    assert stats.kstest(numbers, "uniform").pvalue > 0.001


def test_uniform_reaches_its_ends_and_no_further() -> None:
    # With s0 = 0 the output is rotl(s3, 23): all ones and all zeros can be put in.
    ones = np.array([[0, 1, 2, MASK]], dtype=np.uint64)
    assert _random.uniform(ones, 0) == 1.0 - 2.0**-53
    assert _random.uniform(np.array([[0, 1, 2, 0]], dtype=np.uint64), 0) == 0.0


def test_normal_is_normal() -> None:
    numbers = draws(_random.normal, 40_000)
    assert stats.kstest(numbers, "norm").pvalue > 0.001
    assert abs(numbers.mean()) < 4.0 / 200.0  # four standard errors: 1/sqrt(40000) each
    assert abs(numbers.std() - 1.0) < 4.0 / np.sqrt(2.0 * 40_000)
    assert abs(stats.kurtosis(numbers)) < 4.0 * np.sqrt(24.0 / 40_000)
    lag = np.corrcoef(numbers[:-1], numbers[1:])[0, 1]
    assert abs(lag) < 4.0 / 200.0


def test_two_normals_are_normal_and_strangers() -> None:
    first, second = draws(_random.normals, 40_000).T
    np.testing.assert_array_equal(first, draws(_random.normal, 40_000))
    assert stats.kstest(second, "norm").pvalue > 0.001
    four_errors = 4.0 / 200.0
    assert abs(np.corrcoef(first, second)[0, 1]) < four_errors
    assert abs(np.corrcoef(first**2, second**2)[0, 1]) < four_errors
    assert abs(np.corrcoef(second[:-1], first[1:])[0, 1]) < four_errors


def test_normal_is_finite_at_the_ends_of_uniform() -> None:
    for word in (0, MASK):
        assert np.isfinite(_random.normal(np.array([[0, 1, 2, word]], dtype=np.uint64), 0))


def test_states_are_those_of_seedsequence_by_name() -> None:
    state = _random.streams(42, 3, ["wind", "imu"])
    key = zlib.crc32(b"imu")
    expected = np.random.SeedSequence(42, spawn_key=(3, key)).generate_state(4, np.uint64)
    np.testing.assert_array_equal(state[1], expected)
    assert state.flags.c_contiguous
    assert state.dtype == np.uint64


names = st.lists(
    st.text(max_size=8), min_size=1, max_size=6, unique_by=lambda s: zlib.crc32(s.encode())
)


@given(st.integers(0, 2**40), st.integers(0, 2**20), names)
def test_a_stream_does_not_move_with_the_others(seed: int, flight: int, known: list[str]) -> None:
    together = _random.streams(seed, flight, known)
    for row, name in enumerate(known):
        np.testing.assert_array_equal(together[row], _random.streams(seed, flight, [name])[0])


def test_seeds_flights_and_names_tell_streams_apart() -> None:
    kinds = [(1, 0, "a"), (2, 0, "a"), (1, 1, "a"), (1, 0, "b")]
    rows = {tuple(_random.streams(seed, flight, [name])[0]) for seed, flight, name in kinds}
    assert len(rows) == len(kinds)
    first, second = (draws(_random.normal, 10_000, seed) for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / 100.0


def test_drawing_from_a_row_leaves_the_others() -> None:
    state = _random.streams(1, 0, ["a", "b", "c"])
    before = state.copy()
    _random.normal(state, 1)
    np.testing.assert_array_equal(state[[0, 2]], before[[0, 2]])
    assert (state[1] != before[1]).any()


def test_no_streams_is_an_empty_array() -> None:
    assert _random.streams(1, 0, []).shape == (0, 4)


@pytest.mark.parametrize(
    "bad", [(-1, 0, ["a"]), (1, -1, ["a"]), (1, 2**32, ["a"]), (1, 0, ["a", "a"])]
)
def test_bad_seeds_and_doubled_names_are_refused(bad: tuple[int, int, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        _random.streams(*bad)
