"""What must hold of the allocation for any set of engines that is able to do it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downrange.gnc.kernel import data
from downrange.gnc.kernel.allocation import shares

X_CM_M = 9.0
moments = st.floats(-1e6, 1e6)


@st.composite
def engines(draw: st.DrawFn) -> np.ndarray:
    """Two to twelve gimballed engines, at least two of them a good way apart."""
    n = draw(st.integers(2, 12))
    coordinate = st.floats(-3.0, 3.0)
    table = np.zeros((n, data.ENGINE_COLUMNS))
    for row in table:
        row[data.ENGINE_X_M] = draw(st.floats(0.0, 1.0))
        row[data.ENGINE_X_M + 1] = draw(coordinate)
        row[data.ENGINE_X_M + 2] = draw(coordinate)
        row[data.THRUST_VAC_N] = draw(st.floats(2e4, 2e6))
        row[data.GIMBAL_LIMIT_RAD] = 0.1
    table[0, data.ENGINE_X_M + 1] = 1.5
    table[1, data.ENGINE_X_M + 1] = -1.5
    return table


@given(table=engines(), moment=st.tuples(moments, moments, moments))
def test_turned_thrusts_give_the_moment(
    table: np.ndarray, moment: tuple[float, float, float]
) -> None:
    share = shares(table, np.ones(len(table)), 0.0, X_CM_M, moment)
    total = np.zeros(3)
    scale = 1.0 + np.abs(moment).max()
    for row in table:
        r = row[data.ENGINE_X_M : data.ENGINE_X_M + 3] - [X_CM_M, 0.0, 0.0]
        thrust = row[data.THRUST_VAC_N]
        # The angle of each engine is the transposed arm times the shares.
        d_y = -thrust * (r[1] * share[0] - r[0] * share[1])
        d_z = -thrust * (r[2] * share[0] - r[0] * share[2])
        force = thrust * np.array([1.0, d_z, -d_y])
        total += np.cross(r, force)
        scale += np.abs(r).max() * thrust
    np.testing.assert_allclose(total, moment, atol=1e-8 * scale)
