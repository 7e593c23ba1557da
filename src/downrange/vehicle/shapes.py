"""What takes long to work out of a vehicle's shape and mass, kept for vehicles alike in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from downrange.aero.kernel import Aero
from downrange.units import Value
from downrange.vehicle.build import build_bending, outline, vehicle_aero
from downrange.vehicle.kernel import Bending
from downrange.vehicle.spec import StageSpec, VehicleSpec

T = TypeVar("T")

MOST = 64  # kept of a kind


class Shapes:
    """Bending modes and aerodynamics, each worked out once for the values that it depends on."""

    def __init__(self) -> None:
        self._kept: dict[object, Any] = {}

    def bending(
        self, vehicle: VehicleSpec, attached: Sequence[float], imu_station_m: float
    ) -> Bending:
        """See `vehicle.build.build_bending`; the arrays are shared, so they are for reading."""
        stages = [_beam(stage) for stage in vehicle.stage]
        parts = (vehicle.structure, vehicle.fairing, vehicle.payload)
        key = ("bending", tuple(attached), imu_station_m, *numbers(stages), *numbers(parts))
        return self._found(
            key, lambda: build_bending(vehicle, attached, imu_station_m=imu_station_m)
        )

    def aero(
        self, vehicle: VehicleSpec, attached: Sequence[float], *, powered: bool, base_dir: Path
    ) -> Aero:
        """See `vehicle.build.vehicle_aero`; the arrays are shared, so they are for reading."""
        points = outline(vehicle, attached)
        key = ("aero", tuple(attached), powered, *numbers(vehicle.aero), *points)
        return self._found(
            key, lambda: vehicle_aero(vehicle, attached, powered=powered, base_dir=base_dir)
        )

    def _found(self, key: object, make: Callable[[], T]) -> T:
        """What is kept under a key, or made now; threads may make it twice, to no harm."""
        found: T = self._kept.pop(key, None) or make()
        self._kept[key] = found  # the last used comes last
        if len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)), None)
        return found


def _beam(stage: StageSpec) -> tuple[Any, ...]:
    """What of a stage its bending depends on."""
    tanks = [(tank.load, tank.bottom, tank.diameter, tank.density) for tank in stage.tank]
    return (stage.length, stage.diameter, stage.section, stage.dry_mass, stage.dry_cm,
            stage.stiffness, stage.engine.station, tanks)  # fmt: skip


def numbers(node: Any) -> Iterator[float]:
    """Every value of a spec or of several, in order."""
    if isinstance(node, Value):
        yield node.si
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from numbers(getattr(node, name))
    elif isinstance(node, list | tuple):
        for each in node:
            yield from numbers(each)
    elif isinstance(node, dict):
        yield from numbers(list(node.values()))
