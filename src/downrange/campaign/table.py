"""The flights of a campaign as columns, read from its parts when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.parts import EMPTY
from downrange.errors import InputError, Problem
from downrange.telemetry.channels import nearest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Floats = NDArray[np.float64]

AT_ONCE = 64  # columns read in one pass, or fewer of very many flights:
MOST_HELD = 52_000_000  # numbers in memory at a time, 420 MB
# What is asked for again and again stays in memory.
KEPT = re.compile(
    r"cause_time_s|end_time_s|insertion\..*|margin\..*"
    r"|event\..*\.(flight_termination|breakup)\.time_s|body\..*\.end_(latitude|longitude)_deg"
)
RESUME = "the same command with --resume flies what is missing or damaged"
THREADS = 2  # that read; more wait for each other


class Coded(NamedTuple):
    """A column of words: `codes` (flights,) are places in `words`."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def among(self, chosen: Iterable[str]) -> NDArray[np.bool_]:
        """Which flights have one of some words."""
        return np.isin(self.codes, [k for k, word in enumerate(self.words) if word in chosen])

    def counts(self) -> dict[str, int]:
        """How many flights have each word; "" is no word."""
        found = np.bincount(self.codes, minlength=len(self.words))
        told = zip(self.words, found.tolist(), strict=True)
        return {word: count for word, count in told if word and count}


class Flights:
    """One row a flight, in order; `len` is the number of flights that are finished.

    Nothing is read before it is asked for, and little is kept: a column of a million flights
    takes 8 MB. `units` has the SI unit of each column, "" for words.
    """

    def __init__(self, parts: Sequence[Path], count: int, units: dict[str, str]) -> None:
        self.parts = tuple(parts)
        self.count = count
        self.units = units
        self._kept: dict[str, Floats] = {}
        self.names = _names(self.parts[0]) if self.parts else ()

    def __len__(self) -> int:
        return self.count

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def column(self, name: str) -> NDArray[Any]:
        """One column, shape (flights,), in flight order.

        Numbers are float64, nan where there is none (`flight` is int64); words and truths are
        objects, None where there is none. A wrong name is an error.
        """
        held = self._table([name]).column(name)
        if _is_number(held):
            return np.asarray(held.to_numpy())
        found = np.empty(len(held), dtype=object)
        found[:] = held.to_pylist()
        return found

    def numbers(self, names: Sequence[str]) -> Iterator[tuple[str, Floats]]:
        """(name, column) of columns of numbers, some of them read at a time; not to be changed."""
        at_once = min(AT_ONCE, max(1, MOST_HELD // max(self.count, 1)))
        for first in range(0, len(names), at_once):
            some = names[first : first + at_once]
            read = [name for name in some if name not in self._kept]
            columns = dict(zip(read, self._read(read), strict=True))
            self._kept |= {name: columns[name] for name in read if KEPT.fullmatch(name)}
            for name in some:
                yield name, self._kept[name] if name in self._kept else columns[name]

    def _read(self, names: Sequence[str]) -> list[Floats]:
        """Columns of numbers, shape (flights,) each; one for all that hold nothing."""
        nothing = np.full(self.count, np.nan)
        values = dict.fromkeys(names, nothing)
        at = 0
        for table in self._tables(names, filled=True) if names else ():
            for name, held in zip(table.column_names, table.columns, strict=True):
                if values[name] is nothing:
                    values[name] = nothing.copy()
                values[name][at : at + len(held)] = held.to_numpy()
            at += table.num_rows
        return list(values.values())

    def coded(self, names: Sequence[str]) -> dict[str, Coded]:
        """Columns of words or truths, each as (number of each flight's word, the words).

        Truths are "true" and "false"; where there is none the word is "".
        """
        import pyarrow as pa

        table = pa.concat_tables(self._tables(names, coded=True)).unify_dictionaries()
        return {name: _coded(table.column(name)) for name in names}

    def matching(self, prefix: str, suffix: str = "") -> tuple[str, ...]:
        """Names that start and end so, in order: `matching("margin.")`."""
        return tuple(n for n in self.names if n.startswith(prefix) and n.endswith(suffix))

    def head(self, flights: int) -> Flights:
        """The first flights, as many whole parts as hold so many; all if there are no more."""
        import pyarrow.parquet as pq

        count = 0
        for number, part in enumerate(self.parts):
            if count >= flights:
                return Flights(self.parts[:number], count, self.units)
            count += pq.read_metadata(part).num_rows
        return self

    def to_pandas(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """A data frame of all columns or of those named, units in `attrs["units"]`."""
        chosen = list(self.names if names is None else names)
        frame: pd.DataFrame = self._table(chosen).to_pandas()
        frame.attrs["units"] = {name: self.units.get(name, "") for name in chosen}
        return frame

    def _table(self, names: Sequence[str]) -> pa.Table:
        """The columns named, of all parts, in flight order."""
        import pyarrow as pa

        return pa.concat_tables(self._tables(names))

    def _tables(
        self, names: Sequence[str], coded: bool = False, filled: bool = False
    ) -> Iterator[pa.Table]:
        """The columns named, of one part after the other; they are read in threads.

        Of those only that hold something in a part if `filled`.
        """
        problems = [
            Problem("flights", name, "this campaign has no such column", nearest(name, self.names))
            for name in names
            if name not in self.names
        ]
        if problems:
            raise InputError(problems)
        wanted = list(names)
        with ThreadPoolExecutor(THREADS) as threads:
            yield from threads.map(lambda part: _read(part, wanted, coded, filled), self.parts)


def _read(part: Path, names: list[str], coded: bool, filled: bool) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(part, read_dictionary=names if coded else None)
        if filled:
            empty = (file.metadata.metadata or {}).get(EMPTY.encode(), b"").decode().split("\n")
            some = set(names).difference(empty)
            # One at least, or the table has no rows.
            names = [name for name in names if name in some] or names[:1]
        return file.read(columns=names, use_threads=False)
    except (OSError, ValueError) as error:  # pyarrow's for damaged data are ValueErrors
        raise damaged(part, str(error)) from error


def _names(part: Path) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(part).names)
    except (OSError, ValueError) as error:
        raise damaged(part, str(error)) from error


def _coded(held: pa.ChunkedArray) -> Coded:
    import pyarrow as pa

    if pa.types.is_boolean(held.type):
        codes = held.cast(pa.int32()).fill_null(2).to_numpy()
        return Coded(codes, ("false", "true", ""))
    if not pa.types.is_dictionary(held.type):  # of no flight
        return Coded(np.full(len(held), 0, np.int32), ("",))
    words = tuple(held.chunk(0).dictionary.to_pylist()) if held.num_chunks else ()
    parts = [chunk.indices.fill_null(len(words)).to_numpy() for chunk in held.chunks]
    return Coded(np.concatenate(parts).astype(np.int32), (*words, ""))


def _is_number(held: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(held.type) or pa.types.is_integer(held.type))


def damaged(part: Path, why: str) -> InputError:
    """The error for a part that can't be read or is not what was written."""
    return InputError([Problem(str(part), "", f"is damaged: {why}", RESUME)])
