"""What a campaign asks of whoever flies: flights by number, in chunks, the same bits always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Chunk(NamedTuple):
    """Some flights that follow each other.

    Attributes:
        first: number of the first of them.
        columns: one row a flight, by column name: float64, int64, or object of text or None.
        samples: for the envelopes, shape (flights, bins, channels), nan where there is nothing.
        fly_s: wall clock of each flight, s.
    """

    first: int
    columns: dict[str, NDArray[Any]]
    samples: NDArray[np.float32]
    fly_s: NDArray[np.float64]


class Pilot(Protocol):
    """Whoever flies flights by number: a flyer, or what stands for one in another process."""

    def fly(self, first: int, count: int) -> Chunk:
        """Fly flights first .. first + count - 1; fewer if stopped."""
        ...

    def stop(self) -> None:
        """From another thread: return at the end of the flight that is being flown."""
        ...


class Flyer(Pilot, Protocol):
    """Flies flights of a campaign by number; one for each worker, never shared.

    Attributes:
        columns: name of each column of a chunk -> its unit; empty where it has none.
        channels: (body, channel) along the last axis of a chunk's samples.
        times_s: times of the bins, s since first motion.
        chunk_flights: how many flights are well flown in one call.
    """

    columns: dict[str, str]
    channels: tuple[tuple[str, str], ...]
    times_s: NDArray[np.float64]
    chunk_flights: int


MakeFlyer = Callable[[], Flyer]


@dataclass(frozen=True, eq=False)
class Ready:
    """A mission that is planned and can be flown any number of times.

    Attributes:
        make: makes a flyer; can be pickled, for worker processes.
        mission: the resolved mission, TOML.
        plan: what was planned once, as in a recording.
        draws: what is drawn, a line of the plan of draws each.
        bodies: names of the bodies that can come of it.
        objectives: names of the mission's objectives.
        target: the orbit that is wanted, as in a summary; None if there is none.
    """

    make: MakeFlyer
    mission: str
    plan: dict[str, Any]
    draws: tuple[dict[str, Any], ...] = ()
    bodies: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    target: dict[str, Any] | None = None
