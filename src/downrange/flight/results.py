"""How the flight went: outcomes, objectives, margins; the object that `--json` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.geodesy import Earth
from downrange.earth.kernel.orbit import elements
from downrange.flight.channels import LEDGER
from downrange.flight.kernel import loop, watch
from downrange.flight.kernel.ground import over_ground
from downrange.flight.spec import MissionSpec, ObjectiveSpec, ToleranceSpec
from downrange.safety.blast import overpressure_radius_m
from downrange.safety.build import RULE_NAMES
from downrange.safety.kernel.rules import FIRED, SafetyMemory
from downrange.telemetry import Event, Telemetry

Floats = NDArray[np.float64]

SCHEMA_VERSION = 1
SPACE_M = 80e3  # above which an orbit is looked for
FAR_M = 10e3  # distances from here on are told in kilometres
TAIL_OFF_S = 1.0  # after which an engine gives nothing
LOWEST_PERIGEE_M = 120e3  # of a body that counts as in orbit

ENDS = {
    loop.GOING: "flying",
    loop.OUT_OF_TIME: "flying",
    loop.COMPLETE: "flying",
    loop.DOWN: "impacted",
    loop.LOST_NUMBERS: "numerical",
    loop.CALLED_OFF: "scrubbed",
}


def body_outcome(clock: Floats, verdict: SafetyMemory, seen: watch.WatchMemory) -> str:
    """How a body ended, in the words of the summary."""
    end = ENDS[int(clock[loop.ENDED])]
    if end in ("numerical", "scrubbed"):
        return end
    if verdict.state[FIRED] > 0.5:
        return "terminated"
    if seen.words[watch.BROKEN] > 0.5:
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


class Moment(NamedTuple):
    """A body at one time.

    Attributes:
        time_s: from first motion.
        rigid: (13,) and more: inertial state as of dynamics/kernel/rigid.py.
        latitude_deg: geodetic.
        longitude_deg: east of Greenwich.
        altitude_m: above the ellipsoid.
        speed_mps: against the Earth.
        own_kg: propellant in its own tanks; of what is steered, in all that are attached.
        aboard_kg: propellant in all tanks attached.
    """

    time_s: float
    rigid: Floats
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    speed_mps: float
    own_kg: float
    aboard_kg: float


def moment_of(
    clock_s: float, t0_s: float, rigid: Floats, own_kg: float, aboard_kg: float, earth: Earth
) -> Moment:
    """A body at a time of the mission clock, from its inertial state."""
    latitude, longitude, altitude_m, speed_mps = over_ground(rigid, clock_s, earth)
    return Moment(clock_s - t0_s, rigid, math.degrees(latitude), math.degrees(longitude),
                  altitude_m, speed_mps, own_kg, aboard_kg)  # fmt: skip


class Ended(NamedTuple):
    """A body and what came of it.

    Attributes:
        surface: what is below it: land or sea.
        pad_distance_m: over the ground.
        steered: it is the one that guidance flew to the end.
        t0_s: mission clock of first motion.
        end: how it was in the end.
        burnt: how it was after its last thrust; None where it had none.
    """

    name: str
    events: list[Event]
    outcome: str
    surface: str
    pad_distance_m: float
    steered: bool
    t0_s: float
    end: Moment
    burnt: Moment | None

    @property
    def impact(self) -> Event | None:
        """Its impact, if it came down."""
        return next((event for event in self.events if event.name == "impact"), None)

    @property
    def propellant_left_kg(self) -> float:
        """At the end of its last thrust, before anything was vented; else at its end.

        Of what was dropped, without what was in the stages above it.
        """
        return (self.burnt or self.end).own_kg


def impact_event(
    body: str, end: Moment, surface: str, mach: float, dynamic_pressure_pa: float
) -> Event:
    """The impact of a body that only fell, from its end."""
    return Event(end.time_s, body, "impact", f"{surface}, {end.speed_mps:.0f} m/s",
                 altitude_m=end.altitude_m, speed_mps=end.speed_mps, mach=mach,
                 dynamic_pressure_pa=dynamic_pressure_pa, latitude_deg=end.latitude_deg,
                 longitude_deg=end.longitude_deg)  # fmt: skip


def body_summary(ended: Ended, earth: Earth, spec: MissionSpec) -> dict[str, Any]:
    """The entry of one body in the summary."""
    end, impact = ended.end, ended.impact
    return {
        "outcome": ended.outcome,
        "end_time_s": end.time_s,
        "end_latitude_deg": end.latitude_deg,
        "end_longitude_deg": end.longitude_deg,
        "end_surface": ended.surface if impact else None,
        "end_distance_m": ended.pad_distance_m,
        "impact_speed_mps": impact.speed_mps if impact else None,
        "orbit": orbit_of(ended, earth, spec),
        "target": target_of(spec) if ended.steered else None,
        "propellant_left_kg": ended.propellant_left_kg,
    }


def in_orbit(ended: Ended, earth: Earth, spec: MissionSpec) -> Ended:
    """The same body, said to be in orbit where it flies on and its perigee is above the air."""
    orbit = orbit_of(ended, earth, spec) if ended.outcome == "flying" else None
    if orbit is None or orbit["perigee_altitude_m"] < LOWEST_PERIGEE_M:
        return ended
    at = ended.burnt or ended.end
    detail = "{:.1f} x {:.1f} km, {:.2f} deg".format(
        orbit["perigee_altitude_m"] / 1e3, orbit["apogee_altitude_m"] / 1e3,
        orbit["inclination_deg"],
    )  # fmt: skip
    inserted = Event(at.time_s, ended.name, "orbit_insertion", detail, altitude_m=at.altitude_m,
                     speed_mps=at.speed_mps, latitude_deg=at.latitude_deg,
                     longitude_deg=at.longitude_deg)  # fmt: skip
    return ended._replace(outcome="in_orbit", events=[*ended.events, inserted])


def orbit_of(ended: Ended, earth: Earth, spec: MissionSpec) -> dict[str, Any] | None:
    """Osculating orbit at the end of the last thrust, of a body above the air; see interfaces.

    None where the perigee is below the ground.
    """
    at = ended.burnt or ended.end
    if at.altitude_m < SPACE_M:
        return None
    x, y, z, vx, vy, vz = (float(word) for word in at.rigid[:6])
    found = elements((x, y, z), (vx, vy, vz), earth.mu_m3ps2)
    perigee_m, apogee_m = (each - earth.equatorial_radius_m for each in
                           (found.perigee_radius_m, found.apogee_radius_m))  # fmt: skip
    if perigee_m < 0.0:
        return None
    argument = math.degrees(found.argument_of_perigee_rad)
    return {
        "frame": "Earth-fixed axes (WGS-84) as they stood at epoch_utc, not turning",
        "epoch_utc": (spec.launch_time_utc - timedelta(seconds=ended.t0_s))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "time_s": at.time_s,
        "perigee_altitude_m": perigee_m,
        "apogee_altitude_m": apogee_m,
        "inclination_deg": math.degrees(found.inclination_rad),
        "raan_deg": math.degrees(found.raan_rad),
        "argument_of_perigee_deg": argument if math.isfinite(argument) else None,
        "true_anomaly_deg": math.degrees(found.true_anomaly_rad),
    }


def delta_v(
    bodies: Sequence[Ended], tables: Mapping[str, Telemetry], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Ledger of velocity at the end of each burn: what gave and took speed since lift-off, m/s.

    `tables` are the telemetry of each body, `names` those of the stages in the order in which
    they burn. The entries of a line add up to the inertial speed but for that of the pad,
    `start`.
    """
    found = [each for name in names for each in bodies if each.name == name]
    if not found:
        return []
    first = tables[found[0].name]
    start = float(np.interp(0.0, first["time_s"], first["inertial_speed_mps"]))
    lines = []
    for each in found:
        table = tables[each.name]
        for event in each.events:
            if event.name not in ("meco", "seco"):
                continue
            row = int(np.searchsorted(table["time_s"], event.time_s + TAIL_OFF_S))
            row = min(row, len(table) - 1)
            line: dict[str, Any] = {"after": event.name, "body": each.name, "time_s": event.time_s}
            line |= {name: float(table[f"delta_v_{name}_mps"][row]) for name in LEDGER}
            speed = float(table["inertial_speed_mps"][row])
            lines.append(line | {"start": start, "inertial_speed": speed})
    return lines


def target_of(spec: MissionSpec) -> dict[str, Any]:
    """The target orbit, with the keys of an orbit; None in what is free."""
    return {
        "frame": None,
        "epoch_utc": None,
        "perigee_altitude_m": spec.target.perigee.si,
        "apogee_altitude_m": spec.target.apogee.si,
        "inclination_deg": math.degrees(spec.target.inclination.si),
        "raan_deg": None,
        "argument_of_perigee_deg": None,
        "true_anomaly_deg": None,
    }


def judge_objectives(
    spec: MissionSpec,
    bodies: Sequence[Ended],
    events: Sequence[Event],
    orbit: dict[str, Any] | None,
) -> list[dict[str, Any]]:
    """Each objective with whether it was met (None: not reached), when, and what shows it.

    `orbit` is that of the body that is steered, None where it has none.
    """
    return [_judge(each, spec, bodies, events, orbit) for each in spec.objective]


def _judge(
    objective: ObjectiveSpec,
    spec: MissionSpec,
    bodies: Sequence[Ended],
    events: Sequence[Event],
    orbit: dict[str, Any] | None,
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
    if objective.pad_unharmed:
        harm = _pad(spec, bodies)
        met, time_s = bool(met) and harm[0], harm[2]
        evidence.append(harm[1])
    if objective.tolerance is not None:
        near, told, when = _near_target(objective.tolerance, spec, orbit)
        met = False if met is False or near is False else met and near
        time_s = when if time_s is None else time_s
        evidence.append(told)
    return {"name": objective.name, "met": met, "evidence": "; ".join(evidence), "time_s": time_s}


def _near_target(
    tolerance: ToleranceSpec, spec: MissionSpec, orbit: dict[str, Any] | None
) -> tuple[bool | None, str, float | None]:
    """Whether an orbit is the target's within a tolerance, by how much it is off, and when.

    Not reached (None) where there is no orbit, or one that the air takes down.
    """
    if orbit is None or orbit["perigee_altitude_m"] < LOWEST_PERIGEE_M:
        return None, "no orbit", None
    target = target_of(spec)
    within, told = [], []
    for name, key, unit, factor, allowed in (
        ("perigee", "perigee_altitude_m", "km", 1e-3, tolerance.perigee.si / 1e3),
        ("apogee", "apogee_altitude_m", "km", 1e-3, tolerance.apogee.si / 1e3),
        ("inclination", "inclination_deg", "deg", 1.0, math.degrees(tolerance.inclination.si)),
    ):
        off = (orbit[key] - target[key]) * factor
        within.append(abs(off) <= allowed)
        digits = 1 if unit == "km" else 3
        shown = round(off, digits) + 0.0  # no minus before a zero
        far = "" if within[-1] else ", too far"
        told.append(f"{name} off by {shown:+.{digits}f} of {allowed:g} {unit}{far}")
    return all(within), ", ".join(told), orbit["time_s"]


def _pad(spec: MissionSpec, bodies: Sequence[Ended]) -> tuple[bool, str, float | None]:
    """Whether the pad is unharmed by all that came down, what shows it best, and when.

    That is the body with least room between its blast and the pad; not always the nearest.
    """
    down = []
    for each in bodies:
        if each.impact is not None:
            reach_m = overpressure_radius_m(
                each.end.aboard_kg, spec.safety.blast.tnt_equivalence.si
            )
            down.append((each.pad_distance_m - reach_m, reach_m, each, each.impact))
    if not down:
        return True, "nothing came down", None
    room_m, reach_m, worst, impact = min(down, key=lambda found: found[0])
    far_m = worst.pad_distance_m
    away = f"{far_m:.0f} m" if far_m < FAR_M else f"{far_m / 1e3:.0f} km"
    which = f"{worst.name} " if len(down) > 1 else ""
    told = f"{which}came down {away} from the pad, 1 psi reaches {reach_m:.0f} m"
    return room_m > 0.0, told, impact.time_s


def margins_of(
    verdict: SafetyMemory, first: watch.WatchMemory, spec: MissionSpec, t0_s: float
) -> dict[str, Any]:
    """Smallest distance to each rule and structural limit, and when; see telemetry's channels.

    `first` is what was noted of the body that stood on the pad.
    """
    out: dict[str, Any] = {}
    body = spec.vehicle.stage[0].name
    limits = {"attitude": math.degrees(spec.safety.attitude.limit.si)}
    for k, (name, unit) in enumerate(RULE_NAMES):
        factor, suffix = (math.degrees(1.0), "deg") if unit == "rad" else (1.0, unit)
        if math.isfinite(verdict.smallest[k]):
            out[f"{name}_{suffix}"] = {
                "body": body,
                "smallest": float(verdict.smallest[k]) * factor,
                "time_s": float(verdict.smallest_time_s[k]),
                "limit": limits.get(name),
            }
    words, structure = first.words, spec.vehicle.structure
    for name, word, when, limit in (
        ("bending_moment_nm", watch.LEAST_MOMENT, watch.LEAST_MOMENT_S,
         structure.bending_moment_limit),
        ("q_alpha_pa_rad", watch.LEAST_Q_ALPHA, watch.LEAST_Q_ALPHA_S, structure.q_alpha_limit),
    ):  # fmt: skip
        if limit is not None and math.isfinite(words[word]):
            out[name] = {"body": body, "smallest": float(words[word]),
                         "time_s": float(words[when]) - t0_s, "limit": limit.si}  # fmt: skip
    return out
