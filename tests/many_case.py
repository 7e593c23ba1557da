"""Flights flown together and one by one, for the tests that compare the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from flight_case import as_bytes
from numpy.typing import NDArray

from downrange._random import streams
from downrange.flight import record, results
from downrange.flight.assemble import imu_errors
from downrange.flight.bodies import Journey
from downrange.flight.build import build_legs, own_copies
from downrange.flight.dispersed import fly_drawn
from downrange.flight.ends import Teller, teller_of
from downrange.flight.fly import Prepared
from downrange.flight.kernel import loop
from downrange.flight.many import Many
from downrange.flight.stack import one_of
from downrange.flight.writes import finite
from downrange.telemetry import Event

RECORD_HZ = 20.0
ROOM = 4
Bits = dict[str, bytes]


def with_value(ready: Prepared, path: Sequence[str | int], **changed: Any) -> Prepared:
    """A planned mission whose value at a place says something else of how it is drawn."""

    def moved(node: Any, way: Sequence[str | int]) -> Any:
        if not way:
            return node.model_copy(update=changed)
        key, rest = way[0], way[1:]
        if isinstance(key, int):
            return (*node[:key], moved(node[key], rest), *node[key + 1 :])
        return node.model_copy(update={key: moved(getattr(node, key), rest)})

    spec = moved(ready.mission.spec, path)
    return Prepared(replace(ready.mission, spec=spec), ready.planned)


class Side(NamedTuple):
    """What came of a flight: the loop's own memory, and what is told of every body."""

    flight: Bits
    told: dict[str, Bits]


class Together:
    """Room for some flights of a mission."""

    def __init__(self, ready: Prepared, groups: Sequence[str] = (), seed: int = 1) -> None:
        self.ready, self.groups, self.seed = ready, tuple(groups), seed
        if groups:
            dispersed = ready.dispersed(self.groups)
            legs, writes = dispersed.legs(RECORD_HZ)
            assert writes is not None, dispersed.why
            teller = teller_of(ready, dispersed.nominal())
        else:
            spec, writes = ready.mission.spec, None
            legs = own_copies(build_legs(ready.mission, spec, ready.planned, RECORD_HZ))
            teller = teller_of(ready, spec)
        self.many = Many(legs, writes, ROOM, teller)

    def fly(self, *flights: int, spoilt: Sequence[int] = ()) -> None:
        """Fly these flights of the seed, in this order; of those spoilt, a sensor says nan."""
        random, errors, drawn = self._given(flights)
        errors[[flight in spoilt for flight in flights]] = np.nan
        self.many.fly(random, errors, drawn)

    def _given(self, flights: Sequence[int]) -> tuple[Any, ...]:
        random = np.stack([streams(self.seed, k, loop.STREAMS) for k in flights])
        spec = self.ready.mission.spec
        errors = np.stack([imu_errors(spec, self.seed, k) for k in flights])
        drawn: NDArray[np.float64] = np.zeros((len(flights), 0))
        if self.groups:
            plan = self.ready.dispersed(self.groups).plan
            drawn = np.concatenate([finite(plan.sample(self.seed, k)) for k in flights])
        return random, errors, drawn

    def side(self, k: int) -> Side:
        """The k-th of the flights that were flown last."""
        return Side(flight_bits(one_of(self.many.flights, k)._replace(
            watch=one_of(self.many.seen[int(self.many.ended_on[k])], k),
        )), told_bits(self.many.told(k)))  # fmt: skip


def alone(
    ready: Prepared, flight: int, groups: Sequence[str] = (), seed: int = 1, spoilt: bool = False
) -> Side:
    """The same flight by itself, with its full recording."""
    journey, _ = fly_drawn(ready, groups, seed, flight, RECORD_HZ)
    if spoilt:
        journey.numbers.sensors.imu.errors[:] = np.nan
    journey.fly()
    return Side(flight_bits(journey.flight), told_bits(told_of(ready, journey)))


def told_of(ready: Prepared, journey: Journey) -> list[results.Ended]:
    """What is told of every body of a flight that was flown by itself."""
    teller: Teller = teller_of(ready, journey.spec)
    stages = [stage.name for stage in ready.mission.spec.vehicle.stage]
    return [
        record._ended(teller, journey, flown) for flown in record.in_order(journey.bodies(), stages)
    ]


def flight_bits(flight: loop.Flight) -> Bits:
    """Everything that the loop remembers in the end but for its rows, and when they are due."""
    clock = flight.clock.copy()
    clock[[loop.ROWS, loop.NEXT_ROW]] = 0.0
    # What a tick works out anew is no memory; filters have a leg's own size.
    state = flight.state._replace(scratch=())
    memory = flight.memory._replace(filters=(), delay=())
    return as_bytes(flight._replace(clock=clock, rows=(), state=state, memory=memory))


def told_bits(bodies: Sequence[results.Ended]) -> dict[str, Bits]:
    """What is told of bodies, by name and then by what is told."""
    return {each.name: dict(_bits(each)) for each in bodies}


def _bits(ended: results.Ended) -> Iterator[tuple[str, bytes]]:
    for name, given in ended._asdict().items():
        if isinstance(given, results.Moment):
            moment = given._replace(rigid=given.rigid[:13])
            yield from ((f"{name}.{key}", part) for key, part in as_bytes(moment).items())
        elif name == "events":
            yield name, repr([_kept(event) for event in given]).encode()
        else:
            yield name, repr(given).encode()


def _kept(event: Event) -> dict[str, Any]:
    """An event; a fault's words are those of the mission, whatever was drawn for it."""
    return vars(event) | ({"detail": ""} if event.name == "fault" else {})


def differences(one: Side, other: Side) -> list[str]:
    """What two sides of a flight differ in."""
    found = [f"flight.{key}" for key in one.flight if one.flight[key] != other.flight[key]]
    found += ["bodies"] if list(one.told) != list(other.told) else []
    for name in one.told.keys() & other.told.keys():
        mine, its = one.told[name], other.told[name]
        found += [f"{name}.{key}" for key in mine | its if mine.get(key) != its.get(key)]
    return found
