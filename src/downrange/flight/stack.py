"""Arrays of many flights side by side: the flight is the first axis of each."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from downrange.flight.kernel.writes import TABLES, Writes

T = TypeVar("T")

NOTHING_DRAWN = Writes(
    tables=tuple(np.zeros(0) for _ in range(TABLES)),  # type: ignore[arg-type]
    entries=np.zeros((0, 4), dtype=np.int64), base=np.zeros(0), terms=np.zeros((0, 5)),
)  # fmt: skip


def _mapped(tree: Any, change: Any) -> Any:
    """Nested NamedTuples with every array changed."""
    if isinstance(tree, np.ndarray):
        return change(tree)
    return type(tree)(*(_mapped(each, change) for each in tree))


def of_one(tree: T) -> T:
    """Views on the arrays of one flight, as those of many."""
    return _mapped(tree, lambda array: array[np.newaxis])  # type: ignore[no-any-return]


def room_for(tree: T, flights: int) -> T:
    """Arrays for so many flights like one; what they hold is anything."""
    return _mapped(  # type: ignore[no-any-return]
        tree, lambda array: np.empty((flights, *array.shape), dtype=array.dtype)
    )


def reset(many: Any, one: Any) -> None:
    """Set every flight to what one is."""
    if isinstance(many, np.ndarray):
        many[:] = one
        return
    for each, of in zip(many, one, strict=True):
        reset(each, of)


def one_of(tree: T, k: int) -> T:
    """Views on the arrays of flight k."""
    return _mapped(tree, lambda array: array[k])  # type: ignore[no-any-return]
