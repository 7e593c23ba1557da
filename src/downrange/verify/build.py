"""From a check case as written to the numbers of the kernels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.aero.build import build_case_aero, no_aero
from downrange.dynamics.kernel.rigid import (
    CM_X_M,
    FORCE_VACUUM_N,
    INERTIA_KGM2,
    INERTIA_RATE_FACTOR,
    LOADS_LEVELS,
    LOADS_RATES,
    LOADS_SIZE,
    MASS_KG,
    STATE_SIZE,
    Surroundings,
)
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.earth.kernel.geodesy import Earth
from downrange.verify import kernel
from downrange.verify.spec import BurnSpec, CaseSpec

Floats = NDArray[np.float64]

ROTATION_FACTORS = {"none": 0.0, "half": 0.5, "full": 1.0}
RATE_FRAMES = {"inertial": kernel.INERTIAL, "earth": kernel.EARTH, "ned": kernel.NED}


class Segment(NamedTuple):
    """A span of time in which thrust holds and mass properties change linearly."""

    start_s: float
    end_s: float
    loads: Floats  # (LOADS_SIZE,) at the start


class Properties(NamedTuple):
    """Mass properties at one instant."""

    mass_kg: float
    cm_x_m: float
    inertia_kgm2: tuple[float, ...]


class Layers(NamedTuple):
    """What surrounds a body below and above an altitude at which the equations change."""

    around: tuple[Surroundings, Surroundings]
    ceiling_m: float  # inf where there is none


def build_layers(spec: CaseSpec, base_dir: Path | str = ".") -> Layers:
    """Earth, air, wind and aerodynamics of a case; base_dir is that of a sounding it names."""
    earth = build_earth(spec.earth, spec.air)
    below = Surroundings(
        earth._replace(air_zero_above_m=math.inf),
        build_wind(spec.wind, base_dir),
        build_case_aero(spec.aero) if spec.aero else no_aero(),
    )
    above = below._replace(earth=earth._replace(atmosphere_model=NO_AIR, air_zero_above_m=math.inf))
    return Layers((below, above), earth.air_zero_above_m)


def start_state(spec: CaseSpec, earth: Earth) -> Floats:
    """State at time 0, (STATE_SIZE,)."""
    at, state = spec.initial, np.zeros(STATE_SIZE)
    north, east, down = (float(speed.si) for speed in at.velocity_ned)
    kernel.start(
        (math.radians(at.latitude_deg), math.radians(at.longitude_deg), float(at.altitude.si)),
        (north, east, down),
        (
            math.radians(at.euler_deg.yaw),
            math.radians(at.euler_deg.pitch),
            math.radians(at.euler_deg.roll),
        ),
        (float(at.rates.p.si), float(at.rates.q.si), float(at.rates.r.si)),
        RATE_FRAMES[at.rates.frame],
        earth,
        state,
    )
    return state


def segments(spec: CaseSpec) -> list[Segment]:
    """The flight as spans without a change in thrust or in the slope of a mass property.

    The moment centre stays where it is and the centre of mass moves: x of the latter counts
    from where it was when the case began, afresh after each staging.
    """
    factor = ROTATION_FACTORS[spec.body.variable_mass_rotation]
    now = Properties(float(spec.body.mass.si), 0.0, spec.body.inertia.kgm2())
    centre = spec.aero.moment_centre_from_cm if spec.aero else None
    offset_m = centre[0].si if centre else 0.0
    found, free_s, dropped_kg = [], 0.0, 0.0
    for burn in spec.burn:
        if burn.start.si > free_s:
            found.append(_segment(free_s, burn.start.si, now, now, factor))
        now = now._replace(mass_kg=now.mass_kg - dropped_kg)
        times = _slope_changes(burn)
        states = [_properties(burn, now, offset_m, time) for time in times]
        found += [
            _segment(times[i], times[i + 1], states[i], states[i + 1], factor, burn.thrust.si)
            for i in range(len(times) - 1)
        ]
        now, free_s = states[-1], burn.end_s
        dropped_kg = burn.drop_mass_after.si if burn.drop_mass_after else 0.0
    if spec.duration.si > free_s:
        found.append(_segment(free_s, spec.duration.si, now, now, factor))
    return found


def _slope_changes(burn: BurnSpec) -> list[float]:
    """Start and end of a burn and the times in between at which a table has a corner, s."""
    per_s = burn.flow_kgps / burn.load_kg
    corners = [burn.start.si + (1.0 - fraction) / per_s for fraction in burn.fuel_fraction]
    inside = [time for time in corners if burn.start.si < time < burn.end_s]
    return sorted({burn.start.si, burn.end_s, *inside})


def _properties(burn: BurnSpec, before: Properties, offset_m: float, time_s: float) -> Properties:
    """Mass properties in the burn; `before` are those at its start."""
    spent_kg = burn.flow_kgps * (time_s - burn.start.si)
    left = max(0.0, 1.0 - spent_kg / burn.load_kg)
    inertia, cm_x = before.inertia_kgm2, before.cm_x_m
    if burn.inertia:
        inertia = _between(burn.fuel_fraction, [each.kgm2() for each in burn.inertia], left)
    if burn.moment_centre_x_from_cm:
        rows = [(offset_m - centre.si,) for centre in burn.moment_centre_x_from_cm]
        cm_x = _between(burn.fuel_fraction, rows, left)[0]
    return Properties(before.mass_kg - spent_kg, cm_x, inertia)


def _between(
    grid: tuple[float, ...], rows: Sequence[tuple[float, ...]], at: float
) -> tuple[float, ...]:
    """Row of a table at a value of its rising grid, linear."""
    i = min(max(bisect_right(grid, at) - 1, 0), len(grid) - 2)
    f = (at - grid[i]) / (grid[i + 1] - grid[i])
    return tuple(low + f * (high - low) for low, high in zip(rows[i], rows[i + 1], strict=True))


def _segment(
    start_s: float,
    end_s: float,
    before: Properties,
    after: Properties,
    factor: float,
    thrust_n: float = 0.0,
) -> Segment:
    loads = np.zeros(LOADS_SIZE)
    for at, properties in ((0, before), (LOADS_RATES, after)):
        loads[at + MASS_KG] = properties.mass_kg
        loads[at + CM_X_M] = properties.cm_x_m
        loads[at + INERTIA_KGM2 : at + LOADS_LEVELS] = properties.inertia_kgm2
    levels, rates = loads[:LOADS_LEVELS], loads[LOADS_RATES : LOADS_RATES + LOADS_LEVELS]
    rates[:] = (rates - levels) / (end_s - start_s)
    loads[FORCE_VACUUM_N] = float(thrust_n)
    loads[INERTIA_RATE_FACTOR] = factor
    return Segment(float(start_s), float(end_s), loads)
