"""`downrange new`: a vehicle or a mission of one's own, from a template that flies as it is."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Annotated

import typer

from downrange.cli.schemas import Kind, file_name, schema_text
from downrange.cli.terminal import console
from downrange.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    from downrange._spec import SpecT
    from downrange.earth.spec import SiteSpec, WindSpec
    from downrange.vehicle.spec import VehicleSpec

VEHICLE, SITE, WIND = "spectrum", "andoya", "andoya-march"  # of a mission, if none are named

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

new = typer.Typer()

NAME = typer.Argument(metavar="NAME", help="What it is to be called; the file is NAME.toml.")


@new.callback(epilog="Example: downrange new vehicle my-launcher")
def _top() -> None:
    """Write a vehicle or a mission of your own, from a template that flies as it is."""


@new.command("vehicle", epilog="Example: downrange new vehicle my-launcher")
def new_vehicle(name: Annotated[str, NAME]) -> None:
    """Write a small launcher of your own: every value explained, and it flies as it is."""
    file = _free_file(name)
    _write(Kind.VEHICLE, file, {"name": name})
    _put_next(
        file,
        f"downrange show {file}",
        f"downrange check --explain {file}",
        f"downrange new mission {name}-flight --vehicle {file}",
    )


@new.command(
    "mission", epilog="Example: downrange new mission my-flight --vehicle my-launcher.toml"
)
def new_mission(
    name: Annotated[str, NAME],
    vehicle: Annotated[
        str, typer.Option(metavar="NAME", help="What flies: a name of the catalogue, or a file.")
    ] = VEHICLE,
    site: Annotated[
        str, typer.Option(metavar="NAME", help="Where from: a name of the catalogue, or a file.")
    ] = SITE,
    wind: Annotated[
        str, typer.Option(metavar="NAME", help="In which wind: a name of the catalogue, or a file.")
    ] = WIND,
) -> None:
    """Write a mission of your own: sequence, control and safety rules, and it flies as it is."""
    file = _free_file(name)
    flies = _parts(vehicle, site, wind)[0]
    named = {"vehicle": vehicle, "site": site, "wind": wind}
    words = {key: _as_text(each) for key, each in named.items()}
    words |= {"name": name, **_sequence_words(flies, vehicle)}
    _write(Kind.MISSION, file, words)
    _put_next(
        file,
        f"downrange check {file}",
        f"downrange fly {file}",
        f"downrange check --explain {file}",
    )


def _free_file(name: str) -> Path:
    """The file of a new thing in the working folder.

    Raises:
        InputError: that is no name.
        OutputError: there is such a file already.
    """
    if not _NAME.fullmatch(name) or name.endswith(".toml"):
        hint = "letters, digits, '.', '_' and '-', 80 at most, without .toml: my-launcher"
        raise InputError([Problem("", "NAME", f"{name!r} can't be a name", hint)])
    file = Path(f"{name}.toml")
    if file.exists():
        raise OutputError(f"{file} exists already: nothing was written; take another name")
    return file


def _parts(vehicle: str, site: str, wind: str) -> tuple[VehicleSpec, SiteSpec, WindSpec]:
    """The parts of a mission, checked.

    Raises:
        InputError: they can't be used; carries all that is wrong with any.
    """
    from downrange.earth.spec import SiteSpec, WindSpec
    from downrange.vehicle.spec import VehicleSpec

    problems: list[Problem] = []
    read = (
        _part(problems, VehicleSpec, "vehicle", vehicle),
        _part(problems, SiteSpec, "site", site),
        _part(problems, WindSpec, "wind", wind),
    )
    if read[0] is None or read[1] is None or read[2] is None:
        raise InputError(problems)
    return read[0], read[1], read[2]


def _sequence_words(vehicle: VehicleSpec, named: str) -> dict[str, str]:
    """What the sequence names of a vehicle.

    Raises:
        InputError: it has one stage: the mission goes to orbit.
    """
    if len(vehicle.stage) < 2:
        message = f"{named} has one stage: the mission goes to orbit, it needs a second"
        raise InputError([Problem("", "--vehicle", message, "state another [[stage]] in it")])
    lowest, upper = vehicle.stage[:2]
    goes = "jettison_fairing = true" if vehicle.fairing else "# there is no fairing to jettison"
    return {
        "stage": lowest.name,
        "upper": upper.name,
        "engines": str(lowest.engine.count),
        "fairing": goes,
    }


def _part(problems: list[Problem], cls: type[SpecT], kind: str, name: str) -> SpecT | None:
    """One part of a mission; None with its problems among the others if it can't be used."""
    from downrange import catalog
    from downrange._spec import load_toml, validate

    try:
        file = catalog.find(f"{kind}s", name)
        return validate(cls, load_toml(file), file)
    except InputError as error:
        problems += _hinted(error, name, f"--{kind}")
    return None


def _hinted(error: InputError, name: str, option: str) -> list[Problem]:
    """Problems of a part that was named; a file of that name is pointed out."""
    file = Path(f"{name}.toml")
    near = f"for the file here write {option} {file}" if file.is_file() else ""
    return [
        each if each.file else Problem("", option, each.message, near or each.hint)
        for each in error.problems
    ]


def _as_text(name: str) -> str:
    """A name as it stands between TOML's quotes: paths with slashes."""
    path = Path(name)
    told = path.as_posix() if path.suffix == ".toml" or len(path.parts) > 1 else name
    return told.replace("\\", "\\\\").replace('"', '\\"')


def _write(kind: Kind, file: Path, words: dict[str, str]) -> None:
    """Write the template of a kind, filled in, with its schema beside it.

    Raises:
        OutputError: one of them can't be written.
    """
    from downrange import catalog

    form = (catalog.FOLDER / "templates" / f"{kind}.toml").read_text(encoding="utf-8")
    schema = file.with_name(file_name(kind))
    _check_schema(schema)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(Template(form).substitute(words))
        try:
            schema.write_text(schema_text(kind), encoding="utf-8", newline="\n")
        except OSError:
            file.unlink()
            raise
    except OSError as error:
        raise OutputError(f"{error.filename} can't be written: {error.strerror}") from error


def _check_schema(file: Path) -> None:
    """Refuse to replace a file that is no schema of Downrange's.

    Raises:
        OutputError: it is none.
    """
    from downrange._fields import MADE_BY

    if file.exists() and MADE_BY not in file.read_text(encoding="utf-8", errors="replace"):
        raise OutputError(f"{file} exists and is none of Downrange's: nothing was written")


def _put_next(file: Path, *commands: str) -> None:
    to = console()
    to.print(f"[bold green]Wrote[/bold green]  {file}. Next:", soft_wrap=True)
    for command in commands:
        to.print(f"  {command}", markup=False, soft_wrap=True)
