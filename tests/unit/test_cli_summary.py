"""A real flight from the command line: its summary is the documented one, its bits the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli_case import Command

from downrange.telemetry import read_recording

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
FLY = ("fly", "spectrum-flight-1", "--json", "--no-report")
NESTED = ("bodies", "orbit", "events", "objectives", "delta_v", "margins", "timing")
WALL_CLOCK = ("timing", "recording")


def documented() -> dict[str, set[str]]:
    """Key of the summary -> keys inside it, from the table in the docs."""
    section = DOCS.read_text(encoding="utf-8").partition("### The summary")[2].partition("\n## ")[0]
    keys: dict[str, set[str]] = {}
    for names, told in re.findall(r"^\| (`[^|]*) \| (.*) \|$", section, re.M):
        inside = {*re.findall(r"`(\w+)`", told)} - {"null", "true", "false"}
        for name in re.findall(r"`(\w+)`", names):
            keys[name] = inside if name in NESTED else set()
    return keys


def keys_inside(summary: dict[str, Any], key: str) -> set[str]:
    """Keys of every item under a key, which must be the same in each."""
    held = summary[key]
    if key in ("timing", "orbit"):
        return {*held}
    items = [*(held if isinstance(held, list) else held.values())]
    assert items
    assert len({frozenset(item) for item in items}) == 1
    return {*items[0]}


def flown(command: Command, *options: str) -> dict[str, Any]:
    said = command(*FLY, *options)
    assert said.code == 0
    summary: dict[str, Any] = json.loads(said.out, parse_constant=pytest.fail)
    return summary


def test_the_summary_is_the_documented_one(command: Command) -> None:
    keys = documented()
    assert {*flown(command)} == {*keys}
    summary = flown(command, "--planned")
    assert {*summary} == {*keys}
    assert {*summary["target"]} == keys["orbit"] - {"time_s"}
    for key, inside in keys.items():
        if inside:
            assert keys_inside(summary, key) == inside, key


def test_the_same_seed_gives_the_same_bits(command: Command) -> None:
    first, second = (flown(command, "--disperse", "--out", name) for name in ("a", "b"))
    assert first["drawn"]
    for key in first.keys() - {*WALL_CLOCK}:
        assert first[key] == second[key], key
    one, two = (read_recording(name).bodies["stage1"].telemetry for name in ("a", "b"))
    assert one.values.tobytes() == two.values.tobytes()


def test_another_seed_is_another_flight(command: Command) -> None:
    first, second = (flown(command, "--seed", seed) for seed in ("1", "2"))
    assert first["events"] != second["events"]


def test_a_recording_flies_again_from_its_own_mission(command: Command) -> None:
    first = flown(command, "--fault", "gnss: fail at 5 s", "--out", "a")
    said = command("fly", "a/mission.toml", *FLY[2:], "--out", "b")
    again = json.loads(said.out)
    assert again["events"] == first["events"]
    assert again["mission_hash"] == first["mission_hash"]
