"""Normal force and moment from 0 to 180 degrees against the method's published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.aero import jorgensen
from downrange.aero.outline import Outline, tangent_ogive

CYLINDER = Outline.of([(0.0, 2.0), (20.0, 2.0)])  # fineness 10
ROCKET = Outline.of([(0.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))])


@pytest.mark.parametrize(
    ("fineness", "eta"),
    [(3, 0.591), (5, 0.624), (8, 0.663), (10, 0.683), (15, 0.724), (20, 0.753), (30, 0.792)],
)
def test_end_relief_as_published(fineness: float, eta: float) -> None:
    """NASA TR R-474."""
    assert jorgensen.crossflow_share(fineness, np.array([0.2]))[0] == pytest.approx(eta)
    assert jorgensen.crossflow_share(fineness, np.array([1.5]))[0] == 1.0


def test_crossflow_drag_of_a_cylinder() -> None:
    """Reynolds number 1e7: 0.85 at Mach 0.3, 1.38 at Mach 1; 1e5: 1.18 and 1.92."""
    mach = np.array([0.3, 1.0])
    assert jorgensen.crossflow_drag(mach) == pytest.approx([0.85, 1.38])
    assert jorgensen.crossflow_drag(mach, "subcritical") == pytest.approx([1.18, 1.92])
    # modified Newtonian cylinder at high Mach number: 2/3 of 1.84
    assert jorgensen.crossflow_drag(np.array([10.0]))[0] == pytest.approx(
        2.0 / 3.0 * 1.84, rel=0.01
    )


def test_cylinder_across_the_flow() -> None:
    """At 90 degrees nothing but eta C_dn A_p / A is left."""
    square = np.array([0.5 * math.pi])
    force = jorgensen.crossflow_normal_force(CYLINDER, 0.3, square)[0]
    assert force == pytest.approx(0.683 * 0.85 * 40.0 / math.pi)
    assert jorgensen.potential_normal_force(CYLINDER, square)[0] == pytest.approx(0.0, abs=1e-15)


def test_slope_at_zero_is_that_of_a_slender_body() -> None:
    """C_N = 2 alpha on the base area, acting V / A_b ahead of the base."""
    small = np.array([1e-4])
    force = jorgensen.potential_normal_force(ROCKET, small)
    assert force[0] / small[0] == pytest.approx(2.0, rel=1e-6)
    none = np.zeros(1)
    about_base = jorgensen.pitching_moment(ROCKET, small, none, 0.0)[0]
    assert about_base / force[0] * 2.0 == pytest.approx(ROCKET.potential_lift_x_m, rel=1e-6)
    assert ROCKET.potential_lift_x_m == pytest.approx(26.16, abs=0.02)  # inside the nose


def test_tail_first_the_lift_acts_at_the_tail() -> None:
    """TR R-474 past 90 degrees: V / A_b behind the tip of the nose, for a cylinder its tail."""
    almost = np.array([math.pi - 1e-4])
    moment = jorgensen.pitching_moment(CYLINDER, almost, np.zeros(1), 0.0)[0]
    assert moment == pytest.approx(0.0, abs=1e-9)
    about_middle = jorgensen.pitching_moment(CYLINDER, almost, np.zeros(1), 10.0)[0]
    force = jorgensen.potential_normal_force(CYLINDER, almost)[0]
    assert about_middle == pytest.approx(-force * 10.0 / 2.0, rel=1e-6)


def test_crossflow_acts_at_the_centroid_of_the_side_view() -> None:
    square = np.array([0.5 * math.pi])
    across = jorgensen.crossflow_normal_force(ROCKET, 0.2, square)
    moment = jorgensen.pitching_moment(ROCKET, square, across, 5.0)[0]
    assert moment == pytest.approx(across[0] * (ROCKET.planform_x_m - 5.0) / 2.0)


def test_continuous_over_90_degrees_and_zero_at_the_ends() -> None:
    around = 0.5 * math.pi + np.array([-1e-7, 1e-7])
    across = jorgensen.crossflow_normal_force(ROCKET, 0.5, around)
    assert np.diff(jorgensen.pitching_moment(ROCKET, around, across, 10.0))[0] == pytest.approx(
        0.0, abs=1e-5
    )
    ends = np.array([0.0, math.pi])
    total = jorgensen.potential_normal_force(ROCKET, ends)
    total += jorgensen.crossflow_normal_force(ROCKET, 0.5, ends)
    assert total == pytest.approx(np.zeros(2), abs=1e-12)


def test_belly_flop_of_a_starship_body() -> None:
    """Drag area of the falling ship from webcast telemetry: 210 to 240 m^2 subsonic.

    The telemetry includes the flaps, partly folded, so the body alone may not exceed it by much;
    and with the flaps as plates, 1.3 on 82 m^2, terminal speed is 71 to 77 m/s for 110-130 t.
    """
    nose = [(36.0 + x, d) for x, d in tangent_ogive(14.0, 9.0)]
    ship = Outline.of([(0.0, 9.0), *nose])
    square = np.array([0.5 * math.pi])
    coefficient = jorgensen.crossflow_normal_force(ship, 0.2, square)[0]
    body_m2 = coefficient * ship.reference_area_m2
    assert 200.0 < body_m2 < 240.0
    for mass_kg, least, most in ((110e3, 63.0, 77.0), (130e3, 71.0, 82.0)):
        speed = math.sqrt(2.0 * mass_kg * 9.80665 / (1.225 * (body_m2 + 1.3 * 82.0)))
        assert least < speed < most
