"""A part: some thousand flights that follow each other, as files with the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.files import sha256, write_whole
from downrange.campaign.flyer_types import Chunk
from downrange.campaign.ledger import Entry, write_entry
from downrange.campaign.sketch import Sketches

if TYPE_CHECKING:
    from downrange.campaign.request import Request

FOLDERS = ("flights", "timing", "envelopes")
WORDS = (".outcome", ".end_surface")  # how the names of columns of text end
TIMING = {"flight": "", "fly_s": "s", "worker": ""}


class Flown(NamedTuple):
    """A chunk and the number of the worker that flew it, by flight."""

    chunk: Chunk
    workers: NDArray[np.int64]

    def first(self, count: int) -> Flown:
        """The first so many flights of it."""
        number, columns, samples, fly_s = self.chunk
        cut = {name: each[:count] for name, each in columns.items()}
        return Flown(Chunk(number, cut, samples[:count], fly_s[:count]), self.workers[:count])


class Rows:
    """The flights of a part as they come in, in order."""

    def __init__(self, part: int, first: int, request: Request) -> None:
        self.part, self.first, self.flights = part, first, 0
        self._columns = request.columns or {}
        self._chunks: list[Flown] = []

    def add(self, flown: Flown) -> None:
        """Take the next flights.

        Raises:
            ValueError: they are not the next, or not of the campaign's columns.
        """
        chunk = flown.chunk
        numbers = chunk.columns["flight"]
        due = self.first + self.flights
        if not np.array_equal(numbers, np.arange(due, due + len(numbers))):
            raise ValueError(f"flights {numbers[:1]} came where {due} was due")
        if chunk.columns.keys() != self._columns.keys():
            differ = sorted(chunk.columns.keys() ^ self._columns.keys())
            raise ValueError(f"flight {due} has other columns than the campaign: {differ}")
        self._chunks.append(flown)
        self.flights += len(numbers)

    def cut(self, flights: int) -> None:
        """Drop what was flown beyond so many flights."""
        while self.flights > flights:
            last = self._chunks.pop()
            left = max(0, flights - self.flights + len(last.workers))
            self.flights -= len(last.workers) - left
            if left:
                self._chunks.append(last.first(left))

    def columns(self) -> dict[str, NDArray[Any]]:
        """The rows by column, in the campaign's order."""
        chunks = [flown.chunk for flown in self._chunks]
        return {name: np.concatenate([each.columns[name] for each in chunks])
                for name in self._columns}  # fmt: skip

    def outcomes(self) -> list[str]:
        """The outcome of each flight."""
        return [each for flown in self._chunks for each in flown.chunk.columns["outcome"].tolist()]

    def samples(self) -> NDArray[np.float32]:
        """What the envelopes are made of, in flight order."""
        return np.concatenate([flown.chunk.samples for flown in self._chunks])

    def timing(self) -> dict[str, NDArray[Any]]:
        """Wall clock of each flight, s, and who flew it."""
        return {
            "flight": np.arange(self.first, self.first + self.flights),
            "fly_s": np.concatenate([flown.chunk.fly_s for flown in self._chunks]),
            "worker": np.concatenate([flown.workers for flown in self._chunks]),
        }


EMPTY = "empty"  # key of a file's metadata: names of the columns that hold nothing


def write_part(folder: Path, rows: Rows, request: Request) -> Entry:
    """Write the files of a part, and only then its line in the ledger.

    Raises:
        HaltError: one can't be written; the ledger knows nothing of the part then.
    """
    sketches = Sketches.new(len(request.times_s), len(request.channels))
    sketches.add(rows.samples())
    name = f"part-{rows.part:05d}"
    files = {
        f"flights/{name}.parquet": to_parquet(rows.columns(), request.columns or {}),
        f"timing/{name}.parquet": to_parquet(rows.timing(), TIMING),
        f"envelopes/{name}.sketch": sketches.to_bytes(),
    }
    for file, data in files.items():
        write_whole(folder / file, data)
    entry = Entry(rows.part, rows.first, rows.flights, {f: sha256(d) for f, d in files.items()})
    write_entry(folder, entry)
    return entry


def to_parquet(columns: dict[str, NDArray[Any]], units: dict[str, str]) -> bytes:
    """A table as the bytes of a Parquet file: the same table gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: _array(pa, name, each) for name, each in columns.items()}
    empty = [name for name, each in arrays.items() if each.null_count == len(each)]
    fields = [
        pa.field(name, each.type, metadata={"unit": units[name]}) for name, each in arrays.items()
    ]
    schema = pa.schema(fields, metadata={EMPTY: "\n".join(empty)})
    numbers = [name for name, each in arrays.items() if each.type == pa.float64()]
    words = [name for name, each in arrays.items() if each.type == pa.string()]
    out = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(list(arrays.values()), schema=schema), out,
        compression="zstd", use_dictionary=words, use_byte_stream_split=numbers,
        write_statistics=False,
    )  # fmt: skip
    return out.getvalue().to_pybytes()  # type: ignore[no-any-return]


def is_truth(name: str) -> bool:
    """Whether a column holds true, false or nothing."""
    return name.startswith("objective.")


def is_words(name: str) -> bool:
    """Whether a column holds text or nothing."""
    return name in ("outcome", "cause") or (name.startswith("body.") and name.endswith(WORDS))


def _array(pa: Any, name: str, data: NDArray[Any]) -> Any:
    """An Arrow array, of a type that follows from the name and kind, never from the values.

    Made from buffers: pyarrow.array would import pandas.
    """
    if is_words(name):
        return _strings(pa, data.tolist())
    if is_truth(name):
        known = np.array([each in (True, False) for each in data.tolist()], bool)
        truth = np.array([each == True for each in data.tolist()], bool)  # noqa: E712 - or 1.0
        buffers = [_bits(pa, known), _bits(pa, truth)]
        return pa.Array.from_buffers(pa.bool_(), len(data), buffers)
    if np.issubdtype(data.dtype, np.integer):
        buffer = pa.py_buffer(np.ascontiguousarray(data, np.int64))
        return pa.Array.from_buffers(pa.int64(), len(data), [None, buffer])
    numbers = np.ascontiguousarray(data, np.float64)
    known = ~np.isnan(numbers)
    buffers = [_bits(pa, known), pa.py_buffer(np.where(known, numbers, 0.0))]
    return pa.Array.from_buffers(pa.float64(), len(numbers), buffers)


def _strings(pa: Any, words: Sequence[str | None]) -> Any:
    encoded = [(word or "").encode() for word in words]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in encoded])]).astype(np.int32)
    known = _bits(pa, np.array([word is not None for word in words], bool))
    buffers = [known, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(words), buffers)


def _bits(pa: Any, truth: NDArray[np.bool_]) -> Any:
    return pa.py_buffer(np.packbits(truth, bitorder="little"))


def read_outcomes(folder: Path, entry: Entry) -> list[str]:
    """The outcome of each flight of a part, in order."""
    import pyarrow.parquet as pq

    (name,) = (name for name in entry.files if name.startswith("flights/"))
    table = pq.read_table(folder / name, columns=["outcome"])
    return list(table.column("outcome").to_pylist())


def from_parquet(data: bytes) -> dict[str, NDArray[Any]]:
    """The columns of such bytes, as a flyer gives them: nothing is nan, or None in text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(data))
    return {name: _column(pa, table.column(name)) for name in table.column_names}


def _column(pa: Any, column: Any) -> NDArray[Any]:
    if column.type in (pa.string(), pa.bool_()):
        made = np.empty(len(column), object)
        made[:] = column.to_pylist()
        return made
    return column.to_numpy()  # type: ignore[no-any-return]
