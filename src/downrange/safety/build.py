"""From rules, site and plan to the numbers of the flight safety system."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic, geodetic
from downrange.errors import InputError, Problem
from downrange.safety.kernel.impact import impact_ecef
from downrange.safety.kernel.rules import (
    BROKEN_S,
    MARGIN,
    MEMORY_COLUMNS,
    RULES,
    SMALLEST,
    SMALLEST_TIME_S,
    STATE_SIZE,
    Rules,
    SafetyMemory,
)

if TYPE_CHECKING:
    from downrange.earth.spec import SiteSpec
    from downrange.safety.spec import SafetySpec

Floats = NDArray[np.float64]

# (name, unit of its margin) of each rule, in the order of the codes from 1 on.
RULE_NAMES = (
    ("impact_corridor", "m"),
    ("position_corridor", "m"),
    ("protected_places", "m"),
    ("attitude", "rad"),
    ("data_loss", "s"),
)
# The longest step, and the most rows: a row costs the corridor search 10 ns an evaluation.
STEP_S = 2.0
ROWS = 400
# Velocity is changed by this much of a second's thrust to see how fast the impact point moves.
NUDGE_S = 0.1
# A late vehicle is charged the travel of the plan, ahead of it: so it keeps half of the corridor.
GATE = 0.5
# Slower than this the impact point is at rest; keeps times finite without thrust.
SLOWEST_MPS = 1.0
DIRECTIONS = [np.array(d) / np.linalg.norm(d) for d in product((-1, 0, 1), repeat=3) if any(d)]


class Plan(NamedTuple):
    """The planned flight on the rules' own time steps, Earth-fixed."""

    time_s: Floats  # (n,)
    position_m: Floats  # (n, 3)
    velocity_mps: Floats  # (n, 3)
    axis: Floats  # (n, 3)
    thrust_mps2: Floats  # (n,) acceleration that is not gravity's


class Places(NamedTuple):
    """What is protected."""

    names: tuple[str, ...]
    ecef_m: Floats  # (places, 3)
    radius_m: Floats  # (places,)

    def nearest(self, points: Floats) -> tuple[Floats, list[str]]:
        """Distance in m from each point to the edge of the nearest place, and its name."""
        if not self.names:
            return np.full(len(points), np.inf), [""] * len(points)
        away = np.linalg.norm(points[:, None, :] - self.ecef_m, axis=2) - self.radius_m
        nearest = np.argmin(away, axis=1)
        return away[np.arange(len(points)), nearest], [self.names[k] for k in nearest]


def build_rules(
    spec: SafetySpec,
    site: SiteSpec,
    time_s: Floats,
    position_ecef_m: Floats,
    velocity_ecef_mps: Floats,
    axis_ecef: Floats,
    earth: Earth,
) -> Rules:
    """Numbers of the rules for a planned flight.

    They fire until the gate: the last row before the planned impact point outruns them for good,
    moving further than GATE of the corridor's widest while they act, or is none any more, in
    orbit. A plan without one is watched a share longer than it is.

    Args:
        spec: the rules.
        site: pad and protected places.
        time_s: (m,) times of the plan since release, growing, to the end of its thrust.
        position_ecef_m: (m, 3) planned positions.
        velocity_ecef_mps: (m, 3) planned velocities relative to the turning Earth.
        axis_ecef: (m, 3) planned directions of the nose.
        earth: figure, gravity and rotation.

    Raises:
        InputError: the plan leaves less than the narrowest corridor beside a protected place.
    """
    ahead = 1.0 + spec.corridor.ahead.si
    end_s = float(time_s[-1]) * ahead
    step_s = max(STEP_S, end_s / ROWS)
    plan = _resample(time_s, position_ecef_m, velocity_ecef_mps, axis_ecef, step_s, earth)
    places = _places(site, earth)
    impact = _impact_points(plan, earth)
    speed = _impact_speeds(plan, impact, earth)
    delay_s = spec.period.si + spec.corridor.persistence.si + spec.latency.si
    gate = _gate(speed * delay_s, GATE * spec.corridor.widest.si)
    reach_s = end_s
    if gate < len(plan.time_s):
        end_s = float(plan.time_s[gate - 1])
        reach_s = ahead * end_s
        known = gate + int(np.searchsorted(plan.time_s[gate:], reach_s))
        plan = Plan(*(each[: len(impact)][:known] for each in plan))
        impact, speed = impact[:known], speed[:known]
    rows = max(math.ceil(reach_s / step_s), 1) + 1
    impact_track, speed = _extend(impact, rows, earth), _hold(speed, rows)
    position_track = _extend(_below(plan.position_m, earth), rows, earth)
    travel = speed * delay_s
    watched = plan.time_s[:gate]
    width = _half_width(spec, places, impact_track, travel, watched)
    way = _hold(np.linalg.norm(plan.velocity_mps, axis=1), rows) * delay_s
    position_width = _half_width(spec, places, position_track, way, watched)
    pad = site.pad
    # In the order of the kernel's columns.
    track = (
        impact_track, width, position_track, position_width, travel, _hold(plan.axis, rows),
        _attitude_time(spec, width - travel, speed),
        _green_time(spec, places, impact_track, speed),
    )  # fmt: skip
    return Rules(
        step_s=float(step_s),
        track=np.ascontiguousarray(np.column_stack(track)),
        places=np.ascontiguousarray(
            np.column_stack((places.ecef_m, places.radius_m + spec.keep_out.si))
        ),
        behind=float(spec.corridor.behind.si),
        ahead=float(ahead),
        attitude_limit_rad=float(spec.attitude.limit.si),
        pad_ecef_m=ecef_from_geodetic(pad.latitude.si, pad.longitude.si, pad.altitude.si, earth),
        arming_distance_m=float(spec.arming.distance.si),
        arming_latest_s=float(spec.arming.latest.si),
        period_s=float(spec.period.si),
        persistence_s=float(spec.corridor.persistence.si),
        latency_s=float(spec.latency.si),
        end_s=float(end_s),
        earth=earth,
    )


def new_memory() -> SafetyMemory:
    """What the system remembers at release: nothing seen, nothing broken."""
    rules = np.empty((RULES, MEMORY_COLUMNS))
    rules[:, BROKEN_S] = 0.0
    rules[:, SMALLEST] = np.inf
    rules[:, MARGIN] = rules[:, SMALLEST_TIME_S] = np.nan
    return SafetyMemory(state=np.zeros(STATE_SIZE), rules=rules)


def _resample(
    time_s: Floats, position: Floats, velocity: Floats, axis: Floats, step_s: float, earth: Earth
) -> Plan:
    """The plan every `step_s`, with its thrust acceleration found from velocity and gravity."""
    spin = np.array([0.0, 0.0, earth.rotation_radps])
    radius = np.linalg.norm(position, axis=1, keepdims=True)
    gravity = -earth.mu_m3ps2 * position / radius**3
    turning = 2.0 * np.cross(spin, velocity) + np.cross(spin, np.cross(spin, position))
    thrust = np.linalg.norm(np.gradient(velocity, time_s, axis=0) - gravity + turning, axis=1)
    at = np.arange(0.0, time_s[-1], step_s)

    def resampled(table: Floats) -> Floats:
        return np.stack([np.interp(at, time_s, column) for column in table.T], axis=1)

    return Plan(
        at, resampled(position), resampled(velocity), resampled(axis), np.interp(at, time_s, thrust)
    )


def _impact_points(plan: Plan, earth: Earth) -> Floats:
    """(k, 3) vacuum impact points, up to the first row that has none (orbit)."""
    points = []
    for r, v in zip(plan.position_m.tolist(), plan.velocity_mps.tolist(), strict=True):
        *point, _, found = impact_ecef(tuple(r), tuple(v), earth)
        if not found:
            break
        points.append(point)
    return np.array(points)


def _impact_speeds(plan: Plan, impact: Floats, earth: Earth) -> Floats:
    """(k,) fastest motion of the impact point in m/s, thrust turned in its worst direction."""
    speeds = np.full(len(impact), SLOWEST_MPS)
    for k, point in enumerate(impact):
        r = tuple(plan.position_m[k].tolist())
        for direction in DIRECTIONS:
            v = plan.velocity_mps[k] + NUDGE_S * plan.thrust_mps2[k] * direction
            *moved, _, found = impact_ecef(r, tuple(v.tolist()), earth)
            if found:
                speeds[k] = max(speeds[k], np.linalg.norm(moved - point) / NUDGE_S)
    return speeds


def _gate(travel_m: Floats, most_m: float) -> int:
    """Number of rows, one at least, before the impact point travels further for good."""
    slow = np.flatnonzero(travel_m <= most_m)
    return int(slow[-1]) + 1 if slow.size else 1


def _hold(table: Floats, rows: int) -> Floats:
    """A table cut or held to a number of rows."""
    missing = max(rows - len(table), 0)
    return np.concatenate([table, np.repeat(table[-1:], missing, axis=0)])[:rows]


def _extend(track: Floats, rows: int, earth: Earth) -> Floats:
    """A track on the ground carried on straight, at its last speed, to a number of rows."""
    last = track[-1] - track[-2] if len(track) > 1 else np.zeros(3)
    steps = np.arange(1, max(rows - len(track), 0) + 1)[:, None]
    return np.concatenate([track, _below(track[-1] + steps * last, earth)])[:rows]


def _below(points: Floats, earth: Earth) -> Floats:
    """Points of the ellipsoid below points, Earth-fixed."""
    below = [
        ecef_from_geodetic(*geodetic(tuple(p), earth)[:2], 0.0, earth) for p in points.tolist()
    ]
    return np.array(below, dtype=np.float64).reshape(-1, 3)


def _places(site: SiteSpec, earth: Earth) -> Places:
    where = [(place.latitude.si, place.longitude.si) for place in site.protect]
    return Places(
        tuple(place.name for place in site.protect),
        np.array([ecef_from_geodetic(*at, 0.0, earth) for at in where]).reshape(-1, 3),
        np.array([place.radius.si for place in site.protect], dtype=np.float64),
    )


def _half_width(
    spec: SafetySpec, places: Places, track: Floats, travel_m: Floats, time_s: Floats
) -> Floats:
    """(n,) distance in m from the plan to what is kept beside the nearest place.

    Raises:
        InputError: less the travel it is under the narrowest in a row of the plan's times.
    """
    edge, names = places.nearest(track)
    widest = spec.corridor.widest.si
    width = np.clip(edge - spec.keep_out.si, 0.0, widest + np.minimum(travel_m, widest))
    left = (width - travel_m)[: len(time_s)]
    worst = int(np.argmin(left))
    narrowest = spec.corridor.narrowest.si
    if left[worst] < narrowest:
        message = (
            f"{left[worst]:.0f} m are left beside {names[worst]} at "
            f"T+{time_s[worst]:.0f} s, where the plan passes {edge[worst]:.0f} m from its edge: "
            f"less than {narrowest:.0f} m"
        )
        hint = "move the plan away, or make keep_out, the latency or the period smaller"
        raise InputError([Problem("", "safety.corridor.narrowest", message, hint)])
    return width


def _attitude_time(spec: SafetySpec, half_width_m: Floats, speed_mps: Floats) -> Floats:
    """(n,) time in s in which thrust across the plan would use up the attitude's share."""
    attitude = spec.attitude
    across = speed_mps * math.sin(min(attitude.limit.si, math.pi / 2.0))
    time = attitude.drift.si * half_width_m.clip(0.0) / across - spec.latency.si
    return np.clip(time, attitude.shortest.si, attitude.longest.si)


def _green_time(spec: SafetySpec, places: Places, track: Floats, speed_mps: Floats) -> Floats:
    """(n,) time in s from the loss of data to the edge of what is kept."""
    edge, _ = places.nearest(track)
    time = (edge - spec.keep_out.si) / speed_mps - spec.latency.si
    return np.clip(time, 0.0, spec.data_loss.longest.si)
