"""Unified Powered Flight Guidance of an upper stage: closed loop, from measurements alone.

Brand, Brown and Higgins, "Unified Powered Flight Guidance", Space Shuttle GN&C Equation Document
24 (NTRS 19740004402), standard ascent: plane, radius, speed and flight path angle at cut-off
are held, the place along the orbit is free. Vectors in inertial axes, SI, times of the flight
computer's clock. `tick` follows what was sensed, `cycle` solves anew; steering is the last
solution that converged, so that whatever fails, the vehicle holds a course and cuts off.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector, add, cross, dot, norm, scale, sub, unit
from downrange.earth.kernel.orbit import kepler
from downrange.gnc.kernel.data import Floats
from downrange.gnc.kernel.words import put_vector, vector_at


class Target(NamedTuple):
    """Cut-off state."""

    radius_m: float
    speed_mps: float
    flight_path_angle_rad: float
    normal: Vector  # unit vector along the orbit's angular momentum


class Rules(NamedTuple):
    """When guidance believes itself."""

    freeze_s: float = 4.0  # steering is held for so long before cut-off
    settle_s: float = 3.0  # thrust is not measured for so long after a stage begins
    filter_s: float = 5.0  # time constant of the thrust estimate
    converged_mps: float = 1.0  # a solution that moved by less is flown,
    converged_fraction: float = 0.005  # or by less than so much of the velocity to go
    patience: float = 10.0  # cycles without one, or without the end coming nearer
    beyond_mps: float = 2.0  # faster than the target orbit asks for: cut off


class Insertion(NamedTuple):
    """What guidance knows before it starts."""

    target: Target
    stages: Floats  # (stages, STAGE_COLUMNS), at least one
    rules: Rules
    mu_m3ps2: float


# Columns of stages: each row a burn at constant thrust, or at constant acceleration if LIMITED.
EXHAUST_MPS = 0
ACCELERATION_MPS2 = 1  # at its start, as planned
BURN_S = 2  # from its start to the end of its propellant
LIMITED = 3
STAGE_COLUMNS = 4

# Outcomes.
CONVERGING = 0
CONVERGED = 1
NOT_CONVERGING = 2  # the last good steering is held
STAGE_TOO_SMALL = 3  # by SHORTFALL_MPS: steers for the target all the same
PAST_TARGET = 4  # energy and angular momentum are beyond the target: cuts off
BAD_INPUT = 5  # a measurement is no number: the last good steering is held

# Indices into the guidance memory.
CODE = 0
CYCLES = 1  # since start
DOUBTS = 2  # cycles since the last that brought the end nearer
FROZEN = 3
SHORTFALL_MPS = 4  # what the target asks for beyond the propellant left
TGO_S = 5  # at the last solution
SOLVED_S = 6  # clock of the last solution
CUTOFF_S = 7  # clock at which it ends
DEADLINE_S = 8  # clock at which the burn ends whatever happens
VELOCITY_TO_GO_MPS = 9  # along LAMBDA, at the last tick
REFERENCE_S = 10  # clock at which thrust is along LAMBDA
LAMBDA = 11
LAMBDA_DOT_PS = 14
VGO_MPS = 17  # from here on the solution in progress
RD_M = 20
RGRAV_M = 23
RBIAS_M = 26
STAGE = 29
STAGE_START_S = 30
USED_MPS = 31  # sensed since the stage began
THRUST_RATIO = 32  # of the plan
SENSED_MPS = 33  # since the last cycle
BAD_TICKS = 36  # since the last cycle
LAST_CLOCK_S = 37
UPFG_WORDS = 38

Burn = tuple[float, float, float, float, float, float, float, float]
FIRST_TRIES = 40
LEAST_RATIO = 0.2  # of the planned thrust: with less there is nothing to steer


@njit
def capacity(plan: Insertion, stage: int) -> float:
    """Velocity in m/s that a whole stage gives."""
    row = plan.stages[stage]
    if row[LIMITED] > 0.0:
        return float(row[ACCELERATION_MPS2] * row[BURN_S])
    return float(
        -row[EXHAUST_MPS] * math.log1p(-row[ACCELERATION_MPS2] * row[BURN_S] / row[EXHAUST_MPS])
    )


@njit
def acceleration(memory: Floats, plan: Insertion, used_mps: float) -> float:
    """Thrust acceleration (m/s^2) of the running stage, by the plan times the measured ratio."""
    row = plan.stages[int(memory[STAGE])]
    grown = 1.0 if row[LIMITED] > 0.0 else math.exp(used_mps / row[EXHAUST_MPS])
    return float(memory[THRUST_RATIO] * row[ACCELERATION_MPS2] * grown)


@njit
def begin_stage(memory: Floats, stage: int, clock_s: float) -> None:
    """A stage ignites: full, and as planned until measured."""
    memory[STAGE], memory[STAGE_START_S] = stage, clock_s
    memory[USED_MPS], memory[THRUST_RATIO] = 0.0, 1.0


@njit
def tick(memory: Floats, plan: Insertion, clock_s: float, sensed_mps: Vector) -> None:
    """Follow the velocity sensed since the last tick; measure thrust.

    Thrust is known by its ratio to the plan at the velocity already gained, which stays the
    same as mass falls. What is no number counts as flown by the plan.
    """
    dt_s, speed = clock_s - memory[LAST_CLOCK_S], norm(sensed_mps)
    memory[LAST_CLOCK_S] = clock_s
    planned = acceleration(memory, plan, memory[USED_MPS] + 0.5 * speed)
    if not (math.isfinite(speed) and dt_s > 0.0):
        memory[BAD_TICKS] += 1.0
        speed = acceleration(memory, plan, memory[USED_MPS]) * max(dt_s, 0.0)
        sensed_mps = scale(vector_at(memory, LAMBDA), speed)
    elif clock_s - memory[STAGE_START_S] > plan.rules.settle_s:
        since_s = clock_s - memory[STAGE_START_S] - plan.rules.settle_s
        weight = max(dt_s / max(dt_s, since_s), dt_s / max(dt_s, plan.rules.filter_s))
        ratio = memory[THRUST_RATIO] * ((speed / dt_s) / planned)
        ratio = min(10.0, max(0.5 * LEAST_RATIO, ratio))
        memory[THRUST_RATIO] += weight * (ratio - memory[THRUST_RATIO])
    memory[USED_MPS] += speed
    memory[VELOCITY_TO_GO_MPS] -= dot(sensed_mps, vector_at(memory, LAMBDA))
    put_vector(memory, SENSED_MPS, add(vector_at(memory, SENSED_MPS), sensed_mps))
    stage = int(memory[STAGE])
    if stage + 1 < plan.stages.shape[0] and memory[USED_MPS] >= capacity(plan, stage):
        begin_stage(memory, stage + 1, clock_s)


@njit
def time_to_cutoff(memory: Floats, plan: Insertion, tail_off_mps: float) -> float:
    """Seconds from the last tick to cut-off, 0 if it is due; the tail-off gives its part after."""
    if memory[CODE] == PAST_TARGET or memory[LAST_CLOCK_S] >= memory[DEADLINE_S]:
        return 0.0
    left = max(0.0, memory[VELOCITY_TO_GO_MPS] - tail_off_mps)
    now = acceleration(memory, plan, memory[USED_MPS])
    row = plan.stages[int(memory[STAGE])]
    if row[LIMITED] > 0.0:
        return float(left / now)
    return float(row[EXHAUST_MPS] / now * -math.expm1(-left / row[EXHAUST_MPS]))


@njit
def direction(memory: Floats, clock_s: float) -> tuple[Vector, Vector]:
    """Unit vector along which to thrust, and its turn rate vector in rad/s.

    Both are zero before a start from a state that is a number.
    """
    away_s = min(clock_s, memory[CUTOFF_S]) - memory[REFERENCE_S]
    turn = vector_at(memory, LAMBDA_DOT_PS)
    aim = add(vector_at(memory, LAMBDA), scale(turn, away_s))
    size2 = dot(aim, aim)
    if clock_s >= memory[CUTOFF_S] or size2 == 0.0:
        return unit(aim), (0.0, 0.0, 0.0)
    return unit(aim), scale(cross(aim, turn), 1.0 / size2)


@njit
def burn(memory: Floats, plan: Insertion, vgo_mps: float) -> Burn:
    """Thrust integrals L, J, S, Q, H, P of a burn of vgo_mps, its time and what is missing (m/s).

    Blocks 3 and 4: L, J, H are those of a, a t, a t^2 over time; S, Q, P the double ones.
    The last stage is thought to last as long as it takes.
    """
    L = J = S = Q = H = P = start = missing = 0.0
    stages, first, last = plan.stages, int(memory[STAGE]), plan.stages.shape[0] - 1
    for i in range(first, last + 1):
        ve, a, full = stages[i, EXHAUST_MPS], stages[i, ACCELERATION_MPS2], capacity(plan, i)
        if i == first:
            a, full = acceleration(memory, plan, memory[USED_MPS]), full - memory[USED_MPS]
        part = vgo_mps - L
        if i == last:
            missing = max(0.0, part - full)
        elif full < part:
            part = max(0.0, full)
        tau = ve / a
        if stages[i, LIMITED] > 0.0:
            tb = part / a
            j = s = 0.5 * part * tb
            q = s * (tb / 3.0 + start)
            p = s / 6.0 * (tb * tb + 4.0 * tb * start + 6.0 * start * start)
        else:
            tb = -tau * math.expm1(-part / ve)
            j = tau * part - ve * tb
            s = tb * part - j
            q = s * (tau + start) - 0.5 * ve * tb * tb
            p = q * (tau + start) - 0.5 * ve * tb * tb * (tb / 3.0 + start)
        j, s, q, p = j + part * start, s + L * tb, q + J * tb, p + H * tb
        L, J, S, Q, P, start = L + part, J + j, S + s, Q + q, P + p, start + tb
        H = J * start - Q
        if vgo_mps <= L:
            break
    return L, J, S, Q, H, P, start, missing


@njit
def linear_tangent(
    memory: Floats, normal: Vector, r: Vector, v: Vector, of: Burn
) -> tuple[Vector, Vector, Vector, Vector]:
    """Block 5: lambda, lambda_dot, and the velocity and distance that thrust along them gives.

    The range to go along the orbit follows from the thrust integrals, as the place is free.
    RBIAS_M is brought up to date.
    """
    L, J, S, Q, H, P, tgo, _ = of
    lam, rd = unit(vector_at(memory, VGO_MPS)), vector_at(memory, RD_M)
    rgo = sub(rd, add(add(r, scale(v, tgo)), vector_at(memory, RGRAV_M)))
    along = unit(cross(normal, rd))
    rgo = sub(rgo, scale(along, dot(along, rgo)))
    rgo = add(rgo, scale(along, (S - dot(lam, rgo)) / dot(lam, along)))
    rgo = add(rgo, vector_at(memory, RBIAS_M))
    rate = scale(sub(rgo, scale(lam, S)), 1.0 / (Q - S * J / L))
    first = sub(lam, scale(rate, J / L))
    phi = math.atan2(norm(cross(first, lam)), dot(first, lam))
    phi_dot = -phi * L / J
    ahead_v = L - 0.5 * L * phi * phi - J * phi * phi_dot - 0.5 * H * phi_dot * phi_dot
    ahead_r = S - 0.5 * S * phi * phi - Q * phi * phi_dot - 0.5 * P * phi_dot * phi_dot
    side = unit(rate)
    v_thrust = sub(scale(lam, ahead_v), scale(side, L * phi + J * phi_dot))
    r_thrust = sub(scale(lam, ahead_r), scale(side, S * phi + Q * phi_dot))
    put_vector(memory, RBIAS_M, sub(rgo, r_thrust))
    return lam, rate, v_thrust, r_thrust


@njit
def gravity_integrals(
    r: Vector, v: Vector, v_thrust: Vector, r_thrust: Vector, tgo_s: float, mu_m3ps2: float
) -> tuple[Vector, Vector]:
    """Block 7: velocity and distance that gravity adds, on a coast near the powered path."""
    r1 = sub(r, add(scale(r_thrust, 0.1), scale(v_thrust, tgo_s / 30.0)))
    v1 = add(v, sub(scale(r_thrust, 1.2 / tgo_s), scale(v_thrust, 0.1)))
    r2, v2 = kepler(r1, v1, tgo_s, mu_m3ps2)
    return sub(v2, v1), sub(sub(r2, r1), scale(v1, tgo_s))


@njit
def in_plane(target: Target, r: Vector) -> tuple[Vector, Vector]:
    """Target position and velocity at the place of its orbit nearest to r."""
    up = unit(sub(r, scale(target.normal, dot(r, target.normal))))
    climb, level = math.sin(target.flight_path_angle_rad), math.cos(target.flight_path_angle_rad)
    course = add(scale(up, climb), scale(cross(target.normal, up), level))
    return scale(up, target.radius_m), scale(course, target.speed_mps)


@njit
def guess(memory: Floats, plan: Insertion, r: Vector, v: Vector) -> None:
    """Solution to begin with: as far along the orbit as the mean speed leads in the burn."""
    target = plan.target
    rd, vd = in_plane(target, r)
    burn_s = burn(memory, plan, norm(sub(vd, v)))[6]
    angle = 0.5 * norm(add(v, vd)) * burn_s / target.radius_m
    ahead = scale(cross(target.normal, rd), math.sin(angle))
    rd, vd = in_plane(target, add(scale(rd, math.cos(angle)), ahead))
    put_vector(memory, RD_M, rd)
    put_vector(memory, VGO_MPS, sub(vd, v))
    put_vector(memory, RGRAV_M, scale(r, -0.5 * plan.mu_m3ps2 / norm(r) ** 3))
    put_vector(memory, RBIAS_M, (0.0, 0.0, 0.0))
    memory[TGO_S] = 1.0


@njit
def solve(
    memory: Floats, plan: Insertion, r: Vector, v: Vector, clock_s: float
) -> tuple[float, Vector, Vector, Vector, Burn]:
    """One predictor-corrector step of the solution in progress.

    Returns by how much (m/s) it moved, lambda, lambda_dot, the velocity that thrust must add
    and the burn.
    """
    before = vector_at(memory, VGO_MPS)
    of = burn(memory, plan, norm(before))
    tgo = of[6]
    stretch = (tgo / memory[TGO_S]) ** 2
    put_vector(memory, RGRAV_M, scale(vector_at(memory, RGRAV_M), stretch))
    lam, rate, v_thrust, r_thrust = linear_tangent(memory, plan.target.normal, r, v, of)
    v_grav, r_grav = gravity_integrals(r, v, v_thrust, r_thrust, tgo, plan.mu_m3ps2)
    rd, vd = in_plane(plan.target, add(add(r, scale(v, tgo)), add(r_grav, r_thrust)))
    needed = sub(sub(vd, v), v_grav)
    vgo = add(needed, sub(before, v_thrust))
    put_vector(memory, RD_M, rd)
    put_vector(memory, RGRAV_M, r_grav)
    put_vector(memory, VGO_MPS, vgo)
    memory[TGO_S], memory[SOLVED_S] = tgo, clock_s
    return norm(sub(vgo, before)), lam, rate, needed, of


@njit
def past_target(plan: Insertion, r: Vector, v: Vector) -> bool:
    """Whether energy and angular momentum are beyond those of a slightly faster cut-off."""
    target, mu = plan.target, plan.mu_m3ps2
    speed = target.speed_mps + plan.rules.beyond_mps
    momentum = target.radius_m * speed * math.cos(target.flight_path_angle_rad)
    energy = 0.5 * speed * speed - mu / target.radius_m
    return bool(
        dot(cross(r, v), target.normal) > momentum and 0.5 * dot(v, v) - mu / norm(r) > energy
    )


@njit
def attempt(memory: Floats, plan: Insertion, r: Vector, v: Vector, clock_s: float) -> bool:
    """Solve once more; a solution that has converged becomes the steering. Whether it has.

    DOUBTS counts those that have not, or whose end recedes as the clock goes on.
    """
    ended_s, since_s = memory[SOLVED_S] + memory[TGO_S], clock_s - memory[SOLVED_S]
    moved, lam, rate, needed, of = solve(memory, plan, r, v, clock_s)
    tgo_s, allowed = of[6], max(plan.rules.converged_mps, plan.rules.converged_fraction * of[0])
    good = moved < allowed and math.isfinite(norm(rate)) and memory[THRUST_RATIO] > LEAST_RATIO
    nearer = clock_s + tgo_s < ended_s + 0.5 * since_s
    if good and (nearer or clock_s - memory[STAGE_START_S] <= plan.rules.settle_s):
        memory[DOUBTS] = 0.0
    else:
        memory[DOUBTS] += 1.0
    if not good or memory[DOUBTS] > plan.rules.patience:
        return False
    put_vector(memory, LAMBDA, lam)
    put_vector(memory, LAMBDA_DOT_PS, rate)
    memory[REFERENCE_S] = clock_s + of[1] / of[0]
    memory[VELOCITY_TO_GO_MPS] = dot(needed, lam)
    memory[CUTOFF_S], memory[DEADLINE_S] = clock_s + tgo_s, clock_s + 1.2 * tgo_s + 10.0
    return True


@njit
def anew(memory: Floats, plan: Insertion, r: Vector, v: Vector, clock_s: float) -> None:
    """Forget the solution in progress and look for one from here."""
    guess(memory, plan, r, v)
    for _ in range(FIRST_TRIES):
        moved = solve(memory, plan, r, v, clock_s)[0]
        if not moved >= plan.rules.converged_mps:
            break


@njit
def outcome(memory: Floats, plan: Insertion, good: bool) -> int:
    """Code of a cycle, and by how much (m/s) the stages are too small."""
    memory[SHORTFALL_MPS] = burn(memory, plan, norm(vector_at(memory, VGO_MPS)))[7]
    if memory[DOUBTS] > plan.rules.patience:
        return NOT_CONVERGING
    if not good:
        return CONVERGING
    return STAGE_TOO_SMALL if memory[SHORTFALL_MPS] > 0.0 else CONVERGED


@njit
def start(memory: Floats, plan: Insertion, r: Vector, v: Vector, clock_s: float) -> None:
    """Begin with the first stage, from the state at its ignition; overwrites the memory.

    Without a solution thrust is along the velocity, until the stages must be empty.
    LAMBDA stays zero until a state is a number.
    """
    memory[:] = 0.0
    begin_stage(memory, 0, clock_s)
    memory[LAST_CLOCK_S] = clock_s
    memory[CODE] = BAD_INPUT
    for i in range(plan.stages.shape[0]):
        memory[VELOCITY_TO_GO_MPS] += capacity(plan, i)
        memory[CUTOFF_S] += plan.stages[i, BURN_S]
    memory[DEADLINE_S] = clock_s + 1.2 * memory[CUTOFF_S] + 10.0
    memory[CUTOFF_S] += clock_s
    if not math.isfinite(norm(r) + norm(v)):
        return
    put_vector(memory, LAMBDA, unit(v))
    anew(memory, plan, r, v, clock_s)
    good = attempt(memory, plan, r, v, clock_s)
    memory[CODE] = outcome(memory, plan, good)


@njit
def cycle(memory: Floats, plan: Insertion, r: Vector, v: Vector, clock_s: float) -> None:
    """One major cycle, right after a tick: solve anew from the navigated state.

    CODE says what came of it. The steering changes only by a solution that has converged
    while the end comes nearer.
    """
    vgo = sub(vector_at(memory, VGO_MPS), vector_at(memory, SENSED_MPS))
    bad = memory[BAD_TICKS] > 0.0 or not math.isfinite(norm(r) + norm(v))
    put_vector(memory, VGO_MPS, vgo)
    put_vector(memory, SENSED_MPS, (0.0, 0.0, 0.0))
    memory[BAD_TICKS] = 0.0
    memory[CYCLES] += 1.0
    if memory[CODE] == PAST_TARGET:
        return
    if bad:
        memory[CODE] = BAD_INPUT
        return
    if past_target(plan, r, v):
        memory[CODE] = PAST_TARGET
        return
    good = True
    if memory[FROZEN] > 0.0 or time_to_cutoff(memory, plan, 0.0) < plan.rules.freeze_s:
        memory[FROZEN] = 1.0
    else:
        if memory[TGO_S] == 0.0 or not math.isfinite(norm(vgo)):
            anew(memory, plan, r, v, clock_s)
        good = attempt(memory, plan, r, v, clock_s)
        if not good and memory[DOUBTS] % plan.rules.patience == 0.0:
            anew(memory, plan, r, v, clock_s)
    memory[CODE] = outcome(memory, plan, good)
