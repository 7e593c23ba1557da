"""What ships with Downrange: vehicles, sites, winds, missions, and the sources of their numbers."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from downrange.errors import InputError, Problem

KINDS = ("vehicles", "missions", "sites", "winds")
FOLDER = Path(str(files(__name__)))

_ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}", re.M | re.S)
_FIELD = re.compile(r"^\s*(\w+) = \{(.*)\},?$", re.M)


def names(kind: str) -> list[str]:
    """Return what there is of a kind, in order: "vehicles", "missions", "sites" or "winds"."""
    return sorted(file.stem for file in (FOLDER / kind).glob("*.toml"))


def find(kind: str, name: str | Path, *, relative_to: Path | None = None) -> Path:
    """Return the file of a thing in the catalogue, or the file that a path names.

    A name with a folder or ending in .toml is a path.

    Args:
        kind: one of KINDS.
        name: as `names` gives it, or a path.
        relative_to: folder that a relative path counts from; the working folder if None.

    Raises:
        InputError: there is no such thing or file; names the nearest in the catalogue.
    """
    path = Path(name)
    if isinstance(name, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        file = (relative_to or Path()) / path
    else:
        file = FOLDER / kind / f"{name}.toml"
    if file.is_file():
        return file
    known = names(kind)
    near = get_close_matches(path.stem, known, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    if file.exists():
        raise InputError([Problem(str(file), "", "is not a file", hint)])
    raise InputError([Problem("", "", f"there is no {kind.removesuffix('s')} {str(name)!r}", hint)])


@cache
def sources() -> dict[str, dict[str, str]]:
    """Return the bibliography: key -> its fields (title, author, year, ...) and "type".

    Reads the catalogue's own sources.bib, where a field has a line and an entry ends with a
    closing brace at the margin; no BibTeX reader in general.
    """
    text = (FOLDER / "sources.bib").read_text(encoding="utf-8")
    return {
        key: {"type": kind} | {name: _plain(field) for name, field in _FIELD.findall(body)}
        for kind, key, body in _ENTRY.findall(text)
    }


def _plain(field: str) -> str:
    return field.replace("{", "").replace("}", "")
