"""The report: one HTML page that stands alone, figures and style inside."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from downrange.report.sections import sections
from downrange.report.spans import burns
from downrange.report.style import drawing
from downrange.review.compare import Deviation, compare
from downrange.review.summary import (
    LEDGER,
    body_rows,
    headline,
    ledger_rows,
    margin_rows,
    objective_rows,
    orbit_rows,
    pad_distance_m,
    timeline,
)
from downrange.review.words import (
    NOTHING,
    body_outcome,
    mission_time,
    outcome_title,
    quantity,
    spoken,
)
from downrange.telemetry import Body, Recording, Telemetry, channel, unit_of
from downrange.telemetry.store import write_whole


def write_report(
    recording: Recording, folder: Path | str, planned: Recording | None = None
) -> Path:
    """Write `report.html` into a folder that exists, and return its path.

    `planned` is a flight to lay beside this one; without it, the planned telemetry that the
    recording itself holds. Raises OutputError.
    """
    path = Path(folder) / "report.html"
    write_whole(path, render(recording, planned))
    return path


def render(recording: Recording, planned: Recording | None = None) -> str:
    """The report's HTML text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    beside = planned_telemetry(recording, planned)
    with drawing():
        figures = tuple(sections(recording, beside))
    environment = Environment(
        loader=PackageLoader("downrange.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("template.html").render(
        title=str(recording.summary.get("title") or spoken(recording.name)),
        subtitle=_subtitle(recording),
        outcome=recording.outcome,
        verdict=outcome_title(recording.outcome) if recording.outcome else "Recorded flight",
        headline=headline(recording),
        numbers=tuple(_key_numbers(recording)),
        timeline=timeline(recording),
        bodies=body_rows(recording),
        objectives=objective_rows(recording),
        orbit=orbit_rows(recording),
        ledger=ledger_rows(recording),
        ledger_names=tuple(spoken(name) for name in LEDGER),
        sections=figures,
        margins=margin_rows(recording),
        deviations=tuple(_deviation_rows(recording, beside)),
        assumed=tuple(_assumed(recording)),
        style=(files("downrange.report") / "style.css").read_text(encoding="utf-8"),
    )


def planned_telemetry(recording: Recording, planned: Recording | None) -> dict[str, Telemetry]:
    """What was planned for each body: another flight, the recording's own, or its ascent plan.

    The ascent in `plan["ascent"]`, columns under channel names, is the first body's.
    """
    if planned is not None:
        return {name: body.telemetry for name, body in planned.bodies.items()}
    ascent = recording.plan.get("ascent")
    if recording.planned or not ascent or not recording.bodies:
        return dict(recording.planned)
    return {next(iter(recording.bodies)): Telemetry.from_columns(ascent)}


def _subtitle(recording: Recording) -> str:
    summary = recording.summary
    parts = [str(summary.get("launch_time_utc") or "").replace("T", " ").replace("Z", " UTC")]
    if "planned" in summary:
        parts.append("as planned" if summary["planned"] else "as flown")
    if summary.get("seed") is not None:
        parts.append(f"seed {summary['seed']}")
    return " \u00b7 ".join(part for part in parts if part)


def _key_numbers(recording: Recording) -> Iterator[tuple[str, str, str]]:
    """(what, value, when or where) of the few numbers that tell the flight."""
    ends = recording.summary.get("bodies") or {}
    for name, body in recording.bodies.items():
        orbit = (ends.get(name) or {}).get("orbit")
        if orbit and body.outcome == "in_orbit":
            yield from _orbit_numbers(recording, body, orbit)
            return
    for name, body in list(recording.bodies.items())[:1]:
        yield "Flight time", _end(recording, body), body_outcome(body.outcome)
        yield from _peaks(
            body.telemetry,
            ("Highest", "altitude_m", False),
            ("Top speed in ascent", "speed_mps", True),
            ("Max q in ascent", "dynamic_pressure_pa", True),
        )
        distance = pad_distance_m(recording, name)
        if distance is not None:
            yield "From the pad", quantity(distance, "m"), "where it came down"


def _orbit_numbers(
    recording: Recording, body: Body, orbit: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """The same of a flight to orbit: of the body that is there, and max q of the first body."""
    low, high = (orbit[f"{apsis}_altitude_m"] / 1e3 for apsis in ("perigee", "apogee"))
    yield (
        "Orbit",
        f"{low:,.0f} \u00d7 {high:,.0f} km".replace(",", "\u202f"),
        "perigee \u00d7 apogee",
    )
    target = (recording.summary.get("target") or {}).get("inclination_deg")
    asked = "" if target is None else f"target {target:.2f}\u00b0"
    yield "Inclination", f"{orbit['inclination_deg']:.2f}\u00b0", asked
    yield from _peaks(body.telemetry, ("Top inertial speed", "inertial_speed_mps", False))
    first = next(iter(recording.bodies.values()))
    yield from _peaks(first.telemetry, ("Max q in ascent", "dynamic_pressure_pa", True))
    last = _last_cutoff_s(recording, body)
    cutoff = body_outcome(body.outcome) if last is None else f"last cut-off {mission_time(last)}"
    yield "Flight time", _end(recording, body), cutoff


def _last_cutoff_s(recording: Recording, body: Body) -> float | None:
    events = [
        e.time_s for name in ("meco", "seco") for e in recording.events_named(name, body.name)
    ]
    return max(events or [end for _, end in burns(body.telemetry)], default=None)


def _end(recording: Recording, body: Body) -> str:
    end = ((recording.summary.get("bodies") or {}).get(body.name) or {}).get("end_time_s")
    end = float(body.telemetry["time_s"][-1]) if end is None else end
    return mission_time(end).removeprefix("T+")


def _peaks(telemetry: Telemetry, *asked: tuple[str, str, bool]) -> Iterator[tuple[str, str, str]]:
    """(title, largest value, when) for each (title, channel, whether only of the ascent)."""
    for title, column, ascent in asked:
        if column in telemetry:
            part = slice(0, _peak(telemetry, "altitude_m") + 1 if ascent else None)
            values, time = telemetry[column][part], telemetry["time_s"][part]
            if np.any(np.isfinite(values)):
                top = int(np.nanargmax(values))
                value = quantity(float(values[top]), unit_of(column))
                yield title, value, mission_time(float(time[top]))


def _peak(telemetry: Telemetry, column: str) -> int:
    if column not in telemetry or np.all(np.isnan(telemetry[column])):
        return len(telemetry) - 1
    return int(np.nanargmax(telemetry[column]))


def _deviation_rows(
    recording: Recording, planned: dict[str, Telemetry]
) -> Iterator[tuple[str, str, str, str, str]]:
    """(channel, largest deviation, when, threshold, first over it) of bodies in both."""
    for name, body in recording.bodies.items():
        if name in planned:
            for deviation in compare(planned[name], body.telemetry):
                yield _deviation_row(deviation)


def _deviation_row(deviation: Deviation) -> tuple[str, str, str, str, str]:
    known = channel(deviation.name)
    return (
        known.title if known else deviation.name,
        quantity(deviation.largest, deviation.unit),
        mission_time(deviation.time_s),
        quantity(deviation.threshold, deviation.unit),
        mission_time(deviation.first_over_s),
    )


def _assumed(recording: Recording) -> Iterator[tuple[str, str]]:
    """(what, value) of what the flight rests on, for whoever wants to repeat it."""
    summary = recording.summary
    yield "Mission", recording.name
    for title, key in (
        ("Downrange version", "downrange"),
        ("Mission hash", "mission_hash"),
        ("Seed", "seed"),
    ):
        if summary.get(key) is not None:
            yield title, str(summary[key])
    if "planned" in summary:
        yield "Faults", _listed(summary.get("faults"))
        yield "Dispersed", _listed(summary.get("dispersed"))
    versions: dict[str, Any] = summary.get("versions") or {}
    if versions:
        yield "Packages", ", ".join(f"{name} {version}" for name, version in versions.items())


def _listed(items: Any) -> str:
    return "; ".join(str(item) for item in items or ()) or NOTHING
