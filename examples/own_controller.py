"""Steer a first stage with a controller of one's own: gimbals from what the gyros say.

Run `python examples/own_controller.py`.
"""

from __future__ import annotations

from collections import deque

import numpy as np

import downrange as dr

BANDWIDTH_RADPS, DAMPING = 0.8, 1.0
PROPELLANT = (0.0, 0.1, 0.2, 0.4, 1.0)  # share that is left
AUTHORITY_PS2 = (16.9, 9.6, 7.3, 5.5, 4.4)  # turning acceleration per gimbal angle
OVERTURNING_PS2PPA = 6e-5  # the same of the air, per angle of attack and dynamic pressure


def main() -> None:
    """Fly the planned pitch to burn-out on gyros, gauges and a clock, and say how it went."""
    sim = dr.Simulator(dr.load_mission("spectrum-flight-1", planned=True))
    plan, worst_deg = sim.plan["ascent"], 0.0
    turned = np.zeros(3)  # about body x, y, z since lift-off
    rates: deque[np.ndarray] = deque(maxlen=10)  # their mean is blind to 5 Hz: the bending modes
    while sim.phase != "burn_out" and not sim.done:
        now = sim.measured
        rates.append(now.rate_body_radps)
        turned += now.rate_body_radps * now.tick_s * now.released
        pitch_deg = np.interp(now.time_s, plan["time_s"], plan["pitch_deg"])
        pressure_pa = np.interp(now.time_s, plan["time_s"], plan["dynamic_pressure_pa"])
        error = turned - np.radians([0.0, pitch_deg - 90.0, 0.0])
        stiffness = BANDWIDTH_RADPS**2 + OVERTURNING_PS2PPA * pressure_pa
        turning = stiffness * error + 2.0 * DAMPING * BANDWIDTH_RADPS * np.mean(rates, axis=0)
        gimbal_rad = turning[1:] / np.interp(now.tank_fraction[0], PROPELLANT, AUTHORITY_PS2)
        sim.step(gimbal_rad=np.clip(gimbal_rad, -0.1, 0.1))
        worst_deg = max(worst_deg, float(np.degrees(abs(error)).max()))
    truth = sim.truth()  # to look at afterwards: the controller had measurements alone
    print(f"{sim.phase} at T{sim.time_s:+.1f} s, {truth.altitude_m / 1e3:.1f} km up")
    print(f"{truth.speed_mps:.0f} m/s, planned {plan['speed_mps'][-1]:.0f} m/s")
    print(f"worst attitude error {worst_deg:.1f} degrees")
    while not sim.done:  # the flight software steers the upper stage
        sim.step()
    for name, body in sim.recording().bodies.items():
        print(f"{name}: {body.outcome}")
    print(f"mission: {sim.outcome}")


if __name__ == "__main__":
    main()
