"""Rungs of the ladder that a vehicle stands on: its engines, its air and its bending."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from downrange._spec import validate
from downrange.aero import jorgensen
from downrange.aero.outline import Outline, tangent_ogive
from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines
from downrange.propulsion.spec import EngineGroupSpec
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.vehicle.beam import Beam, Span, bending_modes, bending_moment
from downrange.verify.bench import Bench
from downrange.verify.check import Check

Floats = NDArray[np.float64]

SEA_LEVEL_PA = 101325.0
# Engine, vacuum thrust (N) and impulse (s), exit area (m^2), thrust at sea level (N), and where
# the figures are from. Raptor: 230 tf at 327 s are a flow of 703.4 kg/s; of CEA's ideal impulse it
# is given 0.947, between Merlin's 0.924 and the 0.977 of RS-25.
RAPTOR_KGPS, RAPTOR_S = 230e3 / 327.0, 0.947 * 368.0
ENGINES = (
    ("RS-25 at 109 %", 2279e3, 452.3, 69.0 * 513.80 * 2320.8 / 20.64e6, 1860e3,
     "Rocketdyne's figures; exit area of 69 throats, c* by NASA CEA"),
    ("Merlin 1D", 914e3, 311.0, math.pi / 4.0 * 0.92**2, 845e3,
     "SpaceX's figures of 2013; exit of 0.92 m"),
    ("Raptor 2", RAPTOR_KGPS * RAPTOR_S * STANDARD_GRAVITY_MPS2, RAPTOR_S,
     math.pi / 4.0 * 1.3**2, 230e3 * STANDARD_GRAVITY_MPS2,
     "SpaceX's figures; vacuum impulse by NASA CEA and an efficiency of 0.947"),
)  # fmt: skip

# NASA TR R-474, figure 4: share of a long cylinder's crossflow drag against the fineness.
END_RELIEF = ((5.0, 0.624), (10.0, 0.683), (20.0, 0.753), (30.0, 0.792))
# The same report: drag coefficient across the flow against the crossflow Mach number.
ACROSS_SUBCRITICAL = ((0.3, 1.18), (0.9, 1.75), (1.5, 1.46), (3.0, 1.25))

# Roots of cos x cosh x = 1: Blevins, Formulas for Natural Frequency and Mode Shape, table 8-1.
FREE_FREE = (4.73004074, 7.85320462, 10.9956078)
LENGTH_M, STIFFNESS_NM2, LINE_KGPM = 28.0, 5e8, 1800.0


def thrust_at_sea_level() -> list[Check]:
    """Thrust of published engines at sea level from that in vacuum and the exit area."""
    checks = []
    for name, vacuum_n, impulse_s, area_m2, expected_n, source in ENGINES:
        group = validate(EngineGroupSpec, {
            "count": 1, "station": "0 m", "oxidiser": "a", "fuel": "b", "mixture_ratio": 2.5,
            "thrust_vac": f"{vacuum_n} N", "isp_vac": f"{impulse_s} s",
            "exit_area": f"{area_m2} m^2",
        })  # fmt: skip
        engines = build_engines([(0, 0.0, group, {"a": 0, "b": 1})])
        state = kernel.new_engine_state(1)
        state[0, kernel.LEVEL] = state[0, kernel.MEAN_LEVEL] = 1.0
        sums = np.zeros(kernel.SUMS_SIZE)
        kernel.thrust_sums(engines, state, np.zeros((1, 2)), np.ones(1), sums)
        got = sums[kernel.VACUUM_FORCE_N] - SEA_LEVEL_PA * sums[kernel.AREA_M2]
        checks.append(
            Check("thrust at sea level", name, source, expected_n, float(got), "N",
                  0.015 * expected_n)
        )  # fmt: skip
    return checks


def mass_balance() -> list[Check]:
    """What a burn of the whole tick takes from the tanks: the flow over its ramps, nothing else."""
    bench = Bench()
    row = bench.plant.engines.table[0]
    first = bench.plant.engines.stage == 0
    bench.command.engine_on[first] = 1.0
    bench.command.cutoff_time_s[first] = 8.003
    before = bench.state.tank_kg.copy()
    mass_kg = float(bench.state.loads[0])
    bench.move(12.0)
    flow = float(bench.plant.engines.flow_kgps[first].sum())
    full_s = 8.003 - row[kernel.START_DELAY_S] - 0.5 * row[kernel.RISE_S]
    tail_s = row[kernel.SHUTDOWN_DELAY_S] + 0.5 * row[kernel.FALL_S]
    used = before - bench.state.tank_kg
    ratio = float(row[kernel.MIXTURE_RATIO])
    fuel = int(row[kernel.FUEL_TANK])
    expected, law = flow * (full_s + tail_s), "flow at full level times the area under the ramps"
    name = "mass balance"
    return [
        Check(name, "propellant used in a burn of 8.003 s", law, expected, float(used.sum()), "kg",
              1e-9 * expected),
        Check(name, "fuel of it", "the mixture ratio", expected / (1.0 + ratio), float(used[fuel]),
              "kg", 1e-9 * expected),
        Check(name, "mass of the vehicle against what its tanks lost", "conservation of mass",
              mass_kg - float(used.sum()), float(bench.state.loads[0]), "kg", 1e-9 * mass_kg),
    ]  # fmt: skip


def slender_bodies() -> list[Check]:
    """Jorgensen's method on a cylinder and on an ogive: its published curves and its limits."""
    name, source = "normal force", "Jorgensen, NASA TR R-474"
    still = np.array([0.2])
    checks = [
        Check(name, f"end relief at fineness {fineness:g}", f"{source}, figure 4", eta,
              float(jorgensen.crossflow_share(fineness, still)[0]), "1", 0.001)
        for fineness, eta in END_RELIEF
    ]  # fmt: skip
    checks += [
        Check(name, f"crossflow drag at Mach {mach:g}, subcritical", source, drag,
              float(jorgensen.crossflow_drag(np.array([mach]), "subcritical")[0]), "1", 0.01)
        for mach, drag in ACROSS_SUBCRITICAL
    ]  # fmt: skip
    cylinder = Outline.of([(0.0, 2.0), (20.0, 2.0)])
    across = float(jorgensen.crossflow_normal_force(cylinder, 0.3, np.array([0.5 * math.pi]))[0])
    arrow = Outline.of([(0.0, 2.0), *((24.0 + x, d) for x, d in tangent_ogive(4.0, 2.0))])
    small = np.array([1e-4])
    slope = float(jorgensen.potential_normal_force(arrow, small)[0]) / small[0]
    couple = float(jorgensen.pitching_moment(arrow, small, np.zeros(1), 0.0)[0]) / small[0]
    # Volume over base area ahead of the base: the cylinder, and an ogive's integral.
    radius, length = 1.0, 4.0
    arc = (radius**2 + length**2) / (2.0 * radius)
    nose = math.pi * (
        length * arc**2 - length**3 / 3.0 - (arc - radius) * arc**2 * math.asin(length / arc)
    )  # fmt: skip
    return [
        *checks,
        Check(name, "cylinder of fineness 10 across the flow, Mach 0.3", source,
              0.683 * 0.85 * 40.0 / math.pi, across, "1", 0.005),
        Check(name, "slope at no angle, per rad", "slender-body theory: 2", 2.0, slope, "1", 1e-6),
        Check(name, "station of the lift at no angle",
              "slender-body theory: volume over base area", 24.0 + nose / math.pi,
              2.0 * couple / slope, "m", 0.02),
    ]  # fmt: skip


def uniform_beam() -> list[Check]:
    """Bending of a free uniform beam: frequencies, modal mass, nodes, moment at the middle."""
    beam = Beam(0.0, LENGTH_M, [Span(0.0, LENGTH_M, STIFFNESS_NM2)],
                [Span(0.0, LENGTH_M, LINE_KGPM)])  # fmt: skip
    modes, name = bending_modes(beam, 3), "free uniform beam"
    source = "Blevins, Formulas for Natural Frequency and Mode Shape, table 8-1"
    checks = []
    for k, (mode, root) in enumerate(zip(modes, FREE_FREE, strict=True), 1):
        expected = (root / LENGTH_M) ** 2 * math.sqrt(STIFFNESS_NM2 / LINE_KGPM)
        checks.append(
            Check(name, f"frequency of mode {k}", source, expected, mode.omega_radps, "rad/s",
                  1e-5 * expected)
        )  # fmt: skip
    first, quarter = modes[0], 0.25 * LINE_KGPM * LENGTH_M
    # Curvature of the closed form at the middle, shape +1 at the end.
    half = 0.5 * FREE_FREE[0]
    curvature = (
        (FREE_FREE[0] / LENGTH_M) ** 2 * 0.5 * (1.0 / math.cosh(half) - 1.0 / math.cos(half))
    )
    middle = 0.5 * (1.0 / math.cosh(half) + 1.0 / math.cos(half))
    moment = STIFFNESS_NM2 * curvature
    return [
        *checks,
        Check(name, "modal mass of the first mode", "a quarter of the mass", quarter,
              first.modal_mass_kg, "kg", 1e-4 * quarter),
        Check(name, "shape at the node, 0.2242 of the length", source, 0.0,
              first.at(0.2242 * LENGTH_M)[0], "1", 3e-4),
        Check(name, "shape in the middle", "closed form", middle, first.at(0.5 * LENGTH_M)[0], "1",
              1e-4),
        Check(name, "bending moment in the middle", "closed form: stiffness times curvature",
              moment, bending_moment(beam, first, 0.5 * LENGTH_M), "N m", 1e-4 * abs(moment)),
    ]  # fmt: skip


def undamped_mode() -> list[Check]:
    """The tick leaves an undamped mode its swing: 60 s without loss, and its phase."""
    checks = []
    for mode in range(2):
        bench = Bench(damping_ratio=0.0)
        omega = float(bench.state.modes[mode, 0])
        bench.state.modal[0, mode, 0] = 0.01
        bench.move(60.0)
        q, rate = (float(word) for word in bench.state.modal[0, mode])
        phase = math.degrees(math.atan2(-rate / omega, q))
        checks += [
            Check("undamped bending", f"amplitude of mode {mode + 1} after 60 s",
                  "conservation of energy", 0.01, math.hypot(q, rate / omega), "m", 1e-3 * 0.01),
            Check("undamped bending", f"phase of mode {mode + 1} after 60 s",
                  "frequency times time", math.degrees(math.remainder(60.0 * omega, 2.0 * math.pi)),
                  phase, "deg", 0.01),
        ]  # fmt: skip
    return checks


RUNGS: tuple[Callable[[], list[Check]], ...] = (
    thrust_at_sea_level,
    mass_balance,
    slender_bodies,
    uniform_beam,
    undamped_mode,
)
