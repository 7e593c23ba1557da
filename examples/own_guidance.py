"""Replace guidance alone: a gravity turn in place of the planned pitch programme.

Run `python examples/own_guidance.py`.
"""

from __future__ import annotations

import math

import numpy as np

import downrange as dr

KICK_PITCH_RAD, KICK_AT_S, KICK_S = math.radians(87.5), 10.0, 15.0


def main() -> None:
    """Lean over a little, then keep the nose along the velocity; gravity does the rest."""
    sim = dr.Simulator(dr.load_mission("spectrum-flight-1", planned=True))
    up = None  # at the pad, by the first satellite fix
    while sim.body == "stage1" and not sim.done:
        now, pitch_rad = sim.measured, math.pi / 2
        if up is None and now.gnss_new:
            up = now.gnss_position_ecef_m / np.linalg.norm(now.gnss_position_ecef_m)
        if now.time_s > KICK_AT_S:
            pitch_rad = KICK_PITCH_RAD
        if up is not None and now.time_s > KICK_AT_S + KICK_S:
            velocity = now.gnss_velocity_ecef_mps
            pitch_rad = min(pitch_rad, math.asin(velocity @ up / np.linalg.norm(velocity)))
        sim.step(pitch_rad=pitch_rad)
    truth, plan = sim.truth(), sim.plan["ascent"]
    print(f"{sim.phase} at T{sim.time_s:+.1f} s, {truth.altitude_m / 1e3:.1f} km up")
    print(f"{truth.speed_mps:.0f} m/s, planned {plan['speed_mps'][-1]:.0f} m/s")
    while not sim.done:  # the flight software takes the upper stage to orbit
        sim.step()
    for name, body in sim.recording().bodies.items():
        print(f"{name}: {body.outcome}")
    print(f"mission: {sim.outcome}")


if __name__ == "__main__":
    main()
