"""The way of a body that nobody steers: no thrust, mass as it is, steps as long as they may be.

Dormand and Prince's pair of order 5(4), Journal of Computational and Applied Mathematics 6
(1980), with the step chosen by the error of the lower order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.dynamics.kernel.rigid import (
    AUX_ALTITUDE_M,
    AUX_DYNAMIC_PRESSURE_PA,
    AUX_SIZE,
    Surroundings,
    derivative,
)
from downrange.earth.kernel.frames import quat_unrotate
from downrange.earth.kernel.geodesy import Earth, ecef_from_eci, geodetic, ned_from_ecef

Floats = NDArray[np.float64]

FREE_SIZE = 13  # of the state: the quadratures of the inertial unit are left out
# Columns of a row: time, state, aux.
FALL_AUX = 1 + FREE_SIZE
FALL_COLUMNS = FALL_AUX + AUX_SIZE
STAGES = 7
PROBE, SEEN, WORK_ROWS = STAGES, STAGES + 1, STAGES + 2  # rows of the scratch behind the slopes
SHORTEST_S, LONGEST_S = 1e-4, 10.0
TURN_RAD = 0.02  # most of a turn in a step, in air that turns it: coefficients have kinks
TURNED_BY_PA = 1.0  # from which the air does
TOUCH_M = 1e-3  # to which contact with the ground is located

# How it ended.
STILL_FALLING, GROUNDED, NO_ROOM, NOT_A_NUMBER = 0, 1, 2, 3

# Error allowed in a step: position m, velocity m/s, attitude, rate rad/s.
ALLOWED = np.array([0.01] * 3 + [1e-3] * 3 + [1e-6] * 4 + [1e-6] * 3)
NODE = np.array([0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0])
WEIGHTS = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1 / 5, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3 / 40, 9 / 40, 0.0, 0.0, 0.0, 0.0],
    [44 / 45, -56 / 15, 32 / 9, 0.0, 0.0, 0.0],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0.0, 0.0],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0.0],
    [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
])  # fmt: skip
ERROR = np.array([
    71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40,
])  # fmt: skip


@njit
def lowest_m(x: Floats, time_s: float, cm_m: float, aft_m: float, fore_m: float,
             earth: Earth) -> float:  # fmt: skip
    """Altitude of the lower of the body's two ends; aft, fore and CM are stations on its axis."""
    lat, lon, altitude = geodetic(ecef_from_eci((x[0], x[1], x[2]), time_s, earth), earth)
    nose = quat_unrotate((x[6], x[7], x[8], x[9]), (1.0, 0.0, 0.0))
    up = -ned_from_ecef(ecef_from_eci(nose, time_s, earth), lat, lon)[2]
    return altitude + min((aft_m - cm_m) * up, (fore_m - cm_m) * up)


@njit
def step_of(x: Floats, time_s: float, h_s: float, loads: Floats, around: Surroundings,
            work: Floats) -> float:  # fmt: skip
    """A step from x, whose end is left in work[PROBE], with its aux; its error over the allowed."""
    probe, aux = work[PROBE], work[SEEN]
    for stage in range(STAGES):
        for i in range(FREE_SIZE):
            moved = 0.0
            for k in range(stage):
                moved += WEIGHTS[stage, k] * work[k, i]
            probe[i] = x[i] + h_s * moved
        derivative(probe, time_s + NODE[stage] * h_s, 0.0, loads, around, work[stage], aux)
    worst = 0.0
    for i in range(FREE_SIZE):
        off = 0.0
        for k in range(STAGES):
            off += ERROR[k] * work[k, i]
        over = abs(h_s * off) / ALLOWED[i]
        if over > worst or math.isnan(over):  # which stays: nothing is more than it
            worst = over
    return worst


@njit
def fall(
    x: Floats,
    time_s: float,
    until_s: float,
    loads: Floats,
    around: Surroundings,
    ends_m: tuple[float, float],
    ground_altitude_m: float,
    work: Floats,
    rows: Floats,
) -> tuple[int, int]:
    """Fly x (19,) from time_s to the ground or to until_s; returns (rows written, how it ended).

    `loads` as of rigid.py, steady; ends_m are the stations of the two ends; work (WORK_ROWS,
    AUX_SIZE) is scratch. A row (FALL_COLUMNS)
    is the state at the start of a step, the last one the end.
    """
    earth, cm_m = around.earth, loads[1]
    probe, aux = work[PROBE], work[SEEN]
    h_s, n, ended = 0.01, 0, STILL_FALLING
    derivative(x, time_s, 0.0, loads, around, work[0], aux)
    while True:
        if n == rows.shape[0]:
            return n, NO_ROOM
        rows[n, 0] = time_s
        for i in range(FREE_SIZE):
            rows[n, 1 + i] = x[i]
        for i in range(AUX_SIZE):
            rows[n, FALL_AUX + i] = aux[i]
        n += 1
        if ended != STILL_FALLING or time_s >= until_s:
            return n, ended
        turn_radps = math.sqrt(x[10] ** 2 + x[11] ** 2 + x[12] ** 2)
        if aux[AUX_DYNAMIC_PRESSURE_PA] > TURNED_BY_PA and turn_radps * h_s > TURN_RAD:
            h_s = TURN_RAD / turn_radps
        h_s = min(h_s, until_s - time_s)
        while True:
            error = step_of(x, time_s, h_s, loads, around, work)
            if not math.isfinite(error):
                return n, NOT_A_NUMBER
            grow = 5.0 if error == 0.0 else min(5.0, max(0.2, 0.9 * error**-0.2))
            if error > 1.0 and h_s > SHORTEST_S:
                h_s = max(SHORTEST_S, h_s * grow)
                continue
            reach = 2.0 * abs(ends_m[1] - ends_m[0])
            low_m = math.inf
            if aux[AUX_ALTITUDE_M] - ground_altitude_m < reach:
                low_m = lowest_m(probe, time_s + h_s, cm_m, ends_m[0], ends_m[1], earth)
                low_m -= ground_altitude_m
            if low_m >= -TOUCH_M:
                break
            h_s *= 0.5  # through the ground: come nearer to it
        time_s += h_s
        for i in range(FREE_SIZE):
            x[i] = probe[i]
        size = math.sqrt(x[6] ** 2 + x[7] ** 2 + x[8] ** 2 + x[9] ** 2)
        for i in range(6, 10):
            x[i] /= size
        if low_m <= TOUCH_M:
            ended = GROUNDED
        h_s = min(LONGEST_S, h_s * grow)
