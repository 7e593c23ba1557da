"""Many flights of a planned mission at once, compiled from the pad to the end of every body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.fall import FALL_AUX, FALL_COLUMNS, FREE_SIZE, WORK_ROWS
from downrange.dynamics.kernel.rigid import (
    AUX_AIRSPEED_MPS,
    AUX_DYNAMIC_PRESSURE_PA,
    AUX_SIZE,
    AUX_SOUND_SPEED_MPS,
)
from downrange.flight import results
from downrange.flight.assemble import new_flight
from downrange.flight.bodies import FALL_ENDS, FALL_MOST_S, FALL_ROWS, comes_down
from downrange.flight.build import Built
from downrange.flight.ends import Last, Teller
from downrange.flight.kernel import loop, many, watch
from downrange.flight.kernel.parting import DROPPED_STAGE, Piece
from downrange.flight.kernel.writes import Writes, write
from downrange.flight.parting import new_piece, piece_of
from downrange.flight.stack import NOTHING_DRAWN, of_one, one_of, reset, room_for
from downrange.gnc.build import new_memory

Floats = NDArray[np.float64]

# Seconds from first motion up to which a row is written, and how often: close together while
# the vehicle climbs out of the air.
SCHEDULE = ((100.0, 0.5), (600.0, 2.0), (math.inf, 30.0))
MOST_ROWS_S = 7200.0


class Gone(NamedTuple):
    """What fell away as a leg began, of every flight.

    Attributes:
        pieces: as they parted, one for each body.
        last: for each body (flights, 1 + FALL_COLUMNS), see `kernel.many.fall_flights`.
    """

    pieces: tuple[Piece, ...]
    last: tuple[Floats, ...]


def sample_times_s(longest_s: float) -> Floats:
    """Times from first motion at which a row is written."""
    times: list[float] = [0.0]
    for until_s, every_s in SCHEDULE:
        while times[-1] < min(until_s, longest_s, MOST_ROWS_S) - 1e-9:
            times.append(round(times[-1] + every_s, 6))
    return np.array(times)


class Many:
    """Room for some flights of a mission, flown together. One thread's own.

    Args:
        legs: of the mission; what a draw moves is overwritten in copies of them.
        writes: for each leg, how a draw is written; nothing is by default.
        room: the most flights at once.
        teller: tells what came of each body.
    """

    def __init__(
        self, legs: Sequence[Built], writes: Sequence[Writes] | None, room: int, teller: Teller
    ) -> None:
        tick_s = legs[0].numbers.tick_s
        every = np.array([[until / tick_s, round(each / tick_s)] for until, each in SCHEDULE])
        self.legs = [leg._replace(numbers=leg.numbers._replace(record_every=every)) for leg in legs]
        self._writes = list(writes or [NOTHING_DRAWN] * len(legs))
        self._teller, self.stop = teller, np.zeros(1)
        self.times_s = sample_times_s(legs[0].numbers.duration_s)
        first = self.legs[0].numbers
        self._fresh = new_flight(first, len(self.times_s) + 2 * len(legs) + 2,
                                 np.zeros((len(loop.STREAMS), 4), np.uint64))  # fmt: skip
        self._fresh.clock[loop.NEXT_ROW] = math.inf
        engines, tanks = first.plant.engines.n, len(first.plant.tanks.load_kg)
        self._unseen = watch.new_memory(engines, tanks)
        self.flights = room_for(self._fresh, room)
        self._gone, self.seen = [], [self.flights.watch]
        for leg in self.legs[1:]:
            stage = leg.how[DROPPED_STAGE] >= 0.0
            self.seen.append(room_for(self._unseen, room) if stage else self.seen[-1])
            self._gone.append(self._room_gone(leg, tanks, room))
        self._kept = room_for(new_piece(legs[0].leg.attached, tanks), room)
        self._work = np.zeros((WORK_ROWS, AUX_SIZE))
        self._rows = np.zeros((FALL_ROWS, FALL_COLUMNS))
        self.ended_on = np.zeros(room, dtype=np.int64)
        self.parted_s = np.full((room, len(legs) - 1), math.inf)  # mission clock
        self._drawn = np.zeros((room, 0))

    def use(self, legs: Sequence[Built]) -> None:
        """Fly these legs from now on; they differ from the others in their numbers alone."""
        every = self.legs[0].numbers.record_every
        self.legs = [leg._replace(numbers=leg.numbers._replace(record_every=every)) for leg in legs]

    @staticmethod
    def _room_gone(leg: Built, tanks: int, room: int) -> Gone:
        piece = new_piece(leg.dropped.attached, tanks)
        pieces = tuple(room_for(piece, room) for _ in range(2))
        return Gone(pieces, tuple(np.zeros((room, 1 + FALL_COLUMNS)) for _ in leg.dropped.names))

    def compile(self) -> None:
        """Have all that flies compiled, or read from the cache; flies nothing."""
        room = len(self.ended_on)
        numbers, writes = self.legs[0].numbers, self._writes[0]
        drawn, errors = np.zeros((room, 0)), np.zeros((room, *numbers.sensors.imu.errors.shape))
        nobody, flights = np.zeros(room), self.flights
        reset(flights, self._fresh)
        many.fly_flights(numbers, writes, drawn, errors, nobody, self.stop, flights)
        reset(self._kept, new_piece(self.legs[0].leg.attached, len(numbers.plant.tanks.load_kg)))
        many.part_flights(numbers.plant, self.legs[0].how, numbers.tick_s, writes, drawn, flights,
                          self.seen[0], self._kept, self._kept, self._kept, nobody)  # fmt: skip
        many.fall_flights(
            self.legs[0].rest.around, self.legs[0].rest.ends_m, FALL_MOST_S, writes, drawn, nobody,
            nobody, self._kept, self._work, self._rows, np.zeros((room, 1 + FALL_COLUMNS)),
        )  # fmt: skip

    def fly(self, random: NDArray[np.uint64], errors: Floats, drawn: Floats) -> None:
        """Fly as many flights as there are rows.

        random (flights, streams, 4) states of the loop's streams; errors (flights, rows, 3) of
        the inertial unit; drawn (flights, variables).
        """
        count = len(drawn)
        reset(self.flights[:-1], self._fresh[:-1])  # rows are counted: old ones do no harm
        self.parted_s[:] = math.inf
        self.flights.random[:count] = random
        go = np.zeros(len(self.ended_on))
        go[:count] = 1.0
        room = len(go)
        errors, drawn = padded(errors, room), padded(drawn, room)
        flights, self._drawn = self.flights, drawn
        for k, leg in enumerate(self.legs):
            many.fly_flights(leg.numbers, self._writes[k], drawn, errors, go, self.stop, flights)
            self.ended_on[go > 0.5] = k
            if k + 1 == len(self.legs) or self.stop[0] > 0.5:
                break
            flights, go = self._part(k + 1, flights, drawn)
            if not go.any():
                break

    def _part(self, k: int, flights: loop.Flight, drawn: Floats) -> tuple[loop.Flight, Floats]:
        """What goes as leg k begins falls; returns the flights that go on, and which they are."""
        leg, gone, seen = self.legs[k], self._gone[k - 1], self.seen[k]
        if leg.how[DROPPED_STAGE] >= 0.0:
            reset(seen, self._unseen)
        reset(self._kept.attached, np.array(leg.leg.attached))
        for piece in gone.pieces:
            reset(piece.attached, leg.dropped.attached)
        went, numbers = np.zeros(len(drawn)), leg.numbers
        many.part_flights(
            numbers.plant, leg.how, numbers.tick_s, self._writes[k], drawn, flights, seen,
            self._kept, gone.pieces[0], gone.pieces[1], went,
        )  # fmt: skip
        began_s = flights.clock[:, loop.TICK] * numbers.tick_s
        self.parted_s[went > 0.5, k - 1] = began_s[went > 0.5]
        for piece, last in zip(gone.pieces, gone.last, strict=False):
            many.fall_flights(
                leg.dropped.around, leg.dropped.ends_m, FALL_MOST_S, self._writes[k], drawn,
                began_s, went, piece, self._work, self._rows, last,
            )  # fmt: skip
        fresh = new_memory(numbers.plan)
        memory = flights.memory._replace(
            filters=np.zeros((len(drawn), *fresh.filters.shape)),
            delay=np.zeros((len(drawn), *fresh.delay.shape)),
        )
        return flights._replace(memory=memory, watch=seen), went

    def told(self, k: int) -> list[results.Ended]:
        """Every body of flight k with what came of it, stages from the bottom up first."""
        flights, legs = self.flights, self.legs
        clock, verdict = flights.clock[k], one_of(flights.verdict, k)
        on = int(self.ended_on[k])
        for number in {0, on}:  # as they were on this flight: others have flown with them since
            write(self._writes[number], self._drawn[k])
        found: list[results.Ended] = []
        halves: list[results.Ended] = []
        for leg, gone, seen in zip(legs[1 : on + 1], self._gone, self.seen, strict=False):
            for name, piece, last in zip(leg.dropped.names, gone.pieces, gone.last, strict=False):
                end, fell = self._last(last[k], piece.tank_kg[k])
                if leg.how[DROPPED_STAGE] < 0.0:
                    halves.append(self._teller.fallen(name, clock, end, fell))
                    continue
                faults = legs[0].numbers.faults if not found else None
                found.append(self._teller.steered(name, clock, verdict, one_of(seen, k), end,
                                                  faults, fell, False))  # fmt: skip
        faults = legs[0].numbers.faults if not found else None
        end, fell = self._steered_end(k)
        found.append(self._teller.steered(legs[on].name, clock, verdict,
                                          one_of(self.seen[on], k), end, faults, fell))  # fmt: skip
        return found + halves

    def _last(self, last: Floats, tank_kg: Floats) -> tuple[Last, str]:
        """The end of a fall, and how it ended."""
        aux = last[1 + FALL_AUX :]
        end = Last(float(last[1]), last[2 : 2 + FREE_SIZE], tank_kg,
                   _mach(aux), float(aux[AUX_DYNAMIC_PRESSURE_PA]))  # fmt: skip
        return end, FALL_ENDS.get(int(last[0]), "flying")

    def _steered_end(self, k: int) -> tuple[Last, str]:
        """The end of the body that was steered, which falls on where its orbit meets the air."""
        state, clock, leg = self.flights.state, self.flights.clock[k], self.legs[self.ended_on[k]]
        earth, tick_s = self._teller.planned.plan.earth, leg.numbers.tick_s
        if self.ended_on[k] > 0 and comes_down(clock, state.rigid[k], earth):
            piece = of_one(piece_of(leg.numbers.plant, one_of(state, k), leg.leg.attached))
            last = np.zeros((1, 1 + FALL_COLUMNS))
            many.fall_flights(
                leg.rest.around, leg.rest.ends_m, FALL_MOST_S, NOTHING_DRAWN, np.zeros((1, 0)),
                clock[loop.TICK : loop.TICK + 1] * tick_s, np.ones(1), piece, self._work,
                self._rows, last,
            )  # fmt: skip
            return self._last(last[0], piece.tank_kg[0])
        row = self.flights.rows[k, int(clock[loop.ROWS]) - 1]
        aux = state.aux[k]
        end = Last(float(row[0]), state.rigid[k, :FREE_SIZE], state.tank_kg[k], _mach(aux),
                   float(aux[AUX_DYNAMIC_PRESSURE_PA]))  # fmt: skip
        return end, ""


def _mach(aux: Floats) -> float:
    sound_mps = float(aux[AUX_SOUND_SPEED_MPS])
    return float(aux[AUX_AIRSPEED_MPS]) / sound_mps if sound_mps > 0.0 else math.nan


def padded(rows: Floats, room: int) -> Floats:
    """Rows for all flights that there is room for, the rest zeros."""
    if len(rows) == room:
        return np.ascontiguousarray(rows)
    out = np.zeros((room, *rows.shape[1:]))
    out[: len(rows)] = rows
    return out
