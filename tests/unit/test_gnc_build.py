"""From what is written to the flight software's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import CALM, EARTH, SITE, STAGES, TARGET, phases, planned, vehicle
from numpy.typing import NDArray

from downrange._spec import validate
from downrange.errors import InputError
from downrange.gnc.build import ascent_bounds, build_plan, new_memory
from downrange.gnc.filters import PASS, low_pass, notch
from downrange.gnc.kernel import data
from downrange.gnc.plan import Ascent
from downrange.gnc.spec import ControlSpec, GuidanceSpec, TargetSpec

FLOW_KGPS = 9.0 * 83e3 / (310.0 * 9.80665)


def bounds_of(*changed: dict[str, object], **guidance: object):
    spec = GuidanceSpec.model_validate(guidance)
    return ascent_bounds(phases(*changed), spec, vehicle(), "m.toml")


def test_the_planner_takes_its_bounds_from_the_sequence() -> None:
    bounds = bounds_of(pitch_over_rate="0.5 deg/s", max_dynamic_pressure="40 kPa")
    assert bounds.start_height_m == 100.0
    assert (bounds.start_time_s, bounds.start_speed_mps) == (0.0, 0.0)
    assert bounds.pitch_over_rate_radps == pytest.approx(math.radians(0.5), rel=1e-12)
    assert bounds.burnt_before_release_kg == pytest.approx(2.0 * FLOW_KGPS, rel=1e-12)
    assert bounds.residual_fraction == 0.002
    assert bounds.cutoff_speed_mps == math.inf
    assert bounds.max_dynamic_pressure_pa == 40e3
    assert bounds.min_staging_altitude_m == -math.inf


def test_the_time_of_the_phase_that_lets_go_is_time_since_release() -> None:
    rise = {"name": "rise", "engines": "stage1", "steering": "vertical", "release": True,
            "until": ["phase_time >= 7 s", "speed >= 30 m/s"]}  # fmt: skip
    bounds = bounds_of(rise)
    assert (bounds.start_time_s, bounds.start_speed_mps) == (7.0, 30.0)
    assert bounds.start_height_m == 0.0


def test_a_cut_off_by_command_bounds_the_burn() -> None:
    turn = {"name": "turn", "engines": "stage1", "steering": "programme",
            "any_until": ["speed >= 2400 m/s", "tank_fraction_min <= 1 %"]}  # fmt: skip
    bounds = bounds_of(turn)
    assert bounds.cutoff_speed_mps == 2400.0
    assert bounds.residual_fraction == pytest.approx(0.01, rel=1e-12)


@pytest.mark.parametrize(
    ("rise", "says"),
    [
        ({"until": ["acceleration >= 5 m/s^2"]}, "can't be planned from 'acceleration"),
        ({"until": ["height <= 50 m"]}, "can't be planned from 'height"),
        ({"any_until": ["height >= 50 m"]}, "can't be planned from alternatives"),
    ],
)
def test_a_start_that_cant_be_foreseen_is_refused(rise: dict[str, object], says: str) -> None:
    phase = {"name": "rise", "engines": "stage1", "steering": "vertical", "release": True, **rise}
    with pytest.raises(InputError, match=says):
        bounds_of(phase)


def test_a_flight_without_a_pitch_over_is_refused() -> None:
    over = {"name": "over", "engines": "stage1", "steering": "vertical",
            "until": ["phase_time >= 3 s"]}  # fmt: skip
    with pytest.raises(InputError, match="no phase steers a pitch_over"):
        bounds_of(over)


def test_the_programme_is_the_plan_on_its_speed() -> None:
    plan, ascent = planned()
    table = plan.steering.table
    assert plan.steering.signal == data.SPEED_MPS
    assert (np.diff(table[:, 0]) > 0.0).all()
    pitch = np.interp(ascent.speed_mps[: ascent.burnout_row], table[:, 0], table[:, 1])
    turned = slice(ascent.programme_row, ascent.burnout_row)
    np.testing.assert_allclose(pitch[turned], ascent.pitch_rad[turned], atol=math.radians(0.05))
    assert table[0, 1] == plan.steering.kick_pitch_rad == ascent.kick_pitch_rad
    assert table[-1, 0] == ascent.speed_mps[ascent.burnout_row]


def test_the_programme_on_time() -> None:
    spec = GuidanceSpec.model_validate({"programme": "time"})
    plan, ascent = build(spec)
    assert plan.steering.signal == data.TIME_SINCE_RELEASE_S
    assert plan.steering.table[-1, 0] == ascent.time_s[ascent.burnout_row]


def build(guidance: GuidanceSpec, **control: object) -> tuple[data.Plan, Ascent]:
    return build_plan(vehicle(), STAGES, phases(), guidance, ControlSpec.model_validate(control),
                      TargetSpec.model_validate(TARGET), SITE, EARTH, CALM)  # fmt: skip


def test_the_filters_follow_the_assumed_modes() -> None:
    plan, _ = planned(low_pass="9 Hz", notch={"depth": 0.1, "width": 0.3})
    full, half = plan.control.filters[-1], plan.control.filters[20]
    assert plan.control.mass[20, 0] == 0.5
    expected = [notch(math.tau * f, 0.1, 0.3, 0.02) for f in (4.2, 11.0)]
    np.testing.assert_allclose(full, [*expected, low_pass(math.tau * 9.0, 0.02)], atol=1e-12)
    np.testing.assert_allclose(half[0], notch(math.tau * 5.1, 0.1, 0.3, 0.02), atol=1e-12)
    plain, _ = planned()
    np.testing.assert_array_equal(plain.control.filters[:, 2], np.tile(PASS, (41, 1)))


def test_the_gains_follow_the_assumed_masses() -> None:
    plan, _ = planned()
    v = vehicle()
    full = [v.x_cm_m[-1], v.inertia_axial_kgm2[-1], v.inertia_lateral_kgm2[-1]]
    np.testing.assert_allclose(plan.control.mass[-1, 1:], full, rtol=1e-12)
    assert plan.control.aero[0].tolist() == [0.0, 2.6 * math.pi, 20.0]
    assert plan.control.gimbal_rate_radps == math.inf
    limited, _ = planned(gimbal_rate="8 deg/s")
    assert limited.control.gimbal_rate_radps == pytest.approx(math.radians(8.0), rel=1e-12)


def leaves(parameters: object) -> list[NDArray[np.float64] | float | int]:
    if isinstance(parameters, tuple):
        return [leaf for each in parameters for leaf in leaves(each)]
    return [parameters]  # type: ignore[list-item]


def test_types_do_not_vary_and_two_builds_are_alike() -> None:
    one, other = (build(GuidanceSpec())[0] for _ in range(2))
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b)
        assert type(a) in (float, int, np.ndarray)
        if isinstance(a, np.ndarray):
            assert a.flags.c_contiguous
            assert a.dtype == np.float64


def test_a_fresh_memory_stands_upright_and_knows_nothing() -> None:
    plan, _ = planned(latency_ticks=3)
    memory = new_memory(plan)
    assert memory.delay.shape == (4, 10, 2)
    assert memory.filters.shape == (2, 3, 2)
    assert memory.words[data.COMMANDED_PITCH_RAD] == 0.5 * math.pi
    assert math.isnan(memory.words[data.RELEASE_S])
    assert memory.words.shape == (data.WORDS,)


@pytest.mark.parametrize(
    ("cls", "tables", "path", "says"),
    [
        (ControlSpec, {"bandwith": "1 rad/s"}, "bandwith", "did you mean bandwidth?"),
        (ControlSpec, {"bandwidth": "1 Hz"}, "bandwidth", "expected an angular rate"),
        (ControlSpec, {"notch": {"depth": 2.0}}, "notch.depth", "at most 1"),
        (ControlSpec, {"latency_ticks": -1}, "latency_ticks", "greater than or equal to 0"),
        (GuidanceSpec, {"programme": "luck"}, "programme", "'speed' or 'time'"),
        (TargetSpec, {**TARGET, "apogee": "400 km"}, "", "apogee is below perigee"),
        (TargetSpec, {"perigee": "500 km", "apogee": "500 km"}, "inclination", "is missing"),
    ],
)  # fmt: skip
def test_what_is_written_wrong_is_named(
    cls: type, tables: dict[str, object], path: str, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        validate(cls, tables, "m.toml")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert says in f"{problem.message} {problem.hint}"
