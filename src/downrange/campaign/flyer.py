"""Who flies the flights of a campaign: some at a time, in compiled calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange._random import seed_streams, seed_words, stream_keys
from downrange.campaign.columns import Columns, body_names, stage_names
from downrange.campaign.flyer_types import Chunk, Ready
from downrange.campaign.samples import CHANNELS, Sampler
from downrange.flight import results
from downrange.flight.assemble import SENSOR_STREAM
from downrange.flight.dispersed import Dispersed
from downrange.flight.ends import names_of, teller_of
from downrange.flight.fly import RECORD_HZ, compile_loop, prepare
from downrange.flight.kernel import loop
from downrange.flight.kernel.many import fly_flights
from downrange.flight.lines import Line
from downrange.flight.load import Mission
from downrange.flight.many import Many
from downrange.flight.record import plan_record
from downrange.flight.sobol import Sobol
from downrange.flight.stack import one_of
from downrange.flight.warm import Helper
from downrange.flight.writes import finite
from downrange.sensors.build import build_imu

Floats = NDArray[np.float64]

CHUNK = 16  # flights in one call: some seconds of flights to orbit


@dataclass(frozen=True, eq=False)
class MakeFlyer:
    """Makes the flyers of a campaign, in this process or another.

    Attributes:
        dispersed: the mission with what is drawn of it.
        seed: of noise, gusts and draws.
        points: draws that are not plain; None where they are.
    """

    dispersed: Dispersed
    seed: int
    points: Sobol | None = None

    def __call__(self) -> MissionFlyer:
        """A flyer; it compiles, or reads from the cache, what it needs."""
        flyer = MissionFlyer(self.dispersed, self.seed, self.points)
        with Helper(fly_flights) as helper:
            compile_loop(self.dispersed.ready, helper)
            flyer.compile()
        return flyer


class MissionFlyer:
    """Flies flights of a mission by number. One for each worker, never shared.

    Attributes: see `flyer_types.Flyer`.
    """

    chunk_flights = CHUNK

    def __init__(self, dispersed: Dispersed, seed: int, points: Sobol | None) -> None:
        self._dispersed, self._seed, self._points = dispersed, seed, points
        legs, writes = dispersed.legs(RECORD_HZ)
        ready = dispersed.ready
        teller = teller_of(ready, dispersed.nominal())
        self._exact = writes is None
        self._many = Many(legs, writes, 1 if self._exact else CHUNK, teller)
        units = {line.path: unit_of(line) for line in dispersed.plan.lines}
        self._columns = Columns(teller, legs, units)
        self._sampler = Sampler(self._many, names_of(ready))
        self._words, self._keys = seed_words(seed), stream_keys(loop.STREAMS)
        self._imu_key = stream_keys([SENSOR_STREAM])
        self._stopped = False
        self.columns = self._columns.units
        self.channels = tuple((name, channel) for name in stage_names(legs) for channel in CHANNELS)
        self.times_s = self._many.times_s

    def compile(self) -> None:
        """Have all that flies compiled."""
        self._many.compile()
        self._sampler.of(0)

    def stop(self) -> None:
        """From another thread: return at the end of the flight that is being flown."""
        self._stopped = True
        self._many.stop[0] = 1.0

    def fly(self, first: int, count: int) -> Chunk:
        """Fly flights first .. first + count - 1; fewer if stopped."""
        done: list[Chunk] = []
        room = 1 if self._exact else CHUNK
        for start in range(first, first + count, room):
            chunk = self._some(start, min(room, first + count - start))
            if self._stopped:
                break
            done.append(chunk)
        return _together(first, done, self._columns, self._sampler)

    def _some(self, first: int, count: int) -> Chunk:
        began_s = time.perf_counter()
        plan = self._dispersed.plan
        drawn = (
            self._points.sample(first, count)
            if self._points
            else plan.sample(self._seed, first, count)
        )
        values, known = finite(drawn), np.where(np.isinf(drawn), np.nan, drawn)
        random = np.zeros((count, len(loop.STREAMS), 4), dtype=np.uint64)
        errors = []
        for k in range(count):
            seed_streams(self._words, first + k, self._keys, random[k])
            errors.append(self._imu_errors(first + k, values[k]))
        if self._exact:
            self._many.use(self._dispersed.flight_legs(values[0], RECORD_HZ))
            self._many.fly(random, np.array(errors), np.zeros((count, 0)))
        else:
            self._many.fly(random, np.array(errors), values)
        rows = self._columns.new(count)
        samples = self._sampler.of(count)
        if not self._stopped:
            for k in range(count):
                flights = self._many
                self._columns.fill(rows, k, first + k, flights.told(k),
                                   one_of(flights.flights.verdict, k),
                                   one_of(flights.seen[0], k), known[k].tolist())  # fmt: skip
        each_s = (time.perf_counter() - began_s) / count
        return Chunk(first, rows, samples, np.full(count, each_s))

    def _imu_errors(self, flight: int, values: Floats) -> Floats:
        """Errors of the inertial unit on one flight."""
        state = np.zeros((1, 4), dtype=np.uint64)
        seed_streams(self._words, flight, self._imu_key, state)
        spec = self._dispersed.spec(values) if self._exact else self._dispersed.ready.mission.spec
        return build_imu(spec.vehicle.imu, state, 0).errors


def _together(first: int, done: Sequence[Chunk], columns: Columns, sampler: Sampler) -> Chunk:
    """Chunks that follow each other as one."""
    if len(done) == 1:
        return done[0]
    if not done:
        return Chunk(first, columns.new(0), sampler.of(0), np.zeros(0))
    rows = {name: np.concatenate([each.columns[name] for each in done]) for name in done[0].columns}
    return Chunk(first, rows, np.concatenate([each.samples for each in done]),
                 np.concatenate([each.fly_s for each in done]))  # fmt: skip


def ready_campaign(
    mission: Mission,
    *,
    seed: int,
    groups: Sequence[str],
    sampler: str,
    scrambles: int,
    flights: int | None,
) -> Ready:
    """A mission planned once, ready to be flown any number of times."""
    prepared = prepare(mission)
    dispersed = prepared.dispersed(tuple(groups))
    points = None
    if sampler == "sobol":
        assert flights is not None, "a sobol campaign without a number got through the checks"
        points = Sobol(dispersed.plan, seed, scrambles, flights)
    legs, _ = dispersed.legs(RECORD_HZ)
    return Ready(
        make=MakeFlyer(dispersed, seed, points),
        mission=mission.to_toml(),
        plan=plan_record(prepared),
        draws=tuple(_told(line) for line in dispersed.plan.lines),
        bodies=body_names(legs),
        objectives=tuple(each.name for each in mission.spec.objective),
        target=results.target_of(mission.spec),
    )


def unit_of(line: Line) -> str:
    """SI unit of a drawn value, "" where it has none."""
    if line.kind == "exponential":
        return "s"
    return line.value.unit if line.value is not None else ""


def _told(line: Line) -> dict[str, Any]:
    """A line of the plan of draws, for `campaign.json`."""
    return vars(line) | {"value": line.value.model_dump() if line.value is not None else None}
