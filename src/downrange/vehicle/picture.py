"""The side view of a vehicle as a picture, to scale, nose to the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from downrange.errors import OutputError
from downrange.report.style import FONT_PT, PICTURE, drawing, new_figure
from downrange.review.words import quantity
from downrange.vehicle.sketch import NOZZLE_LENGTHS, Mark, NozzleView, Sketch, TankView, sketch
from downrange.vehicle.spec import VehicleSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
WIDTH_PT = 900.0
MARGIN_PT = 30.0
ABOVE_PT, RULER_PT = 78.0, 42.0  # room for the names above the hull, for the ruler below
LABELS_PT = 14.0  # from the hull down to the names of the marks
GLYPH = 0.62  # width of a character over its height, ample
LINE_PT = FONT_PT + 4.0
PIXELS_PER_INCH = 160
COLOURS = {"oxidiser": PICTURE.series[0], "fuel": PICTURE.series[1], "": PICTURE.series[2]}
HULL, ULLAGE = "#ffffff", "#f3f4f5"


def write_drawing(vehicle: VehicleSpec, path: Path | str) -> Path:
    """Write the side view of a vehicle as PNG or SVG, by the name of the file.

    Raises:
        OutputError: the file can't be written.
    """
    target = Path(path)
    dpi = PIXELS_PER_INCH if target.suffix == ".png" else 72
    metadata = {"Date": None} if target.suffix == ".svg" else None
    with drawing():
        figure = draw(sketch(vehicle), vehicle.name)
        try:
            figure.savefig(target, format=target.suffix[1:], dpi=dpi, metadata=metadata)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def draw(view: Sketch, name: str) -> Figure:
    """Return the figure; x is the station, y the place across, both in m and to one scale."""
    first = [nozzle for nozzle in view.nozzles if nozzle.stage == view.stages[0].name]
    aft_m = max((NOZZLE_LENGTHS * n.diameter_m - n.station_m for n in first), default=0.0)
    aft_m = max(aft_m, 0.0)
    per_m = scale_pt(view, aft_m)
    labels = place_marks(view.marks, per_m)
    below_pt = LABELS_PT + LINE_PT * (1 + max((row for _, row in labels), default=0)) + RULER_PT
    hull_pt = view.diameter_m * per_m
    height_pt = hull_pt + ABOVE_PT + below_pt
    figure = new_figure(WIDTH_PT, height_pt)
    figure.set_facecolor("white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    left_m = -aft_m - MARGIN_PT / per_m
    axes.set_xlim(left_m, left_m + WIDTH_PT / per_m)
    middle_pt = below_pt + 0.5 * hull_pt
    axes.set_ylim(-middle_pt / per_m, (height_pt - middle_pt) / per_m)
    axes.set_axis_off()
    figure.text(
        MARGIN_PT / WIDTH_PT, 1.0 - 20.0 / height_pt, name,
        fontsize=FONT_PT + 2.0, color=PICTURE.ink, weight="bold",
    )  # fmt: skip
    _draw_nozzles(axes, view.nozzles)
    _draw_hull(axes, view)
    for tank in view.tanks:
        _draw_tank(axes, tank, view.marks, per_m)
    _draw_stages(axes, view, per_m)
    _draw_marks(axes, view, labels, per_m)
    _draw_scale(axes, view, per_m, below_pt)
    return figure


def _draw_hull(axes: Axes, view: Sketch) -> None:
    from matplotlib.patches import Polygon

    upper = [(x, 0.5 * d) for x, d in view.outline]
    points = upper + [(x, -y) for x, y in reversed(upper)]
    axes.add_patch(
        Polygon(points, closed=True, fc=HULL, ec=PICTURE.ink, lw=1.1, gid="hull", zorder=2)
    )
    for stage in view.stages[1:]:
        half_m = 0.5 * view.diameter_m
        axes.plot([stage.base_m] * 2, [-half_m, half_m], color=PICTURE.ink, lw=0.8, zorder=3)


def _draw_tank(axes: Axes, tank: TankView, marks: Sequence[Mark], per_m: float) -> None:
    from matplotlib.patches import Rectangle

    half_m = 0.5 * tank.diameter_m - 1.6 / per_m  # clear of the hull's line
    colour = COLOURS[tank.role]
    for low_m, high_m, fill, what in (
        (tank.bottom_m, tank.level_m, colour, "liquid"),
        (tank.level_m, tank.top_m, ULLAGE, "ullage"),
    ):
        axes.add_patch(Rectangle(
            (low_m, -half_m), high_m - low_m, 2.0 * half_m, fc=fill, ec="none", zorder=4,
            gid=f"{tank.path}.{what}", alpha=0.85 if what == "liquid" else 1.0,
        ))  # fmt: skip
    axes.add_patch(Rectangle(
        (tank.bottom_m, -half_m), tank.top_m - tank.bottom_m, 2.0 * half_m, fc="none", ec=colour,
        lw=0.8, zorder=5,
    ))  # fmt: skip
    words = [tank.propellant, quantity(tank.load_kg, "kg")]
    long_pt, tall_pt = (tank.level_m - tank.bottom_m) * per_m, 2.0 * half_m * per_m
    wide_pt = GLYPH * FONT_PT * max(map(len, words))
    upright = wide_pt < long_pt and tall_pt > 2.0 * LINE_PT
    if upright or (GLYPH * FONT_PT * len(words[0]) < tall_pt and long_pt > LINE_PT):
        across_m = (wide_pt if upright else LINE_PT) / per_m
        axes.text(
            _clear_m(tank, across_m, marks), 0.0, "\n".join(words) if upright else words[0],
            rotation=0 if upright else 90, color="white", fontsize=FONT_PT, ha="center",
            va="center", zorder=6,
        )  # fmt: skip


def _clear_m(tank: TankView, wide_m: float, marks: Sequence[Mark]) -> float:
    """Station for a text of this width in a tank's liquid, clear of the marks if there is one."""
    low_m, high_m = tank.bottom_m + 0.6 * wide_m, tank.level_m - 0.6 * wide_m
    middle_m = 0.5 * (tank.bottom_m + tank.level_m)
    if low_m >= high_m:
        return middle_m
    places = [middle_m, 0.5 * (low_m + middle_m), 0.5 * (high_m + middle_m), low_m, high_m]
    free = (x for x in places if all(abs(x - m.station_m) > 0.65 * wide_m for m in marks))
    return next(free, middle_m)


def _draw_nozzles(axes: Axes, nozzles: tuple[NozzleView, ...]) -> None:
    """Bells from the gimbal point aft; their length is not stated, and only drawn."""
    from matplotlib.patches import Polygon

    for nozzle in nozzles:
        x, y, half_m = nozzle.station_m, nozzle.across_m, 0.5 * nozzle.diameter_m
        aft = x - NOZZLE_LENGTHS * nozzle.diameter_m
        bell = [
            (x, y + 0.25 * half_m),
            (aft, y + half_m),
            (aft, y - half_m),
            (x, y - 0.25 * half_m),
        ]
        axes.add_patch(
            Polygon(bell, closed=True, fc="#d9dcdf", ec=PICTURE.muted, lw=0.8, gid="nozzle",
                    zorder=1 if aft < 0.0 else 3.5)
        )  # fmt: skip


def _draw_stages(axes: Axes, view: Sketch, per_m: float) -> None:
    """Brackets above the hull with name, length and mass."""
    up_m = 0.5 * view.diameter_m + 14.0 / per_m
    gap_m = 2.0 / per_m
    for stage in view.stages:
        axes.annotate(
            "", (stage.base_m + gap_m, up_m), (stage.top_m - gap_m, up_m),
            arrowprops={"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": PICTURE.muted,
                        "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        length = quantity(stage.top_m - stage.base_m, "m")
        axes.annotate(
            f"{stage.name}\n{length}, {quantity(stage.mass_kg, 'kg')}",
            (0.5 * (stage.base_m + stage.top_m), up_m), xytext=(0, 6), color=PICTURE.ink,
            textcoords="offset points", fontsize=FONT_PT, ha="center", va="bottom",
        )  # fmt: skip


def _said(mark: Mark) -> tuple[str, float]:
    """What is written at a mark, and how wide that is at most, pt."""
    text = f"{mark.name}, {mark.station_m:.2f} m"
    return text, GLYPH * FONT_PT * len(text)


def scale_pt(view: Sketch, aft_m: float) -> float:
    """Return points a metre, such that the vehicle and the names of its marks fit the width."""
    room_pt = WIDTH_PT - MARGIN_PT
    names = [
        (room_pt - _said(mark)[1]) / (mark.station_m + aft_m)
        for mark in view.marks
        if mark.station_m + aft_m > 0.0
    ]
    return min([(room_pt - MARGIN_PT) / (view.length_m + aft_m), *names])


def place_marks(marks: Sequence[Mark], per_m: float) -> list[tuple[Mark, int]]:
    """Return the marks with the row in which each is named, to the right of its leader.

    A name that would meet another, or another's leader, goes to a row further down.
    """
    placed: list[tuple[Mark, int]] = []
    starts_pt: list[float] = []  # of the leftmost name in each row
    for mark in sorted(marks, key=lambda each: -each.station_m):
        at_pt = mark.station_m * per_m
        end_pt = at_pt + _said(mark)[1]
        rows = range(len(starts_pt) + 1)
        row = next(r for r in rows if all(end_pt < start for start in starts_pt[r:]))
        starts_pt[row : row + 1] = [at_pt]
        placed.append((mark, row))
    return placed


def _draw_marks(axes: Axes, view: Sketch, labels: Sequence[tuple[Mark, int]], per_m: float) -> None:
    """Points on the axis with leaders to their names below the hull."""
    for mark, row in labels:
        down_m = 0.5 * view.diameter_m + (LABELS_PT + (row + 0.8) * LINE_PT) / per_m
        axes.plot([mark.station_m] * 2, [0.0, -down_m], color=PICTURE.ink, lw=0.6, zorder=7)
        axes.annotate(
            _said(mark)[0], (mark.station_m, -down_m), xytext=(4, 0), textcoords="offset points",
            color=PICTURE.ink, fontsize=FONT_PT, ha="left", va="bottom", zorder=7,
        )  # fmt: skip
        _draw_sign(axes, mark, per_m)


def _draw_sign(axes: Axes, mark: Mark, per_m: float) -> None:
    """The sign of a centre of mass, a quartered disc; of anything else a dot."""
    from matplotlib.patches import Circle, Wedge

    at = (mark.station_m, 0.0)
    if not mark.name.startswith("CM"):
        axes.add_patch(Circle(at, 3.0 / per_m, fc=PICTURE.ink, ec="white", lw=0.8, zorder=9,
                              gid=mark.name))  # fmt: skip
        return
    radius_m = 6.0 / per_m
    axes.add_patch(Circle(at, radius_m, fc="white", ec=PICTURE.ink, lw=1.0, zorder=8,
                          gid=mark.name))  # fmt: skip
    for start in (0.0, 180.0):
        axes.add_patch(Wedge(at, radius_m, start, start + 90.0, fc=PICTURE.ink, ec="none",
                             zorder=9))  # fmt: skip


def _draw_scale(axes: Axes, view: Sketch, per_m: float, below_pt: float) -> None:
    """A ruler of stations along the bottom."""
    down_m = 0.5 * view.diameter_m + (below_pt - 26.0) / per_m
    axes.plot([0.0, view.length_m], [-down_m] * 2, color=PICTURE.muted, lw=0.7)
    step_m = next(s for s in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if view.length_m / s <= 16.0)
    for k in range(math.floor(view.length_m / step_m) + 1):
        x = k * step_m
        axes.plot([x, x], [-down_m, -down_m - 3.0 / per_m], color=PICTURE.muted, lw=0.7)
        axes.annotate(
            f"{x:g} m" if k == 0 else f"{x:g}", (x, -down_m), xytext=(0, -6), color=PICTURE.muted,
            textcoords="offset points", fontsize=FONT_PT, ha="center", va="top",
        )  # fmt: skip
