"""All legs of a mission as numbers: who flies in each, and what falls away before it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.rigid import Surroundings
from downrange.flight.assemble import Planned, leg_plant, numbers_of
from downrange.flight.kernel import loop, watch
from downrange.flight.kernel.parting import HOW_SIZE
from downrange.flight.kernel.writes import Tables
from downrange.flight.legs import FAIRING, Leg
from downrange.flight.load import Mission
from downrange.flight.spec import MissionSpec
from downrange.vehicle.build import outline
from downrange.vehicle.shapes import Shapes

Floats = NDArray[np.float64]

SIDES = ("left", "right")


class Falling(NamedTuple):
    """Parts that nobody steers.

    Attributes:
        names: of the bodies, as the summary calls them.
        attached: (parts,) 1 for what each is made of.
        around: Earth, wind and their own aerodynamics.
        ends_m: stations of their two ends.
    """

    names: tuple[str, ...]
    attached: Floats
    around: Surroundings
    ends_m: tuple[float, float]


class Built(NamedTuple):
    """One leg as numbers.

    Attributes:
        name: of the body that is steered.
        leg: what it is.
        numbers: of its loop.
        how: (HOW_SIZE,) words of `kernel.parting`; zeros for the first leg.
        dropped: what falls away as it begins; of the first leg, nothing by the name of "".
        rest: the body itself, once nobody steers it.
    """

    name: str
    leg: Leg
    numbers: loop.Numbers
    how: Floats
    dropped: Falling
    rest: Falling


def build_legs(
    mission: Mission, spec: MissionSpec, planned: Planned, record_hz: float
) -> tuple[Built, ...]:
    """Return the legs of a mission, `spec` being its own with what a flight's draw moves."""
    first = numbers_of(mission, spec, planned, record_hz)
    return tuple(_built(mission, spec, planned, first, k) for k in range(len(planned.legs)))


def _built(
    mission: Mission, spec: MissionSpec, planned: Planned, first: loop.Numbers, k: int
) -> Built:
    leg, stages = planned.legs[k], spec.vehicle.stage
    numbers = first
    if k > 0:
        plant = leg_plant(mission, spec, planned, k)
        plant = plant._replace(around=plant.around._replace(wind=first.plant.around.wind))
        imu = first.sensors.imu._replace(station_m=plant.imu_x_m)
        numbers = first._replace(plant=plant, plan=planned.plans[k], watch=watch.UNLOADED,
                                 sensors=first.sensors._replace(imu=imu))  # fmt: skip
    name = stages[leg.stage].name
    around = numbers.plant.around
    shapes = planned.shapes
    rest = falling(mission, spec, shapes, around, (name,), leg.attached, 1.0)
    return Built(
        name, leg, numbers, _how(spec, leg), _dropped(mission, spec, shapes, around, leg), rest
    )


def _how(spec: MissionSpec, leg: Leg) -> Floats:
    """What pushes the parts from each other as a leg begins."""
    how = np.zeros(HOW_SIZE)
    if leg.dropped == FAIRING:
        fairing = spec.vehicle.fairing
        assert fairing is not None, "a fairing that is not there got through the checks"
        assert fairing.jettison is not None, "a fairing that stays got through the checks"
        how[:] = -1.0, fairing.jettison.speed.si, fairing.jettison.rate.si
    elif leg.dropped:
        separation = spec.vehicle.stage[leg.stage - 1].separation
        assert separation is not None, "a stage without separation got through the checks"
        how[:] = leg.stage - 1, separation.impulse.si, separation.offset.si
    return how


def _dropped(
    mission: Mission, spec: MissionSpec, shapes: Shapes, around: Surroundings, leg: Leg
) -> Falling:
    """What falls away as a leg begins."""
    alone = [0.0] * len(leg.attached)
    if leg.dropped == FAIRING:
        fairing = spec.vehicle.fairing
        assert fairing is not None, "a fairing that is not there got through the checks"
        assert fairing.jettison is not None, "a fairing that stays got through the checks"
        alone[-2] = 1.0
        names = tuple(f"{FAIRING}_{side}" for side in SIDES)
        share = float(fairing.jettison.drag_share.si)
        return falling(mission, spec, shapes, around, names, alone, share)
    if leg.dropped:
        alone[leg.stage - 1] = 1.0
        return falling(mission, spec, shapes, around, (leg.dropped,), alone, 1.0)
    return Falling((), np.array(alone), around, (0.0, 0.0))


def falling(
    mission: Mission,
    spec: MissionSpec,
    shapes: Shapes,
    around: Surroundings,
    names: tuple[str, ...],
    attached: tuple[float, ...] | list[float],
    share: float,
) -> Falling:
    """Parts that fall, with `share` of the drag of what they are made of."""
    vehicle, folder = spec.vehicle, mission.folders["vehicle"]
    aero = shapes.aero(vehicle, attached, powered=False, base_dir=folder)
    aero = aero._replace(reference_area_m2=aero.reference_area_m2 * share)
    points = outline(vehicle, attached)
    ends = (float(points[0][0]), float(points[-1][0]))
    return Falling(names, np.array(attached, dtype=np.float64), around._replace(aero=aero), ends)


def tables_of(leg: Built) -> Tables:
    """Flat views on what a draw may move in a leg; the rest of its numbers no draw may touch."""
    n = leg.numbers
    return (
        n.plant.engines.table.reshape(-1), n.plant.tanks.table.reshape(-1),
        n.plant.masses.items.reshape(-1), n.plant.masses.tanks.reshape(-1),
        n.plant.bending.fraction, n.plant.bending.table.reshape(-1),
        n.plant.around.aero.table.reshape(-1), n.plant.around.wind.profile.reshape(-1),
        n.faults.table.reshape(-1), leg.how, leg.dropped.around.aero.table.reshape(-1),
        leg.rest.around.aero.table.reshape(-1),
    )  # fmt: skip


def own_copies(legs: Sequence[Built]) -> list[Built]:
    """The same legs in arrays of their own; what legs share, their copies share."""
    return copy.deepcopy(list(legs))
