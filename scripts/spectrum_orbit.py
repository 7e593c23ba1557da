"""Fly all that docs/spectrum-orbit.md tells of: prints its tables, draws its figure.

Run `python scripts/spectrum_orbit.py [FOLDER]`. Without a folder the figure goes to docs/images and
the tables into the page, each between its two comments.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from page_parts import (
    DISPERSED,
    DOCS,
    IMAGES,
    NONE,
    PIXELS_PER_INCH,
    blank,
    event,
    fill_page,
    named,
    number,
    say,
    spread,
)

import downrange as dr
from downrange.faults.spec import parse_fault
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.report.map import paint_map, view_of
from downrange.report.style import FONT_PT, PICTURE, drawing, new_axes, thin
from downrange.review.summary import timeline
from downrange.telemetry import Recording, Telemetry
from downrange.units import STANDARD_GRAVITY_MPS2

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISSION = "spectrum-flight-1"
PAGE = DOCS / "spectrum-orbit.md"
FIGURE = "spectrum-orbit.png"
SEEDS = range(1, 21)
UPPER = "stage2"
FALLEN = ("stage1", "fairing_left", "fairing_right")
OUT_AT_S = range(0, 141, 20)
ENGINES_OUT = ((1,), (9,), (1, 5), (1, 4, 7))
KM_PER_DEGREE = 111.2  # of latitude, on a sphere of 6,371 km
SHOWN_S = 620.0  # of the ascent, in the figure
LEDGER = ("start", "ideal", "steering", "back_pressure", "drag", "gravity", "parting",
          "inertial_speed")  # fmt: skip

Flights = Sequence[Recording]


# What was reached ----------------------------------------------------------------------------


def tell_sequence(flight: Recording) -> None:
    """Table of what happens when."""
    rows = [(row.time, row.body, row.what, row.detail or NONE, row.altitude, row.speed)
            for row in timeline(flight)]  # fmt: skip
    header = ("T", "body", "what", "detail", "altitude", "speed over the ground")
    say("The sequence", header, rows)


def ledger_line(flight: Recording, burn: int) -> dict[str, Any]:
    """The ledger of velocity after a burn, 0 being the first stage's."""
    line: dict[str, Any] = flight.summary["delta_v"][burn]
    return line


def apsis(name: str) -> Callable[[Recording], float]:
    """Altitude of an apsis in km."""
    return lambda flight: float(flight.summary["orbit"][f"{name}_altitude_m"]) / 1e3


def after(burn: int, what: str) -> Callable[[Recording], float]:
    """An entry of the ledger after a burn."""
    return lambda flight: float(ledger_line(flight, burn)[what])


def propellant_kg(flight: Recording) -> float:
    """Left in the upper stage after its last burn, residuals included."""
    return float(flight.summary["bodies"][UPPER]["propellant_left_kg"])


def gas_kg(flight: Recording) -> float:
    """Left of the thrusters' gas at the end."""
    return float(flight.bodies[UPPER].telemetry["thruster_gas_kg"][-1])


def tell_reached(nominal: Flights, dispersed: Flights) -> None:
    """Table of what was asked for and what was reached."""
    spec = dr.load_mission(MISSION).spec
    tilt = math.degrees(spec.target.inclination.si)
    asked: list[tuple[str, float, int, Callable[[Recording], float]]] = [
        ("perigee, km", spec.target.perigee.si / 1e3, 2, apsis("perigee")),
        ("apogee, km", spec.target.apogee.si / 1e3, 2, apsis("apogee")),
        ("inclination, °", tilt, 4, lambda f: float(f.summary["orbit"]["inclination_deg"])),
    ]
    free: list[tuple[str, int, Callable[[Recording], float]]] = [
        ("MECO, T+ s", 2, after(0, "time_s")),
        ("SECO 1, T+ s", 2, after(1, "time_s")),
        ("SECO 2, T+ s", 2, after(2, "time_s")),
        ("inertial speed after MECO, m/s", 1, after(0, "inertial_speed")),
        ("inertial speed after SECO 1, m/s", 2, after(1, "inertial_speed")),
        ("inertial speed after SECO 2, m/s", 2, after(2, "inertial_speed")),
        ("propellant left, kg", 1, propellant_kg),
        ("gas left for the thrusters, kg", 2, gas_kg),
    ]
    rows = []
    for name, target, digits, of in asked:
        row = [name, f"{target:g}"]
        for flights in (nominal, dispersed):
            values = [of(flight) for flight in flights]
            worst = max(values, key=lambda value: abs(value - target))
            row += [spread(values, digits), number(worst, digits)]
        rows.append(row)
    for name, digits, of in free:
        row = [name, ""]
        for flights in (nominal, dispersed):
            values = [of(flight) for flight in flights]
            reach = f"{number(min(values), digits)} to {number(max(values), digits)}"
            row += [spread(values, digits), reach]
        rows.append(row)
    count = [sum(f.summary["outcome"] == "success" for f in each) for each in (nominal, dispersed)]
    rows.append(
        ["orbit reached", "", *(word for n in count for word in (f"{n} of {len(SEEDS)}", ""))]
    )
    header = ("", "asked", "nominal", "worst, or range", "dispersed", "worst, or range")
    say("Asked and reached", header, rows)


def tell_ledger(nominal: Flights, dispersed: Flights) -> None:
    """Table of what gave and took velocity."""
    rows = []
    for burn in range(3):
        line = ledger_line(nominal[0], burn)
        title = f"{'MECO' if burn == 0 else f'SECO {burn}'}, T+{line['time_s']:.1f} s"
        rows.append((title, *(number(line[name]) for name in LEDGER)))
        spreads = [spread([ledger_line(flight, burn)[name] for flight in dispersed])
                   for name in LEDGER]  # fmt: skip
        rows.append(("dispersed", *spreads))
    say("The ledger", ("after", *(name.replace("_", " ") for name in LEDGER)), rows)


# What comes down -----------------------------------------------------------------------------


def away_km(latitude: float, longitude: float, of: tuple[float, float]) -> float:
    """Distance over a short way between two places, in degrees."""
    north = latitude - of[0]
    east = (longitude - of[1]) * math.cos(math.radians(of[0]))
    return KM_PER_DEGREE * math.hypot(north, east)


def tell_fallen(nominal: Flights, dispersed: Flights) -> None:
    """Table of where the first stage and the fairing come down."""
    rows = []
    for body in FALLEN:
        for kind, flights in (("nominal", nominal), ("dispersed", dispersed)):
            ends = [flight.summary["bodies"][body] for flight in flights]
            latitude, longitude = ([end[f"end_{axis}_deg"] for end in ends]
                                   for axis in ("latitude", "longitude"))  # fmt: skip
            middle = float(np.mean(latitude)), float(np.mean(longitude))
            far = max(away_km(*place, middle) for place in zip(latitude, longitude, strict=True))
            rows.append((
                body.replace("_", " "), kind, spread((end["end_time_s"] for end in ends), 0),
                spread(latitude, 3), spread(longitude, 3),
                spread((end["end_distance_m"] / 1e3 for end in ends), 1), number(far),
                spread(end["impact_speed_mps"] for end in ends),
                f"{sum(end['end_surface'] == 'sea' for end in ends)} of {len(ends)}",
            ))  # fmt: skip
    header = ("body", "", "T+ s", "latitude, °", "longitude, °", "km from the pad",
              "furthest from the mean, km", "speed, m/s", "in the sea")  # fmt: skip
    say("What comes down", header, rows)


# Engine out ----------------------------------------------------------------------------------


def without(ready: Prepared, engines: Sequence[int], at_s: float) -> Prepared:
    """The mission with engines of the first stage out, which nobody is told of."""
    lines = [f"stage1.engine.{number}: shutdown at {at_s} s" for number in engines]
    spec = ready.mission.spec.model_copy(update={"fault": tuple(map(parse_fault, lines))})
    return replace(ready, mission=replace(ready.mission, spec=spec))


def spare_mps(ready: Prepared, flight: Recording) -> float:
    """Velocity that the propellant left in the upper stage could still give."""
    stage = ready.mission.spec.vehicle.stage[1]
    usable = propellant_kg(flight) - sum(tank.residual.si for tank in stage.tank if tank.residual)
    table = flight.bodies[UPPER].telemetry
    last = ledger_line(flight, -1)["time_s"] + 1.0
    mass = float(np.interp(last, table["time_s"], table["mass_kg"]))
    isp = stage.engine.isp_vac
    assert isp is not None, "the catalogue gives it"
    return float(isp.si * STANDARD_GRAVITY_MPS2 * math.log(mass / (mass - usable)))


def ended_by(flight: Recording) -> str:
    """What kept a flight from its orbit."""
    fired = event(flight, "flight_termination")
    if fired:
        return f"{fired.detail} at T+{fired.time_s:.0f} s"
    lost, down = event(flight, "attitude_lost"), event(flight, "impact")
    if lost:
        return f"attitude lost at T+{lost.time_s:.0f} s"
    if down and not event(flight, "meco"):
        return f"falls back at T+{down.time_s:.0f} s"
    return "propellant"


def engine_out_row(ready: Prepared, engines: Sequence[int], at_s: float) -> tuple[str, ...]:
    """One line of the table of engines out."""
    flight = fly_prepared(without(ready, engines, at_s), seed=1)
    meco, orbit = event(flight, "meco"), flight.summary["orbit"]
    tilt = flight.summary["margins"].get("attitude_deg")
    start = (" and ".join(map(str, engines)), f"{at_s}")
    margin = f"{number(tilt['smallest'])}° at T+{tilt['time_s']:.0f} s" if tilt else NONE
    burn_out = number(meco.time_s) if meco else NONE
    if flight.summary["outcome"] != "success":
        return (*start, burn_out, "no", NONE, NONE, margin, ended_by(flight))
    reached = f"{orbit['perigee_altitude_m'] / 1e3:.1f} × {orbit['apogee_altitude_m'] / 1e3:.1f} km"
    left = number(propellant_kg(flight), 0), number(spare_mps(ready, flight), 0)
    return (*start, burn_out, reached, *left, margin, NONE)


def tell_engines_out(ready: Prepared, planned: Recording) -> None:
    """Table of what an engine out leaves."""
    rows = [(NONE, NONE, *engine_out_row(ready, (), 0.0)[2:])]
    rows += [engine_out_row(ready, engines, at_s) for engines in ENGINES_OUT for at_s in OUT_AT_S]
    header = ("engines out", "from T+ s", "burn-out, T+ s", "orbit", "propellant left, kg",
              "worth, m/s", "smallest attitude margin", "ended by")  # fmt: skip
    assert planned.summary["outcome"] == "success", "the planned flight itself did not reach orbit"
    say("Engines out", header, rows)


# The figure ----------------------------------------------------------------------------------


def curves(flight: Recording, channel: str) -> Iterator[tuple[str, str, Any, Any]]:
    """(name, colour, times, values) of each body's ascent and fall."""
    shown = ("stage1", UPPER, "fairing_left")
    for name, colour in zip(shown, PICTURE.series, strict=False):
        table: Telemetry = flight.bodies[name].telemetry
        seen = table["time_s"] <= SHOWN_S
        label = name.removesuffix("_left").replace("stage", "stage ")
        yield label, colour, *thin(table["time_s"][seen], table[channel][seen])


def draw_curves(axes: Axes, flight: Recording, channel: str, title: str, scale: float) -> None:
    """One quantity of all bodies against time, with the events of the ascent."""
    named(axes, title)
    for label, colour, time_s, values in curves(flight, channel):
        axes.plot(time_s, values * scale, color=colour, lw=1.4, label=label)
    marks = (("meco", "MECO"), ("fairing_jettison", "fairing"), ("seco", "SECO 1"))
    for row, (name, words) in enumerate(marks):
        found = event(flight, name)
        if found:
            axes.axvline(found.time_s, color=PICTURE.muted, lw=0.6, zorder=1)
            axes.annotate(
                words, (found.time_s, 1.0), xycoords=("data", "axes fraction"),
                xytext=(3, -2 - 11 * (row % 2)),
                va="top", textcoords="offset points", fontsize=FONT_PT - 1.0,
                color=PICTURE.muted,
            )  # fmt: skip
    axes.set_xlim(0.0, SHOWN_S)
    axes.set_ylim(0.0, None)


def draw_ascent(flight: Recording) -> Figure:
    """Altitude, speed and ground track, from the pad to the low orbit."""
    figure = blank(430.0)
    high = new_axes(figure, (44.0, 246.0, 330.0, 150.0), PICTURE)
    draw_curves(high, flight, "altitude_m", "Altitude, km", 1e-3)
    high.legend(frameon=False, fontsize=FONT_PT, labelcolor=PICTURE.ink, loc="upper left",
                bbox_to_anchor=(0.0, 0.88))  # fmt: skip
    fast = new_axes(figure, (44.0, 36.0, 330.0, 150.0), PICTURE)
    draw_curves(fast, flight, "inertial_speed_mps", "Inertial speed, km/s", 1e-3)
    fast.set_xlabel("s from T0", color=PICTURE.muted)
    box = (424.0, 36.0, 262.0, 360.0)
    axes = new_axes(figure, box, PICTURE)
    named(axes, "Ground track")
    seco = event(flight, "seco")
    until = seco.time_s if seco else SHOWN_S
    tracks = [flight.bodies[name].telemetry for name in ("stage1", UPPER, *FALLEN[1:])]
    places = [table[f"{axis}_deg"][table["time_s"] <= (until if table is tracks[1] else math.inf)]
              for axis in ("latitude", "longitude") for table in tracks]  # fmt: skip
    view = view_of(np.concatenate(places[:4]), np.concatenate(places[4:]), box[2] / box[3])
    east = float(min(place.min() for place in places[4:])) - 2.0 - view.west
    view = replace(view, west=view.west + east, east=view.east + east)  # room for the names
    paint_map(axes, flight, {}, view, PICTURE, 60.0)
    return figure


def main(folder: Path) -> None:
    """Print the tables and write the figure."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = prepare(dr.load_mission(MISSION, planned=True))
    nominal = [fly_prepared(ready, seed=seed) for seed in SEEDS]
    dispersed = [fly_prepared(ready, seed=seed, disperse=DISPERSED) for seed in SEEDS]
    tell_sequence(nominal[0])
    tell_reached(nominal, dispersed)
    tell_ledger(nominal, dispersed)
    tell_fallen(nominal, dispersed)
    tell_engines_out(ready, nominal[0])
    with drawing():
        draw_ascent(nominal[0]).savefig(folder / FIGURE, dpi=PIXELS_PER_INCH)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
    if len(sys.argv) == 1:
        fill_page(PAGE)
