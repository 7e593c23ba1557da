"""Normal force and moment of a body of revolution from 0 to 180 degrees.

Jorgensen, L. H., "Prediction of Static Aerodynamic Characteristics for Slender Bodies Alone and
with Lifting Surfaces to Very High Angles of Attack", NASA TR R-474 (1977), and TN D-6996 (1973):
slender-body potential lift, with A_b/A and cos(alpha/2), plus viscous crossflow. Coefficients
are on the largest cross-section A and its diameter d; x_m is measured from the nose.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from downrange.aero.outline import Outline

Floats = NDArray[np.float64]
Reynolds = Literal["supercritical", "subcritical"]

# Share of a long cylinder's crossflow drag that a body of fineness l/d has: TR R-474, fig. 4.
ETA_FINENESS = np.array([3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0])
ETA = np.array([0.591, 0.624, 0.663, 0.683, 0.724, 0.753, 0.792])

# Drag coefficient of a long cylinder against the crossflow Mach number. Compressibility decides
# above Mach 1, where the Reynolds number no longer matters.
CROSSFLOW_MACH = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0])
CROSSFLOW_DRAG: dict[Reynolds, Floats] = {
    "subcritical": np.array(  # Reynolds number 1e5
        [1.18, 1.18, 1.18, 1.27, 1.43, 1.56, 1.75, 1.92, 1.59, 1.46, 1.34, 1.25, 1.22]
    ),
    "supercritical": np.array(  # Reynolds number 1e7; Roshko (1961) gives 0.7 at rest
        [0.83, 0.83, 0.85, 0.91, 1.03, 1.14, 1.25, 1.38, 1.59, 1.46, 1.34, 1.25, 1.22]
    ),
}
ETA_FADES = (0.8, 1.0)  # crossflow Mach numbers between which eta rises to 1


def crossflow_share(fineness: float, crossflow_mach: Floats) -> Floats:
    """Return eta [-], the end relief of a finite cylinder; 1 at supersonic crossflow."""
    subsonic = float(np.interp(fineness, ETA_FINENESS, ETA))
    faded: Floats = np.interp(crossflow_mach, ETA_FADES, (0.0, 1.0))
    return subsonic + (1.0 - subsonic) * faded


def crossflow_drag(crossflow_mach: Floats, reynolds: Reynolds = "supercritical") -> Floats:
    """Return C_dn [-] of a long cylinder across the flow; ends of the table are held.

    A body of 2 m at 50 m/s has a Reynolds number of 7e6: supercritical is the rule for launchers.
    """
    return np.interp(crossflow_mach, CROSSFLOW_MACH, CROSSFLOW_DRAG[reynolds])


def potential_normal_force(body: Outline, alpha_rad: Floats) -> Floats:
    """Return the potential part of C_N [-]: (A_b/A) sin 2a' cos(a'/2), a' = a or pi - a."""
    folded = np.minimum(alpha_rad, np.pi - alpha_rad)
    ratio = body.base_area_m2 / body.reference_area_m2
    return ratio * np.sin(2.0 * folded) * np.cos(0.5 * folded)


def crossflow_normal_force(
    body: Outline, mach: float, alpha_rad: Floats, reynolds: Reynolds = "supercritical"
) -> Floats:
    """Return the viscous part of C_N [-]: eta C_dn (A_p/A) sin^2 a."""
    across = mach * np.sin(alpha_rad)
    eta = crossflow_share(body.length_m / body.max_diameter_m, across)
    planform = body.planform_area_m2 / body.reference_area_m2
    force: Floats = planform * eta * crossflow_drag(across, reynolds) * np.sin(alpha_rad) ** 2
    return force


def pitching_moment(
    body: Outline, alpha_rad: Floats, crossflow: Floats, reference_x_m: float
) -> Floats:
    """Return C_m [-], nose up, about a station; `crossflow` is crossflow_normal_force.

    To 90 degrees the potential couple is (V - A_b (l - x_m)) / (A d), beyond it
    -(V - A_b x_m) / (A d), each times sin 2a' cos(a'/2); the crossflow acts at the centroid of
    the side view.
    """
    folded = np.minimum(alpha_rad, np.pi - alpha_rad)
    from_nose_m = body.nose_x_m - reference_x_m
    volume, base = body.volume_m3, body.base_area_m2
    forward = volume - base * (body.length_m - from_nose_m)
    backward = -(volume - base * from_nose_m)
    couple = np.where(alpha_rad <= 0.5 * np.pi, forward, backward)
    couple = couple / (body.reference_area_m2 * body.max_diameter_m)
    arm = (body.planform_x_m - reference_x_m) / body.max_diameter_m
    return couple * np.sin(2.0 * folded) * np.cos(0.5 * folded) + crossflow * arm
