"""One flight's draw: the same mission with its dispersed values moved within what is known.

A value's `spread` is its standard deviation from flight to flight, and a draw is normal,
cut at three of them. A range without a spread is what an outsider knows of the design, the
same on every flight: only the group `knowledge` draws it, evenly between low and high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from downrange._random import normal, streams, uniform
from downrange._spec import walk_values
from downrange.errors import InputError, Problem
from downrange.flight.spec import MissionSpec
from downrange.units import Value

CUT = 3.0  # standard deviations

_STRUCTURE = ("structure", "stiffness", "damping_ratio")
GROUPS = ("engines", "mass", "wind", "aero", "sensors", "structure", "knowledge")
EVERYDAY = GROUPS[:-1]  # what --disperse alone draws


def group_of(path: str) -> str:
    """The group of `--disperse` that a value belongs to; empty for one that is never drawn."""
    head, _, rest = path.partition(".")
    words = rest.split(".")
    if head == "wind":
        return "wind"
    if head != "vehicle":
        return ""
    if "engine" in words:
        return "engines"
    if words[0] in ("imu", "gnss", "taps"):
        return "sensors"
    if words[0] == "aero":
        return "aero"
    if any(word in _STRUCTURE for word in words):
        return "structure"
    return "mass"


def check_groups(groups: Sequence[str]) -> tuple[str, ...]:
    """The groups asked for, "all" spelled out.

    Raises:
        InputError: there is no such group.
    """
    if list(groups) == ["all"]:
        return EVERYDAY
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        hint = f"groups: all, {', '.join(GROUPS)}"
        message = "there is no such group"
        raise InputError([Problem("--disperse", group, message, hint) for group in unknown])
    return tuple(groups)


def draw(
    spec: MissionSpec, groups: Sequence[str], seed: int, flight: int
) -> tuple[MissionSpec, dict[str, float]]:
    """The mission as it is on this flight, and what was drawn (SI) by path.

    Each path has a random stream of its own, so that a value more or less moves no other.
    """
    drawn: dict[str, float] = {}
    for path, value in walk_values(spec):
        group = group_of(path)
        if value.spread is not None and group in groups:
            drawn[path] = value.si + value.spread * _cut_normal(seed, flight, path)
        elif value.low is not None and value.high is not None and group and "knowledge" in groups:
            stream = streams(seed, flight, [f"draw.{path}"])
            drawn[path] = value.low + (value.high - value.low) * uniform(stream, 0)
    moved = _replace(spec, drawn, _Paths(spec)) if drawn else spec
    return moved, drawn


def _cut_normal(seed: int, flight: int, path: str) -> float:
    stream = streams(seed, flight, [f"draw.{path}"])
    while True:
        number = float(normal(stream, 0))
        if abs(number) <= CUT:
            return number


class _Paths:
    """Path of each Value object of a spec, by identity."""

    def __init__(self, spec: MissionSpec) -> None:
        self._of = {id(value): path for path, value in walk_values(spec)}

    def __call__(self, value: Value) -> str | None:
        return self._of.get(id(value))


def _replace(node: Any, drawn: dict[str, float], path_of: Callable[[Value], str | None]) -> Any:
    """A copy of a spec with the drawn values in place; parts without any are shared."""
    if isinstance(node, Value):
        path = path_of(node)
        return node.model_copy(update={"si": drawn[path]}) if path in drawn else node
    if isinstance(node, BaseModel):
        fields = {key: getattr(node, key) for key in type(node).model_fields}
        moved = {key: _replace(each, drawn, path_of) for key, each in fields.items()}
        changed = {key: moved[key] for key in fields if moved[key] is not fields[key]}
        return node.model_copy(update=changed) if changed else node
    if isinstance(node, tuple):
        items = tuple(_replace(each, drawn, path_of) for each in node)
        return items if any(a is not b for a, b in zip(items, node, strict=True)) else node
    if isinstance(node, dict):
        return {key: _replace(each, drawn, path_of) for key, each in node.items()}
    return node
