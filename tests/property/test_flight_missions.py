"""No valid mission crashes the loop: whatever is set and whatever fails, it ends with a word."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from flight_case import MISSION, ready
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from downrange._spec import validate
from downrange.earth.spec import GustSpec, TurbulenceSpec
from downrange.errors import InputError
from downrange.faults.spec import parse_fault
from downrange.flight.draw import GROUPS
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.flight.load import fault_schedule, load_mission
from downrange.flight.results import ENDS
from downrange.telemetry import Recording

LONGEST = "75 s"
ALWAYS = (
    "time_s", "altitude_m", "speed_mps", "latitude_deg", "pitch_deg", "mass_kg", "thrust_n",
    "dynamic_pressure_pa", "attitude_error_deg", "p_radps", "gimbal_pitch_deg",
    "bending.mode.1.pitch_m", "bending.mode.2.yaw_m", "bending_moment_nm", "navigation_error_m",
)  # fmt: skip

STEERED = ("attitude_error_deg", "bending.mode.1.pitch_m", "bending.mode.2.yaw_m",
           "navigation_error_m")  # fmt: skip

times = st.floats(0.0, 60.0).map(lambda t: f"{t:.3f} s")
engines = st.integers(1, 9)


@st.composite
def faults(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["shutdown", "stuck", "hard over", "imu", "gnss", "mode"]))
    at = draw(times)
    match kind:
        case "shutdown":
            return f"stage1.engine.{draw(engines)}: shutdown at {at}"
        case "stuck":
            return f"stage1.engine.{draw(engines)}: stuck gimbal at {at}"
        case "hard over":
            angle = draw(st.floats(-6.0, 6.0))
            return f"stage1.engine.{draw(engines)}: stuck gimbal at {at} to {angle:.2f} deg"
        case "mode":
            ratio = draw(st.floats(0.4, 1.5))
            number = draw(st.integers(1, 2))
            return f"vehicle.bending.mode.{number}: frequency x {ratio:.3f} at {at}"
        case _:
            return f"{kind}: fail at {at}"


winds = st.fixed_dictionaries({
    "turbulence": st.sampled_from([None, "light", "moderate", "severe"]),
    "gust": st.lists(
        st.fixed_dictionaries({
            "altitude": st.floats(50.0, 12e3).map(lambda h: f"{h:.0f} m"),
            "thickness": st.floats(20.0, 2e3).map(lambda h: f"{h:.0f} m"),
            "from_deg": st.integers(0, 359),
            "speed": st.floats(0.0, 25.0).map(lambda v: f"{v:.1f} m/s"),
        }),
        max_size=2,
    ),
})  # fmt: skip


def ended_well(recording: Recording) -> None:
    """In an outcome that has a word, with numbers that are numbers, in the order of time."""
    body = recording.bodies["stage1"]
    assert body.outcome in {*ENDS.values(), "terminated", "broke_up"}
    assert body.outcome != "numerical"
    # What has been dropped is a rigid body that nobody steers.
    parted = [event.time_s for event in recording.events_named("separation")]
    flown = body.telemetry["time_s"] < min(parted, default=math.inf) - 0.1
    for name in ALWAYS:
        numbers = body.telemetry[name]
        assert np.isfinite(numbers[flown] if name in STEERED else numbers).all(), name
    assert (np.diff(body.telemetry["time_s"]) > 0.0).all()
    assert (np.diff(body.telemetry["mass_kg"]) <= 1e-6).all()
    assert body.telemetry["altitude_m"].min() > -1.0
    quaternion = [body.telemetry[f"attitude_body_from_eci_{axis}"] for axis in "wxyz"]
    np.testing.assert_allclose(np.linalg.norm(quaternion, axis=0), 1.0, rtol=1e-12)
    event(body.outcome)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(faults(), max_size=5),
    winds,
    st.booleans(),
    st.integers(0, 1000),
    st.sets(st.sampled_from(GROUPS)),
)
def test_whatever_fails_in_whatever_wind(
    lines: list[str], wind: dict[str, object], planned: bool, seed: int, groups: set[str]
) -> None:
    """The plan knows of none of it, so that one serves for all."""
    base = ready(planned, (("longest", LONGEST),))
    spec = base.mission.spec
    turbulence = wind["turbulence"]
    blown = spec.wind.model_copy(update={
        "turbulence": turbulence and validate(TurbulenceSpec, {"intensity": turbulence}),
        "gust": tuple(validate(GustSpec, each) for each in wind["gust"]),  # type: ignore[attr-defined]
    })  # fmt: skip
    found = (*spec.fault, *(parse_fault(line) for line in lines))
    fault_schedule(spec.vehicle, found, "")
    changed = spec.model_copy(update={"fault": found, "wind": blown, "forecast": spec.wind})
    mission = dataclasses.replace(
        base.mission, spec=changed, folders=base.mission.folders | {"forecast": base.mission.file},
    )  # fmt: skip
    prepared = Prepared(mission, base.planned)
    ended_well(fly_prepared(prepared, seed=seed, disperse=tuple(sorted(groups))))


def scaled(value: float, unit: str) -> st.SearchStrategy[str]:
    """A value within a fifth of what it is."""
    return st.floats(0.8, 1.2).map(lambda share: f"{share * value:.4g} {unit}")


missions = st.fixed_dictionaries(
    {},
    optional={
        "vehicle.stage1.engine.thrust_vac": scaled(82.9, "kN"),
        "vehicle.stage1.dry_mass": scaled(3.9, "t"),
        "vehicle.stage1.stiffness": scaled(885.0, "MN m^2"),
        "vehicle.stage1.engine.gimbal.rate": scaled(12.0, "deg/s"),
        "control.bandwidth": st.floats(0.3, 3.0).map(lambda w: f"{w:.3f} rad/s"),
        "control.damping": st.floats(0.3, 1.2).map(lambda z: f"{z:.3f}"),
        "control.latency_ticks": st.integers(0, 4).map(str),
        "control.integral_time": st.floats(2.0, 30.0).map(lambda t: f"{t:.2f} s"),
        "control.gimbal_limit": st.floats(1.0, 8.0).map(lambda a: f"{a:.2f} deg"),
        "guidance.rate_limit": st.floats(0.5, 4.0).map(lambda w: f"{w:.2f} deg/s"),
        "guidance.pitch_over_rate": st.floats(0.4, 2.0).map(lambda w: f"{w:.2f} deg/s"),
        "tick": st.sampled_from(["10 ms", "20 ms", "25 ms", "50 ms"]),
    },
)


def plannable(items: tuple[tuple[str, str], ...]) -> Prepared | InputError:
    """The mission with these settings, ready to fly, or what is wrong with it."""
    try:
        return prepare(load_mission(MISSION, settings=items))
    except InputError as error:
        return error


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(missions, st.integers(0, 1000))
def test_whatever_is_set_is_refused_or_flies(given_settings: dict[str, str], seed: int) -> None:
    items = (*given_settings.items(), ("longest", LONGEST))
    prepared = plannable(items)
    if isinstance(prepared, InputError):
        assert prepared.problems
        assert all(problem.message for problem in prepared.problems)
        event("refused")
    else:
        ended_well(fly_prepared(prepared, seed=seed))
