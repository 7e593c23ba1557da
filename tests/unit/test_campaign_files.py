"""Files of a campaign: whole or not there; the ledger; what may be in its folder."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import IO

import pytest

from downrange.campaign import files
from downrange.campaign.files import (
    Lock,
    append_line,
    file_sha256,
    remove_leftovers,
    sha256,
    write_whole,
)
from downrange.campaign.folder import check_folder, hold
from downrange.campaign.ledger import Entry, damaged_files, read_ledger, write_entry
from downrange.errors import HaltError, OutputError

FIRST = Entry(0, 0, 10, {"flights/part-00000.parquet": "ab"})
SECOND = Entry(1, 10, 10, {"flights/part-00001.parquet": "cd"})


def fail(_out: IO[bytes], _data: bytes) -> None:
    raise OSError(errno.EDQUOT, "Disk quota exceeded")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    write_whole(file, b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["some.json"]


def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.json"
    write_whole(file, b"old")
    monkeypatch.setattr(files, "_put", fail)
    with pytest.raises(HaltError, match=r"some\.json can't be written: Disk quota exceeded"):
        write_whole(file, b"new")
    with pytest.raises(HaltError, match="Disk quota exceeded"):
        append_line(file, b"new")
    assert file.read_bytes() == b"old"[: len(file.read_bytes())]
    assert [path.name for path in tmp_path.iterdir()] == ["some.json"]


def test_an_interrupted_write_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(out: IO[bytes], data: bytes) -> None:
        out.write(data[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_put", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "some.json", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b"{", b'{"part": 1'])
def test_a_line_takes_the_place_of_a_torn_one(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "ledger.jsonl"
    append_line(file, b"one")
    file.write_bytes(file.read_bytes() + torn)
    append_line(file, b"two")
    assert file.read_bytes() == b"one\ntwo\n"


def test_a_file_with_one_torn_line_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"torn")
    append_line(file, b"one")
    assert file.read_bytes() == b"one\n"


def test_hashes_are_those_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(data)
    assert file_sha256(tmp_path / "file") == sha256(data) == hashlib.sha256(data).hexdigest()
    assert file_sha256(tmp_path / "none") == file_sha256(tmp_path) == ""


def test_what_died_with_its_process_is_removed(tmp_path: Path) -> None:
    (tmp_path / "flights").mkdir()
    (tmp_path / "recordings" / ".flight-000003.7.part").mkdir(parents=True)
    (tmp_path / "recordings" / ".flight-000003.7.part" / "plan.json").write_text("{}")
    for name in (".campaign.json.7.part", "flights/.part-00001.parquet.7.part", "flights/a.parquet",
                 "campaign.json", "mine.part"):  # fmt: skip
        (tmp_path / name).write_text("x")
    assert remove_leftovers(tmp_path) == 3
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"campaign.json", "mine.part", str(Path("flights/a.parquet"))}


def test_a_lock_is_for_one(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    with pytest.raises(OutputError, match="is in use"):
        Lock(tmp_path)
    lock.close()
    Lock(tmp_path).close()
    with pytest.raises(OutputError, match="can't be written"):
        Lock(tmp_path / "none")


def test_a_ledger_has_a_line_for_each_part(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == ({}, 0)
    write_entry(tmp_path, FIRST)
    write_entry(tmp_path, SECOND)
    assert read_ledger(tmp_path) == ({0: FIRST, 1: SECOND}, 0)
    again = Entry(0, 0, 10, {"flights/part-00000.parquet": "ef"})
    write_entry(tmp_path, again)
    assert read_ledger(tmp_path) == ({0: again, 1: SECOND}, 0)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"null", b"[]", b"{}", b'{"part": 0}', b"\xff\xfe", b'{"part": 0, "first": 0}',
        b'{"part": "0", "first": 0, "flights": 1, "files": {}}',
        b'{"part": 0, "first": 0, "flights": 1, "files": []}',
        b'{"part": 0, "first": 0, "flights": 1, "files": {}, "more": 1}',
    ],
)  # fmt: skip
def test_lines_that_say_nothing_are_counted(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(line + b"\n" + FIRST.to_line() + b"\n")
    assert read_ledger(tmp_path) == ({0: FIRST}, 1)


def test_a_last_line_without_its_end_is_none(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(FIRST.to_line() + b"\n" + SECOND.to_line())
    assert read_ledger(tmp_path) == ({0: FIRST}, 0)


def test_damaged_and_missing_files_are_told_apart(tmp_path: Path) -> None:
    for name, data in (("a", b"1"), ("b", b"2"), ("c", b"3")):
        (tmp_path / name).write_bytes(data)
    entries = [Entry(0, 0, 1, {"a": sha256(b"1"), "b": sha256(b"x")}),
               Entry(1, 1, 1, {"c": sha256(b"3"), "d": sha256(b"4")})]  # fmt: skip
    assert damaged_files(tmp_path, entries) == {"b": "is damaged", "d": "is missing"}


@pytest.mark.parametrize(
    ("names", "ours"),
    [
        ((), True),
        ((".lock",), True),
        ((".lock", "mission.toml", "plan.json", ".campaign.json.3.part"), True),
        (("campaign.json", "my notes.txt"), True),
        (("my notes.txt",), False),
        (("mission.toml", "telemetry"), False),
    ],
)
def test_only_the_folder_of_a_campaign_is_replaced(
    tmp_path: Path, names: tuple[str, ...], ours: bool
) -> None:
    for name in names:
        (tmp_path / name).write_text("x")
    if ours:
        check_folder(tmp_path, resume=False, force=True)
    else:
        with pytest.raises(OutputError, match="is no campaign"):
            check_folder(tmp_path, resume=False, force=True)


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OutputError, match="can't be read: Permission denied"):
        check_folder(tmp_path, resume=True, force=False)


def test_what_never_began_is_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / "mission.toml").write_text("half")
    said: list[str] = []
    with hold(folder, resume=True, force=False, say=said.append) as held:
        assert (held.before, held.made) == (None, False)
    assert said == [f"nothing to resume in {folder}: the campaign begins"]
    assert (folder / "mission.toml").exists()  # it was not made here, so it is not removed


def test_entries_are_json_on_a_line() -> None:
    line = FIRST.to_line()
    assert b"\n" not in line
    assert json.loads(line) == {
        "part": 0, "first": 0, "flights": 10, "files": {"flights/part-00000.parquet": "ab"}
    }  # fmt: skip
