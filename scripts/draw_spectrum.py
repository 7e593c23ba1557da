"""Fly all that docs/spectrum-flight-1.md tells of: prints its tables, draws its figures.

Run `python scripts/draw_spectrum.py [FOLDER]`. Without a folder the figures go to docs/images and
the tables into the page, each between its two comments.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from page_parts import (
    DISPERSED,
    DOCS,
    IMAGES,
    NONE,
    PIXELS_PER_INCH,
    blank,
    event,
    fill_page,
    named,
)
from spectrum_seeds import tell_seeds
from spectrum_tables import (
    ENGINE_OUT,
    MISSION,
    SEEDS,
    TICKS_HZ,
    Corridor,
    corridors,
    gimbal_use,
    linear,
    loss_of,
    tell_as_flown,
    tell_calibrated,
    tell_corridors,
    tell_fall,
    tell_mechanism,
    tell_mismatch,
    tell_planned,
    true_ratio,
    with_ratio,
)

import downrange as dr
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.report.style import FONT_PT, PICTURE, drawing, new_axes
from downrange.telemetry import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = DOCS / "spectrum-flight-1.md"
LOST, ENDED, HELD = PICTURE.series[1], PICTURE.series[0], PICTURE.series[2]
FIGURES = ("spectrum-mechanism.png", "spectrum-boundary.png", "spectrum-corridor.png")


def draw_mechanism(ready: Prepared, flight: Recording) -> Figure:
    """How the mode takes the gimbals' rate, and the vehicle its attitude."""
    figure = blank(410.0)
    table = flight.bodies["stage1"].telemetry
    ended = event(flight, "flight_termination")
    until = ended.time_s if ended else 35.0
    limit = math.degrees(ready.mission.spec.vehicle.stage[0].engine.gimbal.rate.si)
    time_s, use = gimbal_use(flight, limit)
    mode_cm = 100.0 * np.hypot(table["bending.mode.1.pitch_m"], table["bending.mode.1.yaw_m"])
    curves = (
        ("First bending mode, nose displacement, cm", mode_cm, True),
        (f"Gimbals at their limit of {limit:g}°/s, % of the last second", 100.0 * use, False),
        ("Gimbal of engine 1 in pitch, degrees", table["stage1.engine.1.gimbal_pitch_deg"], False),
        ("Attitude error, degrees", np.maximum(table["attitude_error_deg"], 0.01), True),
    )  # fmt: skip
    marks = [(name, event(flight, key)) for name, key in (
        ("oscillation", "oscillation"), ("pitch-over", "pitch_over"),
        ("attitude lost", "attitude_lost"), ("terminated", "flight_termination"))]  # fmt: skip
    for k, (title, values, log) in enumerate(curves):
        box = (34.0 + 350.0 * (k % 2), 234.0 - 206.0 * (k // 2), 306.0, 140.0)
        axes = new_axes(figure, box, PICTURE)
        named(axes, title)
        shown = (time_s >= -1.0) & (time_s <= until + 1.0)
        axes.plot(time_s[shown], values[shown], color=ENDED, lw=0.9)
        axes.set_xlim(-1.0, until + 1.0)
        if log:
            axes.set_yscale("log")
        for row, (name, found) in enumerate(mark for mark in marks if mark[1]):
            axes.axvline(found.time_s, color=PICTURE.danger, lw=0.7, zorder=1)
            if k == 3:
                axes.annotate(
                    name, (found.time_s, 0.98 - 0.09 * (row % 2)),
                    xycoords=("data", "axes fraction"), xytext=(-3, 0), va="top", ha="right",
                    textcoords="offset points", fontsize=FONT_PT - 1.0, color=PICTURE.danger,
                )  # fmt: skip
        axes.set_xlabel("s from T0", color=PICTURE.muted)
    return figure


def draw_boundary(ready: Prepared) -> Figure:
    """When control is lost and the flight ends, against the ratio of the modes."""
    figure = blank(370.0)
    axes = new_axes(figure, (48.0, 150.0, 630.0, 180.0), PICTURE)
    full = true_ratio(ready)
    ratios = np.round(np.arange(0.66, 1.0001, 0.01), 2)
    named(axes, "Attitude lost and flight terminated, s from T0, seeds 1 to 5")
    grows = []
    for ratio in ratios:
        changed = with_ratio(ready, float(ratio))
        grows.append(linear(ready, float(ratio)).growth_ps)
        for seed in SEEDS[:5]:
            flight = fly_prepared(changed, seed=seed)
            loss = loss_of(flight)
            axes.plot(ratio - 0.0012, loss.lost_s, ".", color=LOST, ms=4)
            axes.plot(ratio + 0.0012, loss.ended_s, ".", color=ENDED, ms=4)
            burnt = event(flight, "meco")
            if burnt and math.isnan(loss.ended_s):
                axes.plot(ratio, burnt.time_s, ".", color=HELD, ms=4)
    for colour, label in ((LOST, "attitude lost"), (ENDED, "terminated"),
                          (HELD, "burn-out, never terminated")):  # fmt: skip
        axes.plot([], [], ".", color=colour, ms=7, label=label)
    axes.legend(frameon=False, fontsize=FONT_PT, labelcolor=PICTURE.ink, loc="upper left")
    axes.set_ylim(0.0, None)
    below = new_axes(figure, (48.0, 34.0, 630.0, 72.0), PICTURE)
    named(below, "Linear growth at lift-off, 1/s (unstable above 0)")
    below.plot(ratios, grows, color=ENDED, lw=1.4)
    below.axhline(0.0, color=PICTURE.muted, lw=0.8)
    below.set_xlabel("true over assumed frequency of the first mode", color=PICTURE.muted)
    for each in (axes, below):
        each.set_xlim(0.65, 1.01)
        each.axvline(full, color=PICTURE.danger, lw=0.7, zorder=1)
    axes.annotate(
        "as flown", (full, 1.0), xycoords=("data", "axes fraction"), xytext=(3, -4), va="top",
        textcoords="offset points", fontsize=FONT_PT - 1.0, color=PICTURE.danger,
    )  # fmt: skip
    return figure


def draw_corridor(flown: Sequence[Corridor], ready: Prepared, at_s: float) -> Figure:
    """When the flight ends against the corridor's half-width that `keep_out` makes."""
    figure = blank(260.0)
    axes = new_axes(figure, (48.0, 40.0, 630.0, 184.0), PICTURE)
    named(axes, "Flight terminated, s from T0, seeds 1 to 10")
    flown = [each for each in flown if each.setting.startswith("keep_out")]
    rules_seen = sorted({loss.rule for each in flown for loss in each.losses} - {NONE})
    colours = dict(zip(rules_seen, PICTURE.series, strict=False))
    for each in flown:
        for loss in each.losses:
            axes.plot(each.half_width_m, loss.ended_s, "o", ms=4, alpha=0.7,
                      color=colours.get(loss.rule, PICTURE.muted))  # fmt: skip
    for rule, colour in colours.items():
        axes.plot([], [], "o", color=colour, ms=5, label=f"rule: {rule}")
    axes.legend(frameon=False, fontsize=FONT_PT, labelcolor=PICTURE.ink, loc="center right")
    rules = ready.planned.rules
    width = float(np.interp(at_s / rules.step_s, np.arange(len(rules.track)),
                            rules.impact_half_width_m))  # fmt: skip
    axes.axvline(width, color=PICTURE.danger, lw=0.7, zorder=1)
    axes.annotate(
        "as flown", (width, 0.0), xycoords=("data", "axes fraction"), xytext=(3, 4),
        textcoords="offset points", fontsize=FONT_PT - 1.0, color=PICTURE.danger,
    )  # fmt: skip
    axes.set_xlabel(f"half-width of the impact point's corridor at T+{at_s:.0f} s, m",
                    color=PICTURE.muted)  # fmt: skip
    return figure


def main(folder: Path) -> None:
    """Print the tables and write the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = prepare(dr.load_mission(MISSION))
    flight = fly_prepared(ready, seed=1, record_rate_hz=TICKS_HZ)
    tell_as_flown(ready, ())
    tell_as_flown(ready, DISPERSED)
    tell_seeds()
    tell_mechanism(ready, flight)
    tell_fall(flight)
    tell_mismatch(ready)
    at_s = round(loss_of(flight).lost_s)
    flown = corridors(at_s)
    tell_corridors(flown, ready)
    tell_planned(prepare(dr.load_mission(MISSION, planned=True)), "As planned")
    one_out = dr.load_mission(MISSION, planned=True, faults=[ENGINE_OUT])
    tell_planned(prepare(one_out), "As planned, engine 5 out")
    tell_calibrated(ready)
    with drawing():
        figures = (draw_mechanism(ready, flight), draw_boundary(ready),
                   draw_corridor(flown, ready, at_s))  # fmt: skip
        for name, figure in zip(FIGURES, figures, strict=True):
            figure.savefig(folder / name, dpi=PIXELS_PER_INCH)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
    if len(sys.argv) == 1:
        fill_page(PAGE)
