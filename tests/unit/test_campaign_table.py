"""Columns of many parts, read when they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from campaign_case import Columns, arrow, planned_rows, write_campaign

from downrange.campaign.parts import to_parquet
from downrange.campaign.results import open_campaign
from downrange.campaign.table import AT_ONCE, KEPT, Coded, Flights
from downrange.errors import InputError

N = 2500


@pytest.fixture(scope="module")
def rows() -> Columns:
    return planned_rows(N)


@pytest.fixture(scope="module")
def flights(rows: Columns, tmp_path_factory: pytest.TempPathFactory) -> Flights:
    return open_campaign(write_campaign(tmp_path_factory.mktemp("c") / "c", rows)).flights


def test_numbers_come_in_the_order_asked(flights: Flights, rows: Columns) -> None:
    names = [name for name, column in rows.items() if column.dtype == np.float64][::-1]
    assert len(names) > AT_ONCE
    found = list(flights.numbers(names))
    assert [name for name, _ in found] == names
    for name, column in found:
        assert np.array_equal(column, rows[name], equal_nan=True), name
    again = dict(flights.numbers(names[:3]))
    assert np.array_equal(again[names[0]], rows[names[0]], equal_nan=True)


def test_what_is_kept_is_read_once(rows: Columns, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", rows)
    flights = open_campaign(folder).flights
    assert KEPT.fullmatch("cause_time_s")
    assert not KEPT.fullmatch("event.stage1.meco.time_s")
    list(flights.numbers(["cause_time_s"]))
    for part in flights.parts:
        part.unlink()
    ((_, column),) = flights.numbers(["cause_time_s"])
    assert np.array_equal(column, rows["cause_time_s"], equal_nan=True)
    with pytest.raises(InputError, match=r"part-00000\.parquet.*is damaged.*--resume"):
        list(flights.numbers(["event.stage1.meco.time_s"]))


def test_words_are_coded_alike_over_all_parts(flights: Flights, rows: Columns) -> None:
    names = ["outcome", "cause", "objective.orbit", "body.stage1.end_surface"]
    found = flights.coded(names)
    assert list(found) == names
    for name in ("outcome", "cause", "body.stage1.end_surface"):
        told = [found[name].words[code] for code in found[name].codes]
        assert told == [word or "" for word in rows[name].tolist()]
    met = {True: "true", False: "false", None: ""}
    truths = found["objective.orbit"]
    assert [truths.words[c] for c in truths.codes] == [met[x] for x in rows["objective.orbit"]]


def test_counts_leave_out_no_word() -> None:
    found = Coded(np.array([0, 2, 0, 1, 2, 2], np.int32), ("a", "b", ""))
    assert found.counts() == {"a": 2, "b": 1}
    assert found.among(["b", "z"]).tolist() == [False, False, False, True, False, False]
    assert not found.among([]).any()


def test_the_first_flights_are_whole_parts(flights: Flights) -> None:
    assert len(flights.head(1)) == 1000
    assert len(flights.head(1001)) == 2000
    assert len(flights.head(10_000)) == N
    assert np.array_equal(flights.head(5).column("flight"), np.arange(1000))


def test_parts_as_a_campaign_writes_them(rows: Columns, tmp_path: Path) -> None:
    """Of the runner's own format, with its dictionaries and byte streams."""
    paths = []
    for part in range(2):
        some = {name: column[part * 600 : part * 600 + 600] for name, column in rows.items()}
        path = tmp_path / f"part-{part:05d}.parquet"
        path.write_bytes(to_parquet(some, dict.fromkeys(rows, "")))
        paths.append(path)
    flights = Flights(paths, 1200, {})
    for name, column in rows.items():
        if column.dtype == np.float64:
            assert np.array_equal(flights.column(name), column[:1200], equal_nan=True)
    found = flights.coded(["outcome", "cause", "objective.orbit"])
    expected = pd.Series(rows["outcome"][:1200]).value_counts()
    assert found["outcome"].counts() == expected.to_dict()
    assert found["cause"].counts().keys() == set(rows["cause"][:1200]) - {""}


def test_a_column_without_any_word(tmp_path: Path) -> None:
    rows = planned_rows(20) | {"body.stage9.outcome": np.full(20, None)}
    flights = open_campaign(write_campaign(tmp_path / "c", rows)).flights
    assert flights.coded(["body.stage9.outcome"])["body.stage9.outcome"].counts() == {}


def test_a_part_that_is_no_table_is_damaged(rows: Columns, tmp_path: Path) -> None:
    good, bad = tmp_path / "part-00000.parquet", tmp_path / "part-00001.parquet"
    pq.write_table(arrow({name: column[:10] for name, column in rows.items()}), good)
    bad.write_bytes(good.read_bytes()[:500])
    with pytest.raises(InputError, match=r"part-00001\.parquet: is damaged"):
        Flights([good, bad], 20, {}).column("end_time_s")
    with pytest.raises(InputError, match=r"part-00001\.parquet: is damaged"):
        Flights([bad], 10, {})


def test_every_wrong_name_is_told_at_once(flights: Flights) -> None:
    with pytest.raises(InputError) as refused:
        flights.to_pandas(["flight", "outcom", "nothing"])
    assert [problem.path for problem in refused.value.problems] == ["outcom", "nothing"]
    assert "outcome" in refused.value.problems[0].hint
