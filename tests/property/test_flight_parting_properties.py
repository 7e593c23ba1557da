"""Whatever the state, a parting keeps mass, momentum and angular momentum."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from space_case import momenta, moving, quaternion, resting, stack, turned

from downrange.flight.parting import clearances, piece_of, push_apart, split_shell

FIRST, UPPER = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 1.0, 1.0)
SHELL, BARE = (0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 1.0)


def vectors(size: float) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(*[st.floats(-size, size)] * 3).map(np.array)


# Far enough from the Earth's centre for nothing else; the arithmetic is all that counts here.
motions = st.tuples(
    vectors(7e6),
    vectors(8e3),
    vectors(3.0).map(Rotation.from_rotvec),
    vectors(0.5),
)
fills = st.tuples(*[st.floats(0.0, 1.0)] * 4).map(np.array)


def agree(before: tuple, after: tuple, linear_ns: float, angular_nms: float) -> None:
    assert abs(after[0] - before[0]) <= 1e-9
    np.testing.assert_allclose(after[1], before[1], rtol=0.0, atol=linear_ns)
    np.testing.assert_allclose(after[2], before[2], rtol=0.0, atol=angular_nms)


@given(fills, motions, st.floats(0.0, 2e4), st.floats(-0.1, 0.1))
def test_a_stage_and_the_rest_keep_what_the_stack_had(
    fill: np.ndarray, motion: tuple, impulse_ns: float, offset_m: float
) -> None:
    """To rounding: 5e8 kg m/s of momentum, 1 m of lever times 1e-9 m of place."""
    state = moving(stack(), fill, motion)
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    push_apart(upper, spent, impulse_ns, offset_m)
    before = momenta([(state.rigid, state.loads)], motion[0])
    after = momenta([(upper.rigid, upper.loads), (spent.rigid, spent.loads)], motion[0])
    agree(before, after, 1e-5, 5.0)


@given(fills, motions, st.floats(0.0, 10.0), st.floats(0.0, 2.0))
def test_two_halves_and_the_rest_keep_what_the_upper_part_had(
    fill: np.ndarray, motion: tuple, speed_mps: float, rate_radps: float
) -> None:
    """Of a piece that is a stack itself: the upper part, then its shell in halves."""
    state = moving(stack(), fill, motion)
    upper, rest = (piece_of(stack(), state, each) for each in (UPPER, BARE))
    halves = split_shell(piece_of(stack(), state, SHELL, 0.5), speed_mps, rate_radps)
    about = upper.rigid[0:3]
    before = momenta([(upper.rigid, upper.loads)], about)
    after = momenta([(piece.rigid, piece.loads) for piece in (*halves, rest)], about)
    agree(before, after, 1e-5, 5.0)


@given(motions, vectors(3.0).map(Rotation.from_rotvec), vectors(1e3))
def test_a_gap_is_the_same_from_wherever_it_is_seen(
    motion: tuple, turn: Rotation, shift: np.ndarray
) -> None:
    """Turned and moved as one, two bodies keep their distance."""
    state = moving(stack(), np.full(4, 0.5), motion)
    spent, upper = (piece_of(stack(), state, each) for each in (FIRST, UPPER))
    push_apart(upper, spent, 4e3, 0.0)
    pieces = []
    for piece in (upper, spent):
        x = piece.rigid
        place = (x[0:3] - motion[0]) + 2.0 * (x[3:6] - motion[1])
        pieces.append((place, turned(x), piece.loads[1]))
    seen = []
    for by, moved in ((Rotation.identity(), np.zeros(3)), (turn, shift)):
        rows = []
        for place, attitude, x_cm in pieces:
            seen_from = quaternion(by * attitude)
            rows.append(resting(by.apply(place) + moved, seen_from, float(x_cm)))
        seen.append(float(clearances(rows[0], rows[1], 18.5, 18.5, (0.0, 1.0))[1][0]))
    assert abs(seen[0] - seen[1]) < 1e-8
