"""A flyer in a process of its own: if it is killed another takes its place and flies again."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue

from downrange.campaign.flyer_types import Chunk, Flyer, MakeFlyer
from downrange.errors import HaltError

TRIES = 3  # flights that end their process so often are at fault themselves
STOP = "stop"

# A new interpreter: a fork of a process with threads may hang.
_SPAWN = get_context("spawn")

Order = tuple[int, int] | str


class RemoteFlyer:
    """Flies in a child process, replaced when it dies; one thread uses it, any may stop it."""

    def __init__(self, make: MakeFlyer, say: Callable[[str], None]) -> None:
        """Make a flyer in a new process; `say` is told when one is replaced."""
        self._make, self._say = make, say
        self._lock = threading.Lock()
        self._stopped = False
        self._start()

    def _start(self) -> None:
        theirs, self._orders = _SPAWN.Pipe(duplex=False)
        self._answers, answering = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(
            target=serve, args=(theirs, answering, self._make), daemon=True
        )
        with _without_interrupts():
            self._process.start()
        # Only the child's own ends are left open, so that its death is seen here.
        theirs.close()
        answering.close()

    def fly(self, first: int, count: int) -> Chunk:
        """Fly some flights; again in a new process if theirs dies.

        Raises:
            HaltError: they end each process that flies them, or can't be flown.
        """
        for left in reversed(range(TRIES)):
            answer = self._ask((first, count))
            if isinstance(answer, Chunk):
                return answer
            flights = f"flights {first} to {first + count - 1}"
            if answer is not None:
                raise HaltError(f"{flights} could not be flown: {answer}")
            why = self._end()
            if self._stopped:
                raise HaltError(f"{flights} were stopped, and {why}")
            if left:
                self._say(f"a worker process {why} at {flights}: they are flown again")
                self._start()
        again = "if memory is short, take fewer --workers; then go on with --resume"
        message = f"a worker process {why} {TRIES} times at {flights}: the finished parts are kept"
        raise HaltError(f"{message}; {again}")

    def _ask(self, order: Order) -> Chunk | str | None:
        """What the process answers; None if it dies instead."""
        try:
            self._send(order)
            answer: Chunk | str = self._answers.recv()
        except (EOFError, OSError):
            return None
        return answer

    def _send(self, order: Order) -> None:
        with self._lock:
            self._orders.send(order)

    def _end(self) -> str:
        """See the process off; returns how it ended."""
        self._process.join(5.0)
        code = self._process.exitcode
        self.close()
        if code is not None and code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        return f"ended with exit code {code}"

    def stop(self) -> None:
        """Have the process return at the end of the flight that it is flying."""
        self._stopped = True
        with contextlib.suppress(OSError):  # it is dead: stopped all the more
            self._send(STOP)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._orders.close()
        self._answers.close()


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started here never see a Ctrl-C, where the system can do that."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(orders: Connection, answers: Connection, make: MakeFlyer) -> None:
    """What a worker process does: make a flyer, fly what is ordered, until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops it, in its own way
    desk = _Desk(orders)
    try:
        flyer = make()
        desk.open(flyer)
        while True:
            answers.send(flyer.fly(*desk.spans.get()))
    except Exception as error:  # noqa: BLE001 - the parent raises it
        answers.send(f"{type(error).__name__}: {error}")


class _Desk:
    """Takes orders while flights are flown; ends the process when nobody is there to give any."""

    def __init__(self, orders: Connection) -> None:
        self.spans: SimpleQueue[tuple[int, int]] = SimpleQueue()
        self._orders = orders
        self._flyer: Flyer | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def open(self, flyer: Flyer) -> None:
        """Orders to stop go to this flyer."""
        self._flyer = flyer

    def _listen(self) -> None:
        while True:
            try:
                order: Order = self._orders.recv()
            except (EOFError, OSError):
                os._exit(1)  # at once, and without a word: the parent has gone
            if isinstance(order, tuple):
                self.spans.put(order)
            elif self._flyer is not None:
                self._flyer.stop()
