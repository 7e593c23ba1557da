"""A recording in rows of text, for the terminal and the report alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from downrange.review.words import (
    NOTHING,
    body_outcome,
    body_title,
    detail_words,
    event_title,
    mission_time,
    outcome_title,
    quantity,
    spoken,
)
from downrange.telemetry import Event, Recording, channel, unit_of

ONE_EVENT_S = 0.5  # like events of one body within this time are one row
_WHERE = {"sea": "in the sea", "land": "on land"}
LEAST_ALTITUDE_M, LEAST_PA = 1.0, 0.1  # smaller ones are shown as nothing


@dataclass(frozen=True)
class Row:
    """One line of the timeline, as text; `time_s` and `name` are the event's own."""

    time_s: float
    name: str
    time: str
    body: str
    what: str
    detail: str
    altitude: str
    speed: str
    dynamic_pressure: str


def timeline(recording: Recording) -> tuple[Row, ...]:
    """The events in time order; like events of one body at nearly one time share a row."""
    rows: list[Row] = []
    for group in _groups(sorted(recording.events, key=lambda event: event.time_s)):
        first = group[0]
        details = "; ".join(dict.fromkeys(event.detail for event in group if event.detail))
        details = details if first.name == "fault" else detail_words(details)
        many = f" \u00d7 {len(group)}" if len(group) > 1 else ""
        rows.append(
            Row(
                time_s=first.time_s,
                name=first.name,
                time=mission_time(first.time_s),
                body=body_title(first.body),
                what=event_title(first.name) + many,
                detail=details,
                altitude=quantity(_seen(first.altitude_m, LEAST_ALTITUDE_M), "m"),
                speed=quantity(first.speed_mps, "m/s"),
                dynamic_pressure=quantity(_seen(first.dynamic_pressure_pa, LEAST_PA), "Pa"),
            )
        )
    return tuple(rows)


def _seen(value: float, least: float) -> float:
    return 0.0 if abs(value) < least else value


def _groups(events: list[Event]) -> list[list[Event]]:
    groups: list[list[Event]] = []
    for event in events:
        for group in reversed(groups):
            near = event.time_s - group[0].time_s <= ONE_EVENT_S
            if near and (group[0].body, group[0].name) == (event.body, event.name):
                group.append(event)
                break
        else:
            groups.append([event])
    return groups


def headline(recording: Recording) -> str:
    """A sentence or more: how the mission ended and why, and where each body ended."""
    ends = recording.summary.get("bodies") or {}
    orbiting = [body for body, end in ends.items() if end.get("outcome") == "in_orbit"]
    fallen = [body for body in ends if orbiting and _came_down(ends[body])]
    fallen = fallen if len(fallen) > 1 else []
    others = [body for body in ends if body not in orbiting and body not in fallen]
    sentences = [_verdict(recording), *(_end(recording, body) for body in (*orbiting, *others))]
    sentences += [_fallen(recording, fallen)] if fallen else []
    return " ".join(sentence for sentence in sentences if sentence)


def _came_down(end: dict[str, Any]) -> bool:
    known = end.get("end_surface") in _WHERE
    return known and end.get("outcome") in ("terminated", "broke_up", "impacted")


def _fallen(recording: Recording, bodies: list[str]) -> str:
    """One sentence for all that a flight to orbit left behind."""
    ends = recording.summary["bodies"]
    names = [body_title(bodies[0]), *(body_title(body).lower() for body in bodies[1:])]
    surfaces = dict.fromkeys(_WHERE[ends[body]["end_surface"]] for body in bodies)
    words = f"{_listed(names)} came down {_listed(list(surfaces))}"
    away = [each for each in (pad_distance_m(recording, body) for body in bodies) if each]
    if not away:
        return f"{words}."
    near, far = (quantity(each, "m", 2) for each in (min(away), max(away)))
    return f"{words}, {near if near == far else f'{near} to {far}'} from the pad."


def _listed(words: list[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def _verdict(recording: Recording) -> str:
    if not recording.outcome:
        return ""
    verdict = outcome_title(recording.outcome)
    for name, words in (("flight_termination", ""), ("breakup", ": break-up")):
        for event in recording.events_named(name)[:1]:
            why = f" ({event.detail.replace('_', ' ')})" if event.detail else ""
            return f"{verdict}{words} at {mission_time(event.time_s)}{why}."
    return f"{verdict}."


def _end(recording: Recording, body: str) -> str:
    end = recording.summary["bodies"][body]
    outcome = str(end.get("outcome") or "")
    where = _WHERE.get(end.get("end_surface") or "")
    words = [body_title(body), "came down" if _came_down(end) else body_outcome(outcome)]
    words = [body_title(body), "was still flying"] if outcome == "flying" else words
    words += [where] if where else []
    if outcome == "in_orbit" and end.get("orbit"):
        orbit = end["orbit"]
        low, high = (orbit[f"{apsis}_altitude_m"] / 1e3 for apsis in ("perigee", "apogee"))
        reached = f"{low:.1f} \u00d7 {high:.1f} km, {orbit['inclination_deg']:.2f}\u00b0"
        return f"{' '.join(words)}, {reached}."
    if end.get("end_time_s") is not None:
        words.append(f"at {mission_time(end['end_time_s'])}")
    distance = pad_distance_m(recording, body)
    away = "" if distance is None else f", {quantity(distance, 'm', 2)} from the pad"
    return f"{' '.join(words)}{away}."


def pad_distance_m(recording: Recording, body: str) -> float | None:
    """Ground distance, m, from the pad to where a body ended on the surface; None if unknown.

    On a sphere of 6,371 km: within 0.5 % of the ellipsoid's.
    """
    pad = (recording.plan.get("map") or {}).get("pad")
    end = (recording.summary.get("bodies") or {}).get(body) or {}
    if not pad or not end.get("end_surface") or end.get("end_latitude_deg") is None:
        return None
    lat1, lat2 = math.radians(pad["latitude_deg"]), math.radians(end["end_latitude_deg"])
    turn = math.radians(end["end_longitude_deg"] - pad["longitude_deg"])
    square = math.sin((lat2 - lat1) / 2.0) ** 2
    square += math.cos(lat1) * math.cos(lat2) * math.sin(turn / 2.0) ** 2
    return 2.0 * 6_371_000.0 * math.asin(math.sqrt(square))


ORBIT = (
    ("Perigee", "perigee_altitude_m", 1e-3, "\u00a0km"),
    ("Apogee", "apogee_altitude_m", 1e-3, "\u00a0km"),
    ("Inclination", "inclination_deg", 1.0, "\u00b0"),
)


def orbit_rows(recording: Recording) -> tuple[tuple[str, str, str, str], ...]:
    """(element, reached, target, difference) of the orbit at the end of the last thrust."""
    orbit, target = recording.summary.get("orbit"), recording.summary.get("target")
    if not orbit or not target:
        return ()
    return tuple(
        (
            name,
            f"{orbit[key] * factor:.3f}{unit}",
            f"{target[key] * factor:.3f}{unit}",
            f"{_signed((orbit[key] - target[key]) * factor)}{unit}",
        )
        for name, key, factor, unit in ORBIT
    )


def _signed(value: float) -> str:
    """A difference to three places with its sign; zero has none."""
    text = f"{value:+.3f}".replace("-", "\u2212")
    return text if float(f"{value:.3f}") else text[1:]


LEDGER = ("start", "ideal", "steering", "back_pressure", "drag", "gravity", "parting",
          "inertial_speed")  # fmt: skip


def ledger_rows(recording: Recording) -> tuple[tuple[str, ...], ...]:
    """(burn's end, then each of LEDGER in m/s) for each burn."""
    return tuple(
        (
            f"{event_title(line['after'])}, {mission_time(line['time_s'])}",
            *(f"{line[name]:,.1f}".replace(",", "\u202f").replace("-", "\u2212")
              for name in LEDGER),
        )
        for line in recording.summary.get("delta_v") or ()
    )  # fmt: skip


def objective_rows(recording: Recording) -> tuple[tuple[str, str, str, str], ...]:
    """(objective, "met" | "not met" | "not reached", evidence, time) of each objective."""
    words = {True: "met", False: "not met", None: "not reached"}
    return tuple(
        (
            spoken(str(item["name"])),
            words[item.get("met")],
            detail_words(str(item.get("evidence") or NOTHING)),
            mission_time(item.get("time_s")),
        )
        for item in recording.summary.get("objectives") or ()
    )


def body_rows(recording: Recording) -> tuple[tuple[str, str, str, str, str, str], ...]:
    """(body, outcome, end time, place, impact speed, propellant left) of each body."""
    return tuple(
        (
            body_title(name),
            body_outcome(str(end.get("outcome") or "")),
            mission_time(end.get("end_time_s")),
            _place(end),
            quantity(end.get("impact_speed_mps"), "m/s"),
            quantity(end.get("propellant_left_kg"), "kg"),
        )
        for name, end in (recording.summary.get("bodies") or {}).items()
    )


def _place(end: dict[str, Any]) -> str:
    latitude, longitude = end.get("end_latitude_deg"), end.get("end_longitude_deg")
    if latitude is None or longitude is None:
        return NOTHING
    surface = f", {end['end_surface']}" if end.get("end_surface") else ""
    return f"{degrees(latitude, 'NS')} {degrees(longitude, 'EW')}{surface}"


def degrees(value: float, signs: str, places: int = 4) -> str:
    """A latitude ("NS") or longitude ("EW"), deg, as text."""
    return f"{abs(value):.{places}f}°\u00a0{signs[0] if value >= 0.0 else signs[1]}"


def margin_rows(recording: Recording) -> tuple[tuple[str, str, str, str, str], ...]:
    """(rule, body, smallest margin, limit, when), tightest first by share of its limit."""
    margins: dict[str, dict[str, Any]] = recording.summary.get("margins") or {}

    def share(item: tuple[str, dict[str, Any]]) -> float:
        smallest, limit = item[1].get("smallest"), item[1].get("limit")
        return math.inf if smallest is None else smallest / abs(limit or math.inf)

    return tuple(
        (
            margin_title(name),
            body_title(str(margin.get("body") or NOTHING)),
            quantity(margin.get("smallest"), unit_of(name)),
            quantity(margin.get("limit"), unit_of(name)),
            mission_time(margin.get("time_s")),
        )
        for name, margin in sorted(margins.items(), key=share)
    )


def margin_title(name: str) -> str:
    """A margin's name without its unit, as words: `corridor_position_m`, "Corridor position"."""
    known = channel(f"margin.{name}")
    return spoken(known.title.removeprefix("Margin to ")) if known else spoken(name)
