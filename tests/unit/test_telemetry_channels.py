from __future__ import annotations

import re

import pytest

from downrange.telemetry import CHANNELS, channel, unit_of
from downrange.telemetry.channels import nearest


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("time_s", "s"),
        ("speed_mps", "m/s"),
        ("acceleration_axial_mps2", "m/s^2"),
        ("dynamic_pressure_pa", "Pa"),
        ("q_alpha_pa_rad", "Pa rad"),
        ("bending_moment_nm", "N m"),
        ("p_radps", "rad/s"),
        ("mach", "1"),
        ("stage1.engine.5.chamber_fraction", "1"),
        ("stage1.tank.fuel.mass_kg", "kg"),
        ("margin.corridor_position_m", "m"),
        ("attitude_body_from_eci_w", "1"),
        ("s", "1"),
    ],
)
def test_the_suffix_alone_tells_the_unit(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_dictionary_units_are_those_of_the_names() -> None:
    assert all(c.unit == unit_of(name) and c.name == name for name, c in CHANNELS.items())


def test_a_channel_is_titled_described_and_lower_case() -> None:
    for name, known in CHANNELS.items():
        assert known.title
        assert known.description
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)


def test_vectors_state_their_frame() -> None:
    vector = re.compile(r".*_(x|y|z|w|north|east|down)(_mps|_m)?$")
    assert all(c.frame for name, c in CHANNELS.items() if vector.match(name))


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("stage1.engine.5.chamber_fraction", "Engine 5 chamber pressure"),
        ("engine.12.gimbal_yaw_deg", "Engine 12 yaw gimbal"),
        ("ship.tank.fuel.mass_kg", "fuel in tank"),
        ("bending.mode.2.pitch_m", "Bending mode 2 pitch"),
        ("margin.corridor_impact_m", "Margin to corridor impact"),
        ("margin.q_alpha_pa_rad", "Margin to q alpha"),
    ],
)
def test_patterns_name_single_parts(name: str, title: str) -> None:
    known = channel(name)
    assert known is not None
    assert known.title == title


@pytest.mark.parametrize(
    "name", ["", "altitude", "altitude_ft", "engine.chamber_fraction", "tank.fuel", "margin."]
)
def test_other_names_are_unknown(name: str) -> None:
    assert channel(name) is None


def test_nearest_names_what_was_meant() -> None:
    assert "altitude_m" in nearest("altitud_m", CHANNELS)
    assert nearest("qqqqqqqq", CHANNELS) == ""
