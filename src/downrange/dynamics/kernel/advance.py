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

from downrange._jit import inlined, inner, njit, part
from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.rigid import Surroundings, look_around, rk4_from
from downrange.earth.kernel.frames import (
    Quaternion,
    Vector,
    quat_ecef_from_eci,
    quat_multiply,
    quat_rotate,
    quat_unrotate,
)
from downrange.earth.kernel.geodesy import ecef_from_eci, eci_from_ecef, geodetic, ned_from_ecef
from downrange.earth.kernel.gravity import gravity_eci
from downrange.faults.kernel import MODE_RATIO, Health
from downrange.propulsion.kernel import (
    AREA_M2,
    ENGINE_STAGE,
    EXIT_AREA_M2,
    FLOW_KGPS,
    GIMBAL_Y_RADPS,
    LOAD_KG,
    MEAN_LEVEL,
    POSITION_M,
    PUSH_N,
    REACTION_SIZE,
    RESIDUAL_KG,
    SIDE_N,
    SUMS_SIZE,
    TANK_STAGE,
    THRUST_VAC_N,
    TORQUE_NM,
    Engines,
    Tanks,
    Thrusters,
    depletion_time,
    engine_levels_step,
    gimbal_reaction,
    gimbal_transitions,
    gimbals_swing,
    tank_flows,
    thrust_sums,
)
from downrange.telemetry.bus import Command
from downrange.vehicle.kernel import (
    DAMPING_RATIO,
    MODAL_MASS_KG,
    MOMENT_CRITICAL,
    OMEGA_RADPS,
    PHI_GIMBAL,
    PHI_IMU,
    PHI_NOSE,
    PHI_PLANFORM,
    PROPELLANT_KG,
    PROPERTIES,
    SLOPE_GIMBAL,
    SLOPE_IMU,
    Bending,
    Masses,
    bending_at,
    mass_properties,
    modal_advance,
    modal_transition,
)

Floats = NDArray[np.float64]

# State.status: how the body fares.
FLYING, HELD, IMPACTED, NUMERICAL = 0, 1, 2, 3

SUBSTEP_S = 0.005  # of gimbals and bending; each sub-step is exact for a held force
SUBSTEPS = 20  # at most, since nothing moves the gimbals in longer ticks
SMALLEST_STEP_S = 1e-9
TOUCH_S = 1e-7  # to which contact with the ground is located
CONTACT_STEPS = 60
FALL_MPS2 = 10.0  # a body may come down by, on top of its speed


class Plant(NamedTuple):
    """One body as it really is."""

    around: Surroundings
    masses: Masses
    engines: Engines
    tanks: Tanks
    thrusters: Thrusters
    bending: Bending
    imu_x_m: float  # station of the inertial unit
    aft_x_m: float  # stations of the two ends
    nose_x_m: float
    pad_position_ecef_m: Vector  # of the vehicle-frame origin while held down
    pad_body_from_ecef: Quaternion
    ground_altitude_m: float  # above the ellipsoid, where the body comes down


# Indices into State.words.
STATUS = 0  # FLYING, HELD, IMPACTED, NUMERICAL
MOMENT_NM = 1  # bending moment at the critical station
FLEX = 2  # 2 .. 5: turn about y, z (rad) and velocity along y, z (m/s) at the IMU in this tick
GAS_KG = 6  # left for the attitude thrusters
IDEAL_MPS = 7  # 7, 8, 9: vacuum thrust over mass, integrated over the tick, body axes
BACK_MPS = 10  # 10, 11, 12: the same of what the ambient pressure takes off it
STATE_WORDS = 13

# Slices of Scratch.small; the flow of each tank follows.
SUBSTEP = 0  # the sub-step that the gimbal transitions are for, s
MASS = 1
SUMS = MASS + PROPERTIES
REACTION = SUMS + SUMS_SIZE
FLOW = REACTION + REACTION_SIZE


class Scratch(NamedTuple):
    """Room to work in; nothing here outlives a tick."""

    rk4: Floats  # (5, 23), rows as of rigid; the last keeps the state at a segment's start
    engine: Floats  # (engines, STATE_SIZE) at the start of a segment
    gimbal_mean_rad: Floats  # (engines, 2)
    gimbal_accel: Floats  # (engines, 2)
    transitions: Floats  # (engines, 4) of the gimbals over a sub-step
    side_n: Floats  # (engines,) thrust, and so side force per angle, in the segment
    aim: Floats  # (2, engines, AIM_SIZE) of the gimbals in a segment
    swept: Floats  # (SUBSTEPS + 1, 2, SWEPT_SIZE) what swinging engines do to the bending
    modal: Floats  # (modes, 3) bending modes: transition over a sub-step, compliance m/N
    small: Floats  # (FLOW + tanks,)
    modal_before: Floats  # (2, modes, 2)


class State(NamedTuple):
    """Everything about one body that changes; arrays are overwritten in place."""

    words: Floats  # (STATE_WORDS,)
    rigid: Floats  # (19,) see rigid.py
    engine: Floats  # (engines, STATE_SIZE) see propulsion
    tank_kg: Floats  # (tanks,)
    modal: Floats  # (2 planes, modes, 2): displacement of the nose m, its rate m/s
    attached: Floats  # (parts,) 1 while the part belongs to this body
    loads: Floats  # (38,) see rigid.py
    aux: Floats  # (23,) as at the start of the last segment
    modes: Floats  # (modes, columns) of Bending now, true frequency
    scratch: Scratch


@inner
def copy(source: Floats, target: Floats) -> None:
    """All of one table into another of the same shape, without numpy's check of the shapes."""
    for i in range(source.shape[0]):
        for k in range(source.shape[1]):
            target[i, k] = source[i, k]


@inner
def segment_end(state: State, command: Command, clock_s: float, h_s: float) -> float:
    """Length of the next segment: up to the first cut-off that falls inside h_s."""
    for i in range(state.engine.shape[0]):
        wait = command.cutoff_time_s[i] - clock_s
        if command.engine_on[i] > 0.5 and wait <= SMALLEST_STEP_S:
            command.engine_on[i] = 0.0
        elif command.engine_on[i] > 0.5 and wait < h_s:
            h_s = wait
    return h_s


@inner
def burn(plant: Plant, state: State, command: Command, health: Health, h_s: float) -> float:
    """Engines and tanks over at most h_s; returns the time until a tank ran dry, else h_s.

    Flow while a level moves is not steady, so the time is found by repetition.
    """
    scratch, tanks, tank_kg = state.scratch, plant.tanks.table, state.tank_kg
    flow = scratch.small[FLOW:]
    copy(state.engine, scratch.engine)
    for _ in range(8):
        engine_levels_step(
            plant.engines, plant.tanks, state.engine, tank_kg, command.engine_on,
            command.throttle, health.engine, h_s,
        )  # fmt: skip
        tank_flows(plant.engines, state.engine, state.attached, flow)
        dry_s = math.inf
        for k in range(tank_kg.size):
            wait = depletion_time(tank_kg[k], tanks[k, RESIDUAL_KG], flow[k])
            if wait > 0.0:
                dry_s = min(dry_s, wait)
        if dry_s >= h_s - SMALLEST_STEP_S:
            break
        h_s = max(dry_s, SMALLEST_STEP_S)
        copy(scratch.engine, state.engine)
    for k in range(tank_kg.size):
        floor_kg = min(tank_kg[k], tanks[k, RESIDUAL_KG])
        tank_kg[k] = max(tank_kg[k] - flow[k] * h_s, floor_kg)
        if tank_kg[k] - tanks[k, RESIDUAL_KG] < 1e-9 * tanks[k, LOAD_KG]:
            tank_kg[k] = floor_kg
    return h_s


@inner
def start_swing(plant: Plant, state: State, sub_s: float) -> None:
    """What stays as it is in all sub-steps of a segment: transitions, thrust per engine."""
    engines, scratch, modes = plant.engines, state.scratch, state.modes
    if sub_s != scratch.small[SUBSTEP]:
        gimbal_transitions(engines, sub_s, scratch.transitions)
        scratch.small[SUBSTEP] = sub_s
    for mode in range(modes.shape[0]):
        omega, zeta = modes[mode, OMEGA_RADPS], modes[mode, DAMPING_RATIO]
        scratch.modal[mode, 0], scratch.modal[mode, 1] = modal_transition(omega, zeta, sub_s)
        scratch.modal[mode, 2] = 1.0 / (omega * omega * modes[mode, MODAL_MASS_KG])
    pressure = state.aux[rigid.AUX_PRESSURE_PA]
    for i in range(engines.n):
        row, level = engines.table[i], state.engine[i, MEAN_LEVEL]
        thrust = level * (row[THRUST_VAC_N] - pressure * row[EXIT_AREA_M2])
        scratch.side_n[i] = thrust * state.attached[int(row[ENGINE_STAGE])] if level > 0.0 else 0.0


@inner
def bend(state: State, axis: int, steps: int) -> None:
    """Bending in one plane over the sub-steps: side force, swinging engines and lift are held."""
    scratch, modal, aux, swept = state.scratch, state.modal, state.aux, state.scratch.swept
    along = -aux[15] if axis == 0 else aux[14]
    for mode in range(modal.shape[1]):
        shape, transition = state.modes[mode], (scratch.modal[mode, 0], scratch.modal[mode, 1])
        omega, zeta, compliance = shape[OMEGA_RADPS], shape[DAMPING_RATIO], scratch.modal[mode, 2]
        lift = along * (aux[12] * shape[PHI_NOSE] + aux[13] * shape[PHI_PLANFORM])
        q, rate = modal[axis, mode, 0], modal[axis, mode, 1]
        for step in range(1, steps + 1):
            push_n = 0.5 * (swept[step - 1, axis, SIDE_N] + swept[step, axis, SIDE_N])
            force = shape[PHI_GIMBAL] * (push_n + swept[step, axis, PUSH_N])
            force += lift - shape[SLOPE_GIMBAL] * swept[step, axis, TORQUE_NM]
            q, rate = modal_advance(q, rate, omega, zeta, force * compliance, transition)
        modal[axis, mode, 0], modal[axis, mode, 1] = q, rate


@inner
def swing(plant: Plant, state: State, command: Command, health: Health, h_s: float) -> None:
    """Gimbals and bending over h_s in exact sub-steps; leaves mean gimbal angles in scratch.

    Planes: pitch, displacement along -z, and yaw, along +y; both have the same equations.
    """
    scratch = state.scratch
    steps = min(max(1, math.ceil(h_s / SUBSTEP_S - 1e-6)), SUBSTEPS)
    start_swing(plant, state, h_s / steps)
    gimbals_swing(
        plant.engines, state.engine, command.gimbal_rad, health.engine, state.attached,
        scratch.side_n, scratch.transitions, h_s / steps, steps, scratch.gimbal_mean_rad,
        scratch.aim, scratch.swept,
    )  # fmt: skip
    if state.words[STATUS] != HELD:
        bend(state, 0, steps)
        bend(state, 1, steps)


@inner
def set_loads(plant: Plant, state: State, h_s: float) -> None:
    """Loads of a segment: thrust, the swing of the engines, mass now and its rates."""
    loads, scratch, engines = state.loads, state.scratch, plant.engines
    sums, m = scratch.small[SUMS:REACTION], scratch.small[MASS:SUMS]
    mass_properties(plant.masses, state.tank_kg, state.attached, m)
    thrust_sums(engines, state.engine, scratch.gimbal_mean_rad, state.attached, sums)
    for i in range(SUMS_SIZE):
        loads[16 + i] = sums[i]
    mass_kg = 0.5 * (loads[0] + m[0])
    for i in range(3):
        state.words[IDEAL_MPS + i] += sums[i] * h_s / mass_kg
        lost = state.aux[rigid.AUX_PRESSURE_PA] * sums[AREA_M2 + i]
        state.words[BACK_MPS + i] += lost * h_s / mass_kg
    per_s, jet_x, jet_y, jet_z = 1.0 / h_s, 0.0, 0.0, 0.0
    for i in range(engines.n):
        row = engines.table[i]
        for axis in range(2):
            at = GIMBAL_Y_RADPS + 2 * axis
            scratch.gimbal_accel[i, axis] = (state.engine[i, at] - scratch.engine[i, at]) * per_s
        jet = state.engine[i, MEAN_LEVEL] * row[FLOW_KGPS] * state.attached[int(row[ENGINE_STAGE])]
        x, y, z = row[POSITION_M] - loads[1], row[POSITION_M + 1], row[POSITION_M + 2]
        jet_x += jet * (y * y + z * z)
        jet_y += jet * (x * x + z * z)
        jet_z += jet * (x * x + y * y)
    loads[28], loads[29], loads[30], loads[31] = 1.0, jet_x, jet_y, jet_z
    reaction = scratch.small[REACTION:FLOW]
    gimbal_reaction(engines, scratch.gimbal_accel, state.attached, reaction)
    for i in range(6):
        loads[16 + i] += reaction[i]
    for i in range(4):
        loads[rigid.LOADS_RATES + i] = (m[i] - loads[i]) * per_s
    loads[12] = loads[11]


@njit
def take_mass(plant: Plant, state: State) -> None:
    """Mass, centre of mass and inertia of the body as it is now, into its loads."""
    mass_properties(plant.masses, state.tank_kg, state.attached, state.scratch.small[MASS:SUMS])
    use_mass(state)


@inner
def use_mass(state: State) -> None:
    """Mass properties last worked out, into the loads."""
    m, loads = state.scratch.small[MASS:SUMS], state.loads
    loads[0], loads[1], loads[2], loads[3], loads[4] = m[0], m[1], m[2], m[3], m[3]
    loads[5:8] = 0.0


@inner
def touches(plant: Plant, state: State, time_s: float, h_s: float) -> bool:
    """Whether the body sinks and the lower of its two ends is at or below the ground.

    `h_s` ago it was where its altitude was last looked at.
    """
    x = state.rigid
    reach = 2.0 * (plant.nose_x_m - plant.aft_x_m) + (state.aux[22] + FALL_MPS2 * h_s) * h_s
    sinking = x[0] * x[3] + x[1] * x[4] + x[2] * x[5] < 0.0
    if not sinking or state.aux[2] - plant.ground_altitude_m > reach:
        return False
    r = ecef_from_eci((x[0], x[1], x[2]), time_s, plant.around.earth)
    lat, lon, altitude = geodetic(r, plant.around.earth)
    nose_eci = quat_unrotate((x[6], x[7], x[8], x[9]), (1.0, 0.0, 0.0))
    up = -ned_from_ecef(ecef_from_eci(nose_eci, time_s, plant.around.earth), lat, lon)[2]
    aft = (plant.aft_x_m - state.loads[1]) * up
    fore = (plant.nose_x_m - state.loads[1]) * up
    return bool(altitude + min(aft, fore) <= plant.ground_altitude_m)


@njit
def sit(plant: Plant, state: State, time_s: float, h_s: float) -> None:
    """Held down: the body turns with the Earth; the inertial unit feels the pad's push."""
    earth, x, w = plant.around.earth, state.rigid, plant.around.earth.rotation_radps
    origin = plant.pad_position_ecef_m
    arm = quat_unrotate(plant.pad_body_from_ecef, (state.loads[1], 0.0, 0.0))
    now = time_s + h_s
    r = eci_from_ecef((origin[0] + arm[0], origin[1] + arm[1], origin[2] + arm[2]), now, earth)
    q = quat_multiply(plant.pad_body_from_ecef, quat_ecef_from_eci(w * now))
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


@inner
def move(plant: Plant, state: State, time_s: float, h_s: float) -> float:
    """Rigid body over h_s, stopped where an end touches the ground; returns the time flown."""
    if state.words[STATUS] == HELD:
        sit(plant, state, time_s, h_s)
        return h_s
    x, rk4 = state.rigid, state.scratch.rk4
    start = rk4[rigid.SPARE]
    for i in range(rigid.STATE_SIZE):
        start[i] = x[i]
    short_s, long_s, trial_s = 0.0, h_s, h_s
    for _ in range(CONTACT_STEPS):
        rk4_from(x, trial_s, state.loads, plant.around, rk4)
        if not math.isfinite(x[0] + x[3] + x[6] + x[10]):
            state.words[STATUS] = NUMERICAL
            break
        if touches(plant, state, time_s + trial_s, trial_s):
            state.words[STATUS] = IMPACTED
            long_s = trial_s
        else:
            short_s = trial_s
        if state.words[STATUS] != IMPACTED or (trial_s == long_s and long_s - short_s < TOUCH_S):
            return trial_s
        trial_s = 0.5 * (short_s + long_s) if long_s - short_s >= TOUCH_S else long_s
        for i in range(rigid.STATE_SIZE):
            x[i] = start[i]
    for i in range(rigid.STATE_SIZE):  # the last state that is a number
        x[i] = start[i]
    return h_s


@inlined
def set_modes(plant: Plant, state: State, health: Health) -> None:
    """Bending modes at the propellant now, with the frequency that the structure really has."""
    tanks, modes = plant.tanks.table, state.modes
    loaded = 0.0
    for k in range(tanks.shape[0]):
        loaded += tanks[k, LOAD_KG] * state.attached[int(tanks[k, TANK_STAGE])]
    left = state.scratch.small[MASS + PROPELLANT_KG] / loaded if loaded > 0.0 else 0.0
    bending_at(plant.bending, left, modes)
    for mode in range(modes.shape[0]):
        ratio = health.other[MODE_RATIO + mode]
        modes[mode, OMEGA_RADPS] *= ratio
        modes[mode, MOMENT_CRITICAL] *= ratio * ratio  # EI phi'' of the same shape


@inner
def feel(state: State) -> None:
    """What the bending did to the inertial unit in this tick, and the bending moment now."""
    modal, before, modes = state.modal, state.scratch.modal_before, state.modes
    flex = state.words[FLEX : FLEX + 4]
    flex[:] = 0.0
    moments = 0.0
    for axis in range(2):
        moment = 0.0
        for mode in range(modal.shape[1]):
            moved = modal[axis, mode, 0] - before[axis, mode, 0]
            sped = modal[axis, mode, 1] - before[axis, mode, 1]
            flex[axis] += modes[mode, SLOPE_IMU] * moved
            flex[3 - axis] += modes[mode, PHI_IMU] * sped * (-1.0 if axis == 0 else 1.0)
            moment += modes[mode, MOMENT_CRITICAL] * modal[axis, mode, 0]
        moments += moment * moment
    state.words[MOMENT_NM] = math.sqrt(moments)


@inner
def see(plant: Plant, state: State, time_s: float) -> None:
    """Air and gravity where the body is, and how it moves there: comes before `advance`."""
    look_around(state.rigid, time_s, state.loads, plant.around, state.scratch.rk4, state.aux)


@part
def advance(
    plant: Plant, state: State, command: Command, health: Health, time_s: float, dt_s: float
) -> float:
    """Advance one body by one tick in place; returns the time flown (less at an impact).

    Its mass properties (`take_mass`) and what it meets at the start (`see`) are known already.
    time_s: mission clock at the start of the tick; command times count on the same clock.
    """
    state.rigid[13:19] = 0.0
    state.words[IDEAL_MPS:] = 0.0
    for axis in range(2):
        copy(state.modal[axis], state.scratch.modal_before[axis])
    set_modes(plant, state, health)
    done = 0.0
    while dt_s - done > SMALLEST_STEP_S and state.words[STATUS] <= HELD:
        if done > 0.0:
            see(plant, state, time_s + done)
        h = segment_end(state, command, time_s + done, dt_s - done)
        h = burn(plant, state, command, health, h)
        swing(plant, state, command, health, h)
        set_loads(plant, state, h)
        done += move(plant, state, time_s + done, h)
        use_mass(state)  # that of the segment's end: set_loads left it
    feel(state)
    return done
