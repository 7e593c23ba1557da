"""Parts: types that follow from names, absent is null, the same bytes, a row too many refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_flyer import COLUMNS, FakeFlyer, MakeFake, request

from downrange.campaign.parts import Flown, Rows, from_parquet, to_parquet

TABLE: dict[str, Any] = {
    "flight": np.arange(4),
    "outcome": np.array(["success", "loss", "terminiert: ä", "success"], object),
    "cause": np.array(["", "x", "y", ""], object),
    "objective.orbit": np.array([True, None, False, True], object),
    "body.stage1.end_surface": np.array([None, None, None, None], object),
    "end_time_s": np.array([1.0, np.nan, -0.0, 3e300]),
}
UNITS = {name: "s" if name.endswith("_s") else "" for name in TABLE}


def read(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def test_types_follow_from_names_and_absent_is_null() -> None:
    table = read(to_parquet(TABLE, UNITS))
    assert [str(field.type) for field in table.schema] == [
        "int64", "string", "string", "bool", "string", "double"
    ]  # fmt: skip
    assert table.column("outcome").to_pylist() == TABLE["outcome"].tolist()
    assert table.column("objective.orbit").to_pylist() == [True, None, False, True]
    assert table.column("body.stage1.end_surface").null_count == 4
    assert table.column("end_time_s").to_pylist() == [1.0, None, 0.0, 3e300]
    table.validate(full=True)


def test_units_stand_in_the_metadata() -> None:
    schema = read(to_parquet(TABLE, UNITS)).schema
    assert schema.field("end_time_s").metadata[b"unit"] == b"s"
    assert schema.field("flight").metadata[b"unit"] == b""


def test_numbers_are_split_by_bytes_and_packed() -> None:
    file = pq.ParquetFile(io.BytesIO(to_parquet(TABLE, UNITS)))
    columns = [file.metadata.row_group(0).column(k) for k in range(len(TABLE))]
    numbers = columns[-1]
    assert "BYTE_STREAM_SPLIT" in numbers.encodings
    assert {column.compression for column in columns} == {"ZSTD"}


def test_bytes_are_the_same_and_come_back() -> None:
    data = to_parquet(TABLE, UNITS)
    assert data == to_parquet({name: each.copy() for name, each in TABLE.items()}, UNITS)
    back = from_parquet(data)
    assert to_parquet(back, UNITS) == data
    np.testing.assert_array_equal(back["end_time_s"], TABLE["end_time_s"])


@pytest.mark.parametrize("given", [[1.0, np.nan, 0.0], [True, None, False]])
def test_truth_may_come_as_numbers(given: list[Any]) -> None:
    kind = float if given[0] == 1.0 and not isinstance(given[0], bool) else object
    columns = {"objective.x": np.array(given, kind)}
    found = read(to_parquet(columns, {"objective.x": ""}))
    assert found.column("objective.x").to_pylist() == [True, None, False]


def flown(first: int, count: int) -> Flown:
    return Flown(FakeFlyer(MakeFake()).fly(first, count), np.full(count, 1))


def test_rows_take_the_next_flights_alone() -> None:
    rows = Rows(1, 10, request())
    rows.add(flown(10, 3))
    with pytest.raises(ValueError, match=r"flights \[14\] came where 13 was due"):
        rows.add(flown(14, 2))
    other = flown(13, 1)
    other.chunk.columns["draw.more"] = np.zeros(1)
    with pytest.raises(ValueError, match=r"flight 13 has other columns .*\['draw.more'\]"):
        rows.add(other)
    assert rows.flights == 3


@pytest.mark.parametrize("keep", [1, 2, 3, 4, 5, 7, 8])
def test_rows_are_cut_where_the_flights_end(keep: int) -> None:
    rows = Rows(0, 0, request())
    for first, count in ((0, 3), (3, 2), (5, 3)):
        rows.add(flown(first, count))
    rows.cut(keep)
    assert rows.flights == keep
    assert rows.columns()["flight"].tolist() == list(range(keep))
    assert len(rows.samples()) == len(rows.outcomes()) == keep
    assert {name: len(each) for name, each in rows.timing().items()} == {
        "flight": keep, "fly_s": keep, "worker": keep
    }  # fmt: skip
    assert list(rows.columns()) == list(COLUMNS)
