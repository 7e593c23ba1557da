"""Rungs of the ladder that steer: the guidance of an upper stage against the best that can be."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from downrange.earth.kernel.frames import Vector
from downrange.earth.kernel.orbit import Elements, elements
from downrange.gnc.kernel.upfg import STAGE_COLUMNS, UPFG_WORDS, Insertion, Rules, Target
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.verify.check import Check
from downrange.verify.insertion import MASS, POSITION, SENSED, STATE, VELOCITY, Motor, insert

TICK_S, TICKS_A_CYCLE = 0.1, 10

# Benson 2005 and GPOPS-II, Delta III: Earth, second stage, target orbit.
MU_M3PS2, EARTH_RADIUS_M = 3.986012e14, 6378145.0
THRUST_N, BURN_S, PROPELLANT_KG, EMPTY_KG = 110094.0, 700.0, 16820.0, 2480.0 + 4164.0
AXIS_M, ECCENTRICITY = 24361140.0, 0.7308
INCLINATION_RAD, NODE_RAD = math.radians(28.5), math.radians(269.8)

# The optimum at the start of that stage, 261 s after lift-off, and where it ends its burn.
START_M = (5691680.58, 636820.40, 3089251.14)
START_MPS = (204.3242, 5180.7377, 101.0642)
ANOMALY_RAD = math.radians(6.783)

# Final mass (kg) at a thrust over the nominal: the published optimum, and those by the maximum
# principle from the state above (tests/verification/test_upfg_delta3.py).
PUBLISHED = "Benson 2005 and GPOPS-II, optimum of the Delta III ascent"
OPTIMA = ((1.0, 7529.712), (0.97, 7513.708), (1.03, 7542.857), (0.9, 7461.280))


def delta3_target() -> Target:
    """The target orbit at the true anomaly where the optimum ends."""
    along, across = 1.0 + ECCENTRICITY * math.cos(ANOMALY_RAD), math.sin(INCLINATION_RAD)
    radius_m = AXIS_M * (1.0 - ECCENTRICITY**2) / along
    return Target(
        radius_m=radius_m,
        speed_mps=math.sqrt(MU_M3PS2 * (2.0 / radius_m - 1.0 / AXIS_M)),
        flight_path_angle_rad=math.atan2(ECCENTRICITY * math.sin(ANOMALY_RAD), along),
        normal=(
            across * math.sin(NODE_RAD),
            -across * math.cos(NODE_RAD),
            math.cos(INCLINATION_RAD),
        ),
    )


def one_stage(exhaust_mps: float, thrust_n: float, mass_kg: float, empty_kg: float) -> np.ndarray:
    """A stage as planned, as the one row of a table."""
    burn_s = (mass_kg - empty_kg) * exhaust_mps / thrust_n
    return np.array([[exhaust_mps, thrust_n / mass_kg, burn_s, 0.0]]).reshape(1, STAGE_COLUMNS)


def fly_in(
    r_m: Vector, v_mps: Vector, mass_kg: float, motor: Motor, target: Target, thrust_ratio: float
) -> tuple[float, Elements]:
    """Final mass (kg; nan if the stage ran empty) and orbit, with thrust off by an untold ratio."""
    state, memory = np.zeros(STATE), np.zeros(UPFG_WORDS)
    state[POSITION:VELOCITY], state[VELOCITY:SENSED], state[MASS] = r_m, v_mps, mass_kg
    stages = one_stage(motor.exhaust_mps, motor.thrust_n, mass_kg, motor.empty_kg)
    plan = Insertion(target, stages, Rules(), motor.mu_m3ps2)
    actual = motor._replace(thrust_n=motor.thrust_n * thrust_ratio)
    cutoff_s = insert(state, actual, memory, plan, TICK_S, TICKS_A_CYCLE)
    x, y, z, u, v, w = (float(word) for word in state[:SENSED])
    orbit = elements((x, y, z), (u, v, w), motor.mu_m3ps2)
    return (float(state[MASS]) if math.isfinite(cutoff_s) else math.nan), orbit


def delta3() -> list[Check]:
    """Second stage of Delta III into its transfer orbit, thrust as told and otherwise."""
    exhaust = THRUST_N * BURN_S / PROPELLANT_KG
    motor, name, checks = Motor(THRUST_N, exhaust, EMPTY_KG, MU_M3PS2), "upper-stage guidance", []
    for ratio, optimum_kg in OPTIMA:
        mass_kg = EMPTY_KG + PROPELLANT_KG
        final_kg, orbit = fly_in(START_M, START_MPS, mass_kg, motor, delta3_target(), ratio)
        axis_m = 0.5 * (orbit.perigee_radius_m + orbit.apogee_radius_m)
        where = f"Delta III second stage, thrust {100.0 * (ratio - 1.0):+.0f} %"
        source = PUBLISHED if ratio == 1.0 else "optimum by the maximum principle"
        checks += [
            Check(name, f"{where}, final mass", source, optimum_kg, final_kg, "kg", 0.8),
            Check(name, f"{where}, semi-major axis", PUBLISHED, AXIS_M, axis_m, "m", 10.0),
            Check(name, f"{where}, inclination", PUBLISHED, 28.5,
                  math.degrees(orbit.inclination_rad), "deg", 1e-6),
        ]  # fmt: skip
    return checks


def low_orbit() -> list[Check]:
    """A heavy stage from 100 km into a circular orbit at 200 km."""
    radius_m = EARTH_RADIUS_M + 200e3
    target = Target(radius_m, math.sqrt(MU_M3PS2 / radius_m), 0.0, (0.0, 0.0, 1.0))
    motor = Motor(700e3, 348.0 * STANDARD_GRAVITY_MPS2, 15e3, MU_M3PS2)
    r, v = (EARTH_RADIUS_M + 100e3, 0.0, 0.0), (500.0, 4500.0, 0.0)
    name, law, checks = "upper-stage guidance", "the orbit asked for", []
    for ratio in (1.0, 0.98, 1.02):
        _, orbit = fly_in(r, v, 60e3, motor, target, ratio)
        where = f"circular orbit, thrust {100.0 * (ratio - 1.0):+.0f} %"
        checks += [
            Check(name, f"{where}, perigee", law, radius_m, orbit.perigee_radius_m, "m", 10.0),
            Check(name, f"{where}, apogee", law, radius_m, orbit.apogee_radius_m, "m", 10.0),
        ]
    return checks


RUNGS: tuple[Callable[[], list[Check]], ...] = (delta3, low_orbit)
