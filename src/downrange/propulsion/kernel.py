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
from downrange.faults.kernel import ENGINE_OK, GIMBAL_FREE, GIMBAL_STUCK_RAD

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
LIT = 8  # how often it was lit
STATE_SIZE = 9

# Columns of Engines.table.
ENGINE_STAGE = 0  # index into attached
THRUST_VAC_N = 1
EXIT_AREA_M2 = 2
FLOW_KGPS = 3  # at level 1
THROTTLE_MIN = 4
THROTTLE_MAX = 5
START_DELAY_S = 6  # valves to first thrust
RISE_S = 7  # level 0 to 1; the same rate limits throttling both ways
SHUTDOWN_DELAY_S = 8
FALL_S = 9  # level 1 to 0
POSITION_M = 10  # 10, 11, 12: gimbal point, vehicle frame
GIMBALLED = 13  # 13, 14: 1 where the axis moves
GIMBAL_LIMIT_RAD = 15
GIMBAL_RATE_LIMIT_RADPS = 16
GIMBAL_NATURAL_RADPS = 17
GIMBAL_DAMPING = 18
MOVING_MASS_KG = 19
MOVING_CG_M = 20  # aft of the gimbal point
MOVING_INERTIA_KGM2 = 21  # about the gimbal point
MIXTURE_RATIO = 22  # oxidiser over fuel, by mass
OXIDISER_TANK = 23
FUEL_TANK = 24
IGNITIONS = 25  # how often it can be lit
ENGINE_COLUMNS = 26

# Columns of Tanks.table.
TANK_STAGE = 0  # index into attached
LOAD_KG = 1
RESIDUAL_KG = 2  # can't be burnt
TANK_COLUMNS = 3

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

# Columns of what swinging engines do in a step: thrust across the body at its end, then the means
# of what accelerates their mass and of what turns it.
SIDE_N, PUSH_N, TORQUE_NM = 0, 1, 2
SWEPT_SIZE = 3
# Columns of what holds for a gimbal in all steps: where it goes, how fast, how far in a step and
# at all; first and second moment of the mass that swings.
AIM_RAD, AIM_RATE_RADPS, AIM_REACH_RAD, AIM_LIMIT_RAD, AIM_FIRST_KGM, AIM_SECOND_KGM2 = range(6)
AIM_SIZE = 6

# Below this level the nozzle no longer runs full and its suction fades with the flow.
FULL_FLOW_LEVEL = 0.3
# A tank with less than this share of its load above the residual is empty.
EMPTY_FRACTION = 1e-9
# A gimbal slower than this, and as near its command, is put at rest: denormals cost 5x.
SETTLED_RADPS = 1e-12


class Engines(NamedTuple):
    """Every engine of a vehicle, lowest stage first. Kernels read the table, people the names."""

    n: int
    table: Floats  # (n, ENGINE_COLUMNS)

    @property
    def stage(self) -> Ints:
        """Index into attached."""
        return self.table[:, ENGINE_STAGE].astype(np.int64)

    @property
    def thrust_vac_n(self) -> Floats:
        """Thrust in vacuum at level 1, N."""
        return self.table[:, THRUST_VAC_N]

    @property
    def exit_area_m2(self) -> Floats:
        """Nozzle exit area, m^2."""
        return self.table[:, EXIT_AREA_M2]

    @property
    def flow_kgps(self) -> Floats:
        """Propellant flow at level 1, kg/s."""
        return self.table[:, FLOW_KGPS]

    @property
    def throttle_min(self) -> Floats:
        """Lowest level that a throttle command gets."""
        return self.table[:, THROTTLE_MIN]

    @property
    def throttle_max(self) -> Floats:
        """Highest level that a throttle command gets."""
        return self.table[:, THROTTLE_MAX]

    @property
    def position_m(self) -> Floats:
        """Gimbal points (n, 3), vehicle frame, m."""
        return self.table[:, POSITION_M : POSITION_M + 3]

    @property
    def gimballed(self) -> Floats:
        """1 where the axis moves, (n, 2)."""
        return self.table[:, GIMBALLED : GIMBALLED + 2]

    @property
    def gimbal_limit_rad(self) -> Floats:
        """Largest gimbal angle, rad."""
        return self.table[:, GIMBAL_LIMIT_RAD]

    @property
    def gimbal_rate_limit_radps(self) -> Floats:
        """Largest gimbal rate, rad/s."""
        return self.table[:, GIMBAL_RATE_LIMIT_RADPS]

    @property
    def gimbal_natural_radps(self) -> Floats:
        """Actuator's natural frequency, rad/s."""
        return self.table[:, GIMBAL_NATURAL_RADPS]

    @property
    def gimbal_damping(self) -> Floats:
        """Actuator's damping ratio."""
        return self.table[:, GIMBAL_DAMPING]

    @property
    def moving_mass_kg(self) -> Floats:
        """Mass that swings, kg."""
        return self.table[:, MOVING_MASS_KG]

    @property
    def moving_cg_m(self) -> Floats:
        """Its centre, aft of the gimbal point, m."""
        return self.table[:, MOVING_CG_M]

    @property
    def moving_inertia_kgm2(self) -> Floats:
        """Its inertia about the gimbal point, kg m^2."""
        return self.table[:, MOVING_INERTIA_KGM2]

    @property
    def mixture_ratio(self) -> Floats:
        """Oxidiser over fuel, by mass."""
        return self.table[:, MIXTURE_RATIO]

    @property
    def oxidiser_tank(self) -> Ints:
        """Tank of the oxidiser."""
        return self.table[:, OXIDISER_TANK].astype(np.int64)

    @property
    def fuel_tank(self) -> Ints:
        """Tank of the fuel."""
        return self.table[:, FUEL_TANK].astype(np.int64)


class Tanks(NamedTuple):
    """Every tank of a vehicle, in the order of tank_mass_kg."""

    table: Floats  # (tanks, TANK_COLUMNS)

    @property
    def stage(self) -> Ints:
        """Index into attached."""
        return self.table[:, TANK_STAGE].astype(np.int64)

    @property
    def load_kg(self) -> Floats:
        """Propellant at lift-off, kg."""
        return self.table[:, LOAD_KG]

    @property
    def residual_kg(self) -> Floats:
        """What can't be burnt, kg."""
        return self.table[:, RESIDUAL_KG]


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
    burnable_kg = tank_mass_kg[tank] - tanks.table[tank, RESIDUAL_KG]
    return bool(burnable_kg <= EMPTY_FRACTION * tanks.table[tank, LOAD_KG])


@njit
def engine_levels_step(
    engines: Engines,
    tanks: Tanks,
    state: Floats,
    tank_mass_kg: Floats,
    on: Floats,
    throttle: Floats,
    health_engine: Floats,
    dt_s: float,
) -> None:
    """Advance every engine's level by dt_s with commands held; any dt_s gives the same impulse.

    After ON: start_delay, then a ramp to the throttle command inside its limits. After OFF:
    shutdown_delay at the held level, then a straight fall; the tail-off from level L carries
    L^2 * fall_s / 2 * thrust. A failed or starved engine falls without the delay.
    An engine that was lit as often as it can be stays off. health_engine is Health.engine. The
    caller splits the step where a command changes or a tank runs dry.
    """
    table = engines.table
    for i in range(engines.n):
        able = health_engine[i, ENGINE_OK] > 0.5 and not (
            is_empty(int(table[i, FUEL_TANK]), tanks, tank_mass_kg)
            or is_empty(int(table[i, OXIDISER_TANK]), tanks, tank_mass_kg)
        )
        lights = state[i, ON] > 0.5 or state[i, LIT] < table[i, IGNITIONS]
        running = able and on[i] > 0.5 and lights
        if running != (state[i, ON] > 0.5):
            state[i, LIT] += 1.0 if running else 0.0
            state[i, ON] = 1.0 if running else 0.0
            state[i, SINCE_S] = 0.0
        level = state[i, LEVEL]
        delay_s = 0.0
        if running:
            delay_s = table[i, START_DELAY_S]
        elif able:
            delay_s = table[i, SHUTDOWN_DELAY_S]
        wait_s = min(dt_s, max(0.0, delay_s - state[i, SINCE_S]))
        held_s = level * wait_s
        if running:  # valves still shut: an earlier tail-off goes on
            level, held_s = ramp(level, 0.0, table[i, FALL_S], wait_s)
        if running:
            target = min(max(throttle[i], table[i, THROTTLE_MIN]), table[i, THROTTLE_MAX])
            level, moved_s = ramp(level, target, table[i, RISE_S], dt_s - wait_s)
        else:
            level, moved_s = ramp(level, 0.0, table[i, FALL_S], dt_s - wait_s)
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
            engines.table[i, GIMBAL_NATURAL_RADPS], engines.table[i, GIMBAL_DAMPING], h_s
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
    reach = rate_limit * h_s
    return gimbal_to(angle, rate, target, transition, rate_limit, reach, limit, 1.0 / h_s)


@njit
def gimbal_to(
    angle: float, rate: float, target: float, transition: Row, rate_limit: float, reach: float,
    limit: float, per_s: float,
) -> tuple[float, float, float]:  # fmt: skip
    """gimbal_advance to a target within the limit; reach is rate_limit over a step of 1 / per_s."""
    error = angle - target
    new_angle = target + transition[0] * error + transition[1] * rate
    new_rate = transition[2] * error + transition[3] * rate
    free = abs(new_rate) <= rate_limit and abs(new_angle) <= limit
    if not (free and abs(new_angle - angle) <= reach):
        new_rate = min(max(new_rate, -rate_limit), rate_limit)
        new_angle = min(max(new_angle, angle - reach), angle + reach)
        if abs(new_angle) > limit:
            new_angle = math.copysign(limit, new_angle)
            if new_rate * new_angle > 0.0:
                new_rate = 0.0
    if abs(new_rate) < SETTLED_RADPS and abs(new_angle - target) * per_s < SETTLED_RADPS:
        new_angle, new_rate = target, 0.0
    return new_angle, new_rate, (new_rate - rate) * per_s


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
def gimbals_swing(
    engines: Engines,
    state: Floats,
    command_rad: Floats,
    health_engine: Floats,
    attached: Floats,
    side_n: Floats,
    transitions: Floats,
    h_s: float,
    steps: int,
    mean_rad: Floats,
    ready: Floats,
    swept: Floats,
) -> None:
    """Advance every gimbal by so many steps of h_s with command_rad (n, 2) held.

    mean_rad (n, 2) are the mean angles, by the trapezium rule. swept (steps + 1, 2, SWEPT_SIZE)
    has what all engines of attached stages do to the bending about y and z: at its row 0 the
    start, then each step. side_n (n,) is the side force per angle, ready (2, n, AIM_SIZE) room
    to work in, health_engine Health.engine. A stuck engine (GIMBAL_FREE 0) holds both axes; with
    a number in GIMBAL_STUCK_RAD its y axis is driven there (hard-over) through the same actuator.
    """
    per_s, share = 1.0 / h_s, 1.0 / steps
    gimbals_aim(engines, state, command_rad, health_engine, attached, h_s, ready)
    for axis in range(2):
        at, aim = GIMBAL_Y_RAD + 2 * axis, ready[axis]
        side = 0.0
        for i in range(engines.n):
            mean_rad[i, axis] = 0.5 * share * state[i, at]
            side += side_n[i] * state[i, at]
        swept[0, axis, SIDE_N] = side
        for step in range(1, steps + 1):
            side, push, torque = 0.0, 0.0, 0.0
            weight = share if step < steps else 0.5 * share
            for i in range(engines.n):
                target, limit = aim[i, AIM_RAD], aim[i, AIM_LIMIT_RAD]
                rate_limit, reach = aim[i, AIM_RATE_RADPS], aim[i, AIM_REACH_RAD]
                row = transitions[i, 0], transitions[i, 1], transitions[i, 2], transitions[i, 3]
                angle, rate, accel = gimbal_to(
                    state[i, at], state[i, at + 1], target, row, rate_limit, reach, limit, per_s
                )
                state[i, at], state[i, at + 1] = angle, rate
                mean_rad[i, axis] += weight * angle
                side += side_n[i] * angle
                push += aim[i, AIM_FIRST_KGM] * accel
                torque += aim[i, AIM_SECOND_KGM2] * accel
            row_now = swept[step, axis]
            row_now[SIDE_N], row_now[PUSH_N], row_now[TORQUE_NM] = side, push, torque


@njit
def gimbals_aim(
    engines: Engines, state: Floats, command_rad: Floats, health_engine: Floats,
    attached: Floats, h_s: float, ready: Floats,
) -> None:  # fmt: skip
    """What holds in all steps of `gimbals_swing`, into ready (2 axes, n, AIM_SIZE).

    An axis that doesn't move has no rate.
    """
    for i in range(engines.n):
        row = engines.table[i]
        there, limit = attached[int(row[ENGINE_STAGE])], row[GIMBAL_LIMIT_RAD]
        for axis in range(2):
            angle, command = state[i, GIMBAL_Y_RAD + 2 * axis], command_rad[i, axis]
            if health_engine[i, GIMBAL_FREE] < 0.5:
                command = health_engine[i, GIMBAL_STUCK_RAD] if axis == 0 else math.nan
            fixed = row[GIMBALLED + axis] < 0.5 or math.isnan(command)
            aim = ready[axis, i]
            aim[AIM_RAD] = angle if fixed else min(max(command, -limit), limit)
            aim[AIM_RATE_RADPS] = 0.0 if fixed else row[GIMBAL_RATE_LIMIT_RADPS]
            aim[AIM_REACH_RAD], aim[AIM_LIMIT_RAD] = aim[AIM_RATE_RADPS] * h_s, limit
            aim[AIM_FIRST_KGM] = row[MOVING_MASS_KG] * row[MOVING_CG_M] * there
            aim[AIM_SECOND_KGM2] = row[MOVING_INERTIA_KGM2] * there


@njit
def tank_flows(engines: Engines, state: Floats, attached: Floats, flow_kgps: Floats) -> None:
    """Mean flow out of each tank, flow_kgps (tanks,), to the engines of attached stages."""
    flow_kgps[:] = 0.0
    table = engines.table
    for i in range(engines.n):
        level = state[i, MEAN_LEVEL]
        if level <= 0.0 or attached[int(table[i, ENGINE_STAGE])] < 0.5:
            continue
        flow = level * table[i, FLOW_KGPS]
        fuel = flow / (1.0 + table[i, MIXTURE_RATIO])
        flow_kgps[int(table[i, FUEL_TANK])] += fuel
        flow_kgps[int(table[i, OXIDISER_TANK])] += flow - fuel


@njit
def thrust_sums(
    engines: Engines,
    state: Floats,
    gimbal_rad: Floats,
    attached: Floats,
    sums: Floats,
) -> None:
    """Sums over the engines of attached stages (SUMS_SIZE,).

    Levels are the means over the last engine_levels_step, gimbal_rad (n, 2) the mean angles
    over the same time. Thrust of one engine: level * thrust_vac - p * exit_area while its
    nozzle runs full (Sutton and Biblarz, Rocket Propulsion Elements, eq. 2-13).
    """
    table = engines.table
    fx, fy, fz, mx, my, mz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    ax, ay, az, nx, ny, nz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(engines.n):
        level = state[i, MEAN_LEVEL]
        if level <= 0.0 or attached[int(table[i, ENGINE_STAGE])] < 0.5:
            continue
        dy, dz = gimbal_rad[i, 0], gimbal_rad[i, 1]
        ux = 1.0 / math.sqrt(1.0 + dy * dy + dz * dz)
        uy, uz = dz * ux, -dy * ux
        x, y, z = table[i, POSITION_M], table[i, POSITION_M + 1], table[i, POSITION_M + 2]
        lx, ly, lz = y * uz - z * uy, z * ux - x * uz, x * uy - y * ux
        thrust = level * table[i, THRUST_VAC_N]
        fx, fy, fz = fx + thrust * ux, fy + thrust * uy, fz + thrust * uz
        mx, my, mz = mx + thrust * lx, my + thrust * ly, mz + thrust * lz
        area = table[i, EXIT_AREA_M2] * min(1.0, level / FULL_FLOW_LEVEL)
        ax, ay, az = ax + area * ux, ay + area * uy, az + area * uz
        nx, ny, nz = nx + area * lx, ny + area * ly, nz + area * lz
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = fx, fy, fz, mx, my, mz
    sums[6], sums[7], sums[8], sums[9], sums[10], sums[11] = ax, ay, az, nx, ny, nz


@njit
def gimbal_reaction(engines: Engines, accel: Floats, attached: Floats, out: Floats) -> None:
    """What swinging engines do to the vehicle ("tail wags dog"), out (REACTION_SIZE,).

    accel (n, 2) rad/s^2 about y and z, relative to the vehicle. An engine of mass m with its
    CM l aft of the gimbal pushes back with -m times its CM's acceleration, (0, m l dz'',
    -m l dy''), and twists back with -(moving inertia) d''. Small angles; the vehicle's own
    acceleration acting on the swung mass is neglected.
    """
    table = engines.table
    side_y, side_z, mx, my, mz, own_y, own_z = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(engines.n):
        if attached[int(table[i, ENGINE_STAGE])] < 0.5:
            continue
        first_moment = table[i, MOVING_MASS_KG] * table[i, MOVING_CG_M]
        fy, fz = first_moment * accel[i, 1], -first_moment * accel[i, 0]
        x, y, z = table[i, POSITION_M], table[i, POSITION_M + 1], table[i, POSITION_M + 2]
        side_y, side_z = side_y + fy, side_z + fz
        mx, my, mz = mx + y * fz - z * fy, my - x * fz, mz + x * fy
        own_y += table[i, MOVING_INERTIA_KGM2] * accel[i, 0]
        own_z += table[i, MOVING_INERTIA_KGM2] * accel[i, 1]
    out[0], out[1], out[2] = 0.0, side_y, side_z
    out[3], out[4], out[5] = mx, my - own_y, mz - own_z
    out[6], out[7] = own_y, own_z


class Thrusters(NamedTuple):
    """Attitude thrusters of the lowest stage attached: couples about each axis."""

    roll_nm: float
    pitch_nm: float  # and yaw
    flow_kgps: float  # while one axis fires
    gas_kg: float
    shortest_s: float


@njit
def fire(
    thrusters: Thrusters, duty: Floats, gas_kg: float, dt_s: float
) -> tuple[float, float, float, float]:
    """Mean moment about x, y, z (N m) over dt_s of the shares of it asked for, and the gas left.

    A pulse shorter than the shortest is not fired; without gas nothing is.
    """
    mx, my, mz = 0.0, 0.0, 0.0
    for axis in range(3):
        share = min(1.0, abs(duty[axis]))
        if share * dt_s < thrusters.shortest_s * (1.0 - 1e-9) or gas_kg <= 0.0 or share == 0.0:
            continue
        gas_kg = max(0.0, gas_kg - thrusters.flow_kgps * share * dt_s)
        signed = math.copysign(share, duty[axis])
        if axis == 0:
            mx = thrusters.roll_nm * signed
        elif axis == 1:
            my = thrusters.pitch_nm * signed
        else:
            mz = thrusters.pitch_nm * signed
    return mx, my, mz, gas_kg
