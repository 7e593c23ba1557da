"""What came of a flight, as a recording: telemetry, events, summary and plan of every body."""

from __future__ import annotations

import itertools
import math
import platform
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from downrange.dynamics.kernel import rigid
from downrange.earth.kernel.geodesy import geodetic
from downrange.earth.spec import SiteSpec
from downrange.flight import results
from downrange.flight.bodies import Flown, Journey
from downrange.flight.channels import telemetry
from downrange.flight.ends import Last, Teller, teller_of
from downrange.flight.load import Mission
from downrange.flight.parting import clearances
from downrange.safety.kernel.rules import Rules
from downrange.telemetry import Body, Recording, Telemetry

if TYPE_CHECKING:
    from downrange.flight.fly import Prepared


IGNITION_S = 2.0  # that a stage is still looked at once the one above burns


def recording_of(ready: Prepared, journey: Journey, how: dict[str, Any]) -> Recording:
    """The recording of a flight that is over; `how` is what the summary says of its making."""
    spec, teller = ready.mission.spec, teller_of(ready, journey.spec)
    t0_s = teller.t0_s(journey.flight.clock)
    earth = ready.planned.plan.earth
    found: list[results.Ended] = []
    tables: dict[str, Telemetry] = {}
    ends: dict[str, tuple[float, float]] = {}
    limits = journey.first.watch
    names = replace(
        teller.names, bending_moment_limit_nm=limits.bending_moment_limit_nm,
        q_alpha_limit_parad=limits.q_alpha_limit_parad,
    )  # fmt: skip
    for flown in in_order(journey.bodies(), [stage.name for stage in spec.vehicle.stage]):
        tables[flown.name] = telemetry(flown.rows, journey.layout, names, t0_s)
        found.append(_ended(teller, journey, flown))
        ends[flown.name] = flown.ends_m
    clear = _clearances(found, tables, ends)
    events = sorted((event for each in found for event in each.events), key=lambda e: e.time_s)
    steered = next(each for each in found if each.steered)
    bodies = {each.name: results.body_summary(each, earth, spec) for each in found}
    orbit = bodies[steered.name]["orbit"]
    objectives = results.judge_objectives(spec, found, events, orbit)
    stages = [stage.name for stage in spec.vehicle.stage]
    margins = results.margins_of(journey.flight.verdict, journey.first_flight.watch, spec, t0_s)
    summary: dict[str, Any] = (
        _heading(ready.mission)
        | how
        | {
            "outcome": results.mission_outcome([steered.outcome], objectives),
            "bodies": bodies,
            "orbit": orbit,
            "target": results.target_of(spec),
            "delta_v": results.delta_v(found, tables, stages),
            "events": [vars(event) for event in events],
            "objectives": objectives,
            "margins": margins | clear,
            "recording": None,
        }
    )
    return Recording(
        bodies={each.name: Body(each.name, tables[each.name], each.outcome) for each in found},
        events=tuple(events),
        summary=summary,
        plan=plan_record(ready),
        mission=ready.mission.to_toml(),
    )


def _clearances(
    found: list[results.Ended], tables: dict[str, Telemetry], ends: dict[str, tuple[float, float]]
) -> dict[str, Any]:
    """Gap between a dropped stage and the one above once that one's engines burn, by stage."""
    margins: dict[str, Any] = {}
    for lower, upper in itertools.pairwise(found):
        parted = next((e.time_s for e in lower.events if e.name == "separation"), None)
        lit = next((e.time_s for e in upper.events if e.name == "ignition"), None)
        if parted is None or lit is None:
            continue
        time_s, gap_m = clearances(
            tables[upper.name], tables[lower.name], ends[upper.name][0], ends[lower.name][1],
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


def _ended(teller: Teller, journey: Journey, flown: Flown) -> results.Ended:
    """A body with what happened to it, and where that left it."""
    at, row = journey.layout.columns(), flown.rows[-1]
    aux = row[at["aux"]]
    sound_mps = aux[rigid.AUX_SOUND_SPEED_MPS]
    mach = float(aux[rigid.AUX_AIRSPEED_MPS] / sound_mps) if sound_mps > 0.0 else math.nan
    last = Last(float(row[0]), row[at["rigid"]], row[at["tank"]], mach,
                float(aux[rigid.AUX_DYNAMIC_PRESSURE_PA]))  # fmt: skip
    if flown.flight is None or flown.numbers is None:
        return teller.fallen(flown.name, journey.flight.clock, last, flown.end)
    first = flown.name == teller.spec.vehicle.stage[0].name
    return teller.steered(
        flown.name, flown.flight.clock, flown.flight.verdict, flown.flight.watch, last,
        flown.numbers.faults if first else None, flown.end, flown.steered,
    )  # fmt: skip


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
