"""Channels of the bodies that are steered, at the times of the envelopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downrange.flight.channels import (
    Layout,
    Names,
    attitude_error_deg,
    ranges,
    to_earth,
)
from downrange.flight.kernel import loop
from downrange.flight.many import Many

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

CHANNELS = (
    "altitude_m", "speed_mps", "flight_path_angle_deg", "downrange_m", "crossrange_m",
    "dynamic_pressure_pa", "angle_of_attack_deg", "attitude_error_deg",
    "acceleration_axial_mps2", "propellant_kg",
)  # fmt: skip


class Sampler:
    """Reads the rows that flights have left."""

    def __init__(self, many: Many, names: Names) -> None:
        self._many, self._names = many, names
        plant = many.legs[0].numbers.plant
        self._at = Layout(plant.engines.n, len(plant.tanks.load_kg),
                          plant.bending.table.shape[1]).columns()  # fmt: skip
        self._bodies = list(dict.fromkeys(leg.name for leg in many.legs))
        self._body_of_leg = np.array([self._bodies.index(leg.name) for leg in many.legs])
        # A row is at most a long tick late.
        self._late_s = many.legs[0].numbers.slow_ticks * many.legs[0].numbers.tick_s + 1e-6

    def none(self) -> Singles:
        """Samples of no flight."""
        return np.zeros((0, len(self._many.times_s), len(self._bodies) * len(CHANNELS)), np.float32)

    def of(self, flights: int) -> Singles:
        """Samples (flights, times, bodies x channels) of the first flights; nan where none is."""
        many = self._many
        out = np.full((flights, len(many.times_s), len(self._bodies), len(CHANNELS)), np.nan,
                      dtype=np.float32)  # fmt: skip
        flight, row, time_s = self._rows(flights)
        bins = np.searchsorted(many.times_s, time_s + 1e-6, side="right") - 1
        on_time = (bins >= 0) & (time_s - many.times_s[bins] <= self._late_s)
        flight, row, bins = flight[on_time], row[on_time], bins[on_time]
        first = np.diff(flight, prepend=-1) + np.diff(bins, prepend=-1) != 0  # rows are in order
        flight, row, bins = flight[first], row[first], bins[first]
        found = self._channels(many.flights.rows[flight, row])
        out[flight, bins, self._body(flight, row)] = found
        return out.reshape(flights, len(many.times_s), -1)

    def _rows(self, flights: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Flight, number and time of every row that was written after first motion."""
        clock = self._many.flights.clock[:flights]
        counts = clock[:, loop.ROWS].astype(np.int64)
        flight = np.repeat(np.arange(flights), counts)
        row = np.arange(len(flight)) - np.repeat(np.cumsum(counts) - counts, counts)
        time_s = self._many.flights.rows[flight, row, 0] - clock[flight, loop.T0_S]
        moving = np.flatnonzero(time_s >= 0.0)  # of one that never moved, none
        return flight[moving], row[moving], time_s[moving]

    def _body(self, flight: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which body a row is of: a row at the moment of parting is of the one before."""
        clock_s = self._many.flights.rows[flight, row, 0]
        parted_s = self._many.parted_s[flight]
        leg = (clock_s[:, None] > parted_s).sum(axis=1)
        body: NDArray[np.int64] = self._body_of_leg[leg]
        return body

    def _channels(self, rows: Floats) -> Floats:
        """CHANNELS of rows, (rows, channels)."""
        at, names = self._at, self._names
        clock, x, aux = rows[:, 0], rows[:, at["rigid"]], rows[:, at["aux"]]
        relative = x[:, 3:6] + names.rotation_radps * np.column_stack(
            (x[:, 1], -x[:, 0], np.zeros(len(x)))
        )
        speed = np.linalg.norm(relative, axis=1)
        latitude, longitude = aux[:, 0], aux[:, 1]
        fixed = to_earth(relative, names.rotation_radps * clock)
        level = np.cos(latitude)
        up = level * (np.cos(longitude) * fixed[:, 0] + np.sin(longitude) * fixed[:, 1])
        up += np.sin(latitude) * fixed[:, 2]
        climb = np.degrees(np.arcsin(np.clip(up / np.maximum(speed, 1e-9), -1.0, 1.0)))
        downrange, crossrange = ranges(latitude, longitude, names)
        error, _ = attitude_error_deg(x[:, 6:10], rows[:, at["commanded"]])
        return np.stack([
            aux[:, 2], speed, climb, downrange, crossrange, aux[:, 7], np.degrees(aux[:, 8]),
            error, aux[:, 9], rows[:, at["tank"]].sum(axis=1),
        ], axis=1)  # fmt: skip
