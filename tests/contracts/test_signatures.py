"""One compiled loop for every mission: a new type of argument would compile it all again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from flight_case import ended, journey_of, leaves, parts, ready, small_rocket
from many_case import Together, alone

from downrange.dynamics.kernel.fall import fall
from downrange.flight.draw import EVERYDAY
from downrange.flight.fly import Prepared, compile_loop, prepare
from downrange.flight.kernel import by_tick, loop, many
from downrange.flight.kernel.writes import write
from downrange.flight.simulator import Simulator

FAULTS = ("stage1.engine.2: shutdown at 9 s", "imu: fail at 10 s", "gnss: fail at 5 s",
          "stage1.engine.3: stuck gimbal at 7 s to 2 deg")  # fmt: skip
SHORT = (("longest", "13 s"),)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Eight engines and five tanks; no receiver, gusts and no turbulence, no limit of loads."""
    mission = small_rocket(tmp_path_factory.mktemp("other"))
    spec = mission.spec
    vehicle = spec.vehicle
    structure = vehicle.structure.model_copy(update={"bending_moment_limit": None})
    bare = vehicle.model_copy(update={"gnss": None, "taps": None, "structure": structure})
    calm = spec.wind.model_copy(update={"turbulence": None})
    spec = spec.model_copy(update={"vehicle": bare, "wind": calm, "fault": (), "end": None})
    return prepare(dataclasses.replace(mission, spec=spec))


def test_another_vehicle_flies(other: Prepared) -> None:
    numbers, flight = ended(other)
    assert numbers.plant.engines.n == 9
    assert len(numbers.plant.tanks.load_kg) == 5
    assert flight.clock[loop.ENDED] == loop.PARTED
    assert flight.state.tank_kg[:2].sum() < 0.5 * numbers.plant.tanks.load_kg[:2].sum()


def test_another_vehicle_flies_all_its_legs(other: Prepared) -> None:
    """Without an end laid down it is over so long after the last phase, or at the longest."""
    journey = journey_of(other)
    journey.fly()
    assert journey.leg == len(other.planned.legs) - 1 == 2
    assert journey.flight.clock[loop.ENDED] in (loop.COMPLETE, loop.OUT_OF_TIME)
    dropped = {each.name: each.end for each in journey.dropped}
    assert dropped == dict.fromkeys(("stage1", "fairing_left", "fairing_right"), "impacted")


def test_one_signature_flies_them_all(other: Prepared) -> None:
    ended(other)
    ended(ready(True, SHORT))
    ended(ready(False, SHORT))
    ended(ready(True, SHORT, FAULTS), disperse=EVERYDAY)
    ended(ready(True, (("longest", "13 s"), ("tick", "10 ms"), ("control.latency_ticks", "0"))))
    for prepared in (other, ready(planned=True)):
        journey_of(prepared).fly()
    assert len(loop.fly.signatures) == 1
    assert len(many.part_flights.signatures) == 1
    assert len(fall.signatures) == 1


def test_one_signature_flies_many(other: Prepared) -> None:
    """With draws and without, alone and together, and of another vehicle."""
    for prepared in (other, ready(planned=True), ready(planned=False)):
        Together(prepared).fly(0, 1)
        alone(prepared, 0)
    Together(ready(planned=True), ("engines", "wind")).fly(0, 1)
    compile_loop(other)
    for kernel in (many.fly_flights, many.part_flights, many.fall_flights, write):
        assert len(kernel.signatures) == 1, kernel
    assert len(loop.fly.signatures) == len(fall.signatures) == 1


def test_one_signature_steps_them_all(other: Prepared) -> None:
    for prepared in (other, ready(False, SHORT), ready(True, SHORT, FAULTS)):
        sim = Simulator(prepared.mission)
        for _ in range(3):
            sim.step(throttle=1.0)
    assert len(by_tick.fly_by_tick.signatures) == 1


def kinds(prepared: Prepared) -> dict[str, str]:
    """Type, kind and layout of every parameter."""
    out = {}
    for path, leaf in leaves(parts(prepared)):
        if isinstance(leaf, np.ndarray):
            assert leaf.flags.c_contiguous, path
            out[path] = f"{leaf.dtype}[{leaf.ndim}]"
        else:
            out[path] = type(leaf).__name__
    return out


def test_missions_differ_in_numbers_and_not_in_types(other: Prepared) -> None:
    here, there = kinds(ready(True, (), FAULTS)), kinds(other)
    assert here == there
    assert set(here.values()) <= {
        "float", "int", "float64[1]", "float64[2]", "float64[3]", "int64[1]", "uint64[2]",
    }  # fmt: skip


def test_it_would_be_seen_if_they_did(other: Prepared) -> None:
    numbers, _ = parts(other)
    assert isinstance(numbers.tick_s, float)
    spoilt = numbers._replace(tick_s=1)
    assert [path for path, leaf in leaves(spoilt) if type(leaf) is int and path == "tick_s"]


def test_the_other_vehicle_is_another(tmp_path: Path) -> None:
    spec = small_rocket(tmp_path).spec
    assert [stage.engine.count for stage in spec.vehicle.stage] == [8, 1]
    assert [tank.name for tank in spec.vehicle.stage[0].tank] == ["fuel", "lox", "header"]
