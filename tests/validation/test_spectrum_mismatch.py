"""All of it from the one cause: bending modes that are not those that the design assumed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from flight_case import flown, ready

from downrange.telemetry import Recording

BURN_OUT_S = 148.0
MUCH_LATER_S = 10.0  # three times what the times of the broadcast are good to


def as_flown_ratio() -> float:
    """True over assumed frequency of the first mode, as the mission has it."""
    return float(next(f.value.si for f in ready().mission.spec.fault if "mode.1" in f.target))


def second_ratio() -> float:
    fault = next((f for f in ready().mission.spec.fault if "mode.2" in f.target), None)
    return float(fault.value.si) if fault is not None else 1.0


@cache
def mismatched(share: float, seed: int = 1) -> Recording:
    """The flight with a share of the mismatch: 0 none, 1 as flown."""
    lines = tuple(
        f"vehicle.bending.mode.{number}: frequency x {1.0 - share * (1.0 - ratio):.6f}"
        for number, ratio in ((1, as_flown_ratio()), (2, second_ratio()))
    )
    return flown(planned=True, faults=lines, seed=seed)


def lost_s(share: float, seed: int = 1) -> float:
    """When attitude is lost; infinity if it is not."""
    events = mismatched(share, seed).events_named("attitude_lost")
    return events[0].time_s if events else float("inf")


@pytest.mark.parametrize("seed", range(1, 11))
def test_without_it_the_flight_is_nominal(seed: int) -> None:
    recording = mismatched(0.0, seed)
    names = {event.name for event in recording.events}
    assert not names & {"oscillation", "attitude_lost", "flight_termination", "breakup"}
    assert recording.outcome == "success"


def test_without_it_the_flight_is_the_planned_one_to_the_bit() -> None:
    one = mismatched(0.0).bodies["stage1"].telemetry.values
    assert one.tobytes() == flown(planned=True).bodies["stage1"].telemetry.values.tobytes()


def test_all_of_it_is_the_flight_as_flown() -> None:
    there = flown().events_named("attitude_lost")
    assert there
    assert lost_s(1.0) == pytest.approx(there[0].time_s, abs=0.05)


@pytest.mark.parametrize("seed", range(1, 11))
def test_with_half_of_it_attitude_is_held_to_burn_out_or_lost_much_later(seed: int) -> None:
    full = lost_s(1.0, seed)
    assert np.isfinite(full)
    assert lost_s(0.5, seed) > full + MUCH_LATER_S


def test_the_more_of_it_the_sooner_it_is_lost() -> None:
    shares = [0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1]
    times = [lost_s(share) for share in shares]
    finite = [min(time, BURN_OUT_S) for time in times]
    assert all(later <= sooner + 1.0 for sooner, later in pairwise(finite))
    assert times[0] == float("inf")
    assert times[-1] < times[-3]


def test_the_swing_grows_with_the_mismatch() -> None:
    """Largest bending of the nose in the first 15 s, before anything saturates."""

    def bent(share: float) -> float:
        telemetry = mismatched(share).bodies["stage1"].telemetry
        early = (telemetry["time_s"] > 5.0) & (telemetry["time_s"] < 15.0)
        return float(max(np.ptp(telemetry[f"bending.mode.1.{plane}_m"][early])
                         for plane in ("pitch", "yaw")))  # fmt: skip

    assert bent(0.0) < bent(1.0)


@pytest.mark.parametrize("ratio", [1.1, 1.2])
def test_a_structure_stiffer_than_assumed_is_another_matter(ratio: float) -> None:
    """Whatever it does, the flight ends in an outcome that has a word."""
    lines = (f"vehicle.bending.mode.1: frequency x {ratio}",)
    recording = flown(planned=True, faults=lines)
    assert recording.outcome in ("success", "partial", "terminated", "loss")
