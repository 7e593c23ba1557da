"""How the flight went: outcomes, objectives, margins; the object that `--json` prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from downrange.flight.kernel import loop, watch
from downrange.flight.spec import MissionSpec, ObjectiveSpec
from downrange.safety.blast import overpressure_radius_m
from downrange.safety.build import RULE_NAMES
from downrange.safety.kernel.rules import FIRED
from downrange.telemetry import Event, Telemetry

SCHEMA_VERSION = 1

ENDS = {
    loop.OUT_OF_TIME: "flying",
    loop.COMPLETE: "flying",
    loop.DOWN: "impacted",
    loop.LOST_NUMBERS: "numerical",
    loop.CALLED_OFF: "scrubbed",
}


def body_outcome(flight: loop.Flight) -> str:
    """How a body ended, in the words of the summary."""
    end = ENDS[int(flight.clock[loop.ENDED])]
    if end in ("numerical", "scrubbed"):
        return end
    if flight.verdict.state[FIRED] > 0.5:
        return "terminated"
    if flight.watch.words[watch.BROKEN] > 0.5:
        return "broke_up"
    return end


def mission_outcome(bodies: Sequence[str], objectives: Sequence[dict[str, Any]]) -> str:
    """How the mission ended: the worst of its bodies, or else by its objectives."""
    for body, mission in (
        ("numerical", "numerical"), ("terminated", "terminated"), ("scrubbed", "scrubbed"),
        ("broke_up", "loss"), ("impacted", "loss"),
    ):  # fmt: skip
        if body in bodies:
            return mission
    return "success" if all(each["met"] is True for each in objectives) else "partial"


def body_summary(
    telemetry: Telemetry, events: Sequence[Event], outcome: str, surface: str | None
) -> dict[str, Any]:
    """The entry of one body in the summary."""
    impact = next((event for event in events if event.name == "impact"), None)
    last = {name: float(telemetry.column(name)[-1]) for name in
            ("time_s", "latitude_deg", "longitude_deg", "propellant_kg")}  # fmt: skip
    return {
        "outcome": outcome,
        "end_time_s": last["time_s"],
        "end_latitude_deg": last["latitude_deg"],
        "end_longitude_deg": last["longitude_deg"],
        "end_surface": surface if impact else None,
        "impact_speed_mps": impact.speed_mps if impact else None,
        "orbit": None,
        "target": None,
        "propellant_left_kg": last["propellant_kg"],
    }


def judge_objectives(
    spec: MissionSpec, telemetry: Telemetry, events: Sequence[Event], pad_distance_m: float
) -> list[dict[str, Any]]:
    """Each objective with whether it was met (None: not reached), when, and what shows it."""
    return [_judge(each, spec, telemetry, events, pad_distance_m) for each in spec.objective]


def _judge(
    objective: ObjectiveSpec,
    spec: MissionSpec,
    telemetry: Telemetry,
    events: Sequence[Event],
    pad_distance_m: float,
) -> dict[str, Any]:
    met: bool | None = True
    evidence: list[str] = []
    time_s = None
    if objective.event is not None:
        event = next((e for e in events if e.name == objective.event), None)
        met = True if event else None
        time_s = event.time_s if event else None
        told = f"{objective.event} at T{event.time_s:+.1f} s" if event else f"no {objective.event}"
        evidence.append(told)
    spoilt = [event for event in events if event.name in objective.without]
    if spoilt:
        met, time_s = False, spoilt[0].time_s
        evidence.append(f"{spoilt[0].name} at T{spoilt[0].time_s:+.1f} s")
    elif objective.without:
        evidence.append(f"no {', no '.join(objective.without)}")
    impact = next((event for event in events if event.name == "impact"), None)
    if objective.pad_unharmed and impact is not None:
        left_kg = float(telemetry.column("propellant_kg")[-1])
        reach_m = overpressure_radius_m(left_kg, spec.safety.blast.tnt_equivalence.si)
        met = bool(met) and pad_distance_m > reach_m
        time_s = impact.time_s
        where = f"came down {pad_distance_m:.0f} m from the pad"
        evidence.append(f"{where}, 1 psi reaches {reach_m:.0f} m")
    elif objective.pad_unharmed:
        evidence.append("nothing came down")
    return {"name": objective.name, "met": met, "evidence": "; ".join(evidence), "time_s": time_s}


def margins_of(flight: loop.Flight, spec: MissionSpec, body: str, t0_s: float) -> dict[str, Any]:
    """Smallest distance to each rule and structural limit, and when; see telemetry's channels."""
    out: dict[str, Any] = {}
    limits = {"attitude": math.degrees(spec.safety.attitude.limit.si)}
    verdict = flight.verdict
    for k, (name, unit) in enumerate(RULE_NAMES):
        factor, suffix = (math.degrees(1.0), "deg") if unit == "rad" else (1.0, unit)
        if math.isfinite(verdict.smallest[k]):
            out[f"{name}_{suffix}"] = {
                "body": body,
                "smallest": float(verdict.smallest[k]) * factor,
                "time_s": float(verdict.smallest_time_s[k]),
                "limit": limits.get(name),
            }
    words, structure = flight.watch.words, spec.vehicle.structure
    for name, word, when, limit in (
        ("bending_moment_nm", watch.LEAST_MOMENT, watch.LEAST_MOMENT_S,
         structure.bending_moment_limit),
        ("q_alpha_pa_rad", watch.LEAST_Q_ALPHA, watch.LEAST_Q_ALPHA_S, structure.q_alpha_limit),
    ):  # fmt: skip
        if limit is not None and math.isfinite(words[word]):
            out[name] = {"body": body, "smallest": float(words[word]),
                         "time_s": float(words[when]) - t0_s, "limit": limit.si}  # fmt: skip
    return out
