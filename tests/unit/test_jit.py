"""The compiled cache: an edit anywhere below a kernel is seen, and nothing else recompiles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from downrange import _jit

TOP = """
    from downrange._jit import njit
    from toy.helper import twice

    @njit
    def six(x):
        return 3.0 * twice(x)
"""
HELPER = """
    from downrange._jit import njit
    from toy import constants

    @njit
    def twice(x):
        return constants.TWO * x
"""
RUN = """
    import json, sys
    from toy.top import six
    import toy.other
    answer = six(1.0)
    other = toy.other.seven(1.0)
    hits = lambda kernel: sum(kernel.stats.cache_hits.values())
    print(json.dumps({
        "answer": answer, "hits": hits(six), "other_hits": hits(toy.other.seven),
        "folder": six.stats.cache_path,
    }))
"""
OTHER = """
    from downrange._jit import njit

    @njit
    def seven(x):
        return 7.0 * x
"""


def write(path: Path, text: str) -> None:
    path.write_text(textwrap.dedent(text))


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A package of kernels that import each other, in a folder of its own."""
    package = tmp_path / "toy"
    package.mkdir()
    files = {"__init__": "", "top": TOP, "helper": HELPER, "constants": "TWO = 2.0", "other": OTHER}
    for name, text in files.items():
        write(package / f"{name}.py", text)
    write(tmp_path / "run.py", RUN)
    return tmp_path


def start(folder: Path, cache: Path, **environment: str) -> subprocess.Popen[str]:
    known = {**os.environ, "DOWNRANGE_CACHE": str(cache), **environment}
    return subprocess.Popen(
        [sys.executable, "run.py"], cwd=folder, env=known, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> tuple[dict[str, object], str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out), err


def run(folder: Path, cache: Path, **environment: str) -> dict[str, object]:
    return finish(start(folder, cache, **environment))[0]


def test_edits_below_are_seen_and_the_rest_comes_from_the_cache(toy: Path) -> None:
    cache = toy / "cache"
    first = run(toy, cache)
    assert (first["answer"], first["hits"], first["other_hits"]) == (6.0, 0, 0)
    second = run(toy, cache)
    assert (second["answer"], second["hits"], second["other_hits"]) == (6.0, 1, 1)
    # Two imports away and without a kernel of its own: numba alone would answer 6 again.
    write(toy / "toy" / "constants.py", "TWO = 20.0")
    third = run(toy, cache)
    assert (third["answer"], third["hits"], third["other_hits"]) == (60.0, 0, 1)


def test_a_part_that_is_edited_changes_the_kernel_that_it_is_put_into(toy: Path) -> None:
    cache = toy / "cache"
    helper = (toy / "toy" / "helper.py").read_text().replace("njit", "part")
    write(toy / "toy" / "helper.py", helper)
    assert run(toy, cache)["answer"] == 6.0
    assert run(toy, cache)["hits"] == 1
    write(toy / "toy" / "helper.py", helper.replace("constants.TWO * x", "30.0 * x"))
    assert run(toy, cache)["answer"] == 90.0


def test_a_kernel_has_its_plain_function_beside_it() -> None:
    def half(x: float) -> float:
        return x / 2.0

    assert _jit.plain(_jit.inner(half)) is half
    assert _jit.plain(half) is half  # type: ignore[arg-type]


def test_two_first_starts_at_once_do_no_harm(toy: Path) -> None:
    cache = toy / "cache"
    both = [start(toy, cache), start(toy, cache)]
    assert [finish(each)[0]["answer"] for each in both] == [6.0, 6.0]
    assert run(toy, cache)["hits"] == 1


def test_a_root_that_cannot_be_written_gives_way_to_a_temporary_folder(toy: Path) -> None:
    blocked = toy / "a_file"
    blocked.write_text("no folder can be made below a file")
    answer, said = finish(start(toy, blocked))
    assert answer["answer"] == 6.0
    assert said.count("temporary folder") == 1
    assert str(blocked) in said
    assert not Path(str(answer["folder"])).exists()


def test_without_the_compiler_the_plain_functions_run(toy: Path) -> None:
    write(
        toy / "run.py", 'import json\nfrom toy.top import six\nprint(json.dumps({"a": six(1.0)}))'
    )
    assert run(toy, toy / "cache", NUMBA_DISABLE_JIT="1") == {"a": 6.0}


def test_a_function_without_a_file_compiles_without_the_cache() -> None:
    space: dict[str, object] = {"njit": _jit.njit}
    exec("@njit\ndef half(x):\n    return x / 2.0", space)
    half = space["half"]
    assert callable(half)
    assert half(3.0) == 1.5


def test_division_by_zero_and_order_of_sums_are_those_of_ieee() -> None:
    @_jit.njit
    def ratio(a: float, b: float, c: float) -> float:
        return (a + b) - a + c / 0.0

    assert ratio(1.0, 2.0, 1.0) == float("inf")


def test_the_setting_of_numba_is_put_back() -> None:
    import numba

    before = numba.config.CACHE_DIR

    @_jit.njit
    def same(x: float) -> float:
        return x

    assert before == numba.config.CACHE_DIR
    assert str(_jit.cache_root()) in same.stats.cache_path


@pytest.mark.parametrize(
    "statement",
    ["import pack.b", "from pack import b", "from pack.b import f", "from . import b",
     "from .b import f", "import pack.b as other", "if True:\n    from pack.b import f",
     "try:\n    import os\nexcept ImportError:\n    from pack import b"],
)  # fmt: skip
def test_every_way_to_import_is_followed(tmp_path: Path, statement: str) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    for name, text in {"__init__": "", "a": statement, "b": "", "c": ""}.items():
        write(pack / f"{name}.py", text)
    assert (pack / "b.py").resolve() in _jit.imported_files(pack / "a.py")
    assert (pack / "c.py").resolve() not in _jit.imported_files(pack / "a.py")


def test_packages_installed_beside_are_not_followed(tmp_path: Path) -> None:
    """Their versions are in the hash; to read them through takes seconds."""
    for pack in ("pack", "numba"):
        (tmp_path / pack).mkdir()
        write(tmp_path / pack / "__init__.py", "")
    write(tmp_path / "pack" / "a.py", "import numba, pack.b")
    write(tmp_path / "pack" / "b.py", "")
    found = {file.relative_to(tmp_path.resolve()).as_posix()
             for file in _jit.imported_files(tmp_path / "pack" / "a.py")}  # fmt: skip
    assert found <= {"pack/b.py", "pack/__init__.py"}
    assert "pack/b.py" in found


def test_imports_for_type_checkers_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.py", "if TYPE_CHECKING:\n    import b\nimport c")
    write(tmp_path / "b.py", "")
    write(tmp_path / "c.py", "")
    assert _jit.imported_files(tmp_path / "a.py") == {(tmp_path / "c.py").resolve()}


def test_names_from_a_package_lead_through_its_init(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "inner").mkdir(parents=True)
    files = {
        "__init__": "",
        "a": "from pack.inner import f",
        "inner/__init__": "from .deep import f",
    }
    for name, text in {**files, "inner/deep": ""}.items():
        write(pack / f"{name}.py", text)
    before = _jit.source_hash(pack / "a.py")
    write(pack / "inner" / "deep.py", "changed = 1")
    _jit.source_hash.cache_clear()
    assert _jit.source_hash(pack / "a.py") != before


def make_folders(root: Path, ages_days: list[float]) -> list[Path]:
    folders = []
    for index, age in enumerate(ages_days):
        folder = root / f"hash{index}"
        folder.mkdir()
        (folder / "kernel.nbc").write_text("code")
        stamp = time.time() - age * 86400.0
        os.utime(folder, (stamp, stamp))
        folders.append(folder)
    return folders


def test_pruning_drops_what_is_old(tmp_path: Path) -> None:
    new, old = make_folders(tmp_path, [29.0, 31.0])
    _jit.prune(tmp_path)
    assert new.exists()
    assert list(tmp_path.iterdir()) == [new]
    assert not old.exists()


def test_pruning_drops_the_oldest_of_too_many_but_none_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_jit, "KEEP_FOLDERS", 1)
    newest, fresh, aged = make_folders(tmp_path, [0.0, 0.01, 1.0])
    _jit.prune(tmp_path)
    assert newest.exists()
    assert fresh.exists()
    assert not aged.exists()


def test_one_process_waits_for_the_other_and_reads_what_it_has_kept(toy: Path) -> None:
    cache = toy / "cache"
    both = [finish(each)[0] for each in [start(toy, cache), start(toy, cache)]]
    assert sorted(int(str(each["hits"])) for each in both) == [0, 1]


def test_a_kernel_compiles_once_for_all_its_constants(toy: Path) -> None:
    write(toy / "toy" / "helper.py", HELPER.replace("twice(x)", "twice(x, i=0)"))
    write(toy / "toy" / "top.py", TOP.replace("twice(x)", "(twice(x, 1) + twice(x, 2)) / 2.0"))
    write(toy / "run.py", """
        import json
        from toy.top import six
        from toy.helper import twice
        print(json.dumps({"answer": six(1.0), "kinds": [str(s) for s in twice.signatures]}))
    """)  # fmt: skip
    assert run(toy, toy / "cache") == {"answer": 6.0, "kinds": ["(float64, int64)"]}


def test_where_nothing_can_be_locked_it_compiles_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> bool:
        raise OSError

    with _jit._claim(tmp_path / "none" / "1.lock"), monkeypatch.context() as patched:
        patched.setattr(_jit, "_locked", refuse)
        with _jit._claim(tmp_path / "1.lock"):
            assert tmp_path / "1.lock" in _jit._claims
    assert not _jit._claims


def test_it_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_jit, "PATIENCE_S", 0.1)
    lock = tmp_path / "1.lock"
    with lock.open("ab") as held, lock.open("ab") as other:
        assert _jit._locked(held)
        assert not _jit._locked(other)
        began = time.monotonic()
        with _jit._claim(lock):
            assert 0.1 <= time.monotonic() - began < 5.0
    with lock.open("ab") as free:
        assert _jit._locked(free)


def test_a_kernel_that_calls_itself_does_not_wait_for_itself(tmp_path: Path) -> None:
    with _jit._claim(tmp_path / "1.lock"), _jit._claim(tmp_path / "1.lock"):
        pass
    assert not _jit._claims


def test_a_kernel_is_kept_once_it_was_compiled(toy: Path) -> None:
    write(toy / "run.py", """
        import json
        from downrange._jit import is_kept
        from toy.top import six
        before = is_kept(six)
        six(1.0)
        print(json.dumps({"before": before, "after": is_kept(six)}))
    """)  # fmt: skip
    assert run(toy, toy / "cache") == {"before": False, "after": True}
    assert run(toy, toy / "cache") == {"before": True, "after": True}
