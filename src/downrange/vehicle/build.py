"""A vehicle from what a person wrote to the kernel's numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.aero.build import build_aero
from downrange.aero.kernel import Aero
from downrange.aero.outline import Outline, tangent_ogive
from downrange.propulsion.spec import TankSpec
from downrange.vehicle import kernel
from downrange.vehicle.beam import Beam, Lump, Mode, Span, bending_modes, bending_moment
from downrange.vehicle.kernel import Bending, Masses
from downrange.vehicle.spec import FairingSpec, StageSpec, VehicleSpec

Floats = NDArray[np.float64]
Points = list[tuple[float, float]]

MODES = 2
FRACTIONS = 9  # propellant levels at which the modes are found


class Item(NamedTuple):
    """A rigid part of the dry vehicle: a shell of even mass, or a lump where start = end."""

    part: int
    mass_kg: float
    start_m: float
    end_m: float
    radius_m: float

    @property
    def x_m(self) -> float:
        """Station of its centre of mass."""
        return 0.5 * (self.start_m + self.end_m)


class Limits(NamedTuple):
    """Loads that break the vehicle; inf where none is stated."""

    bending_moment_nm: float
    q_alpha_pa_rad: float


def parts(vehicle: VehicleSpec) -> int:
    """Return how many parts can be dropped: the stages, then fairing, then payload."""
    return len(vehicle.stage) + 2


def new_attached(vehicle: VehicleSpec) -> Floats:
    """Return the `attached` array (parts,) of the complete vehicle; absent parts count as there."""
    return np.ones(parts(vehicle))


def stage_bases_m(vehicle: VehicleSpec) -> list[float]:
    """Return the station of each stage's base and, last, that of the fairing."""
    bases = [0.0]
    for stage in vehicle.stage:
        bases.append(bases[-1] + float(stage.length.si))
    return bases


def outline(vehicle: VehicleSpec, attached: Sequence[float] | Floats | None = None) -> Points:
    """Return (station_m, diameter_m) of what is attached, aft end first; all of it by default.

    Without the fairing the last stage ends in a flat face. The payload is inside, or neglected.
    """
    present = new_attached(vehicle) if attached is None else attached
    bases = stage_bases_m(vehicle)
    points: Points = []
    for index, stage in enumerate(vehicle.stage):
        if present[index] > 0.5:
            points += _stage_points(stage, bases[index])
    if vehicle.fairing is not None and present[len(vehicle.stage)] > 0.5:
        points += [(bases[-1] + x, d) for x, d in _fairing_points(vehicle.fairing)]
    return [point for k, point in enumerate(points) if k == 0 or point != points[k - 1]]


def vehicle_aero(
    vehicle: VehicleSpec,
    attached: Sequence[float] | Floats | None = None,
    *,
    powered: bool = True,
    base_dir: Path | str = ".",
) -> Aero:
    """Return the aerodynamics of what is attached; all of it by default.

    A coefficient table is that of the complete vehicle: whatever is left of it later flies with
    what its outline gives. Fins go with the first stage.

    Raises:
        InputError: the table's file is missing or wrong.
    """
    present = new_attached(vehicle) if attached is None else attached
    spec = vehicle.aero
    faired = vehicle.fairing is None or present[len(vehicle.stage)] > 0.5
    if not (faired and all(present[index] > 0.5 for index in range(len(vehicle.stage)))):
        spec = spec.model_copy(update={"table": None})
    if present[0] < 0.5:
        spec = spec.model_copy(update={"fin": None})
    return build_aero(spec, outline(vehicle, present), powered=powered, base_dir=base_dir)


def _stage_points(stage: StageSpec, base_m: float) -> Points:
    if stage.section:
        return [(base_m + each.station.si, float(each.diameter.si)) for each in stage.section]
    return [
        (base_m, float(stage.diameter.si)),
        (base_m + stage.length.si, float(stage.diameter.si)),
    ]


def _fairing_points(fairing: FairingSpec) -> Points:
    length_m, diameter_m = float(fairing.length.si), float(fairing.diameter.si)
    nose_m = float(fairing.nose_length.si) if fairing.nose_length is not None else length_m
    barrel: Points = [(0.0, diameter_m)] if nose_m < length_m else []
    if fairing.shape == "cone":
        nose: Points = [(0.0, diameter_m), (nose_m, 0.0)]
    else:
        nose = tangent_ogive(nose_m, diameter_m)
    return barrel + [(length_m - nose_m + x, d) for x, d in nose]


def dry_items(vehicle: VehicleSpec) -> list[Item]:
    """Return the rigid parts of the dry vehicle.

    A stage is a shell of even mass and one lump that puts the CM where it is stated: at the
    engines' station if that is below the middle, else at the top.
    """
    bases = stage_bases_m(vehicle)
    items = []
    for index, stage in enumerate(vehicle.stage):
        items += _stage_items(index, stage, bases[index])
    if vehicle.fairing is not None and vehicle.fairing.mass.si > 0.0:
        items += _fairing_items(vehicle.fairing, len(vehicle.stage), bases[-1])
    if vehicle.payload is not None and vehicle.payload.mass.si > 0.0:
        x_m = float(vehicle.payload.station.si)
        part = len(vehicle.stage) + 1
        items.append(Item(part, float(vehicle.payload.mass.si), x_m, x_m, 0.0))
    return items


def _stage_items(index: int, stage: StageSpec, base_m: float) -> list[Item]:
    length_m, radius_m = float(stage.length.si), 0.5 * float(stage.diameter.si)
    mass_kg, cm_m = float(stage.dry_mass.si), float(stage.dry_cm.si)
    middle_m = 0.5 * length_m
    # Engines above the wanted CM can't pull it down: then the lump sits at the base.
    aft_m = float(stage.engine.station.si)
    lump_m = (aft_m if aft_m < cm_m else 0.0) if cm_m < middle_m else length_m
    lump_kg = mass_kg * (cm_m - middle_m) / (lump_m - middle_m)
    shell = Item(index, mass_kg - lump_kg, base_m, base_m + length_m, radius_m)
    lump = Item(index, lump_kg, base_m + lump_m, base_m + lump_m, radius_m)
    return [shell, lump] if lump_kg > 0.0 else [shell]


def _fairing_items(fairing: FairingSpec, part: int, base_m: float) -> list[Item]:
    """A fairing of even skin, as short shells."""
    points = _fairing_points(fairing)
    slices = []
    for (low, wide), (high, narrow) in itertools.pairwise(points):
        skin = math.hypot(high - low, 0.5 * (wide - narrow)) * (wide + narrow)
        slices.append((skin, low, high, 0.25 * (wide + narrow)))
    per_skin = float(fairing.mass.si) / sum(skin for skin, *_ in slices)
    return [
        Item(part, per_skin * skin, base_m + low, base_m + high, radius_m)
        for skin, low, high, radius_m in slices
    ]


def build_masses(vehicle: VehicleSpec) -> Masses:
    """Return the rigid items, one for each part, and the tanks of a vehicle.

    Shells are thin: r^2 about the axis, r^2/2 + L^2/12 across it; lumps are discs: r^2/2 and
    r^2/4. The payload is a point.
    """
    items = dry_items(vehicle)
    present = sorted({item.part for item in items})
    rigid = [_together([item for item in items if item.part == part]) for part in present]
    bases = stage_bases_m(vehicle)
    liquids = [
        _tank_row(index, bases[index], tank)
        for index, stage in enumerate(vehicle.stage)
        for tank in stage.tank
    ]
    return Masses(
        parts=parts(vehicle),
        items=_floats([(part, *each) for part, each in zip(present, rigid, strict=True)]),
        tanks=_floats(liquids).reshape(-1, kernel.TANK_COLUMNS),
    )


def _tank_row(part: int, base_m: float, tank: TankSpec) -> tuple[float, ...]:
    """One row of Masses.tanks."""
    r = 0.5 * float(tank.diameter.si)
    return part, base_m + tank.bottom.si, math.pi * r * r, tank.density.si, r


def _together(items: Sequence[Item]) -> tuple[float, float, float, float]:
    """Mass, CM station, moments of inertia about it along and across, of several items."""
    mass_kg = sum(item.mass_kg for item in items)
    x_m = sum(item.mass_kg * item.x_m for item in items) / mass_kg
    own = [_inertia(item) for item in items]
    shifted = sum(item.mass_kg * (item.x_m - x_m) ** 2 for item in items)
    return mass_kg, x_m, sum(ixx for ixx, _ in own), sum(iyy for _, iyy in own) + shifted


def _inertia(item: Item) -> tuple[float, float]:
    """Moments of inertia about its axis and across it, kg m^2."""
    r2, length_m = item.radius_m**2, item.end_m - item.start_m
    if length_m > 0.0:
        return item.mass_kg * r2, item.mass_kg * (0.5 * r2 + length_m**2 / 12.0)
    return 0.5 * item.mass_kg * r2, 0.25 * item.mass_kg * r2


def tank_loads_kg(vehicle: VehicleSpec) -> Floats:
    """Return the propellant in each tank at lift-off (tanks,), stages from the bottom up."""
    return _floats([tank.load.si for stage in vehicle.stage for tank in stage.tank])


def build_beam(
    vehicle: VehicleSpec,
    attached: Sequence[float] | Floats,
    tank_mass_kg: Sequence[float] | Floats,
) -> Beam:
    """Return the beam of what is attached, with the liquid as mass along the wet wall.

    A payload without its fairing hangs on the tangent of the last stage.
    """
    bases = stage_bases_m(vehicle)
    scale = float(vehicle.structure.stiffness_scale.si)
    stiffness = [
        Span(bases[index], bases[index + 1], scale * float(stage.stiffness.si))
        for index, stage in enumerate(vehicle.stage)
        if attached[index] > 0.5
    ]
    if vehicle.fairing is not None and attached[len(vehicle.stage)] > 0.5:
        tip_m = bases[-1] + float(vehicle.fairing.length.si)
        stiffness.append(Span(bases[-1], tip_m, scale * float(vehicle.fairing.stiffness.si)))
    mass, lumps = [], []
    for item in dry_items(vehicle):
        if attached[item.part] > 0.5:
            if item.end_m > item.start_m:
                run_m = item.end_m - item.start_m
                mass.append(Span(item.start_m, item.end_m, item.mass_kg / run_m))
            else:
                lumps.append(Lump(item.start_m, item.mass_kg, _inertia(item)[1]))
    masses = build_masses(vehicle)
    for k, liquid_kg in enumerate(tank_mass_kg):
        if attached[masses.tank_part[k]] > 0.5 and liquid_kg > 0.0:
            line = float(masses.tank_density_kgpm3[k] * masses.tank_area_m2[k])
            bottom = float(masses.tank_bottom_x_m[k])
            mass.append(Span(bottom, bottom + float(liquid_kg) / line, line))
    return Beam(stiffness[0].start_m, stiffness[-1].end_m, stiffness, mass, lumps)


def build_bending(
    vehicle: VehicleSpec,
    attached: Sequence[float] | Floats | None = None,
    *,
    imu_station_m: float | None = None,
) -> Bending:
    """Return the bending modes of what is attached against the share of its propellant left.

    The lowest attached stage empties, its tanks in proportion, while those above stay full: its
    engines are those that gimbal. The share counts all propellant attached.
    """
    present = new_attached(vehicle) if attached is None else attached
    loads = tank_loads_kg(vehicle)
    masses = build_masses(vehicle)
    lowest = next(index for index in range(len(vehicle.stage)) if present[index] > 0.5)
    aboard = loads * np.array([present[part] > 0.5 for part in masses.tank_part])
    burning = masses.tank_part == lowest
    imu_m = float(vehicle.imu.station.si) if imu_station_m is None else imu_station_m
    gimbal_m = stage_bases_m(vehicle)[lowest] + float(vehicle.stage[lowest].engine.station.si)
    body = Outline.of(outline(vehicle, present))
    fractions, rows = [], []
    for level in np.linspace(0.0, 1.0, FRACTIONS):
        left = np.where(burning, level * aboard, aboard)
        beam = build_beam(vehicle, present, left)
        fractions.append(left.sum() / aboard.sum())
        rows.append([
            _mode_row(vehicle, beam, mode, body, gimbal_m, imu_m)
            for mode in bending_modes(beam, MODES)
        ])  # fmt: skip
    return Bending(_floats(fractions), np.ascontiguousarray(rows))


def _mode_row(
    vehicle: VehicleSpec, beam: Beam, mode: Mode, body: Outline, gimbal_m: float, imu_m: float
) -> Floats:
    """One mode's words of Bending.table."""
    row = np.zeros(kernel.BENDING_COLUMNS)
    row[kernel.OMEGA_RADPS] = mode.omega_radps
    row[kernel.MODAL_MASS_KG] = mode.modal_mass_kg
    row[kernel.PHI_GIMBAL], row[kernel.SLOPE_GIMBAL] = mode.at(gimbal_m)
    row[kernel.PHI_IMU], row[kernel.SLOPE_IMU] = mode.at(imu_m)
    row[kernel.PHI_NOSE] = mode.at(body.potential_lift_x_m)[0]
    row[kernel.PHI_PLANFORM] = planform_mean(mode, body)
    row[kernel.DAMPING_RATIO] = vehicle.structure.damping_ratio.si
    critical = vehicle.structure.critical_station
    if critical is not None and body.base_x_m < critical.si < body.nose_x_m:
        row[kernel.MOMENT_CRITICAL] = bending_moment(beam, mode, float(critical.si))
    return row


def planform_mean(mode: Mode, body: Outline) -> float:
    """Return the mean of a mode's shape [-] over the side view: what an even crossflow excites."""
    fine = np.unique(np.concatenate([body.station_m, mode.node_m]))
    inside = fine[(fine >= body.base_x_m) & (fine <= body.nose_x_m)]
    resampled = Outline(inside, np.interp(inside, body.station_m, body.diameter_m))
    weighted = resampled.integral(lambda x, d: d * mode.along(x)[0])
    return weighted / resampled.planform_area_m2


def build_limits(vehicle: VehicleSpec) -> Limits:
    """Return the loads that break the vehicle."""
    moment, q_alpha = vehicle.structure.bending_moment_limit, vehicle.structure.q_alpha_limit
    return Limits(
        float(moment.si) if moment is not None else math.inf,
        float(q_alpha.si) if q_alpha is not None else math.inf,
    )


def _floats(numbers: Sequence[float] | Sequence[Sequence[float]]) -> Floats:
    return np.ascontiguousarray(numbers, dtype=np.float64)
