"""Gravitation against the gradient of its potential and against normal gravity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.earth.build import build_earth
from downrange.earth.kernel.geodesy import ecef_from_geodetic
from downrange.earth.kernel.gravity import gravity_eci
from downrange.earth.spec import EarthSpec

EARTH = build_earth()
MU, J2, RADIUS = 3.986004418e14, 0.00108262982, 6378137.0


def potential(r: np.ndarray, j2: float) -> float:
    """mu/r (1 - J2 (a/r)^2 P2(sin latitude)), with the Legendre polynomial written out."""
    distance = math.sqrt(float(r @ r))
    sine = r[2] / distance
    return MU / distance * (1.0 - j2 * (RADIUS / distance) ** 2 * (1.5 * sine**2 - 0.5))


@pytest.mark.parametrize(
    "point",
    [(6378137.0, 0.0, 0.0), (0.0, 0.0, 6356752.0), (2.2e6, 6e5, 5.93e6), (-3e6, 4e6, -5e6)],
)
@pytest.mark.parametrize("model", ["j2", "inverse_square"])
def test_gravity_is_the_gradient_of_the_potential(
    point: tuple[float, float, float], model: str
) -> None:
    earth = build_earth(EarthSpec(gravity=model))
    step = 100.0
    gradient = [
        (potential(np.array(point) + axis, earth.j2) - potential(np.array(point) - axis, earth.j2))
        / (2.0 * step)
        for axis in step * np.eye(3)
    ]
    # Central difference of 6e7 m^2/s^2: cut-off 1e-9, rounding 1e-10 m/s^2.
    assert gravity_eci(point, earth) == pytest.approx(gradient, abs=3e-9)


def test_inverse_square_at_the_surface() -> None:
    earth = build_earth(EarthSpec(gravity="inverse_square"))
    got = gravity_eci((0.0, RADIUS, 0.0), earth)
    assert got == pytest.approx((0.0, -MU / RADIUS**2, 0.0), rel=1e-15)


@pytest.mark.parametrize(("latitude_deg", "normal"), [(0.0, 9.7803253359), (90.0, 9.8321849378)])
def test_with_the_centrifugal_part_it_is_normal_gravity(latitude_deg: float, normal: float) -> None:
    # WGS 84 normal gravity, NIMA TR8350.2 table 3.4; its J4 makes 1.2e-4 m/s^2 at the pole.
    r = ecef_from_geodetic(math.radians(latitude_deg), 0.0, 0.0, EARTH)
    g = gravity_eci(r, EARTH)
    centrifugal = EARTH.rotation_radps**2 * r[0]
    assert math.hypot(g[0] + centrifugal, g[2]) == pytest.approx(normal, abs=1.3e-4)
