"""What a person writes about Earth, air, wind and site, and the numbers made of it."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from downrange._spec import Spec, load_toml, unsourced, validate
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR, US76
from downrange.earth.kernel.wind import Wind, wind_ned
from downrange.earth.spec import AirSpec, CoastSpec, EarthSpec, SiteSpec, WindSpec
from downrange.errors import InputError

CATALOG = files("downrange.catalog")


def refused(cls: type[Spec], data: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        validate(cls, data, "it.toml")
    return str(caught.value)


def test_the_earth_of_the_check_cases() -> None:
    # NASA/TM-2015-218675 vol. II table 73.
    earth = build_earth()
    assert earth.equatorial_radius_m == 6378137.0
    assert 1.0 / earth.flattening == pytest.approx(298.257223563, rel=1e-15)
    assert earth.mu_m3ps2 == 3.986004418e14
    assert earth.j2 == 0.00108262982
    assert earth.rotation_radps == 7.292115e-5
    assert earth.atmosphere_model == US76
    assert earth.air_zero_above_m == math.inf


def test_the_earth_of_a_case_on_a_still_sphere() -> None:
    spec = validate(
        EarthSpec,
        {"shape": "sphere", "radius": "6371007.1809 m", "rotating": False,
         "gravity": "inverse_square"},
    )  # fmt: skip
    earth = build_earth(spec, AirSpec(model="none"))
    assert (earth.equatorial_radius_m, earth.flattening) == (6371007.1809, 0.0)
    assert (earth.j2, earth.rotation_radps) == (0.0, 0.0)
    assert earth.atmosphere_model == NO_AIR


def test_every_earth_and_every_wind_has_the_same_types() -> None:
    # The kernels are compiled once for these types.
    earths = [build_earth(), build_earth(EarthSpec(rotating=False), AirSpec(zero_above="86 km"))]
    gust = {"altitude": "8 km", "thickness": "200 m", "from_deg": 270, "speed": "9 m/s"}
    specs = [{}, {"model": "steady", "from_deg": 1, "speed": "1 m/s", "gust": [gust],
                  "turbulence": {"intensity": "light"}}]  # fmt: skip
    winds = [build_wind(validate(WindSpec, spec)) for spec in specs]
    for first, second in (earths, winds):
        for one, other in zip(first, second, strict=True):
            assert type(one) is type(other)
            if isinstance(one, np.ndarray):
                assert one.dtype == other.dtype == np.float64
                assert one.flags.c_contiguous
                assert other.flags.c_contiguous


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"shape": "sphere"}, "`radius` is given with"),
        ({"radius": "6371 km"}, "`radius` is given with"),
        ({"shape": "flat"}, "shape"),
        ({"shape": "sphere", "radius": "0 m"}, "radius"),
        ({"spin": 1}, "spin: unknown key"),
    ],
)
def test_wrong_earths_are_refused(data: dict[str, Any], message: str) -> None:
    assert message in refused(EarthSpec, data)


LEVEL = {"altitude": "1 km", "from_deg": 270, "speed": "5 m/s"}


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        ({"model": "steady"}, ["`from_deg` is missing", "`speed` is missing"]),
        ({"model": "linear", "from_deg": 0, "speed": "1 m/s"}, ["`gradient` is missing"]),
        ({"model": "profile"}, ["`level` is missing"]),
        ({"model": "sounding"}, ["`file` is missing"]),
        ({"from_deg": 10}, ["`from_deg` does not go with it"]),
        ({"model": "profile", "level": [LEVEL]}, ["two levels"]),
        ({"model": "profile", "level": [LEVEL, LEVEL]}, ["level 2 (1 km) is not above"]),
        (
            {"model": "profile", "level": [LEVEL, {**LEVEL, "altitude": "900 m"}]},
            ["level 2 (900 m) is not above the one before it (1 km)"],
        ),
        (
            {"model": "profile", "level": [LEVEL, {**LEVEL, "speed": 5, "from_deg": 400}]},
            ["level.2.from_deg: must be at most 360", "level.2.speed: expected a speed"],
        ),
        ({"turbulence": {"intensity": "strong"}}, ["turbulence.intensity"]),
        ({"gust": [{**LEVEL, "thickness": "0 m"}]}, ["gust.1.thickness: must be more than 0"]),
    ],
)
def test_wrong_winds_are_refused(data: dict[str, Any], messages: list[str]) -> None:
    text = refused(WindSpec, data)
    for message in messages:
        assert message in text


def test_profile_must_reach_the_top_that_is_asked_for() -> None:
    spec = validate(
        WindSpec, {"model": "profile", "level": [LEVEL, {**LEVEL, "altitude": "12 km"}]}
    )
    assert isinstance(build_wind(spec, minimum_top_m=12e3), Wind)
    with pytest.raises(InputError, match="level: ends at 12000 m; it must reach 20000 m"):
        build_wind(spec, minimum_top_m=20e3)
    assert isinstance(build_wind(minimum_top_m=20e3), Wind)


def test_andoya_is_sourced_and_lies_where_it_does() -> None:
    with (CATALOG / "sites" / "andoya.toml").open() as stream:
        site = validate(SiteSpec, load_toml(stream.name), stream.name)
    assert unsourced(site) == []
    assert math.degrees(site.pad.latitude.si) == pytest.approx(69.108)
    assert math.degrees(site.pad.longitude.si) == pytest.approx(15.589)
    # Nordmela lies 4 km north-east of the pad.
    nordmela = next(place for place in site.protect if place.name == "nordmela")
    north_m = 6.37e6 * (nordmela.latitude.si - site.pad.latitude.si)
    east_m = 6.37e6 * math.cos(1.206) * (nordmela.longitude.si - site.pad.longitude.si)
    assert math.hypot(north_m, east_m) == pytest.approx(4.2e3, abs=300.0)
    assert north_m > 0.0
    assert east_m > 0.0


def test_march_wind_is_sourced_westerly_and_reaches_high() -> None:
    with (CATALOG / "winds" / "andoya-march.toml").open() as stream:
        spec = validate(WindSpec, load_toml(stream.name), stream.name)
    assert unsourced(spec) == []
    wind = build_wind(spec, minimum_top_m=20e3)
    north, east, _ = wind_ned(9500.0, wind)
    # The month's mean at 9 to 10 km is 20 to 25 m/s; a launch waits above 10 to 15 m/s.
    assert 20.0 <= math.hypot(north, east) <= 25.0
    assert east > abs(north)
    assert math.hypot(*wind_ned(0.0, wind)) < 10.0


BOX = {"south_deg": 60, "north_deg": 61, "west_deg": 5, "east_deg": 6}
DRAWN = {"accuracy": "100 m", "status": "estimated", "source": "here"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"north_deg": 59}, "the box is empty"),
        ({"land": [[[60.1, 5.1], [60.2, 5.2]]]}, "three points"),
        ({"south_deg": -100}, "south_deg"),
        ({"land": [[[60.1, 5.1, 0.0]]]}, "land"),
    ],
)
def test_wrong_shores_are_refused(change: dict[str, Any], message: str) -> None:
    triangle = [[[60.1, 5.1], [60.2, 5.2], [60.1, 5.3]]]
    good = {**BOX, **DRAWN, "land": triangle}
    assert validate(CoastSpec, good).land[0][0] == (60.1, 5.1)
    assert message in refused(CoastSpec, {**good, **change})
