"""One flight's draw: the same mission with its dispersed values moved within what is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from downrange._random import MOST_FLIGHTS, seed_words, stream_keys
from downrange._spec import get_path, walk_values
from downrange.earth.build import count_soundings
from downrange.errors import InputError
from downrange.faults.spec import FaultSpec
from downrange.flight.assemble import Planned
from downrange.flight.correlation import correlate, root, tables_of
from downrange.flight.kernel import draws as kernel
from downrange.flight.lines import (
    EVERYDAY,
    FAILURE,
    GROUPS,
    SOUNDING,
    Line,
    Span,
    check_groups,
    group_of,
    lines_of,
    overlaps,
)
from downrange.flight.load import Mission
from downrange.flight.spec import MissionSpec
from downrange.propulsion.spec import EngineOverride
from downrange.units import Value
from downrange.vehicle.spec import StageSpec

__all__ = [
    "EVERYDAY", "GROUPS", "DrawPlan", "Line", "apply", "check_groups", "draw", "group_of",
    "plan_draws",
]  # fmt: skip

Floats = NDArray[np.float64]

_KINDS = {
    "normal": kernel.NORMAL,
    "uniform": kernel.UNIFORM,
    "triangular": kernel.TRIANGULAR,
    "exponential": kernel.EXPONENTIAL,
    "choice": kernel.CHOICE,
}


@dataclass(frozen=True, eq=False)
class DrawPlan:
    """What is drawn for each flight of a mission, and from where.

    Attributes:
        lines: one for each drawn value, n in all.
        correlation: (n, n) of their normal scores.
        table: (n, DRAW_COLUMNS) the lines as the kernel reads them.
        mix: (n, n) lower triangular root of the correlation.
        keys: (n,) of the values' random streams.
    """

    lines: tuple[Line, ...]
    correlation: Floats
    table: Floats
    mix: Floats
    keys: NDArray[np.uint32]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Paths of the values."""
        return tuple(line.path for line in self.lines)

    @cached_property
    def nominal(self) -> Floats:
        """(n,) the values of a flight that draws nothing, SI."""
        return np.array([line.nominal for line in self.lines], dtype=np.float64)

    def correlated_with(self, row: int) -> list[tuple[str, float]]:
        """Paths of the values that a line is correlated with, and how much."""
        others = np.flatnonzero(self.correlation[row])
        return [(self.names[k], float(self.correlation[row, k])) for k in others if k != row]

    def records(self) -> list[dict[str, Any]]:
        """The lines for a file: what is drawn, from where, in SI; what has no end is None."""
        return [
            {
                "path": line.path,
                "group": line.group,
                "distribution": line.kind,
                "parameters": {key: _finite(each) for key, each in line.parameters.items()},
                "unit": line.unit,
                "nominal": _finite(line.nominal),
                "status": line.value.status if line.value else None,
                "source": line.value.source if line.value else None,
                "correlated": dict(self.correlated_with(row)),
            }
            for row, line in enumerate(self.lines)
        ]

    def sample(self, seed: int, first: int, count: int = 1) -> Floats:
        """The values of flights `first` and on, (count, n), SI.

        A flight's row depends on seed, flight and the values' own names alone, and has the same
        bits alone as among others.

        Raises:
            ValueError: a negative seed, or a flight that is not from 0 to 2^32 - 1.
        """
        if not 0 <= first <= first + count <= MOST_FLIGHTS:
            raise ValueError(f"a flight's number is from 0 to 2^32 - 1, not {first} + {count}")
        values = np.empty((count, len(self.lines)))
        states = np.empty((len(self.lines), 4), dtype=np.uint64)
        kernel.draw_uniforms(seed_words(seed), first, self.keys, states, values)
        kernel.draw_values(self.table, self.mix, values)
        return values

    def values_of(self, uniforms: Floats) -> Floats:
        """The values of flights whose uniform numbers, (flights, n), come from elsewhere."""
        values = np.clip(np.array(uniforms, dtype=np.float64), kernel.LEAST, kernel.MOST)
        kernel.draw_values(self.table, self.mix, values)
        return values


def plan_draws(mission: Mission, groups: Sequence[str], planned: Planned | None = None) -> DrawPlan:
    """Plan what the groups draw of a mission; worked out once for any number of flights.

    Args:
        mission: the mission.
        groups: of `--disperse`, see `check_groups`.
        planned: its plan, from which failures of later stages are counted; without it they are
            counted from first motion as those of the first.

    Raises:
        InputError: a folder of soundings can't be read, or ranges of an engine's figures at sea
            level and in vacuum overlap.
    """
    spec = mission.spec
    soundings = count_soundings(spec.wind, mission.folders["wind"]) if "wind" in groups else 0
    burns_s = burns_of(planned, spec) if planned else ()
    lines = lines_of(spec, groups, burns_s, soundings)
    problems = overlaps(lines)
    if problems:
        raise InputError([replace(each, file=str(mission.file)) for each in problems])
    names = [line.path for line in lines]
    matrix = correlate(tables_of(spec), spec.wind.deviation, names).values
    table = np.array([_row(line) for line in lines], dtype=np.float64)
    keys = stream_keys([f"draw.{name}" for name in names])
    return DrawPlan(
        lines=tuple(lines),
        correlation=matrix,
        table=np.ascontiguousarray(table.reshape(-1, kernel.DRAW_COLUMNS)),
        mix=np.ascontiguousarray(root(matrix)),
        keys=keys,
    )


def burns_of(planned: Planned, spec: MissionSpec) -> list[Span]:
    """First ignition and first planned cut-off of each stage, s from first motion.

    The first stage counts until it is gone. Limit: what the upper stage burns after its first
    cut-off, some seconds, is left out.
    """
    ascent = planned.ascent
    ignition_s = float(ascent.time_s[ascent.burnout_row]) + spec.guidance.staging_coast.si
    return [(0.0, math.inf), (ignition_s, float(ascent.time_s[ascent.insertion_row]))]


def draw(
    mission: Mission,
    groups: Sequence[str],
    seed: int,
    flight: int,
    planned: Planned | None = None,
) -> tuple[MissionSpec, dict[str, float]]:
    """The mission as it is on this flight, and what was drawn (SI) by path."""
    if not groups:
        return mission.spec, {}
    plan = plan_draws(mission, groups, planned)
    (values,) = plan.sample(seed, flight).tolist()
    drawn = dict(zip(plan.names, values, strict=True))
    return apply(mission.spec, drawn), drawn


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _row(line: Line) -> list[float]:
    """A line as the kernel reads it."""
    given = line.parameters
    low, high = given.get("low", -math.inf), given.get("high", math.inf)
    match line.kind:
        case "normal":
            mean, sigma = given["mean"], given["sigma"]
            below = [_below(end, mean, sigma) for end in (low, high)]
            abcd = [mean, sigma, *below]
        case "uniform":
            abcd = [low, high, 0.0, 0.0]
        case "triangular":
            abcd = [low, given["mode"], high, 0.0]
        case "exponential":
            abcd = [given["rate"], given["start"], given["end"], 0.0]
        case "choice":
            abcd = [given["count"], 0.0, 0.0, 0.0]
    return [float(_KINDS[line.kind]), *abcd, low, high]


def _below(end: float, mean: float, sigma: float) -> float:
    """Share of a normal distribution below one of its ends."""
    if sigma == 0.0 or math.isinf(end):
        return 0.0 if end < mean else 1.0
    return 0.5 * math.erfc((mean - end) / sigma * math.sqrt(0.5))


# Putting drawn values into a mission, exactly: the way of a single flight.


class _Sorted(NamedTuple):
    """Drawn values by where they go."""

    plain: dict[str, float]  # values that stand in the mission
    engines: dict[tuple[str, str], dict[str, float]]  # (stage, number) -> field -> value
    failures: dict[tuple[str, str], float]  # (stage, number) -> s from first motion
    wind: dict[tuple[int, str], float]  # (level, side) -> m/s


def paths_of(spec: MissionSpec) -> dict[int, str]:
    """Path of every value of a mission, by the identity of the value."""
    return {id(value): path for path, value in walk_values(spec)}


def apply(
    spec: MissionSpec, drawn: Mapping[str, float], paths: Mapping[int, str] | None = None
) -> MissionSpec:
    """The mission with drawn values (SI, by path) in their places; the rest is shared.

    `paths` are those of the mission, where many draws are applied to one.

    Raises:
        InputError: a path that names nothing.
    """
    known = paths_of(spec) if paths is None else paths
    found = _sort(spec, drawn, set(known.values()))
    moved: MissionSpec = _replace(spec, found.plain, lambda value: known.get(id(value)))
    vehicle, wind = moved.vehicle, moved.wind
    if found.engines:
        stages = tuple(_with_engines(stage, found.engines) for stage in vehicle.stage)
        vehicle = vehicle.model_copy(update={"stage": stages})
    if found.wind and wind.deviation is not None:
        levels = tuple(
            level.model_copy(update={
                side: _speed(found.wind[number, side])
                for side in ("north", "east") if (number, side) in found.wind
            })
            for number, level in enumerate(wind.deviation.level, start=1)
        )  # fmt: skip
        off = wind.deviation.model_copy(update={"level": levels})
        wind = wind.model_copy(update={"deviation": off})
    if drawn.get(SOUNDING):
        wind = wind.model_copy(update={"sounding": int(drawn[SOUNDING])})
    faults = (*moved.fault, *_failures(found.failures))
    return moved.model_copy(update={"vehicle": vehicle, "wind": wind, "fault": faults})


def _sort(spec: MissionSpec, drawn: Mapping[str, float], known: set[str]) -> _Sorted:
    """Drawn values by where they go."""
    found = _Sorted({}, {}, {}, {})
    for path, si in drawn.items():
        match path.split("."):
            case _ if path in known:
                found.plain[path] = si
            case ["vehicle", stage, "engine", number, field] if field == FAILURE:
                found.failures[stage, number] = si
            case ["vehicle", stage, "engine", number, field] if number.isdigit():
                get_path(spec, f"vehicle.{stage}.engine.{field}")
                found.engines.setdefault((stage, number), {})[field] = si
            case ["wind", "deviation", "level", number, ("north" | "east") as side]:
                found.wind[int(number), side] = si
            case _ if path != SOUNDING:
                get_path(spec, path)
    return found


def _with_engines(stage: StageSpec, drawn: Mapping[tuple[str, str], dict[str, float]]) -> StageSpec:
    """A stage whose engines have values of their own."""
    group = stage.engine
    override = dict(group.override)
    for (name, number), fields in drawn.items():
        if name == stage.name:
            values = {field: _moved(getattr(group, field), si) for field, si in fields.items()}
            own = override.get(number, EngineOverride())
            override[number] = own.model_copy(update=values)
    return stage.model_copy(update={"engine": group.model_copy(update={"override": override})})


def _failures(drawn: Mapping[tuple[str, str], float]) -> Iterator[FaultSpec]:
    """Engines that stop by themselves, one that never does included."""
    for (stage, number), time_s in drawn.items():
        text = f"{time_s:.6g} s"
        at = Value.model_construct(si=time_s, text=text, unit="s")
        yield FaultSpec.model_construct(
            target=f"{stage}.engine.{number}", kind="shutdown", at=at, value=None
        )


def _moved(value: Value, si: float) -> Value:
    """A value as it is on this flight, in words too."""
    return value.model_copy(update={"si": si, "text": value.written(si)})


def _speed(si: float) -> Value:
    return Value(si=si, text=f"{si!r} m/s", unit="m/s")


def _replace(node: Any, drawn: dict[str, float], path_of: Callable[[Value], str | None]) -> Any:
    """A copy of a spec with the drawn values in place; parts without any are shared."""
    if isinstance(node, Value):
        path = path_of(node)
        return _moved(node, drawn[path]) if path in drawn else node
    if isinstance(node, BaseModel):
        fields = {key: getattr(node, key) for key in type(node).model_fields}
        moved = {key: _replace(each, drawn, path_of) for key, each in fields.items()}
        changed = {key: moved[key] for key in fields if moved[key] is not fields[key]}
        return node.model_copy(update=changed) if changed else node
    if isinstance(node, tuple):
        items = tuple(_replace(each, drawn, path_of) for each in node)
        return items if any(a is not b for a, b in zip(items, node, strict=True)) else node
    if isinstance(node, dict):
        table = {key: _replace(each, drawn, path_of) for key, each in node.items()}
        return table if any(table[key] is not node[key] for key in node) else node
    return node
