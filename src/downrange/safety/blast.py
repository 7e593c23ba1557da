"""How far the blast of an impact reaches."""

from __future__ import annotations

POUND_KG = 0.45359237
FOOT_M = 0.3048
# 14 CFR 417 appendix A, A417.23: feet per cube root of pounds of TNT, for 1 psi.
ONE_PSI_FACTOR = 45.0


def overpressure_radius_m(propellant_kg: float, tnt_equivalence: float) -> float:
    """Distance in m at which the blast overpressure has fallen to 1 psi (6.9 kPa).

    R[ft] = 45 NEW[lb]^(1/3), 14 CFR 417 A417.23, on open ground, no focusing. NEW is the
    propellant times its TNT equivalence; 20 % is the siting value for liquid oxygen with a
    hydrocarbon (DoD 6055.09). None is published for propane: it is taken as kerosene. Spills
    into water mix less, so the radius is an upper bound at sea.
    """
    pounds = max(propellant_kg, 0.0) * tnt_equivalence / POUND_KG
    return float(ONE_PSI_FACTOR * FOOT_M * pounds ** (1.0 / 3.0))


def pad_unharmed(distance_m: float, propellant_kg: float, tnt_equivalence: float) -> bool:
    """Whether the pad, at a distance from the impact, sees less than 1 psi."""
    return distance_m > overpressure_radius_m(propellant_kg, tnt_equivalence)
