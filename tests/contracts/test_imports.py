"""Who imports whom: the order of the areas, no cycles, and a light `import downrange`."""

from __future__ import annotations

import graphlib
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "numba",
    "llvmlite",
    "pandas",
    "pyarrow",
    "matplotlib",
    "scipy",
    "pint",
    "starlette",
    "flask",
)
LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import-linter over the package in `folder`/src with the contracts of `folder`."""
    script = f"import sys; sys.path.insert(0, {str(folder / 'src')!r}); {LINT}"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_contracts_between_areas_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "5 kept, 0 broken" in done.stdout


BREACHES = {
    "an area imports upwards": (
        "earth/spec.py",
        "import downrange.flight",
        "Areas import downwards only, and every area has its place BROKEN",
    ),
    "a kernel knows specs": (
        "earth/kernel/gravity.py",
        "import downrange.earth.spec",
        "Kernels know numbers only BROKEN",
    ),
    "a kernel knows pydantic": (
        "aero/kernel.py",
        "import pydantic",
        "Kernels know numbers only BROKEN",
    ),
    "guidance sees the truth": (
        "gnc/spec.py",
        "import downrange.vehicle.kernel",
        "Guidance never sees the truth BROKEN",
    ),
    "safety asks guidance": (
        "safety/build.py",
        "import downrange.gnc.spec",
        "The safety system never asks guidance BROKEN",
    ),
    "review knows the simulator": (
        "review/events.py",
        "import downrange.safety.spec",
        "Review and report work on any flight's telemetry BROKEN",
    ),
    "an undeclared room": ("attic/__init__.py", '"""A room without a place."""', "attic"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_the_contracts_bite(breach: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.npz")
    )
    name, line, says = BREACHES[breach]
    file = tmp_path / "src" / "downrange" / name
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as text:
        text.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert says in done.stdout


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("downrange", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError and names the cycle


def test_importing_downrange_loads_nothing_heavy() -> None:
    script = "import sys, downrange; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "downrange" in loaded
    assert loaded.isdisjoint(HEAVY)
