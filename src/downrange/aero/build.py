"""Aerodynamics from what a person wrote to the kernel's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.aero import drag, jorgensen, kernel
from downrange.aero.fins import Fins
from downrange.aero.kernel import Aero
from downrange.aero.outline import Outline
from downrange.aero.spec import AeroSpec, AeroTableSpec, CaseAeroSpec, FinSpec
from downrange.aero.table import read_table

Floats = NDArray[np.float64]

ALPHA_RAD = np.linspace(0.0, math.pi, 73)  # 2.5 degrees apart
# Close together where the drag rises.
MACH = np.array([
    0.0, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75,
    2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0,
])  # fmt: skip
SLENDER_DAMPING = -4.0  # Cmq + Cm_alphadot per (A_b/A) (lever/d)^2: see kernel.damping_moment


def build_aero(
    spec: AeroSpec,
    points: Sequence[tuple[float, float]],
    *,
    powered: bool = True,
    base_dir: Path | str = ".",
) -> Aero:
    """Return the aerodynamics of a body of revolution.

    Args:
        spec: what was asked for.
        points: (station_m, diameter_m) of the outline, aft end first.
        powered: engines run: the jet fills part of the base. Has no effect on a table.
        base_dir: where a table's file name starts.

    Raises:
        InputError: the table's file is missing or wrong.
    """
    body = Outline.of(points)
    if spec.table is not None:
        return _from_table(spec, spec.table, body, Path(base_dir))
    fins = _fins(spec.fin, body) if spec.fin is not None else None
    reference_x_m = body.base_x_m + 0.5 * body.length_m
    table = _table(spec, body, fins, reference_x_m, powered)
    area_m2, d_m = body.reference_area_m2, body.max_diameter_m
    damping, damping_x_m = _pitch_damping(body, fins)
    roll = fins.roll_damping(area_m2, d_m) if fins is not None else 0.0
    return _body(body, area_m2, d_m, reference_x_m, MACH, table, (damping, damping_x_m, roll))


def no_aero() -> Aero:
    """Return the aerodynamics of a body that has none."""
    sphere = Outline.of([(0.0, 1.0), (1.0, 1.0)])
    table = np.zeros((2, ALPHA_RAD.size, kernel.COLUMNS))
    aero = _body(sphere, 1.0, 1.0, 0.0, np.array([0.0, 1.0]), table, (0.0, 0.0, 0.0))
    return aero._replace(model=kernel.NONE)


def _table(
    spec: AeroSpec, body: Outline, fins: Fins | None, reference_x_m: float, powered: bool
) -> Floats:
    """Coefficients (nM, nA, COLUMNS) of body and fins."""
    cosine = np.cos(ALPHA_RAD)
    share = spec.base_drag_share.si if powered else 1.0
    roughness_m = spec.roughness.si
    forward = drag.forward_axial(body, MACH, roughness_m, share)
    backward = drag.backward_axial(body, MACH, roughness_m)
    table = np.zeros((MACH.size, ALPHA_RAD.size, kernel.COLUMNS))
    potential = jorgensen.potential_normal_force(body, ALPHA_RAD)
    for i, mach in enumerate(MACH):
        across = jorgensen.crossflow_normal_force(body, mach, ALPHA_RAD, spec.crossflow)
        table[i, :, kernel.CN_POTENTIAL] = potential
        table[i, :, kernel.CN_CROSSFLOW] = across
        table[i, :, kernel.CM] = jorgensen.pitching_moment(body, ALPHA_RAD, across, reference_x_m)
        axial = np.where(cosine > 0.0, forward[i], -backward[i])
        table[i, :, kernel.CA] = axial * cosine**2
    if fins is not None:
        _add_fins(table, body, fins, reference_x_m)
    table[..., kernel.CA] *= spec.axial_force_scale.si
    for column in (kernel.CN_POTENTIAL, kernel.CN_CROSSFLOW, kernel.CM):
        table[..., column] *= spec.normal_force_scale.si
    return table


def _add_fins(table: Floats, body: Outline, fins: Fins, reference_x_m: float) -> None:
    """Add the fins: slope * sin a |cos a| like a lift, plates across the flow like a crossflow."""
    area_m2 = body.reference_area_m2
    lift_shape = np.sin(ALPHA_RAD) * np.abs(np.cos(ALPHA_RAD))
    lift = fins.slope(MACH, area_m2)[:, None] * lift_shape[None, :]
    across = np.broadcast_to(fins.across(ALPHA_RAD, area_m2), lift.shape)
    arm = (fins.station_m - reference_x_m) / body.max_diameter_m
    table[..., kernel.CN_POTENTIAL] += lift
    table[..., kernel.CN_CROSSFLOW] += across
    table[..., kernel.CM] += (lift + across) * arm


def _pitch_damping(body: Outline, fins: Fins | None) -> tuple[float, float]:
    """Coefficient per (lever / d)^2 and the station that the lever runs to.

    Fins damp like a force at their station, -2 C_Na (lever/d)^2, and the body like one at its
    base; the two are put together at their mean station.
    """
    area_m2 = body.reference_area_m2
    base = SLENDER_DAMPING * body.base_area_m2 / area_m2
    fin = -2.0 * float(fins.slope(np.array([0.0]), area_m2)[0]) if fins is not None else 0.0
    total = base + fin
    station_m = fins.station_m if fins is not None else body.base_x_m
    x_m = (base * body.base_x_m + fin * station_m) / total if total else body.base_x_m
    return total, x_m


def _fins(spec: FinSpec, body: Outline) -> Fins:
    area_m2 = 0.5 * (spec.root_chord.si + spec.tip_chord.si) * spec.span.si
    radius_m = 0.5 * float(np.interp(spec.station.si, body.station_m, body.diameter_m))
    return Fins(spec.count, area_m2, spec.span.si, spec.sweep.si, spec.station.si, radius_m)


def _from_table(spec: AeroSpec, given: AeroTableSpec, body: Outline, base_dir: Path) -> Aero:
    """Aerodynamics of a coefficient table, put on the uniform grid of angles.

    The share of CN that grows like the slope at 0 counts as potential, the rest as crossflow.
    """
    read = read_table(base_dir / given.file)
    table = np.zeros((read.mach.size, ALPHA_RAD.size, kernel.COLUMNS))
    folded = np.minimum(ALPHA_RAD, math.pi - ALPHA_RAD)
    shape = 0.5 * np.sin(2.0 * folded) * np.cos(0.5 * folded)
    for i in range(read.mach.size):
        cn = np.interp(ALPHA_RAD, read.alpha_rad, read.cn[i]) * spec.normal_force_scale.si
        cm = np.interp(ALPHA_RAD, read.alpha_rad, read.cm[i]) * spec.normal_force_scale.si
        ca = np.interp(ALPHA_RAD, read.alpha_rad, read.ca[i]) * spec.axial_force_scale.si
        potential = np.minimum(cn[1] / ALPHA_RAD[1] * shape, cn)
        table[i] = np.stack([potential, cn - potential, ca, cm], axis=-1)
    damping = SLENDER_DAMPING * body.base_area_m2 / given.reference_area.si
    return _body(
        body, given.reference_area.si, given.reference_length.si, given.moment_station.si,
        read.mach, table, (damping, body.base_x_m, 0.0),
    )  # fmt: skip


def _body(
    body: Outline,
    area_m2: float,
    length_m: float,
    reference_x_m: float,
    mach: Floats,
    table: Floats,
    damping: tuple[float, float, float],
) -> Aero:
    """The kernel's numbers of a body of revolution: pitch damping, its station, roll damping."""
    pitch, pitch_x_m, roll = damping
    return Aero(
        model=kernel.BODY_OF_REVOLUTION,
        reference_area_m2=float(area_m2),
        reference_length_m=float(length_m),
        reference_span_m=float(length_m),
        reference_x_m=float(reference_x_m),
        mach=np.ascontiguousarray(mach),
        alpha_rad=ALPHA_RAD.copy(),
        table=np.ascontiguousarray(table),
        pitch_damping=float(pitch),
        damping_x_m=float(pitch_x_m),
        roll_damping=float(roll),
        planform_area_m2=float(body.planform_area_m2),
        planform_x_m=float(body.planform_x_m),
        planform_gyration_m=float(body.planform_gyration_m),
        case_angle=kernel.TOTAL_DRAG,
        case_damping=(0.0, 0.0, 0.0),
        case_moment_centre_m=(0.0, 0.0, 0.0),
    )


def build_case_aero(spec: CaseAeroSpec, reference_x_m: float = 0.0) -> Aero:
    """Return the aerodynamics of a check case.

    Args:
        spec: coefficients as the case file gives them.
        reference_x_m: station at which the CM has the stated offset from the moment centre; what
            the CM moves from there adds to the arm. 0 for a body whose CM is its origin.
    """
    rows = (spec.drag, spec.lift, spec.side, spec.roll_moment, spec.pitch_moment, spec.yaw_moment)
    grid = np.unique([angle.si for row in rows for angle in row.angles])
    values = [np.interp(grid, [angle.si for angle in row.angles], row.value) for row in rows]
    centre = spec.moment_centre_from_cm
    axisymmetric = spec.side.zero and spec.roll_moment.zero and spec.yaw_moment.zero
    if spec.angle == "alpha_beta":
        angle = kernel.ALPHA_BETA
    else:
        angle = kernel.AXISYMMETRIC if axisymmetric else kernel.TOTAL_DRAG
    damping = spec.damping
    return no_aero()._replace(
        model=kernel.CASE_COEFFICIENTS,
        reference_area_m2=float(spec.reference_area.si),
        reference_length_m=float(spec.reference_chord.si) if spec.reference_chord else 1.0,
        reference_span_m=float(spec.reference_span.si) if spec.reference_span else 1.0,
        reference_x_m=float(reference_x_m),
        alpha_rad=np.ascontiguousarray(grid),
        table=np.ascontiguousarray([np.transpose(values)]),
        case_angle=angle,
        case_damping=(float(damping.roll), float(damping.pitch), float(damping.yaw)),
        case_moment_centre_m=(
            (float(centre[0].si), float(centre[1].si), float(centre[2].si))
            if centre
            else (0.0, 0.0, 0.0)
        ),
    )
