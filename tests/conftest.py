"""What all tests share: the reference data, and how property tests run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before numpy loads: threads for matrices this small only take turns with the workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadline: the first example of a kernel compiles it. In CI the same examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

REFERENCE = "DOWNRANGE_REFERENCE_DATA"
WITHOUT_REFERENCE = f"needs the reference data ({REFERENCE})"


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of the raw reference data; without it the test is skipped and counted."""
    folder = os.environ.get(REFERENCE)
    if not folder:
        pytest.skip(WITHOUT_REFERENCE)
    path = Path(folder)
    assert path.is_dir(), f"{REFERENCE} names no folder: {folder}"
    return path.resolve()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests had no reference data to check against."""
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(WITHOUT_REFERENCE in str(report.longrepr) for report in skipped)
    if count or not os.environ.get(REFERENCE):
        terminalreporter.write_line(f"{count} tests skipped for want of the reference data")
