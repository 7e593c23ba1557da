"""What can be drawn of a mission: each value with its distribution, by the groups of `--disperse`.

A value's `spread` is its standard deviation from flight to flight. A range without a spread is
what an outsider knows of the design, the same on every flight: only the group `knowledge` draws
it. The range of a fault is how well the flight as flown is known: `faults` draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from downrange._spec import walk_values
from downrange.errors import InputError, Problem
from downrange.flight.spec import MissionSpec
from downrange.propulsion.spec import EngineGroupSpec, EngineOverride
from downrange.units import CUT, Value
from downrange.vehicle.spec import VehicleSpec

Kind = Literal["normal", "uniform", "triangular", "exponential", "choice"]
Span = tuple[float, float]

_STRUCTURE = ("structure", "stiffness", "damping_ratio")
GROUPS = (
    "engines", "mass", "wind", "aero", "sensors", "structure", "faults", "failures", "knowledge",
)  # fmt: skip
EVERYDAY = GROUPS[:-1]  # what --disperse alone draws

SOUNDING = "wind.sounding"
FAILURE = "failure_time"
SIDES = ("north", "east")
_NOT_DRAWN = ("correlation", "deviation", "failure_rate")  # they say how something is drawn
_DEVIATION = re.compile(r"wind\.deviation\.level\.\d+\.(north|east)")
_GROUP_OF_ENGINES = re.compile(r"vehicle\.(?P<stage>\w+)\.engine\.(?P<field>\w+)")


@dataclass(frozen=True)
class Line:
    """One value that is drawn.

    Attributes:
        path: of the value; `draw.<path>` in a campaign's table.
        group: of `--disperse`.
        kind: its distribution.
        parameters: of the distribution in SI, by name: mean, sigma, low, high, mode, rate,
            start, end, count. A normal distribution with low and high ends there.
        value: as it was written, with status and source; of a deviation of the wind its sigma,
            of a failure its rate. None for a sounding.
        nominal: the value of the flight that draws nothing; inf for a failure, 0 for a sounding.
        where: what its path does not say: the altitude of a wind's level.
    """

    path: str
    group: str
    kind: Kind
    parameters: dict[str, float]
    value: Value | None
    nominal: float
    where: str = ""

    @property
    def unit(self) -> str:
        """The SI unit of what is drawn; "1" for a plain number."""
        if self.kind == "exponential":
            return "s"
        return self.value.unit if self.value is not None else "1"


def group_of(path: str) -> str:
    """The group of `--disperse` that a value belongs to; empty for one that is never drawn."""
    head, _, rest = path.partition(".")
    words = rest.split(".")
    if path == SOUNDING or _DEVIATION.fullmatch(path):
        return "wind"
    if any(word in words for word in _NOT_DRAWN):
        return ""
    if head == "fault":
        return "faults"
    if head == "wind":
        return "wind"
    if head != "vehicle":
        return ""
    if FAILURE in words:
        return "failures"
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
    """The groups asked for, each once and "all" spelled out.

    Raises:
        InputError: there is no such group; names every one.
    """
    unknown = [group for group in groups if group not in (*GROUPS, "all")]
    if unknown:
        hint = f"groups: all, {', '.join(GROUPS)}"
        message = "there is no such group"
        raise InputError([Problem("--disperse", group, message, hint) for group in unknown])
    spelled = (EVERYDAY if group == "all" else (group,) for group in groups)
    return tuple(dict.fromkeys(each for several in spelled for each in several))


def lines_of(
    spec: MissionSpec, groups: Sequence[str], burns_s: Sequence[Span] = (), soundings: int = 0
) -> list[Line]:
    """All that the groups draw of a mission.

    Args:
        spec: the mission.
        groups: of `--disperse`.
        burns_s: of each stage, first ignition and last cut-off that are planned, from first
            motion; for failures by rate.
        soundings: how many files the wind's folder holds.
    """
    lines = [line for path, value in walk_values(spec) for line in _value_lines(
        spec, path, value, groups)]  # fmt: skip
    if "failures" in groups:
        lines += _failure_lines(spec, burns_s)
    if "wind" in groups:
        lines += _deviation_lines(spec)
        if spec.wind.model == "soundings" and spec.wind.sounding is None and soundings:
            count = {"count": float(soundings)}
            lines.append(Line(SOUNDING, "wind", "choice", count, None, 0.0))
    return lines


def drawable(spec: MissionSpec) -> list[str]:
    """Paths of all that could be drawn of a mission, if it had a range."""
    paths = [path for path, _ in walk_values(spec) if group_of(path)]
    levels = len(spec.wind.deviation.level) if spec.wind.deviation else 0
    paths += [f"wind.deviation.level.{k + 1}.{side}" for k in range(levels) for side in SIDES]
    return list(dict.fromkeys([*paths, *drawable_of_vehicle(spec.vehicle)]))


def drawable_of_vehicle(vehicle: VehicleSpec) -> list[str]:
    """The same of a vehicle, from the root of a mission."""
    inside = (f"vehicle.{path}" for path, _ in walk_values(vehicle))
    fields = [
        *(field for field in EngineOverride.model_fields if group_of(_engine(field))),
        FAILURE,
    ]
    engines = [
        f"vehicle.{stage.name}.engine.{number}.{field}"
        for stage in vehicle.stage
        for number in range(1, stage.engine.count + 1)
        for field in fields
    ]
    return list(dict.fromkeys([*(path for path in inside if group_of(path)), *engines]))


def _engine(field: str) -> str:
    return f"vehicle.stage.engine.{field}"


def range_line(path: str, group: str, value: Value) -> Line:
    """The draw of a value's range, as its distribution says."""
    low, high = value.low or 0.0, value.high or 0.0
    ends = {"low": low, "high": high}
    match value.distribution:
        case "normal":
            mean, sigma = value.normal
            bell = {"mean": mean, "sigma": sigma} | (ends if value.truncated else {})
            return Line(path, group, "normal", bell, value, value.si)
        case "triangular":
            return Line(path, group, "triangular", ends | {"mode": value.si}, value, value.si)
        case _:
            return Line(path, group, "uniform", ends, value, value.si)


def spread_line(path: str, group: str, value: Value) -> Line:
    """The draw of a value from flight to flight: normal, cut at three standard deviations."""
    mean, sigma = value.normal
    low, high = mean - CUT * sigma, mean + CUT * sigma
    if value.truncated and value.low is not None and value.high is not None:
        low, high = value.low, value.high
    parameters = {"mean": mean, "sigma": sigma, "low": low, "high": high}
    return Line(path, group, "normal", parameters, value, value.si)


def overlaps(lines: Sequence[Line]) -> list[Problem]:
    """Draws by which an engine could be better at sea level than in vacuum."""
    ranges = {line.path: line.parameters for line in lines if "low" in line.parameters}
    problems = []
    for path, below in ranges.items():
        above = ranges.get(path.replace("_sl", "_vac"))
        if path.endswith(("thrust_sl", "isp_sl")) and above and below["high"] > above["low"]:
            value = next(line.value for line in lines if line.path == path)
            high, low = (
                value.written(end) if value else "" for end in (below["high"], above["low"])
            )
            message = (
                f"can be drawn as {high}, in vacuum as {low}: no engine is better at sea level"
            )
            problems.append(Problem("", path, message, "ranges that do not overlap"))
    return problems


def _value_lines(
    spec: MissionSpec, path: str, value: Value, groups: Sequence[str]
) -> Iterator[Line]:
    """How one value of a mission is drawn: once, for each engine, or not at all."""
    group = group_of(path)
    ranged = value.low is not None and value.high is not None
    if not group:
        return
    if value.spread is not None and group in groups:
        yield from (spread_line(each, group, value) for each in _members(spec, path))
    elif ranged and group == "faults" and group in groups:
        yield range_line(path, group, value)
    elif ranged and group != "faults" and "knowledge" in groups:
        yield range_line(path, "knowledge", value)


def _members(spec: MissionSpec, path: str) -> list[str]:
    """Paths of the engines that a group's value stands for; the path itself for any other."""
    match = _GROUP_OF_ENGINES.fullmatch(path)
    if match is None or match["field"] not in EngineOverride.model_fields:
        return [path]
    (group,) = (each.engine for each in spec.vehicle.stage if each.name == match["stage"])
    return [
        f"vehicle.{match['stage']}.engine.{number}.{match['field']}"
        for number in range(1, group.count + 1)
        if getattr(group.override.get(str(number)), match["field"], None) is None
    ]


def _failure_lines(spec: MissionSpec, burns_s: Sequence[Span]) -> Iterator[Line]:
    """When each engine with a failure rate fails, counted from its planned ignition."""
    for index, stage in enumerate(spec.vehicle.stage):
        for number in range(1, stage.engine.count + 1):
            rate = failure_rate(stage.engine, number)
            if rate is None or rate.si == 0.0:
                continue
            start_s, end_s = burns_s[index] if index < len(burns_s) else (0.0, float("inf"))
            parameters = {"rate": rate.si, "start": start_s, "end": end_s}
            path = f"vehicle.{stage.name}.engine.{number}.{FAILURE}"
            yield Line(path, "failures", "exponential", parameters, rate, float("inf"))


def failure_rate(group: EngineGroupSpec, number: int) -> Value | None:
    """How often an engine of a group fails while it burns; None if nothing is known."""
    own = group.override.get(str(number))
    return own.failure_rate if own and own.failure_rate is not None else group.failure_rate


def _deviation_lines(spec: MissionSpec) -> Iterator[Line]:
    """The wind's deviation at each level, but for what the file fixes."""
    if spec.wind.deviation is None:
        return
    for number, level in enumerate(spec.wind.deviation.level, start=1):
        for side in SIDES:
            sigma: Value = getattr(level, f"{side}_sigma")
            if getattr(level, side) is None:
                reach = CUT * sigma.si
                parameters = {"mean": 0.0, "sigma": sigma.si, "low": -reach, "high": reach}
                path = f"wind.deviation.level.{number}.{side}"
                where = f"at {level.altitude.text}"
                yield Line(path, "wind", "normal", parameters, sigma, 0.0, where)
