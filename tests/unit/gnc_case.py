"""A made-up vehicle like Spectrum, a mission for it, and a small plant to fly its software on.

The plant is written from the sign conventions alone (cross products of positions and forces),
in plain numpy: rigid body, engines with second-order gimbals, one bending mode in pitch and in
yaw, no air.
"""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
from tick_case import gnc_step as step

from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.frames import (
    quat_body_from_eci,
    quat_derivative,
    quat_from_euler,
    quat_normalise,
    quat_rotate,
    quat_unrotate,
)
from downrange.earth.kernel.geodesy import (
    ecef_from_eci,
    ecef_from_geodetic,
    ecef_from_ned,
    eci_from_ecef,
    velocity_eci,
    velocity_relative_eci,
)
from downrange.earth.kernel.gravity import gravity_eci
from downrange.gnc.build import build_plan, new_memory
from downrange.gnc.kernel import data
from downrange.gnc.kernel.data import AssumedVehicle, Memory, Plan
from downrange.gnc.plan import Ascent, Site
from downrange.gnc.spec import ControlSpec, GuidanceSpec, PhaseSpec, TargetSpec
from downrange.telemetry import bus

SITE = Site(math.radians(69.108), math.radians(15.589), 8.0)
EARTH = build_earth()
CALM = build_wind(None)
STAGES = ("stage1", "stage2")
TARGET = {"perigee": "500 km", "apogee": "500 km", "inclination": "95 deg"}
PHASES = (
    {"name": "ignition", "engines": "stage1", "abort_if": ["phase_time >= 6 s"],
     "until": ["chamber_min >= 0.95", "healthy_engines >= 9", "phase_time >= 2 s"]},
    {"name": "rise", "engines": "stage1", "steering": "vertical", "release": True,
     "until": ["height >= 100 m"]},
    {"name": "over", "engines": "stage1", "steering": "pitch_over",
     "until": ["phase_time >= 3 s"]},
    {"name": "turn", "engines": "stage1", "steering": "programme",
     "any_until": ["tank_fraction_min <= 0.002", "acceleration <= 3 m/s^2"]},
    {"name": "meco"},
    {"name": "abort"},
)  # fmt: skip


def phases(*changed: dict[str, object]) -> tuple[PhaseSpec, ...]:
    """The sequence; a table given replaces the phase of its name."""
    by_name = {each["name"]: each for each in (*PHASES, *changed)}
    return tuple(PhaseSpec.model_validate(each) for each in by_name.values())


def vehicle(**changed: object) -> AssumedVehicle:
    """Nine engines below (one of them in the middle), one above; 49 t at lift-off."""
    fraction = np.linspace(0.0, 1.0, 11)
    ring = np.arange(8) * math.pi / 4.0
    position = np.zeros((10, 3))
    position[:, 0] = 0.3
    position[9, 0] = 19.0
    position[:8, 1], position[:8, 2] = 0.75 * np.cos(ring), 0.75 * np.sin(ring)
    first, upper = 3900.0, 9800.0
    propellant = 36200.0 * fraction
    mass = first + upper + propellant
    level = 2.0 + 6.0 * fraction
    x_cm = (7.0 * first + level * propellant + 21.0 * upper) / mass
    lateral = first * ((7.0 - x_cm) ** 2 + 27.0) + upper * ((21.0 - x_cm) ** 2 + 6.0)
    lateral += propellant * ((level - x_cm) ** 2 + 12.0 * fraction**2)
    thrust = np.array([83e3] * 9 + [94.5e3])
    isp = np.array([310.0] * 9 + [338.0])
    made = AssumedVehicle(
        stage=0,
        engine_stage=np.array([0] * 9 + [1]),
        engine_position_m=position,
        engine_thrust_vac_n=thrust,
        engine_exit_area_m2=np.array([0.08] * 9 + [1.5]),
        engine_flow_kgps=thrust / (isp * 9.80665),
        engine_throttle_min=np.ones(10),
        engine_throttle_max=np.ones(10),
        engine_gimbal_limit_rad=np.full(10, math.radians(6.0)),
        engine_tail_off_s=np.full(10, 0.25),  # as the plant's chambers fall
        tank_stage=np.array([0, 0, 1, 1]),
        tank_load_kg=np.array([26200.0, 10000.0, 6200.0, 2350.0]),
        stage_dry_kg=np.array([first, 900.0]),
        stage_propellant_kg=np.array([36200.0, 8550.0]),
        payload_kg=0.0,
        fairing_kg=350.0,
        thruster_nm=(0.0, 0.0, 0.0),
        thruster_pulse_s=0.0,
        fraction=fraction,
        mass_kg=mass,
        x_cm_m=x_cm,
        inertia_axial_kgm2=0.4 * mass,
        inertia_lateral_kgm2=lateral,
        mode_frequency_radps=math.tau * np.stack((6.0 - 1.8 * fraction, 15.0 - 4.0 * fraction), 1),
        mode_mass_kg=np.stack((0.2 * mass, 0.2 * mass), 1),
        mode_shape_gimbal=np.tile([0.8, -0.8], (11, 1)),
        mode_slope_imu_pm=np.tile([-0.19, 0.3], (11, 1)),
        mode_damping=np.array([0.008, 0.008]),
        mach=np.array([0.0, 0.8, 1.05, 1.5, 3.0, 6.0]),
        axial_coefficient=np.array([0.35, 0.39, 0.75, 0.6, 0.33, 0.26]),
        normal_slope_prad=np.full(6, 2.6),
        x_cp_m=np.full(6, 20.0),
        reference_area_m2=math.pi,
        imu_x_m=1.5,
        gimbal_natural_radps=30.0,
        gimbal_damping=0.7,
        engine_moving_moment_kgm=0.0,
    )
    return made._replace(**changed)


def planned(**control: object) -> tuple[Plan, Ascent]:
    """Plan and ascent of the made-up vehicle in calm air, with [control] keys as given."""
    return _planned(json.dumps(control, sort_keys=True))


@cache
def _planned(control: str) -> tuple[Plan, Ascent]:
    return build_plan(
        vehicle(), STAGES, phases(), GuidanceSpec(), ControlSpec.model_validate_json(control),
        TargetSpec.model_validate(TARGET), SITE, EARTH, CALM,
    )  # fmt: skip


class Plant:
    """The truth that the software flies: state, engines and sensors of one flight.

    Attributes:
        healthy: (10,) set to 0 for a failed engine.
        mode_ratio: true frequency of the first bending mode over the assumed one.
    """

    def __init__(self, plan: Plan, ascent: Ascent, mode_ratio: float = 1.0, flexible: bool = False):
        self.vehicle, self.plan, self.flexible = vehicle(), plan, flexible
        self.measured, self.command = bus.new_measured(10, 4), bus.new_command(10)
        self.memory: Memory = new_memory(plan)
        self.healthy = np.ones(10)
        self.clock_s, self.released = 0.0, False
        height = SITE.altitude_m + self.vehicle.imu_x_m
        self.pad_ecef = ecef_from_geodetic(*SITE[:2], height, EARTH)
        self.upright = quat_from_euler(ascent.azimuth_rad, 0.5 * math.pi, 0.0)
        self.gimbal, self.gimbal_rate = np.zeros((10, 2)), np.zeros((10, 2))
        self.chamber = np.zeros(10)
        self.propellant_kg = 36200.0
        self.mode, self.mode_rate = np.zeros(2), np.zeros(2)
        self.mode_ratio = mode_ratio
        self.gyro, self.accel = np.zeros(3), np.zeros(3)
        self.stand()

    def stand(self) -> None:
        """Put the vehicle on the pad at the present clock."""
        self.r = eci_from_ecef(self.pad_ecef, self.clock_s, EARTH)
        self.v = velocity_eci(self.r, (0.0, 0.0, 0.0), EARTH)
        self.q = quat_body_from_eci(self.upright, *SITE[:2], self.clock_s, EARTH)
        self.w = np.array(quat_rotate(self.q, (0.0, 0.0, EARTH.rotation_radps)))

    def property(self, table: np.ndarray) -> np.ndarray:
        """A table of the first stage at the present propellant."""
        f = self.vehicle.fraction
        return np.interp(self.propellant_kg / 36200.0, f, table)

    def tick(self) -> None:
        """One tick: measure, let the software decide, advance."""
        core = self.measured.core
        core[bus.CLOCK_S], core[bus.RELEASED] = self.clock_s, self.released
        core[bus.IMU_VALID] = 1.0
        core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3] = self.gyro
        core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3] = self.accel
        core[bus.GNSS_NEW] = 0.0
        self.measured.chamber_fraction[:] = self.chamber
        self.measured.tank_fraction[:2] = self.propellant_kg / 36200.0
        self.disturb()
        step(self.plan, self.measured, self.memory, self.command)
        self.released = self.released or self.command.discrete[bus.RELEASE_HOLD_DOWN] == 1.0
        gyro, accel, n = np.zeros(3), np.zeros(3), 6 if self.flexible else 2
        for _ in range(n):
            rate, force = self.advance(self.plan.tick_s / n)
            gyro += rate / n
            accel += force / n
        self.gyro, self.accel = gyro, accel

    def disturb(self) -> None:
        """Change what is measured; nothing unless replaced."""

    def advance(self, h: float) -> tuple[np.ndarray, np.ndarray]:
        """A sub-step; returns the rate and the specific force that the inertial unit feels."""
        vehicle_ = self.vehicle
        wanted = self.command.engine_on * self.healthy
        self.chamber += np.clip(wanted - self.chamber, -2.0 * h, 2.0 * h)
        self.propellant_kg -= float((self.chamber * vehicle_.engine_flow_kgps)[:9].sum()) * h
        acceleration = 900.0 * (self.command.gimbal_rad - self.gimbal) - 42.0 * self.gimbal_rate
        self.gimbal_rate = self.gimbal_rate + h * acceleration
        self.gimbal = self.gimbal + h * self.gimbal_rate
        self.clock_s += h
        if not self.released:
            self.stand()
            return self.w, np.zeros(3)
        mass, x_cm = self.property(vehicle_.mass_kg), self.property(vehicle_.x_cm_m)
        inertia = np.array([self.property(vehicle_.inertia_axial_kgm2),
                            *[self.property(vehicle_.inertia_lateral_kgm2)] * 2])  # fmt: skip
        along = np.stack((np.ones(10), self.gimbal[:, 1], -self.gimbal[:, 0]), axis=1)
        along /= np.linalg.norm(along, axis=1)[:, None]
        pressure = self.memory.words[data.AIR_PRESSURE_PA]
        size = self.chamber * vehicle_.engine_thrust_vac_n
        size = size - (self.chamber > 0.0) * pressure * vehicle_.engine_exit_area_m2
        force = size[:, None] * along
        moment = np.cross(vehicle_.engine_position_m - [x_cm, 0.0, 0.0], force).sum(axis=0)
        self.w = self.w + h * (moment - np.cross(self.w, inertia * self.w)) / inertia
        felt = force.sum(axis=0) / mass
        rate = self.w + self.bend(force, h)
        self.turn(h)
        gravity = gravity_eci(self.r, EARTH)
        pushed = quat_unrotate(self.q, tuple(felt))
        self.v = tuple(v + h * (a + g) for v, a, g in zip(self.v, pushed, gravity, strict=True))
        self.r = tuple(r + h * v for r, v in zip(self.r, self.v, strict=True))
        return rate, felt

    def bend(self, force: np.ndarray, h: float) -> np.ndarray:
        """Rate that bending adds at the gyro: pitch plane along -z, yaw plane along +y."""
        if not self.flexible:
            return np.zeros(3)
        vehicle_ = self.vehicle
        w = self.property(vehicle_.mode_frequency_radps[:, 0]) * self.mode_ratio
        shape = self.property(vehicle_.mode_shape_gimbal[:, 0])
        pushed = np.array([-force[:, 2].sum(), force[:, 1].sum()]) * shape
        pushed /= self.property(vehicle_.mode_mass_kg[:, 0])
        damping = 2.0 * vehicle_.mode_damping[0] * w
        pushed = pushed - damping * self.mode_rate - w * w * self.mode
        self.mode_rate = self.mode_rate + h * pushed
        self.mode = self.mode + h * self.mode_rate
        slope = self.property(vehicle_.mode_slope_imu_pm[:, 0])
        return np.array([0.0, slope * self.mode_rate[0], slope * self.mode_rate[1]])

    def turn(self, h: float) -> None:
        """Carry the attitude on by a sub-step."""
        d = quat_derivative(self.q, tuple(self.w))
        self.q = quat_normalise(tuple(q + h * dq for q, dq in zip(self.q, d, strict=True)))

    def error_deg(self) -> float:
        """Largest component of the attitude error as the software sees it, deg."""
        i = data.ATTITUDE_ERROR_RAD
        return math.degrees(float(np.abs(self.memory.words[i : i + 3]).max()))

    def speed_mps(self) -> float:
        """Earth-relative speed, m/s."""
        return float(np.linalg.norm(velocity_relative_eci(self.r, self.v, EARTH)))

    def height_m(self) -> float:
        """Above where it stood, along the pad's vertical, m."""
        up = -np.array(ecef_from_ned((0.0, 0.0, 1.0), *SITE[:2]))
        return float((np.array(ecef_from_eci(self.r, self.clock_s, EARTH)) - self.pad_ecef) @ up)
