"""What each field of a spec means: for people, and as JSON Schema for their editors.

The words are those of the `Attributes:` section of the spec's docstring, units and limits those
of the field itself.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from downrange._spec import OVERRIDE, Spec, item_parts, models_in
from downrange.units import QUANTITY, Distribution, Quantity, Status, Value

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MADE_BY = "Written by Downrange from its specs; do not edit."

_TEXT = {"type": "string", "pattern": r"^\s*[+-]?(\d|\.\d)"}
_TABLE_WORDS = {
    "value": "Nominal value.",
    "low": "Lowest credible value.",
    "high": "Highest credible value.",
    "spread": "One sigma from flight to flight; a percentage is of the value.",
    "distribution": "Of what is drawn: normal about the value with a spread; uniform between low "
    "and high without, or triangular with the value as its peak, or normal.",
    "quantiles": "Of a normal distribution without a spread: what low and high are.",
    "truncated": "A normal distribution ends at low and high.",
    "status": "How sure it is.",
    "source": "Where it is from; in the catalogue a key into the bibliography.",
    "note": "How it was found.",
}

_NAMES = re.compile(r"^(\w+(?:, \w+)*): (.*)$")
_TYPES = {
    str: "text", bool: "true or false", int: "a whole number", float: "a number",
    datetime: "a date and time with its offset",
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a field of a spec means.

    Attributes:
        text: a few words from the docstring.
        kind: what is written there: "a force, more than 0 N", "text", "tables", ...
        required: whether it must be there.
        default: as it would be written; empty if absent means absent.
    """

    text: str
    kind: str
    required: bool
    default: str


def descriptions(cls: type[BaseModel]) -> dict[str, str]:
    """Return the `Attributes:` section of a class's docstring: field -> words."""
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    if "Attributes:" not in lines:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index("Attributes:") + 1 :]:
        if line.strip() and not line.startswith(" "):
            break
        match = _NAMES.match(line[4:]) if not line.startswith(" " * 8) else None
        if match:
            names = match[1].split(", ")
            found |= dict.fromkeys(names, match[2])
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def summary(cls: type[BaseModel]) -> str:
    """Return what a class's docstring says before its sections, as one line."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").partition("\n\nAttributes:")[0].split())


def meanings(cls: type[BaseModel]) -> dict[str, Meaning]:
    """Return what each field of a spec means, in the order of its fields."""
    words = descriptions(cls)
    return {
        name: Meaning(words.get(name, ""), kind(field), field.is_required(), _default(field))
        for name, field in cls.model_fields.items()
    }


class Field(NamedTuple):
    """A field of a spec that was read, and what it means.

    Attributes:
        table: path of the table that it is in.
        spec: class of that table.
        name: of the field.
        value: a Value, a plain value, a tuple; None if absent. Of a part that another file says,
            how it is named.
        given: whether the file says it.
        meaning: what it means.
    """

    table: str
    spec: type[Spec]
    name: str
    value: Any
    given: bool
    meaning: Meaning


def fields(spec: Spec, raw: Any, parts: tuple[str, ...] = ()) -> Iterator[Field]:
    """Yield every field of a spec, those of its own table first, then table by table.

    Args:
        spec: as read.
        raw: the tables that it was read from.
        parts: path of the spec's table.
    """
    inner: list[tuple[Spec, Any, tuple[str, ...]]] = []
    for name, meaning in meanings(type(spec)).items():
        held = getattr(spec, name)
        given = name in raw if isinstance(raw, Mapping) else True
        written = raw[name] if isinstance(raw, Mapping) and given else None
        tables = [] if isinstance(written, str) else list(_tables(held, written, (*parts, name)))
        inner += tables
        if not tables:
            shown = written if isinstance(held, Spec) else held
            yield Field(".".join(parts), type(spec), name, shown, given, meaning)
    for each, its_raw, its_parts in inner:
        yield from fields(each, its_raw, its_parts)


def _tables(
    held: Any, raw: Any, parts: tuple[str, ...]
) -> Iterator[tuple[Spec, Any, tuple[str, ...]]]:
    """What a field holds that is a spec of its own: itself, or in a list or a table."""
    if isinstance(held, Spec):
        yield held, {} if raw is None else raw, parts
    elif isinstance(held, tuple):
        for index, item in enumerate(held):
            if isinstance(item, Spec):
                yield item, raw[index] if raw else {}, tuple(item_parts([*parts], item, index))
    elif isinstance(held, Mapping):
        within = parts[:-1] if parts[-1] == OVERRIDE else parts
        for key, item in held.items():
            if isinstance(item, Spec):
                yield item, raw[key], (*within, key)


def families(cls: type[Spec]) -> Iterator[type[Spec]]:
    """Yield a spec and every spec inside it, each once, as they are met."""
    met: dict[type[Spec], None] = {}
    waiting = [cls]
    while waiting:
        each = waiting.pop(0)
        if each not in met:
            met[each] = None
            inner = (m for f in each.model_fields.values() for m in models_in(f.annotation))
            waiting += [m for m in inner if issubclass(m, Spec)]
    yield from met


def kind(field: FieldInfo) -> str:
    """Return what is written for a field, with its limits: "a force, more than 0 N"."""
    quantity = next((mark for mark in field.metadata if isinstance(mark, Quantity)), None)
    if quantity is not None:
        return _said(quantity)
    limits = [_limit(mark) for mark in field.metadata]
    return ", ".join([_kind(field.annotation), *filter(None, limits)])


def _said(quantity: Quantity) -> str:
    return ", ".join(filter(None, (quantity.kind, quantity.limits)))


def _limit(mark: Any) -> str:
    for key, word in (("ge", "at least"), ("gt", "more than"), ("le", "at most")):
        if getattr(mark, key, None) is not None:
            return f"{word} {getattr(mark, key):g}"
    return ""


def _kind(annotation: Any) -> str:
    """What an annotation takes, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        marks = [mark for mark in annotation.__metadata__ if isinstance(mark, Quantity)]
        return _said(marks[0]) if marks else _kind(arguments[0])
    if origin in (typing.Union, UnionType):
        return " or ".join(_kind(each) for each in arguments if each is not NoneType)
    if origin is Literal:
        return ", ".join(f'"{each}"' for each in arguments)
    if origin is tuple:
        members = [each for each in arguments if each is not Ellipsis]
        return f"a list, each {_kind(members[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a quantity" if annotation is Value else "a table"
    if origin is not None:
        return "a table"
    return _TYPES.get(annotation, getattr(annotation, "__name__", "a value"))


def _default(field: FieldInfo) -> str:
    """How a field's default would be written; empty for a part of the spec and for nothing."""
    given = field.default
    if field.is_required() or given in (None, (), "") or isinstance(given, Spec):
        return ""
    if isinstance(given, Value):
        return given.text
    if field.default_factory is not None:
        return ""
    return str(given).lower() if isinstance(given, bool) else str(given)


class _Schema(GenerateJsonSchema):
    """Defaults as a person would write them."""

    def encode_default(self, dft: Any) -> Any:
        """The text of a quantity; a part of the spec has its own defaults inside."""
        if isinstance(dft, Value):
            return dft.si if dft.unit == "1" and not dft.text.endswith("%") else dft.text
        return super().encode_default(dft) if not isinstance(dft, Spec) else {}


def json_schema(cls: type[Spec], title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file of this spec.

    Quantities are text with their unit, or the table of a value; what an editor can't check of
    them (dimension, limits) is said in the description.
    """
    made = cls.model_json_schema(schema_generator=_Schema)
    inner = made.pop("$defs", {})
    known = {each.__name__: each for each in families(cls)}
    _describe(made, cls)
    for name, part in inner.items():
        if name in known:
            _describe(part, known[name])
    inner |= _quantity_schemas()
    head = {"$schema": DRAFT, "$comment": MADE_BY, "title": title}
    rest = {key: each for key, each in made.items() if key != "title"}
    whole: dict[str, Any] = _finished({**head, **rest, "$defs": inner})
    return whole


def _quantity_schemas() -> dict[str, Any]:
    """What a quantity is, and a plain number: text, or the table of a value."""
    number = {"anyOf": [{"type": "number"}, _TEXT]}
    return {
        "Quantity": {"anyOf": [_TEXT, _table_schema(_TEXT)]},
        "Number": {"anyOf": [{"type": "number"}, _TEXT, _table_schema(number)]},
    }


def _table_schema(number: dict[str, Any]) -> dict[str, Any]:
    """A value's table, whose numbers are written as `number` says."""
    kinds: dict[str, dict[str, Any]] = {"status": {"enum": list(typing.get_args(Status))}}
    kinds |= {key: {"type": "string"} for key in ("source", "note")}
    kinds["distribution"] = {"enum": list(typing.get_args(Distribution))}
    kinds["truncated"] = {"type": "boolean"}
    fraction = {"anyOf": [{"type": "number"}, _TEXT]}
    kinds["quantiles"] = {"type": "array", "items": fraction, "minItems": 2, "maxItems": 2}
    properties = {
        key: {**kinds.get(key, number), "description": words} for key, words in _TABLE_WORDS.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["value"],
        "additionalProperties": False,
    }


def _finished(part: Any) -> Any:
    """A schema with what quantities left in it spelled out, and without null, which TOML lacks."""
    if isinstance(part, list):
        return [_finished(each) for each in part if each != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    rest = {key: _finished(each) for key, each in part.items() if key != QUANTITY}
    if QUANTITY in part:
        rest["$ref"] = f"#/$defs/{'Number' if part[QUANTITY] == '1' else 'Quantity'}"
    ways = rest.get("anyOf")
    if isinstance(ways, list) and len(ways) == 1:
        del rest["anyOf"]
        rest |= ways[0]
    return rest


def _describe(part: JsonSchemaValue, cls: type[Spec]) -> None:
    """Put the docstring's words into a spec's schema, in place."""
    part["description"] = summary(cls)
    for name, meaning in meanings(cls).items():
        field = part["properties"][name]
        field.pop("title", None)
        if meaning.kind == "a quantity":  # of a kind that another field decides
            field[QUANTITY] = "1"
        if field.get("default") in (None, {}, []):
            field.pop("default", None)
        said = f"{meaning.text[:1].upper()}{meaning.text[1:].rstrip('.')}."
        how = "" if meaning.kind == "a table" else f" Written as {meaning.kind}."
        field["description"] = f"{said}{how}"
