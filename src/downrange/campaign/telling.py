"""The flights of a campaign that tell most, why each does, and the command that flies it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.words import cause_words, count, outcome_word, place_title
from downrange.review.words import mission_time, quantity, spoken
from downrange.telemetry.channels import unit_of

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Found = tuple[int, str]  # row, why

MOST = 10
MOST_CAUSES = 4
LEAST_FOR_FARTHEST = 10
MOST_PAIRED = 2000  # successes and failures among which the nearest pair is looked for
MOST_LOOKED_AT = 20_000  # flights among which the middle and the nearest pair are looked for
INSERTION = (
    "insertion.perigee_error_m", "insertion.apogee_error_m", "insertion.inclination_error_deg",
)  # fmt: skip


@dataclass(frozen=True)
class Telling:
    """A flight worth a look: its number, its outcome, why, and the command that flies it."""

    flight: int
    outcome: str
    why: str
    command: str


def telling_flights(campaign: Campaign) -> tuple[Telling, ...]:
    """At most ten flights, those that tell most first; the same ones each time.

    A flight that is telling for several reasons has them all.
    """
    codes, words = campaign.ended
    reasons: dict[int, list[str]] = {}
    for row, why in _found(campaign):
        if row in reasons or len(reasons) < MOST:
            reasons.setdefault(row, []).append(why)
    numbers = campaign.numbers
    return tuple(
        Telling(
            int(numbers[row]), words[codes[row]], "; ".join(dict.fromkeys(why)),
            command(campaign, int(numbers[row])),
        )
        for row, why in reasons.items()
    )  # fmt: skip


def command(campaign: Campaign, flight: int) -> str:
    """What flies one flight of a campaign alone, with its full recording."""
    mission, folder = shlex.quote(campaign.request.mission), shlex.quote(str(campaign.folder))
    return f"downrange fly {mission} --from-campaign {folder} --flight {flight}"


def _found(campaign: Campaign) -> Iterator[Found]:
    yield from _middle(campaign)
    yield from _causes(campaign)
    yield from _losses(campaign)
    yield from _insertion(campaign)
    yield from _nearest_pair(campaign)
    yield from _margins(campaign)
    yield from _farthest(campaign)


def _middle(campaign: Campaign) -> Iterator[Found]:
    """The flight nearest to the middle of the most frequent outcome, in all that most have."""
    flights = campaign.flights.head(MOST_LOOKED_AT)
    codes, words = campaign.ended
    frequent = int(np.argmax(np.bincount(codes)))
    rows = np.flatnonzero(codes[: len(flights)] == frequent)
    names = [
        name
        for name in campaign.quantities
        if name.endswith(".time_s") or name.startswith(("insertion.", "margin."))
    ]
    distance = np.zeros(len(rows))
    for _, values in flights.numbers(names):
        score = _scores(values[rows])
        if score is not None:
            distance += np.where(np.isnan(score), np.inf, score**2)
    if np.isfinite(distance).any():
        why = f"the middle of all with the outcome {outcome_word(words[frequent]).lower()}"
        yield int(rows[np.argmin(distance)]), why


def _scores(values: Floats) -> Floats | None:
    """Distance from the median in robust standard deviations; None if most have none or one."""
    known = np.isfinite(values)
    if known.sum() < 0.9 * len(values):
        return None
    low, middle, high = np.percentile(values[known], (15.87, 50.0, 84.13))
    return (values - middle) / (0.5 * (high - low)) if high > low else None


def _causes(campaign: Campaign) -> Iterator[Found]:
    """A flight of each first cause, that whose cause came in the middle of its time."""
    codes, words = campaign.caused
    (_, time_s), = campaign.flights.numbers(["cause_time_s"])  # fmt: skip
    for cause in list(campaign.causes)[:MOST_CAUSES]:
        rows = np.flatnonzero(codes == words.index(cause))
        known = rows[np.isfinite(time_s[rows])]
        order = known[np.argsort(time_s[known], kind="stable")]
        row = int(order[(len(order) - 1) // 2]) if len(order) else int(rows[0])
        when = f", {mission_time(time_s[row])}" if len(order) else ""
        share, named = count(campaign.causes[cause].count), cause_words(cause)
        named = named[:1].lower() + named[1:]
        yield row, f"typical of {share} whose first cause is {named}{when}"


def _losses(campaign: Campaign) -> Iterator[Found]:
    lost_s = campaign.lost_time_s
    if np.isfinite(lost_s).any():
        for what, row in (("earliest", np.nanargmin(lost_s)), ("latest", np.nanargmax(lost_s))):
            yield int(row), f"the {what} loss, {mission_time(lost_s[row])}"


def _insertion(campaign: Campaign) -> Iterator[Found]:
    """The worst insertion, errors taken in their own standard deviations."""
    names = [name for name in INSERTION if name in campaign.quantities]
    errors = dict(campaign.flights.numbers(names))
    size = np.zeros(len(campaign.flights))
    for name, values in errors.items():
        std = campaign.quantities[name].std
        size += (values / std) ** 2 if std > 0.0 else 0.0 * values
    if names and np.nanmax(size) > 0.0:
        row = int(np.nanargmax(size))
        off = [
            f"{name.split('.')[1].split('_')[0]} {quantity(float(values[row]), unit_of(name))}"
            for name, values in errors.items()
        ]
        yield row, f"the worst insertion: off by {', '.join(off)}"


def _nearest_pair(campaign: Campaign) -> Iterator[Found]:
    """A success and a failure whose drawn values are nearest to each other."""
    flights = campaign.flights.head(MOST_LOOKED_AT)
    success = np.flatnonzero(campaign.success[: len(flights)])
    failure = np.flatnonzero(~campaign.success[: len(flights)])
    if not len(success) or not len(failure):
        return
    rows = np.concatenate((_some(success), _some(failure)))
    count = len(_some(success))
    columns = []
    for _, values in flights.numbers(flights.matching("draw.")):
        spread = float(np.std(values)) if np.isfinite(values).all() else 0.0
        if spread > 0.0:
            columns.append(values[rows] / spread)
    if not columns:
        return
    from scipy.spatial import cKDTree

    points = np.column_stack(columns)
    distances, nearest = cKDTree(points[:count]).query(points[count:])
    lost = int(np.argmin(distances))
    pair = int(rows[count + lost]), int(rows[nearest[lost]])
    one, other = (int(campaign.numbers[row]) for row in pair)
    yield pair[0], f"no success, though drawn most like success {other}"
    yield pair[1], f"a success, though drawn most like flight {one}"


def _some(rows: Rows) -> Rows:
    """All of some rows, or so many spread evenly over them."""
    return rows[:: max(1, -(-len(rows) // MOST_PAIRED))]


def _margins(campaign: Campaign) -> Iterator[Found]:
    """The smallest margins of the successes, the most unusual first."""
    rows = np.flatnonzero(campaign.success)
    found: list[tuple[float, int, str]] = []
    names = [name for name in campaign.quantities if name.startswith("margin.")]
    for name, values in campaign.flights.numbers(names if len(rows) else []):
        score = _scores(values[rows])
        if score is not None:
            at = int(np.nanargmin(score))
            title = spoken(name.removeprefix("margin.").rpartition("_")[0]).lower()
            value = quantity(values[rows[at]], unit_of(name))
            why = f"the smallest margin of a success to {title}, {value}"
            found.append((float(score[at]), int(rows[at]), why))
    yield from ((row, why) for _, row, why in sorted(found))


def _farthest(campaign: Campaign) -> Iterator[Found]:
    """Of each body, the impact farthest from the middle of all, in their own spread."""
    for place, impacts in campaign.impacts.items():
        if len(impacts.rows) >= LEAST_FOR_FARTHEST:
            row = int(impacts.rows[np.argmax(impacts.distances())])
            yield row, f"{place_title(place)} came down farthest from all the others"
