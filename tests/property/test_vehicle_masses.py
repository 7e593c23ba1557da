"""What holds for the mass properties of any vehicle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downrange.vehicle import kernel
from downrange.vehicle.kernel import Masses, mass_properties, modal_step

kilograms = st.floats(1.0, 1e6)
stations = st.floats(-10.0, 100.0)
items = st.lists(st.tuples(kilograms, stations, st.floats(0.0, 1e6)), min_size=1, max_size=4)
tanks = st.lists(
    st.tuples(st.floats(0.0, 1e6), stations, st.floats(0.5, 10.0), st.floats(60.0, 1200.0)),
    max_size=4,
)


def arrays(rigid: list, liquid: list, shift: float = 0.0) -> tuple[Masses, np.ndarray]:
    m, x, inertia = np.array(rigid).T.reshape(3, -1)
    load, bottom, radius, density = np.array(liquid).reshape(-1, 4).T
    count, parts = len(rigid), len(rigid) + len(liquid)
    part, area = np.arange(count, parts), np.pi * radius**2
    given_masses = Masses(
        parts=parts,
        items=np.column_stack([np.arange(count), m, x + shift, inertia, inertia]),
        tanks=np.column_stack([part, bottom + shift, area, density, radius]),
    )
    return given_masses, np.ascontiguousarray(load)


def properties(rigid: list, liquid: list, attached: np.ndarray, shift: float = 0.0) -> np.ndarray:
    given_masses, load = arrays(rigid, liquid, shift)
    out = np.empty(kernel.PROPERTIES)
    mass_properties(given_masses, load, attached, out)
    return out


@given(items, tanks)
def test_mass_is_the_sum_and_inertia_is_positive(rigid: list, liquid: list) -> None:
    found = properties(rigid, liquid, np.ones(len(rigid) + len(liquid)))
    total = sum(each[0] for each in rigid) + sum(each[0] for each in liquid)
    assert found[kernel.MASS_KG] == pytest.approx(total)
    assert found[kernel.IYY_KGM2] >= -1e-9 * total * 1e4


@given(items, tanks, st.floats(-50.0, 50.0))
def test_moving_the_origin_moves_the_cm_alone(rigid: list, liquid: list, shift: float) -> None:
    everything = np.ones(len(rigid) + len(liquid))
    here, there = (properties(rigid, liquid, everything, by) for by in (0.0, shift))
    slack = 1e-8 * here[kernel.MASS_KG] * 1e4
    assert there[kernel.X_CM_M] - here[kernel.X_CM_M] == pytest.approx(shift, abs=1e-8)
    assert there[kernel.IYY_KGM2] == pytest.approx(here[kernel.IYY_KGM2], rel=1e-8, abs=slack)


@given(items, tanks, st.data())
def test_two_halves_make_the_whole(rigid: list, liquid: list, data: st.DataObject) -> None:
    """Parallel axes: I = I1 + I2 + m1 m2 / (m1 + m2) d^2, however the parts are divided."""
    count = len(rigid) + len(liquid)
    chosen = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=count, max_size=count))
    one = properties(rigid, liquid, np.array(chosen))
    two = properties(rigid, liquid, 1.0 - np.array(chosen))
    whole = properties(rigid, liquid, np.ones(count))
    m1, m2 = one[kernel.MASS_KG], two[kernel.MASS_KG]
    assert m1 + m2 == pytest.approx(whole[kernel.MASS_KG])
    apart = one[kernel.X_CM_M] - two[kernel.X_CM_M] if m1 > 0.0 and m2 > 0.0 else 0.0
    joined = one[kernel.IYY_KGM2] + two[kernel.IYY_KGM2] + m1 * m2 / (m1 + m2) * apart**2
    slack = 1e-8 * whole[kernel.MASS_KG] * 1e4
    assert whole[kernel.IYY_KGM2] == pytest.approx(joined, rel=1e-8, abs=slack)


@given(
    st.floats(1.0, 500.0), st.floats(0.0, 0.5), st.floats(-1.0, 1.0), st.floats(-10.0, 10.0),
    st.floats(-100.0, 100.0), st.floats(1e-4, 0.1), st.floats(1e-4, 0.1),
)  # fmt: skip
def test_two_steps_are_one(
    omega: float, zeta: float, q: float, qdot: float, force: float, first: float, second: float
) -> None:
    halfway = modal_step(q, qdot, omega, zeta, force, first)
    twice = modal_step(*halfway, omega, zeta, force, second)
    once = modal_step(q, qdot, omega, zeta, force, first + second)
    size = abs(q) + abs(qdot) / omega + abs(force) / omega**2
    assert twice[0] == pytest.approx(once[0], abs=1e-9 * size)
    assert twice[1] == pytest.approx(once[1], abs=1e-9 * size * omega)
