"""Channels of flights at the times of the envelopes, out of the rows that the loop has left."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from downrange._jit import inner, njit
from downrange.earth.kernel.frames import quat_conj, quat_multiply

Floats = NDArray[np.float64]

ROUNDING_S = 1e-6
SLOWEST_MPS = 1e-9


class Words(NamedTuple):
    """Where the first word of each group stands in a row, and how many tanks there are."""

    rigid: int
    aux: int
    commanded: int
    tank: int
    tanks: int


class Pad(NamedTuple):
    """Where downrange counts from: on a sphere, along an azimuth."""

    latitude_rad: float
    longitude_rad: float
    azimuth_rad: float
    radius_m: float
    rotation_radps: float


@inner
def read_row(row: Floats, at: Words, pad: Pad, out: NDArray[np.float32]) -> None:
    """The channels of one row, in the order of `samples.CHANNELS`."""
    x, aux, c = at.rigid, at.aux, at.commanded
    latitude, longitude = row[aux], row[aux + 1]
    w = pad.rotation_radps
    vx, vy, vz = row[x + 3] + w * row[x + 1], row[x + 4] - w * row[x], row[x + 5]
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    level, turned = math.cos(latitude), longitude + w * row[0]
    up = level * (math.cos(turned) * vx + math.sin(turned) * vy) + math.sin(latitude) * vz
    sine = max(-1.0, min(1.0, up / max(speed, SLOWEST_MPS)))
    sin_pad, cos_pad = math.sin(pad.latitude_rad), math.cos(pad.latitude_rad)
    east = longitude - pad.longitude_rad
    across = math.sin(east) * level
    ahead = cos_pad * math.sin(latitude) - sin_pad * level * math.cos(east)
    cosine = sin_pad * math.sin(latitude) + cos_pad * level * math.cos(east)
    away = pad.radius_m * math.atan2(math.hypot(ahead, across), cosine)
    off = math.atan2(across, ahead) - pad.azimuth_rad
    wanted = (row[c], row[c + 1], row[c + 2], row[c + 3])
    turn = quat_multiply((row[x + 6], row[x + 7], row[x + 8], row[x + 9]), quat_conj(wanted))
    half = math.atan2(math.sqrt(turn[1] ** 2 + turn[2] ** 2 + turn[3] ** 2), abs(turn[0]))
    propellant = 0.0
    for i in range(at.tanks):
        propellant += row[at.tank + i]
    out[0], out[1], out[2] = row[aux + 2], speed, math.degrees(math.asin(sine))
    out[3], out[4] = away * math.cos(off), away * math.sin(off)
    out[5], out[6] = row[aux + 7], math.degrees(row[aux + 8])
    out[7], out[8], out[9] = math.degrees(2.0 * half), row[aux + 9], propellant


@njit
def sample_flights(
    rows: Floats, counts: Floats, t0_s: Floats, parted_s: Floats, body_of_leg: Floats,
    times_s: Floats, late_s: float, at: Words, pad: Pad, out: NDArray[np.float32],
) -> None:  # fmt: skip
    """Set out (flights, times, bodies, channels) where there is a row, and leave the rest.

    A row belongs to the last time at or before it unless it is later than `late_s`, the first of
    several alone, and to the body that was steered then: at a parting to the one before.
    """
    for k in range(out.shape[0]):
        bin_, taken = -1, -1
        for i in range(int(counts[k])):
            row = rows[k, i]
            since_s = row[0] - t0_s[k]
            if not since_s >= 0.0:
                continue
            while bin_ + 1 < times_s.size and times_s[bin_ + 1] <= since_s + ROUNDING_S:
                bin_ += 1
            if bin_ == taken or since_s - times_s[bin_] > late_s:
                continue
            taken, leg = bin_, 0
            while leg < parted_s.shape[1] and row[0] > parted_s[k, leg]:
                leg += 1
            read_row(row, at, pad, out[k, bin_, int(body_of_leg[leg])])
