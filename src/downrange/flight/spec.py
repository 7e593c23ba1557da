"""A mission as a person writes it: one file that names a vehicle, a site and a wind.

    name = "spectrum-flight-1"
    launch_time_utc = 2025-03-30T10:30:00Z
    vehicle = "spectrum"            # of the catalogue, or a path from this file
    site = "andoya"
    wind = "andoya-march"
    [end]
    phase = "coast"
    after = "5 s"

Sections of single areas are described with them: `[target]`, `[guidance]`, `[control]`,
`[[phase]]` in gnc, `[safety]` in safety, `[[fault]]` in faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from downrange._spec import Spec
from downrange.earth.spec import SiteSpec, WindSpec
from downrange.faults.spec import FaultSpec, parse_fault
from downrange.flight.legs import leg_findings
from downrange.gnc.spec import ControlSpec, GuidanceSpec, PhaseSpec, TargetSpec
from downrange.safety.spec import SafetySpec
from downrange.units import PositiveAngle, PositiveDuration, PositiveLength, value
from downrange.vehicle.spec import CorrelationSpec, VehicleSpec, refuse

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs its offset: write it like 2025-03-30T10:30:00Z")
    return moment.astimezone(UTC)


class EndSpec(Spec):
    """When the mission is over though the body flies on: so long after a phase begins.

    Attributes:
        phase: name of the phase.
        after: time from its beginning.
    """

    phase: str
    after: PositiveDuration


class ToleranceSpec(Spec):
    """How near to `[target]` an orbit must be, each way, `tolerance = {}` of an objective.

    The defaults are of the order that launchers promise at three sigma (Falcon 9 user's guide, low
    orbit: 10 km of perigee, 15 km of apogee).

    Attributes:
        perigee: of its altitude.
        apogee: of its altitude.
        inclination: of the plane.
    """

    perigee: PositiveLength = value("10 km", "m")
    apogee: PositiveLength = value("15 km", "m")
    inclination: PositiveAngle = value("0.1 deg", "rad")


class ObjectiveSpec(Spec):
    """Something that the flight is to show, met when every condition given holds.

    Attributes:
        name: as the summary and the report call it.
        event: an event of this name must happen, to any body.
        without: no event of these names may happen.
        pad_unharmed: nothing may come down so near that the blast reaches the pad.
        tolerance: the orbit after the last burn must be that of `[target]`, within this; {} for
            the defaults.
    """

    name: str
    event: str | None = None
    without: tuple[str, ...] = ()
    pad_unharmed: bool = False
    tolerance: ToleranceSpec | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        asked = (self.event, *self.without, self.pad_unharmed or None, self.tolerance)
        if all(each is None for each in asked):
            raise ValueError("asks for nothing: state event, without, pad_unharmed or tolerance")
        return self


class MissionSpec(Spec):
    """A mission.

    Attributes:
        name: names the output folder.
        title: for people.
        description: one line.
        launch_time_utc: of T0, the first motion.
        vehicle: what flies: a name of the catalogue, a path from this file, or a table.
        site: where from, in the same forms.
        wind: in which wind, in the same forms; still air if not given.
        forecast: wind that guidance is planned with; that of the flight if not given.
        tick: of the flight software.
        longest: limit of the simulated time, from the start of the sequence.
        end: when the mission is over; absent, when the body comes down.
        target: the orbit to reach.
        guidance: bounds of the pitch programme.
        control: attitude control, with the filters on bending modes.
        upper_control: attitude control of later stages, by their name; `control` if not given.
        phase: the sequence, in the order in which it is flown.
        safety: the flight safety system and its rules.
        fault: what went wrong on the flight as flown; left out with --planned.
        correlation: values that are drawn together, besides those of the vehicle.
        objective: what the flight is to show.
    """

    name: Slug
    title: str = ""
    description: str = ""
    launch_time_utc: Annotated[datetime, AfterValidator(_in_utc)]
    vehicle: VehicleSpec
    site: SiteSpec
    wind: WindSpec = WindSpec()
    forecast: WindSpec | None = None
    tick: PositiveDuration = value("20 ms", "s")
    longest: PositiveDuration = value("1200 s", "s")
    end: EndSpec | None = None
    target: TargetSpec
    guidance: GuidanceSpec = GuidanceSpec()
    control: ControlSpec = ControlSpec()
    upper_control: Mapping[str, ControlSpec] = Field(default_factory=dict)
    phase: tuple[PhaseSpec, ...]
    safety: SafetySpec
    fault: tuple[FaultSpec, ...] = ()
    correlation: tuple[CorrelationSpec, ...] = ()
    objective: tuple[ObjectiveSpec, ...] = ()

    @field_validator("fault", mode="before")
    @classmethod
    def _fault_lines(cls, given: object) -> object:
        if isinstance(given, list | tuple):
            return tuple(parse_fault(each) if isinstance(each, str) else each for each in given)
        return given

    @model_validator(mode="after")
    def _end_exists(self) -> Self:
        names = [phase.name for phase in self.phase]
        if self.end is not None and self.end.phase not in names:
            raise ValueError(f"end.phase: there is no phase {self.end.phase!r}, only {names}")
        if not 0.001 <= self.tick.si <= 0.05:
            raise ValueError(f"tick: {self.tick.text} is not within 1 ms to 50 ms")
        return self

    @model_validator(mode="after")
    def _parts_go_in_order(self) -> Self:
        stages = [stage.name for stage in self.vehicle.stage[1:]]
        unknown = [name for name in self.upper_control if name not in stages]
        hint = f"later stages: {', '.join(stages) or 'none'}"
        findings = [(f"upper_control.{name}", "is no later stage", hint) for name in unknown]
        refuse([*findings, *leg_findings(self.vehicle, self.phase)])
        return self

    @model_validator(mode="after")
    def _tolerances_ask_for_something(self) -> Self:
        findings = []
        for each in self.objective:
            for name in ("perigee", "apogee"):
                limit, target = getattr(each.tolerance, name, None), getattr(self.target, name)
                if limit is not None and limit.si >= target.si:
                    path = f"objective.{each.name}.tolerance.{name}"
                    told = f"{limit.text} is no less than the target's {target.text}"
                    hint = "any orbit would do; a few kilometres are usual"
                    findings.append((path, told, hint))
        refuse(findings)
        return self
