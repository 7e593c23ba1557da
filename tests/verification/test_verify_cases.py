"""The shipped check cases and the ladder pass, and would not if the physics were another."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from downrange import verify
from downrange._spec import load_toml, validate
from downrange.verify import CaseSpec, run_case, run_file, shipped_cases
from downrange.verify.check import Check
from downrange.verify.ladder import climb, earth, motion

CASES = {path.stem: path for path in shipped_cases()}


def bent(name: str, section: str, **changes: Any) -> CaseSpec:
    """A shipped case with one section changed."""
    data = load_toml(CASES[name])
    data[section] = data.get(section, {}) | changes
    return validate(CaseSpec, data, "")


def missed(checks: list[Check]) -> set[str]:
    """Columns with a check that failed."""
    return {check.what.split()[0] for check in checks if not check.passed}


def test_the_cases_asked_for_are_shipped() -> None:
    assert {"nasa_01", "nasa_02", "nasa_05", "nasa_06", "nasa_09", "nasa_17"} <= set(CASES)


@pytest.mark.parametrize("path", CASES.values(), ids=CASES)
def test_shipped_case(path: Path) -> None:
    result = run_file(path)
    assert not [check for check in result.checks if not check.passed]
    assert len(result.trajectory) == len({check.what.split(" at ")[1] for check in result.checks})


@pytest.mark.parametrize(
    ("name", "section", "changes", "columns"),
    [
        ("nasa_01", "earth", {"gravity": "inverse_square"}, {"altitude_m", "velocity_down_mps"}),
        ("nasa_01", "earth", {"rotating": False}, {"altitude_m", "velocity_east_mps", "roll_deg"}),
        ("nasa_06", "aero", {"drag": 0.1001}, {"altitude_m", "velocity_down_mps"}),
        ("nasa_09", "body", {"mass": "1.0001 slug"}, {"altitude_m", "velocity_east_mps"}),
        ("nasa_17", "body", {"variable_mass_rotation": "full"}, {"altitude_m", "pitch_deg"}),
    ],
)
def test_a_case_fails_where_its_physics_is_changed(
    name: str, section: str, changes: dict[str, Any], columns: set[str]
) -> None:
    assert columns <= missed(run_case(bent(name, section, **changes)).checks)


@pytest.mark.parametrize("name", ["nasa_02", "nasa_09", "nasa_17"])
def test_the_step_is_short_enough(name: str) -> None:
    """Twice the step moves a figure by under a hundredth of its tolerance.

    In case 17 the air ends at 86 km: not to split the step there would cost 0.7 m.
    """
    data = load_toml(CASES[name])
    coarse = run_case(validate(CaseSpec, data | {"step": "0.01 s"}, ""))
    for fine, rough in zip(run_file(CASES[name]).checks, coarse.checks, strict=True):
        assert abs(rough.got - fine.got) < 0.01 * fine.tolerance, fine.what


@pytest.fixture(scope="module")
def rungs() -> list[Check]:
    return climb()


def test_every_rung_of_the_ladder_holds(rungs: list[Check]) -> None:
    assert not [check for check in rungs if not check.passed]
    assert {check.name for check in rungs} == {
        "US Standard Atmosphere 1976", "geodesy", "Kepler orbit", "orbit with J2",
        "orbit with a tenth of J2", "free asymmetric body", "rotation over ten orbits",
        "fall to the east", "rocket equation", "order of the integrator", "two stages to orbit",
        "thrust at sea level", "mass balance", "normal force", "free uniform beam",
        "undamped bending", "stability boundary of a control loop", "upper-stage guidance",
        "ball in the wind", "damped rates", "weathercock", "thrown balls",
        "spread of thrown balls", "ellipses of thrown balls", "hits of thrown balls",
        "intervals of a share", "coverage of intervals",
    }  # fmt: skip


def test_each_check_says_what_it_is(rungs: list[Check]) -> None:
    assert all(check.name and check.what and check.source and check.unit for check in rungs)
    assert len({(check.name, check.what) for check in rungs}) == len(rungs)


@pytest.mark.parametrize(
    ("rung", "field", "factor"),
    [
        (motion.coriolis, "mu_m3ps2", 1.001),
        (motion.oblate_earth, "j2_radius_m", 0.9),
        (motion.kepler, "j2", 1.0),
        (earth.geodesy, "flattening", 1.0 + 1e-9),
    ],
)
def test_a_rung_breaks_under_another_earth(
    monkeypatch: pytest.MonkeyPatch, rung: Any, field: str, factor: float
) -> None:
    """The Earth that flies is not the Earth that the closed form is told of."""
    true = motion.build_earth()
    other = true._replace(**{field: getattr(true, field) * factor})
    if rung is earth.geodesy:
        monkeypatch.setattr(earth, "build_earth", lambda: other)
    else:
        march = motion.kernel.march

        def elsewhere(*args: Any) -> None:
            changed = {field: getattr(true, field) * factor}
            around = args[5][0]
            around = around._replace(earth=around.earth._replace(**changed))
            march(*args[:5], (around, around), *args[6:])

        monkeypatch.setattr(motion.kernel, "march", elsewhere)
    assert [check for check in rung() if not check.passed]


def test_all_together_in_seconds(rungs: list[Check]) -> None:
    """Compiled, that is: `rungs` and one case see to it."""
    run_file(CASES["nasa_01"])
    begun = time.process_time()
    checks = verify.run_all()
    assert time.process_time() - begun < 20.0
    out = json.loads(json.dumps(verify.to_json(checks), allow_nan=False))
    assert out["passed"]
    assert len(out["checks"]) > 300 > len(rungs)


def test_the_documentation_has_every_check(rungs: list[Check]) -> None:
    """`scripts/draw_verification.py` was run since checks were added."""
    docs = Path(__file__).parents[2] / "docs"
    told = (docs / "reference" / "checks.md").read_text(encoding="utf-8")
    page = (docs / "verification.md").read_text(encoding="utf-8")
    checks = [*rungs, *(check for path in CASES.values() for check in run_file(path).checks)]
    for check in checks:
        assert f"| {check.name} | {check.what} | {check.source} |" in told
        assert check.name.removeprefix("NASA check case ") in page
    assert f"{len(checks)} figures in {len(CASES)} of NASA's" in page
