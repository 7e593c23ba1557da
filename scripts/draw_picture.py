"""Draw the README's picture: the mission as flown beside the mission as planned.

Run `python scripts/draw_picture.py [FILE]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import downrange as dr

MISSION = "spectrum-flight-1"
PICTURE = Path(__file__).parents[1] / "docs" / "picture.png"


def main(file: Path) -> None:
    """Fly twice and draw."""
    flown = dr.fly(dr.load_mission(MISSION), seed=1)
    planned = dr.fly(dr.load_mission(MISSION, planned=True), seed=1)
    print(dr.write_picture(flown, planned, file))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
