"""What the onlooker notes: swings, lost attitude, limits, engines; each in a made-up motion."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from flight_case import parts, ready

from downrange.dynamics.kernel.advance import IMPACTED, MOMENT_NM, STATUS, State
from downrange.faults.kernel import ENGINE_OK
from downrange.flight.assemble import band_pass
from downrange.flight.kernel import watch
from downrange.flight.kernel.loop import CLOCK_SIZE
from downrange.gnc.kernel import data
from downrange.propulsion.kernel import GIMBAL_Y_RAD, GIMBAL_Z_RAD, LEVEL, ON, SINCE_S

TICK_S = 0.02
MODE_RADPS = 2.0 * math.pi * 4.2
DEGREE = math.radians(1.0)


class Scene:
    """A flight at rest that is watched; tests move what they look at."""

    def __init__(self, moment_limit_nm: float = math.inf, q_alpha_limit: float = math.inf) -> None:
        _, flight = parts(ready(planned=True))
        self.state: State = flight.state
        self.memory = flight.watch
        self.health, self.command = flight.health, flight.command
        self.words = np.zeros(data.WORDS)
        self.words[data.COMMANDED_BODY_FROM_ECI] = 1.0
        self.state.rigid[6] = 1.0
        self.state.loads[16] = 6e5  # thrust
        self.state.engine[:9, LEVEL] = 1.0
        self.clock = np.zeros(CLOCK_SIZE)
        self.clock[watch.T0_S], self.clock[watch.CUT_S] = 0.0, math.inf
        self.watch = watch.Watch(
            band_pass(MODE_RADPS, TICK_S), float(moment_limit_nm), float(q_alpha_limit)
        )
        self.now = TICK_S

    def look(self, flown: float = TICK_S) -> None:
        watch.watch_tick.py_func(
            self.watch, TICK_S, self.now, flown, self.clock, self.state, self.words,
            self.command.engine_on, self.health.engine, self.memory,
        )  # fmt: skip
        self.now += TICK_S

    def through(self, seconds: float, move: Callable[[float], None]) -> None:
        for _ in range(round(seconds / TICK_S)):
            move(self.now)
            self.look()

    def noted(self, code: int) -> np.ndarray:
        events = self.memory.events[: int(self.memory.words[watch.COUNT])]
        return events[events[:, 0] == code]


@pytest.fixture(autouse=True)
def plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the watch calls within, as Python too: its inner kernels have no entry from here."""
    for name, kernel in list(vars(watch).items()):
        plain = getattr(kernel, "py_func", None)
        if plain is not None and plain.__module__ == watch.__name__ and name != "watch_tick":
            monkeypatch.setattr(watch, name, plain)


def swinging(scene: Scene, amplitude_rad: float, hz: float, column: int, seconds: float) -> None:
    def move(now: float) -> None:
        scene.state.engine[:9, column] = amplitude_rad * math.sin(2.0 * math.pi * hz * now)

    scene.through(seconds, move)


def test_the_band_lets_the_mode_through_and_nothing_else() -> None:
    """Its response on the unit circle: one in the middle, 3 dB down at the edges."""
    b0, b1, b2, a1, a2 = band_pass(MODE_RADPS, TICK_S)

    def gain(radps: float) -> float:
        z = np.exp(-1j * radps * TICK_S)
        return float(abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z)))

    centre = math.sqrt(0.5 * 1.5) * MODE_RADPS
    assert gain(centre) == pytest.approx(1.0, abs=1e-12)
    assert gain(MODE_RADPS) > 0.9
    assert gain(0.76 * MODE_RADPS) > 0.9
    # The bilinear transform moves the edges a little at these rates.
    for edge in (0.5, 1.5):
        assert 0.55 < gain(edge * MODE_RADPS) < 0.85
    assert gain(0.02 * MODE_RADPS) < 0.05
    assert gain(0.0) == pytest.approx(0.0, abs=1e-12)
    # Poles inside the unit circle.
    assert np.abs(np.roots([1.0, a1, a2])).max() < 1.0


@pytest.mark.parametrize("column", [GIMBAL_Y_RAD, GIMBAL_Z_RAD])
def test_three_cycles_over_a_degree_are_an_oscillation(column: int) -> None:
    scene = Scene()
    swinging(scene, 0.6 * DEGREE, 0.76 * 4.2, column, 3.0)
    (first, *_) = scene.noted(watch.EVENT_OSCILLATION)
    # Three cycles of 3.2 Hz are 0.94 s; the filter needs one to come up.
    assert 0.8 < first[1] < 2.0
    assert first[2] == pytest.approx(1.2 * DEGREE, rel=0.15)


def test_less_than_a_degree_peak_to_peak_is_none() -> None:
    scene = Scene()
    swinging(scene, 0.45 * DEGREE, 0.76 * 4.2, GIMBAL_Y_RAD, 5.0)
    assert len(scene.noted(watch.EVENT_OSCILLATION)) == 0


def test_two_cycles_are_not_three() -> None:
    scene = Scene()
    swinging(scene, 0.8 * DEGREE, 3.2, GIMBAL_Y_RAD, 2.0 / 3.2)
    swinging(scene, 0.0, 3.2, GIMBAL_Y_RAD, 5.0)
    assert len(scene.noted(watch.EVENT_OSCILLATION)) == 0


def test_slow_steering_is_no_oscillation() -> None:
    scene = Scene()
    swinging(scene, 4.0 * DEGREE, 0.15, GIMBAL_Y_RAD, 20.0)
    assert len(scene.noted(watch.EVENT_OSCILLATION)) == 0


def test_an_oscillation_of_idle_engines_is_nobodys() -> None:
    scene = Scene()
    scene.state.engine[:, LEVEL] = 0.0
    swinging(scene, 2.0 * DEGREE, 3.2, GIMBAL_Y_RAD, 5.0)
    assert len(scene.noted(watch.EVENT_OSCILLATION)) == 0


def test_the_largest_gimbal_angle_is_kept() -> None:
    scene = Scene()
    scene.state.engine[3, GIMBAL_Y_RAD], scene.state.engine[3, GIMBAL_Z_RAD] = 0.03, -0.04
    scene.look()
    scene.state.engine[3, GIMBAL_Y_RAD] = 0.0
    scene.look()
    assert scene.memory.words[watch.LARGEST_GIMBAL] == pytest.approx(0.05)


def tilt(scene: Scene, degrees: float) -> None:
    half = math.radians(0.5 * degrees)
    scene.state.rigid[6:10] = math.cos(half), 0.0, math.sin(half), 0.0


def test_attitude_is_lost_after_a_fifth_of_a_second_beyond_30_degrees() -> None:
    scene = Scene()
    scene.through(1.0, lambda _: tilt(scene, 29.0))
    assert len(scene.noted(watch.EVENT_ATTITUDE_LOST)) == 0
    start = scene.now
    scene.through(1.0, lambda _: tilt(scene, 31.0))
    (event,) = scene.noted(watch.EVENT_ATTITUDE_LOST)
    assert event[1] == pytest.approx(start + 0.2 - TICK_S, abs=1e-9)
    assert math.degrees(event[2]) == pytest.approx(31.0)


def test_excursions_too_short_do_not_add_up() -> None:
    scene = Scene()
    for _ in range(10):
        scene.through(0.16, lambda _: tilt(scene, 40.0))
        scene.through(0.1, lambda _: tilt(scene, 10.0))
    assert len(scene.noted(watch.EVENT_ATTITUDE_LOST)) == 0


def test_the_first_two_degrees_and_the_worst_error_are_kept() -> None:
    scene = Scene()
    scene.through(1.0, lambda now: tilt(scene, 5.1 * now))
    words = scene.memory.words
    assert words[watch.TWO_DEGREES_S] == pytest.approx(0.40, abs=1e-9)
    assert math.degrees(words[watch.WORST_ERROR]) == pytest.approx(5.1, rel=1e-9)
    assert words[watch.WORST_ERROR_S] == pytest.approx(1.0)


def test_the_error_counts_the_shorter_way_round() -> None:
    scene = Scene()
    tilt(scene, 359.0)
    scene.look()
    assert math.degrees(scene.memory.words[watch.WORST_ERROR]) == pytest.approx(1.0)


@pytest.mark.parametrize("why", ["cut", "no thrust", "broken"])
def test_without_thrust_or_guidance_no_attitude_is_lost(why: str) -> None:
    scene = Scene()
    if why == "cut":
        scene.clock[watch.CUT_S] = 0.0
    elif why == "no thrust":
        scene.state.loads[16] = 0.0
    else:
        scene.memory.words[watch.BROKEN] = 1.0
    scene.through(1.0, lambda _: tilt(scene, 60.0))
    assert len(scene.noted(watch.EVENT_ATTITUDE_LOST)) == 0


def test_before_first_motion_nothing_is_judged() -> None:
    scene = Scene(moment_limit_nm=1.0)
    scene.clock[watch.T0_S] = math.inf
    scene.state.words[MOMENT_NM] = 5.0
    scene.through(1.0, lambda _: tilt(scene, 60.0))
    assert len(scene.noted(watch.EVENT_ATTITUDE_LOST)) == 0
    assert scene.memory.words[watch.BROKEN] == 0.0
    assert len(scene.noted(watch.EVENT_LIFTOFF)) == 0


def test_lift_off_is_the_tick_of_first_motion() -> None:
    scene = Scene()
    scene.clock[watch.T0_S] = scene.now
    scene.look()
    scene.look()
    (event,) = scene.noted(watch.EVENT_LIFTOFF)
    assert event[1] == scene.clock[watch.T0_S]


def test_a_structure_breaks_beyond_its_bending_moment_once() -> None:
    scene = Scene(moment_limit_nm=2e6)
    scene.state.words[MOMENT_NM] = 1.9e6
    scene.look()
    assert scene.memory.words[watch.BROKEN] == 0.0
    scene.state.words[MOMENT_NM] = 2.1e6
    scene.look()
    scene.look()
    (event,) = scene.noted(watch.EVENT_LIMIT)
    assert event[2] == 0.0
    assert scene.memory.words[watch.BROKEN] == 1.0
    assert scene.memory.words[watch.LEAST_MOMENT] == pytest.approx(-1e5)
    assert scene.memory.words[watch.LEAST_MOMENT_S] == event[1]


def test_a_structure_breaks_beyond_its_q_alpha() -> None:
    scene = Scene(q_alpha_limit=3000.0)
    scene.state.aux[7], scene.state.aux[8] = 40e3, 0.07
    scene.look()
    assert len(scene.noted(watch.EVENT_LIMIT)) == 0
    scene.state.aux[8] = 0.08
    scene.look()
    assert scene.noted(watch.EVENT_LIMIT)[0, 2] == 1.0
    assert scene.memory.words[watch.LEAST_Q_ALPHA] == pytest.approx(-200.0)


def test_engines_are_noted_when_they_turn_on_or_off_not_when_the_tick_ends() -> None:
    scene = Scene()
    scene.state.engine[:, ON], scene.state.engine[:, SINCE_S] = 0.0, 0.0
    scene.look()
    scene.state.engine[:3, ON], scene.state.engine[:3, SINCE_S] = 1.0, 0.013
    end = scene.now + TICK_S
    scene.look()
    started = scene.noted(watch.EVENT_ENGINE_ON)
    assert started[:, 2].tolist() == [0.0, 1.0, 2.0]
    assert started[:, 1] == pytest.approx(end - 0.013)
    scene.look()
    assert len(scene.noted(watch.EVENT_ENGINE_ON)) == 3


@pytest.mark.parametrize(
    ("able", "told", "code"),
    [
        (0.0, 1.0, watch.EVENT_ENGINE_FAILED),
        (1.0, 1.0, watch.EVENT_ENGINE_OFF),  # run dry
        (1.0, 0.0, watch.EVENT_ENGINE_OFF),
        (0.0, 0.0, watch.EVENT_ENGINE_OFF),
    ],
)
def test_an_engine_has_failed_if_it_was_told_to_run_and_could_not(
    able: float, told: float, code: int
) -> None:
    scene = Scene()
    scene.state.engine[2, ON] = 1.0
    scene.look()
    scene.state.engine[2, ON] = 0.0
    scene.health.engine[2, ENGINE_OK] = able
    scene.command.engine_on[2] = told
    scene.look()
    (event,) = scene.noted(code)
    assert event[2] == 2.0


def test_phases_the_sound_barrier_and_the_ground() -> None:
    scene = Scene()
    scene.words[data.PHASE] = 3.0
    scene.look()
    scene.look()
    assert scene.noted(watch.EVENT_PHASE)[:, 2].tolist() == [3.0]
    scene.state.aux[5], scene.state.aux[6] = 340.0, 339.0
    scene.look()
    scene.state.aux[6] = 341.0
    scene.look()
    scene.look()
    (event,) = scene.noted(watch.EVENT_MACH_1)
    assert event[5] == pytest.approx(341.0 / 340.0)
    scene.state.words[STATUS], scene.state.aux[22] = IMPACTED, 88.0
    scene.look(flown=0.0071)
    (event,) = scene.noted(watch.EVENT_IMPACT)
    assert event[1] == pytest.approx(scene.now - TICK_S + 0.0071)
    assert event[2] == 88.0


def test_the_largest_pressure_is_kept_with_its_state() -> None:
    scene = Scene()

    def move(now: float) -> None:
        scene.state.aux[7] = 1000.0 * math.sin(now)
        scene.state.aux[2] = 100.0 * now

    scene.through(3.0, move)
    top = scene.memory.words[watch.TOP_Q : watch.TOP_Q + watch.EVENT_SIZE]
    assert top[1] == pytest.approx(0.5 * math.pi, abs=0.011)
    assert top[6] == pytest.approx(1000.0, rel=1e-3)
    assert top[3] == pytest.approx(100.0 * top[1])


def test_a_full_list_of_events_takes_no_more() -> None:
    scene = Scene()
    for k in range(watch.EVENTS_MOST + 5):
        watch.note(scene.memory, scene.state, 1.0, float(k), 0.0)
    assert scene.memory.words[watch.COUNT] == watch.EVENTS_MOST
    assert scene.memory.events[-1, 1] == watch.EVENTS_MOST - 1
