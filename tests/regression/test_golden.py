"""The flights that are kept in tests/golden fly as they did, or it is shown what moved.

What moved on purpose is accepted with `python scripts/golden.py accept`. The tolerances, and how
they were measured, stand in that script.
"""

from __future__ import annotations

import dataclasses
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from downrange.review import changes
from downrange.telemetry import Recording, Telemetry

ROOT = Path(__file__).parents[2]
TOOL: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "golden.py"))
GOLDEN = {golden.name: golden for golden in TOOL["GOLDEN"]}
MOST_BYTES = 800_000
names = pytest.mark.parametrize("name", GOLDEN)


@cache
def kept(name: str) -> Recording:
    return TOOL["kept"](GOLDEN[name])


def moved(name: str, after: Recording) -> Any:
    return TOOL["moved"](GOLDEN[name], kept(name), after)


def edited(name: str, body: str, channel: str, since_s: float, by: float) -> Recording:
    """The flight that is kept, with a channel moved by a share of its range from a time on."""
    before = kept(name)
    table = before.bodies[body].telemetry
    columns = {each: np.array(table[each]) for each in table.names}
    late = table["time_s"] >= since_s
    columns[channel][late] += by * np.ptp(table[channel][np.isfinite(table[channel])])
    other = dataclasses.replace(before.bodies[body], telemetry=Telemetry.from_columns(columns))
    return dataclasses.replace(before, bodies=before.bodies | {body: other})


@names
def test_the_flight_is_the_one_that_is_kept(name: str) -> None:
    found = moved(name, TOOL["fly"](GOLDEN[name]))
    if not found.same:
        pytest.fail(
            f"{name} moved:\n\n{TOOL['as_text'](found)}\n"
            "if that is meant: python scripts/golden.py accept",
            pytrace=False,
        )


@names
def test_it_is_the_same_as_itself(name: str) -> None:
    assert moved(name, kept(name)).same
    assert changes(kept(name), kept(name)).same


def test_every_body_is_kept() -> None:
    assert list(kept("as-flown").bodies) == ["stage1"]
    for name in ("planned", "planned-dispersed"):
        bodies = kept(name).bodies
        assert list(bodies) == ["stage1", "stage2", "fairing_left", "fairing_right"]
    assert kept("as-flown").summary["planned"] is False
    assert kept("planned-dispersed").summary["dispersed"]


@pytest.mark.parametrize(
    ("name", "body", "channel", "since_s", "share", "seen"),
    [
        ("planned", "stage2", "altitude_m", 300.0, 4e-6, True),
        ("planned", "stage2", "altitude_m", 300.0, 2e-6, False),
        ("planned", "stage1", "bending_moment_nm", 60.0, 4e-6, True),
        ("planned", "stage1", "altitude_m", 300.0, 1e-3, False),  # tumbles since T+150 s
        ("planned", "stage1", "altitude_m", 300.0, 4e-3, True),
        ("planned", "stage1", "pitch_deg", 300.0, 4e-3, False),
        ("planned", "fairing_left", "speed_mps", 300.0, 4e-3, True),
        ("as-flown", "stage1", "gimbal_yaw_deg", 10.0, 1e-4, True),
        ("as-flown", "stage1", "gimbal_yaw_deg", 10.0, 1e-5, False),
        ("as-flown", "stage1", "gimbal_yaw_deg", 28.0, 1e-2, False),  # lost at T+26 s
        ("as-flown", "stage1", "altitude_m", 40.0, 4e-3, True),
    ],
)
def test_what_is_held_and_how_tightly(
    name: str, body: str, channel: str, since_s: float, share: float, seen: bool
) -> None:
    found = moved(name, edited(name, body, channel, since_s, share))
    assert [each.name for each in found.channels] == [channel] * seen
    assert (channel in TOOL["as_text"](found)) is seen


def test_events_and_figures_are_held() -> None:
    before = kept("planned")
    events = tuple(
        dataclasses.replace(e, time_s=e.time_s + {"max_q": 0.02, "meco": 0.005}.get(e.name, 0.0))
        for e in before.events
    )
    summary = before.summary | {"orbit": before.summary["orbit"] | {"perigee_altitude_m": 4.99e5}}
    found = moved("planned", dataclasses.replace(before, events=events, summary=summary))
    assert [each.name for each in found.events] == ["max_q"]
    assert [each.path for each in found.figures] == ["orbit.perigee_altitude_m"]


def test_a_missing_body_and_a_new_channel_are_seen() -> None:
    before = kept("planned")
    bodies = {name: body for name, body in before.bodies.items() if name != "fairing_left"}
    table = before.bodies["stage2"].telemetry
    wider = Telemetry(
        (*table.names, "wind_north_mps"), np.column_stack([table.values, table.values[:, 0]])
    )
    bodies["stage2"] = dataclasses.replace(bodies["stage2"], telemetry=wider)
    found = moved("planned", dataclasses.replace(before, bodies=bodies))
    assert {(each.body, each.channel, each.missing_in) for each in found.missing} == {
        ("fairing_left", "", "after"), ("stage2", "wind_north_mps", "before"),
    }  # fmt: skip


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder to keep flights in."""
    kept("as-flown")  # from where it is
    monkeypatch.setitem(TOOL["accept"].__globals__, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_accepted_is_kept(elsewhere: Path) -> None:
    golden = GOLDEN["as-flown"]
    for share in (0.0, 0.1):  # again: what is there is replaced
        TOOL["accept"](golden, edited(golden.name, "stage1", "mach", 0.0, share))
        found = changes(kept(golden.name), TOOL["kept"](golden))
        assert [each.name for each in found.channels] == ["mach"] * bool(share)
    assert [file.name for file in elsewhere.iterdir()] == ["as-flown"]


def test_rows_are_thinned_and_the_last_is_kept() -> None:
    time_s = np.arange(0.0, 100.05, 0.05)
    table = Telemetry.from_columns({"time_s": time_s, "thrust_n": 1.0 * (time_s <= 40.0)})
    whole = kept("planned")
    body = dataclasses.replace(whole.bodies["stage1"], telemetry=table)
    few = TOOL["thinned"](GOLDEN["planned"], dataclasses.replace(whole, bodies={"stage1": body}))
    rows = few.bodies["stage1"].telemetry["time_s"]
    # Every 4 s under thrust, every 30 s after it, and the end.
    np.testing.assert_allclose(rows, [*np.arange(0.0, 41.0, 4.0), 70.0, 100.0], atol=0.051)


def test_they_are_small() -> None:
    files = [file for file in (ROOT / "tests" / "golden").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_the_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    """Accept and compare, with a flight that is the one that is kept and then is another."""
    main, inside = TOOL["main"], TOOL["main"].__globals__
    monkeypatch.setitem(inside, "fly", lambda golden: kept(golden.name))
    assert main(["accept", "as-flown"]) == 0
    assert main(["compare", "as-flown"]) == 0
    assert main(["compare", "--exact", "as-flown"]) == 0
    assert capsys.readouterr().out.count("The same flight") == 2
    assert (elsewhere / "as-flown" / "telemetry" / "stage1.parquet").is_file()
    other = edited("as-flown", "stage1", "mach", 0.0, 0.1)
    monkeypatch.setitem(inside, "fly", lambda _: other)
    assert main(["compare", "as-flown"]) == 1
    assert "mach" in capsys.readouterr().out
    assert main(["compare", "planned"]) == 2
    assert str(elsewhere / "planned") in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["accept", "planed"])
