"""The public names: few, lazy, typed, documented, and all there."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import downrange

ROOT = Path(__file__).parents[2]
MOST_NAMES = 25
HEAVY = {
    "numba", "numpy", "scipy", "pandas", "pyarrow", "pint", "pydantic", "matplotlib", "jinja2",
    "typer", "rich",
}  # fmt: skip


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh process holds after running some code."""
    ask = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True
    )  # fmt: skip
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_import_loads_nothing_heavy() -> None:
    assert loaded_after("import downrange") & HEAVY == set()
    assert loaded_after("import downrange; downrange.__version__; dir(downrange)") & HEAVY == set()


def test_a_recording_is_read_without_the_simulator() -> None:
    loaded = loaded_after("import downrange; downrange.load_recording, downrange.timeline")
    assert loaded & {"numba", "scipy", "pandas", "matplotlib", "pint"} == set()


def test_help_and_version_load_nothing_heavy() -> None:
    for option in ("--help", "--version"):
        loaded = loaded_after(f"from downrange.cli import run\nrun(['{option}'])")
        assert loaded & (HEAVY - {"typer", "rich", "pydantic"}) == set()


@pytest.mark.parametrize("name", sorted(downrange.__all__))
def test_each_name_is_there_and_says_what_it_is(name: str) -> None:
    found = getattr(downrange, name)
    assert getattr(downrange, name) is found
    assert name in dir(downrange)
    if name != "__version__":
        assert inspect.getdoc(found)


def test_names_are_few_and_in_order() -> None:
    assert len(downrange.__all__) <= MOST_NAMES
    assert downrange.__all__ == sorted(downrange.__all__)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'flie'"):
        downrange.flie  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    """What stands under TYPE_CHECKING is `__all__`, each from where it is loaded."""
    source = Path(downrange.__file__).read_text(encoding="utf-8")
    typed = next(node for node in ast.parse(source).body if isinstance(node, ast.If))
    seen = {"__version__": ""}
    for node in typed.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                seen[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    assert seen.keys() == {*downrange.__all__}
    for name, home in seen.items():
        if home:
            module, _, attribute = home.rpartition(".")
            assert getattr(downrange, name) is getattr(
                __import__(module, fromlist=["_"]), attribute
            )


def test_examples_and_the_readme_use_public_names() -> None:
    for file in [*sorted((ROOT / "examples").glob("*.py")), ROOT / "README.md"]:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".md":
            blocks = text.split("```python\n")[1:]
            assert blocks
            text = "\n".join(block.partition("```")[0] for block in blocks)
        for node in ast.walk(ast.parse(text)):
            named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if named and node.value.id == "dr":
                assert node.attr in downrange.__all__, f"{file.name}: dr.{node.attr}"


def test_links_of_the_docs_lead_somewhere() -> None:
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        links = re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8"))
        inside = [link for link in links if "://" not in link]
        assert [link for link in inside if not (file.parent / link).exists()] == [], file.name
