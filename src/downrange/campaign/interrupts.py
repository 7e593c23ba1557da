"""Ctrl-C while a campaign flies: a clean stop first, and a second one leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class StoppedError(KeyboardInterrupt):
    """A campaign was stopped from outside; what was finished is kept and can be resumed."""


class Interrupts:
    """While it is entered, the first Ctrl-C or SIGTERM asks for a clean stop; a second leaves.

    Both are acted on where it is looked at, some times a second, so that nothing is cut off in
    the middle; a third one raises where it comes. Signals reach the main thread alone.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._heard = 0
        self._told = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGINT, signal.SIGTERM):
                self._before[each] = signal.signal(each, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def __call__(self) -> bool:
        """Whether it is to stop; says so once.

        Raises:
            KeyboardInterrupt: it is to leave at once.
        """
        if self._heard and not self._told:
            self._told = True
            self._say("stopping after the flights that are under way; again to leave at once")
        if self._heard > 1:
            raise KeyboardInterrupt
        return self._heard > 0

    def _hear(self, _signal: int, _frame: FrameType | None) -> None:
        self._heard += 1
        if self._heard > 2:
            raise KeyboardInterrupt
