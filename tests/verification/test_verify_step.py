"""The compiled step against the same step in plain NumPy, with every load at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference import ROTATION_RADPS
from reference_ecef import Air
from reference_step import Load, step

from downrange._spec import validate
from downrange.aero.build import build_case_aero
from downrange.aero.spec import CaseAeroSpec
from downrange.dynamics.kernel import rigid
from downrange.earth.build import build_earth, build_wind
from downrange.earth.spec import WindSpec

H_S = 0.02
SPEC = validate(CaseAeroSpec, {
    "reference_area": "3 m^2", "reference_span": "2 m", "reference_chord": "9 m",
    "moment_centre_from_cm": ["1.5 m", "0.02 m", "-0.03 m"], "angle": "alpha_beta", "drag": 0.4,
    "lift": {"alpha": ["-180 deg", "180 deg"], "value": [-3.0, 3.1]},
    "side": {"beta": ["-90 deg", "90 deg"], "value": [1.4, -1.5]},
    "roll_moment": 0.01,
    "pitch_moment": {"alpha": ["-180 deg", "180 deg"], "value": [0.4, -0.3]},
    "yaw_moment": {"beta": ["-90 deg", "90 deg"], "value": [-0.2, 0.3]},
    "damping": {"roll": -1.0, "pitch": -20.0, "yaw": -15.0},
})  # fmt: skip
AERO = Air(
    3.0, 2.0, 9.0, (1.5, 0.02, -0.03), False, ((0.0,), (0.4,)), ((-180.0, 180.0), (-3.0, 3.1)),
    ((-90.0, 90.0), (1.4, -1.5)), ((0.0,), (0.01,)), ((-180.0, 180.0), (0.4, -0.3)),
    ((-90.0, 90.0), (-0.2, 0.3)), (-1.0, -20.0, -15.0),
)  # fmt: skip


def drawn(seed: int) -> tuple[float, np.ndarray, Load]:
    """A time, a state and loads of a body that flies somewhere below 70 km."""
    rng = np.random.default_rng(seed)
    place = rng.normal(size=3)
    x = np.zeros(19)
    x[:3] = place / np.linalg.norm(place) * (6.385e6 + rng.uniform(0.0, 40e3))
    x[3:6] = np.cross([0.0, 0.0, ROTATION_RADPS], x[:3]) + rng.normal(size=3) * 400.0
    x[6:10] = rng.normal(size=4)
    x[6:10] /= np.linalg.norm(x[6:10])
    x[10:13] = rng.normal(size=3) * 0.3
    x[13:19] = rng.normal(size=6)
    root = rng.normal(size=(3, 3))
    tensor = 1e5 * (root @ root.T + 3.0 * np.eye(3))
    load = Load(
        mass_kg=3e4, cm_x_m=8.0, inertia_kgm2=tensor, mass_rate=-250.0, cm_x_rate=0.03,
        inertia_rate=np.diag(rng.uniform(-4e3, -1e3, 3)),
        thrust_n=rng.normal(size=3) * [8e5, 4e4, 4e4],
        thrust_nm=rng.normal(size=3) * 1e5, area_m2=rng.normal(size=3) * [2.0, 0.1, 0.1],
        area_m3=rng.normal(size=3) * 0.5, rotation_term=0.7, jet_kgm2ps=rng.uniform(0.0, 3e4, 3),
        torque_nm=rng.normal(size=3) * 1e4, gust_ned_mps=rng.normal(size=3) * 5.0,
    )  # fmt: skip
    return float(rng.uniform(0.0, 500.0)), x, load


def words(load: Load) -> np.ndarray:
    """The same as the kernel reads it."""
    loads = np.zeros(rigid.LOADS_SIZE)

    def six(tensor: np.ndarray) -> list[float]:
        return [*np.diag(tensor), -tensor[0, 1], -tensor[0, 2], -tensor[1, 2]]

    loads[:8] = [load.mass_kg, load.cm_x_m, *six(load.inertia_kgm2)]
    loads[8:16] = [load.mass_rate, load.cm_x_rate, *six(load.inertia_rate)]
    loads[16:28] = [*load.thrust_n, *load.thrust_nm, *load.area_m2, *load.area_m3]
    loads[28:38] = [load.rotation_term, *load.jet_kgm2ps, *load.torque_nm, *load.gust_ned_mps]
    return loads


@pytest.mark.parametrize("seed", range(12))
def test_a_step_with_every_load(seed: int) -> None:
    t, x, load = drawn(seed)
    wind = validate(WindSpec, {"model": "steady", "from_deg": 200.0, "speed": "17 m/s"})
    around = rigid.Surroundings(build_earth(), build_wind(wind), build_case_aero(SPEC))
    ours = x.copy()
    rigid.rk4_step(ours, t, H_S, words(load), around, rigid.new_work(), np.zeros(rigid.AUX_SIZE))
    bearing = math.radians(20.0)
    blown = 17.0 * np.array([math.cos(bearing), math.sin(bearing), 0.0])
    load.gust_ned_mps = load.gust_ned_mps + blown
    theirs = step(t, H_S, x, load, AERO, ROTATION_RADPS)
    # What the step adds to 12 digits, but for the last of what it is added to.
    change = np.abs(theirs - x)
    apart = np.abs(ours - theirs) - 4e-16 * np.abs(x)
    assert np.all(apart <= 1e-11 * change), apart / change
