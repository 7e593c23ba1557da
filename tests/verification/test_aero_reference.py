"""Force along whole trajectories of NASA's check cases, where their data are at hand."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from downrange.aero.build import build_case_aero
from downrange.aero.kernel import aero_force_moment
from downrange.aero.spec import CaseAeroSpec

FT, LBF, SLUG = 0.3048, 4.44822, 14.5939
STILL = (0.0, 0.0, 0.0)
SPHERE = CaseAeroSpec(reference_area="0.1963495 ft^2", drag=0.1)
ANGLES = [f"{angle} deg" for angle in range(-10, 11, 2)]
LIFT = [-1.6, -1.0, -0.73, -0.49, -0.24, 0.0, 0.24, 0.49, 0.73, 1.0, 1.6]
TWO_STAGE = CaseAeroSpec(
    reference_area="7.0685835 m^2",  # SIM 6 flew the circle of 3 m where the model says 7
    reference_span="3 m",
    reference_chord="3 m",
    lift={"alpha": ANGLES, "value": LIFT},
    drag={
        "alpha": ANGLES,
        "value": [0.48, 0.38, 0.31, 0.25, 0.23, 0.21, 0.23, 0.25, 0.31, 0.38, 0.48],
    },
    side={"beta": ANGLES, "value": LIFT[::-1]},
)


def rows(folder: Path, case: str, sim: str) -> list[dict[str, float]]:
    path = folder / "nesc" / f"case_{case}" / f"Atmos_{case}_sim_{sim}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [{key: float(text) for key, text in row.items()} for row in csv.DictReader(file)]


def air_velocity_mps(row: dict[str, float]) -> tuple[float, float, float]:
    """Earth-relative velocity in body axes: 3-2-1 from north, east, down."""
    yaw, pitch, roll = (
        math.radians(row[f"eulerAngle_deg_{axis}"]) for axis in ("Yaw", "Pitch", "Roll")
    )
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin))
    matrix = np.array([
        [cp * cy, cp * sy, -sp],
        [sr * sp * cy - cr * sy, sr * sp * sy + cr * cy, sr * cp],
        [cr * sp * cy + sr * sy, cr * sp * sy - sr * cy, cr * cp],
    ])  # fmt: skip
    ned = np.array([row[f"feVelocity_ft_s_{axis}"] for axis in "XYZ"]) * FT
    x, y, z = matrix @ ned
    return float(x), float(y), float(z)


@pytest.mark.parametrize(
    ("case", "sim", "spec", "worst"),
    [("06", "05", SPHERE, 1e-4), ("09", "05", SPHERE, 1e-4), ("17", "06", TWO_STAGE, 1e-3)],
)
def test_force_along_a_trajectory(
    reference_data: Path, case: str, sim: str, spec: CaseAeroSpec, worst: float
) -> None:
    """Every row with air enough to feel: the force is within `worst` of its size."""
    aero = build_case_aero(spec)
    compared = 0
    for row in rows(reference_data, case, sim):
        expected = np.array([row[f"aero_bodyForce_lbf_{axis}"] for axis in "XYZ"]) * LBF
        size = float(np.linalg.norm(expected))
        if size < 1.0:
            continue
        density = row["airDensity_slug_ft3"] * SLUG / FT**3
        found = aero_force_moment(aero, air_velocity_mps(row), STILL, density, 300.0, 0.0)
        assert np.array(found[:3]) == pytest.approx(expected, abs=worst * size), row["time"]
        compared += 1
    assert compared > 200
