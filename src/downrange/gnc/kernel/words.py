"""Reading tables and Memory.words as scalars and tuples."""

from __future__ import annotations

from downrange._jit import njit
from downrange.gnc.kernel.data import Floats, Quaternion, Vector


@njit
def vector_at(words: Floats, i: int) -> Vector:
    """Three words from index i as a vector."""
    return (words[i], words[i + 1], words[i + 2])


@njit
def quaternion_at(words: Floats, i: int) -> Quaternion:
    """Four words from index i as a quaternion."""
    return (words[i], words[i + 1], words[i + 2], words[i + 3])


@njit
def put_vector(words: Floats, i: int, v: Vector) -> None:
    """Store a vector in three words from index i."""
    words[i], words[i + 1], words[i + 2] = v


@njit
def put_quaternion(words: Floats, i: int, q: Quaternion) -> None:
    """Store a quaternion in four words from index i."""
    words[i], words[i + 1], words[i + 2], words[i + 3] = q


@njit
def place(table: Floats, value: float) -> tuple[int, float]:
    """Row i and fraction f of the way to the next at which column 0 has a value; ends held."""
    low, high = 0, table.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if value >= table[middle, 0]:
            low = middle
        else:
            high = middle
    f = (value - table[low, 0]) / (table[low + 1, 0] - table[low, 0])
    return low, min(1.0, max(0.0, f))


@njit
def between(table: Floats, row: int, f: float, column: int) -> float:
    """Value of a column a fraction of the way from a row to the next."""
    low, high = float(table[row, column]), float(table[row + 1, column])
    return low + f * (high - low)
