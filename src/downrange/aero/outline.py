"""The side view of a body of revolution and the integrals that its aerodynamics need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GAUSS = 1.0 / math.sqrt(3.0)  # two-point Gauss-Legendre: exact for the cubics below
ROUNDING = 1e-9  # of a diameter, within which two are the same


@dataclass(frozen=True)
class Outline:
    """Diameters along the body axis, straight between stations; two equal stations are a step.

    Attributes:
        station_m: rising from the aft end (0 is the vehicle's origin) to the tip of the nose.
        diameter_m: of the body there.
    """

    station_m: Floats
    diameter_m: Floats

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]]) -> Outline:
        """Return the outline through (station_m, diameter_m) points, aft end first."""
        array = np.asarray(points, dtype=np.float64)
        if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] != 2:
            raise ValueError("an outline needs two or more (station, diameter) points")
        if np.any(np.diff(array[:, 0]) < 0.0):
            raise ValueError("the stations of an outline rise from the aft end to the nose")
        if np.any(array[:, 1] < 0.0) or not np.any(array[:, 1] > 0.0):
            raise ValueError("the diameters of an outline are positive, or 0 at a tip")
        if not array[-1, 0] > array[0, 0]:
            raise ValueError("an outline needs a length")
        return cls(array[:, 0].copy(), array[:, 1].copy())

    @property
    def base_x_m(self) -> float:
        """Station of the aft end."""
        return float(self.station_m[0])

    @property
    def nose_x_m(self) -> float:
        """Station of the tip of the nose."""
        return float(self.station_m[-1])

    @property
    def length_m(self) -> float:
        """Length of the body."""
        return self.nose_x_m - self.base_x_m

    @property
    def max_diameter_m(self) -> float:
        """Largest diameter: the reference length."""
        return float(self.diameter_m.max())

    @property
    def reference_area_m2(self) -> float:
        """Area of the largest cross-section."""
        return circle_m2(self.max_diameter_m)

    @property
    def base_area_m2(self) -> float:
        """Area of the aft face."""
        return circle_m2(float(self.diameter_m[0]))

    @property
    def nose_length_m(self) -> float:
        """Length of the part that widens from the tip to the largest diameter."""
        nearly = (1.0 - ROUNDING) * self.diameter_m.max()
        widest = np.flatnonzero(self.diameter_m >= nearly)[-1]
        return self.nose_x_m - float(self.station_m[widest])

    def integral(self, function: Callable[[Floats, Floats], Floats]) -> float:
        """Return the integral over the length of function(station_m, diameter_m)."""
        x, d = self.station_m, self.diameter_m
        half = 0.5 * np.diff(x)
        total = np.zeros_like(half)
        for place in (-GAUSS, GAUSS):
            at_x = x[:-1] + half * (1.0 + place)
            at_d = d[:-1] + 0.5 * np.diff(d) * (1.0 + place)
            total += half * function(at_x, at_d)
        return float(total.sum())

    @property
    def volume_m3(self) -> float:
        """Volume inside."""
        return self.integral(lambda _, d: 0.25 * math.pi * d * d)

    @property
    def planform_area_m2(self) -> float:
        """Area of the side view."""
        return self.integral(lambda _, d: d)

    @property
    def planform_x_m(self) -> float:
        """Station of the centroid of the side view, where the crossflow force acts."""
        return self.integral(lambda x, d: d * x) / self.planform_area_m2

    @property
    def planform_gyration_m(self) -> float:
        """Radius of gyration of the side view about its centroid."""
        centre_m = self.planform_x_m
        second = self.integral(lambda x, d: d * (x - centre_m) ** 2)
        return math.sqrt(second / self.planform_area_m2)

    @property
    def wetted_area_m2(self) -> float:
        """Area of the skin, without the aft face."""
        run, radii = np.diff(self.station_m), 0.5 * self.diameter_m
        slant = np.hypot(run, np.diff(radii))
        return float(math.pi * np.sum(slant * (radii[:-1] + radii[1:])))

    @property
    def potential_lift_x_m(self) -> float:
        """Station at which the slender-body lift acts: volume over base area ahead of the base.

        Without an aft face the lift is a pure couple; then the middle of the nose.
        """
        if self.base_area_m2 == 0.0:
            return self.nose_x_m - 0.5 * self.nose_length_m
        return self.base_x_m + self.volume_m3 / self.base_area_m2


def circle_m2(diameter_m: float) -> float:
    """Area of a circle, m^2."""
    return 0.25 * math.pi * diameter_m * diameter_m


def tangent_ogive(
    length_m: float, diameter_m: float, points: int = 17
) -> list[tuple[float, float]]:
    """Return (station, diameter) of a tangent ogive from its base, station 0, to its tip.

    The arc has the radius (R^2 + L^2) / (2 R) and meets the cylinder without a corner.
    """
    radius_m = 0.5 * diameter_m
    arc_m = (radius_m**2 + length_m**2) / (2.0 * radius_m)
    stations = length_m * np.sin(0.5 * math.pi * np.linspace(0.0, 1.0, points))
    radii = np.sqrt(arc_m**2 - stations**2) + radius_m - arc_m
    return [(float(x), 2.0 * max(float(r), 0.0)) for x, r in zip(stations, radii, strict=True)]
