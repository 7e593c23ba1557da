"""Engines and tanks from what a person wrote to the kernel's numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from downrange.errors import InputError, Problem
from downrange.propulsion.kernel import Engines, Floats, Ints, Tanks
from downrange.propulsion.spec import EngineGroupSpec, EngineOverride, TankSpec
from downrange.units import STANDARD_GRAVITY_MPS2, Value

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
    columns = {name: [row[name] for row in rows] for name in Engines._fields if name != "n"}
    pairs = {"position_m": 3, "gimballed": 2}
    whole = ("stage", "oxidiser_tank", "fuel_tank")
    arrays: dict[str, Any] = {}
    for name, column in columns.items():
        shape = (len(rows), pairs[name]) if name in pairs else (len(rows),)
        arrays[name] = _ints(column) if name in whole else _floats(column).reshape(shape)
    return Engines(n=len(rows), **arrays)


def build_tanks(stages: Sequence[tuple[int, Sequence[TankSpec]]]) -> Tanks:
    """Return all tanks of a vehicle: (stage index, its tanks) in order."""
    tanks = [(index, tank) for index, specs in stages for tank in specs]
    return Tanks(
        stage=_ints([index for index, _ in tanks]),
        load_kg=_floats([tank.load.si for _, tank in tanks]),
        residual_kg=_floats([_si(tank.residual, 0.0) for _, tank in tanks]),
    )


def tank_indices(stages: Sequence[Sequence[TankSpec]]) -> list[dict[str, int]]:
    """Return, for each stage, the vehicle-wide index of each of its tanks by name."""
    first, indices = 0, []
    for tanks in stages:
        indices.append({tank.name: first + at for at, tank in enumerate(tanks)})
        first += len(tanks)
    return indices


def _group_rows(
    stage: int, base_m: float, group: EngineGroupSpec, tanks: Mapping[str, int]
) -> list[dict[str, Any]]:
    """One row of Engines for each engine of a group."""
    offsets = group.layout.offsets_m() if group.layout else [(0.0, 0.0)]
    x_m = base_m + group.station.si
    shared = _shared(stage, group, tanks)
    rows = []
    for number, (y_m, z_m) in enumerate(offsets, start=1):
        own = group.override.get(str(number), NO_OVERRIDE)
        swings = group.gimbal is not None and (
            group.gimballed == "all" or number in group.gimballed
        )
        rows.append(
            shared
            | _performance(group, own)
            | {"position_m": (x_m, y_m, z_m), "gimballed": (float(swings), float(swings))}
        )
    return rows


def _shared(stage: int, group: EngineGroupSpec, tanks: Mapping[str, int]) -> dict[str, Any]:
    """What every engine of a group has in common."""
    gimbal = group.gimbal
    return {
        "stage": stage,
        "gimbal_limit_rad": gimbal.limit.si if gimbal else 0.0,
        "gimbal_rate_radps": gimbal.rate.si if gimbal else 0.0,
        "gimbal_natural_radps": 2.0 * math.pi * gimbal.natural_frequency.si if gimbal else 0.0,
        "gimbal_damping": gimbal.damping.si if gimbal else 1.0,
        "moving_mass_kg": _si(group.moving_mass, 0.0),
        "moving_cg_m": _si(group.moving_cg, 0.0),
        "moving_inertia_kgm2": _si(group.moving_inertia, 0.0),
        "oxidiser_tank": tanks[group.oxidiser or group.fuel],
        "fuel_tank": tanks[group.fuel],
    }


def _performance(group: EngineGroupSpec, own: EngineOverride) -> dict[str, float]:
    """What one engine may have of its own. A changed thrust keeps Isp: the flow goes with it."""
    thrust_n, area_m2, flow_kgps = group.rating()
    isp_s = _si(own.isp_vac, thrust_n / (flow_kgps * STANDARD_GRAVITY_MPS2))
    thrust_n = _si(own.thrust_vac, thrust_n)

    def pick(name: str, absent: float) -> float:
        return _si(getattr(own, name), _si(getattr(group, name), absent))

    return {
        "thrust_vac_n": thrust_n,
        "exit_area_m2": _si(own.exit_area, area_m2),
        "flow_kgps": thrust_n / (isp_s * STANDARD_GRAVITY_MPS2),
        "throttle_min": pick("throttle_min", 1.0),
        "throttle_max": pick("throttle_max", 1.0),
        "start_delay_s": pick("start_delay", 0.0),
        "rise_s": pick("rise_time", 0.0),
        "shutdown_delay_s": pick("shutdown_delay", 0.0),
        "fall_s": pick("fall_time", 0.0),
        "mixture_ratio": pick("mixture_ratio", 0.0),
    }


def _si(given: Value | None, absent: float) -> float:
    return float(given.si) if given is not None else absent


def _floats(numbers: Sequence[Any]) -> Floats:
    return np.ascontiguousarray(numbers, dtype=np.float64)


def _ints(numbers: Sequence[int]) -> Ints:
    return np.ascontiguousarray(numbers, dtype=np.int64)
