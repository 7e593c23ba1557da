"""US Standard Atmosphere 1976 (NOAA-S/T 76-1562, "US76")."""

from __future__ import annotations

import math

from downrange._jit import njit
from downrange.earth.kernel.geodesy import (
    UPPER_ALTITUDE_M,
    UPPER_LOG_DENSITY,
    UPPER_LOG_PRESSURE,
    UPPER_TEMPERATURE_K,
    Earth,
    Floats,
)

NO_AIR = 0
US76 = 1

GAMMA = 1.4
GAS_CONSTANT = 8314.32 / 28.9644  # R*/M0 in J/(kg K), US76 table 2
GEOPOTENTIAL_RADIUS_M = 6356766.0
G0_MPS2 = 9.80665
EQUATIONS_TOP_M = 86000.0

# US76 table 4: geopotential height of each layer's base, m, and its lapse rate, K/m.
LAYER_BASE_M = (0.0, 11000.0, 20000.0, 32000.0, 47000.0, 51000.0, 71000.0)
LAYER_LAPSE = (-0.0065, 0.0, 0.001, 0.0028, 0.0, -0.0028, -0.002)
# Mean molecular mass at 86 km is 0.999579 of that at sea level (US76 table 8).
MASS_LOSS_86_KM = 1.0 - 0.999579


def _pressure_ratio(rise_m: float, base_k: float, lapse: float) -> float:
    """Pressure over that at the layer's base, hydrostatic (US76 eqs. 33a, 33b)."""
    if lapse == 0.0:
        return math.exp(-G0_MPS2 * rise_m / (GAS_CONSTANT * base_k))
    return math.pow(1.0 + lapse * rise_m / base_k, -G0_MPS2 / (GAS_CONSTANT * lapse))


def _bases() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Temperature in K and pressure in Pa at the base of every layer."""
    temperature, pressure = [288.15], [101325.0]
    for i in range(len(LAYER_BASE_M) - 1):
        rise = LAYER_BASE_M[i + 1] - LAYER_BASE_M[i]
        pressure.append(pressure[i] * _pressure_ratio(rise, temperature[i], LAYER_LAPSE[i]))
        temperature.append(temperature[i] + LAYER_LAPSE[i] * rise)
    return tuple(temperature), tuple(pressure)


LAYER_BASE_K, LAYER_BASE_PA = _bases()
_layer_pressure_ratio = njit(_pressure_ratio)


@njit
def air_by_equations(altitude_m: float) -> tuple[float, float, float, float]:
    """Air below 86 km from the equations of the standard; see `air`."""
    height = GEOPOTENTIAL_RADIUS_M * altitude_m / (GEOPOTENTIAL_RADIUS_M + altitude_m)
    i = 0
    while i < 6 and height >= LAYER_BASE_M[i + 1]:
        i += 1
    rise = height - LAYER_BASE_M[i]
    molecular_k = LAYER_BASE_K[i] + LAYER_LAPSE[i] * rise
    pressure = LAYER_BASE_PA[i] * _layer_pressure_ratio(rise, LAYER_BASE_K[i], LAYER_LAPSE[i])
    temperature = molecular_k
    if altitude_m > 80000.0:
        # Quadratic in the height above 80 km: within 0.006 K of US76 table 8.
        over = (altitude_m - 80000.0) / 6000.0
        temperature = molecular_k * (1.0 - MASS_LOSS_86_KM * over * over)
    density = pressure / (GAS_CONSTANT * molecular_k)
    return density, pressure, temperature, math.sqrt(GAMMA * GAS_CONSTANT * molecular_k)


@njit
def between(table: Floats, i: int, f: float, column: int) -> float:
    """A column's number at the share f of the way from row i to the next."""
    return float(table[i, column] + f * (table[i + 1, column] - table[i, column]))


@njit
def air_by_table(altitude_m: float, earth: Earth) -> tuple[float, float, float, float]:
    """Air above 86 km from the baked table, logarithmic between its rows; see `air`."""
    table = earth.upper_air
    base = table[0, UPPER_ALTITUDE_M]
    last = table.shape[0] - 1
    rows = (altitude_m - base) / (table[1, UPPER_ALTITUDE_M] - base)
    if not rows <= last:  # nan as well: it must not become an index
        temperature = table[last, UPPER_TEMPERATURE_K]
        density = pressure = 0.0
    else:
        i = min(int(rows), last - 1)
        f = rows - i
        density = math.exp(between(table, i, f, UPPER_LOG_DENSITY))
        pressure = math.exp(between(table, i, f, UPPER_LOG_PRESSURE))
        temperature = between(table, i, f, UPPER_TEMPERATURE_K)
    sound = math.sqrt(GAMMA * GAS_CONSTANT * temperature / (1.0 - MASS_LOSS_86_KM))
    return density, pressure, temperature, sound


@njit
def air(altitude_m: float, earth: Earth) -> tuple[float, float, float, float]:
    """Density kg/m^3, pressure Pa, temperature K and speed of sound m/s at an altitude.

    Geometric altitude in m. The equations of US76 up to 86 km (continued below 0), its
    table up to 1,000 km, nothing above. The temperature is the kinetic one. US76 gives no
    speed of sound above 86 km: there it keeps the molecular mass of 86 km, as a number to
    divide by. Without air, density and pressure are 0, temperature and sound of 0 m.
    """
    if earth.atmosphere_model == NO_AIR:
        return 0.0, 0.0, LAYER_BASE_K[0], math.sqrt(GAMMA * GAS_CONSTANT * LAYER_BASE_K[0])
    if altitude_m < EQUATIONS_TOP_M:
        density, pressure, temperature, sound = air_by_equations(altitude_m)
    else:
        density, pressure, temperature, sound = air_by_table(altitude_m, earth)
    if altitude_m > earth.air_zero_above_m:
        return 0.0, 0.0, temperature, sound
    return density, pressure, temperature, sound
