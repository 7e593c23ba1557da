"""The side view: altitude over downrange distance, up to orbit and down to the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from downrange.report.figures import Drawing, scale_for
from downrange.report.map import BOX_PT, HEIGHT_PT, WIDTH_PT, interval, legend, round_times
from downrange.report.spans import until_first_cutoff
from downrange.report.style import PAGE, new_axes, new_figure, thin, to_svg
from downrange.telemetry import Recording, Telemetry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLAT = 2.5  # downrange over altitude from which altitude is stretched


def draw_profile(recording: Recording, planned: dict[str, Telemetry]) -> Drawing | None:
    """Altitude over downrange, to one scale unless the flight is flat. None without them.

    A flight to orbit is drawn to the end of its first burn: later its downrange turns back.
    """
    from matplotlib.ticker import MaxNLocator

    shown = {name: until_first_cutoff(body.telemetry) for name, body in recording.bodies.items()}
    shown = {n: t for n, t in shown.items() if "downrange_m" in t and "altitude_m" in t}
    planned = {n: until_first_cutoff(t) for n, t in planned.items()}
    planned = {n: t for n, t in planned.items() if "downrange_m" in t and "altitude_m" in t}
    if not shown:
        return None
    across_m, up_m = (
        max(float(np.nanmax(np.abs(t[c]))) for t in shown.values())
        for c in ("downrange_m", "altitude_m")
    )
    factor, unit = scale_for("m", max(across_m, up_m))
    flat = across_m > FLAT * up_m
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    every_s = interval(shown.values())
    colours = dict(zip(recording.bodies, PAGE.series * len(recording.bodies), strict=False))
    for name, telemetry in shown.items():
        _side(axes, telemetry, factor, colour=colours[name], width=1.4, level=4)
        dots = round_times(telemetry, every_s)
        at = [(telemetry.at(t, "downrange_m"), telemetry.at(t, "altitude_m")) for t in dots]
        dotted = np.reshape(at, (-1, 2)).T * factor
        axes.plot(*dotted, "o", ms=3.0, color=colours[name], zorder=5)
    if not flat:
        axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    figure.draw_without_rendering()
    axes.autoscale(enable=False)
    for telemetry in planned.values():
        _side(axes, telemetry, factor, colour=PAGE.planned, width=3.0, level=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6))
    what = "altitude, stretched, over downrange" if flat else "altitude over downrange, to scale"
    caption = f"{what}; dots every {every_s:g} s"
    svg = to_svg(figure, f"Side view: {caption}")
    labels = (item for item in legend(recording, planned) if item[1] not in ("dotted", "limit"))
    return Drawing("Side view", unit, caption, svg, tuple(labels))


def _side(
    axes: Axes, telemetry: Telemetry, factor: float, *, colour: str, width: float, level: int
) -> None:
    time, up = thin(telemetry["time_s"], telemetry["altitude_m"] * factor)
    across = np.interp(time, telemetry["time_s"], telemetry["downrange_m"] * factor)
    axes.plot(across, up, color=colour, lw=width, zorder=level)
