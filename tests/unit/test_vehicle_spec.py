"""A vehicle that does not fit together is refused, every problem with its path."""

from __future__ import annotations

from typing import Any

import pytest
from vehicle_case import vehicle, vehicle_data

from downrange._spec import get_path, unsourced, validate
from downrange.errors import InputError
from downrange.vehicle.spec import VehicleSpec, liftoff_thrust_n


def problems(data: dict[str, Any]) -> dict[str, str]:
    """Message by path."""
    with pytest.raises(InputError) as caught:
        validate(VehicleSpec, data, "rocket.toml")
    assert all(problem.file == "rocket.toml" for problem in caught.value.problems)
    return {problem.path: str(problem) for problem in caught.value.problems}


def test_sums() -> None:
    whole = vehicle()
    assert whole.length_m == pytest.approx(29.0)
    assert whole.liftoff_mass_kg == pytest.approx(4000 + 35e3 + 900 + 7e3 + 300 + 500)
    assert liftoff_thrust_n(whole.stage[0].engine) == pytest.approx(9 * 75e3, rel=1e-6)
    assert get_path(whole, "stage1.tank.fuel.load").si == 10e3


def test_one_weaker_engine_counts() -> None:
    data = vehicle_data()
    data["stage"][0]["engine"]["override"] = {"4": {"thrust_vac": "60 kN"}}
    group = validate(VehicleSpec, data).stage[0].engine
    thrust_n, area_m2, _ = group.rating()
    assert liftoff_thrust_n(group) == pytest.approx(8 * 75e3 + 60e3 - 101325 * area_m2, rel=1e-6)
    assert thrust_n > 75e3


def test_a_stage_that_does_not_fit_together() -> None:
    data = vehicle_data()
    first, second = data["stage"]
    first["engine"]["fuel"] = "fule"
    first["dry_cm"] = "21 m"
    first["tank"][1]["bottom"] = "8 m"
    second["tank"][1]["bottom"] = "4 m"
    second["tank"][0]["name"] = "fuel"
    found = problems(data)
    assert "draws from 'fule', no tank" in found["stage1.engine.fuel"]
    assert "did you mean fuel?" in found["stage1.engine.fuel"]
    assert "21 m is outside the stage" in found["stage1.dry_cm"]
    assert "inside tank lox" in found["stage1.tank.fuel.bottom"]
    assert "2 tanks are named 'fuel'" in found["stage2.fuel"]
    assert "draws from 'lox'" in found["stage2.engine.oxidiser"]
    assert "sticks out of its stage" in found["stage2.tank.fuel.bottom"]
    assert "from 4.00 m to 5.27 m" in found["stage2.tank.fuel.bottom"]


def test_a_wide_tank_and_a_full_one() -> None:
    data = vehicle_data()
    data["stage"][0]["tank"][0]["diameter"] = "2.1 m"
    data["stage"][1]["tank"][1]["load"] = "3 t"
    found = problems(data)
    assert "wider than the stage" in found["stage1.tank.lox.diameter"]
    assert any("doesn't fit" in text for text in found.values())


def test_lift_off_thrust_below_weight() -> None:
    data = vehicle_data()
    data["payload"]["mass"] = "30 t"
    (text,) = problems(data).values()
    assert "rocket.toml: stage1.engine: lift-off thrust 675.0 kN" in text
    assert "weight 757.1 kN: thrust over weight is 0.892" in text


def test_places_outside_the_vehicle() -> None:
    data = vehicle_data()
    data["imu"]["station"] = "40 m"
    data["structure"]["critical_station"] = "29.5 m"
    data["payload"]["station"] = "30 m"
    data["aero"] = {
        "fin": {"count": 4, "root_chord": "1 m", "tip_chord": "1 m", "span": "1 m",
                "station": "25 m"}
    }  # fmt: skip
    found = problems(data)
    assert set(found) == {
        "imu.station", "structure.critical_station", "payload.station", "aero.fin.station",
    }  # fmt: skip


def test_repeated_and_bad_names() -> None:
    data = vehicle_data()
    data["stage"][1]["name"] = "stage1"
    assert any("2 stages are named 'stage1'" in text for text in problems(data).values())
    data["stage"][1]["name"] = "Stage 2"
    assert any("should match pattern" in text for text in problems(data).values())


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ([("0 m", "2 m"), ("12 m", "2 m"), ("11 m", "1 m"), ("20 m", "2 m")], "stations rise"),
        ([("0 m", "2 m"), ("12 m", "2 m")], "reach from 0 m to the stage's length"),
        ([("1 m", "2 m"), ("20 m", "2 m")], "reach from 0 m to the stage's length"),
    ],
)
def test_outline_out_of_order(section: list[tuple[str, str]], said: str) -> None:
    data = vehicle_data()
    data["stage"][0]["section"] = [{"station": s, "diameter": d} for s, d in section]
    (text,) = problems(data).values()
    assert said in text


def test_a_limit_needs_its_place() -> None:
    data = vehicle_data()
    del data["structure"]["critical_station"]
    (path,) = problems(data)
    assert path == "structure.critical_station"


def test_a_nose_longer_than_its_fairing() -> None:
    data = vehicle_data()
    data["fairing"]["nose_length"] = "5 m"
    assert set(problems(data)) == {"fairing.nose_length"}


def test_no_stages_and_no_tanks() -> None:
    data = vehicle_data()
    data["stage"][1]["tank"] = []
    assert set(problems(data)) == {"stage2.tank"}
    data["stage"] = []
    assert set(problems(data)) == {"stage"}


def test_unknown_keys_bare_numbers_and_wrong_dimensions_at_once() -> None:
    data = vehicle_data()
    data["fairng"] = {}
    data["stage"][0]["stiffness"] = "600 MN"
    data["stage"][1]["dry_mass"] = 900
    data["structure"]["damping_ratio"] = 1.5
    data["payload"]["mass"] = "-5 kg"
    found = problems(data)
    assert "did you mean fairing?" in found["fairng"]
    assert "expected a bending stiffness" in found["stage1.stiffness"]
    assert "bare number" in found["stage2.dry_mass"]
    assert {"structure.damping_ratio", "payload.mass"} <= set(found)


def test_defaults_have_sources() -> None:
    paths = {problem.path for problem in unsourced(vehicle())}
    assert not any(path.startswith("aero") or path.endswith("stiffness_scale") for path in paths)
