"""Wind profiles, linear winds and discrete gusts against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange._spec import validate
from downrange.earth.build import build_wind
from downrange.earth.kernel.wind import wind_ned
from downrange.earth.spec import WindSpec

PROFILE = {
    "model": "profile",
    "level": [
        {"altitude": "1 km", "from_deg": 270, "speed": "10 m/s"},
        {"altitude": "3 km", "from_deg": 180, "speed": "20 m/s"},
        {"altitude": "4 km", "from_deg": 90, "speed": "30 m/s"},
    ],
}


def test_still_air() -> None:
    assert wind_ned(5000.0, build_wind()) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("altitude", "expected"),
    [
        (1000.0, (0.0, 10.0)),  # a west wind blows to the east
        (3000.0, (20.0, 0.0)),  # a south wind blows to the north
        (2000.0, (10.0, 5.0)),
        (1500.0, (5.0, 7.5)),
        (3500.0, (10.0, -15.0)),
        (0.0, (0.0, 10.0)),  # held below
        (90e3, (0.0, -30.0)),  # and above
    ],
)
def test_components_are_linear_between_levels_and_held_beyond(
    altitude: float, expected: tuple[float, float]
) -> None:
    wind = build_wind(validate(WindSpec, PROFILE))
    assert wind_ned(altitude, wind) == pytest.approx((*expected, 0.0), abs=1e-12)


def test_levels_gusts_and_turbulence_are_read_from_their_columns() -> None:
    gust = {"altitude": "5 km", "thickness": "2 km", "from_deg": 270, "speed": "8 m/s"}
    written = {**PROFILE, "gust": [gust], "turbulence": {"intensity": "light"}}
    wind = build_wind(validate(WindSpec, written))
    assert wind.altitude_m == pytest.approx([1000.0, 3000.0, 4000.0])
    assert wind.north_mps == pytest.approx([0.0, 20.0, 0.0], abs=1e-12)
    assert wind.east_mps == pytest.approx([10.0, 0.0, -30.0], abs=1e-12)
    assert (wind.gust_altitude_m[0], wind.gust_thickness_m[0]) == (5000.0, 2000.0)
    assert wind.gust_north_mps == pytest.approx([0.0], abs=1e-12)
    assert wind.gust_east_mps == pytest.approx([8.0])
    assert wind.turbulence_altitude_m[0] == pytest.approx(152.4)  # 500 ft
    assert wind.turbulence_sigma_mps[0] == pytest.approx(2.01168)  # 6.6 ft/s


def test_tables_are_of_the_type_that_the_kernel_was_compiled_for() -> None:
    for wind in (build_wind(), build_wind(validate(WindSpec, PROFILE))):
        assert wind.gusts.shape == (0, 4)
        for table in (wind.profile, wind.gusts, wind.turbulence):
            assert table.dtype == np.float64
            assert table.flags.c_contiguous


def test_a_day_turns_and_scales_the_profile() -> None:
    spec = validate(WindSpec, {**PROFILE, "speed_factor": 1.5, "turn": "90 deg"})
    assert wind_ned(1000.0, build_wind(spec)) == pytest.approx((-15.0, 0.0, 0.0), abs=1e-12)


def test_steady_wind_is_the_same_everywhere() -> None:
    spec = WindSpec(model="steady", from_deg=225, speed="10 m/s")
    for altitude in (-100.0, 0.0, 40e3):
        component = 10.0 * math.sqrt(0.5)
        assert wind_ned(altitude, build_wind(spec)) == pytest.approx(
            (component, component, 0.0), abs=1e-12
        )


@pytest.mark.parametrize("altitude_ft", [0.0, 30000.0, 60000.0, -2000.0])
def test_linear_wind_goes_on_beyond_any_level(altitude_ft: float) -> None:
    spec = WindSpec(model="linear", from_deg=270, speed="-20 ft/s", gradient="0.003 ft/s per ft")
    east_mps = 0.3048 * (-20.0 + 0.003 * altitude_ft)
    got = wind_ned(0.3048 * altitude_ft, build_wind(spec))
    assert got == pytest.approx((0.0, east_mps, 0.0), abs=1e-11)


@pytest.mark.parametrize(
    ("altitude", "share"),
    [(8000.0, 1.0), (7950.0, 0.5), (8050.0, 0.5), (7975.0, 0.5 + 0.5 * math.sqrt(0.5)),
     (7900.0, 0.0), (8100.0, 0.0), (9000.0, 0.0)],
)  # fmt: skip
def test_gust_is_one_minus_cosine_over_its_thickness(altitude: float, share: float) -> None:
    gust = {"altitude": "8 km", "thickness": "200 m", "from_deg": 0, "speed": "9 m/s"}
    spec = validate(
        WindSpec, {"model": "steady", "from_deg": 270, "speed": "5 m/s", "gust": [gust]}
    )
    got = wind_ned(altitude, build_wind(spec))
    assert got == pytest.approx((-9.0 * share, 5.0, 0.0), abs=1e-12)


def test_gusts_add_up() -> None:
    gust = {"altitude": "8 km", "thickness": "200 m", "from_deg": 270, "speed": "9 m/s"}
    spec = validate(WindSpec, {"gust": [gust, {**gust, "speed": "3 m/s"}]})
    assert wind_ned(8000.0, build_wind(spec)) == pytest.approx((0.0, 12.0, 0.0), abs=1e-12)
