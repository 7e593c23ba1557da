"""Campaigns as a user flies them: how many flights a second, how well two workers share them.

    python benchmarks/campaigns.py [--lost 10000] [--planned 10000] [--single 400] [--keep DIR]

Flies the mission as flown and as planned, each first with one worker and then with two, every
campaign a process of its own, and prints a table: flights a second, the gain of the second worker,
the peak of the memory, what Python takes of a flight, the time of the report, and the time in which
a million rows are read and summarised (parts of the planned campaign, linked again and again).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MISSION = "spectrum-flight-1"
MILLION, PART = 1_000_000, 1000
ROUNDS = 3

PYTHON = """
import json, sys, time
from downrange.campaign.flyer import ready_campaign
from downrange.flight import many
from downrange.flight.draw import check_groups
from downrange.flight.kernel import many as kernel
from downrange.flight.load import load_mission

planned, flights = sys.argv[1] == "planned", int(sys.argv[2])
inside_s = [0.0]

def timed(function):
    def call(*arguments):
        started = time.thread_time()
        function(*arguments)
        inside_s[0] += time.thread_time() - started
    return call

class Timed:
    fly_flights, part_flights, fall_flights = map(
        timed, (kernel.fly_flights, kernel.part_flights, kernel.fall_flights))

mission = load_mission("spectrum-flight-1", planned=planned)
ready = ready_campaign(mission, seed=1, groups=check_groups(("all",)), sampler="plain", scrambles=0,
                       flights=None)
flyer = ready.make()
flyer.fly(0, 16)
many.many = Timed
inside_s[0], started = 0.0, time.thread_time()
for first in range(0, flights, flyer.chunk_flights):
    flyer.fly(first, flyer.chunk_flights)
print(json.dumps((time.thread_time() - started - inside_s[0]) / flights))
"""

SUMMARY = """
import json, sys, time
started = time.perf_counter()
from downrange.campaign.results import open_campaign
campaign = open_campaign(sys.argv[1])
assert campaign.summary["flights"] == int(sys.argv[2])
print(json.dumps(time.perf_counter() - started))
"""


def run(*words: str) -> tuple[str, float, float]:
    """What a process prints, how long it took, and the peak of its memory in MB."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([sys.executable, *words], stdout=out)
        _, code, used = os.wait4(child.pid, 0)
        if code != 0:
            raise SystemExit(f"{' '.join(words)} failed")
        out.seek(0)
        told = out.read()
    return told, time.perf_counter() - started, used.ru_maxrss / 1024.0


def fly(folder: Path, flights: int, workers: int, planned: bool) -> dict[str, Any]:
    """One campaign, without its report and recordings."""
    words = ["-c", "from downrange.cli import main; main()", "campaign", MISSION, "-n",
             str(flights), "--workers", str(workers), "--out", str(folder), "--no-report",
             "--record-failures", "0", "--json", *(["--planned"] if planned else [])]  # fmt: skip
    told, wall_s, peak_mb = run(*words)
    timing = json.loads(told)["timing"]
    return {"flights": flights, "workers": workers, "rate": timing["flights_per_s"],
            "fly_s": timing["wall_s"], "wall_s": wall_s, "peak_mb": peak_mb}  # fmt: skip


def million(folder: Path, scratch: Path) -> float:
    """Seconds in which a million rows are read and summarised."""
    big = scratch / "million"
    shutil.copytree(folder, big)
    lines = [json.loads(line) for line in (big / "ledger.jsonl").read_text().splitlines()]
    lines = [line for line in lines if line["flights"] == PART]
    whole, there = lines[0], {line["part"] for line in lines}
    for part in set(range(MILLION // PART)) - there:
        files = {
            path.replace(f"{whole['part']:05d}", f"{part:05d}"): digest
            for path, digest in whole["files"].items()
        }
        for path, linked in zip(whole["files"], files, strict=True):
            os.link(big / path, big / linked)
        lines.append(whole | {"part": part, "first": part * PART, "files": files})
    (big / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = json.loads((big / "campaign.json").read_text())
    (big / "campaign.json").write_text(json.dumps(asked | {"flights": MILLION}))
    told, _, _ = run("-c", SUMMARY, str(big), str(MILLION))
    return float(json.loads(told))


def measure(kind: str, flights: int, single: int, scratch: Path) -> Path:
    """Print the line of one kind of flight; returns the folder of the long campaign."""
    planned = kind == "planned"
    alone, both = [], []
    for number in range(ROUNDS):  # in turn, for the machine's pace changes
        alone.append(fly(scratch / f"{kind}-1-{number}", single, 1, planned)["rate"])
        both.append(fly(scratch / f"{kind}-2-{number}", 2 * single, 2, planned)["rate"])
    folder = scratch / kind
    whole = fly(folder, flights, 2, planned)
    python_s = json.loads(run("-c", PYTHON, kind, str(min(max(single, 96), 320)))[0])
    _, report_s, report_mb = run("-c", "from downrange.cli import main; main()", "campaign",
                                 "report", str(folder))  # fmt: skip
    share = max(both) / (2.0 * max(alone))
    print(f"| {kind} | {max(alone):.1f} | {max(both):.1f} | {100.0 * share:.0f} % "
          f"| {flights:,} in {whole['wall_s']:.0f} s | {whole['peak_mb']:.0f} MB "
          f"| {1e3 * python_s:.2f} ms | {report_s:.1f} s, {report_mb:.0f} MB |",
          flush=True)  # fmt: skip
    return folder


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--lost", type=int, default=10_000, help="flights as flown")
    asked.add_argument("--planned", type=int, default=10_000, help="flights as planned")
    asked.add_argument("--single", type=int, default=400, help="flights a worker, to compare")
    asked.add_argument("--keep", type=Path, help="folder for the campaigns; else they are removed")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = given.keep or Path(temporary)
        scratch.mkdir(parents=True, exist_ok=True)
        print("| flights | a second, one worker | two | of twice one | a campaign | peak "
              "| Python a flight | its report |")  # fmt: skip
        print("|---|---|---|---|---|---|---|---|")
        measure("as flown", given.lost, given.single, scratch)
        folder = measure("planned", given.planned, max(16, given.single // 8), scratch)
        print(f"\nA million rows read and summarised in {million(folder, scratch):.1f} s")


if __name__ == "__main__":
    main()
