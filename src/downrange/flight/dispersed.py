"""Flights of a planned mission with draws, one or many, to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from downrange.flight.bodies import Journey
from downrange.flight.build import Built, build_legs, own_copies
from downrange.flight.draw import DrawPlan, apply, plan_draws
from downrange.flight.kernel.writes import Writes, write
from downrange.flight.spec import MissionSpec
from downrange.flight.writes import Unwritable, bound, derive_writes, finite

if TYPE_CHECKING:
    from downrange.flight.fly import Prepared

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dispersed:
    """A planned mission with what is drawn of it.

    Attributes:
        ready: the mission.
        plan: what is drawn.
        writes: how, for each leg; None where the legs are built anew for each flight.
        why: it is None.
    """

    ready: Prepared
    plan: DrawPlan
    writes: tuple[Writes, ...] | None
    why: str = ""

    def nominal(self) -> MissionSpec:
        """The mission with every drawn value at its nominal, failures that never come included."""
        values = finite(self.plan.nominal)
        late = {name: x for name, x, given in
                zip(self.plan.names, values.tolist(), self.plan.nominal, strict=True)
                if x != given}  # fmt: skip
        return apply(self.ready.mission.spec, late)

    def spec(self, values: Floats) -> MissionSpec:
        """The mission as it is on a flight with these drawn values (n,)."""
        named = dict(zip(self.plan.names, finite(values).tolist(), strict=True))
        return apply(self.ready.mission.spec, named)

    def legs(self, record_hz: float) -> tuple[list[Built], list[Writes] | None]:
        """Legs in arrays of their own, and how a draw is written into them."""
        ready = self.ready
        legs = own_copies(build_legs(ready.mission, self.nominal(), ready.planned, record_hz))
        return legs, bound(self.writes, legs) if self.writes is not None else None

    def flight_legs(self, values: Floats, record_hz: float) -> tuple[Built, ...]:
        """Legs of the flight with these drawn values (n,)."""
        if self.writes is None:
            ready = self.ready
            return build_legs(ready.mission, self.spec(values), ready.planned, record_hz)
        legs, writes = self.legs(record_hz)
        for each in writes or ():
            write(each, finite(values))
        return tuple(legs)


def disperse_mission(ready: Prepared, groups: Sequence[str]) -> Dispersed:
    """A planned mission with what the groups draw of it, see `draw.plan_draws`."""
    plan = plan_draws(ready.mission, groups, ready.planned)
    found = derive_writes(ready.mission, ready.planned, plan)
    if isinstance(found, Unwritable):
        return Dispersed(ready, plan, None, found.why)
    return Dispersed(ready, plan, found)


def fly_drawn(
    ready: Prepared, groups: Sequence[str], seed: int, flight: int, record_hz: float,
    values: Floats | None = None,
) -> tuple[Journey, dict[str, float]]:  # fmt: skip
    """A flight before its first tick, and what was drawn for it (SI) by path.

    `values` (n,) take the place of what `seed` and `flight` draw.
    """
    mission, planned = ready.mission, ready.planned
    if not groups:
        return Journey(mission, mission.spec, planned, seed, flight, record_hz), {}
    dispersed = ready.dispersed(tuple(groups))
    if values is None:
        (values,) = dispersed.plan.sample(seed, flight)
    legs = dispersed.flight_legs(values, record_hz)
    journey = Journey(mission, dispersed.spec(values), planned, seed, flight, record_hz, legs)
    return journey, dict(zip(dispersed.plan.names, values.tolist(), strict=True))
