"""Fins: slope of the normal force, crossflow and roll damping of a set of flat panels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLATE_DRAG = 1.2  # of a flat plate across the flow (Hoerner, ch. 3)


@dataclass(frozen=True)
class Fins:
    """A ring of equal trapezoidal fins.

    Attributes:
        count: three or more act alike in all planes; fewer are not modelled.
        area_m2: exposed area of one panel.
        span_m: of one panel, from the body's skin to the tip.
        sweep_rad: of the mid-chord line.
        station_m: of the panels' centre of pressure.
        body_radius_m: where they are fixed.
    """

    count: int
    area_m2: float
    span_m: float
    sweep_rad: float
    station_m: float
    body_radius_m: float

    @property
    def carry_over(self) -> float:
        """Factor [-] for the lift that the fins induce on the body: 1 + r / (s + r) (Barrowman)."""
        return 1.0 + self.body_radius_m / (self.span_m + self.body_radius_m)

    def panel_slope(self, mach: Floats, reference_area_m2: float) -> Floats:
        """Return the slope of C_N [1/rad] of one panel normal to the flow.

        Subsonic: Diederich, 2 pi s^2/A / (1 + sqrt(1 + (beta s^2 / (A_f cos sweep))^2)) (Niskanen,
        OpenRocket technical documentation, eq. 3.40). Supersonic: Ackeret, 4/beta on the area, not
        above the sonic value of the former. beta = sqrt|M^2 - 1|.
        """
        beta = np.sqrt(np.abs(mach**2 - 1.0))
        s2 = self.span_m**2
        aspect = s2 / (self.area_m2 * math.cos(self.sweep_rad))
        slender = 2.0 * math.pi * s2 / reference_area_m2
        subsonic = slender / (1.0 + np.sqrt(1.0 + (beta * aspect) ** 2))
        linear = 4.0 / np.maximum(beta, 1e-3) * self.area_m2 / reference_area_m2
        return np.where(mach < 1.0, subsonic, np.minimum(0.5 * slender, linear))

    def slope(self, mach: Floats, reference_area_m2: float) -> Floats:
        """Return the slope of C_N [1/rad] of the set with the body's carry-over.

        Half the panels' sum acts in any plane.
        """
        return 0.5 * self.count * self.carry_over * self.panel_slope(mach, reference_area_m2)

    def across(self, alpha_rad: Floats, reference_area_m2: float) -> Floats:
        """Return the crossflow C_N [-] of the set: half the area as plates square to the flow."""
        plates = 0.5 * self.count * self.area_m2 / reference_area_m2
        return PLATE_DRAG * plates * np.sin(alpha_rad) ** 2

    def roll_damping(self, reference_area_m2: float, reference_length_m: float) -> float:
        """Return C_lp [-] on p d / (2 V), at low speed: each panel at half its span out.

        Strip of the mean: -2 N C_Na1 (arm / d)^2 with arm = r + s/2.
        """
        arm = (self.body_radius_m + 0.5 * self.span_m) / reference_length_m
        slope = float(self.panel_slope(np.array([0.0]), reference_area_m2)[0])
        return -2.0 * self.count * slope * arm * arm
