"""What holds for any schedule of faults."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downrange.errors import InputError
from downrange.faults.build import build_faults
from downrange.faults.kernel import Health, health_at, new_health
from downrange.faults.spec import FaultSpec, parse_fault

ENGINES = {"stage1": range(4)}

whats = st.one_of(
    st.builds("stage1.engine.{}: shutdown".format, st.integers(1, 4)),
    st.builds("stage1.engine.{}: stuck gimbal".format, st.integers(1, 4)),
    st.sampled_from(["imu: fail", "gnss: fail"]),
    st.builds("bending.mode.{}: frequency x {:.3f}".format, st.integers(1, 2), st.floats(0.1, 3.0)),
)
starts_s = st.floats(0.0, 100.0).map(lambda s: round(s, 3))
faults = st.lists(st.tuples(whats, starts_s), max_size=6)


def specs(drawn: list[tuple[str, float]]) -> list[FaultSpec]:
    return [parse_fault(f"{what} at {start_s} s") for what, start_s in drawn]


def at(drawn: list[tuple[str, float]], time_s: float, now: Health | None = None) -> Health:
    now = now or new_health(4, 2)
    health_at(build_faults(specs(drawn), ENGINES, 2), time_s, now)
    return now


def same(one: Health, other: Health) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


@given(faults, st.floats(0.0, 120.0))
def test_a_fault_changes_nothing_before_its_start(
    drawn: list[tuple[str, float]], time_s: float
) -> None:
    started = [fault for fault in drawn if fault[1] <= time_s]
    assert same(at(drawn, time_s), at(started, time_s))
    if not started:
        assert same(at(drawn, time_s), new_health(4, 2))


@given(faults, st.floats(0.0, 120.0), st.floats(0.0, 120.0))
def test_health_has_no_memory(
    drawn: list[tuple[str, float]], time_s: float, earlier_s: float
) -> None:
    if drawn:
        used = at(drawn, earlier_s)
        assert same(at(drawn, time_s, used), at(drawn, time_s))


@given(faults)
def test_text_there_and_back(drawn: list[tuple[str, float]]) -> None:
    for spec in specs(drawn):
        assert parse_fault(str(spec)) == spec


@given(st.text(max_size=60))
def test_any_text_is_a_fault_or_an_input_error(text: str) -> None:
    with suppress(InputError):
        assert parse_fault(text).target in text
