"""What fields mean, in words and as JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from downrange import catalog
from downrange._fields import descriptions, families, fields, json_schema, meanings, summary
from downrange._spec import OVERRIDE, Spec, load_toml, validate
from downrange.cli.schemas import Kind, file_schema, spec_of
from downrange.units import Length, PositiveMass, Ratio, value

CASES = Path(catalog.FOLDER).parent / "verify" / "cases"
FOLDERS = {
    Kind.VEHICLE: "vehicles", Kind.MISSION: "missions", Kind.SITE: "sites", Kind.WIND: "winds",
}  # fmt: skip


class CrateSpec(Spec):
    """One crate.

    Attributes:
        name: what it is called.
        mass: of crate and contents, on a line that goes on
            in the next.
    """

    name: str
    mass: PositiveMass | None = None


class ShelfSpec(Spec):
    """A shelf of crates.

    It has two paragraphs.

    Attributes:
        height, depth: of the board.
        fill: share that is taken.
        kind: of wood.
        crate: what stands on it.
        spare: one more.
        labels: on the board.
        override: what differs.
        built: when.
        count: of boards.
    """

    height: Length
    depth: Length = value("40 cm", "m")
    fill: Ratio = value("50 %", "1")
    kind: Literal["oak", "pine"] = "oak"
    crate: tuple[CrateSpec, ...] = ()
    spare: CrateSpec = CrateSpec(name="spare")
    labels: tuple[str, ...] = ()
    override: Mapping[str, CrateSpec] = Field(default_factory=dict)
    built: datetime | None = None
    count: Annotated[int, Field(ge=1, le=9)] = 1


def as_json(data: Any) -> Any:
    """TOML's tables as JSON has them: dates are text."""
    return json.loads(json.dumps(data, default=datetime.isoformat))


def wrong(kind: Kind, data: Any) -> list[str]:
    validator = Draft202012Validator(file_schema(kind))
    return [error.json_path for error in validator.iter_errors(as_json(data))]


def test_words_come_from_the_docstring() -> None:
    assert descriptions(CrateSpec) == {
        "name": "what it is called.",
        "mass": "of crate and contents, on a line that goes on in the next.",
    }
    assert descriptions(ShelfSpec)["depth"] == descriptions(ShelfSpec)["height"] == "of the board."
    assert summary(ShelfSpec) == "A shelf of crates. It has two paragraphs."


def test_what_is_written_with_its_limits_and_default() -> None:
    told = {name: (each.kind, each.required, each.default) for name, each in
            meanings(ShelfSpec).items()}  # fmt: skip
    assert told == {
        "height": ("a length", True, ""),
        "depth": ("a length", False, "40 cm"),
        "fill": ("a plain number", False, "50 %"),
        "kind": ('"oak", "pine"', False, "oak"),
        "crate": ("a list, each a table", False, ""),
        "spare": ("a table", False, ""),
        "labels": ("a list, each text", False, ""),
        "override": ("a table", False, ""),
        "built": ("a date and time with its offset", False, ""),
        "count": ("a whole number, at least 1, at most 9", False, "1"),
    }
    assert meanings(CrateSpec)["mass"].kind == "a mass, more than 0 kg"


def test_parts_are_met_once() -> None:
    assert list(families(ShelfSpec)) == [ShelfSpec, CrateSpec]


def test_fields_of_what_was_read_in_the_grammar_of_paths() -> None:
    raw = {
        "height": "1 m",
        "crate": [{"name": "big", "mass": "3 kg"}],
        OVERRIDE: {"2": {"name": "other"}},
    }
    read = list(fields(validate(ShelfSpec, raw), raw))
    told = {f"{field.table}.{field.name}".lstrip("."): field.given for field in read}
    assert told == {
        "height": True, "depth": False, "fill": False, "kind": False, "labels": False,
        "built": False, "count": False, "crate.big.name": True, "crate.big.mass": True,
        "spare.name": False, "spare.mass": False, "2.name": True, "2.mass": False,
    }  # fmt: skip


def test_a_schema_of_ones_own() -> None:
    schema = json_schema(ShelfSpec, "shelf")
    Draft202012Validator.check_schema(schema)
    fine = Draft202012Validator(schema).is_valid
    assert fine({"height": "1 m"})
    assert fine({"height": {"value": "1 m", "low": "90 cm", "status": "assumed"}})
    assert fine({"height": "1 m", "fill": 0.4, "crate": [{"name": "a", "mass": "2 kg"}]})
    assert not fine({})
    assert not fine({"height": 1.0})
    assert not fine({"height": "m"})
    assert not fine({"height": "1 m", "heigth": "1 m"})
    assert not fine({"height": {"value": "1 m", "status": "guessed"}})
    assert not fine({"height": {"low": "1 m"}})
    assert not fine({"height": "1 m", "count": 12})
    assert not fine({"height": "1 m", "kind": "ash"})
    assert "null" not in json.dumps(schema)
    said = schema["$defs"]["CrateSpec"]["properties"]["mass"]["description"]
    assert said.endswith("goes on in the next. Written as a mass, more than 0 kg.")
    assert schema["properties"]["depth"]["default"] == "40 cm"


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_catalogue_fits_its_schema(kind: Kind) -> None:
    Draft202012Validator.check_schema(file_schema(kind))
    for file in (catalog.FOLDER / FOLDERS[kind]).glob("*.toml"):
        assert wrong(kind, load_toml(file)) == [], file.name


def test_check_cases_fit_theirs() -> None:
    for file in CASES.glob("*.toml"):
        assert wrong(Kind.CASE, load_toml(file)) == [], file.name


def test_a_mission_may_name_its_parts_or_hold_them() -> None:
    data = load_toml(catalog.find("missions", "spectrum-flight-1"))
    assert wrong(Kind.MISSION, data | {"fault": ["stage1.engine.5: shutdown at 20 s"]}) == []
    assert wrong(Kind.MISSION, data | {"wind": {"model": "still"}}) == []
    assert wrong(Kind.MISSION, data | {"vehicle": 3}) == ["$.vehicle"]
    assert wrong(Kind.MISSION, data | {"tick": 0.02}) == ["$.tick"]
    assert wrong(Kind.MISSION, data | {"phase": [{"name": "a", "steer": "none"}]}) == ["$.phase[0]"]


@pytest.mark.parametrize("kind", Kind)
def test_each_field_is_told_in_the_schema(kind: Kind) -> None:
    schema = file_schema(kind)
    parts = {spec_of(kind).__name__: schema} | schema["$defs"]
    for cls in families(spec_of(kind)):
        for name in cls.model_fields:
            assert len(parts[cls.__name__]["properties"][name]["description"]) > 4
