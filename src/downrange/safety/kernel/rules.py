"""The rules of the flight safety system, on its own tracking and on nothing else.

Every rule has a margin, in its own unit, that is negative where the rule is broken. A rule
fires when it has been broken for its time; the first to fire is kept, and thrust ends a
latency later. All distances are straight lines between points on the ellipsoid.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit
from downrange.earth.kernel.frames import Vector, dot
from downrange.earth.kernel.geodesy import Earth, ecef_from_geodetic, geodetic
from downrange.safety.kernel.impact import impact_ecef
from downrange.sensors.kernel import (
    TRACK_AXIS,
    TRACK_POSITION_M,
    TRACK_VALID,
    TRACK_VELOCITY_MPS,
)

Floats = NDArray[np.float64]

# Rule codes, as `step` returns them; 0 is none. A rule's row in the memory is its code - 1.
IMPACT_CORRIDOR = 1  # m, vacuum impact point
POSITION_CORRIDOR = 2  # m, point below the vehicle
PROTECTED_PLACES = 3  # m, the nearer of the two
ATTITUDE = 4  # rad, nose against plan
DATA_LOSS = 5  # s, flight left without tracking
RULES = 5

# Indices into SafetyMemory.state.
ARMED = 0
NEXT_S = 1  # when the rules are evaluated next
BEFORE_S = 2  # when they last were
SEEN_S = 3  # when tracking last answered
FIRED = 4  # code of the rule that fired, 0 while none has
FIRED_S = 5
IMPACT_FOUND = 6  # 1 if there is a vacuum impact point
IMPACT_POINT_M = 7  # 7, 8, 9: Earth-fixed, at the last evaluation
IMPACT_IN_S = 10  # time of fall to it
STATE_SIZE = 11

ROUNDING_S = 1e-6


class Rules(NamedTuple):
    """Numbers of the rules, tabulated every `step_s` of the plan. Made by `safety.build` only."""

    step_s: float
    impact_track_m: Floats  # (n, 3) planned vacuum impact points, Earth-fixed
    impact_half_width_m: Floats  # (n,)
    position_track_m: Floats  # (n, 3) planned points below the vehicle, Earth-fixed
    position_half_width_m: Floats  # (n,)
    travel_m: Floats  # (n,) way of the impact point from the limit's crossing to thrust's end
    axis_ecef: Floats  # (n, 3) planned direction of the nose
    attitude_time_s: Floats  # (n,) how long the attitude may be beyond its limit
    green_time_s: Floats  # (n,) how long the vehicle may fly on when data is lost here
    behind: float  # the corridor's rear end is where the plan was at this share of the time
    ahead: float  # and its front end where the plan will be at this multiple of it
    attitude_limit_rad: float
    protected_ecef_m: Floats  # (places, 3)
    protected_distance_m: Floats  # (places,) radius of the place and distance to keep from it
    pad_ecef_m: Vector
    arming_distance_m: float
    arming_latest_s: float
    period_s: float
    persistence_s: float  # of the rules on places
    latency_s: float
    end_s: float  # no rule fires later: the planned thrust is over
    earth: Earth


class SafetyMemory(NamedTuple):
    """What the system remembers, overwritten in place. Rows of the rules are code - 1."""

    state: Floats  # (STATE_SIZE,)
    broken_s: Floats  # (RULES,) time beyond the limit less time within, never negative
    margin: Floats  # (RULES,) at the last evaluation; nan where it can't be told
    smallest: Floats  # (RULES,) smallest margin while armed, until a rule fires
    smallest_time_s: Floats  # (RULES,)


@njit
def corridor_margin_m(
    track: Floats, half_width: Floats, first: int, last: int, point: Vector
) -> float:
    """Depth of a point inside a corridor in m; negative outside.

    The corridor is the union of spheres about the track, from vertex `first` to `last`,
    whose radius is the half-width there. The depth is that within the segment where it is
    largest, taken at the segment's nearest point: at most the true depth.
    """
    x, y, z = point
    best = -math.inf
    for k in range(first, last):
        dx, dy, dz = (
            track[k + 1, 0] - track[k, 0],
            track[k + 1, 1] - track[k, 1],
            track[k + 1, 2] - track[k, 2],
        )
        px, py, pz = x - track[k, 0], y - track[k, 1], z - track[k, 2]
        length_squared = dx * dx + dy * dy + dz * dz
        along = 0.0
        if length_squared > 0.0:
            along = min(max((px * dx + py * dy + pz * dz) / length_squared, 0.0), 1.0)
        px, py, pz = px - along * dx, py - along * dy, pz - along * dz
        width = half_width[k] + along * (half_width[k + 1] - half_width[k])
        best = max(best, width - math.sqrt(px * px + py * py + pz * pz))
    return best


@njit
def protected_margin_m(rules: Rules, point: Vector) -> float:
    """Distance of a point to the nearest protected place, less what is kept from it, in m."""
    best = math.inf
    for k in range(rules.protected_distance_m.size):
        dx = point[0] - rules.protected_ecef_m[k, 0]
        dy = point[1] - rules.protected_ecef_m[k, 1]
        dz = point[2] - rules.protected_ecef_m[k, 2]
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        best = min(best, distance - rules.protected_distance_m[k])
    return best


@njit
def plan_at(rules: Rules, time_s: float) -> tuple[int, float]:
    """Table row of a time and the share of the step past it; the ends are held."""
    row = max(time_s, 0.0) / rules.step_s
    k = min(int(row), rules.green_time_s.size - 2)
    return k, min(row - k, 1.0)


@njit
def at(table: Floats, row: tuple[int, float]) -> float:
    """Linear interpolation in a table at a row of `plan_at`."""
    k, share = row
    return float(table[k] + share * (table[k + 1] - table[k]))


@njit
def attitude_margin_rad(rules: Rules, tracking: Floats, row: tuple[int, float]) -> float:
    """Attitude limit less the angle between the nose and the planned nose, in rad."""
    k, share = row
    along = across = planned = 0.0
    for i in range(3):
        axis = rules.axis_ecef[k, i] + share * (rules.axis_ecef[k + 1, i] - rules.axis_ecef[k, i])
        along += axis * tracking[TRACK_AXIS + i]
        planned += axis * axis
        across += tracking[TRACK_AXIS + i] ** 2
    cosine = along / math.sqrt(planned * across)
    return rules.attitude_limit_rad - math.acos(min(max(cosine, -1.0), 1.0))


@njit
def measure_margins(rules: Rules, tracking: Floats, time_s: float, memory: SafetyMemory) -> None:
    """Write the margins of the rules on place and attitude, and the impact point, into memory.

    A margin on places is the depth now, less the way that the point can travel until thrust
    has ended: the impact point at the worst of the plan, the vehicle at its speed.
    """
    margin, state = memory.margin, memory.state
    position = (
        tracking[TRACK_POSITION_M],
        tracking[TRACK_POSITION_M + 1],
        tracking[TRACK_POSITION_M + 2],
    )
    velocity = (
        tracking[TRACK_VELOCITY_MPS],
        tracking[TRACK_VELOCITY_MPS + 1],
        tracking[TRACK_VELOCITY_MPS + 2],
    )
    latitude, longitude, _ = geodetic(position, rules.earth)
    below = ecef_from_geodetic(latitude, longitude, 0.0, rules.earth)
    first, _ = plan_at(rules, rules.behind * min(time_s, rules.end_s))
    last, _ = plan_at(rules, rules.ahead * time_s)
    last += 1
    row = plan_at(rules, time_s)
    margin[ATTITUDE - 1] = attitude_margin_rad(rules, tracking, row)
    depth_m = corridor_margin_m(
        rules.position_track_m, rules.position_half_width_m, first, last, below
    )
    speed_mps = math.sqrt(dot(velocity, velocity))
    travel_m = speed_mps * (rules.period_s + rules.persistence_s + rules.latency_s)
    margin[POSITION_CORRIDOR - 1] = depth_m - travel_m
    margin[PROTECTED_PLACES - 1] = protected_margin_m(rules, below) - travel_m
    x, y, z, fall_s, found = impact_ecef(position, velocity, rules.earth)
    state[IMPACT_FOUND], state[IMPACT_IN_S] = found, fall_s
    state[IMPACT_POINT_M], state[IMPACT_POINT_M + 1], state[IMPACT_POINT_M + 2] = x, y, z
    margin[IMPACT_CORRIDOR - 1] = math.nan
    if found:
        depth_m = corridor_margin_m(
            rules.impact_track_m, rules.impact_half_width_m, first, last, (x, y, z)
        )
        travel_m = at(rules.travel_m, row)
        margin[IMPACT_CORRIDOR - 1] = depth_m - travel_m
        margin[PROTECTED_PLACES - 1] = min(
            margin[PROTECTED_PLACES - 1], protected_margin_m(rules, (x, y, z)) - travel_m
        )


@njit
def clear_of_pad(rules: Rules, tracking: Floats, time_s: float) -> bool:
    """Whether the system arms: far enough from the pad, or so late that it must be."""
    if time_s >= rules.arming_latest_s:
        return True
    if tracking[TRACK_VALID] < 0.5:
        return False
    dx = tracking[TRACK_POSITION_M] - rules.pad_ecef_m[0]
    dy = tracking[TRACK_POSITION_M + 1] - rules.pad_ecef_m[1]
    dz = tracking[TRACK_POSITION_M + 2] - rules.pad_ecef_m[2]
    return math.sqrt(dx * dx + dy * dy + dz * dz) >= rules.arming_distance_m


@njit
def allowed_s(rules: Rules, rule: int, row: tuple[int, float]) -> float:
    """How long a rule may be broken before it fires, in s."""
    if rule == ATTITUDE:
        return at(rules.attitude_time_s, row)
    return 0.0 if rule == DATA_LOSS else rules.persistence_s


@njit
def judge(rules: Rules, time_s: float, elapsed_s: float, memory: SafetyMemory) -> None:
    """Count how long each rule has been broken; keep the first that fires."""
    state, margin = memory.state, memory.margin
    row = plan_at(rules, time_s)
    for rule in range(1, RULES + 1):
        k = rule - 1
        if math.isnan(margin[k]):
            continue
        if margin[k] < memory.smallest[k]:
            memory.smallest[k], memory.smallest_time_s[k] = margin[k], time_s
        # Time within counts back rather than to zero: a tumbling nose passes its plan too.
        change = elapsed_s if margin[k] < 0.0 else -elapsed_s
        memory.broken_s[k] = max(memory.broken_s[k] + change, 0.0)
        due = memory.broken_s[k] >= allowed_s(rules, rule, row) - ROUNDING_S
        if margin[k] < 0.0 and due and state[FIRED] == 0.0:
            state[FIRED], state[FIRED_S] = rule, time_s


@njit
def step(rules: Rules, tracking: Floats, time_s: float, memory: SafetyMemory) -> int:
    """Evaluate the rules if they are due; return the code of the rule that fired, 0 if none.

    `tracking` is the measurement of `sensors.kernel.measure_tracking`, `time_s` the
    system's own clock since release. Margins are measured from release to `end_s`, beyond
    which they are nan; rules fire only when armed, and once. Without tracking the margins on
    place and attitude are nan and their clocks stand still: data loss is the rule that counts.
    """
    state, margin = memory.state, memory.margin
    if time_s > rules.end_s:
        margin[:] = math.nan
        return int(state[FIRED])
    if time_s < state[NEXT_S] - ROUNDING_S:
        return int(state[FIRED])
    elapsed_s = time_s - state[BEFORE_S]
    state[BEFORE_S] = time_s
    state[NEXT_S] += rules.period_s
    if state[NEXT_S] <= time_s:
        state[NEXT_S] = time_s + rules.period_s
    if clear_of_pad(rules, tracking, time_s):
        state[ARMED] = 1.0
    if tracking[TRACK_VALID] > 0.5:
        state[SEEN_S] = time_s
        measure_margins(rules, tracking, time_s, memory)
    else:
        margin[:] = math.nan
    seen = state[SEEN_S]
    margin[DATA_LOSS - 1] = at(rules.green_time_s, plan_at(rules, seen)) - (time_s - seen)
    if state[ARMED] > 0.5 and state[FIRED] == 0.0:
        judge(rules, time_s, elapsed_s, memory)
    return int(state[FIRED])


@njit
def thrust_end_s(rules: Rules, memory: SafetyMemory) -> float:
    """When the system's command ends thrust, in s since release; inf while no rule has fired."""
    if memory.state[FIRED] == 0.0:
        return math.inf
    return float(memory.state[FIRED_S] + rules.latency_s)
