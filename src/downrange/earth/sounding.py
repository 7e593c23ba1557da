"""Soundings: wind against altitude from a CSV file.

The first line names the columns, each with its unit; others are ignored:

    altitude_m,direction_deg,speed_mps
    pressure_hpa,direction_deg,speed_kt

Altitude in m, km or ft (`altitude`, `height`, `alt`; `geopotential_height` is turned into
geometric altitude), or else pressure in hPa, mbar or Pa, turned into altitude by the US
Standard Atmosphere 1976 (some 100 m off on a day unlike it). Direction is where the wind
blows from, in degrees. Speed in m/s, kt, km/h or ft/s; or, in place of direction and speed,
the components `u_east` and `v_north`. Case does not matter; `wind_speed`, `wind_dir` and the
like are understood. A row without wind (empty or nan) is left out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.earth.kernel.atmosphere import (
    G0_MPS2,
    GAS_CONSTANT,
    GEOPOTENTIAL_RADIUS_M,
    LAYER_BASE_K,
    LAYER_BASE_M,
    LAYER_BASE_PA,
    LAYER_LAPSE,
)
from downrange.errors import InputError, Problem

Floats = NDArray[np.float64]

# Names of a column without its unit; factors of its units to SI (degrees stay degrees).
_NAMES = {
    "geopotential": ("geopotential_height", "geopotential_altitude", "gph"),
    "altitude": ("altitude", "height", "alt", "geometric_altitude"),
    "pressure": ("pressure", "press", "p"),
    "direction": ("direction", "dir", "from", "wind_dir", "wind_direction", "wind_from"),
    "speed": ("speed", "wind_speed", "wspd"),
    "east": ("u_east", "u", "wind_u", "east"),
    "north": ("v_north", "v", "wind_v", "north"),
}
_LENGTH = {"m": 1.0, "km": 1000.0, "ft": 0.3048}
_SPEED = {
    "mps": 1.0, "ms": 1.0, "m/s": 1.0, "kt": 1852.0 / 3600.0, "kn": 1852.0 / 3600.0,
    "kts": 1852.0 / 3600.0, "kmh": 1.0 / 3.6, "kph": 1.0 / 3.6, "km/h": 1.0 / 3.6,
    "fps": 0.3048, "ft/s": 0.3048,
}  # fmt: skip
_UNITS = {
    "geopotential": _LENGTH,
    "altitude": _LENGTH,
    "pressure": {"hpa": 100.0, "mbar": 100.0, "mb": 100.0, "pa": 1.0},
    "direction": {"deg": 1.0, "degrees": 1.0},
    "speed": _SPEED,
    "east": _SPEED,
    "north": _SPEED,
}
_LARGEST = {"direction": 360.0}
_MOST_PROBLEMS = 20


def read_sounding(file: Path | str) -> tuple[Floats, Floats, Floats]:
    """Return (altitude m geometric and rising, direction it blows from deg, speed m/s).

    Raises:
        InputError: carries every problem found, each with its row: no such file, no text, a
            missing column, text in a number, altitudes that repeat or fall, too few rows.
    """
    file = Path(file)
    (first, header), *rows = _rows(file)
    columns = _columns(file, first, header)
    problems: list[Problem] = []
    levels = []
    for number, row in rows:
        level = _level(file, number, row, columns, problems)
        if level is not None:
            levels.append((number, *level))
    problems += _not_rising(file, levels)
    if not problems and len(levels) < 2:
        problems.append(Problem(str(file), "", f"has {len(levels)} rows with wind; it needs two"))
    if problems:
        hidden = len(problems) - _MOST_PROBLEMS
        if hidden > 0:
            problems[_MOST_PROBLEMS:] = [Problem(str(file), "", f"and {hidden} more problems")]
        raise InputError(problems)
    table = np.array(levels, dtype=np.float64)
    return table[:, 1].copy(), table[:, 2].copy(), table[:, 3].copy()


class Soundings(NamedTuple):
    """Several soundings on the altitudes of all of them.

    Attributes:
        names: of the files, in order.
        altitude_m: (n,) rising.
        north_mps: (soundings, n) wind to the north, linear between a sounding's own levels and
            held beyond them.
        east_mps: the same to the east.
    """

    names: tuple[str, ...]
    altitude_m: Floats
    north_mps: Floats
    east_mps: Floats


def read_soundings(folder: Path | str, minimum_top_m: float = -math.inf) -> Soundings:
    """Return the soundings of a folder, its CSV files in the order of their names.

    Args:
        folder: where they are.
        minimum_top_m: altitude that each must reach.

    Raises:
        InputError: carries every problem of every file.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.csv"))
    if not files:
        wrong = "holds no CSV file" if folder.is_dir() else "is no folder"
        raise InputError([Problem(str(folder), "", wrong, "a folder with a CSV file a sounding")])
    marks = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _read_all(marks, minimum_top_m)


@lru_cache(maxsize=4)
def _read_all(marks: tuple[tuple[str, int, int], ...], minimum_top_m: float) -> Soundings:
    """The soundings of these files, read anew when one has changed."""
    problems: list[Problem] = []
    read = []
    for file, *_ in marks:
        try:
            altitude, from_deg, speed = read_sounding(file)
        except InputError as error:
            problems += error.problems
            continue
        if altitude[-1] < minimum_top_m:
            message = f"ends at {altitude[-1]:.0f} m; it must reach {minimum_top_m:.0f} m"
            problems.append(Problem(file, "", message, "add levels on top, or take it out"))
        read.append((altitude, *towards(speed, from_deg)))
    if problems:
        raise InputError(problems)
    grid = np.unique(np.concatenate([altitude for altitude, _, _ in read]))
    north, east = (
        np.array([np.interp(grid, each[0], each[side]) for each in read]) for side in (1, 2)
    )
    return Soundings(tuple(Path(file).name for file, *_ in marks), grid, north, east)


def towards(speed: ArrayLike, from_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Components to north and east of a wind that blows from a bearing."""
    bearing = np.radians(from_deg)
    return -np.asarray(speed) * np.cos(bearing), -np.asarray(speed) * np.sin(bearing)


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """(line number, cells) of what is neither empty nor a comment (#), the header first."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError([Problem(str(file), "", "does not exist")]) from None
    except UnicodeDecodeError:
        raise InputError([Problem(str(file), "", "is not a text file")]) from None
    except OSError as error:
        raise InputError([Problem(str(file), "", f"can't be read: {error.strerror}")]) from None
    rows = [
        (number, cells)
        for number, cells in enumerate(csv.reader(text.splitlines()), start=1)
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#")
    ]
    if not rows:
        raise InputError([Problem(str(file), "", "is empty", "a line of column names, then rows")])
    return rows


def _columns(file: Path, first: int, header: Sequence[str]) -> dict[str, tuple[int, float, str]]:
    """What each column is: quantity -> (place, factor to SI, its header)."""
    found: dict[str, tuple[int, float, str]] = {}
    for place, title in enumerate(header):
        name, _, unit = title.strip().lower().rpartition("_")
        for kind, names in _NAMES.items():
            if name in names and unit in _UNITS[kind] and kind not in found:
                found[kind] = (place, _UNITS[kind][unit], title.strip())
    missing = []
    if not {"altitude", "geopotential", "pressure"} & found.keys():
        missing.append(("altitude or pressure", "altitude_m or pressure_hpa"))
    if not {"east", "north"} <= found.keys():
        missing += [
            (kind, example)
            for kind, example in (("direction", "direction_deg"), ("speed", "speed_mps"))
            if kind not in found
        ]
    if missing:
        got = ", ".join(title.strip() for title in header)[:120]
        raise InputError(
            Problem(
                str(file), f"row {first}", f"no column for {kind}; has {got}", f"name one {example}"
            )
            for kind, example in missing
        )
    return found


def _level(
    file: Path,
    number: int,
    row: Sequence[str],
    columns: dict[str, tuple[int, float, str]],
    problems: list[Problem],
) -> tuple[float, float, float] | None:
    """(altitude, from, speed) of a row; None if it has no wind, or a problem that is noted."""
    wind = ("direction", "speed") if {"direction", "speed"} <= columns.keys() else ("east", "north")
    height = next(kind for kind in ("altitude", "geopotential", "pressure") if kind in columns)
    if all(_cell(row, columns[kind][0]) in ("", "nan") for kind in wind):
        return None
    numbers = []
    for kind in (height, *wind):
        place, factor, title = columns[kind]
        cell = _cell(row, place)
        wrong, number_si = _number(cell, factor, kind)
        if wrong:
            problems.append(Problem(str(file), f"row {number}, {title}", wrong))
        numbers.append(number_si)
    if any(math.isnan(each) for each in numbers):
        return None
    altitude = _altitude(height, numbers[0])
    if wind == ("direction", "speed"):
        return altitude, numbers[1], numbers[2]
    east, north = numbers[1:]
    return altitude, math.degrees(math.atan2(-east, -north)) % 360.0, math.hypot(east, north)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip().lower() if place < len(row) else ""


def _number(cell: str, factor: float, kind: str) -> tuple[str, float]:
    """(what is wrong, nan) or ("", the number in SI)."""
    try:
        number = float(cell)
    except ValueError:
        return (f"expected a number, got {cell!r}" if cell else "is missing"), math.nan
    if not math.isfinite(number):
        return f"expected a number, got {cell!r}", math.nan
    if (kind in ("direction", "speed") and number < 0.0) or (kind == "pressure" and number <= 0.0):
        return f"must not be negative, got {cell}", math.nan
    if number > _LARGEST.get(kind, math.inf):
        return f"must be at most {_LARGEST[kind]:g}, got {cell}", math.nan
    return "", number * factor


def _not_rising(file: Path, levels: Sequence[tuple[int, float, float, float]]) -> list[Problem]:
    problems = []
    for below, above in pairwise(levels):
        if above[1] <= below[1]:
            what = "repeats" if above[1] == below[1] else "falls below"
            message = f"altitude {above[1]:.1f} m {what} that of row {below[0]}, {below[1]:.1f} m"
            problems.append(Problem(str(file), f"row {above[0]}", message))
    return problems


def _altitude(kind: str, number: float) -> float:
    """Geometric altitude in m of an altitude, a geopotential height, or a pressure."""
    if kind == "altitude":
        return number
    height = number if kind == "geopotential" else _standard_height(number)
    return GEOPOTENTIAL_RADIUS_M * height / (GEOPOTENTIAL_RADIUS_M - height)


def _standard_height(pressure_pa: float) -> float:
    """Geopotential height in m of a pressure: the equations of US76 turned round."""
    layer = sum(pressure_pa < base for base in LAYER_BASE_PA[1:])
    ratio = pressure_pa / LAYER_BASE_PA[layer]
    kelvin, lapse = LAYER_BASE_K[layer], LAYER_LAPSE[layer]
    if lapse == 0.0:
        rise = -GAS_CONSTANT * kelvin / G0_MPS2 * math.log(ratio)
    else:
        rise = kelvin / lapse * (math.pow(ratio, -GAS_CONSTANT * lapse / G0_MPS2) - 1.0)
    return LAYER_BASE_M[layer] + rise
