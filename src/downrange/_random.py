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
S11, S17, S19, S23, S32, S41, S45 = (np.uint64(n) for n in (11, 17, 19, 23, 32, 41, 45))
TWO_TO_MINUS_53 = 2.0**-53


def streams(seed: int, flight: int, names: Sequence[str]) -> Streams:
    """Return the states of the streams `names`, shape (names, 4), of one flight of a seed.

    Raises:
        ValueError: a negative seed or flight, or two names with one checksum.
    """
    keys = [zlib.crc32(name.encode()) for name in names]
    if len(set(keys)) != len(keys):
        raise ValueError(f"two random streams share a name or its checksum: {sorted(names)}")
    rows = [
        np.random.SeedSequence(seed, spawn_key=(flight, key)).generate_state(4, np.uint64)
        for key in keys
    ]
    return np.array(rows, dtype=np.uint64).reshape(len(keys), 4)


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
