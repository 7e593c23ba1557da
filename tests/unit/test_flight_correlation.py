"""Correlations: what a file can state, what it can't, and what comes of it."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from flight_case import ready, written

from downrange.cli.things import load, try_out
from downrange.errors import InputError
from downrange.flight.correlation import root
from downrange.flight.draw import DrawPlan, plan_draws
from downrange.flight.load import load_mission

FLIGHTS = 4000
FOUR = 4.0 / math.sqrt(FLIGHTS)  # standard errors of a correlation near 0, more near 1


@cache
def plan() -> DrawPlan:
    return plan_draws(ready(planned=False).mission, ("engines", "wind", "faults"))


@cache
def values() -> dict[str, np.ndarray]:
    return dict(zip(plan().names, plan().sample(21, 0, FLIGHTS).T, strict=True))


def correlation(one: str, other: str) -> float:
    return float(np.corrcoef(values()[one], values()[other])[0, 1])


def test_engines_of_a_batch_are_drawn_together() -> None:
    """Cut at three sigma, a normal's correlation changes by less than 0.01."""
    first, last = (f"vehicle.stage1.engine.{k}.thrust_vac" for k in (1, 9))
    assert correlation(first, last) == pytest.approx(0.5, abs=FOUR)
    assert abs(correlation(first, "vehicle.stage1.engine.1.isp_vac")) < FOUR
    assert abs(correlation(first, "vehicle.stage2.engine.1.thrust_vac")) < FOUR
    total = sum(values()[f"vehicle.stage1.engine.{k}.thrust_vac"] for k in range(1, 10))
    # Of nine alike: variance 9 s^2 (1 + 8 rho).
    expected = 829.0 * math.sqrt(9.0 * (1.0 + 8.0 * 0.5))
    assert np.std(total) == pytest.approx(expected, rel=4.0 / math.sqrt(2 * FLIGHTS) + 0.014)


def test_modes_of_one_cause_are_drawn_together() -> None:
    from scipy import stats

    ranks = stats.spearmanr(values()["fault.1.value"], values()["fault.2.value"]).statistic
    # Pearson 1907, of normal scores correlated 0.9.
    assert ranks == pytest.approx(6.0 / math.pi * math.asin(0.45), abs=FOUR)


@pytest.mark.parametrize(
    ("one", "other", "apart_m"), [(1, 2, 90.0), (5, 6, 2500.0), (6, 8, 6500.0)]
)
def test_the_winds_levels_are_correlated_by_their_distance(
    one: int, other: int, apart_m: float
) -> None:
    first, second = (f"wind.deviation.level.{k}.north" for k in (one, other))
    assert correlation(first, second) == pytest.approx(math.exp(-apart_m / 3000.0), abs=FOUR)
    assert abs(correlation(first, second.replace("north", "east"))) < FOUR


def test_a_correlated_value_has_the_same_bits_whatever_else_is_drawn() -> None:
    alone = plan_draws(ready(planned=False).mission, ("faults",))
    row = dict(zip(alone.names, alone.sample(21, 7, 1)[0], strict=True))
    assert {name: values()[name][7] for name in alone.names} == row


def test_a_plan_tells_what_is_correlated() -> None:
    row = plan().names.index("fault.1.value")
    assert plan().correlated_with(row) == [("fault.2.value", 0.9)]


def test_the_root_is_cholesky_of_each_group_by_itself() -> None:
    matrix = np.eye(5)
    matrix[np.ix_([0, 3], [0, 3])] = [[1.0, 0.6], [0.6, 1.0]]
    lower = root(matrix)
    np.testing.assert_allclose(lower @ lower.T, matrix, atol=1e-15)
    assert lower[3].tolist() == [0.6, 0.0, 0.0, 0.8, 0.0]
    assert (np.diag(lower)[[0, 1, 2, 4]] == 1.0).all()


# What is refused. Tables are added to the mission's file and to the vehicle's.


def correlated(between: str, coefficient: object = 0.5) -> str:
    return f"\n[[correlation]]\nbetween = {between}\ncoefficient = {coefficient}\n"


def problems(folder: Path, mission: str = "", vehicle: str = "") -> list[str]:
    target = '[target]\nperigee = { value = "500 km"'
    file = written(folder)
    for name, more in (("spectrum-flight-1", mission), ("spectrum", vehicle)):
        path = folder / f"{name}.toml"
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert target in file.read_text(encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_mission(file)
    return ["|".join((Path(each.file).name, each.path, each.message, each.hint))
            for each in caught.value.problems]  # fmt: skip


def test_unknown_paths_are_refused_all_at_once_with_file_and_path(tmp_path: Path) -> None:
    said = problems(
        tmp_path,
        correlated('["fault.1.value", "fault.7.value"]') + correlated('["guidance.rate_limit"]'),
        correlated('["stage1.engine.*.thrust_vaq", "stage1.dry_mass"]'),
    )
    vehicle, mission, guidance = said
    assert vehicle.startswith("spectrum.toml|correlation.3.between|'stage1.engine.*.thrust_vaq' ")
    assert "stage1.engine.thrust_vac" in vehicle or "thrust_vac" in vehicle
    assert mission.startswith("spectrum-flight-1.toml|correlation.2.between|'fault.7.value' names")
    assert "fault.1.value" in mission
    assert guidance.startswith("spectrum-flight-1.toml|correlation.3.between|'guidance.rate_limit'")


def test_a_correlation_of_one_value_is_refused(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, vehicle=correlated('["stage1.dry_mass"]'))
    assert "is a single value" in said


def test_correlations_that_cannot_all_hold_are_refused(tmp_path: Path) -> None:
    """Three values: 0.9, 0.9 and -0.9; the least eigenvalue is 1 - 0.9 * 2 = -0.8."""
    masses = ["stage1.dry_mass", "stage2.dry_mass", "stage1.tank.fuel.load"]
    a, b, c = (f'"{each}"' for each in masses)
    said = problems(tmp_path, vehicle=correlated(f"[{a}, {b}]", 0.9)
                    + correlated(f"[{b}, {c}]", 0.9) + correlated(f"[{a}, {c}]", -0.9))  # fmt: skip
    (one,) = said
    assert one.startswith("spectrum.toml|correlation.3|")
    assert "not positive definite" in one
    assert "-0.8" in one


@pytest.mark.parametrize("coefficient", [-0.2, 1.0])
def test_an_even_correlation_has_its_limits(tmp_path: Path, coefficient: float) -> None:
    """Nine alike: above -1/8."""
    own = correlated('["stage1.engine.*.fall_time"]', coefficient)
    (said,) = problems(tmp_path, vehicle=own)
    assert "not positive definite" in said
    assert "-0.125" in said


def test_a_coefficient_beyond_one_is_refused(tmp_path: Path) -> None:
    said = problems(tmp_path, vehicle=correlated('["stage1.engine.*.fall_time"]', 1.5))
    assert "at most 1" in said[0]
    assert said[0].startswith("spectrum.toml|correlation.3.coefficient|")


def test_two_tables_that_disagree_are_refused(tmp_path: Path) -> None:
    engines = ", ".join(f'"vehicle.stage1.engine.{k}.thrust_vac"' for k in (1, 2))
    twice = correlated(f"[{engines}]", 0.7)
    (said,) = problems(tmp_path, twice)
    assert said.startswith("spectrum-flight-1.toml|correlation.2|")
    assert "0.7, but 0.5 by vehicle.correlation.1" in said


def test_a_value_that_is_fixed_by_the_command_line_is_no_mistake() -> None:
    fixed = (("vehicle.stage1.engine.thrust_vac", "80 kN"),)
    mission = load_mission("spectrum-flight-1", settings=fixed)
    assert not any("stage1" in name and "thrust" in name
                   for name in plan_draws(mission, ("engines",)).names)  # fmt: skip


def test_a_mission_without_its_faults_has_no_correlation_of_them(tmp_path: Path) -> None:
    planned = load_mission("spectrum-flight-1", planned=True, faults=["imu: fail at 9 s"])
    assert planned.spec.correlation == ()
    healthy = load_mission("spectrum-flight-1").healthy()
    assert (healthy.spec.fault, healthy.spec.correlation, healthy.planned) == ((), (), True)
    file = tmp_path / "resolved.toml"
    file.write_text(healthy.to_toml(), encoding="utf-8")
    assert load_mission(file).spec.correlation == ()


def test_a_vehicle_is_checked_without_a_mission(tmp_path: Path) -> None:
    written(tmp_path)
    file = tmp_path / "spectrum.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + correlated('["stage3.engine.*.thrust_vac"]'), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        try_out(load(str(file)))
    (problem,) = caught.value.problems
    assert (problem.file, problem.path) == (str(file), "correlation.3.between")
    assert "stage" in problem.hint
