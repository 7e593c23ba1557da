"""What the flight software and the safety system know never comes from the truth."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from flight_case import MISSION, as_bytes, parts, ready
from numpy.typing import NDArray
from tick_case import gnc_step

from downrange.flight.draw import EVERYDAY, GROUPS
from downrange.flight.fly import prepare
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission
from downrange.gnc import build as gnc_build
from downrange.safety.build import new_memory
from downrange.safety.kernel.rules import FIRED, NEXT_S
from downrange.safety.kernel.rules import step as safety_step
from downrange.telemetry import bus

FAULTS = (
    "stage1.engine.3: stuck gimbal at 6 s to 1 deg",
    "stage1.engine.7: shutdown at 12 s",
    "gnss: fail at 15 s",
    "vehicle.bending.mode.1: frequency x 0.8",
)
TICKS = 1800


def known(**kwargs: Any) -> dict[str, bytes]:
    """Parameters of guidance and safety, planned anew, as bytes by path."""
    mission = load_mission(
        MISSION, planned=kwargs.pop("planned", True), faults=kwargs.pop("faults", ())
    )
    numbers, _ = parts(prepare(mission), **kwargs)
    return as_bytes((numbers.plan, numbers.rules))


@pytest.fixture(scope="module")
def plain() -> dict[str, bytes]:
    return known()


def test_they_are_many_numbers(plain: dict[str, bytes]) -> None:
    assert len(plain) > 40
    assert sum(map(len, plain.values())) > 10_000


@pytest.mark.parametrize("faults", [(), *((fault,) for fault in FAULTS), FAULTS])
def test_a_fault_moves_none_of_them(plain: dict[str, bytes], faults: tuple[str, ...]) -> None:
    assert known(faults=faults) == plain


def test_the_faults_as_flown_move_none_of_them(plain: dict[str, bytes]) -> None:
    assert known(planned=False) == plain


@pytest.mark.parametrize("groups", [EVERYDAY, *((group,) for group in GROUPS)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_draw_moves_none_of_them(
    plain: dict[str, bytes], groups: tuple[str, ...], seed: int
) -> None:
    assert known(seed=seed, flight=5, disperse=groups) == plain


def test_a_flight_moves_none_of_them() -> None:
    numbers, flight = parts(ready(planned=False))
    before = as_bytes((numbers.plan, numbers.rules))
    loop.fly(numbers, flight, loop.TO_THE_END)
    assert as_bytes((numbers.plan, numbers.rules)) == before


def test_the_comparison_bites() -> None:
    """One bit of one of them, and a plan made for another vehicle, are seen."""
    numbers, _ = parts(ready(planned=True))
    spoilt = copy.deepcopy(numbers.plan)
    spoilt.control.mass[0, 0] = np.nextafter(spoilt.control.mass[0, 0], 1.0)
    assert as_bytes(spoilt) != as_bytes(numbers.plan)
    other = ready(True, (("vehicle.stage1.stiffness", "800 MN m^2"),))
    assert as_bytes(other.planned.plan) != as_bytes(numbers.plan)


class Tape:
    """What went into guidance and safety in a flight with everything on, and what came out."""

    def __init__(self) -> None:
        numbers, flight = parts(ready(planned=False, faults=FAULTS), disperse=EVERYDAY)
        self.numbers = numbers
        self.measured: list[bus.Measured] = []
        self.commands: list[tuple[bytes, ...]] = []
        self.tracks: list[tuple[float, NDArray[np.float64]]] = []
        self.verdicts: list[tuple[bytes, ...]] = []
        for _ in range(TICKS):
            since = flight.clock[loop.TICK] * numbers.tick_s - flight.clock[loop.T0_S]
            loop.fly(numbers, flight, 1)
            self.measured.append(copy.deepcopy(flight.measured))
            self.commands.append(spoken(flight.command, flight.memory))
            self.tracks.append((since, flight.track.copy()))
            self.verdicts.append(tuple(part.tobytes() for part in flight.verdict))
        self.flight = flight


def spoken(command: bus.Command, memory: object) -> tuple[bytes, ...]:
    return (*(part.tobytes() for part in command), *as_bytes(memory).values())


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape()


def replay(tape: Tape, measured: list[bus.Measured]) -> list[tuple[bytes, ...]]:
    """The flight software by itself, on measurements alone."""
    plan = tape.numbers.plan
    memory, command = gnc_build.new_memory(plan), bus.new_command(tape.numbers.plant.engines.n)
    out = []
    for words in measured:
        gnc_step(plan, words, memory, command)
        out.append(spoken(command, memory))
    return out


def test_guidance_commands_the_same_from_its_measurements_alone(tape: Tape) -> None:
    """No truth is near: the state of the flight isn't even in the room."""
    assert tape.flight.clock[loop.TICK] == TICKS
    assert len({command[3] for command in tape.commands}) > 500  # gimbals do move
    assert replay(tape, tape.measured) == tape.commands


def test_guidance_listens_to_its_measurements(tape: Tape) -> None:
    """The comparison bites: a millionth of a radian a second, once, and commands differ."""
    measured = [copy.deepcopy(words) for words in tape.measured]
    measured[900].core[bus.GYRO_RADPS + 1] += 1e-6
    commands = replay(tape, measured)
    assert commands[:900] == tape.commands[:900]
    assert commands[900] != tape.commands[900]


def test_the_safety_system_judges_the_same_from_its_tracking_alone(tape: Tape) -> None:
    rules, memory, step_s = tape.numbers.rules, new_memory(), tape.numbers.tick_s
    for (since, track), verdict in zip(tape.tracks, tape.verdicts, strict=True):
        due = since >= 0.0 and since >= memory.state[NEXT_S] - 1e-6
        if due and memory.state[FIRED] == 0.0:
            safety_step(rules, track, since, memory)
        assert tuple(part.tobytes() for part in memory) == verdict, since
    assert memory.state[NEXT_S] > 0.5 * TICKS * step_s
