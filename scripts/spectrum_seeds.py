"""How alike the flights of many seeds are, and what makes them differ; for `draw_spectrum.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from page_parts import DISPERSED, moment, say, spread
from spectrum_tables import MISSION, loss_of

import downrange as dr
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.telemetry import Recording

UNSEARCHED = range(701, 801)  # no search for values has flown them
GYRO = ("vehicle.imu.gyro_noise", "0 deg/h^0.5")
CHAMBER = ("vehicle.taps.chamber_noise", "0 %")
RAW = ("control.chamber_filter_time", "0 s")
WINDOWS_S = ((15.0, 21.0), (22.0, 28.0), (27.0, 33.0), (38.0, 70.0))
# What is told of the flights of many seeds: name, settings, turbulence, groups drawn.
CASES: tuple[tuple[str, tuple[tuple[str, str], ...], bool, tuple[str, ...]], ...] = (
    ("as flown", (), True, ()),
    ("no turbulence", (), False, ()),
    ("no gyro noise", (GYRO,), True, ()),
    ("no noise on chamber pressures", (CHAMBER,), True, ()),
    ("none of the three", (GYRO, CHAMBER), False, ()),
    ("chamber pressures not filtered", (RAW,), True, ()),
    ("dispersed", (), True, DISPERSED),
)


def tell_seeds() -> None:
    """Table of times and shares over many seeds, with each source of noise and without it."""
    header = ("seeds 701 to 800", "error > 2°", "attitude lost", "terminated", "impact",
              "error", "lost", "terminated", "impact", "sea", "pad", "all")  # fmt: skip
    rows = []
    for name, settings, turbulent, drawn in CASES:
        ready = prepare(dr.load_mission(MISSION, settings=settings))
        rows.append((name, *row_of(calm(ready, turbulent), drawn)))
    say("The seeds", header, rows)


def calm(ready: Prepared, turbulent: bool) -> Prepared:
    """The mission without turbulence, if it is to be."""
    spec = ready.mission.spec
    if turbulent or spec.wind is None:
        return ready
    spec = spec.model_copy(update={"wind": spec.wind.model_copy(update={"turbulence": None})})
    return replace(ready, mission=replace(ready.mission, spec=spec))


def row_of(ready: Prepared, drawn: Sequence[str]) -> list[str]:
    """Times, and the shares of flights that are as asked, in per cent."""
    flights = [fly_prepared(ready, seed=seed, disperse=drawn) for seed in UNSEARCHED]
    losses = [loss_of(flight) for flight in flights]
    times = np.array([
        (loss.error_s, loss.lost_s, loss.ended_s, moment(flight, "impact"))
        for loss, flight in zip(losses, flights, strict=True)
    ])  # fmt: skip
    met = [(low <= times[:, k]) & (times[:, k] <= high) for k, (low, high) in enumerate(WINDOWS_S)]
    met += [np.array([in_the_sea(flight) for flight in flights]),
            np.array([pad_unharmed(flight) for flight in flights])]  # fmt: skip
    shares = [float(each.mean()) for each in (*met, np.all(met, axis=0))]
    return [*map(spread, times.T), *(f"{100.0 * share:.0f} %" for share in shares)]


def in_the_sea(flight: Recording) -> bool:
    """Whether it came down in the sea, 0.2 to 3 km from the pad."""
    end = flight.summary["bodies"]["stage1"]
    away_m = end["end_distance_m"]
    return end["end_surface"] == "sea" and math.isfinite(away_m) and 200.0 <= away_m <= 3000.0


def pad_unharmed(flight: Recording) -> bool:
    """Whether the blast of what was left spared the pad."""
    return any(o["name"] == "pad unharmed" and o["met"] for o in flight.summary["objectives"])
