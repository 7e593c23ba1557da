"""What is kept of a vehicle's shape is never that of another vehicle."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flight_case import as_bytes, ready
from hypothesis import given, settings
from hypothesis import strategies as st

from downrange._spec import walk_values
from downrange.flight.draw import apply
from downrange.vehicle import shapes as module
from downrange.vehicle.build import build_bending, vehicle_aero
from downrange.vehicle.shapes import Shapes
from downrange.vehicle.spec import VehicleSpec

NOWHERE = Path()
IMU_M = 20.0


@cache
def places() -> dict[str, float]:
    """Every value of the vehicle that is not zero, by path."""
    spec = ready(True).mission.spec
    return {
        path: value.si for path, value in walk_values(spec)
        if path.startswith("vehicle.") and value.si != 0.0
    }  # fmt: skip


@cache
def kept() -> Shapes:
    return Shapes()


def moved(changes: dict[str, float]) -> VehicleSpec:
    return apply(ready(True).mission.spec, changes).vehicle


def shape(shapes: Shapes, vehicle: VehicleSpec, leg: int) -> dict[str, bytes]:
    attached = ready(True).planned.legs[leg].attached
    bending = shapes.bending(vehicle, attached, IMU_M)
    aero = shapes.aero(vehicle, attached, powered=True, base_dir=NOWHERE)
    return as_bytes((bending, aero))


def fresh(vehicle: VehicleSpec, leg: int) -> dict[str, bytes]:
    attached = ready(True).planned.legs[leg].attached
    bending = build_bending(vehicle, attached, imu_station_m=IMU_M)
    return as_bytes((bending, vehicle_aero(vehicle, attached, powered=True, base_dir=NOWHERE)))


def test_there_are_many_values() -> None:
    assert len(places()) > 80


@pytest.mark.parametrize("leg", [0, 2])
def test_no_value_is_overlooked(leg: int) -> None:
    """Each by itself, a thousandth larger: wherever a new shape differs, the kept one is new."""
    plain = fresh(moved({}), leg)
    depends = set()
    for path, si in places().items():
        vehicle = moved({path: 1.001 * si})
        found = shape(kept(), vehicle, leg)
        if found == plain:  # it is said not to matter, so it must not
            assert fresh(vehicle, leg) == plain, path
        else:
            depends.add(path)
    assert {
        "vehicle.stage2.stiffness",
        "vehicle.stage2.dry_mass",
        "vehicle.aero.roughness",
        "vehicle.structure.damping_ratio",
        "vehicle.stage2.tank.lox.load",
    } <= depends
    assert not any(".thrust_vac" in path or "imu" in path for path in depends)


@settings(max_examples=15)
@given(data=st.data())
def test_whatever_was_asked_before_the_answer_is_that_of_a_new_build(data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from(sorted(places())), min_size=1, max_size=3,
                               unique=True))  # fmt: skip
    factor = data.draw(st.sampled_from([0.999, 1.0005, 1.001]))
    leg = data.draw(st.sampled_from([0, 1, 2]))
    vehicle = moved({path: factor * places()[path] for path in paths})
    assert shape(kept(), vehicle, leg) == fresh(vehicle, leg)


def test_what_is_alike_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    build = module.build_bending
    monkeypatch.setattr(module, "build_bending", lambda *a, **k: calls.append(a) or build(*a, **k))
    shapes, attached = Shapes(), ready(True).planned.legs[2].attached
    first = shapes.bending(moved({}), attached, IMU_M)
    again = moved({"vehicle.stage2.engine.thrust_vac": 1e5})
    assert shapes.bending(again, attached, IMU_M) is first
    assert shapes.bending(moved({}), attached, IMU_M + 1.0) is not first
    assert len(calls) == 2


def test_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three: one that was just asked for stays, and what went is made again, alike."""
    monkeypatch.setattr(module, "MOST", 3)
    shapes, attached = Shapes(), ready(True).planned.legs[2].attached
    vehicles = [moved({"vehicle.aero.roughness": 1e-5 * k}) for k in (1.0, 2.0, 3.0, 4.0)]

    def ask(k: int) -> Any:
        return shapes.aero(vehicles[k], attached, powered=False, base_dir=NOWHERE)

    kept_ = [ask(k) for k in range(3)]
    assert ask(0) is kept_[0]
    ask(3)
    assert len(shapes._kept) == 3
    assert ask(0) is kept_[0]
    assert ask(2) is kept_[2]
    made_again = ask(1)
    assert made_again is not kept_[1]
    assert np.array_equal(made_again.table, kept_[1].table)
