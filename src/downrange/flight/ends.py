"""What came of each body, told from what the loop has left of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.coast import Chart, site_chart, surface
from downrange.faults.kernel import Faults
from downrange.flight import results
from downrange.flight.assemble import Planned, engine_names, site_of, tank_names
from downrange.flight.channels import Names, distance_m
from downrange.flight.events import Context, events_of
from downrange.flight.kernel import loop, watch
from downrange.flight.spec import MissionSpec
from downrange.gnc.kernel.data import STEER_PITCH_OVER, STEERING
from downrange.safety.kernel.rules import SafetyMemory
from downrange.telemetry import Event

if TYPE_CHECKING:
    from downrange.flight.fly import Prepared

Floats = NDArray[np.float64]


class Last(NamedTuple):
    """A body at its end.

    Attributes:
        clock_s: mission clock.
        rigid: (13,) and more, inertial state.
        tank_kg: (tanks,) what its tanks hold.
        mach: against the air.
        dynamic_pressure_pa: against the air.
    """

    clock_s: float
    rigid: Floats
    tank_kg: Floats
    mach: float
    dynamic_pressure_pa: float


@dataclass(frozen=True, eq=False)
class Teller:
    """What is the same for all flights of a mission.

    Attributes:
        spec: the mission's, without any draw.
        planned: its plan.
        names: what the flight calls its parts, and where it started.
        context: of events, but for what a flight makes of it.
        tanks: indices of each stage's own tanks, by its name.
        shore: the site's own drawing of it.
    """

    spec: MissionSpec
    planned: Planned
    names: Names
    context: Context
    tanks: Mapping[str, tuple[int, ...]]
    shore: Chart | None

    def steered(
        self, name: str, clock: Floats, verdict: SafetyMemory, seen: watch.WatchMemory, last: Last,
        faults: Faults | None, fell: str = "", flies_on: bool = True,
    ) -> results.Ended:  # fmt: skip
        """A body that was steered: to the end (`flies_on`), or until it was dropped.

        `fell` is how it ended where it then fell, `faults` those of the body that stood first.
        """
        below, away_m, end = self._end(name, clock, last, flies_on)
        t0_s = self.t0_s(clock)
        outcome = fell or results.body_outcome(clock, verdict, seen)
        context = replace(self.context, body=name, t0_s=t0_s, cut_s=float(clock[loop.CUT_S]),
                          surface=below)  # fmt: skip
        events = events_of(seen, faults, last.clock_s, context)
        if fell == "impacted":
            events.append(self._impact(name, end, below, last))
        burnt = None
        if math.isfinite(seen.last[watch.LAST_S]):
            rigid = seen.last[watch.LAST_RIGID : watch.LAST_RIGID + 13]
            held = seen.last[watch.LAST_TANKS_KG :]
            burnt = self._moment(name, float(seen.last[watch.LAST_S]), t0_s, rigid, held, flies_on)
        ended = results.Ended(name, events, outcome, below, away_m, flies_on, t0_s, end, burnt)
        return results.in_orbit(ended, self.planned.plan.earth, self.spec)

    def fallen(self, name: str, clock: Floats, last: Last, fell: str) -> results.Ended:
        """A body that nobody ever steered."""
        below, away_m, end = self._end(name, clock, last, False)
        events: list[Event] = []
        if fell == "impacted":
            events.append(self._impact(name, end, below, last))
        return results.Ended(name, events, fell, below, away_m, False, self.t0_s(clock), end, None)

    def t0_s(self, clock: Floats) -> float:
        """Mission clock of first motion; of a flight that never left, of its end."""
        t0_s = float(clock[loop.T0_S])
        tick_s = float(self.spec.tick.si)
        return t0_s if math.isfinite(t0_s) else float(clock[loop.TICK]) * tick_s

    def _impact(self, name: str, end: results.Moment, below: str, last: Last) -> Event:
        return results.impact_event(name, end, below, last.mach, last.dynamic_pressure_pa)

    def _end(
        self, name: str, clock: Floats, last: Last, steered: bool
    ) -> tuple[str, float, results.Moment]:
        """What lies below a body's end, how far that is from the pad, and the end itself."""
        end = self._moment(name, last.clock_s, self.t0_s(clock), last.rigid, last.tank_kg, steered)
        below = surface(end.latitude_deg, end.longitude_deg, self.shore)
        return below, distance_m(end.latitude_deg, end.longitude_deg, self.names), end

    def _moment(
        self, name: str, clock_s: float, t0_s: float, rigid: Floats, tank_kg: Floats, steered: bool
    ) -> results.Moment:
        held = tank_kg.tolist()
        aboard_kg = math.fsum(held)
        own_kg = aboard_kg if steered else math.fsum(held[k] for k in self.tanks.get(name, ()))
        return results.moment_of(clock_s, t0_s, rigid, own_kg, aboard_kg,
                                 self.planned.plan.earth)  # fmt: skip


def teller_of(ready: Prepared, drawn: MissionSpec) -> Teller:
    """What tells of the flights of a planned mission, whose faults are those of `drawn`."""
    spec, planned = ready.mission.spec, ready.planned
    vehicle = spec.vehicle
    steering = planned.plan.phases.table[:, STEERING]
    tanks = tank_names(vehicle)
    own = {
        stage.name: tuple(k for k, tank in enumerate(tanks) if tank.startswith(f"{stage.name}."))
        for stage in vehicle.stage
    }
    context = Context(
        body="", t0_s=0.0, cut_s=math.inf, surface="",
        engines=engine_names(vehicle),
        stages=tuple(own),
        pitch_over_phases=frozenset(np.flatnonzero(steering == STEER_PITCH_OVER).tolist()),
        passive_phases=frozenset(k for k, phase in enumerate(spec.phase) if phase.passivate),
        throttles=tuple(
            math.nan if phase.engines == "none" else phase.throttle.si for phase in spec.phase
        ),
        fault_texts=tuple(fault_lines(drawn, len(spec.fault))),
    )  # fmt: skip
    return Teller(spec, planned, names_of(ready), context, own, site_chart(spec.site))


def names_of(ready: Prepared) -> Names:
    """What the flights of a mission call their parts, and where they start."""
    spec = ready.mission.spec
    pad, structure = site_of(spec), spec.vehicle.structure
    moment, q_alpha = structure.bending_moment_limit, structure.q_alpha_limit
    return Names(
        engines=engine_names(spec.vehicle),
        tanks=tank_names(spec.vehicle),
        pad_latitude_rad=pad.latitude_rad,
        pad_longitude_rad=pad.longitude_rad,
        azimuth_rad=ready.planned.ascent.azimuth_rad,
        rotation_radps=ready.planned.plan.earth.rotation_radps,
        earth_radius_m=ready.planned.plan.earth.equatorial_radius_m,
        bending_moment_limit_nm=math.inf if moment is None else float(moment.si),
        q_alpha_limit_parad=math.inf if q_alpha is None else float(q_alpha.si),
    )


def fault_lines(drawn: MissionSpec, stated: int) -> list[str]:
    """A line for each row of the fault schedule: a group of engines has a row for each.

    Only of the faults that the mission states, which come first: a drawn failure shows as an
    engine that fails, if it still burns.
    """
    counts = {stage.name: stage.engine.count for stage in drawn.vehicle.stage}
    lines: list[str] = []
    for fault in drawn.fault[:stated]:
        stage, _, rest = fault.target.removeprefix("vehicle.").partition(".")
        lines += [str(fault)] * (counts.get(stage, 1) if rest == "engine" else 1)
    return lines
