"""Every body of a flight, from the pad to its end: the one that is steered and those it drops."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from downrange._jit import plain
from downrange.dynamics.kernel.fall import (
    FALL_AUX,
    FALL_COLUMNS,
    GROUNDED,
    NOT_A_NUMBER,
    WORK_ROWS,
    fall,
)
from downrange.dynamics.kernel.rigid import AUX_SIZE, LOADS_SIZE, STATE_SIZE, Surroundings
from downrange.earth.kernel.geodesy import Earth
from downrange.earth.kernel.orbit import elements
from downrange.flight.assemble import Planned, first_flight, imu_errors
from downrange.flight.build import Built, Falling, build_legs
from downrange.flight.channels import Layout
from downrange.flight.kernel import loop, many, watch
from downrange.flight.kernel.parting import DROPPED_STAGE, Piece
from downrange.flight.load import Mission
from downrange.flight.parting import new_piece, piece_of
from downrange.flight.spec import MissionSpec
from downrange.flight.stack import NOTHING_DRAWN, of_one
from downrange.gnc import build as gnc_build
from downrange.telemetry import Event

Floats = NDArray[np.float64]

FALL_ROWS = 20_000  # of a body that nobody steers: some hours of tumbling
FALL_MOST_S = 7200.0  # that such a body is followed after it has parted
FALL_ENDS = {GROUNDED: "impacted", NOT_A_NUMBER: "numerical"}
AIR_M = 90e3  # a perigee below it ends on the ground within an orbit


@dataclass(eq=False)
class Flown:
    """One body's flight.

    Attributes:
        name: stage1, fairing_left ...
        rows: (n, width) telemetry, see `channels.Layout`.
        end: how it ended, a word of the summary's.
        flight: memory of the loop that steered it; None for what only fell.
        numbers: its own, at the end.
        events: noted outside the loop.
        ends_m: stations of its two ends.
    """

    name: str
    rows: Floats
    end: str
    flight: loop.Flight | None = None
    numbers: loop.Numbers | None = None
    events: list[Event] = field(default_factory=list)
    ends_m: tuple[float, float] = (0.0, 0.0)
    steered: bool = False


class Journey:
    """One flight of a mission: leg after leg of the steered body, and what each leg drops."""

    def __init__(
        self, mission: Mission, spec: MissionSpec, planned: Planned, seed: int, flight: int,
        record_hz: float, legs: tuple[Built, ...] | None = None,
    ) -> None:  # fmt: skip
        self.mission, self.spec, self.planned = mission, spec, planned
        self.legs = legs or build_legs(mission, spec, planned, record_hz)
        self.numbers = self.legs[0].numbers
        self.numbers.sensors.imu.errors[:] = imu_errors(spec, seed, flight)
        self.flight = first_flight(self.numbers, seed, flight)
        plant = self.numbers.plant
        self.layout = Layout(plant.engines.n, len(plant.tanks.load_kg),
                             plant.bending.table.shape[1])  # fmt: skip
        self.first, self.first_flight = self.numbers, self.flight
        self.leg = 0
        self.dropped: list[Flown] = []
        self.before: list[Floats] = []  # rows of earlier legs of this body

    @property
    def name(self) -> str:
        """Name of the body that is steered now: its lowest stage."""
        return self.legs[self.leg].name

    def fly(self, ticks: int = loop.TO_THE_END) -> None:
        """Fly so many ticks of the current leg or, by default, all legs to the end."""
        loop.fly(self.numbers, self.flight, ticks)
        while self.parts_now():
            self.part()
            if ticks != loop.TO_THE_END:
                return
            loop.fly(self.numbers, self.flight, ticks)

    def parts_now(self) -> bool:
        """Whether something has just gone, and there is a leg in which the rest flies on."""
        parted = self.flight.clock[loop.ENDED] == loop.PARTED
        return bool(parted) and self.leg + 1 < len(self.legs)

    def so_far(self) -> Journey:
        """This flight with a row for what is now; the flight itself stays as it is."""
        now, flight = copy.copy(self), self.flight
        rows = np.concatenate([self._rows(), np.zeros((1, flight.rows.shape[1]))])
        now.flight = flight._replace(clock=flight.clock.copy(), rows=rows)
        plain(loop.record)(now.flight, self._now())
        return now

    def part(self) -> None:
        """What the next leg leaves behind becomes bodies of their own; the rest is steered on."""
        numbers, flight, now = self.numbers, self.flight, self._now()
        rows = self._rows()
        self.leg += 1
        built = self.legs[self.leg]
        plant, seen = built.numbers.plant, flight.watch
        if built.how[DROPPED_STAGE] >= 0.0:
            seen = watch.new_memory(len(seen.engine_on), len(flight.state.tank_kg))
        tanks = len(flight.state.tank_kg)
        kept, *gone = (
            new_piece(attached, tanks)
            for attached in (built.leg.attached, built.dropped.attached, built.dropped.attached)
        )
        many.part_flights(
            plant, built.how, numbers.tick_s, NOTHING_DRAWN, np.zeros((1, 0)), of_one(flight),
            of_one(seen), of_one(kept), of_one(gone[0]), of_one(gone[1]), np.zeros(1),
        )  # fmt: skip
        fallen = [
            self._fallen(piece, built.dropped, now)
            for piece, _ in zip(gone, built.dropped.names, strict=False)
        ]
        if built.how[DROPPED_STAGE] >= 0.0:
            ((found, end),) = fallen
            self.dropped.append(Flown(
                built.dropped.names[0], joined([*self.before, rows, found]), end, flight, numbers,
                ends_m=built.dropped.ends_m,
            ))  # fmt: skip
            self.before = []
        else:
            self.dropped += [
                Flown(name, found, end)
                for name, (found, end) in zip(built.dropped.names, fallen, strict=True)
            ]
            self.before.append(rows)
        flight.clock[loop.ROWS] = flight.clock[loop.NEXT_ROW] = 0.0
        self.numbers = built.numbers
        memory = gnc_build.next_memory(flight.memory, built.numbers.plan)
        self.flight = flight._replace(memory=memory, watch=seen)

    def _now(self) -> float:
        return float(self.flight.clock[loop.TICK]) * self.numbers.tick_s

    def _rows(self) -> Floats:
        return self.flight.rows[: int(self.flight.clock[loop.ROWS])].copy()

    def _fallen(self, piece: Piece, what: Falling, now: float) -> tuple[Floats, str]:
        """Telemetry of a piece from now to the ground, and how it ended."""
        found, count, end = fall_of(piece, what.around, what.ends_m, now)
        return fall_rows(found[:count], self.layout, piece), end

    def bodies(self) -> list[Flown]:
        """All bodies, the steered one first; call when the flight is over."""
        rows = [*self.before, self._rows()]
        plant, state = self.numbers.plant, self.flight.state
        end = ""
        earth = self.planned.plan.earth
        if self.leg > 0 and comes_down(self.flight.clock, state.rigid, earth):
            built = self.legs[self.leg]
            found, end = self._fallen(piece_of(plant, state, built.leg.attached), built.rest,
                                      self._now())  # fmt: skip
            rows.append(found)
        steered = Flown(self.name, joined(rows), end, self.flight, self.numbers,
                        ends_m=(plant.aft_x_m, plant.nose_x_m), steered=True)  # fmt: skip
        return [steered, *self.dropped]


def comes_down(clock: Floats, x: Floats, earth: Earth) -> bool:
    """Whether a mission is over while the conic that its body (state x) is on meets the air."""
    if clock[loop.ENDED] != loop.COMPLETE:
        return False
    r, v = (float(x[0]), float(x[1]), float(x[2])), (float(x[3]), float(x[4]), float(x[5]))
    perigee_m = elements(r, v, earth.mu_m3ps2).perigee_radius_m - earth.equatorial_radius_m
    return perigee_m < AIR_M


def joined(parts: Sequence[Floats]) -> Floats:
    """Telemetry of a body one part after the other; of two rows at one time the first is kept."""
    rows = np.concatenate(parts)
    later = np.diff(rows[:, 0], prepend=-math.inf) > 0.0
    return np.compress(later, rows, axis=0)


def fall_of(
    piece: Piece, around: Surroundings, ends_m: tuple[float, float], now_s: float
) -> tuple[Floats, int, str]:
    """Rows of a fall (FALL_COLUMNS wide), how many there are, and how it ended."""
    found, work = np.zeros((FALL_ROWS, FALL_COLUMNS)), np.zeros((WORK_ROWS, AUX_SIZE))
    count, code = fall(piece.rigid, now_s, now_s + FALL_MOST_S, piece.loads, around, ends_m, 0.0,
                       work, found)  # fmt: skip
    return found, int(count), FALL_ENDS.get(int(code), "flying")


def fall_rows(found: Floats, layout: Layout, piece: Piece) -> Floats:
    """The rows of a fall as telemetry; nan in what only a steered body has."""
    rows = np.full((len(found), layout.width), math.nan)
    at = layout.columns()
    rows[:, at["clock"]] = found[:, :1]
    rows[:, at["rigid"]] = found[:, 1:FALL_AUX]
    rows[:, at["mass"]] = piece.loads[:2]
    rows[:, at["thrust"]] = 0.0
    rows[:, at["aux"]] = found[:, FALL_AUX : FALL_AUX + AUX_SIZE][:, :12]
    rows[:, at["engine"]] = 0.0
    rows[:, at["tank"]] = piece.tank_kg
    rows[:, at["moment"]] = 0.0
    return rows


def compile_fall(numbers: loop.Numbers) -> None:
    """Have the fall of what nobody steers compiled, or read from the cache."""
    rigid, loads, rows = np.zeros(STATE_SIZE), np.ones(LOADS_SIZE), np.zeros((2, FALL_COLUMNS))
    work = np.zeros((WORK_ROWS, AUX_SIZE))
    rigid[[0, 6]] = 1e7, 1.0
    fall(rigid, 0.0, 0.0, loads, numbers.plant.around, (0.0, 1.0), 0.0, work, rows)
