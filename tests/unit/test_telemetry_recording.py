from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import lost_flight

from downrange.errors import InputError
from downrange.telemetry import Telemetry


def ramp() -> Telemetry:
    return Telemetry.from_columns({"time_s": [0.0, 1.0, 2.0], "altitude_m": [0.0, 10.0, 40.0]})


def test_columns_come_back_by_name() -> None:
    telemetry = ramp()
    assert telemetry["altitude_m"].tolist() == [0.0, 10.0, 40.0]
    assert telemetry.column("time_s").tolist() == [0.0, 1.0, 2.0]
    assert len(telemetry) == 3
    assert telemetry.unit("altitude_m") == "m"
    assert "altitude_m" in telemetry
    assert "mach" not in telemetry


def test_a_table_of_rows_and_its_columns_agree() -> None:
    table = np.array([[0.0, 5.0], [1.0, 6.0]])
    telemetry = Telemetry(("time_s", "mach"), table)
    assert telemetry["mach"].tolist() == [5.0, 6.0]


def test_telemetry_is_a_copy_and_read_only() -> None:
    table = np.zeros((2, 1))
    telemetry = Telemetry(("time_s",), table)
    table[1, 0] = 7.0
    assert telemetry["time_s"].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        telemetry["time_s"][0] = 1.0


def test_a_missing_channel_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean altitude_m") as caught:
        ramp()["altitud_m"]
    assert caught.value.problems[0].path == "altitud_m"


def test_every_problem_of_a_table_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Telemetry(("time_s", "altitude_ft", "mach", "mach"), np.array([[1.0] * 4, [0.0] * 4]))
    assert [p.path for p in caught.value.problems] == ["mach", "altitude_ft", "time_s"]
    assert "altitude_m" in caught.value.problems[1].hint


def test_time_is_needed() -> None:
    with pytest.raises(InputError, match="needs its time"):
        Telemetry.from_columns({"mach": [1.0]})


def test_names_and_columns_are_as_many() -> None:
    with pytest.raises(InputError, match="2 names for a table of shape"):
        Telemetry(("time_s", "mach"), np.zeros((4, 3)))


@given(st.floats(0.0, 2.0))
def test_at_is_linear_between_samples(time_s: float) -> None:
    expected = 10.0 * time_s if time_s <= 1.0 else 10.0 + 30.0 * (time_s - 1.0)
    assert ramp().at(time_s, "altitude_m") == pytest.approx(expected, abs=1e-12)


def test_at_is_nan_outside() -> None:
    assert np.isnan(ramp().at(-0.1, "altitude_m"))
    assert np.isnan(ramp().at(2.1, "altitude_m"))


def test_matching_finds_by_both_ends() -> None:
    telemetry = lost_flight().bodies["stage1"].telemetry
    assert telemetry.matching("stage1.engine.", ".chamber_fraction")[0].startswith(
        "stage1.engine.1"
    )
    assert len(telemetry.matching("stage1.engine.")) == 9


def test_pandas_frame_has_units() -> None:
    frame = ramp().to_pandas()
    assert list(frame.columns) == ["time_s", "altitude_m"]
    assert frame.attrs["units"] == {"time_s": "s", "altitude_m": "m"}
    assert frame["altitude_m"].iloc[2] == 40.0


def test_recording_answers_for_its_summary_and_mission() -> None:
    recording = lost_flight()
    assert recording.name == "made-up-flight"
    assert recording.outcome == "terminated"
    assert recording.mission_data == {"name": "made-up-flight"}
    assert [e.time_s for e in recording.events_named("impact")] == [58.1]
    assert recording.events_named("impact", "stage2") == ()


def test_import_is_light() -> None:
    heavy = {"pandas", "pyarrow", "matplotlib", "numba", "jinja2"}
    code = (
        "import sys, downrange.telemetry, downrange.review, downrange.report\n"
        f"loaded = {heavy} & sys.modules.keys()\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
