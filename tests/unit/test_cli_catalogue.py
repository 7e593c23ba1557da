"""`downrange list`, `show`, `sources` and `check`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from cli_case import Command

from downrange import catalog
from downrange._spec import load_toml
from downrange.flight.load import load_mission

EVERY = [(kind, name) for kind in catalog.KINDS for name in catalog.names(kind)]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")


def test_everything_is_listed_with_what_it_is(command: Command) -> None:
    said = command("list")
    assert said.code == 0
    for kind, name in EVERY:
        row = next(line for line in said.out.splitlines() if f"{name} " in line)
        assert load_toml(catalog.find(kind, name))["description"] in row


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_everything_can_be_shown(command: Command, kind: str, name: str) -> None:
    said = command("show", name)
    assert said.code == 0
    assert load_toml(catalog.find(kind, name))["description"] in said.out


def test_a_vehicle_in_numbers(command: Command) -> None:
    words = command("show", "spectrum").out.split()
    # 9 x 75 kN over the sum of what the file states, 50.1 t, times 9.80665 m/s^2.
    masses = [3.9, 0.9, 0.35, 9.84, 26.55, 2.32, 6.27]
    assert f"{675.0 / (sum(masses) * 9.80665):.2f}" in words
    assert f"{sum(masses):.1f}" in words
    assert {"28.0", "82.9", "75.0", "36.4", "8.59", "stage2.tank.lox"} <= {*words}


def test_a_mission_in_words(command: Command) -> None:
    said = command("show", "spectrum-flight-1").out
    ratio = load_mission("spectrum-flight-1").spec.fault[0].value
    assert ratio is not None
    for words in (
        "2025-03-30 10:30:00 UTC", "andoya", "500 km x 500 km, 95 deg",
        f"bending.mode.1: frequency x {ratio.si:g}",
        "gravity_turn", "tank_fraction_min <= 0.002 or acceleration <= 3 m/s^2",
        "MECO, no flight termination", "Orbit insertion, target within 10 km (perigee)",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_each_source_has_its_title(command: Command, kind: str, name: str) -> None:
    said = command("sources", name)
    assert said.code == 0
    known = catalog.sources()
    written = catalog.find(kind, name).read_text(encoding="utf-8")
    used = [key for key in known if f'source = "{key}"' in written]
    values = said.out.partition("\nSources\n")[0]
    flat = " ".join(said.out.split())
    for key in used:
        assert known[key]["title"] in flat
    assert all(key in said.out for key in used)
    assert "estimated" in values or "assumed" in values


def test_a_value_with_all_that_is_known(command: Command) -> None:
    said = command("sources", "spectrum")
    row = next(line for line in said.out.splitlines() if "stage1.engine.thrust_vac" in line)
    for words in ("82.9 kN", "80500 to 85500 N", "\u00b1829 N (1 sigma)", "derived"):
        assert words in row
    assert "spectrum-press: 75 kN at sea level, published" in row


def test_sources_of_a_mission_are_its_own(command: Command) -> None:
    said = command("sources", "spectrum-flight-1").out
    assert "safety.keep_out" in said
    assert "stage1.engine.thrust_vac" not in said
    assert "See also: downrange sources spectrum" in said


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_what_ships_is_ok(command: Command, kind: str, name: str) -> None:
    said = command("check", name)
    assert said.code == 0
    assert said.out.startswith("OK ")
    assert kind.removesuffix("s") in said.out


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("vehicles", "spectrum", "vehicle, 2 stages, 10 engines, 28 m, 50.1 t"),
        ("sites", "andoya", "site, 4 places"),
        ("winds", "andoya-march", "wind, profile, to 50 km"),
    ],
)
def test_a_file_is_known_by_its_keys(command: Command, kind: str, name: str, told: str) -> None:
    shutil.copy(catalog.find(kind, name), "mine.toml")
    assert f"mine.toml: {told}" in command("check", "mine.toml").out


def test_a_check_case_is_known_too(command: Command) -> None:
    from downrange.verify import shipped_cases

    said = command("check", str(shipped_cases()[0]))
    assert said.code == 0
    assert "check case" in said.out


def test_a_file_that_is_nothing(command: Command) -> None:
    Path("odd.toml").write_text('name = "odd"\ncolour = "red"\n', encoding="utf-8")
    said = command("check", "odd.toml")
    assert said.code == 2
    assert said.err.startswith("odd.toml: is none of mission, vehicle, site, wind")


@pytest.mark.parametrize("word", ["show", "sources", "check"])
def test_a_wrong_name_has_a_neighbour(command: Command, word: str) -> None:
    said = command(word, "spectrm")
    assert said.code == 2
    assert "did you mean spectrum" in said.err


def test_check_says_where_more_is_said(command: Command) -> None:
    said = command("check", "spectrum")
    assert "downrange check --explain spectrum" in said.out
    assert "downrange check --explain" not in command("check", "--explain", "spectrum").out


def test_every_field_is_explained(command: Command) -> None:
    said = command("check", "--explain", "spectrum")
    assert said.code == 0
    lines = [line.strip() for line in said.out.splitlines()]
    row = next(i for i, line in enumerate(lines) if " 82.9 kN = " in line)
    # 82.9 kN in SI, the range that the file states, 1 % of it as one sigma.
    assert "= 82900 N; 80500 to 85500 N, ±829 N (1 sigma); derived (spectrum-press)" in lines[row]
    assert lines[row + 1].endswith("A force, more than 0 N; optional.")
    for table in ("stage1.engine.gimbal", "stage2.tank.lox", "structure", "tracking"):
        assert any(line.startswith(f"{table}  ") for line in lines), table
    assert any(line.startswith("throttle_max") and "not given" in line for line in lines)
    assert lines[-1].startswith("OK")


CASES = sorted((Path(catalog.FOLDER).parent / "verify" / "cases").glob("*.toml"))


@pytest.mark.parametrize("name", [name for _, name in EVERY] + [str(file) for file in CASES])
def test_anything_can_be_explained(command: Command, name: str) -> None:
    said = command("check", "--explain", name)
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("OK")
    assert "object at 0x" not in said.out
    assert "Spec(" not in said.out


def test_a_missions_own_fields_are_explained(command: Command) -> None:
    said = command("check", "--explain", "spectrum-flight-1").out
    assert "vehicle          spectrum" in said
    assert "stage1.engine.gimbal  " not in said
    assert "20 ms (default)" in said
    assert "control.notch  " in said
    assert "upper_control.stage2.thrusters  " in said
    assert re.search(r"^  until +chamber_min >= 0.95, healthy_engines >= 9, phase", said, re.M)


def test_what_is_wrong_is_said_instead_of_explained(command: Command, tmp_path: Path) -> None:
    (tmp_path / "wind.toml").write_text('name = "w"\nmodel = "steady"\nspeed = 3\n')
    said = command("check", "--explain", "wind.toml")
    assert said.code == 2
    assert said.out == ""


WORDS = """\
name = "w"
model = "profile"
turn = { value = "90 deg", low = "80 deg", high = "100 deg", status = "assumed", source = "own" }
level = [
  { altitude = "0 m", from_deg = 10, speed = "36 km/h" },
  { altitude = "20 km", from_deg = { value = 20, note = "guess" }, speed = "20 m/s" },
]
"""


def test_explained_in_si_with_all_that_is_known(command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(WORDS)
    said = command("check", "--explain", "w.toml").out
    # pi/2, 4/9 pi and 5/9 pi.
    assert "90 deg = 1.5708 rad; 1.39626 to 1.74533 rad; assumed (own)" in said
    assert "36 km/h = 10 m/s" in said
    assert "20 km = 20000 m" in said
    assert "20; guess" in said
    # What is written in SI already is not said twice.
    assert "20 m/s" in said
    assert "20 m/s =" not in said
    assert said.count("level.2  One level of a wind profile.") == 1
    assert "A speed; optional." in said


def test_explained_what_is_no_quantity(command: Command) -> None:
    said = command("check", "--explain", "spectrum-flight-1").out
    assert re.search(r"^  release +true *$", said, re.M)
    assert re.search(r"^  release +false \(default\) *$", said, re.M)
    assert re.search(r"^  latency_ticks +2 *$", said, re.M)
    assert "launch_time_utc  2025-03-30 10:30:00+00:00" in said
    site = command("check", "--explain", "andoya").out
    assert "land       1 entries" in site
    assert "south_deg  69.054" in site


def test_a_fault_in_a_line_is_explained_like_a_table(command: Command, tmp_path: Path) -> None:
    text = catalog.find("missions", "spectrum-flight-1").read_text(encoding="utf-8")
    head, _, tail = text.partition("[[fault]]")
    objectives = tail[tail.index("[[objective]]") :]
    line = 'fault = ["stage1.engine.5: shutdown at 20 s"]\n'
    (tmp_path / "m.toml").write_text(line + head + objectives, encoding="utf-8")
    said = command("check", "--explain", "m.toml").out
    assert "target  stage1.engine.5" in said
    assert "at      20 s" in said


def test_one_engine_that_differs_is_explained(command: Command, tmp_path: Path) -> None:
    text = catalog.find("vehicles", "spectrum").read_text(encoding="utf-8")
    own = '[stage.engine.override]\n5 = { thrust_vac = "80 kN" }\n\n[stage.engine.gimbal]'
    (tmp_path / "v.toml").write_text(text.replace("[stage.engine.gimbal]", own, 1), "utf-8")
    said = command("check", "--explain", "v.toml").out
    assert "stage1.engine.5  What differs in one engine of a group." in said
    assert "80 kN = 80000 N" in said
