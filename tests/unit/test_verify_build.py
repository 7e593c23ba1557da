"""From a check case to numbers: burns in spans, mass properties, the state at the start."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from check_case import case
from numpy.testing import assert_allclose

from downrange._spec import validate
from downrange.dynamics.kernel import rigid
from downrange.verify import fly_case, run_case
from downrange.verify.build import Segment, build_layers, segments, start_state
from downrange.verify.spec import CaseSpec

# 980.665 N at 100 s burn 1 kg/s.
BURN = {"thrust": "980.665 N", "isp": "100 s"}


def spec_of(**sections: Any) -> CaseSpec:
    data = case(**sections)
    data["body"]["mass"] = "100 kg"
    return validate(CaseSpec, data, "")


def after(segment: Segment) -> np.ndarray:
    """Levels of the loads at the end of a segment."""
    n, rates = rigid.LOADS_LEVELS, segment.loads[rigid.LOADS_RATES :]
    return segment.loads[:n] + rates[:n] * (segment.end_s - segment.start_s)


def test_without_burns_one_span_without_thrust() -> None:
    (only,) = segments(spec_of())
    assert (only.start_s, only.end_s) == (0.0, 20.0)
    assert_allclose(only.loads[:8], [100.0, 0.0, 0.3, 0.4, 0.5, 0.0, 0.0, 0.0])
    assert not only.loads[8:].any()


def test_burns_coasts_and_staging_follow_each_other() -> None:
    spec = spec_of(
        burn=[
            BURN | {"start": "1 s", "until": "depletion", "propellant": "6 kg",
                    "drop_mass_after": "20 kg"},
            BURN | {"start": "10 s", "stop": "12 s"},
        ]
    )  # fmt: skip
    spans = segments(spec)
    assert [(s.start_s, s.end_s) for s in spans] == [
        (0.0, 1.0), (1.0, 7.0), (7.0, 10.0), (10.0, 12.0), (12.0, 20.0)
    ]  # fmt: skip
    assert_allclose([s.loads[0] for s in spans], [100.0, 100.0, 94.0, 74.0, 72.0])
    assert_allclose([after(s)[0] for s in spans], [100.0, 94.0, 94.0, 72.0, 72.0])
    thrust = [s.loads[rigid.FORCE_VACUUM_N] for s in spans]
    assert_allclose(thrust, [0.0, 980.665, 0.0, 980.665, 0.0])


def test_tables_bend_at_their_own_fractions() -> None:
    def inertia(yy: float) -> dict[str, str]:
        return {"xx": "0.3 kg m^2", "yy": f"{yy} kg m^2", "zz": "0.5 kg m^2"}

    table = {
        "fuel_fraction": [0.0, 0.25, 1.0],
        "inertia": [inertia(0.4), inertia(0.5), inertia(0.65)],
        "moment_centre_x_from_cm": ["-1 m", "-0.5 m", "0.25 m"],
    }
    burn = BURN | {"start": "0 s", "until": "depletion", "propellant": "8 kg"} | table
    aero = {"reference_area": "1 m^2", "moment_centre_from_cm": ["0.25 m", "0 m", "0 m"]}
    first, second, coast = segments(spec_of(burn=[burn], aero=aero))
    assert (first.end_s, second.end_s) == (6.0, 8.0)  # a quarter of 8 kg is left at 6 s
    assert_allclose([s.loads[3] for s in (first, second, coast)], [0.65, 0.5, 0.4])
    # The moment centre stays: from 0.25 m before the CM to 1 m behind it, the CM went 1.25 m.
    assert_allclose([s.loads[1] for s in (first, second, coast)], [0.0, 0.75, 1.25])
    assert_allclose(after(first)[[1, 3]], [0.75, 0.5])


@pytest.mark.parametrize(("word", "factor"), [("none", 0.0), ("half", 0.5), ("full", 1.0)])
def test_rotation_term_of_changing_inertia(word: str, factor: float) -> None:
    """p' = -factor I'/I p: p = p0 (I0 / I)^factor, a closed form."""
    table = {
        "fuel_fraction": [0.0, 1.0],
        "inertia": [{k: f"{v} kg m^2" for k, v in zip(("xx", "yy", "zz"), row, strict=True)}
                    for row in ((0.2, 0.4, 0.5), (0.8, 1.6, 2.0))],
    }  # fmt: skip
    burn = BURN | {"start": "0 s", "until": "depletion", "propellant": "8 kg"} | table
    data = case(burn=[burn], air={"model": "none"})
    data["body"] |= {"mass": "100 kg", "variable_mass_rotation": word}
    data["initial"]["rates"] |= {"p": "0.1 rad/s"}
    row = fly_case(validate(CaseSpec, data, ""), [10.0])[0]
    assert_allclose(row["p_radps"], 0.1 * (0.8 / 0.2) ** factor, rtol=1e-11)


def start_rates(frame: str, latitude_deg: float, velocity: list[str]) -> np.ndarray:
    data = case()
    data["initial"] = {
        "latitude_deg": latitude_deg, "longitude_deg": 30.0, "altitude": "20 km",
        "velocity_ned": velocity, "rates": {"frame": frame},
        "euler_deg": {"roll": 10.0, "pitch": 20.0, "yaw": 50.0},
    }  # fmt: skip
    spec = validate(CaseSpec, data, "")
    state = start_state(spec, build_layers(spec).around[0].earth)
    return state[rigid.RATE_BODY_RADPS : rigid.RATE_BODY_RADPS + 3]


def test_rates_at_rest_against_the_earth_are_those_of_the_earth() -> None:
    rates = start_rates("earth", 40.0, ["0 m/s", "0 m/s", "0 m/s"])
    assert_allclose(np.linalg.norm(rates), 7.292115e-5, rtol=1e-12)
    assert_allclose(start_rates("inertial", 40.0, ["0 m/s", "0 m/s", "0 m/s"]), 0.0)
    assert_allclose(start_rates("ned", 40.0, ["0 m/s", "0 m/s", "0 m/s"]), rates, rtol=1e-12)


def test_attitude_to_the_ground_holds_when_the_rates_against_it_are_zero() -> None:
    """Level flight over the curved Earth: Euler angles stay put to first order."""
    data = case(air={"model": "none"})
    data["initial"] = {
        "latitude_deg": 40.0, "longitude_deg": 30.0, "altitude": "20 km",
        "velocity_ned": ["2000 m/s", "3000 m/s", "0 m/s"], "rates": {"frame": "ned"},
        "euler_deg": {"roll": 10.0, "pitch": 20.0, "yaw": 50.0},
    }  # fmt: skip
    data["body"]["inertia"] = dict.fromkeys(("xx", "yy", "zz"), "1 kg m^2")
    spec = validate(CaseSpec, data, "")
    row = fly_case(spec, [0.02])[0]
    turned = [row[key] - held for key, held in
              (("roll_deg", 10.0), ("pitch_deg", 20.0), ("yaw_deg", 50.0))]  # fmt: skip
    # North-east-down turns by 1e-3 deg in 0.02 s; what is left is of second order.
    assert_allclose(turned, 0.0, atol=1e-8)


def test_checkpoints_are_met_exactly_and_split_no_physics() -> None:
    """The same flight with and without odd times in between, to rounding."""
    spec = spec_of(burn=[BURN | {"start": "0.7 s", "stop": "7.03 s"}])
    alone = fly_case(spec, [20.0])[0]
    between = fly_case(spec, [0.0, 0.7, math.pi, 7.03, 20.0])
    assert [row["time_s"] for row in between] == [0.0, 0.7, math.pi, 7.03, 20.0]
    assert between[0]["altitude_m"] == pytest.approx(3000.0, abs=1e-6)
    for key, number in alone.items():
        assert between[-1][key] == pytest.approx(number, abs=1e-6), key


def test_a_flight_that_is_lost_to_numbers_fails_its_checks() -> None:
    data = case(step="5 s")
    data["initial"]["rates"] |= {"p": "1e6 rad/s", "q": "1e7 rad/s"}
    data["checkpoints"] = {
        "columns": ["time_s", "p_radps"], "rows": [[20.0, 0.0]], "tolerance": {"p_radps": 1.0}
    }  # fmt: skip
    result = run_case(validate(CaseSpec, data, ""))
    assert not result.passed
