"""Missions of the catalogue, planned and flown once a process, for the tests that look at them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from downrange import catalog
from downrange.flight.assemble import assemble
from downrange.flight.bodies import Journey
from downrange.flight.draw import draw
from downrange.flight.fly import Prepared, fly_prepared, prepare
from downrange.flight.kernel import loop
from downrange.flight.load import Mission, load_mission
from downrange.telemetry import Recording

MISSION = "spectrum-flight-1"
Settings = tuple[tuple[str, str], ...]
Lines = tuple[str, ...]


@cache
def ready(planned: bool = False, settings: Settings = (), faults: Lines = ()) -> Prepared:
    """The mission, as flown or as planned, with its plan; a fault more changes no plan."""
    mission = load_mission(MISSION, settings=settings, faults=faults, planned=planned)
    return Prepared(mission, ready(planned, settings).planned) if faults else prepare(mission)


@cache
def flown(
    planned: bool = False,
    settings: Settings = (),
    faults: Lines = (),
    seed: int = 1,
    disperse: Lines = (),
) -> Recording:
    """A flight of it."""
    return fly_prepared(ready(planned, settings, faults), seed=seed, disperse=disperse)


def parts(
    prepared: Prepared,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_hz: float = 20.0,
) -> tuple[loop.Numbers, loop.Flight]:
    """The numbers of a flight before its first tick."""
    mission = prepared.mission
    spec, _ = draw(mission, disperse, seed, flight, prepared.planned)
    return assemble(mission, spec, prepared.planned, seed, flight, record_hz)


def journey_of(
    prepared: Prepared,
    seed: int = 1,
    flight: int = 0,
    disperse: Sequence[str] = (),
    record_hz: float = 20.0,
) -> Journey:
    """The same flight with all its legs, before its first tick."""
    mission = prepared.mission
    spec, _ = draw(mission, disperse, seed, flight, prepared.planned)
    return Journey(mission, spec, prepared.planned, seed, flight, record_hz)


def ended(prepared: Prepared, **kwargs: Any) -> tuple[loop.Numbers, loop.Flight]:
    """The numbers of a flight whose first leg is over."""
    numbers, flight = parts(prepared, **kwargs)
    loop.fly(numbers, flight, loop.TO_THE_END)
    return numbers, flight


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and array of nested NamedTuples, by path."""
    if isinstance(tree, tuple):
        names = getattr(tree, "_fields", range(len(tree)))
        for name, part in zip(names, tree, strict=True):
            yield from leaves(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, tree


def as_bytes(tree: Any) -> dict[str, bytes]:
    """The same, as the bytes that a kernel reads."""
    return {path: np.asarray(leaf).tobytes() for path, leaf in leaves(tree)}


def digest(tree: Any) -> str:
    """One hash of all of them."""
    total = hashlib.sha256()
    for path, data in as_bytes(tree).items():
        total.update(path.encode() + b"\0" + data)
    return total.hexdigest()


def rows_of(flight: loop.Flight) -> np.ndarray:
    """The rows of telemetry that were written."""
    return flight.rows[: int(flight.clock[loop.ROWS])]


def written(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """The mission and its vehicle in a folder, with (kind, text, replacement) edited, each once."""
    for kind, name in (("missions", MISSION), ("vehicles", "spectrum")):
        text = catalog.find(kind, name).read_text(encoding="utf-8")
        if kind == "missions":
            text = text.replace('vehicle = "spectrum"', 'vehicle = "spectrum.toml"', 1)
        for where, old, new in edits:
            if where == kind:
                assert text.count(old) >= 1, old
                text = text.replace(old, new, 1)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / f"{MISSION}.toml"


def small_rocket(folder: Path) -> Mission:
    """Another vehicle: eight engines, a tank more, no payload of the first's numbers kept."""
    engines = ("vehicles", "count = 9", "count = 8")
    layout = ("vehicles", "centre = 1", "centre = 0")
    dry = ("vehicles", 'value = "3.9 t", low = "3.5 t"', 'value = "3.5 t", low = "3.5 t"')
    tank = """[[stage.tank]]
name = "header"
propellant = "propane"
density = "581 kg/m^3"
load = "100 kg"
volume = "0.3 m^3"
bottom = "1 m"
diameter = "0.8 m"

[[stage]]
name = "stage2\""""
    header = ("vehicles", '[[stage]]\nname = "stage2"', tank)
    healthy = ("missions", "healthy_engines >= 9", "healthy_engines >= 8")
    called = ("missions", "healthy_engines < 9", "healthy_engines < 8")
    return load_mission(written(folder, engines, layout, dry, header, healthy, called))
