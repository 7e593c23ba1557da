"""Fault schedule from what a person wrote to the kernel's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from downrange.errors import InputError, Problem
from downrange.faults.kernel import (
    ENGINE_SHUTDOWN,
    FAULT_COLUMNS,
    GIMBAL_STUCK,
    GNSS_FAIL,
    IMU_FAIL,
    MODE_FREQUENCY,
    Faults,
)
from downrange.faults.spec import FaultSpec

_ENGINE_KINDS = {"shutdown": ENGINE_SHUTDOWN, "stuck gimbal": GIMBAL_STUCK}
_SENSOR_KINDS = {"imu": IMU_FAIL, "gnss": GNSS_FAIL}
_VEHICLE = "vehicle."

Rows = list[tuple[int, int]]  # (kind, target index)


def build_faults(
    specs: Sequence[FaultSpec], engines: Mapping[str, Sequence[int]], modes: int, file: str = ""
) -> Faults:
    """Return the schedule of a vehicle's faults, in the order of `specs`.

    Args:
        specs: the faults.
        engines: for each stage by name, the vehicle-wide indices of its engines in the order
            of their numbers.
        modes: how many bending modes the vehicle has.
        file: what to name in errors.

    Raises:
        InputError: a target that the vehicle doesn't have; names the nearest, for all at once.
    """
    problems: list[Problem] = []
    rows: list[tuple[int, int, float, float]] = []
    for spec in specs:
        targets = known_targets(spec.kind, engines, modes)
        found = targets.get(spec.target.removeprefix(_VEHICLE))
        if found is None:
            problems.append(_unknown(spec, list(targets), file))
            continue
        start_s = spec.at.si if spec.at is not None else -math.inf
        number = spec.value.si if spec.value is not None else math.nan
        rows += [(kind, index, start_s, number) for kind, index in found]
    if problems:
        raise InputError(problems)
    return Faults(np.array(rows, dtype=np.float64).reshape(-1, FAULT_COLUMNS))


def known_targets(kind: str, engines: Mapping[str, Sequence[int]], modes: int) -> dict[str, Rows]:
    """Return what a kind of fault can befall: path to (kernel kind, index) of each thing hit."""
    if kind == "fail":
        return {name: [(code, 0)] for name, code in _SENSOR_KINDS.items()}
    if kind == "frequency":
        return {f"bending.mode.{mode + 1}": [(MODE_FREQUENCY, mode)] for mode in range(modes)}
    code = _ENGINE_KINDS[kind]
    targets: dict[str, Rows] = {}
    for stage, indices in engines.items():
        targets[f"{stage}.engine"] = [(code, index) for index in indices]
        for number, index in enumerate(indices, start=1):
            targets[f"{stage}.engine.{number}"] = [(code, index)]
    return targets


def _unknown(spec: FaultSpec, known: list[str], file: str) -> Problem:
    near = get_close_matches(spec.target.removeprefix(_VEHICLE), known, 3)
    prefix = _VEHICLE if spec.kind == "frequency" else ""
    shown = " or ".join(prefix + name for name in near or known[:3])
    hint = f"did you mean {shown}?" if near else f"it takes {shown}" if known else ""
    return Problem(file, spec.target, f"there is no such thing, in {str(spec)!r}", hint)
