"""A wind's deviation, and winds from a folder of soundings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flight_case import MISSION, ready

from downrange._spec import validate
from downrange.earth.build import build_wind, count_soundings
from downrange.earth.kernel.wind import wind_ned
from downrange.earth.spec import WindSpec
from downrange.errors import InputError
from downrange.flight.assemble import first_plant
from downrange.flight.draw import apply, draw, plan_draws
from downrange.flight.load import load_mission


def level(altitude: str, **more: str) -> dict[str, Any]:
    return {"altitude": altitude, "north_sigma": "2 m/s", "east_sigma": "3 m/s", **more}


STEADY: dict[str, Any] = {"model": "steady", "from_deg": 270, "speed": "10 m/s"}
LEVELS = [level("0 m"), level("2 km", north="4 m/s"), level("6 km", north="-2 m/s", east="1 m/s")]


def wind(base: dict[str, Any], levels: list[dict[str, Any]]) -> Any:
    deviation = {"correlation_length": "2 km", "level": levels}
    return build_wind(validate(WindSpec, {**base, "deviation": deviation}))


@pytest.mark.parametrize(
    ("altitude_m", "north", "east"),
    [
        (-10.0, 0.0, 10.0),
        (1000.0, 2.0, 10.0),
        (2000.0, 4.0, 10.0),
        (4000.0, 1.0, 10.5),
        (6000.0, -2.0, 11.0),
        (12000.0, -2.0, 11.0),  # held
    ],
)
def test_a_deviation_is_added_linear_between_levels(
    altitude_m: float, north: float, east: float
) -> None:
    found = wind_ned(altitude_m, wind(STEADY, LEVELS))
    assert found == pytest.approx((north, east, 0.0), abs=1e-12)


def test_the_profile_has_the_levels_of_both_and_the_same_shape_whatever_is_drawn() -> None:
    profile = {
        "model": "profile",
        "level": [{"altitude": a, "from_deg": 270, "speed": "5 m/s"} for a in ("1 km", "2 km")],
    }
    drawn, nominal = wind(profile, LEVELS), wind(profile, [level("0 m"), level("2 km"),
                                                           level("6 km")])  # fmt: skip
    assert drawn.altitude_m.tolist() == [0.0, 1000.0, 2000.0, 6000.0]
    assert nominal.altitude_m.tolist() == drawn.altitude_m.tolist()


def test_a_wind_that_is_not_drawn_is_as_without_a_deviation() -> None:
    """The catalogue's levels are those of its profile, so that the very bits stay."""
    mission = ready(planned=True).mission
    bare = mission.spec.wind.model_copy(update={"deviation": None})
    here = build_wind(mission.spec.wind).profile
    assert here.tobytes() == build_wind(bare).profile.tobytes()


def test_a_draw_reaches_the_kernels() -> None:
    mission = ready(planned=True).mission
    moved, drawn = draw(mission, ("wind",), 4, 2)
    off = build_wind(moved.wind).profile - build_wind(mission.spec.wind).profile
    for k in range(12):
        for column, side in ((1, "north"), (2, "east")):
            assert off[k, column] == pytest.approx(
                drawn[f"wind.deviation.level.{k + 1}.{side}"], abs=1e-12
            )


def test_a_component_that_the_file_fixes_is_not_drawn() -> None:
    fixed = (("wind.deviation.level.3.north", "5 m/s"),)
    mission = load_mission(MISSION, planned=True, settings=fixed)
    names = plan_draws(mission, ("wind",)).names
    assert "wind.deviation.level.3.north" not in names
    assert "wind.deviation.level.3.east" in names
    assert first_plant(mission).around.wind.north_mps[2] == pytest.approx(
        first_plant(ready(planned=True).mission).around.wind.north_mps[2] + 5.0
    )


@pytest.mark.parametrize(
    ("base", "levels", "message"),
    [
        (STEADY, [], "needs a level"),
        (STEADY, [level("2 km"), level("1 km"), level("1 km")],
         r"level 2 \(1 km\) is not above.*level 3 \(1 km\)"),
        ({**STEADY, "model": "linear", "gradient": "0.001 1/s"}, LEVELS, "`deviation` does not go"),
        (STEADY, [{**level("0 m"), "north_sigma": "-1 m/s"}], "at least 0 m/s"),
    ],
)  # fmt: skip
def test_what_is_no_deviation_is_refused(
    base: dict[str, Any], levels: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        wind(base, levels)


# Soundings.

FIRST = "altitude_m,u_east_mps,v_north_mps\n0,4,0\n10000,14,0\n16000,20,6\n"
SECOND = "altitude_m,u_east_mps,v_north_mps\n0,0,2\n5000,10,2\n20000,10,2\n"


def folder_of(tmp_path: Path, **texts: str) -> Path:
    folder = tmp_path / "soundings"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "many.toml").write_text(
        'name = "many"\nmodel = "soundings"\nfolder = "soundings"\n', encoding="utf-8"
    )
    return tmp_path / "many.toml"


def soundings(tmp_path: Path, **more: Any) -> Any:
    spec = validate(WindSpec, {"model": "soundings", "folder": "soundings", **more})
    return build_wind(spec, tmp_path, 15000.0)


def test_a_sounding_is_on_the_altitudes_of_all(tmp_path: Path) -> None:
    folder_of(tmp_path, b=SECOND, a=FIRST)
    first, second = (soundings(tmp_path, sounding=k) for k in (1, 2))
    levels = [0.0, 5000.0, 10000.0, 16000.0, 20000.0]
    assert first.altitude_m.tolist() == second.altitude_m.tolist() == levels
    assert first.east_mps == pytest.approx([4.0, 9.0, 14.0, 20.0, 20.0])
    assert first.north_mps == pytest.approx([0.0, 0.0, 0.0, 6.0, 6.0], abs=1e-12)
    assert second.east_mps == pytest.approx([0.0, 10.0, 10.0, 10.0, 10.0])


def test_a_flight_that_draws_no_wind_meets_their_mean(tmp_path: Path) -> None:
    folder_of(tmp_path, b=SECOND, a=FIRST)
    mean = soundings(tmp_path)
    assert mean.east_mps == pytest.approx([2.0, 9.5, 12.0, 15.0, 15.0])
    assert mean.north_mps == pytest.approx([1.0, 1.0, 1.0, 4.0, 4.0])


def test_factor_and_turn_hold_for_soundings_too(tmp_path: Path) -> None:
    """A wind to the east, turned clockwise by 90 degrees, blows to the south."""
    folder_of(tmp_path, a="altitude_m,u_east_mps,v_north_mps\n0,4,0\n20000,4,0\n")
    turned = soundings(tmp_path, speed_factor=2.0, turn="90 deg")
    assert turned.north_mps == pytest.approx([-8.0, -8.0])
    assert turned.east_mps == pytest.approx([0.0, 0.0], abs=1e-12)


def test_all_problems_of_all_soundings_come_at_once(tmp_path: Path) -> None:
    folder_of(
        tmp_path, a=FIRST, low="altitude_m,u_east_mps,v_north_mps\n0,1,1\n9000,1,1\n",
        text="altitude_m,u_east_mps,v_north_mps\n0,1,x\n20000,y,1\n", short="altitude_m\n3\n",
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        soundings(tmp_path)
    files = [Path(each.file).stem for each in caught.value.problems]
    assert files == ["low", "short", "short", "text", "text"]
    assert "ends at 9000 m; it must reach 15000 m" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("make", "message"), [(True, "holds no CSV file"), (False, "is no folder")]
)
def test_a_folder_without_soundings_is_refused(tmp_path: Path, make: bool, message: str) -> None:
    if make:
        (tmp_path / "soundings").mkdir()
    with pytest.raises(InputError, match=message):
        soundings(tmp_path)


def test_a_sounding_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path, a=FIRST)
    with pytest.raises(InputError, match="there is no sounding 3, the folder holds 1"):
        soundings(tmp_path, sounding=3)
    with pytest.raises(InputError, match="`sounding` does not go with it"):
        validate(WindSpec, {**STEADY, "sounding": 1})
    with pytest.raises(InputError, match="`folder` is missing"):
        validate(WindSpec, {"model": "soundings"})


def test_a_folder_is_read_anew_when_a_file_changes(tmp_path: Path) -> None:
    folder_of(tmp_path, a=FIRST)
    assert soundings(tmp_path).east_mps[0] == pytest.approx(4.0)
    (tmp_path / "soundings" / "a.csv").write_text(FIRST.replace("0,4,0", "0,40,0"), "utf-8")
    assert soundings(tmp_path).east_mps[0] == pytest.approx(40.0)


def test_each_flight_takes_one_of_them(tmp_path: Path) -> None:
    file = folder_of(tmp_path, **{f"day{k}": FIRST.replace("0,4,0", f"0,{k},0") for k in range(5)})
    mission = load_mission(MISSION, planned=True, settings=(("wind", str(file)),))
    assert count_soundings(mission.spec.wind, mission.folders["wind"]) == 5
    plan = plan_draws(mission, ("wind",))
    assert plan.names == ("wind.sounding",)
    taken = plan.sample(1, 0, 1000)[:, 0]
    counts = np.bincount(taken.astype(int), minlength=6)
    # Four standard errors of a share of a fifth.
    assert counts[0] == 0
    assert np.abs(counts[1:] - 200).max() < 4.0 * np.sqrt(1000 * 0.2 * 0.8)
    moved = apply(mission.spec, {"wind.sounding": 4.0})
    assert build_wind(moved.wind, mission.folders["wind"]).east_mps[0] == pytest.approx(3.0)
    assert apply(mission.spec, {"wind.sounding": plan.nominal[0]}).wind.sounding is None


def test_the_mission_in_one_text_names_the_folder_wherever_it_lies(tmp_path: Path) -> None:
    file = folder_of(tmp_path, a=FIRST, b=SECOND)
    mission = load_mission(MISSION, planned=True, settings=(("wind", str(file)),))
    text = tmp_path / "elsewhere" / "resolved.toml"
    text.parent.mkdir()
    text.write_text(mission.to_toml(), encoding="utf-8")
    again = load_mission(text)
    assert (
        build_wind(again.spec.wind, again.folders["wind"]).east_mps.tolist()
        == build_wind(mission.spec.wind, mission.folders["wind"]).east_mps.tolist()
    )


def test_a_wind_file_that_is_not_there_is_laid_to_the_setting() -> None:
    with pytest.raises(InputError) as caught:
        load_mission(MISSION, settings=(("wind", "andoya-mai"),))
    (problem,) = caught.value.problems
    assert (problem.file, problem.path) == ("--set", "wind")
    assert "andoya-march" in problem.hint
