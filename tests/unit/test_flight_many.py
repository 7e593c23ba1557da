"""Many flights in one call end with the same bits as one by one, whoever else is among them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from flight_case import Lines, ready
from many_case import ROOM, Together, alone, differences

from downrange.flight.draw import EVERYDAY
from downrange.flight.kernel import loop
from downrange.flight.many import MOST_ROWS_S, sample_times_s

BODIES = ["stage1", "stage2", "fairing_left", "fairing_right"]
# Faults of a planned flight, the body that is steered in the end, and what becomes of it.
ENDS: dict[str, tuple[Lines, str, str]] = {
    "to orbit": ((), "stage2", "in_orbit"),
    "engine out": (("stage1.engine.5: shutdown at 40 s",), "stage2", "in_orbit"),
    "never leaves": (("stage1.engine.4: shutdown",), "stage1", "scrubbed"),
    "comes down": (("stage2.engine.1: shutdown at 300 s",), "stage2", "impacted"),
}


@cache
def together(planned: bool, faults: Lines = (), groups: Lines = ()) -> Together:
    return Together(ready(planned, (), faults), groups)


@pytest.mark.parametrize("kind", ENDS)
def test_a_planned_flight_is_the_one_that_is_flown_alone(kind: str) -> None:
    faults, body, outcome = ENDS[kind]
    all_ = together(True, faults)
    all_.fly(0, 5)
    for k, flight in enumerate((0, 5)):
        side = all_.side(k)
        assert differences(side, alone(all_.ready, flight)) == []
        assert side.told[body]["outcome"] == repr(outcome).encode()
        assert list(side.told) == (BODIES if body == "stage2" else ["stage1"])
    assert all_.side(0).flight != all_.side(1).flight


def test_a_flight_as_flown_is_the_one_that_is_flown_alone() -> None:
    all_ = together(False)
    all_.fly(3, 4)
    for k, flight in enumerate((3, 4)):
        assert differences(all_.side(k), alone(all_.ready, flight)) == []
    assert all_.side(0).told["stage1"]["outcome"] == b"'terminated'"


@pytest.mark.parametrize("planned", [True, False])
def test_a_dispersed_flight_is_the_one_that_is_flown_alone(planned: bool) -> None:
    """Its draw is written into arrays that the flights before it have written into."""
    all_ = together(planned, (), EVERYDAY)
    all_.fly(7, 0, 2)
    for k, flight in enumerate((7, 0, 2)):
        assert differences(all_.side(k), alone(all_.ready, flight, EVERYDAY)) == []


def test_who_else_is_flown_does_not_matter() -> None:
    """Before it, after it, with it, in arrays that have ends of all kinds behind them."""
    all_ = together(True, (), EVERYDAY)
    all_.fly(1)
    first = all_.side(0)
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 1, 1), (9, 1)):
        all_.fly(*order)
        assert differences(all_.side(order.index(1)), first) == [], order
    assert len(all_.many.ended_on) == ROOM


def test_a_flight_that_lost_its_numbers_harms_no_other() -> None:
    """An inertial unit that says nan, among healthy ones."""
    all_ = together(True)
    all_.fly(0, 1, 2, spoilt=(1,))
    assert differences(all_.side(0), alone(all_.ready, 0)) == []
    assert differences(all_.side(1), alone(all_.ready, 1, spoilt=True)) == []
    assert differences(all_.side(2), alone(all_.ready, 2)) == []
    healthy = all_.side(2).told["stage2"]["outcome"]
    all_.fly(2, 2)
    assert healthy == all_.side(0).told["stage2"]["outcome"] == b"'in_orbit'"
    assert differences(all_.side(0), all_.side(1)) == []


@pytest.mark.parametrize("kind", ["never leaves", "comes down"])
def test_what_others_had_ended_as_is_forgotten(kind: str) -> None:
    """Fewer flights than before, in the same arrays, and all flown to their own end."""
    all_ = together(True, ENDS[kind][0])
    all_.fly(0, 1, 2, 3)
    all_.fly(5)
    assert differences(all_.side(0), alone(all_.ready, 5)) == []


def test_a_call_that_is_stopped_ends_with_the_flight_that_it_is_at() -> None:
    all_ = Together(ready(True))
    all_.many.stop[0] = 1.0
    all_.fly(0, 1)
    assert all_.many.flights.clock[:2, loop.TICK].max() == 0.0
    all_.many.stop[0] = 0.0
    all_.fly(0)
    assert differences(all_.side(0), alone(all_.ready, 0)) == []


def test_a_stop_from_another_thread_is_heard() -> None:
    """The kernel holds no lock of the interpreter while it flies."""
    all_ = Together(ready(True))
    all_.fly(0)  # compiled
    flown = threading.Event()

    def fly() -> None:
        all_.fly(0, 1, 2, 3)
        flown.set()

    worker = threading.Thread(target=fly)
    worker.start()
    while all_.many.flights.clock[0, loop.TICK] == 0.0 or np.isnan(all_.many.flights.clock[0, 0]):
        assert worker.is_alive()
    all_.many.stop[0] = 1.0
    assert flown.wait(60.0)
    worker.join()
    assert all_.many.flights.clock[3, loop.TICK] == 0.0
    assert all_.many.ended_on[0] == 0


def test_two_that_fly_at_once_do_not_disturb_each_other() -> None:
    pair = [Together(ready(planned), (), 3) for planned in (True, False)]
    for each in pair:
        each.fly(0, 1, 2)
    before = [[each.side(k) for k in range(3)] for each in pair]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: each.fly(0, 1, 2), pair))
    after = [[each.side(k) for k in range(3)] for each in pair]
    for mine, again in zip(before, after, strict=True):
        assert [differences(one, other) for one, other in zip(mine, again, strict=True)] == [
            [], [], [],
        ]  # fmt: skip


def test_rows_are_close_together_while_the_air_is_thick() -> None:
    times_s = sample_times_s(5000.0)
    steps = np.diff(times_s)
    assert times_s[0] == 0.0
    assert (steps[times_s[:-1] < 100.0 - 1e-6] == 0.5).all()
    assert (steps[(times_s[:-1] >= 100.0) & (times_s[:-1] < 600.0)] == 2.0).all()
    assert (steps[times_s[:-1] >= 600.0] == 30.0).all()
    assert times_s[-1] >= 5000.0
    assert len(sample_times_s(1e9)) == len(sample_times_s(MOST_ROWS_S))
