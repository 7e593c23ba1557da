"""The channel dictionary: what each telemetry column means, its unit and its frame.

A column's unit is told by its name's suffix and nothing else, so a name can't disagree
with its unit. Columns of single engines, tanks, modes and rules follow patterns, with the
path of the thing in front: `stage1.engine.5.chamber_fraction`, `margin.corridor_position_m`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_UNITS = {
    "s": "s",
    "m": "m",
    "km": "km",
    "mps": "m/s",
    "mps2": "m/s^2",
    "rad": "rad",
    "deg": "deg",
    "radps": "rad/s",
    "degps": "deg/s",
    "pa": "Pa",
    "pa_rad": "Pa rad",
    "k": "K",
    "kg": "kg",
    "kgps": "kg/s",
    "kgpm3": "kg/m^3",
    "kgm2": "kg m^2",
    "n": "N",
    "nm": "N m",
    "hz": "Hz",
}


@dataclass(frozen=True)
class Channel:
    """One telemetry column: `unit` is "1" for a pure number, `frame` is empty for a scalar."""

    name: str
    title: str
    unit: str
    frame: str
    description: str


def unit_of(name: str) -> str:
    """The unit that a column name's suffix states; "1" where it states none."""
    words = name.rsplit(".", 1)[-1].split("_")
    for count in (2, 1):
        suffix = "_".join(words[-count:])
        if len(words) > count and suffix in _UNITS:
            return _UNITS[suffix]
    return "1"


def _channels(frame: str, *rows: tuple[str, str, str]) -> tuple[Channel, ...]:
    return tuple(Channel(name, title, unit_of(name), frame, text) for name, title, text in rows)


_ECI = "inertial; equals Earth-fixed axes at mission clock 0"
_BODY = "body: x forward, y right, z down"
_NED = "local geodetic north-east-down"
_GEODETIC = "geodetic, WGS-84"
_RANGE = "along and across the launch azimuth, over the ground"

CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        *_channels(
            "",
            ("time_s", "Time", "since T0, the first motion"),
            ("speed_mps", "Speed", "relative to the rotating Earth"),
            ("inertial_speed_mps", "Inertial speed", "in the inertial frame"),
            ("airspeed_mps", "Airspeed", "relative to the moving air"),
            ("mach", "Mach number", "airspeed over the speed of sound"),
            ("dynamic_pressure_pa", "Dynamic pressure", "half density times airspeed squared"),
            ("angle_of_attack_deg", "Angle of attack", "total, between body x and airspeed"),
            ("q_alpha_pa_rad", "q-alpha", "dynamic pressure times total angle of attack"),
            ("air_density_kgpm3", "Air density", "of the undisturbed air"),
            ("air_pressure_pa", "Air pressure", "of the undisturbed air"),
            ("mass_kg", "Mass", "of the body with its propellant"),
            ("propellant_kg", "Propellant", "left in all tanks of the body"),
            ("velocity_to_go_mps", "Velocity to go", "that guidance still asks for, less tail-off"),
            ("delta_v_ideal_mps", "Ideal velocity", "of the thrust in a vacuum, from lift-off"),
            ("delta_v_steering_mps", "Steering loss", "thrust across the inertial velocity"),
            ("delta_v_back_pressure_mps", "Back-pressure loss", "of the thrust to the air"),
            ("delta_v_drag_mps", "Drag loss", "of air along the inertial velocity"),
            (
                "delta_v_gravity_mps",
                "Gravity loss",
                "along the inertial velocity; a coast gives back",
            ),
            ("delta_v_parting_mps", "Parting", "springs, and the move of the centre of mass"),
            ("thruster_gas_kg", "Thruster gas", "left for attitude control"),
            ("thrust_n", "Thrust", "sum over the engines, against ambient pressure"),
            ("engines_running", "Engines running", "count with chamber pressure above 5 %"),
            (
                "chamber_fraction_min",
                "Lowest chamber pressure",
                "over rated, of engines told to run",
            ),
            ("phase_index", "Phase", "position in the mission's list of phases, from 0"),
            ("navigation_error_m", "Navigation error", "distance of navigated from true position"),
            ("attitude_error_deg", "Attitude error", "total angle from commanded to true attitude"),
            ("bending_moment_nm", "Bending moment", "at the critical station, both planes"),
            ("centre_of_mass_m", "Centre of mass", "station above the aft end of the vehicle"),
        ),
        *_channels(
            _ECI,
            ("position_eci_x_m", "Position x", "centre of mass"),
            ("position_eci_y_m", "Position y", "centre of mass"),
            ("position_eci_z_m", "Position z", "centre of mass"),
            ("velocity_eci_x_mps", "Velocity x", "inertial velocity of the centre of mass"),
            ("velocity_eci_y_mps", "Velocity y", "inertial velocity of the centre of mass"),
            ("velocity_eci_z_mps", "Velocity z", "inertial velocity of the centre of mass"),
            ("attitude_body_from_eci_w", "Quaternion w", "scalar part"),
            ("attitude_body_from_eci_x", "Quaternion x", "vector part"),
            ("attitude_body_from_eci_y", "Quaternion y", "vector part"),
            ("attitude_body_from_eci_z", "Quaternion z", "vector part"),
        ),
        *_channels(
            _GEODETIC,
            ("latitude_deg", "Latitude", "of the centre of mass"),
            ("longitude_deg", "Longitude", "of the centre of mass"),
            ("altitude_m", "Altitude", "of the centre of mass above the ellipsoid"),
            ("impact_latitude_deg", "Impact point latitude", "instantaneous, in a vacuum"),
            ("impact_longitude_deg", "Impact point longitude", "instantaneous, in a vacuum"),
        ),
        *_channels(
            _RANGE,
            ("downrange_m", "Downrange", "of the point below the vehicle, from the pad"),
            ("crossrange_m", "Crossrange", "of the point below the vehicle, right of the azimuth"),
        ),
        *_channels(
            _NED,
            ("velocity_north_mps", "Velocity north", "relative to the rotating Earth"),
            ("velocity_east_mps", "Velocity east", "relative to the rotating Earth"),
            ("velocity_down_mps", "Velocity down", "relative to the rotating Earth"),
            ("wind_north_mps", "Wind north", "the direction it blows to"),
            ("wind_east_mps", "Wind east", "the direction it blows to"),
            ("flight_path_angle_deg", "Flight path angle", "of velocity above the horizon"),
            ("roll_deg", "Roll", "Euler 3-2-1"),
            ("pitch_deg", "Pitch", "Euler 3-2-1: body x above the horizon"),
            ("yaw_deg", "Yaw", "Euler 3-2-1: azimuth of body x"),
            ("commanded_pitch_deg", "Commanded pitch", "body x above the horizon"),
            ("commanded_yaw_deg", "Commanded yaw", "azimuth of body x"),
        ),
        *_channels(
            _BODY,
            ("acceleration_axial_mps2", "Axial acceleration", "sensed, along body x"),
            ("acceleration_lateral_mps2", "Lateral acceleration", "sensed, across body x"),
            ("p_radps", "Roll rate", "inertial rate about body x"),
            ("q_radps", "Pitch rate", "inertial rate about body y"),
            ("r_radps", "Yaw rate", "inertial rate about body z"),
            ("attitude_error_roll_deg", "Roll error", "true minus commanded, about body x"),
            ("attitude_error_pitch_deg", "Pitch error", "true minus commanded, about body y"),
            ("attitude_error_yaw_deg", "Yaw error", "true minus commanded, about body z"),
            ("gimbal_pitch_deg", "Pitch gimbal", "about body y, mean of the running engines"),
            ("gimbal_yaw_deg", "Yaw gimbal", "about body z, mean of the running engines"),
            ("gimbal_pitch_command_deg", "Pitch gimbal command", "about body y, mean"),
            ("gimbal_yaw_command_deg", "Yaw gimbal command", "about body z, mean"),
        ),
    )
}

# Pattern of the name -> (title with the pattern's groups, frame, description).
_PATTERNS: tuple[tuple[re.Pattern[str], str, str, str], ...] = tuple(
    (re.compile(rf"(?P<owner>(?:\w+\.)*){pattern}"), title, frame, description)
    for pattern, title, frame, description in (
        (r"engine\.(?P<which>\w+)\.chamber_fraction", "Engine {which} chamber pressure", "",
         "chamber pressure over its rated value"),
        (r"engine\.(?P<which>\w+)\.thrust_n", "Engine {which} thrust", "",
         "against ambient pressure"),
        (r"engine\.(?P<which>\w+)\.gimbal_(?P<axis>pitch|yaw)_deg", "Engine {which} {axis} gimbal",
         _BODY, "angle of the thrust chamber"),
        (r"tank\.(?P<which>\w+)\.mass_kg", "{which} in tank", "", "propellant left"),
        (r"bending\.mode\.(?P<which>\d+)\.(?P<axis>pitch|yaw)_m", "Bending mode {which} {axis}",
         _BODY, "displacement of the nose by this mode"),
        (r"margin\.(?P<which>\w+)", "Margin to {which}", "",
         "distance left to a safety rule or structural limit; negative is beyond it"),
    )
)  # fmt: skip


def channel(name: str) -> Channel | None:
    """What a column name means, or None for a name that neither list nor pattern knows."""
    known = CHANNELS.get(name)
    if known is not None:
        return known
    for pattern, title, frame, description in _PATTERNS:
        match = pattern.fullmatch(name)
        if match is not None:
            words = {key: _spoken(value) for key, value in match.groupdict().items()}
            return Channel(name, title.format(**words), unit_of(name), frame, description)
    return None


def _spoken(word: str) -> str:
    """`corridor_position_m` as "corridor position"."""
    unit = unit_of(word)
    suffix = next((key for key, value in _UNITS.items() if value == unit), "")
    return word.removesuffix(f"_{suffix}").replace("_", " ")


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint naming the up to three nearest of `names`, empty if none is near."""
    close = get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else ""
