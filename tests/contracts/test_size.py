"""Size budgets: what has outgrown a screen is split, and tests keep pace with code."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES = 600
FUNCTION_LINES = 80
LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
KERNEL_LINES = 3000  # compile time is about 27 ms a line


def sources(*folders: str, root: Path = ROOT) -> list[Path]:
    return [file for folder in folders for file in sorted((root / folder).rglob("*.py"))]


def long_parts(file: Path) -> Iterator[str]:
    """What is too long in a file."""
    text = file.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{file}: {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = (node.end_lineno or node.lineno) - node.lineno + 1
            if span > FUNCTION_LINES:
                yield f"{file}:{node.lineno}: {node.name} has {span} lines"


def code_lines(file: Path) -> int:
    """Lines of a file that hold code: no blank lines, comments or docstrings on either side."""
    text = file.read_text(encoding="utf-8")
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)


def compiled_lines(file: Path) -> int:
    """Lines of a kernel file that numba compiles: those of its functions that hold code."""
    functions = [
        node for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]  # fmt: skip
    lines: set[int] = set()
    for function in functions:
        documented = ast.get_docstring(function) is not None
        for statement in function.body[documented:]:
            for node in ast.walk(statement):
                if isinstance(node, ast.expr | ast.stmt):
                    lines |= {node.lineno, node.end_lineno or node.lineno}
    return len(lines)


def test_files_and_functions_stay_within_their_budget() -> None:
    files = sources("src", "tests", "benchmarks", "scripts")
    assert [part for file in files for part in long_parts(file)] == []


def test_there_is_at_least_a_line_of_test_per_line_of_code() -> None:
    tests, code = (sum(map(code_lines, sources(folder))) for folder in ("tests", "src"))
    assert tests >= code, f"{tests} lines of tests, {code} of code"


def test_kernels_stay_quick_to_compile() -> None:
    kernels = [file for file in sources("src") if "kernel" in file.with_suffix("").parts]
    assert kernels
    lines = {file: compiled_lines(file) for file in kernels}
    assert sum(lines.values()) < KERNEL_LINES, lines


def test_code_is_what_is_neither_blank_nor_said(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        '"""Doc\n\nmore."""\n\n# said\nx = (\n    1,\n)\n\ndef f():\n    """Doc."""\n    return x\n'
    )
    assert code_lines(file) == 5  # x over three lines, def, return


def test_the_budget_bites(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text("def f():\n" + "    pass\n" * 80 + "x = 1\n" * 520)
    assert [part.rpartition(": ")[2] for part in long_parts(file)] == [
        "601 lines",
        "f has 81 lines",
    ]
    file.write_text("def f():\n" + "    pass\n" * 79 + "x = 1\n" * 520)
    assert list(long_parts(file)) == []
