"""How far a campaign is, on stderr: a bar with rate and share, or a line now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from downrange.cli.terminal import Stages, console

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from downrange.campaign.conduct import Progress

LINE_S = 10.0  # between lines where nobody watches
NORMAL_95 = 1.96  # half width of a normal distribution's 95 %, in standard deviations
PERCENT = 100.0


class Gauge:
    """Says what a campaign is doing."""

    def __init__(self, width: float | None = None, intervals: bool = True) -> None:
        """`width` is where the stopping rule ends; without `intervals` shares have none."""
        self._console = console(stderr=True)
        self._width, self._intervals = width, intervals
        self._stages = Stages()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._line_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def stage(self, name: str) -> None:
        """Say which stage begins; the flights of a campaign have a bar of their own."""
        self._clear()
        if name == "flights" and self._console.is_terminal:
            self._stages = Stages()
            self._bar = self._new_bar()
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        else:
            self._stages(name)
        self._line_s = time.monotonic()

    def say(self, text: str) -> None:
        """Say something in a line of its own."""
        to = self._console if self._bar is None else self._bar.console
        to.print(f"downrange: {text}", markup=False, soft_wrap=True)

    def progress(self, told: Progress) -> None:
        """Say how far it is."""
        wanted = self._wanted(told)
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, total=wanted, completed=told.flights, description=self._words(told)
            )
        elif time.monotonic() - self._line_s >= LINE_S:
            self._line_s = time.monotonic()
            self._console.print(self._words(told), markup=False, soft_wrap=True)

    def _new_bar(self) -> Bar:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), BarColumn(24), TextColumn("{task.description}", markup=False))
        return Progress(*columns, console=self._console, transient=True)

    def _clear(self) -> None:
        self._stages.__exit__(None, None, None)
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _wanted(self, told: Progress) -> int | None:
        """How many flights there will be, by the share so far where the rule ends them."""
        if self._width is None or not told.flights:
            return told.wanted
        share = (told.successes + 1) / (told.flights + 2)
        needed = (2.0 * NORMAL_95 / self._width) ** 2 * share * (1.0 - share)
        most = needed if told.wanted is None else min(needed, told.wanted)
        return max(told.flights, round(most))

    def _words(self, told: Progress) -> str:
        """`1,200 of 2,000 flights, 11.2/s, 71 s left; success 33.4 % (30.7 to 36.1)`."""
        wanted = self._wanted(told)
        about = "about " if self._width is not None else ""
        count = f"{told.flights:,}" if wanted is None else f"{told.flights:,} of {about}{wanted:,}"
        parts = [f"{count} flights"]
        rate = told.flown / told.wall_s if told.wall_s > 0.0 else 0.0
        if rate > 0.0:
            parts.append(f"{rate:.3g}/s")
            if wanted is not None:
                parts.append(f"{_clock((wanted - told.flights) / rate)} left")
        return f"{', '.join(parts)}; {self._share(told)}"

    def _share(self, told: Progress) -> str:
        from downrange.campaign.statistics import clopper_pearson

        if not told.flights:
            return "success \u2013"
        words = f"success {PERCENT * told.successes / told.flights:.1f} %"
        if not self._intervals:
            return words
        low, high = clopper_pearson(told.successes, told.flights)
        return f"{words} ({PERCENT * low:.1f} to {PERCENT * high:.1f})"


def _clock(time_s: float) -> str:
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
