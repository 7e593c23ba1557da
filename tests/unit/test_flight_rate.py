"""What a summary says of a flight does not depend on how often it was recorded."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from flight_case import ready

from downrange.flight.fly import fly_prepared

READ_FROM_ROWS = {"timing", "delta_v", "margins"}


@cache
def summary(planned: bool, rate_hz: float) -> dict[str, Any]:
    return fly_prepared(ready(planned), record_rate_hz=rate_hz).summary


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("rate_hz", [5.0, 50.0])
def test_a_summary_is_the_same_at_any_rate(planned: bool, rate_hz: float) -> None:
    usual, other = summary(planned, 20.0), summary(planned, rate_hz)
    assert usual.keys() == other.keys()
    for key in usual.keys() - READ_FROM_ROWS:
        assert repr(usual[key]) == repr(other[key]), key
    for name, margin in usual["margins"].items():
        if not name.endswith("_clearance_m"):
            assert other["margins"][name] == margin, name
