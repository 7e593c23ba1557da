"""Files that are whole or not there: written beside, forced to disk, renamed; and a lock."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import IO

from downrange.errors import HaltError, OutputError

LOCK = ".lock"
BESIDE = ".*.part"  # what is being written, or was when its process died

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """Holds a folder for one campaign until it is closed or the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            OutputError: another campaign holds it, or it can't be written.
        """
        try:
            self._file = (folder / LOCK).open("ab")
        except OSError as error:
            raise OutputError(f"{folder} can't be written: {error.strerror}") from error
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            message = f"{folder} is in use: another campaign is flying into it"
            raise OutputError(message) from None

    def close(self) -> None:
        """Let the folder go."""
        self._file.close()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole and for good, or not at all; its folder must be there.

    Raises:
        HaltError: it can't be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with beside.open("wb") as out:
                _put(out, data)
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):  # what went wrong first is what is told
                beside.unlink(missing_ok=True)
            raise
        keep_names(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


def _put(out: IO[bytes], data: bytes) -> None:
    """Write bytes and see them to the disk."""
    out.write(data)
    out.flush()
    os.fsync(out.fileno())


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file for good, in place of a last one that has no end: its writer died.

    Raises:
        HaltError: it can't be written.
    """
    try:
        with path.open("r+b" if path.exists() else "x+b") as out:
            whole = out.read().rfind(b"\n") + 1
            out.seek(whole)
            out.truncate()
            _put(out, line + b"\n")
        keep_names(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


def keep_names(folder: Path) -> None:
    """See the names in a folder to the disk, where the system can."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cannot_write(path: Path, error: OSError) -> HaltError:
    """What to say when a file can't be written while a campaign runs."""
    said = error.strerror or str(error)
    told = f"{path} can't be written: {said}; the finished parts are kept"
    return HaltError(f"{told}: put it right and go on with --resume")


def remove_leftovers(folder: Path) -> int:
    """Remove what a process that died was writing; returns how many there were."""
    found = [path for where in ("", "*/") for path in folder.glob(f"{where}{BESIDE}")]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(found)


def sha256(data: bytes) -> str:
    """SHA-256 of some bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; empty if it isn't there or can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
