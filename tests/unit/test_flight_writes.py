"""How a draw is written into arrays: each law against its formula, and what can't be written."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from flight_case import ready
from many_case import with_value
from numpy.typing import NDArray

from downrange.flight.dispersed import Dispersed
from downrange.flight.draw import EVERYDAY
from downrange.flight.kernel.writes import (
    ADD,
    INVERSE,
    POWER,
    SET,
    TABLES,
    Tables,
    Writes,
    write,
)
from downrange.flight.writes import NEVER_S, finite

Floats = NDArray[np.float64]
DRAWN = np.array([7.0, 3.0, 0.5])


def written(base: float, *terms: tuple[float, ...]) -> float:
    """What an entry becomes by these terms (variable, kind, nominal, a, b)."""
    tables: Tables = tuple(np.zeros(3) for _ in range(TABLES))  # type: ignore[assignment]
    entries = np.array([[4, 1, 0, len(terms)]])
    one = Writes(tables, entries, np.array([base]), np.array(terms).reshape(-1, 5))
    write(one, DRAWN)
    (found,) = (float(table[1]) for table in tables if table.any())
    assert found == tables[4][1]
    assert sum(np.count_nonzero(table) for table in tables) == 1
    return found


def test_a_value_that_stands_in_a_table_is_put_there_itself() -> None:
    assert written(2.0, (0, SET, 2.0, 1.0, 0.0)) == 7.0


@pytest.mark.parametrize(("a", "b"), [(3.0, 0.0), (-1.5, 0.25)])
def test_what_is_added(a: float, b: float) -> None:
    """From 2 to 7: five steps of a, twenty-five of b."""
    assert written(10.0, (0, ADD, 2.0, a, b)) == pytest.approx(10.0 + 5.0 * a + 25.0 * b, rel=1e-15)


@pytest.mark.parametrize("a", [1.0, -1.0, 0.5, 2.0, 0.37])
def test_what_goes_by_a_power(a: float) -> None:
    expected = 10.0 * (7.0 / 2.0) ** a
    assert written(10.0, (0, POWER, 2.0, a, 0.0)) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("a", [1.0, 0.3, -2.0])
def test_what_goes_by_the_inverse(a: float) -> None:
    """All of it at a = 1: then 2/7 of what it was."""
    expected = 10.0 * (1.0 + a * (2.0 / 7.0 - 1.0))
    assert written(10.0, (0, INVERSE, 2.0, a, 0.0)) == pytest.approx(expected, rel=1e-15)


def test_several_values_move_one_entry() -> None:
    """What adds adds to the base, whatever the order; what multiplies multiplies the sum."""
    terms = ((1, POWER, 6.0, 1.0, 0.0), (0, ADD, 2.0, 3.0, 0.0), (2, INVERSE, 1.0, 0.5, 0.0))
    expected = (10.0 + 5.0 * 3.0) * (3.0 / 6.0) * (1.0 + 0.5 * (1.0 / 0.5 - 1.0))
    for order in (terms, terms[::-1]):
        assert written(10.0, *order) == pytest.approx(expected, rel=1e-15)


def test_an_entry_is_written_anew_and_not_on_top() -> None:
    tables: Tables = tuple(np.zeros(1) for _ in range(TABLES))  # type: ignore[assignment]
    one = Writes(tables, np.array([[0, 0, 0, 1]]), np.array([2.0]),
                 np.array([[0.0, POWER, 1.0, 1.0, 0.0]]))  # fmt: skip
    for drawn in (3.0, 5.0, 3.0):
        write(one, np.array([drawn]))
        assert tables[0][0] == 2.0 * drawn


@pytest.mark.parametrize("given", [math.inf, -math.inf, 5.0])
def test_what_never_happens_happens_late(given: float) -> None:
    """Only a time that never comes is one in arrays; three decades are later than any flight."""
    assert finite(np.array([given]))[0] == (NEVER_S if given == math.inf else given)
    assert NEVER_S / (365.25 * 86400.0) > 30.0


@cache
def dispersed(planned: bool, groups: tuple[str, ...]) -> Dispersed:
    return ready(planned).dispersed(groups)


@pytest.mark.parametrize("planned", [True, False])
def test_what_changes_from_flight_to_flight_can_be_written(planned: bool) -> None:
    found = dispersed(planned, EVERYDAY)
    assert found.why == ""
    assert found.writes is not None
    assert len(found.writes) == len(found.ready.planned.legs)
    reached = {int(v) for each in found.writes for v in each.terms[:, 0]}
    assert reached == set(range(len(found.plan.names)))  # no draw goes nowhere


@pytest.mark.parametrize(
    ("path", "group"),
    [
        (("vehicle", "aero", "axial_force_scale"), "aero"),
        (("vehicle", "structure", "stiffness_scale"), "structure"),
    ],
)
def test_a_spread_that_a_user_gives_can_be_written(path: tuple[str, ...], group: str) -> None:
    found = with_value(ready(True), path, spread=0.02).dispersed((group,))
    assert found.plan.names == (".".join(path),)
    assert found.why == ""
    assert found.writes is not None
    assert all(len(each.entries) > 0 for each in found.writes[:1])


@pytest.mark.parametrize(
    ("path", "spread", "why"),
    [
        (("vehicle", "imu", "gyro_bias"), 1e-6, "inertial unit"),
        (("vehicle", "gnss", "position_noise"), 1.0, "vehicle.gnss.position_noise moves more"),
    ],
)
def test_what_cannot_be_written_says_why(path: tuple[str, ...], spread: float, why: str) -> None:
    found = with_value(ready(True), path, spread=spread).dispersed(("sensors",))
    assert found.writes is None
    assert why in found.why


def test_what_an_outsider_does_not_know_is_not_written() -> None:
    """137 values, lengths and errors of sensors among them: every flight is built anew."""
    found = dispersed(True, ("knowledge",))
    assert len(found.plan.names) > 100
    assert found.writes is None
