"""Faults from text to health: what is understood, what is refused, what is done."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from downrange._spec import validate
from downrange.errors import InputError
from downrange.faults.build import build_faults
from downrange.faults.kernel import (
    FAULT_COLUMNS,
    GIMBAL_STUCK,
    MODE_FREQUENCY,
    Health,
    health_at,
    new_health,
)
from downrange.faults.spec import FaultSpec, parse_fault

ENGINES = {"stage1": range(9), "stage2": [9]}
MODES = 2
DEG = math.pi / 180.0


def health(time_s: float, *faults: str) -> Health:
    """Health of ten engines and two modes at a time."""
    schedule = build_faults([parse_fault(text) for text in faults], ENGINES, MODES)
    now = new_health(10, MODES)
    health_at(schedule, time_s, now)
    return now


@pytest.mark.parametrize(
    "text",
    [
        "stage1.engine.5: shutdown at 20 s",
        "stage1.engine: shutdown",
        "stage1.engine.3: stuck gimbal at 15 s",
        "stage1.engine.3: stuck gimbal at 15 s to 2 deg",
        "stage1.engine.3: stuck gimbal to -2 deg",
        "imu: fail at 12 s",
        "gnss: fail at 0.5 min",
        "vehicle.bending.mode.1: frequency x 0.76",
        "vehicle.bending.mode.1: frequency x 0.76 at 3 s",
    ],
)
def test_text_there_and_back(text: str) -> None:
    assert str(parse_fault(text)) == text


def test_spaces_do_not_matter() -> None:
    assert parse_fault("  imu :fail  at 12 s ") == parse_fault("imu: fail at 12 s")


def test_a_table_is_the_same_as_text() -> None:
    table = {"target": "stage1.engine.3", "kind": "stuck gimbal", "at": "15 s", "value": "2 deg"}
    assert validate(FaultSpec, table) == parse_fault(
        "stage1.engine.3: stuck gimbal at 15 s to 2 deg"
    )


def test_a_table_may_carry_range_and_source() -> None:
    value = {"value": 0.76, "low": 0.7, "high": 0.9, "status": "assumed", "source": "somewhere"}
    table = {"target": "vehicle.bending.mode.1", "kind": "frequency", "value": value}
    fault = validate(FaultSpec, table)
    assert fault.value is not None
    assert (fault.value.si, fault.value.low, fault.value.source) == (0.76, 0.7, "somewhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imu: explode", 'write it like "stage1.engine.5: shutdown at 20 s"'),
        ("imu fail at 12 s", "can't read 'imu fail at 12 s'"),
        ("imu: fail at 12", "expected a time with its unit"),
        ("imu: fail at 12 m", "expected a time, got '12 m', which is a length"),
        ("imu: fail to 2 deg", "'fail' takes no value"),
        ("stage1.engine.3: stuck gimbal to 2 s", "expected an angle"),
        ("bending.mode.1: frequency x -1", "must be more than 0"),
        ("bending.mode.1: frequency x 1 Hz", "can't read"),
        ("bending.mode.1: frequency x 0.9 to 2 deg", "can't read"),
        ("bending.mode.1: frequency", "can't read"),
    ],
)
def test_wrong_text(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_fault(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("--fault")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "fial"}, "should be 'shutdown', 'stuck gimbal', 'fail' or 'frequency'"),
        ({"kind": "frequency"}, '"frequency" needs a value'),
        ({"when": "3 s"}, "when: unknown key"),
    ],
)
def test_wrong_table(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(FaultSpec, {"target": "imu", "kind": "fail"} | changes, "m.toml")
    assert message in str(caught.value)


def test_unknown_targets_name_the_nearest_all_at_once() -> None:
    texts = ["stage1.engin.5: shutdown", "gyro: fail", "vehicle.bending.mod.1: frequency x 0.7",
             "stage1.engine.10: shutdown", "imu: shutdown"]  # fmt: skip
    with pytest.raises(InputError) as caught:
        build_faults([parse_fault(text) for text in texts], ENGINES, MODES, "m.toml")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [text.split(":")[0] for text in texts]
    assert "did you mean stage1.engine.5 or" in lines[0]
    assert "it takes imu or gnss" in lines[1]
    assert "did you mean vehicle.bending.mode.1" in lines[2]
    assert "did you mean stage1.engine.1" in lines[3]
    assert "it takes stage1.engine" in lines[4]


def test_schedule_types() -> None:
    for texts in ([], ["imu: fail at 1 s"]):
        schedule = build_faults([parse_fault(text) for text in texts], ENGINES, MODES)
        assert schedule.table.dtype == np.float64
        assert schedule.table.flags["C_CONTIGUOUS"]
        assert schedule.table.shape == (len(texts), FAULT_COLUMNS)


def test_a_row_of_the_schedule() -> None:
    texts = ["stage1.engine.3: stuck gimbal at 15 s to 2 deg", "bending.mode.2: frequency x 0.8"]
    schedule = build_faults([parse_fault(text) for text in texts], ENGINES, MODES)
    assert schedule.kind.tolist() == [GIMBAL_STUCK, MODE_FREQUENCY]
    assert schedule.target.tolist() == [2, 1]
    assert schedule.start_s.tolist() == [15.0, -math.inf]
    assert schedule.value == pytest.approx([2.0 * DEG, 0.8])


def test_engine_shutdown_hits_its_engine_from_its_time_on() -> None:
    fault = "stage1.engine.5: shutdown at 20 s"
    assert health(19.99, fault).engine_ok.tolist() == [1.0] * 10
    assert health(20.0, fault).engine_ok.tolist() == [1.0] * 4 + [0.0] + [1.0] * 5


def test_a_group_without_a_number_is_all_of_it() -> None:
    now = health(1.0, "vehicle.stage1.engine: shutdown")
    assert now.engine_ok.tolist() == [0.0] * 9 + [1.0]


def test_stuck_gimbal() -> None:
    now = health(
        15.0, "stage1.engine.3: stuck gimbal at 15 s", "stage2.engine.1: stuck gimbal to 2 deg"
    )
    assert now.gimbal_free.tolist() == [1.0, 1.0, 0.0] + [1.0] * 6 + [0.0]
    assert now.gimbal_stuck_rad[9] == pytest.approx(2.0 * DEG)
    assert np.isnan(now.gimbal_stuck_rad[:9]).all()
    assert now.engine_ok.all()


def test_sensors() -> None:
    now = health(30.0, "imu: fail at 12 s", "gnss: fail at 31 s")
    assert (now.imu_ok[0], now.gnss_ok[0]) == (0.0, 1.0)
    now = health(30.0, "gnss: fail at 12 s")
    assert (now.imu_ok[0], now.gnss_ok[0]) == (1.0, 0.0)


def test_mode_frequency_holds_from_before_first_motion() -> None:
    now = health(-math.inf, "vehicle.bending.mode.1: frequency x 0.76")
    assert now.mode_frequency_ratio.tolist() == [0.76, 1.0]


def test_faults_on_one_mode_multiply() -> None:
    now = health(5.0, "bending.mode.2: frequency x 0.5", "bending.mode.2: frequency x 0.8 at 2 s")
    assert now.mode_frequency_ratio == pytest.approx([1.0, 0.4])
