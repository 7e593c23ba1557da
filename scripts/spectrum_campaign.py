"""Fly all that docs/spectrum-campaign.md tells of: prints its tables, draws its figure.

Run `python scripts/spectrum_campaign.py [--lost DIR] [--planned DIR]`. Campaigns that were flown
already are read from their folders, the others are flown into them: some fifteen minutes on two
cores. The figure goes to docs/images and the tables into the page, between their comments.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from page_parts import DOCS, IMAGES, NONE, PIXELS_PER_INCH, blank, fill_page, named, number, say

from downrange.campaign.results import Campaign, open_campaign
from downrange.campaign.run import run_campaign
from downrange.campaign.statistics import Share, flights_for, share_of, summarise, upper_bound
from downrange.report.style import FONT_PT, PICTURE, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

MISSION = "spectrum-flight-1"
PAGE = DOCS / "spectrum-campaign.md"
FIGURE = "spectrum-campaign.png"
LOST, PLANNED, SEED = 2000, 10_000, 1
LOST_BY_S = 60.0
MISMATCH = "draw.fault.1.value"
EDGES = (0.70, 0.74, 0.78, 0.82, 0.86, 0.90)  # of the mismatch, in the table
TERMINATED = "event.stage1.flight_termination.time_s"
TIMES = (
    ("attitude lost", "event.stage1.attitude_lost.time_s"),
    ("terminated", TERMINATED),
    ("stage 1 down", "body.stage1.end_time_s"),
)
INSERTION = (
    ("perigee", "insertion.perigee_error_m", "m", 0),
    ("apogee", "insertion.apogee_error_m", "m", 0),
    ("inclination", "insertion.inclination_error_deg", "°", 4),
)
FALLEN = ("stage1", "fairing_left", "fairing_right")
DOTS = 2000  # of a cloud, in the figure


def percent(share: Share) -> str:
    """A share with its interval."""
    low, high = (number(100.0 * each, 2) for each in (share.low, share.high))
    return f"{number(100.0 * share.share, 2)} % ({low} to {high})"


def spread_row(name: str, values: Floats, digits: int, unit: str) -> tuple[str, ...]:
    """Mean, standard deviation and percentiles of what is known."""
    found = summarise(values[np.isfinite(values)])
    told = (found.mean, found.std, found.p01, found.p05, found.p50, found.p95, found.p99)
    return (name, f"{found.count:,}", *(f"{number(each, digits)} {unit}" for each in told))


# As flown ------------------------------------------------------------------------------------


def tell_outcomes(lost: Campaign) -> None:
    """Table of shares, with their intervals."""
    prior = lost.summary["prior"]
    rows = [(f"vehicle lost by T+{LOST_BY_S:.0f} s", percent(lost.lost_by(LOST_BY_S)))]
    rows += [(f"ended as {name}", percent(share)) for name, share in lost.outcomes.items()]
    rows += [(f"objective: {name}", percent(share)) for name, share in lost.objectives.items()]
    middle, low, high = (number(100.0 * prior[key], 0) for key in ("mean", "low", "high"))
    record = "beside it: success of first flights of new launchers, 90 %"
    rows.append((record, f"{middle} % ({low} to {high})"))
    say("As flown", ("of all flights", "share, and its 95 % interval"), rows)


def tell_times(lost: Campaign) -> None:
    """Table of when it was lost."""
    header = ("s from first motion", "flights", "mean", "std. dev.", "1 %", "5 %", "50 %", "95 %",
              "99 %")  # fmt: skip
    rows = [spread_row(name, lost.flights.column(column), 2, "s") for name, column in TIMES]
    say("When it was lost", header, rows)


def tell_mismatch(lost: Campaign) -> None:
    """Table of what the mismatch has to do with it."""
    mismatch, ended = lost.flights.column(MISMATCH), lost.flights.column(TERMINATED)
    by_then = lost.lost_time_s <= LOST_BY_S
    rows = []
    for low, high in itertools.pairwise(EDGES):
        inside = (mismatch >= low) & (mismatch < high)
        times = ended[inside & np.isfinite(ended)]
        middle = (
            [np.quantile(times, q) for q in (0.05, 0.5, 0.95)] if times.size else [math.nan] * 3
        )
        rows.append((f"{low:.2f} to {high:.2f}", f"{int(inside.sum()):,}",
                     percent(share_of(int(by_then[inside].sum()), int(inside.sum()))),
                     *(number(each) for each in middle)))  # fmt: skip
    header = ("true over assumed frequency", "flights", f"lost by T+{LOST_BY_S:.0f} s",
              "terminated at, 5 %", "50 %", "95 %")  # fmt: skip
    say("The mismatch", header, rows)


def tell_associations(lost: Campaign) -> None:
    """Table of what goes with the time of loss."""
    found = next((each for each in lost.associations if each.what != "success"), None)
    lines = found.lines[:6] if found else ()
    rows = [(f"`{line.path}`", number(line.correlation, 2), number(line.errors, 1))
            for line in lines]  # fmt: skip
    what = "rank correlation with the time of loss" if found else NONE
    say("What goes with it", ("drawn value", what, "in standard errors"), rows)


# As planned ----------------------------------------------------------------------------------


def tell_planned(planned: Campaign) -> None:
    """Table of outcomes of the planned flight."""
    rows = [(f"ended as {name}", percent(share)) for name, share in planned.outcomes.items()]
    rows += [(f"first cause: {name}", percent(share)) for name, share in planned.causes.items()]
    say("As planned", ("of all flights", "share, and its 95 % interval"), rows)


def tell_insertion(planned: Campaign) -> None:
    """Table of insertion errors, and how sure the 99 % is."""
    rows = []
    for name, column, unit, digits in INSERTION:
        values = planned.flights.column(column)
        known = values[np.isfinite(values)]
        bound = upper_bound(np.abs(known))
        rows.append((*spread_row(name, known, digits, unit),
                     f"{number(float(np.quantile(np.abs(known), 0.99)), digits)} {unit}",
                     f"{number(bound.value, digits)} {unit}"))  # fmt: skip
    header = ("reached minus target", "flights", "mean", "std. dev.", "1 %", "5 %", "50 %", "95 %",
              "99 %", "99 % within ±", "at 95 % confidence ±")  # fmt: skip
    say("Insertion", header, rows)


def ground_rows(campaign: Campaign, bodies: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """(body, centre, share, semi-axes, azimuth, area, truly inside, densest area) of each."""
    for body in bodies:
        found = campaign.footprints.get(body)
        if found is None:
            continue
        for each in found.ellipses:
            dense = found.density.areas_km2.get(each.share) if found.density else None
            yield (
                body.replace("_", " ").replace("stage", "stage "),
                f"{found.latitude_deg:.3f}° N {found.longitude_deg:.3f}° E",
                f"{100.0 * each.share:.0f} %",
                f"{each.semi_major_m / 1e3:.2f} × {each.semi_minor_m / 1e3:.2f} km",
                f"{each.azimuth_deg:.0f}°", f"{each.area_km2:,.1f} km²",
                f"{100.0 * each.inside.share:.1f} %",
                f"{dense:,.1f} km²" if dense is not None else NONE,
            )  # fmt: skip


def tell_ground(lost: Campaign, planned: Campaign) -> None:
    """Tables of where things come down."""
    header = ("body", "centre", "ellipse", "semi-axes", "azimuth", "area", "truly inside",
              "densest area")  # fmt: skip
    say("Where stage and fairing come down", header, ground_rows(planned, FALLEN))
    say("Where the lost vehicle comes down", header, ground_rows(lost, ("stage1, lost",)))


# The figure ----------------------------------------------------------------------------------


def dots(axes: Axes, x: Floats, y: Floats, colour: str) -> None:
    """A cloud of points, thinned."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))[:DOTS]
    axes.plot(x[known], y[known], ".", ms=2.0, mew=0.0, color=colour, alpha=0.5)


def draw(lost: Campaign, planned: Campaign) -> Figure:
    """Time of termination against the mismatch, insertion errors, and where stage 1 comes down."""
    figure = blank(250.0)
    left = new_axes(figure, (40.0, 40.0, 180.0, 160.0), PICTURE)
    named(left, "Terminated, s from T0")
    dots(left, lost.flights.column(MISMATCH), lost.flights.column(TERMINATED), PICTURE.series[1])
    left.set_xlabel("true over assumed frequency", color=PICTURE.muted, fontsize=FONT_PT)
    middle = new_axes(figure, (280.0, 40.0, 170.0, 160.0), PICTURE)
    named(middle, "Insertion error, m")
    perigee, apogee = (planned.flights.column(column) for _, column, _, _ in INSERTION[:2])
    near = [np.abs(each) < 4.0 * np.nanquantile(np.abs(each), 0.95) for each in (perigee, apogee)]
    both = near[0] & near[1]
    dots(middle, perigee[both], apogee[both], PICTURE.series[0])
    middle.set_xlabel("perigee; apogee upward", color=PICTURE.muted, fontsize=FONT_PT)
    right = new_axes(figure, (510.0, 40.0, 180.0, 160.0), PICTURE)
    named(right, "Stage 1 as planned, km")
    found, points = planned.footprints["stage1"], planned.impacts["stage1"]
    level = math.cos(math.radians(found.latitude_deg))

    def east_north(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
        return ((longitude - found.longitude_deg) * level * 111.2,
                (latitude - found.latitude_deg) * 111.2)  # fmt: skip

    dots(right, *east_north(points.latitude_deg, points.longitude_deg), PICTURE.series[0])
    for each in found.ellipses:
        x, y = east_north(each.ring_deg[:, 0], each.ring_deg[:, 1])
        right.plot(x, y, color=PICTURE.ink, lw=0.8)
    right.set_aspect("equal", "datalim")
    right.set_xlabel("east; north upward; 50, 90 and 99 %", color=PICTURE.muted, fontsize=FONT_PT)
    return figure


def campaign_in(folder: Path, flights: int, planned: bool) -> Campaign:
    """The campaign of a folder, flown into it if there is none."""
    if (folder / "campaign.json").exists():
        return open_campaign(folder)
    return run_campaign(MISSION, flights, seed=SEED, planned=planned, out=folder)


def main() -> None:
    """Print the tables, draw the figure, fill the page."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--lost", type=Path, default=Path("runs/page-lost"))
    asked.add_argument("--planned", type=Path, default=Path("runs/page-planned"))
    given = asked.parse_args()
    lost = campaign_in(given.lost, LOST, planned=False)
    planned = campaign_in(given.planned, PLANNED, planned=True)
    tell_outcomes(lost)
    tell_times(lost)
    tell_mismatch(lost)
    tell_associations(lost)
    tell_planned(planned)
    tell_insertion(planned)
    tell_ground(lost, planned)
    claims = [(f"{percent} % are within", f"{flights_for(percent / 100.0):,}")
              for percent in (90, 99, 99.9)]  # fmt: skip
    header = ("claim, at 95 % confidence", "flights without one outside")
    say("How many flights a claim takes", header, claims)
    fill_page(PAGE)
    draw(lost, planned).savefig(IMAGES / FIGURE, dpi=PIXELS_PER_INCH)


if __name__ == "__main__":
    main()
