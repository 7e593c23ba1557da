"""Bending inside a tick: frequency, decay, deflection, what the inertial unit feels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dynamics_case import TICK_S, Bench, bench_plant, bench_vehicle, space
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from downrange.dynamics.kernel.advance import FLEX, MOMENT_NM
from downrange.faults.kernel import MODE_RATIO
from downrange.propulsion.kernel import FLOW_KGPS, GIMBAL_Y_RAD, GIMBAL_Z_RAD, LEVEL, ON, SINCE_S
from downrange.vehicle import kernel as vehicle

Floats = NDArray[np.float64]

PITCH, YAW = 0, 1


def flexible(damping: float = 0.0) -> Bench:
    """In space, engines off, tanks full."""
    plant = bench_plant(bench_vehicle(), space())
    plant.bending.table[:, :, vehicle.DAMPING_RATIO] = damping
    return Bench(plant).free()


def burning(damping: float, engines: int = 9) -> Bench:
    """Steady thrust that takes next to nothing out of the tanks."""
    bench = flexible(damping)
    bench.plant.engines.table[:, FLOW_KGPS] = 1e-6
    bench.ignite(slice(0, engines))
    bench.state.engine[:engines, LEVEL] = bench.state.engine[:engines, ON] = 1.0
    bench.state.engine[:engines, SINCE_S] = 10.0
    return bench


def history(bench: Bench, seconds: float, axis: int, mode: int) -> Floats:
    """Displacement at every tick."""
    out = []
    for _ in range(round(seconds / TICK_S)):
        bench.tick()
        out.append(bench.state.modal[axis, mode, 0])
    return np.array(out)


def frequency_hz(series: Floats) -> float:
    """From the straight lines through its zero crossings, both ways."""
    at = np.flatnonzero(series[:-1] * series[1:] < 0.0)
    place = at + series[at] / (series[at] - series[at + 1])
    return float(0.5 * (len(place) - 1) / ((place[-1] - place[0]) * TICK_S))


@pytest.mark.parametrize("axis", [PITCH, YAW])
@pytest.mark.parametrize("mode", [0, 1])
def test_an_undamped_mode_swings_on_for_a_minute(axis: int, mode: int) -> None:
    """Runge-Kutta steps of a tick would have damped it by some per cent a second."""
    bench = flexible()
    bench.state.modal[axis, mode, 0] = 0.01
    omega = bench.state.modes[mode, vehicle.OMEGA_RADPS]
    bench.run(60.0)
    q, qdot = bench.state.modal[axis, mode]
    assert math.hypot(q, qdot / omega) == pytest.approx(0.01, rel=1e-3)
    phase = math.atan2(-qdot / omega, q)
    assert math.cos(phase - omega * 60.0) > 0.9999
    others = bench.state.modal.copy()
    others[axis, mode] = 0.0
    assert not others.any()


def test_a_mode_decays_at_its_damping() -> None:
    bench = flexible(0.02)
    bench.state.modal[PITCH, 0, 0] = 0.01
    omega = bench.state.modes[0, vehicle.OMEGA_RADPS]
    series = history(bench, 10.0, PITCH, 0)
    late = np.abs(series[-50:]).max() / np.abs(series[:50]).max()
    assert late == pytest.approx(math.exp(-0.02 * omega * 9.0), rel=0.05)


@pytest.mark.parametrize("ratio", [1.0, 0.76, 1.3])
def test_the_true_frequency_is_the_assumed_one_times_its_ratio(ratio: float) -> None:
    bench = flexible()
    assumed_hz = bench.plant.bending.table[-1, 0, vehicle.OMEGA_RADPS] / (2.0 * math.pi)
    bench.health.other[MODE_RATIO] = ratio
    bench.state.modal[YAW, 0, 0] = 0.02
    assert frequency_hz(history(bench, 30.0, YAW, 0)) == pytest.approx(ratio * assumed_hz, rel=1e-3)


def test_one_modes_ratio_leaves_the_other_alone() -> None:
    bench = flexible()
    assumed = bench.plant.bending.table[-1, :, vehicle.OMEGA_RADPS].copy()
    bench.health.other[MODE_RATIO + 1] = 0.5
    bench.tick()
    assert_allclose(bench.state.modes[:, vehicle.OMEGA_RADPS], assumed * [1.0, 0.5], rtol=1e-12)


@pytest.mark.parametrize(("axis", "column"), [(PITCH, GIMBAL_Y_RAD), (YAW, GIMBAL_Z_RAD)])
def test_a_steady_side_force_bends_by_force_over_stiffness(axis: int, column: int) -> None:
    """phi F d / (M w^2), once the swing has died."""
    bench = burning(0.3)
    angle = 0.01
    bench.command.gimbal_rad[:9, axis] = angle
    bench.state.engine[:9, column] = angle
    bench.run(6.0)
    thrust_n = bench.plant.engines.thrust_vac_n[:9].sum()
    for mode in range(2):
        row = bench.state.modes[mode]
        expected = row[vehicle.PHI_GIMBAL] * thrust_n * angle
        expected /= row[vehicle.MODAL_MASS_KG] * row[vehicle.OMEGA_RADPS] ** 2
        assert bench.state.modal[axis, mode, 0] == pytest.approx(expected, rel=1e-6)
        assert bench.state.modal[1 - axis, mode, 0] == 0.0


def test_the_tail_pushed_aside_shows_the_nose_going_along() -> None:
    """First free-free mode: both ends to one side. A tail pushed to -z takes the nose to -z."""
    bench = burning(0.3)
    bench.command.gimbal_rad[:9, 0] = bench.state.engine[:9, GIMBAL_Y_RAD] = 0.01
    bench.run(6.0)
    assert bench.state.modes[0, vehicle.PHI_GIMBAL] > 0.1
    assert bench.state.modal[PITCH, 0, 0] > 0.0


def test_half_the_engines_bend_half_as_much() -> None:
    bends = []
    for engines in (8, 4):
        bench = burning(0.3, engines)
        bench.command.gimbal_rad[:engines, 0] = 0.01
        bench.state.engine[:engines, GIMBAL_Y_RAD] = 0.01
        bench.run(6.0)
        bends.append(bench.state.modal[PITCH, 0, 0])
    assert bends[1] / bends[0] == pytest.approx(0.5, rel=1e-6)


def test_a_softer_structure_bends_more_and_carries_the_same_moment() -> None:
    """Deflection goes with 1 / ratio^2, the moment of a steady load does not."""
    found = []
    for ratio in (1.0, 0.8):
        bench = burning(0.3)
        bench.health.other[MODE_RATIO:] = ratio
        bench.command.gimbal_rad[:9, 0] = bench.state.engine[:9, GIMBAL_Y_RAD] = 0.01
        bench.run(8.0)
        found.append((bench.state.modal[PITCH, 0, 0], bench.state.words[MOMENT_NM]))
    assert found[1][0] / found[0][0] == pytest.approx(1.0 / 0.64, rel=1e-5)
    assert found[1][1] == pytest.approx(found[0][1], rel=1e-5)


def test_both_planes_add_up_to_one_moment() -> None:
    bench = flexible()
    bench.state.modal[PITCH, 0, 0], bench.state.modal[YAW, 0, 0] = 0.003, 0.004
    bench.tick(1e-5)
    stiff = abs(bench.state.modes[0, vehicle.MOMENT_CRITICAL])
    assert bench.state.words[MOMENT_NM] == pytest.approx(0.005 * stiff, rel=1e-3)


def test_the_gyro_turns_with_the_slope_at_its_station() -> None:
    """Summed over ticks: slope times the way of the mode; about +y in pitch, +z in yaw."""
    bench = flexible()
    bench.state.modal[PITCH, 0, 1], bench.state.modal[YAW, 1, 1] = 0.2, -0.1
    start = bench.state.modal[:, :, 0].copy()
    turned = np.zeros(2)
    for _ in range(37):
        bench.tick()
        turned += bench.state.words[FLEX : FLEX + 2]
    moved = bench.state.modal[:, :, 0] - start
    slopes = bench.state.modes[:, vehicle.SLOPE_IMU]
    assert_allclose(turned, moved @ slopes, rtol=1e-12)
    assert np.abs(turned).min() > 1e-5


def test_the_accelerometer_moves_with_the_shape_at_its_station() -> None:
    """Pitch-plane displacement is along -z, yaw-plane displacement along +y."""
    bench = flexible()
    bench.state.modal[PITCH, 0, 0], bench.state.modal[YAW, 0, 0] = 0.01, 0.02
    start = bench.state.modal[:, :, 1].copy()
    gained = np.zeros(2)
    for _ in range(7):
        bench.tick()
        gained += bench.state.words[FLEX + 2 : FLEX + 4]
    sped = (bench.state.modal[:, :, 1] - start) @ bench.state.modes[:, vehicle.PHI_IMU]
    assert_allclose(gained, [sped[YAW], -sped[PITCH]], rtol=1e-12)


def test_engines_that_swing_at_the_modes_own_frequency_shake_it() -> None:
    """Engine inertia excites bending without any thrust; off resonance it hardly does."""
    largest = []
    for factor in (1.0, 0.5):
        bench = flexible(0.005)
        omega = factor * bench.state.modes[0, vehicle.OMEGA_RADPS]
        for k in range(300):
            bench.command.gimbal_rad[:9, 0] = 0.01 * math.sin(omega * k * TICK_S)
            bench.tick()
        largest.append(abs(bench.state.modal[PITCH, 0]).max())
    assert largest[0] > 5.0 * largest[1] > 0.0


def test_the_swung_mass_bends_as_a_force_and_a_twist_at_the_gimbal() -> None:
    """One push of the modal equation over a short time, by hand: phi S d'' - slope I d''."""
    bench = flexible()
    bench.state.engine[:9, GIMBAL_Y_RAD + 1] = 0.1  # rad/s, stopped within the tick
    bench.health.engine[:, 1] = 0.0  # stuck: the rate ends
    row = bench.state.modes[0]
    bench.tick(1e-4)
    impulse = 9.0 * (
        row[vehicle.PHI_GIMBAL] * 80.0 * 0.35 - row[vehicle.SLOPE_GIMBAL] * 18.0
    ) * -0.1  # fmt: skip
    expected = impulse / row[vehicle.MODAL_MASS_KG]
    assert bench.state.modal[PITCH, 0, 1] == pytest.approx(expected, rel=1e-3)


def test_modes_stiffen_as_the_tanks_drain() -> None:
    bench = flexible()
    first = bench.state.modes[0, vehicle.OMEGA_RADPS]
    bench.state.tank_kg[:2] *= 0.3
    bench.tick()
    bench.tick()
    aboard = bench.state.tank_kg.sum() / bench.plant.tanks.load_kg.sum()
    table = bench.plant.bending
    expected = np.interp(aboard, table.fraction, table.table[:, 0, vehicle.OMEGA_RADPS])
    assert bench.state.modes[0, vehicle.OMEGA_RADPS] == pytest.approx(expected, rel=1e-9)
    assert expected > 1.05 * first
