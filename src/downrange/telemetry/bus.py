"""The data bus: what a flight computer reads each tick and what it commands.

Sensors write `Measured`, flight software reads it and writes `Command`, the plant
reads that. Neither side imports the other; this layout is all that they share.
Arrays are overwritten in place each tick.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Indices into Measured.core (float64).
CLOCK_S = 0  # flight computer clock: 0 at the start of the terminal sequence
RELEASED = 1  # 1 once the hold-down has let go (umbilical break)
GYRO_RADPS = 2  # 2, 3, 4: body rates about x, y, z, mean over the last tick
ACCEL_MPS2 = 5  # 5, 6, 7: specific force along body x, y, z, mean over the last tick
IMU_VALID = 8  # 1 while the inertial unit answers
GNSS_NEW = 9  # 1 in the tick in which a fix arrives
GNSS_POSITION_M = 10  # 10, 11, 12: Earth-fixed
GNSS_VELOCITY_MPS = 13  # 13, 14, 15: Earth-relative, Earth-fixed axes
CORE_SIZE = 16


class Measured(NamedTuple):
    """What one body's flight computer is given in a tick. nan where nothing is measured."""

    core: Floats  # (CORE_SIZE,)
    chamber_fraction: Floats  # (engines,) chamber pressure over its rated value
    tank_fraction: Floats  # (tanks,) level sensor: propellant left over that loaded


class Command(NamedTuple):
    """What one body's flight computer asks for in a tick."""

    engine_on: Floats  # (engines,) 1 run, 0 shut down
    throttle: Floats  # (engines,) fraction of rated vacuum thrust
    cutoff_time_s: Floats  # (engines,) clock time of a cut-off inside the tick; inf if none
    gimbal_rad: Floats  # (engines, 2) about body y (pitch) and about body z (yaw)
    thrusters: Floats  # (3,) share of the tick that they fire about body x, y, z; sign the sense
    discrete: Floats  # (DISCRETES,) see below


# Indices into Command.discrete.
RELEASE_HOLD_DOWN = 0  # 1 lets the vehicle go
SEPARATE_STAGE = 1  # 1 + index of the stage to drop, 0 none
ABORT = 2  # 1: the sequencer calls off the launch before release
JETTISON_FAIRING = 3  # 1: the fairing goes
SLOW_TICK = 4  # 1: the flight computer's next tick is a long one
PASSIVATE = 5  # 1: what is left in the tanks is vented
DISCRETES = 6


def new_measured(engines: int, tanks: int) -> Measured:
    """Bus words before the first tick: nothing measured yet."""
    return Measured(np.full(CORE_SIZE, np.nan), np.zeros(engines), np.ones(tanks))


def new_command(engines: int) -> Command:
    """Bus words before the first tick: everything off."""
    return Command(
        np.zeros(engines),
        np.ones(engines),
        np.full(engines, np.inf),
        np.zeros((engines, 2)),
        np.zeros(3),
        np.zeros(DISCRETES),
    )
