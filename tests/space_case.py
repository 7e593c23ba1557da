"""Bodies above the air and what steers them, without a planned mission."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from downrange.aero.build import no_aero
from downrange.dynamics.kernel import advance, rigid
from downrange.dynamics.kernel.advance import Plant, State
from downrange.dynamics.kernel.rigid import Surroundings
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.flight.assemble import build_plant, new_state
from downrange.flight.legs import legs_of
from downrange.flight.load import load_mission
from downrange.gnc.kernel import data
from downrange.gnc.kernel.data import Control, Space
from downrange.telemetry import Telemetry, bus

Floats = NDArray[np.float64]

EARTH = build_earth()
RADIUS_M, MU = EARTH.equatorial_radius_m, EARTH.mu_m3ps2
# Of the upper stage that the tests of guidance fly.
EXHAUST_MPS, ACCELERATION_MPS2, BURN_S = 3315.0, 9.4, 300.0
TAIL_OFF_S = 0.2


@cache
def stack() -> Plant:
    """The vehicle of the catalogue as it stands on its pad."""
    mission = load_mission("spectrum-flight-1", planned=True)
    leg = legs_of(mission.spec.vehicle, mission.spec.phase)[0]
    return build_plant(mission, mission.spec, EARTH, 0.0, leg)


def moving(
    plant: Plant, fill: Floats, motion: tuple[Floats, Floats, Rotation, Floats]
) -> State:  # fmt: skip
    """A stack in flight: share of each tank, then position, velocity, attitude, body rate."""
    state = new_state(plant)
    state.tank_kg[:] = fill * plant.tanks.load_kg
    position, velocity, attitude, rate = motion
    x = state.rigid
    x[0:3], x[3:6], x[10:13] = position, velocity, rate
    x[6:10] = quaternion(attitude)
    advance.take_mass(plant, state)
    return state


def turned(rigid_state: Floats) -> Rotation:
    """Turn that takes body components to inertial ones."""
    w, x, y, z = rigid_state[6:10]
    return Rotation.from_quat([x, y, z, w])


def quaternion(attitude: Rotation) -> Floats:
    """The attitude body_from_eci of axes that are turned so: scipy has the scalar last."""
    return np.roll(attitude.as_quat(), 1)


def momenta(states: list[tuple[Floats, Floats]], about_m: Floats) -> tuple[float, Floats, Floats]:
    """Mass, linear and angular momentum (inertial, about a point) of rigid bodies and loads."""
    mass, linear, angular = 0.0, np.zeros(3), np.zeros(3)
    for x, loads in states:
        m, inertia = loads[rigid.MASS_KG], loads[rigid.INERTIA_KGM2 : rigid.INERTIA_KGM2 + 3]
        mass += m
        linear += m * x[3:6]
        angular += np.cross(x[0:3] - about_m, m * x[3:6]) + turned(x).apply(inertia * x[10:13])
    return mass, linear, angular


def airless(j2: float = 0.0, rotation_radps: float | None = None) -> Surroundings:
    """No air, a round Earth with a point mass's gravity (and j2 where it is given)."""
    spin = EARTH.rotation_radps if rotation_radps is None else rotation_radps
    earth = EARTH._replace(
        flattening=0.0, j2=j2, rotation_radps=spin, atmosphere_model=NO_AIR
    )  # fmt: skip
    return Surroundings(earth, build_wind(), no_aero())


def target(
    altitude_m: float = 500e3, perigee_m: float | None = None, inclination_deg: float = 95.0,
    rate_limit_degps: float = 1.0,
) -> Space:  # fmt: skip
    """An insertion at 200 km on the way to an orbit."""
    apogee = RADIUS_M + altitude_m
    perigee = apogee if perigee_m is None else RADIUS_M + perigee_m
    low = RADIUS_M + 200e3
    return Space(
        radius_m=low,
        speed_mps=math.sqrt(2.0 * MU * (1.0 / low - 1.0 / (low + apogee))),
        climb_rad=0.0,
        inclination_rad=math.radians(inclination_deg),
        perigee_m=perigee,
        apogee_m=apogee,
        stages=np.array([[EXHAUST_MPS, ACCELERATION_MPS2, BURN_S, 0.0]]),
        tail_off_s=TAIL_OFF_S,
        rate_limit_radps=math.radians(rate_limit_degps),
    )


def control(**changed: object) -> Control:
    """Attitude control of a stage of 10 t with cold gas: 20 N m in roll, 40 across."""
    made = Control(
        mass=np.array([[0.0, 2.0, 1000.0, 8000.0], [1.0, 2.0, 1000.0, 8000.0]]),
        filters=np.tile(np.array([1.0, 0.0, 0.0, 0.0, 0.0]), (2, 1, 1)),
        aero=np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
        bandwidth_radps=1.0,
        damping=0.8,
        roll_bandwidth_radps=0.5,
        integral_time_s=10.0,
        gimbal_limit_rad=0.1,
        gimbal_rate_radps=math.inf,
        latency_ticks=0,
        chamber_tick_share=1.0,
        load_relief=0.0,
        relief_tick_share=0.02,
        relief_from_pa=math.inf,
        imu_x_m=2.0,
        thruster_nm=(20.0, 40.0, 40.0),
        thruster_pulse_s=0.02,
        thruster_bandwidth_radps=0.2,
        thruster_rate_radps=math.radians(1.0),
        roll_by_thrusters=1.0,
    )
    return made._replace(**changed)


def new_words() -> Floats:
    """Memory of a flight computer in flight: level attitude, nothing else known."""
    words = np.zeros(data.WORDS)
    words[data.ATTITUDE_BODY_FROM_ECI] = words[data.COMMANDED_BODY_FROM_ECI] = 1.0
    words[data.TAIL_RATIO] = words[data.PROPELLANT_FRACTION] = 1.0
    words[data.CUT_S] = math.nan
    words[data.PENDING_PHASE] = -1.0
    return words


def put_state(words: Floats, position_m: Floats, velocity_mps: Floats) -> None:
    """Tell the flight computer where it is."""
    words[data.POSITION_ECI_M : data.POSITION_ECI_M + 3] = position_m
    words[data.VELOCITY_ECI_MPS : data.VELOCITY_ECI_MPS + 3] = velocity_mps


def quiet_command(engines: int = 1) -> bus.Command:
    """Commands before any are given."""
    return bus.new_command(engines)


def resting(position_m: Floats, attitude: Floats, x_cm_m: float) -> Telemetry:
    """Telemetry of a body that stays where it is for two seconds."""
    time = np.linspace(0.0, 2.0, 3)
    columns = {"time_s": time, "centre_of_mass_m": np.full(3, x_cm_m)}
    for axis, place in zip("xyz", position_m, strict=True):
        columns[f"position_eci_{axis}_m"] = np.full(3, place)
        columns[f"velocity_eci_{axis}_mps"] = np.zeros(3)
    for axis, part in zip("wxyz", attitude, strict=True):
        columns[f"attitude_body_from_eci_{axis}"] = np.full(3, part)
    return Telemetry.from_columns(columns)
