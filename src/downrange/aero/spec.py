"""Aerodynamics as a person writes it: of a vehicle, and of a check case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from downrange._spec import Spec, wrong
from downrange.units import (
    Angle,
    Area,
    Fraction,
    Length,
    NonNegativeLength,
    PositiveLength,
    PositiveRatio,
    value,
)


class FinSpec(Spec):
    """A ring of equal trapezoidal fins on the first stage.

    Attributes:
        count: how many.
        root_chord: at the body.
        tip_chord: at the tip; 0 is a pointed fin.
        span: of one panel, from the body to the tip.
        sweep: of the mid-chord line, backward.
        station: of the panels' centre of pressure, above the vehicle's base.
    """

    count: int = Field(ge=3, le=12)
    root_chord: PositiveLength
    tip_chord: NonNegativeLength
    span: PositiveLength
    sweep: Angle = value(
        "0 deg", "rad", low="0 deg", high="60 deg", status="assumed", source="assumption",
        note="of the mid-chord line",
    )  # fmt: skip
    station: Length


class AeroTableSpec(Spec):
    """Coefficients from a CSV file with the columns mach, alpha_deg, CN, CA, Cm.

    Every Mach number needs the same angles, from 0 to 180 degrees: a vehicle that tumbles
    meets them all. Cm is nose up about `moment_station`, on the reference length.

    Attributes:
        file: the CSV file, beside the file that names it.
        reference_area: of all coefficients.
        reference_length: of Cm.
        moment_station: about which Cm is meant, above the vehicle's base.
    """

    file: str
    reference_area: Area
    reference_length: PositiveLength
    moment_station: Length


class AeroSpec(Spec):
    """Aerodynamics of a vehicle. Without a table they are built from its outline.

    Attributes:
        table: coefficients of the complete vehicle, from a file.
        fin: fins on the first stage; absent for none.
        crossflow: flow about the body at large angles of attack; supercritical at the Reynolds
            numbers of a launcher.
        roughness: height of the skin's roughness, for its friction.
        base_drag_share: of the base drag without a jet, while engines run.
        axial_force_scale: on the axial force: protuberances, and the error of the method.
        normal_force_scale: on the normal force: the error of the method.
    """

    table: AeroTableSpec | None = None
    fin: FinSpec | None = None
    crossflow: Literal["supercritical", "subcritical"] = "supercritical"
    roughness: NonNegativeLength = value(
        "0.06 mm", "m", low="0.005 mm", high="0.3 mm", status="estimated", source="niskanen2013",
        note="painted skin, not polished",
    )  # fmt: skip
    base_drag_share: Fraction = value(
        0.5, "1", low=0.0, high=1.0, status="assumed", source="fleeman2006",
        note="of the drag without a jet, while engines run: about the base outside the nozzles",
    )  # fmt: skip
    axial_force_scale: PositiveRatio = value(
        1.0, "1", low=0.8, high=1.3, status="assumed", source="milhdbk762",
        note="protuberances and method error",
    )  # fmt: skip
    normal_force_scale: PositiveRatio = value(
        1.0, "1", low=0.85, high=1.15, status="assumed", source="jorgensen1977",
        note="method error",
    )  # fmt: skip

    @model_validator(mode="after")
    def _table_alone(self) -> Self:
        if self.table is not None and self.fin is not None:
            raise ValueError("a table holds the whole vehicle: leave out the fins")
        return self


class CaseTableSpec(Spec):
    """A coefficient against an angle; the ends are held. `beta` may stand for `alpha`.

    Attributes:
        alpha: rising angles.
        beta: the same under its other name.
        value: the coefficient at each angle.
    """

    alpha: tuple[Angle, ...] = ()
    beta: tuple[Angle, ...] = ()
    value: tuple[float, ...]

    @model_validator(mode="after")
    def _shape(self) -> Self:
        given = bool(self.alpha) + bool(self.beta)
        if given != 1:
            told = "has both alpha and beta" if given else "a table needs its angles"
            raise wrong([("", told, "give alpha = [...], or beta = [...]")])
        angles, found = [angle.si for angle in self.angles], []
        if len(angles) != len(self.value):
            found.append(("", f"{len(angles)} angles but {len(self.value)} values", ""))
        found += [
            ("", f"angles must rise: {high.text} follows {low.text}", "")
            for low, high in pairwise(self.angles)
            if high.si <= low.si
        ]
        found += [
            ("", f"angles are within -180 to 180 deg, got {angle.text}", "")
            for angle in self.angles
            if abs(angle.si) > math.pi
        ]
        if found:
            raise wrong(found)
        return self

    @property
    def angles(self) -> tuple[Angle, ...]:
        """The angles, whichever name they go by."""
        return self.alpha or self.beta

    @property
    def zero(self) -> bool:
        """Whether it is nothing at every angle."""
        return not any(self.value)


def _number_or_table(given: Any) -> Any:
    """A plain number as the table that holds it at every angle."""
    if isinstance(given, CaseTableSpec | Mapping):
        return given
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise PydanticCustomError(
            "coefficient",
            'Input should be a number or a table { alpha = ["-10 deg", ...], value = [...] }',
        )
    return {"alpha": ["0 deg"], "value": [given]}


Coefficient = Annotated[
    CaseTableSpec, BeforeValidator(_number_or_table, json_schema_input_type=float | CaseTableSpec)
]
NOTHING = CaseTableSpec(alpha=(value("0 deg", "rad"),), value=(0.0,))


class CaseDampingSpec(Spec):
    """Damping derivatives per rate * length / (2 V): span for roll and yaw, chord for pitch.

    Attributes:
        roll: moment about x from the rate about x.
        pitch: moment about y from the rate about y.
        yaw: moment about z from the rate about z.
    """

    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0


class CaseAeroSpec(Spec):
    """Aerodynamics of a check case: each coefficient a number or a table against its angle.

    Lift and pitch are read at alpha, side, roll and yaw at beta. Drag is read at alpha
    (`alpha_beta`) or at the total angle (`total`). With `total`, a body whose side, roll and yaw
    coefficients are nothing is axisymmetric: lift and pitch are read at the total angle too and
    act in its plane.

    Attributes:
        reference_area: of all coefficients.
        reference_span: of roll and yaw.
        reference_chord: of pitch.
        moment_centre_from_cm: where the forces act, from the centre of mass, body axes.
        angle: which angle drag is read at.
        drag: against the stream.
        lift: across the stream, in the plane of alpha.
        side: across the stream, in the plane of beta.
        roll_moment: about x.
        pitch_moment: about y.
        yaw_moment: about z.
        damping: moments that the rates give.
    """

    reference_area: Area
    reference_span: PositiveLength | None = None
    reference_chord: PositiveLength | None = None
    moment_centre_from_cm: tuple[Length, Length, Length] | None = None
    angle: Literal["total", "alpha_beta"] = "total"
    drag: Coefficient = NOTHING
    lift: Coefficient = NOTHING
    side: Coefficient = NOTHING
    roll_moment: Coefficient = NOTHING
    pitch_moment: Coefficient = NOTHING
    yaw_moment: Coefficient = NOTHING
    damping: CaseDampingSpec = CaseDampingSpec()

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        wanted = {
            "reference_span": not (self.roll_moment.zero and self.yaw_moment.zero)
            or bool(self.damping.roll or self.damping.yaw),
            "reference_chord": not self.pitch_moment.zero or bool(self.damping.pitch),
        }
        missing = [
            name for name, needed in wanted.items() if needed and getattr(self, name) is None
        ]
        if missing:
            raise ValueError(f"moments need {' and '.join(missing)}")
        return self
