"""`downrange list`, `show`, `sources` and `check`: what can be flown, and what it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from downrange.cli.terminal import console, table

NAME = typer.Argument(
    metavar="NAME", help="A vehicle, mission, site or wind of [b]downrange list[/b], or a file."
)


def listing() -> None:
    """List missions, vehicles, sites and winds."""
    from downrange import catalog
    from downrange._spec import load_toml

    made = table("", "", "Name", "Description", fold="Description")
    for kind in catalog.KINDS:
        for row, name in enumerate(catalog.names(kind)):
            told = load_toml(catalog.find(kind, name)).get("description", "")
            made.add_row(kind.capitalize() if row == 0 else "", f"[bold]{name}[/bold]", told)
    console().print(made)


def show(
    name: Annotated[str, NAME],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw a vehicle to scale as FILE.png or FILE.svg."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a picture that is there already.")
    ] = False,
) -> None:
    """Show a vehicle, mission, site or wind in tables; a vehicle drawn to scale as well."""
    from downrange.cli.showing import put_thing
    from downrange.cli.things import load

    thing = load(name)
    if plot is None:
        put_thing(thing, console())
        return
    from downrange.cli.sketching import check_plot
    from downrange.vehicle.picture import write_drawing

    check_plot(plot, thing.kind, force)
    console().print(f"Picture  {write_drawing(thing.spec, plot)}", markup=False, soft_wrap=True)


def sources(name: Annotated[str, NAME]) -> None:
    """Show every value with its range, its status and where it is from."""
    from downrange.cli.showing import put_sources
    from downrange.cli.things import load

    put_sources(load(name), console())


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or a name.")],
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say of every field what it is, in SI and in words."),
    ] = False,
) -> None:
    """Check a mission, vehicle, site or wind whole: OK, or all that is wrong with it."""
    from downrange.cli.things import load, try_out

    to, thing = console(), load(file)
    said = try_out(thing)
    if explain:
        from downrange.cli.explaining import put_fields

        put_fields(thing, to)
    to.print(f"[bold green]OK[/bold green]  {thing.file}: {said}", soft_wrap=True)
    if not explain:
        more = f"What each field means: downrange check --explain {file}"
        to.print(more, style="dim", markup=False, soft_wrap=True)
