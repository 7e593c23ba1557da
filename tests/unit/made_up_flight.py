"""A made-up flight with closed forms, for tests of recordings, reviews and reports.

It rises at constant acceleration from a pad at 69 N, its attitude error grows exponentially
while a bending oscillation builds up in the gimbal, thrust ends at T+30 s and it falls.
Every number that a test expects follows from the constants here by hand.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from downrange.telemetry import Body, Event, Recording, Telemetry

RATE_HZ = 20.0
CUTOFF_S = 30.0
CLIMB_MPS2 = 3.0
GRAVITY_MPS2 = 9.81
PAD = (69.108, 15.589)
MODE_HZ = 3.2
DEGREE_M = 111_500.0  # one degree of latitude near the pad


def heights(time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Altitude, m, and climb rate, m/s: constant thrust, then free fall."""
    burn, fall = np.clip(time_s, 0.0, CUTOFF_S), np.clip(time_s - CUTOFF_S, 0.0, None)
    climb = CLIMB_MPS2 * burn - GRAVITY_MPS2 * fall
    altitude = 0.5 * CLIMB_MPS2 * burn**2 + CLIMB_MPS2 * CUTOFF_S * fall
    return altitude - 0.5 * GRAVITY_MPS2 * fall**2, climb


def impact_time_s() -> float:
    """When the altitude is zero again, s."""
    speed, height = CLIMB_MPS2 * CUTOFF_S, 0.5 * CLIMB_MPS2 * CUTOFF_S**2
    fall = (speed + np.sqrt(speed**2 + 2.0 * GRAVITY_MPS2 * height)) / GRAVITY_MPS2
    return CUTOFF_S + float(fall)


def flown_telemetry(healthy: bool = False) -> Telemetry:
    """A lost flight to impact; a healthy one to T+60 s under thrust."""
    end = 60.0 if healthy else impact_time_s()
    t = np.append(np.arange(-2.0, end, 1.0 / RATE_HZ), end)
    up = np.clip(t, 0.0, None)
    if healthy:
        altitude, climb = 0.5 * CLIMB_MPS2 * up**2, CLIMB_MPS2 * up
    else:
        altitude, climb = heights(t)
    drift = 0.5 * up**2 * (1.0 if healthy else np.clip(1.2 - up / 75.0, 0.4, 1.0))
    side = np.zeros_like(t) if healthy else 0.8 * np.clip(up - 18.0, 0.0, None) ** 1.6
    error = 0.05 + 0.03 * np.sin(up) if healthy else np.minimum(0.05 * np.exp(0.26 * up), 170.0)
    running = (t < CUTOFF_S) | healthy
    density = 1.225 * np.exp(-altitude / 8500.0)
    speed = np.hypot(climb, np.gradient(drift, t))
    wave = np.sin(2.0 * np.pi * MODE_HZ * up)
    swing = np.zeros_like(t) if healthy else np.clip(0.06 * up, 0.0, 1.4) * wave * running
    slow = 0.2 * np.sin(0.3 * up) * running
    mass = 50_000.0 - 241.0 * np.clip(up, 0.0, 60.0 if healthy else CUTOFF_S)
    pitch = 90.0 - 0.004 * up**2
    columns: dict[str, np.ndarray] = {
        "time_s": t,
        "latitude_deg": PAD[0] + drift / DEGREE_M,
        "longitude_deg": PAD[1] + (side - 0.25 * drift) / (DEGREE_M * np.cos(np.radians(69.1))),
        "altitude_m": 8.0 + altitude,
        "downrange_m": drift,
        "crossrange_m": side,
        "impact_latitude_deg": PAD[0] + 2.2 * drift / DEGREE_M,
        "impact_longitude_deg": PAD[1]
        + (1.8 * side - 0.5 * drift) / (DEGREE_M * np.cos(np.radians(69.1))),
        "speed_mps": speed,
        "velocity_down_mps": -climb,
        "mach": speed / 335.0,
        "dynamic_pressure_pa": 0.5 * density * speed**2,
        "angle_of_attack_deg": np.minimum(error * 0.8, 180.0),
        "q_alpha_pa_rad": 0.5 * density * speed**2 * np.radians(np.minimum(error, 90.0)),
        "acceleration_axial_mps2": running * (CLIMB_MPS2 + GRAVITY_MPS2),
        "acceleration_lateral_mps2": running * 0.1 * np.radians(error) * GRAVITY_MPS2,
        "pitch_deg": np.clip(pitch - (0.0 if healthy else 1.0) * error * np.cos(up), -90, 90),
        "commanded_pitch_deg": pitch,
        "p_radps": 0.004 * np.sin(0.7 * up),
        "q_radps": np.radians(error * 0.26) * np.cos(1.6 * up),
        "r_radps": np.radians(error * 0.1) * np.sin(1.6 * up),
        "attitude_error_deg": error,
        "attitude_error_roll_deg": 0.1 * error * np.sin(up),
        "attitude_error_pitch_deg": error * np.cos(1.6 * up),
        "attitude_error_yaw_deg": 0.3 * error * np.sin(1.6 * up),
        "gimbal_pitch_deg": slow + swing,
        "gimbal_yaw_deg": 0.3 * (slow + 0.5 * swing),
        "gimbal_pitch_command_deg": slow + 1.3 * swing,
        "gimbal_yaw_command_deg": 0.3 * (slow + 0.7 * swing),
        "bending.mode.1.pitch_m": 0.03 * swing,
        "bending.mode.1.yaw_m": 0.01 * swing,
        "bending.mode.2.pitch_m": 0.002 * swing,
        "bending.mode.2.yaw_m": 0.001 * swing,
        "bending_moment_nm": 4e4 + 2.6e5 * np.abs(swing),
        "mass_kg": mass,
        "stage1.tank.fuel.mass_kg": (mass - 13_000.0) * 0.28,
        "stage1.tank.oxidiser.mass_kg": (mass - 13_000.0) * 0.72,
        "thrust_n": running * (655e3 + 20e3 * np.clip(altitude / 2e4, 0.0, 1.0)) * (t > -1.5),
        "engines_running": 9.0 * running * (t > -1.0),
        "margin.corridor_position_m": 900.0 - np.abs(side),
        "margin.corridor_impact_m": 1400.0 - 1.8 * np.abs(side),
        "margin.attitude_deg": 60.0 - error,
        "margin.bending_moment_nm": 1.1e6 - (4e4 + 2.6e5 * np.abs(swing)),
        **{
            f"stage1.engine.{k}.chamber_fraction": running * np.clip((t + 1.5) / 0.4, 0.0, 1.0)
            for k in range(1, 10)
        },
    }
    return Telemetry.from_columns(columns)


EVENTS = (
    Event(-1.5, "stage1", "ignition", "9 engines"),
    Event(0.0, "stage1", "liftoff", "", 8.0, 0.0, 0.0, 0.0, *PAD),
    Event(8.0, "stage1", "pitch_over", "", 104.0, 24.0, 0.07, 350.0, *PAD),
    Event(18.2, "stage1", "oscillation", "pitch gimbal", 504.0, 54.6, 0.16, 1700.0, *PAD),
    Event(24.8, "stage1", "attitude_lost", "", 930.0, 74.4, 0.22, 3000.0, *PAD),
    Event(30.0, "stage1", "flight_termination", "attitude", 1358.0, 90.0, 0.27, 4200.0, *PAD),
    Event(30.1, "stage1", "engine_shutdown", "9 engines", 1367.0, 89.0, 0.27, 4100.0, *PAD),
    Event(58.1, "stage1", "impact", "sea", 0.0, 187.0, 0.55, 21000.0, 69.1145, 15.5937),
)

PLAN = {
    "map": {
        "pad": {"name": "Pad", "latitude_deg": PAD[0], "longitude_deg": PAD[1]},
        "launch_azimuth_deg": 346.0,
        "protect": [
            {"name": "Town", "latitude_deg": 69.095, "longitude_deg": 15.64, "radius_m": 600.0},
        ],
        "polygons": [
            {
                "name": "impact limit",
                "kind": "impact_limit",
                "latitude_deg": [69.100, 69.100, 69.18, 69.18],
                "longitude_deg": [15.56, 15.62, 15.60, 15.40],
            }
        ],
        "coast": {
            "box_deg": [69.0, 69.3, 15.0, 16.0],
            "rings": [
                {
                    "latitude_deg": [69.0, 69.06, 69.09, 69.105, 69.112, 69.115, 69.1, 69.0],
                    "longitude_deg": [15.45, 15.5, 15.55, 15.575, 15.59, 15.63, 15.72, 15.8],
                }
            ],
        },
    }
}

SUMMARY = {
    "schema_version": 1,
    "downrange": "0.1.0",
    "mission": "made-up-flight",
    "title": "Made-up flight 1",
    "seed": 1,
    "planned": False,
    "dispersed": [],
    "launch_time_utc": "2025-03-30T10:30:00Z",
    "outcome": "terminated",
    "bodies": {
        "stage1": {
            "outcome": "impacted",
            "end_time_s": impact_time_s(),
            "end_latitude_deg": 69.1145,
            "end_longitude_deg": 15.5937,
            "end_surface": "sea",
            "impact_speed_mps": 187.0,
            "orbit": None,
            "target": None,
            "propellant_left_kg": 29_500.0,
        }
    },
    "orbit": None,
    "target": None,
    "objectives": [
        {"name": "lift-off", "met": True, "evidence": "left the pad", "time_s": 0.0},
        {"name": "30 s of flight", "met": True, "evidence": "T+30 s passed", "time_s": 30.0},
        {"name": "stage separation", "met": False, "evidence": "terminated", "time_s": 30.0},
        {"name": "orbit", "met": None, "evidence": "not reached", "time_s": None},
    ],
    "margins": {
        "corridor_position_m": {
            "body": "stage1",
            "smallest": 812.0,
            "time_s": 30.0,
            "limit": 900.0,
        },
        "attitude_deg": {"body": "stage1", "smallest": -110.0, "time_s": 31.3, "limit": 60.0},
        "bending_moment_nm": {"body": "stage1", "smallest": 7e5, "time_s": 29.9, "limit": 1.1e6},
    },
    "timing": {"compile_s": 0.0, "fly_s": 0.01, "body_seconds": 58.2, "total_s": 1.2},
    "faults": ["vehicle.bending.mode.1: frequency x 0.76"],
    "mission_hash": "3f8a2c91d0",
}


def lost_flight() -> Recording:
    """The flight that is lost, with the events and summary that its pilot would write."""
    body = Body("stage1", flown_telemetry(), "impacted")
    mission = 'name = "made-up-flight"\n'
    return Recording({"stage1": body}, EVENTS, SUMMARY, PLAN, mission)


def healthy_flight() -> Recording:
    """The same mission without its fault."""
    body = Body("stage1", flown_telemetry(healthy=True), "flying")
    bodies = {"stage1": {**SUMMARY["bodies"]["stage1"], "outcome": "flying", "end_time_s": 60.0}}
    summary = {**SUMMARY, "outcome": "success", "planned": True, "bodies": bodies, "margins": {}}
    return dataclasses.replace(
        lost_flight(), bodies={"stage1": body}, events=EVENTS[:3], summary=summary
    )
