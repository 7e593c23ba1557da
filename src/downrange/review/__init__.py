"""What a recording shows: events, comparison with the plan or another, and words for both.

Reads recordings only, so it works on a real flight's telemetry as on a simulated one.
"""

from __future__ import annotations

from downrange.review.changes import (
    Changes,
    ChannelMoved,
    EventMoved,
    FigureMoved,
    Missing,
    changes,
)
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
from downrange.review.words import body_title, event_title, quantity, spoken

__all__ = [
    "LEDGER",
    "Changes",
    "ChannelMoved",
    "Check",
    "Deviation",
    "EventMoved",
    "FigureMoved",
    "Missing",
    "Row",
    "body_rows",
    "body_title",
    "changes",
    "compare",
    "cross_check",
    "derive_events",
    "difference",
    "event_title",
    "headline",
    "ledger_rows",
    "margin_rows",
    "objective_rows",
    "orbit_rows",
    "quantity",
    "shift_between",
    "spoken",
    "timeline",
]
