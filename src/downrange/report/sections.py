"""Which sections of figures a flight's report has: by what each of its bodies did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from downrange.report.figures import Drawing, draw_panel
from downrange.report.map import draw_map, view_of
from downrange.report.panels import (
    BURN,
    CONTROL,
    FALL,
    PROPULSION,
    SPACE,
    STRUCTURE,
    TRAJECTORY,
    Panel,
    drawable,
    tank_panel,
)
from downrange.report.profile import draw_profile
from downrange.report.spans import (
    above_the_air,
    around_burns,
    between,
    goes_far,
    guided,
    known,
    only_fell,
)
from downrange.report.strips import draw_engines, draw_margins
from downrange.review.words import body_title, mission_time
from downrange.telemetry import Event, Recording, Telemetry

MUCH_WIDER = 1.6  # the planned track gets a map of its own when it is so much longer
_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")


@dataclass(frozen=True)
class Section:
    """Figures under one heading."""

    title: str
    drawings: tuple[Drawing, ...]


@dataclass(frozen=True)
class _Subject:
    """A body, or a part of its flight, with what is drawn beside it."""

    recording: Recording
    telemetry: Telemetry
    planned: Telemetry | None
    events: tuple[Event, ...]

    def during(self, telemetry: Telemetry) -> _Subject:
        return _Subject(self.recording, telemetry, self.planned, self.events)

    def panels(self, panels: Sequence[Panel]) -> tuple[Drawing, ...]:
        margins = self.recording.summary.get("margins") or {}
        return tuple(
            draw_panel(
                panel,
                self.telemetry,
                self.planned,
                self.events,
                (margins.get(panel.limit) or {}).get("limit") if panel.limit else None,
            )
            for panel in panels
            if drawable(panel, self.telemetry)
        )

    def margins(self) -> tuple[Drawing, ...]:
        margins = self.recording.summary.get("margins") or {}
        return draw_margins(self.telemetry, margins, self.events)


def sections(recording: Recording, planned: dict[str, Telemetry]) -> Iterator[Section]:
    """Maps, then each body's sections; a section without drawings is left out."""
    yield from _filled([Section("Where it flew", tuple(_maps(recording, planned)))])
    several = len(recording.bodies) > 1
    for name, body in recording.bodies.items():
        of = f" of {body_title(name).lower()}" if several else ""
        events = tuple(event for event in recording.events if event.body in (name, ""))
        subject = _Subject(recording, body.telemetry, planned.get(name), events)
        if only_fell(body.telemetry):
            yield from _filled([Section(f"Fall{of}", subject.panels(FALL))])
        elif above_the_air(body.telemetry):
            yield from _filled(_in_space(subject, of))
        else:
            yield from _filled(_in_the_air(subject, of))


def _filled(found: Iterator[Section] | list[Section]) -> Iterator[Section]:
    yield from (section for section in found if section.drawings)


def _in_the_air(subject: _Subject, of: str) -> Iterator[Section]:
    """A body that flew in the air; what it falls through unguided is trajectory alone."""
    yield Section(f"Trajectory{of}", subject.panels(TRAJECTORY))
    flown = subject.during(guided(subject.telemetry))
    yield Section(f"Attitude and control{of}", flown.panels(CONTROL))
    yield Section(f"Structure{of}", flown.panels(STRUCTURE))
    engines = draw_engines(flown.telemetry, flown.events)
    propulsion = flown.panels((*PROPULSION, tank_panel(flown.telemetry)))
    yield Section(f"Propulsion and mass{of}", (*propulsion, *((engines,) if engines else ())))
    yield Section(f"Safety and structural margins{of}", flown.margins())


def _in_space(subject: _Subject, of: str) -> Iterator[Section]:
    """An upper stage: all of its flight, then each burn; a coast would hide what a burn does."""
    yield Section(f"Whole flight{of}", subject.panels(SPACE))
    spans = around_burns(subject.telemetry)
    for number, span in enumerate(spans):
        burn = subject.during(between(subject.telemetry, span))
        which = f"{_ORDINALS[number]} burn" if number < len(_ORDINALS) else f"Burn {number + 1}"
        which = which if len(spans) > 1 else "Burn"
        title = f"{which}{of}, {mission_time(span[0])} to {mission_time(span[1])}"
        yield Section(title, burn.panels((*BURN, tank_panel(burn.telemetry))))
    watched = subject.during(known(subject.telemetry, "margin.attitude_deg"))
    yield Section(f"Safety and structural margins{of}", watched.margins())


def _maps(recording: Recording, planned: dict[str, Telemetry]) -> Iterator[Drawing]:
    yield from filter(None, [draw_map(recording, planned, whole=False)])
    yield from filter(None, [draw_profile(recording, planned)])
    if _wider(recording, planned):
        yield from filter(None, [draw_map(recording, planned, whole=True)])


def _wider(recording: Recording, planned: dict[str, Telemetry]) -> bool:
    """Whether a second map shows more: of the Earth for an orbit, or of the whole plan."""
    flown = [body.telemetry for body in recording.bodies.values()]
    heights = []
    for tables in (flown, planned.values()):
        placed = [t for t in tables if "latitude_deg" in t and "longitude_deg" in t]
        if any(goes_far(t) for t in placed):
            return True
        if placed:
            latitude = np.concatenate([t["latitude_deg"] for t in placed])
            longitude = np.concatenate([t["longitude_deg"] for t in placed])
            view = view_of(latitude, longitude, 1.0)
            heights.append(view.north - view.south)
    return len(heights) == 2 and heights[1] > MUCH_WIDER * heights[0]
