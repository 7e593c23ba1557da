"""The loop by itself: order of things in a tick, sensors on the pad and in flight, its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flight_case import digest, ended, journey_of, parts, ready, rows_of
from numpy.testing import assert_allclose

from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.advance import FLYING, HELD, STATUS
from downrange.flight.kernel import by_tick, loop, watch
from downrange.gnc.kernel import data
from downrange.propulsion.kernel import GIMBAL_Y_RAD, LEVEL, ON
from downrange.safety.kernel import rules
from downrange.telemetry import bus

ROTATION_RADPS = 7.292115e-5
SHORT = (("longest", "14 s"),)


def quiet(numbers: loop.Numbers) -> loop.Numbers:
    """The same flight with sensors that make no errors."""
    sensors = numbers.sensors
    perfect = np.zeros_like(sensors.imu.errors)
    perfect[1:4] = perfect[5:8] = np.eye(3)
    imu = sensors.imu._replace(gyro_noise_radprts=0.0, accel_noise_mpsprts=0.0, errors=perfect)
    gnss = sensors.gnss._replace(position_noise_m=0.0, velocity_noise_mps=0.0)
    taps = sensors.taps._replace(chamber_noise=0.0, level_noise=0.0)
    return numbers._replace(sensors=sensors._replace(imu=imu, gnss=gnss, taps=taps))


def calm(planned: bool = True, **kwargs: object) -> tuple[loop.Numbers, loop.Flight]:
    numbers, flight = parts(ready(planned), **kwargs)  # type: ignore[arg-type]
    return quiet(numbers), flight


def test_ticks_add_up() -> None:
    """Many calls of a tick are one call of many ticks, to the bit."""
    ends = []
    for step in (1, 7, 500):
        numbers, flight = parts(ready(planned=True))
        for _ in range(500 // step):
            loop.fly(numbers, flight, step)
        loop.fly(numbers, flight, 500 % step)
        ends.append(flight)
    assert digest(ends[0]) == digest(ends[1]) == digest(ends[2])
    assert ends[0].clock[loop.TICK] == 500.0


def test_no_tick_moves_nothing_but_onto_the_pad() -> None:
    numbers, flight = parts(ready(planned=True))
    loop.fly(numbers, flight, 0)
    assert flight.clock[loop.TICK] == 0.0
    assert np.linalg.norm(flight.state.rigid[:3]) == pytest.approx(6.36e6, rel=2e-3)
    assert flight.state.words[STATUS] == HELD
    before = digest(flight.state)
    loop.fly(numbers, flight, 0)
    assert digest(flight.state) == before


def test_on_the_pad_the_gyro_feels_the_earth_and_the_accelerometer_one_g() -> None:
    numbers, flight = calm()
    loop.fly(numbers, flight, 10)
    core, pad = flight.measured.core, ready(planned=True).mission.spec.site.pad
    gyro = core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3]
    assert np.linalg.norm(gyro) == pytest.approx(ROTATION_RADPS, rel=1e-9)
    assert gyro[0] == pytest.approx(ROTATION_RADPS * math.sin(pad.latitude.si), rel=1e-9)
    force = core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3]
    assert force[0] == pytest.approx(9.825, abs=0.005)  # normal gravity at 69 degrees north
    assert np.abs(force[1:]).max() < 2e-4
    assert core[bus.IMU_VALID] == 1.0
    assert core[bus.RELEASED] == 0.0
    assert core[bus.CLOCK_S] == pytest.approx(9 * 0.02)


def test_the_navigator_says_where_it_is_when_its_sensors_make_no_errors() -> None:
    """Alignment error off as well: what is left is the integration over a minute of flight."""
    prepared = ready(True, (("control.navigation.alignment_error", "0 deg"),
                            ("longest", "62 s")))  # fmt: skip
    numbers, flight = parts(prepared)
    loop.fly(quiet(numbers), flight, loop.TO_THE_END)
    words, x = flight.memory.words, rows_of(flight)[-1]
    k = data.POSITION_ECI_M
    assert np.linalg.norm(words[k : k + 3] - flight.state.rigid[:3]) < 30.0
    assert x[0] == pytest.approx(62.0, abs=0.03)


def test_a_fix_arrives_as_often_as_the_receiver_says() -> None:
    numbers, flight = calm()
    rate_hz, news = numbers.sensors.gnss.rate_hz, 0
    for _ in range(200):
        loop.fly(numbers, flight, 1)
        news += int(flight.measured.core[bus.GNSS_NEW])
    assert news == pytest.approx(rate_hz * 4.0, abs=1.0)


def test_taps_say_what_engines_and_tanks_do() -> None:
    numbers, flight = calm()
    loop.fly(numbers, flight, 300)
    level = flight.state.engine[:, LEVEL].copy()
    left = flight.state.tank_kg / numbers.plant.tanks.load_kg
    loop.fly(numbers, flight, 1)
    assert_allclose(flight.measured.chamber_fraction, level, rtol=1e-12)
    assert_allclose(flight.measured.tank_fraction, left, rtol=1e-12)
    assert level[:9].min() == 1.0


def test_the_accelerometer_feels_its_lever_when_the_body_spins() -> None:
    """a = w x (w x r) on top of what the CM feels: towards the CM along the nose."""
    numbers, flight = calm()
    loop.fly(numbers, flight, 300)
    assert flight.state.words[STATUS] == FLYING
    flight.state.rigid[11] = 0.3
    flight.clock[loop.RATE_BEFORE_RADPS + 1] = 0.3
    arm = numbers.sensors.imu.station_m - flight.state.loads[1]
    force = flight.state.rigid[13] / 0.02
    loop.fly(numbers, flight, 1)
    expected = force - arm * (0.3**2 + flight.clock[loop.RATE_BEFORE_RADPS + 2] ** 2)
    assert flight.measured.core[bus.ACCEL_MPS2] == pytest.approx(expected, rel=1e-9)
    assert abs(arm) > 1.0


def test_the_gyro_feels_the_structure_bend() -> None:
    numbers, flight = calm()
    loop.fly(numbers, flight, 300)
    flex = flight.state.words[2:4].copy()
    turned = flight.state.rigid[17:19].copy()
    assert np.abs(flex).max() > 0.0
    loop.fly(numbers, flight, 1)
    gyro = flight.measured.core[bus.GYRO_RADPS + 1 : bus.GYRO_RADPS + 3]
    assert_allclose(gyro, (turned + flex) / 0.02, rtol=1e-12)


def test_it_stays_on_the_pad_until_guidance_lets_it_go() -> None:
    numbers, flight = parts(ready(planned=True))
    while flight.state.words[STATUS] == HELD:
        loop.fly(numbers, flight, 1)
    t0_s = flight.clock[loop.T0_S]
    assert t0_s == pytest.approx(2.0, abs=0.05)  # the sequence waits two seconds
    assert flight.state.engine[:9, LEVEL].min() > 0.95
    loop.fly(numbers, flight, 1)
    assert flight.measured.core[bus.RELEASED] == 1.0
    assert flight.state.rigid[13] / 0.02 > 11.0


def test_a_flight_of_which_an_engine_does_not_start_is_called_off() -> None:
    prepared = ready(True, (), ("stage1.engine.4: shutdown",))
    _, flight = ended(prepared)
    assert flight.clock[loop.ENDED] == loop.CALLED_OFF
    assert flight.state.words[STATUS] == HELD
    assert not math.isfinite(flight.clock[loop.T0_S])
    assert not flight.command.engine_on.any()


def test_the_time_is_up_at_the_longest() -> None:
    numbers, flight = ended(ready(True, SHORT))
    assert flight.clock[loop.ENDED] == loop.OUT_OF_TIME
    assert flight.clock[loop.TICK] * numbers.tick_s == pytest.approx(14.0, abs=0.021)


def test_the_mission_is_complete_so_long_after_its_last_phase_began() -> None:
    journey = journey_of(ready(planned=True))
    journey.fly()
    numbers, flight = journey.numbers, journey.flight
    assert flight.clock[loop.ENDED] == loop.COMPLETE
    assert flight.memory.words[data.PHASE] == numbers.end_phase
    began = flight.memory.words[data.PHASE_START_S]
    end = flight.clock[loop.TICK] * numbers.tick_s
    slow_s = numbers.slow_ticks * numbers.tick_s
    assert end - began == pytest.approx(120.0, abs=slow_s + 0.001)


@pytest.mark.parametrize(
    ("altitude_m", "asked", "long"),
    [(94e3, 1.0, False), (96e3, 1.0, True), (96e3, 0.0, False), (0.0, 1.0, False)],
)
def test_a_long_tick_is_for_above_the_air_whoever_asks_for_it(
    altitude_m: float, asked: float, long: bool
) -> None:
    """95 km by the truth: what asks for it may be wrong about where it is."""
    numbers, flight = parts(ready(planned=True))
    given = by_tick.new_given(numbers.plant.engines.n)
    ticks = by_tick.fly_by_tick(numbers, flight, given)
    for _ in range(5):
        next(ticks)
    assert numbers.slow_ticks > 1
    before = flight.clock[loop.TICK]
    given.command.discrete[bus.SLOW_TICK] = asked
    flight.state.aux[rigid.AUX_ALTITUDE_M] = altitude_m
    next(ticks)
    assert flight.clock[loop.TICK] - before == (numbers.slow_ticks if long else 1)


def test_a_flight_that_is_over_stays_over() -> None:
    numbers, flight = ended(ready(True, SHORT))
    before = digest(flight)
    loop.fly(numbers, flight, 100)
    assert digest(flight) == before


def test_thrust_ends_a_latency_after_the_safety_system_decides() -> None:
    """A rule is made to fire by moving the plan's nose away from the true one."""
    numbers, flight = parts(ready(planned=True))
    loop.fly(numbers, flight, 1250)
    track = numbers.rules.track.copy()
    track[:, rules.AXIS : rules.AXIS + 3] *= -1.0
    blamed = numbers._replace(rules=numbers.rules._replace(track=track))
    while flight.verdict.state[rules.FIRED] == 0.0:
        loop.fly(blamed, flight, 1)
        assert flight.clock[loop.TICK] < 3000
    assert flight.verdict.state[rules.FIRED] == rules.ATTITUDE
    decided = (flight.clock[loop.TICK] - 1.0) * 0.02
    cut = flight.clock[loop.CUT_S]
    assert cut == pytest.approx(decided + numbers.rules.latency_s, abs=1e-9)
    while flight.clock[loop.TICK] * 0.02 < cut - 1e-9:
        assert flight.state.engine[:9, ON].all()
        loop.fly(blamed, flight, 1)
    loop.fly(blamed, flight, 2)
    assert not flight.state.engine[:, ON].any()
    # The autopilot still asks for thrust: it has no say.
    assert flight.command.engine_on[:9].all()
    loop.fly(blamed, flight, 100)
    assert flight.state.engine[:, LEVEL].max() == 0.0


def test_a_broken_body_has_no_thrust() -> None:
    numbers, flight = parts(ready(planned=True))
    loop.fly(numbers, flight, 800)
    fragile = numbers._replace(watch=numbers.watch._replace(bending_moment_limit_nm=1e-3))
    loop.fly(fragile, flight, 5)
    assert flight.watch.words[watch.BROKEN] == 1.0
    loop.fly(fragile, flight, 60)
    assert flight.state.engine[:, LEVEL].max() == 0.0


def test_a_broken_body_is_followed_to_the_ground() -> None:
    numbers, flight = parts(ready(planned=True))
    loop.fly(numbers, flight, 800)
    fragile = numbers._replace(watch=numbers.watch._replace(bending_moment_limit_nm=1e-3))
    loop.fly(fragile, flight, loop.TO_THE_END)
    assert flight.clock[loop.ENDED] == loop.DOWN


@pytest.mark.parametrize("record_hz", [50.0, 20.0, 10.0, 1.0])
def test_rows_are_as_many_as_asked_for_and_one_for_the_end(record_hz: float) -> None:
    numbers, flight = ended(ready(True, SHORT), record_hz=record_hz)
    every = max(1, round(50.0 / record_hz))
    ticks = int(flight.clock[loop.TICK])
    assert flight.clock[loop.ROWS] == math.ceil(ticks / every) + 1
    times = rows_of(flight)[:, 0]
    assert_allclose(np.diff(times[:-1]), every * numbers.tick_s, rtol=1e-9)
    assert times[-1] == pytest.approx(ticks * numbers.tick_s)
    assert len(flight.rows) >= flight.clock[loop.ROWS]


def test_how_often_is_recorded_changes_no_bit_of_the_flight() -> None:
    flights = [ended(ready(True, SHORT), record_hz=hz)[1] for hz in (50.0, 20.0, 1.0)]
    digests = [digest((f.state, f.memory, f.verdict, f.watch, f.random)) for f in flights]
    assert len(set(digests)) == 1


def test_a_stuck_engine_stays_where_it_was() -> None:
    prepared = ready(True, (), ("stage1.engine.2: stuck gimbal at 8 s to 2 deg",
                                "stage1.engine.6: stuck gimbal at 8 s"))  # fmt: skip
    numbers, flight = parts(prepared)
    loop.fly(numbers, flight, 480)  # T+7.6 s
    loop.fly(numbers, flight, 60)
    held = flight.state.engine[5, GIMBAL_Y_RAD]
    loop.fly(numbers, flight, 200)
    assert flight.state.engine[5, GIMBAL_Y_RAD] == held
    assert flight.state.engine[1, GIMBAL_Y_RAD] == pytest.approx(math.radians(2.0), abs=1e-4)


def test_sensors_that_fail_say_so_and_hold_their_last_words() -> None:
    prepared = ready(True, (), ("imu: fail at 8 s", "gnss: fail at 8 s"))
    numbers, flight = parts(prepared)
    loop.fly(numbers, flight, 510)
    core = flight.measured.core
    assert core[bus.IMU_VALID] == 0.0
    words = core[bus.GYRO_RADPS : bus.GYRO_RADPS + 6].copy()
    for _ in range(50):
        loop.fly(numbers, flight, 1)
        assert core[bus.GNSS_NEW] == 0.0
    assert np.array_equal(core[bus.GYRO_RADPS : bus.GYRO_RADPS + 6], words)


def test_turbulence_blows_only_where_there_is_some() -> None:
    rough, _ = parts(ready(planned=True))
    assert rough.plant.around.wind.turbulence_intensity == 1.0
    _, flight = parts(ready(planned=True))
    loop.fly(rough, flight, 300)
    assert np.abs(flight.state.loads[35:38]).max() > 0.01
    wind = rough.plant.around.wind._replace(turbulence_intensity=0.0)
    still = rough._replace(plant=rough.plant._replace(
        around=rough.plant.around._replace(wind=wind)))  # fmt: skip
    _, flight = parts(ready(planned=True))
    loop.fly(still, flight, 300)
    assert not flight.state.loads[35:38].any()
