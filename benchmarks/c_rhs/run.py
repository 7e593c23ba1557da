"""The compiled right-hand side beside the same in C: do they agree, and which is how fast?

    python benchmarks/c_rhs/run.py [--json FILE]

Builds rhs.c with the system's C compiler (`CC`, else cc) at -O3, and at -O3 for this processor,
as numba compiles. Both work through the same random states of an ascent, each in a loop of its own
language, in turn. Exit code 1 if a number differs by more than `CLOSE`, or if C is quicker by more
than `LIMIT`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np

from downrange._jit import njit
from downrange.dynamics.kernel.rigid import AUX_SIZE, STATE_SIZE, Surroundings, derivative
from downrange.flight.assemble import assemble
from downrange.flight.fly import RECORD_HZ, prepare
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission

SOURCE = Path(__file__).with_name("rhs.c")
BUILDS = {"C, -O3": ["-O3"], "C, -O3 -march=native": ["-O3", "-march=native"]}
STATES, ROUNDS = 2000, 200
LIMIT = 1.3
CLOSE = 1e-12  # of the largest of its kind: 5,000 times the spacing of numbers
TIME_S, ELAPSED_S = 60.0, 0.01
MACHS = (0.2, 8.0)
TOP_M = 120e3  # past the end of the equations for the air at 86 km

Floats = np.ndarray


class CAround(ctypes.Structure):
    """Around of rhs.c."""

    _fields_ = [
        *((name, ctypes.c_double)
          for name in ("a", "flattening", "mu", "j2", "j2_radius", "omega")),
        ("air", ctypes.c_void_p), ("air_rows", ctypes.c_long),
        ("profile", ctypes.c_void_p), ("profile_rows", ctypes.c_long),
        ("gusts", ctypes.c_void_p), ("gust_rows", ctypes.c_long),
        ("mach", ctypes.c_void_p), ("machs", ctypes.c_long),
        ("table", ctypes.c_void_p), ("angles", ctypes.c_long),
        *((name, ctypes.c_double)
          for name in ("area", "length", "reference_x", "pitch_damping", "damping_x",
                       "roll_damping", "planform", "planform_x", "planform_gyration")),
        ("base_k", ctypes.c_double * 7), ("base_pa", ctypes.c_double * 7),
    ]  # fmt: skip


@njit
def every(
    states: Floats, time_s: float, elapsed_s: float, loads: Floats, around: Surroundings,
    slopes: Floats, learnt: Floats,
) -> None:  # fmt: skip
    """`all` of rhs.c."""
    for i in range(states.shape[0]):
        derivative(states[i], time_s, elapsed_s, loads, around, slopes[i], learnt[i])


def in_flight() -> tuple[Floats, Floats, Surroundings]:
    """Random states about Spectrum's twenty seconds after lift-off, its loads, what is around."""
    mission = prepare(load_mission("spectrum-flight-1", planned=True))
    numbers, flight = assemble(mission.mission, mission.mission.spec, mission.planned, 1, 0,
                               RECORD_HZ)  # fmt: skip
    loop.fly(numbers, flight, 1100)
    random = np.random.default_rng(1)
    states = np.tile(flight.state.rigid, (STATES, 1))
    up = states[:, :3] / np.linalg.norm(states[:, :3], axis=1)[:, None]
    states[:, :3] += up * random.uniform(0.0, TOP_M, STATES)[:, None]
    nose = up + random.normal(0.0, 0.3, (STATES, 3))
    states[:, 3:6] += nose * 300.0 * random.uniform(*MACHS, STATES)[:, None]
    states[:, 6:10] += random.normal(0.0, 0.05, (STATES, 4))
    states[:, 6:10] /= np.linalg.norm(states[:, 6:10], axis=1)[:, None]
    states[:, 10:13] = random.normal(0.0, 0.05, (STATES, 3))
    loads = flight.state.loads.copy()
    loads[5:8] = random.normal(0.0, 0.01, 3) * loads[3]  # products of inertia, which it has not
    return states, loads, numbers.plant.around


def in_c(around: Surroundings) -> CAround:
    """The same surroundings for C; the arrays stay those of `around`."""
    earth, wind, aero = around
    assert aero.model == 1, "rhs.c knows bodies of revolution only"
    assert wind.extrapolate == 0, "rhs.c holds the ends of the wind"
    return CAround(
        earth.equatorial_radius_m, earth.flattening, earth.mu_m3ps2, earth.j2, earth.j2_radius_m,
        earth.rotation_radps, earth.upper_air.ctypes.data, len(earth.upper_air),
        wind.profile.ctypes.data, len(wind.profile), wind.gusts.ctypes.data, len(wind.gusts),
        aero.mach.ctypes.data, len(aero.mach), aero.table.ctypes.data, aero.table.shape[1],
        aero.reference_area_m2, aero.reference_length_m, aero.reference_x_m, aero.pitch_damping,
        aero.damping_x_m, aero.roll_damping, aero.planform_area_m2, aero.planform_x_m,
        aero.planform_gyration_m,
    )  # fmt: skip


def built(flags: list[str], folder: Path) -> Any:
    """The library of rhs.c."""
    library = folder / f"rhs{len(flags)}.so"
    compiler = os.environ.get("CC", "cc")
    run([compiler, *flags, "-shared", "-fPIC", SOURCE, "-o", library, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def worst(ours: Floats, theirs: Floats) -> float:
    """Largest difference, each column over its largest number."""
    size = np.maximum(np.abs(ours).max(axis=0), 1e-300)
    return float((np.abs(ours - theirs).max(axis=0) / size).max())


def least(calls: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Least time of each, all in turn, in ns a right-hand side."""
    found = dict.fromkeys(calls, np.inf)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            found[name] = min(found[name], time.perf_counter() - started)
    return {name: 1e9 * each / STATES for name, each in found.items()}


def compare(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Times in ns, and the worst difference of each build from the kernel."""
    states, loads, around = in_flight()
    slopes, learnt = np.zeros((STATES, STATE_SIZE)), np.zeros((STATES, AUX_SIZE))
    given, differences = in_c(around), {}

    def kernel() -> None:
        every(states, TIME_S, ELAPSED_S, loads, around, slopes, learnt)

    kernel()
    calls: dict[str, Callable[[], None]] = {"numba": kernel}
    for name, flags in BUILDS.items():
        library = built(flags, folder)
        library.prepare(ctypes.byref(given))
        c_slopes, c_learnt = np.zeros_like(slopes), np.zeros_like(learnt)
        pointers = [each.ctypes.data_as(ctypes.c_void_p) for each in
                    (states, loads, c_slopes, c_learnt)]  # fmt: skip

        def in_its_loop(library: Any = library, p: list[Any] = pointers) -> None:
            library.all(ctypes.c_long(STATES), p[0], ctypes.c_double(TIME_S),
                        ctypes.c_double(ELAPSED_S), p[1], ctypes.byref(given), p[2],
                        p[3])  # fmt: skip

        in_its_loop()
        differences[name] = max(worst(slopes, c_slopes), worst(learnt, c_learnt))
        calls[name] = in_its_loop
    return least(calls), differences


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="file for all figures")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times, differences = compare(Path(folder))
    print("| right-hand side | least | kernel over it | largest difference |\n|---|---|---|---|")
    print(f"| kernel `rigid.derivative` | {times['numba']:.0f} ns | | |")
    for name, difference in differences.items():
        ratio = times["numba"] / times[name]
        print(f"| {name} | {times[name]:.0f} ns | {ratio:.2f} | {difference:.1e} |")
    if words.json:
        words.json.write_text(json.dumps({"ns": times, "differences": differences}) + "\n")
    slow = any(times["numba"] > LIMIT * times[name] for name in differences)
    sys.exit(int(slow or max(differences.values()) > CLOSE))


if __name__ == "__main__":
    main()
