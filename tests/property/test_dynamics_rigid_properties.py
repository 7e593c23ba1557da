"""What holds for any rigid body, whatever its inertia, rates and loads."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from downrange.aero.build import no_aero
from downrange.dynamics.kernel import rigid
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR

Floats = NDArray[np.float64]


def triple(limit: float) -> st.SearchStrategy[tuple[float, float, float]]:
    number = st.floats(-limit, limit)
    return st.tuples(number, number, number)


@st.composite
def tensors(draw: st.DrawFn) -> Floats:
    """Inertia tensor of any body: of masses in space, turned at random."""
    second = np.array(draw(st.tuples(*[st.floats(0.05, 50.0)] * 3)))
    principal = np.diag(second.sum() - second)  # of three masses on the axes
    turned = Rotation.from_rotvec(draw(triple(3.0))).as_matrix()
    return np.asarray(turned @ principal @ turned.T)


def words_of(tensor: Floats) -> tuple[float, float, float, float, float, float]:
    """(xx, yy, zz, xy, xz, yz), products as integrals of xy dm."""
    return (
        tensor[0, 0], tensor[1, 1], tensor[2, 2], -tensor[0, 1], -tensor[0, 2], -tensor[1, 2],
    )  # fmt: skip


def space() -> rigid.Surroundings:
    earth = build_earth()._replace(mu_m3ps2=0.0, rotation_radps=0.0, atmosphere_model=NO_AIR)
    return rigid.Surroundings(earth, build_wind(), no_aero())


def body(tensor: Floats, rate: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """State and loads of a body of 1 kg far out."""
    state, loads = np.zeros(rigid.STATE_SIZE), np.zeros(rigid.LOADS_SIZE)
    state[0], state[6], state[10:13] = 7.0e6, 1.0, rate
    loads[rigid.MASS_KG] = 1.0
    loads[rigid.INERTIA_KGM2 : rigid.INERTIA_KGM2 + 6] = words_of(tensor)
    return state, loads


def momentum(tensor: Floats, state: Floats) -> Floats:
    """Angular momentum in inertial axes."""
    w, x, y, z = state[6:10]
    return np.asarray(Rotation.from_quat([x, y, z, w]).apply(tensor @ state[10:13]))


@given(tensors(), triple(3.0), triple(100.0), triple(5.0))
def test_eulers_equation_with_a_full_tensor(
    tensor: Floats,
    rate: tuple[float, float, float],
    moment: tuple[float, float, float],
    damping: tuple[float, float, float],
) -> None:
    """Against a solver of linear equations."""
    got = rigid.angular_acceleration(words_of(tensor), rate, moment, damping)
    w = np.array(rate)
    right = np.array(moment) - np.cross(w, tensor @ w) - np.array(damping) * w
    expected = np.linalg.solve(tensor, right)
    scale = np.linalg.norm(right) * np.linalg.norm(np.linalg.inv(tensor)) + 1e-12
    assert_allclose(got, expected, atol=1e-11 * scale, rtol=0.0)


@given(tensors(), triple(2.0))
def test_a_free_tumble_keeps_momentum_and_energy(
    tensor: Floats, rate: tuple[float, float, float]
) -> None:
    state, loads = body(tensor, rate)
    work, aux, around = rigid.new_work(), np.zeros(rigid.AUX_SIZE), space()
    before, w = momentum(tensor, state), np.array(rate)
    energy = 0.5 * w @ tensor @ w
    for step in range(400):
        rigid.rk4_step(state, 0.005 * step, 0.005, loads, around, work, aux)
    w = state[10:13]
    assert_allclose(0.5 * w @ tensor @ w, energy, rtol=1e-7, atol=1e-12)
    size = np.linalg.norm(before)
    assert_allclose(momentum(tensor, state), before, atol=1e-7 * size + 1e-12)


@given(triple(1000.0), triple(20.0), st.floats(1.0, 1e4))
def test_thrust_sideways_of_the_centre_of_mass_turns_as_the_lever_says(
    force: tuple[float, float, float], place: tuple[float, float, float], mass_kg: float
) -> None:
    """Force and moment are given about the vehicle's origin, the body turns about its CM."""
    state, loads = body(np.eye(3), (0.0, 0.0, 0.0))
    x_cm_m = 7.5
    loads[rigid.MASS_KG], loads[rigid.CM_X_M] = mass_kg, x_cm_m
    loads[rigid.FORCE_VACUUM_N : rigid.FORCE_VACUUM_N + 3] = force
    loads[rigid.MOMENT_VACUUM_NM : rigid.MOMENT_VACUUM_NM + 3] = np.cross(place, force)
    out, aux = np.zeros(rigid.STATE_SIZE), np.zeros(rigid.AUX_SIZE)
    rigid.derivative(state, 0.0, 0.0, loads, space(), out, aux)
    lever = np.array(place) - [x_cm_m, 0.0, 0.0]
    assert_allclose(out[10:13], np.cross(lever, force), atol=1e-9 * 1e5)
    assert_allclose(out[3:6], np.array(force) / mass_kg, rtol=1e-12)
    assert_allclose(out[13:16], np.array(force) / mass_kg, rtol=1e-12)
