"""Rungs of the ladder that fly: conservation laws and closed forms of rigid-body motion."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from downrange.aero.build import no_aero
from downrange.dynamics.kernel.rigid import (
    AUX_SIZE,
    FORCE_VACUUM_N,
    INERTIA_KGM2,
    LOADS_LEVELS,
    LOADS_RATES,
    LOADS_SIZE,
    MASS_KG,
    STATE_SIZE,
    Surroundings,
    new_work,
)
from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.earth.kernel.frames import quat_unrotate
from downrange.earth.kernel.geodesy import Earth, ecef_from_eci
from downrange.earth.kernel.orbit import Elements, elements
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.verify import kernel
from downrange.verify.check import Check

Floats = NDArray[np.float64]

KEPLER_AXIS_M, KEPLER_ECCENTRICITY, KEPLER_INCLINATION = 7.0e6, 0.1, math.radians(51.6)
BRICK_KGM2 = (0.0026, 0.0084, 0.0098)  # a house brick, all three different
BRICK_RATES_RADPS = (0.2, 0.0, 0.6)


def _airless_earth() -> Earth:
    return build_earth()._replace(atmosphere_model=NO_AIR)


def _round_earth() -> Earth:
    """A point mass as heavy as the Earth, turning, without air."""
    return _airless_earth()._replace(flattening=0.0, j2=0.0)


def _body(inertia: tuple[float, ...] = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0)) -> Floats:
    """Loads of 1 kg without thrust."""
    loads = np.zeros(LOADS_SIZE)
    loads[MASS_KG] = 1.0
    loads[INERTIA_KGM2:LOADS_LEVELS] = inertia
    return loads


def _fly(state: Floats, end_s: float, steps: int, earth: Earth, loads: Floats) -> Floats:
    """State after end_s seconds in equal steps; loads move to their end."""
    around = Surroundings(earth, build_wind(), no_aero())
    after, work, aux = state.copy(), new_work(), np.zeros(AUX_SIZE)
    layers = (around, around)
    kernel.march(after, 0.0, end_s / steps, steps, loads, layers, math.inf, work, aux)
    return after


def _orbit(earth: Earth, eccentricity: float) -> Floats:
    """State at perigee over the ascending node."""
    perigee_m = KEPLER_AXIS_M * (1.0 - eccentricity)
    speed = math.sqrt(earth.mu_m3ps2 / KEPLER_AXIS_M * (1.0 + eccentricity) / (1.0 - eccentricity))
    state = np.zeros(STATE_SIZE)
    state[0], state[6] = perigee_m, 1.0
    state[4] = speed * math.cos(KEPLER_INCLINATION)
    state[5] = speed * math.sin(KEPLER_INCLINATION)
    return state


def _period_s(earth: Earth) -> float:
    return 2.0 * math.pi * math.sqrt(KEPLER_AXIS_M**3 / earth.mu_m3ps2)


def _energy(state: Floats, earth: Earth) -> float:
    """Energy over mass in J/kg; zero far away."""
    r, distance = state[:3], float(np.linalg.norm(state[:3]))
    flat = earth.j2 * (earth.j2_radius_m / distance) ** 2 * (1.5 * (r[2] / distance) ** 2 - 0.5)
    speed2 = float(state[3:6] @ state[3:6])
    return 0.5 * speed2 - earth.mu_m3ps2 / distance * (1.0 - float(flat))


def kepler() -> list[Check]:
    """An ellipse around a point mass: closed after a period, conserved over ten."""
    earth = _round_earth()
    first, period = _orbit(earth, KEPLER_ECCENTRICITY), _period_s(earth)
    half = _fly(first, 0.5 * period, 1500, earth, _body())
    whole = _fly(first, period, 3000, earth, _body())
    ten = _fly(first, 10.0 * period, 30000, earth, _body())
    momentum = np.cross(first[:3], first[3:6])
    turned = np.cross(ten[:3], ten[3:6]) - momentum
    apogee_m = KEPLER_AXIS_M * (1.0 + KEPLER_ECCENTRICITY)
    law, name = "Kepler's laws", "Kepler orbit"
    return [
        Check(name, "apogee distance after half a period", law, apogee_m,
              float(np.linalg.norm(half[:3])), "m", 1e-3),
        Check(name, "distance from the start after a period", law, 0.0,
              float(np.linalg.norm(whole[:3] - first[:3])), "m", 1e-3),
        Check(name, "change of energy over ten periods, relative", "conservation of energy", 0.0,
              _energy(ten, earth) / _energy(first, earth) - 1.0, "1", 1e-11),
        Check(name, "change of angular momentum over ten periods, relative",
              "conservation of angular momentum", 0.0,
              float(np.linalg.norm(turned) / np.linalg.norm(momentum)), "1", 1e-11),
    ]  # fmt: skip


def oblate_earth() -> list[Check]:
    """A near-circular orbit around the oblate Earth: what J2 keeps and what it turns."""
    earth, name = _airless_earth(), "orbit with J2"
    first, span = _orbit(earth, 0.0), 10.0 * _period_s(earth)
    last = _fly(first, span, 30000, earth, _body())
    before, after = (np.cross(s[:3], s[3:6]) for s in (first, last))
    node = math.degrees(math.atan2(after[0], -after[1]))
    mean_motion = 2.0 * math.pi / _period_s(earth)
    secular = -1.5 * mean_motion * earth.j2 * (earth.j2_radius_m / KEPLER_AXIS_M) ** 2
    expected = math.degrees(secular * math.cos(KEPLER_INCLINATION) * span)
    return [
        Check(name, "change of energy over ten periods, relative", "conservation of energy", 0.0,
              _energy(last, earth) / _energy(first, earth) - 1.0, "1", 1e-11),
        Check(name, "change of polar angular momentum over ten periods, relative",
              "the field is symmetric about the pole", 0.0, after[2] / before[2] - 1.0, "1", 1e-11),
        Check(name, "turn of the node over ten periods",
              "Vallado, Fundamentals of Astrodynamics, first-order secular rate", expected, node,
              "deg", 0.01 * abs(expected)),
    ]  # fmt: skip


def _perigee(earth: Earth, revolutions: float) -> tuple[float, Elements]:
    """Time in s of the perigee passed after so many revolutions, and the orbit there.

    Flown to the passage of a Kepler orbit, then moved on until the distance turns.
    """
    state = _orbit(earth, KEPLER_ECCENTRICITY)
    time_s = revolutions * _period_s(earth)
    state = _fly(state, time_s, max(1, round(3000 * revolutions)), earth, _body())
    for _ in range(6):
        r, v = state[:3], state[3:6]
        distance = float(np.linalg.norm(r))
        # d(r.v)/dt = v^2 + r.a, of which J2 is a thousandth: the repetition takes care of it.
        more_s = -float(r @ v) / (float(v @ v) - earth.mu_m3ps2 / distance)
        state = _fly(state, more_s, 1, earth, _body())
        time_s += more_s
    x, y, z, east, north, up = (float(word) for word in state[:6])
    return time_s, elements((x, y, z), (east, north, up), earth.mu_m3ps2)


def turning_perigee() -> list[Check]:
    """An ellipse around an oblate Earth: how J2 turns its perigee and its node.

    The closed form is of the first order, off by 1.3 % at the Earth's own J2; so a tenth of it.
    """
    earth, name = _airless_earth(), "orbit with a tenth of J2"
    earth = earth._replace(j2=0.1 * earth.j2)
    span_s, after = _perigee(earth, 10.0)
    _, before = _perigee(earth, 0.0)
    parameter_m = KEPLER_AXIS_M * (1.0 - KEPLER_ECCENTRICITY**2)
    cosine = math.cos(KEPLER_INCLINATION)
    rate = 1.5 * (2.0 * math.pi / _period_s(earth)) * earth.j2
    rate *= (earth.j2_radius_m / parameter_m) ** 2
    source = "Vallado, Fundamentals of Astrodynamics, first-order secular rate"
    checks = []
    for what, expected_rate, turned in (
        ("perigee", 0.5 * rate * (5.0 * cosine**2 - 1.0),
         after.argument_of_perigee_rad - before.argument_of_perigee_rad),
        ("node of an ellipse", -rate * cosine, after.raan_rad - before.raan_rad),
    ):  # fmt: skip
        expected = math.degrees(expected_rate * span_s)
        got = math.degrees(math.remainder(turned, 2.0 * math.pi))
        checks.append(
            Check(name, f"turn of the {what} over ten revolutions", source, expected, got, "deg",
                  0.003 * abs(expected))
        )  # fmt: skip
    return checks


def torque_free_rates(
    inertia_kgm2: tuple[float, float, float], p0_radps: float, r0_radps: float, time_s: float
) -> tuple[float, float, float]:
    """Rates in rad/s of a free body that starts with (p0, 0, r0), Ixx < Iyy < Izz.

    Landau and Lifshitz, Mechanics, section 37, for angular momentum squared > 2 E Iyy.
    """
    from scipy.special import ellipj

    i1, i2, i3 = inertia_kgm2
    twice_energy = i1 * p0_radps**2 + i3 * r0_radps**2
    momentum2 = (i1 * p0_radps) ** 2 + (i3 * r0_radps) ** 2
    low, high = twice_energy * i3 - momentum2, momentum2 - twice_energy * i1
    argument = time_s * math.sqrt((i3 - i2) * high / (i1 * i2 * i3))
    sn, cn, dn, _ = ellipj(argument, (i2 - i1) * low / ((i3 - i2) * high))
    return (
        math.sqrt(low / (i1 * (i3 - i1))) * float(cn),
        math.sqrt(low / (i2 * (i3 - i2))) * float(sn),
        math.sqrt(high / (i3 * (i3 - i1))) * float(dn),
    )


def _tumble(turn: Floats, end_s: float, steps: int) -> tuple[Floats, Floats]:
    """Rates in principal axes and inertial angular momentum of the brick, N m s.

    turn: matrix from principal to body axes; not the unit matrix, the tensor has products.
    """
    tensor = turn @ np.diag(BRICK_KGM2) @ turn.T
    inertia = (*np.diag(tensor), -tensor[0, 1], -tensor[0, 2], -tensor[1, 2])
    earth = _round_earth()
    state = _orbit(earth, 0.0)
    state[10:13] = turn @ np.array(BRICK_RATES_RADPS)
    after = _fly(state, end_s, steps, earth, _body(inertia))
    q0, q1, q2, q3 = after[6:10]
    m0, m1, m2 = tensor @ after[10:13]
    return turn.T @ after[10:13], np.array(quat_unrotate((q0, q1, q2, q3), (m0, m1, m2)))


def torque_free() -> list[Check]:
    """A free asymmetric body against its closed form, in principal axes and out of them."""
    end_s = 60.0
    expected = torque_free_rates(BRICK_KGM2, BRICK_RATES_RADPS[0], BRICK_RATES_RADPS[2], end_s)
    c, s = math.cos(0.7), math.sin(0.7)
    about_z = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    checks = []
    for label, turn in (("principal axes", np.eye(3)), ("with products", about_x @ about_z)):
        rates, momentum = _tumble(turn, end_s, 12000)
        start = turn @ (np.array(BRICK_KGM2) * np.array(BRICK_RATES_RADPS))
        for axis, want, got in zip("pqr", expected, rates, strict=True):
            checks.append(
                Check("free asymmetric body", f"{axis} at {end_s:g} s, {label}",
                      "Landau and Lifshitz, Mechanics, section 37", want, float(got), "rad/s", 1e-9)
            )  # fmt: skip
        drift = float(np.linalg.norm(momentum - start) / np.linalg.norm(start))
        checks.append(
            Check("free asymmetric body", f"drift of inertial angular momentum, {label}, relative",
                  "conservation of angular momentum", 0.0, drift, "1", 1e-9)
        )  # fmt: skip
    return checks


def long_rotation() -> list[Check]:
    """Ten orbits of a body that turns at 3 deg/s: nothing is lost of its energy or momentum."""
    earth = _airless_earth()
    inertia = np.array(BRICK_KGM2)
    start = math.radians(3.0) * np.array([0.48, 0.6, 0.64])
    state = _orbit(earth, 0.0)
    state[10:13] = start
    span_s = 10.0 * _period_s(earth)
    after = _fly(state, span_s, round(span_s / 0.08), earth, _body((*BRICK_KGM2, 0.0, 0.0, 0.0)))
    rates = after[10:13]
    q0, q1, q2, q3 = after[6:10]
    m0, m1, m2 = inertia * rates
    turned = np.array(quat_unrotate((q0, q1, q2, q3), (m0, m1, m2))) - inertia * start
    name, size = "rotation over ten orbits", float(np.linalg.norm(inertia * start))
    return [
        Check(name, "change of energy at 3 deg/s, relative", "conservation of energy", 0.0,
              float(inertia @ rates**2 / (inertia @ start**2)) - 1.0, "1", 1e-10),
        Check(name, "change of inertial angular momentum at 3 deg/s, relative",
              "conservation of angular momentum", 0.0, float(np.linalg.norm(turned)) / size, "1",
              1e-10),
        Check(name, "change of orbital energy meanwhile, relative", "conservation of energy", 0.0,
              _energy(after, earth) / _energy(state, earth) - 1.0, "1", 1e-10),
    ]  # fmt: skip


def coriolis() -> list[Check]:
    """A body let go over the turning Earth falls to the east."""
    earth, latitude, fall_s = _round_earth(), math.radians(45.0), 14.0
    radius_m, w = earth.equatorial_radius_m + 1000.0, earth.rotation_radps
    state = np.zeros(STATE_SIZE)
    at_rest = (0.0, 0.0, 0.0)
    kernel.start((latitude, 0.0, 1000.0), at_rest, at_rest, at_rest, 0, earth, state)
    after = _fly(state, fall_s, 2800, earth, _body())
    east_m = ecef_from_eci((after[0], after[1], after[2]), fall_s, earth)[1]
    # Along the axis of the Earth nothing turns: only the pull towards it counts.
    pull_mps2 = (earth.mu_m3ps2 / radius_m**2 - w * w * radius_m) * math.cos(latitude)
    expected = w * pull_mps2 * fall_s**3 / 3.0
    return [
        Check("fall to the east", f"after {fall_s:g} s at 45 degrees north",
              "Landau and Lifshitz, Mechanics, section 39, first order", expected, east_m, "m",
              2e-4 * expected)
    ]  # fmt: skip


def rocket_equation() -> list[Check]:
    """Constant thrust far from any mass: speed and distance in closed form."""
    thrust_n, isp_s, mass_kg, end_s = 10e3, 300.0, 1000.0, 200.0
    exhaust = isp_s * STANDARD_GRAVITY_MPS2
    flow = thrust_n / exhaust
    earth = _round_earth()._replace(mu_m3ps2=0.0)
    loads = _body()
    loads[MASS_KG], loads[LOADS_RATES + MASS_KG] = mass_kg, -flow
    loads[FORCE_VACUUM_N] = thrust_n
    state = np.zeros(STATE_SIZE)
    state[0], state[6] = 7e6, 1.0
    after = _fly(state, end_s, 2000, earth, loads)
    left = mass_kg - flow * end_s
    log = math.log(mass_kg / left)
    law = "Tsiolkovsky's equation and its integral"
    return [
        Check("rocket equation", f"speed gained in {end_s:g} s", law, exhaust * log,
              float(after[3]), "m/s", 1e-6),
        Check("rocket equation", f"distance gone in {end_s:g} s", law,
              exhaust * (end_s - left / flow * log), float(after[0] - 7e6), "m", 1e-4),
    ]  # fmt: skip


def order_of_the_integrator() -> list[Check]:
    """The error of a fourth-order method falls 16-fold as its step halves."""
    earth = _round_earth()
    first, period = _orbit(earth, KEPLER_ECCENTRICITY), _period_s(earth)
    exact = torque_free_rates(BRICK_KGM2, BRICK_RATES_RADPS[0], BRICK_RATES_RADPS[2], 20.0)
    miss: dict[str, list[float]] = {"orbit": [], "rotation": []}
    for halvings in (1, 2):
        state = _fly(first, period, 1000 * halvings, earth, _body())
        miss["orbit"].append(float(np.linalg.norm(state[:3] - first[:3])))
        rates, _ = _tumble(np.eye(3), 20.0, 100 * halvings)
        miss["rotation"].append(float(np.linalg.norm(rates - np.array(exact))))
    return [
        Check("order of the integrator", f"error of the {what} over that at half the step",
              "Runge-Kutta of order 4: 2^4", 16.0, coarse / fine, "1", 0.5)
        for what, (coarse, fine) in miss.items()
    ]  # fmt: skip


RUNGS: tuple[Callable[[], list[Check]], ...] = (
    kepler,
    oblate_earth,
    turning_perigee,
    torque_free,
    long_rotation,
    coriolis,
    rocket_equation,
    order_of_the_integrator,
)
