"""Full recordings of a few flights of a campaign: those that tell most, and its failures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from downrange.campaign.again import flight_of

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

FOLDER = "recordings"
NOMINAL = f"{FOLDER}/nominal"
MOST = 40  # of all kinds together


def record_flights(done: Campaign, failures: int) -> Sequence[Path]:
    """Fly a few flights again with their recordings; those that are there already stay.

    They are the flights that tell most and the first `failures` of each cause. Returns the new
    folders.

    Raises:
        InputError: what the campaign flew was changed since.
        OutputError: a recording can't be written.
    """
    from downrange.flight.fly import fly_prepared, prepare
    from downrange.telemetry import write_recording

    folders = {number: done.folder / FOLDER / f"flight-{number:06d}"
               for number in flights_to_record(done, failures)}  # fmt: skip
    missing = {number: folder for number, folder in folders.items() if not folder.exists()}
    if not missing:
        return []
    again = flight_of(done.request.mission, done.folder, next(iter(missing)))
    ready = prepare(again.mission)
    for number, folder in missing.items():
        flown = fly_prepared(
            ready, seed=again.seed, flight=number, disperse=again.groups, points=again.points
        )
        write_recording(flown, folder)
    return list(missing.values())


def record_nominal(done: Campaign) -> Path:
    """Fly the mission as planned with nothing drawn, to lay beside the flights; once.

    Raises:
        InputError: what the campaign flew was changed since.
        OutputError: the recording can't be written.
    """
    from downrange.flight.fly import fly_prepared, prepare
    from downrange.telemetry import write_recording

    folder = done.folder / NOMINAL
    if not folder.exists():
        again = flight_of(done.request.mission, done.folder, 0)
        write_recording(fly_prepared(prepare(again.mission.healthy()), seed=again.seed), folder)
    return folder


def flights_to_record(done: Campaign, failures: int) -> Sequence[int]:
    """Numbers of the flights that tell most, then of the first failures of each cause."""
    numbers = done.flights.column("flight")
    found = [each.flight for each in done.telling]
    codes, causes = done.caused
    for code, cause in enumerate(causes):
        if cause:
            found += numbers[np.flatnonzero(codes == code)[:failures]].tolist()
    return list(dict.fromkeys(found))[:MOST]
