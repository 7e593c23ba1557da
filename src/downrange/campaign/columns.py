"""The row of a flight: what became of it, in columns that are the same for all flights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.flight import results
from downrange.flight.build import Built
from downrange.flight.ends import Teller
from downrange.flight.kernel import watch
from downrange.flight.legs import FAIRING
from downrange.safety.build import RULE_NAMES
from downrange.safety.kernel.rules import SafetyMemory
from downrange.telemetry import Event

Values = NDArray[Any]

# Events of a body that is steered, and of the one that stands on the pad besides.
_STEERED = (
    "ignition", "throttle", "engine_failed", "engine_shutdown", "oscillation", "attitude_lost",
    "limit_exceeded", "breakup", "flight_termination", "impact",
)  # fmt: skip
_FIRST = ("liftoff", "pitch_over", "mach_1", "max_q", "meco")
_LATER = ("seco", "fairing_jettison", "passivation", "orbit_insertion")
_STATE = {"time_s": "s", "altitude_m": "m", "speed_mps": "m/s", "dynamic_pressure_pa": "Pa"}
_ORBIT = {
    "perigee_altitude_m": "m", "apogee_altitude_m": "m", "inclination_deg": "deg",
    "raan_deg": "deg", "argument_of_perigee_deg": "deg",
}  # fmt: skip
_INSERTION = ("perigee_altitude_m", "apogee_altitude_m", "inclination_deg")
_BODY = {
    "end_time_s": "s", "end_latitude_deg": "deg", "end_longitude_deg": "deg",
    "impact_speed_mps": "m/s", "propellant_left_kg": "kg",
}  # fmt: skip
_TEXTS = ("outcome", "end_surface")  # of a body
# What a flight can be lost by, as events; the first of them in a flight is its cause.
_CAUSES = ("engine_failed", "limit_exceeded", "attitude_lost", "flight_termination", "breakup")
_TOLD = ("engine_failed", "limit_exceeded", "flight_termination")  # whose detail says which


class Columns:
    """The columns of a mission's flights, and rows in them.

    Args:
        teller: of the mission.
        legs: of the mission.
        drawn: names of the drawn values, with their units.
    """

    def __init__(self, teller: Teller, legs: Sequence[Built], drawn: dict[str, str]) -> None:
        self._teller = teller
        self._names = body_names(legs)
        self.numbers = self._numbers(legs) | {f"draw.{name}": drawn[name] for name in drawn}
        self._drawn = tuple(f"draw.{name}" for name in drawn)
        self._at = {name: k for k, name in enumerate(self.numbers)}
        self.texts = ["outcome", "cause", *(
            f"body.{name}.{what}" for name in self._names for what in _TEXTS
        )]  # fmt: skip
        self.objectives = [f"objective.{each.name}" for each in teller.spec.objective]

    @property
    def units(self) -> dict[str, str]:
        """Unit of each column, "" where it has none."""
        return {"flight": ""} | dict.fromkeys((*self.texts, *self.objectives), "") | self.numbers

    def _numbers(self, legs: Sequence[Built]) -> dict[str, str]:
        """Names and units of the columns of numbers but for the drawn values."""
        found = {"cause_time_s": "s", "end_time_s": "s"}
        for k, name in enumerate(stage_names(legs)):
            last = k + 1 == len(stage_names(legs))
            own = (*_STEERED, *(_FIRST if k == 0 else _LATER), *(() if last else ("separation",)))
            for event in own:
                found |= {f"event.{name}.{event}.{key}": unit for key, unit in _STATE.items()}
        found |= {f"orbit.{key}": unit for key, unit in _ORBIT.items()}
        found |= {f"insertion.{_error(key)}": _ORBIT[key] for key in _INSERTION}
        for name in self._names:
            found |= {f"body.{name}.{key}": unit for key, unit in _BODY.items()}
        for rule, unit in RULE_NAMES:
            found[f"margin.{rule}_{'deg' if unit == 'rad' else unit}"] = (
                "deg" if unit == "rad" else unit
            )
        structure = self._teller.spec.vehicle.structure
        if structure.bending_moment_limit is not None:
            found["margin.bending_moment_nm"] = "N m"
        if structure.q_alpha_limit is not None:
            found["margin.q_alpha_pa_rad"] = "Pa rad"
        return found

    def new(self, flights: int) -> dict[str, Values]:
        """Room for so many rows, everything absent."""
        rows: dict[str, Values] = {"flight": np.zeros(flights, dtype=np.int64)}
        for name in (*self.texts, *self.objectives):
            rows[name] = np.full(flights, None, dtype=object)
        self._table = np.full((flights, len(self.numbers)), math.nan)
        return rows | {name: self._table[:, k] for name, k in self._at.items()}

    def fill(
        self, rows: dict[str, Values], row: int, flight: int, told: Sequence[results.Ended],
        verdict: SafetyMemory, first: watch.WatchMemory, drawn: Sequence[float],
    ) -> None:  # fmt: skip
        """One flight, from what is told of its bodies."""
        spec, earth = self._teller.spec, self._teller.planned.plan.earth
        events = sorted((event for each in told for event in each.events), key=_time_s)
        steered = next(each for each in told if each.steered)
        orbit = results.orbit_of(steered, earth, spec)
        objectives = results.judge_objectives(spec, told, events, orbit)
        outcome = results.mission_outcome([steered.outcome], objectives)
        rows["flight"][row], rows["outcome"][row] = flight, outcome
        for name, each in zip(self.objectives, objectives, strict=True):
            rows[name][row] = each["met"]
        cause, cause_s = first_cause(outcome, events, objectives)
        rows["cause"][row] = cause
        numbers = {"cause_time_s": cause_s, "end_time_s": steered.end.time_s}
        numbers |= dict(zip(self._drawn, drawn, strict=True))
        if orbit is not None:
            target = results.target_of(spec)
            numbers |= {f"orbit.{key}": orbit[key] for key in _ORBIT}
            numbers |= {f"insertion.{_error(key)}": orbit[key] - target[key] for key in _INSERTION}
        margins = results.margins_of(verdict, first, spec, steered.t0_s)
        numbers |= {f"margin.{name}": margin["smallest"] for name, margin in margins.items()}
        for ended in told:
            self._put_body(rows, row, ended, numbers)
        put, at = self._table[row], self._at
        for name, number in numbers.items():
            if number is not None:
                put[at[name]] = number
        for event in reversed(events):  # of those alike the first stays
            k = at.get(f"event.{event.body}.{event.name}.time_s")
            if k is not None:
                put[k : k + 4] = (event.time_s, event.altitude_m, event.speed_mps,
                                  event.dynamic_pressure_pa)  # fmt: skip

    def _put_body(
        self, rows: dict[str, Values], row: int, ended: results.Ended, numbers: dict[str, Any]
    ) -> None:
        impact = ended.impact
        rows[f"body.{ended.name}.outcome"][row] = ended.outcome
        rows[f"body.{ended.name}.end_surface"][row] = ended.surface if impact else None
        found = (ended.end.time_s, ended.end.latitude_deg, ended.end.longitude_deg,
                 impact.speed_mps if impact else None, ended.propellant_left_kg)  # fmt: skip
        for key, number in zip(_BODY, found, strict=True):
            numbers[f"body.{ended.name}.{key}"] = number


def _time_s(event: Event) -> float:
    return event.time_s


def _error(key: str) -> str:
    """Name of an insertion error: of perigee_altitude_m, perigee_error_m."""
    what, _, unit = key.rpartition("_")
    return f"{what.removesuffix('_altitude')}_error_{unit}"


def stage_names(legs: Sequence[Built]) -> tuple[str, ...]:
    """Bodies that are steered, from the bottom up."""
    return tuple(dict.fromkeys(leg.name for leg in legs))


def body_names(legs: Sequence[Built]) -> tuple[str, ...]:
    """Every body that can come of a flight: stages from the bottom up, then what else falls."""
    fallen = (name for leg in legs for name in leg.dropped.names if leg.leg.dropped == FAIRING)
    return (*stage_names(legs), *fallen)


def first_cause(
    outcome: str, events: Iterable[Event], objectives: Iterable[dict[str, Any]]
) -> tuple[str, float]:
    """What a flight was lost by first, and when; "" and nan for a success.

    Without such an event, the first objective that was not met.
    """
    if outcome == "success":
        return "", math.nan
    for event in events:
        if event.name in _CAUSES:
            detail = event.detail.removeprefix("rule: ") if event.name in _TOLD else ""
            return f"{event.name}: {detail}" if detail else event.name, event.time_s
    for each in objectives:
        if each["met"] is not True:
            time_s = each["time_s"]
            return f"objective: {each['name']}", math.nan if time_s is None else time_s
    return outcome, math.nan
