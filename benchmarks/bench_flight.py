"""How long Spectrum's flight takes: parts of a tick, whole flights, planning, the command."""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from downrange._jit import njit
from downrange.dynamics.kernel.rigid import AUX_SIZE, STATE_SIZE, Surroundings, derivative
from downrange.flight.assemble import assemble, plan_mission
from downrange.flight.bodies import Journey
from downrange.flight.fly import RECORD_HZ, Prepared, prepare
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission

MISSION = "spectrum-flight-1"
CALLS = 10_000
PEAK = (
    "import resource, subprocess, sys\n"
    "subprocess.run(sys.argv[1:], check=True, capture_output=True)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
)
AIRBORNE_TICKS = 1000  # 20 s: off the pad, at the control law's usual work

Floats = np.ndarray


@njit
def repeat_derivative(
    calls: int, state: Floats, time_s: float, loads: Floats, around: Surroundings, out: Floats,
    aux: Floats,
) -> None:  # fmt: skip
    """Many right-hand sides in one call, so that the call itself does not count."""
    for _ in range(calls):
        derivative(state, time_s, 0.0, loads, around, out, aux)


@cache
def ready(planned: bool) -> Prepared:
    return prepare(load_mission(MISSION, planned=planned))


def before_flight(planned: bool = False) -> tuple[loop.Numbers, loop.Flight]:
    mission = ready(planned)
    return assemble(mission.mission, mission.mission.spec, mission.planned, 1, 0, RECORD_HZ)


def airborne(planned: bool = False) -> tuple[loop.Numbers, loop.Flight]:
    numbers, flight = before_flight(planned)
    loop.fly(numbers, flight, AIRBORNE_TICKS)
    return numbers, flight


def test_right_hand_side(benchmark: BenchmarkFixture) -> None:
    numbers, flight = airborne()
    state, loads = flight.state.rigid, flight.state.loads
    out, aux = np.zeros(STATE_SIZE), np.zeros(AUX_SIZE)
    benchmark.extra_info["calls"] = CALLS
    benchmark.pedantic(
        repeat_derivative,
        (CALLS, state, 20.0, loads, numbers.plant.around, out, aux),
        rounds=20, warmup_rounds=1,
    )  # fmt: skip
    benchmark.extra_info["us_per_call"] = 1e6 * benchmark.stats.stats.min / CALLS
    assert np.isfinite(out).all()


def test_one_tick(benchmark: BenchmarkFixture) -> None:
    """One tick by itself, with the cost of calling it from Python."""
    numbers, flight = airborne(planned=True)
    benchmark.pedantic(loop.fly, (numbers, flight, 1), rounds=1000, warmup_rounds=10)
    assert flight.clock[loop.ENDED] == loop.GOING


@pytest.mark.parametrize("planned", [False, True], ids=["as_flown", "planned"])
def test_flight(benchmark: BenchmarkFixture, planned: bool) -> None:
    """A flight of the compiled loop, from the countdown to its end."""
    flown: list[loop.Flight] = []

    def new_one() -> tuple[tuple[loop.Numbers, loop.Flight, int], dict[str, object]]:
        numbers, flight = before_flight(planned)
        flown.append(flight)
        return (numbers, flight, loop.TO_THE_END), {}

    benchmark.pedantic(loop.fly, setup=new_one, rounds=10, warmup_rounds=1)
    flight_s = float(flown[-1].clock[loop.TICK]) * ready(planned).mission.spec.tick.si
    benchmark.extra_info["body_seconds"] = flight_s
    benchmark.extra_info["body_seconds_per_s"] = flight_s / benchmark.stats.stats.min


def test_orbit_with_every_body(benchmark: BenchmarkFixture) -> None:
    """Spectrum as planned: to orbit, and what it drops to the sea."""
    ready_one, flown = ready(True), list[Journey]()

    def new_one() -> tuple[tuple[Journey], dict[str, object]]:
        mission = ready_one.mission
        flown[:] = [Journey(mission, mission.spec, ready_one.planned, 1, 0, RECORD_HZ)]
        return (flown[0],), {}

    benchmark.pedantic(Journey.fly, setup=new_one, rounds=10, warmup_rounds=1)
    journey = flown[0]
    assert len(journey.dropped) == 3
    steered_s = float(journey.flight.clock[loop.TICK]) * journey.numbers.tick_s
    fell_s = 0.0
    for body in journey.dropped:
        alone_s = body.rows[np.isnan(body.rows[:, loop.NAVIGATED]), 0]  # nobody navigates it
        fell_s += float(alone_s[-1] - alone_s[0])
    benchmark.extra_info["steered_s"] = steered_s
    benchmark.extra_info["fell_s"] = fell_s
    benchmark.extra_info["body_seconds_per_s"] = (steered_s + fell_s) / benchmark.stats.stats.min


def test_warm_start(benchmark: BenchmarkFixture) -> None:
    """A new process whose kernels are compiled already, until the flight could begin."""
    program = (
        "from downrange.flight.fly import compile_loop, prepare\n"
        "from downrange.flight.load import load_mission\n"
        f"compile_loop(prepare(load_mission({MISSION!r})))\n"
    )
    command = [sys.executable, "-c", program]
    benchmark.pedantic(run, (command,), {"check": True}, rounds=3, warmup_rounds=1)


def test_plan_mission(benchmark: BenchmarkFixture) -> None:
    """Pitch programme, gains, filters, safety rules."""
    benchmark.pedantic(plan_mission, (ready(False).mission,), rounds=3, warmup_rounds=1)


def test_fly_command(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """`downrange fly --no-report` as a new process whose kernels are compiled already."""
    command = _command(tmp_path)
    benchmark.pedantic(run, (command,), {"check": True, "capture_output": True}, rounds=3,
                       warmup_rounds=1)  # fmt: skip
    # A process begins with the peak of the one that starts it: so a small one does.
    peak = [sys.executable, "-c", PEAK, *command]
    peak_kb = float(run(peak, check=True, capture_output=True, text=True).stdout)
    benchmark.extra_info["peak_mb"] = peak_kb / 1024.0


def _command(folder: Path) -> list[str]:
    program = shutil.which("downrange", path=str(Path(sys.executable).parent))
    assert program is not None, "downrange is not installed beside this Python"
    return [program, "fly", MISSION, "--no-report", "--force", "--out", str(folder / "flight")]
