"""Recordings on disk: one folder per flight, written beside and renamed, so never half."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from downrange.errors import InputError, OutputError, Problem
from downrange.telemetry.channels import channel
from downrange.telemetry.recording import Body, Event, Floats, Recording, Telemetry

T = TypeVar("T")


def write_recording(recording: Recording, folder: Path | str, *, replace: bool = False) -> Path:
    """Write a recording as `folder`, whole or not at all; an existing one only if `replace`.

    The files are those of the documented recording folder, and `planned/<body>.parquet` for
    the nominal flight. Returns the folder. Raises OutputError.
    """
    target = Path(folder)
    if target.exists() and not replace:
        raise OutputError(f"{target} exists already; choose another folder or use --force")
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        _write_files(recording, beside)
        _swap(beside, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def write_summary(summary: Mapping[str, Any], folder: Path | str) -> None:
    """Write the summary of a recording that stands already anew. Raises OutputError."""
    write_whole(Path(folder) / "summary.json", _json_text(summary))


def write_whole(path: Path, text: str) -> None:
    """Write a text file beside and rename it, so that nobody ever sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def _swap(beside: Path, target: Path) -> None:
    """Rename `beside` to `target`; what stood there goes only once the new one stands."""
    if not target.exists():
        beside.rename(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    target.rename(old)
    try:
        beside.rename(target)
    except BaseException:
        old.rename(target)
        raise
    if old.is_dir():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink()


def _write_files(recording: Recording, folder: Path) -> None:
    (folder / "mission.toml").write_text(recording.mission, encoding="utf-8", newline="\n")
    _write_json(folder / "plan.json", recording.plan)
    _write_json(folder / "summary.json", recording.summary)
    lines = [json.dumps(plain(asdict(event)), allow_nan=False) for event in recording.events]
    text = "".join(line + "\n" for line in lines)
    (folder / "events.jsonl").write_text(text, encoding="utf-8", newline="\n")
    tables = {"telemetry": {name: body.telemetry for name, body in recording.bodies.items()}}
    if recording.planned:
        tables["planned"] = recording.planned
    for kind, bodies in tables.items():
        (folder / kind).mkdir()
        for name, telemetry in bodies.items():
            _write_parquet(telemetry, folder / kind / f"{name}.parquet")


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(_json_text(data), encoding="utf-8", newline="\n")


def _json_text(data: Mapping[str, Any]) -> str:
    text = json.dumps(plain(data), indent=1, allow_nan=False, ensure_ascii=False)
    return re.sub(r"\[\n([^][{}]*)\n *\]", _on_one_line, text) + "\n"


def _on_one_line(numbers: re.Match[str]) -> str:
    return f"[{' '.join(line.strip() for line in numbers.group(1).splitlines())}]"


def plain(data: Any) -> Any:
    """The same data as JSON allows: not-a-number and infinite become None, arrays lists."""
    match data:
        case Mapping():
            return {str(key): plain(value) for key, value in data.items()}
        case list() | tuple():
            return [plain(value) for value in data]
        case np.ndarray() | np.generic():
            return plain(data.tolist())
        case float():
            return data if math.isfinite(data) else None
        case None | str() | bool() | int():
            return data
        case _:
            return str(data)


def _write_parquet(telemetry: Telemetry, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([_field(pa, name) for name in telemetry.names])
    columns = [_array(pa, telemetry.column(name)) for name in telemetry.names]
    pq.write_table(
        pa.Table.from_arrays(columns, schema=schema),
        path,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=True,
    )


def _array(pa: Any, numbers: Floats) -> Any:
    """An Arrow array, made without pyarrow.array, which would import pandas: half a second."""
    data = pa.py_buffer(np.ascontiguousarray(numbers))
    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, data])


def _field(pa: Any, name: str) -> Any:
    known = channel(name)
    if known is None:
        raise ValueError(f"{name} is in no channel dictionary")
    about = {"unit": known.unit, "frame": known.frame, "title": known.title}
    return pa.field(name, pa.float64(), metadata={**about, "description": known.description})


def read_recording(folder: Path | str) -> Recording:
    """The recording in a folder. Raises InputError with every file missing or damaged."""
    root = Path(folder)
    if not root.is_dir():
        hint = "a recording is the folder that `downrange fly` wrote"
        raise InputError([Problem(str(root), "", "there is no such folder", hint)])
    problems: list[Problem] = []
    summary = _read(root / "summary.json", _json_object, problems) or {}
    telemetry = _read_tables(root / "telemetry", problems)
    if not telemetry and not problems:
        problems.append(Problem(str(root / "telemetry"), "", "holds no telemetry"))
    planned = _read_tables(root / "planned", problems) if (root / "planned").is_dir() else {}
    plan = _read(root / "plan.json", _json_object, problems) or {}
    mission = _read(root / "mission.toml", _toml_text, problems) or ""
    events = _read(root / "events.jsonl", _events, problems) or ()
    if problems:
        raise InputError(problems)
    ends = summary.get("bodies") or {}
    order = [*(name for name in ends if name in telemetry), *telemetry]
    bodies = {
        name: Body(name, telemetry[name], str((ends.get(name) or {}).get("outcome") or ""))
        for name in dict.fromkeys(order)
    }
    return Recording(bodies, events, summary, plan, mission, planned, root)


def _read(path: Path, reader: Callable[[Path], T], problems: list[Problem]) -> T | None:
    try:
        return reader(path)
    except FileNotFoundError:
        problems.append(Problem(str(path), "", "is missing from the recording"))
    except InputError as error:
        problems += [Problem(str(path), p.path, p.message, p.hint) for p in error.problems]
    except (OSError, ValueError, TypeError) as error:
        # pyarrow's, json's and tomllib's errors for damaged data are all ValueErrors.
        problems.append(Problem(str(path), "", f"is damaged: {error}", "fly it again"))
    return None


def _read_tables(folder: Path, problems: list[Problem]) -> dict[str, Telemetry]:
    if not folder.is_dir():
        problems.append(Problem(str(folder), "", "is missing from the recording"))
    tables = {
        path.stem: _read(path, _parquet, problems) for path in sorted(folder.glob("*.parquet"))
    }
    return {name: table for name, table in tables.items() if table is not None}


def _parquet(path: Path) -> Telemetry:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return Telemetry.from_columns(
        {name: table.column(name).to_numpy() for name in table.column_names}
    )


def _json_object(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError("not a JSON object")
    return data


def _toml_text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    tomllib.loads(text)
    return text


def _events(path: Path) -> tuple[Event, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(_event(json.loads(line)) for line in lines if line.strip())


def _event(data: dict[str, Any]) -> Event:
    known = {item.name for item in fields(Event)}
    told: dict[str, Any] = {key: value for key, value in data.items() if key in known}
    told.update({key: math.nan for key, value in told.items() if value is None})
    return Event(**told)
