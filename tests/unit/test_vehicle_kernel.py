"""Mass properties, look-up of modes and the modal step against independent sums and solutions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.vehicle import kernel
from downrange.vehicle.kernel import Bending, Masses, bending_at, mass_properties, modal_step


def masses() -> Masses:
    items = [
        (0.0, 4000.0, 8.0, 3000.0, 1.2e5),  # part, mass, station, Ixx, Iyy
        (1.0, 900.0, 22.0, 600.0, 2000.0),
        (2.0, 300.0, 26.5, 150.0, 400.0),
    ]
    tanks = [
        (0.0, 1.5, math.pi, 1140.0, 1.0),  # part, bottom, area, density, radius
        (0.0, 10.0, math.pi, 580.0, 1.0),
        (1.0, 21.0, math.pi, 1140.0, 1.0),
    ]
    return Masses(parts=3, items=np.array(items), tanks=np.array(tanks))


def properties(tank_mass_kg: list[float], attached: list[float]) -> np.ndarray:
    out = np.full(kernel.PROPERTIES, np.nan)
    mass_properties(masses(), np.array(tank_mass_kg), np.array(attached), out)
    return out


def test_a_full_stack_against_points() -> None:
    """Every liquid as 2,000 discs, every sum about the CM itself."""
    given, loads = masses(), [25e3, 10e3, 5e3]
    found = properties(loads, [1.0, 1.0, 1.0])
    m, x = list(given.item_mass_kg), list(given.item_x_m)
    own = list(given.item_iyy_kgm2)
    for load, bottom, density in zip(
        loads, given.tank_bottom_x_m, given.tank_density_kgpm3, strict=True
    ):
        height = load / (density * math.pi)
        discs = bottom + height * (np.arange(2000) + 0.5) / 2000
        m += [load / 2000] * 2000
        x += list(discs)
        own += [load / 2000 * 0.25] * 2000  # disc of radius 1 m about its diameter
    m, x = np.array(m), np.array(x)
    centre = np.sum(m * x) / m.sum()
    assert found[kernel.MASS_KG] == pytest.approx(m.sum())
    assert found[kernel.X_CM_M] == pytest.approx(centre)
    assert found[kernel.IYY_KGM2] == pytest.approx(
        np.sum(m * (x - centre) ** 2) + sum(own), rel=1e-6
    )
    assert found[kernel.IXX_KGM2] == pytest.approx(3750.0)  # the liquid does not roll
    assert found[kernel.PROPELLANT_KG] == pytest.approx(40e3)


def test_a_dropped_stage_takes_its_tanks_along() -> None:
    found = properties([25e3, 10e3, 5e3], [0.0, 1.0, 1.0])
    assert found[kernel.MASS_KG] == pytest.approx(900.0 + 300.0 + 5e3)
    assert found[kernel.PROPELLANT_KG] == pytest.approx(5e3)
    assert found[kernel.IXX_KGM2] == pytest.approx(750.0)


def test_one_rigid_item_is_itself() -> None:
    found = properties([0.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    assert found[:4] == pytest.approx([300.0, 26.5, 150.0, 400.0])


def test_nothing_attached_is_nothing() -> None:
    assert properties([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]) == pytest.approx(np.zeros(8))


def bending() -> Bending:
    table = np.arange(3 * 2 * kernel.BENDING_COLUMNS, dtype=float).reshape(3, 2, -1) ** 2
    return Bending(np.array([0.2, 0.5, 1.0]), table)


@pytest.mark.parametrize(
    ("fraction", "low", "weight"),
    [(0.0, 0, 0.0), (0.2, 0, 0.0), (0.35, 0, 0.5), (0.5, 0, 1.0), (0.6, 1, 0.2), (1.0, 1, 1.0),
     (1.5, 1, 1.0)],
)  # fmt: skip
def test_modes_between_two_levels(fraction: float, low: int, weight: float) -> None:
    given, out = bending(), np.empty((2, kernel.BENDING_COLUMNS))
    bending_at(given, fraction, out)
    expected = given.table[low] + weight * (given.table[low + 1] - given.table[low])
    assert out == pytest.approx(expected)


def test_modal_step_is_the_exact_solution() -> None:
    """A step of force from rest: q = F / (M w^2) (1 - e^(-zwt) (cos + z w / wd sin))."""
    omega, zeta, force = 20.0, 0.03, 5.0
    damped = omega * math.sqrt(1.0 - zeta**2)
    for t in (0.02, 0.3, 2.0):
        decay = math.exp(-zeta * omega * t)
        wave = math.cos(damped * t) + zeta * omega / damped * math.sin(damped * t)
        q, qdot = modal_step(0.0, 0.0, omega, zeta, force, t)
        assert q == pytest.approx(force / omega**2 * (1.0 - decay * wave))
        assert qdot == pytest.approx(force / damped * decay * math.sin(damped * t))


def test_modal_steps_of_any_length_agree() -> None:
    """Unlike RK4, which damps a 17 Hz mode falsely at 20 ms ticks."""
    omega, zeta = 2.0 * math.pi * 17.0, 0.005
    once = modal_step(0.01, -0.2, omega, zeta, 3.0, 1.0)
    q, qdot = 0.01, -0.2
    for _ in range(50):
        q, qdot = modal_step(q, qdot, omega, zeta, 3.0, 0.02)
    assert (q, qdot) == pytest.approx(once, rel=1e-9)


def test_undamped_mode_keeps_its_energy() -> None:
    omega, q, qdot = 30.0, 0.02, 0.1
    energy = qdot**2 + (omega * q) ** 2
    for _ in range(1000):
        q, qdot = modal_step(q, qdot, omega, 0.0, 0.0, 0.02)
    assert qdot**2 + (omega * q) ** 2 == pytest.approx(energy, rel=1e-10)
