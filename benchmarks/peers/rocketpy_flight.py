"""A sounding rocket in RocketPy, which has one stage and no guidance. Runs in its own venv.

One solid motor, four fins, six degrees of freedom from the rail to the ground, no parachute: that
would be three degrees of freedom. It climbs as high as RocketPy's standard atmosphere reaches,
80 km: above it the solver's steps become so small that a flight takes minutes. The solver (LSODA)
chooses its steps; tolerances and all else are RocketPy's own defaults.
"""

from __future__ import annotations

import time

from rocketpy import Environment, Flight, Rocket, SolidMotor
from serve import serve

THRUST_N = 30_000.0
BURN_S = 40.0


def build() -> tuple[Rocket, Environment]:
    """The rocket and its air: the standard atmosphere, no wind."""
    environment = Environment(latitude=69.1, longitude=15.6, elevation=7.0)
    environment.set_atmospheric_model(type="standard_atmosphere")
    motor = SolidMotor(
        thrust_source=[[0.0, THRUST_N], [BURN_S, THRUST_N]],
        dry_mass=120.0,
        dry_inertia=(90.0, 90.0, 5.0),
        nozzle_radius=0.2,
        grain_number=1,
        grain_density=1700.0,
        grain_outer_radius=0.24,
        grain_initial_inner_radius=0.08,
        grain_initial_height=2.9,
        grain_separation=0.0,
        grains_center_of_mass_position=1.6,
        center_of_dry_mass_position=1.5,
        nozzle_position=0.0,
        burn_time=BURN_S,
        throat_radius=0.1,
    )
    rocket = Rocket(
        radius=0.25,
        mass=230.0,
        inertia=(420.0, 420.0, 8.0),
        power_off_drag=0.35,
        power_on_drag=0.30,
        center_of_mass_without_motor=4.2,
        coordinate_system_orientation="tail_to_nose",
    )
    rocket.add_motor(motor, position=0.0)
    rocket.add_nose(length=1.5, kind="von karman", position=7.0)
    rocket.add_trapezoidal_fins(4, root_chord=0.8, tip_chord=0.4, span=0.5, position=1.0)
    return rocket, environment


def fly() -> dict[str, float]:
    """One flight, timed alone."""
    rocket, environment = build()
    started = time.perf_counter()
    flight = Flight(
        rocket=rocket, environment=environment, rail_length=10.0, inclination=87.0, heading=344.0
    )  # fmt: skip
    wall_s = time.perf_counter() - started
    return {
        "wall_s": wall_s,
        "simulated_s": float(flight.t),
        "steps": float(len(flight.time_steps)),
        "right_hand_sides": float(sum(flight.function_evaluations_per_time_step)),
        "end_altitude_m": float(flight.altitude(flight.t)),
        "apogee_m": float(flight.altitude(flight.apogee_time)),
        "end_speed_mps": float(flight.speed(flight.t)),
    }


if __name__ == "__main__":
    serve(fly)
