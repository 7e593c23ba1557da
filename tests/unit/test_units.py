"""Quantities: the right number, or an error that says what to write."""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from downrange import units
from downrange.units import Value, quantity, value

# Expected: by hand, from the definitions of the international yard and pound and of the SI.
POUND_KG = 0.45359237
WRITTEN = [
    ("2.53 MN", "N", 2.53e6),
    ("75 kN", "N", 75e3),
    ("4.2 t", "kg", 4200.0),
    ("180_000 kg", "kg", 180e3),
    ("1e3kg", "kg", 1e3),
    (".5 kg", "kg", 0.5),
    ("  28   m ", "m", 28.0),
    ("-3 mm", "m", -0.003),
    ("20 ft/s", "m/s", 6.096),
    ("0.155404754 slug", "kg", 0.155404754 * POUND_KG * 9.80665 / 0.3048),
    ("2 slug ft^2", "kg m^2", 2.0 * POUND_KG * 9.80665 * 0.3048),
    ("1000 lbf", "N", 1000.0 * POUND_KG * 9.80665),
    ("14.5 psi", "Pa", 14.5 * POUND_KG * 9.80665 / 0.0254**2),
    ("0.003 ft/s per ft", "1/s", 0.003),
    ("12 deg", "rad", math.pi / 15.0),
    ("8 deg/s", "rad/s", 8.0 * math.pi / 180.0),
    ("30 rpm", "rad/s", math.pi),
    ("60 arcmin", "rad", math.pi / 180.0),
    ("285 s", "s", 285.0),
    ("1.5 min", "s", 90.0),
    ("10 Hz", "Hz", 10.0),
    ("1.1 MN m", "N m", 1.1e6),
    ("250 MN*m**2", "N m^2", 250e6),
    ("250 MN m²", "N m^2", 250e6),
    ("120 kPa deg", "Pa rad", 120e3 * math.pi / 180.0),
    ("1141 kg/m3", "kg/m^3", 1141.0),
    ("3 kg m-3", "kg/m^3", 3.0),
    ("3 g0", "m/s^2", 29.41995),
    ("15 degC", "K", 288.15),
    ("59 degF", "K", 288.15),
    ("10 kt", "m/s", 18520.0 / 3600.0),
    ("1013.25 hPa", "Pa", 101325.0),
    ("1 atm", "Pa", 101325.0),
    ("2 nmi", "m", 3704.0),
    ("1.0 %", "1", 0.01),
    ("0.25", "1", 0.25),
    (0.25, "1", 0.25),
    (3, "1", 3.0),
]


@pytest.mark.parametrize(("text", "unit", "expected"), WRITTEN)
def test_text_becomes_si(text: str | float, unit: str, expected: float) -> None:
    found = value(text, unit)
    # 59 degF goes through two offsets of 255 K: 1e-13 of that.
    assert found.si == pytest.approx(expected, rel=1e-14, abs=3e-12 if unit == "K" else 0.0)
    assert found.unit == unit
    assert found.text == str(text).strip()
    assert float(found) == found.si


REFUSED = [
    (75, "N", "expected a force with its unit, got the bare number 75", "75 kN"),
    ("75", "N", "bare number '75'", "75 kN"),
    ("75 kg", "N", "expected a force, got '75 kg', which is a mass", "75 kN"),
    ("10 Hz", "rad/s", "expected an angular rate", "8 deg/s"),
    ("5 %", "rad", "expected an angle, got '5 %', which is a plain number", "12 deg"),
    ("5 deg", "1", "expected a plain number, got '5 deg', which is an angle", "0.05"),
    ("3 kg m s", "m", "[length]^1 [mass]^1 [time]^1", "28 m"),
    ("3 foo", "m", "unknown unit 'foo'", "foot"),
    ("3 kg/", "kg", "can't read the unit 'kg/'", "kg m^2/s"),
    ("2 3 kg", "kg", "can't read the unit '3 kg'", ""),
    ("kg", "kg", "does not begin with a number", ""),
    ("", "kg", "does not begin with a number", ""),
    ("180,000 kg", "kg", "does not begin with a number", "180_000"),
    ("1e999 kg", "kg", "not a finite number", ""),
    (math.nan, "1", "not a finite number", ""),
    (math.inf, "1", "not a finite number", ""),
    (True, "1", "expected a plain number, got True", "0.05"),
    (None, "kg", "expected a mass, got None", "4.2 t"),
    ([1], "kg", "expected a mass, got [1]", "4.2 t"),
    ("3 furlongs", "ft^9", "unknown unit", ""),
]


def problems_of(given_value: object, mark: units.Quantity) -> list[tuple[str, str, str]]:
    with pytest.raises(ValueError, match=r"\w") as caught:
        mark.validate(given_value)
    problems: list[tuple[str, str, str]] = caught.value.context["problems"]  # type: ignore[attr-defined]  # pydantic_core's error
    return problems


@pytest.mark.parametrize(("given_value", "unit", "message", "hint"), REFUSED)
def test_what_is_no_such_quantity_is_refused(
    given_value: object, unit: str, message: str, hint: str
) -> None:
    [(key, said, advice)] = problems_of(given_value, quantity(unit))
    assert key == ""
    assert message in said
    assert hint in advice


@pytest.mark.parametrize(
    ("mark", "text", "message"),
    [
        (quantity("kg", positive=True), "0 kg", "more than 0 kg"),
        (quantity("kg", minimum=0.0), "-1 kg", "at least 0 kg"),
        (quantity("rad", maximum=0.5), "40 deg", "at most 0.5 rad, got '40 deg'"),
        (quantity("1", minimum=0.0, maximum=1.0), 1.5, "at most 1, got 1.5"),
    ],
)
def test_limits(mark: units.Quantity, text: object, message: str) -> None:
    assert message in problems_of(text, mark)[0][1]


def test_limits_are_in_si_and_hold_at_their_ends() -> None:
    mark = quantity("m", minimum=0.0, maximum=1000.0)
    assert [mark.validate(text).si for text in ("0 ft", "1 km")] == [0.0, 1000.0]


TABLE: dict[str, Any] = {
    "value": "2.53 MN",
    "low": "2.45 MN",
    "high": "2600 kN",
    "status": "estimated",
    "source": "key2025",
    "spread": "1 %",
    "note": "from the video",
}


def test_a_table_holds_range_status_and_source() -> None:
    found = quantity("N", positive=True).validate(TABLE)
    assert found == Value(
        si=2.53e6, low=2.45e6, high=2.6e6, spread=25300.0, status="estimated", source="key2025",
        note="from the video", text="2.53 MN", unit="N",
    )  # fmt: skip
    assert value("2.53 MN", "N", **{k: v for k, v in TABLE.items() if k != "value"}) == found


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"lo": "1 N"}, "lo", "unknown key"),
        ({"status": "guessed"}, "status", "unknown status 'guessed'"),
        ({"source": ""}, "source", "expected text"),
        ({"note": 3}, "note", "expected text, got 3"),
        ({"low": "2.54 MN"}, "", "low <= value <= high does not hold"),
        ({"high": "2.5 MN"}, "", "low <= value <= high does not hold"),
        ({"low": "-1 N"}, "low", "more than 0 N"),
        ({"high": "3 kg"}, "high", "which is a mass"),
        ({"spread": "-1 %"}, "spread", "at least 0"),
        ({"spread": "1 kg"}, "spread", "which is a mass"),
        ({"value": "-1 N"}, "", "more than 0 N"),
    ],
)
def test_a_wrong_table_is_refused(changes: dict[str, Any], key: str, message: str) -> None:
    [(where, said, _)] = problems_of({**TABLE, **changes}, quantity("N", positive=True))
    assert where == key
    assert message in said


def test_all_that_is_wrong_in_a_table_is_said_at_once() -> None:
    wrong = {"value": 3, "low": "1 s", "status": "x", "extra": 1}
    keys = [key for key, _, _ in problems_of(wrong, quantity("N"))]
    assert sorted(keys) == ["", "extra", "low", "status"]


def test_a_table_without_a_value_is_refused() -> None:
    [(key, message, hint)] = problems_of({"low": "1 N"}, quantity("N"))
    assert (key, message) == ("value", "is missing")
    assert "75 kN" in hint


def test_a_spread_is_relative_in_percent_and_absolute_with_a_unit() -> None:
    assert value("200 s", "s", spread="0.5 %").spread == pytest.approx(1.0, rel=1e-15)
    assert value("-200 s", "s", spread="0.5 %").spread == pytest.approx(1.0, rel=1e-15)
    assert value("200 s", "s", spread="2 s").spread == 2.0
    assert value(0.5, "1", spread="10 %").spread == pytest.approx(0.05, rel=1e-15)
    assert value(0.5, "1", spread=0.1).spread == 0.1


def test_a_value_made_in_code_is_taken_if_its_unit_fits() -> None:
    five = value("5 deg", "rad")
    assert quantity("rad").validate(five) is five
    assert "in rad" in problems_of(five, quantity("N"))[0][1]


def test_a_field_of_a_model() -> None:
    class Model(BaseModel):
        thrust: units.Thrust
        limit: Annotated[Value, quantity("rad", minimum=0.0)] = value("5 deg", "rad")

    model = Model.model_validate({"thrust": "75 kN"})
    assert (model.thrust.si, model.limit.text) == (75e3, "5 deg")
    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"thrust": -1, "limit": "-1 deg"})
    assert [error["loc"] for error in caught.value.errors()] == [("thrust",), ("limit",)]


def test_values_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        value("5 deg", "rad").si = 3.0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_out_comes_back_the_same(number: float) -> None:
    assert value(f"{number!r} m", "m").si == number
    assert value(number, "1").si == number


@given(st.floats(-1e6, 1e6), st.sampled_from(sorted({unit for _, unit, _ in WRITTEN} - {"1"})))
def test_every_kind_of_quantity_reads_its_own_unit(number: float, unit: str) -> None:
    assert value(f"{number!r} {unit}", unit).si == number
    kind = quantity(unit)
    assert value(kind.example.split('"')[1], unit).si != 0.0


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert math.isfinite(value(text, "m").si)


def test_slug_is_that_of_the_reference_data() -> None:
    # NASA's check cases write 14.5939 kg; pint's own table gives 14.59390294 kg.
    assert value("1 slug", "kg").si == pytest.approx(14.59390294, abs=5e-9)


def test_pint_is_not_imported_before_a_quantity_is_read() -> None:
    script = "import sys, downrange.units; print('pint' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
