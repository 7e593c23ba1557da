"""Missions to orbit that can't be flown: one clear message each, exit code 2, nothing written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_case import Command

from downrange.errors import InputError
from downrange.flight.fly import prepare
from downrange.flight.load import load_mission
from downrange.gnc import plan as planning

Refused = Callable[..., str]
SITE_LATITUDE_DEG = 69.11  # of Andøya's pad
MU, RADIUS_M = 3.986004418e14, 6378137.0
G0 = 9.80665


@pytest.fixture(autouse=True)
def _own_mission(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command("new", "vehicle", "mine")
    command("new", "mission", "m", "--vehicle", "mine.toml")


@pytest.fixture
def refused(command: Command) -> Refused:
    """Fly a mission that must be refused; give the one complaint."""

    def call(*settings: str) -> str:
        before = everything()
        words = [word for setting in settings for word in ("--set", setting)]
        said = command("fly", "m.toml", *words)
        assert (said.code, said.out) == (2, "")
        assert "Traceback" not in said.err
        assert everything() == before
        (line,) = (line for line in said.err.splitlines() if not line.endswith(" ..."))
        told = command("fly", "m.toml", *words, "--json")
        assert told.code == 2
        assert len(json.loads(told.out)["errors"]) == 1
        return line

    return call


def everything() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def edit(name: str, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, Path(name).read_text(encoding="utf-8"), flags=re.S)
    assert count == 1
    Path(name).write_text(text, encoding="utf-8")


def short_mps(line: str) -> float:
    found = re.search(r"can't be reached: (\d+) m/s short", line)
    assert found, line
    return float(found[1])


def test_too_much_payload_is_told_by_how_much(refused: Refused) -> None:
    """More payload costs velocity as the upper stage's rocket equation says, or somewhat more.

    Empty it weighs 350 kg and 17 kg of residuals; 335 s are 3285 m/s. What the first stage loses
    by the load comes on top: less than a fifth of it.
    """
    light, heavy = (short_mps(refused(f"vehicle.payload.mass={kg} kg")) for kg in (250, 300))
    exhaust, empty, full = 335.0 * G0, 367.0, 367.0 + 2703.0
    lost = [exhaust * math.log((full + kg) / (empty + kg)) for kg in (250.0, 300.0)]
    assert lost[0] - lost[1] < heavy - light < 1.2 * (lost[0] - lost[1])
    line = refused("vehicle.payload.mass=300 kg")
    assert line.startswith("m.toml: target: can't be reached: ")
    assert "less payload, a lower orbit, or more propellant" in line


def test_too_high_an_orbit_is_told_what_its_second_burn_takes(refused: Refused) -> None:
    """From 200 km to a circle at 20,000 km: vis-viva at the apogee of the transfer."""
    line = refused("target.perigee=20000 km", "target.apogee=20000 km")
    low, high = RADIUS_M + 200e3, RADIUS_M + 20000e3
    at_apogee = math.sqrt(2.0 * MU * low / (high * (low + high)))
    raised = math.sqrt(MU / high) - at_apogee
    at_perigee = math.sqrt(2.0 * MU * high / (low * (low + high)))
    if "second burn" in line:
        assert f"{raised:.0f} m/s are for the second burn" in line
    else:
        first = 305.0 * G0 * math.log(18460.0 / (18460.0 - 13575.0))
        second = 335.0 * G0 * math.log(3300.0 / (3300.0 - 2703.0))
        assert short_mps(line) == pytest.approx(at_perigee + raised - first - second, rel=0.02)
        assert "even without any losses" in line


@pytest.mark.parametrize("inclination_deg", [30.0, 60.0, 150.0])
def test_an_inclination_below_the_latitude(refused: Refused, inclination_deg: float) -> None:
    line = refused(f"target.inclination={inclination_deg} deg")
    assert line.startswith("m.toml: target: no launch from a latitude of ")
    assert f"of {SITE_LATITUDE_DEG} deg reaches an inclination of {inclination_deg:.2f} deg" in line
    reach = f"{SITE_LATITUDE_DEG} to {180.0 - SITE_LATITUDE_DEG:.2f} deg can be reached"
    assert reach in line


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("target.perigee=90 km", "m.toml: target.perigee"),
        ("guidance.insertion_altitude=60 km", "m.toml: guidance.insertion_altitude"),
    ],
)
def test_orbits_in_the_air(refused: Refused, setting: str, what: str) -> None:
    line = refused(setting)
    assert line.startswith(what.replace("m.toml", "--set"))
    assert "must be at least 120000 m" in line


def test_a_fairing_that_never_goes(refused: Refused) -> None:
    edit("m.toml", r"jettison_fairing = true\n", "")
    assert refused() == (
        "m.toml: phase: the fairing never goes, but the mission flies to orbit "
        "(state jettison_fairing = true in a phase)"
    )


def test_a_fairing_that_nothing_opens(refused: Refused) -> None:
    edit("mine.toml", r"\[fairing\.jettison\].*?\n\n", "")
    assert refused() == (
        "m.toml: phase.fairing.jettison_fairing: the fairing can't be dropped "
        "(state [fairing.jettison] with speed, rate and drag_share)"
    )


def test_a_restart_with_no_ignition_left(refused: Refused) -> None:
    edit("mine.toml", r"ignitions = 2", "ignitions = 1")
    line = refused()
    assert line.startswith("m.toml: vehicle.stage2.engine.ignitions: the sequence lights stage2 ")
    assert "2 times, its engines can be lit 1" in line
    assert "state ignitions = 2" in line


def test_a_stage_that_nothing_pushes_off(refused: Refused) -> None:
    edit("mine.toml", r"\[stage\.separation\].*?\n\n", "\n")
    assert refused() == (
        "m.toml: phase.separation.separate: stage1 can't be dropped: it has no separation "
        "(state [stage.separation] with impulse and offset in stage1)"
    )


def test_a_plan_that_inserts_in_coarse_steps_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next best pitch-over is taken, and where none is left, that is bad input."""
    ready = prepare(load_mission("m.toml"))
    whole = planning._Planner.ascent
    failing: list[float] = []

    def first_fails(self: planning._Planner, kick_rad: float) -> planning.Ascent | None:
        failing.append(kick_rad)
        return None if len(failing) == 1 else whole(self, kick_rad)

    monkeypatch.setattr(planning._Planner, "ascent", first_fails)
    second = prepare(load_mission("m.toml")).planned.ascent
    assert len(failing) == 2
    # Within 2 m/s: golden section had come close to it.
    assert second.spare_mps == pytest.approx(ready.planned.ascent.spare_mps, abs=2.0)

    monkeypatch.setattr(planning._Planner, "ascent", lambda *_: None)
    with pytest.raises(InputError) as caught:
        prepare(load_mission("m.toml"))
    (problem,) = caught.value.problems
    assert "finer steps" in problem.message
    assert "insertion_altitude" in problem.hint


@pytest.mark.parametrize("coast", ["3.6 s", "7.1 s", "37.3 s"])
def test_no_two_rows_of_a_plan_are_at_one_time(coast: str) -> None:
    """A coast of no whole number of steps ended in one of 1e-14 s, on which slopes are none."""
    ascent = prepare(load_mission("m.toml", settings=[("guidance.staging_coast", coast)])).planned
    steps = ascent.ascent.time_s[1:] - ascent.ascent.time_s[:-1]
    assert steps.min() > 1e-3
