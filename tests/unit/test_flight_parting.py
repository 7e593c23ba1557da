"""Partings keep momentum, and each part starts as it was carried."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from space_case import momenta, moving, quaternion, stack, turned

from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.advance import State
from downrange.flight.parting import (
    Piece,
    clearances,
    piece_of,
    push_apart,
    split_shell,
    to_eci,
)
from downrange.propulsion.kernel import TANK_STAGE
from downrange.telemetry import Telemetry

STACK = (1.0, 1.0, 1.0, 1.0)
FIRST = (1.0, 0.0, 0.0, 0.0)
UPPER = (0.0, 1.0, 1.0, 1.0)
SHELL = (0.0, 0.0, 1.0, 0.0)
BARE = (0.0, 1.0, 0.0, 1.0)

FILL = np.array([0.02, 0.03, 1.0, 0.9])
PLACE, SPEED = np.array([6.4e6, 1.2e6, -2.1e5]), np.array([-900.0, 2500.0, 310.0])
TILT = Rotation.from_rotvec([0.4, -1.1, 0.7])
RATE = np.array([0.02, -0.05, 0.03])


def carried(rate: np.ndarray = RATE) -> State:
    return moving(stack(), FILL, (PLACE, SPEED, TILT, rate))


def as_pair(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    return piece.rigid, piece.loads


def test_the_parts_of_the_stack_are_the_stages_the_fairing_and_the_payload() -> None:
    """What the cases here name as attached is what the vehicle has."""
    assert stack().masses.parts == len(STACK)
    assert set(stack().tanks.table[:, TANK_STAGE]) == {0.0, 1.0}


def test_a_piece_that_is_everything_is_the_body_itself() -> None:
    state = carried()
    whole = piece_of(stack(), state, STACK)
    np.testing.assert_array_equal(whole.rigid[:13], state.rigid[:13])
    np.testing.assert_array_equal(whole.tank_kg, state.tank_kg)
    size = rigid.LOADS_LEVELS
    np.testing.assert_allclose(whole.loads[:size], state.loads[:size], rtol=1e-12)


@pytest.mark.parametrize("present", [FIRST, UPPER, SHELL, BARE])
def test_a_piece_moves_as_its_centre_was_carried(present: tuple[float, ...]) -> None:
    """v + w x r, with r the way from the centre of the whole to that of the piece."""
    state = carried()
    piece = piece_of(stack(), state, present)
    arm = np.array([piece.loads[rigid.CM_X_M] - state.loads[rigid.CM_X_M], 0.0, 0.0])
    assert abs(arm[0]) > 1.0
    place = PLACE + TILT.apply(arm)
    speed = SPEED + TILT.apply(np.cross(RATE, arm))
    np.testing.assert_allclose(piece.rigid[0:3], place, rtol=0.0, atol=1e-8)  # ulp of 6.4e6 m
    np.testing.assert_allclose(piece.rigid[3:6], speed, rtol=0.0, atol=1e-11)
    np.testing.assert_array_equal(piece.rigid[6:13], state.rigid[6:13])
    np.testing.assert_array_equal(piece.rigid[13:], 0.0)


def test_masses_and_propellant_of_the_pieces_sum_to_the_whole() -> None:
    state = carried()
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    mass = spent.loads[rigid.MASS_KG] + upper.loads[rigid.MASS_KG]
    assert mass == pytest.approx(state.loads[rigid.MASS_KG], rel=1e-14)
    np.testing.assert_array_equal(spent.tank_kg + upper.tank_kg, state.tank_kg)
    assert spent.tank_kg[2:].tolist() == [0.0, 0.0]
    assert upper.tank_kg[:2].tolist() == [0.0, 0.0]


def test_the_spent_stage_weighs_what_the_catalogue_says_and_what_is_left_in_it() -> None:
    """3.9 t dry, 2 % of 9.84 t and 3 % of 26.55 t."""
    spent = piece_of(stack(), carried(), FIRST)
    assert spent.loads[rigid.MASS_KG] == pytest.approx(3900.0 + 0.02 * 9840.0 + 0.03 * 26550.0)


def test_the_fairing_weighs_what_the_catalogue_says_and_holds_nothing() -> None:
    half = piece_of(stack(), carried(), SHELL, 0.5)
    assert half.loads[rigid.MASS_KG] == pytest.approx(175.0)
    np.testing.assert_array_equal(half.tank_kg, 0.0)
    assert half.loads[rigid.CM_X_M] > 23.5  # it stands on the stages


def test_a_half_has_half_the_inertia_about_the_same_point() -> None:
    whole, half = (piece_of(stack(), carried(), SHELL, share) for share in (1.0, 0.5))
    np.testing.assert_allclose(half.loads[2:5], 0.5 * whole.loads[2:5], rtol=1e-14)
    assert half.loads[3] == half.loads[4] > 0.0
    np.testing.assert_array_equal(half.rigid, whole.rigid)


def test_nothing_acts_on_a_piece() -> None:
    piece = piece_of(stack(), carried(), FIRST)
    np.testing.assert_array_equal(piece.loads[5:], 0.0)


def test_the_body_that_parts_is_left_as_it_is() -> None:
    state = carried()
    before = state.rigid.copy(), state.tank_kg.copy(), state.loads.copy()
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    push_apart(upper, spent, 4000.0, 0.02)
    split_shell(piece_of(stack(), state, SHELL, 0.5), 3.0, 0.3)
    for kept, now in zip(before, (state.rigid, state.tank_kg, state.loads), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_springs_push_the_upper_part_forward_and_the_lower_back() -> None:
    """4 kN s: each part's speed changes by the impulse over its mass, along the nose."""
    state = carried()
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    before = upper.rigid.copy(), spent.rigid.copy()
    push_apart(upper, spent, 4000.0, 0.0)
    nose = TILT.apply([1.0, 0.0, 0.0])
    gained = upper.rigid[3:6] - before[0][3:6]
    lost = spent.rigid[3:6] - before[1][3:6]
    np.testing.assert_allclose(gained, nose * 4000.0 / upper.loads[0], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(lost, -nose * 4000.0 / spent.loads[0], rtol=0.0, atol=1e-12)
    for piece, old in ((upper, before[0]), (spent, before[1])):
        np.testing.assert_array_equal(piece.rigid[10:13], old[10:13])
        np.testing.assert_array_equal(piece.rigid[0:3], old[0:3])


def test_springs_off_the_axis_turn_both_by_the_moment_of_their_impulse() -> None:
    """A push forward at z = offset turns the nose up: moment r x F = (0, z Fx, 0)."""
    state = carried()
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    before = upper.rigid[10:13].copy(), spent.rigid[10:13].copy()
    push_apart(upper, spent, 4000.0, 0.01)
    moment = np.cross([0.0, 0.0, 0.01], [4000.0, 0.0, 0.0])
    for piece, old, sense in ((upper, before[0], 1.0), (spent, before[1], -1.0)):
        turn = sense * moment / piece.loads[2:5]
        np.testing.assert_allclose(piece.rigid[10:13], old + turn, rtol=0.0, atol=1e-15)


def test_the_halves_go_to_either_side_and_open_like_a_book() -> None:
    """To the right of the body goes the one whose nose turns to the right, and the other way."""
    shell = piece_of(stack(), carried(), SHELL, 0.5)
    left, right = split_shell(shell, 3.0, 0.3)
    side = TILT.apply([0.0, 1.0, 0.0])
    for half, sense in ((left, 1.0), (right, -1.0)):
        np.testing.assert_allclose(
            half.rigid[3:6], shell.rigid[3:6] + 3.0 * sense * side, rtol=0.0, atol=1e-12
        )
        np.testing.assert_allclose(
            half.rigid[10:13], RATE + np.array([0.0, 0.0, 0.3 * sense]), atol=1e-15
        )
        np.testing.assert_array_equal(half.rigid[0:3], shell.rigid[0:3])
        np.testing.assert_array_equal(half.loads, shell.loads)


@pytest.mark.parametrize("impulse_ns", [1000.0, 4000.0])
def test_the_gap_opens_at_the_speed_that_the_impulse_gives(impulse_ns: float) -> None:
    """J (1/m + 1/M), without rotation; free flight is a straight line over a second."""
    state = carried(rate=np.zeros(3))
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    push_apart(upper, spent, impulse_ns, 0.0)
    opened = impulse_ns * (1.0 / upper.loads[0] + 1.0 / spent.loads[0])
    assert opened > 0.25
    ours, theirs = (straight(p.rigid, p.loads[rigid.CM_X_M], PULL) for p in (upper, spent))
    time_s, gap_m = clearances(ours, sparse(theirs), 18.5, 18.5, (0.0, 3.0))
    np.testing.assert_allclose(gap_m, opened * time_s, atol=1e-8)
    assert time_s[0] == 0.0
    assert time_s[-1] == 3.0


PULL = np.array([-7.0, 5.0, 4.0])  # the same on both


def straight(x: np.ndarray, x_cm_m: float, pull: np.ndarray | float = 0.0) -> Telemetry:
    """Telemetry of a body that keeps its attitude under a steady pull, each quarter of a second."""
    time = np.arange(0.0, 4.01, 0.25)
    pulled = np.broadcast_to(pull, 3)
    at = time[:, None]
    columns = {"time_s": time, "centre_of_mass_m": np.full(len(time), x_cm_m)}
    for i, axis in enumerate("xyz"):
        columns[f"position_eci_{axis}_m"] = (x[0:3] + at * x[3:6] + 0.5 * at**2 * pulled)[:, i]
        columns[f"velocity_eci_{axis}_mps"] = (x[3:6] + at * pulled)[:, i]
    for i, axis in enumerate("wxyz"):
        columns[f"attitude_body_from_eci_{axis}"] = np.full(len(time), x[6 + i])
    return Telemetry.from_columns(columns)


def sparse(table: Telemetry) -> Telemetry:
    """Every fourth row: what falls has few."""
    return Telemetry(table.names, table.values[::4])


def placed(position: tuple[float, ...], turn: Rotation, x_cm_m: float) -> Telemetry:
    """A body at rest."""
    return straight(np.array([*position, 0.0, 0.0, 0.0, *quaternion(turn)]), x_cm_m)


def gap(upper: Telemetry, lower: Telemetry, upper_aft_m: float, lower_fore_m: float) -> float:
    """The gap between two that rest, the same at all times."""
    _, gap_m = clearances(upper, lower, upper_aft_m, lower_fore_m, (0.0, 1.0))
    assert np.ptp(gap_m) < 1e-9
    return float(gap_m[0])


LEVEL = Rotation.identity()


def test_the_gap_between_two_on_one_line_is_that_of_their_ends() -> None:
    """Upper: CM at 20, its aft end (18.5) 1.5 behind. Lower: CM at 7, its fore (18) 11 ahead."""
    upper, lower = placed((100.0, 5.0, 5.0), LEVEL, 20.0), placed((85.0, 5.0, 5.0), LEVEL, 7.0)
    assert gap(upper, lower, 18.5, 18.0) == pytest.approx(100.0 - 1.5 - 85.0 - 11.0)


def test_a_gap_that_has_closed_is_negative() -> None:
    upper, lower = placed((100.0, 0.0, 0.0), LEVEL, 20.0), placed((99.0, 0.0, 0.0), LEVEL, 7.0)
    assert gap(upper, lower, 18.5, 18.0) == pytest.approx(100.0 - 1.5 - 99.0 - 11.0)


def test_the_gap_counts_along_the_upper_one_alone() -> None:
    """The lower one off to the side, and across: its fore end lies beside its centre."""
    upper = placed((100.0, 0.0, 0.0), LEVEL, 20.0)
    across = Rotation.from_rotvec([0.0, 0.0, 0.5 * np.pi])
    lower = placed((80.0, 40.0, -3.0), across, 7.0)
    assert gap(upper, lower, 18.5, 18.0) == pytest.approx(18.5)
    backwards = Rotation.from_rotvec([0.0, 0.0, np.pi])
    lower = placed((80.0, 0.0, 0.0), backwards, 7.0)
    assert gap(upper, lower, 18.5, 18.0) == pytest.approx(98.5 - 69.0)


def test_body_components_are_turned_to_inertial_ones() -> None:
    x = carried().rigid
    for axis in np.eye(3):
        np.testing.assert_allclose(to_eci(x, tuple(axis)), TILT.apply(axis), atol=1e-14)
    np.testing.assert_allclose(turned(x).as_matrix(), TILT.as_matrix(), atol=1e-14)


def test_a_separation_keeps_momentum() -> None:
    """One example with its numbers; the properties have many."""
    state = carried()
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    push_apart(upper, spent, 4000.0, 0.02)
    before = momenta([(state.rigid, state.loads)], PLACE)
    after = momenta([as_pair(upper), as_pair(spent)], PLACE)
    assert after[0] == pytest.approx(before[0], rel=1e-14)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-12)
    np.testing.assert_allclose(after[2], before[2], rtol=0.0, atol=1e-7 * 2e5)
