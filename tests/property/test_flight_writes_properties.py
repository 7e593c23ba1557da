"""What is written into arrays is what a flight built anew has, whatever is drawn."""

from __future__ import annotations

from functools import cache

import numpy as np
from flight_case import as_bytes, ready
from hypothesis import given, settings
from hypothesis import strategies as st
from many_case import RECORD_HZ, with_value

from downrange.flight.build import build_legs, tables_of
from downrange.flight.dispersed import Dispersed
from downrange.flight.draw import EVERYDAY
from downrange.units import Value

# Of the largest in its table: entries by a law of their own to rounding; bending modes, which each
# value moves by a parabola, to a tenth of what the smallest spread of a vehicle moves them by.
EXACT, MODES = 1e-9, 1e-3
FRACTION, BENDING = 4, 5  # places of their tables, see build.tables_of


@cache
def dispersed(planned: bool) -> Dispersed:
    """Every group that changes from flight to flight: what the catalogue leaves out as well."""
    prepared = with_value(ready(planned), ("vehicle", "aero", "axial_force_scale"), spread=0.03)
    prepared = with_value(prepared, ("vehicle", "structure", "stiffness_scale"), spread=0.02)
    engine = prepared.mission.spec.vehicle.stage[0].engine
    rate = Value(si=1e-4, text="1e-4 1/s", unit="1/s")
    own = engine.model_copy(update={"failure_rate": rate})
    first, *rest = prepared.mission.spec.vehicle.stage
    stages = (first.model_copy(update={"engine": own}), *rest)
    return with_value(prepared, ("vehicle",), stage=stages).dispersed(EVERYDAY)


def compare(found: Dispersed, uniforms: np.ndarray) -> None:
    ready_, (values,) = found.ready, found.plan.values_of(uniforms[None])
    wanted = build_legs(ready_.mission, found.spec(values), ready_.planned, RECORD_HZ)
    written = found.flight_legs(values, RECORD_HZ)
    for k, (mine, its) in enumerate(zip(written, wanted, strict=True)):
        for place, (one, other) in enumerate(zip(tables_of(mine), tables_of(its), strict=True)):
            columns = its.numbers.plant.bending.table.shape[-1] if place == BENDING else 1
            found_, wanted_ = one.reshape(-1, columns), other.reshape(-1, columns)
            scale = np.abs(wanted_).max(axis=0, initial=1e-300)
            scale = np.where(np.isfinite(scale), scale, 1.0)
            allowed = MODES if place in (FRACTION, BENDING) else EXACT
            both_nan = np.isnan(found_) & np.isnan(wanted_)
            there = (found_ != wanted_) & ~both_nan  # what holds from the start holds from -inf
            off = (np.abs(found_[there] - wanted_[there])) / np.broadcast_to(scale, there.shape)[
                there
            ]
            assert off.max(initial=0.0) <= allowed, (k, place)


def test_every_group_is_in_it() -> None:
    for planned in (True, False):
        found = dispersed(planned)
        assert found.why == ""
        groups = {line.group for line in found.plan.lines}
        without = {"sensors"} | ({"faults"} if planned else set())
        assert groups == set(EVERYDAY) - without


@settings(max_examples=8)
@given(planned=st.booleans(), seed=st.integers(0, 2**32 - 1), flight=st.integers(0, 10**6))
def test_a_draw_is_written_as_it_is_built(planned: bool, seed: int, flight: int) -> None:
    rng = np.random.default_rng([seed, flight])
    compare(dispersed(planned), rng.random(len(dispersed(planned).plan.names)))


@settings(max_examples=6)
@given(data=st.data())
def test_a_draw_of_the_ends_is_written_as_it_is_built(data: st.DataObject) -> None:
    """Some values at the ends of what can be drawn, the rest in the middle."""
    n = len(dispersed(True).plan.names)
    at = data.draw(st.lists(st.sampled_from([0.0, 0.01, 0.5, 0.99, 1.0]), min_size=n, max_size=n))
    compare(dispersed(True), np.array(at))


def test_nothing_else_is_touched() -> None:
    """What is in no table has the same bytes after a draw: what the flight software knows too."""
    found = dispersed(True)
    (values,) = found.plan.sample(3, 4)
    plain, drawn = found.legs(RECORD_HZ)[0], found.flight_legs(values, RECORD_HZ)
    moved = set()
    for one, other in zip(plain, drawn, strict=True):
        before, after = as_bytes(one.numbers), as_bytes(other.numbers)
        moved |= {path for path in before if before[path] != after[path]}
    assert moved == {
        "plant.engines.table", "plant.tanks.table", "plant.masses.items", "plant.bending.fraction",
        "plant.bending.table", "plant.around.aero.table", "plant.around.wind.profile",
        "faults.table",
    }  # fmt: skip
