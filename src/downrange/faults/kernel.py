"""The fault schedule as numbers, and the health that the hardware reads from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of Faults.table.
KIND = 0
TARGET = 1  # index of engine or mode, 0 elsewhere
START_S = 2
VALUE = 3
FAULT_COLUMNS = 4

# Columns of Health.engine.
ENGINE_OK = 0
GIMBAL_FREE = 1
GIMBAL_STUCK_RAD = 2  # where a stuck gimbal goes; nan: stays
HEALTH_COLUMNS = 3

# Indices into Health.other.
IMU_OK = 0
GNSS_OK = 1
MODE_RATIO = 2  # the first mode's frequency over the assumed one; the others follow

# Values of the column KIND.
ENGINE_SHUTDOWN = 0  # target: engine
GIMBAL_STUCK = 1  # target: engine; value: angle about y, nan holds where it is
IMU_FAIL = 2
GNSS_FAIL = 3
MODE_FREQUENCY = 4  # target: bending mode; value: true over assumed frequency


class Faults(NamedTuple):
    """A schedule, one row a fault. Times count from first motion; -inf is from the start."""

    table: Floats  # (faults, FAULT_COLUMNS)

    @property
    def kind(self) -> Ints:
        """What happens."""
        return self.table[:, KIND].astype(np.int64)

    @property
    def target(self) -> Ints:
        """Index of engine or mode, 0 elsewhere."""
        return self.table[:, TARGET].astype(np.int64)

    @property
    def start_s(self) -> Floats:
        """When it sets in, s from first motion."""
        return self.table[:, START_S]

    @property
    def value(self) -> Floats:
        """How much, where the kind needs it."""
        return self.table[:, VALUE]


class Health(NamedTuple):
    """What works now; 1 is well. The hardware reads this and nothing else of a fault."""

    engine: Floats  # (engines, HEALTH_COLUMNS)
    other: Floats  # (2 + modes,)

    @property
    def engine_ok(self) -> Floats:
        """Which engines can run (engines,)."""
        return self.engine[:, ENGINE_OK]

    @property
    def gimbal_free(self) -> Floats:
        """Which engines can swing (engines,)."""
        return self.engine[:, GIMBAL_FREE]

    @property
    def gimbal_stuck_rad(self) -> Floats:
        """Where a stuck gimbal goes (engines,); nan: stays."""
        return self.engine[:, GIMBAL_STUCK_RAD]

    @property
    def imu_ok(self) -> Floats:
        """Whether the inertial unit works (1,)."""
        return self.other[IMU_OK : IMU_OK + 1]

    @property
    def gnss_ok(self) -> Floats:
        """Whether satellite navigation works (1,)."""
        return self.other[GNSS_OK : GNSS_OK + 1]

    @property
    def mode_frequency_ratio(self) -> Floats:
        """True over assumed frequency (modes,)."""
        return self.other[MODE_RATIO:]


def new_health(engines: int, modes: int) -> Health:
    """Health of a vehicle with nothing wrong."""
    health = Health(np.ones((engines, HEALTH_COLUMNS)), np.ones(MODE_RATIO + modes))
    health.engine[:, GIMBAL_STUCK_RAD] = np.nan
    return health


@njit
def health_at(faults: Faults, time_since_t0_s: float, health: Health) -> None:
    """Set health to what holds at a time (s from first motion, -inf before it), in place.

    Nothing is remembered: the same time gives the same health, and faults on one target
    multiply (frequency) or the later row wins (stuck angle).
    """
    table, engine, other = faults.table, health.engine, health.other
    if table.shape[0] == 0:
        return
    for i in range(engine.shape[0]):
        engine[i, ENGINE_OK] = engine[i, GIMBAL_FREE] = 1.0
        engine[i, GIMBAL_STUCK_RAD] = np.nan
    other[:] = 1.0
    for i in range(table.shape[0]):
        if not time_since_t0_s >= table[i, START_S]:
            continue
        kind, target = int(table[i, KIND]), int(table[i, TARGET])
        if kind == ENGINE_SHUTDOWN:
            engine[target, ENGINE_OK] = 0.0
        elif kind == GIMBAL_STUCK:
            engine[target, GIMBAL_FREE] = 0.0
            engine[target, GIMBAL_STUCK_RAD] = table[i, VALUE]
        elif kind == IMU_FAIL:
            other[IMU_OK] = 0.0
        elif kind == GNSS_FAIL:
            other[GNSS_OK] = 0.0
        elif kind == MODE_FREQUENCY:
            other[MODE_RATIO + target] *= table[i, VALUE]
