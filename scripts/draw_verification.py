"""Run `downrange verify` and tell of it: the tables and figures of docs/verification.md.

Run `python scripts/draw_verification.py`. `--mutations FILE` takes in a table of `mutate.py`, which
takes a quarter of an hour to make; without it the page keeps the one that it has.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from page_parts import (
    DOCS,
    IMAGES,
    PIXELS_PER_INCH,
    blank,
    fill_page,
    keep,
    named,
    say,
    tell,
)

from downrange.report.style import FONT_PT, PICTURE, drawing, new_axes
from downrange.verify import CaseSpec, Check, fly_case, load_case, run_all, shipped_cases

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, EVERY = DOCS / "verification.md", DOCS / "reference" / "checks.md"
FIGURES = ("verification-margins.png", "verification-cases.png", "verification-order.png")
LEAST_SHARE = 1e-7  # of a tolerance, that a figure shows
NASA = "NASA check case"
# Of the cases, what the figure shows: column, title, factor, unit.
SHOWN = (
    ("nasa_02", "roll_deg", "Case 2, tumbling brick: roll, degrees", 1.0),
    ("nasa_06", "velocity_down_mps", "Case 6, dropped sphere: velocity down, m/s", 1.0),
    ("nasa_09", "altitude_m", "Case 9, cannonball: altitude, km", 1e-3),
    ("nasa_17", "altitude_m", "Case 17, two-stage rocket: altitude, km", 1e-3),
)
STEPS_S = (0.32, 0.16, 0.08, 0.04, 0.02, 0.01)


def share(check: Check) -> float:
    """Difference over the tolerance; of a check without tolerance 0, if it passes."""
    if check.tolerance == 0.0:
        return 0.0 if check.passed else math.inf
    return check.difference / check.tolerance


def grouped(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """Checks by the case or the law that they belong to, in order."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    return groups


def short(value: float) -> str:
    """A number with six digits at most."""
    return f"{value:.6g}".replace("-", "−")


def tell_cases(groups: dict[str, list[Check]]) -> None:
    """NASA's cases: the largest difference of each quantity, with what is allowed."""
    rows = []
    for name, checks in groups.items():
        if not name.startswith(NASA):
            continue
        for quantity in dict.fromkeys(check.what.partition(" at ")[0] for check in checks):
            same = [check for check in checks if check.what.partition(" at ")[0] == quantity]
            worst = max(same, key=share)
            rows.append([
                name.removeprefix(f"{NASA} ") if quantity == "altitude_m" else "",
                f"`{quantity}`", str(len(same)), f"{worst.difference:.2g}",
                f"{worst.tolerance:.2g}", worst.unit, worst.what.partition(" at ")[2],
            ])  # fmt: skip
    header = ("case", "quantity", "checkpoints", "largest difference", "allowed", "unit", "at")
    say("NASA's cases", header, rows)


def tell_ladder(groups: dict[str, list[Check]]) -> None:
    """Laws and closed forms: how many figures, how near, and where each is from."""
    rows = []
    for name, checks in groups.items():
        if name.startswith(NASA):
            continue
        for source in dict.fromkeys(check.source for check in checks):
            same = [check for check in checks if check.source == source]
            nearest = max(share(check) for check in same)
            first = name if source == checks[0].source else ""
            rows.append([first, source, str(len(same)), f"{100.0 * nearest:.2g} %"])
    header = ("law", "source of the expected figure", "figures", "most used of a tolerance")
    say("The ladder", header, rows)


def tell_all(checks: Sequence[Check]) -> None:
    """Each single check."""
    say(
        "Every check",
        ("case or law", "what", "source", "expected", "got", "tolerance", "unit"),
        (
            [check.name, check.what, check.source, short(check.expected), short(check.got),
             f"{check.tolerance:.2g}", check.unit]
            for check in checks
        ),
    )  # fmt: skip


def tell_sums(checks: Sequence[Check], groups: dict[str, list[Check]]) -> None:
    """One sentence that counts."""
    passed = sum(check.passed for check in checks)
    cases = sum(name.startswith(NASA) for name in groups)
    told = f"{len(checks)} figures in {cases} of NASA's check cases and {len(groups) - cases} laws"
    tell("How many", f"{told} and closed forms; {passed} are within their tolerance.")


def draw_margins(groups: dict[str, list[Check]]) -> Figure:
    """How much of its tolerance each check uses."""
    row_pt = 13.0
    figure = blank(row_pt * len(groups) + 60.0)
    box = (250.0, 34.0, 420.0, row_pt * len(groups))
    axes = new_axes(figure, box, PICTURE)
    for row, checks in enumerate(reversed(groups.values())):
        shares = np.maximum([share(check) for check in checks], LEAST_SHARE)
        axes.plot(shares, np.full(len(shares), row), "o", ms=3.0, alpha=0.5, mew=0.0,
                  color=PICTURE.series[0])  # fmt: skip
    axes.axvline(1.0, color=PICTURE.danger, lw=0.9)
    axes.set_xscale("log")
    axes.set_xlim(0.7 * LEAST_SHARE, 3.0)
    axes.set_ylim(-0.7, len(groups) - 0.3)
    axes.set_yticks(range(len(groups)), [name.partition(":")[0] for name in reversed(groups)])
    axes.set_xlabel("difference over tolerance (what is less stands at the left edge)")
    return figure


def draw_cases() -> Figure:
    """Four of NASA's cases, flown, with the checkpoints."""
    figure = blank(410.0)
    cases = {path.stem: load_case(path) for path in shipped_cases()}
    for k, (stem, column, title, factor) in enumerate(SHOWN):
        spec = cases[stem]
        times_s = np.linspace(0.0, spec.duration.si, 401)[1:]
        flown = [factor * row[column] for row in fly_case(spec, times_s.tolist())]
        box = (34.0 + 350.0 * (k % 2), 234.0 - 206.0 * (k // 2), 306.0, 140.0)
        axes = new_axes(figure, box, PICTURE)
        named(axes, title)
        axes.plot(times_s, flown, color=PICTURE.series[0], lw=1.0)
        where = spec.checkpoints.columns.index(column)
        points = np.array([[row[0], factor * row[where]] for row in spec.checkpoints.rows])
        axes.plot(*points.T, "o", ms=4.0, color=PICTURE.danger)
        axes.set_xlabel("seconds")
    return figure


def error_of(spec: CaseSpec, step_s: float, exact: np.ndarray) -> float:
    """Largest error of the body rates at the end, rad/s."""
    coarse = spec.model_copy(update={"step": spec.step.model_copy(update={"si": step_s})})
    row = fly_case(coarse, [spec.duration.si])[0]
    return float(np.abs(np.array([row[f"{axis}_radps"] for axis in "pqr"]) - exact).max())


def draw_order() -> Figure:
    """Error of the tumbling brick's rates against the step."""
    figure = blank(230.0)
    path = next(path for path in shipped_cases() if path.stem == "nasa_02")
    spec = load_case(path)
    fine = spec.model_copy(update={"step": spec.step.model_copy(update={"si": STEPS_S[-1] / 8.0})})
    row = fly_case(fine, [spec.duration.si])[0]
    exact = np.array([row[f"{axis}_radps"] for axis in "pqr"])
    errors = np.array([error_of(spec, step_s, exact) for step_s in STEPS_S])
    axes = new_axes(figure, (60.0, 40.0, 610.0, 160.0), PICTURE)
    named(axes, "Case 2: error of the body rates after 30 s, rad/s, against the step")
    axes.loglog(STEPS_S, errors, "o-", ms=4.0, lw=1.0, color=PICTURE.series[0])
    line = errors[0] * (np.array(STEPS_S) / STEPS_S[0]) ** 4
    axes.loglog(STEPS_S, line, "--", lw=0.8, color=PICTURE.muted)
    axes.annotate("fourth order", (STEPS_S[-2], line[-2]), xytext=(6, -10), fontsize=FONT_PT,
                  textcoords="offset points", color=PICTURE.muted)  # fmt: skip
    axes.set_xlabel("step, seconds")
    return figure


def main() -> None:
    """Tell all, draw all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutations", type=Path, help="a table that mutate.py printed")
    given = parser.parse_args()
    checks = run_all()
    groups = grouped(checks)
    tell_sums(checks, groups)
    tell_cases(groups)
    tell_ladder(groups)
    if given.mutations:
        tell("Mistakes made on purpose", given.mutations.read_text(encoding="utf-8").strip())
    else:
        keep(PAGE, "Mistakes made on purpose")
    with drawing():
        for name, figure in zip(
            FIGURES, (draw_margins(groups), draw_cases(), draw_order()), strict=True
        ):
            figure.savefig(IMAGES / name, dpi=PIXELS_PER_INCH)
    fill_page(PAGE)
    tell_all(checks)
    fill_page(EVERY)


if __name__ == "__main__":
    main()
