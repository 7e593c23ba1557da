"""Bake the world's coastline into a small table.

    npm pack world-atlas && tar xzf world-atlas-2.0.2.tgz
    python scripts/bake_coast.py package

It writes src/downrange/earth/data/coast.npz: Natural Earth land (public domain), 1:50m for
the world and 1:10m inside a box around each launch site, as the TopoJSON of npm world-atlas
2.0.2 (grid of 0.0036 deg in longitude, 0.0017 in latitude: up to 200 m on the ground).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.earth.polygons import clip

Floats = NDArray[np.float64]

OUT = Path(__file__).parents[1] / "src/downrange/earth/data/coast.npz"

# South, north, west, east in degrees: detail for maps of the first minutes of flight.
BOXES = [(66.0, 73.0, 6.0, 28.0)]  # Andoya
WORLD = (-90.0, 90.0, -180.0, 180.0)
GRID_DEG = 1e-4


def rings(topology: dict[str, Any]) -> list[Floats]:
    """Closed rings of (longitude, latitude) in degrees of a TopoJSON of land."""
    scale, origin = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in topology["arcs"]]

    def ring(indices: list[int]) -> Floats:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    (land,) = topology["objects"]["land"]["geometries"]
    return [part for polygon in land["arcs"] for arc in polygon for part in flat(ring(arc))]


def flat(ring: Floats) -> list[Floats]:
    """A ring cut at the 180th meridian, across which the package has sewn it together."""
    longitude = np.unwrap(ring[:, 0], period=360.0)
    ring = np.column_stack((longitude, ring[:, 1]))
    if abs(longitude[-1] - longitude[0]) > 180.0:  # round the pole: Antarctica
        ring = np.vstack((ring, [[longitude[-1], -90.0], [longitude[0], -90.0]]))
    turns = (ring + np.array([360.0 * turn, 0.0]) for turn in (-1, 0, 1))
    parts = (clip(turned, *WORLD) for turned in turns)
    return [part for part in parts if len(part) > 0 and np.ptp(part[:, 0]) > 0.0]


def packed(found: list[Floats]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Steps between points in units of GRID_DEG, (n, 2), and points in each ring."""
    whole = [np.round(ring / GRID_DEG).astype(np.int32) for ring in found]
    points = np.concatenate(whole)
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int32))
    return steps.astype(np.int32), np.array([len(ring) for ring in whole], dtype=np.int32)


def main(folder: Path) -> None:
    """Read the package, write the table: the boxes, finest first, then the world."""
    world = rings(json.loads((folder / "land-50m.json").read_text()))
    fine = rings(json.loads((folder / "land-10m.json").read_text()))
    boxes = [*BOXES, WORLD]
    charts = [[part for ring in fine if len(part := clip(ring, *box)) > 0] for box in BOXES]
    columns: dict[str, Any] = {"grid_deg": GRID_DEG, "boxes": np.array(boxes)}
    for number, chart in enumerate([*charts, world]):
        columns[f"chart{number}_steps"], columns[f"chart{number}_counts"] = packed(chart)
    np.savez_compressed(OUT, allow_pickle=False, **columns)
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
