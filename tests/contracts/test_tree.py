"""What the repository says of itself: one version, and nothing of the machine it was made on."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".toml", ".md", ".cff", ".csv", ".bib", ".html", ".yml", ".yaml", ".json", ""}
HOME = re.compile(r"(?<![\w.~}])/(?:work|root|home|Users|tmp|farm)/\w")


def tracked() -> list[Path]:
    """Files that git keeps, or all files where the source is no git checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.suffix in TEXT and file.is_file()]


def test_no_path_of_one_machine_is_written_down() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in tracked()
        for line in file.read_text(encoding="utf-8").splitlines()
        if HOME.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [("see /{}/notes", True), ("'/{}/me'", True), ("docs/{}/x", False), ("a/{}/b", False)],
)
def test_paths_of_a_machine_are_recognised(line: str, is_one: bool) -> None:
    for folder in ("work", "home", "tmp"):
        assert bool(HOME.search(line.format(folder))) is is_one


def test_one_version_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    changelog = re.search(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert citation is not None
    assert changelog is not None
    assert {version, citation[1], changelog[1], metadata.version("downrange")} == {version}


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
