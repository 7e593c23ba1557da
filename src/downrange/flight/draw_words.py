"""What a campaign draws and what it leaves, in words: each value with its distribution."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from downrange._spec import walk_values
from downrange.flight.correlation import WIND
from downrange.flight.draw import DrawPlan
from downrange.flight.lines import Line, group_of
from downrange.flight.load import Mission
from downrange.units import QUANTILES, Value

MOST_NAMES = 3
_MEMBER = re.compile(r"(?<=\.engine\.)\d+(?=\.)|(?<=\.)(north|east)$")


@dataclass(frozen=True)
class Row:
    """One row of what is drawn.

    Attributes:
        value: path; * stands for each of several that are drawn alike.
        count: how many values the row stands for.
        group: of `--disperse`.
        distribution: in words, units as they were written.
        status: published, derived, estimated or assumed; empty if not given.
        source: key into the bibliography; empty if not given.
    """

    value: str
    count: int
    group: str
    distribution: str
    status: str
    source: str


@dataclass(frozen=True)
class Left:
    """Values that are not drawn, for one reason.

    Attributes:
        why: the reason, in words.
        paths: of the values.
    """

    why: str
    paths: tuple[str, ...]


def describe(plan: DrawPlan) -> list[Row]:
    """What is drawn, a row for values that are drawn alike: a stage's engines, a wind's level."""
    rows = []
    keyed = [(_key(line), k) for k, line in enumerate(plan.lines)]
    for (pattern, *_), found in groupby(keyed, key=lambda pair: pair[0]):
        members = [k for _, k in found]
        line = plan.lines[members[0]]
        told = filter(None, (line.where, _distribution(line), *_correlations(plan, members)))
        rows.append(Row(
            value=pattern if len(members) > 1 else line.path,
            count=len(members),
            group=line.group,
            distribution=", ".join(told),
            status=(line.value.status if line.value else None) or "",
            source=(line.value.source if line.value else None) or "",
        ))  # fmt: skip
    return rows


def left_out(mission: Mission, plan: DrawPlan) -> list[Left]:
    """What is not drawn, by reason; reasons without a value are left out."""
    drawn = {_without_number(name) for name in plan.names}
    reasons: dict[str, list[str]] = {}
    for path, value in walk_values(mission.spec):
        if path not in drawn:
            reasons.setdefault(_reason(path, value), []).append(path)
    return [Left(why, tuple(paths)) for why, paths in sorted(reasons.items())]


def _reason(path: str, value: Value) -> str:
    group = group_of(path)
    ranged = value.low is not None and value.high is not None
    if not group:
        return "what guidance, safety, site and the draw itself are told"
    if value.spread is not None or (group == "faults" and ranged):
        return f"of the group {group}, which is not drawn"
    if ranged and group != "faults":
        return "ranges that are knowledge of the design, the same on every flight"
    return "values without a range"


def _key(line: Line) -> tuple[str, str, str, int]:
    """Lines that are alike have one key."""
    pattern = _MEMBER.sub("*", line.path)
    source = (line.value.source or "") if line.value else ""
    return pattern, _distribution(line), source, len(line.parameters)


def _without_number(path: str) -> str:
    """The group's path for one engine's."""
    return re.sub(r"(\.engine)\.\d+(?=\.)", r"\1", path)


def _distribution(line: Line) -> str:
    """How a value is distributed: "normal 82.9 ± 0.829 kN, cut at 3 sigma"."""
    given, value = line.parameters, line.value
    if value is None:
        return f"one of {given['count']:.0f} soundings, each as likely"
    if line.kind == "exponential":
        end = "" if math.isinf(given["end"]) else f" to {given['end']:.0f} s"
        return f"stops by itself, {value.text} from {given['start']:.0f} s{end}"
    if line.kind == "normal":
        return f"{_bell(line, value)}{_ends(line, value)}"
    low, high = _written(value, given["low"]), _written(value, given["high"])
    if line.kind == "uniform":
        return f"uniform {low} to {high}"
    return f"triangular {low} to {high}, most often {_written(value, given['mode'])}"


def _bell(line: Line, value: Value) -> str:
    mean, sigma = line.parameters["mean"], line.parameters["sigma"]
    spread = value.written(sigma, 3, step=True)
    middle = value.written(mean, 5).removesuffix(spread.partition(" ")[2]).rstrip()
    return f"normal {middle} ± {spread}"


def _ends(line: Line, value: Value) -> str:
    """Where a normal distribution ends, or what is known of it."""
    given = line.parameters
    if "low" not in given:
        shares = " and ".join(f"{100.0 * each:g} %" for each in value.quantiles or QUANTILES)
        low, high = (_written(value, end or 0.0) for end in (value.low, value.high))
        return f", {shares} at {low} and {high}"
    if value.truncated:
        return f", cut at {_written(value, given['low'])} and {_written(value, given['high'])}"
    return ", cut at 3 sigma"


def _written(value: Value, si: float) -> str:
    return value.written(si, 5)


def _correlations(plan: DrawPlan, members: Sequence[int]) -> Iterator[str]:
    """With what a row's values are correlated, in words."""
    row = members[0]
    if plan.lines[row].path.startswith(WIND):
        if len(plan.correlated_with(row)):
            yield "levels correlated by their distance"
        return
    inside = {plan.names[k] for k in members}
    others: dict[float, list[str]] = {}
    for name, coefficient in plan.correlated_with(row):
        others.setdefault(coefficient, []).append(name)
    for coefficient, names in others.items():
        outside = [name for name in names if name not in inside]
        if len(outside) < len(names):
            yield f"correlated {coefficient:g} with each other"
        if outside:
            more = len(outside) - MOST_NAMES
            shown = ", ".join(outside[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
            yield f"correlated {coefficient:g} with {shown}"
