"""Aerodynamic force and moment: table look-up of a body of revolution, or check-case coefficients.

Body axes: x to the nose, y right, z down. The velocity is that of the body relative to the air.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
TenFloats = tuple[float, float, float, float, float, float, float, float, float, float]

# Aero.model
NONE = 0
BODY_OF_REVOLUTION = 1
CASE_COEFFICIENTS = 2

# Columns of Aero.table of a body of revolution
CN_POTENTIAL = 0
CN_CROSSFLOW = 1
CA = 2
CM = 3
COLUMNS = 4

# Columns of Aero.table of a check case
DRAG, LIFT, SIDE, ROLL, PITCH, YAW = 0, 1, 2, 3, 4, 5
CASE_COLUMNS = 6

# Aero.case_angle: which angle the check-case tables are read at
ALPHA_BETA = 0  # drag, lift, pitch at alpha; side, roll, yaw at beta
TOTAL_DRAG = 1  # as above, but drag at the total angle
AXISYMMETRIC = 2  # all at the total angle, lift and pitch in its plane


class Aero(NamedTuple):
    """Aerodynamic numbers of one configuration."""

    model: int
    reference_area_m2: float
    reference_length_m: float  # diameter d; the chord c of check cases
    reference_span_m: float  # b of check cases, else d
    reference_x_m: float  # station about which the moment coefficients are given
    mach: Floats  # (nM,) rising
    alpha_rad: Floats  # (nA,) even, from 0 to pi; of a check case rising, as its tables have it
    table: Floats  # (nM, nA, COLUMNS); of a check case (1, nA, CASE_COLUMNS)
    pitch_damping: float  # Cmq + Cm_alphadot = pitch_damping * (lever to damping_x_m / d)^2
    damping_x_m: float
    roll_damping: float  # Clp, on p d / (2 V)
    planform_area_m2: float  # side view, which the crossflow meets
    planform_x_m: float  # its centroid
    planform_gyration_m: float  # its radius of gyration about the centroid
    case_angle: int
    case_damping: tuple[float, float, float]  # roll, pitch, yaw, on rate * length / (2 V)
    # body axes, from the CM when that is at reference_x_m
    case_moment_centre_m: tuple[float, float, float]


@njit
def bracket(grid: Floats, x: float) -> tuple[int, float]:
    """Cell index and fraction [0, 1] of x in a rising grid; the ends are held."""
    low = 0
    high = grid.shape[0] - 1
    if high == 0 or x <= grid[0]:
        return 0, 0.0
    if x >= grid[high]:
        return high - 1, 1.0
    while high - low > 1:
        middle = (low + high) // 2
        if grid[middle] <= x:
            low = middle
        else:
            high = middle
    return low, (x - grid[low]) / (grid[high] - grid[low])


@njit
def bilinear(table: Floats, i: int, fi: float, j: int, fj: float, column: int) -> float:
    """One coefficient [-] inside cell (i, j) of the table."""
    low: float = table[i, j, column] + fj * (table[i, j + 1, column] - table[i, j, column])
    high: float = table[i + 1, j, column]
    high += fj * (table[i + 1, j + 1, column] - table[i + 1, j, column])
    return low + fi * (high - low)


@njit
def body_coefficients(
    machs: Floats, alpha_step_rad: float, table: Floats, mach: float, alpha_rad: float
) -> tuple[float, float, float, float]:
    """CN potential, CN crossflow, CA and Cm [-] at a Mach number and a total angle, bilinear."""
    i, fi = bracket(machs, mach)
    place = alpha_rad / alpha_step_rad
    j = min(int(place), table.shape[1] - 2)
    fj = min(place - j, 1.0)
    return (
        bilinear(table, i, fi, j, fj, CN_POTENTIAL),
        bilinear(table, i, fi, j, fj, CN_CROSSFLOW),
        bilinear(table, i, fi, j, fj, CA),
        bilinear(table, i, fi, j, fj, CM),
    )


@njit
def damping_moment(
    aero: Aero,
    speed_mps: float,
    along_mps: float,
    across_mps: tuple[float, float, float],
    rates_body: tuple[float, float, float],
    density_kgpm3: float,
    crossflow: float,
    x_cm_m: float,
) -> tuple[float, float, float]:
    """Damping moment [N m] of a body of revolution about its CM.

    Along the body: slender-body momentum, -rho |vx| A_b lever^2 per unit rate (Nielsen, Missile
    Aerodynamics, ch. 10, Cmq + Cm_alphadot). Across it: strips of crossflow drag linearised in the
    rate, -rho k |v_cross| integral d x^2 dx, half of it out of the crossflow plane. `crossflow` is
    k = eta Cdn. Neglects the force due to the rate, and the terms in rate squared. The velocity
    against the air comes as its size, along the body, and across it as size and direction (y, z).
    """
    cross, uy, uz = across_mps
    p, q, r = rates_body
    area_m2 = aero.reference_area_m2
    lever_m = x_cm_m - aero.damping_x_m
    along = 0.25 * density_kgpm3 * abs(along_mps) * area_m2 * aero.pitch_damping * lever_m * lever_m
    offset_m = aero.planform_x_m - x_cm_m
    second_m4 = aero.planform_area_m2 * (aero.planform_gyration_m**2 + offset_m * offset_m)
    across = -0.5 * density_kgpm3 * crossflow * cross * second_m4
    ey, ez = uz, -uy
    in_plane = q * ey + r * ez
    roll = 0.25 * density_kgpm3 * speed_mps * area_m2 * aero.reference_length_m**2
    roll *= aero.roll_damping * p
    both = along + across
    return roll, both * q + across * in_plane * ey, both * r + across * in_plane * ez


@njit
def case_coefficient(table: Floats, cell: int, fraction: float, column: int) -> float:
    """One check-case coefficient [-] between two angles."""
    low: float = table[0, cell, column]
    high: float = table[0, min(cell + 1, table.shape[1] - 1), column]
    return low + fraction * (high - low)


@njit
def case_force_moment(
    aero: Aero,
    v_air_body: tuple[float, float, float],
    rates_body: tuple[float, float, float],
    density_kgpm3: float,
    x_cm_m: float,
) -> TenFloats:
    """Force [N] and moment about the CM [N m] from check-case coefficients.

    Drag against the air velocity, lift perpendicular to it in the body x-z plane, side force along
    body y (NASA/TM-2015-218675 models); alpha = atan2(vz, vx), beta = asin(vy / V).
    """
    vx, vy, vz = v_air_body
    p, q, r = rates_body
    angles, table = aero.alpha_rad, aero.table
    cross = math.hypot(vy, vz)
    speed = math.hypot(vx, cross)
    total_rad = math.atan2(cross, vx)
    plane = math.hypot(vx, vz)
    up_x = vz / plane if plane > 0.0 else 0.0
    up_y = 0.0
    up_z = -vx / plane if plane > 0.0 else 0.0
    axis_y = 1.0
    axis_z = 0.0
    at_alpha, f_alpha = bracket(angles, math.atan2(vz, vx))
    at_beta, f_beta = bracket(angles, math.atan2(vy, plane))
    at_drag, f_drag = at_alpha, f_alpha
    if aero.case_angle != ALPHA_BETA:
        at_drag, f_drag = bracket(angles, total_rad)
    if aero.case_angle == AXISYMMETRIC:
        at_alpha, f_alpha = at_drag, f_drag
        axis_y = vz / cross if cross > 0.0 else 0.0
        axis_z = -vy / cross if cross > 0.0 else 0.0
        up_x = cross / speed if speed > 0.0 else 0.0
        up_y = vx * axis_z / speed if speed > 0.0 else 0.0
        up_z = -vx * axis_y / speed if speed > 0.0 else 0.0
    qbar_pa = 0.5 * density_kgpm3 * speed * speed
    area_n = qbar_pa * aero.reference_area_m2
    drag_over_speed = 0.5 * density_kgpm3 * speed * aero.reference_area_m2
    drag_over_speed *= case_coefficient(table, at_drag, f_drag, DRAG)
    lift_n = area_n * case_coefficient(table, at_alpha, f_alpha, LIFT)
    side_n = area_n * case_coefficient(table, at_beta, f_beta, SIDE)
    fx = -drag_over_speed * vx + lift_n * up_x
    fy = -drag_over_speed * vy + lift_n * up_y + side_n
    fz = -drag_over_speed * vz + lift_n * up_z
    span_m = aero.reference_span_m
    chord_m = aero.reference_length_m
    # q S L * rate L / (2 V), written without the division by V
    rate_n = 0.25 * density_kgpm3 * speed * aero.reference_area_m2
    damping = aero.case_damping
    mx = area_n * span_m * case_coefficient(table, at_beta, f_beta, ROLL)
    mx += rate_n * span_m * span_m * damping[0] * p
    pitch_nm = area_n * chord_m * case_coefficient(table, at_alpha, f_alpha, PITCH)
    yaw_nm = area_n * span_m * case_coefficient(table, at_beta, f_beta, YAW)
    my = pitch_nm * axis_y + rate_n * chord_m * chord_m * damping[1] * q
    mz = pitch_nm * axis_z + yaw_nm + rate_n * span_m * span_m * damping[2] * r
    arm_x = aero.case_moment_centre_m[0] + aero.reference_x_m - x_cm_m
    arm_y = aero.case_moment_centre_m[1]
    arm_z = aero.case_moment_centre_m[2]
    mx += arm_y * fz - arm_z * fy
    my += arm_z * fx - arm_x * fz
    mz += arm_x * fy - arm_y * fx
    return fx, fy, fz, mx, my, mz, qbar_pa, total_rad, 0.0, 0.0


@njit
def aero_force_moment(
    aero: Aero,
    v_air_body: tuple[float, float, float],
    rates_body: tuple[float, float, float],
    density_kgpm3: float,
    sound_speed_mps: float,
    x_cm_m: float,
) -> TenFloats:
    """Force [N] in body axes and moment about the CM [N m] of the air on a body.

    Then dynamic pressure [Pa], total angle of attack [rad], potential and crossflow normal force
    [N], these two 0 for check-case coefficients. `v_air_body` is the velocity of the body relative
    to the air, `rates_body` what damping acts against (inertial rates will do: the Earth's is
    negligible). Finite at rest.
    """
    vx, vy, vz = v_air_body
    cross2 = vy * vy + vz * vz
    speed2 = vx * vx + cross2
    cross = math.sqrt(cross2)
    alpha_rad = math.atan2(cross, vx)
    qbar_pa = 0.5 * density_kgpm3 * speed2
    if aero.model == NONE or density_kgpm3 <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, qbar_pa, alpha_rad, 0.0, 0.0
    if aero.model == CASE_COEFFICIENTS:
        return case_force_moment(aero, v_air_body, rates_body, density_kgpm3, x_cm_m)
    speed = math.sqrt(speed2)
    step_rad = math.pi / (aero.table.shape[1] - 1)
    cn_potential, cn_crossflow, ca, cm = body_coefficients(
        aero.mach, step_rad, aero.table, speed / sound_speed_mps, alpha_rad
    )
    area_n = qbar_pa * aero.reference_area_m2
    over = 1.0 / cross if cross > 1e-300 else 0.0
    uy, uz = vy * over, vz * over
    fy = -(cn_potential + cn_crossflow) * area_n * uy
    fz = -(cn_potential + cn_crossflow) * area_n * uz
    # Inside the first cell the table is linear in alpha where sin^2 is not: hold its divisor.
    sine2 = max(cross2 / max(speed2, 1e-300), step_rad * step_rad)
    k = cn_crossflow * aero.reference_area_m2 / (aero.planform_area_m2 * sine2)
    mx, my, mz = damping_moment(
        aero, speed, vx, (cross, uy, uz), rates_body, density_kgpm3, k, x_cm_m
    )
    pitch_nm = cm * area_n * aero.reference_length_m
    arm_m = aero.reference_x_m - x_cm_m
    my += pitch_nm * uz - arm_m * fz
    mz += arm_m * fy - pitch_nm * uy
    force_n = (-ca * area_n, fy, fz)
    return *force_n, mx, my, mz, qbar_pa, alpha_rad, cn_potential * area_n, cn_crossflow * area_n
