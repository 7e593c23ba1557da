"""`downrange schema`: what a file may hold, as JSON Schema for editors."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from downrange._spec import Spec

# What a mission may name, by the catalogue or by a path, instead of writing it as a table.
NAMED = ("vehicle", "site", "wind", "forecast")


class Kind(StrEnum):
    """Kinds of files."""

    VEHICLE = "vehicle"
    MISSION = "mission"
    SITE = "site"
    WIND = "wind"
    CASE = "case"


def schema(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help="vehicle, mission, site, wind, case.")
    ],
) -> None:
    """Print the JSON Schema of a kind of file, for editors that check and complete TOML."""
    import sys

    sys.stdout.write(schema_text(kind))


def schema_text(kind: Kind) -> str:
    """The JSON Schema of a kind of file, as text."""
    return json.dumps(file_schema(kind), indent=1, ensure_ascii=False) + "\n"


def file_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a kind of file."""
    from downrange._fields import json_schema

    made = json_schema(spec_of(kind), f"Downrange {kind}")
    if kind is Kind.MISSION:
        fields = made["properties"]
        for key in NAMED:
            words = fields[key].pop("description")
            fields[key] = {"anyOf": [{"type": "string"}, fields[key]], "description": words}
        fields["fault"]["items"] = {"anyOf": [{"type": "string"}, fields["fault"]["items"]]}
    return made


def spec_of(kind: Kind) -> type[Spec]:
    """The spec of a kind of file."""
    if kind is Kind.CASE:
        from downrange.verify.spec import CaseSpec

        return CaseSpec
    from downrange.cli.things import SPECS

    return SPECS[f"{kind}s"]


def file_name(kind: Kind) -> str:
    """What the schema is called beside the files that it is for."""
    return f"{kind}.schema.json"
