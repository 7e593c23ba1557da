"""The sequence as data: what is read from it, and every mistake that is found in it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gnc_case import PHASES, STAGES, phases

from downrange.errors import InputError
from downrange.gnc.kernel import data
from downrange.gnc.phases import compile_phases, phase_problems, read_condition


def messages(*changed: dict[str, object]) -> list[str]:
    return [str(problem) for problem in phase_problems(phases(*changed), STAGES, "m.toml")]


def test_a_condition_is_read_in_si() -> None:
    condition = read_condition("speed >= 36 m/s")
    assert (condition.signal, condition.sense) == (data.SPEED_MPS, 1.0)
    assert condition.threshold == 36.0
    assert read_condition("height>=0.5 km").threshold == 500.0
    assert read_condition("tank_fraction_min <= 2 %").threshold == pytest.approx(0.02, rel=1e-15)
    assert read_condition("acceleration <= 3 m/s^2").sense == -1.0


def test_a_strict_comparison_leaves_the_threshold_out() -> None:
    below = read_condition("healthy_engines < 9")
    assert not below.sense * (9.0 - below.threshold) >= 0.0
    assert below.sense * (8.0 - below.threshold) >= 0.0
    above = read_condition("clock > 10 s")
    assert not above.sense * (10.0 - above.threshold) >= 0.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speed", "can't read the condition"),
        ("speed == 3 m/s", "can't read the condition"),
        ("sped >= 3 m/s", "did you mean speed?"),
        ("thrust_of_hope >= 3", "unknown signal 'thrust_of_hope'"),
        ("speed >= 3", "bare number"),
        ("speed >= 3 kg", "expected a speed"),
        ("chamber_min >= fast", "does not begin with a number"),
    ],
)
def test_a_condition_that_cant_be_read_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read_condition(text)


def test_the_sequence_as_numbers() -> None:
    compiled = compile_phases(phases(), STAGES)
    table, rows = compiled.table, compiled.rows
    names = [each["name"] for each in PHASES]
    assert table[:, data.STAGE].tolist() == [0, 0, 0, 0, -1, -1]
    assert table[:, data.RELEASES].tolist() == [0, 1, 0, 0, 0, 0]
    assert table[:, data.CALLED_OFF].tolist() == [0, 0, 0, 0, 0, 1]
    # Ignition: one abort first, then the three that must all hold, leading to the next phase.
    ignition = rows[int(table[0, data.FIRST_ROW]) : int(table[0, data.LAST_ROW])]
    assert ignition[:, data.GROUP].tolist() == [0, 1, 1, 1]
    assert ignition[:, data.TARGET].tolist() == [names.index("abort"), 1, 1, 1]
    # any_until: a group each.
    turn = rows[int(table[3, data.FIRST_ROW]) : int(table[3, data.LAST_ROW])]
    assert turn[:, data.GROUP].tolist() == [0, 1]
    assert turn[:, data.THRESHOLD].tolist() == [0.002, 3.0]
    assert table[-1, data.FIRST_ROW] == table[-1, data.LAST_ROW] == len(rows)
    assert all(np.issubdtype(array.dtype, np.float64) for array in compiled)


def test_a_good_sequence_has_no_problem() -> None:
    assert messages() == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "rise", "engines": "stage3"}, "m.toml: phase.rise.engines: there is no stage"),
        ({"name": "rise", "engines": "stage1", "until": ["sped > 1 m/s"]}, "phase.rise.until"),
        ({"name": "rise", "engines": "stage1", "until": ["speed > 1 m/s"], "next": "ovr"},
         "did you mean over?"),
        ({"name": "ignition", "engines": "stage1", "until": ["phase_time > 1 s"],
          "abort_if": ["phase_time > 5 s"], "abort_to": "safe"}, "there is no phase 'safe'"),
        ({"name": "over", "engines": "stage1"}, "phase.over: has no exit"),
        ({"name": "abort", "until": ["phase_time > 1 s"]}, "lead nowhere"),
        ({"name": "rise", "release": True, "until": ["phase_time > 1 s"]}, "no engine running"),
        ({"name": "spare"}, "phase.spare: is never reached from 'ignition'"),
        ({"name": "turn", "engines": "stage1", "until": ["speed > 1 m/s"], "next": "rise"},
         "phase.turn: comes round to itself: an endless loop"),
        ({"name": "over", "engines": "stage1", "until": ["speed > 1 m/s"], "next": "over"},
         "endless loop"),
        ({"name": "rise", "engines": "stage1", "until": ["height > 1 m"]},
         "no phase lets the hold-down go"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_sequence_is_named(changed: dict[str, object], says: str) -> None:
    assert any(says in message for message in messages(changed)), messages(changed)


def test_all_mistakes_are_reported_at_once() -> None:
    found = messages(
        {"name": "rise", "engines": "stage9", "until": ["hight > 1 m"], "release": True},
        {"name": "over", "engines": "stage1"},
    )
    assert len(found) == 3
    with pytest.raises(InputError) as caught:
        compile_phases(phases({"name": "over", "engines": "stage1"}), STAGES, "m.toml")
    assert caught.value.problems[0].path == "phase.over"


def test_two_phases_of_one_name_and_none_at_all() -> None:
    assert "there are several phases" in str(phase_problems((*phases(), *phases()), STAGES)[0])
    assert "needs a sequence" in str(phase_problems((), STAGES)[0])
