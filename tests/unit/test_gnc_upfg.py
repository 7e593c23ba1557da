"""Parts of upper-stage guidance against quadrature, numerical flight and closed forms."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp

from downrange.gnc.kernel import upfg
from downrange.gnc.kernel.upfg import Insertion, Rules, Target

Floats = NDArray[np.float64]

MU = 3.986004418e14
RADIUS = 6378137.0 + 200e3
CIRCULAR = Target(RADIUS, math.sqrt(MU / RADIUS), 0.0, (0.0, 0.0, 1.0))
FULL = (4500.0, 5.0, 600.0, 0.0)  # exhaust m/s, acceleration m/s^2, burn s, constant thrust
SMALL = (3000.0, 12.0, 100.0, 0.0)
HELD = (3000.0, 20.0, 40.0, 1.0)  # constant acceleration
R, V = (6378137.0 + 150e3, 0.0, 0.0), (300.0, 5500.0, 0.0)


def plan(*stages: tuple[float, ...], **rules: Any) -> Insertion:
    return Insertion(CIRCULAR, np.array(stages or (FULL,)), Rules(**rules), MU)


def begun(guide: Insertion) -> Floats:
    memory = np.zeros(upfg.UPFG_WORDS)
    upfg.start(memory, guide, R, V, 0.0)
    return memory


def profile(stages: tuple[tuple[float, ...], ...], t: float) -> float:
    """Thrust acceleration at a time, stages burning one after the other without a pause."""
    for ve, a, burn, limited in stages:
        if t < burn:
            return a if limited else a / (1.0 - a * t / ve)
        t -= burn
    raise AssertionError


@pytest.mark.parametrize(
    ("stages", "burn_s"),
    [
        ((FULL,), 30.0),  # much shorter ones cost P digits: they cancel as (tau / burn)^4
        ((FULL,), 550.0),
        ((HELD,), 30.0),
        ((SMALL, HELD), 130.0),
        ((SMALL, HELD, FULL), 500.0),
        ((SMALL, HELD, FULL), 90.0),
    ],
)
def test_thrust_integrals_are_those_of_the_definition(
    stages: tuple[tuple[float, ...], ...], burn_s: float
) -> None:
    """S, Q, P are double integrals: those of (T - t) a, (T - t) a t, (T - t) a t^2."""
    bounds = [min(burn_s, b) for b in np.cumsum([0.0, *(stage[2] for stage in stages)])]

    def integral(weight: Any) -> float:
        def integrand(t: float, last: float) -> float:
            return float(weight(t) * profile(stages, min(t, last)))

        return sum(
            quad(integrand, low, high, (high - 1e-12,), epsabs=0.0, epsrel=1e-12)[0]
            for low, high in pairwise(bounds)
            if high > low
        )

    memory = np.zeros(upfg.UPFG_WORDS)
    upfg.begin_stage(memory, 0, 0.0)
    L = integral(lambda _: 1.0)
    got = upfg.burn(memory, plan(*stages), L)
    want = (
        L, integral(lambda t: t), integral(lambda t: burn_s - t),
        integral(lambda t: (burn_s - t) * t), integral(lambda t: t * t),
        integral(lambda t: (burn_s - t) * t * t), burn_s, 0.0,
    )  # fmt: skip
    assert got == pytest.approx(want, rel=1e-9)


def test_the_last_stage_is_stretched_and_what_is_missing_is_told() -> None:
    memory, guide = np.zeros(upfg.UPFG_WORDS), plan(SMALL, HELD)
    upfg.begin_stage(memory, 0, 0.0)
    full = -3000.0 * math.log(1.0 - 12.0 * 100.0 / 3000.0) + 20.0 * 40.0
    L, *_, burn_s, missing = upfg.burn(memory, guide, full + 100.0)
    assert (L, burn_s, missing) == pytest.approx((full + 100.0, 145.0, 100.0), rel=1e-12)


def powered(r: Floats, v: Floats, burn_s: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Velocity and distance of gravity, then of thrust, on a level burn of `FULL`."""

    def rates(t: float, y: Floats) -> Floats:
        gravity = -MU * y[:3] / np.linalg.norm(y[:3]) ** 3
        up = y[:3] / np.linalg.norm(y[:3])
        push = profile((FULL,), t) * (0.97 * np.cross([0.0, 0.0, 1.0], up) + 0.24 * up)
        return np.concatenate([y[3:6], gravity + push, y[9:12], gravity, y[15:18], push])

    start = np.concatenate([r, v, np.zeros(12)])
    end = solve_ivp(rates, (0.0, burn_s), start, method="DOP853", rtol=1e-11, atol=1e-5).y[:, -1]
    return end[9:12], end[6:9], end[15:18], end[12:15]


@pytest.mark.parametrize(("burn_s", "share"), [(60.0, 5e-6), (300.0, 6e-4)])
def test_gravity_on_the_coast_nearby_is_that_on_the_powered_path(
    burn_s: float, share: float
) -> None:
    """To the share of its size by which the published approximation (block 7) misses."""
    v_grav, r_grav, v_thrust, r_thrust = powered(np.array(R), np.array(V), burn_s)
    got = upfg.gravity_integrals(R, V, tuple(v_thrust), tuple(r_thrust), burn_s, MU)
    assert got[0] == pytest.approx(v_grav, abs=share * float(np.linalg.norm(v_grav)))
    assert got[1] == pytest.approx(r_grav, abs=share * float(np.linalg.norm(r_grav)))


def test_gravity_without_thrust_is_that_of_free_flight() -> None:
    def rates(_: float, y: Floats) -> Floats:
        return np.concatenate([y[3:], -MU * y[:3] / np.linalg.norm(y[:3]) ** 3])

    end = solve_ivp(rates, (0.0, 400.0), [*R, *V], method="DOP853", rtol=1e-12, atol=1e-6).y[:, -1]
    nothing = (0.0, 0.0, 0.0)
    v_grav, r_grav = upfg.gravity_integrals(R, V, nothing, nothing, 400.0, MU)
    assert v_grav == pytest.approx(end[3:] - V, abs=1e-6)
    assert r_grav == pytest.approx(end[:3] - R - 400.0 * np.array(V), abs=1e-3)


def test_direction_is_a_unit_vector_that_turns_at_the_rate_told() -> None:
    memory = begun(plan())
    assert memory[upfg.CODE] == upfg.CONVERGED
    for clock in (0.0, 40.0, 0.9 * memory[upfg.CUTOFF_S]):
        before, after = (np.array(upfg.direction(memory, clock + d)[0]) for d in (-0.05, 0.05))
        now, rate = (np.array(x) for x in upfg.direction(memory, clock))
        assert np.linalg.norm(now) == pytest.approx(1.0, abs=1e-14)
        assert np.cross(rate, now) == pytest.approx((after - before) / 0.1, abs=1e-9)
        assert rate @ now == pytest.approx(0.0, abs=1e-16)


def test_direction_stands_still_after_the_end_foreseen() -> None:
    memory = begun(plan())
    end = memory[upfg.CUTOFF_S]
    assert upfg.direction(memory, end + 1e4)[0] == upfg.direction(memory, end)[0]
    assert upfg.direction(memory, end + 1.0)[1] == (0.0, 0.0, 0.0)


def burnt(memory: Floats, guide: Insertion, ratio: float, ticks: int, noise: float = 0.0) -> None:
    """Ticks of 0.1 s along LAMBDA at a ratio of the planned thrust."""
    _, a, _, _ = FULL
    rng, done = np.random.default_rng(1), round(memory[upfg.LAST_CLOCK_S] / 0.1)
    tau = 4500.0 / (ratio * a)
    for k in range(done, done + ticks):
        gained = 4500.0 * math.log((tau - 0.1 * k) / (tau - 0.1 * (k + 1)))
        gained *= 1.0 + noise * rng.standard_normal()
        x, y, z = gained * memory[upfg.LAMBDA : upfg.LAMBDA + 3]
        upfg.tick(memory, guide, 0.1 * (k + 1), (x, y, z))


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.0, 1.1])
def test_thrust_is_measured_whatever_has_burnt(ratio: float) -> None:
    guide = plan()
    memory = begun(guide)
    burnt(memory, guide, ratio, 30)
    assert memory[upfg.THRUST_RATIO] == 1.0  # the start transient is left out
    burnt(memory, guide, ratio, 2)
    assert memory[upfg.THRUST_RATIO] == pytest.approx(ratio, rel=1e-5)
    burnt(memory, guide, ratio, 4000)
    assert memory[upfg.THRUST_RATIO] == pytest.approx(ratio, rel=1e-5)
    tau = 4500.0 / (5.0 * ratio)
    a = upfg.acceleration(memory, guide, memory[upfg.USED_MPS])
    assert a == pytest.approx(4500.0 / (tau - 403.2), rel=1e-4)


def test_noise_of_a_tick_is_averaged() -> None:
    guide = plan()
    memory = begun(guide)
    burnt(memory, guide, 0.95, 300, noise=0.1)
    # 50 ticks of memory: 0.1 / sqrt(2 * 50), four times that for one draw.
    assert memory[upfg.THRUST_RATIO] == pytest.approx(0.95, abs=4.0 * 0.01)


def test_cut_off_is_foreseen_within_a_tick_and_leaves_the_tail_off_its_part() -> None:
    guide = plan()
    memory = begun(guide)
    burnt(memory, guide, 1.0, 100)
    left, now = memory[upfg.VELOCITY_TO_GO_MPS], 5.0 / (1.0 - 5.0 * 10.0 / 4500.0)
    whole = 4500.0 / now * (1.0 - math.exp(-left / 4500.0))
    assert upfg.time_to_cutoff(memory, guide, 0.0) == pytest.approx(whole, rel=1e-6)
    early = whole - upfg.time_to_cutoff(memory, guide, 3.0)
    assert early == pytest.approx(3.0 / (now * math.exp(left / 4500.0)), rel=1e-3)
    memory[upfg.VELOCITY_TO_GO_MPS] = -0.5
    assert upfg.time_to_cutoff(memory, guide, 0.0) == 0.0


def test_a_tick_without_numbers_counts_as_flown_by_the_plan() -> None:
    guide = plan()
    memory = begun(guide)
    before = memory[upfg.VELOCITY_TO_GO_MPS]
    for k in range(10):
        upfg.tick(memory, guide, 0.1 * (k + 1), (math.nan, 0.0, 0.0))
    assert memory[upfg.BAD_TICKS] == 10
    assert before - memory[upfg.VELOCITY_TO_GO_MPS] == pytest.approx(5.0, rel=1e-3)
    held = upfg.direction(memory, 1.0)
    upfg.cycle(memory, guide, R, V, 1.0)
    assert memory[upfg.CODE] == upfg.BAD_INPUT
    assert upfg.direction(memory, 1.0) == held
    upfg.tick(memory, guide, 1.1, tuple(0.5 * memory[upfg.LAMBDA : upfg.LAMBDA + 3]))
    upfg.cycle(memory, guide, R, V, 1.1)
    assert memory[upfg.CODE] == upfg.CONVERGED


def test_a_state_without_numbers_is_no_state() -> None:
    guide, nowhere = plan(), (math.nan, 0.0, 0.0)
    memory = begun(guide)
    held = upfg.direction(memory, 1.0)
    upfg.tick(memory, guide, 1.0, (0.0, 5.0, 0.0))
    upfg.cycle(memory, guide, nowhere, V, 1.0)
    assert memory[upfg.CODE] == upfg.BAD_INPUT
    assert upfg.direction(memory, 1.0) == held
    upfg.start(memory, guide, nowhere, V, 2.0)
    assert memory[upfg.CODE] == upfg.BAD_INPUT
    assert upfg.direction(memory, 2.0) == ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert 0.0 < upfg.time_to_cutoff(memory, guide, 0.0) < math.inf
    upfg.tick(memory, guide, 3.0, (0.0, 5.0, 0.0))
    upfg.cycle(memory, guide, R, V, 3.0)
    upfg.tick(memory, guide, 4.0, (0.0, 5.0, 0.0))
    upfg.cycle(memory, guide, R, V, 4.0)
    assert memory[upfg.CODE] == upfg.CONVERGED


def test_a_stage_that_is_used_up_gives_way_to_the_next() -> None:
    guide = plan(SMALL, FULL)
    memory = begun(guide)
    full = upfg.capacity(guide, 0)
    assert full == pytest.approx(3000.0 * math.log(1.0 / 0.6), rel=1e-12)
    upfg.tick(memory, guide, 99.0, (0.0, full - 1.0, 0.0))
    assert memory[upfg.STAGE] == 0
    upfg.tick(memory, guide, 100.0, (0.0, 1.5, 0.0))
    assert memory[upfg.STAGE] == 1
    assert memory[upfg.STAGE_START_S] == 100.0
    assert upfg.acceleration(memory, guide, memory[upfg.USED_MPS]) == 5.0


@pytest.mark.parametrize(("faster", "beyond"), [(1.9, False), (2.1, True), (50.0, True)])
def test_faster_than_the_target_orbit_cuts_off(faster: float, beyond: bool) -> None:
    guide = plan()
    memory = begun(guide)
    speed = CIRCULAR.speed_mps + faster
    upfg.tick(memory, guide, 1.0, (0.0, 5.0, 0.0))
    upfg.cycle(memory, guide, (0.0, RADIUS, 0.0), (-speed, 0.0, 0.0), 1.0)
    assert bool(memory[upfg.CODE] == upfg.PAST_TARGET) is beyond
    assert (upfg.time_to_cutoff(memory, guide, 0.0) == 0.0) is beyond


def test_high_energy_alone_is_not_past_the_target() -> None:
    """Straight up at great speed: energy enough, angular momentum far from it."""
    assert not upfg.past_target(plan(), (RADIUS, 0.0, 0.0), (12e3, 1e3, 0.0))
    assert upfg.past_target(plan(), (RADIUS, 0.0, 0.0), (3e3, 8e3, 0.0))


def test_the_burn_ends_at_its_deadline_whatever_is_sensed() -> None:
    guide = plan()
    memory = begun(guide)
    upfg.tick(memory, guide, memory[upfg.DEADLINE_S] - 0.1, (0.0, 0.0, 0.0))
    assert upfg.time_to_cutoff(memory, guide, 0.0) > 0.0
    upfg.tick(memory, guide, memory[upfg.DEADLINE_S], (0.0, 0.0, 0.0))
    assert upfg.time_to_cutoff(memory, guide, 0.0) == 0.0
