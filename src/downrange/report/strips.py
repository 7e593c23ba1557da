"""Figures of many like things at once: a strip per engine, a curve per safety margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.report.figures import (
    BOX_PT,
    HEIGHT_PT,
    WIDTH_PT,
    Drawing,
    Line,
    draw_lines,
    mark_events,
    time_span,
)
from downrange.report.style import PAGE, new_axes, new_figure, thin, to_svg
from downrange.review.summary import margin_title
from downrange.telemetry import Event, Telemetry, unit_of

Floats = NDArray[np.float64]

MOST_STRIPS = 40
RAN = 0.01  # of the rated chamber pressure: an engine that never had it did not run
ENVELOPE_S = 0.5
BEYOND = 0.15  # how far past a limit is drawn, in shares of it
NEAREST_M = 10.0
UNTOUCHED = 0.99  # of a limit: a margin that never falls below is not drawn


def draw_engines(telemetry: Telemetry, events: Sequence[Event]) -> Drawing | None:
    """Chamber pressure of every engine that ran: a strip each, full height at rated."""
    every = telemetry.matching("", ".chamber_fraction")
    names = [name for name in every if np.nanmax(telemetry[name]) > RAN][:MOST_STRIPS]
    if not names:
        return None
    span = time_span(telemetry, "thrust", events)
    inside = (telemetry["time_s"] >= span[0]) & (telemetry["time_s"] <= span[1])
    time = telemetry["time_s"][inside]
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    draw_lines(axes, (), span)
    axes.grid(visible=False)
    for row, name in enumerate(reversed(names)):
        at, level = _steps(*thin(time, np.clip(telemetry[name][inside], 0.0, 1.25)))
        axes.fill_between(at, row, row + 0.78 * level, color=PAGE.series[0], alpha=0.55, lw=0)
    labels = [name.removesuffix(".chamber_fraction").rsplit(".", 1)[-1] for name in names]
    step = 1 + len(names) // 14
    axes.set_yticks(np.arange(len(names))[::step] + 0.4, labels[::-1][::step])
    axes.set_ylim(-0.2, len(names))
    mark_events(axes, events, span, PAGE)
    caption = "chamber pressure, full height at rated"
    return Drawing("Engines", "", caption, to_svg(figure, f"Engines by number: {caption}"), ())


def _steps(time_s: Floats, level: Floats) -> tuple[Floats, Floats]:
    """A line without the points between equal neighbours, to a fiftieth."""
    level = np.round(50.0 * level) / 50.0
    changes = np.diff(level) != 0.0
    keep = np.append(True, changes) | np.append(changes, True)
    return time_s[keep], level[keep]


def draw_margins(
    telemetry: Telemetry, margins: Mapping[str, Mapping[str, Any]], events: Sequence[Event]
) -> tuple[Drawing, ...]:
    """Every recorded margin against time: distances in one figure, the rest in another.

    Distances reach from metres to hundreds of kilometres, so theirs is logarithmic. The rest
    are shares of their limit, or of their largest value where no limit is stated.
    """
    names = [n for n in telemetry.matching("margin.") if np.isfinite(telemetry[n]).any()]
    far = [name for name in names if unit_of(name) == "m"]
    near = [name for name in names if name not in far and not _untouched(telemetry, name, margins)]
    found = [_distances(telemetry, far, events)] if far else []
    return (*found, *([_shares(telemetry, near, margins, events)] if near else []))


def _distances(telemetry: Telemetry, names: Sequence[str], events: Sequence[Event]) -> Drawing:
    lines = []
    for i, name in enumerate(names):
        time, values = _lowest(telemetry["time_s"], telemetry[name])
        colour = PAGE.series[i % len(PAGE.series)]
        left = np.where(np.isfinite(values), np.maximum(values, NEAREST_M), np.nan)
        lines.append(Line(*thin(time, left / 1000.0), _title(name), colour))
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    span = time_span(telemetry, "end", events)
    draw_lines(axes, lines, span, log=True)
    highest = max(float(np.nanmax(line.values)) for line in lines)
    axes.set_ylim(NEAREST_M / 1000.0 / 1.15, 2.0 * max(highest, 1.0))
    axes.axhline(NEAREST_M / 1000.0, color=PAGE.danger, lw=1.0, zorder=2)
    mark_events(axes, events, span, PAGE)
    caption = f"left to each safety limit; red: {NEAREST_M:g} m or less"
    svg = to_svg(figure, f"Kilometres left to each safety limit against time: {caption}")
    return Drawing("Distance margins", "km", caption, svg, _legend(lines))


def _shares(
    telemetry: Telemetry,
    names: Sequence[str],
    margins: Mapping[str, Mapping[str, Any]],
    events: Sequence[Event],
) -> Drawing:
    lines = []
    for i, name in enumerate(names):
        time, values = _lowest(telemetry["time_s"], telemetry[name])
        whole = _whole(values, name, margins)
        share = np.clip(100.0 * values / whole, -100.0 * BEYOND, 100.0)
        lines.append(Line(*thin(time, share), _title(name), PAGE.series[i % len(PAGE.series)]))
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    span = time_span(telemetry, "end", events)
    draw_lines(axes, lines, span)
    axes.set_ylim(-100.0 * BEYOND, 104.0)
    axes.set_yticks([0.0, 25.0, 50.0, 75.0, 100.0])
    axes.axhline(0.0, color=PAGE.danger, lw=1.0, zorder=2)
    mark_events(axes, events, span, PAGE)
    caption = "left of each limit; below zero is beyond it"
    svg = to_svg(figure, f"Share of each limit that is left, in percent, against time: {caption}")
    return Drawing("Other margins", "%", caption, svg, _legend(lines))


def _whole(values: Floats, name: str, margins: Mapping[str, Mapping[str, Any]]) -> float:
    """What a margin is a share of: its limit, or its largest value where none is stated."""
    limit = (margins.get(name.removeprefix("margin.")) or {}).get("limit")
    return float(abs(limit or np.abs(values[np.isfinite(values)]).max() or 1.0))


def _untouched(telemetry: Telemetry, name: str, margins: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether nothing was ever taken from a margin."""
    values = telemetry[name]
    return float(np.nanmin(values)) > UNTOUCHED * _whole(values, name, margins)


def _title(name: str) -> str:
    return margin_title(name.removeprefix("margin."))


def _legend(lines: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    return tuple((line.label, str(i % len(PAGE.series) + 1)) for i, line in enumerate(lines))


def _lowest(time_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The lowest value in each half second, at its time, so that fast swings stay readable."""
    starts = np.flatnonzero(np.diff(np.floor(time_s / ENVELOPE_S), prepend=-np.inf))
    picks = [
        start + int(np.nanargmin(part)) if np.isfinite(part).any() else start
        for start, part in zip(starts, np.split(values, starts[1:]), strict=True)
    ]
    return time_s[picks], values[picks]
