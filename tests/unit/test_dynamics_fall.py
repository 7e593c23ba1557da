"""The fall of what nobody steers, against conics, a steady rotation, and other integrators."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation
from space_case import EARTH, MU, RADIUS_M, airless, quaternion, turned

from downrange.aero.build import build_aero
from downrange.aero.kernel import aero_force_moment
from downrange.aero.spec import AeroSpec
from downrange.dynamics.kernel import fall as kernel
from downrange.dynamics.kernel import rigid
from downrange.dynamics.kernel.fall import (
    FALL_AUX,
    FALL_COLUMNS,
    FREE_SIZE,
    GROUNDED,
    NO_ROOM,
    NOT_A_NUMBER,
    STILL_FALLING,
    TOUCH_M,
    WORK_ROWS,
    fall,
    lowest_m,
)
from downrange.dynamics.kernel.rigid import AUX_SIZE, LOADS_SIZE, STATE_SIZE, Surroundings
from downrange.earth.build import build_wind
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.gravity import gravity_eci
from downrange.earth.kernel.orbit import kepler

Floats = np.ndarray
LENGTH_M, DIAMETER_M, CM_M = 18.5, 2.0, 8.0
ENDS_M = (0.0, LENGTH_M)
CYLINDER = ((0.0, DIAMETER_M), (LENGTH_M, DIAMETER_M))


class Fallen(NamedTuple):
    """Rows of a fall, and how it ended."""

    rows: Floats
    code: int

    @property
    def time_s(self) -> Floats:
        return self.rows[:, 0]

    @property
    def state(self) -> Floats:
        return self.rows[:, 1 : 1 + FREE_SIZE]

    @property
    def last(self) -> Floats:
        return self.state[-1]

    def aux(self, column: int) -> Floats:
        return self.rows[:, FALL_AUX + column]


def loads_of(mass_kg: float, inertia: tuple[float, float, float], cm_m: float = CM_M) -> Floats:
    loads = np.zeros(LOADS_SIZE)
    loads[rigid.MASS_KG], loads[rigid.CM_X_M] = mass_kg, cm_m
    loads[rigid.INERTIA_KGM2 : rigid.INERTIA_KGM2 + 3] = inertia
    return loads


SPENT = loads_of(4200.0, (4000.0, 1.2e5, 1.2e5))


def begun(
    position: tuple[float, ...],
    velocity: tuple[float, ...],
    attitude: Rotation | None = None,
    rate: tuple[float, ...] = (0.0, 0.0, 0.0),
) -> Floats:
    x = np.zeros(STATE_SIZE)
    x[0:3], x[3:6], x[10:13] = position, velocity, rate
    x[6:10] = quaternion(attitude or Rotation.identity())
    return x


def fallen(
    x: Floats,
    around: Surroundings,
    loads: Floats = SPENT,
    until_s: float = 7200.0,
    start_s: float = 0.0,
    ends_m: tuple[float, float] = ENDS_M,
    ground_m: float = 0.0,
    room: int = 20_000,
) -> Fallen:
    rows, work = np.zeros((room, FALL_COLUMNS)), np.zeros((WORK_ROWS, AUX_SIZE))
    count, code = fall(x.copy(), start_s, until_s, loads, around, ends_m, ground_m, work, rows)
    assert not rows[count:].any()
    return Fallen(rows[:count], code)


def in_air() -> Surroundings:
    """The Earth as it is, with a plain cylinder in the air."""
    aero = build_aero(AeroSpec(), CYLINDER, powered=False)
    return Surroundings(EARTH, build_wind(), aero)


# A spent stage some way up, climbing still, that turns slowly.
HIGH = begun(
    (RADIUS_M + 70e3, 0.0, 0.0), (700.0, 1900.0, 1700.0),
    Rotation.from_euler("zyx", [1.2, -0.3, 0.4]), (0.01, 0.02, -0.015),
)  # fmt: skip
DEEP = begun(
    (RADIUS_M + 32e3, 0.0, 0.0), (-500.0, 1900.0, 600.0),
    Rotation.from_euler("zyx", [1.2, -0.3, 0.4]), (0.01, 0.1, -0.05),
)  # fmt: skip
ARC = ((RADIUS_M + 150e3, 0.0, 0.0), (1500.0, 2500.0, 7000.0))


@pytest.mark.parametrize("rotation_radps", [0.0, EARTH.rotation_radps])
def test_without_air_it_flies_along_a_conic(rotation_radps: float) -> None:
    """A centimetre per step is allowed; twenty minutes are some two hundred steps."""
    seen = fallen(begun(*ARC), airless(rotation_radps=rotation_radps), until_s=1200.0)
    assert seen.code == STILL_FALLING
    for row in (len(seen.rows) // 2, -1):
        r, v = kepler(*ARC, float(seen.time_s[row]), MU)
        np.testing.assert_allclose(seen.state[row, 0:3], r, rtol=0.0, atol=1.0)
        np.testing.assert_allclose(seen.state[row, 3:6], v, rtol=0.0, atol=2e-3)


def test_the_conic_is_left_when_the_field_has_another_mass() -> None:
    """The comparison bites: a millionth more of gravity is 0.6 m in six minutes and more later."""
    around = airless()
    heavier = around._replace(earth=around.earth._replace(mu_m3ps2=MU * (1.0 + 1e-5)))
    seen = fallen(begun(*ARC), heavier, until_s=1200.0)
    r, _ = kepler(*ARC, 1200.0, MU)
    assert np.linalg.norm(seen.last[0:3] - r) > 10.0


def test_it_ends_exactly_when_it_is_told() -> None:
    for until_s in (0.001, 0.37, 12.345678, 300.0):
        seen = fallen(begun(*ARC), airless(), until_s=until_s)
        assert seen.time_s[-1] == until_s
        assert seen.code == STILL_FALLING
        assert (np.diff(seen.time_s) > 0.0).all()


def test_time_goes_on_from_where_it_is_told_to_start() -> None:
    seen = fallen(begun(*ARC), airless(), start_s=150.12, until_s=160.0)
    assert seen.time_s[0] == 150.12
    assert seen.time_s[-1] == 160.0
    r, _ = kepler(*ARC, 160.0 - 150.12, MU)
    np.testing.assert_allclose(seen.last[0:3], r, rtol=0.0, atol=0.1)


def test_no_time_is_a_single_row_as_it_began() -> None:
    x = begun(*ARC)
    seen = fallen(x, airless(), until_s=0.0)
    assert len(seen.rows) == 1
    np.testing.assert_array_equal(seen.last, x[:FREE_SIZE])


def test_what_turns_freely_keeps_its_angular_momentum_and_its_energy() -> None:
    """Three different moments of inertia; ten minutes of tumbling at thirty degrees a second."""
    inertia = np.array([900.0, 5000.0, 7000.0])
    x = begun(*ARC, Rotation.from_rotvec([0.3, 0.2, -0.5]), (0.05, 0.5, 0.1))
    seen = fallen(x, airless(), loads_of(2000.0, tuple(inertia)), until_s=600.0)
    assert seen.code == STILL_FALLING
    momentum = [turned(row).apply(inertia * row[10:13]) for row in seen.state]
    size = np.linalg.norm(momentum[0])
    assert np.abs(np.array(momentum) - momentum[0]).max() / size < 3e-4
    energy = 0.5 * (inertia * seen.state[:, 10:13] ** 2).sum(axis=1)
    assert np.abs(energy / energy[0] - 1.0).max() < 3e-4
    assert np.abs(seen.state[:, 10] - 0.05).max() > 0.1  # it does tumble
    np.testing.assert_allclose(np.linalg.norm(seen.state[:, 6:10], axis=1), 1.0, atol=1e-12)


def test_a_body_of_revolution_nods_at_the_rate_of_eulers_equations() -> None:
    """Body rates turn at (I - Ix) / I times the roll rate (Goldstein, section 5.6)."""
    axial, across, roll = 500.0, 3000.0, 0.4
    x = begun(*ARC, None, (roll, 0.05, 0.0))
    seen = fallen(x, airless(), loads_of(1000.0, (axial, across, across)), until_s=200.0)
    nod = (across - axial) / across * roll
    # q' = nod r, r' = -nod q
    np.testing.assert_allclose(seen.state[:, 10], roll, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(
        seen.state[:, 11], 0.05 * np.cos(nod * seen.time_s), rtol=0.0, atol=2e-5
    )
    np.testing.assert_allclose(
        seen.state[:, 12], -0.05 * np.sin(nod * seen.time_s), rtol=0.0, atol=2e-5
    )


def slopes(t: float, y: Floats, loads: Floats, around: Surroundings) -> Floats:
    """The same equations, for another integrator."""
    x, out = np.zeros(STATE_SIZE), np.zeros(STATE_SIZE)
    x[:FREE_SIZE] = y
    rigid.derivative(x, t, 0.0, loads, around, out, np.zeros(AUX_SIZE))
    return out[:FREE_SIZE]


def test_in_air_it_goes_where_another_integrator_takes_it() -> None:
    """SciPy's order 8, in steps that are short against the table of coefficients."""
    around, until_s = in_air(), 60.0
    mine = fallen(DEEP, around, until_s=until_s)
    peak = mine.aux(rigid.AUX_DYNAMIC_PRESSURE_PA).max()
    assert peak > 10e3
    assert np.linalg.norm(mine.last[3:6]) < 0.8 * np.linalg.norm(DEEP[3:6])
    its = solve_ivp(
        slopes, (0.0, until_s), DEEP[:FREE_SIZE], "DOP853", args=(SPENT, around),
        rtol=1e-9, atol=1e-9, max_step=0.05,
    )  # fmt: skip
    np.testing.assert_allclose(mine.last[0:3], its.y[0:3, -1], rtol=0.0, atol=0.5)
    np.testing.assert_allclose(mine.last[3:6], its.y[3:6, -1], rtol=0.0, atol=0.05)
    np.testing.assert_allclose(mine.last[10:13], its.y[10:13, -1], rtol=0.0, atol=1e-3)


def test_in_air_it_goes_where_short_fixed_steps_take_it() -> None:
    """The loop's own integrator, at 5 ms."""
    around, h_s = in_air(), 0.005
    x, work, aux = HIGH.copy(), rigid.new_work(), np.zeros(AUX_SIZE)
    for k in range(round(200.0 / h_s)):
        rigid.rk4_step(x, k * h_s, h_s, SPENT, around, work, aux)
    mine = fallen(HIGH, around, until_s=200.0)
    np.testing.assert_allclose(mine.last[0:3], x[0:3], rtol=0.0, atol=0.2)
    np.testing.assert_allclose(mine.last[3:6], x[3:6], rtol=0.0, atol=0.05)
    np.testing.assert_allclose(mine.last[6:10], x[6:10], rtol=0.0, atol=1e-3)


def test_the_steps_are_as_long_as_they_may_be() -> None:
    """In a vacuum ten seconds; short where the air makes it tumble."""
    free = np.diff(fallen(begun(*ARC), airless(), until_s=600.0).time_s)
    assert free.max() == pytest.approx(kernel.LONGEST_S)
    assert len(free) < 100
    dense = np.diff(fallen(HIGH, in_air(), until_s=400.0).time_s)
    assert dense.min() < 0.5
    assert len(dense) > 200


def touch(x: Floats, around: Surroundings, loads: Floats = SPENT, **kwargs: object) -> Fallen:
    seen = fallen(x, around, loads, **kwargs)
    assert seen.code == GROUNDED
    return seen


def ball_and_drop(height_m: float, attitude: Rotation | None = None) -> tuple[Floats, Surroundings]:
    """At rest over a still, airless sphere; the nose along x, that is up."""
    return begun((RADIUS_M + height_m, 0.0, 0.0), (0.0,) * 3, attitude), airless(rotation_radps=0.0)


def test_a_fall_from_rest_takes_as_long_as_keplers_radial_ellipse_says() -> None:
    """Upright: the aft end, 8 m below the centre of mass, comes down first."""
    x, around = ball_and_drop(100e3)
    seen = touch(x, around)
    high, low = RADIUS_M + 100e3, RADIUS_M + CM_M
    # Radial ellipse from its apogee: t = sqrt(a^3 / mu) (E - pi - ...), a = high / 2.
    ratio = low / high
    time_s = math.sqrt(high**3 / (2.0 * MU)) * (
        math.acos(math.sqrt(ratio)) + math.sqrt(ratio * (1.0 - ratio))
    )
    assert seen.time_s[-1] == pytest.approx(time_s, abs=1e-4)
    assert np.linalg.norm(seen.last[0:3]) - low == pytest.approx(0.0, abs=0.01)
    speed = math.sqrt(2.0 * MU * (1.0 / low - 1.0 / high))
    assert np.linalg.norm(seen.last[3:6]) == pytest.approx(speed, abs=1e-3)


@pytest.mark.parametrize(
    ("tilt_deg", "below_m"),
    [(0.0, CM_M), (180.0, LENGTH_M - CM_M), (90.0, 0.0), (60.0, 4.0), (120.0, 5.25)],
)
def test_contact_is_that_of_the_lower_end_to_a_millimetre(tilt_deg: float, below_m: float) -> None:
    """Below the centre of mass hangs an end's lever times the cosine of the tilt."""
    x, around = ball_and_drop(2000.0, Rotation.from_euler("z", tilt_deg, degrees=True))
    seen = touch(x, around)
    altitude = np.linalg.norm(seen.last[0:3]) - RADIUS_M
    assert altitude == pytest.approx(below_m, abs=1.1 * TOUCH_M)
    assert seen.aux(rigid.AUX_ALTITUDE_M)[-1] == pytest.approx(altitude, abs=1e-6)
    lows = [lowest_m(row, 0.0, CM_M, *ENDS_M, around.earth) for row in seen.state]
    assert abs(lows[-1]) <= 1.1 * TOUCH_M
    assert min(lows[:-1]) > TOUCH_M


def test_ground_above_the_sea_is_met_earlier() -> None:
    x, around = ball_and_drop(2000.0)
    seen = touch(x, around, ground_m=350.0)
    assert seen.aux(rigid.AUX_ALTITUDE_M)[-1] == pytest.approx(350.0 + CM_M, abs=1.1 * TOUCH_M)


def test_the_lower_end_of_a_tilted_body_over_a_flat_earth() -> None:
    """At the pole of the real Earth, nose 30 degrees above the horizon."""
    polar_m = EARTH.equatorial_radius_m * (1.0 - EARTH.flattening)
    lean = Rotation.from_euler("y", -30.0, degrees=True)  # of a nose that lies along x
    x = begun((0.0, 0.0, polar_m + 100.0), (0.0,) * 3, lean)
    up = turned(x).apply([1.0, 0.0, 0.0])[2]
    assert up == pytest.approx(0.5)
    assert lowest_m(x, 77.0, CM_M, *ENDS_M, EARTH) == pytest.approx(100.0 - 0.5 * CM_M, abs=1e-6)


def test_a_descent_through_the_air_comes_down_in_one_place() -> None:
    """Steps of 10 ms end within two metres after a flight of 800 km and a tumble through the air.

    Nor does a start a millimetre away, or one that turns by 1e-7 rad/s more, land elsewhere.
    """
    seen = touch(HIGH, in_air())
    fine = in_fixed_steps(HIGH, in_air(), seen.time_s[-1])
    assert np.linalg.norm(seen.last[0:3] - fine[0:3]) < 2.0
    for word, change in ((0, 1e-3), (10, 1e-7), (4, 1e-6)):
        near = HIGH.copy()
        near[word] += change
        assert np.linalg.norm(touch(near, in_air()).last[0:3] - seen.last[0:3]) < 2.0


def in_fixed_steps(x: Floats, around: Surroundings, until_s: float, h_s: float = 0.01) -> Floats:
    """The state at a time by steps of the kernel's own method, far shorter than it takes."""
    x, work, t = x.copy(), np.zeros((WORK_ROWS, AUX_SIZE)), 0.0
    while t < until_s:
        h = min(h_s, until_s - t)
        kernel.step_of(x, t, h, SPENT, around, work)
        x[:FREE_SIZE] = work[kernel.PROBE, :FREE_SIZE]
        x[6:10] /= np.linalg.norm(x[6:10])
        t += h
    return x


@pytest.mark.parametrize("h_s", [0.2, 0.4])
def test_a_step_is_of_order_five_and_its_error_is_less_than_it_says(h_s: float) -> None:
    """A tumble without air: a step in halves is off by a thirty-second of one in a piece, or less.

    The estimate is the difference of orders four and five, in units of a millionth.
    """
    around, loads = airless(), loads_of(2000.0, (900.0, 5000.0, 7000.0))
    tumbling = begun(*ARC, None, (0.2, 0.5, 0.4))
    reached, errors = [], []
    for pieces in (1, 2, 64):
        x, work = tumbling.copy(), np.zeros((WORK_ROWS, AUX_SIZE))
        for k in range(pieces):
            error = kernel.step_of(x, k * h_s / pieces, h_s / pieces, loads, around, work)
            errors.append(error)
            x[:FREE_SIZE] = work[kernel.PROBE, :FREE_SIZE]
        reached.append(x[6:13].copy())
    whole, halves, truth = reached
    off, less = np.abs(whole - truth).max(), np.abs(halves - truth).max()
    assert 25.0 < off / less < 128.0
    assert off < errors[0] * 1e-6 < 100.0 * off


def test_weights_are_those_of_dormand_and_prince() -> None:
    """Each row sums to its node, the last is the solution, errors sum to nothing (order 0).

    Conditions of order up to five on the solution: sum b c^k = 1 / (k + 1).
    """
    np.testing.assert_allclose(kernel.WEIGHTS.sum(axis=1), kernel.NODE, atol=1e-14)
    b, c = kernel.WEIGHTS[-1], kernel.NODE[:-1]
    for power in range(5):
        assert (b * c**power).sum() == pytest.approx(1.0 / (power + 1.0), abs=1e-14)
    fourth = np.append(b, 0.0) - kernel.ERROR
    for power in range(4):
        total = (fourth * kernel.NODE**power).sum()
        assert total == pytest.approx(1.0 / (power + 1.0), abs=1e-14)
    assert abs((fourth * kernel.NODE**4).sum() - 0.2) > 1e-5


def test_no_room_is_told_and_what_there_is_is_kept() -> None:
    seen = fallen(begun(*ARC), airless(), room=7)
    assert seen.code == NO_ROOM
    assert len(seen.rows) == 7
    assert (np.diff(seen.time_s) > 0.0).all()


@pytest.mark.parametrize("word", [0, 4, 7, 11])
@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
def test_what_is_no_number_ends_it_with_a_code(word: int, spoilt: float) -> None:
    x = begun(*ARC)
    x[word] = spoilt
    seen = fallen(x, in_air())
    assert seen.code == NOT_A_NUMBER
    assert len(seen.rows) == 1


def test_no_mass_is_no_number() -> None:
    seen = fallen(HIGH, in_air(), loads_of(0.0, (1.0, 1.0, 1.0)))
    assert seen.code == NOT_A_NUMBER


@pytest.mark.parametrize("speed_mps", [8.0, 20.0])
def test_broadside_it_comes_down_at_the_speed_at_which_its_drag_is_its_weight(
    speed_mps: float,
) -> None:
    """sqrt(2 m g / (rho CdA)), CdA from its own drag; held broadside by a huge inertia.

    As slow as this, the air's density changes by a permille a second: the speed follows.
    """
    around = in_air()._replace(earth=EARTH._replace(rotation_radps=0.0))
    level = Rotation.from_euler("z", 90.0, degrees=True)
    density, _, _, sound = air(0.0, around.earth)
    force = aero_force_moment(around.aero, (0.0, speed_mps, 0.0), (0.0,) * 3, density, sound, 9.25)
    cd_area = abs(force[1]) / (0.5 * density * speed_mps**2)
    assert 0.3 * LENGTH_M * DIAMETER_M < cd_area < 1.3 * LENGTH_M * DIAMETER_M
    gravity = -gravity_eci((RADIUS_M, 0.0, 0.0), around.earth)[0]
    mass_kg = 0.5 * density * speed_mps**2 * cd_area / gravity
    loads = loads_of(mass_kg, (1e15, 1e15, 1e15), 9.25)
    x = begun((RADIUS_M + 800.0, 0.0, 0.0), (0.0,) * 3, level)
    seen = touch(x, around, loads)
    down = -seen.last[3]
    assert down == pytest.approx(speed_mps, rel=3e-3)
    wanted = math.sqrt(2.0 * mass_kg * gravity / (density * cd_area))
    assert down == pytest.approx(wanted, rel=3e-3)
    assert seen.state[len(seen.rows) // 4, 3] != pytest.approx(-speed_mps, rel=1e-4)


def test_rows_hold_what_was_met_on_the_way() -> None:
    """Aux of each row is that of its own state."""
    around = in_air()
    seen = fallen(HIGH, around, until_s=180.0)
    for row in (0, len(seen.rows) // 2, len(seen.rows) - 1):
        x, out, aux = np.zeros(STATE_SIZE), np.zeros(STATE_SIZE), np.zeros(AUX_SIZE)
        x[:FREE_SIZE] = seen.state[row]
        rigid.derivative(x, seen.time_s[row], 0.0, SPENT, around, out, aux)
        np.testing.assert_allclose(seen.rows[row, FALL_AUX : FALL_AUX + 7], aux[:7], rtol=1e-8)
        # Body axes are those of the step's end before the attitude was made a unit again.
        np.testing.assert_allclose(seen.rows[row, FALL_AUX:], aux, rtol=1e-5, atol=5e-3)


def test_the_state_given_is_flown_in_place() -> None:
    x, work = HIGH.copy(), np.zeros((WORK_ROWS, AUX_SIZE))
    rows = np.zeros((1000, FALL_COLUMNS))
    count, _ = fall(x, 0.0, 50.0, SPENT, in_air(), ENDS_M, 0.0, work, rows)
    np.testing.assert_array_equal(x[:FREE_SIZE], rows[count - 1, 1 : 1 + FREE_SIZE])
