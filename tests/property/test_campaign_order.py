"""Whoever flies, and however long each takes: what comes back is in order, and all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downrange.campaign.flyer_types import Chunk
from downrange.campaign.workers import Crew, Span, in_order
from downrange.errors import HaltError


@dataclass
class Slow:
    """Takes as long for a span as its number tells."""

    pauses_s: list[float]
    stopped: bool = False

    def fly(self, first: int, count: int) -> Chunk:
        time.sleep(self.pauses_s[first % len(self.pauses_s)])
        count = max(1, count // 2) if self.stopped else count
        numbers = np.arange(first, first + count)
        samples = np.zeros((count, 1, 1), np.float32)
        return Chunk(first, {"flight": numbers}, samples, np.zeros(count))

    def stop(self) -> None:
        self.stopped = True


PAUSES = st.lists(st.floats(0.0, 0.003), min_size=1, max_size=7)
COUNTS = st.lists(st.integers(1, 5), max_size=25)


def spans(counts: list[int]) -> Iterator[Span]:
    first = 0
    for count in counts:
        yield Span(first, count)
        first += count


@settings(max_examples=30)
@given(pauses_s=PAUSES, counts=COUNTS, workers=st.integers(1, 5), ahead=st.integers(1, 9))
def test_flights_come_back_in_order(
    pauses_s: list[float], counts: list[int], workers: int, ahead: int
) -> None:
    with Crew([lambda: Slow(pauses_s)] * workers) as crew:
        back = list(in_order(crew, spans(counts), ahead))
    numbers = [number for flown in back for number in flown.chunk.columns["flight"].tolist()]
    assert numbers == list(range(sum(counts)))
    assert {worker for flown in back for worker in flown.workers.tolist()} <= set(range(workers))


@settings(max_examples=30)
@given(pauses_s=PAUSES, workers=st.integers(1, 4), after=st.integers(0, 30))
def test_a_stop_leaves_no_gap(pauses_s: list[float], workers: int, after: int) -> None:
    seen: list[int] = []
    endless = (Span(first, 3) for first in range(0, 10**9, 3))

    def enough() -> bool:
        return len(seen) >= after

    with Crew([lambda: Slow(pauses_s)] * workers, enough) as crew:
        for flown in in_order(crew, endless, 6):
            seen.extend(flown.chunk.columns["flight"].tolist())
    assert seen == list(range(len(seen)))
    assert after <= len(seen) <= after + 3 * 7  # what was under way


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with Crew([lambda: Slow([0.0])] * 3) as crew:
        assert len(list(in_order(crew, spans([1, 2, 3]), 2))) == 3
    for _ in range(500):
        if threading.active_count() <= before:
            break
        time.sleep(0.01)
    else:
        raise AssertionError(threading.enumerate())


def test_a_flyer_that_cannot_be_made_is_told() -> None:
    def make() -> Slow:
        raise MemoryError("no room")

    flights = "flights 0 to 3 could not be flown: MemoryError: no room"
    with pytest.raises(HaltError, match=flights), Crew([make]) as crew:
        list(in_order(crew, spans([4]), 2))
