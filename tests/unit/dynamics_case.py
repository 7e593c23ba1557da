"""A body on a test bench: no flight software, no sensors, only what moves it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vehicle_case import vehicle_data

from downrange._spec import validate
from downrange.aero.build import no_aero
from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.advance import (
    FLYING,
    STATUS,
    Plant,
    set_modes,
    take_mass,
)
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.earth.kernel.frames import quat_from_euler, quat_multiply, quat_ned_from_ecef
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic
from downrange.faults.kernel import new_health
from downrange.flight.assemble import new_state
from downrange.propulsion.build import build_engines, build_tanks, build_thrusters, tank_indices
from downrange.telemetry.bus import new_command
from downrange.vehicle.build import build_bending, build_masses, stage_bases_m
from downrange.vehicle.spec import VehicleSpec
from downrange.verify.kernel import tick

Floats = NDArray[np.float64]

TICK_S = 0.02
LATITUDE_RAD, LONGITUDE_RAD, PAD_M = math.radians(69.1), math.radians(15.6), 8.0
FAR_M = (7.0e6, 0.0, 0.0)
# Of the first stage's engines: transients in s, what swings.
TRANSIENTS = {
    "start_delay": "0.21 s", "rise_time": "0.5 s", "shutdown_delay": "0.07 s", "fall_time": "0.4 s",
}  # fmt: skip
SWINGING = {"moving_mass": "80 kg", "moving_cg": "0.35 m", "moving_inertia": "18 kg m^2"}


def bench_vehicle(**engine: Any) -> VehicleSpec:
    """The made-up vehicle of the other tests with engines that take time to start and stop."""
    data = vehicle_data()
    data["stage"][0]["engine"] |= TRANSIENTS | SWINGING | engine
    return validate(VehicleSpec, data)


def space() -> Earth:
    """No gravity, no air, nothing turns."""
    return build_earth()._replace(mu_m3ps2=0.0, rotation_radps=0.0, atmosphere_model=NO_AIR)


def ball() -> Earth:
    """A still sphere with inverse-square gravity and no air."""
    earth = build_earth()
    return earth._replace(flattening=0.0, j2=0.0, rotation_radps=0.0, atmosphere_model=NO_AIR)


def bench_plant(spec: VehicleSpec | None = None, earth: Earth | None = None) -> Plant:
    """A plant without aerodynamics, nose up on a pad near the pole."""
    spec = spec or bench_vehicle()
    earth = earth or build_earth()
    bases = stage_bases_m(spec)
    indices = tank_indices([stage.tank for stage in spec.stage])
    upright = quat_from_euler(0.0, 0.5 * math.pi, 0.0)
    return Plant(
        around=rigid.Surroundings(earth, build_wind(), no_aero()),
        masses=build_masses(spec),
        engines=build_engines(
            [(k, bases[k], stage.engine, indices[k]) for k, stage in enumerate(spec.stage)]
        ),
        tanks=build_tanks([(k, stage.tank) for k, stage in enumerate(spec.stage)]),
        thrusters=build_thrusters(spec.stage[0].thrusters),
        bending=build_bending(spec),
        imu_x_m=float(spec.imu.station.si),
        aft_x_m=0.0,
        nose_x_m=float(spec.length_m),
        pad_position_ecef_m=ecef_from_geodetic(LATITUDE_RAD, LONGITUDE_RAD, PAD_M, earth),
        pad_body_from_ecef=quat_multiply(upright, quat_ned_from_ecef(LATITUDE_RAD, LONGITUDE_RAD)),
        ground_altitude_m=0.0,
    )


class Bench:
    """A plant with its state, commands held until they are changed."""

    def __init__(self, plant: Plant) -> None:
        engines, modes = plant.engines.n, plant.bending.table.shape[1]
        self.plant = plant
        self.state = new_state(plant)
        self.command = new_command(engines)
        self.health = new_health(engines, modes)
        self.time_s = 0.0
        take_mass(plant, self.state)
        set_modes(plant, self.state, self.health)

    def free(
        self,
        position_m: tuple[float, float, float] = FAR_M,
        velocity_mps: tuple[float, float, float] = (0.0, 0.0, 0.0),
        body_from_eci: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0),
        rate_radps: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> Bench:
        """Let it go in a state of motion."""
        x = self.state.rigid
        x[0:3], x[3:6], x[6:10], x[10:13] = position_m, velocity_mps, body_from_eci, rate_radps
        self.state.words[STATUS] = FLYING
        return self

    def ignite(self, engines: slice = slice(0, 9)) -> Bench:
        """Tell engines to run."""
        self.command.engine_on[engines] = 1.0
        return self

    def tick(self, dt_s: float = TICK_S) -> float:
        """One tick; returns the time that it flew."""
        plant, state = self.plant, self.state
        flown = tick(plant, state, self.command, self.health, self.time_s, dt_s)
        self.time_s += flown
        return flown

    def run(self, seconds: float, dt_s: float = TICK_S) -> Bench:
        """As many ticks as fill a time."""
        for _ in range(round(seconds / dt_s)):
            self.tick(dt_s)
        return self

    def run_until(self, time_s: float, dt_s: float = TICK_S) -> Bench:
        """On to a time by ticks, the last of which may be shorter."""
        while time_s - self.time_s > 1e-9:
            self.tick(min(dt_s, time_s - self.time_s))
        return self

    @property
    def mass_kg(self) -> float:
        """Mass now."""
        return float(self.state.loads[rigid.MASS_KG])

    @property
    def x_cm_m(self) -> float:
        """Station of the centre of mass now."""
        return float(self.state.loads[rigid.CM_X_M])

    @property
    def position_m(self) -> Floats:
        """Inertial position."""
        return self.state.rigid[0:3].copy()

    @property
    def velocity_mps(self) -> Floats:
        """Inertial velocity."""
        return self.state.rigid[3:6].copy()

    @property
    def rate_radps(self) -> Floats:
        """Inertial body rates."""
        return self.state.rigid[10:13].copy()
