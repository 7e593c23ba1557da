"""What a check case expects: figures at times, and how near they must be met."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from downrange._spec import Spec

Wrong = list[tuple[str, str, str]]  # path within the checkpoints, message, hint

# What a checkpoint can hold besides time_s, in the order of kernel.observe, with its unit.
COLUMNS = {
    "altitude_m": "m",
    "velocity_north_mps": "m/s",
    "velocity_east_mps": "m/s",
    "velocity_down_mps": "m/s",
    "latitude_deg": "deg",
    "longitude_deg": "deg",
    "roll_deg": "deg",
    "pitch_deg": "deg",
    "yaw_deg": "deg",
    "p_radps": "rad/s",
    "q_radps": "rad/s",
    "r_radps": "rad/s",
}

# A number that need not be one: `problems` tells it with all else that is wrong.
Figure = Annotated[float, Field(strict=True, allow_inf_nan=True)]


class CheckpointsSpec(Spec):
    """Figures expected at times, with the largest difference allowed in each column.

    Attributes:
        columns: names of the figures, `time_s` among them.
        rows: figures, a row for each time.
        tolerance: largest difference allowed, by column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Figure, ...], ...]
    tolerance: dict[str, Figure] = Field(default_factory=dict)

    @property
    def times_s(self) -> list[float]:
        """Time of each row in s."""
        at = self.columns.index("time_s")
        return [row[at] for row in self.rows]


def problems(points: CheckpointsSpec, duration_s: float = math.inf) -> Wrong:
    """All that is wrong with a table of checkpoints of a flight of a duration."""
    return [*_of_columns(points), *_of_tolerances(points), *_of_rows(points, duration_s)]


def _of_columns(points: CheckpointsSpec) -> Wrong:
    columns = points.columns
    found = [
        ("columns", f"unknown column {column!r}", f"known: time_s, {', '.join(COLUMNS)}")
        for column in columns
        if column != "time_s" and column not in COLUMNS
    ]
    if "time_s" not in columns:
        found.append(("columns", "time_s is missing", ""))
    return found + [
        ("columns", f"{column!r} stands more than once", "")
        for column in sorted({c for c in columns if columns.count(c) > 1})
    ]


def _of_tolerances(points: CheckpointsSpec) -> Wrong:
    given = points.tolerance
    found = [
        ("tolerance", f"{column!r} has no tolerance", f"add {column} = ...")
        for column in dict.fromkeys(points.columns)
        if column in COLUMNS and column not in given
    ]
    for column, most in given.items():
        if column not in points.columns:
            found.append((f"tolerance.{column}", "there is no such column", ""))
        if not (math.isfinite(most) and most >= 0.0):
            found.append((f"tolerance.{column}", f"is no number of at least 0: {most:g}", ""))
    return found


def _of_rows(points: CheckpointsSpec, duration_s: float) -> Wrong:
    width, found = len(points.columns), []
    if not points.rows:
        found.append(("rows", "there are none", "add one for each time, [10.0, ...]"))
    for i, row in enumerate(points.rows, 1):
        if len(row) != width:
            found.append((f"rows.{i}", f"has {len(row)} numbers for {width} columns", ""))
        found += [
            (f"rows.{i}.{k}", f"is no number: {figure:g}", "")
            for k, figure in enumerate(row, 1)
            if not math.isfinite(figure)
        ]
    if "time_s" in points.columns:
        found += _of_times(points, duration_s)
    return found


def _of_times(points: CheckpointsSpec, duration_s: float) -> Wrong:
    """Times before the start, past the end, and those that don't rise."""
    at, found = points.columns.index("time_s"), []
    told = [(i, row[at]) for i, row in enumerate(points.rows, 1) if len(row) > at]
    for i, time in told:
        if time < 0.0:
            found.append((f"rows.{i}", f"time {time:g} s is before the start", ""))
        if time > duration_s:
            message = f"time {time:g} s is past the duration, {duration_s:g} s"
            found.append((f"rows.{i}", message, ""))
    for (_, before), (i, after) in pairwise(told):
        if after <= before:
            found.append((f"rows.{i}", f"time {after:g} s is not after {before:g} s", ""))
    return found
