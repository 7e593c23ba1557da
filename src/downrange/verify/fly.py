"""A check case flown: its state at the times asked for."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel.rigid import AUX_SIZE, new_work
from downrange.earth.kernel.geodesy import Earth
from downrange.verify import kernel
from downrange.verify.build import Layers, build_layers, segments, start_state
from downrange.verify.checkpoints import COLUMNS
from downrange.verify.spec import CaseSpec

Floats = NDArray[np.float64]


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
            rows.append(observed(state, now, earth))
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


def observed(state: Floats, time_s: float, earth: Earth) -> dict[str, float]:
    """One state as a checkpoint row."""
    seen = np.zeros(kernel.OBSERVED)
    kernel.observe(state, time_s, earth, seen)
    row = {"time_s": time_s}
    for (column, unit), number in zip(COLUMNS.items(), seen, strict=True):
        row[column] = math.degrees(number) if unit == "deg" else float(number)
    return row
