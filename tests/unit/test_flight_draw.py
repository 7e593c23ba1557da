"""What a draw moves, how far, and that nothing else moves with it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from flight_case import parts, ready
from scipy import stats

from downrange._spec import get_path, walk_values
from downrange.errors import InputError
from downrange.flight.draw import EVERYDAY, GROUPS, check_groups, draw, group_of
from downrange.flight.spec import MissionSpec

THRUST = "vehicle.stage1.engine.thrust_vac"
FLIGHTS = 400


def spec() -> MissionSpec:
    return ready(planned=True).mission.spec


@pytest.mark.parametrize(
    ("path", "group"),
    [
        (THRUST, "engines"),
        ("vehicle.stage1.engine.gimbal.rate", "engines"),
        ("vehicle.stage2.engine.isp_vac", "engines"),
        ("vehicle.stage1.dry_mass", "mass"),
        ("vehicle.stage1.tank.fuel.load", "mass"),
        ("vehicle.payload.mass", "mass"),
        ("vehicle.stage1.stiffness", "structure"),
        ("vehicle.structure.damping_ratio", "structure"),
        ("vehicle.fairing.stiffness", "structure"),
        ("vehicle.aero.axial_force_scale", "aero"),
        ("vehicle.imu.gyro_bias", "sensors"),
        ("vehicle.gnss.position_noise", "sensors"),
        ("vehicle.taps.level_noise", "sensors"),
        ("wind.speed_factor", "wind"),
        ("wind.turbulence.surface_wind", "wind"),
        ("forecast.speed_factor", ""),
        ("guidance.rate_limit", ""),
        ("control.damping", ""),
        ("safety.keep_out", ""),
        ("site.pad.altitude", ""),
        ("fault.1.value", ""),
        ("tick", ""),
    ],
)
def test_the_group_of_a_value(path: str, group: str) -> None:
    assert group_of(path) == group


def test_what_guidance_safety_and_site_are_told_is_never_drawn() -> None:
    fixed = {path for path, _ in walk_values(spec()) if not group_of(path)}
    heads = {path.partition(".")[0] for path in fixed}
    assert {"guidance", "control", "safety", "site", "target"} <= heads
    assert not heads & {"vehicle", "wind"}


def test_groups_are_spelled_out_and_checked() -> None:
    assert check_groups(["all"]) == EVERYDAY
    assert check_groups(["wind", "knowledge"]) == ("wind", "knowledge")
    assert check_groups([]) == ()
    with pytest.raises(InputError) as caught:
        check_groups(["wind", "winds", "all"])
    assert [problem.path for problem in caught.value.problems] == ["winds", "all"]
    assert "knowledge" in caught.value.problems[0].hint


def test_nothing_asked_for_moves_nothing() -> None:
    moved, drawn = draw(spec(), (), 1, 0)
    assert moved is spec()
    assert drawn == {}


def test_the_same_seed_and_flight_draw_the_same() -> None:
    one, other = (draw(spec(), EVERYDAY, 7, 3) for _ in range(2))
    assert one[1] == other[1]
    assert one[0] == other[0]
    assert len(one[1]) > 3


@pytest.mark.parametrize(("seed", "flight"), [(8, 3), (7, 4)])
def test_another_seed_or_flight_draws_another(seed: int, flight: int) -> None:
    here, there = draw(spec(), EVERYDAY, 7, 3)[1], draw(spec(), EVERYDAY, seed, flight)[1]
    assert here.keys() == there.keys()
    assert not any(here[path] == there[path] for path in here)


@pytest.mark.parametrize("group", EVERYDAY)
def test_a_group_more_moves_no_other(group: str) -> None:
    alone = draw(spec(), (group,), 5, 0)[1]
    together = draw(spec(), EVERYDAY, 5, 0)[1]
    assert {path: si for path, si in together.items() if group_of(path) == group} == alone


def test_the_drawn_values_stand_in_the_mission_and_all_others_are_as_before() -> None:
    moved, drawn = draw(spec(), ("engines", "mass"), 2, 0)
    before = dict(walk_values(spec()))
    for path, value in walk_values(moved):
        assert value.si == drawn.get(path, before[path].si), path
        assert (value.low, value.high, value.spread) == (
            before[path].low, before[path].high, before[path].spread,
        )  # fmt: skip
    assert moved.phase is spec().phase
    assert moved.site is spec().site


def test_the_drawn_thrust_reaches_the_engines() -> None:
    prepared = ready(planned=True)
    _, drawn = draw(prepared.mission.spec, ("engines",), 3, 1)
    numbers, _ = parts(prepared, seed=3, flight=1, disperse=("engines",))
    nominal, _ = parts(prepared, seed=3, flight=1)
    thrust = numbers.plant.engines.thrust_vac_n
    assert thrust[:9] == pytest.approx(drawn[THRUST])
    assert nominal.plant.engines.thrust_vac_n[:9] == pytest.approx(82.9e3)
    # Exit area follows from the two impulses, flow from thrust and impulse.
    isp = drawn["vehicle.stage1.engine.isp_vac"]
    flow = numbers.plant.engines.flow_kgps[0]
    assert flow == pytest.approx(drawn[THRUST] / (isp * 9.80665))


@cache
def campaign(group: str) -> list[dict[str, float]]:
    return [draw(spec(), (group,), 11, flight)[1] for flight in range(FLIGHTS)]


def draws(path: str, group: str) -> np.ndarray:
    return np.array([drawn[path] for drawn in campaign(group)])


def test_a_spread_is_the_standard_deviation_and_three_of_it_the_end() -> None:
    value = get_path(spec(), THRUST)
    deviations = (draws(THRUST, "engines") - value.si) / value.spread
    assert value.spread == pytest.approx(829.0)
    # Four standard errors: 1/sqrt(n) of the mean, 1/sqrt(2n) of the deviation.
    assert abs(deviations.mean()) < 4.0 / np.sqrt(FLIGHTS)
    assert deviations.std(ddof=1) == pytest.approx(1.0, abs=4.0 / np.sqrt(2 * FLIGHTS))
    assert np.abs(deviations).max() <= 3.0
    assert stats.kstest(deviations, "norm").pvalue > 1e-4


def test_values_of_one_flight_are_drawn_apart() -> None:
    other = "vehicle.stage1.engine.isp_vac"
    correlation = np.corrcoef(draws(THRUST, "engines"), draws(other, "engines"))[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(FLIGHTS)


def test_what_is_not_known_of_the_design_is_drawn_evenly_between_its_ends() -> None:
    path = "vehicle.stage1.stiffness"
    value = get_path(spec(), path)
    places = (draws(path, "knowledge") - value.low) / (value.high - value.low)
    assert places.min() >= 0.0
    assert places.max() <= 1.0
    assert places.mean() == pytest.approx(0.5, abs=4.0 / np.sqrt(12 * FLIGHTS))
    assert stats.kstest(places, "uniform").pvalue > 1e-4


def test_every_value_with_a_range_is_drawn_with_the_knowledge_and_none_other() -> None:
    drawn = draw(spec(), ("knowledge",), 1, 0)[1]
    for path, value in walk_values(spec()):
        ranged = value.low is not None and value.high is not None and bool(group_of(path))
        assert (path in drawn) == ranged, path
        if ranged:
            assert value.low <= drawn[path] <= value.high


def test_a_spread_is_no_ground_to_draw_a_value_of_another_group() -> None:
    assert THRUST not in draw(spec(), ("wind", "mass"), 1, 0)[1]
    assert set(GROUPS) == {*EVERYDAY, "knowledge"}
