"""Stability of the attitude loop about an operating point: margins, poles, bending modes.

One lateral plane, linear: rigid body with aerodynamic overturning, bending modes, gimbal
actuators with the engines' inertia, and the flight software's control law exactly as it runs,
in ticks with its filters and its latency. Pitch and yaw are alike. Limits of gimbal angle and
rate, wind and the rotation of the velocity are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from downrange.gnc.kernel.data import AssumedVehicle, Control, Floats, Plan

Complex = NDArray[np.complex128]
GRID = 4000  # frequencies at which the loop gain is looked at
LOWEST_RADPS = 0.02
VANISHING = 1e-9  # a root this small is a pure delay: gone after a tick


@dataclass(frozen=True)
class OperatingPoint:
    """A lateral plane of the vehicle at one instant.

    Attributes:
        fraction: first-stage propellant left, for the filters.
        inertia_kgm2: lateral.
        thrust_n: of all gimballed engines.
        arm_m: from the gimbals forward to the CM.
        overturning_nmprad: aerodynamic moment per angle of attack, positive if unstable.
        mode_radps, mode_mass_kg, mode_shape, mode_slope_pm, mode_damping: (modes,) each.
        gimbal_natural_radps, gimbal_damping: of the actuators.
        moving_moment_kgm: moving mass times lever of all engines together.
    """

    fraction: float
    inertia_kgm2: float
    thrust_n: float
    arm_m: float
    overturning_nmprad: float
    mode_radps: Floats
    mode_mass_kg: Floats
    mode_shape: Floats
    mode_slope_pm: Floats
    mode_damping: Floats
    gimbal_natural_radps: float
    gimbal_damping: float
    moving_moment_kgm: float


@dataclass(frozen=True)
class Margins:
    """How far the loop is from instability.

    Attributes:
        stable: all poles decay.
        growth_ps: fastest growth of any motion, 1/s; negative if all decay.
        growth_radps: frequency of that motion.
        poles_ps: of the closed loop, in 1/s.
        gain_up_db, gain_down_db: by which the gain may rise or fall before the rigid loop
            (below half of the first mode) oscillates; inf if it never does.
        phase_deg: by which the rigid loop's phase may lag.
        bending_peak_db: largest loop gain above half of the first mode; below 0 dB no phase
            can make it unstable. -inf without modes.
    """

    stable: bool
    growth_ps: float
    growth_radps: float
    poles_ps: Complex
    gain_up_db: float
    gain_down_db: float
    phase_deg: float
    bending_peak_db: float


def operating_point(
    vehicle: AssumedVehicle,
    fraction: float,
    dynamic_pressure_pa: float = 0.0,
    mach: float = 0.0,
    pressure_pa: float = 101325.0,
    engines_out: int = 0,
    mode_ratio: float = 1.0,
) -> OperatingPoint:
    """Return the first stage in flight; `mode_ratio` scales the modes' true frequencies."""
    own = np.flatnonzero((vehicle.engine_stage == 0) & (vehicle.engine_gimbal_limit_rad > 0.0))
    own = own[: len(own) - engines_out]
    thrust = vehicle.engine_thrust_vac_n[own] - pressure_pa * vehicle.engine_exit_area_m2[own]

    def at(table: Floats) -> float:
        return float(np.interp(fraction, vehicle.fraction, table))

    def modes(table: Floats) -> Floats:
        return np.array([at(mode) for mode in table.T])

    x_cm = at(vehicle.x_cm_m)
    x_cp = float(np.interp(mach, vehicle.mach, vehicle.x_cp_m))
    slope = float(np.interp(mach, vehicle.mach, vehicle.normal_slope_prad))
    lift = dynamic_pressure_pa * vehicle.reference_area_m2 * slope
    return OperatingPoint(
        fraction=fraction,
        inertia_kgm2=at(vehicle.inertia_lateral_kgm2),
        thrust_n=float(thrust.sum()),
        arm_m=x_cm - float(np.average(vehicle.engine_position_m[own, 0], weights=thrust)),
        overturning_nmprad=lift * (x_cp - x_cm),
        mode_radps=mode_ratio * modes(vehicle.mode_frequency_radps),
        mode_mass_kg=modes(vehicle.mode_mass_kg),
        mode_shape=modes(vehicle.mode_shape_gimbal),
        mode_slope_pm=modes(vehicle.mode_slope_imu_pm),
        mode_damping=np.asarray(vehicle.mode_damping, dtype=np.float64),
        gimbal_natural_radps=vehicle.gimbal_natural_radps,
        gimbal_damping=vehicle.gimbal_damping,
        moving_moment_kgm=vehicle.engine_moving_moment_kgm * len(own),
    )


def loop_margins(plan: Plan, point: OperatingPoint) -> Margins:
    """Return the margins of the flight software's loop around a vehicle."""
    tick_s = plan.tick_s
    a, b, c = _open_loop(plan.control, point, tick_s)
    roots = np.linalg.eigvals(a + np.outer(b, c)) + 0j
    poles = np.log(roots[np.abs(roots) > VANISHING]).astype(np.complex128) / tick_s
    worst = poles[np.argmax(poles.real)]
    bending = 0.5 * float(point.mode_radps.min()) if len(point.mode_radps) else math.inf
    frequency = np.geomspace(LOWEST_RADPS, math.pi / tick_s, GRID)
    gain = _response(a, b, c, np.exp(1j * frequency * tick_s))
    rigid = gain[frequency < bending]
    up, down = _gain_margins(rigid)
    above = np.abs(gain[frequency >= bending])
    return Margins(
        stable=bool(worst.real < 0.0),
        growth_ps=float(worst.real),
        growth_radps=float(abs(worst.imag)),
        poles_ps=poles,
        gain_up_db=up,
        gain_down_db=down,
        phase_deg=_phase_margin(rigid),
        bending_peak_db=20.0 * math.log10(above.max()) if above.size else -math.inf,
    )


def _plant(point: OperatingPoint) -> tuple[Floats, Floats, Floats]:
    """Continuous (A, B, C): from gimbal command to the angle at the inertial unit.

    States: angle, rate, per mode displacement and its rate, gimbal angle and its rate. The
    lateral force is F d + m l d'', the second for the engines' inertia ("tail wags dog").
    """
    modes = len(point.mode_radps)
    size = 2 * modes + 4
    a, b, c = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    gimbal, gimbal_rate = size - 2, size - 1
    a[gimbal, gimbal_rate] = 1.0
    w, zeta = point.gimbal_natural_radps, point.gimbal_damping
    a[gimbal_rate, gimbal], a[gimbal_rate, gimbal_rate] = -w * w, -2.0 * zeta * w
    b[gimbal_rate] = w * w
    force, force_b = point.moving_moment_kgm * a[gimbal_rate], point.moving_moment_kgm * w * w
    force[gimbal] += point.thrust_n
    a[0, 1] = 1.0
    a[1] = -point.arm_m * force / point.inertia_kgm2
    a[1, 0] += point.overturning_nmprad / point.inertia_kgm2
    b[1] = -point.arm_m * force_b / point.inertia_kgm2
    c[0] = 1.0
    for i in range(modes):
        q, rate, w = 2 + 2 * i, 3 + 2 * i, point.mode_radps[i]
        push = point.mode_shape[i] / point.mode_mass_kg[i]
        a[q, rate] = 1.0
        a[rate] = push * force
        a[rate, q] -= w * w
        a[rate, rate] -= 2.0 * point.mode_damping[i] * w
        b[rate] = push * force_b
        c[q] = point.mode_slope_pm[i]
    return a, b, c


def _open_loop(
    control: Control, point: OperatingPoint, tick_s: float
) -> tuple[Floats, Floats, Floats]:
    """Discrete (A, b, c) from the gimbal angle commanded to the one that the law then asks for.

    The loop closes as command = answer. The gyro's mean rate over a tick is the difference of
    two angles, so that the law's inputs are exact.
    """
    plant_a, plant_b, plant_c = _plant(point)
    n, latency = len(plant_b), control.latency_ticks
    held = np.zeros((n + 1, n + 1))
    held[:n, :n], held[:n, n] = plant_a, plant_b
    held = expm(held * tick_s)
    sections = _sections_at(control, point.fraction)
    size = n + latency + 2 + 2 * len(sections)
    last_y, integral = n + latency, n + latency + 1
    a, b = np.zeros((size, size)), np.zeros(size)
    a[:n, :n] = held[:n, :n]
    if latency:
        a[:n, n] = held[:n, n]
        for i in range(latency - 1):
            a[n + i, n + i + 1] = 1.0
        b[n + latency - 1] = 1.0
    else:
        b[:n] = held[:n, n]
    # Rows over the state as it stands when the law runs.
    y, row = np.zeros(size), np.eye(size)
    y[:n] = plant_c
    w, zeta = control.bandwidth_radps, control.damping
    stiffness = w * w + max(0.0, point.overturning_nmprad) / point.inertia_kgm2
    signal = stiffness * y + 2.0 * zeta * w * (y - row[last_y]) / tick_s
    after = row.copy()  # the law's own state after it ran
    after[last_y] = y
    after[integral] = row[integral] + tick_s * y
    for i, (b0, b1, b2, a1, a2) in enumerate(sections):
        first, second = integral + 1 + 2 * i, integral + 2 + 2 * i
        out = b0 * signal + row[first]
        after[first] = b1 * signal - a1 * out + row[second]
        after[second] = b2 * signal - a2 * out
        signal = out
    signal = signal + w * w / control.integral_time_s * after[integral]
    c = point.inertia_kgm2 / (point.thrust_n * point.arm_m) * signal
    # The law runs, then the plant moves on for a tick.
    return a @ after + _only(after, n + latency), b, c


def _only(after: Floats, first: int) -> Floats:
    """The law's rows of the update; the plant's rows come from its own matrix."""
    rows = after.copy()
    rows[:first] = 0.0
    return rows


def _sections_at(control: Control, fraction: float) -> Floats:
    """Filter coefficients (sections, 5) at a propellant fraction, as the law interpolates."""
    grid = control.mass[:, 0]
    flat = control.filters.reshape(len(grid), -1)
    columns = [np.interp(fraction, grid, column) for column in flat.T]
    return np.array(columns).reshape(control.filters.shape[1:])


def _response(a: Floats, b: Floats, c: Floats, z: Complex) -> Complex:
    """Loop gain L(z) = -c (z - A)^-1 b; the loop is stable while L stays clear of -1."""
    inverse = np.linalg.solve(z[:, None, None] * np.eye(len(b)) - a, b[:, None])
    gain: Complex = -(c @ inverse)[:, 0]
    return gain


def _gain_margins(gain: Complex) -> tuple[float, float]:
    """Smallest rise and fall in dB to a point where the loop gain is -1."""
    crossing = np.flatnonzero((np.diff(np.sign(gain.imag)) != 0.0) & (gain.real[:-1] < 0.0))
    at = np.abs(gain[crossing])
    up, down = at[at < 1.0], at[at >= 1.0]
    return (
        float(-20.0 * np.log10(up.max())) if up.size else math.inf,
        float(20.0 * np.log10(down.min())) if down.size else math.inf,
    )


def _phase_margin(gain: Complex) -> float:
    """Least lag in deg to -1 at the frequencies of unit gain; inf if there is none."""
    size = np.abs(gain)
    crossing = np.flatnonzero(np.diff(np.sign(size - 1.0)) != 0.0)
    return min((abs(math.degrees(np.angle(-gain[i]))) for i in crossing), default=math.inf)
