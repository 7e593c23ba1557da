"""A first start in two processes: what is not compiled yet, a helper compiles too.

The compiler of one process works on one kernel at a time, whatever the number of threads. What
the helper has compiled is read from the cache; of a kernel that both need at once, `_jit` lets one
wait for the other. A helper that can't be started, dies or is late costs nothing but its help.
"""

from __future__ import annotations

import base64
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, Self

import numba

from downrange._jit import Kernel, is_kept, plain

Job = tuple[Kernel[..., Any], tuple[Any, ...]]  # with arguments of the types it is called with

# The first thing that it is told is where modules are: what is found here is found there.
PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from downrange.flight.warm import obey; obey()"
)
_taken = Lock()  # a process has one helper at most, whatever its threads
_typeof: Any = numba.typeof


class Helper:
    """A process that compiles beside this one while `kernel` is not in the cache; else nothing."""

    def __init__(self, kernel: Kernel[..., Any]) -> None:
        self._kernel = kernel
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not is_kept(self._kernel) and can_help() and _taken.acquire(blocking=False):
            self._process = _start()
            if self._process is None:
                _taken.release()
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError):
                _pipe(process).close()
            process.wait()
            _taken.release()

    def __bool__(self) -> bool:
        """Whether there is one."""
        return self._process is not None

    def ask(self, jobs: Sequence[Job]) -> None:
        """Have these compiled, in this order; returns at once."""
        if self._process is not None:
            order = [
                (plain(kernel).__module__, plain(kernel).__name__, _types(arguments))
                for kernel, arguments in jobs
            ]
            _tell(self._process, base64.b64encode(pickle.dumps(order)) + b"\n")

    def share(self, jobs: Sequence[Job]) -> None:
        """Compile these in both processes: the helper from the first on, this from the last."""
        if self._process is not None:
            self.ask(jobs)
            for kernel, arguments in reversed(jobs):
                kernel.compile(_types(arguments))


def can_help() -> bool:
    """Whether a second process has a core of its own, and the interpreter is known to be one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    known = Path(sys.executable or "").stem.lower().startswith("python")
    return (cores or 1) > 1 and known and not getattr(sys, "frozen", False)


def _start() -> subprocess.Popen[bytes] | None:
    """A helper that knows where modules are; None if there can't be one."""
    with suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
        _tell(process, pickle.dumps(sys.path))
        return process
    return None


def _tell(process: subprocess.Popen[bytes], message: bytes) -> None:
    """Write to a helper, which may have ended."""
    with suppress(OSError):
        _pipe(process).write(message)
        _pipe(process).flush()


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None, "a helper is started with a pipe"
    return process.stdin


def _types(arguments: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_typeof(argument) for argument in arguments)


def obey() -> None:
    """What the helper does: compile what it is told to, while there is one who tells it."""
    orders: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        for module, name, types in pickle.loads(base64.b64decode(orders.get())):
            getattr(import_module(module), name).compile(types)


def _listen(orders: SimpleQueue[bytes]) -> None:
    """Hear the next order while one is obeyed, and that the other process has ended."""
    for line in sys.stdin.buffer:
        orders.put(line)
    os._exit(0)
