"""Axial force against published tables and an exact cone solution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.aero import drag
from downrange.aero.outline import Outline, tangent_ogive

GAMMA = 1.4
ROCKET = Outline.of([(0.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))])


@pytest.mark.parametrize(("reynolds", "expected"), [(1e6, 4.47e-3), (1e7, 3.00e-3), (1e8, 2.13e-3)])
def test_flat_plate_friction(reynolds: float, expected: float) -> None:
    """Schlichting, Boundary-Layer Theory, table 21.1."""
    found = drag.skin_friction(np.array([reynolds]), np.array([0.0]), 1e-9)[0]
    assert found == pytest.approx(expected, rel=0.005)


def test_friction_falls_with_mach_and_rises_with_roughness() -> None:
    still, fast = drag.skin_friction(np.full(2, 1e8), np.array([0.0, 3.0]), 1e-9)
    # flat plate at Mach 3, adiabatic wall: about 0.6 of the incompressible (Hopkins & Inouye)
    assert fast / still == pytest.approx(0.58, abs=0.04)
    assert drag.skin_friction(np.array([1e8]), np.array([0.0]), 1e-4)[0] > 2.0 * still


def cone_pressure(half_angle_rad: float, mach: float) -> float:
    """Pressure coefficient of a cone: Taylor-Maccoll, marched from the shock to the surface."""

    def surface(shock_rad: float) -> tuple[float, float]:
        normal = mach * math.sin(shock_rad)
        turn = math.atan(
            2.0 / math.tan(shock_rad) * (normal**2 - 1.0)
            / (mach**2 * (GAMMA + math.cos(2.0 * shock_rad)) + 2.0)
        )  # fmt: skip
        behind = math.sqrt(
            (1.0 + 0.2 * normal**2) / (GAMMA * normal**2 - 0.2)
        ) / math.sin(shock_rad - turn)  # fmt: skip
        speed = 1.0 / math.sqrt(1.0 + 5.0 / behind**2)
        v = np.array([speed * math.cos(shock_rad - turn), -speed * math.sin(shock_rad - turn)])
        theta, step = shock_rad, -1e-4

        def rate(at: float, u: np.ndarray) -> np.ndarray:
            r, t = u
            a = 0.2 * (1.0 - r * r - t * t)
            return np.array([t, (t * t * r - a * (2.0 * r + t / math.tan(at))) / (a - t * t)])

        while v[1] < 0.0:
            k1 = rate(theta, v)
            v = v + step * rate(theta + 0.5 * step, v + 0.5 * step * k1)
            theta += step
        after = math.sqrt(5.0 * v[0] ** 2 / (1.0 - v[0] ** 2))
        jump = 1.0 + 2.0 * GAMMA / (GAMMA + 1.0) * (normal**2 - 1.0)
        ratio = jump * ((1.0 + 0.2 * behind**2) / (1.0 + 0.2 * after**2)) ** 3.5
        return theta, (ratio - 1.0) / (0.5 * GAMMA * mach**2)

    low, high = math.asin(1.0 / mach) + 1e-4, math.radians(60.0)
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if surface(middle)[0] < half_angle_rad else (low, middle)
    return surface(0.5 * (low + high))[1]


@pytest.mark.parametrize(("degrees", "mach"), [(10.0, 2.0), (14.0, 1.5), (14.0, 3.0), (20.0, 2.0)])
def test_cone_against_taylor_maccoll(degrees: float, mach: float) -> None:
    exact = cone_pressure(math.radians(degrees), mach)
    found = drag.cone_wave_drag(math.radians(degrees), np.array([mach]))[0]
    assert found == pytest.approx(exact, rel=0.08)


def test_no_wave_drag_below_the_drag_rise() -> None:
    mach = np.array([0.0, 0.8, 0.925, 1.05])
    found = drag.cone_wave_drag(0.2, mach)
    assert found[0] == found[1] == 0.0
    assert found[2] == pytest.approx(0.5 * found[3])


def test_stagnation_pressure_against_the_exact_relations() -> None:
    for mach in (0.3, 0.7, 0.95):
        exact = ((1.0 + 0.2 * mach**2) ** 3.5 - 1.0) / (0.7 * mach**2)
        assert drag.stagnation_ratio(np.array([mach]))[0] == pytest.approx(exact, rel=0.01)
    for mach in (1.2, 2.0, 5.0):
        m2 = mach**2
        pitot = (1.2 * m2) ** 3.5 * (6.0 / (7.0 * m2 - 1.0)) ** 2.5  # Rayleigh
        exact = (pitot - 1.0) / (0.7 * m2)
        assert drag.stagnation_ratio(np.array([mach]))[0] == pytest.approx(exact, rel=0.01)


def test_base_drag_of_the_handbook() -> None:
    """MIL-HDBK-762 without a jet: 0.16 to Mach 0.8, peak 0.189 at 1.1, 0.146 at Mach 2."""
    mach = np.array([0.5, 1.1, 2.0])
    assert drag.base_axial(ROCKET, mach, 1.0) == pytest.approx([0.16, 0.189, 0.146])
    assert drag.base_axial(ROCKET, mach, 0.25) == pytest.approx([0.04, 0.04725, 0.0365])


def test_a_boat_tail_has_less_base() -> None:
    tapered = Outline.of(
        [(0.0, 1.0), (2.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))]
    )
    assert drag.base_axial(tapered, np.array([0.5]), 1.0)[0] == pytest.approx(0.04)


def test_blunt_cylinder_along_the_flow() -> None:
    """Hoerner, ch. 3: 0.8 to 0.9 for a blunt cylinder of fineness above 2, without friction."""
    stub = Outline.of([(0.0, 1.0), (3.0, 1.0)])
    assert drag.wave_axial(stub, np.array([0.1]))[0] == pytest.approx(0.85, rel=0.01)


def test_a_hammerhead_pays_for_its_shoulder() -> None:
    """A flare behind the fairing counts on its own ring of area."""
    mach = np.array([2.0])
    nose = [(10.0, 1.0), (13.0, 0.0)]
    flared = Outline.of([(0.0, 2.0), (6.0, 2.0), (8.0, 1.0), *nose])
    cone = drag.cone_wave_drag(math.atan(0.5 / 3.0), mach)[0]
    flare = drag.cone_wave_drag(math.atan(0.5 / 2.0), mach)[0]
    assert drag.wave_axial(flared, mach)[0] == pytest.approx(0.25 * cone + 0.75 * flare)
    stepped = Outline.of([(0.0, 2.0), (8.0, 2.0), (8.0, 1.0), *nose])
    face = 0.85 * drag.stagnation_ratio(mach)[0]
    assert drag.wave_axial(stepped, mach)[0] == pytest.approx(0.25 * cone + 0.75 * face)


def test_whole_body_is_like_a_launcher() -> None:
    """Titan III class: 0.35 at Mach 0.5, peak 0.77 near 1.1, 0.46 at 2; this one is cleaner."""
    mach = np.array([0.5, 1.1, 2.0])
    subsonic, peak, supersonic = drag.forward_axial(ROCKET, mach, 6e-5, 1.0)
    assert 0.2 < subsonic < 0.4
    assert 0.5 < peak < 0.8
    assert 0.3 < supersonic < 0.5


def test_tail_first_meets_a_flat_face() -> None:
    assert drag.backward_axial(ROCKET, np.array([0.2]), 6e-5)[0] == pytest.approx(0.97, abs=0.05)
