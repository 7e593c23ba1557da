"""What each field of a file means: value, SI, range, status, and the words of the docs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from downrange._fields import Field, fields, summary
from downrange.cli.showing import value_range
from downrange.cli.things import Thing
from downrange.units import Value

if TYPE_CHECKING:
    from rich.console import Console


def put_fields(thing: Thing, to: Console) -> None:
    """Print every field of a file, table by table; what the file leaves out is dim."""
    from rich.table import Table

    for (table, spec), rows in groupby(
        fields(thing.spec, thing.data), key=lambda field: (field.table, field.spec)
    ):
        to.print(Text.assemble((table or "top", "bold"), "  ", (summary(spec), "dim")))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        for field in rows:
            style = "" if field.given else "dim"
            grid.add_row(Text(f"  {field.name}", style=style), Text(_said(field), style=style))
            grid.add_row("", Text(_meant(field), style="dim"))
        to.print(grid, "")


def _said(field: Field) -> str:
    """What a field holds: as written, in SI, with range, status and source."""
    if not field.given:
        default = field.meaning.default
        return f"{default} (default)" if default else "not given"
    value = field.value
    if not isinstance(value, Value):
        return _plain(value)
    parts = [_with_si(value)]
    known = value_range(value)
    parts += [known] if known else []
    parts += [f"{value.status}{f' ({value.source})' if value.source else ''}"] * bool(value.status)
    parts += [value.note] if value.note else []
    return "; ".join(parts)


def _with_si(value: Value) -> str:
    unit = "" if value.unit == "1" else f" {value.unit}"
    si = f"{value.si:.6g}{unit}"
    return value.text if value.text in (si, repr(value.si)) else f"{value.text} = {si}"


def _plain(value: Any) -> str:
    """A value that is no quantity, cut to what tells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        told = ", ".join(_with_si(each) if isinstance(each, Value) else str(each) for each in value)
        return told if len(told) <= 200 else f"{len(value)} entries"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {each}" for key, each in value.items())
    return str(value)


def _meant(field: Field) -> str:
    """The words of the docs, and how it is written."""
    text, kind = field.meaning.text.rstrip("."), field.meaning.kind
    how = [] if kind == "a table" else [f"{kind[:1].upper()}{kind[1:]}"]
    how += [] if field.meaning.required else ["optional"]
    told = f"{text[:1].upper()}{text[1:]}."
    return f"{told} {'; '.join(how)}." if how else told
