"""Scrambled Sobol points for what is drawn of a flight: fewer flights for the same error."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from downrange.errors import InputError, Problem
from downrange.flight.draw import DrawPlan

Floats = NDArray[np.float64]

LEAST_SCRAMBLES = 16  # that an error can be told from
BITS = 53  # of a point; as many as a float holds


class Sobol:
    """Draws of a campaign's flights from scrambled Sobol points.

    Flights are numbered scramble by scramble: with 16 scrambles of 1,024 flights, flights 0 to
    1,023 are the points of the first. Each scramble's mean is an estimate by itself, and their
    scatter is the error. Sensor noise and gusts keep their own random streams.

    Source: Owen 1995, "Randomly permuted (t, m, s)-nets and (t, s)-sequences"; scrambles and
    points are scipy's (`scipy.stats.qmc.Sobol`), linear matrix scramble with digital shift.

    Args:
        plan: what is drawn.
        seed: of the scrambles.
        scrambles: how many, a power of two, at least 16.
        flights: in all scrambles together, a power of two.

    Raises:
        InputError: the numbers are no powers of two, or too small; names every one that is not.
    """

    def __init__(self, plan: DrawPlan, seed: int, scrambles: int, flights: int) -> None:
        check_sobol(scrambles, flights)
        self.plan, self.seed, self.scrambles, self.flights = plan, seed, scrambles, flights
        self.per_scramble = flights // scrambles

    def uniforms(self, first: int, count: int = 1) -> Floats:
        """Points of flights `first` and on, (count, values), from 0 to 1.

        Raises:
            ValueError: there are no such flights.
        """
        if not 0 <= first <= first + count <= self.flights:
            raise ValueError(f"flights {first} + {count} are not among {self.flights}")
        points = np.empty((count, len(self.plan.lines)))
        at = first
        while at < first + count:
            scramble, row = divmod(at, self.per_scramble)
            rows = min(self.per_scramble - row, first + count - at)
            block = _scramble(len(self.plan.lines), self.seed, scramble, self.per_scramble)
            points[at - first : at - first + rows] = block[row : row + rows]
            at += rows
        return points

    def sample(self, first: int, count: int = 1) -> Floats:
        """The values of flights `first` and on, (count, values), SI."""
        return self.plan.values_of(self.uniforms(first, count))


def check_sobol(scrambles: int, flights: int) -> None:
    """Refuse numbers that Sobol points can't be made of.

    Raises:
        InputError: carries every problem.
    """
    problems = []
    if not _is_power_of_two(scrambles) or scrambles < LEAST_SCRAMBLES:
        message = f"{scrambles} is not a power of two of at least {LEAST_SCRAMBLES}"
        problems.append(Problem("--scrambles", "", message, "16, 32 or 64"))
    if not _is_power_of_two(flights):
        near = 2 ** max(flights - 1, 1).bit_length()
        hint = f"{near} is the next"
        problems.append(Problem("-n", "", f"{flights} flights are no power of two", hint))
    elif scrambles > flights:
        message = f"{flights} flights are fewer than {scrambles} scrambles"
        problems.append(Problem("-n", "", message, "some 1024 flights a scramble are usual"))
    if problems:
        raise InputError(problems)


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


@lru_cache(maxsize=4)
def _scramble(values: int, seed: int, scramble: int, flights: int) -> Floats:
    """All points of one scramble, (flights, values). Kept, for flights come in small numbers."""
    from scipy.stats import qmc

    if values == 0:
        return np.empty((flights, 0))
    generator = np.random.default_rng([seed, scramble])
    # The argument's name was `seed` before scipy 1.15, and is deprecated since.
    key = "rng" if _takes_rng(qmc.Sobol) else "seed"
    sobol = qmc.Sobol(values, scramble=True, bits=BITS, **{key: generator})
    points: Floats = sobol.random(flights)
    points.flags.writeable = False
    return points


def _takes_rng(sobol: type) -> bool:
    import inspect

    return "rng" in inspect.signature(sobol).parameters
