"""A vehicle drawn to scale at the terminal, nose up: a character is twice as high as wide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from downrange.errors import InputError, OutputError, Problem
from downrange.review.words import quantity

if TYPE_CHECKING:
    from downrange.vehicle.sketch import Sketch, TankView

ROWS_ACROSS = 4  # heights of a row that the widest diameter takes
MOST_ROWS = 60
LEVELS = " ▁▂▃▄▅▆▇█"  # a row's share of liquid, in eighths
ULLAGE = "·"
STYLES = {"oxidiser": "blue", "fuel": "yellow", "": "green"}
MARGIN = 10  # columns of the stations on the left


def draw(sketch: Sketch) -> list[Text]:
    """The rows of the drawing, the nose first: station, hull with its tanks, what is there."""
    row_m = row_height_m(sketch)
    rows = -int(-sketch.length_m // row_m)
    labels = _labels(sketch, row_m, rows)
    wide = _columns(sketch.diameter_m, row_m)
    drawn = []
    for row in reversed(range(rows)):
        line = Text(f"{row * row_m:{MARGIN - 3}.2f} m " if row % 5 == 0 else " " * MARGIN, "dim")
        line.append_text(_hull(sketch, row, row_m, wide))
        line.append(f"  {'; '.join(labels[row])}" if labels[row] else "", style="default")
        drawn.append(line)
    return [*drawn, Text(" " * MARGIN).append_text(_nozzles(sketch, row_m, wide))]


def row_height_m(sketch: Sketch) -> float:
    """What a row of the drawing stands for, m; a column is half of it."""
    return max(sketch.diameter_m / ROWS_ACROSS, sketch.length_m / MOST_ROWS)


def _columns(diameter_m: float, row_m: float) -> int:
    """Columns that a diameter takes, an odd number so that all have the same middle."""
    return 2 * round(diameter_m / row_m) + 1


def _hull(sketch: Sketch, row: int, row_m: float, wide: int) -> Text:
    """One row of the hull: its walls, and the tank that fills most of it."""
    low_m, high_m = row * row_m, min((row + 1) * row_m, sketch.length_m)
    stations, diameters = zip(*sketch.outline, strict=True)
    foot, middle, top = np.interp([low_m, 0.5 * (low_m + high_m), high_m], stations, diameters)
    inside = _columns(float(middle), row_m) - 2
    left, right = ("╱", "╲") if foot - top > 0.25 * row_m else ("│", "│")
    if inside < 1:
        return _centred(Text("╿"), wide)
    base = any(abs(stage.base_m - low_m) <= 0.5 * row_m for stage in sketch.stages)
    filling = _filling(sketch.tanks, low_m, low_m + row_m, inside)
    empty = Text(("_" if base else " ") * inside)
    return _centred(Text(left).append_text(filling or empty).append(right), wide)


def _filling(tanks: Sequence[TankView], low_m: float, high_m: float, inside: int) -> Text | None:
    """Liquid and ullage of the tank that takes more than half of a row; None without one."""
    middle_m = 0.5 * (low_m + high_m)
    for tank in tanks:
        if tank.bottom_m <= middle_m < tank.top_m:
            share = (tank.level_m - low_m) / (high_m - low_m)
            eighths = int(np.clip(round(8.0 * share), 0, 8))
            sign = LEVELS[eighths] if eighths else ULLAGE
            return Text(sign * inside, style=STYLES[tank.role])
    return None


def _centred(text: Text, wide: int) -> Text:
    room = max(wide - len(text), 0)
    return Text(" " * (room // 2)).append_text(text).append(" " * (room - room // 2))


def _nozzles(sketch: Sketch, row_m: float, wide: int) -> Text:
    """The engines under the base; those behind one another are one sign."""
    cells = [" "] * wide
    for nozzle in sketch.nozzles:
        if nozzle.stage == sketch.stages[0].name:
            column = round(2.0 * nozzle.across_m / row_m + 0.5 * (wide - 1))
            cells[min(max(column, 0), wide - 1)] = "▲"
    return Text("".join(cells))


def _labels(sketch: Sketch, row_m: float, rows: int) -> list[list[str]]:
    """What is to be said beside each row, counted from the base."""
    told: list[list[str]] = [[] for _ in range(rows)]

    def put(station_m: float, text: str) -> None:
        told[min(max(int(station_m // row_m), 0), rows - 1)].append(text)

    for stage in sketch.stages:
        middle_m = 0.5 * (stage.base_m + stage.top_m)
        length, mass = quantity(stage.top_m - stage.base_m, "m"), quantity(stage.mass_kg, "kg")
        put(middle_m, f"{stage.name}: {length}, {mass}")
    for tank in sketch.tanks:
        fill = (tank.level_m - tank.bottom_m) / (tank.top_m - tank.bottom_m)
        middle_m = 0.5 * (tank.bottom_m + tank.top_m)
        put(middle_m, f"{tank.propellant} {quantity(tank.load_kg, 'kg')}, {fill:.0%} full")
    for mark in sketch.marks:
        put(mark.station_m, f"◂ {mark.name}, {mark.station_m:.2f} m")
    return told


def check_plot(file: Path, kind: str, force: bool) -> None:
    """Refuse a picture that can't be drawn or would replace a file.

    Raises:
        InputError: it is of no vehicle, or in no format known.
        OutputError: there is such a file already.
    """
    from downrange.vehicle.picture import FORMATS

    problems = []
    if kind != "vehicles":
        problems.append(Problem("--plot", "", f"only vehicles are drawn, not {kind}"))
    if file.suffix not in FORMATS:
        hint = f"write it like spectrum{FORMATS[0]}"
        problems.append(Problem("--plot", "", f"{file} ends in none of {', '.join(FORMATS)}", hint))
    if problems:
        raise InputError(problems)
    if file.exists() and not force:
        raise OutputError(f"{file} exists already: nothing was written; --force replaces it")
