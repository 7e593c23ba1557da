"""Engines and tanks of one stage as a person writes them.

    [stage.engine]
    count = 9
    layout = { ring = 8, ring_radius = "0.75 m", centre = 1 }
    station = "0.4 m"
    thrust_vac = "84 kN"
    isp_vac = "318 s"
    exit_area = "0.09 m^2"
    oxidiser = "lox"
    fuel = "propane"
    mixture_ratio = 2.7
    gimbal = { limit = "6 deg", rate = "12 deg/s", natural_frequency = "6 Hz", damping = 0.7 }
    override = { 5 = { thrust_vac = "82 kN" } }

Engines count from 1: the ring first, seen from behind with x forward, from +y (right) toward
+z (down), then those in the centre; or in the order of `layout.position`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from downrange._spec import Spec
from downrange.units import (
    STANDARD_GRAVITY_MPS2,
    Angle,
    Area,
    Density,
    Duration,
    FailureRate,
    Fraction,
    Frequency,
    Isp,
    Length,
    Mass,
    MassFlow,
    NonNegativeArea,
    NonNegativeLength,
    PositiveAngle,
    PositiveAngularRate,
    PositiveInertia,
    PositiveLength,
    PositiveMass,
    PositiveMoment,
    PositiveRatio,
    Thrust,
    Value,
    Volume,
)

SEA_LEVEL_PA = 101325.0  # standard atmosphere, exact: 10th CGPM (1954)
AGREEMENT = 0.01  # how well redundant published figures must agree
FILL_ROUNDING = 1e-6


class PositionSpec(Spec):
    """Where one engine's gimbal point is, across the stage.

    Attributes:
        y: to the right, from the axis.
        z: down, from the axis.
    """

    y: Length
    z: Length


class LayoutSpec(Spec):
    """Where a group's engines are, across the stage: a ring and a centre, or one by one.

    Attributes:
        ring: how many stand in a ring about the axis.
        ring_radius: from the axis to their gimbal points.
        first_angle: of engine 1, from +y (right) toward +z (down); 0 if not given.
        centre: how many stand on the axis, 0 or 1.
        position: each engine's place, instead of a ring and a centre.
    """

    ring: int = Field(0, ge=0)
    ring_radius: PositiveLength | None = None
    first_angle: Angle | None = None
    centre: int = Field(0, ge=0, le=1)
    position: tuple[PositionSpec, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.position and (self.ring or self.centre):
            raise ValueError("give a ring and a centre, or positions, not both")
        if self.ring and self.ring_radius is None:
            raise ValueError("a ring needs its ring_radius")
        return self

    def offsets_m(self) -> list[tuple[float, float]]:
        """Return (y, z) of each engine, m, in the order of their numbers."""
        if self.position:
            return [(place.y.si, place.z.si) for place in self.position]
        radius_m = self.ring_radius.si if self.ring_radius else 0.0
        first_rad = self.first_angle.si if self.first_angle else 0.0
        angles = [first_rad + 2.0 * math.pi * k / self.ring for k in range(self.ring)]
        ring = [(radius_m * math.cos(angle), radius_m * math.sin(angle)) for angle in angles]
        return ring + [(0.0, 0.0)] * self.centre


class GimbalSpec(Spec):
    """Actuator of one engine, alike about both axes: a second-order servo with limits.

    Attributes:
        limit: largest angle about each axis.
        rate: fastest turn about each axis.
        natural_frequency: of the servo.
        damping: of the servo, over critical damping.
    """

    limit: PositiveAngle
    rate: PositiveAngularRate
    natural_frequency: Frequency
    damping: PositiveRatio


# One engine has one of each: the other follows from it and the nozzle.
_ONE_FIGURE = (("thrust_vac", "thrust_sl"), ("isp_vac", "isp_sl"))


class EngineOverride(Spec):
    """What differs in one engine of a group.

    What is given at sea level is so with the engine's own nozzle.

    Attributes:
        thrust_vac: in vacuum at full level.
        thrust_sl: at sea level and full level, in place of that in vacuum.
        isp_vac: specific impulse in vacuum.
        isp_sl: specific impulse at sea level, in place of that in vacuum.
        exit_area: of the nozzle.
        mixture_ratio: oxidiser over fuel, by mass.
        throttle_min: lowest level that can be asked for.
        throttle_max: highest level that can be asked for.
        start_delay: from the command to run to the first thrust.
        rise_time: from no thrust to full level.
        shutdown_delay: from the command to stop to the first loss of thrust.
        fall_time: from full level to no thrust.
        failure_rate: how often it stops by itself while it burns.
    """

    thrust_vac: Thrust | None = None
    thrust_sl: Thrust | None = None
    isp_vac: Isp | None = None
    isp_sl: Isp | None = None
    exit_area: NonNegativeArea | None = None
    mixture_ratio: PositiveRatio | None = None
    throttle_min: Fraction | None = None
    throttle_max: PositiveRatio | None = None
    start_delay: Duration | None = None
    rise_time: Duration | None = None
    shutdown_delay: Duration | None = None
    fall_time: Duration | None = None
    failure_rate: FailureRate | None = None

    @model_validator(mode="after")
    def _one_figure_each(self) -> Self:
        wrong = [
            f"give {one} or {other}, the other follows from the nozzle"
            for one, other in _ONE_FIGURE
            if getattr(self, one) is not None and getattr(self, other) is not None
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class EngineGroupSpec(Spec):
    """The engines of one stage, alike but for what `override` says.

    Thrust, specific impulse and exit area may be given by any three figures that fix them;
    more must agree within 1 %. Levels are fractions of rated flow. A transient time that is
    absent is zero, a throttle limit that is absent is 1.

    Attributes:
        count: how many engines.
        layout: where they are across the stage; a single engine on the axis may leave it out.
        station: of the gimbal points, above the stage's base.
        thrust_vac: of one engine, in vacuum at full level.
        thrust_sl: of one engine, at sea level and full level.
        isp_vac: specific impulse in vacuum.
        isp_sl: specific impulse at sea level.
        exit_area: of one nozzle.
        throttle_min: lowest level that can be asked for.
        throttle_max: highest level that can be asked for.
        mixture_ratio: oxidiser over fuel, by mass; absent, one tank feeds all.
        oxidiser: name of the tank that it is drawn from.
        fuel: name of the tank that it is drawn from.
        start_delay: from the command to run to the first thrust.
        rise_time: from no thrust to full level.
        shutdown_delay: from the command to stop to the first loss of thrust.
        fall_time: from full level to no thrust.
        gimbal: the actuator of each engine that turns; absent, all are fixed.
        gimballed: which engines turn, by number, or "all".
        moving_mass: of one engine, what swings with its gimbal.
        moving_cg: of the moving mass, aft of the gimbal point.
        moving_inertia: of the moving mass about the gimbal point.
        ignitions: how often each engine can be lit.
        failure_rate: how often an engine stops by itself while it burns, each for itself; what a
            campaign draws failures from. None fails if not given.
        override: what differs in single engines, by number.
    """

    count: int = Field(ge=1)
    layout: LayoutSpec | None = None
    station: Length
    thrust_vac: Thrust | None = None
    thrust_sl: Thrust | None = None
    isp_vac: Isp | None = None
    isp_sl: Isp | None = None
    exit_area: Area | None = None
    throttle_min: Fraction | None = None
    throttle_max: PositiveRatio | None = None
    mixture_ratio: PositiveRatio | None = None
    oxidiser: str | None = None
    fuel: str
    start_delay: Duration | None = None
    rise_time: Duration | None = None
    shutdown_delay: Duration | None = None
    fall_time: Duration | None = None
    gimbal: GimbalSpec | None = None
    gimballed: Literal["all"] | tuple[int, ...] = "all"
    moving_mass: Mass | None = None
    moving_cg: NonNegativeLength | None = None
    moving_inertia: PositiveInertia | None = None
    ignitions: int = Field(default=1, ge=1)
    failure_rate: FailureRate | None = None
    override: Mapping[str, EngineOverride] = Field(default_factory=dict)

    @field_validator("override")
    @classmethod
    def _numbers(cls, override: Mapping[str, EngineOverride]) -> Mapping[str, EngineOverride]:
        for key in override:
            if not key.isdigit():
                raise ValueError(f"engines are overridden by number, from 1, not by {key!r}")
        return override

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*_group_problems(self), *_doubled(self)]
        try:
            self.rating()
        except ValueError as error:
            problems.append(str(error))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def rating(self, checked: bool = True) -> tuple[float, float, float]:
        """Return (vacuum thrust N, exit area m^2, flow kg/s) of one engine at level 1.

        Raises:
            ValueError: the figures given don't fix these, or, if `checked`, don't agree.
        """
        thrust_n, area_m2 = _thrust_and_area(self)
        if self.isp_vac is not None:
            flow_kgps = thrust_n / (self.isp_vac.si * STANDARD_GRAVITY_MPS2)
        elif self.isp_sl is not None:
            sea_level_n = thrust_n - SEA_LEVEL_PA * area_m2
            flow_kgps = sea_level_n / (self.isp_sl.si * STANDARD_GRAVITY_MPS2)
        else:
            raise ValueError("needs isp_vac or isp_sl")
        if checked:
            _check_agreement(self, thrust_n, area_m2, flow_kgps)
        return thrust_n, area_m2, flow_kgps

    def rating_of(self, number: int) -> tuple[float, float, float]:
        """Return the same of one engine by its number, with what it has of its own.

        What it has not follows the group: the impulse in vacuum outlasts a changed thrust.
        """
        own = self.override.get(str(number), EngineOverride())
        thrust_n, area_m2, flow_kgps = self.rating(checked=False)
        isp_s = thrust_n / (flow_kgps * STANDARD_GRAVITY_MPS2)
        area_m2 = area_m2 if own.exit_area is None else own.exit_area.si
        if own.thrust_vac is not None:
            thrust_n = own.thrust_vac.si
        elif own.thrust_sl is not None:
            thrust_n = own.thrust_sl.si + SEA_LEVEL_PA * area_m2
        if own.isp_vac is not None:
            isp_s = own.isp_vac.si
        elif own.isp_sl is not None:
            isp_s = own.isp_sl.si * thrust_n / (thrust_n - SEA_LEVEL_PA * area_m2)
        return thrust_n, area_m2, thrust_n / (isp_s * STANDARD_GRAVITY_MPS2)


class ThrusterSpec(Spec):
    """Attitude thrusters of a stage: couples about each axis, fed with gas of their own.

    The gas counts as part of the dry mass, from which what is used is not taken off.

    Attributes:
        roll_moment: about the axis.
        pitch_moment: about each axis across it.
        flow: of gas while one axis fires.
        gas: what there is of it.
        shortest: the shortest pulse; less is not fired.
    """

    roll_moment: PositiveMoment
    pitch_moment: PositiveMoment
    flow: MassFlow
    gas: PositiveMass
    shortest: Duration


class TankSpec(Spec):
    """One propellant tank of a stage: a cylinder standing on its bottom.

    Attributes:
        name: what engines and paths call it.
        propellant: what is in it, in words.
        density: of the liquid.
        load: mass of propellant at lift-off.
        volume: of the tank; what the load leaves is ullage.
        bottom: station of the liquid's lowest point, above the stage's base.
        diameter: of the cylinder.
        residual: propellant that can't be burnt; none if not given.
    """

    name: str
    propellant: str
    density: Density
    load: PositiveMass
    volume: Volume
    bottom: Length
    diameter: PositiveLength
    residual: Mass | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        room_kg = self.volume.si * self.density.si
        if self.load.si > room_kg * (1.0 + FILL_ROUNDING):
            raise ValueError(
                f"a load of {self.load.text} doesn't fit: {self.volume.text} hold {room_kg:.0f} kg"
            )
        if self.residual is not None and self.residual.si >= self.load.si:
            raise ValueError(
                f"the residual, {self.residual.text}, leaves nothing of the load to burn"
            )
        return self


def _group_problems(group: EngineGroupSpec) -> Iterator[str]:
    """What doesn't fit together in a group, apart from its rating."""
    places = len(group.layout.offsets_m()) if group.layout else 1
    if places != group.count:
        yield f"count is {group.count}, but the layout places {places}"
    if group.gimballed != "all":
        for number in group.gimballed:
            if not 1 <= number <= group.count:
                yield f"gimballed names engine {number} of {group.count}"
    for key in group.override:
        if not 1 <= int(key) <= group.count:
            yield f"override names engine {key} of {group.count}"
    if (group.oxidiser is None) != (group.mixture_ratio is None):
        yield "oxidiser and mixture_ratio go together"
    low = group.throttle_min.si if group.throttle_min else 1.0
    high = group.throttle_max.si if group.throttle_max else 1.0
    if low > high:
        yield f"throttle_min {low:g} is above throttle_max {high:g}"
    if group.moving_mass and group.moving_cg and group.moving_inertia:
        least = group.moving_mass.si * group.moving_cg.si**2
        if group.moving_inertia.si < least:
            yield (
                f"moving_inertia is about the gimbal point: at least mass cg^2 = {least:.3g} kg m^2"
            )


def _doubled(group: EngineGroupSpec) -> Iterator[str]:
    """Figures that say one thing, each drawn for itself."""
    for one, other in _ONE_FIGURE:
        if all(given is not None and given.spread is not None
               for given in (getattr(group, one), getattr(group, other))):  # fmt: skip
            yield f"{one} and {other} both have a spread: they are one figure, leave one out"


def _thrust_and_area(group: EngineGroupSpec) -> tuple[float, float]:
    """Vacuum thrust, N, and exit area, m^2, from whatever fixes them."""
    vacuum, sea_level, area = group.thrust_vac, group.thrust_sl, group.exit_area
    ratio = group.isp_sl.si / group.isp_vac.si if group.isp_sl and group.isp_vac else None
    if vacuum is not None:
        thrust_n = vacuum.si
    elif sea_level is not None and area is not None:
        thrust_n = sea_level.si + SEA_LEVEL_PA * area.si
    elif sea_level is not None and ratio is not None:
        thrust_n = sea_level.si / ratio
    else:
        raise ValueError("needs thrust_vac, or thrust_sl with exit_area or with both isp")
    if area is not None:
        area_m2 = area.si
    elif sea_level is not None:
        area_m2 = (thrust_n - sea_level.si) / SEA_LEVEL_PA
    elif ratio is not None:
        area_m2 = thrust_n * (1.0 - ratio) / SEA_LEVEL_PA
    else:
        raise ValueError("needs exit_area, or thrust_sl, or both isp")
    if area_m2 < 0.0:
        raise ValueError("an engine can't be better at sea level than in vacuum")
    return thrust_n, area_m2


def _check_agreement(
    group: EngineGroupSpec, thrust_n: float, area_m2: float, flow_kgps: float
) -> None:
    """Raise ValueError if a redundant figure is more than 1 % off what the others give."""
    sea_level_n = thrust_n - SEA_LEVEL_PA * area_m2
    per_newton = 1.0 / (flow_kgps * STANDARD_GRAVITY_MPS2)
    others: list[tuple[str, Value | None, float]] = [
        ("thrust_sl", group.thrust_sl, sea_level_n),
        ("isp_sl", group.isp_sl, sea_level_n * per_newton),
    ]
    for name, given, found in others:
        if given is not None and abs(given.si - found) > AGREEMENT * abs(found):
            raise ValueError(
                f"{name} {given.text} disagrees with the other figures, which give "
                f"{found:.4g} {given.unit}"
            )
