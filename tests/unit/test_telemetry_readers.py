from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from downrange.errors import InputError
from downrange.telemetry import read_telemetry_csv


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "flight.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_named_and_converted(tmp_path: Path) -> None:
    path = write(tmp_path, "t,v1,h1\n0,0,0\n1,36,0.1\n2,,0.3\nnan,99,99\n")
    telemetry = read_telemetry_csv(
        path, {"time_s": "t", "speed_mps": ("v1", 1 / 3.6), "altitude_m": ("h1", 1000.0)}
    )
    assert telemetry["time_s"].tolist() == [0.0, 1.0, 2.0]
    np.testing.assert_allclose(telemetry["speed_mps"], [0.0, 10.0, np.nan])
    np.testing.assert_allclose(telemetry["altitude_m"], [0.0, 100.0, 300.0])


def test_missing_columns_are_all_named_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "time,velocity\n0,1\n")
    with pytest.raises(InputError) as caught:
        read_telemetry_csv(path, {"time_s": "tme", "speed_mps": "velocit"})
    assert [p.path for p in caught.value.problems] == ["tme", "velocit"]
    assert "velocity" in caught.value.problems[1].hint


def test_text_in_numbers_names_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "t,v\n0,1\n1,fast\n2,faster\n")
    with pytest.raises(InputError) as caught:
        read_telemetry_csv(path, {"time_s": "t", "speed_mps": "v"})
    assert [p.path for p in caught.value.problems] == ["line 3, v", "line 4, v"]


@pytest.mark.parametrize("content", [b"", b"t,v\n", b"\xff\xfe\x00\x01"])
def test_a_file_without_a_table(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "flight.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_telemetry_csv(path, {"time_s": "t"})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_telemetry_csv(tmp_path / "none.csv", {"time_s": "t"})
