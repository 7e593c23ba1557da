"""The sequencer's kernel: when a phase ends, what the engines are told, which have failed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_case import STAGES, phases, planned

from downrange.gnc.build import new_memory
from downrange.gnc.kernel import data
from downrange.gnc.kernel.data import Memory, Plan
from downrange.gnc.kernel.sequencer import monitor, next_exit, read_signals, sequence
from downrange.gnc.phases import compile_phases
from downrange.gnc.spec import PhaseSpec
from downrange.telemetry.bus import ABORT, RELEASE_HOLD_DOWN, Command, new_command, new_measured

TICK_S = 0.02


def exit_of(exits: dict[str, list[str]], now: dict[int, float], before: dict[int, float]):
    """Wait and target of the phase "burn", followed by "done", with the signals given."""
    specs = (
        PhaseSpec.model_validate({"name": "burn", "engines": "stage1", "release": True, **exits}),
        PhaseSpec(name="done"),
        PhaseSpec(name="abort"),
    )
    specs = specs if "abort_if" in exits else specs[:2]
    words = np.full(data.WORDS, math.nan)
    for signal, value in now.items():
        words[data.NOW + signal] = value
    for signal, value in before.items():
        words[data.BEFORE + signal] = value
    return next_exit(compile_phases(specs, STAGES), 0, words, TICK_S)


def test_until_waits_for_the_last_condition_and_any_until_for_the_first() -> None:
    texts = ["tank_fraction_min <= 0.1", "acceleration <= 3 m/s^2"]
    now = {data.TANK_FRACTION_MIN: 0.05, data.ACCELERATION_MPS2: 9.0}
    assert exit_of({"until": texts}, now, now)[0] == math.inf
    assert exit_of({"until": texts[::-1]}, now, now)[0] == math.inf
    assert exit_of({"any_until": texts}, now, now) == (0.0, 1)
    now[data.ACCELERATION_MPS2] = 2.0
    assert exit_of({"until": texts}, now, now) == (0.0, 1)


def test_an_abort_comes_before_a_normal_end() -> None:
    exits = {"until": ["phase_time >= 1 s"], "abort_if": ["healthy_engines < 9"]}
    now = {data.PHASE_TIME_S: 2.0, data.HEALTHY_ENGINES: 8.0}
    assert exit_of(exits, now, now) == (0.0, 2)
    now[data.HEALTHY_ENGINES] = 9.0
    assert exit_of(exits, now, now) == (0.0, 1)


def test_a_crossing_within_the_tick_is_foreseen_on_a_straight_line() -> None:
    # 60 m/s^2: 1.2 m/s a tick, 0.3 m/s are missing: a quarter of a tick.
    wait, _ = exit_of(
        {"until": ["speed >= 1000 m/s"]}, {data.SPEED_MPS: 999.7}, {data.SPEED_MPS: 998.5}
    )
    assert wait == pytest.approx(0.25 * TICK_S, rel=1e-9)
    later, _ = exit_of(
        {"until": ["speed >= 1000 m/s"]}, {data.SPEED_MPS: 998.5}, {data.SPEED_MPS: 997.3}
    )
    assert later == math.inf


def test_a_count_is_never_carried_on() -> None:
    wait, _ = exit_of(
        {"until": ["healthy_engines <= 7"]},
        {data.HEALTHY_ENGINES: 8.0},
        {data.HEALTHY_ENGINES: 9.0},
    )
    assert wait == math.inf


def signals_of(plan: Plan, chamber: list[float], failed: int | None = None) -> np.ndarray:
    memory, measured = new_memory(plan), new_measured(10, 4)
    measured.chamber_fraction[:] = chamber
    measured.tank_fraction[:] = [0.4, 0.3, 0.9, 0.8]
    memory.words[data.LAST_CLOCK_S] = 12.0
    memory.words[data.RELEASE_S] = 10.0
    memory.words[data.NAV_ALTITUDE_M] = 150.0
    memory.words[data.PAD_ALTITUDE_M] = 20.0
    if failed is not None:
        memory.engine[failed, data.FAILED] = 1.0
    read_signals(plan.engines, plan.tanks, 0.0, float(plan.stage), plan.earth.mu_m3ps2, plan.space,
                 measured, memory.words, memory.engine)  # fmt: skip
    return memory.words


def test_what_the_conditions_look_at() -> None:
    plan, _ = planned()
    words = signals_of(plan, [1.0, 0.9, *[1.0] * 7, 0.0])
    now = words[data.NOW : data.NOW + data.SIGNALS]
    assert now[data.PHASE_TIME_S] == 0.0
    assert now[data.TIME_SINCE_RELEASE_S] == 2.0
    assert (now[data.ALTITUDE_M], now[data.HEIGHT_M]) == (150.0, 130.0)
    assert now[data.CHAMBER_MIN] == 0.9
    assert now[data.CHAMBER_SUM] == pytest.approx(8.9 / 9.0, rel=1e-12)
    assert now[data.TANK_FRACTION_MIN] == 0.3
    assert now[data.HEALTHY_ENGINES] == 9.0
    # Level sensors weighted by load: 26.2 t and 10 t.
    left = (0.4 * 26200.0 + 0.3 * 10000.0) / 36200.0
    assert words[data.PROPELLANT_FRACTION] == pytest.approx(left, rel=1e-12)


def test_a_failed_engine_is_no_longer_waited_for() -> None:
    plan, _ = planned()
    words = signals_of(plan, [1.0, 0.0, *[1.0] * 7, 0.0], failed=1)
    assert words[data.NOW + data.CHAMBER_MIN] == 1.0
    assert words[data.NOW + data.CHAMBER_SUM] == pytest.approx(8.0 / 9.0, rel=1e-12)
    assert words[data.NOW + data.HEALTHY_ENGINES] == 8.0


def watch(chamber: float, seconds: float, allowance_s: float = 1.0) -> bool:
    """Whether an engine with this chamber fraction is declared failed within a time."""
    plan, _ = planned()
    rule = plan.monitor._replace(start_allowance_s=allowance_s, persistence_s=0.1)
    engine, command, measured = (
        np.zeros((10, data.ENGINE_WORDS)),
        new_command(10),
        new_measured(10, 4),
    )
    command.engine_on[0] = 1.0
    measured.chamber_fraction[0] = chamber
    for _ in range(round(seconds / TICK_S)):
        monitor(rule, TICK_S, measured, engine, command)
    assert not engine[1:, data.FAILED].any(), "an engine that is off can't fail"
    return bool(engine[0, data.FAILED])


def test_a_low_chamber_fails_after_the_start_and_the_persistence() -> None:
    assert not watch(0.3, 1.08)
    assert watch(0.3, 1.16)
    assert not watch(0.6, 5.0)


def at_phase(plan: Plan, phase: int, clock_s: float) -> tuple[Memory, Command]:
    memory, command = new_memory(plan), new_command(10)
    words = memory.words
    words[[data.PHASE, data.PHASE_START_S, data.LAST_CLOCK_S]] = phase, clock_s, clock_s
    return memory, command


def run(plan: Plan, memory: Memory, command: Command) -> None:
    sequence(plan.phases, plan.engines, plan.tick_s, memory.words, memory.engine, command)


def test_the_phase_runs_its_stage_and_lets_go() -> None:
    plan, _ = planned()
    memory, command = at_phase(plan, 1, 5.0)
    memory.engine[4, data.FAILED] = 1.0
    run(plan, memory, command)
    assert command.engine_on.tolist() == [1.0] * 4 + [0.0] + [1.0] * 4 + [0.0]
    assert command.discrete[RELEASE_HOLD_DOWN] == 1.0
    assert command.discrete[ABORT] == 0.0
    assert np.isinf(command.cutoff_time_s).all()


def test_an_abort_before_the_release_shuts_down_and_says_so() -> None:
    plan, _ = planned()
    memory, command = at_phase(plan, 0, 7.0)
    memory.words[data.NOW + data.PHASE_TIME_S] = 7.0
    run(plan, memory, command)
    assert memory.words[data.PHASE] == 5
    assert not command.engine_on.any()
    assert command.discrete[ABORT] == 1.0
    assert command.discrete[RELEASE_HOLD_DOWN] == 0.0


def test_a_cut_off_inside_the_tick_is_timed_and_then_kept() -> None:
    sequence_with_speed = phases(
        {"name": "turn", "engines": "stage1", "steering": "programme",
         "until": ["speed >= 1000 m/s"]}
    )  # fmt: skip
    plan, _ = planned()
    plan = plan._replace(phases=compile_phases(sequence_with_speed, STAGES))
    memory, command = at_phase(plan, 3, 100.0)
    memory.words[data.NOW + data.SPEED_MPS] = 999.7
    memory.words[data.BEFORE + data.SPEED_MPS] = 998.5
    run(plan, memory, command)
    assert command.engine_on[:9].all()
    assert command.cutoff_time_s[0] == pytest.approx(100.005, abs=1e-9)
    # The speed measured next may fall short by noise: the engines stay off all the same.
    memory.words[data.NOW + data.SPEED_MPS] = 999.99
    memory.words[data.LAST_CLOCK_S] = 100.02
    run(plan, memory, command)
    assert memory.words[data.PHASE] == 4
    assert not command.engine_on.any()
    assert np.isinf(command.cutoff_time_s).all()
