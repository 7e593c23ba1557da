"""The exception tree and how a problem reads."""

from __future__ import annotations

import pytest

from downrange.errors import DownrangeError, InputError, OutputError, Problem


def test_a_problem_names_file_path_what_and_what_instead() -> None:
    problem = Problem("a.toml", "stage1.length", "is missing", 'write it like "28 m"')
    assert str(problem) == 'a.toml: stage1.length: is missing (write it like "28 m")'


@pytest.mark.parametrize(
    ("file", "path", "text"),
    [("", "", "m"), ("f", "", "f: m"), ("", "p", "p: m"), ("f", "p", "f: p: m")],
)
def test_what_is_empty_is_left_out(file: str, path: str, text: str) -> None:
    assert str(Problem(file, path, "m")) == text


def test_an_input_error_carries_all_problems_one_a_line() -> None:
    problems = [Problem("f", "a", "x"), Problem("f", "b", "y")]
    error = InputError(iter(problems))
    assert error.problems == problems
    assert str(error) == "f: a: x\nf: b: y"


def test_the_tree() -> None:
    for kind in (InputError, OutputError):
        assert issubclass(kind, DownrangeError)
    assert not issubclass(OutputError, InputError)
