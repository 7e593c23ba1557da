"""What scripts that fly a page of the documentation share: tables, figures, and where they go.

A part of a page stands between a comment with its title and one that says end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from downrange.flight.draw import EVERYDAY
from downrange.report.style import FONT_PT, PICTURE, new_figure
from downrange.telemetry import Event, Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1] / "docs"
IMAGES = DOCS / "images"
PART = re.compile(r"<!-- (.+?) -->\n.*?<!-- end -->", re.DOTALL)
PIXELS_PER_INCH = 110
WIDTH_PT = 700.0
NONE = "–"
DISPERSED = tuple(group for group in EVERYDAY if group != "faults")  # of flights as flown

TOLD: dict[str, str] = {}  # title -> what was printed under it


def event(flight: Recording, name: str) -> Event | None:
    """The first event of a name."""
    return next((each for each in flight.events if each.name == name), None)


def moment(flight: Recording, name: str) -> float:
    """Time of the first event of a name, nan without."""
    found = event(flight, name)
    return found.time_s if found else math.nan


def number(value: float, digits: int = 1) -> str:
    """A number for a table, a dash for nan."""
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else NONE


def spread(values: Iterable[float], digits: int = 1) -> str:
    """Mean and standard deviation of what was reached."""
    known = np.array([value for value in values if math.isfinite(value)])
    if not known.size:
        return NONE
    return f"{number(float(known.mean()), digits)} ± {number(float(known.std()), digits)}"


def say(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, and keep it for the page."""
    lines = [header, ["---"] * len(header), *rows]
    tell(title, "\n".join(f"| {' | '.join(line)} |" for line in lines))


def tell(title: str, text: str) -> None:
    """Print a part of the page, and keep it."""
    print(f"\n### {title}\n\n{text}")
    TOLD[title] = text


def keep(page: Path, title: str) -> None:
    """Tell a part again as it stands in a page."""
    found = next(each for each in PART.finditer(page.read_text("utf-8")) if each[1] == title)
    TOLD[title] = found[0].partition("-->")[2].rpartition("<!--")[0].strip()


def fill_page(page: Path) -> None:
    """Put what was told between its comments in a page."""

    def part(found: re.Match[str]) -> str:
        return f"<!-- {found[1]} -->\n\n{TOLD[found[1]]}\n\n<!-- end -->"

    page.write_text(PART.sub(part, page.read_text(encoding="utf-8")), encoding="utf-8")


def named(axes: Axes, title: str) -> None:
    """A title over axes, at their left edge."""
    axes.annotate(
        title, (0.0, 1.0), xycoords="axes fraction", xytext=(0, 8),
        textcoords="offset points", fontsize=FONT_PT + 1.0, color=PICTURE.ink, weight="bold",
    )  # fmt: skip


def blank(height_pt: float) -> Figure:
    """An empty white figure."""
    figure = new_figure(WIDTH_PT, height_pt)
    figure.set_facecolor("white")
    return figure
