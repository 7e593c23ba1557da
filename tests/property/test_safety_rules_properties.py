"""What must hold of the rules on any measurements whatever."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from downrange.earth.build import build_earth
from downrange.safety.build import new_memory
from downrange.safety.kernel.rules import (
    ATTITUDE,
    DATA_LOSS,
    FIRED,
    FIRED_S,
    RULES,
    Rules,
    corridor_margin_m,
    step,
    thrust_end_s,
)
from downrange.sensors.kernel import (
    TRACK_AXIS,
    TRACK_POSITION_M,
    TRACK_SIZE,
    TRACK_VALID,
    TRACK_VELOCITY_MPS,
)

Floats = NDArray[np.float64]
EARTH = build_earth()
PERIOD_S = 0.1
ROWS = 60
# The pad on the equator: x is up, y east, z north. The plan hangs in the air above it.
PAD = np.array([EARTH.equatorial_radius_m, 0.0, 0.0])
UP = np.array([1.0, 0.0, 0.0])
EAST = np.array([0.0, 1.0, 0.0])


def hanging() -> Rules:
    """Rules about one point: corridors of 2 km, a place 5 km east, 1 s of attitude, 3 s green."""
    full = np.ones(ROWS)
    row = [*PAD, 2e3, *PAD, 2e3, 100.0, *UP, 1.0, 3.0]
    return Rules(
        step_s=2.0, track=np.outer(full, row), places=np.array([[*(PAD + 5e3 * EAST), 1e3]]),
        behind=0.5, ahead=1.3, attitude_limit_rad=math.pi / 4.0,
        pad_ecef_m=tuple(PAD.tolist()), arming_distance_m=100.0, arming_latest_s=1e9,
        period_s=PERIOD_S, persistence_s=0.2, latency_s=0.3, end_s=100.0, earth=EARTH,
    )  # fmt: skip


def words(position: Floats, axis: Floats, velocity: Floats | None = None) -> Floats:
    """A measurement."""
    out = np.zeros(TRACK_SIZE)
    out[TRACK_VALID] = 1.0
    out[TRACK_POSITION_M : TRACK_POSITION_M + 3] = position
    if velocity is not None:
        out[TRACK_VELOCITY_MPS : TRACK_VELOCITY_MPS + 3] = velocity
    out[TRACK_AXIS : TRACK_AXIS + 3] = axis
    return out


def nose(degrees: float) -> Floats:
    """Nose that far from the plan."""
    angle = math.radians(degrees)
    return math.cos(angle) * UP + math.sin(angle) * EAST


offsets = st.tuples(st.floats(150.0, 3e3), st.floats(-6e3, 6e3), st.floats(-6e3, 6e3))
speeds = st.tuples(*[st.floats(-150.0, 150.0)] * 3)


@settings(deadline=None)
@given(offsets, speeds, st.floats(0.0, 180.0), st.booleans())
def test_a_rule_fires_if_and_only_if_a_margin_stays_negative(offset, speed, tilt, lost):
    rules, memory = hanging(), new_memory()
    measured = words(PAD + np.array(offset), nose(tilt), np.array(speed))
    for k in range(60):
        measured[TRACK_VALID] = 0.0 if lost and k > 5 else 1.0
        code = step(rules, measured, PERIOD_S * k, memory)
        if code:
            assert memory.margin[code - 1] < 0.0
            assert memory.smallest[code - 1] < 0.0
            break
    assert (memory.state[FIRED] > 0.0) == bool(np.nanmin(memory.smallest) < 0.0)
    assert (thrust_end_s(rules, memory) < math.inf) == (memory.state[FIRED] > 0.0)


@settings(deadline=None)
@given(st.floats(0.0, 99.0), speeds, st.floats(0.0, 180.0), st.integers(1, 200))
def test_nothing_fires_before_arming(height, speed, tilt, ticks):
    rules, memory = hanging(), new_memory()
    measured = words(PAD + height * UP, nose(tilt), 10.0 * np.array(speed))
    for k in range(ticks):
        measured[TRACK_VALID] = float(k % 7 < 4)
        assert step(rules, measured, PERIOD_S * k, memory) == 0
    assert (memory.smallest == np.inf).all()
    assert (memory.broken_s == 0.0).all()


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_attitude_fires_when_time_beyond_outweighs_time_within_by_its_limit(beyond):
    rules, memory = hanging(), new_memory()
    debt, due = 0, None
    for k, off in enumerate(beyond):
        code = step(rules, words(PAD + 500.0 * UP, nose(60.0 if off else 10.0)),
                    PERIOD_S * k, memory)  # fmt: skip
        # The first evaluation only starts the clock: no time has passed.
        debt = max(debt + (1 if off else -1), 0) if k else 0
        if due is None and off and debt >= 10:
            due = k
        assert (code == ATTITUDE) == (due is not None)
    if due is not None:
        assert memory.state[FIRED_S] == np.float64(PERIOD_S * due)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60))
def test_data_loss_fires_only_after_the_green_time(start, length):
    rules, memory = hanging(), new_memory()
    measured = words(PAD + 500.0 * UP, UP)
    for k in range(start + length):
        measured[TRACK_VALID] = 1.0 if k < start else 0.0
        step(rules, measured, PERIOD_S * k, memory)
    # Green for 3 s after the last answer; at 3 s sharp rounding decides.
    assert length == 30 or (memory.state[FIRED] == DATA_LOSS) == (length > 30)


@settings(deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-50e3, 50e3)] * 3), min_size=2, max_size=6),
    st.lists(st.floats(100.0, 20e3), min_size=6, max_size=6),
    st.tuples(*[st.floats(-60e3, 60e3)] * 3),
)
def test_depth_in_a_corridor_is_never_overstated(vertices, widths, point):
    track, width = np.array(vertices), np.array(widths[: len(vertices)])
    depth = corridor_margin_m(np.column_stack((track, width)), 0, 0, len(track) - 1, point)
    share = np.linspace(0.0, 1.0, 201)[:, None]
    centres = np.concatenate([a + share * (b - a) for a, b in pairwise(track)])
    radii = np.concatenate([a + share[:, 0] * (b - a) for a, b in pairwise(width)])
    true = (radii - np.linalg.norm(centres - np.array(point), axis=1)).max()
    # Between samples the depth can be missed by the longest half-step.
    missed = np.linalg.norm(np.diff(track, axis=0), axis=1).max() / 400.0 + np.ptp(width) / 400.0
    assert depth <= true + missed
    assert depth >= -np.linalg.norm(track - np.array(point), axis=1).min() - missed


def test_the_memory_starts_without_any_verdict():
    memory = new_memory()
    assert len(memory.broken_s) == RULES
    assert memory.state[FIRED] == 0.0
