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
from downrange.telemetry import Event, Telemetry

Floats = NDArray[np.float64]

MOST_STRIPS = 40
ENVELOPE_S = 0.5
BEYOND = 0.15  # how far past a limit is drawn, in shares of it


def draw_engines(telemetry: Telemetry, events: Sequence[Event]) -> Drawing | None:
    """Chamber pressure of every engine: a strip each, full height at rated. None without."""
    names = telemetry.matching("", ".chamber_fraction")[:MOST_STRIPS]
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
        at, level = thin(time, np.clip(telemetry[name][inside], 0.0, 1.25))
        axes.fill_between(at, row, row + 0.78 * level, color=PAGE.series[0], alpha=0.55, lw=0)
    labels = [name.removesuffix(".chamber_fraction").rsplit(".", 1)[-1] for name in names]
    step = 1 + len(names) // 14
    axes.set_yticks(np.arange(len(names))[::step] + 0.4, labels[::-1][::step])
    axes.set_ylim(-0.2, len(names))
    mark_events(axes, events, span, PAGE)
    caption = "chamber pressure, full height at rated"
    return Drawing("Engines", "", caption, to_svg(figure, f"Engines by number: {caption}"), ())


def draw_margins(
    telemetry: Telemetry, margins: Mapping[str, Mapping[str, Any]], events: Sequence[Event]
) -> Drawing | None:
    """How much of each limit is left against time. None where no margin was recorded.

    A margin's whole is its limit; where none is stated, its largest value.
    """
    names = telemetry.matching("margin.")
    if not names:
        return None
    span = time_span(telemetry, "end", events)
    lines = []
    for i, name in enumerate(names):
        key = name.removeprefix("margin.")
        time, values = _lowest(telemetry["time_s"], telemetry[name])
        whole = (margins.get(key) or {}).get("limit") or _largest(values)
        share = np.clip(100.0 * values / abs(whole), -100.0 * BEYOND, 100.0)
        colour = PAGE.series[i % len(PAGE.series)]
        lines.append(Line(*thin(time, share), margin_title(key), colour))
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    draw_lines(axes, lines[: len(PAGE.series)], span)
    for line in lines[len(PAGE.series) :]:
        axes.plot(line.time_s, line.values, color=line.colour, lw=1.2, ls=(0, (4, 2)), zorder=3)
    axes.set_ylim(-100.0 * BEYOND, 104.0)
    axes.set_yticks([0.0, 25.0, 50.0, 75.0, 100.0])
    axes.axhline(0.0, color=PAGE.danger, lw=1.0, zorder=2)
    mark_events(axes, events, span, PAGE)
    legend = tuple((line.label, _swatch(i)) for i, line in enumerate(lines))
    caption = "left of each limit; below zero is beyond it"
    alt = f"Share of each limit that is left, in percent, against time: {caption}"
    return Drawing("Margins", "%", caption, to_svg(figure, alt), legend)


def _lowest(time_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The lowest value in each half second, at its time, so that fast swings stay readable."""
    starts = np.flatnonzero(np.diff(np.floor(time_s / ENVELOPE_S), prepend=-np.inf))
    picks = [
        start + int(np.nanargmin(part)) if np.isfinite(part).any() else start
        for start, part in zip(starts, np.split(values, starts[1:]), strict=True)
    ]
    return time_s[picks], values[picks]


def _swatch(index: int) -> str:
    number = index % len(PAGE.series) + 1
    return f"{number} dashed" if index >= len(PAGE.series) else str(number)


def _largest(values: Floats) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0.0 else 1.0
