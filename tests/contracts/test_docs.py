"""The documentation: complete, linked, and without programs that nobody runs."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

import downrange

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = {"_build", "_generated"}
PAGES = sorted(
    page for page in DOCS.rglob("*.md") if not MADE & set(page.relative_to(DOCS).parts)
)  # fmt: skip
NAMES = [str(page.relative_to(DOCS).with_suffix("")) for page in PAGES]
FENCE = re.compile(r"^```(\{?[\w-]*\}?)([^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, language: str) -> Iterator[str]:
    """The bodies of a page's blocks in a language, with what stands after it."""
    for found, rest, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield f"{rest.strip()}\n{body}"


def test_pages_are_found() -> None:
    assert {"index", "tutorial", "cli", "nomenclature", "howto/own-wind"} <= set(NAMES)


def test_every_page_is_in_the_contents() -> None:
    listed = "\n".join(blocks(DOCS / "index.md", "{toctree}")).splitlines()
    assert set(NAMES) - {"index"} == {line for line in listed if line in NAMES}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_is_included_exists(page: Path) -> None:
    for body in blocks(page, "{literalinclude}"):
        target, *options = body.splitlines()
        text = (page.parent / target).read_text(encoding="utf-8")
        for option in options:
            if option.startswith(":start-at:"):
                assert option.partition(": ")[2] in text
            if option.startswith(":pyobject:"):
                names = {getattr(node, "name", "") for node in ast.parse(text).body}
                assert option.partition(": ")[2] in names


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_programs_are_files(page: Path) -> None:
    """An import is all of Python that may stand on a page: what does more is included."""
    for body in blocks(page, "python"):
        nodes = ast.parse(body).body
        assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes), body


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_pieces_of_files_are_toml(page: Path) -> None:
    for body in blocks(page, "toml"):
        assert tomllib.loads(body)


def test_every_public_name_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\.\. auto\w+:: downrange\.(\w+)$", text, re.M))
    assert told == set(downrange.__all__) - {"__version__"}


def test_what_belongs_together_stands_alike() -> None:
    """The templates show up in the tutorial as they are."""
    templates = Path(downrange.__file__).parent / "catalog/templates"
    stages = {"stage": "stage1", "upper": "stage2", "engines": "5",
              "fairing": "jettison_fairing = true"}  # fmt: skip
    tutorial = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    vehicle, *phases = blocks(DOCS / "tutorial.md", "toml")
    template = (templates / "vehicle.toml").read_text(encoding="utf-8")
    assert all(line in template for line in vehicle.splitlines())
    template = Template((templates / "mission.toml").read_text(encoding="utf-8")).safe_substitute(
        stages
    )
    assert len(phases) == 2
    for phase in phases:
        assert all(line in template for line in phase.splitlines())
    assert "my-launcher.toml" in tutorial
