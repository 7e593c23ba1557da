"""One wide picture that tells a flight at a glance: flown beside planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from downrange.errors import OutputError
from downrange.report.figures import Line, draw_lines, mark_events, set_range, time_span
from downrange.report.map import fit_view, interval, paint_map
from downrange.report.style import FONT_PT, PICTURE, drawing, new_axes, new_figure, thin
from downrange.telemetry import Recording, Telemetry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PT, HEIGHT_PT = 1000.0, 300.0
PIXELS_PER_INCH = 160
ROOM_S = 3.0  # for the name of the last event
_GRAPHS = (  # channel, title, logarithmic
    ("attitude_error_deg", "Attitude error, degrees", True),
    ("gimbal_pitch_deg", "Gimbal in pitch, degrees", False),
)
_GRAPH_PT = ((44.0, 34.0, 270.0, 196.0), (368.0, 34.0, 270.0, 196.0))
_MAP_PT = (706.0, 34.0, 284.0, 212.0)


def write_picture(
    flown: Recording, planned: Recording, path: Path | str, body: str | None = None
) -> Path:
    """Write a PNG of attitude error, gimbal and ground track, flown beside planned.

    `body` is the one to show, the first by default. Raises OutputError.
    """
    name = body or next(iter(flown.bodies))
    target = Path(path)
    with drawing():
        figure = _draw(flown, planned, name)
        try:
            figure.savefig(target, format="png", dpi=PIXELS_PER_INCH)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def _draw(flown: Recording, planned: Recording, body: str) -> Figure:
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    figure.set_facecolor("white")
    events = [event for event in flown.events if event.body == body]
    ours, theirs = flown.bodies[body].telemetry, planned.bodies[body].telemetry
    start, end = time_span(ours, "thrust", events)
    span = start, end + ROOM_S
    for (name, title, log), box in zip(_GRAPHS, _GRAPH_PT, strict=True):
        axes = new_axes(figure, box, PICTURE)
        _title(axes, title, 44.0)
        lines = _pair(ours, theirs, name)
        if lines:
            draw_lines(axes, lines, span, log=log, dense=not log)
            set_range(axes, lines, span[1], log=log)
            mark_events(axes, events, span, PICTURE)
    axes = new_axes(figure, _MAP_PT, PICTURE)
    _title(axes, "Ground track", 28.0)
    view = fit_view(flown, [ours], _MAP_PT[2] / _MAP_PT[3])
    paint_map(axes, flown, {body: theirs}, view, PICTURE, interval([ours]))
    _key(figure)
    return figure


def _pair(flown: Telemetry, planned: Telemetry, name: str) -> list[Line]:
    lines = []
    if name in flown:
        lines.append(Line(*thin(flown["time_s"], flown[name]), "flown", PICTURE.series[0]))
    if name in planned:
        time, values = thin(planned["time_s"], planned[name])
        lines.append(Line(time, values, "planned", PICTURE.planned, planned=True))
    return lines


def _title(axes: Axes, title: str, above_pt: float) -> None:
    axes.annotate(
        title, (0.0, 1.0), xycoords="axes fraction", xytext=(0, above_pt),
        textcoords="offset points", fontsize=FONT_PT + 2.0, color=PICTURE.ink, weight="bold",
    )  # fmt: skip


def _key(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    colours = ((PICTURE.series[0], 1.4), (PICTURE.planned, 3.5))
    handles = [Line2D([], [], color=colour, lw=width) for colour, width in colours]
    figure.legend(
        handles, ["flown", "planned"], loc="upper right", frameon=False, ncols=2,
        fontsize=FONT_PT, labelcolor=PICTURE.muted, borderaxespad=0.6,
    )  # fmt: skip
