"""What a controller in Python asks for: what is taken, and what is refused in which words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from downrange.errors import InputError
from downrange.flight.kernel import by_tick
from downrange.flight.legs import Leg
from downrange.flight.orders import NAMES, Orders, numbers
from downrange.flight.simulator import _told
from downrange.telemetry import bus


def orders(released_s: float = 2.0) -> Orders:
    """Three engines and one; the stage goes next."""
    found = Orders([0, 0, 0, 1])
    found.attach(Leg(0, (1.0, 1.0, 1.0, 1.0), ""), Leg(1, (0.0, 1.0, 1.0, 1.0), "stage1"))
    found.released_s = released_s
    return found


def said(found: Orders) -> dict[str, list[float]]:
    """All words that are asked for."""
    parts = {**found.given.command._asdict(), "pointing": found.given.pointing}
    return {
        name: part[~np.isnan(part)].tolist() for name, part in parts.items()
        if not np.isnan(part).all()
    }  # fmt: skip


def test_nothing_is_asked_for_at_first_and_after_clear() -> None:
    found = orders()
    assert said(found) == {}
    found.write({"throttle": 0.7, "pitch_rad": 1.0, "thrusters": (0, 0, 1), "release": True})
    assert said(found) != {}
    found.clear()
    assert said(found) == {}


def test_one_value_is_for_the_engines_of_the_lowest_stage() -> None:
    found = orders()
    found.write({"engine_on": True, "gimbal_rad": [0.1, 0.2], "cutoff_time_s": 3.0})
    assert said(found) == {"engine_on": [1.0] * 3, "gimbal_rad": [0.1, 0.2] * 3,
                           "cutoff_time_s": [5.0] * 3}  # fmt: skip
    found.clear()
    found.attach(Leg(1, (0.0, 1.0, 1.0, 1.0), "stage1"), None)
    found.write({"throttle": 0.5})
    assert_array_equal(found.given.command.throttle, [np.nan, np.nan, np.nan, 0.5])


def test_discretes_are_words_of_the_bus() -> None:
    found = orders()
    found.write({"separate": True, "release": 1, "abort": np.bool_(False), "passivate": False})
    assert_array_equal(found.given.command.discrete,
                       [1.0, 1.0, 0.0, np.nan, np.nan, 0.0])  # fmt: skip
    assert bus.DISCRETES == 6
    found.write({"separate": False})
    assert found.given.command.discrete[bus.SEPARATE_STAGE] == 0.0


def test_a_quaternion_is_made_exactly_one_long() -> None:
    found = orders()
    found.write({"attitude_body_from_eci": (1.0004, 0.0, 0.0, 0.0)})
    assert said(found) == {"pointing": [1.0, 0.0, 0.0, 0.0]}
    found.clear()
    found.write({"pitch_rad": 1.5, "azimuth_rad": -0.1})
    assert found.given.pointing[by_tick.PITCH_RAD] == 1.5
    assert found.given.pointing[by_tick.AZIMUTH_RAD] == -0.1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"gimbal": 0.1}, "step: gimbal: is not known; do you mean gimbal_rad? A command has"),
        ({"gimbal_rad": 0.1}, "gimbal_rad: has shape (), not (4, 2) or (2,)"),
        ({"gimbal_rad": np.zeros((3, 2))}, "gimbal_rad: has shape (3, 2), not (4, 2) or (2,)"),
        ({"gimbal_rad": (0.0, math.inf)}, "every number must be finite"),
        ({"gimbal_rad": None}, "gimbal_rad: is None: give numbers of shape (4, 2) or (2,)"),
        ({"gimbal_rad": (5.0, 0.0)}, "from -3.14159 to 3.14159 is allowed"),
        ({"throttle": "0.5"}, "throttle: is '0.5': give numbers of shape (4,) or a number"),
        ({"throttle": math.nan}, "throttle: is nan: every number must be finite"),
        ({"throttle": 1.2}, "throttle: is 1.2: from 0 to 1 is allowed"),
        ({"engine_on": (1, 1)}, "engine_on: has shape (2,), not (4,) or a number"),
        ({"thrusters": (0, 0, -2)}, "thrusters: is (0, 0, -2): from -1 to 1 is allowed"),
        ({"release": 0.5}, "release: is 0.5: it is either True or False"),
        ({"jettison_fairing": True}, "is not what goes next in this mission: that is stage1"),
        ({"attitude_body_from_eci": (1, 1, 0, 0)}, "has length 1.41421"),
        ({"azimuth_rad": 0.1}, "azimuth_rad: given without pitch_rad"),
        ({"pitch_rad": 1.0, "attitude_body_from_eci": (1, 0, 0, 0)}, "is given too"),
        ({}, "step: the command says nothing (leave it out to let the flight software fly)"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_asked_for(
    told: dict[str, object], words: str
) -> None:
    found = orders()
    with pytest.raises(InputError) as caught:
        found.write({"throttle": 0.9, **told} if told else told)  # type: ignore[dict-item]
    assert words in str(caught.value)
    assert said(found) == {}


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        orders().write({"throttle": 2.0, "gimbal": 1.0, "thrusters": None})  # type: ignore[dict-item]
    assert len(caught.value.problems) == 3


def test_nothing_goes_on_the_pad() -> None:
    with pytest.raises(InputError, match="still held down"):
        orders(math.inf).write({"separate": True})


def test_a_command_is_a_mapping() -> None:
    with pytest.raises(InputError, match="the command is a tuple"):
        _told((0.1, 0.2), {})  # type: ignore[arg-type]
    assert _told({"throttle": 0.5}, {"release": True}) == {"throttle": 0.5, "release": True}


def test_every_name_can_be_asked_for() -> None:
    assert len(set(NAMES)) == len(NAMES) == 13
    assert numbers(True, ((),), (0.0, 1.0)) == 1.0
