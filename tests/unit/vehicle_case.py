"""A two-stage vehicle for tests: figures of no vehicle in particular."""

from __future__ import annotations

import copy
from typing import Any

from downrange._spec import validate
from downrange.vehicle.spec import VehicleSpec

GIMBAL = {"limit": "6 deg", "rate": "12 deg/s", "natural_frequency": "6 Hz", "damping": 0.7}
STAGE1 = {
    "name": "stage1", "length": "20 m", "diameter": "2 m",
    "dry_mass": "4 t", "dry_cm": "8 m", "stiffness": "600 MN m^2",
    "engine": {
        "count": 9, "layout": {"ring": 8, "ring_radius": "0.7 m", "centre": 1},
        "station": "0.5 m", "thrust_sl": "75 kN", "isp_sl": "285 s", "isp_vac": "315 s",
        "mixture_ratio": 2.5, "oxidiser": "lox", "fuel": "fuel", "gimbal": GIMBAL,
    },
    "tank": [
        {"name": "lox", "propellant": "oxygen", "density": "1140 kg/m^3", "load": "25 t",
         "volume": "24 m^3", "bottom": "1.5 m", "diameter": "2 m"},
        {"name": "fuel", "propellant": "propane", "density": "580 kg/m^3", "load": "10 t",
         "volume": "18 m^3", "bottom": "10 m", "diameter": "2 m"},
    ],
}  # fmt: skip
STAGE2 = {
    "name": "stage2", "length": "5 m", "diameter": "2 m",
    "dry_mass": "900 kg", "dry_cm": "2 m", "stiffness": "400 MN m^2",
    "engine": {
        "count": 1, "station": "0.6 m", "thrust_vac": "95 kN", "isp_vac": "338 s",
        "exit_area": "0.6 m^2", "mixture_ratio": 2.5, "oxidiser": "lox", "fuel": "fuel",
        "gimbal": GIMBAL,
    },
    "tank": [
        {"name": "lox", "propellant": "oxygen", "density": "1140 kg/m^3", "load": "5 t",
         "volume": "4.5 m^3", "bottom": "1 m", "diameter": "2 m"},
        {"name": "fuel", "propellant": "propane", "density": "580 kg/m^3", "load": "2 t",
         "volume": "4 m^3", "bottom": "2.5 m", "diameter": "2 m"},
    ],
}  # fmt: skip
IMU = {
    "station": "3 m", "gyro_bias": "1 deg/h", "gyro_noise": "0.1 deg/h^0.5",
    "accel_bias": "0.005 m/s^2", "accel_noise": "0.05 m/s/h^0.5",
}  # fmt: skip
VEHICLE = {
    "name": "made up",
    "stage": [STAGE1, STAGE2],
    "fairing": {"length": "4 m", "diameter": "2 m", "mass": "300 kg", "stiffness": "200 MN m^2"},
    "payload": {"mass": "500 kg", "station": "26 m"},
    "structure": {
        "damping_ratio": 0.008, "critical_station": "14 m", "bending_moment_limit": "2 MN m",
    },
    "imu": IMU,
}  # fmt: skip


def vehicle_data() -> dict[str, Any]:
    """The raw tables, free to be spoilt."""
    return copy.deepcopy(VEHICLE)


def vehicle() -> VehicleSpec:
    """The vehicle as it should be."""
    return validate(VehicleSpec, VEHICLE)
