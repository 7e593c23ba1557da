from __future__ import annotations

import numpy as np
import pytest
from made_up_flight import CUTOFF_S, flown_telemetry, healthy_flight, impact_time_s

from downrange.report.spans import (
    AROUND_S,
    above_the_air,
    around_burns,
    between,
    burns,
    goes_far,
    guided,
    known,
    only_fell,
    until_first_cutoff,
)
from downrange.telemetry import Telemetry


def upper_stage(**columns: np.ndarray) -> Telemetry:
    """Burns from 10 to 99 s and from 2,000 to 2,009 s; 2.7 degrees of latitude a minute."""
    time = np.arange(0.0, 3001.0)
    thrust = 1e5 * (((time >= 10.0) & (time < 100.0)) | ((time >= 2000.0) & (time < 2010.0)))
    table = {
        "time_s": time,
        "latitude_deg": 80.0 - 0.045 * time,
        "longitude_deg": np.full_like(time, 20.0),
        "thrust_n": thrust,
        "attitude_error_deg": np.full_like(time, 0.1),
        "dynamic_pressure_pa": 200.0 * np.exp(-time / 10.0),
    }
    return Telemetry.from_columns(table | columns)


def fallen() -> Telemetry:
    time = np.arange(100.0)
    nothing = np.full(100, np.nan)
    return Telemetry.from_columns(
        {"time_s": time, "thrust_n": np.zeros(100), "attitude_error_deg": nothing}
    )


def bare() -> Telemetry:
    return Telemetry.from_columns({"time_s": [0.0, 1.0], "altitude_m": [0.0, 5.0]})


def test_burns_are_stretches_of_thrust() -> None:
    assert burns(upper_stage()) == ((10.0, 99.0), (2000.0, 2009.0))
    assert burns(fallen()) == burns(bare()) == ()


def test_a_row_without_thrust_does_not_part_a_burn() -> None:
    thrust = upper_stage()["thrust_n"].copy()
    thrust[50] = 0.0
    assert burns(upper_stage(thrust_n=thrust))[0] == (10.0, 99.0)


def test_what_is_shown_around_burns() -> None:
    assert around_burns(upper_stage()) == (
        (0.0, 99.0 + AROUND_S),
        (2000.0 - AROUND_S, 2009.0 + AROUND_S),
    )


def test_guided_ends_with_the_attitude_error() -> None:
    error = np.full(3001, 0.1)
    error[500:] = np.nan
    assert guided(upper_stage(attitude_error_deg=error))["time_s"][-1] == 499.0
    assert len(guided(fallen())) == 100
    assert len(guided(bare())) == 2
    assert len(known(bare(), "margin.attitude_deg")) == 2


@pytest.mark.parametrize(
    ("telemetry", "fell", "space"),
    [
        (upper_stage(), False, True),
        (fallen(), True, False),
        (bare(), False, False),
        (flown_telemetry(), False, False),
    ],
)
def test_what_a_body_did(telemetry: Telemetry, fell: bool, space: bool) -> None:
    assert (only_fell(telemetry), above_the_air(telemetry)) == (fell, space)


def test_a_far_track_is_cut_at_its_first_cut_off() -> None:
    far, near = upper_stage(), flown_telemetry()
    assert (goes_far(far), goes_far(near)) == (True, False)
    assert until_first_cutoff(far)["time_s"][-1] == 99.0
    assert until_first_cutoff(near)["time_s"][-1] == pytest.approx(impact_time_s())
    assert until_first_cutoff(bare()) is not None


def test_between_holds_both_ends() -> None:
    part = between(healthy_flight().bodies["stage1"].telemetry, (0.0, CUTOFF_S))
    assert part["time_s"][[0, -1]] == pytest.approx([0.0, CUTOFF_S], abs=0.051)
