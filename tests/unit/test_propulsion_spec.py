"""What a person may write about engines and tanks, and what they are told when it is wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from downrange._spec import get_path, validate, walk_values
from downrange.errors import InputError
from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines, build_tanks, feed_problems, tank_indices
from downrange.propulsion.spec import EngineGroupSpec, TankSpec

G0_MPS2 = 9.80665

GROUP: dict[str, Any] = {
    "count": 9,
    "layout": {"ring": 8, "ring_radius": "0.75 m", "centre": 1},
    "station": "0.4 m",
    "thrust_vac": "84 kN",
    "isp_vac": "318 s",
    "exit_area": "0.09 m^2",
    "oxidiser": "lox",
    "fuel": "propane",
    "mixture_ratio": 2.7,
    "gimbal": {"limit": "6 deg", "rate": "12 deg/s", "natural_frequency": "6 Hz", "damping": 0.7},
}
TANK: dict[str, Any] = {
    "name": "fuel",
    "propellant": "propane",
    "density": "582 kg/m^3",
    "load": "9.8 t",
    "volume": "17.5 m^3",
    "bottom": "1.2 m",
    "diameter": "2 m",
}
TANKS = {"lox": 0, "propane": 1}


def group(**changes: Any) -> EngineGroupSpec:
    data = {key: each for key, each in (GROUP | changes).items() if each is not None}
    return validate(EngineGroupSpec, data, "v.toml")


def wrong(**changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        group(**changes)
    return str(caught.value)


# Isp 318 s and 84 kN in vacuum with 0.09 m^2: the same engine, told in other figures.
SEA_LEVEL_N = 84e3 - 101325.0 * 0.09
SEA_LEVEL_S = 318.0 * SEA_LEVEL_N / 84e3


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"exit_area": None, "thrust_sl": f"{SEA_LEVEL_N} N"},
        {"exit_area": None, "isp_sl": f"{SEA_LEVEL_S} s"},
        {"thrust_vac": None, "thrust_sl": f"{SEA_LEVEL_N} N"},
        {"isp_vac": None, "isp_sl": f"{SEA_LEVEL_S} s"},
        {
            "thrust_vac": None,
            "exit_area": None,
            "thrust_sl": f"{SEA_LEVEL_N} N",
            "isp_sl": f"{SEA_LEVEL_S} s",
        },
        {"thrust_sl": "75 kN", "isp_sl": "284 s"},  # rounded, as published: agrees within 1 %
    ],
)
def test_any_figures_that_fix_an_engine_give_the_same_engine(figures: dict[str, Any]) -> None:
    flow_kgps = 84e3 / (318.0 * G0_MPS2)
    assert group(**figures).rating() == pytest.approx((84e3, 0.09, flow_kgps), rel=1e-9)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"thrust_sl": "70 kN"}, "thrust_sl 70 kN disagrees with the other figures"),
        ({"isp_sl": "300 s"}, "isp_sl 300 s disagrees with the other figures"),
        ({"exit_area": None}, "needs exit_area, or thrust_sl, or both isp"),
        ({"thrust_vac": None}, "needs thrust_vac, or thrust_sl"),
        ({"isp_vac": None}, "needs isp_vac or isp_sl"),
        ({"exit_area": None, "thrust_sl": "85 kN"}, "can't be better at sea level"),
        ({"count": 8}, "count is 8, but the layout places 9"),
        ({"layout": None}, "count is 9, but the layout places 1"),
        ({"gimballed": [10]}, "gimballed names engine 10 of 9"),
        ({"override": {"12": {}}}, "override names engine 12 of 9"),
        ({"override": {"five": {}}}, "overridden by number, from 1, not by 'five'"),
        (
            {"override": {"2": {"isp_vac": "310 s", "isp_sl": "280 s"}}},
            "give isp_vac or isp_sl, the other follows from the nozzle",
        ),
        (
            {
                "thrust_vac": {"value": "84 kN", "spread": "1 %"},
                "thrust_sl": {"value": f"{SEA_LEVEL_N} N", "spread": "1 %"},
            },
            "thrust_vac and thrust_sl both have a spread",
        ),
        ({"failure_rate": "-1 1/s"}, "at least 0 1/s"),
        ({"mixture_ratio": None}, "oxidiser and mixture_ratio go together"),
        ({"throttle_min": 0.9, "throttle_max": 0.8}, "throttle_min 0.9 is above throttle_max 0.8"),
        (
            {"moving_mass": "80 kg", "moving_cg": "0.5 m", "moving_inertia": "10 kg m^2"},
            "at least mass cg^2 = 20 kg m^2",
        ),
        ({"layout": {"ring": 9}}, "a ring needs its ring_radius"),
        (
            {"layout": {"centre": 1, "position": [{"y": "0 m", "z": "1 m"}]}},
            "not both",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(figures: dict[str, Any], message: str) -> None:
    assert message in wrong(**figures)


def test_problems_carry_file_path_and_all_at_once() -> None:
    text = wrong(thrust_vac="75 kg", isp_vac=318, thrust="1 N")
    assert "v.toml: thrust_vac: expected a force, got '75 kg', which is a mass" in text
    assert "v.toml: isp_vac: expected a time with its unit" in text
    assert "v.toml: thrust: unknown key (did you mean thrust_" in text


def test_ring_then_centre() -> None:
    engines = build_engines([(0, 2.0, group(), TANKS)])
    assert engines.n == 9
    x_m, y_m, z_m = engines.position_m.T
    assert x_m == pytest.approx(np.full(9, 2.4))
    assert np.hypot(y_m, z_m) == pytest.approx([0.75] * 8 + [0.0])
    assert (y_m[0], z_m[0]) == pytest.approx((0.75, 0.0))  # engine 1 to the right
    assert (y_m[2], z_m[2]) == pytest.approx((0.0, 0.75))  # engine 3 below
    assert y_m.sum() == pytest.approx(0.0, abs=1e-12)


def test_layout_one_by_one_and_turned() -> None:
    places = [{"y": "1 m", "z": "2 m"}, {"y": "-1 m", "z": "0 m"}]
    engines = build_engines([(0, 0.0, group(count=2, layout={"position": places}), TANKS)])
    assert engines.position_m[:, 1:] == pytest.approx(np.array([[1.0, 2.0], [-1.0, 0.0]]))
    turned = {"ring": 2, "ring_radius": "1 m", "first_angle": "90 deg"}
    engines = build_engines([(0, 0.0, group(count=2, layout=turned), TANKS)])
    assert engines.position_m[0, 1:] == pytest.approx([0.0, 1.0])


def test_kernel_types() -> None:
    engines = build_engines([(1, 0.0, group(), TANKS)])
    assert isinstance(engines.n, int)
    assert engines.table.flags["C_CONTIGUOUS"]
    assert engines.table.dtype == np.float64
    assert engines.table.shape == (9, kernel.ENGINE_COLUMNS)
    assert (engines.stage[0], engines.oxidiser_tank[0], engines.fuel_tank[0]) == (1, 0, 1)
    assert engines.gimbal_natural_radps[0] == pytest.approx(2.0 * math.pi * 6.0)
    assert engines.gimbal_limit_rad[0] == pytest.approx(math.radians(6.0))


def test_two_stages_and_none() -> None:
    upper = group(count=1, layout=None, gimbal=None, throttle_min=0.5)
    engines = build_engines([(0, 0.0, group(), TANKS), (1, 18.0, upper, {"lox": 2, "propane": 3})])
    assert engines.stage.tolist() == [0] * 9 + [1]
    assert engines.position_m[9] == pytest.approx([18.4, 0.0, 0.0])
    assert engines.gimballed[:9].all()
    assert not engines.gimballed[9].any()
    assert (engines.throttle_min[8], engines.throttle_min[9]) == (1.0, 0.5)
    assert engines.fuel_tank[9] == 3
    empty = build_engines([])
    assert (empty.n, empty.position_m.shape, empty.gimballed.shape) == (0, (0, 3), (0, 2))


def test_override_of_one_engine() -> None:
    spec = group(override={"5": {"thrust_vac": "80 kN"}, "6": {"isp_vac": "300 s"}})
    engines = build_engines([(0, 0.0, spec, TANKS)])
    flow_kgps = 84e3 / (318.0 * G0_MPS2)
    assert engines.thrust_vac_n[[3, 4, 5]].tolist() == [84e3, 80e3, 84e3]
    assert engines.flow_kgps[3] == pytest.approx(flow_kgps)
    assert engines.flow_kgps[4] == pytest.approx(flow_kgps * 80.0 / 84.0)  # Isp stays
    assert engines.flow_kgps[5] == pytest.approx(flow_kgps * 318.0 / 300.0)
    assert get_path(spec, "5.thrust_vac").si == 80e3
    assert get_path(spec, "4.thrust_vac").si == 84e3


def test_an_engine_with_sea_level_figures_of_its_own() -> None:
    """Its nozzle is the group's: 101325 Pa on 0.09 m^2."""
    own = {"5": {"thrust_sl": "70 kN"}, "6": {"isp_sl": "280 s"}}
    engines = build_engines([(0, 0.0, group(override=own), TANKS)])
    thrust_n = 70e3 + 101325.0 * 0.09
    assert engines.thrust_vac_n[4] == pytest.approx(thrust_n)
    assert engines.flow_kgps[4] == pytest.approx(thrust_n / (318.0 * G0_MPS2))
    assert engines.thrust_vac_n[5] == 84e3
    assert engines.flow_kgps[5] == pytest.approx(SEA_LEVEL_N / (280.0 * G0_MPS2))


def test_some_engines_gimballed() -> None:
    engines = build_engines([(0, 0.0, group(gimballed=[9]), TANKS)])
    assert engines.gimballed[:, 0].tolist() == [0.0] * 8 + [1.0]


def test_one_propellant() -> None:
    spec = group(oxidiser=None, mixture_ratio=None, fuel="hydrazine")
    engines = build_engines([(0, 0.0, spec, {"hydrazine": 4})])
    assert engines.mixture_ratio[0] == 0.0
    assert engines.oxidiser_tank[0] == engines.fuel_tank[0] == 4


def test_a_tank_that_does_not_exist_is_named_with_the_nearest() -> None:
    problems = feed_problems(group(fuel="propan"), TANKS, "stage1.engine", "v.toml")
    assert len(problems) == 1
    said = "v.toml: stage1.engine.fuel: draws from 'propan', no tank of its stage"
    assert str(problems[0]) == f"{said} (did you mean propane?)"
    with pytest.raises(InputError, match="draws from 'propan'"):
        build_engines([(0, 0.0, group(fuel="propan"), TANKS)])
    assert "tanks: none" in str(feed_problems(group(), [])[0])


def test_tanks() -> None:
    lower = [validate(TankSpec, TANK), validate(TankSpec, TANK | {"name": "lox"})]
    upper = [validate(TankSpec, TANK | {"residual": "0.1 t"})]
    tanks = build_tanks([(0, lower), (2, upper)])
    assert tanks.stage.tolist() == [0, 0, 2]
    assert tanks.load_kg == pytest.approx([9800.0] * 3)
    assert tanks.residual_kg == pytest.approx([0.0, 0.0, 100.0])
    assert tank_indices([lower, upper]) == [{"fuel": 0, "lox": 1}, {"fuel": 2}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"load": "11 t"}, "a load of 11 t doesn't fit: 17.5 m^3 hold 10185 kg"),
        ({"residual": "9.8 t"}, "leaves nothing of the load to burn"),
        ({"load": "-1 t"}, "must be more than 0"),
        ({"density": "582"}, "expected a density"),
    ],
)
def test_tank_problems(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(TankSpec, TANK | changes)
    assert message in str(caught.value)


def test_nothing_is_invented() -> None:
    """What a person left out is no value: every quantity in a spec was written by them."""
    written = {path.removeprefix("gimbal.") for path, _ in walk_values(group())}
    given = set(GROUP) | set(GROUP["gimbal"]) | {"layout.ring_radius"}
    assert written <= given
