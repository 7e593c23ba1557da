"""What the flight software knows (Plan) and what it remembers (Memory), as numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.geodesy import Earth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class AssumedVehicle(NamedTuple):
    """The vehicle as the flight software believes it; no fault and no draw changes it.

    Stations are x in the vehicle frame. Tables run over the fraction of the propellant of the
    lowest stage attached that is left (rising from 0 to 1).
    """

    stage: int  # the lowest one attached

    engine_stage: Ints  # (engines,) index of its stage
    engine_position_m: Floats  # (engines, 3) gimbal point, vehicle frame
    engine_thrust_vac_n: Floats  # (engines,)
    engine_exit_area_m2: Floats  # (engines,)
    engine_flow_kgps: Floats  # (engines,)
    engine_throttle_min: Floats  # (engines,) levels that it takes
    engine_throttle_max: Floats  # (engines,)
    engine_gimbal_limit_rad: Floats  # (engines,) 0: fixed
    engine_tail_off_s: Floats  # (engines,) full thrust for so long is what comes after a cut-off
    tank_stage: Ints  # (tanks,)
    tank_load_kg: Floats  # (tanks,)
    stage_dry_kg: Floats  # (stages,)
    stage_propellant_kg: Floats  # (stages,) usable
    payload_kg: float
    fairing_kg: float
    thruster_nm: Vector  # moment of the attitude thrusters about each axis; 0: none
    thruster_pulse_s: float  # the shortest
    fraction: Floats  # (F,) propellant of the stage left over that loaded
    mass_kg: Floats  # (F,)
    x_cm_m: Floats  # (F,)
    inertia_axial_kgm2: Floats  # (F,)
    inertia_lateral_kgm2: Floats  # (F,)
    mode_frequency_radps: Floats  # (F, modes)
    mode_mass_kg: Floats  # (F, modes)
    mode_shape_gimbal: Floats  # (F, modes) phi at the gimbal, phi = 1 at the nose
    mode_slope_imu_pm: Floats  # (F, modes) d phi / dx at the inertial unit
    mode_damping: Floats  # (modes,)
    mach: Floats  # (M,) rising
    axial_coefficient: Floats  # (M,) CA at zero angle of attack
    normal_slope_prad: Floats  # (M,) dCN/dalpha at zero angle of attack
    x_cp_m: Floats  # (M,) centre of pressure at small angles
    reference_area_m2: float
    imu_x_m: float
    gimbal_natural_radps: float  # actuator, as assumed for the stability margins
    gimbal_damping: float
    engine_moving_moment_kgm: float  # moving mass of one engine times its lever aft of the gimbal


# Steering of a phase.
STEER_NONE = 0  # engines straight
STEER_VERTICAL = 1
STEER_PITCH_OVER = 2
STEER_PROGRAMME = 3
STEER_HOLD = 4  # keep the attitude that was last commanded
STEER_PROGRADE = 5  # nose along the inertial velocity; this and all below need a space plan
STEER_INSERTION = 6  # closed loop to the insertion of the plan
STEER_ORBIT = 7  # along the velocity that is missing to the target orbit, from where it is now

# What an exit condition may look at. Up to SMOOTH_SIGNALS a crossing is foreseen within a tick.
PHASE_TIME_S = 0
SIGNAL_CLOCK_S = 1
TIME_SINCE_RELEASE_S = 2
ALTITUDE_M = 3  # above the ellipsoid
HEIGHT_M = 4  # above where it stood on the pad
SPEED_MPS = 5  # relative to the Earth
VELOCITY_TO_GO_MPS = 6  # less what the tail-off will still give; nan where nothing is steered to
TIME_TO_APOGEE_S = 7  # along the conic; nan in the air
TIME_TO_RADIUS_S = 8  # to the target's apogee radius at the climb now; nan in the air and down
SMOOTH_SIGNALS = 9
CHAMBER_MIN = 9  # lowest chamber fraction of the engines asked to run and not declared failed
CHAMBER_SUM = 10  # thrust available over thrust installed in the phase's stage
TANK_FRACTION_MIN = 11  # of the phase's stage
ACCELERATION_MPS2 = 12  # specific force along body x
HEALTHY_ENGINES = 13  # of the phase's stage
HEATING_WPM2 = 14  # free-molecular, of a flat face: half density times speed cubed
GUIDANCE_FAILED = 15  # 1 once the closed loop has given up
SIGNALS = 16


class Phases(NamedTuple):
    """The sequence. A group of rows is met when each has sense * (signal - threshold) >= 0.

    The first group met sends the sequence to its target.
    """

    table: Floats  # (phases, PHASE_COLUMNS)
    rows: Floats  # (rows, ROW_COLUMNS) of exit conditions, phase after phase


# Columns of Phases.table.
STAGE = 0  # whose engines run, -1 none
THROTTLE = 1
STEERING = 2
RELEASES = 3  # 1: the hold-down lets go
CALLED_OFF = 4  # 1: reached by an abort
FIRST_ROW = 5
LAST_ROW = 6  # first row of the next phase
SEPARATES = 7  # 1 + index of the stage that is dropped when the phase begins, 0 none
JETTISONS = 8  # 1: the fairing goes when the phase begins
SLOW = 9  # 1: long ticks
PASSIVATES = 10  # 1: the tanks are vented
ACCELERATION_LIMIT_MPS2 = 11  # the engines are throttled to it; inf: not
PHASE_COLUMNS = 12

# Columns of Phases.rows.
GROUP = 0
TARGET = 1
SIGNAL = 2
SENSE = 3
THRESHOLD = 4
ROW_COLUMNS = 5


class Monitor(NamedTuple):
    """When an engine is declared failed."""

    below_fraction: float  # of the chamber pressure asked for
    start_allowance_s: float
    persistence_s: float


class Navigation(NamedTuple):
    """Where the vehicle stands, and how far a satellite fix is believed."""

    pad_position_ecef_m: Vector  # of the inertial unit, on the pad
    attitude_body_from_ecef: Quaternion  # on the pad, as aligned
    position_gain: float
    velocity_gain: float


class Steering(NamedTuple):
    """Pitch programme in the vertical plane of the launch azimuth, in the pad's north-east-down."""

    azimuth_rad: float
    attitude_ned_from_ecef: Quaternion  # pad axes
    pitch_over_rate_radps: float
    kick_pitch_rad: float  # where the pitch-over ends
    rate_limit_radps: float
    signal: int  # SPEED_MPS or TIME_SINCE_RELEASE_S
    table: Floats  # (T, 2): signal, rising; pitch_rad


class Control(NamedTuple):
    """Attitude control: PD and integral on filtered errors, scheduled on the assumed vehicle."""

    mass: Floats  # (F, 4): propellant fraction, rising; x_cm_m, axial and lateral inertia_kgm2
    filters: Floats  # (F, sections, 5): b0, b1, b2, a1, a2
    aero: Floats  # (M, 3): Mach, rising; area * dCN/dalpha (m^2/rad), x_cp_m
    bandwidth_radps: float
    damping: float
    roll_bandwidth_radps: float
    integral_time_s: float
    gimbal_limit_rad: float
    gimbal_rate_radps: float  # inf: not limited by the flight software
    latency_ticks: int
    chamber_tick_share: float  # of a tick in the time constant of the chamber fractions' filter
    load_relief: float  # share of the angle of attack that is given way to; 0: none
    relief_tick_share: float  # of a tick in the time constant of its filters
    relief_from_pa: float  # dynamic pressure from which it works
    imu_x_m: float
    thruster_nm: Vector  # moment of the attitude thrusters about each axis; 0: none
    thruster_pulse_s: float  # the shortest
    thruster_bandwidth_radps: float
    thruster_rate_radps: float  # fastest turn asked of them
    roll_by_thrusters: float  # 1: the engines can't roll the body


class Space(NamedTuple):
    """Where the upper stage is to go."""

    radius_m: float  # of the insertion
    speed_mps: float  # inertial, there
    climb_rad: float  # flight path angle there
    inclination_rad: float
    perigee_m: float  # radii of the target orbit
    apogee_m: float
    stages: Floats  # (1, 4) this stage as assumed: a row of upfg.Insertion.stages
    tail_off_s: float  # full thrust for so long is what comes after a cut-off
    rate_limit_radps: float  # of the commanded attitude


class Plan(NamedTuple):
    """All that the flight software knows before lift-off, while one stage is the lowest."""

    earth: Earth
    tick_s: float
    slow_tick_s: float
    stage: int  # the lowest one attached
    phases: Phases
    monitor: Monitor
    navigation: Navigation
    steering: Steering
    space: Space
    control: Control
    engines: Floats  # (engines, ENGINE_COLUMNS)
    tanks: Floats  # (tanks, 2): stage, load_kg


# Columns of Plan.engines.
ENGINE_STAGE = 0
ENGINE_X_M = 1  # 1, 2, 3: gimbal point, vehicle frame
THRUST_VAC_N = 4
EXIT_AREA_M2 = 5
GIMBAL_LIMIT_RAD = 6  # 0: fixed
ENGINE_COLUMNS = 7

# Indices into Memory.words.
PHASE = 0
PHASE_START_S = 1  # clock
RELEASE_S = 2  # clock at which the umbilical broke; nan before
PENDING_PHASE = 3  # phase that a cut-off inside the last tick leads to, -1 none
LAST_CLOCK_S = 4
POSITION_ECI_M = 5  # 5, 6, 7
VELOCITY_ECI_MPS = 8  # 8, 9, 10
ATTITUDE_BODY_FROM_ECI = 11  # 11 .. 14
RATE_RADPS = 15  # 15, 16, 17
FORCE_MPS2 = 18  # 18, 19, 20: specific force, body axes
NAV_ALTITUDE_M = 21
NAV_SPEED_MPS = 22
NAV_SPEED_RATE_MPS2 = 23
AIR_PRESSURE_PA = 24
DYNAMIC_PRESSURE_PA = 25  # standard air, no wind
MACH = 26
COMMANDED_PITCH_RAD = 27
COMMANDED_PITCH_RATE_RADPS = 28
COMMANDED_BODY_FROM_ECI = 29  # 29 .. 32
COMMANDED_RATE_RADPS = 33  # 33, 34, 35
ATTITUDE_ERROR_RAD = 36  # 36, 37, 38: rotation from commanded to estimated, body axes
INTEGRAL_RADS = 39  # 39, 40, 41
MOMENT_NM = 42  # 42, 43, 44: asked of the gimbals
PROPELLANT_FRACTION = 45  # of the lowest stage attached
SATURATED = 46  # 1: a gimbal demand met a limit in the last tick
IMU_LOST = 47
TICKS = 48
PAD_ALTITUDE_M = 49  # of the inertial unit before the release
TICK_S = 50  # length of the last tick
TO_GO_MPS = 51  # 51, 52, 53: velocity to go, ECI
THRUST_ALONG = 54  # 54, 55, 56: direction that the thrust is to have, ECI
LEFT_MPS = 57  # velocity to go along it, less the tail-off's; nan where nothing is steered to
AIR_DENSITY_KGPM3 = 58
NORMAL = 59  # 59, 60, 61: of the plane that the closed loop steers into, ECI
NEXT_CYCLE_S = 62  # clock of the closed loop's next solution
GUIDANCE_CODE = 63  # of upfg; 0 before it began
THRUSTERS_OWE_S = 64  # 64, 65, 66: time of firing that was asked for and not yet given
CUT_S = 67  # clock of the last cut-off that was foreseen; nan before one
CUT_MPS2 = 68  # acceleration when it came
TAIL_MPS = 69  # sensed since
TAIL_RATIO = 70  # of the tail-off that was measured to the assumed one
ATTACK_RAD = 71  # 71, 72: angle of attack and sideslip as felt, filtered
ATTACK_HALF_RAD = 73  # 73, 74: the same, filtered once
RATE_BEFORE_RADPS = 75  # 75, 76: about y and z, a tick ago
NOW = 77  # the signals
BEFORE = NOW + SIGNALS  # the same, one tick ago
WORDS = BEFORE + SIGNALS

# Columns of Memory.engine.
ON_TIME_S = 0
LOW_TIME_S = 1
FAILED = 2
DEMAND_Y_RAD = 3  # before the latency
DEMAND_Z_RAD = 4
ENGINE_WORDS = 5


class Memory(NamedTuple):
    """What the flight software carries from tick to tick; overwritten in place."""

    words: Floats  # (WORDS,)
    engine: Floats  # (engines, ENGINE_WORDS)
    filters: Floats  # (2, sections, 2): pitch and yaw
    delay: Floats  # (latency + 1, engines, 2) gimbal demands
    loop: Floats  # (upfg.UPFG_WORDS,) of the closed loop to the insertion
    chamber: Floats  # (engines,) fractions that the steering counts on
