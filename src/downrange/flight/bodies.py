"""Every body of a flight, from the pad to its end: the one that is steered and those it drops."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from downrange._jit import plain
from downrange.dynamics.kernel.advance import FLYING, GAS_KG, STATUS, Plant, State
from downrange.dynamics.kernel.fall import (
    FALL_AUX,
    FALL_COLUMNS,
    GROUNDED,
    NOT_A_NUMBER,
    WORK_ROWS,
    fall,
)
from downrange.dynamics.kernel.rigid import AUX_SIZE, LOADS_SIZE, STATE_SIZE, Surroundings
from downrange.earth.kernel.orbit import elements
from downrange.flight.assemble import Planned, assemble, leg_plant, new_state
from downrange.flight.channels import Layout
from downrange.flight.kernel import loop, watch
from downrange.flight.legs import FAIRING, Leg
from downrange.flight.load import Mission
from downrange.flight.parting import Piece, piece_of, push_apart, split_shell
from downrange.flight.spec import MissionSpec
from downrange.gnc import build as gnc_build
from downrange.telemetry import Event
from downrange.vehicle.build import outline, vehicle_aero

Floats = NDArray[np.float64]

FALL_ROWS = 20_000  # of a body that nobody steers: some hours of tumbling
FALL_MOST_S = 7200.0  # that such a body is followed after it has parted
AIR_M = 90e3  # a perigee below it ends on the ground within an orbit
SIDES = ("left", "right")


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
        record_hz: float,
    ) -> None:  # fmt: skip
        self.mission, self.spec, self.planned = mission, spec, planned
        self.numbers, self.flight = assemble(mission, spec, planned, seed, flight, record_hz)
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
        return self.spec.vehicle.stage[self.planned.legs[self.leg].stage].name

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
        return bool(parted) and self.leg + 1 < len(self.planned.legs)

    def so_far(self) -> Journey:
        """This flight with a row for what is now; the flight itself stays as it is."""
        now, flight = copy.copy(self), self.flight
        rows = np.concatenate([self._rows(), np.zeros((1, flight.rows.shape[1]))])
        now.flight = flight._replace(clock=flight.clock.copy(), rows=rows)
        plain(loop.record)(now.flight, self._now())
        return now

    def part(self) -> None:
        """What the next leg leaves behind becomes bodies of their own; the rest is steered on."""
        leg = self.planned.legs[self.leg + 1]
        plant, state = self.numbers.plant, self.flight.state
        kept = piece_of(plant, state, leg.attached)
        if leg.dropped == FAIRING:
            self._drop_fairing(leg, plant, state)
        else:
            self._drop_stage(leg, plant, state, kept)
        self.leg += 1
        self._steer_on(leg, kept)

    def _drop_stage(self, leg: Leg, plant: Plant, state: State, kept: Piece) -> None:
        """The lowest stage, pushed off by its springs."""
        stage = self.spec.vehicle.stage[leg.stage - 1]
        alone = [1.0 if k == leg.stage - 1 else 0.0 for k in range(len(leg.attached))]
        spent = piece_of(plant, state, alone)
        spec = stage.separation
        assert spec is not None, "a stage without separation got through the checks"
        push_apart(kept, spent, spec.impulse.si, spec.offset.si)
        watch.note(self.flight.watch, state, float(watch.EVENT_PARTED), self._now(),
                   float(leg.stage - 1))  # fmt: skip
        rows = joined([*self.before, self._rows(), self._fallen(spent, alone, 1.0)])
        self.before = []
        self.dropped.append(Flown(
            stage.name, rows, self._fall_end, self.flight, self.numbers,
            ends_m=_ends(outline(self.spec.vehicle, alone)),
        ))  # fmt: skip

    def _drop_fairing(self, leg: Leg, plant: Plant, state: State) -> None:
        """The fairing, in two halves."""
        fairing = self.spec.vehicle.fairing
        assert fairing is not None, "a fairing that is not there got through the checks"
        assert fairing.jettison is not None, "a fairing that stays got through the checks"
        alone = [0.0] * len(leg.attached)
        alone[-2] = 1.0
        how = fairing.jettison
        halves = split_shell(piece_of(plant, state, alone, 0.5), how.speed.si, how.rate.si)
        watch.note(self.flight.watch, state, float(watch.EVENT_FAIRING), self._now(), 0.0)
        for side, half in zip(SIDES, halves, strict=True):
            rows = self._fallen(half, alone, float(how.drag_share.si))
            self.dropped.append(Flown(f"{FAIRING}_{side}", rows, self._fall_end))
        self.before.append(self._rows())

    def _now(self) -> float:
        return float(self.flight.clock[loop.TICK]) * self.numbers.tick_s

    def _rows(self) -> Floats:
        return self.flight.rows[: int(self.flight.clock[loop.ROWS])].copy()

    def _fallen(self, piece: Piece, attached: Sequence[float], share: float) -> Floats:
        """Telemetry of a piece from now to the ground; leaves how it ended."""
        vehicle, around = self.spec.vehicle, self.numbers.plant.around
        aero = vehicle_aero(
            vehicle, attached, powered=False, base_dir=self.mission.folders["vehicle"]
        )
        aero = aero._replace(reference_area_m2=aero.reference_area_m2 * share)
        found, count, end = fall_of(piece, Surroundings(around.earth, around.wind, aero),
                                    _ends(outline(vehicle, attached)), self._now())  # fmt: skip
        self._fall_end = end
        return fall_rows(found[:count], self.layout, piece)

    def _steer_on(self, leg: Leg, kept: Piece) -> None:
        """Numbers and flight of the next leg, in which only the body is new."""
        planned, numbers, flight = self.planned, self.numbers, self.flight
        plant = leg_plant(self.mission, self.spec, planned, self.leg)
        plan = planned.plans[self.leg]
        new_body = leg.dropped != FAIRING
        imu = numbers.sensors.imu._replace(station_m=plant.imu_x_m)
        self.numbers = numbers._replace(
            plant=plant, plan=plan, watch=watch.UNLOADED, sensors=numbers.sensors._replace(imu=imu)
        )
        state = new_state(plant)
        state.words[:] = flight.state.words
        state.words[STATUS] = FLYING
        if new_body:
            state.words[GAS_KG] = plant.thrusters.gas_kg
        state.rigid[:] = kept.rigid
        state.rigid[13:19] = flight.state.rigid[13:19]
        state.engine[:] = flight.state.engine
        state.tank_kg[:] = kept.tank_kg
        state.attached[:] = kept.attached
        state.aux[:] = flight.state.aux
        flight.clock[loop.ENDED] = loop.GOING
        flight.clock[loop.ROWS] = 0.0
        flight.clock[loop.NEXT_ROW] = 0.0
        flight.clock[loop.RATE_BEFORE_RADPS : loop.RATE_BEFORE_RADPS + 3] = kept.rigid[10:13]
        seen = flight.watch
        if new_body:
            seen = watch.new_memory(len(seen.engine_on))
            seen.engine_on[:] = flight.watch.engine_on
            seen.words[watch.PHASE] = flight.watch.words[watch.PHASE]
            seen.words[watch.MACH_SEEN] = 1.0
            for word in range(watch.IDEAL_DV, watch.SPEED_BEFORE):
                seen.words[word] = flight.watch.words[word]
        gained = np.linalg.norm(kept.rigid[3:6]) - np.linalg.norm(flight.state.rigid[3:6])
        seen.words[watch.PARTING_DV] += gained
        seen.words[watch.SPEED_BEFORE : watch.SPEED_BEFORE + 3] = kept.rigid[3:6]
        seen.words[watch.ATTITUDE_BEFORE : watch.ATTITUDE_BEFORE + 4] = kept.rigid[6:10]
        self.flight = flight._replace(
            state=state, memory=gnc_build.next_memory(flight.memory, plan), watch=seen
        )
        loop.settle(plant, state, flight.health)

    def bodies(self) -> list[Flown]:
        """All bodies, the steered one first; call when the flight is over."""
        rows = [*self.before, self._rows()]
        plant, state = self.numbers.plant, self.flight.state
        end = ""
        if self.leg > 0 and self.flight.clock[loop.ENDED] == loop.COMPLETE and self._comes_down():
            rest = piece_of(plant, state, self.planned.legs[self.leg].attached)
            rows.append(self._fallen(rest, rest.attached.tolist(), 1.0))
            end = self._fall_end
        steered = Flown(self.name, joined(rows), end, self.flight, self.numbers,
                        ends_m=(plant.aft_x_m, plant.nose_x_m), steered=True)  # fmt: skip
        return [steered, *self.dropped]

    def _comes_down(self) -> bool:
        """Whether the conic that the steered body is on meets the air."""
        x, earth = self.flight.state.rigid, self.planned.plan.earth
        r, v = (float(x[0]), float(x[1]), float(x[2])), (float(x[3]), float(x[4]), float(x[5]))
        perigee_m = elements(r, v, earth.mu_m3ps2).perigee_radius_m - earth.equatorial_radius_m
        return perigee_m < AIR_M


def joined(parts: Sequence[Floats]) -> Floats:
    """Telemetry of a body one part after the other; of two rows at one time the first is kept."""
    rows = np.concatenate(parts)
    later = np.diff(rows[:, 0], prepend=-math.inf) > 0.0
    return np.compress(later, rows, axis=0)


def _ends(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return (float(points[0][0]), float(points[-1][0]))


def fall_of(
    piece: Piece, around: Surroundings, ends_m: tuple[float, float], now_s: float
) -> tuple[Floats, int, str]:
    """Rows of a fall (FALL_COLUMNS wide), how many there are, and how it ended."""
    found, work = np.zeros((FALL_ROWS, FALL_COLUMNS)), np.zeros((WORK_ROWS, AUX_SIZE))
    count, code = fall(piece.rigid, now_s, now_s + FALL_MOST_S, piece.loads, around, ends_m, 0.0,
                       work, found)  # fmt: skip
    end = {GROUNDED: "impacted", NOT_A_NUMBER: "numerical"}.get(int(code), "flying")
    return found, int(count), end


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
