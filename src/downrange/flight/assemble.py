"""Mission and draw in, numbers out: everything that a flight reads and everything it changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from downrange._random import streams
from downrange.dynamics.kernel import advance, rigid
from downrange.dynamics.kernel.advance import Plant, Scratch, State
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.frames import quat_from_euler, quat_multiply, quat_ned_from_ecef
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic
from downrange.earth.kernel.wind import DRYDEN_STATE_SIZE
from downrange.faults.kernel import new_health
from downrange.flight.assumed import assumed_vehicle
from downrange.flight.channels import Layout, ned_axes
from downrange.flight.kernel import loop, watch
from downrange.flight.legs import Leg, legs_of
from downrange.flight.load import WIND_TOP_M, Mission, fault_schedule
from downrange.flight.spec import MissionSpec
from downrange.gnc import build as gnc_build
from downrange.gnc.kernel.data import Plan
from downrange.gnc.plan import Ascent, Site
from downrange.gnc.spec import ControlSpec
from downrange.propulsion import kernel as propulsion
from downrange.propulsion.build import (
    build_engines,
    build_tanks,
    build_thrusters,
    tank_indices,
)
from downrange.safety.build import build_rules
from downrange.safety.build import new_memory as new_verdict
from downrange.safety.kernel.rules import Rules
from downrange.sensors.build import build_gnss, build_imu, build_taps, build_tracking
from downrange.sensors.kernel import TRACK_SIZE, Gnss, Taps, Tracking
from downrange.telemetry.bus import new_command, new_measured
from downrange.vehicle.build import (
    build_limits,
    build_masses,
    outline,
    stage_bases_m,
)
from downrange.vehicle.kernel import BENDING_COLUMNS
from downrange.vehicle.shapes import Shapes
from downrange.vehicle.spec import VehicleSpec

Floats = NDArray[np.float64]

BAND = (0.5, 1.5)  # the bending band, of the first assumed mode at lift-off
SENSOR_STREAM = "imu.errors"


@dataclass(frozen=True, eq=False)
class Planned:
    """What is worked out once a mission from assumed values, whatever is drawn or fails.

    Attributes:
        plans: the flight software's parameters, one for each leg.
        legs: what flies when.
        ascent: the trajectory that guidance follows.
        rules: the safety system's.
        shapes: bending modes and aerodynamics of the bodies as specified, and of some others.
        first_mode_radps: assumed first bending mode at lift-off.
    """

    plans: tuple[Plan, ...]
    legs: tuple[Leg, ...]
    ascent: Ascent
    rules: Rules
    shapes: Shapes
    first_mode_radps: float

    @property
    def plan(self) -> Plan:
        """The flight software's parameters before lift-off."""
        return self.plans[0]


def plan_mission(mission: Mission) -> Planned:
    """Plan a mission: pitch programme, gains, filters, safety rules.

    Raises:
        InputError: the mission can't be planned: target out of reach, corridor too narrow.
    """
    spec = mission.spec
    earth = build_earth()
    forecast = "forecast" if spec.forecast is not None else "wind"
    wind = build_wind(spec.forecast or spec.wind, mission.folders[forecast], WIND_TOP_M)
    legs = legs_of(spec.vehicle, spec.phase)
    shapes = Shapes()
    plants = [build_plant(mission, spec, earth, 0.0, leg, shapes) for leg in legs]
    assumed, *later = (
        assumed_vehicle(spec.vehicle, plant, leg) for plant, leg in zip(plants, legs, strict=True)
    )
    names = [stage.name for stage in spec.vehicle.stage]
    plan, ascent = gnc_build.build_plan(
        assumed, names, spec.phase, spec.guidance, spec.control, spec.target, site_of(spec), earth,
        wind, spec.tick.si, str(mission.file),
    )  # fmt: skip
    plans = [plan, *(
        gnc_build.leg_plan(plan, each, _control_of(spec, each.stage), spec.target, spec.guidance,
                           ascent)
        for each in later
    )]  # fmt: skip
    powered = slice(0, ascent.insertion_row + 1)
    rules = build_rules(
        spec.safety, spec.site, ascent.time_s[powered], ascent.position_ecef_m[powered],
        ascent.velocity_ecef_mps[powered], nose_of(ascent, spec)[powered], earth,
    )  # fmt: skip
    return Planned(
        plans=tuple(plans),
        legs=tuple(legs),
        ascent=ascent,
        rules=rules,
        shapes=shapes,
        first_mode_radps=float(assumed.mode_frequency_radps[-1, 0]),
    )


def _control_of(spec: MissionSpec, stage: int) -> ControlSpec:
    """Attitude control of a stage."""
    return spec.upper_control.get(spec.vehicle.stage[stage].name, spec.control)


def site_of(spec: MissionSpec) -> Site:
    """The pad, for guidance."""
    pad = spec.site.pad
    return Site(float(pad.latitude.si), float(pad.longitude.si), float(pad.altitude.si))


def nose_of(ascent: Ascent, spec: MissionSpec) -> Floats:
    """Planned direction of the nose in Earth-fixed axes, (n, 3): pitch in the launch plane."""
    lat, lon = spec.site.pad.latitude.si, spec.site.pad.longitude.si
    ((north, east, down),) = ned_axes(np.array([lat]), np.array([lon]))
    level = math.cos(ascent.azimuth_rad) * north + math.sin(ascent.azimuth_rad) * east
    pitch = ascent.pitch_rad[:, None]
    return np.ascontiguousarray(np.cos(pitch) * level - np.sin(pitch) * down)


def build_plant(
    mission: Mission,
    spec: MissionSpec,
    earth: Earth,
    azimuth_rad: float,
    leg: Leg,
    shapes: Shapes | None = None,
) -> Plant:
    """The body of a leg, as `spec` has it: the mission's own, or one with a draw."""
    vehicle, stage, shapes = spec.vehicle, spec.vehicle.stage[leg.stage], shapes or Shapes()
    site = site_of(spec)
    body = outline(vehicle, leg.attached)
    bases = stage_bases_m(vehicle)
    indices = tank_indices([stage.tank for stage in vehicle.stage])
    engines = build_engines(
        [(k, bases[k], stage.engine, indices[k]) for k, stage in enumerate(vehicle.stage)]
    )
    tanks = build_tanks([(k, stage.tank) for k, stage in enumerate(vehicle.stage)])
    imu_x_m = float(vehicle.imu.station.si)
    if leg.stage > 0 and stage.imu_station is not None:
        imu_x_m = bases[leg.stage] + float(stage.imu_station.si)
    upright = quat_from_euler(azimuth_rad, 0.5 * math.pi, 0.0)
    pad = quat_multiply(upright, quat_ned_from_ecef(site.latitude_rad, site.longitude_rad))
    origin = ecef_from_geodetic(site.latitude_rad, site.longitude_rad, site.altitude_m, earth)
    around = rigid.Surroundings(
        earth=earth,
        wind=build_wind(spec.wind, mission.folders["wind"], WIND_TOP_M),
        aero=shapes.aero(vehicle, leg.attached, powered=True, base_dir=mission.folders["vehicle"]),
    )
    return Plant(
        around=around,
        masses=build_masses(vehicle),
        engines=engines,
        tanks=tanks,
        thrusters=build_thrusters(stage.thrusters),
        bending=shapes.bending(vehicle, leg.attached, imu_x_m),
        imu_x_m=imu_x_m,
        aft_x_m=float(body[0][0]),
        nose_x_m=float(body[-1][0]),
        pad_position_ecef_m=origin,
        pad_body_from_ecef=pad,
        ground_altitude_m=0.0,
    )


def first_plant(mission: Mission) -> Plant:
    """The body on its pad, before the mission is planned: not turned to its azimuth."""
    first = legs_of(mission.spec.vehicle, mission.spec.phase)[0]
    return build_plant(mission, mission.spec, build_earth(), 0.0, first)


def leg_plant(mission: Mission, spec: MissionSpec, planned: Planned, leg: int) -> Plant:
    """The body of a leg of a planned mission."""
    return build_plant(mission, spec, planned.plan.earth, planned.ascent.azimuth_rad,
                       planned.legs[leg], planned.shapes)  # fmt: skip


def engine_names(vehicle: VehicleSpec) -> tuple[str, ...]:
    """Path of every engine, in the order of the kernels."""
    return tuple(
        f"{stage.name}.engine.{k + 1}" for stage in vehicle.stage for k in range(stage.engine.count)
    )


def tank_names(vehicle: VehicleSpec) -> tuple[str, ...]:
    """Path of every tank, in the order of the kernels."""
    return tuple(f"{stage.name}.tank.{tank.name}" for stage in vehicle.stage for tank in stage.tank)


def numbers_of(
    mission: Mission, spec: MissionSpec, planned: Planned, record_hz: float
) -> loop.Numbers:
    """Numbers of a mission's first leg, `spec` being its own with what a flight's draw moves.

    The errors of its inertial unit are those of a perfect one.
    """
    vehicle = spec.vehicle
    plant = leg_plant(mission, spec, planned, 0)
    limits = build_limits(vehicle)
    phases = [phase.name for phase in spec.phase]
    duration_s = float(spec.longest.si)
    every = max(1, round(1.0 / (record_hz * spec.tick.si)))
    return loop.Numbers(
        plant=plant,
        sensors=loop.Sensors(
            imu=build_imu(vehicle.imu),
            gnss=build_gnss(vehicle.gnss) if vehicle.gnss else Gnss(0.0, 0.0, 0.0),
            taps=build_taps(vehicle.taps) if vehicle.taps else Taps(0.0, 0.0),
            tracking=(
                build_tracking(vehicle.tracking) if vehicle.tracking else Tracking(0.0, 0.0, 0.0)
            ),
        ),
        faults=fault_schedule(vehicle, spec.fault, str(mission.file)),
        plan=planned.plan,
        rules=planned.rules,
        watch=watch.Watch(
            band=band_pass(planned.first_mode_radps, float(spec.tick.si)),
            bending_moment_limit_nm=limits.bending_moment_nm,
            q_alpha_limit_parad=limits.q_alpha_pa_rad,
        ),
        tick_s=float(spec.tick.si),
        slow_ticks=gnc_build.slow_ticks(spec.control, float(spec.tick.si)),
        duration_s=duration_s,
        record_every=np.array([[math.inf, float(every)]]),
        end_phase=phases.index(spec.end.phase) if spec.end else -1,
        end_after_s=float(spec.end.after.si) if spec.end else math.inf,
    )


def assemble(
    mission: Mission, spec: MissionSpec, planned: Planned, seed: int, flight: int, record_hz: float
) -> tuple[loop.Numbers, loop.Flight]:
    """Numbers of one flight of a mission, `spec` being the mission's with this flight's draw."""
    numbers = numbers_of(mission, spec, planned, record_hz)
    numbers.sensors.imu.errors[:] = imu_errors(spec, seed, flight)
    return numbers, first_flight(numbers, seed, flight)


def imu_errors(spec: MissionSpec, seed: int, flight: int) -> Floats:
    """Errors of the inertial unit on one flight, see sensors.Imu."""
    return build_imu(spec.vehicle.imu, streams(seed, flight, [SENSOR_STREAM]), 0).errors


def first_flight(numbers: loop.Numbers, seed: int, flight: int) -> loop.Flight:
    """One flight of a seed before its first tick, with room for all its rows."""
    every = numbers.record_every
    rows = math.ceil(numbers.duration_s / numbers.tick_s / float(every[0, 1])) + 3
    return new_flight(numbers, rows, streams(seed, flight, loop.STREAMS))


def band_pass(first_mode_radps: float, tick_s: float) -> watch.Band:
    """Biquad of unit gain inside the bending band (bilinear, after Bristow-Johnson's cookbook)."""
    low, high = (edge * first_mode_radps for edge in BAND)
    centre = math.sqrt(low * high)
    alpha = math.sin(centre * tick_s) * (high - low) / (2.0 * centre)
    scale = 1.0 + alpha
    middle = -2.0 * math.cos(centre * tick_s)
    return alpha / scale, 0.0, -alpha / scale, middle / scale, (1.0 - alpha) / scale


def new_flight(n: loop.Numbers, rows: int, random: NDArray[np.uint64]) -> loop.Flight:
    """A flight before its first tick."""
    engines, tanks = n.plant.engines.n, len(n.plant.tanks.load_kg)
    modes = n.plant.bending.table.shape[1]
    clock = np.zeros(loop.CLOCK_SIZE)
    clock[[loop.T0_S, loop.CUT_S]] = math.inf
    return loop.Flight(
        clock=clock,
        state=new_state(n.plant),
        health=new_health(engines, modes),
        measured=new_measured(engines, tanks),
        command=new_command(engines),
        memory=gnc_build.new_memory(n.plan),
        track=np.zeros(TRACK_SIZE),
        verdict=new_verdict(),
        watch=watch.new_memory(engines, tanks),
        random=random,
        gusts=np.zeros(DRYDEN_STATE_SIZE),
        rows=np.zeros((rows, Layout(engines, tanks, modes).width)),
    )


def new_state(plant: Plant) -> State:
    """A body on its pad, tanks full."""
    engines, tanks = plant.engines.n, len(plant.tanks.load_kg)
    modes = plant.bending.table.shape[1]
    words = np.zeros(advance.STATE_WORDS)
    words[advance.STATUS] = advance.HELD
    words[advance.GAS_KG] = plant.thrusters.gas_kg
    return State(
        words=words,
        rigid=np.zeros(rigid.STATE_SIZE),
        engine=propulsion.new_engine_state(engines),
        tank_kg=plant.tanks.load_kg.copy(),
        modal=np.zeros((2, modes, 2)),
        attached=np.ones(plant.masses.parts),
        loads=np.zeros(rigid.LOADS_SIZE),
        aux=np.zeros(rigid.AUX_SIZE),
        modes=np.zeros((modes, BENDING_COLUMNS)),
        scratch=Scratch(
            rk4=rigid.new_work(),
            engine=np.zeros((engines, propulsion.STATE_SIZE)),
            gimbal_mean_rad=np.zeros((engines, 2)),
            gimbal_accel=np.zeros((engines, 2)),
            transitions=np.zeros((engines, 4)),
            side_n=np.zeros(engines),
            aim=np.zeros((2, engines, propulsion.AIM_SIZE)),
            swept=np.zeros((advance.SUBSTEPS + 1, 2, propulsion.SWEPT_SIZE)),
            modal=np.zeros((modes, 3)),
            small=np.zeros(advance.FLOW + tanks),
            modal_before=np.zeros((2, modes, 2)),
        ),
    )
