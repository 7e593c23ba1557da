"""One comparison, and what a set of them prints."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downrange.verify import CaseResult, Check, to_json


def check(expected: float, got: float, unit: str = "m", tolerance: float = 0.5) -> Check:
    return Check("a case", "altitude_m at 5 s", "a table", expected, got, unit, tolerance)


@pytest.mark.parametrize(
    ("expected", "got", "passed"),
    [(10.0, 10.5, True), (10.0, 10.51, False), (10.0, 9.4, False), (10.0, math.nan, False),
     (10.0, math.inf, False)],
)  # fmt: skip
def test_within_the_tolerance(expected: float, got: float, passed: bool) -> None:
    assert check(expected, got).passed is passed


@pytest.mark.parametrize(
    ("expected", "got", "difference"),
    [(179.9, -179.9, 0.2), (-180.0, 180.0, 0.0), (359.75, 0.25, 0.5), (90.0, -90.0, 180.0)],
)
def test_angles_wrap(expected: float, got: float, difference: float) -> None:
    assert check(expected, got, "deg").difference == pytest.approx(difference, abs=1e-12)
    assert check(expected, got, "m").difference == pytest.approx(abs(got - expected))


@given(st.floats(-720.0, 720.0), st.integers(-3, 3))
def test_a_whole_turn_is_no_difference(angle: float, turns: int) -> None:
    assert check(angle, angle + 360.0 * turns, "deg", 1e-9).passed


def test_json_has_the_keys_of_the_interface_and_no_nan() -> None:
    row = {"time_s": 5.0, "altitude_m": math.nan}
    result = CaseResult([check(1.0, 1.2), check(1.0, math.nan)], [row])
    out = json.loads(json.dumps(to_json(result), allow_nan=False))
    assert out["schema_version"] == 1
    assert out["passed"] is False
    assert result.passed is False
    assert out["trajectory"] == [{"time_s": 5.0, "altitude_m": None}]
    assert out["checks"][0] == {
        "name": "a case", "what": "altitude_m at 5 s", "source": "a table", "expected": 1.0,
        "got": 1.2, "unit": "m", "tolerance": 0.5, "pass": True,
    }  # fmt: skip
    assert out["checks"][1]["got"] is None


def test_json_of_many_cases_has_no_trajectory() -> None:
    assert set(to_json([check(1.0, 1.0)])) == {"schema_version", "passed", "checks"}
