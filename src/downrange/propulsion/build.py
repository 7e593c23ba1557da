"""Engines and tanks from what a person wrote to the kernel's numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from downrange.errors import InputError, Problem
from downrange.propulsion import kernel
from downrange.propulsion.kernel import Engines, Floats, Tanks, Thrusters
from downrange.propulsion.spec import EngineGroupSpec, EngineOverride, TankSpec, ThrusterSpec
from downrange.units import Value

NO_OVERRIDE = EngineOverride()

StageEngines = tuple[int, float, EngineGroupSpec, Mapping[str, int]]


def feed_problems(
    group: EngineGroupSpec, tanks: Iterable[str], path: str = "", file: str = ""
) -> list[Problem]:
    """Return what is wrong with the tanks that a group draws from; path is the group's."""
    known = list(tanks)
    problems = []
    for key in ("oxidiser", "fuel"):
        name = getattr(group, key)
        if name is not None and name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"tanks: {', '.join(known) or 'none'}"
            where = f"{path}.{key}" if path else key
            problems.append(
                Problem(file, where, f"draws from {name!r}, no tank of its stage", hint)
            )
    return problems


def build_engines(stages: Sequence[StageEngines]) -> Engines:
    """Return all engines of a vehicle, in the order of `stages`.

    Args:
        stages: for each stage with engines: its index, the station of its base (m), its group,
            and the vehicle-wide index of each of its tanks by name.

    Raises:
        InputError: an engine draws from a tank that its stage doesn't have.
    """
    problems = [each for _, _, group, tanks in stages for each in feed_problems(group, tanks)]
    if problems:
        raise InputError(problems)
    rows = [row for stage in stages for row in _group_rows(*stage)]
    return Engines(len(rows), np.array(rows).reshape(-1, kernel.ENGINE_COLUMNS))


def build_tanks(stages: Sequence[tuple[int, Sequence[TankSpec]]]) -> Tanks:
    """Return all tanks of a vehicle: (stage index, its tanks) in order."""
    rows = [
        (float(index), float(tank.load.si), _si(tank.residual, 0.0))
        for index, specs in stages
        for tank in specs
    ]
    return Tanks(np.array(rows).reshape(-1, kernel.TANK_COLUMNS))


def build_thrusters(spec: ThrusterSpec | None) -> Thrusters:
    """Return the attitude thrusters of a stage, nothing where it has none."""
    if spec is None:
        return Thrusters(0.0, 0.0, 0.0, 0.0, 0.0)
    return Thrusters(float(spec.roll_moment.si), float(spec.pitch_moment.si), float(spec.flow.si),
                     float(spec.gas.si), float(spec.shortest.si))  # fmt: skip


def tank_indices(stages: Sequence[Sequence[TankSpec]]) -> list[dict[str, int]]:
    """Return, for each stage, the vehicle-wide index of each of its tanks by name."""
    first, indices = 0, []
    for tanks in stages:
        indices.append({tank.name: first + at for at, tank in enumerate(tanks)})
        first += len(tanks)
    return indices


def _group_rows(
    stage: int, base_m: float, group: EngineGroupSpec, tanks: Mapping[str, int]
) -> list[Floats]:
    """One row of Engines.table for each engine of a group."""
    offsets = group.layout.offsets_m() if group.layout else [(0.0, 0.0)]
    x_m = base_m + group.station.si
    shared = _shared(stage, group, tanks)
    rows = []
    for place, (y_m, z_m) in enumerate(offsets, start=1):
        swings = group.gimbal is not None and (group.gimballed == "all" or place in group.gimballed)
        row = np.zeros(kernel.ENGINE_COLUMNS)
        for column, number in (shared | _performance(group, place)).items():
            row[column] = number
        row[kernel.POSITION_M : kernel.POSITION_M + 3] = x_m, y_m, z_m
        row[kernel.GIMBALLED : kernel.GIMBALLED + 2] = float(swings)
        rows.append(row)
    return rows


def _shared(stage: int, group: EngineGroupSpec, tanks: Mapping[str, int]) -> dict[int, float]:
    """What every engine of a group has in common, by column."""
    gimbal = group.gimbal
    return {
        kernel.ENGINE_STAGE: stage,
        kernel.GIMBAL_LIMIT_RAD: gimbal.limit.si if gimbal else 0.0,
        kernel.GIMBAL_RATE_LIMIT_RADPS: gimbal.rate.si if gimbal else 0.0,
        kernel.GIMBAL_NATURAL_RADPS: 2.0 * math.pi * gimbal.natural_frequency.si if gimbal else 0.0,
        kernel.GIMBAL_DAMPING: gimbal.damping.si if gimbal else 1.0,
        kernel.MOVING_MASS_KG: _si(group.moving_mass, 0.0),
        kernel.MOVING_CG_M: _si(group.moving_cg, 0.0),
        kernel.MOVING_INERTIA_KGM2: _si(group.moving_inertia, 0.0),
        kernel.OXIDISER_TANK: tanks[group.oxidiser or group.fuel],
        kernel.FUEL_TANK: tanks[group.fuel],
        kernel.IGNITIONS: group.ignitions,
    }


def _performance(group: EngineGroupSpec, number: int) -> dict[int, float]:
    """What one engine may have of its own, by column."""
    own = group.override.get(str(number), NO_OVERRIDE)
    thrust_n, area_m2, flow_kgps = group.rating_of(number)

    def pick(name: str, absent: float) -> float:
        return _si(getattr(own, name), _si(getattr(group, name), absent))

    return {
        kernel.THRUST_VAC_N: thrust_n,
        kernel.EXIT_AREA_M2: area_m2,
        kernel.FLOW_KGPS: flow_kgps,
        kernel.THROTTLE_MIN: pick("throttle_min", 1.0),
        kernel.THROTTLE_MAX: pick("throttle_max", 1.0),
        kernel.START_DELAY_S: pick("start_delay", 0.0),
        kernel.RISE_S: pick("rise_time", 0.0),
        kernel.SHUTDOWN_DELAY_S: pick("shutdown_delay", 0.0),
        kernel.FALL_S: pick("fall_time", 0.0),
        kernel.MIXTURE_RATIO: pick("mixture_ratio", 0.0),
    }


def _si(given: Value | None, absent: float) -> float:
    return float(given.si) if given is not None else absent
