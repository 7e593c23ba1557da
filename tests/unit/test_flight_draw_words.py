"""What is drawn, in words: as a person would write it, and what is left out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from flight_case import MISSION, ready, written

from downrange._spec import walk_values
from downrange.flight.draw import EVERYDAY, plan_draws
from downrange.flight.draw_words import Row, describe, left_out
from downrange.flight.load import load_mission


@cache
def rows() -> dict[str, Row]:
    return {row.value: row for row in describe(plan_draws(ready(planned=False).mission, EVERYDAY))}


@pytest.mark.parametrize(
    ("value", "count", "distribution"),
    [
        ("vehicle.stage1.dry_mass", 1, "normal 3.9 ± 0.039 t, cut at 3 sigma"),
        ("vehicle.stage1.engine.*.thrust_vac", 9,
         "normal 82.9 ± 0.829 kN, cut at 3 sigma, correlated 0.5 with each other"),
        ("vehicle.stage1.engine.*.fall_time", 9, "normal 0.3 ± 0.015 s, cut at 3 sigma"),
        ("vehicle.stage2.engine.1.isp_vac", 1, "normal 338 ± 1.69 s, cut at 3 sigma"),
        ("vehicle.stage1.separation.offset", 1, "normal 5 ± 5 mm, cut at 0 mm and 20 mm"),
        ("fault.1.value", 1,
         "triangular 0.7 to 0.9, most often 0.755, correlated 0.9 with fault.2.value"),
        ("wind.deviation.level.7.*", 2,
         "at 9.5 km, normal 0 ± 2.8 m/s, cut at 3 sigma, levels correlated by their distance"),
    ],
)  # fmt: skip
def test_a_row_says_how_a_value_is_drawn(value: str, count: int, distribution: str) -> None:
    row = rows()[value]
    assert (row.count, row.distribution) == (count, distribution)


def test_the_rows_stand_for_every_value() -> None:
    plan = plan_draws(ready(planned=False).mission, EVERYDAY)
    assert sum(row.count for row in rows().values()) == len(plan.names)
    row = rows()["vehicle.stage1.engine.*.thrust_vac"]
    assert (row.group, row.status, row.source) == ("engines", "derived", "spectrum-press")


def test_ranges_and_failures_in_words(tmp_path: Path) -> None:
    more = 'high = "4.5 t", distribution = "normal", quantiles = [0.1, 0.9], status'
    own = "[stage.engine]\ncount = 9\nfailure_rate = '2e-5 1/s'"
    file = written(
        tmp_path,
        ("vehicles", 'high = "4.5 t", spread = "1 %", status', more),
        ("vehicles", "[stage.engine]\ncount = 9", own),
    )
    mission = load_mission(file)
    told = {row.value: row.distribution
            for row in describe(plan_draws(mission, ("knowledge", "failures")))}  # fmt: skip
    # 1 t between -1.2816 and 1.2816 sigma, about 4 t.
    assert told["vehicle.stage1.dry_mass"] == "normal 4 ± 0.39 t, 10 % and 90 % at 3.5 t and 4.5 t"
    assert told["vehicle.stage1.engine.gimbal.rate"] == "uniform 8 deg/s to 20 deg/s"
    failing = told["vehicle.stage1.engine.*.failure_time"]
    assert failing == "stops by itself, 2e-5 1/s from 0 s"


def test_soundings_in_words(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    for day in "ab":
        text = "altitude_m,u_east_mps,v_north_mps\n0,4,0\n20000,14,0\n"
        (tmp_path / "days" / f"{day}.csv").write_text(text, encoding="utf-8")
    wind = tmp_path / "wind.toml"
    wind.write_text('name = "wind"\nmodel = "soundings"\nfolder = "days"\n', encoding="utf-8")
    mission = load_mission(MISSION, settings=(("wind", str(wind)),))
    (row,) = describe(plan_draws(mission, ("wind",)))
    assert (row.value, row.distribution) == ("wind.sounding", "one of 2 soundings, each as likely")


def test_what_is_not_drawn_is_told_by_reason() -> None:
    mission = ready(planned=False).mission
    plan = plan_draws(mission, ("engines",))
    left = {each.why: each.paths for each in left_out(mission, plan)}
    assert left["of the group mass, which is not drawn"] == (
        "vehicle.stage1.dry_mass", "vehicle.stage1.tank.fuel.load", "vehicle.stage1.tank.lox.load",
        "vehicle.stage1.separation.offset", "vehicle.stage2.dry_mass",
        "vehicle.stage2.tank.fuel.load", "vehicle.stage2.tank.lox.load",
    )  # fmt: skip
    assert left["of the group faults, which is not drawn"] == ("fault.1.value", "fault.2.value")
    knowledge = left["ranges that are knowledge of the design, the same on every flight"]
    assert "vehicle.stage1.stiffness" in knowledge
    assert "vehicle.stage1.diameter" in left["values without a range"]
    drawn = 8  # of both stages: thrust, impulse, two times
    paths = [path for path, _ in walk_values(mission.spec)]
    assert sum(len(paths) for paths in left.values()) == len(paths) - drawn
