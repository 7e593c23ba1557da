"""The side view of a vehicle as stations and diameters, for whoever draws it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from downrange.propulsion.spec import TankSpec
from downrange.vehicle.build import (
    Floats,
    Points,
    build_masses,
    outline,
    stage_bases_m,
    tank_loads_kg,
)
from downrange.vehicle.spec import StageSpec, VehicleSpec

NOZZLE_LENGTHS = 1.3  # of a nozzle over its exit diameter: no spec states it, so it is only drawn


class StageView(NamedTuple):
    """A stage, or the fairing: from its base to its top, m."""

    name: str
    base_m: float
    top_m: float
    mass_kg: float


class TankView(NamedTuple):
    """A tank with its liquid: stations, diameter [m], and what the liquid is for."""

    path: str
    propellant: str
    bottom_m: float
    level_m: float  # of the liquid's surface
    top_m: float
    diameter_m: float
    load_kg: float
    role: str  # oxidiser, fuel, or "" of a tank that feeds no engine


class NozzleView(NamedTuple):
    """An engine: station of its gimbal point, place across the view, exit diameter, m."""

    stage: str
    station_m: float
    across_m: float
    diameter_m: float


class Mark(NamedTuple):
    """A point on the axis, and what it is."""

    name: str
    station_m: float


class Sketch(NamedTuple):
    """A vehicle's side view; stations in m above the base of the lowest stage.

    The view is along body z: +y of the engines' layout is across it.
    """

    length_m: float
    outline: Points
    stages: tuple[StageView, ...]
    tanks: tuple[TankView, ...]
    nozzles: tuple[NozzleView, ...]
    marks: tuple[Mark, ...]

    @property
    def diameter_m(self) -> float:
        """Largest diameter of the hull."""
        return max(diameter for _, diameter in self.outline)


def sketch(vehicle: VehicleSpec) -> Sketch:
    """Return the side view of a vehicle, with the CM on the pad and with its first stage empty."""
    bases = stage_bases_m(vehicle)
    stages = [
        StageView(stage.name, base_m, top_m, _mass_kg(stage))
        for stage, base_m, top_m in zip(vehicle.stage, bases, bases[1:], strict=False)
    ]
    if vehicle.fairing is not None:
        mass_kg = float(vehicle.fairing.mass.si)
        stages.append(StageView("fairing", bases[-1], vehicle.length_m, mass_kg))
    pairs = list(zip(vehicle.stage, bases, strict=False))
    return Sketch(
        float(vehicle.length_m),
        outline(vehicle),
        tuple(stages),
        tuple(_tank(stage, tank, base_m) for stage, base_m in pairs for tank in stage.tank),
        tuple(nozzle for stage, base_m in pairs for nozzle in _nozzles(stage, base_m)),
        tuple(_marks(vehicle)),
    )


def _mass_kg(stage: StageSpec) -> float:
    return float(stage.dry_mass.si + sum(tank.load.si for tank in stage.tank))


def _tank(stage: StageSpec, tank: TankSpec, base_m: float) -> TankView:
    area_m2 = 0.25 * math.pi * tank.diameter.si**2
    bottom_m = base_m + tank.bottom.si
    roles = {stage.engine.oxidiser: "oxidiser", stage.engine.fuel: "fuel"}
    return TankView(
        f"{stage.name}.tank.{tank.name}",
        tank.propellant,
        bottom_m,
        bottom_m + tank.load.si / (tank.density.si * area_m2),
        bottom_m + tank.volume.si / area_m2,
        float(tank.diameter.si),
        float(tank.load.si),
        roles.get(tank.name, ""),
    )


def _nozzles(stage: StageSpec, base_m: float) -> list[NozzleView]:
    group = stage.engine
    _, area_m2, _ = group.rating()
    wide_m = 2.0 * math.sqrt(area_m2 / math.pi)
    places = group.layout.offsets_m() if group.layout else [(0.0, 0.0)]
    station_m = base_m + float(group.station.si)
    return [NozzleView(stage.name, station_m, y, wide_m) for y, _ in places]


def _marks(vehicle: VehicleSpec) -> list[Mark]:
    loads = tank_loads_kg(vehicle)
    masses = build_masses(vehicle)
    lowest = vehicle.stage[0].name
    marks = [
        Mark("CM at lift-off", _cm_m(vehicle, loads)),
        Mark(f"CM, {lowest} empty", _cm_m(vehicle, np.where(masses.tank_part == 0, 0.0, loads))),
        Mark("IMU", float(vehicle.imu.station.si)),
    ]
    if vehicle.payload is not None:
        marks.append(Mark("payload", float(vehicle.payload.station.si)))
    if vehicle.structure.critical_station is not None:
        marks.append(Mark("bending moment limit", float(vehicle.structure.critical_station.si)))
    return marks


def _cm_m(vehicle: VehicleSpec, tank_kg: Floats) -> float:
    """Station of the whole vehicle's CM with so much in each tank."""
    masses = build_masses(vehicle)
    liquid_m = masses.tank_bottom_x_m + 0.5 * tank_kg / (
        masses.tank_density_kgpm3 * masses.tank_area_m2
    )
    total_kg = masses.item_mass_kg.sum() + tank_kg.sum()
    moment = masses.item_mass_kg @ masses.item_x_m + tank_kg @ liquid_m
    return float(moment / total_kg)
