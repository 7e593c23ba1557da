from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_flight import healthy_flight, lost_flight

from downrange.errors import InputError, OutputError
from downrange.telemetry import (
    Body,
    Event,
    Recording,
    Telemetry,
    read_recording,
    store,
    write_recording,
)

FILES = {"mission.toml", "plan.json", "summary.json", "events.jsonl", "telemetry", "planned"}


@pytest.fixture
def recording() -> Recording:
    lost, healthy = lost_flight(), healthy_flight()
    planned = {"stage1": healthy.bodies["stage1"].telemetry}
    return Recording(lost.bodies, lost.events, lost.summary, lost.plan, lost.mission, planned)


def test_a_recording_comes_back_bit_for_bit(recording: Recording, tmp_path: Path) -> None:
    folder = write_recording(recording, tmp_path / "runs" / "a")
    back = read_recording(folder)
    assert {path.name for path in folder.iterdir()} == FILES
    for name, body in recording.bodies.items():
        assert back.bodies[name].telemetry.names == body.telemetry.names
        assert back.bodies[name].telemetry.values.tobytes() == body.telemetry.values.tobytes()
        assert back.bodies[name].outcome == "impacted"
    assert back.planned["stage1"].values.tobytes() == recording.planned["stage1"].values.tobytes()
    assert (back.summary, back.plan) == (recording.summary, recording.plan)
    assert back.mission == recording.mission
    assert back.folder == folder
    assert [repr(e) for e in back.events] == [repr(e) for e in recording.events]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_any_float_survives(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    time = np.arange(len(values), dtype=float)
    telemetry = Telemetry.from_columns({"time_s": time, "mach": values})
    folder = tmp_path_factory.mktemp("floats") / "run"
    write_recording(Recording({"a": Body("a", telemetry)}), folder)
    assert read_recording(folder).bodies["a"].telemetry["mach"].tolist() == values


def test_parquet_says_unit_and_frame_and_is_split_by_bytes(
    recording: Recording, tmp_path: Path
) -> None:
    folder = write_recording(recording, tmp_path / "a")
    file = pq.ParquetFile(folder / "telemetry" / "stage1.parquet")
    about = file.schema_arrow.field("q_radps").metadata
    assert about[b"unit"] == b"rad/s"
    assert about[b"frame"].startswith(b"body")
    column = file.metadata.row_group(0).column(1)
    assert column.compression == "ZSTD"
    assert "BYTE_STREAM_SPLIT" in column.encodings


def test_absent_is_null_and_never_nan(tmp_path: Path) -> None:
    telemetry = Telemetry.from_columns({"time_s": [0.0]})
    event = Event(1.0, "a", "fault")
    summary = {
        "x": math.nan,
        "y": np.float64(math.inf),
        "z": np.array([1.0, math.nan]),
        "n": np.int64(3),
    }
    folder = write_recording(
        Recording({"a": Body("a", telemetry)}, (event,), summary), tmp_path / "a"
    )
    assert json.loads((folder / "summary.json").read_text()) == {
        "x": None, "y": None, "z": [1.0, None], "n": 3,
    }  # fmt: skip
    assert json.loads((folder / "events.jsonl").read_text())["mach"] is None
    assert math.isnan(read_recording(folder).events[0].mach)


def test_rows_of_numbers_take_one_line_and_text_keeps_its_brackets(tmp_path: Path) -> None:
    telemetry = Telemetry.from_columns({"time_s": [0.0]})
    plan = {"rows": [[1.0, 2.0], [3.0, 4.0]], "text": "[ a,\n b ]", "none": []}
    folder = write_recording(Recording({"a": Body("a", telemetry)}, plan=plan), tmp_path / "a")
    text = (folder / "plan.json").read_text()
    assert json.loads(text) == plan
    assert "[1.0, 2.0]" in text


def test_an_existing_folder_is_refused_unless_replaced(
    recording: Recording, tmp_path: Path
) -> None:
    target = tmp_path / "a"
    target.mkdir()
    (target / "precious.txt").write_text("keep")
    with pytest.raises(OutputError, match="exists already"):
        write_recording(recording, target)
    assert [path.name for path in target.iterdir()] == ["precious.txt"]
    write_recording(recording, target, replace=True)
    assert {path.name for path in target.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_nothing_half_written_is_left(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def interrupt(*_: object) -> None:
        raise stop

    monkeypatch.setattr(store, "_write_parquet", interrupt)
    with pytest.raises(KeyboardInterrupt if stop is KeyboardInterrupt else OutputError):
        write_recording(recording, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_replacing_keeps_the_old_one_when_stopped(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_recording(recording, tmp_path / "a")
    before = (target / "summary.json").read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_write_parquet", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_recording(recording, target, replace=True)
    assert (target / "summary.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_place_that_cannot_be_written_is_an_output_error(
    recording: Recording, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot write"):
        write_recording(recording, tmp_path / "file" / "a")


def test_reading_no_folder() -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_recording("/nowhere/at/all")


def test_every_missing_or_damaged_file_is_named(recording: Recording, tmp_path: Path) -> None:
    folder = write_recording(recording, tmp_path / "a")
    (folder / "plan.json").unlink()
    (folder / "summary.json").write_text('{"mission": ')
    (folder / "mission.toml").write_text("= nonsense")
    (folder / "events.jsonl").write_text('{"body": "a"}\n')
    (folder / "telemetry" / "stage1.parquet").write_bytes(b"PAR1 no parquet")
    with pytest.raises(InputError) as caught:
        read_recording(folder)
    named = {Path(p.file).name: p.message for p in caught.value.problems}
    assert named.keys() == {
        "plan.json", "summary.json", "mission.toml", "events.jsonl", "stage1.parquet",
    }  # fmt: skip
    assert "missing" in named["plan.json"]
    assert "damaged" in named["stage1.parquet"]


def test_a_recording_without_telemetry_is_refused(recording: Recording, tmp_path: Path) -> None:
    folder = write_recording(recording, tmp_path / "a")
    (folder / "telemetry" / "stage1.parquet").unlink()
    with pytest.raises(InputError, match="holds no telemetry"):
        read_recording(folder)


def test_a_whole_text_file_or_none(tmp_path: Path) -> None:
    store.write_whole(tmp_path / "a.html", "hello\n")
    assert (tmp_path / "a.html").read_bytes() == b"hello\n"
    with pytest.raises(OutputError, match="cannot write"):
        store.write_whole(tmp_path / "missing" / "a.html", "hello")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
