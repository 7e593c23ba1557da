"""The ledger of a campaign: a line for each finished part, with a checksum of each of its files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from downrange.campaign.files import append_line, file_sha256

FILE = "ledger.jsonl"
HASHERS = 4  # a disk is read no faster by more


@dataclass(frozen=True)
class Entry:
    """A finished part: its number, first flight, flights, and SHA-256 by file."""

    part: int
    first: int
    flights: int
    files: dict[str, str]

    def to_line(self) -> bytes:
        """As it stands in the ledger."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()


def write_entry(folder: Path, entry: Entry) -> None:
    """Add a finished part for good. Raises HaltError."""
    append_line(folder / FILE, entry.to_line())


def read_ledger(folder: Path) -> tuple[dict[int, Entry], int]:
    """The finished parts by number, the last line of each, and how many lines can't be read.

    A last line without its end was being written when its process died: it is no line.
    """
    file = folder / FILE
    if not file.exists():
        return {}, 0
    lines = file.read_bytes().split(b"\n")[:-1]
    found = [_entry(line) for line in lines]
    return {each.part: each for each in found if each}, found.count(None)


def _entry(line: bytes) -> Entry | None:
    """The entry of a line; None if it is none."""
    try:
        entry = Entry(**json.loads(line))
        numbers = (entry.part, entry.first, entry.flights)
        whole = all(isinstance(each, int) for each in numbers) and isinstance(entry.files, dict)
    except (ValueError, TypeError):
        return None
    return entry if whole else None


def damaged_files(folder: Path, entries: Iterable[Entry]) -> dict[str, str]:
    """Files that are missing or not as the ledger has them: "is missing" or "is damaged" by name.

    All are read whole; hashing lets go of the interpreter, so several are read at once.
    """
    wanted = [(name, digest) for entry in entries for name, digest in entry.files.items()]
    with ThreadPoolExecutor(HASHERS) as pool:
        got = list(pool.map(file_sha256, [folder / name for name, _ in wanted]))
    return {
        name: "is damaged" if (folder / name).exists() else "is missing"
        for (name, digest), found in zip(wanted, got, strict=True)
        if found != digest
    }
