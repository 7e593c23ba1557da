"""One tick of one body: engines, gimbals, bending, propellant and rigid body together.

The tick is split wherever the equations change: a commanded cut-off, a tank run dry, contact
with the ground. Gimbals and bending are linear and move in exact sub-steps; the rigid body
takes one Runge-Kutta step per segment with the mean of what they did.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.rigid import Surroundings, rk4_step
from downrange.earth.kernel.frames import (
    quat_ecef_from_eci,
    quat_multiply,
    quat_rotate,
    quat_unrotate,
)
from downrange.earth.kernel.geodesy import ecef_from_eci, eci_from_ecef, geodetic, ned_from_ecef
from downrange.earth.kernel.gravity import gravity_eci
from downrange.faults.kernel import Health
from downrange.propulsion.kernel import (
    Engines,
    Tanks,
    depletion_time,
    engine_levels_step,
    gimbal_reaction,
    gimbal_transitions,
    gimbals_step,
    thrust_sums,
)
from downrange.telemetry.bus import Command
from downrange.vehicle.kernel import Bending, Masses, bending_at, mass_properties, modal_step

Floats = NDArray[np.float64]

# State.status: how the body fares.
FLYING, HELD, IMPACTED, NUMERICAL = 0, 1, 2, 3

SUBSTEP_S = 0.005  # of gimbals and bending; each sub-step is exact for a held force
SMALLEST_STEP_S = 1e-9
TOUCH_TOLERANCE_S = 1e-7


class Plant(NamedTuple):
    """One body as it really is."""

    around: Surroundings
    masses: Masses
    engines: Engines
    tanks: Tanks
    bending: Bending
    imu_x_m: float  # station of the inertial unit
    aft_x_m: float  # stations of the two ends
    nose_x_m: float
    pad_position_ecef_m: Floats  # (3,) of the vehicle-frame origin while held down
    pad_body_from_ecef: Floats  # (4,)
    ground_altitude_m: float  # above the ellipsoid, where the body comes down


class Scratch(NamedTuple):
    """Room to work in; nothing here outlives a tick."""

    rk4: Floats
    rigid: Floats  # (19,)
    engine: Floats  # (engines, 8)
    gimbal_mean_rad: Floats  # (engines, 2)
    gimbal_accel: Floats  # (engines, 2)
    transitions: Floats  # (engines, 4), for the step in step_s
    step_s: Floats  # (1,)
    mass: Floats
    sums: Floats
    flow_kgps: Floats  # (tanks,)
    reaction: Floats
    modal_before: Floats  # (2, modes, 2)


class State(NamedTuple):
    """Everything about one body that changes; arrays are overwritten in place."""

    status: Floats  # (1,)
    rigid: Floats  # (19,) see rigid.py
    engine: Floats  # (engines, 8) see propulsion
    tank_kg: Floats  # (tanks,)
    modal: Floats  # (2 planes, modes, 2): displacement of the nose m, its rate m/s
    attached: Floats  # (parts,) 1 while the part belongs to this body
    loads: Floats  # (38,) see rigid.py
    aux: Floats  # (23,) as at the start of the last segment
    modes: Floats  # (modes, columns) of Bending now, true frequency
    flex: Floats  # (4,) turn about y, z (rad) and velocity along y, z (m/s) at the IMU in the tick
    moment: Floats  # (1,) bending moment at the critical station, N m
    scratch: Scratch


@njit
def segment_end(state: State, command: Command, clock_s: float, h_s: float) -> float:
    """Length of the next segment: up to the first cut-off that falls inside h_s."""
    for i in range(state.engine.shape[0]):
        wait = command.cutoff_time_s[i] - clock_s
        if command.engine_on[i] > 0.5 and wait <= SMALLEST_STEP_S:
            command.engine_on[i] = 0.0
        elif command.engine_on[i] > 0.5 and wait < h_s:
            h_s = wait
    return h_s


@njit
def burn(plant: Plant, state: State, command: Command, health: Health, h_s: float) -> float:
    """Engines and tanks over at most h_s; returns the time until a tank ran dry, else h_s.

    Flow while a level moves is not steady, so the time is found by repetition.
    """
    scratch = state.scratch
    scratch.engine[:] = state.engine
    for _ in range(8):
        engine_levels_step(
            plant.engines, plant.tanks, state.engine, state.tank_kg, command.engine_on,
            command.throttle, health.engine_ok, h_s,
        )  # fmt: skip
        thrust_sums(
            plant.engines, state.engine, scratch.gimbal_mean_rad, state.attached, scratch.sums,
            scratch.flow_kgps,
        )  # fmt: skip
        dry_s = math.inf
        for k in range(state.tank_kg.shape[0]):
            wait = depletion_time(
                state.tank_kg[k], plant.tanks.residual_kg[k], scratch.flow_kgps[k]
            )
            if wait > 0.0:
                dry_s = min(dry_s, wait)
        if dry_s >= h_s - SMALLEST_STEP_S:
            break
        h_s = max(dry_s, SMALLEST_STEP_S)
        state.engine[:] = scratch.engine
    for k in range(state.tank_kg.shape[0]):
        floor_kg = min(state.tank_kg[k], plant.tanks.residual_kg[k])
        state.tank_kg[k] = max(state.tank_kg[k] - scratch.flow_kgps[k] * h_s, floor_kg)
        if state.tank_kg[k] - plant.tanks.residual_kg[k] < 1e-9 * plant.tanks.load_kg[k]:
            state.tank_kg[k] = floor_kg
    return h_s


@njit
def modal_force(
    state: State,
    mode: int,
    axis: int,
    thrust_sum: float,
    first_moment_sum: float,
    torque_sum: float,
) -> float:
    """Generalised force on one mode in one plane, N. axis 0: pitch (along -z), 1: yaw (+y)."""
    modes, aux = state.modes, state.aux
    along = -aux[15] if axis == 0 else aux[14]
    force: float = (
        modes[mode, 2] * (thrust_sum + first_moment_sum)
        - modes[mode, 3] * torque_sum
        + along * (aux[12] * modes[mode, 6] + aux[13] * modes[mode, 7])
    )
    return force


@njit
def swing(plant: Plant, state: State, command: Command, health: Health, h_s: float) -> None:
    """Gimbals and bending over h_s in exact sub-steps; leaves mean gimbal angles in scratch."""
    engines, scratch, modal = plant.engines, state.scratch, state.modal
    steps = max(1, math.ceil(h_s / SUBSTEP_S - 1e-6))
    sub_s = h_s / steps
    if sub_s != scratch.step_s[0]:
        gimbal_transitions(engines, sub_s, scratch.transitions)
        scratch.step_s[0] = sub_s
    scratch.gimbal_mean_rad[:] = 0.0
    accel = scratch.gimbal_accel
    for _ in range(steps):
        for i in range(engines.n):
            scratch.gimbal_mean_rad[i, 0] += 0.5 * state.engine[i, 3] / steps
            scratch.gimbal_mean_rad[i, 1] += 0.5 * state.engine[i, 5] / steps
        before = mean_gimbal_forces(plant, state)
        gimbals_step(
            engines, state.engine, command.gimbal_rad, health.gimbal_free,
            health.gimbal_stuck_rad, scratch.transitions, sub_s, accel,
        )  # fmt: skip
        for i in range(engines.n):
            scratch.gimbal_mean_rad[i, 0] += 0.5 * state.engine[i, 3] / steps
            scratch.gimbal_mean_rad[i, 1] += 0.5 * state.engine[i, 5] / steps
        after = mean_gimbal_forces(plant, state)
        if state.status[0] == HELD:
            continue
        for axis in range(2):
            first, torque = 0.0, 0.0
            for i in range(engines.n):
                if state.attached[engines.stage[i]] > 0.5:
                    swing_accel = accel[i, axis]
                    first += engines.moving_mass_kg[i] * engines.moving_cg_m[i] * swing_accel
                    torque += engines.moving_inertia_kgm2[i] * swing_accel
            push = 0.5 * (before[axis] + after[axis])
            for mode in range(modal.shape[1]):
                force = modal_force(state, mode, axis, push, first, torque)
                modal[axis, mode, 0], modal[axis, mode, 1] = modal_step(
                    modal[axis, mode, 0], modal[axis, mode, 1], state.modes[mode, 0],
                    plant.bending.damping_ratio[mode], force / state.modes[mode, 1], sub_s,
                )  # fmt: skip


@njit
def mean_gimbal_forces(plant: Plant, state: State) -> tuple[float, float]:
    """Side force of the gimballed thrust in the pitch and the yaw plane, N, at this moment."""
    engines, pressure = plant.engines, state.aux[rigid.AUX_PRESSURE_PA]
    pitch, yaw = 0.0, 0.0
    for i in range(engines.n):
        level = state.engine[i, 7]
        if level > 0.0 and state.attached[engines.stage[i]] > 0.5:
            thrust = level * (engines.thrust_vac_n[i] - pressure * engines.exit_area_m2[i])
            pitch += thrust * state.engine[i, 3]
            yaw += thrust * state.engine[i, 5]
    return pitch, yaw


@njit
def set_loads(plant: Plant, state: State, h_s: float) -> None:
    """Loads of a segment: thrust, the swing of the engines, mass now and its rates."""
    loads, scratch = state.loads, state.scratch
    thrust_sums(
        plant.engines, state.engine, scratch.gimbal_mean_rad, state.attached, scratch.sums,
        scratch.flow_kgps,
    )  # fmt: skip
    loads[16:28] = scratch.sums
    for axis in range(2):
        for i in range(plant.engines.n):
            was = scratch.engine[i, 4 + 2 * axis]
            scratch.gimbal_accel[i, axis] = (state.engine[i, 4 + 2 * axis] - was) / h_s
    gimbal_reaction(plant.engines, scratch.gimbal_accel, state.attached, scratch.reaction)
    for i in range(6):
        loads[16 + i] += scratch.reaction[i]
    mass_properties(plant.masses, state.tank_kg, state.attached, scratch.mass)
    m = scratch.mass
    loads[8] = (m[0] - loads[0]) / h_s
    loads[9] = (m[1] - loads[1]) / h_s
    loads[10] = (m[2] - loads[2]) / h_s
    loads[11] = (m[3] - loads[3]) / h_s
    loads[12] = loads[11]
    loads[28] = 1.0
    loads[29:32] = 0.0
    for i in range(plant.engines.n):
        if state.attached[plant.engines.stage[i]] > 0.5:
            flow = state.engine[i, 7] * plant.engines.flow_kgps[i]
            x, y, z = (
                plant.engines.position_m[i, 0] - loads[1],
                plant.engines.position_m[i, 1],
                plant.engines.position_m[i, 2],
            )
            loads[29] += flow * (y * y + z * z)
            loads[30] += flow * (x * x + z * z)
            loads[31] += flow * (x * x + y * y)


@njit
def take_mass(plant: Plant, state: State) -> None:
    """Mass, centre of mass and inertia of the body as it is now, into its loads."""
    mass_properties(plant.masses, state.tank_kg, state.attached, state.scratch.mass)
    m, loads = state.scratch.mass, state.loads
    loads[0], loads[1], loads[2], loads[3], loads[4] = m[0], m[1], m[2], m[3], m[3]
    loads[5:8] = 0.0


@njit
def lowest_altitude(plant: Plant, state: State, time_s: float) -> float:
    """Altitude of the lower of the two ends above the ground, m."""
    x = state.rigid
    r = ecef_from_eci((x[0], x[1], x[2]), time_s, plant.around.earth)
    lat, lon, altitude = geodetic(r, plant.around.earth)
    nose_eci = quat_unrotate((x[6], x[7], x[8], x[9]), (1.0, 0.0, 0.0))
    nose = ecef_from_eci(nose_eci, time_s, plant.around.earth)
    up = -ned_from_ecef(nose, lat, lon)[2]
    aft = (plant.aft_x_m - state.loads[1]) * up
    fore = (plant.nose_x_m - state.loads[1]) * up
    lowest: float = altitude + min(aft, fore) - plant.ground_altitude_m
    return lowest


@njit
def sit(plant: Plant, state: State, time_s: float, h_s: float) -> None:
    """Held down: the body turns with the Earth; the inertial unit feels the pad's push."""
    earth, x, w = plant.around.earth, state.rigid, plant.around.earth.rotation_radps
    body_from_ecef = (
        plant.pad_body_from_ecef[0], plant.pad_body_from_ecef[1],
        plant.pad_body_from_ecef[2], plant.pad_body_from_ecef[3],
    )  # fmt: skip
    origin = plant.pad_position_ecef_m
    arm = quat_unrotate(body_from_ecef, (state.loads[1], 0.0, 0.0))
    now = time_s + h_s
    r = eci_from_ecef((origin[0] + arm[0], origin[1] + arm[1], origin[2] + arm[2]), now, earth)
    q = quat_multiply(body_from_ecef, quat_ecef_from_eci(w * now))
    rate = quat_rotate(q, (0.0, 0.0, w))
    g = gravity_eci(r, earth)
    force = quat_rotate(q, (-g[0] - w * w * r[0], -g[1] - w * w * r[1], -g[2]))
    x[0], x[1], x[2] = r
    x[3], x[4], x[5] = -w * r[1], w * r[0], 0.0
    x[6], x[7], x[8], x[9] = q
    x[10], x[11], x[12] = rate
    for i in range(3):
        x[13 + i] += force[i] * h_s
        x[16 + i] += rate[i] * h_s


@njit
def move(plant: Plant, state: State, time_s: float, h_s: float) -> float:
    """Rigid body over h_s, stopped where an end touches the ground; returns the time flown."""
    if state.status[0] == HELD:
        sit(plant, state, time_s, h_s)
        return h_s
    x, saved, work = state.rigid, state.scratch.rigid, state.scratch.rk4
    saved[:] = x
    rk4_step(x, time_s, h_s, state.loads, plant.around, work, state.aux)
    if not math.isfinite(x[0] + x[3] + x[6] + x[10]):
        x[:] = saved
        state.status[0] = NUMERICAL
        return h_s
    if state.aux[2] - plant.ground_altitude_m > 2.0 * (plant.nose_x_m - plant.aft_x_m):
        return h_s
    gap = lowest_altitude(plant, state, time_s + h_s)
    sinking = x[0] * x[3] + x[1] * x[4] + x[2] * x[5] < 0.0
    if gap > 0.0 or not sinking:
        return h_s
    short_s, long_s = 0.0, h_s
    while long_s - short_s > TOUCH_TOLERANCE_S:
        middle = 0.5 * (short_s + long_s)
        x[:] = saved
        rk4_step(x, time_s, middle, state.loads, plant.around, work, state.aux)
        if lowest_altitude(plant, state, time_s + middle) > 0.0:
            short_s = middle
        else:
            long_s = middle
    state.status[0] = IMPACTED
    return long_s


@njit
def set_modes(plant: Plant, state: State, health: Health) -> None:
    """Bending modes at the propellant now, with the frequency that the structure really has."""
    loaded = 0.0
    for k in range(plant.tanks.load_kg.shape[0]):
        loaded += plant.tanks.load_kg[k] * state.attached[plant.tanks.stage[k]]
    left = state.scratch.mass[4] / loaded if loaded > 0.0 else 0.0
    bending_at(plant.bending, left, state.modes)
    for mode in range(state.modes.shape[0]):
        ratio = health.mode_frequency_ratio[mode]
        state.modes[mode, 0] *= ratio
        state.modes[mode, 8] *= ratio * ratio  # EI phi'' of the same shape


@njit
def feel(state: State) -> None:
    """What the bending did to the inertial unit in this tick, and the bending moment now."""
    modal, before, flex = state.modal, state.scratch.modal_before, state.flex
    flex[:] = 0.0
    moments = 0.0
    for axis in range(2):
        moment = 0.0
        for mode in range(modal.shape[1]):
            moved = modal[axis, mode, 0] - before[axis, mode, 0]
            sped = modal[axis, mode, 1] - before[axis, mode, 1]
            flex[axis] += state.modes[mode, 5] * moved
            flex[3 - axis] += state.modes[mode, 4] * sped * (-1.0 if axis == 0 else 1.0)
            moment += state.modes[mode, 8] * modal[axis, mode, 0]
        moments += moment * moment
    state.moment[0] = math.sqrt(moments)


@njit
def advance(
    plant: Plant, state: State, command: Command, health: Health, time_s: float, dt_s: float
) -> float:
    """Advance one body by one tick in place; returns the time flown (less at an impact).

    time_s: mission clock at the start of the tick; command times count on the same clock.
    """
    state.rigid[13:19] = 0.0
    state.scratch.modal_before[:] = state.modal
    set_modes(plant, state, health)
    done = 0.0
    while dt_s - done > SMALLEST_STEP_S and state.status[0] <= HELD:
        take_mass(plant, state)
        h = segment_end(state, command, time_s + done, dt_s - done)
        h = burn(plant, state, command, health, h)
        swing(plant, state, command, health, h)
        set_loads(plant, state, h)
        done += move(plant, state, time_s + done, h)
    take_mass(plant, state)
    feel(state)
    return done
