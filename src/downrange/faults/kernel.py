"""The fault schedule as numbers, and the health that the hardware reads from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Values of Faults.kind.
ENGINE_SHUTDOWN = 0  # target: engine
GIMBAL_STUCK = 1  # target: engine; value: angle about y, nan holds where it is
IMU_FAIL = 2
GNSS_FAIL = 3
MODE_FREQUENCY = 4  # target: bending mode; value: true over assumed frequency


class Faults(NamedTuple):
    """A schedule, one row a fault. Times count from first motion; -inf is from the start."""

    kind: Ints
    target: Ints  # index of engine or mode, 0 elsewhere
    start_s: Floats
    value: Floats


class Health(NamedTuple):
    """What works now; 1 is well. The hardware reads this and nothing else of a fault."""

    engine_ok: Floats  # (engines,)
    gimbal_free: Floats  # (engines,)
    gimbal_stuck_rad: Floats  # (engines,) where a stuck gimbal goes; nan: stays
    imu_ok: Floats  # (1,)
    gnss_ok: Floats  # (1,)
    mode_frequency_ratio: Floats  # (modes,)


def new_health(engines: int, modes: int) -> Health:
    """Health of a vehicle with nothing wrong."""
    return Health(
        np.ones(engines),
        np.ones(engines),
        np.full(engines, np.nan),
        np.ones(1),
        np.ones(1),
        np.ones(modes),
    )


@njit
def health_at(faults: Faults, time_since_t0_s: float, health: Health) -> None:
    """Set health to what holds at a time (s from first motion, -inf before it), in place.

    Nothing is remembered: the same time gives the same health, and faults on one target
    multiply (frequency) or the later row wins (stuck angle).
    """
    if faults.kind.size == 0:
        return
    health.engine_ok[:] = 1.0
    health.gimbal_free[:] = 1.0
    health.gimbal_stuck_rad[:] = np.nan
    health.imu_ok[0] = 1.0
    health.gnss_ok[0] = 1.0
    health.mode_frequency_ratio[:] = 1.0
    for i in range(faults.kind.size):
        if not time_since_t0_s >= faults.start_s[i]:
            continue
        kind, target = faults.kind[i], faults.target[i]
        if kind == ENGINE_SHUTDOWN:
            health.engine_ok[target] = 0.0
        elif kind == GIMBAL_STUCK:
            health.gimbal_free[target] = 0.0
            health.gimbal_stuck_rad[target] = faults.value[i]
        elif kind == IMU_FAIL:
            health.imu_ok[0] = 0.0
        elif kind == GNSS_FAIL:
            health.gnss_ok[0] = 0.0
        elif kind == MODE_FREQUENCY:
            health.mode_frequency_ratio[target] *= faults.value[i]
