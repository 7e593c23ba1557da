"""Find a mission with all that it names, apply what the user sets, check it whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from downrange import catalog
from downrange._spec import Spec, load_toml, set_path, validate
from downrange.earth.build import build_wind
from downrange.earth.spec import SiteSpec, WindSpec
from downrange.errors import InputError, Problem
from downrange.faults.build import build_faults
from downrange.faults.kernel import Faults
from downrange.faults.spec import FaultSpec, parse_fault
from downrange.flight.correlation import correlation_problems
from downrange.flight.spec import MissionSpec
from downrange.units import Value
from downrange.vehicle.build import MODES
from downrange.vehicle.spec import VehicleSpec

# Parts of a mission that may stand in a file of their own: key -> (kind in the catalogue, spec).
_PARTS: dict[str, tuple[str, type[Spec]]] = {
    "vehicle": ("vehicles", VehicleSpec),
    "site": ("sites", SiteSpec),
    "wind": ("winds", WindSpec),
    "forecast": ("winds", WindSpec),
}

WIND_TOP_M = 15000.0  # a wind must be known to here; above its last level it is held

# Tables that name a file, by the way to them.
_NAMED_FILES = (("wind",), ("forecast",), ("vehicle", "aero", "table"))
_NAMES = ("file", "folder")


@dataclass(frozen=True, eq=False)
class Mission:
    """A checked mission, ready to fly.

    Attributes:
        spec: everything, with vehicle, site and wind in place.
        file: where it was read from.
        folders: what file names inside a part (soundings, tables) count from, by part.
        planned: whether the faults of the flight as flown were left out.
    """

    spec: MissionSpec
    file: Path
    folders: dict[str, Path]
    planned: bool

    @property
    def name(self) -> str:
        """The mission's name."""
        return self.spec.name

    def to_toml(self) -> str:
        """The mission with everything it names, as one TOML text that flies the same."""
        import tomli_w

        data = _plain(self.spec)
        for _, table, key, path in self._named(data):
            table[key] = str(path)
        return tomli_w.dumps(data)

    def named_files(self) -> dict[str, Path]:
        """The files and folders that it reads besides its parts, by path: `wind.file`."""
        return {name: path for name, _, _, path in self._named(_plain(self.spec))}

    def _named(self, data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, Path]]:
        """Path, table, key and file of what it names."""
        for part, *way in _NAMED_FILES:
            table = data.get(part, {})
            for key in way:
                table = table.get(key, {})
            for key in _NAMES:
                if table.get(key):
                    path = (self.folders[part] / table[key]).resolve()
                    yield ".".join((part, *way, key)), table, key, path

    def healthy(self) -> Mission:
        """The mission without faults, as it was planned."""
        kept = tuple(each for each in self.spec.correlation if not _of_faults(each.between))
        spec = self.spec.model_copy(update={"fault": (), "correlation": kept})
        return replace(self, spec=spec, planned=True)

    @property
    def digest(self) -> str:
        """Hash of the resolved mission, hexadecimal."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()[:16]


def load_mission(
    name: str | Path,
    *,
    settings: Sequence[tuple[str, str]] = (),
    faults: Sequence[str] = (),
    planned: bool = False,
) -> Mission:
    """Return the mission of a name in the catalogue or of a file.

    Args:
        name: as `downrange list` shows it, or a path to a TOML file.
        settings: (path, text) pairs that replace values: ("vehicle.stage1.dry_mass", "4 t").
        faults: lines as "stage1.engine.5: shutdown at 20 s", on top of the mission's own.
        planned: leave out the mission's own faults.

    Raises:
        InputError: carries every problem found in the mission and in the files that it names.
    """
    file = catalog.find("missions", name)
    data = load_toml(file)
    problems: list[Problem] = []
    files = dict.fromkeys(_PARTS, file)
    named = {path: text for path, text in settings if path in _PARTS}
    for part in _PARTS:
        _gather(problems, _open_part, data, part, files, named.get(part))
    if problems:
        raise InputError(problems)
    if planned:
        _forget_faults(data)
    for path, text in settings:
        if path not in named:
            _gather(problems, set_path, data, path, _typed(text), MissionSpec)
    extra = [_gather(problems, parse_fault, line) for line in faults]
    checked = dict(data)
    for part, (_, cls) in _PARTS.items():
        if isinstance(data.get(part), dict):
            found = _gather(problems, _read_part, part, cls, data[part], files[part], file)
            checked[part] = found if found is not None else data[part]
    if problems:  # parts that failed would only fail again inside the mission
        parts = {part for part in _PARTS if not isinstance(checked.get(part), Spec)}
        _gather(problems, _check_rest, checked, file, parts)
    spec = None if problems else _gather(problems, validate, MissionSpec, checked, file)
    if spec is None:
        raise InputError(_blame(problems, [path for path, _ in settings]))
    _gather(problems, fault_schedule, spec.vehicle, spec.fault, str(file))
    _gather(problems, fault_schedule, spec.vehicle, extra, "--fault")
    own = {part: str(path) for part, path in files.items() if path != file}
    problems += correlation_problems(spec, own, str(file))
    if problems:
        raise InputError(problems)
    spec = spec.model_copy(update={"fault": (*spec.fault, *extra)})
    return Mission(spec, file, {part: path.parent for part, path in files.items()}, planned)


def _open_part(data: dict[str, Any], part: str, files: dict[str, Path], given: str | None) -> None:
    """Put a part that stands in a file of its own into the mission's tables, in place.

    `given` is what `--set` says in place of the mission; its paths count from the working folder.
    """
    kind, _ = _PARTS[part]
    name, near = (data.get(part), files[part].parent) if given is None else (given, None)
    if not isinstance(name, str):
        return
    try:
        found = catalog.find(kind, name, relative_to=near)
        data[part] = load_toml(found)
    except InputError as error:
        said = str(files[part]) if given is None else "--set"
        problems = [
            each if each.file else replace(each, file=said, path=part) for each in error.problems
        ]
    else:
        files[part] = found
        return
    raise InputError(problems)


def _forget_faults(data: dict[str, Any]) -> None:
    """Take the faults out of a mission's tables, and what correlates them, in place."""
    data.pop("fault", None)
    tables = data.get("correlation")
    if isinstance(tables, list):
        data["correlation"] = [
            each for each in tables
            if not (isinstance(each, dict) and isinstance(each.get("between"), list)
                    and _of_faults(each["between"]))
        ]  # fmt: skip


def _of_faults(between: Sequence[Any]) -> bool:
    """Whether a correlation is one of faults."""
    return any(str(path).startswith("fault.") for path in between)


def fault_schedule(vehicle: VehicleSpec, faults: Sequence[FaultSpec], file: str) -> Faults:
    """The faults of a vehicle as the kernels read them.

    Raises:
        InputError: a fault of something that the vehicle doesn't have; names `file`.
    """
    engines: dict[str, Sequence[int]] = {}
    first = 0
    for stage in vehicle.stage:
        engines[stage.name] = range(first, first + stage.engine.count)
        first += stage.engine.count
    return build_faults(faults, engines, MODES, file)


def _read_part(
    part: str, cls: type[Spec], table: dict[str, Any], file: Path, mission_file: Path
) -> Spec:
    """A part of a mission, with the sounding that it may name; paths from the file's own root."""
    try:
        spec = validate(cls, table, file)
        if isinstance(spec, WindSpec):
            build_wind(spec, file.parent, WIND_TOP_M)
    except InputError as error:
        within = f"{part}." if file == mission_file else ""
        problems = [
            replace(each, file=str(file), path=f"{within}{each.path}".rstrip("."))
            if each.file in ("", str(file)) else each
            for each in error.problems
        ]  # fmt: skip
    else:
        return spec
    raise InputError(problems)


def _blame(problems: Sequence[Problem], settings: Sequence[str]) -> list[Problem]:
    """The problems, those of a value that was set laid to its `--set` and not to the file."""
    at = {path: path for path in settings}
    at |= {path.partition(".")[2]: path for path in settings if path.partition(".")[0] in _PARTS}
    return [
        replace(each, file="--set", path=at[each.path]) if each.path in at else each
        for each in problems
    ]


def _check_rest(data: dict[str, Any], file: Path, broken: set[str]) -> None:
    """Problems of a mission besides those in its broken parts."""
    try:
        validate(MissionSpec, data, file)
    except InputError as error:
        rest = [p for p in error.problems if p.path.split(".")[0] not in broken]
        if rest:
            raise InputError(rest) from None


def _gather(problems: list[Problem], call: Any, *arguments: Any) -> Any:
    """What a call returns; its problems are added to the others."""
    try:
        return call(*arguments)
    except InputError as error:
        problems += error.problems
        return None


def _typed(text: str) -> Any:
    """A setting as TOML would read it where that is a number or a truth; else the text."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _plain(spec: Any) -> Any:
    """A spec as tables, quantities as they were written; what is absent is left out."""
    if isinstance(spec, Value):
        kept = {key: getattr(spec, key) for key in ("distribution", "status", "source", "note")}
        table = {key: each for key, each in kept.items() if each is not None}
        if spec.quantiles is not None:
            table["quantiles"] = list(spec.quantiles)
        if spec.truncated:
            table["truncated"] = True
        for key in ("low", "high", "spread"):
            if getattr(spec, key) is not None:
                table[key] = _quantity(getattr(spec, key), spec.unit)
        text = spec.text if spec.unit != "1" or spec.text.endswith("%") else spec.si
        return {"value": text, **table} if table else text
    if isinstance(spec, BaseModel):
        fields = {key: getattr(spec, key) for key in type(spec).model_fields}
        return {key: _plain(each) for key, each in fields.items() if each is not None}
    if isinstance(spec, tuple | list):
        return [_plain(each) for each in spec]
    if isinstance(spec, dict):
        return {key: _plain(each) for key, each in spec.items()}
    return spec if isinstance(spec, str | bool | int | float | datetime) else str(spec)


def _quantity(si: float, unit: str) -> Any:
    return si if unit == "1" else f"{si!r} {unit}"
