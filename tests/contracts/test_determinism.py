"""The same bits in another process, in another thread, in any order."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flight_case import digest, ended, parts, ready

from downrange.flight.draw import EVERYDAY
from downrange.flight.kernel import loop

FOLDER = Path(__file__).parents[1]
SETTINGS = (("longest", "32 s"),)
SCRIPT = f"""
import sys
sys.path.insert(0, {str(FOLDER)!r})
from flight_case import digest, ended, ready
prepared = ready(False, {SETTINGS!r})
print(digest(ended(prepared, seed=6, flight=2, disperse={EVERYDAY!r})[1]))
print(digest(prepared.planned.plan), digest(prepared.planned.rules))
"""


def told(**environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True,
        env=os.environ | environment,
    )  # fmt: skip
    return run.stdout.split()


@pytest.fixture(scope="module")
def here() -> list[str]:
    prepared = ready(False, SETTINGS)
    flight = ended(prepared, seed=6, flight=2, disperse=EVERYDAY)[1]
    return [digest(flight), digest(prepared.planned.plan), digest(prepared.planned.rules)]


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_flies_the_same_bits(here: list[str], hash_seed: str) -> None:
    """Whatever order its sets have, and on one thread."""
    assert told(PYTHONHASHSEED=hash_seed, OMP_NUM_THREADS="1") == here


def test_threads_do_not_disturb_each_other() -> None:
    prepared = ready(False, SETTINGS)
    alone = [digest(ended(prepared, seed=3, flight=i)[1]) for i in range(6)]

    def fly(i: int) -> str:
        numbers, flight = parts(prepared, seed=3, flight=i)
        loop.fly(numbers, flight, loop.TO_THE_END)
        return digest(flight)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fly, reversed(range(6))))
    assert together == alone[::-1]
    assert len(set(alone)) == 6


def test_a_flight_leaves_nothing_behind_for_the_next() -> None:
    prepared = ready(False, SETTINGS)
    before = digest(ended(prepared, seed=1)[1])
    ended(ready(True, SETTINGS), seed=5, disperse=EVERYDAY)
    assert digest(ended(prepared, seed=1)[1]) == before
