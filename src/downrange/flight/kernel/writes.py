"""A draw, written straight into the numbers that a flight reads.

Each entry of a table that a draw moves is its base, plus what drawn values add, times what they
multiply: so are thrust, flow, masses and wind made of them. `flight.writes` works out how.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Kinds of terms, x being the value drawn, x0 the nominal one, a and b the term's numbers.
SET = 0  # the entry is x itself
ADD = 1  # plus a (x - x0) + b (x - x0)^2
POWER = 2  # times (x / x0)^a
INVERSE = 3  # times 1 + a (x0 / x - 1)

# Columns of an entry.
TABLE, INDEX, FIRST, LAST = 0, 1, 2, 3
# Columns of a term.
VARIABLE, KIND, NOMINAL, A, B = 0, 1, 2, 3, 4

TABLES = 12  # that a draw may move, see flight.build
Tables = tuple[
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
]


class Writes(NamedTuple):
    """What a draw moves in the numbers of one leg."""

    tables: Tables  # flat views on them
    entries: Ints  # (entries, 4)
    base: Floats  # (entries,)
    terms: Floats  # (terms, 5)


@njit
def write(w: Writes, drawn: Floats) -> None:
    """Set every entry to what it is on the flight with these drawn values (variables,)."""
    for e in range(w.entries.shape[0]):
        value, factor = w.base[e], 1.0
        for k in range(w.entries[e, FIRST], w.entries[e, LAST]):
            x, x0 = drawn[int(w.terms[k, VARIABLE])], w.terms[k, NOMINAL]
            kind, a = int(w.terms[k, KIND]), w.terms[k, A]
            if kind == SET:
                value = x
            elif kind == ADD:
                value += (x - x0) * (a + w.terms[k, B] * (x - x0))
            elif kind == POWER:
                factor *= x / x0 if a == 1.0 else math.pow(x / x0, a)
            else:
                factor *= 1.0 + a * (x0 / x - 1.0)
        w.tables[w.entries[e, TABLE]][w.entries[e, INDEX]] = value * factor
