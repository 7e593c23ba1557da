"""The command line inside the test's own process, with a pilot that is told what to bring home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from made_up_flight import healthy_flight, lost_flight

from downrange.flight.load import Mission
from downrange.telemetry import Recording

STAGES = ("planning", "compiling", "flying")


@dataclass(frozen=True)
class Said:
    """What a command left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@dataclass
class Pilot:
    """Stands in for the flight: keeps what it was asked, and brings home made-up flights."""

    asked: list[tuple[Mission, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, mission: Mission, **options: Any) -> Recording:
        self.asked.append((mission, options))
        for stage in STAGES:
            options["progress"](stage)
        if mission.spec.fault:
            return lost_flight()
        return healthy_flight()
