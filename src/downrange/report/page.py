"""The report: one HTML page that stands alone, figures and style inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from downrange.report.figures import Drawing, draw_panel
from downrange.report.map import draw_map, draw_profile, view_of
from downrange.report.panels import (
    CONTROL,
    PROPULSION,
    STRUCTURE,
    TRAJECTORY,
    Panel,
    drawable,
    tank_panel,
)
from downrange.report.strips import draw_engines, draw_margins
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
    body_title,
    mission_time,
    outcome_title,
    quantity,
    spoken,
)
from downrange.telemetry import Body, Event, Recording, Telemetry, channel
from downrange.telemetry.store import write_whole

MUCH_WIDER = 1.6  # the planned track gets a map of its own when it is so much longer


@dataclass(frozen=True)
class Section:
    """Figures under one heading."""

    title: str
    drawings: tuple[Drawing, ...]


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
        sections = tuple(s for s in _sections(recording, beside) if s.drawings)
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
        sections=sections,
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


def _sections(recording: Recording, planned: dict[str, Telemetry]) -> Iterator[Section]:
    yield Section("Where it flew", tuple(_maps(recording, planned)))
    several = len(recording.bodies) > 1
    for name, body in recording.bodies.items():
        of = f" of {body_title(name).lower()}" if several else ""
        events = tuple(event for event in recording.events if event.body in (name, ""))
        beside = planned.get(name)
        for title, panels in (
            ("Trajectory", TRAJECTORY),
            ("Attitude and control", CONTROL),
            ("Structure", STRUCTURE),
        ):
            yield Section(f"{title}{of}", tuple(_panels(panels, recording, body, beside, events)))
        engines = draw_engines(body.telemetry, events)
        propulsion = _panels(
            (*PROPULSION, tank_panel(body.telemetry)), recording, body, beside, events
        )
        drawings = (*propulsion, *((engines,) if engines else ()))
        yield Section(f"Propulsion and mass{of}", drawings)
        margins = draw_margins(body.telemetry, recording.summary.get("margins") or {}, events)
        yield Section(f"Safety and structural margins{of}", margins)


def _panels(
    panels: Sequence[Panel],
    recording: Recording,
    body: Body,
    planned: Telemetry | None,
    events: Sequence[Event],
) -> Iterator[Drawing]:
    margins = recording.summary.get("margins") or {}
    for panel in panels:
        if drawable(panel, body.telemetry):
            limit = (margins.get(panel.limit) or {}).get("limit") if panel.limit else None
            yield draw_panel(panel, body.telemetry, planned, events, limit)


def _maps(recording: Recording, planned: dict[str, Telemetry]) -> Iterator[Drawing]:
    yield from filter(None, [draw_map(recording, planned, whole=False)])
    yield from filter(None, [draw_profile(recording, planned)])
    if planned and _much_wider(recording, planned):
        yield from filter(None, [draw_map(recording, planned, whole=True)])


def _much_wider(recording: Recording, planned: dict[str, Telemetry]) -> bool:
    heights = []
    for tables in ([body.telemetry for body in recording.bodies.values()], planned.values()):
        placed = [t for t in tables if "latitude_deg" in t and "longitude_deg" in t]
        if not placed:
            return False
        latitude = np.concatenate([t["latitude_deg"] for t in placed])
        longitude = np.concatenate([t["longitude_deg"] for t in placed])
        view = view_of(latitude, longitude, 1.0)
        heights.append(view.north - view.south)
    return heights[1] > MUCH_WIDER * heights[0]


def _key_numbers(recording: Recording) -> Iterator[tuple[str, str, str]]:
    """(what, value, when or where) of the few numbers that tell the flight."""
    for name, body in list(recording.bodies.items())[:1]:
        telemetry = body.telemetry
        end = (recording.summary.get("bodies") or {}).get(name, {}).get("end_time_s")
        end = float(telemetry["time_s"][-1]) if end is None else end
        yield "Flight time", mission_time(end).removeprefix("T+"), body_outcome(body.outcome)
        climb = slice(0, _peak(telemetry, "altitude_m") + 1)
        for title, column, part in (
            ("Highest", "altitude_m", slice(None)),
            ("Top speed in ascent", "speed_mps", climb),
            ("Max q in ascent", "dynamic_pressure_pa", climb),
        ):
            if column in telemetry:
                known = channel(column)
                values, time = telemetry[column][part], telemetry["time_s"][part]
                top = int(np.nanargmax(values))
                unit = known.unit if known else ""
                yield title, quantity(float(values[top]), unit), mission_time(float(time[top]))
        distance = pad_distance_m(recording, name)
        if distance is not None:
            yield "From the pad", quantity(distance, "m"), "where it came down"


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
