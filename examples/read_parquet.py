"""Read the telemetry of a recording with pandas alone.

Run `python examples/read_parquet.py FOLDER` on what `downrange fly` wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd


def main(folder: str) -> None:
    """Print altitude and speed every ten seconds."""
    for file in sorted((Path(folder) / "telemetry").glob("*.parquet")):
        table = pd.read_parquet(file, columns=["time_s", "altitude_m", "speed_mps"])
        every = table.groupby(table["time_s"] // 10.0 * 10.0).first()
        print(file.stem, every.round(1).to_string(), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1])
