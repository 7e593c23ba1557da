"""Campaigns that are hurt: disk full, folder gone, Ctrl-C, SIGTERM; nothing else is lost."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

import pytest
from fake_flyer import MakeFake, request
from runner_case import Heard, digests, fly, leftovers, rows

from downrange.campaign import files, partial
from downrange.campaign.conduct import Progress
from downrange.campaign.interrupts import StoppedError
from downrange.campaign.run import Hands, Listener
from downrange.errors import HaltError, OutputError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
FAKE = Path(__file__).parents[1] / "fake_flyer.py"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "campaign"
    fly(folder, hands=Hands(1))
    return folder


class FullDisk:
    """A disk with room for so many writes; the next writes half and fails."""

    def __init__(self, room: int) -> None:
        self.room, self._put = room, files._put

    def __call__(self, out: IO[bytes], data: bytes) -> None:
        if not self.room:
            out.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= 1
        self._put(out, data)


@pytest.mark.parametrize("room", range(12))
def test_a_full_disk_is_told_and_nothing_else_is_lost(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    folder = tmp_path / "campaign"
    with monkeypatch.context() as patch:
        patch.setattr(files, "_put", FullDisk(room))
        with pytest.raises(HaltError) as halted:
            fly(folder)
    assert "can't be written: No space left on device; the finished parts are kept" in str(
        halted.value
    )
    assert str(halted.value).endswith("go on with --resume")
    assert leftovers(folder) == []
    fly(folder, resume=True)
    assert digests(folder) == digests(whole)


@POSIX
def test_a_limit_of_the_system_is_told(tmp_path: Path) -> None:
    """A file that may not grow beyond a size is an error of the write itself."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = subprocess.run(
        [sys.executable, str(FAKE), str(tmp_path / "campaign"), "60", "0"],
        capture_output=True, text=True, check=False, preexec_fn=limit,
    )  # fmt: skip
    assert done.returncode == 1
    assert "HaltError" in done.stderr
    assert "can't be written: File too large; the finished parts are kept" in done.stderr


def test_a_folder_that_goes_away_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"

    def remove(told: Progress) -> None:
        if told.flights >= 30 and folder.exists():
            shutil.rmtree(folder)

    with pytest.raises(HaltError, match=r"can't be written: No such file or directory"):
        fly(folder, request(200), listener=Listener(progress=remove))
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"can't be written: Not a directory"):
        fly(tmp_path / "file" / "campaign")


def send(signal_number: int, at: int) -> tuple[Heard, Listener]:
    """A listener that sends this process a signal when so many flights are there."""
    heard = Heard()

    def progress(told: Progress) -> None:
        if told.flights >= at and not heard.told:
            heard.told.append(told)
            signal.raise_signal(signal_number)

    return heard, Listener(say=heard.said.append, progress=progress)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_clean_and_keeps_every_flight(whole: Path, tmp_path: Path, kind: int) -> None:
    folder = tmp_path / "campaign"
    heard, listener = send(kind, at=24)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(StoppedError) as stopped:
        fly(folder, make=MakeFake(delay_s=0.002), listener=listener)
    assert signal.getsignal(signal.SIGINT) is before
    assert heard.said == ["stopping after the flights that are under way; again to leave at once"]
    there = int(str(stopped.value).split()[2])
    assert 24 <= there < 60
    assert (folder / partial.FILE).exists() is (there % 10 > 0)
    assert leftovers(folder) == []
    again = fly(folder, resume=True)
    assert again.told[-1].flown == 60 - there
    assert again.told[0].flights > there
    assert digests(folder) == digests(whole)
    assert not (folder / partial.FILE).exists()


def test_a_campaign_that_is_stopped_time_and_again_is_finished(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    # What is under way when it is stopped is finished: five chunks of four at most.
    for at in range(1, 37, 7):
        with pytest.raises(StoppedError):
            fly(folder, make=MakeFake(delay_s=0.002), resume=True, hands=Hands(1),
                listener=send(signal.SIGINT, at)[1])  # fmt: skip
    fly(folder, resume=True)
    assert digests(folder) == digests(whole)


def test_a_damaged_rest_is_flown_again(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    make = MakeFake(waits=36)  # in the middle of a part
    with pytest.raises(StoppedError, match="stopped with 37 flights"):
        fly(folder, make=make, listener=send(signal.SIGINT, 33)[1])
    kept = folder / partial.FILE
    data = kept.read_bytes()
    for damage in (data[: len(data) // 2], data[:400] + b"\0" * 9 + data[409:]):
        kept.write_bytes(damage)
        heard, listener = send(signal.SIGINT, 33)
        with pytest.raises(StoppedError, match="stopped with 37 flights"):
            fly(folder, make=make, listener=listener, resume=True)
        assert "damaged: its flights are flown again" in heard.said[0]
        assert kept.exists()
    assert fly(folder, resume=True).told[0].flights == 40
    assert digests(folder) == digests(whole)


@pytest.mark.parametrize("times", [2, 3])
def test_a_second_signal_leaves_at_once(whole: Path, tmp_path: Path, times: int) -> None:
    folder = tmp_path / "campaign"

    def progress(told: Progress) -> None:
        if told.flights >= 20:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as left:
        fly(folder, make=MakeFake(delay_s=0.002), listener=Listener(progress=progress))
    assert not isinstance(left.value, StoppedError)
    fly(folder, resume=True)
    assert digests(folder) == digests(whole)


def test_in_another_thread_signals_are_left_alone(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[Any] = []
    listener = Listener(progress=lambda _: seen.append(signal.getsignal(signal.SIGINT)))
    thread = threading.Thread(
        target=fly, args=(tmp_path / "campaign",), kwargs={"listener": listener}
    )
    thread.start()
    thread.join()
    assert set(seen) == {before}
    assert len(rows(tmp_path / "campaign")) == 60


@POSIX
def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    child = subprocess.Popen(
        [sys.executable, str(FAKE), str(folder), "60", "0.05"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "flying\n"
        while not (folder / "campaign.json").exists():
            time.sleep(0.005)
        with pytest.raises(OutputError, match="in use"):
            fly(folder, resume=True)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert len(fly(folder, resume=True).told) > 0
    assert len(rows(folder)) == 60
