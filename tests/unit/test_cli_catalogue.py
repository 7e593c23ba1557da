"""`downrange list`, `show`, `sources` and `check`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_case import Command

from downrange import catalog
from downrange._spec import load_toml

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
    for words in (
        "2025-03-30 10:30:00 UTC", "andoya", "500 km x 500 km, 95 deg",
            "bending.mode.1: frequency x 0.72",
        "gravity_turn", "tank_fraction_min <= 0.002 or acceleration <= 3 m/s^2",
        "MECO, no flight termination",
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
