"""A third flight program, in Earth-fixed axes: check cases whole, with burns, staging and tables.

Position, velocity and rates are relative to the turning Earth, so that Coriolis and centrifugal
terms stand in the equations, which the product never writes down. Written from the words of the
case format alone; SciPy's DOP853 integrates, and stops where the equations change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from reference import ROTATION_RADPS, Floats, air, body_axes, ecef, geodetic, gravitation, ned_axes
from scipy.integrate import solve_ivp

Wind = Callable[[float], tuple[float, float]]
Table = tuple[Sequence[float], Sequence[float]]  # angles in deg and values; ends are held

G0_MPS2 = 9.80665
NOTHING: Table = ((0.0,), (0.0,))


@dataclass(frozen=True)
class Air:
    """Coefficients of a body, and where their force acts from its centre of mass."""

    area_m2: float
    span_m: float = 1.0
    chord_m: float = 1.0
    centre_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    total: bool = True  # drag against the total angle, else against alpha
    drag: Table = NOTHING
    lift: Table = NOTHING
    side: Table = NOTHING
    roll: Table = NOTHING
    pitch: Table = NOTHING
    yaw: Table = NOTHING
    damping: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Burn:
    """Thrust along body x; tables against the share of `load_kg` that is left."""

    start_s: float
    end_s: float
    thrust_n: float
    isp_s: float
    load_kg: float
    fraction: Sequence[float] = ()
    inertia_kgm2: Sequence[Floats] = ()
    centre_x_m: Sequence[float] = ()
    drop_kg: float = 0.0  # at the end of the coast that follows

    @property
    def flow_kgps(self) -> float:
        """Propellant flow."""
        return self.thrust_n / (self.isp_s * G0_MPS2)


@dataclass(frozen=True)
class Flight:
    """One check case: SI units, angles in deg as its file has them."""

    mass_kg: float
    inertia_kgm2: Floats
    place: tuple[float, float, float]  # latitude and longitude in deg, altitude in m
    velocity_ned: tuple[float, float, float]
    euler_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # roll, pitch, yaw
    rates_radps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    frame: str = "inertial"
    aero: Air | None = None
    wgs84: bool = True
    j2: bool = True
    rotation_radps: float = ROTATION_RADPS
    air_top_m: float = 80e3
    wind: Wind | None = None
    burns: Sequence[Burn] = ()
    rotation_term: float = 0.0  # share of I' w that brakes
    times_s: Sequence[float] = field(default_factory=tuple)

    @property
    def spin(self) -> Floats:
        """The Earth's rate."""
        return np.array([0.0, 0.0, self.rotation_radps])


@dataclass(frozen=True)
class Span:
    """Between two changes of the equations: mass properties linear in time."""

    start_s: float
    end_s: float
    mass_kg: tuple[float, float]
    inertia: tuple[Floats, Floats]
    centre_x_m: tuple[float, float]
    thrust_n: float


def spans(flight: Flight) -> list[Span]:
    """The case as spans, from the meaning of its burns."""
    found: list[Span] = []
    mass, inertia = flight.mass_kg, flight.inertia_kgm2
    centre = flight.aero.centre_m[0] if flight.aero else 0.0
    free, drop = 0.0, 0.0
    for burn in flight.burns:
        if burn.start_s > free:
            found.append(Span(free, burn.start_s, (mass, mass), (inertia,) * 2, (centre,) * 2, 0.0))
        mass -= drop
        times = {burn.start_s, burn.end_s}
        corner = [burn.start_s + (1.0 - f) * burn.load_kg / burn.flow_kgps for f in burn.fraction]
        times |= {t for t in corner if burn.start_s < t < burn.end_s}
        cuts = sorted(times)
        for low, high in pairwise(cuts):
            pair = [(t - burn.start_s) * burn.flow_kgps for t in (low, high)]
            masses = (mass - pair[0], mass - pair[1])
            left = [1.0 - spent / burn.load_kg for spent in pair]
            tensors = [inertia, inertia]
            if burn.inertia_kgm2:
                tensors = [between(burn.fraction, burn.inertia_kgm2, f) for f in left]
            centres = [centre, centre]
            if burn.centre_x_m:
                centres = [float(np.interp(f, burn.fraction, burn.centre_x_m)) for f in left]
            found.append(Span(low, high, masses, (tensors[0], tensors[1]),
                              (centres[0], centres[1]), burn.thrust_n))  # fmt: skip
        mass = found[-1].mass_kg[1]
        inertia, centre = found[-1].inertia[1], found[-1].centre_x_m[1]
        free, drop = burn.end_s, burn.drop_kg
    end = flight.times_s[-1]
    if end > free:
        found.append(Span(free, end, (mass, mass), (inertia, inertia), (centre, centre), 0.0))
    return found


def between(grid: Sequence[float], rows: Sequence[Floats], at: float) -> Floats:
    """A tensor between two of a table."""
    stack = np.array(rows)
    return np.array([
        [np.interp(at, grid, stack[:, i, j]) for j in range(3)] for i in range(3)
    ])  # fmt: skip


def at_angle(table: Table, angle_rad: float) -> float:
    """Coefficient at an angle."""
    return float(np.interp(math.degrees(angle_rad), table[0], table[1]))


def push_of_air(
    aero: Air, v: Floats, rate: Floats, density: float, centre: Floats
) -> tuple[Floats, Floats]:
    """Force and moment about the centre of mass, body axes; v is against the air."""
    speed = float(np.linalg.norm(v))
    if speed == 0.0:
        return np.zeros(3), np.zeros(3)
    along = v / speed
    alpha, beta = math.atan2(v[2], v[0]), math.asin(along[1])
    total = math.acos(max(-1.0, min(1.0, along[0])))
    scale = 0.5 * density * speed**2 * aero.area_m2
    plain = not any(any(table[1]) for table in (aero.side, aero.roll, aero.yaw))
    force = -scale * at_angle(aero.drag, total if aero.total else alpha) * along
    lengths = np.array([aero.span_m, aero.chord_m, aero.span_m])
    turning = np.zeros(3)
    if aero.total and plain:
        # Everything in the plane of the nose and the stream: up is away from the stream.
        across = np.array([1.0, 0.0, 0.0]) - along[0] * along
        size = float(np.linalg.norm(across))
        if size > 0.0:
            force = force + scale * at_angle(aero.lift, total) * across / size
            axis = np.cross(along, [1.0, 0.0, 0.0]) / size
            turning = at_angle(aero.pitch, total) * axis * aero.chord_m
    else:
        plane = math.hypot(v[0], v[2])
        up = np.array([v[2], 0.0, -v[0]]) / plane if plane else np.zeros(3)
        force = force + scale * at_angle(aero.lift, alpha) * up
        force = force + scale * np.array([0.0, at_angle(aero.side, beta), 0.0])
        turning = lengths * [
            at_angle(aero.roll, beta), at_angle(aero.pitch, alpha), at_angle(aero.yaw, beta)
        ]  # fmt: skip
    damped = np.array(aero.damping) * rate * lengths**2 / (2.0 * speed)
    return force, scale * (turning + damped) + np.cross(centre, force)


def derivative(t: float, y: Floats, flight: Flight, span: Span, airless: bool) -> Floats:
    """Rate of [r, v, ecef_from_body by rows, rate against the Earth in body axes]."""
    r, v, turn, relative = y[:3], y[3:6], y[6:15].reshape(3, 3), y[15:]
    share = (t - span.start_s) / (span.end_s - span.start_s)
    mass = span.mass_kg[0] + share * (span.mass_kg[1] - span.mass_kg[0])
    tensor = span.inertia[0] + share * (span.inertia[1] - span.inertia[0])
    tensor_rate = (span.inertia[1] - span.inertia[0]) / (span.end_s - span.start_s)
    spin_body = turn.T @ flight.spin
    rate = relative + spin_body
    force, moment = np.array([span.thrust_n, 0.0, 0.0]), np.zeros(3)
    if flight.aero is not None and not airless:
        lat, lon, alt = geodetic(r, flight.wgs84)
        stream = v
        if flight.wind is not None:
            north, east = flight.wind(alt)
            stream = v - ned_axes(lat, lon) @ np.array([north, east, 0.0])
        centre = np.array(flight.aero.centre_m)
        centre[0] = span.centre_x_m[0] + share * (span.centre_x_m[1] - span.centre_x_m[0])
        by_air, moment = push_of_air(flight.aero, turn.T @ stream, rate, air(alt)[0], centre)
        force = force + by_air
    a = gravitation(r, flight.j2) + turn @ force / mass
    a = a - 2.0 * np.cross(flight.spin, v) - np.cross(flight.spin, np.cross(flight.spin, r))
    braking = flight.rotation_term * tensor_rate @ rate
    faster = np.linalg.solve(tensor, moment - braking - np.cross(rate, tensor @ rate))
    skew = np.array([
        [0.0, -relative[2], relative[1]], [relative[2], 0.0, -relative[0]],
        [-relative[1], relative[0], 0.0],
    ])  # fmt: skip
    return np.concatenate([v, a, (turn @ skew).ravel(), faster + np.cross(relative, spin_body)])


def beginning(flight: Flight) -> Floats:
    """State at time 0."""
    lat, lon = math.radians(flight.place[0]), math.radians(flight.place[1])
    r = ecef(lat, lon, flight.place[2], flight.wgs84)
    axes = ned_axes(lat, lon)
    roll, pitch, yaw = (math.radians(angle) for angle in flight.euler_deg)
    turn = axes @ body_axes(roll, pitch, yaw)
    v = axes @ np.array(flight.velocity_ned)
    rate = np.array(flight.rates_radps)
    if flight.frame == "inertial":
        rate = rate - turn.T @ flight.spin
    if flight.frame == "ned":
        # North-east-down turns as it is carried along: by how its axes differ a second on.
        step = 1e-3
        before, after = (ned_axes(*geodetic(r + s * v, flight.wgs84)[:2]) for s in (-step, step))
        carried = (after - before) @ axes.T / (2.0 * step)
        rate = rate + turn.T @ np.array([carried[2, 1], carried[0, 2], carried[1, 0]])
    return np.concatenate([r, v, turn.ravel(), rate])


def over_the_air(_: float, y: Floats, flight: Flight, *__: object) -> float:
    """Height over the top of the air, m."""
    return geodetic(y[:3], flight.wgs84)[2] - flight.air_top_m


def fly(flight: Flight) -> list[dict[str, float]]:
    """The flight at its times, in the columns of a check case."""
    y, rows = beginning(flight), []
    wanted = list(flight.times_s)
    for span in spans(flight):
        now = span.start_s
        airless = over_the_air(now, y, flight) > 0.0
        while now < span.end_s:
            crossing = [over_the_air] if flight.aero else []
            for event in crossing:
                event.terminal = True  # type: ignore[attr-defined]
            flown = solve_ivp(
                derivative, (now, span.end_s), y, method="DOP853", events=crossing or None,
                args=(flight, span, airless), rtol=1e-12, atol=1e-10, dense_output=True,
                max_step=1.0,
            )  # fmt: skip
            assert flown.success, flown.message
            end = float(flown.t[-1])
            while wanted and wanted[0] <= end:
                rows.append(observe(wanted[0], flown.sol(wanted.pop(0)), flight))
            now, y = end, flown.y[:, -1]
            if flown.status == 1:
                airless = not airless
                # A hair on, so that the crossing is not found again.
                y = y + 1e-9 * derivative(now, y, flight, span, airless)
                now += 1e-9
    return rows


def observe(t: float, y: Floats, flight: Flight) -> dict[str, float]:
    """One state in the columns of a check case."""
    lat, lon, alt = geodetic(y[:3], flight.wgs84)
    axes = ned_axes(lat, lon)
    north, east, down = axes.T @ y[3:6]
    turn = y[6:15].reshape(3, 3)
    p, q, r = y[15:] + turn.T @ flight.spin
    level = axes.T @ turn
    return {
        "time_s": t,
        "altitude_m": alt,
        "velocity_north_mps": float(north),
        "velocity_east_mps": float(east),
        "velocity_down_mps": float(down),
        "latitude_deg": math.degrees(lat),
        "longitude_deg": math.degrees(lon),
        "roll_deg": math.degrees(math.atan2(level[2, 1], level[2, 2])),
        "pitch_deg": -math.degrees(math.asin(max(-1.0, min(1.0, level[2, 0])))),
        "yaw_deg": math.degrees(math.atan2(level[1, 0], level[0, 0])),
        "p_radps": float(p),
        "q_radps": float(q),
        "r_radps": float(r),
    }
