"""Whole case files against a program in Earth-fixed axes: every key of the format, flown."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from reference_ecef import Air, Burn, Flight, fly

from downrange._spec import load_toml, validate
from downrange.verify import CaseSpec, fly_case, run_case, shipped_cases, to_json

FOOT_M = 0.3048
TIMES = (0.0, 4.0, 11.3, 20.0)

# Both integrate to rounding. A step of ours over a corner of a table has an error of the second
# order, which sets the step of the files below: at 4 ms it is ten times these.
CLOSE = {"m": 2e-5, "mps": 2e-6, "deg": 2e-6, "radps": 2e-8}
# Over 200 s of ascent the corners cost DOP853 2 mm as well, more or less with its largest step.
CLOSE_ASCENT = {"m": 5e-3, "mps": 1e-4, "deg": 5e-6, "radps": 5e-9}

INERTIA = np.array([[1.1, -0.2, 0.3], [-0.2, 2.3, -0.4], [0.3, -0.4, 2.9]])

GLIDER = """
name = "a glider out of trim"
source = "a program in Earth-fixed axes"
duration = "20 s"
step = "0.0005 s"
[body]
mass = "20 kg"
inertia = { xx = "1.1 kg m^2", yy = "2.3 kg m^2", zz = "2.9 kg m^2", xy = "0.2 kg m^2", xz = "-0.3 kg m^2", yz = "0.4 kg m^2" }
[aero]
reference_area = "0.05 m^2"
reference_span = "0.4 m"
reference_chord = "0.8 m"
moment_centre_from_cm = ["-0.02 m", "0.003 m", "-0.004 m"]
angle = "alpha_beta"
drag = { alpha = ["-180 deg", "-20 deg", "0 deg", "20 deg", "180 deg"], value = [1.0, 0.5, 0.3, 0.6, 1.0] }
lift = { alpha = ["-30 deg", "30 deg"], value = [-1.2, 1.3] }
side = { beta = ["-25 deg", "0 deg", "40 deg"], value = [0.7, 0.0, -0.9] }
roll_moment = { alpha = ["-30 deg", "30 deg"], value = [0.004, -0.003] }
pitch_moment = { alpha = ["-20 deg", "20 deg"], value = [0.05, -0.05] }
yaw_moment = { beta = ["-20 deg", "20 deg"], value = [-0.04, 0.05] }
damping = { roll = -0.8, pitch = -1.5, yaw = -1.1 }
[wind]
model = "linear"
from_deg = 240.0
speed = "-20 ft/s"
gradient = "0.003 ft/s per ft"
[initial]
latitude_deg = 52.0
longitude_deg = -116.0
altitude = "9 km"
velocity_ned = ["150 m/s", "-80 m/s", "60 m/s"]
euler_deg = { roll = 10.0, pitch = -15.0, yaw = -25.0 }
rates = { p = "8 deg/s", q = "-5 deg/s", r = "3 deg/s", frame = "ned" }
[checkpoints]
columns = ["time_s"]
rows = [[0.0]]
"""  # noqa: E501 - the file as it would be written
GLIDES = Flight(
    mass_kg=20.0,
    inertia_kgm2=INERTIA,
    place=(52.0, -116.0, 9000.0),
    velocity_ned=(150.0, -80.0, 60.0),
    euler_deg=(10.0, -15.0, -25.0),
    rates_radps=(math.radians(8.0), math.radians(-5.0), math.radians(3.0)),
    frame="ned",
    aero=Air(
        area_m2=0.05,
        span_m=0.4,
        chord_m=0.8,
        centre_m=(-0.02, 0.003, -0.004),
        total=False,
        drag=((-180.0, -20.0, 0.0, 20.0, 180.0), (1.0, 0.5, 0.3, 0.6, 1.0)),
        lift=((-30.0, 30.0), (-1.2, 1.3)),
        side=((-25.0, 0.0, 40.0), (0.7, 0.0, -0.9)),
        roll=((-30.0, 30.0), (0.004, -0.003)),
        pitch=((-20.0, 20.0), (0.05, -0.05)),
        yaw=((-20.0, 20.0), (-0.04, 0.05)),
        damping=(-0.8, -1.5, -1.1),
    ),
    wind=lambda h: (
        -(-20.0 * FOOT_M + 0.003 * h) * math.cos(math.radians(240.0)),
        -(-20.0 * FOOT_M + 0.003 * h) * math.sin(math.radians(240.0)),
    ),
    times_s=TIMES,
)


def bent(text: str, **sections: Any) -> CaseSpec:
    """A case file with keys of its sections changed."""
    data = tomllib.loads(text)
    for name, change in sections.items():
        data[name] = data[name] | change if isinstance(data.get(name), dict) else change
    return validate(CaseSpec, data, "")


def compare(spec: CaseSpec, flight: Flight, allowed: dict[str, float] = CLOSE) -> None:
    """Every column at every time."""
    times = list(flight.times_s)
    for ours, theirs in zip(fly_case(spec, times), fly(flight), strict=True):
        assert ours.keys() == theirs.keys()
        for column, expected in theirs.items():
            apart = ours[column] - expected
            if column.endswith("_deg"):
                apart = math.remainder(apart, 360.0)
            assert abs(apart) <= allowed.get(column.rpartition("_")[2], 0.0), (
                column,
                ours["time_s"],
                apart,
            )


def test_tables_offsets_and_wind_with_angles_apart() -> None:
    compare(bent(GLIDER), GLIDES)


def test_drag_against_the_total_angle_beside_a_side_force() -> None:
    aero = replace(GLIDES.aero or Air(0.0), total=True)
    compare(bent(GLIDER, aero={"angle": "total"}), replace(GLIDES, aero=aero))


def test_a_body_of_revolution_lifts_in_the_plane_of_the_stream() -> None:
    nothing = ((0.0,), (0.0,))
    aero = replace(GLIDES.aero or Air(0.0), total=True, side=nothing, roll=nothing, yaw=nothing)
    plain = {"angle": "total", "side": 0.0, "roll_moment": 0.0, "yaw_moment": 0.0}
    compare(bent(GLIDER, aero=plain), replace(GLIDES, aero=aero))


@pytest.mark.parametrize("frame", ["inertial", "earth", "ned"])
def test_rates_of_every_frame(frame: str) -> None:
    """Over a fast body near the pole, where the frames differ most; and they do differ."""
    place = {"latitude_deg": 84.0, "velocity_ned": ["-900 m/s", "1500 m/s", "-300 m/s"]}
    rates = {"p": "0.02 deg/s", "q": "0 deg/s", "r": "-0.01 deg/s", "frame": frame}
    spec = bent(GLIDER, initial=place | {"rates": rates}, air={"model": "none"})
    flight = replace(
        GLIDES, place=(84.0, -116.0, 9000.0), velocity_ned=(-900.0, 1500.0, -300.0), frame=frame,
        rates_radps=(math.radians(0.02), 0.0, math.radians(-0.01)), aero=None,
    )  # fmt: skip
    compare(spec, flight)
    others = {"inertial", "earth", "ned"} - {frame}
    for other in others:
        with pytest.raises(AssertionError):
            compare(spec, replace(flight, frame=other))


@pytest.mark.parametrize("rotating", [True, False])
def test_round_earths(rotating: bool) -> None:
    earth = {"shape": "sphere", "radius": "6371007.1809 m", "rotating": rotating,
             "gravity": "inverse_square"}  # fmt: skip
    flight = replace(GLIDES, wgs84=False, j2=False)
    flight = flight if rotating else replace(flight, rotation_radps=0.0)
    compare(bent(GLIDER, earth=earth), flight)


def test_the_air_ends_where_it_is_told_to_going_up_and_coming_down() -> None:
    """Left and met again inside a step of 4 ms, by a body without corners in its tables."""
    up = {"velocity_ned": ["150 m/s", "-80 m/s", "-70 m/s"]}
    plain = {"drag": 0.5, "lift": 0.0, "side": 0.0} | dict.fromkeys(
        ("roll_moment", "pitch_moment", "yaw_moment"), 0.0
    )
    spec = bent(GLIDER, step="4 ms", initial=up, aero=plain,
                air={"model": "us76", "zero_above": "9160 m"})  # fmt: skip
    nothing = ((0.0,), (0.0,))
    aero = replace(GLIDES.aero or Air(0.0), drag=((0.0,), (0.5,)), lift=nothing, side=nothing,
                   roll=nothing, pitch=nothing, yaw=nothing)  # fmt: skip
    flight = replace(GLIDES, velocity_ned=(150.0, -80.0, -70.0), aero=aero, air_top_m=9160.0)
    altitudes = [row["altitude_m"] for row in fly(flight)]
    assert max(altitudes) > 9160.0 > altitudes[-1]
    compare(spec, flight)
    with pytest.raises(AssertionError):
        compare(spec, replace(flight, air_top_m=9161.0))


ROCKET = """
name = "two burns and a staging"
source = "a program in Earth-fixed axes"
duration = "40 s"
step = "0.0005 s"
[body]
mass = "1000 kg"
inertia = { xx = "100 kg m^2", yy = "2000 kg m^2", zz = "2200 kg m^2", xy = "10 kg m^2", xz = "-20 kg m^2", yz = "15 kg m^2" }
[aero]
reference_area = "0.3 m^2"
reference_span = "0.6 m"
reference_chord = "0.6 m"
moment_centre_from_cm = ["-0.3 m", "0.01 m", "0 m"]
angle = "total"
drag = 0.4
lift = { alpha = ["-10 deg", "10 deg"], value = [-0.5, 0.5] }
side = { beta = ["-10 deg", "10 deg"], value = [0.5, -0.5] }
damping = { roll = -1.0, pitch = -30.0, yaw = -30.0 }
[initial]
latitude_deg = -30.0
longitude_deg = 179.99
altitude = "100 m"
velocity_ned = ["0 m/s", "5 m/s", "-40 m/s"]
euler_deg = { roll = 30.0, pitch = 80.0, yaw = 100.0 }
rates = { p = "3 deg/s", q = "0 deg/s", r = "0 deg/s", frame = "earth" }
[[burn]]
start = "1.5 s"
until = "depletion"
thrust = "40 kN"
isp = "250 s"
propellant = "250 kg"
drop_mass_after = "300 kg"
fuel_fraction = [0.0, 0.3, 1.0]
moment_centre_x_from_cm = ["-0.5 m", "-0.45 m", "-0.3 m"]
inertia = [
  { xx = "60 kg m^2", yy = "1200 kg m^2", zz = "1300 kg m^2", xy = "10 kg m^2", xz = "-20 kg m^2", yz = "15 kg m^2" },
  { xx = "80 kg m^2", yy = "1400 kg m^2", zz = "1500 kg m^2", xy = "10 kg m^2", xz = "-20 kg m^2", yz = "15 kg m^2" },
  { xx = "100 kg m^2", yy = "2000 kg m^2", zz = "2200 kg m^2", xy = "10 kg m^2", xz = "-20 kg m^2", yz = "15 kg m^2" },
]
[[burn]]
start = "20 s"
stop = "31.7 s"
thrust = "9 kN"
isp = "300 s"
propellant = "60 kg"
fuel_fraction = [0.0, 1.0]
moment_centre_x_from_cm = ["-0.1 m", "-0.2 m"]
inertia = [
  { xx = "30 kg m^2", yy = "200 kg m^2", zz = "210 kg m^2" },
  { xx = "50 kg m^2", yy = "300 kg m^2", zz = "330 kg m^2" },
]
[checkpoints]
columns = ["time_s"]
rows = [[0.0]]
"""  # noqa: E501 - the file as it would be written


def tensor(xx: float, yy: float, zz: float, xy: float, xz: float, yz: float) -> np.ndarray:
    """Inertia tensor of moments and products."""
    return np.array([[xx, -xy, -xz], [-xy, yy, -yz], [-xz, -yz, zz]])


PRODUCTS = (10.0, -20.0, 15.0)
FLOW_KGPS = 40e3 / (250.0 * 9.80665)
FIRST = Burn(
    1.5, 1.5 + 250.0 / FLOW_KGPS, 40e3, 250.0, 250.0, (0.0, 0.3, 1.0),
    [tensor(60.0, 1200.0, 1300.0, *PRODUCTS), tensor(80.0, 1400.0, 1500.0, *PRODUCTS),
     tensor(100.0, 2000.0, 2200.0, *PRODUCTS)],
    (-0.5, -0.45, -0.3), 300.0,
)  # fmt: skip
SECOND = Burn(
    20.0, 31.7, 9e3, 300.0, 60.0, (0.0, 1.0),
    [np.diag([30.0, 200.0, 210.0]), np.diag([50.0, 300.0, 330.0])], (-0.1, -0.2),
)  # fmt: skip
CLIMBS = Flight(
    mass_kg=1000.0,
    inertia_kgm2=tensor(100.0, 2000.0, 2200.0, *PRODUCTS),
    place=(-30.0, 179.99, 100.0),
    velocity_ned=(0.0, 5.0, -40.0),
    euler_deg=(30.0, 80.0, 100.0),
    rates_radps=(math.radians(3.0), 0.0, 0.0),
    frame="earth",
    aero=Air(
        0.3, 0.6, 0.6, (-0.3, 0.01, 0.0), True, ((0.0,), (0.4,)), ((-10.0, 10.0), (-0.5, 0.5)),
        ((-10.0, 10.0), (0.5, -0.5)), damping=(-1.0, -30.0, -30.0),
    ),
    burns=(FIRST, SECOND),
    times_s=(0.0, 1.5, 10.0, 19.0, 25.0, 31.7, 40.0),
)  # fmt: skip


@pytest.mark.parametrize(("word", "share"), [("none", 0.0), ("half", 0.5), ("full", 1.0)])
def test_two_burns_and_a_staging(word: str, share: float) -> None:
    spec = bent(ROCKET, body={"variable_mass_rotation": word})
    compare(spec, replace(CLIMBS, rotation_term=share))


@pytest.mark.parametrize(("word", "share"), [("none", 0.0), ("full", 1.0)])
def test_products_that_change_as_propellant_burns(word: str, share: float) -> None:
    empty = '{ xx = "60 kg m^2", yy = "1200 kg m^2", zz = "1300 kg m^2", xy = "10 kg m^2", xz'
    other = '{ xx = "60 kg m^2", yy = "1200 kg m^2", zz = "1300 kg m^2", xy = "90 kg m^2", xz'
    assert empty in ROCKET
    tensors = [tensor(60.0, 1200.0, 1300.0, 90.0, -20.0, 15.0), *FIRST.inertia_kgm2[1:]]
    burns = (replace(FIRST, inertia_kgm2=tensors), SECOND)
    spec = bent(ROCKET.replace(empty, other), body={"variable_mass_rotation": word})
    compare(spec, replace(CLIMBS, burns=burns, rotation_term=share))


def shipped(name: str) -> CaseSpec:
    """A case of NASA's, as it ships."""
    return validate(CaseSpec, load_toml(next(p for p in shipped_cases() if p.stem == name)), "")


def test_a_whole_ascent_in_two_stages() -> None:
    """NASA's check case 17: Runge-Kutta at 5 ms in inertial axes, DOP853 in Earth-fixed ones."""
    angles = (-10.0, -8.0, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    lift = (-1.6, -1.0, -0.73, -0.49, -0.24, 0.0, 0.24, 0.49, 0.73, 1.0, 1.6)
    drag = (0.48, 0.38, 0.31, 0.25, 0.23, 0.21, 0.23, 0.25, 0.31, 0.38, 0.48)
    flow = 17e6 / (360.0 * 9.80665)
    stack = np.diag([353250.0, 33501637.473461, 33501637.473461])
    upper = np.diag([111375.0, 941063.762626, 941063.762626])
    first = Burn(0.0, 180e3 / flow, 17e6, 360.0, 180e3, (0.0, 1.0),
                 [np.diag([150750.0, 10886636.572139, 10886636.572139]), stack],
                 (-7.497148, 0.0), 35e3)  # fmt: skip
    second = Burn(134.1705, 134.1705 + 80e3 / (5e6 / (390.0 * 9.80665)), 5e6, 390.0, 80e3,
                  (0.0, 1.0), [np.diag([21375.0, 212384.868421, 212384.868421]), upper],
                  (-0.850612, 0.0))  # fmt: skip
    ends = ((-20.0, 0.0, 20.0), (0.6, 0.0, -0.6))
    flight = Flight(
        mass_kg=314e3, inertia_kgm2=stack, place=(0.0, 0.0, 0.0), velocity_ned=(0.0, 0.0, -0.1),
        euler_deg=(0.0, 55.22, 90.0), frame="earth",
        aero=Air(7.0, 3.0, 3.0, drag=(angles, drag), lift=(angles, lift),
                 side=(angles, tuple(-c for c in lift)), pitch=ends,
                 yaw=(ends[0], tuple(-c for c in ends[1]))),
        air_top_m=86e3, burns=(first, second), rotation_term=0.5, times_s=(30.0, 120.0, 200.0),
    )  # fmt: skip
    compare(shipped("nasa_17"), flight, CLOSE_ASCENT)


def test_the_comparison_sees_what_is_wrong() -> None:
    """Each of these is a mistake that a case file could be read with."""
    aero = CLIMBS.aero or Air(0.0)
    for wrong in (
        replace(CLIMBS, aero=replace(aero, centre_m=(-0.3, -0.01, 0.0))),
        replace(CLIMBS, burns=(replace(FIRST, drop_kg=0.0), SECOND)),
        replace(CLIMBS, burns=(FIRST, replace(SECOND, load_kg=9e3 / (300.0 * 9.80665) * 11.7))),
        replace(CLIMBS, inertia_kgm2=tensor(100.0, 2000.0, 2200.0, -10.0, 20.0, -15.0)),
    ):
        with pytest.raises(AssertionError):
            compare(bent(ROCKET), wrong)


def test_the_object_that_is_printed_has_the_keys_of_the_interface() -> None:
    points = {"columns": ["altitude_m", "time_s"], "rows": [[9000.0, 0.0], [8000.0, 3.0]],
              "tolerance": {"altitude_m": 1.0}}  # fmt: skip
    told = json.loads(json.dumps(to_json(run_case(bent(GLIDER, checkpoints=points))),
                                 allow_nan=False))  # fmt: skip
    assert list(told) == ["schema_version", "passed", "checks", "trajectory"]
    assert (told["schema_version"], told["passed"]) == (1, False)
    assert [list(check) for check in told["checks"]] == [
        ["name", "what", "source", "expected", "got", "unit", "tolerance", "pass"]
    ] * 2
    assert [check["pass"] for check in told["checks"]] == [True, False]
    assert [list(row) for row in told["trajectory"]] == [
        ["time_s", "altitude_m", "velocity_north_mps", "velocity_east_mps", "velocity_down_mps",
         "latitude_deg", "longitude_deg", "roll_deg", "pitch_deg", "yaw_deg", "p_radps",
         "q_radps", "r_radps"]
    ] * 2  # fmt: skip
    assert [row["time_s"] for row in told["trajectory"]] == [0.0, 3.0]
