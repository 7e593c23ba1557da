"""What flies when: the stack, then what is left of it after each part that goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from downrange.gnc.phases import successor
from downrange.gnc.spec import PhaseSpec
from downrange.vehicle.spec import Finding, VehicleSpec

FAIRING = "fairing"
SPACE_STEERING = ("prograde", "insertion", "orbit")


class Leg(NamedTuple):
    """Flight of one and the same body between two partings.

    Attributes:
        stage: index of the lowest stage attached, after which the body is named.
        attached: (parts,) 1 for each part that belongs to it.
        dropped: what went when it began: a stage's name, "fairing", or "" for the lift-off.
    """

    stage: int
    attached: tuple[float, ...]
    dropped: str


def legs_of(vehicle: VehicleSpec, phases: Sequence[PhaseSpec]) -> list[Leg]:
    """The legs of a mission that goes well, in order."""
    stages = [stage.name for stage in vehicle.stage]
    legs = [Leg(0, (1.0,) * (len(stages) + 2), "")]
    for phase in phases:
        attached, stage = list(legs[-1].attached), legs[-1].stage
        if phase.separate in stages:
            attached[stage], stage = 0.0, stage + 1
            legs.append(Leg(stage, tuple(attached), phase.separate))
        if phase.jettison_fairing:
            attached[len(stages)] = 0.0
            legs.append(Leg(stage, tuple(attached), FAIRING))
    return legs


def leg_findings(vehicle: VehicleSpec, phases: Sequence[PhaseSpec]) -> Iterator[Finding]:
    """What does not fit between a vehicle and the sequence of its parting, as path and message."""
    stages = {stage.name: stage for stage in vehicle.stage}
    names = list(stages)
    lowest, faired, lit = 0, vehicle.fairing is not None, dict.fromkeys(names, 0)
    burning = "none"
    for phase in phases:
        path = f"phase.{phase.name}"
        if phase.separate in names:
            yield from _drop_findings(phase, path, vehicle, lowest)
            lowest = min(lowest + 1, len(names) - 1)
        if phase.jettison_fairing:
            yield from _jettison_findings(path, vehicle, faired)
            faired = False
        if phase.engines in names:
            if names.index(phase.engines) != lowest:
                message = f"{phase.engines} can't burn: the lowest stage there is {names[lowest]}"
                yield f"{path}.engines", message, "state separate in a phase before"
            lit[phase.engines] += phase.engines != burning
        burning = phase.engines
    for name, count in lit.items():
        most = stages[name].engine.ignitions
        if count > most:
            message = f"the sequence lights {name} {count} times, its engines can be lit {most}"
            hint = f"state ignitions = {count}, or take a phase with engines = {name!r} out"
            yield f"vehicle.{name}.engine.ignitions", message, hint
    yield from _order_findings(phases)
    if faired and any(phase.steering == "insertion" for phase in phases):
        yield ("phase", "the fairing never goes, but the mission flies to orbit",
               "state jettison_fairing = true in a phase")  # fmt: skip


def _order_findings(phases: Sequence[PhaseSpec]) -> Iterator[Finding]:
    """Phases in which a part goes that can be reached without all the earlier ones having gone."""
    by_name = {phase.name: phase for phase in phases}
    order = [phase.name for phase in phases if phase.separate or phase.jettison_fairing]
    seen: set[tuple[str, int]] = set()
    ahead: list[tuple[str | None, int]] = [(phases[0].name, 0)] if phases else []
    wrong: set[str] = set()
    while ahead:
        name, gone = ahead.pop()
        if name is None or name not in by_name or (name, gone) in seen:
            continue
        seen.add((name, gone))
        phase = by_name[name]
        if name in order:
            if order.index(name) != gone:
                wrong.add(name)
                continue
            gone += 1
        ahead.append((successor(phases, phase), gone))
        if phase.abort_if:
            ahead.append((phase.abort_to, gone))
    for name in sorted(wrong, key=order.index):
        message = "can be reached without all the parts having gone that go before it"
        yield f"phase.{name}", message, f"parts go in the order written: {', '.join(order)}"


def _drop_findings(
    phase: PhaseSpec, path: str, vehicle: VehicleSpec, lowest: int
) -> Iterator[Finding]:
    name = vehicle.stage[lowest].name
    if phase.separate != name:
        yield (f"{path}.separate", f"drops {phase.separate}, but the lowest stage is {name}", "")
    elif lowest == len(vehicle.stage) - 1:
        yield (f"{path}.separate", f"drops {name}, the last stage: nothing is left to steer", "")
    elif vehicle.stage[lowest].separation is None:
        yield (f"{path}.separate", f"{name} can't be dropped: it has no separation",
               f"state [stage.separation] with impulse and offset in {name}")  # fmt: skip


def _jettison_findings(path: str, vehicle: VehicleSpec, faired: bool) -> Iterator[Finding]:
    if vehicle.fairing is None:
        yield (f"{path}.jettison_fairing", "the vehicle has no fairing", "")
    elif not faired:
        yield (f"{path}.jettison_fairing", "the fairing has gone before", "")
    elif vehicle.fairing.jettison is None:
        yield (f"{path}.jettison_fairing", "the fairing can't be dropped",
               "state [fairing.jettison] with speed, rate and drag_share")  # fmt: skip
