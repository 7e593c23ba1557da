"""How a draw is written into kernel arrays, worked out from the mission itself.

Each drawn value is moved alone, the legs are built anew, and what changes shows how every entry
depends on it: proportional to a power of it, linear in it or in its inverse, or else by a parabola
(the bending modes). Draws of all values at once then show whether that holds; where it does not,
or a draw moves what is no table, the legs are built anew for each flight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange.flight.assemble import Planned
from downrange.flight.build import Built, build_legs, own_copies, tables_of
from downrange.flight.draw import DrawPlan, Line, apply, paths_of
from downrange.flight.kernel.writes import ADD, INVERSE, POWER, SET, Writes, write
from downrange.flight.load import Mission

Floats = NDArray[np.float64]
Build = Callable[[Mapping[str, float]], tuple[Built, ...]]

RECORD_HZ = 20.0  # of the legs that are compared; nothing depends on it
SIGMAS = 2.0  # that a normal value is moved by
EARLIER_S = 100.0  # and a failure
NEVER_S = 1e9  # when what never fails fails, in arrays
EXACT = 1e-9  # relative, of entries whose law is known
CLOSE = 1e-4  # of the largest of its kind, of entries that follow a parabola and of all modes
TRIALS = 4  # draws of all values at once
TRIAL_SEED = 20_250_330


class Term(NamedTuple):
    """What one value does to one entry, see `kernel.writes`."""

    variable: int
    kind: int
    nominal: float
    a: float
    b: float


@dataclass
class _Leg:
    """What is known of one leg."""

    base: Floats  # all tables one after the other
    scale: Floats  # of each entry: the largest of its kind
    terms: dict[int, list[Term]] = field(default_factory=dict)
    close: set[int] = field(default_factory=set)  # entries that follow their law only so closely


class Unwritable(NamedTuple):
    """Why a draw can't be written: the paths that it moves, and what else they move."""

    why: str


def derive_writes(
    mission: Mission, planned: Planned, plan: DrawPlan
) -> tuple[Writes, ...] | Unwritable:
    """How each leg's tables follow from a draw; the tables of `Writes` are still to be given.

    See `bound`.
    """
    if any(line.kind == "choice" for line in plan.lines):
        return Unwritable("each flight takes a sounding of its own")
    if any(name.startswith("vehicle.imu.") for name in plan.names):
        return Unwritable("the errors of the inertial unit follow from drawn values")
    nominal = finite(plan.nominal)
    never = {name: NEVER_S for name, x in zip(plan.names, plan.nominal, strict=True) if x > NEVER_S}
    paths = paths_of(mission.spec)

    def build(drawn: Mapping[str, float]) -> tuple[Built, ...]:
        return build_legs(mission, apply(mission.spec, drawn, paths), planned, RECORD_HZ)

    built = own_copies(build(never))
    legs = [_Leg(_flat(leg), _scale(leg), close=_modes(leg)) for leg in built]
    fixed = [list(_others(leg)) for leg in built]
    for variable, x0 in enumerate(nominal):
        moved = _moves(plan.lines[variable], float(x0))
        tries = []
        for x in moved:
            found = build(never | {plan.names[variable]: x})
            if [list(_others(leg)) for leg in found] != fixed:
                return Unwritable(f"{plan.names[variable]} moves more than tables")
            tries.append([_flat(leg) for leg in found])
        for k, leg in enumerate(legs):
            seen = np.stack([each[k] for each in tries])
            if seen.shape[1] != leg.base.size:
                return Unwritable(f"{plan.names[variable]} changes the size of a table")
            _learn(leg, variable, float(x0), np.array(moved), seen)
    writes = tuple(_packed(leg, one) for leg, one in zip(legs, built, strict=True))
    return _wrong(build, plan, legs, writes) or writes


def bound(writes: Sequence[Writes], legs: Sequence[Built]) -> list[Writes]:
    """The same for the tables of these legs, which are overwritten in every flight."""
    return [each._replace(tables=tables_of(leg)) for each, leg in zip(writes, legs, strict=True)]


def finite(values: Floats) -> Floats:
    """Drawn values as arrays have them: what never happens happens in 30 years."""
    return np.where(np.isposinf(values), NEVER_S, values)


def _moves(line: Line, nominal: float) -> list[float]:
    """Two values at which a draw is looked at, within the ends of its distribution."""
    given = line.parameters
    if line.kind == "exponential":
        return [nominal - EARLIER_S, nominal + EARLIER_S]
    reach = SIGMAS * given["sigma"] if line.kind == "normal" else math.inf
    low = max(nominal - reach, given.get("low", -math.inf))
    high = min(nominal + reach, given.get("high", math.inf))
    # The value may lie at an end: then both are on its other side.
    return [
        low if low < nominal else 0.5 * (nominal + high),
        high if high > nominal else 0.5 * (nominal + low),
    ]


def _flat(leg: Built) -> Floats:
    return np.concatenate(tables_of(leg))


def _scale(leg: Built) -> Floats:
    """The size of each entry; of the bending modes, whose shapes pass zero, that of its column."""
    sizes = [np.abs(table) for table in tables_of(leg)]
    modes = leg.numbers.plant.bending.table
    largest = np.abs(modes).max(axis=(0, 1))
    place = [table.base is modes or table is modes for table in tables_of(leg)].index(True)
    sizes[place] = np.broadcast_to(largest, modes.shape).ravel()
    return np.concatenate(sizes)


def _modes(leg: Built) -> set[int]:
    """Entries of the bending modes, which no law fits better than they are solved for."""
    bending = leg.numbers.plant.bending
    own = {id(bending.fraction), id(bending.table)}
    tables = tables_of(leg)
    edges = np.cumsum([0, *(table.size for table in tables)]).tolist()
    spans = zip(tables, edges, edges[1:], strict=False)
    return {k for table, low, high in spans if id(_root(table)) in own for k in range(low, high)}


def _others(leg: Built) -> Iterator[Any]:
    """Every number of a leg that is in none of its tables."""
    tables = {id(_root(table)) for table in tables_of(leg)}

    def walk(node: Any) -> Iterator[Any]:
        if isinstance(node, np.ndarray):
            if id(_root(node)) not in tables:
                yield node.tobytes()
        elif isinstance(node, tuple):
            for each in node:
                yield from walk(each)
        else:
            yield node

    yield from walk(leg._replace(numbers=leg.numbers._replace(plan=None, rules=None)))  # type: ignore[arg-type]


def _root(table: Floats) -> Any:
    return table if table.base is None else table.base


def _learn(leg: _Leg, variable: int, x0: float, x: Floats, seen: Floats) -> None:
    """Put down how the entries that have changed depend on a value."""
    nothing = np.isnan(leg.base)  # a fault that has no value
    for entry in np.flatnonzero((seen != leg.base).any(axis=0) & ~nothing).tolist():
        term = _law(variable, x0, x, float(leg.base[entry]), seen[:, entry])
        if term is None:
            step, change = x - x0, seen[:, entry] - leg.base[entry]
            a, b = np.linalg.lstsq(np.stack([step, step**2], axis=1), change)[0]
            term = Term(variable, ADD, x0, float(a), float(b))
            leg.close.add(entry)
        leg.terms.setdefault(entry, []).append(term)


def _law(variable: int, x0: float, x: Floats, base: float, seen: Floats) -> Term | None:
    """The law that an entry follows exactly; None if it is none of those known."""
    if base == x0 and (seen == x).all():
        return Term(variable, SET, x0, 1.0, 0.0)
    if base != 0.0 and x0 > 0.0 and (x > 0.0).all() and (seen / base > 0.0).all():
        powers = np.log(seen / base) / np.log(x / x0)
        if np.ptp(powers) <= EXACT * max(1.0, abs(powers[0])):
            nearest = round(2.0 * float(powers[-1])) / 2.0
            close = abs(nearest - powers[-1]) <= EXACT
            return Term(variable, POWER, x0, nearest if close else float(powers[-1]), 0.0)
    slopes = (seen - base) / (x - x0)
    if np.ptp(slopes) <= EXACT * abs(slopes[-1]):
        return Term(variable, ADD, x0, float(slopes[-1]), 0.0)
    if base != 0.0 and x0 != 0.0 and (x != 0.0).all():
        shares = (seen / base - 1.0) / (x0 / x - 1.0)
        if np.ptp(shares) <= EXACT * abs(shares[-1]):
            return Term(variable, INVERSE, x0, float(shares[-1]), 0.0)
    return None


def _packed(leg: _Leg, built: Built) -> Writes:
    """The laws of a leg as the kernel reads them."""
    edges = np.cumsum([0, *(table.size for table in tables_of(built))])
    entries: list[tuple[int, ...]] = []
    terms: list[Term] = []
    for entry in sorted(leg.terms):
        table = int(np.searchsorted(edges, entry, side="right")) - 1
        first = len(terms)
        terms += leg.terms[entry]
        entries.append((table, entry - int(edges[table]), first, len(terms)))
    return Writes(
        tables=tables_of(built),
        entries=np.array(entries, dtype=np.int64).reshape(-1, 4),
        base=np.array([leg.base[entry] for entry in sorted(leg.terms)], dtype=np.float64),
        terms=np.array(terms, dtype=np.float64).reshape(-1, 5),
    )


def _wrong(
    build: Build, plan: DrawPlan, legs: Sequence[_Leg], writes: Sequence[Writes]
) -> Unwritable | None:
    """What draws of all values at once show to be otherwise."""
    for values in finite(plan.sample(TRIAL_SEED, 0, TRIALS)):
        exact = build(dict(zip(plan.names, values.tolist(), strict=True)))
        for leg, each, built in zip(legs, writes, exact, strict=True):
            write(each, values)
            found, wanted = np.concatenate(each.tables), _flat(built)
            with np.errstate(invalid="ignore"):  # what holds from the start holds from -inf
                same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
                off = np.where(same, 0.0, np.abs(found - wanted))
            allowed = np.full(off.size, EXACT)
            allowed[sorted(leg.close)] = CLOSE
            worst = int(np.argmax(off - allowed * leg.scale))
            if off[worst] > allowed[worst] * leg.scale[worst]:
                moved = {plan.names[term.variable] for term in leg.terms.get(worst, ())}
                told = f"{', '.join(sorted(moved)) or 'no value alone'} together"
                return Unwritable(f"{told} move a number by a law of its own")
    return None
