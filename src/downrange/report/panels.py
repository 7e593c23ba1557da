"""Which figures a report has: each panel names its channels; `figures` draws them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from downrange.review.words import body_title
from downrange.telemetry import Telemetry


@dataclass(frozen=True)
class Panel:
    """One figure against time.

    `lines` maps a channel to its label. `until` says where time ends: with the recording, a
    little after "thrust" has, or when attitude is "lost" (with thrust, where it is kept);
    `log` draws sizes on a logarithmic axis; `limit` names the margin whose limit is drawn;
    `overlay` draws the first line of the planned flight too, over the others if `dense`.
    """

    title: str
    caption: str
    lines: dict[str, str]
    until: Literal["end", "thrust", "lost"] = "end"
    log: bool = False
    limit: str = ""
    overlay: bool = True
    dense: bool = False
    from_zero: bool = False


TRAJECTORY = (
    Panel("Altitude", "above the ellipsoid", {"altitude_m": ""}),
    Panel("Speed", "relative to the rotating Earth", {"speed_mps": ""}),
    Panel(
        "Acceleration",
        "sensed, along and across the vehicle",
        {"acceleration_axial_mps2": "axial", "acceleration_lateral_mps2": "lateral"},
    ),
    Panel("Dynamic pressure", "half density times airspeed squared", {"dynamic_pressure_pa": ""}),
    Panel("Mach number", "airspeed over the speed of sound", {"mach": ""}),
    Panel("Angle of attack", "total", {"angle_of_attack_deg": ""}, log=True),
)

CONTROL = (
    Panel(
        "Pitch",
        "body x above the horizon",
        {"pitch_deg": "actual", "commanded_pitch_deg": "commanded"},
    ),
    Panel(
        "Attitude error",
        "total angle from commanded to true",
        {"attitude_error_deg": ""},
        log=True,
        limit="attitude_deg",
    ),
    Panel(
        "Attitude error by axis",
        "until attitude is lost or thrust ends",
        {
            "attitude_error_pitch_deg": "pitch",
            "attitude_error_yaw_deg": "yaw",
            "attitude_error_roll_deg": "roll",
        },
        until="lost",
        overlay=False,
    ),
    Panel(
        "Body rates",
        "inertial, until attitude is lost or thrust ends",
        {"q_radps": "pitch", "r_radps": "yaw", "p_radps": "roll"},
        until="lost",
        overlay=False,
    ),
    Panel(
        "Gimbal in pitch",
        "mean of the running engines",
        {"gimbal_pitch_deg": "actual", "gimbal_pitch_command_deg": "commanded"},
        until="thrust",
        dense=True,
    ),
    Panel(
        "Gimbal in yaw",
        "mean of the running engines",
        {"gimbal_yaw_deg": "actual", "gimbal_yaw_command_deg": "commanded"},
        until="thrust",
        dense=True,
    ),
)

STRUCTURE = (
    Panel(
        "Bending of the nose",
        "displacement by each mode",
        {
            "bending.mode.1.pitch_m": "mode 1 pitch",
            "bending.mode.1.yaw_m": "mode 1 yaw",
            "bending.mode.2.pitch_m": "mode 2 pitch",
            "bending.mode.2.yaw_m": "mode 2 yaw",
        },
        until="thrust",
        overlay=False,
    ),
    Panel(
        "Bending moment",
        "at the critical station",
        {"bending_moment_nm": ""},
        until="thrust",
        dense=True,
        limit="bending_moment_nm",
        from_zero=True,
    ),
    Panel(
        "q-alpha",
        "dynamic pressure times angle of attack",
        {"q_alpha_pa_rad": ""},
        until="thrust",
        limit="q_alpha_pa_rad",
        from_zero=True,
    ),
)

PROPULSION = (
    Panel("Thrust", "sum over the engines", {"thrust_n": ""}, from_zero=True),
    Panel("Mass", "with propellant", {"mass_kg": ""}),
    Panel(
        "Navigation error",
        "navigated from true position",
        {"navigation_error_m": ""},
        from_zero=True,
        overlay=False,
    ),
)


FALL = (
    *(replace(panel, log=False) for panel in TRAJECTORY),
    Panel("Pitch", "body x above the horizon", {"pitch_deg": ""}, overlay=False),
    Panel(
        "Body rates",
        "inertial",
        {"q_radps": "pitch", "r_radps": "yaw", "p_radps": "roll"},
        overlay=False,
    ),
)

SPACE = (
    Panel("Altitude", "above the ellipsoid", {"altitude_m": ""}),
    Panel("Inertial speed", "in the inertial frame", {"inertial_speed_mps": ""}),
    Panel(
        "Pitch",
        "body x above the horizon",
        {"pitch_deg": "actual", "commanded_pitch_deg": "commanded"},
    ),
    Panel(
        "Attitude error", "total angle from commanded to true", {"attitude_error_deg": ""}, log=True
    ),
    Panel(
        "Thruster gas",
        "left for attitude control",
        {"thruster_gas_kg": ""},
        overlay=False,
    ),
    Panel(
        "Navigation error",
        "navigated from true position",
        {"navigation_error_m": ""},
        from_zero=True,
        overlay=False,
    ),
)

BURN = (
    Panel("Inertial speed", "in the inertial frame", {"inertial_speed_mps": ""}),
    Panel(
        "Velocity to go",
        "that guidance still asks for",
        {"velocity_to_go_mps": ""},
        from_zero=True,
        overlay=False,
    ),
    Panel("Acceleration", "sensed, along the vehicle", {"acceleration_axial_mps2": ""}),
    Panel("Thrust", "sum over the engines", {"thrust_n": ""}, from_zero=True),
    Panel(
        "Attitude error by axis",
        "true minus commanded",
        {
            "attitude_error_pitch_deg": "pitch",
            "attitude_error_yaw_deg": "yaw",
            "attitude_error_roll_deg": "roll",
        },
        overlay=False,
    ),
    Panel(
        "Body rates",
        "inertial",
        {"q_radps": "pitch", "r_radps": "yaw", "p_radps": "roll"},
        overlay=False,
    ),
    Panel(
        "Gimbal in pitch",
        "mean of the running engines",
        {"gimbal_pitch_deg": "actual", "gimbal_pitch_command_deg": "commanded"},
        dense=True,
    ),
    Panel(
        "Gimbal in yaw",
        "mean of the running engines",
        {"gimbal_yaw_deg": "actual", "gimbal_yaw_command_deg": "commanded"},
        dense=True,
    ),
)


def tank_panel(telemetry: Telemetry) -> Panel:
    """The propellant left in each tank that held some."""
    every = telemetry.matching("", ".mass_kg")
    names = [name for name in every if "tank." in name and np.any(telemetry[name] > 0.0)]
    lines = {
        name: body_title(name.removesuffix(".mass_kg").replace(".tank.", " ")) for name in names
    }
    lines = dict(list(lines.items())[:4])
    return Panel("Propellant", "left in the tanks", lines, from_zero=True, overlay=False)


def drawable(panel: Panel, telemetry: Telemetry) -> bool:
    """Whether the telemetry holds anything but nothing and zeros that the panel shows."""
    shown = [telemetry[name] for name in panel.lines if name in telemetry]
    return any(np.any(np.isfinite(values) & (values != 0.0)) for values in shown)
