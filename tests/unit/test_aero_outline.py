"""The integrals of a body's side view against closed forms."""

from __future__ import annotations

import math

import pytest

from downrange.aero.outline import Outline, tangent_ogive


def test_cylinder() -> None:
    body = Outline.of([(1.0, 2.0), (11.0, 2.0)])
    assert body.volume_m3 == pytest.approx(math.pi * 10.0)
    assert body.planform_area_m2 == pytest.approx(20.0)
    assert body.planform_x_m == pytest.approx(6.0)
    assert body.planform_gyration_m == pytest.approx(10.0 / math.sqrt(12.0))
    assert body.wetted_area_m2 == pytest.approx(math.pi * 2.0 * 10.0)
    assert body.nose_length_m == 0.0
    # the lift of a cylinder acts at its forward face
    assert body.potential_lift_x_m == pytest.approx(11.0)


def test_cone() -> None:
    body = Outline.of([(0.0, 2.0), (3.0, 0.0)])
    assert body.volume_m3 == pytest.approx(math.pi)
    assert body.planform_x_m == pytest.approx(1.0)  # centroid of a triangle
    assert body.planform_gyration_m == pytest.approx(3.0 / math.sqrt(18.0))
    assert body.wetted_area_m2 == pytest.approx(math.pi * math.hypot(1.0, 3.0))
    # slender-body theory: two thirds of the length behind the tip
    assert body.potential_lift_x_m == pytest.approx(1.0)


def test_tangent_ogive_is_tangent_and_has_its_volume() -> None:
    points = tangent_ogive(4.0, 2.0, points=400)
    body = Outline.of(points)
    assert points[0] == pytest.approx((0.0, 2.0))
    assert points[-1][0] == pytest.approx(4.0)
    assert points[-1][1] == pytest.approx(0.0, abs=1e-9)
    slope = (points[1][1] - points[0][1]) / (points[1][0] - points[0][0])
    assert abs(slope) < 0.01
    # volume of revolution of the arc, in closed form
    arc, length, offset = 8.5, 4.0, 7.5  # rho = (R^2 + L^2) / 2R, rho - R
    inside = (arc**2 + offset**2) * length - length**3 / 3.0
    inside -= offset * (length * math.sqrt(arc**2 - length**2) + arc**2 * math.asin(length / arc))
    assert body.volume_m3 == pytest.approx(math.pi * inside, rel=1e-4)


def test_step_between_two_diameters() -> None:
    body = Outline.of([(0.0, 2.0), (5.0, 2.0), (5.0, 3.0), (7.0, 3.0)])
    assert body.planform_area_m2 == pytest.approx(16.0)
    assert body.max_diameter_m == 3.0
    assert body.base_area_m2 == pytest.approx(math.pi)
    assert body.reference_area_m2 == pytest.approx(2.25 * math.pi)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([(0.0, 2.0)], "two or more"),
        ([(0.0, 2.0), (3.0, 2.0), (2.0, 1.0)], "rise"),
        ([(0.0, 2.0), (3.0, -1.0)], "positive"),
        ([(0.0, 0.0), (3.0, 0.0)], "positive"),
        ([(2.0, 1.0), (2.0, 2.0)], "length"),
    ],
)
def test_what_is_no_outline(points: list[tuple[float, float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Outline.of(points)
