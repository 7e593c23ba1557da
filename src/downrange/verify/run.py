"""Fly check cases and hold them against their figures."""

from __future__ import annotations

import math
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.rigid import AUX_SIZE, new_work
from downrange.earth.kernel.geodesy import Earth
from downrange.verify import kernel
from downrange.verify.build import Layers, build_layers, segments, start_state
from downrange.verify.check import CaseResult, Check
from downrange.verify.checkpoints import COLUMNS
from downrange.verify.ladder import climb
from downrange.verify.spec import CaseSpec, load_case

Floats = NDArray[np.float64]


def shipped_cases() -> list[Path]:
    """Files of the check cases that come with Downrange, in order of name."""
    folder = Path(str(files("downrange.verify") / "cases"))
    return sorted(folder.glob("*.toml"))


def fly_case(
    spec: CaseSpec, times_s: list[float], base_dir: Path | str = "."
) -> list[dict[str, float]]:
    """Return the trajectory of a case at rising times, in the columns of `COLUMNS`.

    Each time is met exactly: the last step before it is as long as it takes, and so is the
    one before whatever changes the equations.
    """
    layers = build_layers(spec, base_dir)
    earth = layers.around[0].earth
    state, rows, done = start_state(spec, earth), [], 0
    for segment in segments(spec):
        now = segment.start_s
        while done < len(times_s) and times_s[done] <= segment.end_s:
            _advance(state, now, times_s[done], spec.step.si, segment.loads, layers)
            now = times_s[done]
            rows.append(_row(state, now, earth))
            done += 1
        if done == len(times_s):
            break
        _advance(state, now, segment.end_s, spec.step.si, segment.loads, layers)
    return rows


def _advance(
    state: Floats, now_s: float, end_s: float, step_s: float, loads: Floats, layers: Layers
) -> None:
    """March to a time in equal steps no longer than step_s."""
    steps = math.ceil((end_s - now_s) / step_s - 1e-9)
    if steps > 0:
        h_s = (end_s - now_s) / steps
        work, aux = new_work(), np.zeros(AUX_SIZE)
        kernel.march(state, now_s, h_s, steps, loads, *layers, work, aux)


def _row(state: Floats, time_s: float, earth: Earth) -> dict[str, float]:
    """One state as a checkpoint row."""
    seen = np.zeros(kernel.OBSERVED)
    kernel.observe(state, time_s, earth, seen)
    row = {"time_s": time_s}
    for (column, unit), number in zip(COLUMNS.items(), seen, strict=True):
        row[column] = math.degrees(number) if unit == "deg" else float(number)
    return row


def run_case(spec: CaseSpec, base_dir: Path | str = ".") -> CaseResult:
    """Fly a check case and compare every figure of its checkpoints."""
    points = spec.checkpoints
    trajectory = fly_case(spec, points.times_s, base_dir)
    checks = [
        Check(
            name=spec.name,
            what=f"{column} at {row['time_s']:g} s",
            source=spec.source,
            expected=figure,
            got=row[column],
            unit=COLUMNS[column],
            tolerance=points.tolerance[column],
        )
        for row, figures in zip(trajectory, points.rows, strict=True)
        for column, figure in zip(points.columns, figures, strict=True)
        if column != "time_s"
    ]
    return CaseResult(checks, trajectory)


def run_file(path: Path | str) -> CaseResult:
    """Fly the check case in a TOML file.

    Raises:
        InputError: the file is no check case; carries every problem found.
    """
    return run_case(load_case(path), Path(path).parent)


def run_all() -> list[Check]:
    """Fly every check case that ships and climb the ladder of laws and closed forms."""
    cases = [check for path in shipped_cases() for check in run_file(path).checks]
    return [*cases, *climb()]
