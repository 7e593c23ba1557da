"""A made-up site, plan and set of rules for the tests of the flight safety system.

The plan is a point mass on a closed-form path in the plane of its azimuth, so that nothing
of the simulator has a hand in it: 4 m/s^2 up along a pitch that falls at a constant rate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange._spec import validate
from downrange.earth.build import build_earth
from downrange.earth.kernel.geodesy import ecef_from_geodetic, ecef_from_ned
from downrange.earth.spec import SiteSpec
from downrange.safety.build import build_rules, new_memory
from downrange.safety.kernel.rules import Rules, SafetyMemory, step
from downrange.safety.spec import SafetySpec
from downrange.sensors.kernel import (
    TRACK_AXIS,
    TRACK_POSITION_M,
    TRACK_SIZE,
    TRACK_VALID,
    TRACK_VELOCITY_MPS,
)

Floats = NDArray[np.float64]
EARTH = build_earth()
PAD_DEG = (60.0, 10.0)
TICK_S = 0.02

RULES: dict[str, Any] = {
    "keep_out": "1 km",
    "period": "0.1 s",
    "latency": "0.3 s",
    "corridor": {
        "widest": "20 km",
        "narrowest": "0.5 km",
        "behind": 0.5,
        "ahead": 0.3,
        "persistence": "0.2 s",
    },
    "attitude": {"limit": "45 deg", "drift": 0.5, "shortest": "0.5 s", "longest": "4 s"},
    "arming": {"distance": "100 m", "latest": "15 s"},
    "data_loss": {"longest": "20 s"},
    "blast": {"tnt_equivalence": 0.2},
}
# A village 5 km east of the pad; the plan goes north.
SITE: dict[str, Any] = {
    "name": "Testing Point",
    "pad": {"latitude": "60 deg", "longitude": "10 deg", "altitude": "0 m"},
    "protect": [
        {"name": "village", "latitude": "60 deg", "longitude": "10.09 deg", "radius": "500 m"}
    ],
}


def spec(**changes: Any) -> SafetySpec:
    """The rules above with some sections or values replaced."""
    data = {
        key: {**RULES[key], **changes.get(key, {})} if isinstance(RULES[key], dict) else RULES[key]
        for key in RULES
    }
    return validate(SafetySpec, data | {k: v for k, v in changes.items() if isinstance(v, str)})


def site(**changes: Any) -> SiteSpec:
    """The site above with some keys replaced."""
    return validate(SiteSpec, SITE | changes)


def ascent(
    azimuth_deg: float = 0.0, seconds: float = 60.0, push: float = 1.0, clear_s: float = 8.0
) -> tuple[Floats, Floats, Floats, Floats]:
    """Times (m,), positions, velocities and nose directions (m, 3): up, then over downrange.

    Net acceleration `5 push` m/s^2 up until clear_s, then falling to 3 up and 10 downrange.
    """
    time = np.arange(0.0, seconds + TICK_S / 2.0, TICK_S)
    turning = np.clip((time - clear_s) / 30.0, 0.0, 1.0)
    up_mps2, out_mps2 = push * (5.0 - 2.0 * turning), push * 10.0 * turning
    up = np.cumsum(up_mps2) * TICK_S, np.cumsum(np.cumsum(up_mps2)) * TICK_S**2
    out = np.cumsum(out_mps2) * TICK_S, np.cumsum(np.cumsum(out_mps2)) * TICK_S**2
    azimuth = math.radians(azimuth_deg)
    axes = [
        ned_ecef(math.cos(azimuth), math.sin(azimuth), 0.0),
        ned_ecef(0.0, 0.0, -1.0),
    ]
    pad = np.array(ecef_from_geodetic(*map(math.radians, PAD_DEG), 0.0, EARTH))
    position = pad + np.outer(out[1], axes[0]) + np.outer(up[1], axes[1])
    velocity = np.outer(out[0], axes[0]) + np.outer(up[0], axes[1])
    thrust = np.outer(out_mps2, axes[0]) + np.outer(up_mps2 + 9.8, axes[1])
    return time, position, velocity, thrust / np.linalg.norm(thrust, axis=1, keepdims=True)


def ned_ecef(north: float, east: float, down: float) -> Floats:
    """Earth-fixed components of a vector at the pad."""
    return np.array(ecef_from_ned((north, east, down), *map(math.radians, PAD_DEG)))


def rules(**changes: Any) -> Rules:
    """Rules of the plan that goes north."""
    return build_rules(spec(**changes), site(), *ascent(), EARTH)


def tracking(position: Floats, velocity: Floats, axis: Floats) -> Floats:
    """A perfect tracking measurement."""
    words = np.zeros(TRACK_SIZE)
    words[TRACK_VALID] = 1.0
    words[TRACK_POSITION_M : TRACK_POSITION_M + 3] = position
    words[TRACK_VELOCITY_MPS : TRACK_VELOCITY_MPS + 3] = velocity
    words[TRACK_AXIS : TRACK_AXIS + 3] = axis
    return words


def watch(
    rules: Rules,
    flight: tuple[Floats, Floats, Floats, Floats],
    lost_s: tuple[float, float] = (math.inf, math.inf),
) -> SafetyMemory:
    """Memory after a flight has been watched to its end; tracking fails between two times."""
    memory = new_memory()
    for time_s, position, velocity, axis in zip(*flight, strict=True):
        words = tracking(position, velocity, axis)
        words[TRACK_VALID] = 0.0 if lost_s[0] <= time_s < lost_s[1] else 1.0
        step(rules, words, float(time_s), memory)
    return memory
