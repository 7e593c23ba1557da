"""Check cases as text for the tests to bend."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

CASE = tomllib.loads("""
name = "a case"
source = "typed for a test"
duration = "20 s"
[body]
mass = "2 kg"
inertia = { xx = "0.3 kg m^2", yy = "0.4 kg m^2", zz = "0.5 kg m^2" }
[initial]
latitude_deg = 0.0
longitude_deg = 0.0
altitude = "3000 m"
velocity_ned = ["0 m/s", "0 m/s", "0 m/s"]
rates = { frame = "inertial" }
[checkpoints]
columns = ["time_s", "altitude_m"]
rows = [[5.0, 2877.0], [10.0, 2510.0]]
tolerance = { altitude_m = 10.0 }
""")


def case(**sections: Any) -> dict[str, Any]:
    """A check case with sections added or replaced."""
    return copy.deepcopy(CASE) | copy.deepcopy(sections)
