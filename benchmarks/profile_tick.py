"""Where the time of a tick goes: each piece in a loop of its own, on one state in flight.

    python benchmarks/profile_tick.py [--mission NAME] [--at 60] [--json FILE]

What runs less often than once a tick (the safety system, records) counts with its share. A piece
alone runs in a warm cache on a state that hardly changes, and in the loop the compiler joins
pieces: the sum is within some percent of the whole tick, which is measured too.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from downrange._jit import njit
from downrange.dynamics.kernel import advance
from downrange.flight.assemble import assemble
from downrange.flight.fly import RECORD_HZ, Prepared, prepare
from downrange.flight.kernel import loop
from downrange.flight.kernel.watch import watch_tick
from downrange.flight.load import load_mission
from downrange.gnc.kernel.step import guide, turn

CALLS, ROUNDS = 1000, 200
TICKS, FLIGHTS = 100, 40  # of the whole tick: so many in a call, so many flights to the same place
TINY_S = 1e-9  # in which nothing burns or moves

Piece = Callable[[loop.Numbers, loop.Flight, int], object]


@njit
def nothing(_n: loop.Numbers, _f: loop.Flight, calls: int) -> int:
    """What the call from Python costs: it unpacks some hundred arrays."""
    return calls


@njit
def sense(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Health and sensors."""
    for _ in range(calls):
        loop.look(n, f)


@njit
def software(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Flight software: navigation, sequence, guidance, control, allocation."""
    for _ in range(calls):
        tick_s = guide(n.plan, f.measured, f.memory, f.command)
        turn(n.plan, tick_s, f.measured, f.memory, f.command)


@njit
def safety(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Tracking and the rules of the safety system."""
    now = f.clock[loop.TICK] * n.tick_s
    place = (f.state.rigid[0], f.state.rigid[1], f.state.rigid[2])
    speed = (f.state.rigid[3], f.state.rigid[4], f.state.rigid[5])
    for _ in range(calls):
        f.verdict.state[loop.NEXT_S] = 0.0
        loop.judge(n.rules, n.sensors.tracking, now, place, speed, f.clock, f.state, f.track,
                   f.verdict, f.watch, f.random)  # fmt: skip


@njit
def turbulence(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Three random numbers and the filters of the gusts."""
    for _ in range(calls):
        loop.blow(n.plant.around.wind, f.state.aux[2], n.tick_s, f.state, f.gusts, f.random)


@njit
def look_around(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Air, gravity and aerodynamics at the start of the tick: the first of four slopes."""
    for _ in range(calls):
        advance.see(n.plant, f.state, f.clock[loop.TICK] * n.tick_s)


@njit
def modes(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Bending modes at the propellant now."""
    for _ in range(calls):
        advance.set_modes(n.plant, f.state, f.health)


@njit
def engines(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Levels of the engines, flow out of the tanks."""
    for _ in range(calls):
        advance.burn(n.plant, f.state, f.command, f.health, TINY_S)


@njit
def gimbals(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Gimbals and bending in their sub-steps."""
    for _ in range(calls):
        advance.swing(n.plant, f.state, f.command, f.health, n.tick_s)


@njit
def loads(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Mass properties, sums of thrust, reactions of the gimbals."""
    for _ in range(calls):
        advance.set_loads(n.plant, f.state, n.tick_s)


@njit
def runge_kutta(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """The other three slopes, and whether the ground is touched."""
    for _ in range(calls):
        advance.move(n.plant, f.state, f.clock[loop.TICK] * n.tick_s, TINY_S)


@njit
def feel(_n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """What the bending did to the inertial unit."""
    for _ in range(calls):
        advance.feel(f.state)


@njit
def watch(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """Events, limits, the ledger of velocity."""
    now = f.clock[loop.TICK] * n.tick_s
    for _ in range(calls):
        watch_tick(n.watch, n.tick_s, now, n.tick_s, f.clock, f.state, f.memory.words,
                   f.command.engine_on, f.health.engine, f.watch)  # fmt: skip


@njit
def record(n: loop.Numbers, f: loop.Flight, calls: int) -> None:
    """A row of telemetry."""
    for _ in range(calls):
        f.clock[loop.ROWS] = 10.0
        loop.record(f, f.clock[loop.TICK] * n.tick_s)


PIECES: dict[str, Piece] = {
    "sensors": sense,
    "flight software": software,
    "safety system": safety,
    "turbulence": turbulence,
    "first slope (look around)": look_around,
    "bending modes": modes,
    "engines and tanks": engines,
    "gimbals and bending": gimbals,
    "mass and loads": loads,
    "Runge-Kutta, three slopes": runge_kutta,
    "felt by the inertial unit": feel,
    "watch": watch,
    "record": record,
}


def in_flight(ready: Prepared, ticks: int) -> tuple[loop.Numbers, loop.Flight]:
    """Flown so many ticks."""
    mission = ready.mission
    numbers, flight = assemble(mission, mission.spec, ready.planned, 1, 0, RECORD_HZ)
    loop.fly(numbers, flight, ticks)
    if flight.clock[loop.ENDED] != loop.GOING:
        raise SystemExit("the first leg of the flight is over by then: take an earlier time")
    return numbers, flight


def called_s(piece: Piece, ready: Prepared, ticks: int) -> float:
    """Least time of so many calls of a piece, with the one call from Python."""
    piece(*in_flight(ready, ticks), 1)
    numbers, flight = in_flight(ready, ticks)
    least = np.inf
    for _ in range(ROUNDS):
        started = time.perf_counter()
        piece(numbers, flight, CALLS)
        least = min(least, time.perf_counter() - started)
    return least


def tick_s(ready: Prepared, ticks: int, empty_s: float) -> float:
    """Least time of one tick of the loop about then."""
    least = np.inf
    for _ in range(FLIGHTS):
        numbers, flight = in_flight(ready, ticks)
        for _ in range(10):
            started = time.perf_counter()
            loop.fly(numbers, flight, TICKS)
            least = min(least, time.perf_counter() - started)
    return (least - empty_s) / TICKS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mission", default="spectrum-flight-1", help="name or file")
    parser.add_argument("--at", type=float, default=60.0, help="s on the mission clock")
    parser.add_argument("--json", type=Path, help="file for all figures")
    words = parser.parse_args()
    ready = prepare(load_mission(words.mission, planned=True))
    ticks = round(words.at / ready.mission.spec.tick.si)
    numbers = in_flight(ready, ticks)[0]
    shares = {
        "safety system": numbers.tick_s / float(numbers.rules.period_s),
        "record": 1.0 / float(numbers.record_every[0, 1]),
    }
    empty_s = called_s(nothing, ready, ticks)
    found = {
        name: (called_s(each, ready, ticks) - empty_s) / CALLS for name, each in PIECES.items()
    }
    spent = {name: each * shares.get(name, 1.0) for name, each in found.items()}
    whole, total = tick_s(ready, ticks, empty_s), sum(spent.values())
    print("| piece | a call | in a tick | share of the sum |\n|---|---|---|---|")
    for name, each in sorted(spent.items(), key=lambda pair: -pair[1]):
        share = 100.0 * each / total
        print(f"| {name} | {1e9 * found[name]:.0f} ns | {1e9 * each:.0f} ns | {share:.0f} % |")
    print(f"| sum | | {1e9 * total:.0f} ns | |")
    print(f"| the whole tick, in the loop | | {1e9 * whole:.0f} ns | |")
    if words.json:
        words.json.write_text(json.dumps({"pieces_s": spent, "tick_s": whole}) + "\n")


if __name__ == "__main__":
    main()
