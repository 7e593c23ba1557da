"""Fly a mission and look at what came of it."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from downrange.earth.spec import SiteSpec
from downrange.errors import InputError, OutputError
from downrange.flight import results
from downrange.flight.assemble import (
    Planned,
    assemble,
    engine_names,
    plan_mission,
    site_of,
    tank_names,
)
from downrange.flight.channels import Layout, Names, ranges, telemetry
from downrange.flight.draw import check_groups, draw
from downrange.flight.events import Context, events_of
from downrange.flight.kernel import loop
from downrange.flight.load import Mission, load_mission
from downrange.gnc.kernel.data import STEER_PITCH_OVER, STEERING
from downrange.telemetry import Body, Recording
from downrange.telemetry.store import plain

RECORD_HZ = 20.0
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A mission with its plan, ready for any number of flights."""

    mission: Mission
    planned: Planned


def prepare(mission: Mission) -> Prepared:
    """Plan a mission once; see `plan_mission`."""
    try:
        return Prepared(mission, plan_mission(mission))
    except InputError as error:
        problems = [replace(each, file=each.file or str(mission.file)) for each in error.problems]
    raise InputError(problems)


def fly(
    mission: Mission | str | Path,
    *,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_rate_hz: float = RECORD_HZ,
    progress: Progress | None = None,
) -> Recording:
    """Fly a mission once and return its recording.

    Args:
        mission: a mission, or the name or file of one.
        seed: of sensor noise, gusts and draws; the same seed gives the same bits.
        flight: which flight of a campaign with this seed.
        disperse: groups of values to draw, ("all",) for every one that changes between flights.
        record_rate_hz: rows of telemetry a second.
        progress: told what is being done.

    Raises:
        InputError: the mission is wrong or can't be planned.
    """
    tell = progress or (lambda _: None)
    started = time.perf_counter()
    if not isinstance(mission, Mission):
        mission = load_mission(mission)
    groups = check_groups(disperse)
    tell("planning")
    ready = prepare(mission)
    planned_s = time.perf_counter() - started
    tell("compiling")
    compile_s = compile_loop(ready)
    tell("flying")
    recording = fly_prepared(
        ready, seed=seed, flight=flight, disperse=groups, record_rate_hz=record_rate_hz
    )
    timing = recording.summary["timing"] | {
        "plan_s": planned_s, "compile_s": compile_s, "total_s": time.perf_counter() - started,
    }  # fmt: skip
    return replace(recording, summary=recording.summary | {"timing": timing})


def compile_loop(ready: Prepared) -> float:
    """Have the flight loop compiled or read from the cache; returns the seconds that it took."""
    started = time.perf_counter()
    spec = ready.mission.spec
    numbers, flight = assemble(ready.mission, spec, ready.planned, 0, 0, RECORD_HZ)
    loop.fly(numbers, flight, 0)
    return time.perf_counter() - started


def fly_prepared(
    ready: Prepared,
    *,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_rate_hz: float = RECORD_HZ,
) -> Recording:
    """One flight of a planned mission; see `fly`."""
    mission = ready.mission
    spec, drawn = draw(mission.spec, disperse, seed, flight)
    numbers, flown = assemble(mission, spec, ready.planned, seed, flight, record_rate_hz)
    started = time.perf_counter()
    loop.fly(numbers, flown, loop.TO_THE_END)
    fly_s = time.perf_counter() - started
    t0_s = float(flown.clock[loop.T0_S])
    if not math.isfinite(t0_s):  # never left the pad: count from where it would have
        t0_s = float(flown.clock[loop.TICK]) * numbers.tick_s
    return _record(ready, numbers, flown, t0_s, {
        "seed": seed, "dispersed": list(disperse), "drawn": drawn,
        "timing": {
            "compile_s": 0.0, "fly_s": fly_s,
            "body_seconds": float(flown.clock[loop.TICK]) * numbers.tick_s,
            "report_s": 0.0, "total_s": fly_s,
        },
    })  # fmt: skip


def _record(
    ready: Prepared, numbers: loop.Numbers, flown: loop.Flight, t0_s: float, how: dict[str, Any]
) -> Recording:
    """The recording of a flight that is over; `how` is what the summary says of its making."""
    from downrange.earth.coast import surface

    spec = ready.mission.spec
    names = _names(ready, numbers)
    plant = numbers.plant
    layout = Layout(plant.engines.n, len(plant.tanks.load_kg), plant.bending.table.shape[1])
    table = telemetry(flown.rows[: int(flown.clock[loop.ROWS])], layout, names, t0_s)
    latitude, longitude = (float(table.column(f"{k}_deg")[-1]) for k in ("latitude", "longitude"))
    below = surface(latitude, longitude, spec.site)
    along, across = ranges(np.radians([latitude]), np.radians([longitude]), names)
    distance_m = float(np.hypot(along[0], across[0]))
    body = spec.vehicle.stage[0].name
    steering = ready.planned.plan.phases.table[:, STEERING]
    context = Context(
        body=body,
        t0_s=t0_s,
        cut_s=float(flown.clock[loop.CUT_S]),
        engines=names.engines,
        pitch_over_phases=frozenset(np.flatnonzero(steering == STEER_PITCH_OVER).tolist()),
        fault_texts=tuple(fault_lines(spec)),
        surface=below,
    )
    end_s = float(table.column("time_s")[-1]) + t0_s
    events = events_of(flown.watch, numbers.faults, end_s, context)
    outcome = results.body_outcome(flown)
    objectives = results.judge_objectives(spec, table, events, distance_m)
    bodies = {
        body: results.body_summary(table, events, outcome, below) | {"end_distance_m": distance_m}
    }
    summary: dict[str, Any] = (
        _heading(ready.mission)
        | how
        | {
            "outcome": results.mission_outcome([outcome], objectives),
            "bodies": bodies,
            "orbit": None,
            "target": None,
            "events": [vars(event) for event in events],
            "objectives": objectives,
            "margins": results.margins_of(flown, spec, body, t0_s),
            "recording": None,
        }
    )
    return Recording(
        bodies={body: Body(body, table, outcome)},
        events=tuple(events),
        summary=summary,
        plan=plan_record(ready),
        mission=ready.mission.to_toml(),
    )


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


def _names(ready: Prepared, numbers: loop.Numbers) -> Names:
    """What the flight calls its parts, and where it started."""
    vehicle, pad = ready.mission.spec.vehicle, site_of(ready.mission.spec)
    return Names(
        engines=engine_names(vehicle),
        tanks=tank_names(vehicle),
        pad_latitude_rad=pad.latitude_rad,
        pad_longitude_rad=pad.longitude_rad,
        azimuth_rad=ready.planned.ascent.azimuth_rad,
        rotation_radps=ready.planned.plan.earth.rotation_radps,
        earth_radius_m=ready.planned.plan.earth.equatorial_radius_m,
        bending_moment_limit_nm=numbers.watch.bending_moment_limit_nm,
        q_alpha_limit_parad=numbers.watch.q_alpha_limit_parad,
    )


def fault_lines(spec: Any) -> list[str]:
    """A line for each row of the fault schedule: a group of engines has a row for each."""
    counts = {stage.name: stage.engine.count for stage in spec.vehicle.stage}
    lines: list[str] = []
    for fault in spec.fault:
        stage, _, rest = fault.target.removeprefix("vehicle.").partition(".")
        lines += [str(fault)] * (counts.get(stage, 1) if rest == "engine" else 1)
    return lines


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


def next_folder(mission: str, seed: int, root: Path = Path("runs")) -> Path:
    """runs/<mission>-<seed>-<n>, with the first n that is free."""
    n = 1
    while (root / f"{mission}-{seed}-{n}").exists():
        n += 1
    return root / f"{mission}-{seed}-{n}"


def check_output(folder: Path, force: bool) -> None:
    """Refuse an output folder before anything is flown.

    Raises:
        OutputError: it exists and `force` is not set, or it can't be written.
    """
    import os

    if folder.exists() and not force:
        raise OutputError(f"{folder} exists already: name another folder, or use --force")
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{folder} can't be written: {parent} is no folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} can't be written: no write permission in {parent}")


def to_json(summary: dict[str, Any]) -> str:
    """The summary as JSON; what isn't a number is null."""
    return json.dumps(plain(summary), allow_nan=False, ensure_ascii=False)
