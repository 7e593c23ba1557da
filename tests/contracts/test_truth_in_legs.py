"""What the flight software knows of every leg of the flight never comes from the truth."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
from flight_case import MISSION, as_bytes, ready
from many_case import Together
from tick_case import gnc_step

from downrange.flight.bodies import Journey
from downrange.flight.draw import EVERYDAY, check_groups, draw
from downrange.flight.fly import prepare
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission
from downrange.gnc import build as gnc_build
from downrange.telemetry import bus

FAULTS = (
    "stage1.engine.3: stuck gimbal at 6 s to 1 deg",
    "stage2.engine.1: shutdown at 300 s",
    "gnss: fail at 200 s",
    "imu: fail at 400 s",
    "vehicle.bending.mode.1: frequency x 0.8",
)
ALL = check_groups(["all"])
TICKS = 600  # of each leg that are compared


@cache
def plain() -> list[dict[str, bytes]]:
    return [as_bytes(plan) for plan in ready(planned=True).planned.plans]


def test_each_leg_has_a_plan_of_its_own_and_of_many_numbers() -> None:
    """The stack, the upper part, the upper part without its fairing."""
    plans = ready(planned=True).planned.plans
    assert [plan.stage for plan in plans] == [0, 1, 1]
    assert len({str(sorted(each.items())) for each in plain()}) == 3
    for each in plain():
        assert sum(map(len, each.values())) > 10_000


@pytest.mark.parametrize("faults", [*((fault,) for fault in FAULTS), FAULTS])
def test_no_fault_moves_any_of_them(faults: tuple[str, ...]) -> None:
    mission = load_mission(MISSION, planned=True, faults=faults)
    assert [as_bytes(plan) for plan in prepare(mission).planned.plans] == plain()


def test_the_faults_as_flown_move_none_of_them() -> None:
    assert [as_bytes(plan) for plan in ready().planned.plans] == plain()


def test_another_vehicle_does_move_them() -> None:
    """The comparison bites: an upper stage that is said to be heavier is planned for."""
    other = ready(True, (("vehicle.stage2.dry_mass", "1000 kg"),)).planned.plans
    assert [as_bytes(plan) == kept for plan, kept in zip(other, plain(), strict=True)] == [
        False, False, False,
    ]  # fmt: skip


def drawn(seed: int, faults: tuple[str, ...] = ()) -> Journey:
    """A flight with everything drawn, before its first tick."""
    prepared = ready(True, (), faults)
    spec, changed = draw(prepared.mission, ALL, seed, 0, prepared.planned)
    assert len(changed) > 15
    return Journey(prepared.mission, spec, prepared.planned, seed, 0, 20.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_draw_moves_what_is_flown_with(seed: int) -> None:
    """Leg after leg, by what the loop is given then; the plant is another one each time."""
    journey, seen, bodies = drawn(seed), [], set()
    for _ in range(3):
        seen.append(as_bytes(journey.numbers.plan))
        bodies.add(journey.numbers.plant.masses.items.tobytes())
        journey.fly(2**40)
    assert seen == plain()
    still = ready(True).planned.plans
    assert [as_bytes(plan) for plan in still] == plain()
    assert bodies != {drawn(seed + 10).numbers.plant.masses.items.tobytes()}


def spoken(command: bus.Command, memory: object) -> tuple[bytes, ...]:
    return (*(part.tobytes() for part in command), *as_bytes(memory).values())


def test_in_every_leg_commands_follow_from_measurements_alone() -> None:
    """The flight software by itself, on what it was told: the same commands, tick by tick.

    The first ticks of each leg are compared, partings between them.
    """
    journey = drawn(1)
    plan = journey.planned.plans[0]
    engines = journey.numbers.plant.engines.n
    memory, command = gnc_build.new_memory(plan), bus.new_command(engines)
    compared = 0
    for leg in range(3):
        if leg > 0:
            plan = journey.planned.plans[leg]
            memory = gnc_build.next_memory(memory, plan)
        ticks = 0
        while journey.leg == leg and journey.flight.clock[loop.ENDED] == loop.GOING:
            loop.fly(journey.numbers, journey.flight, 1)
            measured = copy.deepcopy(journey.flight.measured)
            gnc_step(plan, measured, memory, command)
            same = spoken(command, memory) == spoken(journey.flight.command, journey.flight.memory)
            assert same, (leg, ticks)
            ticks += 1
            compared += 1
            if leg == 2 and ticks >= TICKS:
                break
        if leg < 2:
            assert journey.flight.clock[loop.ENDED] == loop.PARTED
            journey.part()
    assert compared > 8000
    assert np.isfinite(command.gimbal_rad).all()


@pytest.mark.parametrize("planned", [True, False])
def test_no_draw_of_a_campaign_moves_what_is_flown_with(planned: bool) -> None:
    """Written into one set of arrays, flight after flight: plans and rules keep their bytes."""
    prepared = ready(planned)
    kept = as_bytes(prepared.planned.rules)
    all_ = Together(prepared, EVERYDAY, seed=2)
    bodies = set()
    for flights in ((0,), (1, 2), (3,)):
        all_.fly(*flights)
        bodies.add(all_.many.legs[0].numbers.plant.masses.items.tobytes())
        assert [as_bytes(leg.numbers.plan) for leg in all_.many.legs] == plain()
        assert all(as_bytes(leg.numbers.rules) == kept for leg in all_.many.legs)
    assert len(bodies) == 3
