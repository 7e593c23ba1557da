"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_case import Command, Pilot, Said

from downrange.cli import run


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def pilot(monkeypatch: pytest.MonkeyPatch) -> Pilot:
    """Put a pilot where the flight would be."""
    pilot = Pilot()
    monkeypatch.setattr("downrange.flight.fly.fly", pilot)
    return pilot
