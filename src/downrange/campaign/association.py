"""Which drawn values go with what came of the flights: by ranks, and as association alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.telling import INSERTION

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

Floats = NDArray[np.float64]

MOST_ROWS = 10
MOST_LOOKED_AT = 100_000
LEAST_EACH = 8  # flights of either kind: with fewer, ranks say next to nothing


@dataclass(frozen=True)
class Line:
    """One drawn value against what came of the flights.

    Attributes:
        path: of the value.
        correlation: of ranks, Spearman's, from -1 to 1; with a yes or no in place of a figure it
            is the correlation of the ranks with that.
        errors: the correlation in its standard errors were there none, `1 / sqrt(flights - 1)`.
        low: median of the value over the flights of the lower half, or of those that say no.
        high: median over the flights of the upper half, or of those that say yes.
    """

    path: str
    correlation: float
    errors: float
    low: float
    high: float


@dataclass(frozen=True)
class Association:
    """What goes with one figure of the flights, strongest first.

    Attributes:
        what: "success", or the column.
        flights: how many have it.
        drawn: how many values were looked at.
        chance: standard errors that the strongest of so many reaches by chance in one campaign of
            twenty.
        lines: at most ten.
    """

    what: str
    flights: int
    drawn: int
    chance: float
    lines: tuple[Line, ...]

    @property
    def found(self) -> tuple[Line, ...]:
        """The lines that are stronger than chance."""
        return tuple(line for line in self.lines if abs(line.errors) >= self.chance)


def associations(campaign: Campaign) -> tuple[Association, ...]:
    """Of success, of the time of loss, and of each insertion error, as far as they vary."""
    flights = campaign.flights.head(MOST_LOOKED_AT)
    success = campaign.success[: len(flights)]
    targets: dict[str, Floats] = {}
    if min(success.sum(), (~success).sum()) >= LEAST_EACH:
        targets["success"] = success.astype(np.float64)
    targets["lost_time_s"] = campaign.lost_time_s[: len(flights)]
    targets |= dict(flights.numbers([name for name in INSERTION if name in flights]))
    known = {
        name: np.isfinite(values)
        for name, values in targets.items()
        if np.isfinite(values).sum() >= 2 * LEAST_EACH
    }
    names = flights.matching("draw.")
    found: dict[str, list[Line]] = {name: [] for name in known}
    for column, values in flights.numbers(names):
        for name, rows in known.items():
            line = _line(column.removeprefix("draw."), values[rows], targets[name][rows])
            found[name] += [line] if line else []
    return tuple(
        Association(name, int(rows.sum()), len(found[name]), _chance(len(found[name])),
                    _strongest(found[name]))
        for name, rows in known.items()
        if found[name]
    )  # fmt: skip


def _line(path: str, drawn: Floats, what: Floats) -> Line | None:
    """None where one of the two does not vary."""
    from scipy.stats import rankdata

    # Failures that never come are drawn as infinite: ranks take them as they are.
    if np.isnan(drawn).any() or drawn.min() == drawn.max() or what.min() == what.max():
        return None
    correlation = float(np.corrcoef(rankdata(drawn), rankdata(what))[0, 1])
    upper = what > np.median(what) if len(np.unique(what[:100])) > 2 else what > what.min()
    if not upper.any():
        upper = what >= np.median(what)
    low, high = float(np.median(drawn[~upper])), float(np.median(drawn[upper]))
    return Line(path, correlation, correlation * math.sqrt(len(drawn) - 1.0), low, high)


def _strongest(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-abs(line.errors), line.path))[:MOST_ROWS])


def _chance(drawn: int) -> float:
    """Standard errors that the largest of so many independent ones exceeds with 5 %, two-sided."""
    from scipy.special import ndtri

    return float(ndtri(1.0 - 0.5 * (1.0 - 0.95 ** (1.0 / max(drawn, 1)))))
