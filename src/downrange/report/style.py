"""How figures look: one palette for the page (light and dark) and one for pictures.

Figures for the page are drawn with stand-in colours, which `to_svg` replaces by CSS variables:
so the page's style sheet colours them, in the dark too, and their text stays text.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

MAX_POINTS = 2000
FONT_PT = 9.0
_PAST_HUNDREDTHS = re.compile(r"(?<=\.\d\d)\d+")


@dataclass(frozen=True)
class Palette:
    """Colours by what they stand for; `series` are those of lines, in order of use."""

    ink: str
    muted: str
    grid: str
    danger: str
    land: str
    water: str
    planned: str
    series: tuple[str, ...]


PAGE = Palette(
    ink="#010101",
    muted="#010102",
    grid="#010103",
    danger="#010104",
    land="#010105",
    water="#010107",
    planned="#010108",
    series=("#010201", "#010202", "#010203", "#010204"),
)
_VARIABLES = {
    PAGE.ink: "ink",
    PAGE.muted: "muted",
    PAGE.grid: "grid",
    PAGE.danger: "danger",
    PAGE.land: "land",
    PAGE.water: "water",
    PAGE.planned: "planned",
    **{colour: f"series-{i}" for i, colour in enumerate(PAGE.series, start=1)},
}
PICTURE = Palette(
    ink="#1b1f24",
    muted="#68707a",
    grid="#e6e8ea",
    danger="#b3261e",
    land="#eceae2",
    water="#eef4f9",
    planned="#b7cfe8",
    series=("#1d5fa6", "#c2553a", "#3b8764", "#8461ab"),
)


@contextmanager
def drawing() -> Iterator[None]:
    """The matplotlib settings under which every figure is drawn and saved."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rc("font", family="DejaVu Sans", size=FONT_PT)
        mpl.rc("svg", fonttype="none", hashsalt="downrange")
        mpl.rc("lines", solid_joinstyle="round", solid_capstyle="round")
        mpl.rc("path", simplify=True, simplify_threshold=0.2)
        yield


def new_figure(width_pt: float, height_pt: float) -> Figure:
    """An empty, transparent figure of a size in points."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_pt / 72.0, height_pt / 72.0), facecolor="none")


def new_axes(figure: Figure, box_pt: tuple[float, float, float, float], palette: Palette) -> Axes:
    """Axes in a box (left, bottom, width, height) in points, with horizontal grid lines only."""
    width, height = figure.get_size_inches() * 72.0
    left, bottom, across, up = box_pt
    axes = figure.add_axes((left / width, bottom / height, across / width, up / height))
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(palette.muted)
        spine.set_linewidth(0.7)
    axes.tick_params(colors=palette.muted, labelsize=FONT_PT, length=0, pad=4)
    axes.tick_params(axis="x", length=3, width=0.7)
    axes.grid(visible=True, axis="y", color=palette.grid, linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def to_svg(figure: Figure, alt: str) -> str:
    """The figure as an `<svg>` element to stand in a page, with a text for who can't see it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style).*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[a-z][\w.]*_\d+"', "", text)
    text = re.sub(r"<[^>]+>", _shortened, text)
    for colour, name in _VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    view = re.search(r'viewBox="[^"]*"', text)
    opened = f'<svg role="img" aria-label="{html.escape(alt)}" {view.group() if view else ""}>'
    return opened + text[text.index(">") + 1 :].strip()


def _shortened(tag: re.Match[str]) -> str:
    """A tag with coordinates to a hundredth of a point."""
    return _PAST_HUNDREDTHS.sub("", tag.group())


def thin(x: Floats, y: Floats, points: int = MAX_POINTS) -> tuple[Floats, Floats]:
    """At most `points` points of a line: the lowest and highest in each stretch of x.

    x rises. Stretches are equally long in x, so that where samples are far apart all are kept.
    """
    if len(x) <= points:
        return x, y
    stretches = points // 2
    width = (x[-1] - x[0]) / stretches or 1.0
    stretch = np.minimum((x - x[0]) / width, stretches - 1).astype(np.int64)
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    low = np.lexsort((np.where(np.isnan(y), np.inf, y), stretch))[starts]
    high = np.lexsort((np.where(np.isnan(y), np.inf, -y), stretch))[starts]
    keep = np.unique(np.concatenate((low, high)))
    return x[keep], y[keep]
