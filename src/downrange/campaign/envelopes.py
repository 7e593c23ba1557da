"""Percentiles of channels over time, of all flights of a campaign."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.table import damaged
from downrange.errors import InputError, Problem
from downrange.telemetry.channels import nearest

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign
    from downrange.campaign.sketch import Sketches

Floats = NDArray[np.float64]

LEAST_SHOWN = 10
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


class Envelope(NamedTuple):
    """Percentiles of one channel of one body over time.

    Attributes:
        time_s: (bins,) since first motion.
        levels: of the percentiles, shares from 0 to 1.
        values: (levels, bins) in the channel's unit; nan where no flight has the channel.
        flights: (bins,) that have it: percentiles are those of these flights alone.
    """

    time_s: Floats
    levels: tuple[float, ...]
    values: Floats
    flights: NDArray[np.int64]


class Envelopes:
    """The envelopes of a campaign, by (body, channel)."""

    def __init__(self, campaign: Campaign) -> None:
        self.channels = tuple(campaign.request.channels)
        self.time_s = np.asarray(campaign.request.times_s, dtype=np.float64)
        self.total = len(campaign.flights)
        self.values, self.flights = _percentiles(campaign) if self.channels else _nothing()

    @property
    def least(self) -> int:
        """Fewest flights whose percentiles are worth a look: ten, or 1 % of all; all of fewer."""
        return min(max(LEAST_SHOWN, math.ceil(0.01 * self.total)), self.total)

    def of(self, body: str, channel: str) -> Envelope:
        """One of them. A wrong name is an error."""
        if (body, channel) not in self.channels:
            names = [f"{each}.{name}" for each, name in self.channels]
            message = "this campaign keeps no such envelope"
            hint = nearest(f"{body}.{channel}", names)
            raise InputError([Problem("envelopes", f"{body}.{channel}", message, hint)])
        at = self.channels.index((body, channel))
        return Envelope(self.time_s, LEVELS, self.values[:, :, at], self.flights[:, at])


def _nothing() -> tuple[Floats, NDArray[np.int64]]:
    return np.empty((len(LEVELS), 0, 0)), np.empty((0, 0), np.int64)


def _percentiles(campaign: Campaign) -> tuple[Floats, NDArray[np.int64]]:
    paths = [
        campaign.folder / f"envelopes/part-{entry.part:05d}.sketch" for entry in campaign.parts
    ]
    parts = _loaded(paths)
    merged = next(parts).merge(parts)
    return merged.quantiles(LEVELS), merged.count()


def _loaded(paths: list[Path]) -> Iterator[Sketches]:
    from downrange.campaign.sketch import Sketches

    for path in paths:
        try:
            yield Sketches.load(path)
        except (OSError, ValueError) as error:
            raise damaged(path, str(error)) from error
