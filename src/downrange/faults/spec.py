"""Faults as a person writes them: one line of text, or a table.

    stage1.engine.5: shutdown at 20 s
    stage1.engine.3: stuck gimbal at 15 s              (holds where it is)
    stage1.engine.3: stuck gimbal at 15 s to 2 deg     (is driven there about the pitch axis)
    imu: fail at 12 s
    vehicle.bending.mode.1: frequency x 0.76           (true over assumed)

    [[fault]]
    target = "vehicle.bending.mode.1"
    kind = "frequency"
    value = { value = 0.76, low = 0.7, high = 0.9, status = "assumed", source = "calibration" }

Times count from first motion; a fault without one is there from the start. An engine group
without a number means all of its engines.
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import ValidationInfo, field_validator, model_validator

from downrange._spec import Spec, validate
from downrange.errors import InputError, Problem
from downrange.units import Time, Value, quantity

Kind = Literal["shutdown", "stuck gimbal", "fail", "frequency"]

EXAMPLES = (
    '"stage1.engine.5: shutdown at 20 s", "stage1.engine.3: stuck gimbal at 15 s to 2 deg", '
    '"imu: fail at 12 s" or "vehicle.bending.mode.1: frequency x 0.76"'
)

_TEXT = re.compile(
    r"(?P<target>[^:\s]+)\s*:\s*"
    r"(?:(?P<kind>shutdown|fail|stuck gimbal)|frequency\s+x\s+(?P<factor>\S+))"
    r"(?:\s+at\s+(?P<at>.+?))?(?:\s+to\s+(?P<angle>.+))?"
)
_VALUES = {
    "stuck gimbal": quantity("rad"),
    "frequency": quantity("1", positive=True),
}


class FaultSpec(Spec):
    """One thing that goes wrong, and when.

    Attributes:
        target: path of what fails.
        kind: how.
        at: from first motion; None is from the start.
        value: angle of a stuck gimbal (None: where it is), or frequency ratio of a mode.
    """

    target: str
    kind: Kind
    at: Time | None = None
    value: Value | None = None

    @field_validator("value", mode="plain")
    @classmethod
    def _by_kind(cls, given: object, info: ValidationInfo) -> Value | None:
        kind = info.data.get("kind")
        if given is None or kind is None:
            return None
        if kind not in _VALUES:
            raise ValueError(f"{kind!r} takes no value")
        return _VALUES[kind].validate(given)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "frequency" and self.value is None:
            raise ValueError('"frequency" needs a value, the true frequency over the assumed')
        return self

    def __str__(self) -> str:
        """The fault as one line of text, as `parse_fault` reads it."""
        word = " x " if self.kind == "frequency" else " to "
        value = f"{word}{self.value.text}" if self.value else ""
        at = f" at {self.at.text}" if self.at else ""
        what = f"{value}{at}" if self.kind == "frequency" else f"{at}{value}"
        return f"{self.target}: {self.kind}{what}"


def parse_fault(text: str, file: str = "--fault") -> FaultSpec:
    """Return the fault that a line of text describes; `file` is named in errors.

    Raises:
        InputError: the text is no fault; shows how one is written.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None or (match["factor"] and match["angle"]):
        raise InputError([Problem(file, "", f"can't read {text!r}", f"write it like {EXAMPLES}")])
    data = {
        "target": match["target"],
        "kind": match["kind"] or "frequency",
        "at": match["at"],
        "value": match["factor"] or match["angle"],
    }
    try:
        return validate(FaultSpec, {key: each for key, each in data.items() if each is not None})
    except InputError as error:
        problems = [
            Problem(file, match["target"], f"in {text!r}: {each.message}", each.hint)
            for each in error.problems
        ]
    raise InputError(problems)
