"""Worker processes: the same bytes; one that is killed is replaced, three times is too often."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from fake_flyer import MakeFake, request
from runner_case import digests, fly, rows

from downrange.campaign.conduct import Progress
from downrange.campaign.interrupts import StoppedError
from downrange.campaign.processes import RemoteFlyer
from downrange.campaign.run import Hands, Listener
from downrange.errors import HaltError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")

PAIR = Hands(2, processes=True)


def test_bytes_are_those_of_threads(tmp_path: Path) -> None:
    fly(tmp_path / "threads")
    heard = fly(tmp_path / "processes", hands=PAIR)
    assert heard.said == []
    assert digests(tmp_path / "processes") == digests(tmp_path / "threads")


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    fly(tmp_path / "threads")
    make = MakeFake(kills=13, times=2, marks=tmp_path)
    heard = fly(tmp_path / "processes", make=make, hands=PAIR)
    said = "a worker process was killed (SIGKILL) at flights 10 to 13: they are flown again"
    assert heard.said == [said, said]
    assert digests(tmp_path / "processes") == digests(tmp_path / "threads")


def test_flights_that_kill_every_worker_are_named(tmp_path: Path) -> None:
    make = MakeFake(kills=25, times=99, marks=tmp_path)
    with pytest.raises(HaltError) as halted:
        fly(tmp_path / "campaign", make=make, hands=PAIR)
    message = "a worker process was killed (SIGKILL) 3 times at flights 24 to 27"
    assert str(halted.value).startswith(message)
    assert len(list(tmp_path.glob("killed-*"))) == 3
    assert len(rows(tmp_path / "campaign")) == 20
    fly(tmp_path / "campaign", resume=True)
    assert len(rows(tmp_path / "campaign")) == 60


def test_what_goes_wrong_in_a_worker_is_told(tmp_path: Path) -> None:
    message = "flights 24 to 27 could not be flown: ZeroDivisionError: no such luck"
    with pytest.raises(HaltError, match=message):
        fly(tmp_path / "campaign", make=MakeFake(fails=25), hands=PAIR)


def test_a_stop_reaches_the_workers(tmp_path: Path) -> None:
    def progress(told: Progress) -> None:
        if told.flights < 8:
            signal.raise_signal(signal.SIGINT)

    folder = tmp_path / "campaign"
    with pytest.raises(StoppedError) as stopped:
        fly(folder, request(4000), MakeFake(delay_s=0.02), hands=PAIR,
            listener=Listener(progress=progress))  # fmt: skip
    assert int(str(stopped.value).split()[2]) < 40  # no more than were under way
    fly(folder, request(4000), resume=True)
    assert [row["flight"] for row in rows(folder)] == list(range(4000))


def test_a_worker_ends_with_its_parent() -> None:
    """Its orders come through a pipe; when that ends, so does it, in the middle of a flight."""
    remote = RemoteFlyer(MakeFake(delay_s=60.0), print)
    process = remote._process
    remote._send((0, 1))
    remote._orders.close()
    process.join(20.0)
    assert process.exitcode == 1
    remote._answers.close()


def test_a_worker_that_dies_idle_is_replaced() -> None:
    said: list[str] = []
    remote = RemoteFlyer(MakeFake(), said.append)
    assert remote._process.pid is not None
    os.kill(remote._process.pid, signal.SIGKILL)
    remote._process.join()
    chunk = remote.fly(4, 3)
    assert chunk.columns["flight"].tolist() == [4, 5, 6]
    assert said == ["a worker process was killed (SIGKILL) at flights 4 to 6: they are flown again"]
    remote.close()
