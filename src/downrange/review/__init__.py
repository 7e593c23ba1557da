"""What a recording shows: events, comparison with the plan, and words for both.

Reads recordings only, so it works on a real flight's telemetry as on a simulated one.
"""

from __future__ import annotations

from downrange.review.compare import Deviation, compare, difference, shift_between
from downrange.review.events import Check, cross_check, derive_events
from downrange.review.summary import (
    Row,
    body_rows,
    headline,
    margin_rows,
    objective_rows,
    timeline,
)

__all__ = [
    "Check",
    "Deviation",
    "Row",
    "body_rows",
    "compare",
    "cross_check",
    "derive_events",
    "difference",
    "headline",
    "margin_rows",
    "objective_rows",
    "shift_between",
    "timeline",
]
