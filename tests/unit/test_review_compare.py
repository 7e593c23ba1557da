from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import healthy_flight, lost_flight

from downrange.errors import InputError
from downrange.review import compare, difference, shift_between
from downrange.review.compare import sampled
from downrange.telemetry import Telemetry


def straight(offset_s: float = 0.0, rate: float = 5.0, **more: np.ndarray) -> Telemetry:
    time = np.arange(0.0, 40.0, 0.25)
    speed = rate * np.clip(time - offset_s, 0.0, None)
    return Telemetry.from_columns({"time_s": time, "speed_mps": speed, **more})


@given(st.floats(0.0, 8.0))
def test_alignment_on_speed_undoes_a_late_clock(late_s: float) -> None:
    planned, flown = straight(late_s), straight()
    shift = shift_between(planned, flown, "speed")
    assert shift == pytest.approx(-late_s, abs=1e-9)
    time, gap = difference(planned, flown, "speed_mps", shift)
    assert np.abs(gap[time > 1.0]).max() < 5.0 * 0.25  # the kink at rest falls between samples
    assert np.abs(gap[time > late_s + 1.0]).max() < 1e-9


def test_clocks_are_trusted_unless_asked() -> None:
    assert shift_between(straight(3.0), straight()) == 0.0


def test_what_never_gets_fast_cannot_be_aligned_on_speed() -> None:
    with pytest.raises(InputError, match="never passes 50 m/s"):
        shift_between(straight(rate=1.0), straight(), "speed")


def test_deviation_is_signed_timed_and_first_over_its_threshold() -> None:
    # Flown 6 m/s a second against 5: 1 m/s more each second.
    (found,) = compare(straight(rate=5.0), straight(rate=6.0), {"speed_mps": 10.0})
    assert found.largest == pytest.approx(39.75)
    assert found.time_s == pytest.approx(39.75)
    assert found.first_over_s == pytest.approx(10.0)
    assert found.unit == "m/s"
    (back,) = compare(straight(rate=6.0), straight(rate=5.0), {"speed_mps": 100.0})
    assert back.largest == pytest.approx(-39.75)
    assert math.isnan(back.first_over_s)


def test_angles_go_the_short_way_round() -> None:
    time = np.arange(0.0, 40.0, 0.25)
    planned = straight(yaw_deg=(350.0 + time) % 360.0)
    flown = straight(yaw_deg=(352.0 + time) % 360.0)
    _, gap = difference(planned, flown, "yaw_deg")
    np.testing.assert_allclose(gap, 2.0, atol=1e-9)


def test_a_gap_does_not_hide_the_angles_after_it() -> None:
    time = np.arange(0.0, 40.0, 0.25)
    angle = (350.0 + time) % 360.0
    planned = straight(yaw_deg=np.where(time < 5.0, np.nan, angle))
    at, gap = difference(planned, straight(yaw_deg=(angle + 3.0) % 360.0), "yaw_deg")
    assert np.isnan(gap[at < 5.0]).all()
    np.testing.assert_allclose(gap[at >= 5.0], 3.0, atol=1e-9)


@given(st.floats(0.0, 39.75), st.booleans())
def test_between_samples_a_line_and_the_short_way(at_s: float, turns: bool) -> None:
    clock = np.arange(0.0, 40.0, 0.25)
    line = 350.0 + 0.5 * clock
    (value,) = sampled(np.array([at_s]), clock, line % 360.0 if turns else line, turns)
    assert (value - 350.0 - 0.5 * at_s + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-9)


def test_only_what_both_cover_is_compared() -> None:
    planned = Telemetry.from_columns({"time_s": [5.0, 15.0], "speed_mps": [0.0, 0.0]})
    time, gap = difference(planned, straight(), "speed_mps")
    assert (time[0], time[-1]) == (5.0, 15.0)
    assert gap[-1] == 75.0


def test_channels_that_one_lacks_or_that_hold_nothing_are_left_out() -> None:
    time = np.arange(0.0, 40.0, 0.25)
    empty = straight(mach=np.full_like(time, np.nan))
    assert compare(straight(), empty, {"mach": 0.1, "altitude_m": 1.0}) == ()
    assert compare(empty, empty, {"mach": 0.1}) == ()


def test_the_lost_flight_leaves_its_plan_first_in_attitude() -> None:
    flown, planned = (f.bodies["stage1"].telemetry for f in (lost_flight(), healthy_flight()))
    found = {d.name: d for d in compare(planned, flown)}
    # 0.05 exp(0.26 t) less at most 0.08 passes 2 degrees.
    assert math.log(40.0) / 0.26 < found["attitude_error_deg"].first_over_s < math.log(42) / 0.26
    # Planned climbs on at 3 m/s^2 after T+30 s, flown coasts: 12.81 / 2 (t - 30)^2 apart.
    expected = 30.0 + math.sqrt(2.0 * 100.0 / 12.81)
    assert found["altitude_m"].first_over_s == pytest.approx(expected, abs=0.05)
