"""Random numbers in kernels: xoshiro256++, one independent stream per name.

A stream depends on the seed, the flight and its own name alone, so that adding one moves no
other. Streams are the rows of one array; each use advances its row in place.

Source: Blackman and Vigna 2021, "Scrambled linear pseudorandom number generators", ACM
Transactions on Mathematical Software 47(4).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from downrange._jit import COMPILED, njit

Streams = NDArray[np.uint64]

# uint64 throughout: numba makes uint64 with int64 a float.
LOW_32 = np.uint64(0xFFFFFFFF)
S11, S16, S17, S19, S23 = (np.uint64(n) for n in (11, 16, 17, 19, 23))
S32, S41, S45 = (np.uint64(n) for n in (32, 41, 45))
TWO_TO_MINUS_53 = 2.0**-53
MOST_FLIGHTS = 2**32  # a flight's number is one word of its seeds

# Constants of numpy's SeedSequence, after O'Neill 2015, "Developing a seed_seq alternative".
INIT_A, MULT_A = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
INIT_B, MULT_B = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
MIX_LEFT, MIX_RIGHT = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)
TWO_TO_32 = np.uint64(2**32)
POOL = 4  # words


def streams(seed: int, flight: int, names: Sequence[str]) -> Streams:
    """Return the states of the streams `names`, shape (names, 4), of one flight of a seed.

    Raises:
        ValueError: a negative seed or flight, or two names with one checksum.
    """
    keys = stream_keys(names)
    if not 0 <= flight < MOST_FLIGHTS:
        raise ValueError(f"a flight's number is from 0 to 2^32 - 1, not {flight}")
    states = np.zeros((len(keys), 4), dtype=np.uint64)
    seed_streams(seed_words(seed), flight, keys, states)
    return states


def stream_keys(names: Sequence[str]) -> NDArray[np.uint32]:
    """Return what tells the streams of a flight apart, from their names, (names,).

    Raises:
        ValueError: two names have one checksum.
    """
    keys = [zlib.crc32(name.encode()) for name in names]
    if len(set(keys)) != len(keys):
        raise ValueError(f"two random streams share a name or its checksum: {sorted(names)}")
    return np.array(keys, dtype=np.uint32)


def seed_words(seed: int) -> Streams:
    """Return a seed in words of 32 bits, the lowest first, at least four, (words,).

    Raises:
        ValueError: a negative seed.
    """
    if seed < 0:
        raise ValueError(f"a seed is not negative, got {seed}")
    count = max(POOL, -(-seed.bit_length() // 32))
    return np.array([seed >> 32 * at & 0xFFFFFFFF for at in range(count)], dtype=np.uint64)


@njit
def _hashed(word: np.uint64, constant: np.uint64, step: np.uint64) -> tuple[np.uint64, np.uint64]:
    """A word of 32 bits hashed, and the constant for the next."""
    word ^= constant
    constant = (constant * step) & LOW_32
    word = (word * constant) & LOW_32
    return word ^ (word >> S16), constant


@njit
def _mixed(left: np.uint64, right: np.uint64) -> np.uint64:
    """Two words of 32 bits in one; each product fits into 64 bits, and nothing wraps."""
    word = ((MIX_LEFT * left & LOW_32) + TWO_TO_32 - (MIX_RIGHT * right & LOW_32)) & LOW_32
    return word ^ (word >> S16)


@njit
def seed_streams(words: Streams, flight: int, keys: NDArray[np.uint32], out: Streams) -> None:
    """Set the states of a flight's streams, (keys, 4), in place, as numpy would seed them.

    The bits of `SeedSequence(seed, spawn_key=(flight, key)).generate_state(4, uint64)`.

    Args:
        words: of the seed, see `seed_words`.
        flight: below 2^32.
        keys: of the streams, see `stream_keys`.
        out: (keys, 4).
    """
    for row in range(keys.shape[0]):
        constant = INIT_A
        for i in range(POOL):
            out[row, i], constant = _hashed(words[i], constant, MULT_A)
        for source in range(POOL):
            for i in range(POOL):
                if i != source:
                    word, constant = _hashed(out[row, source], constant, MULT_A)
                    out[row, i] = _mixed(out[row, i], word)
        for source in range(POOL, words.shape[0] + 2):
            more = np.uint64(keys[row])
            if source < words.shape[0]:
                more = words[source]
            elif source == words.shape[0]:
                more = np.uint64(flight)
            for i in range(POOL):
                word, constant = _hashed(more, constant, MULT_A)
                out[row, i] = _mixed(out[row, i], word)
        p0, p1, p2, p3 = out[row, 0], out[row, 1], out[row, 2], out[row, 3]
        constant = INIT_B
        for i in range(POOL):
            low, constant = _hashed(p0 if i % 2 == 0 else p2, constant, MULT_B)
            high, constant = _hashed(p1 if i % 2 == 0 else p3, constant, MULT_B)
            out[row, i] = low | (high << S32)


def add_in_halves(a: np.uint64, b: np.uint64) -> np.uint64:
    """Sum modulo 2^64 where numba is off: numpy's scalars warn of a wrap."""
    low = (a & LOW_32) + (b & LOW_32)
    high = (a >> S32) + (b >> S32) + (low >> S32)
    return (high << S32) | (low & LOW_32)


def add_wrapped(a: np.uint64, b: np.uint64) -> np.uint64:
    """Sum modulo 2^64, which compiled integers are."""
    return a + b


add_u64 = njit(add_wrapped if COMPILED else add_in_halves)


@njit
def next_u64(state: Streams, row: int) -> np.uint64:
    """Advance stream `row` and return its next 64 random bits."""
    s0, s1, s2, s3 = state[row, 0], state[row, 1], state[row, 2], state[row, 3]
    total = add_u64(s0, s3)
    result = add_u64((total << S23) | (total >> S41), s0)
    s2 ^= s0
    s3 ^= s1
    state[row, 0] = s0 ^ s3
    state[row, 1] = s1 ^ s2
    state[row, 2] = s2 ^ (s1 << S17)
    state[row, 3] = (s3 << S45) | (s3 >> S19)
    return result


@njit
def uniform(state: Streams, row: int) -> float:
    """Next number of stream `row`, uniform in [0, 1), a multiple of 2^-53."""
    return float(next_u64(state, row) >> S11) * TWO_TO_MINUS_53


@njit
def normals(state: Streams, row: int) -> tuple[float, float]:
    """Next two numbers of stream `row` with mean 0 and standard deviation 1, independent.

    Box and Muller 1958, Annals of Mathematical Statistics 29(2): always two steps of the
    stream, and nothing to remember. Limit: no number beyond 8.6.
    """
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state, row)))
    turn = 2.0 * math.pi * uniform(state, row)
    return radius * math.cos(turn), radius * math.sin(turn)


@njit
def normal(state: Streams, row: int) -> float:
    """The first of the next two `normals` of stream `row`; the second is lost."""
    return normals(state, row)[0]
