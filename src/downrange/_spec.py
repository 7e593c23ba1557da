"""What a person writes: TOML, checked whole, with one grammar for the path of each thing.

A path names list items by their `name`. `[[stage]] name = "stage1"` is `stage1`, because the
name says already what it is; `[[stage.tank]] name = "fuel"` is `stage1.tank.fuel`. Items
without a name are counted from 1, and so are the members of a group that are told apart in
its `override` table: `stage1.engine.5.thrust_vac`.
"""

from __future__ import annotations

import copy
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from downrange.errors import InputError, Problem
from downrange.units import VALUE_KEYS, Quantity, Value

OVERRIDE = "override"  # field that holds what differs in one member of a group, by its number

SpecT = TypeVar("SpecT", bound="Spec")


class Spec(BaseModel):
    """Base of everything a person writes: frozen, and a key that it doesn't know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def load_toml(path: Path | str) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        InputError: there is no such file, it is not text, or not TOML; names the line.
    """
    file = Path(path)
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = _file_problem(file, "is not a text file", f"byte {error.start} is no UTF-8")
    except tomllib.TOMLDecodeError as error:
        problem = _file_problem(file, f"is not valid TOML: {error}", "")
    except FileNotFoundError:
        problem = _file_problem(file, "does not exist", "")
    except IsADirectoryError:
        problem = _file_problem(file, "is a folder, not a file", "")
    except OSError as error:
        problem = _file_problem(file, f"can't be read: {error.strerror}", "")
    raise InputError([problem])


def _file_problem(file: Path, message: str, hint: str) -> Problem:
    return Problem(str(file), "", message, hint)


def validate(cls: type[SpecT], data: Mapping[str, Any], file: Path | str = "") -> SpecT:
    """Return `data` as a checked spec.

    Raises:
        InputError: carries every problem found, each with file and path.
    """
    try:
        return cls.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise InputError(
        [problem for each in found for problem in _problems(cls, data, each, str(file))]
    )


def wrong(problems: Sequence[tuple[str, str, str]]) -> PydanticCustomError:
    """Return the error that carries several problems of a part: (key, message, hint) each."""
    summary = "; ".join(message for _, message, _ in problems)
    context: dict[str, Any] = {"summary": summary, "problems": list(problems)}
    return PydanticCustomError("quantity", "{summary}", context)


def _problems(cls: type[Spec], data: Any, error: Any, file: str) -> list[Problem]:
    """Problems of one pydantic error; a quantity reports several at once."""
    path = _path_of(error["loc"], data)
    context = error.get("ctx", {})
    match error["type"]:
        case "quantity":
            return [Problem(file, _join(path, key), message, hint)
                    for key, message, hint in context["problems"]]  # fmt: skip
        case "extra_forbidden":
            return [Problem(file, path, "unknown key", _nearest_field(cls, error["loc"]))]
        case "missing":
            return [Problem(file, path, "is missing", _example(cls, error["loc"]))]
        case "value_error" | "assertion_error":
            return [Problem(file, path, str(context["error"]))]
    shown = repr(error["input"])
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    message = error["msg"].replace("Input should be", "should be")
    return [Problem(file, path, f"{message}, got {shown}")]


def _path_of(location: Sequence[str | int], data: Any) -> str:
    """Path of a pydantic location in `data`. Names that are only pydantic's are left out."""
    parts: list[str] = []
    for position, key in enumerate(location):
        if isinstance(data, Mapping):
            if key not in data and position + 1 < len(location):
                continue
            if not (key == OVERRIDE and position + 1 < len(location)):
                parts.append(str(key))
            data = data.get(key)
        elif isinstance(data, list | tuple) and isinstance(key, int):
            data = data[key] if key < len(data) else None
            parts = item_parts(parts, data, key)
    return ".".join(parts)


def item_parts(parts: list[str], item: Any, index: int) -> list[str]:
    """Return the path of a list item, given that of its list."""
    name = item.get("name") if isinstance(item, Mapping) else getattr(item, "name", None)
    if not isinstance(name, str) or not name:
        return [*parts, str(index + 1)]
    if parts and name.startswith(parts[-1]):
        return [*parts[:-1], name]
    return [*parts, name]


def _join(path: str, key: str) -> str:
    return ".".join(part for part in (path, key) if part)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield every part of a spec that a field's annotation can hold, itself or in a container."""
    part = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if part and annotation is not Value:
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def _classes_at(cls: type[BaseModel], location: Sequence[str | int]) -> list[type[BaseModel]]:
    """Model classes that `location`, without its last part, can lead to."""
    classes = [cls]
    for key in location[:-1]:
        fields = [each.model_fields[key] for each in classes if key in each.model_fields]
        if fields:
            classes = [model for field in fields for model in models_in(field.annotation)]
        elif any(each.__name__ == key for each in classes):
            classes = [each for each in classes if each.__name__ == key]
    return classes


def _nearest_field(cls: type[Spec], location: Sequence[str | int]) -> str:
    known = sorted({name for each in _classes_at(cls, location) for name in each.model_fields})
    return _nearest(str(location[-1]), known)


def _nearest(wrong: str, known: Sequence[str], count: int = 1) -> str:
    near = get_close_matches(wrong, known, count)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known: {', '.join(known)}" if 0 < len(known) <= 20 else ""


def _example(cls: type[Spec], location: Sequence[str | int]) -> str:
    """How a missing quantity is written."""
    for each in _classes_at(cls, location):
        field = each.model_fields.get(str(location[-1]))
        for mark in field.metadata if field else ():
            if isinstance(mark, Quantity):
                return mark.example
    return ""


def get_path(spec: Any, path: str) -> Any:
    """Return what `path` names in a spec: a Value, a plain value, or a part of the spec.

    A member of a group answers with its own value, or else with that of the group.

    Raises:
        InputError: there is no such thing; names the nearest that exist.
    """
    at, group = spec, None
    for part in path.split("."):
        if part.isdigit() and isinstance(getattr(at, OVERRIDE, None), Mapping):
            at, group = getattr(at, OVERRIDE).get(part, at), at
            continue
        found = _child(at, part)
        if found is None and group is not None:
            found = _child(group, part)
        if found is None:
            known = [name for name, _ in walk(spec)]
            raise InputError(
                [Problem("", path, "there is no such thing", _nearest(path, known, 3))]
            )
        at, group = found, None
    return at


def _fields(at: Any) -> list[tuple[str, Any]]:
    """(key, child) of a spec or of a table."""
    if isinstance(at, BaseModel):
        return [(name, getattr(at, name)) for name in type(at).model_fields]
    return list(at.items()) if isinstance(at, Mapping) else []


def _child(at: Any, part: str) -> Any:
    """What `part` names in a spec, a table or a list; None if nothing."""
    if isinstance(at, list | tuple):
        for item in at:
            if dict(_fields(item)).get("name") == part:
                return item
        return at[int(part) - 1] if part.isdigit() and 0 < int(part) <= len(at) else None
    fields = dict(_fields(at))
    if part in fields:
        return fields[part]
    lists = [child for child in fields.values() if isinstance(child, list | tuple)]
    named = [item for items in lists for item in items if dict(_fields(item)).get("name") == part]
    return named[0] if named else None


def walk(spec: Any, parts: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every leaf of a spec or of raw tables, in the order of the fields."""
    if isinstance(spec, list | tuple):
        for index, item in enumerate(spec):
            yield from walk(item, tuple(item_parts(list(parts), item, index)))
    elif isinstance(spec, Mapping) or (isinstance(spec, BaseModel) and not isinstance(spec, Value)):
        for key, child in _fields(spec):
            yield from walk(child, parts if key == OVERRIDE else (*parts, key))
    else:
        yield ".".join(parts), spec


def walk_values(spec: Spec) -> Iterator[tuple[str, Value]]:
    """Yield (path, Value) of every quantity in a spec."""
    for path, leaf in walk(spec):
        if isinstance(leaf, Value):
            yield path, leaf


def unsourced(spec: Spec, file: Path | str = "") -> list[Problem]:
    """Return what keeps a spec out of the catalogue: each value needs status and source.

    An estimated or assumed one needs the range that a campaign draws from as well.
    """
    problems = []
    for path, value in walk_values(spec):
        missing = [key for key in ("status", "source") if getattr(value, key) is None]
        if value.status in ("estimated", "assumed"):
            missing += [key for key in ("low", "high") if getattr(value, key) is None]
        if missing:
            message = f"{value.text!r} in the catalogue has no {', '.join(missing)}"
            problems.append(Problem(str(file), path, message))
    return problems


def set_path(
    data: dict[str, Any], path: str, text: Any, cls: type[Spec] | None = None, file: str = "--set"
) -> None:
    """Set what `path` names in raw tables to `text`, in place; an error leaves them as they were.

    A table `{ value = ..., source = ... }` gives way to the plain text: its range and source
    were those of the old value. Tables on the way are made if `cls` knows them.

    Args:
        data: tables as `load_toml` gives them.
        path: as `stage1.engine.thrust_vac`; `stage1.engine.5.thrust_vac` sets one engine's.
        text: what a person would write in the file.
        cls: spec of `data`; without it only what `data` holds already can be set.
        file: what to name in the error.

    Raises:
        InputError: there is no such thing; names the nearest that exist.
    """
    draft = copy.deepcopy(data)
    at: Any = draft
    classes: list[type[BaseModel]] = [cls] if cls else []
    *way, last = path.split(".")
    for part in way:
        at, classes = _descend(at, classes, part)
        if at is None:
            raise _no_such_path(data, path, cls, file)
    if isinstance(at, list):
        index = int(last) - 1 if last.isdigit() else -1
        if not 0 <= index < len(at):
            raise _no_such_path(data, path, cls, file)
        at[index] = text
    elif _settable(at, classes, last):
        at[last] = text
    else:
        raise _no_such_path(data, path, cls, file)
    data.update(draft)


def _settable(at: Any, classes: list[type[BaseModel]], key: str) -> bool:
    """Whether `key` of a table holds a value, or its spec has a field of that name for one."""
    if not isinstance(at, dict):
        return False
    held = at.get(key)
    if isinstance(held, dict | list) and not _is_value_table(held):
        return False
    return any(key in each.model_fields for each in classes) or (not classes and held is not None)


def _is_value_table(held: Any) -> bool:
    return isinstance(held, dict) and "value" in held


def _descend(
    at: Any, classes: list[type[BaseModel]], part: str
) -> tuple[Any, list[type[BaseModel]]]:
    """(table, its classes) that `part` names, made if need be; (None, []) if there is none."""
    if isinstance(at, list):
        return _child(at, part), classes
    if not isinstance(at, dict) or _is_value_table(at):
        return None, []
    grouped = OVERRIDE in at or any(OVERRIDE in each.model_fields for each in classes)
    if part.isdigit() and (grouped or not classes):
        group = at.setdefault(OVERRIDE, {})
        return group.setdefault(part, {}), _inner(classes, OVERRIDE) if grouped else classes
    if part not in at:
        for key, items in at.items():
            if isinstance(items, list) and (item := _child(items, part)) is not None:
                return item, _inner(classes, key)
        inner = _inner(classes, part)
        return (at.setdefault(part, {}), inner) if inner else (None, [])
    return at[part], _inner(classes, part)


def _inner(classes: list[type[BaseModel]], key: str) -> list[type[BaseModel]]:
    fields = [each.model_fields[key] for each in classes if key in each.model_fields]
    return [model for field in fields for model in models_in(field.annotation)]


def _no_such_path(data: Any, path: str, cls: type[Spec] | None, file: str) -> InputError:
    known = {_value_path(name) for name, _ in walk(data)}
    if cls is not None:
        known |= set(_known_paths(cls, data, ()))
    return InputError(
        [Problem(file, path, "there is no such thing", _nearest(path, sorted(known), 3))]
    )


def _value_path(path: str) -> str:
    """Path of a value, from that of a key inside its table."""
    head, _, key = path.rpartition(".")
    return head if key in VALUE_KEYS else path


def _known_paths(cls: type[BaseModel], data: Any, parts: tuple[str, ...]) -> Iterator[str]:
    """Paths that `cls` allows; list items are those that `data` holds."""
    for key, field in cls.model_fields.items():
        models = list(models_in(field.annotation))
        held = data.get(key) if isinstance(data, Mapping) else None
        if not models:
            yield ".".join((*parts, key))
        elif isinstance(held, list):
            for index, item in enumerate(held):
                inner = tuple(item_parts([*parts, key], item, index))
                yield from (path for model in models for path in _known_paths(model, item, inner))
        elif key != OVERRIDE and not any(model is cls for model in models):
            for model in models:
                yield from _known_paths(model, held, (*parts, key))
