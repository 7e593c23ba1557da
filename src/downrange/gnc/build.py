"""From what a person wrote and the assumed vehicle to the flight software's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.frames import quat_from_euler, quat_multiply, quat_ned_from_ecef
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic
from downrange.earth.kernel.wind import Wind
from downrange.errors import InputError, Problem
from downrange.gnc import filters
from downrange.gnc.kernel import data
from downrange.gnc.kernel.control import forget_body
from downrange.gnc.kernel.data import (
    AssumedVehicle,
    Control,
    Floats,
    Memory,
    Monitor,
    Navigation,
    Phases,
    Plan,
    Space,
    Steering,
)
from downrange.gnc.kernel.upfg import UPFG_WORDS
from downrange.gnc.phases import compile_phases, read_condition, successor
from downrange.gnc.plan import Ascent, Bounds, Orbit, Site, plan_ascent
from downrange.gnc.spec import ControlSpec, GuidanceSpec, PhaseSpec, TargetSpec

TICK_S = 0.02
FILTER_ROWS = 41  # propellant fractions at which the bending filters are tabulated
PROGRAMME_STEP_S = 1.0


def build_plan(
    vehicle: AssumedVehicle,
    stage_names: Sequence[str],
    phases: Sequence[PhaseSpec],
    guidance: GuidanceSpec,
    control: ControlSpec,
    target: TargetSpec,
    site: Site,
    earth: Earth,
    forecast: Wind,
    tick_s: float = TICK_S,
    file: str = "",
) -> tuple[Plan, Ascent]:
    """Return the flight software's parameters and the ascent that they follow.

    Everything here is assumed or forecast, nothing is the truth of the flight.

    Raises:
        InputError: the sequence is wrong, or the target can't be reached.
    """
    compiled = compile_phases(phases, stage_names, file)
    bounds = ascent_bounds(phases, guidance, vehicle, file)
    orbit = Orbit(target.perigee.si, target.apogee.si, target.inclination.si,
                  target.heading == "north")  # fmt: skip
    ascent = plan_ascent(vehicle, site, orbit, bounds, earth, forecast, file, compiled)
    watch = control.monitor
    plan = Plan(
        earth=earth,
        tick_s=float(tick_s),
        slow_tick_s=slow_ticks(control, tick_s) * float(tick_s),
        stage=0,
        phases=compiled,
        monitor=Monitor(watch.below.si, watch.start_allowance.si, watch.persistence.si),
        navigation=_navigation(control, vehicle, site, ascent.azimuth_rad, earth),
        steering=_steering(guidance, ascent, site),
        space=_space(target, guidance, ascent, vehicle, earth, compiled),
        control=_control(control, vehicle, tick_s),
        engines=_columns(
            vehicle.engine_stage,
            *vehicle.engine_position_m.T,
            vehicle.engine_thrust_vac_n,
            vehicle.engine_exit_area_m2,
            vehicle.engine_gimbal_limit_rad,
        ),
        tanks=_columns(vehicle.tank_stage, vehicle.tank_load_kg),
    )
    return plan, ascent


def leg_plan(
    first: Plan, vehicle: AssumedVehicle, control: ControlSpec, target: TargetSpec,
    guidance: GuidanceSpec, ascent: Ascent,
) -> Plan:  # fmt: skip
    """Parameters of a later leg: the first one's, with control and engines of what is left."""
    return first._replace(
        stage=vehicle.stage,
        space=_space(target, guidance, ascent, vehicle, first.earth, first.phases),
        control=_control(control, vehicle, first.tick_s)._replace(
            latency_ticks=first.control.latency_ticks
        ),
    )


def slow_ticks(control: ControlSpec, tick_s: float) -> int:
    """Ticks in a slow one."""
    return max(1, round(control.slow_tick.si / tick_s))


def next_memory(memory: Memory, plan: Plan) -> Memory:
    """Memory at the start of a leg: all that was known, but for what belongs to the old body."""
    forget_body(memory.words)
    fresh = new_memory(plan)
    return memory._replace(filters=fresh.filters, delay=fresh.delay)


def new_memory(plan: Plan) -> Memory:
    """Memory before the first tick: first phase, standing upright, everything else unknown."""
    engines, sections = len(plan.engines), plan.control.filters.shape[1]
    words = np.zeros(data.WORDS)
    words[[data.PHASE_START_S, data.RELEASE_S, data.LAST_CLOCK_S]] = math.nan
    words[data.NOW :] = math.nan
    words[data.PENDING_PHASE] = -1.0
    words[data.CUT_S] = math.nan
    words[data.TAIL_RATIO] = 1.0
    words[data.COMMANDED_PITCH_RAD] = 0.5 * math.pi
    words[data.PROPELLANT_FRACTION] = 1.0
    words[data.ATTITUDE_BODY_FROM_ECI] = words[data.COMMANDED_BODY_FROM_ECI] = 1.0
    return Memory(
        words,
        np.zeros((engines, data.ENGINE_WORDS)),
        np.zeros((2, sections, 2)),
        np.zeros((plan.control.latency_ticks + 1, engines, 2)),
        np.zeros(UPFG_WORDS),
        np.zeros(engines),
    )


def ascent_bounds(
    phases: Sequence[PhaseSpec], guidance: GuidanceSpec, vehicle: AssumedVehicle, file: str = ""
) -> Bounds:
    """Return what the sequence and the guidance lay down about the ascent.

    The pitch-over starts when the conditions hold that end the phase before it; the time that
    engines run before the release is taken from that phase's `phase_time`.

    Raises:
        InputError: the planner can't foresee when the pitch-over starts.
    """
    start = _start_of_pitch_over(phases, file)
    own = vehicle.engine_stage == 0
    held_s = sum(
        _threshold(phase, data.PHASE_TIME_S) * _level(vehicle, 0, phase.throttle.si)
        for phase in _before_release(phases)
    )
    engines = {phase.name: phase.engines for phase in phases}
    cutoff = math.inf
    residual = 0.0
    for phase in phases:
        following = successor(phases, phase)
        ends = following is None or engines.get(following) != phase.engines
        if phase.steering == "programme" and ends:
            cutoff = _threshold(phase, data.SPEED_MPS, cutoff)
            residual = _threshold(phase, data.TANK_FRACTION_MIN, residual)
    limit, least = guidance.max_dynamic_pressure, guidance.min_staging_altitude
    return Bounds(
        start_time_s=start.get(data.TIME_SINCE_RELEASE_S, 0.0),
        start_height_m=start.get(data.HEIGHT_M, 0.0),
        start_speed_mps=start.get(data.SPEED_MPS, 0.0),
        pitch_over_rate_radps=guidance.pitch_over_rate.si,
        rate_limit_radps=guidance.rate_limit.si,
        head_on_pa=guidance.head_on_above.si,
        burnt_before_release_kg=float(vehicle.engine_flow_kgps[own].sum()) * held_s,
        residual_fraction=residual,
        cutoff_speed_mps=cutoff,
        insertion_altitude_m=guidance.insertion_altitude.si,
        apogee_margin_m=guidance.apogee_margin.si,
        staging_coast_s=guidance.staging_coast.si,
        fairing_altitude_m=guidance.fairing_altitude.si,
        max_dynamic_pressure_pa=math.inf if limit is None else limit.si,
        min_staging_altitude_m=-math.inf if least is None else least.si,
    )


def _level(vehicle: AssumedVehicle, stage: int, throttle: float) -> float:
    """Level that a stage's engines run at when they are asked for a throttle."""
    own = vehicle.engine_stage == stage
    least, most = vehicle.engine_throttle_min[own].max(), vehicle.engine_throttle_max[own].min()
    return float(min(max(throttle, least), most))


def _start_of_pitch_over(phases: Sequence[PhaseSpec], file: str) -> dict[int, float]:
    """Signal -> threshold of the conditions that start the pitch-over."""
    over = next((phase for phase in phases if phase.steering == "pitch_over"), None)
    if over is None:
        raise InputError([Problem(file, "phase", "no phase steers a pitch_over")])
    before = [phase for phase in phases if successor(phases, phase) == over.name]
    start: dict[int, float] = {}
    for phase in before:
        path = f"phase.{phase.name}"
        if phase.any_until:
            raise InputError([Problem(file, f"{path}.any_until", "the start of the pitch-over can't"
                                      " be planned from alternatives: use until")])  # fmt: skip
        for text in phase.until:
            condition = read_condition(text)
            signal = condition.signal
            if signal == data.PHASE_TIME_S and phase.release:
                signal = data.TIME_SINCE_RELEASE_S
            plannable = (data.TIME_SINCE_RELEASE_S, data.HEIGHT_M, data.SPEED_MPS)
            if signal not in plannable or condition.sense < 0.0:
                raise InputError([Problem(file, f"{path}.until", f"the start of the pitch-over "
                                          f"can't be planned from {text!r}: use time_since_release,"
                                          f" height or speed")])  # fmt: skip
            start[signal] = max(condition.threshold, start.get(signal, 0.0))
    return start


def _before_release(phases: Sequence[PhaseSpec]) -> list[PhaseSpec]:
    """Phases with engines running that come before the one that lets go."""
    held = []
    for phase in phases:
        if phase.release:
            break
        if phase.engines != "none":
            held.append(phase)
    return held


def _threshold(phase: PhaseSpec, signal: int, default: float = 0.0) -> float:
    """Threshold on a signal in a phase's ordinary exits."""
    for text in (*phase.until, *phase.any_until):
        condition = read_condition(text)
        if condition.signal == signal:
            return condition.threshold
    return default


def _navigation(
    control: ControlSpec, vehicle: AssumedVehicle, site: Site, azimuth_rad: float, earth: Earth
) -> Navigation:
    """The inertial unit above the pad, nose up, pitch plane in the launch azimuth."""
    spec = control.navigation
    altitude = site.altitude_m + vehicle.imu_x_m
    off = 0.5 * spec.alignment_error.si
    upright = quat_from_euler(azimuth_rad, 0.5 * math.pi, 0.0)
    aligned = quat_multiply(_unit((1.0, off, off, off)), upright)
    pad = quat_ned_from_ecef(site.latitude_rad, site.longitude_rad)
    return Navigation(
        pad_position_ecef_m=ecef_from_geodetic(
            site.latitude_rad, site.longitude_rad, altitude, earth
        ),
        attitude_body_from_ecef=quat_multiply(aligned, pad),
        position_gain=spec.position_gain.si,
        velocity_gain=spec.velocity_gain.si,
    )


def _steering(guidance: GuidanceSpec, ascent: Ascent, site: Site) -> Steering:
    """The planned programme, thinned to about a row a second, on a rising signal."""
    by_speed = guidance.programme == "speed"
    signal = ascent.speed_mps if by_speed else ascent.time_s
    kept = [ascent.programme_row]
    for row in range(ascent.programme_row + 1, ascent.burnout_row + 1):
        later = ascent.time_s[row] >= ascent.time_s[kept[-1]] + PROGRAMME_STEP_S - 1e-9
        if signal[row] > signal[kept[-1]] and (later or row == ascent.burnout_row):
            kept.append(row)
    return Steering(
        azimuth_rad=float(ascent.azimuth_rad),
        attitude_ned_from_ecef=quat_ned_from_ecef(site.latitude_rad, site.longitude_rad),
        pitch_over_rate_radps=guidance.pitch_over_rate.si,
        kick_pitch_rad=float(ascent.kick_pitch_rad),
        rate_limit_radps=guidance.rate_limit.si,
        signal=data.SPEED_MPS if by_speed else data.TIME_SINCE_RELEASE_S,
        table=_columns(signal[kept], ascent.pitch_rad[kept]),
    )


def _control(spec: ControlSpec, vehicle: AssumedVehicle, tick_s: float) -> Control:
    """Gains' inputs and filters on an even grid of the first stage's propellant fraction."""
    fraction = np.linspace(0.0, 1.0, FILTER_ROWS)
    columns = (vehicle.x_cm_m, vehicle.inertia_axial_kgm2, vehicle.inertia_lateral_kgm2)
    properties = [np.interp(fraction, vehicle.fraction, column) for column in columns]
    slope = vehicle.normal_slope_prad * vehicle.reference_area_m2
    return Control(
        mass=_columns(fraction, *properties),
        filters=_floats([_sections(spec, vehicle, each, tick_s) for each in fraction]),
        aero=_columns(vehicle.mach, slope, vehicle.x_cp_m),
        bandwidth_radps=spec.bandwidth.si,
        damping=spec.damping.si,
        roll_bandwidth_radps=spec.roll_bandwidth.si,
        integral_time_s=spec.integral_time.si,
        gimbal_limit_rad=spec.gimbal_limit.si,
        gimbal_rate_radps=math.inf if spec.gimbal_rate is None else spec.gimbal_rate.si,
        latency_ticks=int(spec.latency_ticks),
        chamber_tick_share=tick_s / max(tick_s, spec.chamber_filter_time.si),
        load_relief=spec.load_relief.share.si,
        relief_tick_share=min(1.0, tick_s / spec.load_relief.filter_time.si),
        relief_from_pa=spec.load_relief.above.si,
        imu_x_m=vehicle.imu_x_m,
        thruster_nm=vehicle.thruster_nm,
        thruster_pulse_s=vehicle.thruster_pulse_s,
        thruster_bandwidth_radps=spec.thrusters.bandwidth.si,
        thruster_rate_radps=spec.thrusters.rate.si,
        roll_by_thrusters=0.0 if _can_roll(vehicle) else 1.0,
    )


def _can_roll(vehicle: AssumedVehicle) -> bool:
    """Whether the engines of the lowest stage, off the axis, can roll the body."""
    own = (vehicle.engine_stage == vehicle.stage) & (vehicle.engine_gimbal_limit_rad > 0.0)
    return bool(np.abs(vehicle.engine_position_m[own, 1:]).max(initial=0.0) > 1e-3)


def _space(
    target: TargetSpec, guidance: GuidanceSpec, ascent: Ascent, vehicle: AssumedVehicle,
    earth: Earth, phases: Phases,
) -> Space:  # fmt: skip
    """Insertion and target orbit, and what the stage that flies there is assumed to give.

    That is the level of its first phase; throttling later is left to the thrust that is measured.
    """
    own = vehicle.engine_stage == vehicle.stage
    asked = phases.table[phases.table[:, data.STAGE] == vehicle.stage, data.THROTTLE]
    level = _level(vehicle, vehicle.stage, float(asked[0])) if len(asked) else 1.0
    thrust_n = float(vehicle.engine_thrust_vac_n[own].sum()) * level
    flow_kgps = float(vehicle.engine_flow_kgps[own].sum()) * level
    return Space(
        radius_m=ascent.insertion_radius_m,
        speed_mps=ascent.insertion_speed_mps,
        climb_rad=0.0,
        inclination_rad=target.inclination.si,
        perigee_m=earth.equatorial_radius_m + target.perigee.si,
        apogee_m=earth.equatorial_radius_m + target.apogee.si,
        stages=_floats(
            [
                [
                    thrust_n / flow_kgps,
                    thrust_n / float(vehicle.mass_kg[-1]),
                    float(vehicle.stage_propellant_kg[vehicle.stage]) / flow_kgps,
                    0.0,
                ]
            ]
        ),
        tail_off_s=float(vehicle.engine_tail_off_s[own].mean()),
        rate_limit_radps=guidance.space_rate_limit.si,
    )


def _sections(
    spec: ControlSpec, vehicle: AssumedVehicle, fraction: float, tick_s: float
) -> list[Floats]:
    """A notch on each assumed mode, then the low-pass, at one propellant fraction."""
    modes = [np.interp(fraction, vehicle.fraction, mode) for mode in vehicle.mode_frequency_radps.T]
    chain = [
        filters.notch(float(w), spec.notch.depth.si, spec.notch.width.si, tick_s) for w in modes
    ]
    if spec.low_pass is None:
        return [*chain, filters.PASS]
    return [*chain, filters.low_pass(2.0 * math.pi * spec.low_pass.si, tick_s)]


def _unit(q: data.Quaternion) -> data.Quaternion:
    length = math.sqrt(sum(x * x for x in q))
    return (q[0] / length, q[1] / length, q[2] / length, q[3] / length)


def _columns(*columns: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float64)


def _floats(array: object) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float64)
