"""What the ledger of velocity books in one made-up tick, against the definition of each entry."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from flight_case import parts, ready
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from downrange.dynamics.kernel.advance import BACK_MPS, IDEAL_MPS, State
from downrange.flight import results
from downrange.flight.assemble import band_pass
from downrange.flight.channels import LEDGER
from downrange.flight.kernel import watch
from downrange.flight.kernel.loop import CLOCK_SIZE
from downrange.gnc.kernel import data
from downrange.telemetry import Event, Telemetry

Floats = NDArray[np.float64]
TICK_S = 0.02
ENTRIES = {
    "ideal": watch.IDEAL_DV, "steering": watch.STEERING_DV,
    "back_pressure": watch.BACK_PRESSURE_DV, "drag": watch.DRAG_DV, "gravity": watch.GRAVITY_DV,
    "parting": watch.PARTING_DV,
}  # fmt: skip


class Pushed(NamedTuple):
    """Accelerations in m/s^2 of a tick, body axes but for gravity, which is inertial."""

    thrust: Floats  # in a vacuum
    back: Floats  # what the air's pressure takes off it
    air: Floats
    gravity: Floats


@pytest.fixture(autouse=True)
def plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch as Python: its inner kernels have no entry from here."""
    for name, kernel in list(vars(watch).items()):
        plain = getattr(kernel, "py_func", None)
        if plain is not None and plain.__module__ == watch.__name__ and name != "watch_tick":
            monkeypatch.setattr(watch, name, plain)


class Scene:
    """A body with a velocity and an attitude, at the end of its stay on the pad."""

    def __init__(self, velocity: Floats, attitude: Rotation) -> None:
        _, flight = parts(ready(planned=True))
        self.state: State = flight.state
        self.memory, self.flight = flight.watch, flight
        self.clock = np.zeros(CLOCK_SIZE)
        self.clock[watch.T0_S], self.clock[watch.CUT_S] = 0.0, math.inf
        self.gnc = np.zeros(data.WORDS)
        self.now = -TICK_S
        self.put(velocity, attitude)
        self.look()

    def put(self, velocity: Floats, attitude: Rotation) -> None:
        """`attitude` takes body into inertial components; the scalar is first in the state."""
        x, y, z, w = attitude.as_quat()
        self.state.rigid[3:6] = velocity
        self.state.rigid[6:10] = w, x, y, z

    def look(self) -> None:
        quiet = watch.Watch(band_pass(20.0, TICK_S), math.inf, math.inf)
        watch.watch_tick.py_func(
            quiet, TICK_S, self.now, TICK_S, self.clock, self.state, self.gnc,
            self.flight.command.engine_on, self.flight.health.engine, self.memory,
        )  # fmt: skip
        self.now += TICK_S

    def booked(self) -> dict[str, float]:
        return {name: float(self.memory.words[word]) for name, word in ENTRIES.items()}


def tick(scene: Scene, pushed: Pushed, mean: Rotation, end: Rotation) -> tuple[Floats, Floats]:
    """Push for a tick at a mean attitude; give the velocity before and after it."""
    before = scene.state.rigid[3:6].copy()
    sensed = pushed.thrust - pushed.back + pushed.air
    after = before + TICK_S * (mean.apply(sensed) + pushed.gravity)
    scene.state.words[IDEAL_MPS : IDEAL_MPS + 3] = TICK_S * pushed.thrust
    scene.state.words[BACK_MPS : BACK_MPS + 3] = TICK_S * pushed.back
    scene.state.rigid[13:16] = TICK_S * sensed
    scene.put(after, end)
    scene.look()
    return before, after


def made_up(seed: int) -> tuple[Floats, Rotation, Pushed]:
    """A velocity of a kilometre a second and pushes of all kinds, none along another."""
    rng = np.random.default_rng(seed)
    velocity = rng.normal(size=3)
    velocity *= 1000.0 / np.linalg.norm(velocity)
    attitude = Rotation.from_quat(rng.normal(size=4))
    aim = np.array([20.0, 0.5, -0.8])
    pushed = Pushed(aim, 0.06 * aim, np.array([-3.0, 0.7, -1.1]), rng.normal(size=3) * 6.0)
    return velocity, attitude, pushed


@pytest.mark.parametrize("seed", range(6))
def test_each_entry_is_what_its_definition_says(seed: int) -> None:
    """Along the velocity's direction; the terms of the explanation's equation, times the tick."""
    velocity, attitude, pushed = made_up(seed)
    scene = Scene(velocity, attitude)
    before, after = tick(scene, pushed, attitude, attitude)
    along = (before + after) / np.linalg.norm(before + after)
    ideal = float(np.linalg.norm(pushed.thrust))
    cosine = float(attitude.apply(pushed.thrust) @ along) / ideal
    booked = scene.booked()
    expected = {
        "ideal": ideal,
        "steering": -ideal * (1.0 - cosine),
        "back_pressure": -float(attitude.apply(pushed.back) @ along),
        "drag": float(attitude.apply(pushed.air) @ along),
        "gravity": float(pushed.gravity @ along),
        "parting": 0.0,
    }
    for name, value in expected.items():
        assert booked[name] == pytest.approx(TICK_S * value, abs=1e-7), name
    gained = np.linalg.norm(after) - np.linalg.norm(before)
    assert sum(booked.values()) == pytest.approx(gained, abs=1e-10)


def test_thrust_that_turns_is_laid_along_the_attitude_of_mid_tick() -> None:
    """Half a radian a second, seen at 60 degrees from the velocity: 1.7 mm/s in the tick."""
    velocity = np.array([1000.0, 0.0, 0.0])
    start, mean, end = (
        Rotation.from_rotvec([0.0, 0.0, math.radians(60.0) + 0.5 * share * TICK_S])
        for share in (0.0, 0.5, 1.0)
    )
    scene = Scene(velocity, start)
    still = np.zeros(3)
    _, after = tick(scene, Pushed(np.array([20.0, 0.0, 0.0]), still, still, still), mean, end)
    along = (velocity + after) / np.linalg.norm(velocity + after)
    across = 20.0 * TICK_S * (1.0 - float(mean.apply([1.0, 0.0, 0.0]) @ along))
    booked = scene.booked()
    assert booked["steering"] == pytest.approx(-across, abs=1e-6)
    assert abs(booked["gravity"]) + abs(booked["drag"]) < 1e-6


def test_the_pad_books_nothing_and_the_first_tick_only_itself() -> None:
    velocity, attitude, pushed = made_up(9)
    scene = Scene(velocity, attitude)
    scene.clock[watch.T0_S] = 9.5 * TICK_S
    for _ in range(10):
        tick(scene, pushed, attitude, attitude)
    assert set(scene.booked().values()) == {0.0}
    before, after = tick(scene, pushed, attitude, attitude)
    gained = np.linalg.norm(after) - np.linalg.norm(before)
    assert sum(scene.booked().values()) == pytest.approx(gained, abs=1e-10)
    tick(scene, pushed, attitude, attitude)
    assert scene.booked()["ideal"] == pytest.approx(
        2.0 * TICK_S * np.linalg.norm(pushed.thrust), rel=1e-12
    )


def flown(name: str, cut: str, cut_s: float, rate: float) -> tuple[results.Ended, Telemetry]:
    """A stage whose entries grow at multiples of a rate, from 5 s before first motion."""
    time_s = np.arange(-5.0, 100.1, 0.5)
    columns = {"time_s": time_s, "inertial_speed_mps": 166.0 + rate * time_s.clip(0.0)}
    for k, entry in enumerate(LEDGER):
        columns[f"delta_v_{entry}_mps"] = (k + 1.0) * rate * time_s.clip(0.0)
    events = [Event(cut_s, name, cut)]
    end = results.Moment(100.0, np.zeros(13), 69.0, 16.0, 0.0, 0.0, 0.0, 0.0)
    ended = results.Ended(name, events, "flying", "sea", 0.0, False, 2.0, end, None)
    return ended, Telemetry.from_columns(columns)


def ledger(*stages: tuple[results.Ended, Telemetry]) -> list[dict[str, Any]]:
    tables = {ended.name: table for ended, table in stages}
    return results.delta_v([ended for ended, _ in stages], tables, ["stage1", "stage2"])


def test_a_line_is_read_when_the_tail_off_is_over() -> None:
    """A second after each cut-off; the start is the speed of the pad at first motion."""
    first, second = ledger(flown("stage2", "seco", 60.0, 7.0), flown("stage1", "meco", 30.0, 3.0))
    assert (first["after"], first["body"], first["time_s"]) == ("meco", "stage1", 30.0)
    assert (second["after"], second["body"], second["time_s"]) == ("seco", "stage2", 60.0)
    for line, rate, end_s in ((first, 3.0, 31.0), (second, 7.0, 61.0)):
        assert line["start"] == 166.0
        assert line["inertial_speed"] == 166.0 + rate * end_s
        for k, entry in enumerate(LEDGER):
            assert line[entry] == (k + 1.0) * rate * end_s


def test_a_flight_without_a_burn_that_ended_has_no_line() -> None:
    assert ledger(flown("stage1", "engine_failed", 30.0, 3.0)) == []
    assert ledger() == []
