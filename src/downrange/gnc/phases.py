"""The sequence as a graph: conditions read, every mistake found, then numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from difflib import get_close_matches

import numpy as np

from downrange.errors import InputError, Problem
from downrange.gnc.kernel import data
from downrange.gnc.kernel.data import Phases
from downrange.gnc.spec import PhaseSpec
from downrange.units import value

# What a condition may look at: index of the signal and its unit.
SIGNALS = {
    "phase_time": (data.PHASE_TIME_S, "s"),
    "clock": (data.SIGNAL_CLOCK_S, "s"),
    "time_since_release": (data.TIME_SINCE_RELEASE_S, "s"),
    "altitude": (data.ALTITUDE_M, "m"),
    "height": (data.HEIGHT_M, "m"),
    "speed": (data.SPEED_MPS, "m/s"),
    "velocity_to_go": (data.VELOCITY_TO_GO_MPS, "m/s"),
    "time_to_apogee": (data.TIME_TO_APOGEE_S, "s"),
    "time_to_radius": (data.TIME_TO_RADIUS_S, "s"),
    "chamber_min": (data.CHAMBER_MIN, "1"),
    "chamber_sum": (data.CHAMBER_SUM, "1"),
    "tank_fraction_min": (data.TANK_FRACTION_MIN, "1"),
    "acceleration": (data.ACCELERATION_MPS2, "m/s^2"),
    "healthy_engines": (data.HEALTHY_ENGINES, "1"),
    "heating": (data.HEATING_WPM2, "W/m^2"),
    "guidance_failed": (data.GUIDANCE_FAILED, "1"),
}
STEERING = {
    "none": data.STEER_NONE,
    "vertical": data.STEER_VERTICAL,
    "pitch_over": data.STEER_PITCH_OVER,
    "programme": data.STEER_PROGRAMME,
    "hold_attitude": data.STEER_HOLD,
    "prograde": data.STEER_PROGRADE,
    "insertion": data.STEER_INSERTION,
    "orbit": data.STEER_ORBIT,
}
_CONDITION = re.compile(r"\s*([a-z_]+)\s*(>=|<=|>|<)\s*(\S.*?)\s*")


@dataclass(frozen=True)
class Condition:
    """A signal compared with a threshold: sense * (signal - threshold) >= 0."""

    signal: int
    sense: float
    threshold: float  # SI


def read_condition(text: str) -> Condition:
    """Return the condition that a text as "speed >= 100 m/s" states.

    Raises:
        ValueError: says what is wrong with it.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f'can\'t read the condition {text!r}: write it like "speed >= 100 m/s"')
    name, operator, quantity = match.groups()
    if name not in SIGNALS:
        near = get_close_matches(name, SIGNALS, 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(SIGNALS)}"
        raise ValueError(f"unknown signal {name!r} in {text!r}: {hint}")
    signal, unit = SIGNALS[name]
    try:
        threshold = value(quantity, unit).si
    except ValueError as error:
        raise ValueError(f"in {text!r}: {error}") from None
    sense = 1.0 if operator[0] == ">" else -1.0
    if len(operator) == 1:
        threshold = math.nextafter(threshold, sense * math.inf)
    return Condition(signal, sense, threshold)


def compile_phases(
    phases: Sequence[PhaseSpec], stage_names: Sequence[str], file: str = ""
) -> Phases:
    """Return the sequence as numbers.

    Raises:
        InputError: carries everything that is wrong with it, see `phase_problems`.
    """
    problems = phase_problems(phases, stage_names, file)
    if problems:
        raise InputError(problems)
    index = {phase.name: i for i, phase in enumerate(phases)}
    called_off = {phase.abort_to for phase in phases if phase.abort_if}
    rows: list[tuple[float, ...]] = []
    table = []
    for phase in phases:
        first = len(rows)
        following = successor(phases, phase)
        for group, (target, texts) in enumerate(_exits(phase, following)):
            to = (group, index[target])
            rows.extend((*to, *astuple(condition)) for condition in map(read_condition, texts))
        stage = -1 if phase.engines == "none" else stage_names.index(phase.engines)
        dropped = 0 if phase.separate is None else 1 + stage_names.index(phase.separate)
        limit = math.inf if phase.acceleration_limit is None else phase.acceleration_limit.si
        table.append((stage, phase.throttle.si, STEERING[phase.steering], phase.release,
                      phase.name in called_off, first, len(rows), dropped, phase.jettison_fairing,
                      phase.slow, phase.passivate, limit))  # fmt: skip
    return Phases(
        np.array(table, dtype=np.float64),
        np.array(rows, dtype=np.float64).reshape(-1, data.ROW_COLUMNS),
    )


def phase_problems(
    phases: Sequence[PhaseSpec], stage_names: Sequence[str], file: str = ""
) -> list[Problem]:
    """Return everything that is wrong with a sequence, in the order of the phases."""
    if not phases:
        return [Problem(file, "phase", "there is no phase: a flight needs a sequence")]
    problems = [Problem(file, f"phase.{phase.name}{key}", message)
                for phase in phases
                for key, message in _phase_problems(phases, phase, stage_names)]  # fmt: skip
    if not problems:
        problems = [Problem(file, path, message) for path, message in _graph_problems(phases)]
    return problems


def successor(phases: Sequence[PhaseSpec], phase: PhaseSpec) -> str | None:
    """Name of the phase that follows when this one ends by its conditions."""
    if phase.next is not None or not (phase.until or phase.any_until):
        return phase.next
    after = list(phases).index(phase) + 1
    return phases[after].name if after < len(phases) else None


def _exits(phase: PhaseSpec, following: str | None) -> list[tuple[str, tuple[str, ...]]]:
    """(target, conditions that must all hold) of each way out, the most urgent first."""
    exits: list[tuple[str, tuple[str, ...]]] = []
    exits += [(phase.abort_to, (text,)) for text in phase.abort_if]
    if following is not None:
        exits += [(following, phase.until)] if phase.until else []
        exits += [(following, (text,)) for text in phase.any_until]
    return exits


def _phase_problems(
    phases: Sequence[PhaseSpec], phase: PhaseSpec, stage_names: Sequence[str]
) -> list[tuple[str, str]]:
    """(key, message) of what is wrong in one phase."""
    found = _stage_problems(phase, stage_names)
    names = [each.name for each in phases]
    if names.count(phase.name) > 1:
        found.append(("", "there are several phases of this name"))
    for key in ("until", "any_until", "abort_if"):
        for text in getattr(phase, key):
            try:
                read_condition(text)
            except ValueError as error:
                found.append((f".{key}", str(error)))
    if phase.next is not None and phase.next not in names:
        found.append((".next", _unknown_phase(phase.next, names)))
    if phase.abort_if and phase.abort_to not in names:
        found.append((".abort_to", _unknown_phase(phase.abort_to, names)))
    ends = bool(phase.until or phase.any_until)
    if not ends and (phase.next is not None or phase.engines != "none"):
        found.append(("", "has no exit: state until or any_until"))
    if ends and successor(phases, phase) is None:
        found.append(("", "is the last one, so its conditions lead nowhere: state next"))
    if phase.release and phase.engines == "none":
        found.append((".release", "lets the vehicle go with no engine running"))
    return found


def _stage_problems(phase: PhaseSpec, stage_names: Sequence[str]) -> list[tuple[str, str]]:
    """(key, message) of what is wrong with the stages that a phase names."""
    found = []
    if phase.engines != "none" and phase.engines not in stage_names:
        known = ", ".join(["none", *stage_names])
        found.append((".engines", f"there is no stage {phase.engines!r}: known are {known}"))
    if phase.separate is not None and phase.separate not in stage_names:
        known = ", ".join(stage_names)
        found.append((".separate", f"there is no stage {phase.separate!r}: known are {known}"))
    if phase.slow and phase.engines != "none":
        found.append((".slow", "engines run: the flight computer can't be slow"))
    return found


def _unknown_phase(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
    return f"there is no phase {name!r}: {hint}"


def _graph_problems(phases: Sequence[PhaseSpec]) -> list[tuple[str, str]]:
    """(path, message) of what is wrong with how the phases follow each other."""
    ways = {phase.name: [target for target, _ in _exits(phase, successor(phases, phase))]
            for phase in phases}  # fmt: skip
    reached = _reachable(ways, phases[0].name)
    found = [(f"phase.{phase.name}", f"is never reached from {phases[0].name!r}, the first phase")
             for phase in phases if phase.name not in reached]  # fmt: skip
    found += [(f"phase.{name}", "comes round to itself: an endless loop")
              for name, targets in ways.items()
              if any(name in _reachable(ways, target) for target in targets)]  # fmt: skip
    if not any(phase.release for phase in phases if phase.name in reached):
        found.append(("phase", "no phase lets the hold-down go: state release = true in one"))
    return found


def _reachable(ways: dict[str, list[str]], start: str) -> set[str]:
    """Names of the phases that can come after `start`, itself included."""
    reached, ahead = set(), [start]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += ways[name]
    return reached
