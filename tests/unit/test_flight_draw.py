"""What a draw moves, how far, and that nothing else moves with it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from flight_case import parts, ready, written
from scipy import stats

from downrange._random import MOST_FLIGHTS
from downrange._spec import get_path, walk_values
from downrange.errors import InputError
from downrange.flight.draw import (
    EVERYDAY,
    GROUPS,
    apply,
    burns_of,
    check_groups,
    draw,
    group_of,
    plan_draws,
)
from downrange.flight.lines import Line, lines_of
from downrange.flight.load import Mission, load_mission
from downrange.flight.spec import MissionSpec

THRUST = "vehicle.stage1.engine.3.thrust_vac"
FLIGHTS = 400


def mission() -> Mission:
    return ready(planned=True).mission


def spec() -> MissionSpec:
    return mission().spec


@pytest.mark.parametrize(
    ("path", "group"),
    [
        (THRUST, "engines"),
        ("vehicle.stage1.engine.thrust_vac", "engines"),
        ("vehicle.stage1.engine.gimbal.rate", "engines"),
        ("vehicle.stage2.engine.isp_vac", "engines"),
        ("vehicle.stage1.engine.failure_rate", ""),
        ("vehicle.stage1.engine.3.failure_time", "failures"),
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
        ("vehicle.correlation.1.coefficient", ""),
        ("wind.speed_factor", "wind"),
        ("wind.turbulence.surface_wind", "wind"),
        ("wind.deviation.level.3.north", "wind"),
        ("wind.deviation.level.3.north_sigma", ""),
        ("wind.deviation.correlation_length", ""),
        ("wind.sounding", "wind"),
        ("forecast.speed_factor", ""),
        ("guidance.rate_limit", ""),
        ("control.damping", ""),
        ("safety.keep_out", ""),
        ("site.pad.altitude", ""),
        ("fault.1.value", "faults"),
        ("correlation.1.coefficient", ""),
        ("tick", ""),
    ],
)
def test_the_group_of_a_value(path: str, group: str) -> None:
    assert group_of(path) == group


def test_what_guidance_safety_and_site_are_told_is_never_drawn() -> None:
    fixed = [path for path, _ in walk_values(spec()) if not group_of(path)]
    heads = {path.partition(".")[0] for path in fixed}
    assert {"guidance", "control", "safety", "site", "target"} <= heads
    told = [p for p in fixed if p.startswith(("vehicle.", "wind."))]
    assert all("correlation" in path or "deviation" in path for path in told)


def test_groups_are_spelled_out_and_checked() -> None:
    assert check_groups(["all"]) == EVERYDAY
    assert set(GROUPS) == {*EVERYDAY, "knowledge"}
    assert check_groups(["wind", "knowledge"]) == ("wind", "knowledge")
    assert check_groups(["knowledge", "all", "wind"]) == ("knowledge", *EVERYDAY)
    assert check_groups([]) == ()
    with pytest.raises(InputError) as caught:
        check_groups(["wind", "winds", "all"])
    assert [problem.path for problem in caught.value.problems] == ["winds"]
    assert "knowledge" in caught.value.problems[0].hint


def test_nothing_asked_for_moves_nothing() -> None:
    moved, drawn = draw(mission(), (), 1, 0)
    assert moved is spec()
    assert drawn == {}
    assert plan_draws(mission(), ()).sample(1, 0, 3).shape == (3, 0)


def test_the_same_seed_and_flight_draw_the_same() -> None:
    one, other = (draw(mission(), EVERYDAY, 7, 3) for _ in range(2))
    assert one[1] == other[1]
    assert one[0] == other[0]
    assert len(one[1]) > 3


@pytest.mark.parametrize(("seed", "flight"), [(8, 3), (7, 4)])
def test_another_seed_or_flight_draws_another(seed: int, flight: int) -> None:
    here, there = draw(mission(), EVERYDAY, 7, 3)[1], draw(mission(), EVERYDAY, seed, flight)[1]
    assert here.keys() == there.keys()
    assert not any(here[path] == there[path] for path in here)


@pytest.mark.parametrize("group", EVERYDAY)
def test_a_group_more_moves_no_other(group: str) -> None:
    flown = ready(planned=False).mission
    alone = draw(flown, (group,), 5, 0)[1]
    together = draw(flown, EVERYDAY, 5, 0)[1]
    assert {path: si for path, si in together.items() if group_of(path) == group} == alone


def test_a_flight_has_the_same_bits_alone_and_among_others() -> None:
    plan = plan_draws(ready(planned=False).mission, EVERYDAY)
    together = plan.sample(5, 100, 33)
    for row in (0, 1, 32):
        assert plan.sample(5, 100 + row).tobytes() == together[row].tobytes()


@pytest.mark.parametrize("first", [-1, MOST_FLIGHTS])
def test_a_flight_that_has_no_number_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="from 0 to"):
        plan_draws(mission(), ("mass",)).sample(1, first)


def test_the_drawn_values_stand_in_the_mission_and_all_others_are_as_before() -> None:
    moved, drawn = draw(mission(), ("engines", "mass"), 2, 0)
    before = dict(walk_values(spec()))
    for path, value in walk_values(moved):
        old = before.get(path)
        if old is None:  # an engine of its own
            assert value.si == drawn[path]
            continue
        assert value.si == drawn.get(path, old.si), path
        assert (value.low, value.high, value.spread) == (old.low, old.high, old.spread)
    assert drawn.keys() <= dict(walk_values(moved)).keys()
    assert moved.phase is spec().phase
    assert moved.site is spec().site
    assert moved.wind is spec().wind


def test_a_draw_of_the_wind_leaves_the_vehicle_itself() -> None:
    moved, _ = draw(mission(), ("wind",), 2, 0)
    assert moved.vehicle is spec().vehicle
    assert moved.wind is not spec().wind


def test_a_path_that_names_nothing_is_refused() -> None:
    for path in ("vehicle.stage1.dry_mas", "vehicle.stage1.engine.3.thrust"):
        with pytest.raises(InputError, match="there is no such thing"):
            apply(spec(), {path: 1.0})


def test_each_engine_is_drawn_and_reaches_the_kernels() -> None:
    prepared = ready(planned=True)
    _, drawn = draw(prepared.mission, ("engines",), 3, 1)
    numbers, _ = parts(prepared, seed=3, flight=1, disperse=("engines",))
    nominal, _ = parts(prepared, seed=3, flight=1)
    engines = [f"vehicle.stage1.engine.{k}" for k in range(1, 10)] + ["vehicle.stage2.engine.1"]
    thrust = [drawn[f"{engine}.thrust_vac"] for engine in engines]
    assert len(set(thrust)) == 10
    assert numbers.plant.engines.thrust_vac_n.tolist() == thrust
    assert nominal.plant.engines.thrust_vac_n[:9] == pytest.approx(82.9e3)
    # The flow follows from thrust and impulse; the nozzle stays what it was.
    isp = np.array([drawn[f"{engine}.isp_vac"] for engine in engines])
    assert numbers.plant.engines.flow_kgps == pytest.approx(np.array(thrust) / (isp * 9.80665))
    assert (numbers.plant.engines.exit_area_m2 == nominal.plant.engines.exit_area_m2).all()


def test_an_engine_with_a_value_of_its_own_is_drawn_about_that(tmp_path: Path) -> None:
    own = "\n[stage.engine.override.3]\nthrust_vac = { value = '80 kN', spread = '2 %' }\n"
    layout = "[stage.engine.layout]\nring = 8"
    file = written(tmp_path, ("vehicles", layout, f"{own}\n{layout}"))
    lines = {each.path: each for each in lines_of(load_mission(file).spec, ("engines",))}
    assert lines[THRUST].parameters["mean"] == 80e3
    assert lines[THRUST].parameters["sigma"] == pytest.approx(1600.0)
    assert lines["vehicle.stage1.engine.4.thrust_vac"].parameters["mean"] == 82.9e3
    assert len([path for path in lines if "stage1" in path and path.endswith("thrust_vac")]) == 9


@cache
def campaign(group: str, planned: bool = True) -> dict[str, np.ndarray]:
    plan = plan_draws(ready(planned=planned).mission, (group,))
    return dict(zip(plan.names, plan.sample(11, 0, FLIGHTS).T, strict=True))


def test_a_spread_is_the_standard_deviation_and_three_of_it_the_end() -> None:
    value = get_path(spec(), "vehicle.stage1.engine.thrust_vac")
    deviations = (campaign("engines")[THRUST] - value.si) / value.spread
    assert value.spread == pytest.approx(829.0)
    # Four standard errors: 1/sqrt(n) of the mean, 1/sqrt(2n) of the deviation.
    assert abs(deviations.mean()) < 4.0 / np.sqrt(FLIGHTS)
    assert deviations.std(ddof=1) == pytest.approx(1.0, abs=4.0 / np.sqrt(2 * FLIGHTS))
    assert np.abs(deviations).max() <= 3.0
    assert stats.kstest(deviations, "norm").pvalue > 1e-4


def test_values_of_one_flight_are_drawn_apart() -> None:
    one, other = (campaign("engines")[f"vehicle.stage1.engine.3.{k}"]
                  for k in ("thrust_vac", "isp_vac"))  # fmt: skip
    assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / np.sqrt(FLIGHTS)


def test_what_is_not_known_of_the_design_is_drawn_evenly_between_its_ends() -> None:
    path = "vehicle.stage1.stiffness"
    value = get_path(spec(), path)
    places = (campaign("knowledge")[path] - value.low) / (value.high - value.low)
    assert places.min() >= 0.0
    assert places.max() <= 1.0
    assert places.mean() == pytest.approx(0.5, abs=4.0 / np.sqrt(12 * FLIGHTS))
    assert stats.kstest(places, "uniform").pvalue > 1e-4


def test_every_value_with_a_range_is_drawn_with_the_knowledge_and_none_other() -> None:
    drawn = draw(mission(), ("knowledge",), 1, 0)[1]
    for path, value in walk_values(spec()):
        ranged = value.low is not None and value.high is not None and bool(group_of(path))
        assert (path in drawn) == ranged, path
        if ranged:
            assert value.low <= drawn[path] <= value.high


def test_a_spread_is_no_ground_to_draw_a_value_of_another_group() -> None:
    assert THRUST not in draw(mission(), ("wind", "mass"), 1, 0)[1]


def test_the_faults_of_the_flight_as_flown_are_drawn_about_what_is_calibrated() -> None:
    """Triangular: mean (low + mode + high) / 3, variance of the three over 18."""
    first = campaign("faults", planned=False)["fault.1.value"]
    a, c, b = 0.7, 0.755, 0.9
    sigma = np.sqrt((a * a + b * b + c * c - a * b - a * c - b * c) / 18.0)
    assert first.min() >= a
    assert first.max() <= b
    assert first.mean() == pytest.approx((a + b + c) / 3.0, abs=4.0 * sigma / np.sqrt(FLIGHTS))
    assert first.std() == pytest.approx(sigma, rel=4.0 / np.sqrt(2 * FLIGHTS))


def test_a_drawn_fault_shakes_the_vehicle_as_it_is_told() -> None:
    prepared = ready(planned=False)
    moved, drawn = draw(prepared.mission, ("faults",), 3, 0)
    numbers, _ = parts(prepared, seed=3, disperse=("faults",))
    assert numbers.faults.value.tolist() == [drawn["fault.1.value"], drawn["fault.2.value"]]
    assert f"{drawn['fault.1.value']:.6g}" in str(moved.fault[0])


def test_nothing_fails_where_no_rate_is_given() -> None:
    assert plan_draws(mission(), ("failures",)).names == ()


@cache
def failing() -> Mission:
    rate = ("vehicle.stage1.engine.failure_rate", "1e-3 1/s")
    upper = ("vehicle.stage2.engine.failure_rate", "2e-3 1/s")
    return load_mission("spectrum-flight-1", planned=True, settings=(rate, upper))


def test_failures_are_exponential_from_the_planned_ignition() -> None:
    planned = ready(planned=True).planned
    plan = plan_draws(failing(), ("failures",), planned)
    assert len(plan.names) == 10
    burns = burns_of(planned, failing().spec)
    (first_s, _), (start_s, end_s) = burns
    assert first_s == 0.0
    assert 140.0 < start_s < 175.0
    assert start_s + 250.0 < end_s < start_s + 350.0
    times = plan.sample(2, 0, 2000)
    lower, upper = times[:, 0], times[:, 9]
    # Mean 1/rate, and so is the deviation: four standard errors.
    assert lower.mean() == pytest.approx(1000.0, rel=4.0 / np.sqrt(2000))
    assert stats.kstest(lower, "expon", args=(0.0, 1000.0)).pvalue > 1e-4
    share = 1.0 - np.exp(-2e-3 * (end_s - start_s))
    failed = upper[np.isfinite(upper)]
    assert failed.min() >= start_s
    assert failed.max() <= end_s
    error = np.sqrt(share * (1.0 - share) / 2000)
    assert len(failed) / 2000 == pytest.approx(share, abs=4.0 * error)


def test_a_failure_is_a_fault_at_its_time() -> None:
    moved = apply(failing().spec, {"vehicle.stage1.engine.3.failure_time": 81.25,
                                   "vehicle.stage2.engine.1.failure_time": np.inf})  # fmt: skip
    assert [str(each) for each in moved.fault] == [
        "stage1.engine.3: shutdown at 81.25 s", "stage2.engine.1: shutdown at inf s",
    ]  # fmt: skip


def test_a_line_tells_where_it_is_from() -> None:
    lines: dict[str, Line] = {line.path: line for line in plan_draws(mission(), EVERYDAY).lines}
    line = lines[THRUST]
    assert (line.group, line.kind, line.nominal) == ("engines", "normal", 82.9e3)
    assert line.value is not None
    assert line.value.source == "spectrum-press"


def test_a_plan_is_told_for_a_file() -> None:
    plan = plan_draws(failing(), ("failures", "engines"), ready(planned=True).planned)
    told = {each["path"]: each for each in json.loads(json.dumps(plan.records(), allow_nan=False))}
    assert tuple(told) == plan.names
    thrust = told[THRUST]
    assert thrust["parameters"] == pytest.approx(
        {"mean": 82.9e3, "sigma": 829.0, "low": 82.9e3 - 2487.0, "high": 82.9e3 + 2487.0}
    )
    assert (thrust["unit"], thrust["distribution"], thrust["source"]) == (
        "N", "normal", "spectrum-press",
    )  # fmt: skip
    assert len(thrust["correlated"]) == 8
    assert set(thrust["correlated"].values()) == {0.5}
    failure = told["vehicle.stage1.engine.3.failure_time"]
    assert failure["parameters"] == {"rate": 1e-3, "start": 0.0, "end": None}
    assert (failure["unit"], failure["nominal"]) == ("s", None)


def test_an_engine_is_never_drawn_better_at_sea_level_than_in_vacuum(tmp_path: Path) -> None:
    old = 'isp_sl = { value = "285 s", low = "278 s", high = "292 s"'
    file = written(tmp_path, ("vehicles", old, old.replace("292 s", "312 s")))
    mission = load_mission(file)
    plan_draws(mission, EVERYDAY)
    with pytest.raises(InputError) as caught:
        plan_draws(mission, ("knowledge",))
    (problem,) = caught.value.problems
    assert (problem.file, problem.path) == (str(file), "vehicle.stage1.engine.isp_sl")
    assert "can be drawn as 312 s, in vacuum as 308 s" in problem.message
