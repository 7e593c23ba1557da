"""Telemetry that others recorded: columns of a CSV file become channels."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from downrange.errors import InputError, Problem
from downrange.telemetry.channels import nearest
from downrange.telemetry.recording import Telemetry


def read_telemetry_csv(
    path: Path | str, columns: Mapping[str, str | tuple[str, float]]
) -> Telemetry:
    """Telemetry from a CSV file with a header line.

    `columns` maps a channel's name to the file's column, or to (column, factor) to convert
    its unit: `{"time_s": "t", "speed_mps": ("v1", 1 / 3.6)}`. Empty cells and "nan" become
    nan; rows without a time are left out. Raises InputError with every problem.
    """
    file = Path(path)
    wanted = {name: (c, 1.0) if isinstance(c, str) else c for name, c in columns.items()}
    header, rows = _rows(file)
    problems = [
        Problem(str(file), column, "the file has no such column", nearest(column, header))
        for column, _ in wanted.values()
        if column not in header
    ]
    if problems:
        raise InputError(problems)
    table: dict[str, np.ndarray] = {}
    for name, (column, factor) in wanted.items():
        numbers = _numbers(str(file), column, header.index(column), rows, problems)
        table[name] = np.array(numbers) * factor
    if problems:
        raise InputError(problems)
    timed = np.isfinite(table["time_s"]) if "time_s" in table else slice(None)
    return Telemetry.from_columns({name: values[timed] for name, values in table.items()})


def _rows(file: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            lines = [line for line in csv.reader(stream) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError([Problem(str(file), "", f"cannot be read: {error}")]) from error
    if len(lines) < 2:
        raise InputError([Problem(str(file), "", "needs a header line and rows of numbers")])
    return [name.strip() for name in lines[0]], lines[1:]


def _numbers(
    file: str, column: str, index: int, rows: list[list[str]], problems: list[Problem]
) -> list[float]:
    numbers = []
    for line, row in enumerate(rows, start=2):
        text = row[index].strip() if index < len(row) else ""
        try:
            numbers.append(float(text) if text else float("nan"))
        except ValueError:
            problems.append(Problem(file, f"line {line}, {column}", f"{text!r} is no number"))
    return numbers
