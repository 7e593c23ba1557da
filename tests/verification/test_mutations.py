"""The mistakes that `scripts/mutate.py` makes on purpose can still be made, and are noticed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "mutate.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate"] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


mutate = load()


@pytest.mark.parametrize("mutation", mutate.MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mistake_has_one_place(mutation: mutate.Mutation, tmp_path: Path) -> None:
    copy = mutate.mutated(mutation, tmp_path)
    changed = (copy / "downrange" / mutation.file).read_text(encoding="utf-8")
    assert changed != (mutate.SOURCE / "downrange" / mutation.file).read_text(encoding="utf-8")
    compile(changed, mutation.file, "exec")


@pytest.mark.slow
def test_a_mistake_is_noticed_and_its_absence_too(tmp_path: Path) -> None:
    wind = next(each for each in mutate.MUTATIONS if each.name.startswith("wind"))
    missed = mutate.failing(wind, tmp_path / "cache")
    assert {name for name, _ in missed} == {"ball in the wind"}
    assert mutate.failing(None, tmp_path / "cache") == []
