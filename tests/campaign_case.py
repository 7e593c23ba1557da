"""Folders of made-up campaigns: random rows in a campaign's columns, with numbers as Spectrum's.

Two missions: one planned, which mostly reaches its orbit, and one as flown, which mostly ends at
T+29 s. The rows come from a generator of their own, so that what a test expects of them is known
without the code under test.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from downrange.campaign.sketch import Sketches

Columns = dict[str, NDArray[Any]]

PAD = (69.1078, 15.5895)
TARGET = {"perigee_altitude_m": 5e5, "apogee_altitude_m": 5e5, "inclination_deg": 95.0}
OBJECTIVES = ("clear the pad", "maximum dynamic pressure", "first-stage burn-out", "orbit")
PART_FLIGHTS = 1000
SURFACES = np.array(["sea", "land", None], dtype=object)

CHANNELS = [["stage1", name] for name in
            ("altitude_m", "speed_mps", "dynamic_pressure_pa", "pitch_deg")]  # fmt: skip
MISSION = """name = "spectrum-flight-1"
title = "Spectrum, first flight"
launch_time_utc = 2025-03-30T10:30:00Z
"""

# path, group, SI unit, mean, standard deviation, source
DRAWS = (
    ("vehicle.stage1.dry_mass", "mass", "kg", 3900.0, 39.0),
    ("vehicle.stage1.tank.fuel.load", "mass", "kg", 9840.0, 29.5),
    ("vehicle.stage1.tank.oxidiser.load", "mass", "kg", 26550.0, 79.6),
    *((f"vehicle.stage1.engine.{k}.thrust_vac", "engines", "N", 82900.0, 829.0)
      for k in range(1, 10)),
    *((f"vehicle.stage1.engine.{k}.isp_vac", "engines", "s", 315.0, 1.575) for k in range(1, 10)),
    ("vehicle.stage2.engine.thrust_vac", "engines", "N", 94500.0, 945.0),
    ("vehicle.stage2.engine.isp_vac", "engines", "s", 338.0, 1.69),
    ("vehicle.stage2.dry_mass", "mass", "kg", 900.0, 9.0),
    ("vehicle.aero.axial_force_scale", "aero", "1", 1.0, 0.05),
    ("vehicle.imu.gyro.bias", "sensors", "rad/s", 0.0, 4.8e-6),
    ("wind.scale", "wind", "1", 1.0, 0.2),
)  # fmt: skip
MISMATCH = ("fault.vehicle.bending.mode.1.frequency", "faults", "1", 0.7, 0.8)


def planned_rows(flights: int, seed: int = 5, failing: float = 0.06) -> Columns:
    """Rows of the planned mission: stage and fairing fall to the sea, most flights reach orbit."""
    rng = np.random.default_rng(seed)
    rows = drawn(rng, flights)
    thrust = sum(rows[f"draw.vehicle.stage1.engine.{k}.thrust_vac"] for k in range(1, 10)) / 9.0
    push = (thrust - 82900.0) / 276.0
    # Weak engines fail more often, so that there is an association to be found.
    lost = rng.random(flights) < np.minimum(1.0, failing * np.exp(-0.9 * push))
    missed = ~lost & (rng.random(flights) < 0.25 * failing)
    flown = np.where(lost, np.nan, 1.0)
    meco = (148.1 - 0.45 * push + rng.normal(0.0, 0.3, flights)) * flown
    perigee = rng.normal(-330.0, 260.0, flights) * flown - np.where(missed, 14e3, 0.0)
    apogee = rng.normal(60.0, 420.0, flights) * flown
    lean = rng.normal(-0.0011, 0.0021, flights) * flown
    when = np.where(lost, rng.uniform(40.0, 140.0, flights), 2890.7)
    reached = ~lost & ~missed
    rows |= _outcomes(lost, missed, when)
    rows |= {
        "objective.clear the pad": truths(np.ones(flights, bool)),
        "objective.maximum dynamic pressure": truths(~lost | (when > 64.8)),
        "objective.first-stage burn-out": truths(~lost),
        "objective.orbit": truths(reached, ~lost),
        **_event("stage1", "max_q", 64.8 + rng.normal(0.0, 0.7, flights), rng, 10.4e3, 402.0, 34e3),
        **_event("stage1", "meco", meco, rng, 71e3, 2630.0, 9.0),
        **_event("stage2", "seco", (427.1 + rng.normal(0.0, 1.4, flights)) * flown, rng, 200e3,
                 7320.0, 0.0),
        **_event("stage1", "flight_termination", np.where(lost, when, np.nan), rng, 14e3, 540.0,
                 2e4),
        "orbit.perigee_altitude_m": 5e5 + perigee,
        "orbit.apogee_altitude_m": 5e5 + apogee,
        "orbit.inclination_deg": 95.0 + lean,
        "orbit.raan_deg": 29.4 + 0.01 * lean,
        "orbit.argument_of_perigee_deg": np.full(flights, np.nan),
        "insertion.perigee_error_m": perigee,
        "insertion.apogee_error_m": apogee,
        "insertion.inclination_error_deg": lean,
        **_fallen("stage1", rng, np.where(lost, np.nan, 678.8), (75.47, 8.44), 9.0, 64.5, lost),
        **_fallen("stage2", rng, np.where(lost, np.nan, 3015.3), None, 0.0, 0.0, lost),
        **_fallen("fairing_left", rng, np.where(lost, np.nan, 936.6), (77.26, 6.40), 6.0, 33.4,
                  lost),
        **_fallen("fairing_right", rng, np.where(lost, np.nan, 936.4), (77.25, 6.33), 6.0, 33.2,
                  lost),
        "margin.impact_corridor_m": rng.normal(402.0, 35.0, flights),
        "margin.attitude_deg": rng.normal(36.9, 1.8, flights) * flown,
        "margin.bending_moment_nm": rng.normal(2.93e6, 2e4, flights),
    }  # fmt: skip
    return rows


def flown_rows(flights: int, seed: int = 6, spared: float = 0.03) -> Columns:
    """Rows of the mission as flown: attitude lost, ended by the safety system, down by the pad."""
    rng = np.random.default_rng(seed)
    rows = drawn(rng, flights)
    path, _, _, low, high = MISMATCH
    rows[f"draw.{path}"] = rng.uniform(low, high, flights)
    lost = rng.random(flights) >= spared
    when = 29.0 + 40.0 * (rows[f"draw.{path}"] - 0.75) + rng.normal(0.0, 1.1, flights)
    when = np.where(lost, when, np.nan)
    no = np.full(flights, np.nan)
    rows |= _outcomes(lost, np.zeros(flights, bool), np.where(lost, when - 2.0, 2890.7))
    rows["cause"][lost] = np.where(
        rng.random(lost.sum()) < 0.9, "attitude_lost", "limit_exceeded: bending moment"
    )
    rows |= {
        "objective.clear the pad": truths(np.ones(flights, bool)),
        "objective.maximum dynamic pressure": truths(~lost),
        "objective.first-stage burn-out": truths(~lost),
        "objective.orbit": truths(~lost, ~lost),
        **_event("stage1", "attitude_lost", when - 2.0, rng, 840.0, 70.0, 2.9e3),
        **_event("stage1", "flight_termination", when, rng, 1100.0, 82.0, 3.9e3),
        **_event("stage1", "meco", np.where(lost, np.nan, 148.1), rng, 71e3, 2630.0, 9.0),
        **{f"orbit.{key}": np.where(lost, np.nan, value) for key, value in TARGET.items()},
        **{f"insertion.{key}": np.where(lost, np.nan, rng.normal(0.0, 300.0, flights))
           for key in ("perigee_error_m", "apogee_error_m")},
        "insertion.inclination_error_deg": np.where(lost, np.nan, 0.002),
        **_fallen("stage1", rng, when + 35.0, (69.1179, 15.5931), 0.25, 179.0, ~lost),
        **{f"body.stage2.{key}": no for key in ("end_time_s", "impact_speed_mps")},
        "margin.attitude_deg": np.where(lost, rng.normal(-33.0, 9.0, flights), 36.9),
        "margin.protected_places_m": rng.normal(265.0, 60.0, flights),
    }  # fmt: skip
    return rows


def drawn(rng: np.random.Generator, flights: int) -> Columns:
    """Number and draws of each flight."""
    rows: Columns = {"flight": np.arange(flights, dtype=np.int64)}
    for path, _, _, mean, spread in DRAWS:
        rows[f"draw.{path}"] = rng.normal(mean, spread, flights)
    return rows


def truths(met: NDArray[np.bool_], judged: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """Booleans as a part holds them; None where nothing was judged."""
    told = met.astype(object)
    if judged is not None:
        told[~judged] = None
    return told


def _outcomes(lost: NDArray[np.bool_], missed: NDArray[np.bool_], when: Any) -> Columns:
    outcome = np.full(len(lost), "success", dtype=object)
    outcome[lost], outcome[missed] = "terminated", "partial"
    cause = np.full(len(lost), "", dtype=object)
    cause[lost], cause[missed] = "flight_termination: attitude", "objective: orbit"
    return {
        "outcome": outcome,
        "cause": cause,
        "cause_time_s": np.where(lost | missed, when, np.nan),
        "end_time_s": np.where(lost, when + 30.0, 3015.3),
    }


def _event(
    body: str, name: str, time_s: Any, rng: np.random.Generator, altitude: float, speed: float,
    pressure: float,
) -> Columns:  # fmt: skip
    there = np.where(np.isnan(time_s), np.nan, 1.0)
    values = {"altitude_m": altitude, "speed_mps": speed, "dynamic_pressure_pa": pressure}
    scatter = {
        k: v * (1.0 + 0.01 * rng.normal(size=len(time_s))) * there for k, v in values.items()
    }
    return {f"event.{body}.{name}.time_s": time_s} | {
        f"event.{body}.{name}.{key}": each for key, each in scatter.items()
    }


def _fallen(
    body: str, rng: np.random.Generator, end_s: Any, place: tuple[float, float] | None,
    spread_km: float, speed: float, gone: NDArray[np.bool_],
) -> Columns:  # fmt: skip
    """How a body ended; `place` None for one that stays in orbit, `gone` where it never was."""
    n = len(end_s)
    there = np.where(np.isnan(end_s) | gone, np.nan, 1.0)
    along, across = rng.normal(0.0, 3.0 * spread_km, n), rng.normal(0.0, spread_km, n)
    latitude, longitude = place or (-70.3, -177.2)
    end = "in_orbit" if place is None else "impacted"
    outcome = np.where(np.isnan(there), None, np.array(end, dtype=object))
    surface = np.where(np.isnan(there) | (place is None), None, np.array("sea", dtype=object))
    return {
        f"body.{body}.outcome": outcome,
        f"body.{body}.end_time_s": end_s * (1.0 + 0.002 * rng.normal(size=n)) * there,
        f"body.{body}.end_latitude_deg": (latitude + along / 111.2) * there,
        f"body.{body}.end_longitude_deg": there
        * (longitude + (across - 0.3 * along) / 111.2 / np.cos(np.radians(latitude))),
        f"body.{body}.end_surface": surface,
        f"body.{body}.impact_speed_mps": speed * (1.0 + 0.03 * rng.normal(size=n)) * there
        if place
        else np.full(n, np.nan),
        f"body.{body}.propellant_left_kg": np.abs(rng.normal(280.0, 40.0, n)) * there,
    }


def request(
    rows: Columns, *, planned: bool, flights: int | None = None, **more: Any
) -> dict[str, Any]:
    """What campaign.json says of a campaign of these rows."""
    units = dict.fromkeys(rows, "")
    units |= {f"draw.{path}": unit for path, _, unit, *_ in DRAWS} | {f"draw.{MISMATCH[0]}": "1"}
    told = {
        "schema_version": 1, "downrange": "0.1.0", "mission": "spectrum-flight-1",
        "mission_hash": "0fb19e15d60a6118", "planned": planned,
        "seed": 1, "flights": len(rows["flight"]) if flights is None else flights,
        "until_width": None, "sampler": "plain", "scrambles": 0,
        "groups": ["engines", "mass", "wind", "aero", "sensors", "structure", "faults", "failures"],
        "part_flights": PART_FLIGHTS, "draws": draw_lines(planned),
        "versions": {"python": "3.11.7", "numpy": "2.4.6", "numba": "0.68.1", "machine": "x86_64",
                     "system": "Linux", "cpu": "a processor"},
        "bodies": ["stage1", "stage2", "fairing_left", "fairing_right"],
        "objectives": list(OBJECTIVES), "target": TARGET,
        "channels": CHANNELS, "times_s": times_s(planned).tolist(), "columns": units,
        "stop_block": 100, "foreign": [],
    }  # fmt: skip
    return told | more


def draw_lines(planned: bool) -> list[dict[str, Any]]:
    """The lines of the plan of draws."""
    told: dict[str, Any] = {"status": "estimated", "source": "downrange-spectrum", "note": None}
    lines: list[dict[str, Any]] = [
        {
            "path": path, "group": group, "kind": "normal", "nominal": mean,
            "parameters": {"mean": mean, "sigma": spread, "low": mean - 3.0 * spread,
                           "high": mean + 3.0 * spread},
            "value": told | {"si": mean, "spread": spread, "unit": unit},
        }
        for path, group, unit, mean, spread in DRAWS
    ]  # fmt: skip
    if not planned:
        path, group, unit, low, high = MISMATCH
        lines.append({
            "path": path, "group": group, "kind": "uniform", "nominal": 0.755,
            "parameters": {"low": low, "high": high},
            "value": told | {"si": 0.755, "low": low, "high": high, "unit": unit},
        })  # fmt: skip
    return lines


def times_s(planned: bool) -> NDArray[np.float64]:
    """Times of the envelopes, s from first motion."""
    return np.arange(0.0, 160.0 if planned else 66.0, 2.0 if planned else 1.0)


def flown_samples(rows: Columns, first: int, last: int, planned: bool) -> NDArray[np.float32]:
    """What the envelopes are made of, (flights, times, channels): a made-up ascent."""
    t = times_s(planned)[None, :]
    thrust = rows.get("draw.vehicle.stage2.engine.thrust_vac", np.full(last, 94500.0))
    push = thrust[first:last, None] / 94500.0
    end = rows["event.stage1.flight_termination.time_s"][first:last, None]
    lost = t > np.where(np.isnan(end), np.inf, end)
    climb = (16.0 * push - 9.8) * 0.5 * t**2
    speed = (16.0 * push - 9.8) * t
    pressure = 34e3 * push * np.exp(-(((t - 65.0 / push) / 25.0) ** 2))
    pitch = 90.0 - 0.45 * push * t
    values = np.stack([climb, speed, pressure, np.where(lost, np.nan, pitch)], axis=2)
    return values.astype(np.float32)


def plan() -> dict[str, Any]:
    """A plan.json: an ascent and what a map shows."""
    t = np.linspace(0.0, 148.0, 149)
    place = {"name": "base", "latitude_deg": 69.1005, "longitude_deg": 15.6135, "radius_m": 150.0}
    return {
        "launch_azimuth_deg": 344.7,
        "ascent": {
            "time_s": t.tolist(), "altitude_m": (3.2 * t**2).tolist(),
            "speed_mps": (17.8 * t).tolist(),
            "pitch_deg": (90.0 - 0.4 * t).tolist(), "latitude_deg": (PAD[0] + 3e-5 * t**2).tolist(),
            "longitude_deg": (PAD[1] - 2e-5 * t**2).tolist(),
            "dynamic_pressure_pa": (34e3 * np.exp(-(((t - 65.0) / 25.0) ** 2))).tolist(),
        },
        "map": {
            "pad": {"name": "andoya", "latitude_deg": PAD[0], "longitude_deg": PAD[1]},
            "launch_azimuth_deg": 344.7, "protect": [place], "coast": None,
        },
    }  # fmt: skip


def write_campaign(
    folder: Path, rows: Columns, *, planned: bool = True, finished: int | None = None,
    chosen_plan: dict[str, Any] | None = None, **more: Any,
) -> Path:  # fmt: skip
    """Write a campaign's folder; of its parts only those of the first `finished` flights."""
    for name in ("flights", "timing", "envelopes"):
        (folder / name).mkdir(parents=True)
    told = request(rows, planned=planned, **more)
    (folder / "campaign.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    chosen = plan() if chosen_plan is None else chosen_plan
    (folder / "plan.json").write_text(json.dumps(chosen), encoding="utf-8")
    (folder / "mission.toml").write_text(MISSION, encoding="utf-8")
    count = len(rows["flight"]) if finished is None else finished
    lines = []
    for part, first in enumerate(range(0, count, PART_FLIGHTS)):
        last = min(first + PART_FLIGHTS, count)
        name = f"flights/part-{part:05d}.parquet"
        pq.write_table(arrow({k: v[first:last] for k, v in rows.items()}), folder / name)
        timing = f"timing/part-{part:05d}.parquet"
        pq.write_table(
            pa.table({"flight": rows["flight"][first:last], "fly_s": np.full(last - first, 0.07),
                      "worker": np.arange(first, last) % 2}), folder / timing,
        )  # fmt: skip
        sketches = f"envelopes/part-{part:05d}.sketch"
        samples = flown_samples(rows, first, last, planned)
        made = Sketches.new(*samples.shape[1:])
        made.add(samples)
        made.save(folder / sketches)
        written = (name, timing, sketches)
        digests = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in written}
        lines.append({"part": part, "first": first, "flights": last - first, "files": digests})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "ledger.jsonl").write_text(text, encoding="utf-8")
    return folder


def arrow(rows: Columns) -> pa.Table:
    """Rows as a part holds them: nothing is null, never not-a-number."""
    return pa.table({name: _array(name, column) for name, column in rows.items()})


def _array(name: str, column: NDArray[Any]) -> pa.Array:
    if name.startswith("objective."):
        return pa.array(column.tolist(), pa.bool_())
    if column.dtype == object:
        return pa.array(column.tolist(), pa.string())
    return pa.array(column, from_pandas=True)
