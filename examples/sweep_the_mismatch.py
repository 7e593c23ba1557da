"""How wrong may the first bending mode be? Fly the mission with different true frequencies.

Run `python examples/sweep_the_mismatch.py`.
"""

from __future__ import annotations

import downrange as dr


def main() -> None:
    """Print the outcome and the time of its loss for each true frequency."""
    for ratio in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7):
        faults = [f"vehicle.bending.mode.{mode}: frequency x {ratio}" for mode in (1, 2)]
        mission = dr.load_mission("spectrum-flight-1", faults=faults, planned=True)
        flight = dr.fly(mission, seed=1)
        lost = [f"{event.time_s:.1f} s" for event in flight.events_named("attitude_lost")]
        print(f"x {ratio:.2f}  {flight.outcome:<12}", "attitude lost at", *(lost or ["no time"]))


if __name__ == "__main__":
    main()
