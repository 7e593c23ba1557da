"""The launcher's ascent in Downrange, all models on, from the files that `downrange new` writes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from serve import serve

from downrange.flight.bodies import Journey
from downrange.flight.fly import RECORD_HZ, Prepared, compile_loop, prepare
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission

STAGES = 4  # of a classical Runge-Kutta step, one a tick

# The mission ends with the upper stage's first cut-off; what it drops until then is flown too.
ASCENT = [("end.phase", "tail_off"), ("end.after", "20 ms")]


def ready(mission: Path) -> Prepared:
    """Planned and compiled."""
    prepared = prepare(load_mission(mission, settings=ASCENT))
    compile_loop(prepared)
    return prepared


def fly(prepared: Prepared) -> dict[str, float]:
    """One flight; planning and the writing of files are not timed.

    `wall_s` is the steered body's alone, `all_wall_s` with what it drops flown to the ground.
    """
    mission = prepared.mission
    journey = Journey(mission, mission.spec, prepared.planned, 1, 0, RECORD_HZ)
    dropped_s, loop_s = 0.0, 0.0
    started = time.perf_counter()
    while True:
        begun = time.perf_counter()
        loop.fly(journey.numbers, journey.flight, loop.TO_THE_END)
        loop_s += time.perf_counter() - begun
        if not journey.parts_now():
            break
        before, now_s = len(journey.dropped), journey.flight.clock[loop.TICK]
        journey.part()
        for body in journey.dropped[before:]:
            dropped_s += float(body.rows[-1, 0] - now_s * journey.numbers.tick_s)
    wall_s = time.perf_counter() - started
    ticks, state = float(journey.flight.clock[loop.TICK]), journey.flight.state
    return {
        "wall_s": loop_s,
        "simulated_s": ticks * journey.numbers.tick_s,
        "steps": ticks,
        "right_hand_sides": STAGES * ticks,
        "end_altitude_m": float(state.aux[2]),
        "end_speed_mps": float(np.linalg.norm(state.rigid[3:6])),
        "all_wall_s": wall_s,
        "dropped_s": dropped_s,
    }


if __name__ == "__main__":
    prepared = ready(Path(sys.argv[1]))
    serve(lambda: fly(prepared))
