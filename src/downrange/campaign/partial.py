"""The flights of a part that a clean stop left unfinished: kept for the campaign that goes on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.files import cannot_write, write_whole
from downrange.campaign.flyer_types import Chunk
from downrange.campaign.parts import TIMING, Flown, Rows, from_parquet, to_parquet
from downrange.campaign.request import Request

FILE = "partial.npz"


def write_partial(folder: Path, rows: Rows, request: Request) -> None:
    """Keep the flights of an unfinished part. Raises HaltError."""
    about = json.dumps({"part": rows.part, "first": rows.first}).encode()
    out = io.BytesIO()
    np.savez(
        out,
        about=_as_array(about),
        flights=_as_array(to_parquet(rows.columns(), request.columns or {})),
        timing=_as_array(to_parquet(rows.timing(), TIMING)),
        samples=rows.samples(),
    )
    write_whole(folder / FILE, out.getvalue())


def read_partial(folder: Path, request: Request, say: Callable[[str], None]) -> Rows | None:
    """The flights of an unfinished part, if there are any; damaged ones are told and left out."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        with np.load(io.BytesIO(file.read_bytes())) as kept:  # a zip, which checks what it holds
            about = json.loads(kept["about"].tobytes())
            rows = Rows(about["part"], about["first"], request)
            columns = from_parquet(kept["flights"].tobytes())
            timing = from_parquet(kept["timing"].tobytes())
            samples = np.asarray(kept["samples"], np.float32)
        chunk = Chunk(rows.first, columns, samples, timing["fly_s"])
        rows.add(Flown(chunk, timing["worker"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        say(f"{file} is damaged: its flights are flown again ({error})")
        return None
    return rows


def remove_partial(folder: Path) -> None:
    """Remove it: its part is finished. Raises HaltError."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(folder / FILE, error) from error


def _as_array(data: bytes) -> NDArray[Any]:
    return np.frombuffer(data, np.uint8)
