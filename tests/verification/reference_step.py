"""One Runge-Kutta step of the whole rigid body, in plain NumPy from the equations.

Everything that the loads of a segment can hold: thrust beside the axis, back pressure, moments,
changing mass, centre of mass and inertia, the jet, wind and gusts. Matrices where the product has
cofactors, Hamilton's product where it has terms.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from reference import GAS_JPKGK, Floats, air, geodetic, gravitation, ned_axes, spin
from reference_ecef import Air, push_of_air


@dataclass
class Load:
    """What acts in a segment; `*_rate` is the change per second of what stands before it."""

    mass_kg: float
    cm_x_m: float
    inertia_kgm2: Floats  # tensor
    mass_rate: float = 0.0
    cm_x_rate: float = 0.0
    inertia_rate: Floats = field(default_factory=lambda: np.zeros((3, 3)))
    thrust_n: Floats = field(default_factory=lambda: np.zeros(3))  # in vacuum
    thrust_nm: Floats = field(default_factory=lambda: np.zeros(3))  # about the origin
    area_m2: Floats = field(default_factory=lambda: np.zeros(3))  # lost per pascal
    area_m3: Floats = field(default_factory=lambda: np.zeros(3))
    rotation_term: float = 0.0
    jet_kgm2ps: Floats = field(default_factory=lambda: np.zeros(3))
    torque_nm: Floats = field(default_factory=lambda: np.zeros(3))
    gust_ned_mps: Floats = field(default_factory=lambda: np.zeros(3))


def product(a: Floats, b: Floats) -> Floats:
    """Hamilton's product of two quaternions, scalar first."""
    return np.concatenate([
        [a[0] * b[0] - a[1:] @ b[1:]], a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])
    ])  # fmt: skip


def body_from_eci(q: Floats) -> Floats:
    """Matrix of an attitude quaternion, Euler-Rodrigues: 1 - 2 s [u] + 2 [u][u].

    Between the stages of a step the size is not quite 1, and forms that are equal for unit
    quaternions part in the ninth digit.
    """
    scalar, (x, y, z) = q[0], q[1:]
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) - 2.0 * scalar * cross + 2.0 * cross @ cross


def slope(t: float, since_s: float, x: Floats, load: Load, aero: Air, w_radps: float) -> Floats:
    """Rate of position, velocity, attitude, body rates, and of the two integrals."""
    r, v, q, rate = x[:3], x[3:6], x[6:10], x[10:13]
    matrix, to_eci = body_from_eci(q), spin(w_radps * t)
    lat, lon, altitude = geodetic(to_eci.T @ r)
    density, temperature = air(altitude)
    pressure = density * GAS_JPKGK * temperature
    stream = v - np.cross([0.0, 0.0, w_radps], r)
    stream = stream - to_eci @ ned_axes(lat, lon) @ load.gust_ned_mps
    mass = load.mass_kg + load.mass_rate * since_s
    centre = np.array([load.cm_x_m + load.cm_x_rate * since_s, 0.0, 0.0])
    tensor = load.inertia_kgm2 + load.inertia_rate * since_s
    by_air, moment = push_of_air(aero, matrix @ stream, rate, density, aero.centre_m - centre)
    thrust = load.thrust_n - pressure * load.area_m2
    moment = moment + load.thrust_nm - pressure * load.area_m3 - np.cross(centre, thrust)
    moment = moment + load.torque_nm
    moment = moment - load.rotation_term * load.inertia_rate @ rate - load.jet_kgm2ps * rate
    force = by_air + thrust
    return np.concatenate([
        v,
        gravitation(r) + matrix.T @ force / mass,
        0.5 * product(q, np.array([0.0, *rate])),
        np.linalg.solve(tensor, moment - np.cross(rate, tensor @ rate)),
        force / mass,
        rate,
    ])  # fmt: skip


def step(t: float, h: float, x: Floats, load: Load, aero: Air, w_radps: float) -> Floats:
    """The classical step of order 4, the attitude of unit size after it."""
    k1 = slope(t, 0.0, x, load, aero, w_radps)
    k2 = slope(t + 0.5 * h, 0.5 * h, x + 0.5 * h * k1, load, aero, w_radps)
    k3 = slope(t + 0.5 * h, 0.5 * h, x + 0.5 * h * k2, load, aero, w_radps)
    k4 = slope(t + h, h, x + h * k3, load, aero, w_radps)
    after = x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    after[6:10] /= np.linalg.norm(after[6:10])
    return after
