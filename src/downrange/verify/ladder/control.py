"""A rung of the ladder that swings: where a control loop turns unstable, which no step decides.

A plain law, angle and rate at the inertial unit to gimbal angle in ticks of 20 ms, around the
whole stack with its gimbals and bending, flown by the tick. It is made for this and no other use.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.linalg import expm

from downrange.dynamics.kernel.advance import FLEX
from downrange.propulsion.kernel import (
    GIMBAL_DAMPING,
    GIMBAL_NATURAL_RADPS,
    LEVEL,
    MOVING_CG_M,
    MOVING_INERTIA_KGM2,
    MOVING_MASS_KG,
    ON,
    POSITION_M,
    SINCE_S,
)
from downrange.vehicle.kernel import (
    DAMPING_RATIO,
    MODAL_MASS_KG,
    OMEGA_RADPS,
    PHI_GIMBAL,
    SLOPE_GIMBAL,
    SLOPE_IMU,
)
from downrange.verify.bench import TICK_S, Bench
from downrange.verify.check import Check

BANDWIDTH_RADPS, DAMPING = 1.2, 0.7
SETTLING_S, WATCHED_S = 4.0, 8.0
SMALL_M = 1e-4  # of the nose: no limit of angle or rate is met
FINEST_S = 0.0025  # half a sub-step of the gimbals, an eighth of a step of the rigid body


def _burning() -> Bench:
    """The stack under steady thrust that takes next to nothing out of its tanks."""
    bench = Bench(flow_share=1e-9)
    first = bench.plant.engines.stage == 0
    bench.command.engine_on[first] = 1.0
    bench.state.engine[first, LEVEL] = bench.state.engine[first, ON] = 1.0
    bench.state.engine[first, SINCE_S] = 10.0
    return bench


def _law(bench: Bench) -> tuple[float, float]:
    """Gimbal angle per angle and per rate of the law at a gain of 1."""
    first = bench.plant.engines.stage == 0
    thrust_n = float(bench.plant.engines.thrust_vac_n[first].sum())
    arm_m = float(bench.state.loads[1] - bench.plant.engines.table[0, POSITION_M])
    per = float(bench.state.loads[3]) / (thrust_n * arm_m)
    return per * BANDWIDTH_RADPS**2, per * 2.0 * DAMPING * BANDWIDTH_RADPS


def growth(gain: float, step_s: float) -> float:
    """Growth in 1/s of what swings in the loop at a gain, the body moved on in steps."""
    bench = _burning()
    stiff, damping = _law(bench)
    omega = float(bench.state.modes[0, OMEGA_RADPS])
    first = bench.plant.engines.stage == 0
    bench.state.modal[0, 0, 0] = SMALL_M
    angle, flex, sizes = 0.0, 0.0, []
    for _ in range(round((SETTLING_S + WATCHED_S) / TICK_S)):
        for _ in range(round(TICK_S / step_s)):
            bench.move(step_s, step_s)
            flex += float(bench.state.words[FLEX])
        seen = 2.0 * float(bench.state.rigid[8]) + flex
        turning, angle = (seen - angle) / TICK_S, seen
        bench.command.gimbal_rad[first, 0] = gain * (stiff * angle + damping * turning)
        moved, rate = (float(word) for word in bench.state.modal[0, 0])
        sizes.append(math.hypot(omega * moved, rate))
    watched = np.array(sizes[round(SETTLING_S / TICK_S) :])
    # Means over the first and the last quarter: what else swings averages out.
    quarter = len(watched) // 4
    ratio = float(watched[-quarter:].mean() / watched[:quarter].mean())
    return math.log(ratio) / (0.75 * WATCHED_S)


def boundary(step_s: float, low: float, high: float) -> float:
    """Gain at which what swings neither grows nor decays; nan if that is not between two gains."""
    slow, fast = growth(low, step_s), growth(high, step_s)
    if not slow < 0.0 < fast:
        return math.nan
    for _ in range(6):
        middle = low - slow * (high - low) / (fast - slow)
        found = growth(middle, step_s)
        if found < 0.0:
            low, slow = middle, found
        else:
            high, fast = middle, found
        if abs(found) < 1e-5:
            break
    return low if abs(slow) < abs(fast) else high


def exact_boundary(low: float, high: float) -> float:
    """The same gain of the same loop as linear equations, solved exactly between ticks."""
    bench = _burning()
    stiff, damping = _law(bench)
    a, b, c = _linear(bench)
    n = len(b)
    held = np.zeros((n + 1, n + 1))
    held[:n, :n], held[:n, n] = a, b
    held = expm(held * TICK_S)
    for _ in range(50):
        gain = 0.5 * (low + high)
        # The state, and the angle that was seen a tick before.
        loop = np.zeros((n + 1, n + 1))
        loop[:n, :n], loop[n, :n] = held[:n, :n], c
        loop[:n, :n] += gain * (stiff + damping / TICK_S) * np.outer(held[:n, n], c)
        loop[:n, n] -= gain * damping / TICK_S * held[:n, n]
        stable = bool(np.abs(np.linalg.eigvals(loop)).max() < 1.0)
        low, high = (gain, high) if stable else (low, gain)
    return 0.5 * (low + high)


def _linear(bench: Bench) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices of x' = A x + b command, angle seen = c x.

    States: angle and rate, displacement and rate of each mode, gimbal angle and rate. For d of all
    engines the side force is F d + m l d'', and they turn the body back by their inertia times d''.
    """
    modes, first = bench.state.modes, bench.plant.engines.stage == 0
    row, count = bench.plant.engines.table[0], int(first.sum())
    thrust_n = float(bench.plant.engines.thrust_vac_n[first].sum())
    moving_kgm = count * row[MOVING_MASS_KG] * row[MOVING_CG_M]
    turning_kgm2 = count * row[MOVING_INERTIA_KGM2]
    arm_m, inertia = bench.state.loads[1] - row[POSITION_M], bench.state.loads[3]
    size = 4 + 2 * len(modes)
    a, b, c = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    w, zeta = row[GIMBAL_NATURAL_RADPS], row[GIMBAL_DAMPING]
    swing, angle = np.zeros(size), np.zeros(size)
    swing[-2:], angle[-2] = [-w * w, -2.0 * zeta * w], 1.0
    a[-2, -1], a[-1], b[-1] = 1.0, swing, w * w

    def drive(line: int, force: float, torque: float) -> None:
        """A line driven by the side force and by the engines' inertia."""
        a[line] += force * (thrust_n * angle + moving_kgm * swing) + torque * turning_kgm2 * swing
        b[line] += (force * moving_kgm + torque * turning_kgm2) * w * w

    a[0, 1] = c[0] = 1.0
    drive(1, -arm_m / inertia, -1.0 / inertia)
    for k, mode in enumerate(modes):
        at, mass = 2 + 2 * k, mode[MODAL_MASS_KG]
        a[at, at + 1] = 1.0
        a[at + 1, at] = -(mode[OMEGA_RADPS] ** 2)
        a[at + 1, at + 1] = -2.0 * mode[DAMPING_RATIO] * mode[OMEGA_RADPS]
        drive(at + 1, mode[PHI_GIMBAL] / mass, -mode[SLOPE_GIMBAL] / mass)
        c[at] = mode[SLOPE_IMU]
    return a, b, c


def stability_boundary() -> list[Check]:
    """Where the loop turns unstable: exactly, by the tick, and by the tick in finer steps."""
    exact = exact_boundary(0.01, 2.0)
    low, high = 0.8 * exact, 1.25 * exact
    coarse, fine = boundary(TICK_S, low, high), boundary(FINEST_S, low, high)
    name, gain = "stability boundary of a control loop", "gain at which bending begins to grow"
    return [
        Check(name, f"{gain}, in steps of 2.5 ms", "eigenvalues of the sampled loop", exact, fine,
              "1", 0.003 * exact),
        Check(name, f"{gain}, in steps of 20 ms and sub-steps of 5 ms",
              "that with half the sub-step: no step is physics", fine, coarse, "1", 0.01 * fine),
    ]  # fmt: skip


RUNGS: tuple[Callable[[], list[Check]], ...] = (stability_boundary,)
