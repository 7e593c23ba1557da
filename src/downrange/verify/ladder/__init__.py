"""The ladder: laws of conservation, closed forms and published tables, rung by rung."""

from __future__ import annotations

from downrange.verify.check import Check
from downrange.verify.ladder import (
    ascent,
    control,
    earth,
    flight,
    guidance,
    motion,
    probability,
    vehicle,
)

AREAS = (earth, motion, flight, ascent, vehicle, control, guidance, probability)


def climb() -> list[Check]:
    """Climb every rung of the ladder, some ten seconds once compiled."""
    return [check for area in AREAS for rung in area.RUNGS for check in rung()]
