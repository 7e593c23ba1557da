"""What came of a flight, as a recording: telemetry, events, summary and plan of every body."""

from __future__ import annotations

import itertools
import math
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from downrange.earth.kernel.geodesy import geodetic
from downrange.earth.spec import SiteSpec
from downrange.flight import results
from downrange.flight.assemble import engine_names, site_of, tank_names
from downrange.flight.bodies import Flown, Journey
from downrange.flight.channels import Names, ranges, telemetry
from downrange.flight.events import Context, events_of
from downrange.flight.kernel import loop
from downrange.flight.load import Mission
from downrange.flight.parting import clearances
from downrange.flight.spec import MissionSpec
from downrange.gnc.kernel.data import STEER_PITCH_OVER, STEERING
from downrange.safety.kernel.rules import Rules
from downrange.telemetry import Body, Event, Recording, Telemetry

if TYPE_CHECKING:
    from downrange.flight.fly import Prepared


IGNITION_S = 2.0  # that a stage is still looked at once the one above burns


def recording_of(ready: Prepared, journey: Journey, how: dict[str, Any]) -> Recording:
    """The recording of a flight that is over; `how` is what the summary says of its making."""
    spec, clock = ready.mission.spec, journey.flight.clock
    t0_s = float(clock[loop.T0_S])
    if not math.isfinite(t0_s):  # never left the pad: count from where it would have
        t0_s = float(clock[loop.TICK]) * journey.numbers.tick_s
    names = _names(ready, journey)
    earth = ready.planned.plan.earth
    found: list[results.Ended] = []
    ends: dict[str, tuple[float, float]] = {}
    for flown in in_order(journey.bodies(), [stage.name for stage in spec.vehicle.stage]):
        table = telemetry(flown.rows, journey.layout, names, t0_s)
        found.append(_ended(ready, journey.spec, flown, table, names, t0_s))
        ends[flown.name] = flown.ends_m
    clear = _clearances(found, ends)
    events = sorted((event for each in found for event in each.events), key=lambda e: e.time_s)
    steered = next(each for each in found if each.steered)
    bodies = {each.name: results.body_summary(each, earth, spec) for each in found}
    orbit = bodies[steered.name]["orbit"]
    objectives = results.judge_objectives(spec, found, events, orbit)
    summary: dict[str, Any] = (
        _heading(ready.mission)
        | how
        | {
            "outcome": results.mission_outcome([steered.outcome], objectives),
            "bodies": bodies,
            "orbit": orbit,
            "target": results.target_of(spec),
            "delta_v": results.delta_v(found, [stage.name for stage in spec.vehicle.stage]),
            "events": [vars(event) for event in events],
            "objectives": objectives,
            "margins": results.margins_of(journey, spec, t0_s) | clear,
            "recording": None,
        }
    )
    return Recording(
        bodies={each.name: Body(each.name, each.telemetry, each.outcome) for each in found},
        events=tuple(events),
        summary=summary,
        plan=plan_record(ready),
        mission=ready.mission.to_toml(),
    )


def _clearances(found: list[results.Ended], ends: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Gap between a dropped stage and the one above once that one's engines burn, by stage."""
    margins: dict[str, Any] = {}
    for lower, upper in itertools.pairwise(found):
        parted = next((e.time_s for e in lower.events if e.name == "separation"), None)
        lit = next((e.time_s for e in upper.events if e.name == "ignition"), None)
        if parted is None or lit is None:
            continue
        time_s, gap_m = clearances(
            upper.telemetry, lower.telemetry, ends[upper.name][0], ends[lower.name][1],
            (parted, lit + IGNITION_S),
        )  # fmt: skip
        margins[f"{lower.name}_clearance_m"] = {
            "body": upper.name,
            "smallest": float(gap_m[time_s >= lit].min()),
            "time_s": lit,
            "limit": None,
        }
    return margins


def in_order(bodies: list[Flown], stages: list[str]) -> list[Flown]:
    """Stages from the bottom up, then what else was dropped."""
    return sorted(bodies, key=lambda b: stages.index(b.name) if b.name in stages else len(stages))


def _ended(
    ready: Prepared, drawn: MissionSpec, flown: Flown, table: Telemetry, names: Names, t0_s: float
) -> results.Ended:
    """A body with what happened to it, and where that left it; `drawn` is its flight's mission."""
    from downrange.earth.coast import surface

    latitude, longitude = (float(table.column(f"{k}_deg")[-1]) for k in ("latitude", "longitude"))
    below = surface(latitude, longitude, ready.mission.spec.site)
    along, across = ranges(np.radians([latitude]), np.radians([longitude]), names)
    end_s = float(table.column("time_s")[-1])
    outcome = flown.end
    events: list[Event] = []
    if flown.flight is not None and flown.numbers is not None:
        if not outcome:
            outcome = results.body_outcome(flown.flight)
        spec = ready.mission.spec
        steering = ready.planned.plan.phases.table[:, STEERING]
        context = Context(
            body=flown.name,
            t0_s=t0_s,
            cut_s=float(flown.flight.clock[loop.CUT_S]),
            engines=names.engines,
            stages=tuple(stage.name for stage in spec.vehicle.stage),
            pitch_over_phases=frozenset(np.flatnonzero(steering == STEER_PITCH_OVER).tolist()),
            passive_phases=frozenset(k for k, p in enumerate(spec.phase) if p.passivate),
            throttles=tuple(
                math.nan if phase.engines == "none" else phase.throttle.si for phase in spec.phase
            ),
            fault_texts=tuple(fault_lines(drawn, len(spec.fault))),
            surface=below,
        )
        first = flown.name == spec.vehicle.stage[0].name
        faults = flown.numbers.faults if first else None
        events = events_of(flown.flight.watch, faults, end_s + t0_s, context)
    if flown.end == "impacted":
        events.append(results.impact_event(flown.name, table, below))
    distance_m = float(np.hypot(along[0], across[0]))
    ended = results.Ended(
        flown.name, table, events, outcome, below, distance_m, flown.steered, t0_s
    )
    return results.in_orbit(ended, ready.planned.plan.earth, ready.mission.spec)


def _heading(mission: Mission) -> dict[str, Any]:
    """What the summary says of the mission and of the program that flew it."""
    spec = mission.spec
    return {
        "schema_version": results.SCHEMA_VERSION,
        "downrange": version("downrange"),
        "mission": spec.name,
        "title": spec.title,
        "description": spec.description,
        "mission_hash": mission.digest,
        "planned": mission.planned,
        "faults": [str(fault) for fault in spec.fault],
        "launch_time_utc": spec.launch_time_utc.isoformat().replace("+00:00", "Z"),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": version("numba"),
            "machine": platform.machine(),
            "system": platform.system(),
        },
    }


def _names(ready: Prepared, journey: Journey) -> Names:
    """What the flight calls its parts, and where it started."""
    vehicle, pad = ready.mission.spec.vehicle, site_of(ready.mission.spec)
    first = journey.first
    return Names(
        engines=engine_names(vehicle),
        tanks=tank_names(vehicle),
        pad_latitude_rad=pad.latitude_rad,
        pad_longitude_rad=pad.longitude_rad,
        azimuth_rad=ready.planned.ascent.azimuth_rad,
        rotation_radps=ready.planned.plan.earth.rotation_radps,
        earth_radius_m=ready.planned.plan.earth.equatorial_radius_m,
        bending_moment_limit_nm=first.watch.bending_moment_limit_nm,
        q_alpha_limit_parad=first.watch.q_alpha_limit_parad,
    )


def fault_lines(drawn: MissionSpec, stated: int) -> list[str]:
    """A line for each row of the fault schedule: a group of engines has a row for each.

    Only of the faults that the mission states, which come first: a drawn failure shows as an
    engine that fails, if it still burns.
    """
    counts = {stage.name: stage.engine.count for stage in drawn.vehicle.stage}
    lines: list[str] = []
    for fault in drawn.fault[:stated]:
        stage, _, rest = fault.target.removeprefix("vehicle.").partition(".")
        lines += [str(fault)] * (counts.get(stage, 1) if rest == "engine" else 1)
    return lines


def _gate(rules: Rules) -> dict[str, float]:
    """When no safety rule fires any more, and the planned impact point then."""
    row = min(round(rules.end_s / rules.step_s), len(rules.impact_track_m) - 1)
    place = rules.impact_track_m[row]
    latitude, longitude, _ = geodetic((place[0], place[1], place[2]), rules.earth)
    return {
        "time_s": rules.end_s,
        "impact_latitude_deg": math.degrees(latitude),
        "impact_longitude_deg": math.degrees(longitude),
    }


def plan_record(ready: Prepared) -> dict[str, Any]:
    """What was planned, for the recording and its report."""
    spec, planned = ready.mission.spec, ready.planned
    pad, ascent = spec.site.pad, planned.ascent
    rows = slice(0, ascent.burnout_row + 1)
    return {
        "launch_azimuth_deg": math.degrees(ascent.azimuth_rad),
        "kick_pitch_deg": math.degrees(ascent.kick_pitch_rad),
        "first_bending_mode_hz": planned.first_mode_radps / (2.0 * math.pi),
        "upper_stage_propellant_left_kg": ascent.propellant_left_kg,
        "spare_mps": ascent.spare_mps,
        "max_dynamic_pressure_pa": ascent.max_dynamic_pressure_pa,
        "safety_gate": _gate(planned.rules),
        "ascent": {
            "time_s": ascent.time_s[rows],
            "altitude_m": ascent.altitude_m[rows],
            "speed_mps": ascent.speed_mps[rows],
            "pitch_deg": np.degrees(ascent.pitch_rad[rows]),
            "latitude_deg": np.degrees(ascent.latitude_rad[rows]),
            "longitude_deg": np.degrees(ascent.longitude_rad[rows]),
            "dynamic_pressure_pa": ascent.dynamic_pressure_pa[rows],
        },
        "map": {
            "pad": {
                "name": spec.site.name,
                "latitude_deg": math.degrees(pad.latitude.si),
                "longitude_deg": math.degrees(pad.longitude.si),
                "altitude_m": pad.altitude.si,
            },
            "launch_azimuth_deg": math.degrees(ascent.azimuth_rad),
            "protect": [
                {
                    "name": place.name,
                    "latitude_deg": math.degrees(place.latitude.si),
                    "longitude_deg": math.degrees(place.longitude.si),
                    "radius_m": place.radius.si,
                }
                for place in spec.site.protect
            ],
            "coast": _coast(spec.site),
        },
    }


def _coast(site: SiteSpec) -> dict[str, Any] | None:
    """The site's own drawing of its shore, for maps."""
    if site.coast is None:
        return None
    shore = site.coast
    return {
        "box_deg": [shore.south_deg, shore.north_deg, shore.west_deg, shore.east_deg],
        "rings": [
            {"latitude_deg": [at[0] for at in ring], "longitude_deg": [at[1] for at in ring]}
            for ring in shore.land
        ],
    }
