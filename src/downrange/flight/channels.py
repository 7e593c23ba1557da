"""From the rows that the loop writes to the telemetry that the channel dictionary names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from downrange.flight.kernel import loop
from downrange.safety.kernel import rules as safety
from downrange.telemetry import Telemetry

Floats = NDArray[np.float64]

# What changed the inertial speed, in the order of the watch's words.
LEDGER = ("ideal", "steering", "back_pressure", "drag", "gravity", "parting")
# Margins of the safety rules as channels, in the order of their codes, with the factor to the
# unit of the name.
RULE_MARGINS = (
    ("margin.impact_corridor_m", 1.0),
    ("margin.position_corridor_m", 1.0),
    ("margin.protected_places_m", 1.0),
    ("margin.attitude_deg", np.degrees(1.0)),
    ("margin.data_loss_s", 1.0),
)


@dataclass(frozen=True)
class Layout:
    """Where each group of words stands in a row."""

    engines: int
    tanks: int
    modes: int

    def widths(self) -> dict[str, int]:
        """Words of each group, in the order in which `loop.record` puts them."""
        return {
            "clock": 1, "rigid": 13, "mass": 2, "thrust": 1, "aux": 12, "moment": 1, "phase": 1,
            "navigated": 3, "commanded": 4, "engine": loop.ENGINE_WORDS * self.engines,
            "tank": self.tanks, "modal": 2 * self.modes, "margin": safety.RULES, "impact": 4,
            "space": 2, "ledger": loop.LEDGER,
        }  # fmt: skip

    @property
    def width(self) -> int:
        """Words in a row."""
        return sum(self.widths().values())

    def columns(self) -> dict[str, slice]:
        """Where each group stands in a row."""
        edges = np.cumsum([0, *self.widths().values()]).tolist()
        return {name: slice(*edges[k : k + 2]) for k, name in enumerate(self.widths())}

    def split(self, rows: Floats) -> dict[str, Floats]:
        """The groups of all rows, each (rows, words)."""
        edges = np.cumsum(list(self.widths().values()))[:-1]
        return dict(zip(self.widths(), np.split(rows, edges, axis=1), strict=True))


@dataclass(frozen=True)
class Names:
    """What the flight calls its parts, and where it started."""

    engines: tuple[str, ...]  # stage1.engine.1
    tanks: tuple[str, ...]  # stage1.tank.fuel
    pad_latitude_rad: float
    pad_longitude_rad: float
    azimuth_rad: float
    rotation_radps: float
    earth_radius_m: float
    bending_moment_limit_nm: float
    q_alpha_limit_parad: float


def rotate(q: Floats, v: Floats) -> Floats:
    """Components (n, 3) in the frames that quaternions (n, 4) lead to."""
    u, w = q[:, 1:], q[:, :1]
    t = 2.0 * np.cross(v, u)
    return np.asarray(v + w * t + np.cross(t, u))


def ned_axes(latitude: Floats, longitude: Floats) -> Floats:
    """Rows north, east, down in Earth-fixed axes, (n, 3, 3)."""
    sl, cl, so, co = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    zero = np.zeros_like(sl)
    rows = ((-sl * co, -sl * so, cl), (-so, co, zero), (-cl * co, -cl * so, -sl))
    return np.moveaxis(np.array(rows), -1, 0)


def to_earth(v: Floats, angle: Floats) -> Floats:
    """Earth-fixed components (n, 3) of inertial ones, the Earth having turned by angle (n,)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.column_stack((c * v[:, 0] + s * v[:, 1], c * v[:, 1] - s * v[:, 0], v[:, 2]))


def euler_deg(q: Floats, angle: Floats, axes: Floats) -> tuple[Floats, Floats, Floats]:
    """Roll, pitch and yaw in degrees of attitudes body_from_eci (n, 4) against local NED axes."""
    back = q * np.array([1.0, -1.0, -1.0, -1.0])
    units = np.eye(3)
    body = [to_earth(rotate(back, np.broadcast_to(u, (len(q), 3))), angle) for u in units]
    x, y, z = (np.einsum("nij,nj->ni", axes, b) for b in body)
    pitch = np.arctan2(-x[:, 2], np.hypot(x[:, 0], x[:, 1]))
    yaw = np.arctan2(x[:, 1], x[:, 0])
    roll = np.arctan2(y[:, 2], z[:, 2])
    return np.degrees(roll), np.degrees(pitch), np.degrees(yaw) % 360.0


def attitude_error_deg(true: Floats, commanded: Floats) -> tuple[Floats, Floats]:
    """Total angle (n,) and its components (n, 3) about body axes, commanded to true, degrees."""
    w0, x0, y0, z0 = commanded.T * np.array([[1.0], [-1.0], [-1.0], [-1.0]])
    w1, x1, y1, z1 = true.T
    # quat_multiply(true, conjugate of commanded) of the kernel frames
    turn = np.array([
        w0 * w1 - x0 * x1 - y0 * y1 - z0 * z1,
        w0 * x1 + x0 * w1 + y0 * z1 - z0 * y1,
        w0 * y1 - x0 * z1 + y0 * w1 + z0 * x1,
        w0 * z1 + x0 * y1 - y0 * x1 + z0 * w1,
    ])  # fmt: skip
    turn *= np.where(turn[0] < 0.0, -1.0, 1.0)
    sine = np.linalg.norm(turn[1:], axis=0)
    angle = 2.0 * np.degrees(np.arctan2(sine, turn[0]))
    axis = turn[1:] / np.where(sine > 1e-12, sine, 1.0)
    return angle, (axis * angle).T


def ranges(latitude: Floats, longitude: Floats, names: Names) -> tuple[Floats, Floats]:
    """Downrange and crossrange (m) of points (rad) from the pad, on the sphere of the equator."""
    dlon = longitude - names.pad_longitude_rad
    y = np.sin(dlon) * np.cos(latitude)
    x = np.cos(names.pad_latitude_rad) * np.sin(latitude)
    x -= np.sin(names.pad_latitude_rad) * np.cos(latitude) * np.cos(dlon)
    straight = np.hypot(x, y)
    cosine = np.sin(names.pad_latitude_rad) * np.sin(latitude)
    cosine += np.cos(names.pad_latitude_rad) * np.cos(latitude) * np.cos(dlon)
    distance = names.earth_radius_m * np.arctan2(straight, cosine)
    turn = np.arctan2(y, x) - names.azimuth_rad
    return distance * np.cos(turn), distance * np.sin(turn)


def distance_m(latitude_deg: float, longitude_deg: float, names: Names) -> float:
    """How far a point is from the pad, m over the ground, on the same sphere."""
    north, south = math.radians(latitude_deg), names.pad_latitude_rad
    turn = math.radians(longitude_deg) - names.pad_longitude_rad
    y = math.sin(turn) * math.cos(north)
    x = math.cos(south) * math.sin(north) - math.sin(south) * math.cos(north) * math.cos(turn)
    along = math.sin(south) * math.sin(north) + math.cos(south) * math.cos(north) * math.cos(turn)
    return names.earth_radius_m * math.atan2(math.hypot(x, y), along)


def telemetry(rows: Floats, layout: Layout, names: Names, t0_s: float) -> Telemetry:
    """Telemetry of one body; time from t0_s on the mission clock."""
    parts = layout.split(rows)
    clock = parts["clock"][:, 0]
    columns: dict[str, Floats] = {"time_s": clock - t0_s}
    columns |= _motion(parts, clock, names)
    columns |= _attitude(parts, clock, names)
    columns |= _plant(parts, layout, names)
    columns |= _judgement(parts, names)
    return Telemetry.from_columns(columns)


def _motion(parts: dict[str, Floats], clock: Floats, names: Names) -> dict[str, Floats]:
    x, aux = parts["rigid"], parts["aux"]
    angle = names.rotation_radps * clock
    axes = ned_axes(aux[:, 0], aux[:, 1])
    relative = x[:, 3:6] + names.rotation_radps * np.column_stack(
        (x[:, 1], -x[:, 0], np.zeros(len(x)))
    )
    north, east, down = np.einsum("nij,nj->ni", axes, to_earth(relative, angle)).T
    speed = np.sqrt(north**2 + east**2 + down**2)
    downrange, crossrange = ranges(aux[:, 0], aux[:, 1], names)
    sound = np.where(aux[:, 5] > 0.0, aux[:, 5], np.nan)
    out = {f"position_eci_{a}_m": x[:, i] for i, a in enumerate("xyz")}
    out |= {f"velocity_eci_{a}_mps": x[:, 3 + i] for i, a in enumerate("xyz")}
    return out | {
        "latitude_deg": np.degrees(aux[:, 0]),
        "longitude_deg": np.degrees(aux[:, 1]),
        "altitude_m": aux[:, 2],
        "downrange_m": downrange,
        "crossrange_m": crossrange,
        "speed_mps": speed,
        "inertial_speed_mps": np.linalg.norm(x[:, 3:6], axis=1),
        "velocity_north_mps": north,
        "velocity_east_mps": east,
        "velocity_down_mps": down,
        "flight_path_angle_deg": np.degrees(np.arctan2(-down, np.hypot(north, east))),
        "airspeed_mps": aux[:, 6],
        "mach": aux[:, 6] / sound,
        "dynamic_pressure_pa": aux[:, 7],
        "angle_of_attack_deg": np.degrees(aux[:, 8]),
        "q_alpha_pa_rad": aux[:, 7] * aux[:, 8],
        "air_density_kgpm3": aux[:, 3],
        "air_pressure_pa": aux[:, 4],
        "acceleration_axial_mps2": aux[:, 9],
        "acceleration_lateral_mps2": np.hypot(aux[:, 10], aux[:, 11]),
    }


def _attitude(parts: dict[str, Floats], clock: Floats, names: Names) -> dict[str, Floats]:
    x, aux = parts["rigid"], parts["aux"]
    angle = names.rotation_radps * clock
    axes = ned_axes(aux[:, 0], aux[:, 1])
    true = x[:, 6:10]
    commanded = parts["commanded"]
    roll, pitch, yaw = euler_deg(true, angle, axes)
    _, commanded_pitch, commanded_yaw = euler_deg(commanded, angle, axes)
    error, about = attitude_error_deg(true, commanded)
    out = {f"attitude_body_from_eci_{a}": true[:, i] for i, a in enumerate("wxyz")}
    out |= {f"{a}_radps": x[:, 10 + i] for i, a in enumerate("pqr")}
    return out | {
        "roll_deg": roll,
        "pitch_deg": pitch,
        "yaw_deg": yaw,
        "commanded_pitch_deg": commanded_pitch,
        "commanded_yaw_deg": commanded_yaw,
        "attitude_error_deg": error,
        "attitude_error_roll_deg": about[:, 0],
        "attitude_error_pitch_deg": about[:, 1],
        "attitude_error_yaw_deg": about[:, 2],
        "navigation_error_m": np.linalg.norm(parts["navigated"] - x[:, :3], axis=1),
        "phase_index": parts["phase"][:, 0],
    }


def _plant(parts: dict[str, Floats], layout: Layout, names: Names) -> dict[str, Floats]:
    rows = len(parts["clock"])
    engine = parts["engine"].reshape(rows, layout.engines, loop.ENGINE_WORDS)
    chamber, told = engine[:, :, 0], engine[:, :, 1]
    swung, asked = engine[:, :, 2:4], engine[:, :, 4:6]
    modal = parts["modal"].reshape(rows, 2, layout.modes)
    running = engine[:, :, 6] > 0.05
    count = running.sum(axis=1)
    mean = np.where(running, 1.0, 0.0) / np.maximum(count, 1)[:, None]
    lowest = np.where(told > 0.5, chamber, np.inf).min(axis=1)
    booked = parts["ledger"].T
    out = {f"delta_v_{name}_mps": dv for name, dv in zip(LEDGER, booked, strict=True)}
    out |= {
        "velocity_to_go_mps": parts["space"][:, 0],
        "thruster_gas_kg": parts["space"][:, 1],
        "mass_kg": parts["mass"][:, 0],
        "centre_of_mass_m": parts["mass"][:, 1],
        "propellant_kg": parts["tank"].sum(axis=1),
        "thrust_n": parts["thrust"][:, 0],
        "engines_running": count.astype(np.float64),
        "chamber_fraction_min": np.where(np.isfinite(lowest), lowest, np.nan),
        "bending_moment_nm": parts["moment"][:, 0],
    }
    for i, axis in enumerate(("pitch", "yaw")):
        out[f"gimbal_{axis}_deg"] = np.degrees((mean * swung[:, :, i]).sum(axis=1))
        out[f"gimbal_{axis}_command_deg"] = np.degrees((mean * asked[:, :, i]).sum(axis=1))
        for mode in range(layout.modes):
            out[f"bending.mode.{mode + 1}.{axis}_m"] = modal[:, i, mode]
    for i, name in enumerate(names.engines):
        out[f"{name}.chamber_fraction"] = chamber[:, i]
        out[f"{name}.gimbal_pitch_deg"] = np.degrees(swung[:, i, 0])
        out[f"{name}.gimbal_yaw_deg"] = np.degrees(swung[:, i, 1])
    for i, name in enumerate(names.tanks):
        out[f"{name}.mass_kg"] = parts["tank"][:, i]
    return out


def _judgement(parts: dict[str, Floats], names: Names) -> dict[str, Floats]:
    impact, aux = parts["impact"], parts["aux"]
    point = np.where(impact[:, :1] > 0.5, impact[:, 1:], np.nan)
    flat = (1.0 - 1.0 / 298.257223563) ** 2
    out = {
        "impact_latitude_deg": np.degrees(
            np.arctan2(point[:, 2], flat * np.hypot(point[:, 0], point[:, 1]))
        ),
        "impact_longitude_deg": np.degrees(np.arctan2(point[:, 1], point[:, 0])),
    }
    for i, (name, factor) in enumerate(RULE_MARGINS):
        out[name] = parts["margin"][:, i] * factor
    if np.isfinite(names.bending_moment_limit_nm):
        out["margin.bending_moment_nm"] = names.bending_moment_limit_nm - parts["moment"][:, 0]
    if np.isfinite(names.q_alpha_limit_parad):
        out["margin.q_alpha_pa_rad"] = names.q_alpha_limit_parad - aux[:, 7] * aux[:, 8]
    return out
