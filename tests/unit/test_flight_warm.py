"""A first start in two processes: what the helper compiles is found, and no helper does harm."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from flight_case import MISSION

from downrange import _jit
from downrange.flight import warm
from downrange.flight.warm import Helper

KERNELS = """
    from downrange._jit import njit

    @njit
    def twice(x, i):
        return 2.0 * x[i]

    @njit
    def six(x):
        return 3.0 * twice(x, 0) + twice(x, 1)
"""
# Asks for a part, waits until the helper has kept it, compiles the rest; the kernels are
# found in a folder that this process alone added to its path.
ASK = """
    import json, sys, time
    from pathlib import Path
    import numpy as np
    sys.path.insert(0, sys.argv[1])
    from toy_kernels import six, twice
    from downrange._jit import is_kept
    from downrange.flight.warm import Helper

    x = np.array([1.0, 3.0])
    with Helper(six) as helper:
        helped, process = bool(helper), helper._process
        if helped:
            helper.ask([(twice, (x, 0))])
            until_s = time.monotonic() + 60.0
            while time.monotonic() < until_s and not is_kept(twice):
                time.sleep(0.05)
        answer = six(x)
    stats = twice.stats
    print(json.dumps({
        "helped": helped, "answer": answer, "ended": not helped or process.poll() is not None,
        "hits": sum(stats.cache_hits.values()), "misses": sum(stats.cache_misses.values()),
    }))
"""
# Of the mission: what a first start leaves in the cache of each kernel that both compile.
FIRST_START = """
    import json, pickle, sys
    from pathlib import Path
    import downrange as dr
    from downrange.dynamics.kernel.fall import fall
    from downrange.flight import fly, jobs, warm
    from downrange.flight.kernel import loop, many

    asked = []
    ask = warm.Helper.ask

    def remember(self, these):
        asked.extend(kernel for kernel, _ in these)
        ask(self, these)

    warm.Helper.ask = remember
    flies = lambda: [len(k.signatures) for k in (loop.fly, fall, many.part_flights)]
    seen = {}
    dr.fly(dr.load_mission(sys.argv[1], planned=True),
           progress=lambda what: seen.update({what: flies()}))
    kept = lambda kernel: len(list(Path(kernel.stats.cache_path).glob(
        f"*.{kernel.py_func.__name__}-*.nbc")))
    print(json.dumps({
        "kept": {f"{k.py_func.__module__}.{k.py_func.__name__}": kept(k) for k in asked},
        "read": sum(1 for k in asked if k.stats.cache_hits), "asked": len(asked),
        "before": seen["flying"], "after": flies(),
    }))
"""


def run(program: str, *arguments: str, cache: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "DOWNRANGE_CACHE": str(cache)}, capture_output=True, text=True,
        check=True, timeout=600,
    )  # fmt: skip
    assert done.stderr == ""
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with two kernels."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "toy_kernels.py").write_text(textwrap.dedent(KERNELS))
    return folder


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> _jit.Kernel[[float], float]:
    """A kernel that is never in the cache, on a machine of several cores."""
    monkeypatch.setattr(warm, "is_kept", lambda _: False)
    monkeypatch.setattr(warm, "can_help", lambda: True)
    return half


@_jit.njit
def half(x: float) -> float:
    return 0.5 * x


needs_cores = pytest.mark.skipif(not warm.can_help(), reason="needs two cores")


@needs_cores
def test_what_the_helper_compiled_is_found_and_a_warm_cache_starts_none(
    toy: Path, tmp_path: Path
) -> None:
    first = run(ASK, str(toy), cache=tmp_path / "cache")
    assert first == {"helped": True, "answer": 12.0, "hits": 1, "misses": 0, "ended": True}
    second = run(ASK, str(toy), cache=tmp_path / "cache")
    assert (second["helped"], second["answer"]) == (False, 12.0)


def test_a_helper_that_is_killed_does_no_harm(cold: _jit.Kernel[[float], float]) -> None:
    with Helper(cold) as helper:
        assert helper
        process = helper._process
        assert process is not None
        process.kill()
        process.wait()
        helper.share([(half, (1.0,))] * 3)
    assert half.signatures
    assert half(3.0) == 1.5


def test_it_ends_with_the_work_however_that_ends(cold: _jit.Kernel[[float], float]) -> None:
    helpers = []

    def interrupted() -> None:
        with Helper(cold) as helper:
            helpers.append((helper, helper._process))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    ((helper, process),) = helpers
    assert process is not None
    assert process.returncode is not None
    assert not helper


@pytest.mark.parametrize("order", [b"", b"bm90IGEgcGlja2xl\n"])
def test_it_ends_with_the_other_process_and_says_nothing_there(order: bytes) -> None:
    """Once nobody is left to tell it; and if it is told what it can't do, on its own."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", warm.PROGRAM], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        out, _ = process.communicate(pickle.dumps(sys.path) + order, timeout=60)
    assert out == b""


def test_there_is_one_at_most(cold: _jit.Kernel[[float], float]) -> None:
    with Helper(cold) as one, Helper(cold) as other:
        assert one
        assert not other
        other.share([(half, (1.0,))])
    with Helper(cold) as again:
        assert again


@pytest.mark.parametrize("program", ["", "/no/such/python3", "/usr/bin/some-application"])
def test_without_an_interpreter_there_is_none(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "is_kept", lambda _: False)
    monkeypatch.setattr(sys, "executable", program)
    with Helper(half) as helper:
        assert not helper
    assert warm._taken.acquire(blocking=False)
    warm._taken.release()


def test_on_one_core_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert not warm.can_help()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert warm.can_help()


def test_what_was_compiled_here_starts_none() -> None:
    half(1.0)
    with Helper(half) as helper:
        assert not helper


def test_no_thread_is_left_behind(cold: _jit.Kernel[[float], float]) -> None:
    before = threading.active_count()
    with Helper(cold) as helper:
        helper.ask([(half, (1.0,))])
    assert threading.active_count() == before


@needs_cores
@pytest.mark.slow
def test_a_first_start_compiles_with_the_types_of_the_loop(tmp_path: Path) -> None:
    """One version of each kernel: what was asked for is what the loop calls."""
    found = run(FIRST_START, MISSION, cache=tmp_path / "cache")
    kept = found["kept"]
    assert isinstance(kept, dict)
    assert len(kept) == found["asked"] > 0
    assert set(kept.values()) == {1}, kept
    assert found["read"] >= 3
    assert "downrange.flight.kernel.many.part_flights" in kept
    assert found["before"] == found["after"] == [1, 1, 1]  # nothing is left to the flight
