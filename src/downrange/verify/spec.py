"""What a person writes for a check case: one rigid body, its start and its checkpoints."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from downrange._spec import Spec, load_toml, validate, wrong
from downrange.aero.spec import CaseAeroSpec
from downrange.earth.spec import AirSpec, EarthSpec, WindSpec
from downrange.units import (
    STANDARD_GRAVITY_MPS2,
    AngularRate,
    Duration,
    Inertia,
    Isp,
    Length,
    PositiveDuration,
    PositiveInertia,
    PositiveMass,
    Speed,
    Thrust,
    Value,
    quantity,
    value,
)
from downrange.verify.checkpoints import CheckpointsSpec, problems

MOST_STEPS = 20_000_000  # about a minute
# As deep as geodetic altitude is known to be exact.
Altitude = Annotated[Value, quantity("m", minimum=-10e3)]


class InertiaSpec(Spec):
    """Inertia about the centre of mass, body axes; products are the integrals of xy dm.

    Attributes:
        xx, yy, zz: moments.
        xy, xz, yz: products.
    """

    xx: PositiveInertia
    yy: PositiveInertia
    zz: PositiveInertia
    xy: Inertia = value("0 kg m^2", "kg m^2")
    xz: Inertia = value("0 kg m^2", "kg m^2")
    yz: Inertia = value("0 kg m^2", "kg m^2")

    def kgm2(self) -> tuple[float, float, float, float, float, float]:
        """Moments xx, yy, zz and products xy, xz, yz in kg m^2."""
        return (self.xx.si, self.yy.si, self.zz.si, self.xy.si, self.xz.si, self.yz.si)

    @model_validator(mode="after")
    def _is_of_a_body(self) -> InertiaSpec:
        xx, yy, zz, xy, xz, yz = self.kgm2()
        tensor = np.array([[xx, -xy, -xz], [-xy, yy, -yz], [-xz, -yz, zz]])
        if np.linalg.eigvalsh(tensor)[0] <= 0.0:
            raise wrong([("", "no body has such products of inertia: the tensor is not positive",
                          "products are the integrals of xy dm, xz dm and yz dm")])  # fmt: skip
        return self


class BodySpec(Spec):
    """Mass properties before the first burn.

    Attributes:
        mass: of the body.
        inertia: of the body.
        variable_mass_rotation: what of the inertia's rate of change brakes the rotation while
            propellant burns: none, half or full.
    """

    mass: PositiveMass
    inertia: InertiaSpec
    variable_mass_rotation: Literal["none", "half", "full"] = "none"


class EulerSpec(Spec):
    """Attitude in deg, 3-2-1 from local geodetic north-east-down.

    Attributes:
        roll: about x, the last turn.
        pitch: about y, the second.
        yaw: about z, the first.
    """

    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0


class RatesSpec(Spec):
    """Angular rate in body axes, against the frame named.

    Attributes:
        p: about x.
        q: about y.
        r: about z.
        frame: inertial, earth (turning with it) or ned (the local one).
    """

    p: AngularRate = value("0 rad/s", "rad/s")
    q: AngularRate = value("0 rad/s", "rad/s")
    r: AngularRate = value("0 rad/s", "rad/s")
    frame: Literal["inertial", "earth", "ned"]


class InitialSpec(Spec):
    """The state at time 0; velocity relative to the turning Earth.

    Attributes:
        latitude_deg: geodetic.
        longitude_deg: east of Greenwich.
        altitude: above the Earth's shape.
        velocity_ned: to the north, east and down.
        euler_deg: attitude.
        rates: angular rate.
    """

    latitude_deg: Annotated[float, Field(ge=-90.0, le=90.0)]
    longitude_deg: Annotated[float, Field(ge=-360.0, le=360.0)]
    altitude: Altitude
    velocity_ned: tuple[Speed, Speed, Speed]
    euler_deg: EulerSpec = EulerSpec()
    rates: RatesSpec

    @model_validator(mode="after")
    def _north_is_known(self) -> InitialSpec:
        if self.rates.frame == "ned" and abs(self.latitude_deg) == 90.0:
            raise wrong([("rates.frame", "north-east-down has no rate at a pole", "use inertial")])
        return self


class BurnSpec(Spec):
    """Constant thrust along body x from `start` until `stop` or until the propellant is gone.

    The tables give mass properties against the share of the burn's propellant that is left;
    they hold from the start of the burn until the next one. Without them those before hold.

    Attributes:
        start: ignition.
        stop: cut-off.
        until: depletion, instead of a cut-off.
        thrust: along body x.
        isp: specific impulse.
        propellant: that there is to burn.
        drop_mass_after: dropped at the end of the coast that follows.
        fuel_fraction: shares of the propellant, rising from 0 to 1, for the tables below.
        inertia: at each of them.
        moment_centre_x_from_cm: where the air's forces act, forward of the centre of mass, at
            each of them.
    """

    start: Duration
    stop: Duration | None = None
    until: Literal["depletion"] | None = None
    thrust: Thrust
    isp: Isp
    propellant: PositiveMass | None = None
    drop_mass_after: PositiveMass | None = None
    fuel_fraction: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] = ()
    inertia: tuple[InertiaSpec, ...] = ()
    moment_centre_x_from_cm: tuple[Length, ...] = ()

    @property
    def flow_kgps(self) -> float:
        """Propellant flow in kg/s."""
        return self.thrust.si / (self.isp.si * STANDARD_GRAVITY_MPS2)

    @property
    def end_s(self) -> float:
        """Time of burn-out or cut-off in s, whichever is first."""
        times = [self.stop.si] if self.stop else []
        if self.propellant:
            times.append(self.start.si + self.propellant.si / self.flow_kgps)
        return min(times)

    @property
    def load_kg(self) -> float:
        """Propellant in kg that a fuel fraction of 1 means: that stated, else that burnt."""
        if self.propellant:
            return self.propellant.si
        return self.flow_kgps * (self.end_s - self.start.si)

    @model_validator(mode="after")
    def _ends(self) -> BurnSpec:
        problems = []
        if (self.stop is None) == (self.until is None):
            problems.append(("", "a burn ends at a stop or until depletion",
                             'give stop = "37 s" or until = "depletion"'))  # fmt: skip
        if self.until and self.propellant is None:
            problems.append(("propellant", "is missing", "depletion needs to know how much"))
        if self.stop and self.stop.si <= self.start.si:
            problems.append(("stop", f"is not after the start, {self.start.text}", ""))
        problems += self._table_problems()
        if problems:
            raise wrong(problems)
        return self

    def _table_problems(self) -> list[tuple[str, str, str]]:
        fractions = self.fuel_fraction
        tables = {"inertia": self.inertia, "moment_centre_x_from_cm": self.moment_centre_x_from_cm}
        problems = [
            (key, f"has {len(rows)} entries for {len(fractions)} fuel fractions", "")
            for key, rows in tables.items()
            if rows and len(rows) != len(fractions)
        ]
        if fractions and (fractions[0], fractions[-1]) != (0.0, 1.0):
            problems.append(("fuel_fraction", "must go from 0 to 1", ""))
        if any(b <= a for a, b in pairwise(fractions)):
            problems.append(("fuel_fraction", "must rise from entry to entry", ""))
        if fractions and not any(tables.values()):
            problems.append(("fuel_fraction", "there is no table against it", ""))
        return problems


class CaseSpec(Spec):
    """A check case: one rigid body over the Earth, and what is expected of it.

    Attributes:
        name: as the checks call it.
        source: where the checkpoints are from.
        description: one line.
        duration: of the flight.
        step: of the integration.
        body: mass properties.
        aero: aerodynamics; absent for none.
        earth: its shape, turning and gravity.
        air: the atmosphere.
        wind: absent, the air is still.
        initial: the state at time 0.
        burn: burns in order.
        checkpoints: what is expected.
    """

    name: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    description: str = ""
    duration: PositiveDuration
    step: Annotated[PositiveDuration, Field(validate_default=True)] = value("0.005 s", "s")
    body: BodySpec
    aero: CaseAeroSpec | None = None
    earth: EarthSpec = EarthSpec()
    air: AirSpec = AirSpec()
    wind: WindSpec | None = None
    initial: InitialSpec
    burn: tuple[BurnSpec, ...] = ()
    checkpoints: CheckpointsSpec

    @field_validator("step")
    @classmethod
    def _steps_in_bounds(cls, step: Value, info: ValidationInfo) -> Value:
        duration = info.data.get("duration")
        if isinstance(duration, Value) and duration.si > MOST_STEPS * step.si:
            raise wrong([("", f"{step.text} over {duration.text} are too many steps",
                          f"at most {MOST_STEPS:,}")])  # fmt: skip
        return step

    @field_validator("wind")
    @classmethod
    def _is_no_chance(cls, wind: WindSpec | None) -> WindSpec | None:
        if wind is not None and wind.turbulence is not None:
            raise wrong([("turbulence", "a check case is the same each time", "leave it out")])
        return wind

    @field_validator("checkpoints")
    @classmethod
    def _are_a_table(cls, checkpoints: CheckpointsSpec, info: ValidationInfo) -> CheckpointsSpec:
        duration = info.data.get("duration")
        found = problems(checkpoints, duration.si if isinstance(duration, Value) else math.inf)
        if found:
            raise wrong(found)
        return checkpoints

    @field_validator("burn")
    @classmethod
    def _in_order(cls, burns: tuple[BurnSpec, ...], info: ValidationInfo) -> tuple[BurnSpec, ...]:
        body = info.data.get("body")
        left_kg = body.mass.si if isinstance(body, BodySpec) else float("inf")
        problems, free_s = [], 0.0
        for i, burn in enumerate(burns, 1):
            if burn.start.si < free_s:
                problems.append((f"{i}.start", f"the burn before ends at {free_s:g} s", ""))
            free_s = burn.end_s
            left_kg -= burn.flow_kgps * (burn.end_s - burn.start.si)
            if left_kg <= 0.0:
                problems.append((str(i), "burns more than the body's mass", ""))
            left_kg -= burn.drop_mass_after.si if burn.drop_mass_after else 0.0
            if burn.drop_mass_after and left_kg <= 0.0:
                problems.append((f"{i}.drop_mass_after", "nothing of the body is left", ""))
        if problems:
            raise wrong(problems)
        return burns


def load_case(path: Path | str) -> CaseSpec:
    """Return a check case from a TOML file.

    Raises:
        InputError: carries every problem found.
    """
    return validate(CaseSpec, load_toml(path), path)
