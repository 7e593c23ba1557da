"""Unit symbols: "kN" to a factor, an offset and an SI unit, by pint, imported when first used.

The definitions are few and our own: a look-up then takes no file of three thousand units,
and angle can be a dimension.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pint

STANDARD_GRAVITY_MPS2 = 9.80665  # exact: 3rd CGPM (1901); the g0 of every specific impulse
SLUG_KG = 0.45359237 * STANDARD_GRAVITY_MPS2 / 0.3048  # exact: the pound of 1959, lbf s^2/ft

_DEFINITIONS = f"""
nano- = 1e-9 = n-
micro- = 1e-6 = u- = µ-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
hecto- = 1e2 = h-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
meter = [length] = m = metre
second = [time] = s = sec
kilogram = [mass] = kg
kelvin = [temperature]; offset: 0 = K
radian = [angle] = rad
percent = 0.01 = %
degree = {math.pi / 180.0!r} radian = deg = °
arcminute = {math.pi / 10800.0!r} radian = arcmin
arcsecond = {math.pi / 648000.0!r} radian = arcsec
revolution = {2.0 * math.pi!r} radian = rev = turn
rpm = {math.pi / 30.0!r} radian / second
minute = 60 second = min
hour = 3600 second = h
day = 86400 second = d
hertz = 1 / second = Hz
gram = 0.001 kilogram = g
tonne = 1000 kilogram = t = metric_ton
pound = 0.45359237 kilogram = lb = lbm
slug = {SLUG_KG!r} kilogram
foot = 0.3048 meter = ft = feet
inch = 0.0254 meter = in
mile = 1609.344 meter = mi
nautical_mile = 1852 meter = nmi
knot = {1852.0 / 3600.0!r} meter / second = kt
litre = 0.001 meter ** 3 = L = l = liter
newton = kilogram * meter / second ** 2 = N
pound_force = {0.45359237 * STANDARD_GRAVITY_MPS2!r} newton = lbf
pascal = newton / meter ** 2 = Pa
bar = 100000 pascal
atmosphere = 101325 pascal = atm
psi = {0.45359237 * STANDARD_GRAVITY_MPS2 / 0.0254**2!r} pascal
joule = newton * meter = J
watt = joule / second = W
standard_gravity = {STANDARD_GRAVITY_MPS2!r} meter / second ** 2 = g0
degree_Celsius = kelvin; offset: 273.15 = degC = °C
degree_Fahrenheit = 5 / 9 kelvin; offset: 255.3722222222222 = degF = °F
"""

_NUMBER = re.compile(
    r"\s*([+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\d,])\s*(.*)", re.S
)
_BARE_POWER = re.compile(r"(?<![A-Za-z_])(?!g0)([A-Za-z]+)(-?\d)")


class UnreadableError(Exception):
    """One thing wrong with a quantity as it was written."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


def split(text: str) -> tuple[float, str]:
    """Return (number, unit symbol) of text as "2.53 MN"; the symbol is empty if there is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        comma = re.match(r"\s*[+-]?\d+,\d", text)
        hint = "write 180000 or 180_000, and a point for decimals" if comma else ""
        raise UnreadableError(f"{text!r} does not begin with a number", hint)
    return float(match[1]), match[2].strip()


Dimension = tuple[tuple[str, float], ...]  # (base dimension, exponent), in order; () for a number


@cache
def conversion(symbol: str) -> tuple[float, float, Dimension]:
    """Return (factor, offset, dimension): `si = number * factor + offset` for a unit symbol.

    Raises:
        UnreadableError: there is no such unit; names the nearest.
    """
    import pint  # 0.2 s, and only whoever reads a quantity needs it

    if symbol in ("", "1"):
        return 1.0, 0.0, ()
    registry = _registry()
    try:
        unit = registry.parse_units(_BARE_POWER.sub(r"\1^\2", symbol))
        zero, one = (registry.Quantity(number, unit).to_base_units() for number in (0.0, 1.0))
    except pint.UndefinedUnitError as error:
        raise UnreadableError(
            f"unknown unit {symbol!r}", _nearest_unit(str(error.args[0]))
        ) from None
    except Exception:  # noqa: BLE001 (pint raises whatever its tokeniser met)
        raise UnreadableError(
            f"can't read the unit {symbol!r}", 'write it like "kg m^2/s"'
        ) from None
    powers: Mapping[str, Any] = one.dimensionality
    dimension = tuple(sorted((name, float(power)) for name, power in powers.items() if power))
    return one.magnitude - zero.magnitude, zero.magnitude, dimension


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


def _nearest_unit(symbol: str) -> str:
    known = [name for name in dir(_registry()) if not name.startswith("_")]
    near = get_close_matches(symbol, known, 3)
    return f"did you mean {', '.join(near)}?" if near else ""
