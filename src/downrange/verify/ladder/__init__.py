"""The ladder: laws of conservation, closed forms and published tables, rung by rung."""

from __future__ import annotations

from downrange.verify.check import Check
from downrange.verify.ladder import earth, guidance, motion


def climb() -> list[Check]:
    """Climb every rung of the ladder, under a second once compiled."""
    return [check for rung in (*earth.RUNGS, *motion.RUNGS, *guidance.RUNGS) for check in rung()]
