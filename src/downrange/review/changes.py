"""Two recordings side by side: what moved from one to the other, when and by how much."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downrange.review.compare import sampled, short_way
from downrange.telemetry import Event, Recording, Telemetry, unit_of
from downrange.telemetry.store import plain

Floats = NDArray[np.float64]

# Keys of the summary that say what was flown and with what; they explain a change, and are none.
CONDITIONS = frozenset({
    "schema_version", "downrange", "mission", "title", "description", "mission_hash", "seed",
    "planned", "dispersed", "drawn", "faults", "launch_time_utc", "versions",
})  # fmt: skip
LEFT_OUT = frozenset({"events", "timing", "recording"})  # compared elsewhere, or of the clock

# Below these a change is rounding however small the range of its channel, where a tolerance is
# given: a micrometre, and what is as small beside the least that a review of a flight looks at.
ROUNDING = {
    "s": 1e-9, "m": 1e-6, "km": 1e-9, "m/s": 1e-8, "m/s^2": 1e-8, "deg": 1e-9, "rad": 1e-11,
    "rad/s": 1e-10, "deg/s": 1e-8, "Pa": 1e-6, "Pa rad": 1e-6, "K": 1e-9, "kg": 1e-6,
    "kg/s": 1e-8, "kg/m^3": 1e-12, "kg m^2": 1e-4, "N": 1e-5, "N m": 1e-4, "Hz": 1e-9, "1": 1e-10,
}  # fmt: skip


TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Missing:
    """A body, or one of its channels, that one of the two lacks; `channel` "" for the body."""

    body: str
    channel: str
    missing_in: str  # "before" or "after"


@dataclass(frozen=True)
class EventMoved:
    """An event of both whose time, s, or detail differs, or of one alone: nan in the other.

    `number` tells like-named events of a body apart, from 1 in time order.
    """

    body: str
    name: str
    number: int
    before_s: float
    after_s: float
    before_detail: str
    after_detail: str

    @property
    def change_s(self) -> float:
        """After minus before, s."""
        return self.after_s - self.before_s

    def within(self, time_s: float) -> bool:
        """Whether both tell the same at times no further apart than that, s."""
        return self.before_detail == self.after_detail and abs(self.change_s) <= time_s


@dataclass(frozen=True)
class FigureMoved:
    """A figure or word of the summary or plan, by its path; None where it is absent."""

    path: str
    before: Any
    after: Any

    @property
    def unit(self) -> str:
        """The unit that the figure's name states, or what it is a part of: `attitude_deg.limit`."""
        owner, _, name = self.path.rpartition(".")
        return next((unit for unit in (unit_of(name), unit_of(owner)) if unit != "1"), "1")

    @property
    def change(self) -> float:
        """After minus before, angles the short way round; nan unless both are numbers."""
        if not (_is_number(self.before) and _is_number(self.after)):
            return math.nan
        gap = float(self.after) - float(self.before)
        return float(short_way(gap)) if self.unit == "deg" else gap

    @property
    def share(self) -> float:
        """The change as a share of the larger figure; 1 where one is no number."""
        if not math.isfinite(self.change):
            return 1.0
        size = max(abs(self.before), abs(self.after), abs(self.change), TINY)
        return float(abs(self.change) / size)

    def within(self, tolerance: float) -> bool:
        """Whether the change is none, or no more than that share of the larger figure."""
        if not math.isfinite(self.change):
            return type(self.before) is type(self.after) and bool(self.before == self.after)
        size = max(abs(self.before), abs(self.after))
        return bool(abs(self.change) <= tolerance * size + _rounding(self.unit, tolerance))


@dataclass(frozen=True)
class ChannelMoved:
    """How far one channel of one body moved, in the channel's unit.

    `largest` is signed, after minus before, at `time_s`; `span` is the range that the channel
    covers in both. `alone` counts the samples that only one of the two has a value for, from
    `alone_time_s` on. What there is none of is nan.
    """

    body: str
    name: str
    unit: str
    largest: float
    time_s: float
    span: float
    alone: int
    alone_time_s: float

    @property
    def share(self) -> float:
        """The largest change as a share of the channel's range; 1 where one has no value."""
        if self.alone:
            return 1.0
        return abs(self.largest) / max(self.span, abs(self.largest), TINY)

    def within(self, tolerance: float) -> bool:
        """Whether it is there in both, and moved by no more than that share of its range."""
        limit = tolerance * self.span + _rounding(self.unit, tolerance)
        return not self.alone and not abs(self.largest) > limit


@dataclass(frozen=True)
class Changes:
    """All that differs between two recordings, by more than the tolerance that was given.

    `channels` are those of one body after the other, largest share of its range first;
    `compared` counts those that both have; `conditions` say how what was flown differs, and
    make no difference themselves.
    """

    conditions: tuple[FigureMoved, ...]
    missing: tuple[Missing, ...]
    events: tuple[EventMoved, ...]
    figures: tuple[FigureMoved, ...]
    channels: tuple[ChannelMoved, ...]
    compared: int

    @property
    def same(self) -> bool:
        """Whether the flights are the same, within the tolerance."""
        return not (self.missing or self.events or self.figures or self.channels)


def _rounding(unit: str, tolerance: float) -> float:
    """What is taken for rounding; nothing where no tolerance is given."""
    return ROUNDING.get(unit, 0.0) if tolerance else 0.0


def changes(before: Recording, after: Recording, tolerance: float = 0.0) -> Changes:
    """What moved from one recording to another.

    Channels are compared at the samples of `before` that both cover, `after` linear between
    its own; bodies, channels and events by their names, figures by their path.

    Args:
        before: what is compared with; the coarser in time, if one is.
        after: what may have moved.
        tolerance: what is left out: changes of up to this share of a channel's range, of a
            figure, and for events of the flight's duration. 0: whatever is not the same number.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0.0):
        raise ValueError(f"a tolerance is 0 or above, not {tolerance}")
    missing = list(_missing(before.bodies, after.bodies, ""))
    found: list[ChannelMoved] = []
    compared = 0
    for name in (body for body in before.bodies if body in after.bodies):
        one, other = (each.bodies[name].telemetry for each in (before, after))
        missing += _missing(one.names, other.names, name)
        shared = [each for each in one.names if each in other and each != "time_s"]
        compared += len(shared)
        moved = _channels(name, one, other, shared)
        mine = (each for each in moved if not each.within(tolerance))
        found += sorted(mine, key=lambda each: -each.share)
    figures = _side_by_side(_figures(before), _figures(after))
    conditions = _side_by_side(_conditions(before), _conditions(after))
    return Changes(
        conditions=tuple(each for each in conditions if not each.within(0.0)),
        missing=tuple(missing),
        events=tuple(_events(before.events, after.events, tolerance)),
        figures=tuple(each for each in figures if not each.within(tolerance)),
        channels=tuple(found),
        compared=compared,
    )


def _missing(before: Iterable[str], after: Iterable[str], body: str) -> Iterator[Missing]:
    one, other = list(before), list(after)
    for names, others, where in ((one, other, "after"), (other, one, "before")):
        for name in names:
            if name not in others:
                yield Missing(body, name, where) if body else Missing(name, "", where)


def _channels(
    body: str, before: Telemetry, after: Telemetry, names: Iterable[str]
) -> Iterator[ChannelMoved]:  # fmt: skip
    """How far each channel of one body moved, where the two have a time in common."""
    clock, other = before["time_s"], after["time_s"]
    if not (len(clock) and len(other)):
        return
    last = np.append(np.diff(clock) > 0.0, True)
    seen = last & (clock >= other[0]) & (clock <= other[-1])
    times = clock[seen]
    if not len(times):
        return
    for name in names:
        turns = unit_of(name) == "deg"
        values = sampled(times, other, after[name], turns)
        yield _channel(body, name, times, before[name][seen], values, turns)


def _channel(
    body: str, name: str, times: Floats, before: Floats, after: Floats, turns: bool
) -> ChannelMoved:
    known = np.isfinite(before), np.isfinite(after)
    both, alone = known[0] & known[1], known[0] != known[1]
    largest = time_s = span = math.nan
    if both.any():
        one, other = before[both], after[both]
        gap = short_way(other - one) if turns else other - one
        worst = int(np.argmax(np.abs(gap)))
        largest, time_s = float(gap[worst]), float(times[both][worst])
        span = float(max(one.max(), other.max()) - min(one.min(), other.min()))
    first = float(times[alone][0]) if alone.any() else math.nan
    return ChannelMoved(
        body, name, unit_of(name), largest, time_s, span, int(alone.sum()), first
    )  # fmt: skip


def _events(
    before: Iterable[Event], after: Iterable[Event], tolerance: float
) -> Iterator[EventMoved]:
    """Events in time order that moved, or that one of the two lacks."""
    one, other = _by_name(before), _by_name(after)
    times = [event.time_s for each in (one, other) for group in each.values() for event in group]
    within_s = tolerance * (max(times) - min(times)) if times else 0.0
    within_s += _rounding("s", tolerance)
    found = []
    for body, name in dict.fromkeys((*one, *other)):
        pairs = _paired(one[body, name], other[body, name])
        for number, (first, second) in enumerate(pairs, start=1):
            moved = EventMoved(
                body, name, number,
                first.time_s if first else math.nan, second.time_s if second else math.nan,
                first.detail if first else "", second.detail if second else "",
            )  # fmt: skip
            if not moved.within(within_s):
                found.append(moved)
    yield from sorted(found, key=lambda each: np.nanmin([each.before_s, each.after_s]))


def _by_name(events: Iterable[Event]) -> defaultdict[tuple[str, str], list[Event]]:
    groups: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda each: each.time_s):
        groups[event.body, event.name].append(event)
    return groups


def _paired(
    before: list[Event], after: list[Event]
) -> list[tuple[Event | None, Event | None]]:  # fmt: skip
    """Like-named events as pairs: those that tell the same, then the others in their order."""
    left = list(after)
    pairs: list[tuple[Event | None, Event | None]] = []
    rest: list[Event] = []
    for event in before:
        same = next((each for each in left if each.detail == event.detail), None)
        if same is None:
            rest.append(event)
        else:
            left.remove(same)
            pairs.append((event, same))
    longest = max(len(rest), len(left))
    pairs += [(_nth(rest, k), _nth(left, k)) for k in range(longest)]
    return sorted(pairs, key=lambda pair: min(each.time_s for each in pair if each))


def _nth(events: list[Event], k: int) -> Event | None:
    return events[k] if k < len(events) else None


def _conditions(recording: Recording) -> dict[str, Any]:
    return dict(_flat({k: v for k, v in recording.summary.items() if k in CONDITIONS}))


def _figures(recording: Recording) -> dict[str, Any]:
    """What came of a flight, and the single numbers of its plan, by path."""
    summary = {
        key: value for key, value in recording.summary.items() if key not in CONDITIONS | LEFT_OUT
    }
    single = {k: v for k, v in recording.plan.items() if not isinstance(v, Mapping | list | tuple)}
    told = recording.summary.get("bodies") or {}
    clocks = {
        body: {"first_time_s": clock[0], "last_time_s": clock[-1]}
        for body, each in recording.bodies.items()
        if body not in told and len(clock := each.telemetry["time_s"])
    }
    return dict(_flat(summary | {"plan": single, "telemetry": clocks}))


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything single within; items of a list by their name or place."""
    data = plain(data)
    if isinstance(data, list):
        named = all(isinstance(each, dict) and "name" in each for each in data)
        data = {str(each["name"]) if named else str(k): each for k, each in enumerate(data)}
    if not isinstance(data, dict):
        yield path, data
        return
    for key, value in data.items():
        yield from _flat(value, f"{path}.{key}" if path else key)


def _side_by_side(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FigureMoved]:
    paths = dict.fromkeys((*before, *after))
    return [FigureMoved(path, before.get(path), after.get(path)) for path in paths]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
