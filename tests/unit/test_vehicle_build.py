"""A vehicle's numbers against sums done another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from vehicle_case import vehicle, vehicle_data

from downrange._spec import validate
from downrange.aero.kernel import CA
from downrange.aero.outline import Outline
from downrange.vehicle import kernel
from downrange.vehicle.beam import Beam, Span, bending_modes
from downrange.vehicle.build import (
    build_beam,
    build_bending,
    build_limits,
    build_masses,
    dry_items,
    new_attached,
    outline,
    planform_mean,
    tank_loads_kg,
    vehicle_aero,
)
from downrange.vehicle.kernel import mass_properties
from downrange.vehicle.spec import VehicleSpec

UPPER = [0.0, 1.0, 1.0, 1.0]
BARE_UPPER = [0.0, 1.0, 0.0, 1.0]


def properties(spec: VehicleSpec, tank_mass_kg: np.ndarray, attached: list[float]) -> np.ndarray:
    out = np.empty(kernel.PROPERTIES)
    mass_properties(build_masses(spec), tank_mass_kg, np.array(attached), out)
    return out


def test_dry_stage_has_its_mass_and_centre() -> None:
    empty = np.zeros(4)
    for part, (mass, x) in enumerate([(4000.0, 8.0), (900.0, 22.0)]):
        alone = [1.0 if k == part else 0.0 for k in range(4)]
        assert properties(vehicle(), empty, alone)[:2] == pytest.approx([mass, x])


def test_engines_pull_the_shell_down() -> None:
    """4 t at 8 m of 20: a shell at 10 m and 842 kg at the engines, 0.5 m."""
    shell, lump = [item for item in dry_items(vehicle()) if item.part == 0]
    assert lump.mass_kg == pytest.approx(4000.0 * 2.0 / 9.5)
    assert (lump.x_m, shell.x_m) == (0.5, 10.0)
    found = properties(vehicle(), np.zeros(4), [1.0, 0.0, 0.0, 0.0])
    shell_kg, lump_kg = 4000.0 - lump.mass_kg, lump.mass_kg
    iyy = shell_kg * (0.5 + 400.0 / 12.0 + 4.0) + lump_kg * (0.25 + 7.5**2)
    assert found[kernel.IYY_KGM2] == pytest.approx(iyy)
    assert found[kernel.IXX_KGM2] == pytest.approx(shell_kg + 0.5 * lump_kg)


@pytest.mark.parametrize("dry_cm", ["0 m", "0.3 m", "10 m", "13 m", "20 m"])
def test_any_centre_inside_the_stage_can_be_had(dry_cm: str) -> None:
    data = vehicle_data()
    data["stage"][0]["dry_cm"] = dry_cm
    spec = validate(VehicleSpec, data)
    assert all(item.mass_kg >= 0.0 for item in dry_items(spec))
    found = properties(spec, np.zeros(4), [1.0, 0.0, 0.0, 0.0])
    assert found[:2] == pytest.approx([4000.0, float(dry_cm.removesuffix(" m"))], abs=1e-9)


def test_fairing_is_an_even_skin() -> None:
    """An ogive's skin integrated finely: centre and inertia within 1 %."""
    x = np.linspace(0.0, 4.0, 20001)
    r = np.sqrt(8.5**2 - x**2) - 7.5
    skin = r * np.hypot(1.0, x / np.sqrt(8.5**2 - x**2))
    centre = np.trapezoid(skin * x, x) / np.trapezoid(skin, x)
    spread = np.trapezoid(skin * ((x - centre) ** 2 + 0.5 * r**2), x) / np.trapezoid(skin, x)
    around = np.trapezoid(skin * r**2, x) / np.trapezoid(skin, x)
    found = properties(vehicle(), np.zeros(4), [0.0, 0.0, 1.0, 0.0])
    assert found[kernel.X_CM_M] == pytest.approx(25.0 + centre, abs=0.01)
    assert found[kernel.IYY_KGM2] == pytest.approx(300.0 * spread, rel=0.01)
    assert found[kernel.IXX_KGM2] == pytest.approx(300.0 * around, rel=0.01)


def test_whole_vehicle_at_lift_off() -> None:
    spec = vehicle()
    found = properties(spec, tank_loads_kg(spec), [1.0] * 4)
    assert found[kernel.MASS_KG] == pytest.approx(spec.liftoff_mass_kg)
    column = {"lox": 25e3 / 1140 / math.pi, "fuel": 10e3 / 580 / math.pi}
    moment = 4000 * 8 + 900 * 22 + 500 * 26 + 300 * properties(spec, np.zeros(4), [0, 0, 1, 0])[1]
    moment += 25e3 * (1.5 + column["lox"] / 2) + 10e3 * (10 + column["fuel"] / 2)
    moment += 5e3 * (21 + 5e3 / 1140 / math.pi / 2) + 2e3 * (22.5 + 2e3 / 580 / math.pi / 2)
    assert found[kernel.X_CM_M] == pytest.approx(moment / spec.liftoff_mass_kg)


def test_outline_of_what_is_attached() -> None:
    spec = vehicle()
    whole = Outline.of(outline(spec))
    assert (whole.base_x_m, whole.nose_x_m, whole.max_diameter_m) == (0.0, 29.0, 2.0)
    assert whole.diameter_m[-1] == pytest.approx(0.0, abs=1e-9)
    assert outline(spec, BARE_UPPER) == [(20.0, 2.0), (25.0, 2.0)]
    assert Outline.of(outline(spec, UPPER)).base_x_m == 20.0


def test_outline_with_sections_and_a_cone_on_a_barrel() -> None:
    data = vehicle_data()
    data["stage"][0]["section"] = [
        {"station": "0 m", "diameter": "2.4 m"},
        {"station": "3 m", "diameter": "2 m"},
        {"station": "20 m", "diameter": "2 m"},
    ]
    data["fairing"] |= {"shape": "cone", "nose_length": "3 m"}
    points = outline(validate(VehicleSpec, data))
    assert points == [
        (0.0, 2.4), (3.0, 2.0), (20.0, 2.0), (25.0, 2.0), (26.0, 2.0), (29.0, 0.0),
    ]  # fmt: skip


def test_beam_weighs_what_the_vehicle_weighs() -> None:
    spec = vehicle()
    for attached in ([1.0] * 4, UPPER, BARE_UPPER):
        for level in (1.0, 0.4, 0.0):
            tanks = level * tank_loads_kg(spec)
            beam = build_beam(spec, attached, tanks)
            spans = sum(span.amount * (span.end_m - span.start_m) for span in beam.mass)
            lumps = sum(lump.mass_kg for lump in beam.lumps)
            moment = sum(
                span.amount * (span.end_m**2 - span.start_m**2) / 2.0 for span in beam.mass
            ) + sum(lump.mass_kg * lump.station_m for lump in beam.lumps)
            found = properties(spec, tanks, attached)
            assert spans + lumps == pytest.approx(found[kernel.MASS_KG])
            assert moment / (spans + lumps) == pytest.approx(found[kernel.X_CM_M])


def test_modes_follow_the_propellant() -> None:
    spec = vehicle()
    bending = build_bending(spec)
    # stage 1 empties, stage 2 stays full: 7 t of 42 t are left at its burn-out
    assert bending.fraction[[0, -1]] == pytest.approx([7.0 / 42.0, 1.0])
    assert np.all(np.diff(bending.fraction) > 0.0)
    hertz = bending.table[:, :, kernel.OMEGA_RADPS] / (2.0 * math.pi)
    assert np.all(np.diff(hertz[:, 0]) < 0.0)  # lighter is faster
    assert np.all(hertz[:, 1] > 1.5 * hertz[:, 0])
    assert 2.0 < hertz[-1, 0] < 6.0  # 28 m by 2 m, 48 t
    assert bending.damping_ratio == pytest.approx([0.008, 0.008])


def test_words_of_a_mode() -> None:
    spec = vehicle()
    row = build_bending(spec).table[-1, 0]
    full = bending_modes(build_beam(spec, [1.0] * 4, tank_loads_kg(spec)), 1)[0]
    assert (row[kernel.PHI_GIMBAL], row[kernel.SLOPE_GIMBAL]) == pytest.approx(full.at(0.5))
    assert (row[kernel.PHI_IMU], row[kernel.SLOPE_IMU]) == pytest.approx(full.at(3.0))
    # the tail moves with the nose and turns against it
    assert row[kernel.PHI_GIMBAL] > 0.0 > row[kernel.SLOPE_GIMBAL]
    assert row[kernel.SLOPE_IMU] < 0.0
    assert 0.5 < row[kernel.PHI_NOSE] < 1.0
    assert row[kernel.MOMENT_CRITICAL] > 0.0
    assert row[kernel.MODAL_MASS_KG] == pytest.approx(full.modal_mass_kg)


def test_imu_may_be_elsewhere() -> None:
    spec = vehicle()
    low, high = build_bending(spec), build_bending(spec, imu_station_m=24.0)
    assert low.table[-1, 0, kernel.SLOPE_IMU] < 0.0 < high.table[-1, 0, kernel.SLOPE_IMU]


def test_upper_stage_alone_is_stiffer() -> None:
    spec = vehicle()
    whole, upper, bare = (build_bending(spec, parts) for parts in (None, UPPER, BARE_UPPER))
    first = [each.table[-1, 0, kernel.OMEGA_RADPS] for each in (whole, upper, bare)]
    assert first[0] < first[1] < first[2]
    assert upper.fraction[[0, -1]] == pytest.approx([0.0, 1.0])


def test_a_spent_stage_alone() -> None:
    """What falls back after separation: its own outline, mass and modes."""
    spec, alone = vehicle(), [1.0, 0.0, 0.0, 0.0]
    assert outline(spec, alone) == [(0.0, 2.0), (20.0, 2.0)]
    bending = build_bending(spec, alone)
    assert bending.fraction[[0, -1]] == pytest.approx([0.0, 1.0])
    assert bending.table[0, 0, kernel.OMEGA_RADPS] > bending.table[-1, 0, kernel.OMEGA_RADPS]
    blunt = vehicle_aero(spec, alone, powered=False)
    whole = vehicle_aero(spec, powered=False)
    # a flat face in front in place of a nose
    assert blunt.table[0, 0, CA] > whole.table[0, 0, CA] + 0.6


def test_frequency_goes_with_the_root_of_stiffness() -> None:
    data = vehicle_data()
    data["structure"]["stiffness_scale"] = 1.21
    plain, stiff = build_bending(vehicle()), build_bending(validate(VehicleSpec, data))
    ratio = stiff.table[..., kernel.OMEGA_RADPS] / plain.table[..., kernel.OMEGA_RADPS]
    assert ratio == pytest.approx(np.full(ratio.shape, 1.1), rel=1e-6)
    shapes = slice(kernel.MODAL_MASS_KG, kernel.MOMENT_CRITICAL)
    assert stiff.table[..., shapes] == pytest.approx(plain.table[..., shapes], rel=1e-4)


def test_an_even_crossflow_does_not_excite_an_even_beam() -> None:
    """The mean of a bending shape of uniform mass is the momentum that it lacks."""
    beam = Beam(0.0, 20.0, [Span(0.0, 20.0, 1e8)], [Span(0.0, 20.0, 500.0)])
    body = Outline.of([(0.0, 2.0), (20.0, 2.0)])
    for mode in bending_modes(beam, 2):
        assert planform_mean(mode, body) == pytest.approx(0.0, abs=1e-6)


def test_limits() -> None:
    assert build_limits(vehicle()) == (2e6, math.inf)


def test_aero_of_what_is_attached() -> None:
    data = vehicle_data()
    data["aero"] = {
        "fin": {"count": 4, "root_chord": "1 m", "tip_chord": "1 m", "span": "1 m",
                "station": "1 m"}
    }  # fmt: skip
    spec = validate(VehicleSpec, data)
    whole, upper = vehicle_aero(spec), vehicle_aero(spec, UPPER)
    assert whole.roll_damping < 0.0 == upper.roll_damping
    assert (whole.reference_x_m, upper.reference_x_m) == (14.5, 24.5)
    assert new_attached(spec).tolist() == [1.0] * 4
