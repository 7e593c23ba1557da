"""The folder of a campaign: begun, resumed after a look at all that is in it, or refused."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from downrange.campaign import ledger
from downrange.campaign import request as requests
from downrange.campaign.files import LOCK, Lock, cannot_write, remove_leftovers, write_whole
from downrange.campaign.ledger import Entry
from downrange.campaign.parts import FOLDERS
from downrange.campaign.request import Request
from downrange.errors import OutputError

Say = Callable[[str], None]

# What may be in the folder of a campaign besides its request and parts.
NAMES = ("mission.toml", "plan.json", "ledger.jsonl", "partial.npz", "recordings",
         "summary.json", "report.html")  # fmt: skip


@dataclass(frozen=True)
class Hold:
    """A folder that is held for this campaign alone.

    Attributes:
        folder: where.
        before: what the campaign in it was asked for; None if it begins now.
        made: whether the folder was made for it.
    """

    folder: Path
    before: Request | None
    made: bool
    _lock: Lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let it go; nothing is left of a campaign that never began."""
        began = (self.folder / requests.FILE).exists()
        if self.made and not began:
            with contextlib.suppress(OSError):  # somebody put something in, or it is gone
                (self.folder / LOCK).unlink()
                self.folder.rmdir()
        self._lock.close()


def hold(folder: Path, resume: bool, force: bool, say: Say) -> Hold:
    """Hold a folder before anything is flown.

    Raises:
        OutputError: it is there already, is no campaign, is in use, or can't be written.
        InputError: what is to be resumed is damaged.
    """
    there = folder.exists()
    if there:
        check_folder(folder, resume, force)
    try:
        folder.mkdir(parents=True, exist_ok=there)
    except OSError as error:
        raise OutputError(f"{folder} can't be written: {error.strerror or error}") from error
    lock = Lock(folder)
    try:
        before = _before(folder) if resume else None
    except BaseException:
        lock.close()
        raise
    if resume and before is None:
        say(f"nothing to resume in {folder}: the campaign begins")
    return Hold(folder, before, not there, lock)


def check_folder(folder: Path, resume: bool, force: bool) -> None:
    """Refuse a folder that is there and can't be taken.

    Raises:
        OutputError: it is none, or is not to be resumed or replaced, or is no campaign.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder} is no folder")
    if not (resume or force):
        hint = "go on with --resume, replace it with --force, or name another folder"
        raise OutputError(f"{folder} exists already: {hint}")
    try:
        ours = _is_campaign(folder)
    except OSError as error:
        raise OutputError(f"{folder} can't be read: {error.strerror or error}") from error
    if not ours:
        raise requests.no_campaign(folder)


def _is_campaign(folder: Path) -> bool:
    """Whether it holds a campaign, or no more than the beginning of one."""
    begun = {LOCK, *NAMES, *FOLDERS}
    names = {path.name for path in folder.iterdir() if not path.match("*.part")}
    return requests.FILE in names or names <= begun


def _before(folder: Path) -> Request | None:
    return requests.read_request(folder) if (folder / requests.FILE).exists() else None


def begin(held: Hold, request: Request, texts: dict[str, bytes]) -> None:
    """Write what a campaign begins with; what was in the folder goes. Raises HaltError."""
    folder = held.folder
    try:
        # The request goes first, and comes last: with it the folder is a campaign.
        (folder / requests.FILE).unlink(missing_ok=True)
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()
        for name in FOLDERS:
            (folder / name).mkdir()
    except OSError as error:
        raise cannot_write(folder, error) from error
    for name, text in texts.items():
        write_whole(folder / name, text)
    write_whole(folder / requests.FILE, request.to_bytes())


def go_on(
    held: Hold, request: Request, texts: dict[str, bytes], say: Say
) -> tuple[Request, dict[int, Entry]]:
    """The request and the finished parts of a campaign that is resumed, every file looked at.

    Raises:
        InputError: it is another campaign; names each difference.
        HaltError: the folder can't be written.
    """
    folder, before = held.folder, held.before
    assert before is not None
    goes_on = requests.check_resumed(before, requests.as_read(request), folder)
    if goes_on.foreign != before.foreign:
        differ = "; ".join(requests.changed_versions(before, request.versions or {}))
        say(f"warning: {differ}: flights may differ in their last bits; campaign.json says so")
    try:
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        remove_leftovers(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    for name, text in texts.items():
        if not (folder / name).exists():
            write_whole(folder / name, text)
    if goes_on != before:
        write_whole(folder / requests.FILE, goes_on.to_bytes())
    return goes_on, sound_parts(folder, say)


def sound_parts(folder: Path, say: Say) -> dict[int, Entry]:
    """The finished parts whose files are all as the ledger has them; the others are told."""
    try:
        entries, unread = ledger.read_ledger(folder)
    except OSError as error:
        file = folder / ledger.FILE
        raise OutputError(f"{file} can't be read: {error.strerror or error}") from error
    if unread:
        say(f"{folder / ledger.FILE}: {unread} lines are damaged; their parts are flown again")
    damaged = ledger.damaged_files(folder, entries.values())
    for name, what in damaged.items():
        say(f"{folder / name} {what}: its flights are flown again")
    return {part: entry for part, entry in entries.items() if not damaged.keys() & entry.files}
