"""Mass properties and bending modes of a stack of parts as numbers.

Stations are along the body axis: 0 at the aft end of the lowest stage, growing to the nose.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Words of the array that mass_properties fills
MASS_KG = 0
X_CM_M = 1
IXX_KGM2 = 2
IYY_KGM2 = 3  # equal to Izz
PROPELLANT_KG = 4  # in the attached tanks
PROPERTIES = 8  # the rest stays 0

# Columns of Bending.table
OMEGA_RADPS = 0
MODAL_MASS_KG = 1
PHI_GIMBAL = 2
SLOPE_GIMBAL = 3  # 1/m
PHI_IMU = 4
SLOPE_IMU = 5  # 1/m
PHI_NOSE = 6  # at the centre of the potential lift
PHI_PLANFORM = 7  # mean over the side view
MOMENT_CRITICAL = 8  # EI phi'' at the critical station, N m per m of modal coordinate
DAMPING_RATIO = 9  # the same in all rows
BENDING_COLUMNS = 10

# Columns of Masses.items
ITEM_PART = 0
ITEM_MASS_KG = 1
ITEM_X_M = 2  # station of the item's own CM
ITEM_IXX_KGM2 = 3  # about the item's own CM
ITEM_IYY_KGM2 = 4
ITEM_COLUMNS = 5

# Columns of Masses.tanks
TANK_PART = 0
TANK_BOTTOM_X_M = 1
TANK_AREA_M2 = 2
TANK_DENSITY_KGPM3 = 3
TANK_RADIUS_M = 4
TANK_COLUMNS = 5


class Masses(NamedTuple):
    """Rigid items and tanks of a vehicle; each belongs to a part that can be dropped.

    Parts are the stages from the bottom up, then the fairing, then the payload (both always
    counted, if need be without items): `attached` arrays have `parts` words.
    """

    parts: int
    items: Floats  # (ni, ITEM_COLUMNS)
    tanks: Floats  # (nt, TANK_COLUMNS)

    @property
    def item_part(self) -> Ints:
        """Part of each item (ni,)."""
        return self.items[:, ITEM_PART].astype(np.int64)

    @property
    def item_mass_kg(self) -> Floats:
        """Mass of each item, kg."""
        return self.items[:, ITEM_MASS_KG]

    @property
    def item_x_m(self) -> Floats:
        """Station of each item's own CM, m."""
        return self.items[:, ITEM_X_M]

    @property
    def item_ixx_kgm2(self) -> Floats:
        """Inertia about the axis, kg m^2."""
        return self.items[:, ITEM_IXX_KGM2]

    @property
    def item_iyy_kgm2(self) -> Floats:
        """Inertia across the axis, about the item's own CM, kg m^2."""
        return self.items[:, ITEM_IYY_KGM2]

    @property
    def tank_part(self) -> Ints:
        """Part of each tank (nt,)."""
        return self.tanks[:, TANK_PART].astype(np.int64)

    @property
    def tank_bottom_x_m(self) -> Floats:
        """Station of each tank's bottom, m."""
        return self.tanks[:, TANK_BOTTOM_X_M]

    @property
    def tank_area_m2(self) -> Floats:
        """Cross-section of each tank, m^2."""
        return self.tanks[:, TANK_AREA_M2]

    @property
    def tank_density_kgpm3(self) -> Floats:
        """Density of each tank's liquid, kg/m^3."""
        return self.tanks[:, TANK_DENSITY_KGPM3]

    @property
    def tank_radius_m(self) -> Floats:
        """Radius of each tank, m."""
        return self.tanks[:, TANK_RADIUS_M]


class Bending(NamedTuple):
    """Free-free bending modes against the share of the attached propellant that is left."""

    fraction: Floats  # (nF,) rising
    table: Floats  # (nF, modes, BENDING_COLUMNS); shapes are +1 at the nose

    @property
    def damping_ratio(self) -> Floats:
        """Damping ratio of each mode (modes,)."""
        return self.table[0, :, DAMPING_RATIO]


@njit
def mass_properties(masses: Masses, tank_mass_kg: Floats, attached: Floats, out: Floats) -> None:
    """Mass [kg], CM station [m] and moments of inertia about it [kg m2], into out (PROPERTIES,).

    A liquid is a rigid cylinder standing on the tank's bottom for Iyy = Izz (parallel-axis sums)
    and does not roll with the tank: it adds nothing to Ixx. The CM is on the axis.
    """
    mass = 0.0
    first = 0.0  # sums about station 0
    second = 0.0
    ixx = 0.0
    items, tanks = masses.items, masses.tanks
    for i in range(items.shape[0]):
        there = attached[int(items[i, ITEM_PART])]
        m = items[i, ITEM_MASS_KG] * there
        mass += m
        first += m * items[i, ITEM_X_M]
        second += m * items[i, ITEM_X_M] ** 2
        second += items[i, ITEM_IYY_KGM2] * there
        ixx += items[i, ITEM_IXX_KGM2] * there
    propellant = 0.0
    for k in range(tanks.shape[0]):
        m = tank_mass_kg[k] * attached[int(tanks[k, TANK_PART])]
        height = tank_mass_kg[k] / (tanks[k, TANK_DENSITY_KGPM3] * tanks[k, TANK_AREA_M2])
        x = tanks[k, TANK_BOTTOM_X_M] + 0.5 * height
        propellant += m
        first += m * x
        second += m * (x * x + height * height / 12.0 + tanks[k, TANK_RADIUS_M] ** 2 / 4.0)
    mass += propellant
    out[:] = 0.0
    if mass > 0.0:
        x_cm = first / mass
        out[MASS_KG] = mass
        out[X_CM_M] = x_cm
        out[IXX_KGM2] = ixx
        out[IYY_KGM2] = second - x_cm * first
        out[PROPELLANT_KG] = propellant


@njit
def bending_at(bending: Bending, fraction: float, out: Floats) -> None:
    """Modes at a share of the attached propellant left, into out (modes, BENDING_COLUMNS).

    Linear between the tabulated shares; the ends are held.
    """
    grid = bending.fraction
    high = 1
    last = grid.shape[0] - 1
    while high < last and grid[high] < fraction:
        high += 1
    low = high - 1
    f = (fraction - grid[low]) / (grid[high] - grid[low])
    f = min(max(f, 0.0), 1.0)
    for mode in range(out.shape[0]):
        for column in range(BENDING_COLUMNS):
            start = bending.table[low, mode, column]
            out[mode, column] = start + f * (bending.table[high, mode, column] - start)


@njit
def modal_transition(omega_radps: float, zeta: float, h_s: float) -> tuple[float, float]:
    """Free motion of a mode over h_s: decayed cosine, and decayed sine over its frequency (s)."""
    damped = omega_radps * math.sqrt(1.0 - zeta * zeta)
    decay = math.exp(-zeta * omega_radps * h_s)
    return decay * math.cos(damped * h_s), decay * math.sin(damped * h_s) / damped


@njit
def modal_advance(
    q: float,
    qdot: float,
    omega_radps: float,
    zeta: float,
    rest: float,
    transition: tuple[float, float],
) -> tuple[float, float]:
    """modal_step by a transition that is known, as that of many steps of one length is.

    rest: where the force held would hold the mode in the end [m].
    """
    c, s = transition
    d = q - rest
    drift = zeta * omega_radps
    q_next = rest + d * c + (qdot + drift * d) * s
    qdot_next = qdot * c - (drift * qdot + omega_radps * omega_radps * d) * s
    return q_next, qdot_next


@njit
def modal_step(
    q: float, qdot: float, omega_radps: float, zeta: float, force_over_mass: float, h_s: float
) -> tuple[float, float]:
    """Modal coordinate [m] and its rate [m/s] after h_s with the modal force held.

    Exact solution of q'' + 2 zeta omega q' + omega^2 q = force_over_mass; omega > 0, zeta < 1.
    """
    transition = modal_transition(omega_radps, zeta, h_s)
    rest = force_over_mass / (omega_radps * omega_radps)
    return modal_advance(q, qdot, omega_radps, zeta, rest, transition)
