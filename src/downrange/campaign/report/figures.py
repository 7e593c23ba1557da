"""Figures of a campaign: how sure, when, how far off, and the envelopes over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.envelopes import LEAST_SHOWN, LEVELS
from downrange.campaign.statistics import LEVEL, clopper_pearson_all, running_share
from downrange.campaign.words import count, quantity_title, value_of
from downrange.report.figures import (
    BOX_PT,
    CLOCK_S,
    DECADES,
    HEIGHT_PT,
    WIDTH_PT,
    Drawing,
    mark_events,
    scale_for,
)
from downrange.report.spans import AIR_PA
from downrange.report.style import PAGE, new_axes, new_figure, to_svg
from downrange.review.words import mission_time
from downrange.telemetry import Event, Telemetry
from downrange.telemetry.channels import channel as known_channel
from downrange.telemetry.channels import unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from downrange.campaign.results import Campaign

Floats = NDArray[np.float64]

BLUE, RED = PAGE.series[0], PAGE.danger
WIDE, NARROW = 0.16, 0.26  # how strong the bands are
MOST_DOTS = 1500
LEAST_BINS, MOST_BINS = 12, 48
TIME_POINTS = 240
LOGARITHMIC = ("angle_of_attack_deg", "attitude_error_deg")
FAR_M = 5e6  # a range so long goes round the Earth
CLOCK_STEPS_S = (60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
ROOM = 3.0  # a range so many times the bulk's is cut, and what is beyond is told
PLAIN_PT, SMALL_PT = 192.0, 150.0  # heights of figures without names above


def new_plot(*, small: bool = False, named: bool = False) -> tuple[Any, Axes]:
    """An empty figure and its axes; `named` leaves room for the names of events above."""
    size, box = (WIDTH_PT, HEIGHT_PT), BOX_PT
    if not named:
        size = (WIDTH_PT, SMALL_PT if small else PLAIN_PT)
        box = (BOX_PT[0], BOX_PT[1], BOX_PT[2], size[1] - BOX_PT[1] - 8.0)
    figure = new_figure(*size)
    return figure, new_axes(figure, box, PAGE)


def convergence(campaign: Campaign) -> Drawing | None:
    """The share of successes, or of losses if they are more, as flights are added."""
    which, what = campaign.success, "success"
    if campaign.lost.sum() > which.sum():
        which, what = campaign.lost, "loss"
    if campaign.request.sampler == "sobol" or len(which) < 20:
        return None
    running = running_share(which, TIME_POINTS, LEVEL)
    figure, axes = new_plot()
    axes.fill_between(running.flights, 100.0 * running.low, 100.0 * running.high, color=BLUE,
                      alpha=WIDE, lw=0, zorder=2)  # fmt: skip
    axes.plot(running.flights, 100.0 * running.share, color=BLUE, lw=1.4, zorder=4)
    axes.axhline(100.0 * float(running.share[-1]), color=PAGE.muted, lw=0.8, ls=(0, (4, 3)))
    shown = running.flights >= 20
    low, high = float(running.low[shown].min()), float(running.high[shown].max())
    axes.set_ylim(100.0 * max(low - 0.02, 0.0), 100.0 * min(high + 0.02, 1.0))
    axes.set_xscale("log")
    axes.set_xlim(10.0, len(which))
    _plain_numbers(axes, every_decade=True)
    _percent_axis(axes)
    caption = f"against the number of flights; now {count(len(which))}"
    legend = (("share so far", "1"), ("95 % interval at each number", "band"))
    return Drawing(f"Share of {'successes' if what == 'success' else 'losses'}", "", caption,
                   to_svg(figure, f"Share of {what} in percent {caption}"), legend)  # fmt: skip


def lost_over_time(campaign: Campaign) -> Drawing | None:
    """The share of flights that have lost their vehicle, over time."""
    lost_s = np.sort(campaign.lost_time_s[np.isfinite(campaign.lost_time_s)])
    if len(lost_s) < LEAST_SHOWN:
        return None
    n = len(campaign.flights)
    end = float(lost_s[-1])
    start = float(lost_s[0]) if lost_s[0] > 0.5 * end else 0.0
    air = 0.1 * (end - start)
    time_s = np.linspace(max(start - air, 0.0), end + air, TIME_POINTS)
    counts = np.searchsorted(lost_s, time_s, side="right")
    low, high = clopper_pearson_all(counts, np.full(len(counts), n), LEVEL)
    figure, axes = new_plot()
    if campaign.request.sampler != "sobol":
        axes.fill_between(time_s, 100.0 * low, 100.0 * high, color=RED, alpha=WIDE, lw=0, zorder=2)
    axes.plot(time_s, 100.0 * counts / n, color=RED, lw=1.4, zorder=4, drawstyle="steps-post")
    axes.set_xlim(float(time_s[0]), float(time_s[-1]))
    axes.set_ylim(0.0, min(115.0 * float(high[-1]), 103.0))
    _time_axis(axes)
    _percent_axis(axes)
    caption = f"over time; the middle one at {mission_time(float(np.median(lost_s)))}"
    legend = (("flights that have lost their vehicle", "limit-line"), ("95 % interval", "red-band"))
    return Drawing("Lost so far", "", caption, to_svg(figure, f"Share lost in percent {caption}"),
                   legend)  # fmt: skip


def histogram(name: str, values: Floats, target: float | None = None) -> Drawing | None:
    """How often a column has which value, with its median and its 1st and 99th percentile."""
    known = values[np.isfinite(values)]
    if len(known) < LEAST_SHOWN or np.ptp(known) == 0.0:
        return None
    low, p01, middle, p99, high = np.percentile(known, (0.1, 1.0, 50.0, 99.0, 99.9)).tolist()
    shown = known
    if np.ptp(known) > ROOM * (high - low) > 0.0:
        shown = known[(known >= low) & (known <= high)]
    factor, unit = (1.0, "s") if name.endswith("time_s") else _scale(name, shown)
    figure, axes = new_plot(small=True)
    heights, edges = np.histogram(shown * factor, _bins(shown))
    axes.stairs(heights, edges, fill=True, color=BLUE, alpha=0.55, lw=0, zorder=2)
    for at, style in ((p01, (0, (2, 2))), (middle, "-"), (p99, (0, (2, 2)))):
        axes.axvline(at * factor, color=PAGE.ink, lw=0.9, ls=style, zorder=4)
    if target is not None and edges[0] <= target * factor <= edges[-1]:
        axes.axvline(target * factor, color=PAGE.planned, lw=3.0, zorder=1)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0.0, 1.12 * heights.max())
    _plain_numbers(axes)
    if unit == "s":
        _time_axis(axes)
    beyond = len(known) - len(shown)
    caption = f"{value_of(name, p01)} to {value_of(name, p99)}, middle {value_of(name, middle)}; "
    caption += f"{count(len(known))} flights"
    caption += f", {beyond} beyond the edges" if beyond else ""
    title, unit = quantity_title(name), "" if unit == "s" else unit
    return Drawing(title, unit, caption, to_svg(figure, f"Histogram of {title}: {caption}"), ())


def scatter(campaign: Campaign) -> Drawing | None:
    """Errors of perigee and apogee at insertion, against each other, around the target."""
    names = ("insertion.perigee_error_m", "insertion.apogee_error_m")
    if not all(name in campaign.quantities for name in names):
        return None
    (_, x), (_, y) = campaign.flights.numbers(names)
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(rows) < LEAST_SHOWN:
        return None
    bulk = rows[campaign.success[rows]]
    bulk = bulk if len(bulk) >= LEAST_SHOWN else rows
    spans = [_span(each[bulk]) for each in (x, y)]
    inside = [row for row in rows if all(a <= v[row] <= b for (a, b), v in zip(spans, (x, y)))]  # noqa: B905 (made as a pair)
    factor, unit = scale_for("m", max(abs(each) for span in spans for each in span))
    figure, axes = new_plot()
    for which, colour in ((True, BLUE), (False, RED)):
        dots = thinned(np.array([r for r in inside if campaign.success[r] == which], np.int64))
        axes.plot(x[dots] * factor, y[dots] * factor, "o", ms=2.6, mew=0, color=colour, alpha=0.5,
                  zorder=3 + (not which))  # fmt: skip
    axes.axhline(0.0, color=PAGE.muted, lw=0.8, zorder=2)
    axes.axvline(0.0, color=PAGE.muted, lw=0.8, zorder=2)
    axes.plot(0.0, 0.0, "+", ms=11.0, mew=1.6, color=PAGE.ink, zorder=6)
    axes.set_xlim(*(each * factor for each in spans[0]))
    axes.set_ylim(*(each * factor for each in spans[1]))
    _plain_numbers(axes)
    beyond = len(rows) - len(inside)
    caption = "apogee upward, perigee to the right; the cross is the target"
    caption += f"; {beyond} beyond the edges" if beyond else ""
    legend = [("success", "dot")]
    legend += [("no success", "red-dot")] if not campaign.success[inside].all() else []
    return Drawing("Apogee and perigee error", unit, caption,
                   to_svg(figure, f"Insertion errors: {caption}"), tuple(legend))  # fmt: skip


def envelope(campaign: Campaign, body: str, name: str, nominal: Telemetry | None) -> Drawing | None:
    """A channel over time: bands of 98 and 90 % of flights, their middle, the nominal flight."""
    found = campaign.envelope(body, name)
    enough = found.flights >= campaign.envelopes.least
    if not enough.any():
        return None
    values = np.where(enough, found.values, np.nan)
    largest = float(np.nanmax(np.abs(values)))
    if _means_nothing(name, largest):
        return None
    log = name in LOGARITHMIC and largest > 0.0
    values = np.maximum(values, DECADES * largest) if log else values
    factor, unit = scale_for(unit_of(name), largest)
    p = dict(zip(LEVELS, values * factor, strict=True))
    figure, axes = new_plot(named=True)
    time_s = found.time_s
    axes.fill_between(time_s, p[0.01], p[0.99], color=BLUE, alpha=WIDE, lw=0, zorder=3)
    axes.fill_between(time_s, p[0.05], p[0.95], color=BLUE, alpha=NARROW, lw=0, zorder=3)
    axes.plot(time_s, p[0.5], color=BLUE, lw=1.4, zorder=5)
    span = time_s[enough]
    first, last = float(span[0]), float(span[-1])
    legend = [("middle flight", "1"), ("5th to 95th percentile", "band-narrow"),
              ("1st to 99th", "band")]  # fmt: skip
    if nominal is not None and name in nominal:
        t = nominal["time_s"]
        inside = (t >= first) & (t <= last)
        if inside.any():
            axes.plot(t[inside], nominal[name][inside] * factor, color=PAGE.planned, lw=3.0,
                      zorder=2)  # fmt: skip
            legend.append(("nominal", "planned"))
    axes.set_xlim(first, max(last, first + 1e-9))
    axes.margins(y=0.06)
    if log:
        axes.set_yscale("log")
        axes.set_ylim(float(np.nanpercentile(p[0.01], 3.0)) / 1.5, 1.6 * largest * factor)
    mark_events(axes, _events(campaign, body), (first, max(last, first + 1e-9)), PAGE)
    _plain_numbers(axes, log=log)
    _time_axis(axes)
    known = known_channel(name)
    title = known.title if known else name
    caption = known.description if known else ""
    svg = to_svg(figure, f"Envelope of {title} of {body} over time")
    return Drawing(title, unit, caption, svg, tuple(legend))


def _means_nothing(name: str, largest: float) -> bool:
    """Whether a channel says nothing of a body: air where there is none, ranges round the Earth."""
    if name in ("downrange_m", "crossrange_m"):
        return largest > FAR_M
    return name == "dynamic_pressure_pa" and largest < AIR_PA


def _events(campaign: Campaign, body: str) -> list[Event]:
    """What half of the flights or more have of a body, at its median time."""
    found = []
    for column, told in campaign.quantities.items():
        kind, *rest = column.split(".")
        timed = kind == "event" and rest[0] == body and rest[-1] == "time_s"
        if timed and 2 * told.count >= len(campaign.flights):
            found.append(Event(told.p50, body, rest[1]))
    return found


def thinned(rows: NDArray[np.int64], most: int = MOST_DOTS) -> NDArray[np.int64]:
    """So many rows at most, evenly spread over all."""
    return rows[:: max(1, -(-len(rows) // most))]


def _scale(name: str, values: Floats) -> tuple[float, str]:
    return scale_for(unit_of(name), float(np.abs(values).max()))


def _bins(values: Floats) -> int:
    """Freedman and Diaconis 1981: bins as wide as twice the quartile range over the cube root."""
    quartiles = np.subtract(*np.percentile(values, (75.0, 25.0)))
    width = 2.0 * float(quartiles) / len(values) ** (1.0 / 3.0)
    wanted = math.ceil(float(np.ptp(values)) / width) if width > 0.0 else MOST_BINS
    return min(max(wanted, LEAST_BINS), MOST_BINS)


def _span(values: Floats) -> tuple[float, float]:
    """What is shown of an axis: the bulk with room around it, and zero."""
    low, high = np.percentile(values, (0.5, 99.5)).tolist()
    air = 0.5 * (high - low) or 1.0
    low, high = max(low - air, float(values.min())), min(high + air, float(values.max()))
    low, high = min(low, 0.0), max(high, 0.0)
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _plain_numbers(axes: Axes, *, every_decade: bool = False, log: bool = False) -> None:
    """Ticks at round numbers, told without exponents; `every_decade` along x, `log` along y."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    tick = FuncFormatter(lambda v, _: f"{v:,.6g}".replace("-", "\u2212").replace(",", "\u202f"))
    for axis, decades, most in ((axes.xaxis, every_decade, 6), (axes.yaxis, log, 5)):
        axis.set_major_locator(LogLocator(10.0) if decades else MaxNLocator(most))
        axis.set_major_formatter(tick)
        if decades:
            axis.set_minor_locator(NullLocator())


def _percent_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g} %"))


def _time_axis(axes: Axes) -> None:
    """Seconds, or mission time where they are many; as much of it as the ticks are apart."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    first, last = axes.get_xlim()
    if last - first > CLOCK_S:
        step = next((s for s in CLOCK_STEPS_S if (last - first) / s <= 7.0), CLOCK_STEPS_S[-1])
        axes.xaxis.set_major_locator(MultipleLocator(step))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: _clock(v)))
        return
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g} s".replace("-", "\u2212")))


def _clock(time_s: float) -> str:
    return mission_time(float(round(time_s))).removeprefix("T+").rsplit(".", 1)[0]
