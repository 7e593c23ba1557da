"""Put flights into parts, in order, whoever flies them, until there are enough or it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from downrange.campaign.interrupts import StoppedError
from downrange.campaign.ledger import Entry
from downrange.campaign.partial import remove_partial, write_partial
from downrange.campaign.parts import Flown, Rows, read_outcomes, write_part
from downrange.campaign.request import Request
from downrange.campaign.statistics import LEVEL
from downrange.campaign.stopping import Stopping
from downrange.campaign.workers import Span


class Progress(NamedTuple):
    """How far a campaign is.

    Attributes:
        flights: that are there, in order from the first.
        successes: of them.
        flown: of them now, and not before.
        wanted: how many there will be at most; None if the stopping rule alone says.
        wall_s: how long they have been flown now.
    """

    flights: int
    successes: int
    flown: int
    wanted: int | None
    wall_s: float


class Tally:
    """Counts flights and successes in flight order, and says after which flight there are enough.

    What it says follows from the outcomes alone, whoever flew them and however they came.
    """

    def __init__(self, request: Request) -> None:
        width = request.until_width
        self._rule = None if width is None else Stopping(width, request.stop_block, LEVEL)
        self.flights, self.successes = 0, 0
        self.ends_at: int | None = None

    def feed(self, outcomes: Sequence[str]) -> None:
        """Take the outcomes of the next flights; those after the end count for nothing."""
        for outcome in outcomes:
            if self.ends_at is not None:
                return
            self.flights += 1
            self.successes += outcome == "success"
            if self._rule is not None and self._rule.stops(self.successes, self.flights):
                self.ends_at = self.flights


@dataclass
class Work:
    """A campaign under way: its folder and request, the parts that are there, and who listens.

    Attributes:
        begun: flights of a part that an earlier stop left unfinished.
        told: how far it was said to be last.
    """

    folder: Path
    request: Request
    finished: dict[int, Entry]
    begun: Rows | None
    progress: Callable[[Progress], None]
    told: Progress | None = None

    def tell(self, tally: Tally, flown: int, wall_s: float) -> None:
        """Say how far it is."""
        self.told = Progress(tally.flights, tally.successes, flown, self.request.flights, wall_s)
        self.progress(self.told)

    def parts(self) -> Iterator[tuple[int, int, int]]:
        """Number, first flight and flights of each part; without end if the flights have none."""
        for part in count():
            first, wanted = self.request.part_of(part)
            if not wanted:
                return
            yield part, first, wanted

    def rows(self, part: int, first: int) -> Rows:
        """What is there of a part that isn't finished."""
        if self.begun is not None and self.begun.part == part:
            return self.begun
        return Rows(part, first, self.request)

    def spans(self, chunk_flights: int) -> Iterator[Span]:
        """What is to be flown, in order, in chunks that don't reach over the end of a part."""
        for part, first, wanted in self.parts():
            if part not in self.finished:
                have = self.rows(part, first).flights
                for start in range(first + have, first + wanted, chunk_flights):
                    yield Span(start, min(chunk_flights, first + wanted - start))


def sound(folder: Path, request: Request, entries: dict[int, Entry]) -> dict[int, Entry]:
    """The finished parts that need not be flown again.

    A part with fewer flights than it may have will do where the stopping rule ends with it.
    """
    whole = {
        part: entry for part, entry in entries.items()
        if (entry.first, entry.flights) == request.part_of(part)
    }  # fmt: skip
    tally = Tally(request)
    for part in range(len(entries)):
        if part not in entries:
            break
        if request.until_width is not None:
            tally.feed(read_outcomes(folder, entries[part]))
        if part not in whole:
            if tally.ends_at == entries[part].first + entries[part].flights:
                whole[part] = entries[part]
            break
    return whole


def fly_parts(work: Work, flown: Iterator[Flown]) -> Tally:
    """Put what is flown into parts, in order, until there is enough.

    Raises:
        StoppedError: the flights ended before; those of the unfinished part are kept.
        HaltError: the folder can't be written.
    """
    tally = Tally(work.request)
    began_s = time.perf_counter()
    now = 0
    for part, first, wanted in work.parts():
        if part in work.finished:
            tally.feed(read_outcomes(work.folder, work.finished[part]))
        else:
            rows = work.rows(part, first)
            tally.feed(rows.outcomes())
            while rows.flights < wanted and tally.ends_at is None:
                if (each := next(flown, None)) is None:
                    raise _stopped(work, rows)
                rows.add(each)
                tally.feed(each.chunk.columns["outcome"].tolist())
                now += len(each.workers)
                work.tell(tally, now, time.perf_counter() - began_s)
            if tally.ends_at is not None:
                rows.cut(tally.ends_at - first)
            write_part(work.folder, rows, work.request)
            remove_partial(work.folder)
        if tally.ends_at is not None:
            break
    return tally


def _stopped(work: Work, rows: Rows) -> StoppedError:
    """Keep what is there of an unfinished part."""
    if rows.flights:
        write_partial(work.folder, rows, work.request)
    there = rows.first + rows.flights
    return StoppedError(f"stopped with {there} flights, which are kept in {work.folder}")
