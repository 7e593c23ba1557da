"""Shares and spreads as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from downrange.campaign.impacts import OF_LOST
from downrange.campaign.statistics import Share
from downrange.review.words import (
    NOTHING,
    body_title,
    detail_words,
    event_title,
    mission_time,
    outcome_title,
    quantity,
    spoken,
)
from downrange.telemetry.channels import unit_of

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

ROUND_TIMES_S = (30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
MOST_BY_THEN = 0.95  # of the losses have come by the time that the headline names
_OUTCOMES = {"success": "Success", "partial": "Partial success", "terminated": "Terminated",
             "loss": "Lost", "numerical": "Numerical failure"}  # fmt: skip
_WHAT = {"time_s": "", "altitude_m": ", altitude", "speed_mps": ", speed",
         "dynamic_pressure_pa": ", dynamic pressure"}  # fmt: skip


def count(number: int) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u202f")


def percent(share: float, width: float = 1.0) -> str:
    """A share in percent, to the place that an interval of that width makes worth telling."""
    if math.isnan(share):
        return NOTHING
    places = min(max(1, math.ceil(-math.log10(max(100.0 * width, 1e-6)) + 0.5)), 4)
    places = 0 if share in (0.0, 1.0) else places
    return f"{100.0 * share:.{places}f}\u00a0%"


def interval(share: Share) -> str:
    """The interval as "96.2 to 97.8 %"."""
    width = share.high - share.low
    low = percent(share.low, width).removesuffix("\u00a0%")
    return f"{low} to {percent(share.high, width)}"


def both(share: Share) -> str:
    """A share with its interval: "97.1 % (96.2 to 97.8)"."""
    told = interval(share).removesuffix("\u00a0%")
    return f"{percent(share.share, share.high - share.low)} ({told})"


def headline(campaign: Campaign) -> str:
    """What came of the flights, in a sentence or two, with intervals."""
    outcomes, n = campaign.outcomes, len(campaign.flights)
    flights = f"{count(n)} flight{'s' if n != 1 else ''}"
    lost = campaign.share(campaign.lost)
    success = outcomes["success"]
    parts = []
    if success.count:
        parts.append((success.count, f"success in {both(success)}"))
    if lost.count:
        parts.append((lost.count, _lost(campaign, lost)))
    for name in ("partial", "scrubbed", "numerical"):
        if outcomes[name].count:
            words = outcome_title(name).lower()
            parts.append((outcomes[name].count, f"{words} in {both(outcomes[name])}"))
    told = [words for _, words in sorted(parts, key=lambda part: -part[0])]
    told[0] = f"{told[0]} of {flights}"
    text = f"{'; '.join(told)}."
    return text[0].upper() + text[1:]


def _lost(campaign: Campaign, lost: Share) -> str:
    """The loss with a round time by which nearly all of it has come."""
    for time_s in ROUND_TIMES_S:
        by_then = campaign.lost_by(time_s)
        if by_then.count >= MOST_BY_THEN * lost.count:
            rest = f", and {both(lost)} in all" if by_then.count < lost.count else ""
            return f"lost by T+{time_s:.0f}\u00a0s in {both(by_then)}{rest}"
    return f"lost in {both(lost)}"


def outcome_word(outcome: str) -> str:
    """An outcome as the first word of a row."""
    return _OUTCOMES.get(outcome, outcome_title(outcome))


def cause_words(cause: str) -> str:
    """A first cause as people read it."""
    head, _, rest = cause.partition(": ")
    title = event_title(head)
    return f"{title}: {detail_words(rest).replace('_', ' ')}" if rest else title


def place_title(place: str) -> str:
    """Where something came down, as words: "Stage 1", "Stage 1 of lost flights"."""
    body, lost, _ = place.partition(OF_LOST)
    return f"{body_title(body)} of lost flights" if lost else body_title(body)


def quantity_title(name: str) -> str:
    """A column as words: "Stage 1 MECO", "Perigee error"."""
    kind, *rest = name.split(".")
    if kind == "event" and len(rest) == 3:
        title = event_title(rest[1])
        title = title if title.isupper() else title[:1].lower() + title[1:]
        return f"{body_title(rest[0])} {title}{_WHAT.get(rest[2], '')}"
    if kind == "body" and len(rest) == 2:
        return f"{body_title(rest[0])} {bare(rest[1]).lower()}"
    if kind == "margin":
        return f"Margin to {bare(rest[0]).lower()}"
    return bare(rest[0] if rest else kind)


def bare(name: str) -> str:
    """A name without the unit at its end, as words."""
    words = re.sub(r"_(s|m|mps|deg|pa|kg|nm|n|pa_rad)$", "", name)
    return spoken(words)


def value_of(name: str, value: float) -> str:
    """A value of a column: times of events as mission time, all else with its unit."""
    if name.endswith("time_s"):
        return mission_time(value)
    return quantity(value, unit_of(name))


def draw_title(path: str, faults: Sequence[Mapping[str, Any]] = ()) -> str:
    """The path of a drawn value, readable: "Stage 1 engine 5, thrust vac".

    `faults` are the mission's: `fault.1.value` says only the number of one.
    """
    head, _, rest = path.partition(".")
    number = rest.partition(".")[0]
    if head == "fault" and number.isdigit() and 0 < int(number) <= len(faults):
        fault = faults[int(number) - 1]
        return draw_title(f"{fault.get('target')}.{fault.get('kind')}")
    *where, what = path.removeprefix("vehicle.").split(".")
    place = re.sub(r"([a-z])(\d)", "\\1\u00a0\\2", " ".join(where)).replace("_", " ")
    return f"{spoken(place)}, {what.replace('_', ' ')}" if where else spoken(what)
