"""Bake the US Standard Atmosphere 1976 from 86 to 1,000 km into a small table.

Run `python scripts/bake_atmosphere.py`; it writes src/downrange/earth/data/us76_upper.npz.
The equations and constants are those of the standard (NOAA-S/T 76-1562, "US76", sections
1.2.4 to 1.3.2): number densities of N2, O, O2, Ar, He and H in diffusive equilibrium with
eddy mixing and vertical transport, integrated upwards by the trapezoid rule on 50 m steps.
Altitudes in km and masses in kg/kmol here, as in the standard.

The package ussa1976 0.3.4 is not used: it takes the mass of N2 for the mean mass in the
equation of atomic oxygen below 100 km, which makes the density 3 % too high at 200 km and
7 % at 500 km against the published tables; the standard's M0 reproduces them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.earth.kernel.atmosphere import air_by_equations

Floats = NDArray[np.float64]

OUT = Path(__file__).parents[1] / "src/downrange/earth/data/us76_upper.npz"

GAS_CONSTANT = 8314.32  # J/(kmol K)
BOLTZMANN = 1.380622e-23  # J/K
AVOGADRO = 6.022169e26  # 1/kmol
G0 = 9.80665  # m/s^2
EARTH_RADIUS_KM = 6356.766
MEAN_MASS_0 = 28.9644  # kg/kmol
TOP_KM = 1000.0
STEP_KM = 0.05
TABLE_STEP_KM = 0.5

SPECIES = ("N2", "O", "O2", "Ar", "He", "H")
MASS = {"N2": 28.0134, "O": 15.9994, "O2": 31.9988, "Ar": 39.948, "He": 4.0026, "H": 1.00797}
# US76 table 6: a in 1/(m s), b, thermal diffusion factor; number density at 86 km (section 1.2.5).
DIFFUSION_A = {"O": 6.986e20, "O2": 4.863e20, "Ar": 4.487e20, "He": 1.700e21, "H": 3.305e21}
DIFFUSION_B = {"O": 0.750, "O2": 0.750, "Ar": 0.870, "He": 0.691, "H": 0.500}
THERMAL_FACTOR = {"He": -0.40, "H": -0.25}
DENSITY_86_KM = {
    "N2": 1.129794e20, "O": 8.6e16, "O2": 3.030898e19, "Ar": 1.3514e18, "He": 7.5817e14,
}  # fmt: skip
# US76 table 7, transport: Q in 1/km^3, U in km, W in 1/km^3.
TRANSPORT = {
    "O": (-5.809644e-4, 56.90311, 2.706240e-5),
    "O2": (1.366212e-4, 86.0, 8.333333e-5),
    "Ar": (9.434079e-5, 86.0, 8.333333e-5),
    "He": (-2.457369e-4, 86.0, 6.666667e-4),
}
HYDROGEN_FLUX = 7.2e11  # 1/(m^2 s)
HYDROGEN_500_KM = 8.0e10  # 1/m^3
T_INFINITY = 1000.0


def temperature(z: Floats) -> Floats:
    """Kinetic temperature in K (US76 eqs. 25, 27, 29, 31)."""
    xi = (z - 120.0) * (EARTH_RADIUS_KM + 120.0) / (EARTH_RADIUS_KM + z)
    ellipse = np.sqrt(np.clip(1.0 - ((z - 91.0) / -19.9429) ** 2, 0.0, None))
    return np.select(
        [z <= 91.0, z <= 110.0, z <= 120.0],
        [np.full_like(z, 186.8673), 263.1905 - 76.3232 * ellipse, 240.0 + 12.0 * (z - 110.0)],
        T_INFINITY - (T_INFINITY - 360.0) * np.exp(-0.01875 * xi),
    )


def temperature_gradient(z: Floats) -> Floats:
    """Gradient of the kinetic temperature in K/km (US76 eqs. 26, 28, 30, 32)."""
    over = (z - 91.0) / -19.9429
    ellipse = np.sqrt(np.clip(1.0 - over**2, 1e-12, None))
    xi = (z - 120.0) * (EARTH_RADIUS_KM + 120.0) / (EARTH_RADIUS_KM + z)
    stretch = (EARTH_RADIUS_KM + 120.0) / (EARTH_RADIUS_KM + z)
    return np.select(
        [z <= 91.0, z <= 110.0, z <= 120.0],
        [np.zeros_like(z), 76.3232 / -19.9429 * over / ellipse, np.full_like(z, 12.0)],
        0.01875 * (T_INFINITY - 360.0) * stretch**2 * np.exp(-0.01875 * xi),
    )


def gravity(z: Floats) -> Floats:
    """Acceleration of gravity in m/s^2 (US76 eq. 17)."""
    return G0 * (EARTH_RADIUS_KM / (EARTH_RADIUS_KM + z)) ** 2


def eddy_diffusion(z: Floats) -> Floats:
    """Eddy diffusion coefficient in m^2/s (US76 eq. 7)."""
    inside = np.clip(400.0 - (z - 95.0) ** 2, 1e-3, None)
    with np.errstate(under="ignore"):
        falling = 120.0 * np.exp(1.0 - 400.0 / inside)
    return np.select([z < 95.0, z < 115.0], [np.full_like(z, 120.0), falling], 0.0)


def transport(species: str, z: Floats) -> Floats:
    """Vertical transport term in 1/km (US76 eq. 37); none above 150 km."""
    q, u, w = TRANSPORT[species]
    term = q * (z - u) ** 2 * np.exp(-w * (z - u) ** 3)
    if species == "O":
        below = np.clip(97.0 - z, 0.0, None)
        term = term - 3.416248e-3 * below**2 * np.exp(-5.008765e-4 * below**3)
    return np.where(z <= 150.0, term, 0.0)


def integrate(y: Floats, z: Floats) -> Floats:
    """Trapezoid integral of y dz from the first row up."""
    return np.concatenate(([0.0], np.cumsum(0.5 * (y[1:] + y[:-1]) * np.diff(z))))


def heavy_species(species: str, z: Floats, background: Floats, mean_mass: Floats) -> Floats:
    """Number density in 1/m^3 of O, O2, Ar or He (US76 eqs. 36, 38)."""
    t = temperature(z)
    diffusion = DIFFUSION_A[species] / background * (t / 273.15) ** DIFFUSION_B[species]
    eddy = eddy_diffusion(z)
    factor = THERMAL_FACTOR.get(species, 0.0)
    weight = gravity(z) / (GAS_CONSTANT * t) * 1000.0
    mixed = MASS[species] * diffusion + mean_mass * eddy
    rate = weight * mixed + factor * diffusion / t * temperature_gradient(z)
    rate = rate / (diffusion + eddy) + transport(species, z)
    return DENSITY_86_KM[species] * 186.8673 / t * np.exp(-integrate(rate, z))


def hydrogen(z: Floats, background: Floats) -> Floats:
    """Number density in 1/m^3 of atomic hydrogen, above 150 km (US76 eqs. 39, 40)."""
    t = temperature(z)
    t500 = float(temperature(np.array([500.0]))[0])
    at_500 = int(np.argmin(np.abs(z - 500.0)))
    tau = integrate(gravity(z) * MASS["H"] / (GAS_CONSTANT * t) * 1000.0, z)
    tau = tau - tau[at_500]
    power = 1.0 + THERMAL_FACTOR["H"]
    diffusion = DIFFUSION_A["H"] / background * (t / 273.15) ** DIFFUSION_B["H"]
    # Above 500 km the flux term is left out, as in the standard.
    flux = np.where(z <= 500.0, HYDROGEN_FLUX / diffusion * (t / t500) ** power * np.exp(tau), 0.0)
    below = integrate(flux * 1000.0, z)
    density = (HYDROGEN_500_KM - (below - below[at_500])) * (t500 / t) ** power * np.exp(-tau)
    return np.where(z >= 150.0, density, 0.0)


def number_densities(z: Floats) -> dict[str, Floats]:
    """Number density in 1/m^3 of each species on an even grid of altitudes from 86 km, km."""
    t = temperature(z)
    mean_mass = np.where(z <= 100.0, MEAN_MASS_0, MASS["N2"])
    fall = gravity(z) * mean_mass / (GAS_CONSTANT * t) * 1000.0
    n = {"N2": DENSITY_86_KM["N2"] * 186.8673 / t * np.exp(-integrate(fall, z))}
    for species in ("O", "O2"):
        n[species] = heavy_species(species, z, n["N2"], mean_mass)
    background = n["N2"] + n["O"] + n["O2"]
    for species in ("Ar", "He"):
        n[species] = heavy_species(species, z, background, mean_mass)
    n["H"] = hydrogen(z, np.sum([n[s] for s in ("N2", "O", "O2", "Ar", "He")], axis=0))
    return n


def table() -> dict[str, Floats]:
    """The columns that are baked, on even steps of geometric altitude in m."""
    steps = round((TOP_KM - 86.0) / STEP_KM)
    z: Floats = 86.0 + STEP_KM * np.arange(steps + 1, dtype=np.float64)
    n = number_densities(z)
    t = temperature(z)
    density = np.sum([n[s] * MASS[s] for s in SPECIES], axis=0) / AVOGADRO
    pressure = np.sum([n[s] for s in SPECIES], axis=0) * BOLTZMANN * t
    # The equations below 86 km differ there by 1e-5: their value makes the two join.
    density[0], pressure[0], t[0], _ = air_by_equations(86000.0)
    rows = slice(None, None, round(TABLE_STEP_KM / STEP_KM))
    return {
        "altitude_m": np.round(1000.0 * z[rows], 3),
        "log_density": np.log(density[rows]),
        "log_pressure": np.log(pressure[rows]),
        "temperature_k": t[rows],
    }


if __name__ == "__main__":
    OUT.parent.mkdir(exist_ok=True)
    columns = table()
    np.savez_compressed(OUT, allow_pickle=False, **columns)
    print(f"{OUT.name}: {len(columns['altitude_m'])} rows, {OUT.stat().st_size} bytes")
