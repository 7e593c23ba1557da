"""What came of a campaign: outcomes with intervals, causes, quantities, the flights themselves."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.impacts import Impacts, impacts_of
from downrange.campaign.ledger import FILE as LEDGER
from downrange.campaign.ledger import Entry, damaged_files, read_ledger
from downrange.campaign.request import Request, read_request
from downrange.campaign.statistics import (
    LEAST_SCRAMBLES,
    LEVEL,
    Share,
    Summary,
    first_causes,
    scrambled_share,
    share_of,
    summarise,
)
from downrange.campaign.stopping import Stopping, stopped_share
from downrange.campaign.table import RESUME, Coded, Flights
from downrange.errors import InputError, Problem

if TYPE_CHECKING:
    from downrange.campaign.association import Association
    from downrange.campaign.envelopes import Envelope, Envelopes
    from downrange.campaign.footprint import Footprint
    from downrange.campaign.telling import Telling

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

OUTCOMES = ("success", "partial", "loss", "terminated", "scrubbed", "numerical")
LOST = ("loss", "terminated")
# Places and angles that turn through a whole circle have no meaningful mean.
# Events whose altitude, speed and dynamic pressure are quantities too.
_STATES = ("max_q", "meco", "separation", "seco", "orbit_insertion", "flight_termination")
_NO_QUANTITY = ("_latitude_deg", "_longitude_deg", ".raan_deg", ".argument_of_perigee_deg")


@dataclass(frozen=True, eq=False)
class Campaign:
    """A campaign in its folder, finished or not: what is computed is of the flights there are.

    `request` is what was asked for (campaign.json), `plan` plan.json, `mission` the resolved
    mission as TOML text, `parts` the finished parts in order.
    """

    folder: Path
    request: Request
    plan: dict[str, Any]
    mission: str
    parts: tuple[Entry, ...]
    flights: Flights

    @property
    def asked(self) -> int | None:
        """How many flights were asked for; None if until an interval is narrow enough."""
        return self.request.flights

    @cached_property
    def mission_data(self) -> dict[str, Any]:
        """The resolved mission as a dict."""
        return tomllib.loads(self.mission)

    @cached_property
    def finished(self) -> bool:
        """Whether all flights that were asked for are there."""
        width = self.request.until_width
        if width is not None:
            success = self.outcomes["success"]
            if success.high - success.low <= width:
                return True
        return self.asked is not None and len(self.flights) >= self.asked

    @cached_property
    def outcomes(self) -> dict[str, Share]:
        """Share of each outcome that a mission can have, also of those that never came."""
        found = {name: self.share(self.ended.among([name])) for name in OUTCOMES}
        if self.request.until_width is not None:
            rule = Stopping(self.request.until_width, self.request.stop_block, LEVEL)
            found["success"] = stopped_share(found["success"].count, len(self.flights), rule)
        return found

    @cached_property
    def causes(self) -> dict[str, Share]:
        """Share of each first cause of not being a success, the most frequent first.

        The intervals of independent flights hold all at once; those of Sobol points each by itself.
        """
        counts = self.caused.counts()
        if self.request.sampler != "sobol":
            return first_causes(counts, len(self.flights), LEVEL)
        order = sorted(counts, key=lambda cause: (-counts[cause], cause))
        return {cause: self.share(self.caused.among([cause])) for cause in order}

    @cached_property
    def objectives(self) -> dict[str, Share]:
        """Share of all flights that met each objective; what was not reached was not met."""
        return {
            name.removeprefix("objective."): self.share(column.among(["true"]))
            for name, column in self._words.items()
            if name.startswith("objective.")
        }

    @cached_property
    def quantities(self) -> dict[str, Summary]:
        """Spread of each column of numbers that some flight has; places and draws have none."""
        kinds = ("event.", "orbit.", "insertion.", "body.", "margin.")
        names = [
            name for name in self.flights.names if name.startswith(kinds) and _is_quantity(name)
        ]
        names += [name for name in ("cause_time_s", "end_time_s") if name in self.flights]
        # Places are read on the way, for whoever asks for them next.
        found = {
            name: summarise(values)
            for name, values in self.flights.numbers(names)
            if not name.endswith(_NO_QUANTITY)
        }
        return {name: each for name, each in found.items() if each.count}

    @cached_property
    def success(self) -> Truths:
        """Which flights were a success, shape (flights,)."""
        return self.ended.among(["success"])

    @cached_property
    def lost(self) -> Truths:
        """Which flights lost their vehicle, by themselves or to the safety system."""
        return self.ended.among(LOST)

    @cached_property
    def lost_time_s(self) -> Floats:
        """When each flight lost its vehicle, s from first motion; nan where it did not."""
        flights = self.flights
        names = [*flights.matching("event.", ".flight_termination.time_s")]
        names += flights.matching("event.", ".breakup.time_s")
        time_s = np.full(len(flights), np.nan)
        for _, values in flights.numbers(names):
            time_s = np.fmin(time_s, values)
        for _, values in flights.numbers(["cause_time_s", "end_time_s"]):
            time_s = np.where(np.isnan(time_s), values, time_s)
        return np.where(self.lost, time_s, np.nan)

    def lost_by(self, time_s: float) -> Share:
        """Share of the flights that had lost their vehicle by then, s from first motion."""
        return self.share(self.lost_time_s <= time_s)

    def share(self, which: Truths) -> Share:
        """The share of some flights among all, with its 95 % interval.

        Independent flights have Clopper and Pearson's. Those of scrambled Sobol points depend on
        each other: theirs is Student's over the scrambles, each an estimate of its own.
        """
        if self.request.sampler == "sobol":
            return self._share_of_scrambles(which)
        return share_of(int(np.count_nonzero(which)), len(which), LEVEL)

    def envelope(self, body: str, channel: str) -> Envelope:
        """Percentiles of a channel of a body over time. A wrong name is an error."""
        return self.envelopes.of(body, channel)

    @cached_property
    def envelopes(self) -> Envelopes:
        """All envelopes that were kept, `envelopes.channels`."""
        from downrange.campaign.envelopes import Envelopes

        return Envelopes(self)

    @cached_property
    def footprints(self) -> dict[str, Footprint]:
        """Ellipses and density of the places where each body came down."""
        from downrange.campaign.impacts import footprint_of

        return {body: footprint_of(points) for body, points in self.impacts.items()}

    @cached_property
    def telling(self) -> tuple[Telling, ...]:
        """The ten most telling flights, and why each of them is."""
        from downrange.campaign.telling import telling_flights

        return telling_flights(self)

    @cached_property
    def associations(self) -> tuple[Association, ...]:
        """Which drawn values go with what came of the flights."""
        from downrange.campaign.association import associations

        return associations(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The object that `downrange campaign --json` prints."""
        from downrange.campaign.summary import summary_of

        return summary_of(self)

    def report(self) -> Path:
        """Write `report.html` into the folder, and return its path."""
        from downrange.campaign.report import write_report

        return write_report(self)

    @property
    def ended(self) -> Coded:
        """Outcome of each flight."""
        return self._words["outcome"]

    @property
    def caused(self) -> Coded:
        """First cause of each flight; "" of a success."""
        return self._words["cause"]

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Number of each flight, as the parts say."""
        spans = [np.arange(part.first, part.first + part.flights) for part in self.parts]
        return np.concatenate(spans)

    @cached_property
    def impacts(self) -> dict[str, Impacts]:
        """Where each body came down; `stage1, lost` of the flights that were lost."""
        named = (name.removesuffix(".end_surface") for name in self._words)
        bodies = [name.removeprefix("body.") for name in named if name.startswith("body.")]
        surfaces = {body: self._words[f"body.{body}.end_surface"] for body in bodies}
        return impacts_of(self.flights, surfaces, self.lost)

    @cached_property
    def _words(self) -> dict[str, Coded]:
        surfaces = self.flights.matching("body.", ".end_surface")
        names = ["outcome", "cause", *self.flights.matching("objective."), *surfaces]
        return self.flights.coded(names)

    def _share_of_scrambles(self, which: Truths) -> Share:
        """Of the scrambles that are flown whole: flights come scramble after scramble."""
        size = (self.request.flights or len(which)) // self.request.scrambles
        whole = which[: len(which) // size * size].reshape(-1, size)
        if len(whole) < LEAST_SCRAMBLES:
            count = int(np.count_nonzero(which))
            method = f"none: {len(whole)} scrambles are flown, {LEAST_SCRAMBLES} are needed"
            return Share(count, count / len(which), 0.0, 1.0, method)
        return scrambled_share(whole.sum(axis=1), size, LEVEL)


def _is_quantity(name: str) -> bool:
    """Whether a column's spread is told: of most events the time alone."""
    words = name.split(".")
    if words[0] == "event":
        return words[-1] == "time_s" or words[2] in _STATES
    return words[-1] not in ("outcome", "end_surface")


def open_campaign(folder: Path | str) -> Campaign:
    """The campaign in a folder; of an unfinished one, the flights of its finished parts.

    Raises:
        InputError: it is no campaign, nothing is flown yet, or files are missing or damaged: all
            of them are named.
    """
    root = Path(folder)
    if not root.is_dir():
        hint = "a campaign is the folder that `downrange campaign` wrote"
        raise InputError([Problem(str(root), "", "there is no such folder", hint)])
    if (root / "telemetry").is_dir():
        hint = "use `downrange report`"
        raise InputError([Problem(str(root), "", "is a recording of one flight", hint)])
    request = read_request(root)
    problems: list[Problem] = []
    plan = _read(root / "plan.json", problems)
    mission = _read(root / "mission.toml", problems)
    entries, unread = read_ledger(root)
    parts = tuple(entries[part] for part in sorted(entries))
    if unread:
        message = f"{unread} of its lines can't be read"
        problems.append(Problem(str(root / LEDGER), "", message, RESUME))
    for name, what in damaged_files(root, parts).items():
        problems.append(Problem(str(root / name), "", what, RESUME))
    if problems:
        raise InputError(problems)
    count = sum(entry.flights for entry in parts)
    if not count:
        message = "no flight is finished yet"
        message += f", of {request.flights:,}" if request.flights else ""
        raise InputError([Problem(str(root), "", message, RESUME)])
    files = [root / f"flights/part-{entry.part:05d}.parquet" for entry in parts]
    flights = Flights(files, count, dict(request.columns or {}))
    return Campaign(root, request, json.loads(plan), mission, parts, flights)


def _read(path: Path, problems: list[Problem]) -> str:
    """The text of a file of JSON or TOML, checked to be that."""
    parse = json.loads if path.suffix == ".json" else tomllib.loads
    try:
        text = path.read_text(encoding="utf-8")
        parse(text)
    except FileNotFoundError:
        problems.append(Problem(str(path), "", "is missing from the campaign"))
    except (OSError, ValueError) as error:
        problems.append(Problem(str(path), "", f"is damaged: {error}"))
    else:
        return text
    return ""
