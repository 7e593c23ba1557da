"""A vehicle as a person writes it: stages from the bottom up, fairing, payload, structure.

Stations inside a stage are measured from its own base, all others from the base of the lowest
stage, which is the vehicle's origin.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from downrange._spec import Spec
from downrange.aero.spec import AeroSpec
from downrange.propulsion.spec import SEA_LEVEL_PA, EngineGroupSpec, TankSpec, ThrusterSpec
from downrange.sensors.spec import GnssSpec, ImuSpec, TapsSpec, TrackingSpec
from downrange.units import (
    STANDARD_GRAVITY_MPS2,
    Correlation,
    Fraction,
    Length,
    LoadIndicator,
    Mass,
    NonNegativeAngularRate,
    NonNegativeLength,
    PositiveImpulse,
    PositiveLength,
    PositiveMass,
    PositiveMoment,
    PositiveRatio,
    PositiveSpeed,
    Stiffness,
    value,
)

Finding = tuple[str, str, str]  # path, message, hint
FIT_M = 1e-6  # rounding of stated lengths


class CorrelationSpec(Spec):
    """Values that one cause moves together, when they are drawn.

    Attributes:
        between: their paths, with * for any one word: "stage1.engine.*.thrust_vac". Those of a
            vehicle's file begin inside it, those of a mission with "vehicle", "wind" or "fault".
        coefficient: of the correlation of each with each, of their normal scores.
    """

    between: tuple[str, ...] = Field(min_length=1)
    coefficient: Correlation


class SectionSpec(Spec):
    """A point of a stage's outline; straight lines between them.

    Attributes:
        station: above the stage's base.
        diameter: of the shell there.
    """

    station: NonNegativeLength
    diameter: PositiveLength


class SeparationSpec(Spec):
    """How a stage is pushed off by what stays, and stays to tumble.

    Attributes:
        impulse: of the springs, along the axis.
        offset: of their resultant from the axis: both bodies are turned by it.
    """

    impulse: PositiveImpulse
    offset: NonNegativeLength


class JettisonSpec(Spec):
    """How the halves of the fairing go.

    Attributes:
        speed: of each half, sideways.
        rate: at which it turns outward.
        drag_share: its forces over those of a whole closed fairing, in the mean of a tumble.
    """

    speed: PositiveSpeed
    rate: NonNegativeAngularRate
    drag_share: PositiveRatio


class StageSpec(Spec):
    """One stage: a shell with engines at its aft end and tanks inside.

    Attributes:
        name: what paths, phases and the recording call it.
        length: of the shell; the next stage stands on its top.
        diameter: of the shell.
        section: its outline, where it is no cylinder of `diameter`.
        dry_mass: without propellant, engines and tanks included.
        dry_cm: centre of mass of the dry stage, above its base.
        stiffness: bending stiffness EI of the shell.
        engine: its engines, alike but for overrides.
        tank: its tanks, from which the engines draw.
        thrusters: for attitude; it has none if not given.
        imu_station: of the inertial unit that steers once this stage is the lowest, above its
            base; that of the vehicle if not given.
        separation: how it is pushed off; it is never dropped if not given.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    length: PositiveLength
    diameter: PositiveLength
    section: tuple[SectionSpec, ...] = ()
    dry_mass: PositiveMass
    dry_cm: Length
    stiffness: Stiffness
    engine: EngineGroupSpec
    tank: tuple[TankSpec, ...] = ()
    thrusters: ThrusterSpec | None = None
    imu_station: NonNegativeLength | None = None
    separation: SeparationSpec | None = None

    @model_validator(mode="after")
    def _checked(self) -> Self:
        refuse(list(_stage_findings(self)))
        return self


class FairingSpec(Spec):
    """The nose of the vehicle, dropped in flight.

    Attributes:
        length: of the whole fairing.
        diameter: at its foot.
        shape: of the nose.
        nose_length: of the part that tapers, the rest is a cylinder; all of it if not given.
        mass: of all its parts.
        stiffness: bending stiffness EI of the shell.
        jettison: how its halves go; it stays if not given.
    """

    length: PositiveLength
    diameter: PositiveLength
    shape: Literal["tangent_ogive", "cone"] = "tangent_ogive"
    nose_length: PositiveLength | None = None
    mass: Mass
    stiffness: Stiffness
    jettison: JettisonSpec | None = None

    @model_validator(mode="after")
    def _nose_fits(self) -> Self:
        if self.nose_length is not None and self.nose_length.si > self.length.si + FIT_M:
            message = f"{self.nose_length.text} is longer than the fairing, {self.length.text}"
            refuse([("nose_length", message, "")])
        return self


class PayloadSpec(Spec):
    """What is to be delivered, a point mass on the axis.

    Attributes:
        mass: with its adapter.
        station: of its centre of mass, above the vehicle's base.
    """

    mass: Mass
    station: Length


class StructureSpec(Spec):
    """Bending of the whole vehicle, and the loads that break it; an absent limit never breaks.

    Attributes:
        damping_ratio: of each bending mode, over critical damping.
        stiffness_scale: true over stated stiffness of every section.
        critical_station: where the bending moment is looked at, above the vehicle's base.
        bending_moment_limit: that breaks the vehicle at the critical station.
        q_alpha_limit: dynamic pressure times angle of attack that breaks the vehicle.
    """

    damping_ratio: Fraction
    stiffness_scale: PositiveRatio = value(
        1.0, "1", low=0.8, high=1.2, status="assumed", source="assumption",
        note="true over stated stiffness of every section",
    )  # fmt: skip
    critical_station: NonNegativeLength | None = None
    bending_moment_limit: PositiveMoment | None = None
    q_alpha_limit: LoadIndicator | None = None

    @model_validator(mode="after")
    def _place_of_limit(self) -> Self:
        if self.bending_moment_limit is not None and self.critical_station is None:
            refuse([("critical_station", "is missing: bending_moment_limit needs its place", "")])
        return self


class VehicleSpec(Spec):
    """A launch vehicle.

    Attributes:
        name: as missions and paths call it; that of its file in the catalogue.
        description: one line.
        stage: stages from the bottom up.
        fairing: the nose; absent, the last stage ends in a flat face.
        payload: what is to be delivered; absent for none.
        aero: its aerodynamics, from its outline or from a table.
        structure: its bending and its limits.
        imu: inertial unit of the flight software.
        gnss: satellite receiver of the flight software; absent, it navigates on inertia alone.
        taps: chamber pressure and tank level sensors; absent, these are measured without noise.
        tracking: the flight safety system's own; absent, it is without noise.
        correlation: values that are drawn together.
    """

    name: str
    description: str = ""
    stage: tuple[StageSpec, ...]
    fairing: FairingSpec | None = None
    payload: PayloadSpec | None = None
    aero: AeroSpec = AeroSpec()
    structure: StructureSpec
    imu: ImuSpec
    gnss: GnssSpec | None = None
    taps: TapsSpec | None = None
    tracking: TrackingSpec | None = None
    correlation: tuple[CorrelationSpec, ...] = ()

    @model_validator(mode="after")
    def _checked(self) -> Self:
        refuse(list(_vehicle_findings(self)))
        return self

    @property
    def length_m(self) -> float:
        """Length from the base of the lowest stage to the tip."""
        fairing_m = self.fairing.length.si if self.fairing is not None else 0.0
        return sum(stage.length.si for stage in self.stage) + fairing_m

    @property
    def liftoff_mass_kg(self) -> float:
        """Mass with full tanks, fairing and payload."""
        stages = sum(each.dry_mass.si + sum(t.load.si for t in each.tank) for each in self.stage)
        parts = [part.mass.si for part in (self.fairing, self.payload) if part is not None]
        return stages + sum(parts)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise pydantic's error with all of these problems, each with its path, if there are any."""
    if findings:
        summary = "; ".join(message for _, message, _ in findings)
        context = {"summary": summary, "problems": list(findings)}
        raise PydanticCustomError("quantity", "{summary}", context)


def _stage_findings(stage: StageSpec) -> Iterator[Finding]:
    """What doesn't fit together inside a stage."""
    if not stage.tank:
        yield "tank", "is missing: a stage needs tanks", '[[stage.tank]] name = "fuel" ...'
    names = [tank.name for tank in stage.tank]
    yield from _repeated(names, "tank")
    for key in ("oxidiser", "fuel"):
        name = getattr(stage.engine, key)
        if name is not None and stage.tank and name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"tanks: {', '.join(names)}"
            yield f"engine.{key}", f"draws from {name!r}, no tank of this stage", hint
    if stage.imu_station is not None and stage.imu_station.si > stage.length.si:
        where = f"{stage.imu_station.text} is outside the stage, {stage.length.text} long"
        yield "imu_station", where, ""
    if not 0.0 <= stage.dry_cm.si <= stage.length.si:
        yield "dry_cm", f"{stage.dry_cm.text} is outside the stage, {stage.length.text} long", ""
    yield from _tank_findings(stage)
    yield from _section_findings(stage)


def _tank_findings(stage: StageSpec) -> Iterator[Finding]:
    """Tanks that stick out of their stage or hold one another's propellant."""
    spans = []
    for tank in stage.tank:
        height_m = tank.volume.si / (0.25 * math.pi * tank.diameter.si**2)
        bottom_m, top_m = tank.bottom.si, tank.bottom.si + height_m
        path = f"tank.{tank.name}"
        if bottom_m < -FIT_M or top_m > stage.length.si + FIT_M:
            reach = f"reaches from {bottom_m:.2f} m to {top_m:.2f} m of {stage.length.text}"
            yield f"{path}.bottom", f"the tank sticks out of its stage: {reach}", ""
        if tank.diameter.si > stage.diameter.si + FIT_M:
            wide = f"{tank.diameter.text} is wider than the stage, {stage.diameter.text}"
            yield f"{path}.diameter", wide, ""
        spans.append((bottom_m, top_m, tank.name))
    spans.sort()
    for (_, top_m, below), (bottom_m, _, above) in itertools.pairwise(spans):
        if bottom_m < top_m - FIT_M:
            low = f"starts at {bottom_m:.2f} m, inside tank {below}, which ends at {top_m:.2f} m"
            yield f"tank.{above}.bottom", low, ""


def _section_findings(stage: StageSpec) -> Iterator[Finding]:
    """Outline of a stage that isn't in order or is longer than the stage."""
    stations = [section.station for section in stage.section]
    for number, (low, high) in enumerate(itertools.pairwise(stations), start=2):
        if high.si < low.si:
            yield f"section.{number}.station", f"stations rise: {high.text} follows {low.text}", ""
    if stations and (stations[0].si > FIT_M or abs(stations[-1].si - stage.length.si) > FIT_M):
        yield "section", f"sections reach from 0 m to the stage's length, {stage.length.text}", ""


def _vehicle_findings(vehicle: VehicleSpec) -> Iterator[Finding]:
    """What doesn't fit together between the parts."""
    if not vehicle.stage:
        yield "stage", "is empty: a vehicle needs a stage", ""
        return
    yield from _repeated([stage.name for stage in vehicle.stage], "stage")
    length_m = vehicle.length_m
    places = {
        "imu.station": vehicle.imu.station,
        "structure.critical_station": vehicle.structure.critical_station,
        "payload.station": vehicle.payload.station if vehicle.payload is not None else None,
    }
    for path, station in places.items():
        if station is not None and not 0.0 <= station.si <= length_m:
            yield path, f"{station.text} is outside the vehicle, {length_m:.2f} m long", ""
    fin = vehicle.aero.fin
    if fin is not None and not 0.0 <= fin.station.si <= vehicle.stage[0].length.si:
        yield "aero.fin.station", f"{fin.station.text} is not on the first stage", ""
    thrust_n = liftoff_thrust_n(vehicle.stage[0].engine)
    weight_n = vehicle.liftoff_mass_kg * STANDARD_GRAVITY_MPS2
    if thrust_n <= weight_n:
        path = f"{vehicle.stage[0].name}.engine"
        message = (
            f"lift-off thrust {thrust_n / 1e3:.1f} kN does not exceed the weight "
            f"{weight_n / 1e3:.1f} kN: thrust over weight is {thrust_n / weight_n:.3f}"
        )
        yield path, message, ""


def liftoff_thrust_n(group: EngineGroupSpec) -> float:
    """Thrust of a group at full level in the standard atmosphere at sea level, N."""
    total_n = 0.0
    for number in range(1, group.count + 1):
        thrust_n, area_m2, _ = group.rating_of(number)
        total_n += thrust_n - SEA_LEVEL_PA * area_m2
    return total_n


def _repeated(names: Sequence[str], kind: str) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            yield kind if name == "" else name, f"{count} {kind}s are named {name!r}", ""
