"""What holds for any sensor."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from downrange._random import streams
from downrange.sensors import kernel
from downrange.sensors.kernel import Gnss, Imu
from downrange.telemetry.bus import ACCEL_MPS2, GNSS_NEW, GYRO_RADPS, new_measured

three = st.tuples(*[st.floats(-50.0, 50.0)] * 3)


@given(st.floats(0.1, 60.0), st.floats(10.0, 100.0), st.integers(1, 300))
def test_fixes_keep_their_rate_at_any_tick(rate_hz: float, tick_hz: float, ticks: int) -> None:
    """One fix for each multiple of the period passed, and never two in a tick."""
    assume(rate_hz <= tick_hz)
    due = ticks / tick_hz * rate_hz
    assume(abs(due - round(due)) > 1e-3)
    gnss, random = Gnss(rate_hz, 0.0, 0.0), streams(1, 0, ["gnss"])
    core, count = new_measured(1, 1).core, 0.0
    for k in range(1, ticks + 1):
        place = (1.0, 2.0, 3.0)
        kernel.measure_gnss(gnss, k / tick_hz, 1.0 / tick_hz, place, place, random, 0, 1.0, core)
        count += core[GNSS_NEW]
    assert count == np.floor(due)


@given(three, three, st.floats(0.001, 0.1), st.integers(0, 1000))
def test_what_an_imu_adds_does_not_depend_on_the_truth(
    rate: tuple[float, float, float], force: tuple[float, float, float], dt_s: float, seed: int
) -> None:
    errors = np.vstack([np.full(3, 0.01), np.eye(3), np.full(3, -0.02), np.eye(3)])
    imu = Imu(0.0, 1e-3, 1e-2, errors)
    added = []
    for truth in ((rate, force), ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))):
        core = new_measured(1, 1).core
        kernel.measure_imu(imu, *truth, dt_s, streams(seed, 0, ["imu"]), 0, 1.0, core)
        gyro = core[GYRO_RADPS : GYRO_RADPS + 3] - truth[0]
        added.append(np.concatenate([gyro, core[ACCEL_MPS2 : ACCEL_MPS2 + 3] - truth[1]]))
    assert np.abs(added[0] - added[1]).max() < 1e-12
