"""The rows of the report's tables, as text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from downrange.campaign.statistics import LEVEL, Share, prior_success, upper_bound
from downrange.campaign.telling import INSERTION
from downrange.campaign.words import (
    both,
    cause_words,
    count,
    draw_title,
    interval,
    outcome_word,
    percent,
    place_title,
    quantity_title,
    value_of,
)
from downrange.review.words import NOTHING, number, quantity, spoken
from downrange.telemetry.channels import unit_of

if TYPE_CHECKING:
    from downrange.campaign.association import Association
    from downrange.campaign.results import Campaign

_NUMBERED = re.compile(r"(?<=\.engine)\.\d+(?=\.)")
SURE = 0.99  # share of the insertions that the bound is for


@dataclass(frozen=True)
class Bar:
    """A share as a row: its name, kind, figures, and where its bar and interval lie, percent."""

    name: str
    kind: str
    count: str
    share: str
    interval: str
    width: float
    low: float
    high: float


def bar(name: str, kind: str, share: Share) -> Bar:
    """The row of a share."""
    width = share.high - share.low
    return Bar(name, kind, count(share.count), percent(share.share, width), interval(share),
               100.0 * share.share, 100.0 * share.low, 100.0 * share.high)  # fmt: skip


def outcome_bars(campaign: Campaign) -> Iterator[Bar]:
    """Each outcome that came, and success though it never did; the most frequent first."""
    shares = {k: v for k, v in campaign.outcomes.items() if v.count or k == "success"}
    for name, share in sorted(shares.items(), key=lambda item: -item[1].count):
        yield bar(outcome_word(name), name, share)


def cause_bars(campaign: Campaign) -> Iterator[Bar]:
    """Each first cause, the most frequent first."""
    for name, share in campaign.causes.items():
        yield bar(cause_words(name), "terminated", share)


def objective_bars(campaign: Campaign) -> Iterator[Bar]:
    """Each objective in the mission's order."""
    for name, share in campaign.objectives.items():
        yield bar(spoken(name), "success", share)


def prior_bar() -> Bar:
    """What the record of new launchers says of a first flight."""
    prior = prior_success()
    told = f"{100.0 * prior.low:.0f} to {100.0 * prior.high:.0f}\u00a0%"
    return Bar("Of first flights in general", "prior", "", f"{100.0 * prior.mean:.0f}\u00a0%", told,
               100.0 * prior.mean, 100.0 * prior.low, 100.0 * prior.high)  # fmt: skip


def simulated_bar(campaign: Campaign) -> Bar:
    """The share of successes of this campaign, to stand under the prior."""
    return bar("Of this simulation", "success", campaign.outcomes["success"])


def key_numbers(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    """(what, value, beside it) of the few figures that tell the campaign."""
    success = campaign.outcomes["success"]
    width = success.high - success.low
    yield "Success", percent(success.share, width), f"{interval(success)}, 95 % interval"
    lost = campaign.share(campaign.lost)
    if lost.count:
        yield "Vehicle lost", percent(lost.share, lost.high - lost.low), interval(lost)
        time_s = campaign.lost_time_s[campaign.lost]
        p01, middle, p99 = np.percentile(time_s, (1.0, 50.0, 99.0)).tolist()
        told = f"middle; {value_of('time_s', p01)} to {value_of('time_s', p99)} holds 98 %"
        yield "Time of loss", value_of("time_s", middle), told
    for name in ("insertion.perigee_error_m", "insertion.apogee_error_m"):
        if name in campaign.quantities and campaign.quantities[name].count >= LEAST_FOR_BOUND:
            yield (
                f"{quantity_title(name)}, 99 %",
                f"\u00b1\u202f{_within(campaign, name)}",
                f"of {count(campaign.quantities[name].count)} insertions",
            )
    placed = {name: found for name, found in campaign.footprints.items() if found.ellipses}
    for name in sorted(placed, key=lambda name: -placed[name].count)[:1]:
        last = placed[name].ellipses[-1]
        told = f"holds {100.0 * last.share:g} % of {count(placed[name].count)} impacts"
        yield f"{place_title(name)}, ellipse", f"{number(last.area_km2)}\u00a0km²", told


LEAST_FOR_BOUND = 20


def _within(campaign: Campaign, name: str) -> str:
    """The size that 99 % of the flown errors stay within."""
    ((_, values),) = campaign.flights.numbers([name])
    known = np.abs(values[np.isfinite(values)])
    return quantity(float(np.percentile(known, 99.0)), unit_of(name))


def insertion_rows(campaign: Campaign) -> Iterator[tuple[str, ...]]:
    """(error, mean, standard deviation, p01, p50, p99, 99 % within, for sure) of each error."""
    names = [name for name in INSERTION if name in campaign.quantities]
    for name, values in campaign.flights.numbers(names):
        told, unit = campaign.quantities[name], unit_of(name)
        known = np.abs(values[np.isfinite(values)])
        bound = upper_bound(known, SURE, LEVEL)
        sure = quantity(bound.value, unit) if math.isfinite(bound.value) else "too few flights"
        yield (
            quantity_title(name), quantity(told.mean, unit), quantity(told.std, unit),
            quantity(told.p01, unit), quantity(told.p50, unit), quantity(told.p99, unit),
            quantity(float(np.percentile(known, 99.0)), unit), sure,
        )  # fmt: skip


def ground_rows(campaign: Campaign) -> Iterator[tuple[str, ...]]:
    """(body, share, long axis, short axis, azimuth, area, truly inside, densest area)."""
    for body, found in campaign.footprints.items():
        for each in found.ellipses:
            densest = found.density.areas_km2.get(each.share) if found.density else None
            yield (
                place_title(body), f"{100.0 * each.share:g}\u00a0%",
                quantity(2.0 * each.semi_major_m, "m"), quantity(2.0 * each.semi_minor_m, "m"),
                f"{each.azimuth_deg:.0f}°", f"{number(each.area_km2)}\u00a0km²", both(each.inside),
                NOTHING if densest is None else f"{number(densest)}\u00a0km²",
            )  # fmt: skip


def ground_notes(campaign: Campaign) -> Iterator[str]:
    """On what it came down, and what is not given of the places, and why."""
    notes: dict[str, list[str]] = {}
    for place, found in campaign.footprints.items():
        surfaces = campaign.impacts[place].surfaces
        if set(surfaces) != {"sea"}:
            told = ", ".join(f"{count(n)} on {name}" if name != "sea" else f"{count(n)} in the sea"
                             for name, n in surfaces.items())  # fmt: skip
            notes.setdefault(f"{told}.", []).append(place_title(place))
        for note in found.notes:
            notes.setdefault(note, []).append(place_title(place))
    yield from (f"{', '.join(places)}: {note}" for note, places in notes.items())


def spread_rows(campaign: Campaign, names: list[str]) -> Iterator[tuple[str, ...]]:
    """(quantity, flights, mean, standard deviation, p01, p05, p50, p95, p99) of columns."""
    for name in names:
        told = campaign.quantities[name]
        values = (told.p01, told.p05, told.p50, told.p95, told.p99)
        unit = "s" if name.endswith("time_s") else unit_of(name)
        yield (
            quantity_title(name), count(told.count), value_of(name, told.mean),
            quantity(told.std, unit), *(value_of(name, each) for each in values),
        )  # fmt: skip


def margin_rows(campaign: Campaign) -> Iterator[tuple[str, ...]]:
    """(margin, flights, smallest, p01, p05, p50, share that passed the limit, whether any did)."""
    names = [name for name in campaign.quantities if name.startswith("margin.")]
    for name, values in campaign.flights.numbers(names):
        told, unit = campaign.quantities[name], unit_of(name)
        passed = campaign.share(np.isfinite(values) & (values < 0.0))
        yield (
            quantity_title(name).removeprefix("Margin to ").capitalize(), count(told.count),
            *(quantity(each, unit) for each in (float(np.nanmin(values)), told.p01, told.p05,
                                                told.p50)),
            both(passed), "beyond" if passed.count else "",
        )  # fmt: skip


def association_rows(campaign: Campaign, found: Association) -> Iterator[tuple[str, ...]]:
    """(value, correlation, in standard errors, median at low, median at high)."""
    faults = campaign.mission_data.get("fault") or ()
    for line in found.found:
        yield (
            draw_title(line.path, faults), f"{line.correlation:+.2f}".replace("-", "\u2212"),
            f"{line.errors:+.1f}".replace("-", "\u2212"), _si(line.low), _si(line.high),
        )  # fmt: skip


def _si(value: float) -> str:
    return "never" if math.isinf(value) else number(value, 4).replace("-", "\u2212")


def unassociated(campaign: Campaign) -> str:
    """What no drawn value goes with, as a sentence; empty where there is nothing such."""
    names = [association_title(each)[0].lower() for each in campaign.associations if not each.found]
    if not names:
        return ""
    *before, last = names
    return f"No drawn value goes with {' or '.join(filter(None, (', '.join(before), last)))}"


def association_title(found: Association) -> tuple[str, str, str]:
    """(title, what the first and the second median are of)."""
    if found.what == "success":
        return "Success", "In failures", "In successes"
    if found.what == "lost_time_s":
        return "Time of loss", "Earlier half", "Later half"
    return quantity_title(found.what), "Lower half", "Upper half"


def draw_rows(campaign: Campaign) -> Iterator[tuple[str, ...]]:
    """(value, group, distribution, status, source) of each drawn value.

    Those that differ only by the number of an engine share a row.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for line in campaign.request.draws:
        path, row = _draw_row(line)
        found.setdefault((_NUMBERED.sub(".*", path), *row), []).append(path)
    for (pattern, *told), paths in found.items():
        yield f"{pattern} ({len(paths)})" if len(paths) > 1 else paths[0], *told


def _draw_row(line: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The path of a line, and the rest of its row."""
    told = line.get("value")
    if isinstance(told, str):  # in words already
        several = f" ({line['count']})" if line.get("count", 1) > 1 else ""
        keys = ("group", "distribution", "status", "source")
        return f"{told}{several}", tuple(str(line.get(key) or NOTHING) for key in keys)
    known = (str((told or {}).get(key) or NOTHING) for key in ("status", "source"))
    return str(line["path"]), (str(line["group"]), distribution(line), *known)


def distribution(line: dict[str, Any]) -> str:
    """How a value is drawn, in words and SI."""
    given = {key: number(value, 4) for key, value in (line.get("parameters") or {}).items()
             if isinstance(value, float | int) and math.isfinite(value)}  # fmt: skip
    unit = (line.get("value") or {}).get("unit") or ""
    unit = f"\u00a0{unit}" if unit not in ("", "1") else ""
    match line.get("kind"):
        case "normal":
            ends = f", cut at {given['low']} and {given['high']}" if "low" in given else ""
            return f"normal {given['mean']} \u00b1 {given['sigma']}{ends}{unit}"
        case "uniform":
            return f"uniform {given['low']} to {given['high']}{unit}"
        case "triangular":
            return f"triangular {given['low']} to {given['high']}, most at {given['mode']}{unit}"
        case "exponential":
            end = f" to {given['end']} s" if "end" in given else ""
            return f"at a rate of {given['rate']} a second from {given.get('start', '0')} s{end}"
        case "choice":
            return f"one of {given.get('count', '')}, all alike"
    return str(line.get("kind") or NOTHING)


def correlation_rows(campaign: Campaign) -> Iterator[tuple[str, str, str, str]]:
    """(values drawn together, coefficient, status, source) of the mission and its vehicle."""
    mission = campaign.mission_data
    for prefix, held in (("", mission), ("vehicle.", mission.get("vehicle") or {})):
        for each in held.get("correlation") or ():
            told = each.get("coefficient") or {}
            told = told if isinstance(told, dict) else {"value": told}
            names = " and ".join(f"{prefix}{path}" for path in each.get("between") or ())
            status, source = (str(told.get(key) or NOTHING) for key in ("status", "source"))
            yield names, str(told.get("value")), status, source
