"""The atmosphere against the tables printed in the US Standard Atmosphere 1976."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from downrange.earth.build import build_earth
from downrange.earth.kernel.atmosphere import air
from downrange.earth.spec import AirSpec

EARTH = build_earth()
BAKE = Path(__file__).parents[2] / "scripts" / "bake_atmosphere.py"

# US76 table I, geometric altitude: m, K, Pa, kg/m^3, m/s; a row at least in every layer.
TO_86_KM = [
    (0.0, 288.15, 1.01325e5, 1.2250, 340.29),
    (5000.0, 255.676, 5.4048e4, 7.3643e-1, 320.55),
    (10000.0, 223.252, 2.6500e4, 4.1351e-1, 299.53),
    (15000.0, 216.650, 1.2112e4, 1.9476e-1, 295.07),
    (20000.0, 216.650, 5.5293e3, 8.8910e-2, 295.07),
    (25000.0, 221.552, 2.5492e3, 4.0084e-2, 298.39),
    (30000.0, 226.509, 1.1970e3, 1.8410e-2, 301.71),
    (40000.0, 250.350, 2.8714e2, 3.9957e-3, 317.19),
    (50000.0, 270.650, 7.9779e1, 1.0269e-3, 329.80),
    (60000.0, 247.021, 2.1958e1, 3.0968e-4, 315.07),
    (70000.0, 219.585, 5.2209, 8.2829e-5, 297.06),
    (80000.0, 198.639, 1.0524, 1.8458e-5, 282.54),
]
# The same above 86 km, where it prints no speed of sound.
ABOVE_86_KM = [
    (86000.0, 186.87, 3.7338e-1, 6.958e-6),
    (90000.0, 186.87, 1.8359e-1, 3.416e-6),
    (100000.0, 195.08, 3.2011e-2, 5.604e-7),
    (110000.0, 240.00, 7.1042e-3, 9.708e-8),
    (120000.0, 360.00, 2.5382e-3, 2.222e-8),
    (150000.0, 634.39, 4.5422e-4, 2.076e-9),
    (200000.0, 854.56, 8.4736e-5, 2.541e-10),
    (300000.0, 976.01, 8.7704e-6, 1.916e-11),
    (500000.0, 999.24, 3.0236e-7, 5.215e-13),
    (999999.0, 1000.0, 7.5138e-9, 3.561e-15),
]


@pytest.mark.parametrize(("altitude", "kelvin", "pascal", "density", "sound"), TO_86_KM)
def test_published_table_to_86_km(
    altitude: float, kelvin: float, pascal: float, density: float, sound: float
) -> None:
    # All digits printed: a unit in the last of five, for some rows are cut and not rounded.
    got = air(altitude, EARTH)
    assert got[0] == pytest.approx(density, rel=1e-4)
    assert got[1] == pytest.approx(pascal, rel=1e-4)
    assert got[2] == pytest.approx(kelvin, abs=0.001)
    assert got[3] == pytest.approx(sound, abs=0.006)


@pytest.mark.parametrize(("altitude", "kelvin", "pascal", "density"), ABOVE_86_KM)
def test_published_table_above_86_km(
    altitude: float, kelvin: float, pascal: float, density: float
) -> None:
    # The integrals of 1976 were coarser than ours: the two part by up to 9e-4 at 1,000 km.
    got = air(altitude, EARTH)
    assert got[0] == pytest.approx(density, rel=1e-3)
    assert got[1] == pytest.approx(pascal, rel=1e-3)
    assert got[2] == pytest.approx(kelvin, abs=0.01)


@pytest.mark.parametrize("altitude", [11019.0, 20063.0, 32162.0, 47350.0, 51413.0, 71802.0, 86e3])
def test_layers_join(altitude: float) -> None:
    # Geometric altitude of each base, US76 table 4, within a metre; the air of 4 m apart.
    below, above = air(altitude - 2.0, EARTH), air(altitude + 2.0, EARTH)
    assert above == pytest.approx(below, rel=1e-3)
    exact = air(math.nextafter(86e3, 0.0), EARTH)
    assert air(86e3, EARTH) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("altitude", "ratio"), [(82000.0, 0.999941), (84000.0, 0.999786)])
def test_molecular_mass_falls_as_published_to_86_km(altitude: float, ratio: float) -> None:
    # US76 table 8. Kinetic over molecular-scale temperature; the latter is a line in height.
    height = 6356766.0 * altitude / (6356766.0 + altitude)
    molecular = 214.65 - 0.002 * (height - 71000.0)
    # Our quadratic keeps within 3e-5 of the table: 0.006 K.
    assert air(altitude, EARTH)[2] / molecular == pytest.approx(ratio, abs=3e-5)


def test_air_is_an_ideal_gas_in_balance_with_its_weight() -> None:
    for altitude in (2000.0, 16000.0, 45000.0, 75000.0):
        step = 1.0
        below, above = air(altitude - step, EARTH), air(altitude + step, EARTH)
        density, pressure, temperature, _ = air(altitude, EARTH)
        gravity = 9.80665 * (6356766.0 / (6356766.0 + altitude)) ** 2
        assert (above[1] - below[1]) / (2.0 * step) == pytest.approx(-density * gravity, rel=1e-6)
        assert pressure == pytest.approx(density * 8314.32 / 28.9644 * temperature, rel=1e-12)


def test_below_sea_level_the_equations_go_on() -> None:
    # US76 table I at -1,000 m.
    assert air(-1000.0, EARTH)[:3] == pytest.approx((1.3470, 1.1393e5, 294.651), rel=5e-5)


def test_there_is_nothing_above_the_table() -> None:
    density, pressure, temperature, sound = air(1.2e6, EARTH)
    assert (density, pressure) == (0.0, 0.0)
    assert temperature == pytest.approx(1000.0, abs=0.01)
    assert sound == air(1e6, EARTH)[3]
    assert air(math.inf, EARTH)[0] == 0.0
    assert air(math.nan, EARTH)[0] == 0.0  # no index is made of it


def test_speed_of_sound_keeps_the_molecular_mass_of_86_km() -> None:
    _, _, temperature, sound = air(200e3, EARTH)
    mass = 28.9644 * 0.999579
    assert sound == pytest.approx(math.sqrt(1.4 * 8314.32 / mass * temperature), rel=1e-12)


def test_air_can_be_cut_off_and_left_out() -> None:
    cut = build_earth(air=AirSpec(zero_above="86 km"))
    assert air(86001.0, cut)[:2] == (0.0, 0.0)
    assert air(86001.0, cut)[2:] == air(86001.0, EARTH)[2:]
    assert air(86000.0, cut) == air(86000.0, EARTH)
    none = build_earth(air=AirSpec(model="none"))
    assert air(0.0, none) == (0.0, 0.0, 288.15, air(0.0, EARTH)[3])


def test_script_rebuilds_the_baked_table() -> None:
    spec = importlib.util.spec_from_file_location("bake_atmosphere", BAKE)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, column in script.table().items():
        np.testing.assert_allclose(getattr(EARTH, f"upper_{name}"), column, rtol=1e-12)
