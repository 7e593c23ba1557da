"""Prints what each benchmark has to say besides its time."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    session = getattr(config, "_benchmarksession", None)
    for bench in session.benchmarks if session else ():
        told = ", ".join(f"{key} {value:,.4g}" for key, value in bench.extra_info.items())
        terminalreporter.write_line(f"{bench.name}: {told}" if told else bench.name)
