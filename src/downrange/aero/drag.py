"""Axial force of a body of revolution along its axis: skin friction, nose, base, flat aft face."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downrange.aero.outline import Outline

Floats = NDArray[np.float64]

# Sea-level sound speed over kinematic viscosity, US Standard Atmosphere 1976: Reynolds number
# per Mach and metre. Friction falls by a sixth at a tenth of it (about 18 km).
REYNOLDS_PER_MACH_M = 340.294 / 1.4607e-5
LEAST_MACH = 0.05  # slower than this the friction coefficient is held

# Base drag without a jet, on the base area: MIL-HDBK-762, fig. 5-140 family.
BASE_MACH = np.array([0.0, 0.8, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0])
BASE_DRAG = np.array([0.16, 0.16, 0.179, 0.189, 0.187, 0.173, 0.146, 0.098, 0.067, 0.053, 0.047])

DRAG_RISE_MACH = (0.8, 1.05)  # wave drag grows from nothing to the supersonic formula
BLUNT_FACE = 0.85  # share of the stagnation pressure on a flat face (Hoerner, ch. 3)


def skin_friction(reynolds: Floats, mach: Floats, roughness_over_length: float) -> Floats:
    """Return the mean turbulent friction coefficient [-] of a flat plate on its wetted area.

    Prandtl-Schlichting 0.455 / log10(Re)^2.58, times (1 + 0.144 M^2)^-0.65 for compressibility
    (Raymer, Aircraft Design, eq. 12.27), not less than 0.032 (roughness / length)^0.2 (Niskanen,
    OpenRocket technical documentation, eq. 3.81). Valid for Re above 1e5.
    """
    smooth: Floats = 0.455 / np.log10(reynolds) ** 2.58
    rough = 0.032 * roughness_over_length**0.2
    friction: Floats = np.maximum(smooth, rough) / (1.0 + 0.144 * mach**2) ** 0.65
    return friction


def friction_axial(body: Outline, mach: Floats, roughness_m: float) -> Floats:
    """Return the friction part of C_A [-], with Hoerner's form factor 1 + 60/f^3 + 0.0025 f."""
    fineness = body.length_m / body.max_diameter_m
    form = 1.0 + 60.0 / fineness**3 + 0.0025 * fineness
    reynolds = REYNOLDS_PER_MACH_M * np.maximum(mach, LEAST_MACH) * body.length_m
    friction = skin_friction(reynolds, mach, roughness_m / body.length_m)
    axial: Floats = friction * form * body.wetted_area_m2 / body.reference_area_m2
    return axial


def cone_wave_drag(half_angle_rad: float, mach: Floats) -> Floats:
    """Return the wave drag [-] of a cone or slender nose on its base area.

    (1.59 + 1.83 / M^2) theta^1.69: Bonney (1950), as in Fleeman, Tactical Missile Design,
    where a nose of fineness f counts as a cone with tan theta = 0.5 / f. Above Mach 1.05; below,
    it fades linearly to nothing at Mach 0.8.
    """
    supersonic = np.maximum(mach, DRAG_RISE_MACH[1])
    rise: Floats = np.interp(mach, DRAG_RISE_MACH, (0.0, 1.0))
    return rise * (1.59 + 1.83 / supersonic**2) * math.pow(half_angle_rad, 1.69)


def stagnation_ratio(mach: Floats) -> Floats:
    """Return the stagnation pressure coefficient [-], behind a normal shock above Mach 1.

    Hoerner, Fluid-Dynamic Drag, ch. 15-16; within 1 % of the exact relations.
    """
    m = np.maximum(mach, 1e-3)
    subsonic = 1.0 + m**2 / 4.0 + m**4 / 40.0
    supersonic = 1.84 - 0.76 / m**2 + 0.166 / m**4 + 0.035 / m**6
    return np.where(mach < 1.0, subsonic, supersonic)


def wave_axial(body: Outline, mach: Floats) -> Floats:
    """Return the wave part of C_A [-]: the nose, any flare behind it, and a flat tip.

    A part that widens again behind a narrower one counts as a cone on its own ring of area.
    Boat-tails and necks add none.
    """
    total = np.zeros_like(mach)
    x, d = body.station_m, body.diameter_m
    tip_area = 0.25 * math.pi * d[-1] ** 2
    total += BLUNT_FACE * stagnation_ratio(mach) * tip_area
    start = len(x) - 1
    while start > 0:
        end = start
        while end > 0 and d[end - 1] > d[end]:
            end -= 1
        if end < start:
            run_m = x[start] - x[end]
            ring = 0.25 * math.pi * (d[end] ** 2 - d[start] ** 2)
            angle = math.atan2(0.5 * (d[end] - d[start]), run_m)
            # A step is a face across the flow: the cone formula ends well before 90 degrees.
            faced = BLUNT_FACE * stagnation_ratio(mach)
            coned = np.minimum(cone_wave_drag(angle, mach), faced)
            total += ring * (faced if run_m == 0.0 else coned)
            start = end
        else:
            start -= 1
    return total / body.reference_area_m2


def base_axial(body: Outline, mach: Floats, share: float) -> Floats:
    """Return the base part of C_A [-]; share 1 without a jet, less behind a running engine."""
    base: Floats = np.interp(mach, BASE_MACH, BASE_DRAG)
    return share * base * body.base_area_m2 / body.reference_area_m2


def forward_axial(body: Outline, mach: Floats, roughness_m: float, base_share: float) -> Floats:
    """Return C_A [-] at 0 degrees of angle of attack."""
    return (
        friction_axial(body, mach, roughness_m)
        + wave_axial(body, mach)
        + base_axial(body, mach, base_share)
    )


def backward_axial(body: Outline, mach: Floats, roughness_m: float) -> Floats:
    """Return -C_A [-] at 180 degrees: the aft face meets the flow, the nose is the wake's side.

    Flat face at 0.85 of the stagnation pressure, and friction; the drag of the slender nose as a
    base is neglected.
    """
    face = BLUNT_FACE * stagnation_ratio(mach) * body.base_area_m2 / body.reference_area_m2
    return face + friction_axial(body, mach, roughness_m)
