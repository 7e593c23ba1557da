"""Six degrees of freedom of one rigid body of changing mass over the rotating Earth.

State (19 floats): position and velocity in the inertial frame, attitude
`attitude_body_from_eci` (scalar first), inertial body rates, then two quadratures that the
inertial unit reads: the integrals of specific force and of rate along body axes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.aero.kernel import Aero, aero_force_moment
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.frames import Vector, quat_derivative, quat_rotate, quat_unrotate
from downrange.earth.kernel.geodesy import (
    Earth,
    level_axes,
    turned_from_ned,
    velocity_relative_eci,
)
from downrange.earth.kernel.gravity import gravity_eci
from downrange.earth.kernel.wind import Wind, wind_ned

Floats = NDArray[np.float64]
FourFloats = tuple[float, float, float, float]
SixFloats = tuple[float, float, float, float, float, float]
# Sine and cosine of the latitude, altitude, density, pressure, speed of sound; dynamic pressure,
# angle of attack, lift at nose and across; velocity against the air (body) and Earth (inertial).
Seen = tuple[SixFloats, FourFloats, Vector, Vector]
# Force and moment of the air on the body, body axes; gravity, inertial; pressure of the air.
Met = tuple[SixFloats, Vector, float]
TURN = 2.0 * np.pi

# Slices of the state.
POSITION_ECI_M = 0
VELOCITY_ECI_MPS = 3
ATTITUDE_BODY_FROM_ECI = 6
RATE_BODY_RADPS = 10
SPECIFIC_FORCE_INTEGRAL_MPS = 13
RATE_INTEGRAL_RAD = 16
STATE_SIZE = 19

# Loads: what acts on the body during one segment. Rates hold over the segment.
MASS_KG = 0
CM_X_M = 1
INERTIA_KGM2 = 2  # xx, yy, zz, xy, xz, yz; products are the integrals of xy dm
LOADS_LEVELS = 8  # the entries above change linearly; their rates follow
LOADS_RATES = 8
FORCE_VACUUM_N = 16  # thrust in vacuum, body axes
MOMENT_VACUUM_NM = 19  # of the above about the vehicle-frame origin
FORCE_AREA_M2 = 22  # thrust lost per pascal of ambient pressure, body axes
MOMENT_AREA_M3 = 25
INERTIA_RATE_FACTOR = 28  # share of dI/dt * rate that resists rotation (1 is the control volume)
JET_DAMPING_KGM2PS = 29  # xx, yy, zz: angular momentum that leaves with the jet, per rate
MOMENT_PURE_NM = 32  # body axes, about the centre of mass
TURBULENCE_NED_MPS = 35
LOADS_SIZE = 38

# Aux: what the derivative learns on the way.
AUX_LATITUDE_RAD = 0
AUX_LONGITUDE_RAD = 1
AUX_ALTITUDE_M = 2
AUX_DENSITY_KGPM3 = 3
AUX_PRESSURE_PA = 4
AUX_SOUND_SPEED_MPS = 5
AUX_AIRSPEED_MPS = 6
AUX_DYNAMIC_PRESSURE_PA = 7
AUX_ALPHA_TOTAL_RAD = 8
AUX_SPECIFIC_FORCE_MPS2 = 9  # three, body axes
AUX_LIFT_NOSE_N = 12  # potential normal force, then its crossflow part, then direction y, z
AUX_AIR_BODY_MPS = 16  # velocity relative to the air, body axes, three
AUX_RATE_DERIVATIVE = 19  # angular acceleration, three
AUX_SPEED_MPS = 22  # relative to the rotating Earth
AUX_SIZE = 23

# Rows of the scratch of a step.
SLOPE, PROBE, TOTAL, MET, SPARE = 0, 1, 2, 3, 4


class Surroundings(NamedTuple):
    """Where a body flies: the Earth, the wind over it, and the body's own aerodynamics."""

    earth: Earth
    wind: Wind
    aero: Aero


@njit
def angular_acceleration(
    inertia: SixFloats,
    rate: Vector,
    moment: Vector,
    damping: Vector,
) -> Vector:
    """Angular acceleration (rad/s^2) from Euler's equation with a full inertia tensor.

    inertia: (xx, yy, zz, xy, xz, yz), products as integrals of xy dm (kg m^2);
    damping: diagonal terms of what resists rotation in a body of changing mass (kg m^2/s).
    """
    ixx, iyy, izz, ixy, ixz, iyz = inertia
    p, q, r = rate
    hx = ixx * p - ixy * q - ixz * r
    hy = -ixy * p + iyy * q - iyz * r
    hz = -ixz * p - iyz * q + izz * r
    mx = moment[0] - (q * hz - r * hy) - damping[0] * p
    my = moment[1] - (r * hx - p * hz) - damping[1] * q
    mz = moment[2] - (p * hy - q * hx) - damping[2] * r
    # Cofactors of the symmetric tensor with off-diagonal terms -ixy, -ixz, -iyz.
    cxx = iyy * izz - iyz * iyz
    cxy = ixy * izz + ixz * iyz
    cxz = ixy * iyz + ixz * iyy
    cyy = ixx * izz - ixz * ixz
    cyz = ixx * iyz + ixy * ixz
    czz = ixx * iyy - ixy * ixy
    over = 1.0 / (ixx * cxx - ixy * cxy - ixz * cxz)
    return (
        (cxx * mx + cxy * my + cxz * mz) * over,
        (cxy * mx + cyy * my + cyz * mz) * over,
        (cxz * mx + cyz * my + czz * mz) * over,
    )


@inner
def meet(state: Floats, elapsed_s: float, loads: Floats, around: Surroundings) -> tuple[Met, Seen]:
    """What gravity and the air do to a body in a state, and what it sees there of both."""
    earth = around.earth
    r = (state[0], state[1], state[2])
    v = (state[3], state[4], state[5])
    q = (state[6], state[7], state[8], state[9])
    rate = (state[10], state[11], state[12])
    # Latitude and altitude don't turn with the Earth; only the longitude does.
    sin_lat, cos_lat, sin_lon, cos_lon, altitude = level_axes(r, earth)
    density, pressure, _, sound_speed = air(altitude, earth)
    north, east, down = wind_ned(altitude, around.wind)
    blown = (north + loads[35], east + loads[36], down + loads[37])
    wind_eci = turned_from_ned(blown, sin_lat, cos_lat, sin_lon, cos_lon)
    v_rel = velocity_relative_eci(r, v, earth)
    v_air = quat_rotate(q, (v_rel[0] - wind_eci[0], v_rel[1] - wind_eci[1], v_rel[2] - wind_eci[2]))
    x_cm = loads[1] + loads[9] * elapsed_s
    fx, fy, fz, mx, my, mz, qbar, alpha, lift_nose, lift_cross = aero_force_moment(
        around.aero, v_air, rate, density, sound_speed, x_cm
    )
    met = ((fx, fy, fz, mx, my, mz), gravity_eci(r, earth), pressure)
    place = (sin_lat, cos_lat, altitude, density, pressure, sound_speed)
    return met, (place, (qbar, alpha, lift_nose, lift_cross), v_air, v_rel)


@inner
def respond(state: Floats, elapsed_s: float, loads: Floats, met: Met, out: Floats) -> None:
    """The derivative into out (19,): what was met, with thrust, on the mass as it is."""
    (fx, fy, fz, mx, my, mz), gravity, pressure = met
    q = (state[6], state[7], state[8], state[9])
    rate = (state[10], state[11], state[12])
    per_kg = 1.0 / (loads[0] + loads[8] * elapsed_s)
    x_cm = loads[1] + loads[9] * elapsed_s
    tx = loads[16] - pressure * loads[22]
    ty = loads[17] - pressure * loads[23]
    tz = loads[18] - pressure * loads[24]
    # Moments of thrust move from the vehicle-frame origin to the centre of mass on the x axis.
    mx += loads[19] - pressure * loads[25] + loads[32]
    my += loads[20] - pressure * loads[26] + x_cm * tz + loads[33]
    mz += loads[21] - pressure * loads[27] - x_cm * ty + loads[34]
    specific = ((fx + tx) * per_kg, (fy + ty) * per_kg, (fz + tz) * per_kg)
    push = quat_unrotate(q, specific)
    inertia = (
        loads[2] + loads[10] * elapsed_s,
        loads[3] + loads[11] * elapsed_s,
        loads[4] + loads[12] * elapsed_s,
        loads[5] + loads[13] * elapsed_s,
        loads[6] + loads[14] * elapsed_s,
        loads[7] + loads[15] * elapsed_s,
    )
    damping = (
        loads[28] * loads[10] + loads[29],
        loads[28] * loads[11] + loads[30],
        loads[28] * loads[12] + loads[31],
    )
    # The same of the products; the tensor's terms are minus those.
    share, (p, q_y, r_z) = loads[28], rate
    mx += share * (loads[13] * q_y + loads[14] * r_z)
    my += share * (loads[13] * p + loads[15] * r_z)
    mz += share * (loads[14] * p + loads[15] * q_y)
    turn = angular_acceleration(inertia, rate, (mx, my, mz), damping)
    out[0], out[1], out[2] = state[3], state[4], state[5]
    out[3] = gravity[0] + push[0]
    out[4] = gravity[1] + push[1]
    out[5] = gravity[2] + push[2]
    out[6], out[7], out[8], out[9] = quat_derivative(q, rate)
    out[10], out[11], out[12] = turn
    out[13], out[14], out[15] = specific
    out[16], out[17], out[18] = rate


@inner
def learn(
    state: Floats, time_s: float, rotation_radps: float, seen: Seen, out: Floats, aux: Floats
) -> None:
    """What was seen at a state, and `respond` wrote into out (19,), into aux (23,)."""
    (sin_lat, cos_lat, altitude, density, pressure, sound_speed), of_air, v_air, v_rel = seen
    lon = math.atan2(state[1], state[0]) - rotation_radps * time_s
    aux[0], aux[1] = math.atan2(sin_lat, cos_lat), lon - TURN * np.floor(lon / TURN + 0.5)
    aux[2], aux[3], aux[4], aux[5] = altitude, density, pressure, sound_speed
    aux[6] = np.sqrt(v_air[0] ** 2 + v_air[1] ** 2 + v_air[2] ** 2)
    aux[7], aux[8], aux[12], aux[13] = of_air
    aux[9], aux[10], aux[11] = out[13], out[14], out[15]
    side = np.sqrt(v_air[1] ** 2 + v_air[2] ** 2) + 1e-12
    aux[14], aux[15] = -v_air[1] / side, -v_air[2] / side
    aux[16], aux[17], aux[18] = v_air
    aux[19], aux[20], aux[21] = out[10], out[11], out[12]
    aux[22] = np.sqrt(v_rel[0] ** 2 + v_rel[1] ** 2 + v_rel[2] ** 2)


@njit
def derivative(
    state: Floats,
    time_s: float,
    elapsed_s: float,
    loads: Floats,
    around: Surroundings,
    out: Floats,
    aux: Floats,
) -> None:
    """Time derivative of the state.

    time_s: since the inertial and Earth-fixed frames coincided; elapsed_s: since the start of
    the segment that `loads` describes; out (19,) and aux (23,) are overwritten.
    """
    met, seen = meet(state, elapsed_s, loads, around)
    respond(state, elapsed_s, loads, met, out)
    learn(state, time_s, around.earth.rotation_radps, seen, out, aux)


@njit
def look_around(
    state: Floats, time_s: float, loads: Floats, around: Surroundings, work: Floats, aux: Floats
) -> None:
    """`derivative` at the start of a step: work keeps what was met there, for `rk4_from`."""
    met, seen = meet(state, 0.0, loads, around)
    respond(state, 0.0, loads, met, work[SLOPE])
    learn(state, time_s, around.earth.rotation_radps, seen, work[SLOPE], aux)
    kept = work[MET]
    for i in range(6):
        kept[i] = met[0][i]
    kept[6], kept[7], kept[8] = met[1]
    kept[9] = met[2]


@inner
def rk4_from(state: Floats, h_s: float, loads: Floats, around: Surroundings, work: Floats) -> None:
    """`rk4_step` from a state at which `look_around` was called.

    Only thrust may have changed in the loads since: gravity and air are taken as met there.
    """
    change, probe, total, kept = work[SLOPE], work[PROBE], work[TOTAL], work[MET]
    force = (kept[0], kept[1], kept[2], kept[3], kept[4], kept[5])
    respond(state, 0.0, loads, (force, (kept[6], kept[7], kept[8]), kept[9]), change)
    for i in range(STATE_SIZE):
        total[i] = h_s / 6.0 * change[i]
        probe[i] = state[i] + 0.5 * h_s * change[i]
    for stage in range(1, 4):
        ahead = h_s if stage == 3 else 0.5 * h_s
        weight = h_s / 6.0 if stage == 3 else h_s / 3.0
        to_next = h_s if stage == 2 else 0.5 * h_s
        met, _ = meet(probe, ahead, loads, around)
        respond(probe, ahead, loads, met, change)
        for i in range(STATE_SIZE):
            total[i] += weight * change[i]
            probe[i] = state[i] + to_next * change[i]
    for i in range(STATE_SIZE):
        state[i] += total[i]
    size = np.sqrt(state[6] ** 2 + state[7] ** 2 + state[8] ** 2 + state[9] ** 2)
    for i in range(6, 10):
        state[i] /= size


@njit
def rk4_step(
    state: Floats,
    time_s: float,
    h_s: float,
    loads: Floats,
    around: Surroundings,
    work: Floats,
    aux: Floats,
) -> None:
    """Advance the state in place by one classical Runge-Kutta step of h_s seconds.

    work: scratch of `new_work`. aux keeps what the first stage saw: the start of the step.
    The attitude is normalised afterwards.
    """
    look_around(state, time_s, loads, around, work, aux)
    rk4_from(state, h_s, loads, around, work)


def new_work() -> Floats:
    """Scratch that `rk4_step` needs, and a row to spare: (5, 23)."""
    return np.zeros((SPARE + 1, AUX_SIZE))
