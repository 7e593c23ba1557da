"""Figures against time: lines of channels, planned beside flown, events and limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from downrange.report.panels import Panel
from downrange.report.style import FONT_PT, PAGE, Palette, new_axes, new_figure, thin, to_svg
from downrange.review.words import event_title, mission_time, quantity
from downrange.telemetry import Event, Telemetry, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Span = tuple[float, float]

WIDTH_PT, HEIGHT_PT = 460.0, 214.0
BOX_PT = (44.0, 28.0, 404.0, 154.0)  # left, bottom, width, height of the axes
AFTER = 0.15  # of the time before it is drawn after the end of thrust or control
CLOSE = 0.012  # events nearer to a more telling one, in shares of the width, are left out
DECADES = 1e-4  # of the largest value: the least that a logarithmic axis shows
LABEL_ROWS = 3
CLOCK_S = 240.0  # later times are shown as minutes and seconds
ROW_PT = 10.5
MOST_MARKED = 8

# What is worth a line in every figure, most telling first; danger is drawn as such.
_DANGER = ("flight_termination", "breakup", "attitude_lost", "oscillation")
_MARKED = (
    *_DANGER,
    *("impact", "splashdown", "touchdown", "catch", "meco", "separation", "liftoff", "max_q"),
    *("fault", "engine_failed", "pitch_over", "seco", "mach_1", "fairing_jettison"),
    *("orbit_insertion", "ignition", "passivation"),
)
# A first stage's ignition is too near to lift-off; what is left of it is vented at its end.
_FROM_PAD = tuple(name for name in _MARKED if name not in ("ignition", "passivation"))
_SHORT = {
    "flight_termination": "terminated",
    "attitude_lost": "attitude lost",
    "liftoff": "lift-off",
    "max_q": "max q",
    "mach_1": "Mach 1",
    "meco": "MECO",
    "seco": "SECO",
}
_SCALES: dict[str, tuple[tuple[float, float, str], ...]] = {
    # unit -> (shown from this size on, factor, unit shown), largest first
    "m": ((1500.0, 1e-3, "km"), (1.0, 1.0, "m"), (0.0, 100.0, "cm")),
    "Pa": ((1000.0, 1e-3, "kPa"), (0.0, 1.0, "Pa")),
    "N": ((3e6, 1e-6, "MN"), (0.0, 1e-3, "kN")),
    "N m": ((3e6, 1e-6, "MN m"), (0.0, 1e-3, "kN m")),
    "kg": ((2000.0, 1e-3, "t"), (0.0, 1.0, "kg")),
    "rad/s": ((0.0, 180.0 / math.pi, "°/s"),),
    "deg": ((0.0, 1.0, "°"),),
    "m/s^2": ((0.0, 1.0, "m/s²"),),
    "Pa rad": ((1000.0, 1e-3, "kPa rad"), (0.0, 1.0, "Pa rad")),
    "1": ((0.0, 1.0, ""),),
}


@dataclass(frozen=True)
class Line:
    """One curve: values against time in the unit shown; planned ones are drawn lighter."""

    time_s: Floats
    values: Floats
    label: str
    colour: str
    planned: bool = False


@dataclass(frozen=True)
class Drawing:
    """A finished figure for the page; `legend` is (label, series number or "planned")."""

    title: str
    unit: str
    caption: str
    svg: str
    legend: tuple[tuple[str, str], ...]


def scale_for(unit: str, largest: float) -> tuple[float, str]:
    """Factor from a channel's unit to the unit shown, and that unit."""
    for size, factor, shown in _SCALES.get(unit, ((0.0, 1.0, unit),)):
        if largest >= size:
            return factor, shown
    return 1.0, unit


def draw_panel(
    panel: Panel,
    flown: Telemetry,
    planned: Telemetry | None,
    events: Sequence[Event],
    limit: float | None = None,
) -> Drawing:
    """One panel of the report. `limit` is in the channel's unit."""
    span = time_span(flown, panel.until, events)
    names = [name for name in panel.lines if name in flown]
    clips = {name: _clip(flown, name, span) for name in names}
    largest = max((_largest(values) for _, values in clips.values()), default=0.0)
    factor, unit = scale_for(unit_of(names[0]), largest)
    lines = [
        Line(*thin(time, values * factor), panel.lines[name] or "flown", PAGE.series[i])
        for i, (name, (time, values)) in enumerate(clips.items())
    ]
    if panel.overlay and planned is not None and names[0] in planned:
        time, values = thin(*_clip(planned, names[0], span))
        lines.append(Line(time, values * factor, "planned", PAGE.planned, planned=True))
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    draw_lines(axes, lines, span, log=panel.log, dense=panel.dense)
    calm = time_span(flown, panel.until, events, after=0.0)[1]
    set_range(axes, lines, calm, log=panel.log, from_zero=panel.from_zero)
    legend = [
        (line.label, "planned" if line.planned else str(i)) for i, line in enumerate(lines, 1)
    ]
    legend = legend if len(legend) > 1 or limit is not None else []
    if limit is not None:
        draw_limit(axes, limit * factor, PAGE)
        legend.append((f"limit {quantity(limit, unit_of(names[0]))}", "limit"))
    mark_events(axes, events, span, PAGE)
    alt = f"{panel.title} in {unit or 'no unit'} against time, {panel.caption}"
    return Drawing(panel.title, unit, panel.caption, to_svg(figure, alt), tuple(legend))


def _largest(values: Floats) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _clip(telemetry: Telemetry, name: str, span: Span) -> tuple[Floats, Floats]:
    time = telemetry["time_s"]
    inside = (time >= span[0]) & (time <= span[1])
    return time[inside], telemetry[name][inside]


def time_span(
    telemetry: Telemetry, until: str, events: Sequence[Event], after: float = AFTER
) -> Span:
    """First and last time, s, of a panel that ends `until` then and a share of that `after`."""
    time = telemetry["time_s"]
    start, end = float(time[0]), float(time[-1])
    ends = []
    if until != "end" and "thrust_n" in telemetry:
        ends += [float(t) for t in time[telemetry["thrust_n"] > 0.0][-1:]]
    if until == "lost":
        ends += [event.time_s for event in events if event.name == "attitude_lost"]
    return start, min([end, *(t + after * (t - start) for t in ends)])


def draw_lines(
    axes: Axes,
    lines: Sequence[Line],
    span: Span,
    *,
    log: bool = False,
    dense: bool = False,
) -> None:
    """Lines, the first on top, and the time axis; planned ones lie below, above if `dense`."""
    from matplotlib.ticker import (
        FuncFormatter,
        LogLocator,
        MaxNLocator,
        MultipleLocator,
        NullLocator,
    )

    for order, line in enumerate(reversed(lines)):
        values = np.maximum(np.abs(line.values), 1e-3) if log else line.values
        if line.planned:
            width, level = (2.0, 9) if dense else (3.0, 2)
            axes.plot(line.time_s, values, color=line.colour, lw=width, zorder=level)
        else:
            axes.plot(line.time_s, values, color=line.colour, lw=1.2, zorder=3 + order)
    axes.set_xlim(*span)
    if span[1] > CLOCK_S:
        axes.xaxis.set_major_locator(MultipleLocator(_clock_step(span)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _clock_tick(x)))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda x, _: f"{x:g} s".replace("-", "\u2212"))
        )
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(10.0))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))


def _clock_step(span: Span) -> float:
    steps = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0)
    return next((step for step in steps if (span[1] - span[0]) / step <= 7.0), 3600.0)


def _clock_tick(time_s: float) -> str:
    """Mission time as on the timeline, less its `T+` and tenths."""
    return mission_time(float(round(time_s))).removeprefix("T+").rsplit(".", 1)[0]


def _tick(value: float, _: int) -> str:
    return f"{value:,.6g}".replace("-", "\u2212").replace(",", "\u202f")


def set_range(
    axes: Axes,
    lines: Sequence[Line],
    until_s: float,
    *,
    log: bool = False,
    from_zero: bool = False,
) -> None:
    """The vertical range: all that is drawn until then and a little air."""
    parts = [line.values[line.time_s <= until_s] for line in lines]
    every = np.concatenate(parts) if parts else np.zeros(1)
    every = every[np.isfinite(every)]
    if not every.size:
        every = np.zeros(1)
    if log:
        every = np.abs(every[every != 0.0]) if np.any(every) else np.ones(1)
        top = max(float(every.max()), 1e-2)
        axes.set_ylim(max(float(np.percentile(every, 1.0)) / 1.5, DECADES * top), 1.6 * top)
        return
    low, high = float(every.min()), float(every.max())
    low = min(low, 0.0) if from_zero else low
    air = 0.06 * (high - low) or 0.5
    axes.set_ylim(low if low == 0.0 else low - air, high + air)


def draw_limit(axes: Axes, limit: float, palette: Palette) -> None:
    """A limit as a dashed line, brought into view if it lies within twice the range."""
    low, high = axes.get_ylim()
    if limit > high:
        if limit > 2.5 * high:
            return
        axes.set_ylim(low, limit * 1.06)
    axes.axhline(limit, color=palette.danger, lw=1.0, ls=(0, (4, 3)), zorder=2)
    axes.annotate(
        "limit",
        (1.0, limit),
        xycoords=("axes fraction", "data"),
        xytext=(-2, -2.5),
        textcoords="offset points",
        ha="right",
        va="top",
        color=palette.danger,
        fontsize=FONT_PT - 1.0,
    )


def mark_events(axes: Axes, events: Sequence[Event], span: Span, palette: Palette) -> None:
    """Thin vertical lines at the events, named above the axes as far as there is room."""
    width = float(axes.bbox.width) / axes.figure.dpi * 72.0
    for label in place_labels(_marked(events, span), span, width):
        colour = palette.danger if label.event.name in _DANGER else palette.muted
        reach = 1.0 + (0.0 if label.row is None else (4.0 + ROW_PT * label.row) / BOX_PT[3])
        axes.axvline(label.event.time_s, 0.0, reach, color=colour, lw=0.7, alpha=0.75, zorder=1.5)
        axes.lines[-1].set_clip_on(False)
        if label.row is not None:
            axes.annotate(
                label.text,
                (label.at / width, 1.0),
                xycoords="axes fraction",
                xytext=(2.5 if label.align == "left" else -2.5, 2.5 + ROW_PT * label.row),
                textcoords="offset points",
                ha=label.align,
                va="bottom",
                color=colour,
                fontsize=FONT_PT - 1.0,
            )


def _marked(events: Sequence[Event], span: Span) -> list[Event]:
    marked = _MARKED if all(e.name != "liftoff" for e in events) else _FROM_PAD
    inside = [e for e in events if e.name in marked and span[0] <= e.time_s <= span[1]]
    first = {e.name: e for e in sorted(inside, key=lambda e: -e.time_s)}.values()
    chosen: list[Event] = []
    for event in sorted(first, key=lambda e: _MARKED.index(e.name)):
        close = CLOSE * (span[1] - span[0])
        if all(abs(event.time_s - other.time_s) > close for other in chosen):
            chosen.append(event)
    return chosen[:MOST_MARKED]


@dataclass(frozen=True)
class Label:
    """An event's name above the axes: beside its line at `at` points; row None if no room."""

    event: Event
    text: str
    at: float
    align: Literal["left", "right"]
    row: int | None
    start: float
    end: float


def place_labels(events: Sequence[Event], span: Span, width: float) -> tuple[Label, ...]:
    """Labels that cross neither each other nor a line.

    From the last event to the first, each goes on the lowest row that is free, right of its
    line where it can.
    """
    lines = {e.name: (e.time_s - span[0]) / (span[1] - span[0]) * width for e in events}
    placed: list[Label] = []
    for event in sorted(events, key=lambda e: -e.time_s):
        at = lines[event.name]
        text = _SHORT.get(event.name, event_title(event.name).lower())
        length = 0.62 * (FONT_PT - 1.0) * len(text) + 4.0
        right = Label(event, text, at, "left", None, at, at + length)
        left = Label(event, text, at, "right", None, at - length, at)
        earlier = [x for x in lines.values() if x < at]
        tries = [right] if right.end <= width + 8.0 else []
        tries += [left] if not any(left.start - 2.0 < x for x in earlier) else []
        free = (
            replace(label, row=row)
            for label in tries
            for row in range(LABEL_ROWS)
            if all(_clear(label, row, other) for other in placed)
        )
        placed.append(next(free, right))
    return tuple(placed)


def _clear(label: Label, row: int, other: Label) -> bool:
    """Whether a label on a row keeps clear of one placed already, and of its line."""
    if other.row is None:
        return True
    apart = label.end + 2.0 <= other.start or label.start >= other.end + 2.0
    line_apart = not label.start < other.at < label.end + 1.0
    return (row != other.row or apart) and (row > other.row or line_apart)
