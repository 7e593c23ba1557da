"""Channels of the bodies that are steered, at the times of the envelopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.kernel import Pad, Words, sample_flights
from downrange.flight.channels import Layout, Names
from downrange.flight.kernel import loop
from downrange.flight.many import Many

Singles = NDArray[np.float32]

CHANNELS = (
    "altitude_m", "speed_mps", "flight_path_angle_deg", "downrange_m", "crossrange_m",
    "dynamic_pressure_pa", "angle_of_attack_deg", "attitude_error_deg",
    "acceleration_axial_mps2", "propellant_kg",
)  # fmt: skip


class Sampler:
    """Reads the rows that flights have left."""

    def __init__(self, many: Many, names: Names) -> None:
        self._many = many
        numbers = many.legs[0].numbers
        plant, tanks = numbers.plant, len(numbers.plant.tanks.load_kg)
        at = Layout(plant.engines.n, tanks, plant.bending.table.shape[1]).columns()
        self._words = Words(at["rigid"].start, at["aux"].start, at["commanded"].start,
                            at["tank"].start, tanks)  # fmt: skip
        self._pad = Pad(
            names.pad_latitude_rad, names.pad_longitude_rad, names.azimuth_rad,
            names.earth_radius_m, names.rotation_radps,
        )  # fmt: skip
        self._bodies = list(dict.fromkeys(leg.name for leg in many.legs))
        self._body_of_leg = np.array([float(self._bodies.index(leg.name)) for leg in many.legs])
        # A row is at most a long tick late.
        self._late_s = numbers.slow_ticks * numbers.tick_s + 1e-6

    def of(self, flights: int) -> Singles:
        """Samples (flights, times, bodies x channels) of the first flights; nan where none is."""
        many, clock = self._many, self._many.flights.clock
        shape = (flights, len(many.times_s), len(self._bodies), len(CHANNELS))
        out = np.full(shape, np.nan, dtype=np.float32)
        sample_flights(
            many.flights.rows, clock[:, loop.ROWS].copy(), clock[:, loop.T0_S].copy(),
            many.parted_s, self._body_of_leg, many.times_s, self._late_s, self._words, self._pad,
            out,
        )  # fmt: skip
        return out.reshape(*shape[:2], shape[2] * shape[3])
