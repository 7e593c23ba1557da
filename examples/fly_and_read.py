"""Fly a mission, as flown and as planned, and read both with pandas.

Run `python examples/fly_and_read.py`.
"""

from __future__ import annotations

import pandas as pd

import downrange as dr


def main() -> None:
    """Print the timeline and what the fault did to the gimbals."""
    flown = dr.fly(dr.load_mission("spectrum-flight-1"), seed=1)
    planned = dr.fly(dr.load_mission("spectrum-flight-1", planned=True), seed=1)
    for row in dr.timeline(flown):
        print(row.time, row.what, row.detail, sep="\t")

    columns = ["altitude_m", "attitude_error_deg", "gimbal_pitch_deg"]
    tables = {
        name: flight.bodies["stage1"].telemetry.to_pandas().set_index("time_s")[columns]
        for name, flight in (("flown", flown), ("planned", planned))
    }
    together = pd.concat(tables, axis="columns").loc[0.0:30.0]
    print(together.abs().groupby(together.index // 5.0 * 5.0).max().round(2).to_string())


if __name__ == "__main__":
    main()
