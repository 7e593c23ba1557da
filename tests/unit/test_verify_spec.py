"""Check cases as written: what is refused, all at once, and where it stands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check_case import case
from numpy.testing import assert_allclose

from downrange._spec import validate
from downrange.errors import InputError
from downrange.verify.fly import fly_case
from downrange.verify.run import shipped_cases
from downrange.verify.spec import CaseSpec, load_case

BURN = {"start": "0 s", "stop": "10 s", "thrust": "10 N", "isp": "100 s"}
AERO = {"reference_area": "0.1 m^2", "drag": 0.5}


def problems(data: dict[str, Any]) -> dict[str, str]:
    """What is wrong, by its path."""
    with pytest.raises(InputError) as caught:
        validate(CaseSpec, data, "case.toml")
    assert all(problem.file == "case.toml" for problem in caught.value.problems)
    found: dict[str, str] = {}
    for problem in caught.value.problems:
        found[problem.path] = "; ".join(filter(None, [found.get(problem.path), problem.message]))
    return found


def checkpoints(columns: list[str], rows: list[list[float]], **tolerance: float) -> dict[str, Any]:
    return {"columns": columns, "rows": rows, "tolerance": tolerance}


def burn(**changes: Any) -> dict[str, Any]:
    return BURN | changes


def test_a_small_case_is_read() -> None:
    spec = validate(CaseSpec, case(), "case.toml")
    assert spec.body.mass.si == 2.0
    assert spec.step.si == 0.005
    assert spec.checkpoints.times_s == [5.0, 10.0]
    assert spec.aero is None
    assert spec.burn == ()


@pytest.mark.parametrize("path", shipped_cases(), ids=lambda path: path.stem)
def test_shipped_cases_are_valid(path: Path) -> None:
    spec = load_case(path)
    assert "NASA/TM-2015-218675" in spec.source
    assert max(spec.checkpoints.times_s) <= spec.duration.si


BRICK = """
name = "tumbling brick, damped"
source = "the form of a check case"
duration = "30 s"
step = "0.005 s"
[body]
mass = "0.155404754 slug"
variable_mass_rotation = "none"
[body.inertia]
xx = "0.00189422 slug ft^2"
yy = "0.006211019 slug ft^2"
zz = "0.007194665 slug ft^2"
xy = "0 slug ft^2"
xz = "0 slug ft^2"
yz = "0 slug ft^2"
[aero]
reference_area = "0.22222 ft^2"
reference_span = "0.33333 ft"
reference_chord = "0.66667 ft"
moment_centre_from_cm = ["0 ft", "0 ft", "0 ft"]
angle = "total"
drag = 0.0
lift = { alpha = ["-10 deg", "10 deg"], value = [-0.2, 0.2] }
side = 0.0
roll_moment = 0.0
pitch_moment = 0.0
yaw_moment = 0.0
damping = { roll = -1.0, pitch = -1.0, yaw = -1.0 }
[earth]
shape = "wgs84"
rotating = true
gravity = "j2"
[air]
model = "us76"
zero_above = "86 km"
[wind]
model = "linear"
from_deg = 270
speed = "-20 ft/s"
gradient = "0.003 ft/s per ft"
[initial]
latitude_deg = 0.0
longitude_deg = 0.0
altitude = "30000 ft"
velocity_ned = ["0 ft/s", "0 ft/s", "0 ft/s"]
euler_deg = { roll = 0.0, pitch = 0.0, yaw = 0.0 }
rates = { p = "10 deg/s", q = "20 deg/s", r = "30 deg/s", frame = "inertial" }
[checkpoints]
columns = ["time_s", "altitude_m", "velocity_down_mps", "roll_deg", "p_radps"]
rows = [[10.0, 8753.1, 97.9, 12.3, 0.12]]
tolerance = { altitude_m = 0.006, velocity_down_mps = 0.0006, roll_deg = 0.1, p_radps = 0.0002 }
"""


def test_every_key_of_the_format() -> None:
    spec = validate(CaseSpec, tomllib.loads(BRICK), "")
    assert_allclose(spec.body.mass.si, 2.267962, rtol=1e-6)  # 5 pounds
    assert_allclose(spec.body.inertia.xx.si, 0.00256821, rtol=1e-4)
    assert spec.wind is not None
    assert spec.wind.gradient is not None
    assert_allclose(spec.wind.gradient.si, 0.003, rtol=1e-15)
    assert_allclose(spec.initial.rates.q.si, 0.3490658504, rtol=1e-9)


def test_all_problems_at_once() -> None:
    bent = case(aero={"reference_area": "2 m", "drag": 0.5}, colour="red")
    del bent["body"]["inertia"]
    bent["body"]["mass"] = "-3 kg"
    bent["checkpoints"] = checkpoints(["time_s", "height"], [[30.0, 1.0]])
    found = problems(bent)
    assert set(found) == {
        "aero.reference_area", "colour", "body.inertia", "body.mass", "checkpoints.columns",
        "checkpoints.rows.1",
    }  # fmt: skip
    assert "unknown column 'height'" in found["checkpoints.columns"]


def test_checkpoint_past_the_duration_even_beside_other_problems() -> None:
    bent = case(checkpoints=checkpoints(["time_s"], [[5.0], [20.5]]))
    bent["body"]["mass"] = "2 s"
    found = problems(bent)
    assert found["checkpoints.rows.2"] == "time 20.5 s is past the duration, 20 s"
    assert "body.mass" in found


def test_a_step_that_would_never_end() -> None:
    assert "too many steps" in problems(case(step="1 ns"))["step"]
    assert "too many steps" in problems(case(duration="1e12 s"))["step"]


def test_a_table_of_checkpoints_with_everything_wrong() -> None:
    bent = checkpoints(
        ["time_s", "height_m", "altitude_m"],
        [[1.0, 2.0, float("nan")], [30.0, 1.0], [2.0, 1.0, 1.0]],
        altitude_m=-1.0, roll_deg=float("inf"),
    )  # fmt: skip
    found = problems(case(checkpoints=bent))
    assert found.keys() == {
        "checkpoints.columns", "checkpoints.tolerance.altitude_m", "checkpoints.tolerance.roll_deg",
        "checkpoints.rows.1.3", "checkpoints.rows.2", "checkpoints.rows.3",
    }  # fmt: skip
    assert "2 numbers for 3 columns; time 30 s is past the duration" in found["checkpoints.rows.2"]
    assert found["checkpoints.rows.3"] == "time 2 s is not after 30 s"
    assert "no such column; is no number" in found["checkpoints.tolerance.roll_deg"]


def test_figures_are_numbers_and_not_text() -> None:
    bent = checkpoints(["time_s", "altitude_m"], [["5", True]], altitude_m="1")  # type: ignore[list-item,arg-type]
    assert problems(case(checkpoints=bent)).keys() == {
        "checkpoints.rows.1.1", "checkpoints.rows.1.2", "checkpoints.tolerance.altitude_m"
    }  # fmt: skip
    assert "earth.rotating" in problems(case(earth={"rotating": "no"}))


def test_no_chance_and_no_depths() -> None:
    wind = {"model": "still", "turbulence": {"intensity": "light"}}
    assert "the same each time" in problems(case(wind=wind))["wind.turbulence"]
    bent = case()
    bent["initial"]["altitude"] = "-6000 km"
    assert "at least -10000 m" in problems(bent)["initial.altitude"]


def test_a_burn_long_after_the_last_checkpoint_costs_no_time() -> None:
    spec = validate(CaseSpec, case(burn=[burn(start="1e9 s", stop="1000000001 s")]), "")
    assert len(fly_case(spec, [5.0, 10.0])) == 2


@pytest.mark.parametrize(
    ("table", "path", "word"),
    [
        (checkpoints(["altitude_m"], [[1.0]], altitude_m=1.0), "columns", "time_s is missing"),
        (checkpoints(["time_s", "time_s"], [[1.0, 1.0]]), "columns", "more than once"),
        (checkpoints(["time_s", "altitude_m"], [[1.0, 2.0]]), "tolerance", "no tolerance"),
        (checkpoints(["time_s"], [[1.0]], roll_deg=1.0), "tolerance.roll_deg", "no such column"),
        (checkpoints(["time_s"], [[1.0, 2.0]]), "rows.1", "2 numbers for 1 columns"),
        (checkpoints(["time_s"], [[2.0], [1.0]]), "rows.2", "not after"),
        (checkpoints(["time_s"], [[-1.0]]), "rows.1", "before the start"),
        (checkpoints(["time_s"], []), "rows", "there are none"),
    ],
)
def test_checkpoint_tables(table: dict[str, Any], path: str, word: str) -> None:
    found = problems(case(checkpoints=table))
    assert word in found[f"checkpoints.{path}"]


def test_products_that_no_body_has() -> None:
    bent = case()
    bent["body"]["inertia"]["xy"] = "0.4 kg m^2"
    assert "not positive" in problems(bent)["body.inertia"]


@pytest.mark.parametrize("margin", [0.1, -0.1])
def test_products_are_integrals_of_xy_dm(margin: float) -> None:
    # 1 kg each at (1, 2, 3) and (-1, -2, -3): no inertia about that line, and less is no body.
    # With products of the other sign either would pass.
    bent = case()
    bent["body"]["inertia"] = {
        "xx": f"{26 + margin} kg m^2", "yy": f"{20 + margin} kg m^2", "zz": f"{10 + margin} kg m^2",
        "xy": "4 kg m^2", "xz": "6 kg m^2", "yz": "12 kg m^2",
    }  # fmt: skip
    if margin < 0.0:
        assert "body.inertia" in problems(bent)
    else:
        inertia = validate(CaseSpec, bent, "").body.inertia
        assert_allclose(inertia.kgm2(), [26.1, 20.1, 10.1, 4.0, 6.0, 12.0])


@pytest.mark.parametrize("frame", ["body", ""])
def test_rates_need_a_known_frame(frame: str) -> None:
    bent = case()
    bent["initial"]["rates"]["frame"] = frame
    assert "initial.rates.frame" in problems(bent)


def test_no_north_at_the_pole() -> None:
    bent = case()
    bent["initial"] |= {"latitude_deg": 90.0, "rates": {"frame": "ned"}}
    assert "initial.rates.frame" in problems(bent)


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"alpha": ["0 deg", "5 deg"], "value": [0.1]}, "2 angles but 1 values"),
        ({"alpha": ["5 deg", "0 deg"], "value": [0.1, 0.2]}, "must rise"),
        ({"alpha": ["5 deg", "0 deg"], "value": [0.1]}, "1 values; angles must rise: 0 deg"),
        ({"alpha": [], "value": []}, "needs its angles"),
        ({"alpha": ["0 deg"], "beta": ["0 deg"], "value": [0.1]}, "both alpha and beta"),
        ({"alpha": ["0 deg", "190 deg"], "value": [0.1, 0.2]}, "got 190 deg"),
        ("0.5", 'a table { alpha = ["-10 deg", ...], value = [...] }'),
    ],
)
def test_aero_tables(table: Any, word: str) -> None:
    assert word in problems(case(aero=AERO | {"drag": table}))["aero.drag"]


@pytest.mark.parametrize(
    ("changes", "path", "word"),
    [
        ({"until": "depletion"}, "burn.1", "a stop or until depletion"),
        ({"stop": None, "until": "depletion"}, "burn.1.propellant", "is missing"),
        ({"start": "10 s"}, "burn.1.stop", "not after the start"),
        ({"fuel_fraction": [0.0, 0.5]}, "burn.1.fuel_fraction", "from 0 to 1"),
        ({"fuel_fraction": [0.0, 1.0]}, "burn.1.fuel_fraction", "no table"),
        ({"moment_centre_x_from_cm": ["1 m"]}, "burn.1.moment_centre_x_from_cm",
         "1 entries for 0 fuel fractions"),
        ({"thrust": "10 kN"}, "burn.1", "more than the body's mass"),
        ({"drop_mass_after": "2 kg"}, "burn.1.drop_mass_after", "nothing of the body"),
    ],
)  # fmt: skip
def test_burns(changes: dict[str, Any], path: str, word: str) -> None:
    given = {key: text for key, text in burn(**changes).items() if text is not None}
    found = problems(case(burn=[given]))
    assert word in found[path], found


def test_fuel_fractions_rise() -> None:
    table = {"fuel_fraction": [0.0, 0.7, 0.6, 1.0], "moment_centre_x_from_cm": ["0 m"] * 4}
    assert "must rise" in problems(case(burn=[burn(**table)]))["burn.1.fuel_fraction"]


def test_burns_do_not_overlap() -> None:
    found = problems(case(burn=[burn(), burn(start="9 s", stop="12 s")]))
    assert found["burn.2.start"] == "the burn before ends at 10 s"


def test_burn_ends_at_stop_or_when_the_propellant_is_gone() -> None:
    # 980.665 N at 100 s burn 1 kg/s.
    heavy = case()
    heavy["body"]["mass"] = "100 kg"
    ends = []
    for changes in ({"stop": "10 s"}, {"stop": "10 s", "propellant": "7 kg"}):
        heavy["burn"] = [burn(thrust="980.665 N", **changes)]
        ends.append(validate(CaseSpec, heavy, "").burn[0].end_s)
    assert_allclose(ends, [10.0, 7.0], rtol=1e-15)
    assert np.isclose(validate(CaseSpec, heavy, "").burn[0].load_kg, 7.0)
