"""Downrange beside JSBSim and RocketPy: one run, one core, in turn, each in its own environment.

    python benchmarks/peers/run.py [--rounds 7] [--core 0] [--json FILE] [--cache FOLDER]

The first run makes the peers' environments in the cache folder. Prints a table in Markdown: the
least and the median time of a flight, and ratios of the least ones. README.md in benchmarks/ says
what is alike in the flights and what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import venv
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen, run
from typing import Any

import platformdirs

HERE = Path(__file__).parent
# JSBSim's own habit is 120 Hz; 50 Hz is the tick of Downrange's flight software.
JSBSIM = [
    ("lean", "ascent.xml", 120),
    ("hardware", "ascent_full.xml", 120),
    ("hardware", "ascent_full.xml", 50),
    ("its own J246", "scripts/J2461.xml", 120),
]
CLI = [sys.executable, "-c", "from downrange.cli import main; main()"]


@dataclass
class Flyer:
    """A process that flies one and the same flight each time it is told to."""

    name: str
    process: Popen[str]
    flights: list[dict[str, float]] = field(default_factory=list)

    def fly(self) -> dict[str, float]:
        """One flight.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("fly\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} stopped with exit code {self.process.wait()}")
        flight: dict[str, float] = json.loads(answer)
        return flight


def environment(peer: str, cache: Path) -> str:
    """Python of a peer's environment, made with its pinned requirements where it is not yet."""
    wanted = HERE / f"requirements-{peer}.txt"
    folder, done = cache / peer, cache / peer / wanted.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not done.exists() or done.read_text() != wanted.read_text():
        sys.stderr.write(f"installing {peer} in {folder} ...\n")
        venv.create(folder, with_pip=True, clear=True)
        run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True, stdout=sys.stderr)
        done.write_text(wanted.read_text())
    return str(python)


def launcher(folder: Path) -> Path:
    """The mission that `downrange new` writes, with its launcher."""
    for words in (["vehicle", "launcher"], ["mission", "ascent", "--vehicle", "launcher.toml"]):
        run([*CLI, "new", *words], check=True, cwd=folder, stdout=sys.stderr)
    return folder / "ascent.toml"


def commands(cache: Path, folder: Path) -> dict[str, list[str]]:
    """What flies, by name, the first being what the others are compared with."""
    jsbsim, rocketpy = environment("jsbsim", cache), environment("rocketpy", cache)
    found = {
        "Downrange": [sys.executable, str(HERE / "downrange_flight.py"), str(launcher(folder))]
    }
    for kind, script, hz in JSBSIM:
        words = [jsbsim, str(HERE / "jsbsim_flight.py"), script, str(1.0 / hz)]
        found[f"JSBSim, {kind}, steps of 1/{hz} s"] = words
    found["RocketPy"] = [rocketpy, str(HERE / "rocketpy_flight.py")]
    return found


def measure(rounds: int, cache: Path) -> list[Flyer]:
    """Each in turn, round after round; a first flight each does not count."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_now:
        flyers = [
            Flyer(name, open_now.enter_context(Popen(words, stdin=PIPE, stdout=PIPE, text=True)))
            for name, words in commands(cache, Path(folder)).items()
        ]
        for flyer in flyers:
            sys.stderr.write(f"first flight: {flyer.name} ...\n")
            flyer.fly()
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            for flyer in flyers:
                flyer.flights.append(flyer.fly())
        for flyer in flyers:
            assert flyer.process.stdin is not None
            flyer.process.stdin.close()
    return flyers


def figures(flyer: Flyer) -> dict[str, Any]:
    """What came of a flyer's flights: rates are of the least time."""
    flight = flyer.flights[0]
    walls = [each["wall_s"] for each in flyer.flights]
    least_s = min(walls)
    found = {
        "name": flyer.name,
        "least_s": least_s,
        "median_s": statistics.median(walls),
        "times_real": flight["simulated_s"] / least_s,
        "steps_per_s": flight["steps"] / least_s,
        "right_hand_sides_per_s": flight["right_hand_sides"] / least_s,
        "flight": flight,
    }
    if "dropped_s" in flight:
        all_s = min(each["all_wall_s"] for each in flyer.flights)
        found["all_bodies_times_real"] = (flight["simulated_s"] + flight["dropped_s"]) / all_s
    return found


RATES = {
    "times_real": "seconds flown a second",
    "steps_per_s": "steps a second",
    "right_hand_sides_per_s": "right-hand sides a second",
}


def tables(found: Sequence[dict[str, Any]]) -> str:
    """Two tables in Markdown: what was measured, and how often Downrange has it."""
    lines = [
        "| | flown | steps | least | median | " + " | ".join(RATES.values()) + " |",
        "|---|---|---|---|---|" + "---|" * len(RATES),
    ]
    for each in found:
        flight, rates = each["flight"], " | ".join(f"{each[key]:,.0f}" for key in RATES)
        lines.append(
            f"| {each['name']} | {flight['simulated_s']:.0f} s | {flight['steps']:,.0f} "
            f"| {each['least_s']:.3f} s | {each['median_s']:.3f} s | {rates} |"
        )
    lines += ["", "| Downrange over | " + " | ".join(RATES.values()) + " |"]
    lines.append("|---|" + "---|" * len(RATES))
    for each in found[1:]:
        ratios = " | ".join(f"{found[0][key] / each[key]:,.1f}" for key in RATES)
        lines.append(f"| {each['name']} | {ratios} |")
    whole = found[0]["all_bodies_times_real"]
    lines += ["", f"Downrange with what it drops: {whole:,.0f} body-seconds a second."]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="flights of each, in turn")
    parser.add_argument("--core", type=int, default=0, help="the core on which all of them fly")
    parser.add_argument("--json", type=Path, help="file for all figures")
    default = Path(platformdirs.user_cache_dir("downrange")) / "peers"
    parser.add_argument("--cache", type=Path, default=default, help="folder of the environments")
    words = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {words.core})  # the flyers inherit it
    found = [figures(flyer) for flyer in measure(words.rounds, words.cache)]
    print(tables(found))
    if words.json:
        about = {"python": platform.python_version(), "machine": platform.machine()}
        words.json.write_text(json.dumps({"about": about, "flyers": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
