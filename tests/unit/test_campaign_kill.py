"""A campaign that is killed at twenty random moments and goes on each time loses nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_flyer import request
from runner_case import digests, fly, leftovers, rows

from downrange.campaign.ledger import read_ledger

KILLS = 20
SEED = 20250330
LONGEST_S = 0.2  # from the first flight to the kill
FLIGHTS, FLIGHT_S, WORKERS = 1400, 0.004, 2
FAKE = Path(__file__).parents[1] / "fake_flyer.py"


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")


def start(folder: Path) -> subprocess.Popen[str]:
    """Begin or go on in a process of its own; back when it is about to fly."""
    child = subprocess.Popen(
        [sys.executable, str(FAKE), str(folder), str(FLIGHTS), str(FLIGHT_S)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "flying\n"
    return child


def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    delays_s = [random.Random(SEED + kill).uniform(0.0, LONGEST_S) for kill in range(KILLS)]
    # However fast the machine, no kill comes after the last flight.
    assert sum(delays_s) < FLIGHTS * FLIGHT_S / WORKERS
    folder = tmp_path / "killed"
    parts = []
    for delay_s in delays_s:
        child = start(folder)
        time.sleep(delay_s)
        child.kill()
        assert child.wait() == -9
        assert child.stdout is not None
        child.stdout.close()
        parts.append(len(read_ledger(folder)[0]) if folder.exists() else 0)
    assert parts == sorted(parts)
    assert parts[-1] < FLIGHTS // 10

    child = start(folder)
    assert child.wait() == 0
    assert child.stdout is not None
    child.stdout.close()
    fly(tmp_path / "whole", request(FLIGHTS))
    assert digests(folder) == digests(tmp_path / "whole")
    assert [row["flight"] for row in rows(folder)] == list(range(FLIGHTS))
    assert len((folder / "ledger.jsonl").read_text().splitlines()) == FLIGHTS // 10
    assert leftovers(folder) == []


def test_a_kill_in_the_middle_of_any_write_loses_nothing(tmp_path: Path) -> None:
    """Three files and a line of the ledger a part: the kill comes in each of them, and before."""
    folder = tmp_path / "killed"
    for at in range(8):
        done = subprocess.run(
            [sys.executable, str(FAKE), str(folder), "60", "0", str(at)],
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == -9
        assert len(list(folder.rglob(".*.part"))) <= 1
    assert 0 < len(read_ledger(folder)[0]) < 6
    fly(folder, request(60), resume=True)
    fly(tmp_path / "whole", request(60))
    assert digests(folder) == digests(tmp_path / "whole")
    assert leftovers(folder) == []
