"""How long a first start compiles, by area and by function.

    python benchmarks/compile_by_area.py [--mission NAME] [--functions 15] [--json FILE]

Compiles everything a flight needs into an empty cache of its own, in one process, and counts the
processor's time of each function without that of the functions it calls. A first start of
`downrange fly` does the same work in two processes.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = "downrange"


@dataclass
class Clock:
    """Processor's time spent in each function's compiling, that of its callees taken off."""

    spent_s: Counter[tuple[str, str]] = field(default_factory=Counter)
    stack: list[list[Any]] = field(default_factory=list)

    def start(self, function: Any) -> None:
        """A function's compiling begins."""
        self.stack.append([function, time.process_time(), 0.0])

    def end(self) -> None:
        """It ends: its whole time counts against the function that needed it."""
        function, started, inside_s = self.stack.pop()
        whole_s = time.process_time() - started
        self.spent_s[area_of(function.__module__), function.__qualname__] += whole_s - inside_s
        if self.stack:
            self.stack[-1][2] += whole_s


def area_of(module: str) -> str:
    """The folder of the package that a module is in, else the module itself."""
    names = module.split(".")
    return names[1] if names[0] == PACKAGE and len(names) > 1 else module


def compile_all(mission: str) -> tuple[Clock, float]:
    """Plan and compile a flight; the clock, and the time of all of it with imports."""
    from numba.core import event

    from downrange.flight.fly import compile_loop, prepare
    from downrange.flight.load import load_mission

    clock = Clock()

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, about: Any) -> None:
            clock.start(about.data["dispatcher"].py_func)

        def on_end(self, about: Any) -> None:
            del about
            clock.end()

    started = time.process_time()
    with event.install_listener("numba:compile", Listener()):
        compile_loop(prepare(load_mission(mission)))
    return clock, time.process_time() - started


def main() -> None:
    """Compile and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mission", default="spectrum-flight-1", help="name or file")
    parser.add_argument("--functions", type=int, default=15, help="so many are named")
    parser.add_argument("--json", type=Path, help="file for all figures")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DOWNRANGE_CACHE"] = folder  # before downrange is imported
        clock, whole_s = compile_all(words.mission)
    areas: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for (area, _), spent_s in clock.spent_s.items():
        areas[area] += spent_s
        count[area] += 1
    total_s = sum(areas.values())
    print("| area | compiling | share | functions |\n|---|---|---|---|")
    for area, spent_s in areas.most_common():
        print(f"| {area} | {spent_s:.1f} s | {100.0 * spent_s / total_s:.0f} % | {count[area]} |")
    print(f"| all | {total_s:.1f} s | | {sum(count.values())} |")
    print(f"\nWith planning and the import of numba: {whole_s:.1f} s of the processor.\n")
    print("| function | compiling |\n|---|---|")
    for (area, name), spent_s in clock.spent_s.most_common(words.functions):
        print(f"| {area}: `{name}` | {spent_s:.1f} s |")
    if words.json:
        listed = [[*key, spent_s] for key, spent_s in clock.spent_s.items()]
        words.json.write_text(json.dumps({"functions": listed, "whole_s": whole_s}) + "\n")


if __name__ == "__main__":
    main()
