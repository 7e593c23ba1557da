"""Quantities at the door: "2.53 MN" becomes 2.53e6, with its range and its source.

Inside Downrange every number is SI and carries its unit in its name; text with units
exists only in what a person writes. A spec declares what it takes:

    class EngineSpec(Spec):
        thrust_vac: Thrust
        gimbal_limit: Annotated[Value, quantity("rad", minimum=0.0, maximum=0.5)]

Angle is a dimension of its own here, so that "10 Hz" is no angular rate and "5 %" no angle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError, core_schema

from downrange._symbols import (
    STANDARD_GRAVITY_MPS2 as STANDARD_GRAVITY_MPS2,
)
from downrange._symbols import (
    Dimension,
    UnreadableError,
    conversion,
    split,
)

Status = Literal["published", "derived", "estimated", "assumed"]
Distribution = Literal["normal", "uniform", "triangular"]

CUT = 3.0  # standard deviations at which a draw about a value ends
TAIL = 5.0  # and those that a normal without ends must stay within its field's limits for
QUANTILES = (0.05, 0.95)  # what low and high of a normal are, if the file doesn't say

# SI unit -> (what it is a unit of, how one is written).
_KINDS = {
    "1": ("a plain number", "0.05"),
    "m": ("a length", "28 m"),
    "m^2": ("an area", "0.7 m^2"),
    "m^3": ("a volume", "12 m^3"),
    "kg": ("a mass", "4.2 t"),
    "s": ("a time", "0.5 s"),
    "m/s": ("a speed", "30 m/s"),
    "m/s^2": ("an acceleration", "9.81 m/s^2"),
    "1/s": ("a rate", "0.003 m/s per m"),
    "Hz": ("a frequency", "50 Hz"),
    "rad": ("an angle", "12 deg"),
    "rad/s": ("an angular rate", "8 deg/s"),
    "rad/s^2": ("an angular acceleration", "20 deg/s^2"),
    "N": ("a force", "75 kN"),
    "N s": ("an impulse", "3 kN s"),
    "N m": ("a moment", "1.1 MN m"),
    "N m^2": ("a bending stiffness", "250 MN m^2"),
    "N/m": ("a spring rate", "2 MN/m"),
    "Pa": ("a pressure", "101.3 kPa"),
    "Pa rad": ("a dynamic pressure times an angle", "120 kPa deg"),
    "kg/s": ("a mass flow", "29 kg/s"),
    "kg/m^3": ("a density", "1141 kg/m^3"),
    "kg m^2": ("a moment of inertia", "250000 kg m^2"),
    "K": ("a temperature", "288.15 K"),
}


class Value(BaseModel):
    """A quantity in SI with what is known about it.

    Attributes:
        si: the value in `unit`.
        low: lowest credible value in `unit`; what a campaign draws from. None if not given.
        high: highest credible value in `unit`.
        spread: one standard deviation from flight to flight, in `unit`.
        distribution: of what is drawn; None is normal about the value with a spread, uniform
            between low and high without.
        quantiles: of a normal distribution, what low and high are; None is 5 % and 95 %.
        truncated: a normal distribution ends at low and high.
        status: published, derived, estimated or assumed.
        source: key into the bibliography.
        note: how it was found.
        text: as it was written.
        unit: the SI unit of `si`; "1" for a plain number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    si: float
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    distribution: Distribution | None = None
    quantiles: tuple[float, float] | None = None
    truncated: bool = False
    status: Status | None = None
    source: str | None = None
    note: str | None = None
    text: str
    unit: str

    def __float__(self) -> float:
        return self.si

    @property
    def normal(self) -> tuple[float, float]:
        """Mean and standard deviation in `unit`, before it is cut, where the draw is normal."""
        if self.spread is not None or self.low is None or self.high is None:
            return self.si, self.spread or 0.0
        from statistics import NormalDist

        first, last = (NormalDist().inv_cdf(each) for each in self.quantiles or QUANTILES)
        sigma = (self.high - self.low) / (last - first)
        return self.low - first * sigma, sigma

    def written(self, si: float, digits: int = 6, step: bool = False) -> str:
        """Another value of this kind in the unit in which this one was written.

        `step` is a difference of two values, which has no offset.
        """
        symbol = split(self.text)[1]
        factor, offset, _ = conversion(symbol)
        number = (si - (0.0 if step else offset)) / factor
        return f"{number:.{digits}g} {symbol}".rstrip()


QUANTITY = "x-quantity"  # in a JSON Schema that is not finished yet: a quantity of this unit

VALUE_KEYS = (
    "value", "low", "high", "spread", "distribution", "quantiles", "truncated", "status", "source",
    "note",
)  # fmt: skip


Findings = list[tuple[str, str, str]]  # key in the table, message, hint


@dataclass(frozen=True)
class Quantity:
    """What a spec field takes: a dimension and limits. Made by `quantity`.

    Attributes:
        unit: SI unit; also the unit of the limits.
        minimum: lowest value allowed, None if any.
        maximum: highest value allowed, None if any.
        exclusive: the minimum itself is not allowed.
    """

    unit: str
    minimum: float | None = None
    maximum: float | None = None
    exclusive: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def validate(self, given: object) -> Value:
        """Return the Value in SI, or raise pydantic's error with every problem in its context."""
        problems: Findings = []
        if isinstance(given, Value):
            found: Value | None = given
            if given.unit != self.unit:
                wrong = f"expected {self.kind}, got {given.text!r} in {given.unit}"
                problems.append(("", wrong, self.example))
        elif isinstance(given, Mapping):
            found = self._read_table(given, problems)
        else:
            si = self._attempt("", given, problems)
            found = None if si is None else Value(si=si, text=_as_text(given), unit=self.unit)
        if problems or found is None:
            summary = "; ".join(message for _, message, _ in problems)
            raise PydanticCustomError(
                "quantity", "{summary}", {"summary": summary, "problems": problems}
            )
        return found

    @property
    def kind(self) -> str:
        """What the quantity is, as "a force"."""
        return _KINDS[self.unit][0] if self.unit in _KINDS else f"a quantity in {self.unit}"

    @property
    def limits(self) -> str:
        """The limits, as "more than 0 N, at most 5 N"; empty if there are none."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        least = "more than" if self.exclusive else "at least"
        low = "" if self.minimum is None else f"{least} {self.minimum:g}{unit}"
        high = "" if self.maximum is None else f"at most {self.maximum:g}{unit}"
        return ", ".join(filter(None, (low, high)))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {QUANTITY: self.unit}

    @property
    def example(self) -> str:
        """A hint that shows how one is written."""
        text = _KINDS[self.unit][1] if self.unit in _KINDS else f"1 {self.unit}"
        return f"write it like {text}" if self.unit == "1" else f'write it like "{text}"'

    def _attempt(
        self, key: str, given: object, problems: Findings, check: bool = True
    ) -> float | None:
        """SI value, or None with the problem noted under `key`."""
        try:
            si = self._read(given)
            if check:
                self._check(si, given)
        except UnreadableError as wrong:
            problems.append((key, wrong.message, wrong.hint))
            return None
        return si

    def _read(self, given: object) -> float:
        """SI value of a number or of text with a unit, before the limits."""
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise UnreadableError(f"expected {self.kind}, got {_shown(given)}", self.example)
        number, symbol = split(given) if isinstance(given, str) else (float(given), "")
        if not symbol and self.unit != "1":
            wrong = f"expected {self.kind} with its unit, got the bare number {_shown(given)}"
            raise UnreadableError(wrong, self.example)
        factor, offset, dimension = conversion(symbol)
        if dimension != conversion(self.unit)[2]:
            wrong = f"expected {self.kind}, got {given!r}, which is {_kind_of(dimension)}"
            raise UnreadableError(wrong, self.example)
        si = number * factor + offset
        if not math.isfinite(si):
            raise UnreadableError(f"{_shown(given)} is not a finite number", self.example)
        return si

    def _check(self, si: float, given: object) -> None:
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.minimum is not None:
            if self.exclusive and si <= self.minimum:
                raise UnreadableError(
                    f"must be more than {self.minimum:g}{unit}, got {_shown(given)}"
                )
            if si < self.minimum:
                raise UnreadableError(
                    f"must be at least {self.minimum:g}{unit}, got {_shown(given)}"
                )
        if self.maximum is not None and si > self.maximum:
            raise UnreadableError(f"must be at most {self.maximum:g}{unit}, got {_shown(given)}")

    def _read_table(self, table: Mapping[Any, Any], problems: Findings) -> Value | None:
        """Value of `{ value = ..., low = ..., high = ..., status = ..., source = ... }`."""
        for key in table:
            if key not in VALUE_KEYS:
                near = get_close_matches(str(key), VALUE_KEYS, 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(VALUE_KEYS)}"
                problems.append((str(key), "unknown key in a value", hint))
        if "value" not in table:
            problems.append(("value", "is missing", self.example))
            return None
        si = self._attempt("", table["value"], problems)
        low, high = (
            self._attempt(key, table[key], problems) if key in table else None
            for key in ("low", "high")
        )
        words = {key: _word(key, table, problems) for key in ("status", "source", "note")}
        if si is None:
            return None
        spread = self._spread(si, table, problems)
        shape = _shape(table, problems)
        if (low is not None and low > si) or (high is not None and high < si):
            shown = f"{table.get('low', '')!s} .. {table['value']!s} .. {table.get('high', '')!s}"
            problems.append(("", f"low <= value <= high does not hold: {shown}", ""))
        if problems:
            return None
        text = _as_text(table["value"])
        found = Value(si=si, low=low, high=high, spread=spread, text=text, unit=self.unit,
                      **shape, **words)  # fmt: skip
        problems += shape_problems(found)
        if not problems:
            problems += self._tails(found)
        return None if problems else found

    def _tails(self, found: Value) -> Findings:
        """A normal draw that can leave the field's limits."""
        normal = found.spread is not None or found.distribution == "normal"
        if not normal or found.truncated:
            return []
        mean, sigma = found.normal
        reach = sigma * (TAIL if found.spread is None else CUT)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if low <= mean - reach and mean + reach <= high:
            return []
        ends = " to ".join(found.written(mean + side * reach) for side in (-1.0, 1.0))
        hint = "truncated = true with low and high cuts it there"
        return [("", f"can be drawn from {ends}, but must be {self.limits}", hint)]

    def _spread(self, si: float, table: Mapping[Any, Any], problems: Findings) -> float | None:
        """One sigma in SI. A percentage is of the value, also where the value is a fraction."""
        if "spread" not in table:
            return None
        given = table["spread"]
        percent = isinstance(given, str) and given.rstrip().endswith("%")
        spread = (_FRACTION if percent else self)._attempt("spread", given, problems, check=False)
        if spread is not None and spread < 0.0:
            problems.append(("spread", f"must be at least 0, got {given!r}", ""))
        return abs(si) * spread if percent and spread is not None else spread


_FRACTION = Quantity("1")


def _shape(table: Mapping[Any, Any], problems: Findings) -> dict[str, Any]:
    """Distribution, quantiles and truncation of a value's table, as far as they can be read."""
    shape: dict[str, Any] = {}
    kind = table.get("distribution")
    if kind in get_args(Distribution):
        shape["distribution"] = kind
    elif kind is not None:
        hint = f"one of {', '.join(get_args(Distribution))}"
        problems.append(("distribution", f"unknown distribution {_shown(kind)}", hint))
    cut = table.get("truncated", False)
    if isinstance(cut, bool):
        shape["truncated"] = cut
    else:
        problems.append(("truncated", f"expected true or false, got {_shown(cut)}", ""))
    given = table.get("quantiles")
    if given is None:
        return shape
    if not isinstance(given, list | tuple) or len(given) != 2:
        hint = "what low and high are, as [0.05, 0.95]"
        problems.append(("quantiles", f"expected two fractions, got {_shown(given)}", hint))
        return shape
    first, last = (_FRACTION._attempt("quantiles", each, problems) for each in given)
    if first is not None and last is not None:
        if not 0.0 < first < last < 1.0:
            wrong = f"must rise between 0 and 1, got {_shown(given)}"
            problems.append(("quantiles", wrong, "as [0.05, 0.95]"))
        shape["quantiles"] = (first, last)
    return shape


def shape_problems(found: Value) -> Findings:
    """What does not fit between a value's range, its spread and its distribution."""
    problems: Findings = []
    ranged = found.low is not None and found.high is not None
    normal = found.spread is not None or found.distribution == "normal"
    if found.spread is not None and found.distribution not in (None, "normal"):
        wrong = f"a {found.distribution} distribution lies between low and high, it has no spread"
        problems.append(("spread", wrong, "leave out the spread or the distribution"))
    elif found.distribution is not None and found.spread is None and not ranged:
        problems.append(("distribution", "needs low and high", ""))
    if found.quantiles is not None and (found.spread is not None or not normal):
        wrong = 'go with distribution = "normal" and no spread'
        problems.append(("quantiles", wrong, ""))
    if found.truncated and not (normal and ranged):
        problems.append(("truncated", "is for a normal distribution with low and high", ""))
    drawn_between = found.spread is None or found.truncated
    if normal and ranged and drawn_between and found.low == found.high:
        problems.append(("", f"low and high are the same, {found.text}: nothing to draw", ""))
    return problems


def quantity(
    unit: str,
    *,
    positive: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive: bool = False,
) -> Quantity:
    """Return the mark of a spec field that takes a quantity.

    Written `thrust: Annotated[Value, quantity("N", positive=True)]`.

    Args:
        unit: SI unit of the field, as "N m"; "1" for a plain number, which may be written bare.
        positive: shorthand for minimum 0, exclusive.
        minimum: lowest value allowed, in `unit`.
        maximum: highest value allowed, in `unit`.
        exclusive: the minimum itself is not allowed.
    """
    if positive:
        minimum, exclusive = 0.0, True
    return Quantity(unit, minimum, maximum, exclusive)


def value(text: str | float, unit: str, **known: Any) -> Value:
    """Return a Value made in code, as a spec's default: `value("5 deg", "rad")`.

    Args:
        text: quantity as a person would write it.
        unit: SI unit of the result.
        known: low, high, spread, distribution, status, source ..., as in a file.

    Raises:
        ValueError: the text is no such quantity.
    """
    return Quantity(unit).validate({"value": text, **known} if known else text)


def _kind_of(dimension: Dimension) -> str:
    for unit, (kind, _) in _KINDS.items():
        if conversion(unit)[2] == dimension:
            return kind
    return " ".join(f"{name}^{power:g}" for name, power in dimension)


def _word(key: str, table: Mapping[Any, Any], problems: Findings) -> Any:
    """The text under `key`, None if absent or wrong."""
    given = table.get(key)
    if given is None:
        return None
    if not isinstance(given, str) or not given.strip():
        problems.append((key, f"expected text, got {_shown(given)}", ""))
        return None
    if key == "status" and given not in get_args(Status):
        problems.append((key, f"unknown status {given!r}", f"one of {', '.join(get_args(Status))}"))
        return None
    return given


def _as_text(given: object) -> str:
    return given.strip() if isinstance(given, str) else repr(given)


def _shown(given: object) -> str:
    """The text given, cut to a line."""
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


# What a person writes. Signed unless the name or the nature of the thing says otherwise.
Length = Annotated[Value, quantity("m")]
PositiveLength = Annotated[Value, quantity("m", positive=True)]
NonNegativeLength = Annotated[Value, quantity("m", minimum=0.0)]
Area = Annotated[Value, quantity("m^2", positive=True)]
NonNegativeArea = Annotated[Value, quantity("m^2", minimum=0.0)]
Volume = Annotated[Value, quantity("m^3", positive=True)]
Mass = Annotated[Value, quantity("kg", minimum=0.0)]
PositiveMass = Annotated[Value, quantity("kg", positive=True)]
Time = Annotated[Value, quantity("s")]
Duration = Annotated[Value, quantity("s", minimum=0.0)]
PositiveDuration = Annotated[Value, quantity("s", positive=True)]
Speed = Annotated[Value, quantity("m/s")]
PositiveSpeed = Annotated[Value, quantity("m/s", positive=True)]
NonNegativeSpeed = Annotated[Value, quantity("m/s", minimum=0.0)]
SpeedGradient = Annotated[Value, quantity("1/s")]
Acceleration = Annotated[Value, quantity("m/s^2")]
PositiveAcceleration = Annotated[Value, quantity("m/s^2", positive=True)]
NonNegativeAcceleration = Annotated[Value, quantity("m/s^2", minimum=0.0)]
FailureRate = Annotated[Value, quantity("1/s", minimum=0.0)]
Frequency = Annotated[Value, quantity("Hz", positive=True)]
Angle = Annotated[Value, quantity("rad")]
PositiveAngle = Annotated[Value, quantity("rad", positive=True)]
NonNegativeAngle = Annotated[Value, quantity("rad", minimum=0.0)]
AngularRate = Annotated[Value, quantity("rad/s")]
PositiveAngularRate = Annotated[Value, quantity("rad/s", positive=True)]
NonNegativeAngularRate = Annotated[Value, quantity("rad/s", minimum=0.0)]
Force = Annotated[Value, quantity("N")]
Thrust = Annotated[Value, quantity("N", positive=True)]
Impulse = Annotated[Value, quantity("N s")]
PositiveImpulse = Annotated[Value, quantity("N s", positive=True)]
Moment = Annotated[Value, quantity("N m")]
PositiveMoment = Annotated[Value, quantity("N m", positive=True)]
Stiffness = Annotated[Value, quantity("N m^2", positive=True)]
Pressure = Annotated[Value, quantity("Pa", minimum=0.0)]
LoadIndicator = Annotated[Value, quantity("Pa rad", positive=True)]  # q times alpha
MassFlow = Annotated[Value, quantity("kg/s", minimum=0.0)]
Density = Annotated[Value, quantity("kg/m^3", positive=True)]
Inertia = Annotated[Value, quantity("kg m^2")]
PositiveInertia = Annotated[Value, quantity("kg m^2", positive=True)]
Temperature = Annotated[Value, quantity("K", positive=True)]
Isp = Annotated[Value, quantity("s", positive=True)]
Fraction = Annotated[Value, quantity("1", minimum=0.0, maximum=1.0)]
Correlation = Annotated[Value, quantity("1", minimum=-1.0, maximum=1.0)]
Ratio = Annotated[Value, quantity("1")]
PositiveRatio = Annotated[Value, quantity("1", positive=True)]
