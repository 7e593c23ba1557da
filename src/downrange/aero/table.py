"""A coefficient table from a CSV file, checked whole."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.errors import InputError, Problem

Floats = NDArray[np.float64]

COLUMNS = ("mach", "alpha_deg", "CN", "CA", "Cm")
FULL_DEG = 180.0


@dataclass(frozen=True)
class CoefficientTable:
    """Coefficients on a grid of Mach number and total angle.

    Attributes:
        mach: (nM,) rising.
        alpha_rad: (nA,) rising, 0 to pi.
        cn, ca, cm: (nM, nA).
    """

    mach: Floats
    alpha_rad: Floats
    cn: Floats
    ca: Floats
    cm: Floats


def read_table(path: Path | str) -> CoefficientTable:
    """Return the table in a CSV file with the columns mach, alpha_deg, CN, CA, Cm.

    Rows may come in any order; every Mach number needs the same angles, from 0 to 180 degrees.

    Raises:
        InputError: carries every problem found, with the line.
    """
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError([Problem(str(file), "", "does not exist")]) from None
    except UnicodeDecodeError:
        raise InputError([Problem(str(file), "", "is not a text file")]) from None
    except OSError as error:
        problem = Problem(str(file), "", f"can't be read: {error.strerror}")
        raise InputError([problem]) from None
    problems: list[Problem] = []
    rows = _rows(lines, str(file), problems)
    table = None if problems else _grid(rows, str(file), problems)
    if problems or table is None:
        raise InputError(problems)
    return table


def _rows(
    lines: Iterable[str], file: str, problems: list[Problem]
) -> dict[tuple[float, float], tuple[float, ...]]:
    """(mach, alpha_deg) -> (CN, CA, Cm)."""
    reader = csv.DictReader(lines, skipinitialspace=True)
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        hint = f"columns: {', '.join(COLUMNS)}"
        problems.append(Problem(file, "", f"has no column {', '.join(missing)}", hint))
        return {}
    rows: dict[tuple[float, float], tuple[float, ...]] = {}
    for row in reader:
        line = f"line {reader.line_num}"
        numbers = [_number(row[name], name, line, file, problems) for name in COLUMNS]
        if any(math.isnan(number) for number in numbers):
            continue
        mach, alpha_deg, *coefficients = numbers
        if mach < 0.0:
            problems.append(Problem(file, line, f"a Mach number of {mach:g}"))
        if not 0.0 <= alpha_deg <= FULL_DEG:
            problems.append(Problem(file, line, f"alpha_deg {alpha_deg:g} is not within 0 to 180"))
        if (mach, alpha_deg) in rows:
            problems.append(Problem(file, line, f"repeats Mach {mach:g}, {alpha_deg:g} deg"))
        rows[mach, alpha_deg] = tuple(coefficients)
    return rows


def _number(text: str | None, name: str, line: str, file: str, problems: list[Problem]) -> float:
    """A finite number, or nan with the problem noted."""
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        problems.append(Problem(file, line, f"{name} should be a number, got {text!r}"))
        return math.nan
    return number


def _grid(
    rows: dict[tuple[float, float], tuple[float, ...]], file: str, problems: list[Problem]
) -> CoefficientTable | None:
    """The rows as arrays; every corner of the grid has to be there."""
    machs = sorted({mach for mach, _ in rows})
    alphas = sorted({alpha for _, alpha in rows})
    if len(machs) < 2:
        problems.append(Problem(file, "", "needs two Mach numbers or more"))
    if not alphas or alphas[0] > 0.0 or alphas[-1] < FULL_DEG:
        hint = "a vehicle that tumbles meets them all"
        problems.append(Problem(file, "", "angles have to reach from 0 to 180 degrees", hint))
    for mach in machs:
        absent = [f"{alpha:g}" for alpha in alphas if (mach, alpha) not in rows]
        if absent:
            problems.append(
                Problem(file, "", f"Mach {mach:g} has no row at {', '.join(absent)} deg")
            )
    if problems:
        return None
    values = np.array([[rows[mach, alpha] for alpha in alphas] for mach in machs])
    return CoefficientTable(
        np.array(machs), np.radians(alphas), values[..., 0], values[..., 1], values[..., 2]
    )
