"""What a recording shows: events, comparison with the plan, and words for both.

Reads recordings only, so it works on a real flight's telemetry as on a simulated one.
"""

from __future__ import annotations

from downrange.review.compare import Deviation, compare, difference, shift_between
from downrange.review.events import Check, cross_check, derive_events
from downrange.review.summary import (
    LEDGER,
    Row,
    body_rows,
    headline,
    ledger_rows,
    margin_rows,
    objective_rows,
    orbit_rows,
    timeline,
)
from downrange.review.words import spoken

__all__ = [
    "LEDGER",
    "Check",
    "Deviation",
    "Row",
    "body_rows",
    "compare",
    "cross_check",
    "derive_events",
    "difference",
    "headline",
    "ledger_rows",
    "margin_rows",
    "objective_rows",
    "orbit_rows",
    "shift_between",
    "spoken",
    "timeline",
]
