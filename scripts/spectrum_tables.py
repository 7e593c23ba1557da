"""The tables of docs/spectrum-flight-1.md, flown anew; `draw_spectrum.py` prints them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from textwrap import fill

import numpy as np
from numpy.typing import NDArray
from page_parts import DISPERSED, NONE, event, moment, number, say, spread, tell

import downrange as dr
from downrange._spec import get_path, walk_values
from downrange.earth.build import build_earth
from downrange.flight.assemble import build_plant
from downrange.flight.assumed import assumed_vehicle
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.flight.legs import legs_of
from downrange.gnc.margins import Margins, loop_margins, operating_point
from downrange.telemetry import Recording

Floats = NDArray[np.float64]

MISSION = "spectrum-flight-1"
SEEDS = range(1, 11)
ENGINE_OUT = "stage1.engine.5: shutdown at 20 s"
TICKS_HZ = 50.0
G0_MPS2 = 9.80665
# Set with the flight in view, though the flight's times alone don't fix them.
CHOSEN = ("vehicle.structure.bending_moment_limit", "fault.2.value")
# The same of what has no range in the catalogue.
PLAIN = (
    ("control.latency_ticks", "0", "2"),
    ("phase.rise.until.1", "height >= 60 m", "height >= 150 m"),
    ("phase.pitch_over.until.1", "phase_time >= 2 s", "phase_time >= 8 s"),
)
ASKED = ("asked", "seen", "18 ± 3", "25 ± 3", "30 ± 3", "any", "38 to 70", "0.2 to 3", "sea", "yes")
REPORTED = ("reported", "seen", "18", "25", "30", "left the safety zone", "40 to 45", "near",
            "sea", "yes")  # fmt: skip


@dataclass(frozen=True)
class Loss:
    """When a flight came to what, in seconds from T0; nan where it did not."""

    error_s: float
    lost_s: float
    ended_s: float
    rule: str


def loss_of(flight: Recording) -> Loss:
    """The marks of a loss of control."""
    table = flight.bodies["stage1"].telemetry
    over = table["time_s"][(table["attitude_error_deg"] > 2.0) & (table["time_s"] > 0.0)]
    ended = event(flight, "flight_termination")
    return Loss(
        error_s=float(over[0]) if over.size else math.nan,
        lost_s=moment(flight, "attitude_lost"),
        ended_s=ended.time_s if ended else math.nan,
        rule=ended.detail.removeprefix("rule: ") if ended else NONE,
    )


# The flight as it was ------------------------------------------------------------------------


def tell_as_flown(ready: Prepared, groups: Sequence[str]) -> None:
    """Table of what was asked for and what was flown."""
    header = ("seed", "oscillation", "error > 2°", "attitude lost", "terminated", "rule",
              "impact", "km from pad", "surface", "pad unharmed")  # fmt: skip
    rows = [] if groups else [ASKED, REPORTED]
    flights = [fly_prepared(ready, seed=seed, disperse=groups) for seed in SEEDS]
    losses = [loss_of(flight) for flight in flights]
    seen = [moment(flight, "oscillation") for flight in flights]
    impacts = [moment(flight, "impact") for flight in flights]
    ends = [flight.summary["bodies"]["stage1"] for flight in flights]
    away = [end["end_distance_m"] / 1000.0 for end in ends]
    for k, flight in enumerate(flights):
        safe = next(o["met"] for o in flight.summary["objectives"] if o["name"] == "pad unharmed")
        loss = losses[k]
        rows.append((
            str(SEEDS[k]), number(seen[k]), number(loss.error_s), number(loss.lost_s),
            number(loss.ended_s), loss.rule, number(impacts[k]), number(away[k], 2),
            ends[k]["end_surface"] or NONE, "yes" if safe else "no",
        ))  # fmt: skip
    rows.append((
        "mean ± 1σ", spread(seen), spread(x.error_s for x in losses),
        spread(x.lost_s for x in losses), spread(x.ended_s for x in losses), "", spread(impacts),
        spread(away, 2), "", "",
    ))  # fmt: skip
    if not groups:
        met = (
            all_in(seen, 0.0, math.inf), all_in((x.error_s for x in losses), 15.0, 21.0),
            all_in((x.lost_s for x in losses), 22.0, 28.0),
            all_in((x.ended_s for x in losses), 27.0, 33.0), "", all_in(impacts, 38.0, 70.0),
            all_in(away, 0.2, 3.0), f"{sum(end['end_surface'] == 'sea' for end in ends)} of 10",
            f"{sum(row[-1] == 'yes' for row in rows[2:12])} of 10",
        )  # fmt: skip
        rows.append(("as asked", *met))
    say(f"As flown{', dispersed' if groups else ''}", header, rows)


def all_in(values: Iterable[float], low: float, high: float) -> str:
    """How many of ten are in a range."""
    return f"{sum(low <= value <= high for value in values)} of 10"


def linear(ready: Prepared, ratio: float) -> Margins:
    """The attitude loop at lift-off, linear, around modes at a ratio of those assumed."""
    mission = ready.mission
    leg = legs_of(mission.spec.vehicle, mission.spec.phase)[0]
    plant = build_plant(mission, mission.spec, build_earth(), 0.0, leg)
    vehicle = assumed_vehicle(mission.spec.vehicle, plant, leg)
    return loop_margins(ready.planned.plan, operating_point(vehicle, 1.0, mode_ratio=ratio))


def gimbal_use(flight: Recording, rate_limit_degps: float) -> tuple[Floats, Floats]:
    """(time, share of the last second in which a gimbal turned as fast as it can)."""
    table = flight.bodies["stage1"].telemetry
    time_s = table["time_s"]
    step_s = np.median(np.diff(time_s))
    full = np.zeros(len(time_s))
    for axis in ("pitch", "yaw"):
        turned = np.abs(np.diff(table[f"stage1.engine.1.gimbal_{axis}_deg"], prepend=0.0))
        full = np.maximum(full, turned > 0.95 * rate_limit_degps * step_s)
    window = np.ones(round(1.0 / step_s))
    return time_s, np.convolve(full, window / len(window))[: len(time_s)]


def growth(flight: Recording, start_s: float, end_s: float) -> float:
    """Exponential growth, 1/s, of the first mode's largest displacement in each half second."""
    table = flight.bodies["stage1"].telemetry
    time_s = table["time_s"]
    swing = np.hypot(table["bending.mode.1.pitch_m"], table["bending.mode.1.yaw_m"])
    edges = np.arange(start_s, end_s, 0.5)
    tops = [swing[(time_s >= edge) & (time_s < edge + 0.5)].max() for edge in edges]
    return float(np.polyfit(edges, np.log(tops), 1)[0]) if len(tops) > 1 else math.nan


def tell_mechanism(ready: Prepared, flight: Recording) -> None:
    """How control was lost, in words, with the numbers of one flight."""
    table = flight.bodies["stage1"].telemetry
    time_s, loss = table["time_s"], loss_of(flight)
    gimbal = ready.mission.spec.vehicle.stage[0].engine.gimbal
    rate_degps, angle_deg = (math.degrees(each.si) for each in (gimbal.rate, gimbal.limit))
    ratio = true_ratio(ready)
    at, use = gimbal_use(flight, rate_degps)
    half = at[(use >= 0.5) & (at > 0.0)]
    full_s = float(half[0]) if half.size else math.nan
    angle = np.abs(table["stage1.engine.1.gimbal_pitch_deg"])
    stops = time_s[(angle > 0.99 * angle_deg) & (time_s > 0.0)]
    mode_m = np.hypot(table["bending.mode.1.pitch_m"], table["bending.mode.1.yaw_m"])

    def top(values: Floats, end_s: float) -> float:
        return float(values[(time_s > end_s - 3.0) & (time_s <= end_s)].max())

    error = ", ".join(f"{top(table['attitude_error_deg'], end_s):.1f}° by T+{end_s:g} s"
                      for end_s in (12.0, 15.0, 18.0, 21.0, 24.0, 27.0))  # fmt: skip
    design, real = linear(ready, 1.0), linear(ready, ratio)
    hertz = ready.planned.first_mode_radps / (2.0 * math.pi)
    growing = f"{real.growth_ps:.2f} 1/s at {real.growth_radps / (2.0 * math.pi):.1f} Hz"
    stopped_s = float(stops[0]) if stops.size else math.nan
    begun_s, swing_s = moment(flight, "pitch_over"), period_s(flight, full_s, "pitch")
    text = f"""\
1. **Unstable from lift-off.** The notch is made for a first mode of {hertz:.2f} Hz at lift-off;
   the true one is {ratio * hertz:.2f} Hz. With the assumed modes the loop is stable (phase margin
   {design.phase_deg:.0f}°, bending {number(design.bending_peak_db)} dB). With the true ones the
   gyro in the aft bay feels the bending and the gimbals answer in the wrong phase: by linear
   analysis it grows by {growing}, in flight by {growth(flight, 1.0, full_s):.2f} 1/s.
2. **The gimbals saturate in rate.** From T+{full_s:.1f} s they spend more than half of the time at
   their {rate_degps:g}°/s. That ends the growth in a limit cycle:
   {100.0 * top(mode_m, 12.0):.0f} cm at the nose and {top(angle, 12.0):.1f}° of gimbal by T+12 s.
3. **Little is left to steer with.** A gimbal that runs to and fro at its rate limit follows slow
   commands late and weakly. The pitch-over at T+{begun_s:.1f} s sets off a swing of the
   whole vehicle, with a period of {swing_s:.1f} s in pitch, which grows: {error}.
4. **Loss.** The gimbals meet their limit of {angle_deg:g}° at T+{stopped_s:.1f} s; the error has
   been above 30° for 0.2 s at T+{loss.lost_s:.1f} s.
5. **Termination.** The rule on {loss.rule} fires at T+{loss.ended_s:.1f} s, and the engines are
   shut down after its latency of 0.3 s."""
    steps = re.split(r"\n(?=\d)", text)
    filled = [fill(" ".join(step.split()), 100, subsequent_indent="   ") for step in steps]
    tell("Mechanism", "\n".join(filled))


def period_s(flight: Recording, start_s: float, axis: str) -> float:
    """Median period of the attitude error about an axis until control is lost."""
    table = flight.bodies["stage1"].telemetry
    swinging = (table["time_s"] > start_s + 2.0) & (table["time_s"] < loss_of(flight).lost_s)
    values = table[f"attitude_error_{axis}_deg"][swinging]
    turns = table["time_s"][swinging][1:][np.diff(np.sign(values)) != 0.0]
    return 2.0 * float(np.median(np.diff(turns))) if len(turns) > 1 else math.nan


def tell_fall(flight: Recording) -> None:
    """The state in which thrust ended, and what an earlier impact would have taken."""
    table = flight.bodies["stage1"].telemetry
    cut = event(flight, "engine_shutdown")
    if cut is None:
        return
    now = {name: float(np.interp(cut.time_s, table["time_s"], table[name]))
           for name in ("altitude_m", "speed_mps", "velocity_down_mps", "mass_kg")}  # fmt: skip
    row = int(np.searchsorted(table["time_s"], cut.time_s)) - 1
    first = int(np.searchsorted(table["time_s"], 0.0))
    push = float(table["thrust_n"][row]) / now["mass_kg"]
    lift_off = float(table["thrust_n"][first + 5] / table["mass_kg"][first + 5]) / G0_MPS2
    height, up = now["altitude_m"], -now["velocity_down_mps"]
    vacuum_s = (up + math.sqrt(up * up + 2.0 * G0_MPS2 * height)) / G0_MPS2
    rows = [
        (
            "lift-off mass, thrust over weight",
            f"{table['mass_kg'][first] / 1000.0:.1f} t, {lift_off:.2f}",
        ),
        ("thrust cut at", f"T+{cut.time_s:.1f} s"),
        (
            "altitude, speed, climb then",
            f"{now['altitude_m'] / 1000.0:.2f} km, {now['speed_mps']:.0f} m/s, {number(up, 0)} m/s",
        ),
        ("top of the flight", f"{table['altitude_m'].max() / 1000.0:.2f} km"),
        ("fall without air", f"{vacuum_s:.1f} s"),
        ("impact", f"T+{moment(flight, 'impact'):.1f} s"),
    ]
    for impact_s in (40.0, 45.0):
        fall_s = impact_s - cut.time_s
        gap = height + up * fall_s - 0.5 * G0_MPS2 * fall_s**2
        rows.append((
            f"impact at T+{impact_s:g} s: push down needed from then on, besides gravity",
            f"{2.0 * gap / fall_s**2:.0f} m/s² (all engines give {push:.0f} m/s²)",
        ))  # fmt: skip
        rows.append((
            f"impact at T+{impact_s:g} s, at rest at T+30 s without thrust: from a height of",
            f"{0.5 * G0_MPS2 * (impact_s - 30.0) ** 2:.0f} m",
        ))  # fmt: skip
    at_30_m = np.interp(30.0, table["time_s"], table["altitude_m"])
    rows.append(("height at T+30 s as flown", f"{at_30_m:.0f} m"))
    say("After the loss", ("what", "value"), rows)


# The mismatch --------------------------------------------------------------------------------


def true_ratio(ready: Prepared) -> float:
    """True over assumed frequency of the first mode, as flown."""
    return next(fault.value.si for fault in ready.mission.spec.fault
                if fault.target.endswith("mode.1") and fault.value)  # fmt: skip


def with_ratio(ready: Prepared, ratio: float) -> Prepared:
    """The mission with another mismatch of the first mode, the others moved in proportion."""
    spec = ready.mission.spec
    share = (1.0 - ratio) / (1.0 - true_ratio(ready))
    faults = []
    for fault in spec.fault:
        if fault.kind == "frequency" and fault.value:
            other = 1.0 - share * (1.0 - fault.value.si)
            value = fault.value.model_copy(update={"si": other, "text": f"{other:g}"})
            faults.append(fault.model_copy(update={"value": value}))
        else:
            faults.append(fault)
    spec = spec.model_copy(update={"fault": tuple(faults)})
    return replace(ready, mission=replace(ready.mission, spec=spec))


def tell_mismatch(ready: Prepared) -> None:
    """Table of how much of the mismatch it takes."""
    full = true_ratio(ready)
    ratios = {1.0, 0.97, 0.94, 0.9, 1.0 - 0.5 * (1.0 - full), 1.0 - 0.75 * (1.0 - full), 0.8, 0.75,
              full, 0.7}  # fmt: skip
    rows = []
    for ratio in sorted(ratios, reverse=True):
        flights = [fly_prepared(with_ratio(ready, ratio), seed=seed) for seed in SEEDS]
        losses = [loss_of(flight) for flight in flights]
        burnt = sum(event(flight, "meco") is not None and math.isnan(loss.ended_s)
                    for flight, loss in zip(flights, losses, strict=True))  # fmt: skip
        rows.append((
            f"{ratio:.3g}", f"{100.0 * (1.0 - ratio) / (1.0 - full):.0f} %",
            number(linear(ready, ratio).growth_ps, 2),
            spread(moment(flight, "oscillation") for flight in flights),
            spread(loss.lost_s for loss in losses), spread(loss.ended_s for loss in losses),
            ", ".join(sorted({loss.rule for loss in losses} - {NONE})) or NONE,
            f"{burnt} of {len(flights)}",
        ))  # fmt: skip
    header = ("true / assumed", "of the mismatch", "linear growth, 1/s", "oscillation, s",
              "attitude lost, s", "terminated, s", "rule", "burn-out reached")  # fmt: skip
    say("The mismatch", header, rows)


# The corridor --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Corridor:
    """Flights under safety rules with one value changed."""

    setting: str
    half_width_m: float  # of the impact point's corridor when control is lost
    losses: tuple[Loss, ...]


def corridor(path: str, text: str, at_s: float) -> Corridor | None:
    """The flight under other rules; None where no plan fits them."""
    try:
        ready = prepare(dr.load_mission(MISSION, settings=[(path, text)]))
    except dr.InputError:
        return None
    rules = ready.planned.rules
    row = at_s / rules.step_s
    width = float(np.interp(row, np.arange(len(rules.track)), rules.impact_half_width_m))
    losses = tuple(loss_of(fly_prepared(ready, seed=seed)) for seed in SEEDS)
    return Corridor(f"{path.removeprefix('safety.')} = {text}", width, losses)


def corridors(at_s: float) -> list[Corridor]:
    """What can make the corridor narrow, and what the attitude rule makes of it, one at a time."""
    tried = [("safety.keep_out", f"{metres} m") for metres in range(0, 801, 100)]
    tried += [("safety.attitude.drift", f"{share} %") for share in (50, 60, 80, 100)]
    tried += [("safety.attitude.limit", f"{angle} deg") for angle in (30, 45, 60, 90)]
    found = [corridor(path, text, at_s) for path, text in tried]
    return [each for each in found if each is not None]


def tell_corridors(flown: Sequence[Corridor], ready: Prepared) -> None:
    """Table of the corridor's width and what it did."""
    rules = ready.planned.rules
    rows = [(f"{k * rules.step_s:.0f}", number(rules.impact_half_width_m[k], 0),
             number(rules.travel_m[k], 0), number(rules.attitude_time_s[k], 2))
            for k in range(0, round(40.0 / rules.step_s) + 1, 2)]  # fmt: skip
    header = ("T+, s", "half-width, m", "travel until thrust ends, m", "attitude may be off, s")
    say("The rules beside the plan", header, rows)
    table = []
    for each in flown:
        rules_seen = sorted({loss.rule for loss in each.losses} - {NONE})
        table.append(
            (
                each.setting,
                number(each.half_width_m, 0),
                spread(loss.ended_s for loss in each.losses),
                ", ".join(rules_seen),
            )
        )
    header = ("set", "half-width at the loss, m", "terminated, s", "rule")
    say("The corridor", header, table)


# The flight as planned -----------------------------------------------------------------------


def tell_planned(ready: Prepared, title: str) -> None:
    """Table of good flights, nominal and dispersed."""
    columns: dict[str, list[str]] = {}
    for groups in ((), DISPERSED):  # nominal, dispersed
        flights = [fly_prepared(ready, seed=seed, disperse=groups) for seed in SEEDS]
        for name, text in good_flight(flights).items():
            columns.setdefault(name, []).append(text)
        columns.setdefault("outcome", []).append(
            ", ".join(sorted({f"{flight.summary['outcome']}" for flight in flights}))
        )
    rows = [(name, *texts) for name, texts in columns.items()]
    say(title, ("", "nominal", "dispersed"), rows)


def good_flight(flights: Sequence[Recording]) -> dict[str, str]:
    """State at burn-out, and how near anything came to its limit."""
    out = {"burn-out, s": spread((moment(flight, "meco") for flight in flights), 2)}
    tables = [flight.bodies["stage1"].telemetry for flight in flights]
    ends = [moment(flight, "meco") for flight in flights]
    for title, name, scale, digits in (
        ("altitude, km", "altitude_m", 1e-3, 2), ("speed, m/s", "speed_mps", 1.0, 1),
        ("flight path angle, °", "flight_path_angle_deg", 1.0, 2),
        ("crossrange, km", "crossrange_m", 1e-3, 2),
    ):  # fmt: skip
        out[title] = spread(
            (scale * float(np.interp(end, table["time_s"], table[name]))
             for table, end in zip(tables, ends, strict=True)), digits)  # fmt: skip
    for title, names in (
        ("largest gimbal angle, °", [f"stage1.engine.{k}.gimbal_{axis}_deg" for k in range(1, 10)
                                     for axis in ("pitch", "yaw")]),
        ("largest attitude error, °", ["attitude_error_deg"]),
        ("largest q-alpha, kPa rad", ["q_alpha_pa_rad"]),
    ):  # fmt: skip
        scale = 1e-3 if names == ["q_alpha_pa_rad"] else 1.0
        tops = []
        for table, end in zip(tables, ends, strict=True):
            guided = (table["time_s"] > 0.0) & (table["time_s"] < end)
            tops.append(max(scale * float(np.abs(table[name][guided]).max()) for name in names))
        out[title] = f"{spread(tops, 2)}, at most {max(tops):.2f}"
    for name in flights[0].summary["margins"]:
        margins = [flight.summary["margins"][name] for flight in flights
                   if name in flight.summary["margins"]]  # fmt: skip
        least = min(margins, key=lambda margin: margin["smallest"])
        limit = f" of {least['limit']:g}" if least["limit"] else ""
        out[f"smallest margin, {name}"] = (
            f"{least['smallest']:.3g}{limit} at T+{least['time_s']:.1f} s"
        )
    return out


# What was calibrated -------------------------------------------------------------------------


def tell_calibrated(ready: Prepared) -> None:
    """Table of the values that were set so that the flight comes out, and what their range does."""
    rows = []
    for path, value in walk_values(ready.mission.spec):
        chosen = "calibrat" in (value.note or "") or path in CHOSEN
        if not chosen or value.low is None or value.high is None:
            continue
        ends = []
        for si in (value.low, value.high):
            text = f"{si!r}" if value.unit == "1" else f"{si!r} {value.unit}"
            ends.append(outcome_with(path, text))
        first, _, unit = value.text.partition(" ")
        scale = float(first) / value.si
        known = f"{value.low * scale:.4g} to {value.high * scale:.4g} {unit}".strip()
        rows.append((f"`{path}`", value.text, known, value.status or "", *ends, value.note or ""))
    for path, *ends in PLAIN:
        held = get_path(ready.mission.spec, path)
        outcomes = [outcome_with(path, text) for text in ends]
        rows.append((f"`{path}`", f"{held}", " to ".join(ends), "assumed", *outcomes, ""))
    header = ("value", "set to", "range", "status", "lost / ended at its low end",
              "at its high end", "why")  # fmt: skip
    say("What was calibrated", header, rows)


def outcome_with(path: str, text: str) -> str:
    """Attitude lost and flight ended, seed 1, with one value changed."""
    try:
        ready = prepare(dr.load_mission(MISSION, settings=[(path, text)]))
    except dr.InputError as error:
        return f"no plan: {error.problems[0].message}"
    flight = fly_prepared(ready, seed=1)
    loss = loss_of(flight)
    if math.isnan(loss.lost_s) and math.isnan(loss.ended_s):
        broken = event(flight, "breakup")
        return f"breaks up at {broken.time_s:.1f} s" if broken else flight.summary["outcome"]
    broke = " (breaks up)" if event(flight, "breakup") else ""
    return f"{number(loss.lost_s)} / {number(loss.ended_s)} s{broke}"
