"""What the documentation shows works: every command of its pages, every example."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
from cli_case import Command

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BLOCK = re.compile(r"^```console\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.M | re.S)
INCLUDED = re.compile(r"\{literalinclude\} \S*?examples/(\S+)")
PLAIN = {0xA0: " ", 0x202F: " "}  # spaces that don't break
WITH_COMMANDS = ["tutorial", "howto/own-vehicle", "howto/own-wind", "howto/pandas",
                 "howto/compare", "howto/campaign"]  # fmt: skip
IN_STEPS = ["own_controller", "own_guidance"]


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def commands(text: str) -> list[tuple[list[str], str]]:
    """The commands of a page, word by word, each with the output that the page shows for it."""
    found = []
    for block, shown in BLOCK.findall(text):
        lines = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        found += [(shlex.split(line), "") for line in lines[:-1]]
        found.append((shlex.split(lines[-1]), shown))
    return found


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_commands_of_a_page_work_in_their_order(
    command: Command, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    for file in INCLUDED.findall(page(name)):
        shutil.copy(EXAMPLES / file, tmp_path)
    told = commands(page(name))
    assert told
    for (program, *words), shown in told:
        assert program == "downrange"
        said = command(*words)
        assert said.code == 0, f"{words}: {said.err}"
        out = said.out.translate(PLAIN)
        for line in shown.splitlines():
            assert line in out


def test_pages_with_commands_are_all_run() -> None:
    docs = ROOT / "docs"
    found = {
        str(file.relative_to(docs).with_suffix(""))
        for file in docs.rglob("*.md")
        if "```console" in file.read_text(encoding="utf-8")
    }
    assert found == set(WITH_COMMANDS)


@pytest.mark.parametrize("name", ["fly_and_read", "sweep_the_mismatch"])
def test_examples_that_fly(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) >= 7


@pytest.mark.parametrize("name", IN_STEPS)
def test_examples_that_steer_reach_orbit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "stage2: in_orbit" in out
    assert "mission: success" in out


@pytest.mark.parametrize("name", ["read_a_recording", "read_parquet"])
def test_examples_that_read(
    command: Command, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = command("fly", "spectrum-flight-1", "--planned", "--no-report", "--out", "flight")
    assert said.code == 0
    monkeypatch.setattr("sys.argv", [name, "flight"])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "stage1" in out
    assert len(out.splitlines()) > 15


def test_example_that_reads_a_campaign(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = command("campaign", "spectrum-flight-1", "-n", "20", "--no-report", "--out", "maiden")
    assert said.code == 0, said.err
    monkeypatch.setattr("sys.argv", ["read_a_campaign", "maiden"])
    runpy.run_path(str(EXAMPLES / "read_a_campaign.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.startswith("20 flights")
    assert "--from-campaign maiden --flight" in out


def test_every_example_is_run() -> None:
    programs = {file.stem for file in EXAMPLES.glob("*.py")}
    read = {"read_a_recording", "read_parquet", "read_a_campaign"}
    assert programs == {*read, "fly_and_read", "sweep_the_mismatch", *IN_STEPS}
