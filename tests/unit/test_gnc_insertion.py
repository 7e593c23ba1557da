"""The closed loop to the insertion, tick by tick, and how a burn ends whatever fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from space_case import (
    ACCELERATION_MPS2,
    BURN_S,
    EXHAUST_MPS,
    MU,
    RADIUS_M,
    TAIL_OFF_S,
    new_words,
    put_state,
    target,
)

from downrange.earth.kernel.frames import quat_from_axes
from downrange.earth.kernel.orbit import Elements, elements
from downrange.gnc.kernel import data, upfg
from downrange.gnc.kernel.insertion import (
    CYCLE_S,
    aim,
    begin_insertion,
    has_failed,
    insertion_plan,
)
from downrange.gnc.kernel.space import plane_normal

Floats = np.ndarray
TICK_S = 0.1
SPACE = target(500e3)
MASS_KG = 10_000.0
THRUST_N = MASS_KG * ACCELERATION_MPS2
EMPTY_KG = MASS_KG - THRUST_N / EXHAUST_MPS * BURN_S
LONGEST_S = 900.0


def at_staging() -> tuple[Floats, Floats]:
    """At 73 km and 70 degrees north: 1.0 km/s up, 2.4 km/s to the north, some to the west."""
    lat, lon = math.radians(70.0), math.radians(14.9)
    up = np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    north = np.cross(up, east)
    return (RADIUS_M + 73e3) * up, 1040.0 * up + 2430.0 * north - 330.0 * east


class Burn(NamedTuple):
    """How a burn ended."""

    cut: bool  # off by guidance; else given up, out of propellant or out of time
    failed: bool
    clock_s: float
    mass_kg: float
    orbit: Elements
    words: Floats
    aims: Floats


def pull(r: Floats, along: Floats, push: float) -> Floats:
    return push * along - MU * r / np.linalg.norm(r) ** 3


def fly(
    thrust: Callable[[float], float] = lambda _: 1.0,
    told: Callable[[float, Floats, Floats], tuple[Floats, Floats]] = lambda _, r, v: (r, v),
    force: Callable[[float, float], float] = lambda _, sensed: sensed,
    space: data.Space = SPACE,
    tail_off_s: float = TAIL_OFF_S,
    give_up: bool = True,
) -> Burn:
    """A point mass whose thrust goes where it is told; guidance ends it, or the propellant does.

    thrust(clock) is its share of the rated one; told(clock, r, v) what navigation says; force
    what is sensed.
    """
    r, v = at_staging()
    mass, clock, flow = MASS_KG, 0.0, THRUST_N / EXHAUST_MPS
    words, memory, aims = new_words(), np.zeros(upfg.UPFG_WORDS), []
    cut = failed = False
    sensed, along = 0.0, v / np.linalg.norm(v)
    while clock < LONGEST_S:
        words[data.LAST_CLOCK_S] = clock
        put_state(words, *told(clock, r, v))
        words[data.FORCE_MPS2] = force(clock, sensed)
        nose = tuple(along)
        right = np.cross(-r, along)
        right /= np.linalg.norm(right)
        attitude = quat_from_axes(nose, tuple(right), tuple(np.cross(along, right)))
        at = data.ATTITUDE_BODY_FROM_ECI
        words[at : at + 4] = attitude
        aim(space, MU, data.STEER_INSERTION, clock == 0.0, words, memory)
        failed = has_failed(words) > 0.5
        left = words[data.LEFT_MPS]
        assert not math.isnan(left)
        if left <= 0.0:
            cut = True
            break
        if failed and give_up:
            break
        asked = words[data.THRUST_ALONG : data.THRUST_ALONG + 3].copy()
        if np.linalg.norm(asked) > 0.5:
            along = asked / np.linalg.norm(asked)
        aims.append(along)
        share = thrust(clock)
        h = min(TICK_S, left / (share * THRUST_N / mass)) if share > 0.0 else TICK_S
        if mass - share * flow * h < EMPTY_KG:
            break
        push = share * THRUST_N / (mass - 0.5 * share * flow * h)
        half = v + 0.5 * h * pull(r, along, push)
        middle = r + 0.5 * h * v
        r, v = r + h * half, v + h * pull(middle, along, push)
        mass -= share * flow * h
        sensed = push
        clock += h
        if h < TICK_S:
            cut = True
            break
    v = v + tail_off_s * sensed * along  # all at once
    orbit = elements(tuple(r), tuple(v), MU)
    return Burn(cut, failed, clock, mass, orbit, words, np.array(aims))


@pytest.fixture(scope="module")
def nominal() -> Burn:
    return fly()


def test_a_stage_is_brought_to_its_insertion(nominal: Burn) -> None:
    """Perigee, apogee and inclination; the tail-off, which comes at once here, is in it."""
    assert nominal.cut
    assert not nominal.failed
    assert nominal.orbit.perigee_radius_m - RADIUS_M == pytest.approx(200e3, abs=500.0)
    assert nominal.orbit.apogee_radius_m - RADIUS_M == pytest.approx(500e3, abs=2e3)
    assert math.degrees(nominal.orbit.inclination_rad) == pytest.approx(95.0, abs=1e-3)
    assert nominal.mass_kg > EMPTY_KG
    assert nominal.words[data.GUIDANCE_CODE] == upfg.CONVERGED


def test_the_burn_is_as_long_as_the_velocity_that_it_has_to_give(nominal: Burn) -> None:
    """By the rocket equation some 5.4 km/s with losses of a tenth: 250 s to 290 s."""
    gained = EXHAUST_MPS * math.log(MASS_KG / nominal.mass_kg)
    r, v = at_staging()
    least = 0.5 * MU * (1.0 / np.linalg.norm(r) - 1.0 / SPACE.radius_m)
    ideal = SPACE.speed_mps - np.linalg.norm(v)
    assert ideal < gained < ideal + 800.0
    assert least > 0.0
    assert nominal.clock_s == pytest.approx(
        (MASS_KG - nominal.mass_kg) / (THRUST_N / EXHAUST_MPS), rel=1e-9
    )


def test_steering_is_smooth_and_stays_forward(nominal: Burn) -> None:
    """No more than two degrees from one tick to the next, never back."""
    turns = np.degrees(np.arccos(np.clip((nominal.aims[1:] * nominal.aims[:-1]).sum(axis=1),
                                         -1.0, 1.0)))  # fmt: skip
    assert turns[20:].max() < 0.5
    assert (nominal.aims @ nominal.aims[-1] > 0.3).all()


def test_a_tail_off_that_is_not_there_is_missed(nominal: Burn) -> None:
    """Left out it is what the apogee lacks: 2 a^2 v / mu per m/s at the perigee, times two."""
    without = fly(tail_off_s=0.0)
    lost = TAIL_OFF_S * THRUST_N / without.mass_kg
    a = 0.5 * (nominal.orbit.perigee_radius_m + nominal.orbit.apogee_radius_m)
    lower = 4.0 * a * a * SPACE.speed_mps / MU * lost
    off = nominal.orbit.apogee_radius_m - without.orbit.apogee_radius_m
    assert off == pytest.approx(lower, rel=0.05)


@pytest.mark.parametrize("share", [0.95, 1.05, 1.1])
def test_thrust_off_by_some_percent_still_leads_there(share: float) -> None:
    burn = fly(thrust=lambda _: share)
    assert burn.cut
    assert not burn.failed
    assert burn.orbit.perigee_radius_m - RADIUS_M == pytest.approx(200e3, abs=3e3)
    assert burn.orbit.apogee_radius_m - RADIUS_M == pytest.approx(500e3, abs=8e3)
    assert math.degrees(burn.orbit.inclination_rad) == pytest.approx(95.0, abs=2e-3)


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5])
def test_less_thrust_than_that_ends_too(share: float) -> None:
    """There, or out of propellant; what is reached is an orbit that is not too high."""
    burn = fly(thrust=lambda _: share)
    assert burn.clock_s <= BURN_S / share + TICK_S
    assert burn.cut or burn.failed or burn.mass_kg < EMPTY_KG + 10.0
    assert burn.orbit.apogee_radius_m - RADIUS_M < 520e3


@pytest.mark.parametrize("stops_s", [0.0, 50.0, 200.0])
def test_thrust_that_stops_is_given_up_on(stops_s: float) -> None:
    """The loop says so, or counts to its deadline: 1.2 times what was left and ten seconds."""
    burn = fly(thrust=lambda clock: 1.0 if clock < stops_s else 0.0)
    assert burn.cut or burn.failed
    assert burn.clock_s < 1.2 * BURN_S + 11.0
    ends = fly(thrust=lambda clock: 1.0 if clock < stops_s else 0.0, give_up=False)
    assert ends.cut
    assert ends.clock_s < 1.2 * BURN_S + 11.0


def test_satellites_lost_is_a_drift_that_the_orbit_shares() -> None:
    """From 100 s on the velocity that is told is off by up to half a metre a second."""

    def drift(clock: float, r: Floats, v: Floats) -> tuple[Floats, Floats]:
        since = max(0.0, clock - 100.0)
        off = np.array([0.3, -0.3, 0.2]) * since / 180.0
        return r + 0.5 * off * since, v + off

    burn = fly(told=drift)
    assert burn.cut
    assert burn.orbit.apogee_radius_m - RADIUS_M == pytest.approx(500e3, abs=6e3)
    assert math.degrees(burn.orbit.inclination_rad) == pytest.approx(95.0, abs=0.02)


NAN3 = np.full(3, math.nan)


@pytest.mark.parametrize("from_s", [0.0, 0.05, 60.0, 250.0])
def test_a_place_that_is_no_number_ends_with_a_code(from_s: float) -> None:
    burn = fly(told=lambda clock, r, v: (r, v) if clock < from_s else (NAN3, v))
    assert burn.failed
    assert burn.clock_s < from_s + 2.0 * CYCLE_S + TICK_S
    assert burn.words[data.GUIDANCE_CODE] == upfg.BAD_INPUT


def test_nobody_who_gives_up_still_ends_the_burn() -> None:
    """No sequence looks at the code: the deadline or the velocity counted down does it."""
    burn = fly(told=lambda clock, r, v: (r, v) if clock < 60.0 else (NAN3, v), give_up=False)
    assert burn.cut
    assert burn.clock_s < 1.2 * BURN_S + 11.0
    assert burn.orbit.apogee_radius_m - RADIUS_M < 900e3


@pytest.mark.parametrize("from_s", [0.0, 60.0])
def test_a_force_that_is_no_number_ends_with_a_code(from_s: float) -> None:
    burn = fly(force=lambda clock, sensed: sensed if clock < from_s else math.nan)
    assert burn.failed
    assert burn.words[data.GUIDANCE_CODE] == upfg.BAD_INPUT


def test_a_moment_without_numbers_is_overcome() -> None:
    """Half a second: the next solution is from a state again; the burn ends as it should."""
    burn = fly(told=lambda t, r, v: (NAN3, v) if 100.05 < t < 100.55 else (r, v), give_up=False)
    assert burn.cut
    assert burn.orbit.apogee_radius_m - RADIUS_M == pytest.approx(500e3, abs=3e3)


def test_a_target_that_is_behind_is_cut_off_at_once() -> None:
    """Faster than the insertion, and above it: nothing is to be gained."""
    slow = SPACE._replace(speed_mps=2000.0, radius_m=RADIUS_M + 70e3)
    burn = fly(space=slow)
    assert burn.clock_s < 1.2 * BURN_S + 11.0
    assert burn.cut or burn.failed


def test_the_loop_begins_in_the_plane_of_the_inclination() -> None:
    words, memory = new_words(), np.zeros(upfg.UPFG_WORDS)
    r, v = at_staging()
    put_state(words, r, v)
    words[data.LAST_CLOCK_S] = 153.1
    begin_insertion(SPACE, MU, words, memory)
    normal = words[data.NORMAL : data.NORMAL + 3]
    np.testing.assert_allclose(normal, plane_normal(SPACE.inclination_rad, tuple(r), tuple(v)))
    assert math.degrees(math.acos(normal[2])) == pytest.approx(95.0, abs=1e-7)
    assert words[data.NEXT_CYCLE_S] == pytest.approx(153.1 + CYCLE_S)
    assert memory[upfg.LAST_CLOCK_S] == 153.1
    plan = insertion_plan(SPACE, MU, words)
    assert plan.target.radius_m == SPACE.radius_m
    assert plan.target.speed_mps == SPACE.speed_mps
    np.testing.assert_array_equal(plan.target.normal, normal)


def test_the_loop_begins_anew_only_where_it_is_entered() -> None:
    """From phase to phase with the same steering the plane and the cycles go on."""
    words, memory = new_words(), np.zeros(upfg.UPFG_WORDS)
    r, v = at_staging()
    put_state(words, r, v)
    words[data.FORCE_MPS2] = ACCELERATION_MPS2
    aim(SPACE, MU, data.STEER_INSERTION, True, words, memory)
    normal = words[data.NORMAL : data.NORMAL + 3].copy()
    for k in range(1, 31):
        words[data.LAST_CLOCK_S] = k * TICK_S
        aim(SPACE, MU, data.STEER_INSERTION, False, words, memory)
    assert memory[upfg.CYCLES] == 3.0  # one a second
    np.testing.assert_array_equal(words[data.NORMAL : data.NORMAL + 3], normal)
    put_state(words, r + np.array([0.0, 5e4, 0.0]), v)
    aim(SPACE, MU, data.STEER_INSERTION, True, words, memory)
    assert memory[upfg.CYCLES] == 0.0
    assert np.abs(words[data.NORMAL : data.NORMAL + 3] - normal).max() > 1e-3


@pytest.mark.parametrize("mode", [data.STEER_NONE, data.STEER_PROGRAMME, data.STEER_PROGRADE])
def test_where_nothing_is_steered_to_nothing_is_left(mode: int) -> None:
    words, memory = new_words(), np.zeros(upfg.UPFG_WORDS)
    words[data.LEFT_MPS] = 100.0
    aim(SPACE, MU, mode, True, words, memory)
    assert math.isnan(words[data.LEFT_MPS])
    assert not memory.any()


@pytest.mark.parametrize(
    ("code", "failed"),
    [
        (upfg.CONVERGING, 0.0), (upfg.CONVERGED, 0.0), (upfg.STAGE_TOO_SMALL, 0.0),
        (upfg.PAST_TARGET, 0.0), (upfg.NOT_CONVERGING, 1.0), (upfg.BAD_INPUT, 1.0),
        (math.nan, 1.0),
    ],
)  # fmt: skip
def test_which_codes_mean_that_it_has_given_up(code: float, failed: float) -> None:
    words = new_words()
    words[data.GUIDANCE_CODE] = code
    assert has_failed(words) == failed
