"""Workers: a thread each with a flyer of its own; flights come back in order, whoever flew them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from downrange.campaign.flyer_types import Chunk, Pilot
from downrange.campaign.parts import Flown
from downrange.campaign.processes import RemoteFlyer
from downrange.errors import DownrangeError, HaltError

MakePilot = Callable[[], Pilot]

LOOK_S = 0.1  # how often a stop is looked for


class Span(NamedTuple):
    """Flights first .. first + count - 1."""

    first: int
    flights: int

    def __str__(self) -> str:
        return f"flights {self.first} to {self.first + self.flights - 1}"


class _Done(NamedTuple):
    """What came of a span; without one, a worker has left."""

    span: Span | None
    worker: int
    chunk: Chunk | None = None
    error: BaseException | None = None


class Crew:
    """Threads that fly spans in the order in which they are given."""

    def __init__(
        self, makers: Sequence[MakePilot], stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Start a thread for each flyer that is to be made; it makes its own.

        `stopping` is looked at while flights are waited for; it may raise to leave at once.
        """
        self.stopping = stopping
        self._spans: SimpleQueue[Span | None] = SimpleQueue()
        self._done: SimpleQueue[_Done] = SimpleQueue()
        self._flyers: list[Pilot] = []
        self._stopped = threading.Event()
        self._working = len(makers)
        for worker, make in enumerate(makers):
            # As daemons they don't hold up a second Ctrl-C.
            threading.Thread(target=self._work, args=(worker, make), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        while error is None and self._working:
            self.take()

    def give(self, span: Span) -> None:
        """Have a span flown."""
        self._spans.put(span)

    def take(self) -> tuple[Span, Flown] | None:
        """A span that has come back, with fewer flights if stopped; None if none has yet.

        Raises:
            HaltError: it could not be flown.
        """
        self.stopping()
        try:
            done = self._done.get(timeout=LOOK_S)
        except Empty:
            return None
        if done.span is None:
            self._working -= 1
            return None
        if done.chunk is not None:
            workers = np.full(len(done.chunk.fly_s), done.worker, np.int64)
            return done.span, Flown(done.chunk, workers)
        if self._stopped.is_set():  # it is flown again when the campaign goes on
            return None
        if isinstance(done.error, DownrangeError):
            raise done.error
        message = f"{done.span} could not be flown: {type(done.error).__name__}: {done.error}"
        raise HaltError(message) from done.error

    def stop(self) -> None:
        """Have each worker leave with the flight that it is flying."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        for _ in range(self._working):
            self._spans.put(None)
        for flyer in list(self._flyers):
            flyer.stop()

    def leave(self) -> Iterator[tuple[Span, Flown]]:
        """Stop, and give what is still brought back."""
        self.stop()
        while self._working:
            taken = self.take()
            if taken is not None:
                yield taken

    def _work(self, worker: int, make: MakePilot) -> None:
        """What a thread does until it is stopped."""
        flyer: Pilot | None = None
        try:
            flyer = self._fly(worker, make)
        finally:
            if isinstance(flyer, RemoteFlyer):
                flyer.close()
            self._done.put(_Done(None, worker))

    def _fly(self, worker: int, make: MakePilot) -> Pilot | None:
        """Fly what is given; the flyer, if one was made."""
        flyer: Pilot | None = None
        while (span := self._spans.get()) is not None and not self._stopped.is_set():
            try:
                if flyer is None:
                    flyer = make()
                    self._flyers.append(flyer)
                    if self._stopped.is_set():
                        break
                chunk = flyer.fly(span.first, span.flights)
            except BaseException as error:  # noqa: BLE001 - it is raised where spans are taken
                self._done.put(_Done(span, worker, error=error))
            else:
                self._done.put(_Done(span, worker, chunk))
        return flyer


def in_order(crew: Crew, spans: Iterator[Span], ahead: int) -> Iterator[Flown]:
    """What the crew flies, in the order of the spans; at most `ahead` of them are under way.

    When it is stopping it ends with the last flight before the first gap.
    """
    order: deque[Span] = deque()
    back: dict[Span, Flown] = {}
    while not crew.stopping():
        while len(order) < ahead and (span := next(spans, None)) is not None:
            crew.give(span)
            order.append(span)
        if not order:
            return
        if order[0] in back:
            yield back.pop(order.popleft())
        elif (taken := crew.take()) is not None:
            back[taken[0]] = taken[1]
    back |= dict(crew.leave())
    for span in order:
        if span not in back:
            return
        yield back[span]
        if len(back[span].chunk.fly_s) < span.flights:
            return
