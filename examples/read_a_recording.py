"""Read a recording: its events, what a stretch of the flight was like, and each engine.

Run `python examples/read_a_recording.py FOLDER` on what `downrange fly` wrote.
"""

from __future__ import annotations

import sys

import pandas as pd

import downrange as dr


def main(folder: str) -> None:
    """Print tables of a flight."""
    flight = dr.load_recording(folder)
    events = pd.DataFrame(flight.summary["events"])
    print(events[["time_s", "name", "altitude_m", "mach"]].round(2).to_string(index=False))

    for name, body in flight.bodies.items():
        table = body.telemetry.to_pandas().set_index("time_s")
        print(f"\n{name}: {len(table)} rows of {len(table.columns)} columns")
        max_q_s = table["dynamic_pressure_pa"].idxmax()
        around = table.loc[max_q_s - 2.0 : max_q_s + 2.0, ["mach", "q_alpha_pa_rad"]]
        print(f"around max-q at T+{max_q_s:.1f} s:", around.mean().round(3).to_dict())

        chambers = table.filter(regex=r"engine\.\d+\.chamber_fraction$")
        print("lowest chamber pressure at full thrust:")
        print(chambers.loc[5.0:20.0].min().round(3).to_string())
        print("in", table.attrs["units"]["dynamic_pressure_pa"], "and the like")


if __name__ == "__main__":
    main(sys.argv[1])
