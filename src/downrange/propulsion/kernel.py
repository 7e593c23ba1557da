"""Engines as numbers: level transients, gimbal actuators, sums of force, moment and flow.

Vehicle frame (x forward, y right, z down). Gimbal angles (d_y, d_z) turn an engine about
+y and +z, so that its thrust points along (1, d_z, -d_y) before normalising.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Row = tuple[float, float, float, float]

# Columns of engine_state (n, STATE_SIZE).
LEVEL = 0  # propellant flow over rated flow, also vacuum thrust over rated thrust
ON = 1  # 1 while told to run, able to and fed
SINCE_S = 2  # time since ON last changed
GIMBAL_Y_RAD = 3
GIMBAL_Y_RADPS = 4
GIMBAL_Z_RAD = 5
GIMBAL_Z_RADPS = 6
MEAN_LEVEL = 7  # LEVEL averaged over the last engine_levels_step
STATE_SIZE = 8

# Indices into the sums of thrust_sums. Force at ambient pressure p is vacuum - p * area.
VACUUM_FORCE_N = 0  # 0, 1, 2
VACUUM_MOMENT_NM = 3  # 3, 4, 5: about the vehicle-frame origin
AREA_M2 = 6  # 6, 7, 8: exit area times thrust direction
AREA_MOMENT_M3 = 9  # 9, 10, 11
SUMS_SIZE = 12

# Indices into the reaction of gimbal_reaction.
REACTION_FORCE_N = 0  # 0, 1, 2
REACTION_MOMENT_NM = 3  # 3, 4, 5: about the vehicle-frame origin, own_torque included
OWN_TORQUE_NM = 6  # 6, 7: sum of moving inertia times acceleration about y and about z
REACTION_SIZE = 8

# Below this level the nozzle no longer runs full and its suction fades with the flow.
FULL_FLOW_LEVEL = 0.3
# A tank with less than this share of its load above the residual is empty.
EMPTY_FRACTION = 1e-9
# A gimbal slower than this, and as near its command, is put at rest: denormals cost 5x.
SETTLED_RADPS = 1e-12


class Engines(NamedTuple):
    """Every engine of a vehicle, lowest stage first. Arrays are (n,) unless stated."""

    n: int
    stage: Ints  # index into attached
    thrust_vac_n: Floats
    exit_area_m2: Floats
    flow_kgps: Floats  # at level 1
    throttle_min: Floats
    throttle_max: Floats
    start_delay_s: Floats  # valves to first thrust
    rise_s: Floats  # level 0 to 1; the same rate limits throttling both ways
    shutdown_delay_s: Floats
    fall_s: Floats  # level 1 to 0
    position_m: Floats  # (n, 3) gimbal point, vehicle frame
    gimballed: Floats  # (n, 2) 1 where the axis moves
    gimbal_limit_rad: Floats
    gimbal_rate_radps: Floats
    gimbal_natural_radps: Floats
    gimbal_damping: Floats
    moving_mass_kg: Floats
    moving_cg_m: Floats  # aft of the gimbal point
    moving_inertia_kgm2: Floats  # about the gimbal point
    mixture_ratio: Floats  # oxidiser over fuel, by mass
    oxidiser_tank: Ints
    fuel_tank: Ints


class Tanks(NamedTuple):
    """Every tank of a vehicle, in the order of tank_mass_kg. Arrays are (tanks,)."""

    stage: Ints
    load_kg: Floats
    residual_kg: Floats  # can't be burnt


def new_engine_state(n: int) -> Floats:
    """State of n engines before ignition, gimbals centred, (n, STATE_SIZE)."""
    return np.zeros((n, STATE_SIZE))


@njit
def ramp(level: float, target: float, full_s: float, dt_s: float) -> tuple[float, float]:
    """Level after dt_s of a ramp to target at 1 / full_s per second, and its integral in s."""
    gap = target - level
    reach_s = abs(gap) * full_s
    if dt_s < reach_s:
        end = level + math.copysign(dt_s / full_s, gap)
        return end, 0.5 * (level + end) * dt_s
    return target, 0.5 * (level + target) * reach_s + target * (dt_s - reach_s)


@njit
def is_empty(tank: int, tanks: Tanks, tank_mass_kg: Floats) -> bool:
    """Whether a tank holds nothing burnable."""
    burnable_kg = tank_mass_kg[tank] - tanks.residual_kg[tank]
    return bool(burnable_kg <= EMPTY_FRACTION * tanks.load_kg[tank])


@njit
def engine_levels_step(
    engines: Engines,
    tanks: Tanks,
    state: Floats,
    tank_mass_kg: Floats,
    on: Floats,
    throttle: Floats,
    engine_ok: Floats,
    dt_s: float,
) -> None:
    """Advance every engine's level by dt_s with commands held; any dt_s gives the same impulse.

    After ON: start_delay, then a ramp to the throttle command inside its limits. After OFF:
    shutdown_delay at the held level, then a straight fall; the tail-off from level L carries
    L^2 * fall_s / 2 * thrust. A failed or starved engine falls without the delay.
    The caller splits the step where a command changes or a tank runs dry.
    """
    for i in range(engines.n):
        able = engine_ok[i] > 0.5 and not (
            is_empty(engines.fuel_tank[i], tanks, tank_mass_kg)
            or is_empty(engines.oxidiser_tank[i], tanks, tank_mass_kg)
        )
        running = able and on[i] > 0.5
        if running != (state[i, ON] > 0.5):
            state[i, ON] = 1.0 if running else 0.0
            state[i, SINCE_S] = 0.0
        level = state[i, LEVEL]
        delay_s = 0.0
        if running:
            delay_s = engines.start_delay_s[i]
        elif able:
            delay_s = engines.shutdown_delay_s[i]
        wait_s = min(dt_s, max(0.0, delay_s - state[i, SINCE_S]))
        held_s = level * wait_s
        if running:  # valves still shut: an earlier tail-off goes on
            level, held_s = ramp(level, 0.0, engines.fall_s[i], wait_s)
        if running:
            target = min(max(throttle[i], engines.throttle_min[i]), engines.throttle_max[i])
            level, moved_s = ramp(level, target, engines.rise_s[i], dt_s - wait_s)
        else:
            level, moved_s = ramp(level, 0.0, engines.fall_s[i], dt_s - wait_s)
        state[i, LEVEL] = level
        state[i, SINCE_S] += dt_s
        state[i, MEAN_LEVEL] = (held_s + moved_s) / dt_s if dt_s > 0.0 else level


@njit
def depletion_time(tank_kg: float, residual_kg: float, flow_kgps: float) -> float:
    """Time until a tank is down to its residual at a steady outflow, s; inf without flow."""
    if flow_kgps <= 0.0:
        return math.inf
    return max(0.0, tank_kg - residual_kg) / flow_kgps


@njit
def gimbal_transition(natural_radps: float, damping: float, h_s: float) -> Row:
    """Exact (a, b, c, d) over h_s: error' = a error + b rate, rate' = c error + d rate.

    Free motion of x'' + 2 damping natural x' + natural^2 x = 0, any damping.
    """
    decay = damping * natural_radps
    square = natural_radps * natural_radps * (1.0 - damping * damping)
    split = math.sqrt(abs(square))
    if split * h_s < 1e-6:
        even, odd_s = 1.0, h_s
    elif square > 0.0:
        even, odd_s = math.cos(split * h_s), math.sin(split * h_s) / split
    else:
        even, odd_s = math.cosh(split * h_s), math.sinh(split * h_s) / split
    fade = math.exp(-decay * h_s)
    return (
        fade * (even + decay * odd_s),
        fade * odd_s,
        -fade * natural_radps * natural_radps * odd_s,
        fade * (even - decay * odd_s),
    )


@njit
def gimbal_transitions(engines: Engines, h_s: float, out: Floats) -> None:
    """gimbal_transition of every engine into out (n, 4); needed again only when h_s changes."""
    for i in range(engines.n):
        a, b, c, d = gimbal_transition(
            engines.gimbal_natural_radps[i], engines.gimbal_damping[i], h_s
        )
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = a, b, c, d


@njit
def gimbal_advance(
    angle: float,
    rate: float,
    command: float,
    transition: Row,
    rate_limit: float,
    limit: float,
    h_s: float,
) -> tuple[float, float, float]:
    """One axis over h_s by a transition row: (angle rad, rate rad/s, mean acceleration rad/s^2).

    Exact while unsaturated. At the rate limit the angle moves at that rate; at the angle
    limit it stops. The acceleration is the change of rate over h_s, so its impulse is exact.
    """
    target = min(max(command, -limit), limit)
    error = angle - target
    new_angle = target + transition[0] * error + transition[1] * rate
    new_rate = transition[2] * error + transition[3] * rate
    if abs(new_rate) < SETTLED_RADPS and abs(new_angle - target) < SETTLED_RADPS * h_s:
        return target, 0.0, -rate / h_s
    new_rate = min(max(new_rate, -rate_limit), rate_limit)
    reach = rate_limit * h_s
    new_angle = min(max(new_angle, angle - reach), angle + reach)
    if abs(new_angle) > limit:
        new_angle = math.copysign(limit, new_angle)
        if new_rate * new_angle > 0.0:
            new_rate = 0.0
    return new_angle, new_rate, (new_rate - rate) / h_s


@njit
def gimbal_step(
    angle: float,
    rate: float,
    command: float,
    natural_radps: float,
    damping: float,
    rate_limit: float,
    limit: float,
    h_s: float,
) -> tuple[float, float, float]:
    """gimbal_advance for one axis by itself, its transition computed here."""
    transition = gimbal_transition(natural_radps, damping, h_s)
    return gimbal_advance(angle, rate, command, transition, rate_limit, limit, h_s)


@njit
def gimbals_step(
    engines: Engines,
    state: Floats,
    command_rad: Floats,
    gimbal_free: Floats,
    stuck_rad: Floats,
    transitions: Floats,
    h_s: float,
    accel: Floats,
) -> None:
    """Advance every gimbal by h_s with command_rad (n, 2) held; accel (n, 2) is the mean, rad/s^2.

    A stuck engine (gimbal_free 0) holds both axes; with a number in stuck_rad its y axis is
    driven there (hard-over) through the same actuator.
    """
    for i in range(engines.n):
        rate_limit = engines.gimbal_rate_radps[i]
        limit = engines.gimbal_limit_rad[i]
        free = gimbal_free[i] > 0.5
        row = transitions[i, 0], transitions[i, 1], transitions[i, 2], transitions[i, 3]
        for axis in range(2):
            if engines.gimballed[i, axis] < 0.5:
                continue
            at = GIMBAL_Y_RAD + 2 * axis
            angle, rate = state[i, at], state[i, at + 1]
            command = command_rad[i, axis]
            if not free:
                command = stuck_rad[i] if axis == 0 else math.nan
            if math.isnan(command):
                state[i, at + 1] = 0.0
                accel[i, axis] = -rate / h_s
            else:
                state[i, at], state[i, at + 1], accel[i, axis] = gimbal_advance(
                    angle, rate, command, row, rate_limit, limit, h_s
                )


@njit
def thrust_sums(
    engines: Engines,
    state: Floats,
    gimbal_rad: Floats,
    attached: Floats,
    sums: Floats,
    flow_kgps: Floats,
) -> None:
    """Sums over the engines of attached stages: sums (SUMS_SIZE,), flow_kgps (tanks,).

    Levels are the means over the last engine_levels_step, gimbal_rad (n, 2) the mean angles
    over the same time. Thrust of one engine: level * thrust_vac - p * exit_area while its
    nozzle runs full (Sutton and Biblarz, Rocket Propulsion Elements, eq. 2-13).
    """
    sums[:] = 0.0
    flow_kgps[:] = 0.0
    for i in range(engines.n):
        level = state[i, MEAN_LEVEL]
        if level <= 0.0 or attached[engines.stage[i]] < 0.5:
            continue
        dy, dz = gimbal_rad[i, 0], gimbal_rad[i, 1]
        ux = 1.0 / math.sqrt(1.0 + dy * dy + dz * dz)
        uy, uz = dz * ux, -dy * ux
        x, y, z = engines.position_m[i, 0], engines.position_m[i, 1], engines.position_m[i, 2]
        mx, my, mz = y * uz - z * uy, z * ux - x * uz, x * uy - y * ux
        thrust = level * engines.thrust_vac_n[i]
        area = engines.exit_area_m2[i] * min(1.0, level / FULL_FLOW_LEVEL)
        for at, size in ((VACUUM_FORCE_N, thrust), (AREA_M2, area)):
            sums[at] += size * ux
            sums[at + 1] += size * uy
            sums[at + 2] += size * uz
            sums[at + 3] += size * mx
            sums[at + 4] += size * my
            sums[at + 5] += size * mz
        flow = level * engines.flow_kgps[i]
        fuel = flow / (1.0 + engines.mixture_ratio[i])
        flow_kgps[engines.fuel_tank[i]] += fuel
        flow_kgps[engines.oxidiser_tank[i]] += flow - fuel


@njit
def gimbal_reaction(engines: Engines, accel: Floats, attached: Floats, out: Floats) -> None:
    """What swinging engines do to the vehicle ("tail wags dog"), out (REACTION_SIZE,).

    accel (n, 2) rad/s^2 about y and z, relative to the vehicle. An engine of mass m with its
    CM l aft of the gimbal pushes back with -m times its CM's acceleration, (0, m l dz'',
    -m l dy''), and twists back with -(moving inertia) d''. Small angles; the vehicle's own
    acceleration acting on the swung mass is neglected.
    """
    out[:] = 0.0
    for i in range(engines.n):
        if attached[engines.stage[i]] < 0.5:
            continue
        first_moment = engines.moving_mass_kg[i] * engines.moving_cg_m[i]
        fy, fz = first_moment * accel[i, 1], -first_moment * accel[i, 0]
        torque_y = engines.moving_inertia_kgm2[i] * accel[i, 0]
        torque_z = engines.moving_inertia_kgm2[i] * accel[i, 1]
        x, y, z = engines.position_m[i, 0], engines.position_m[i, 1], engines.position_m[i, 2]
        out[1] += fy
        out[2] += fz
        out[3] += y * fz - z * fy
        out[4] += -x * fz - torque_y
        out[5] += x * fy - torque_z
        out[6] += torque_y
        out[7] += torque_z
