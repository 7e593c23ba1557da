"""How a value is distributed: what a table can say, and what it can't."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from downrange.units import Quantity, Value, quantity, value

FORCE = quantity("N", positive=True)
RANGE: dict[str, Any] = {"value": "80 kN", "low": "70 kN", "high": "100 kN"}


def problems_of(table: dict[str, Any], mark: Quantity = FORCE) -> list[tuple[str, str]]:
    with pytest.raises(ValueError, match=r"\w") as caught:
        mark.validate(table)
    return [(key, message) for key, message, _ in caught.value.context["problems"]]  # type: ignore[attr-defined]  # pydantic_core's error


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (None, None, False)),
        ({"distribution": "uniform"}, ("uniform", None, False)),
        ({"distribution": "triangular"}, ("triangular", None, False)),
        ({"distribution": "normal"}, ("normal", None, False)),
        ({"distribution": "normal", "quantiles": [0.1, 0.9]}, ("normal", (0.1, 0.9), False)),
        ({"distribution": "normal", "quantiles": ["5 %", "90 %"]}, ("normal", (0.05, 0.9), False)),
        ({"distribution": "normal", "truncated": True}, ("normal", None, True)),
        ({"spread": "1 %", "truncated": True}, (None, None, True)),
        ({"spread": "1 %", "distribution": "normal"}, ("normal", None, False)),
    ],
)
def test_a_table_says_how_it_is_distributed(more: dict[str, Any], expected: object) -> None:
    found = FORCE.validate(RANGE | more)
    assert (found.distribution, found.quantiles, found.truncated) == expected


@pytest.mark.parametrize("quantiles", [None, (0.05, 0.95), (0.01, 0.6)])
def test_a_normals_low_and_high_are_its_quantiles(quantiles: tuple[float, float] | None) -> None:
    more = {} if quantiles is None else {"quantiles": list(quantiles)}
    found = FORCE.validate({**RANGE, "distribution": "normal", "truncated": True, **more})
    mean, sigma = found.normal
    shares = stats.norm.cdf([70e3, 100e3], mean, sigma)
    assert shares == pytest.approx(quantiles or (0.05, 0.95), rel=1e-12)


def test_a_spread_is_about_the_value() -> None:
    assert value("80 kN", "N", spread="1 %", low="70 kN", high="100 kN").normal == (80e3, 800.0)
    assert value("80 kN", "N").normal == (80e3, 0.0)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (RANGE | {"distribution": "gaussian"}, [("distribution", "unknown distribution")]),
        (RANGE | {"distribution": 3}, [("distribution", "unknown distribution 3")]),
        (RANGE | {"truncated": "yes"}, [("truncated", "expected true or false")]),
        ({"value": "80 kN", "distribution": "uniform"}, [("distribution", "needs low and high")]),
        (
            {"value": "80 kN", "low": "70 kN", "distribution": "normal"},
            [("distribution", "needs low and high")],
        ),
        (
            RANGE | {"distribution": "triangular", "spread": "1 %"},
            [("spread", "a triangular distribution lies between low and high")],
        ),
        (RANGE | {"quantiles": [0.05, 0.95]}, [("quantiles", "go with")]),
        (
            RANGE | {"spread": "1 %", "quantiles": [0.05, 0.95]},
            [("quantiles", "go with distribution")],
        ),
        (RANGE | {"truncated": True}, [("truncated", "is for a normal distribution")]),
        (
            {"value": "80 kN", "spread": "1 %", "truncated": True},
            [("truncated", "with low and high")],
        ),
        (
            {"value": "1 N", "low": "1 N", "high": "1 N", "distribution": "normal"},
            [("", "low and high are the same")],
        ),
        (
            RANGE | {"distribution": "normal", "quantiles": [0.9, 0.1]},
            [("quantiles", "must rise between 0 and 1, got [0.9, 0.1]")],
        ),
        (
            RANGE | {"distribution": "normal", "quantiles": [0.0, 0.9]},
            [("quantiles", "must rise between 0 and 1")],
        ),
        (
            RANGE | {"distribution": "normal", "quantiles": 0.9},
            [("quantiles", "expected two fractions")],
        ),
        (
            RANGE | {"distribution": "normal", "quantiles": ["5 deg", "a"]},
            [("quantiles", "is an angle"), ("quantiles", "does not begin with a number")],
        ),
        # All at once.
        (
            RANGE | {"low": "90 kN", "distribution": "odd", "truncated": 1, "quantiles": []},
            [
                ("distribution", "unknown"), ("truncated", "expected"), ("quantiles", "expected"),
                ("", "low <= value <= high does not hold"),
            ],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    table: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = problems_of(table)
    assert [key for key, _ in found] == [key for key, _ in expected]
    for (_, said), (_, message) in zip(found, expected, strict=True):
        assert message in said


@pytest.mark.parametrize(
    ("table", "ends"),
    [
        ({"value": "5 mm", "spread": "5 mm"}, "-10 mm to 20 mm"),
        ({"value": "5 mm", "low": "1 mm", "high": "9 mm", "distribution": "normal"},
         "-7.15914 mm to 17.1591 mm"),
    ],
)  # fmt: skip
def test_a_draw_that_leaves_the_limits_is_refused(table: dict[str, Any], ends: str) -> None:
    """5 mm +- 3 * 5 mm; 5 mm +- 5 * 4 mm / 1.644854."""
    mark = quantity("m", minimum=0.0)
    [(key, message)] = problems_of(table, mark)
    assert key == ""
    assert f"can be drawn from {ends}" in message
    assert "at least 0 m" in message
    cut = {"low": "0 mm", "high": "20 mm", "truncated": True}
    assert mark.validate(table | cut).truncated


@pytest.mark.parametrize(
    ("text", "unit", "si", "expected"),
    [
        ("82.9 kN", "N", 83.1e3, "83.1 kN"),
        ("6 deg", "rad", math.pi / 60.0, "3 deg"),
        ("0.6 %", "1", 0.007, "0.7 %"),
        (0.755, "1", 0.8, "0.8"),
        ("15 degC", "K", 293.15, "20 degC"),
    ],
)
def test_another_value_is_written_like_the_first(
    text: str | float, unit: str, si: float, expected: str
) -> None:
    assert value(text, unit).written(si) == expected


def test_a_difference_has_no_offset() -> None:
    assert value("15 degC", "K").written(2.0, step=True) == "2 degC"


def test_a_value_of_old_is_as_it_was() -> None:
    assert Value(si=1.0, text="1 m", unit="m").distribution is None
