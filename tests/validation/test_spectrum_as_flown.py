"""Spectrum's first flight as it was flown: 30 March 2025, lost after half a minute.

What was seen: it began to swing at some 18 s, rolled over at some 25 s, its engines were shut
down at some 30 s and it came down in the sea beside the pad, which was unharmed. The times of
the broadcast are good to three seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from flight_case import ended, flown, parts, ready

from downrange.flight.kernel import loop
from downrange.safety.kernel import rules
from downrange.telemetry import Event, Recording

SEEN_S = 3.0
seeds = pytest.mark.parametrize("seed", range(1, 11))


def one(recording: Recording, name: str) -> Event:
    events = recording.events_named(name)
    assert len(events) == 1, [event.name for event in recording.events]
    return events[0]


# Once the gimbals saturate noise grows with the swing, and decides in which half cycle the limit of
# the safety rule is passed for long enough. So single seeds may miss a window; of 300 that nothing
# was chosen on 99 % met each one and 97 % all. On another processor twenty seeds are twenty others.
MANY = range(1, 21)
NEARLY_ALL = 0.9
MOST = 0.85


def first_over(recording: Recording, degrees: float) -> float:
    """When the attitude error first passes so many degrees, from lift-off on."""
    telemetry = recording.bodies["stage1"].telemetry
    flying = telemetry["time_s"] >= 0.0
    over = np.flatnonzero(telemetry["attitude_error_deg"][flying] > degrees)
    assert over.size
    return float(telemetry["time_s"][flying][over[0]])


@seeds
def test_it_swings_before_it_is_lost(seed: int) -> None:
    recording = flown(seed=seed)
    swing, lost = one(recording, "oscillation"), one(recording, "attitude_lost")
    assert 0.0 < swing.time_s < lost.time_s


@seeds
def test_the_safety_system_ends_it(seed: int) -> None:
    recording = flown(seed=seed)
    assert one(recording, "flight_termination").detail.startswith("rule: ")
    assert recording.outcome == "terminated"
    assert recording.summary["bodies"]["stage1"]["outcome"] == "terminated"


@seeds
def test_the_engines_are_shut_down_by_the_safety_system_and_stay_off(seed: int) -> None:
    recording = flown(seed=seed)
    stop = one(recording, "engine_shutdown")
    assert "9 engines, by the safety system" in stop.detail
    decided = one(recording, "flight_termination").time_s
    latency = ready().mission.spec.safety.latency.si
    assert stop.time_s - decided == pytest.approx(latency, abs=0.021)
    telemetry = recording.bodies["stage1"].telemetry
    late = telemetry["time_s"] > stop.time_s + 1.0
    assert telemetry["thrust_n"][late].max() == 0.0


def share(holds: Callable[[Recording], bool]) -> float:
    """Share of many seeds of which something holds."""
    return float(np.mean([holds(flown(seed=seed)) for seed in MANY]))


def near(name: str, seen_s: float) -> Callable[[Recording], bool]:
    """Whether an event comes when it was seen."""
    return lambda flight: abs(one(flight, name).time_s - seen_s) <= SEEN_S


def in_the_sea(flight: Recording) -> bool:
    body, impact = flight.summary["bodies"]["stage1"], one(flight, "impact")
    beside = 200.0 <= body["end_distance_m"] <= 3000.0
    return body["end_surface"] == "sea" and beside and 38.0 <= impact.time_s <= 70.0


def pad_unharmed(flight: Recording) -> bool:
    met = {each["name"]: each["met"] for each in flight.summary["objectives"]}
    return met["pad unharmed"] is True and met["clear the pad"] is True


def over_two_degrees(flight: Recording) -> bool:
    return abs(first_over(flight, 2.0) - 18.0) <= SEEN_S


@pytest.mark.parametrize(
    "holds",
    [
        over_two_degrees, near("attitude_lost", 25.0), near("flight_termination", 30.0),
        in_the_sea, pad_unharmed,
    ],
    ids=[
        "first over 2 degrees at 18 s", "lost at 25 s", "terminated at 30 s",
        "in the sea beside the pad", "pad unharmed",
    ],
)  # fmt: skip
def test_nearly_all_flights_are_as_the_one_that_was_seen(
    holds: Callable[[Recording], bool],
) -> None:
    assert share(holds) >= NEARLY_ALL


@pytest.mark.parametrize(
    "holds", [near("attitude_lost", 25.0), near("flight_termination", 30.0), pad_unharmed],
    ids=["lost at 25 s", "terminated at 30 s", "pad unharmed"],
)  # fmt: skip
def test_each_of_the_first_ten_flights_is(holds: Callable[[Recording], bool]) -> None:
    assert all(holds(flown(seed=seed)) for seed in range(1, 11))


def test_most_flights_are_so_in_all_of_it() -> None:
    """Error, loss, termination, place of impact and pad, in one and the same flight."""
    asked = (over_two_degrees, near("attitude_lost", 25.0), near("flight_termination", 30.0),
             in_the_sea, pad_unharmed)  # fmt: skip
    assert share(lambda flight: all(holds(flight) for holds in asked)) >= MOST


@seeds
def test_it_comes_down_on_the_ground_and_never_burns_out(seed: int) -> None:
    recording = flown(seed=seed)
    met = {each["name"]: each["met"] for each in recording.summary["objectives"]}
    assert met["first-stage burn-out"] is not True
    assert recording.bodies["stage1"].telemetry["altitude_m"][-1] < 30.0


@seeds
def test_the_vehicle_holds_until_it_hits_the_water(seed: int) -> None:
    """Broadcast: it fell in one piece and burst in the water."""
    assert flown(seed=seed).events_named("breakup") == ()


def test_it_falls_as_a_body_of_its_weight_must() -> None:
    """From cut-off on: energy lost is what drag took, and the fall lasts as in a vacuum or more.

    The time of the fall explains the time of the impact: height and climb at cut-off give it.
    """
    recording = flown(seed=1)
    telemetry, stop = recording.bodies["stage1"].telemetry, one(recording, "engine_shutdown")
    height = telemetry.at(stop.time_s, "altitude_m")
    climb = -telemetry.at(stop.time_s, "velocity_down_mps")
    vacuum = (climb + math.sqrt(climb**2 + 2.0 * 9.82 * height)) / 9.82
    fall = one(recording, "impact").time_s - stop.time_s
    assert vacuum * 0.99 < fall < vacuum * 1.3 + 1.0


def test_the_swing_is_at_the_true_frequency_of_the_mode() -> None:
    """In the last seconds before attitude is lost, the nose swings at 0.76 of 4.2 Hz or so."""
    numbers, flight = parts(ready(), record_hz=50.0)
    loop.fly(numbers, flight, loop.TO_THE_END)
    recording = flown(seed=1)
    end = one(recording, "attitude_lost").time_s - 1.0
    rows = flight.rows[: int(flight.clock[loop.ROWS])]
    time = rows[:, 0] - flight.clock[loop.T0_S]
    engines, tanks = numbers.plant.engines.n, len(numbers.plant.tanks.load_kg)
    first = 1 + 13 + 2 + 1 + 12 + 1 + 1 + 3 + 4 + loop.ENGINE_WORDS * engines + tanks
    window = (time > end - 5.0) & (time < end)
    best = max((rows[window, first + 2 * plane] for plane in range(2)), key=np.ptp)
    spectrum = np.abs(np.fft.rfft((best - best.mean()) * np.hanning(len(best))))
    peak_hz = np.fft.rfftfreq(len(best), 0.02)[spectrum.argmax()]
    ratio = next(f.value.si for f in ready().mission.spec.fault if "mode.1" in f.target)
    table = numbers.plant.bending
    share = numbers.plant.tanks.load_kg.sum()
    left = rows[window, first - tanks : first].sum(axis=1).mean() / share
    mode_hz = ratio * np.interp(left, table.fraction, table.table[:, 0, 0]) / (2.0 * math.pi)
    # A limit cycle pulls the frequency a little.
    assert peak_hz == pytest.approx(mode_hz, rel=0.12)


def test_it_is_the_impact_point_or_the_attitude_that_ends_it() -> None:
    """Whichever rule fires, its margin is gone and has been for its time."""
    _, flight = ended(ready())
    code = int(flight.verdict.state[rules.FIRED])
    assert code in (rules.IMPACT_CORRIDOR, rules.POSITION_CORRIDOR, rules.PROTECTED_PLACES,
                    rules.ATTITUDE)  # fmt: skip
    assert flight.verdict.rules[code - 1, rules.SMALLEST] < 0.0


def median_time(name: str) -> float:
    """Median over seeds 1-20 of the first event of a name; a flight without it counts as late."""
    times = []
    for seed in MANY:
        found = flown(seed=seed).events_named(name)
        times.append(found[0].time_s if found else math.inf)
    return float(np.median(times))


@pytest.mark.parametrize(
    ("name", "seen_s"), [("attitude_lost", 25.0), ("flight_termination", 30.0)]
)
def test_the_median_flight_is_the_one_that_was_seen(name: str, seen_s: float) -> None:
    assert median_time(name) == pytest.approx(seen_s, abs=SEEN_S)


def test_the_median_flight_comes_down_when_it_should() -> None:
    assert 38.0 <= median_time("impact") <= 70.0


def test_the_attitude_error_is_over_two_degrees_around_18_s() -> None:
    for seed in range(1, 11):
        telemetry = flown(seed=seed).bodies["stage1"].telemetry
        around = np.abs(telemetry["time_s"] - 18.0) <= SEEN_S
        assert telemetry["attitude_error_deg"][around].max() > 2.0
