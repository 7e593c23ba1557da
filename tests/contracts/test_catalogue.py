"""The catalogue: it reads, and no value in it is without status, source and, if need be, range."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import downrange
from downrange._spec import Spec, load_toml, unsourced, validate, walk, walk_values
from downrange.earth.spec import SiteSpec, WindSpec
from downrange.flight.load import load_mission
from downrange.units import VALUE_KEYS, Value
from downrange.vehicle.spec import VehicleSpec

CATALOGUE = Path(downrange.__file__).parent / "catalog"
SPECS: dict[str, type[Spec]] = {"vehicles": VehicleSpec, "sites": SiteSpec, "winds": WindSpec}
TEMPLATES = CATALOGUE / "templates"  # they hold the user's values, not the catalogue's
FILES = sorted(file for file in CATALOGUE.rglob("*.toml") if file.parent != TEMPLATES)


def read(file: Path) -> Spec:
    if file.parent.name == "missions":
        return load_mission(file).spec
    return validate(SPECS[file.parent.name], load_toml(file), file)


def written_paths(file: Path) -> set[str]:
    """Paths of all that a file says itself, without the keys inside a value's table."""
    paths = [path.split(".") for path, _ in walk(load_toml(file))]
    return {".".join(p[:-1] if p[-1] in VALUE_KEYS else p) for p in paths}


def checked_values(file: Path) -> list[tuple[str, Value]]:
    """Values that the catalogue answers for.

    A vehicle, a site or a wind answers for its defaults as well. A mission's defaults are
    settings of the program, and what it takes from other files is checked there.
    """
    values = list(walk_values(read(file)))
    if file.parent.name != "missions":
        return values
    written = written_paths(file)
    return [(path, value) for path, value in values if path in written]


def bibliography() -> set[str]:
    text = (CATALOGUE / "sources.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,\s]+),", text, re.M))


def test_each_kind_of_thing_has_its_folder() -> None:
    assert {file.parent.name for file in FILES} == {*SPECS, "missions"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_value_has_status_source_and_range(file: Path) -> None:
    answered = {path for path, _ in checked_values(file)}
    assert answered
    assert [str(p) for p in unsourced(read(file), file.name) if p.path in answered] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_source_is_in_the_bibliography(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = set(re.findall(r'\bsource = "([^"]*)"', text))
    assert named - bibliography() == set()


def test_every_entry_of_the_bibliography_is_used() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    assert {key for key in bibliography() if f'"{key}"' not in text} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_file_is_called_what_it_says(file: Path) -> None:
    assert load_toml(file)["name"] == file.stem
