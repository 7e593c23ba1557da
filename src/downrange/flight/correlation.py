"""Values that are drawn together: tables of correlation, and the wind's own law, as one matrix."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.spec import DeviationSpec
from downrange.errors import InputError, Problem
from downrange.flight.lines import SIDES, drawable, drawable_of_vehicle
from downrange.flight.spec import MissionSpec
from downrange.vehicle.spec import CorrelationSpec, VehicleSpec

Floats = NDArray[np.float64]

LEAST_EIGENVALUE = 1e-9  # below it a matrix has no use for as many values as it has rows
AGREEMENT = 1e-12  # of two tables that correlate the same two values
WIND = "wind.deviation"


Finding = tuple[str, str, str, str]  # part of the mission, path in it, message, hint


class Told(NamedTuple):
    """A table of correlation and where it stands: part of the mission ("" or "vehicle"), path."""

    part: str
    path: str
    table: CorrelationSpec


class Matrix(NamedTuple):
    """Correlations of the normal scores of some lines.

    Attributes:
        values: (n, n) with ones on the diagonal.
        problems: pairs that are stated twice, otherwise.
    """

    values: Floats
    problems: list[Finding]


def tables_of(spec: MissionSpec) -> list[Told]:
    """The vehicle's tables of correlation, then the mission's."""
    return [
        Told(part, f"correlation.{number}", table)
        for part, tables in (("vehicle", spec.vehicle.correlation), ("", spec.correlation))
        for number, table in enumerate(tables, start=1)
    ]


def correlate(
    tables: Sequence[Told], deviation: DeviationSpec | None, names: Sequence[str]
) -> Matrix:
    """The correlations that tables and a wind's deviation state between values, by their paths.

    Patterns of the tables may match none of them.
    """
    matrix = np.eye(len(names))
    stated: dict[tuple[int, int], str] = {}
    problems: list[Finding] = []
    for i, j, coefficient in _wind_pairs(deviation, names):
        matrix[i, j] = matrix[j, i] = coefficient
        stated[i, j] = WIND
    for told in tables:
        among = sorted({k for pattern in told.table.between for k in _matches(
            _whole(told, pattern), names)})  # fmt: skip
        coefficient = told.table.coefficient.si
        for i, j in itertools.combinations(among, 2):
            if (i, j) in stated and abs(matrix[i, j] - coefficient) > AGREEMENT:
                pair = f"{names[i]} and {names[j]} are correlated {coefficient:g}"
                message = f"{pair}, but {matrix[i, j]:g} by {stated[i, j]}"
                problems.append((told.part, told.path, message, "state each pair once"))
            matrix[i, j] = matrix[j, i] = coefficient
            stated[i, j] = f"{told.part}.{told.path}".lstrip(".")
    return Matrix(matrix, problems)


def correlation_problems(spec: MissionSpec, files: Mapping[str, str], file: str) -> list[Problem]:
    """What is wrong with a mission's correlations, whatever groups are drawn.

    Args:
        spec: the mission.
        files: file of each part that has one of its own.
        file: the mission's.
    """
    found = _findings(tables_of(spec), spec.wind.deviation, drawable(spec))
    return [
        Problem(files.get(part, file), path if part in files or not part else f"{part}.{path}",
                message, hint)
        for part, path, message, hint in found
    ]  # fmt: skip


def vehicle_correlation_problems(vehicle: VehicleSpec, file: str) -> list[Problem]:
    """What is wrong with a vehicle's correlations, without a mission."""
    tables = [
        Told("vehicle", f"correlation.{number}", table)
        for number, table in enumerate(vehicle.correlation, start=1)
    ]
    found = _findings(tables, None, drawable_of_vehicle(vehicle))
    return [Problem(file, path, message, hint) for _, path, message, hint in found]


def _findings(
    tables: Sequence[Told], deviation: DeviationSpec | None, names: list[str]
) -> list[Finding]:
    """Every problem of some tables: unknown paths, pairs stated twice, what can't all hold."""
    problems = [each for told in tables for each in _unmatched(told, names)]
    matrix = correlate(tables, deviation, names)
    problems += matrix.problems
    if not matrix.problems:
        problems += _not_positive(tables, names, matrix.values)
    return problems


def root(matrix: Floats) -> Floats:
    """Lower triangular L with L L' the matrix, (n, n).

    Each group of correlated values is factored by itself, so that its digits do not depend on
    what else is drawn.

    Raises:
        InputError: the matrix is not positive definite.
    """
    lower = np.eye(len(matrix))
    for block in _blocks(matrix):
        try:
            lower[np.ix_(block, block)] = np.linalg.cholesky(matrix[np.ix_(block, block)])
        except np.linalg.LinAlgError:
            message = f"the correlations of {len(block)} values are not positive definite"
            raise InputError([Problem("", "correlation", message)]) from None
    return lower


def _whole(told: Told, pattern: str) -> str:
    """A pattern from the mission's root."""
    return f"{told.part}.{pattern}".lstrip(".")


def _matches(pattern: str, names: Sequence[str]) -> list[int]:
    """Which names a pattern fits; * stands for one word."""
    words = (re.escape(word).replace(r"\*", "[^.]+") for word in pattern.split("."))
    form = re.compile(r"\.".join(words))
    return [k for k, name in enumerate(names) if form.fullmatch(name)]


def _unmatched(told: Told, names: list[str]) -> Iterator[Finding]:
    """Patterns that name nothing that can be drawn, and tables with nothing to correlate."""
    from difflib import get_close_matches

    found: set[int] = set()
    missing = False
    for pattern in told.table.between:
        here = _matches(_whole(told, pattern), names)
        found |= set(here)
        if not here:
            missing = True
            inside = [name.removeprefix(f"{told.part}.") for name in names]
            near = get_close_matches(pattern, inside, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else ""
            message = f"{pattern!r} names nothing that can be drawn"
            yield told.part, f"{told.path}.between", message, hint
    several = any("*" in pattern for pattern in told.table.between)
    if not missing and not several and len(found) < 2:
        message = f"{', '.join(told.table.between)} is a single value"
        yield told.part, f"{told.path}.between", message, "a correlation needs two"


def _not_positive(tables: Sequence[Told], names: list[str], matrix: Floats) -> Iterator[Finding]:
    """Groups of values whose correlations can't all hold, laid to the first table that says one."""
    for block in _blocks(matrix):
        least = float(np.linalg.eigvalsh(matrix[np.ix_(block, block)])[0])
        if least > LEAST_EIGENVALUE:
            continue
        inside = [names[k] for k in block]
        told = next((each for each in tables for pattern in each.table.between
                     if _matches(_whole(each, pattern), inside)), None)  # fmt: skip
        part, path = (told.part, told.path) if told else ("wind", "deviation")
        shown = ", ".join(inside[:4]) + (f" and {len(inside) - 4} more" if len(inside) > 4 else "")
        message = (
            f"the correlations of {shown} can't all hold: not positive definite, the least "
            f"eigenvalue is {least:.2g}"
        )
        hint = f"alike between {len(block)} values, a coefficient lies above "
        yield part, path, message, f"{hint}{-1.0 / (len(block) - 1):.3g} and below 1"


def _blocks(matrix: Floats) -> list[list[int]]:
    """Groups of rows that are correlated with each other, however indirectly; none of one row."""
    waiting = set(np.flatnonzero((matrix != 0.0).sum(axis=1) > 1).tolist())
    blocks = []
    while waiting:
        ahead, block = [min(waiting)], []
        while ahead:
            row = ahead.pop()
            if row in waiting:
                waiting.discard(row)
                block.append(row)
                ahead += [int(each) for each in np.flatnonzero(matrix[row]) if each in waiting]
        blocks.append(sorted(block))
    return blocks


def _wind_pairs(
    deviation: DeviationSpec | None, names: Sequence[str]
) -> Iterator[tuple[int, int, float]]:
    """Correlations of the wind's deviation between its levels, exp(-d / L), by place in `names`."""
    if deviation is None:
        return
    place = {name: k for k, name in enumerate(names)}
    length_m = deviation.correlation_length.si
    altitudes_m = [level.altitude.si for level in deviation.level]
    for side in SIDES:
        rows = [(place.get(f"{WIND}.level.{number}.{side}"), altitude_m)
                for number, altitude_m in enumerate(altitudes_m, start=1)]  # fmt: skip
        for at, (i, low_m) in enumerate(rows):
            for j, high_m in rows[at + 1 :]:
                if i is not None and j is not None:
                    yield i, j, math.exp(-(high_m - low_m) / length_m)
