"""What the flight software counts on in each engine."""

from __future__ import annotations

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector
from downrange.gnc.kernel.data import ENGINE_X_M, EXIT_AREA_M2, THRUST_VAC_N, Floats

AVAILABLE_FRACTION = 0.5  # chamber fraction from which an engine's thrust is counted on


@njit
def engine_thrust(engines: Floats, e: int, chamber: float, pressure_pa: float) -> float:
    """Thrust in N of an engine by its chamber fraction; 0 where it is not to be counted on."""
    if not chamber > AVAILABLE_FRACTION:
        return 0.0
    return chamber * float(engines[e, THRUST_VAC_N]) - pressure_pa * float(engines[e, EXIT_AREA_M2])


@njit
def smooth_chambers(tick_share: float, measured: Floats, chamber: Floats) -> None:
    """Low-pass measured chamber fractions (engines,) into `chamber`.

    A tick is `tick_share` of the time constant, 1: as measured. So is an engine that is not to be
    counted on: that it goes or comes shows at once.
    """
    for e in range(chamber.shape[0]):
        now, old = measured[e], chamber[e]
        if tick_share < 1.0 and now > AVAILABLE_FRACTION and old > AVAILABLE_FRACTION:
            now = old + tick_share * (now - old)
        chamber[e] = now


@njit
def engine_place(engines: Floats, e: int) -> Vector:
    """Gimbal point in m, vehicle frame."""
    return (engines[e, ENGINE_X_M], engines[e, ENGINE_X_M + 1], engines[e, ENGINE_X_M + 2])
