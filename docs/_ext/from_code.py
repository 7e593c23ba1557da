"""Directives that write pages from the code at build time, so that they can't go stale.

`spec` is the reference of a kind of file, `channels` that of the columns of telemetry;
a drawing of the vehicle of `downrange new` is made for the tutorial.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from downrange import catalog
from downrange._fields import families, meanings, summary
from downrange._spec import Spec, models_in, validate
from downrange.cli.schemas import Kind, spec_of
from downrange.telemetry.channels import CHANNELS
from downrange.vehicle.picture import write_drawing
from downrange.vehicle.spec import VehicleSpec

KNOWN = {cls for kind in Kind for cls in families(spec_of(kind))}
DRAWN = "_generated/my-launcher.svg"


class SpecPage(Directive):
    """Every table that a kind of file can hold, with its fields."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        kind = Kind(self.arguments[0])
        return [_section(kind, cls) for cls in families(spec_of(kind)) if home(cls) is kind]


def home(cls: type[Spec]) -> Kind:
    """The kind of file that a spec is told with: the smallest of those that hold it."""
    held = {kind: list(families(spec_of(kind))) for kind in Kind}
    return min((kind for kind in Kind if cls in held[kind]), key=lambda kind: len(held[kind]))


def _section(kind: Kind, cls: type[Spec]) -> nodes.section:
    name = cls.__name__.removesuffix("Spec")
    made = nodes.section(ids=[f"{kind}-{name.lower()}"])
    made += nodes.title(text=name)
    made += nodes.paragraph(text=summary(cls).replace("`", ""))
    rows = [
        (
            nodes.literal(text=field),
            f"{meaning.text[:1].upper()}{meaning.text[1:]}".replace("`", ""),
            _written(cls, field, meaning.kind),
            "required" if meaning.required else meaning.default,
        )
        for field, meaning in meanings(cls).items()
    ]
    made += _table(("Field", "Meaning", "Written as", "Default"), (18, 46, 24, 12), rows)
    return made


def _written(cls: type[Spec], field: str, kind: str) -> str | nodes.Node:
    """How a field is written; a table links to where it is told."""
    inner = [each for each in models_in(cls.model_fields[field].annotation) if each in KNOWN]
    if not inner:
        return kind
    name = inner[0].__name__.removesuffix("Spec")
    target = f"#{home(inner[0])}-{name.lower()}"
    text = nodes.Text(kind.replace("a table", "a table, "))
    return nodes.inline("", "", text, nodes.reference("", name, refuri=target, internal=True))


class ChannelTable(Directive):
    """Every column of telemetry, with its unit, meaning and frame."""

    def run(self) -> list[nodes.Node]:
        rows = [
            (nodes.literal(text=each.name), each.unit, f"{each.title}: {each.description}",
             each.frame)
            for each in CHANNELS.values()
        ]  # fmt: skip
        return [_table(("Column", "Unit", "Meaning", "Frame"), (26, 8, 38, 28), rows)]


def _table(
    head: Iterable[str], widths: Iterable[int], rows: Iterable[Iterable[str | nodes.Node]]
) -> nodes.table:
    group = nodes.tgroup(cols=len(tuple(widths)))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", _row(head))
    body = nodes.tbody()
    body += [_row(row) for row in rows]
    group += body
    return nodes.table("", group)


def _row(cells: Iterable[str | nodes.Node]) -> nodes.row:
    made = nodes.row()
    for cell in cells:
        text = nodes.Text(cell) if isinstance(cell, str) else cell
        made += nodes.entry("", nodes.paragraph("", "", text))
    return made


def draw_launcher(app: Sphinx) -> None:
    """Draw the vehicle that `downrange new` writes."""
    form = (catalog.FOLDER / "templates" / "vehicle.toml").read_text(encoding="utf-8")
    data = tomllib.loads(form.replace("$name", "my-launcher"))
    target = Path(app.srcdir) / DRAWN
    target.parent.mkdir(exist_ok=True)
    write_drawing(validate(VehicleSpec, data), target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx what is here."""
    app.add_directive("spec", SpecPage)
    app.add_directive("channels", ChannelTable)
    app.connect("builder-inited", draw_launcher)
    return {"parallel_read_safe": True}
