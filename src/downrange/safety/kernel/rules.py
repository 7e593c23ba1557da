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

# Columns of SafetyMemory.rules.
BROKEN_S = 0
MARGIN = 1
SMALLEST = 2
SMALLEST_TIME_S = 3
MEMORY_COLUMNS = 4

# Columns of Rules.track. A corridor is four: its point and, next to it, its half-width.
IMPACT_TRACK_M = 0  # 0, 1, 2
POSITION_TRACK_M = 4  # 4, 5, 6
HALF_WIDTH_M = 3  # past the point
TRAVEL_M = 8
AXIS = 9  # 9, 10, 11
ATTITUDE_TIME_S = 12
GREEN_TIME_S = 13
TRACK_COLUMNS = 14

PLACE_DISTANCE_M = 3  # column of Rules.places

ROUNDING_S = 1e-6


class Rules(NamedTuple):
    """Numbers of the rules, tabulated every `step_s` of the plan. Made by `safety.build` only.

    The properties are views on the columns, for Python; kernels index the tables.
    """

    step_s: float
    track: Floats  # (n, TRACK_COLUMNS)
    places: Floats  # (places, 4) Earth-fixed point, radius of the place and distance to keep
    behind: float  # the corridor's rear end is where the plan was at this share of the time
    ahead: float  # and its front end where the plan will be at this multiple of it
    attitude_limit_rad: float
    pad_ecef_m: Vector
    arming_distance_m: float
    arming_latest_s: float
    period_s: float
    persistence_s: float  # of the rules on places
    latency_s: float
    end_s: float  # no rule fires later: the gate
    earth: Earth

    @property
    def impact_track_m(self) -> Floats:
        """(n, 3) planned vacuum impact points in m, Earth-fixed."""
        return self.track[:, IMPACT_TRACK_M : IMPACT_TRACK_M + 3]

    @property
    def impact_half_width_m(self) -> Floats:
        """(n,) half-width in m of the impact point's corridor."""
        return self.track[:, IMPACT_TRACK_M + HALF_WIDTH_M]

    @property
    def position_track_m(self) -> Floats:
        """(n, 3) planned points below the vehicle in m, Earth-fixed."""
        return self.track[:, POSITION_TRACK_M : POSITION_TRACK_M + 3]

    @property
    def position_half_width_m(self) -> Floats:
        """(n,) half-width in m of the position's corridor."""
        return self.track[:, POSITION_TRACK_M + HALF_WIDTH_M]

    @property
    def travel_m(self) -> Floats:
        """(n,) way in m of the impact point from the limit's crossing to thrust's end."""
        return self.track[:, TRAVEL_M]

    @property
    def axis_ecef(self) -> Floats:
        """(n, 3) planned direction of the nose."""
        return self.track[:, AXIS : AXIS + 3]

    @property
    def attitude_time_s(self) -> Floats:
        """(n,) how long in s the attitude may be beyond its limit."""
        return self.track[:, ATTITUDE_TIME_S]

    @property
    def green_time_s(self) -> Floats:
        """(n,) how long in s the vehicle may fly on when data is lost here."""
        return self.track[:, GREEN_TIME_S]

    @property
    def protected_ecef_m(self) -> Floats:
        """(places, 3) protected places in m, Earth-fixed."""
        return self.places[:, :PLACE_DISTANCE_M]

    @property
    def protected_distance_m(self) -> Floats:
        """(places,) radius in m of the place and distance to keep from it."""
        return self.places[:, PLACE_DISTANCE_M]


class SafetyMemory(NamedTuple):
    """What the system remembers, overwritten in place. Rows of the rules are code - 1.

    The properties are views on the columns, for Python; kernels index the table.
    """

    state: Floats  # (STATE_SIZE,)
    rules: Floats  # (RULES, MEMORY_COLUMNS)

    @property
    def broken_s(self) -> Floats:
        """(RULES,) time in s beyond the limit less time within, never negative."""
        return self.rules[:, BROKEN_S]

    @property
    def margin(self) -> Floats:
        """(RULES,) margins at the last evaluation; nan where they can't be told."""
        return self.rules[:, MARGIN]

    @property
    def smallest(self) -> Floats:
        """(RULES,) smallest margins while armed, until a rule fires."""
        return self.rules[:, SMALLEST]

    @property
    def smallest_time_s(self) -> Floats:
        """(RULES,) times in s of the smallest margins."""
        return self.rules[:, SMALLEST_TIME_S]


@njit
def at(track: Floats, column: int, row: tuple[int, float]) -> float:
    """Linear interpolation in a column of the track at a row of `plan_at`."""
    k, share = row
    return float(track[k, column] + share * (track[k + 1, column] - track[k, column]))


@njit
def corridor_margin_m(track: Floats, column: int, first: int, last: int, point: Vector) -> float:
    """Depth of a point inside a corridor in m; negative outside.

    The corridor is the union of spheres about the track, from vertex `first` to `last`,
    whose radius is the half-width there, both in the table from `column` on. The depth is
    that within the segment where it is largest, taken at the segment's nearest point: at
    most the true depth.
    """
    x, y, z = point
    best = -math.inf
    for k in range(first, last):
        from_x, from_y, from_z = track[k, column], track[k, column + 1], track[k, column + 2]
        dx, dy, dz = (
            track[k + 1, column] - from_x,
            track[k + 1, column + 1] - from_y,
            track[k + 1, column + 2] - from_z,
        )
        px, py, pz = x - from_x, y - from_y, z - from_z
        length_squared = dx * dx + dy * dy + dz * dz
        along = 0.0
        if length_squared > 0.0:
            along = min(max((px * dx + py * dy + pz * dz) / length_squared, 0.0), 1.0)
        px, py, pz = px - along * dx, py - along * dy, pz - along * dz
        width = at(track, column + HALF_WIDTH_M, (k, along))
        best = max(best, width - math.sqrt(px * px + py * py + pz * pz))
    return best


@njit
def protected_margin_m(rules: Rules, point: Vector) -> float:
    """Distance of a point to the nearest protected place, less what is kept from it, in m."""
    best = math.inf
    places = rules.places
    for k in range(places.shape[0]):
        dx = point[0] - places[k, 0]
        dy = point[1] - places[k, 1]
        dz = point[2] - places[k, 2]
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        best = min(best, distance - places[k, PLACE_DISTANCE_M])
    return best


@njit
def plan_at(rules: Rules, time_s: float) -> tuple[int, float]:
    """Table row of a time and the share of the step past it; the ends are held."""
    row = max(time_s, 0.0) / rules.step_s
    k = min(int(row), rules.track.shape[0] - 2)
    return k, min(row - k, 1.0)


@njit
def attitude_margin_rad(rules: Rules, tracking: Floats, row: tuple[int, float]) -> float:
    """Attitude limit less the angle between the nose and the planned nose, in rad."""
    along = across = planned = 0.0
    for i in range(3):
        axis = at(rules.track, AXIS + i, row)
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
    track, table, state = rules.track, memory.rules, memory.state
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
    table[ATTITUDE - 1, MARGIN] = attitude_margin_rad(rules, tracking, row)
    depth_m = corridor_margin_m(track, POSITION_TRACK_M, first, last, below)
    speed_mps = math.sqrt(dot(velocity, velocity))
    travel_m = speed_mps * (rules.period_s + rules.persistence_s + rules.latency_s)
    table[POSITION_CORRIDOR - 1, MARGIN] = depth_m - travel_m
    kept_m = protected_margin_m(rules, below) - travel_m
    table[PROTECTED_PLACES - 1, MARGIN] = kept_m
    x, y, z, fall_s, found = impact_ecef(position, velocity, rules.earth)
    state[IMPACT_FOUND], state[IMPACT_IN_S] = found, fall_s
    state[IMPACT_POINT_M], state[IMPACT_POINT_M + 1], state[IMPACT_POINT_M + 2] = x, y, z
    table[IMPACT_CORRIDOR - 1, MARGIN] = math.nan
    if found:
        depth_m = corridor_margin_m(track, IMPACT_TRACK_M, first, last, (x, y, z))
        travel_m = at(track, TRAVEL_M, row)
        table[IMPACT_CORRIDOR - 1, MARGIN] = depth_m - travel_m
        impact_kept_m = protected_margin_m(rules, (x, y, z)) - travel_m
        table[PROTECTED_PLACES - 1, MARGIN] = min(kept_m, impact_kept_m)


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
        return at(rules.track, ATTITUDE_TIME_S, row)
    return 0.0 if rule == DATA_LOSS else rules.persistence_s


@njit
def judge(rules: Rules, time_s: float, elapsed_s: float, memory: SafetyMemory) -> None:
    """Count how long each rule has been broken; keep the first that fires."""
    state, table = memory.state, memory.rules
    row = plan_at(rules, time_s)
    for rule in range(1, RULES + 1):
        k = rule - 1
        margin = table[k, MARGIN]
        if math.isnan(margin):
            continue
        if margin < table[k, SMALLEST]:
            table[k, SMALLEST], table[k, SMALLEST_TIME_S] = margin, time_s
        # Time within counts back rather than to zero: a tumbling nose passes its plan too.
        change = elapsed_s if margin < 0.0 else -elapsed_s
        table[k, BROKEN_S] = max(table[k, BROKEN_S] + change, 0.0)
        due = table[k, BROKEN_S] >= allowed_s(rules, rule, row) - ROUNDING_S
        if margin < 0.0 and due and state[FIRED] == 0.0:
            state[FIRED], state[FIRED_S] = rule, time_s


@njit
def step(rules: Rules, tracking: Floats, time_s: float, memory: SafetyMemory) -> int:
    """Evaluate the rules if they are due; return the code of the rule that fired, 0 if none.

    `tracking` is the measurement of `sensors.kernel.measure_tracking`, `time_s` the
    system's own clock since release. Margins are measured from release to `end_s`, beyond
    which they are nan; rules fire only when armed, and once. Without tracking the margins on
    place and attitude are nan and their clocks stand still: data loss is the rule that counts.
    """
    state, table = memory.state, memory.rules
    if time_s > rules.end_s:
        table[:, MARGIN] = math.nan
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
        table[:, MARGIN] = math.nan
    seen = state[SEEN_S]
    green_s = at(rules.track, GREEN_TIME_S, plan_at(rules, seen))
    table[DATA_LOSS - 1, MARGIN] = green_s - (time_s - seen)
    if state[ARMED] > 0.5 and state[FIRED] == 0.0:
        judge(rules, time_s, elapsed_s, memory)
    return int(state[FIRED])


@njit
def thrust_end_s(rules: Rules, memory: SafetyMemory) -> float:
    """When the system's command ends thrust, in s since release; inf while no rule has fired."""
    if memory.state[FIRED] == 0.0:
        return math.inf
    return float(memory.state[FIRED_S] + rules.latency_s)
