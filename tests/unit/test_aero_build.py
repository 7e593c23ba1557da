"""The table that a body of revolution is flown with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downrange.aero import drag, jorgensen, kernel
from downrange.aero.build import ALPHA_RAD, MACH, build_aero, no_aero
from downrange.aero.outline import Outline, tangent_ogive
from downrange.aero.spec import AeroSpec, FinSpec

POINTS = [(0.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))]
FINS = FinSpec(count=4, root_chord="2 m", tip_chord="1 m", span="1 m", station="1 m")
SQUARE = 36  # index of 90 degrees


def test_grid_is_uniform_to_180_degrees() -> None:
    assert ALPHA_RAD[SQUARE] == pytest.approx(0.5 * math.pi)
    assert ALPHA_RAD[-1] == pytest.approx(math.pi)
    assert np.all(np.diff(MACH) > 0.0)
    assert build_aero(AeroSpec(), POINTS).table.flags.c_contiguous


def test_axial_force_falls_as_cosine_squared_and_turns_over() -> None:
    ca = build_aero(AeroSpec(), POINTS).table[5, :, kernel.CA]
    assert ca[SQUARE] == pytest.approx(0.0, abs=1e-12)
    assert ca[24] / ca[0] == pytest.approx(0.25)  # 60 degrees
    assert ca[48] / ca[-1] == pytest.approx(0.25)  # 120 degrees
    assert ca[0] > 0.0 > ca[-1]


def test_a_running_engine_takes_its_share_of_the_base_drag() -> None:
    """0.16 on the base below Mach 0.8; half of it is assumed to go."""
    spec = AeroSpec()
    on = build_aero(spec, POINTS).table[0, 0, kernel.CA]
    off = build_aero(spec, POINTS, powered=False).table[0, 0, kernel.CA]
    assert off - on == pytest.approx(0.5 * 0.16)


def test_scales_multiply() -> None:
    plain = build_aero(AeroSpec(), POINTS).table
    spec = AeroSpec(axial_force_scale=1.2, normal_force_scale=0.9)
    scaled = build_aero(spec, POINTS).table
    assert scaled[..., kernel.CA] == pytest.approx(1.2 * plain[..., kernel.CA])
    for column in (kernel.CN_POTENTIAL, kernel.CN_CROSSFLOW, kernel.CM):
        assert scaled[..., column] == pytest.approx(0.9 * plain[..., column])


def test_reynolds_number_switch() -> None:
    """Below the critical Reynolds number a cylinder has 1.18 in place of 0.83 at rest."""
    high = build_aero(AeroSpec(), POINTS).table[0, SQUARE, kernel.CN_CROSSFLOW]
    low = build_aero(AeroSpec(crossflow="subcritical"), POINTS).table[
        0, SQUARE, kernel.CN_CROSSFLOW
    ]
    assert low / high == pytest.approx(1.18 / 0.83)


def test_fins_move_the_centre_of_pressure_aft() -> None:
    bare, finned = build_aero(AeroSpec(), POINTS), build_aero(AeroSpec(fin=FINS), POINTS)

    def lift_station(aero: kernel.Aero) -> float:
        row = aero.table[0, 1]
        normal = row[kernel.CN_POTENTIAL] + row[kernel.CN_CROSSFLOW]
        return aero.reference_x_m + row[kernel.CM] / normal * aero.reference_length_m

    assert lift_station(bare) > 23.5
    assert lift_station(finned) < lift_station(bare) - 5.0
    # what the fins add acts at their station, a quarter of the circle's worth per panel
    added = finned.table[0, 1] - bare.table[0, 1]
    normal = added[kernel.CN_POTENTIAL] + added[kernel.CN_CROSSFLOW]
    assert bare.reference_x_m + added[kernel.CM] / normal * 2.0 == pytest.approx(1.0)
    assert finned.pitch_damping < bare.pitch_damping
    assert finned.roll_damping < 0.0 == bare.roll_damping


def test_no_aero_has_no_coefficients() -> None:
    aero = no_aero()
    assert aero.model == kernel.NONE
    assert not aero.table.any()


def test_upper_stage_is_measured_from_its_own_base() -> None:
    """The same body 20 m further up has the same coefficients about its own middle."""
    low = build_aero(AeroSpec(), POINTS)
    high = build_aero(AeroSpec(), [(20.0 + x, d) for x, d in POINTS])
    assert high.table == pytest.approx(low.table, abs=1e-9)
    assert high.reference_x_m - low.reference_x_m == pytest.approx(20.0)
    assert high.planform_x_m - low.planform_x_m == pytest.approx(20.0)


@pytest.mark.parametrize("degrees", [1.0, 3.7, 11.3, 44.0, 88.8, 91.3, 134.0, 176.2])
@pytest.mark.parametrize("mach", [0.2, 0.77, 1.3, 4.5])
def test_table_follows_the_method_between_its_points(degrees: float, mach: float) -> None:
    """Linear look-up is within 0.2 of C_N of some 20 broadside, and 0.01 of C_A."""
    aero, body, alpha = build_aero(AeroSpec(), POINTS), Outline.of(POINTS), math.radians(degrees)
    found = kernel.body_coefficients(aero.mach, ALPHA_RAD[1], aero.table, mach, alpha)
    at = np.array([alpha])
    across = jorgensen.crossflow_normal_force(body, mach, at)
    assert found[0] == pytest.approx(jorgensen.potential_normal_force(body, at)[0], abs=0.002)
    assert found[1] == pytest.approx(across[0], abs=0.3)
    moment = jorgensen.pitching_moment(body, at, across, aero.reference_x_m)
    assert found[3] == pytest.approx(moment[0], abs=0.3)
    machs = np.array([mach])
    if degrees < 90.0:
        axial = drag.forward_axial(body, machs, 6e-5, 0.5)[0]
    else:
        axial = -drag.backward_axial(body, machs, 6e-5)[0]
    assert found[2] == pytest.approx(axial * math.cos(alpha) ** 2, abs=0.02)
