"""One comparison of a number got with a number expected, and what a set of them says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: the case or the law that it belongs to.
        what: the quantity, and when.
        source: where the expected number comes from.
        expected: in `unit`.
        got: in `unit`; nan if the computation failed.
        unit: SI, or deg; 1 for a plain number.
        tolerance: largest difference allowed, in `unit`.
    """

    name: str
    what: str
    source: str
    expected: float
    got: float
    unit: str
    tolerance: float

    @property
    def difference(self) -> float:
        """Size of got - expected, in `unit`; angles in deg wrap at 360."""
        apart = self.got - self.expected
        if self.unit == "deg":
            apart = math.remainder(apart, 360.0) if math.isfinite(apart) else math.nan
        return abs(apart)

    @property
    def passed(self) -> bool:
        """True within the tolerance; a number that is not finite never passes."""
        return bool(self.difference <= self.tolerance)

    def as_dict(self) -> dict[str, Any]:
        """The check as `downrange verify --json` prints it; what is not finite is null."""
        return {
            "name": self.name,
            "what": self.what,
            "source": self.source,
            "expected": self.expected,
            "got": _or_null(self.got),
            "unit": self.unit,
            "tolerance": self.tolerance,
            "pass": self.passed,
        }


@dataclass(frozen=True)
class CaseResult:
    """What a check case gave: its comparisons, and one trajectory row per checkpoint."""

    checks: list[Check]
    trajectory: list[dict[str, float]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True if every check passed."""
        return all(check.passed for check in self.checks)


def to_json(result: CaseResult | Sequence[Check]) -> dict[str, Any]:
    """Return the object that `downrange verify --json` prints; `trajectory` for a case only."""
    checks = result.checks if isinstance(result, CaseResult) else list(result)
    out: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "passed": all(check.passed for check in checks),
        "checks": [check.as_dict() for check in checks],
    }
    if isinstance(result, CaseResult):
        out["trajectory"] = [_row(row) for row in result.trajectory]
    return out


def _row(row: Mapping[str, float]) -> dict[str, float | None]:
    return {key: _or_null(number) for key, number in row.items()}


def _or_null(number: float) -> float | None:
    return number if math.isfinite(number) else None
