"""Rungs of the ladder that fly through still and moving air: wind, drag, damping, a weathercock.

Over a huge round Earth that neither turns nor pulls: level flight stays level and the air the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from downrange._spec import validate
from downrange.aero.build import build_case_aero
from downrange.aero.spec import CaseAeroSpec
from downrange.dynamics.kernel.rigid import (
    AUX_SIZE,
    INERTIA_KGM2,
    LOADS_LEVELS,
    LOADS_SIZE,
    MASS_KG,
    STATE_SIZE,
    Surroundings,
    new_work,
)
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.geodesy import Earth
from downrange.earth.spec import WindSpec
from downrange.verify import kernel
from downrange.verify.check import Check

Floats = NDArray[np.float64]

ALTITUDE_M = 2000.0
DENSITY_KGPM3 = 1.00655  # US Standard Atmosphere 1976, table I, at 2,000 m
STEP_S = 0.005


def _plain() -> Earth:
    """So large that 10 km of level flight leave the altitude by half a millimetre."""
    return build_earth()._replace(
        equatorial_radius_m=1e11, flattening=0.0, mu_m3ps2=0.0, rotation_radps=0.0
    )


def _fly(
    velocity_ned_mps: tuple[float, float, float],
    rates_radps: tuple[float, float, float],
    aero: CaseAeroSpec,
    seconds: float,
    *,
    mass_kg: float = 20.0,
    pitch_rad: float = 0.0,
    wind: WindSpec | None = None,
) -> Floats:
    """What is observed (kernel.OBSERVED,) after a time of a body of 2 kg m^2 about every axis."""
    earth, state, seen = _plain(), np.zeros(STATE_SIZE), np.zeros(kernel.OBSERVED)
    kernel.start((0.0, 0.0, ALTITUDE_M), velocity_ned_mps, (0.0, pitch_rad, 0.0), rates_radps,
                 kernel.INERTIAL, earth, state)  # fmt: skip
    loads = np.zeros(LOADS_SIZE)
    loads[MASS_KG] = mass_kg
    loads[INERTIA_KGM2:LOADS_LEVELS] = (2.0, 2.0, 2.0, 0.0, 0.0, 0.0)
    around = Surroundings(earth, build_wind(wind), build_case_aero(aero))
    steps = round(seconds / STEP_S)
    kernel.march(state, 0.0, STEP_S, steps, loads, (around, around), math.inf, new_work(),
                 np.zeros(AUX_SIZE))  # fmt: skip
    kernel.observe(state, seconds, earth, seen)
    return seen


def carried_by_the_wind() -> list[Check]:
    """A ball at rest takes the wind's speed on: 1 / u grows linearly with time."""
    ball = validate(CaseAeroSpec, {"reference_area": "0.3 m^2", "drag": 0.8})
    seconds, checks = 20.0, []
    winds = (
        ("steady", {"model": "steady", "speed": "30 m/s"}, 30.0),
        ("shear", {"model": "linear", "speed": "-10 m/s", "gradient": "0.02 m/s per m"}, 30.0),
    )
    for label, given, speed in winds:
        from_deg = 240.0  # so it blows to north-north-east and east
        wind = validate(WindSpec, {**given, "from_deg": from_deg})
        seen = _fly((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), ball, seconds, wind=wind)
        k = 0.5 * DENSITY_KGPM3 * 0.3 * 0.8 / 20.0
        got = speed - speed / (1.0 + k * speed * seconds)
        towards = math.radians(from_deg + 180.0)
        for axis, number, share in (
            ("north", seen[1], math.cos(towards)),
            ("east", seen[2], math.sin(towards)),
        ):
            checks.append(
                Check("ball in the wind", f"speed to the {axis} after {seconds:g} s, {label} wind",
                      "drag with the square of the speed, integrated", got * share, float(number),
                      "m/s", 1e-4)
            )  # fmt: skip
    return checks


def damped_rates() -> list[Check]:
    """Rates of a round body without drag decay exponentially, each at its own damping."""
    aero = validate(CaseAeroSpec, {
        "reference_area": "0.3 m^2", "reference_span": "0.5 m", "reference_chord": "0.8 m",
        "damping": {"roll": -0.3, "pitch": -0.1, "yaw": -0.4},
    })  # fmt: skip
    seconds, speed = 2.0, 150.0
    rates = (0.5, -0.3, 0.2)
    seen = _fly((speed, 0.0, 0.0), rates, aero, seconds)
    checks = []
    for i, (axis, coefficient, length) in enumerate(
        (("p", -0.3, 0.5), ("q", -0.1, 0.8), ("r", -0.4, 0.5))
    ):
        # q S L (L / 2 V) C over I
        pull = 0.5 * DENSITY_KGPM3 * speed**2 * 0.3 * length * length / (2.0 * speed) * coefficient
        expected = rates[i] * math.exp(pull / 2.0 * seconds)
        checks.append(
            Check("damped rates", f"{axis} after {seconds:g} s",
                  "exponential decay, per rate * length / (2 V)", expected, float(seen[9 + i]),
                  "rad/s", 1e-5 * abs(rates[i]))
        )  # fmt: skip
    return checks


def weathercock() -> list[Check]:
    """Drag behind the centre of mass makes a pendulum of a heavy body: its swing in closed form."""
    from scipy.special import ellipj, ellipk

    aero = validate(CaseAeroSpec, {
        "reference_area": "0.3 m^2", "drag": 0.8, "moment_centre_from_cm": ["-0.4 m", "0 m", "0 m"],
    })  # fmt: skip
    speed, first, seconds = 100.0, math.radians(60.0), 4.0
    drag_n = 0.5 * DENSITY_KGPM3 * speed**2 * 0.3 * 0.8
    natural = math.sqrt(drag_n * 0.4 / 2.0)
    k = math.sin(0.5 * first)
    # From the turning point: sin(angle / 2) = k cd(w t, k).
    _, cn, dn, _ = ellipj(natural * seconds, k * k)
    expected = 2.0 * math.asin(k * float(cn / dn))
    seen = _fly((speed, 0.0, 0.0), (0.0, 0.0, 0.0), aero, seconds, mass_kg=1e9, pitch_rad=first)
    period_s = 4.0 * float(ellipk(k * k)) / natural
    return [
        Check("weathercock", f"angle after {seconds:g} s, {seconds / period_s:.2f} of its period",
              "pendulum of large swing: Landau and Lifshitz, Mechanics, section 11",
              math.degrees(expected), math.degrees(seen[7]), "deg", 0.01)
    ]  # fmt: skip


RUNGS: tuple[Callable[[], list[Check]], ...] = (carried_by_the_wind, damped_rates, weathercock)
