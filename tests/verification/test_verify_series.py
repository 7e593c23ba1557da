"""Whole trajectories of NASA's simulations, from the raw reference data."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from downrange.verify import fly_case, load_case, shipped_cases

FOOT_M = 0.3048
FEET, DEGREES = 1.0 / FOOT_M, math.degrees(1.0)

# Column of the simulations -> ours, and the factor to their unit.
COLUMNS = {
    "altitudeMsl_ft": ("altitude_m", FEET),
    "feVelocity_ft_s_X": ("velocity_north_mps", FEET),
    "feVelocity_ft_s_Y": ("velocity_east_mps", FEET),
    "feVelocity_ft_s_Z": ("velocity_down_mps", FEET),
    "longitude_deg": ("longitude_deg", 1.0),
    "latitude_deg": ("latitude_deg", 1.0),
    "eulerAngle_deg_Roll": ("roll_deg", 1.0),
    "eulerAngle_deg_Pitch": ("pitch_deg", 1.0),
    "eulerAngle_deg_Yaw": ("yaw_deg", 1.0),
    "bodyAngularRateWrtEi_deg_s_Roll": ("p_radps", DEGREES),
    "bodyAngularRateWrtEi_deg_s_Pitch": ("q_radps", DEGREES),
    "bodyAngularRateWrtEi_deg_s_Yaw": ("r_radps", DEGREES),
}
# Gates: feet, feet and degrees a second, degrees.
GATES = {"ft": 0.02, "ft_s": 0.002, "deg": 0.02, "deg_s": 0.005, "place_deg": 1e-6}
CANNON = GATES | {"ft": 0.1}
ROCKET = {"ft": 10.0 / FOOT_M, "ft_s": 0.3 / FOOT_M, "deg": 0.01, "deg_s": 1e-3, "place_deg": 1e-3}

SERIES = [
    *((case, sim, GATES) for case in ("01", "02", "05", "06") for sim in ("04", "05", "06")),
    *(("09", sim, CANNON) for sim in ("04", "05")),
    *(("17", f"{sim}_checkpoints", ROCKET) for sim in ("04", "05")),
]


def series(folder: Path, case: str, sim: str) -> pd.DataFrame:
    """One simulation's trajectory, its times rising."""
    (file,) = (folder / "nesc" / f"case_{case}").glob(f"Atmos_{case}_sim_{sim}.csv*")
    return pd.read_csv(file).drop_duplicates("time").sort_values("time")


def gate(column: str, gates: dict[str, float]) -> float:
    if column in ("longitude_deg", "latitude_deg"):
        return gates["place_deg"]
    unit = next(unit for unit in ("ft_s", "deg_s", "ft", "deg") if f"_{unit}" in column)
    return gates[unit]


@pytest.mark.parametrize(("case", "sim", "gates"), SERIES)
def test_whole_series(reference_data: Path, case: str, sim: str, gates: dict[str, float]) -> None:
    theirs = series(reference_data, case, sim)
    spec = load_case(next(path for path in shipped_cases() if path.stem == f"nasa_{case}"))
    theirs = theirs[theirs.time <= spec.duration.si]
    ours = pd.DataFrame(fly_case(spec, theirs.time.tolist()))
    for column, (name, factor) in COLUMNS.items():
        apart = ours[name].to_numpy() * factor - theirs[column].to_numpy()
        if "deg" in column and "deg_s" not in column:
            apart = (apart + 180.0) % 360.0 - 180.0
        assert abs(apart).max() < gate(column, gates), (column, abs(apart).max())
