"""Fly check cases and hold them against their figures."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from downrange.verify.check import CaseResult, Check
from downrange.verify.checkpoints import COLUMNS
from downrange.verify.fly import fly_case
from downrange.verify.ladder import climb
from downrange.verify.spec import CaseSpec, load_case


def shipped_cases() -> list[Path]:
    """Files of the check cases that come with Downrange, in order of name."""
    folder = Path(str(files("downrange.verify") / "cases"))
    return sorted(folder.glob("*.toml"))


def run_case(spec: CaseSpec, base_dir: Path | str = ".") -> CaseResult:
    """Fly a check case and compare every figure of its checkpoints."""
    points = spec.checkpoints
    trajectory = fly_case(spec, points.times_s, base_dir)
    checks = [
        Check(
            name=spec.name,
            what=f"{column} at {row['time_s']:g} s",
            source=spec.source,
            expected=figure,
            got=row[column],
            unit=COLUMNS[column],
            tolerance=points.tolerance[column],
        )
        for row, figures in zip(trajectory, points.rows, strict=True)
        for column, figure in zip(points.columns, figures, strict=True)
        if column != "time_s"
    ]
    return CaseResult(checks, trajectory)


def run_file(path: Path | str) -> CaseResult:
    """Fly the check case in a TOML file.

    Raises:
        InputError: the file is no check case; carries every problem found.
    """
    return run_case(load_case(path), Path(path).parent)


def run_all() -> list[Check]:
    """Fly every check case that ships and climb the ladder of laws and closed forms."""
    cases = [check for path in shipped_cases() for check in run_file(path).checks]
    return [*cases, *climb()]
