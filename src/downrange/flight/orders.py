"""What a controller in Python asks for, checked and written where the compiled loop reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.errors import InputError, Problem
from downrange.flight.kernel import by_tick
from downrange.flight.legs import FAIRING, Leg
from downrange.telemetry import bus

Floats = NDArray[np.float64]
Told = dict[str, ArrayLike]
Range = tuple[float, float]

UNIT_TOLERANCE = 1e-3  # by which a quaternion's length may be off; it is then made one

# What may be asked of each engine: range of each number.
PER_ENGINE: dict[str, Range] = {
    "engine_on": (0.0, 1.0),
    "throttle": (0.0, 1.0),
    "cutoff_time_s": (-1e6, 1e6),
    "gimbal_rad": (-math.pi, math.pi),
}
DISCRETE = {
    "release": bus.RELEASE_HOLD_DOWN,
    "separate": bus.SEPARATE_STAGE,
    "jettison_fairing": bus.JETTISON_FAIRING,
    "abort": bus.ABORT,
    "passivate": bus.PASSIVATE,
}
ANGLES = {"pitch_rad": by_tick.PITCH_RAD, "azimuth_rad": by_tick.AZIMUTH_RAD}
NAMES = (*PER_ENGINE, "thrusters", *DISCRETE, "attitude_body_from_eci", *ANGLES)


class Orders:
    """The command of an own controller for the coming tick.

    Attributes:
        given: what the compiled loop reads; nan where nothing is asked for.
        stage: index of the lowest stage attached.
        running: its engines.
        dropped_next: what goes at the next parting: a stage's name, "fairing", or "" for nothing.
        released_s: mission clock of first motion; inf before it.
    """

    def __init__(self, engine_stages: Sequence[int]) -> None:
        self.given = by_tick.new_given(len(engine_stages))
        self._pointing = self.given.pointing[: by_tick.BEFORE]
        self.released_s = math.inf
        self._stages = np.array(engine_stages)
        self.stage, self.dropped_next = 0, ""
        self.running = slice(0, 0)
        self._asked: list[Floats] = []  # what has been written to

    def attach(self, leg: Leg, following: Leg | None) -> None:
        """Say what flies now and what is dropped next."""
        here = np.flatnonzero(self._stages == leg.stage)
        self.stage, self.running = leg.stage, slice(int(here[0]), int(here[-1]) + 1)
        self.dropped_next = following.dropped if following else ""

    def clear(self) -> None:
        """Ask for nothing."""
        for part in self._asked:
            part.fill(np.nan)
        self._asked.clear()

    def write(self, told: Mapping[str, ArrayLike]) -> None:
        """Ask for the coming tick.

        Raises:
            InputError: what is told can't be used; then nothing is asked for.
        """
        problems = []
        for name, value in told.items():
            try:
                self._write(name, value)
            except ValueError as error:
                problems.append(Problem("", f"step: {name}", str(error)))
        if not told:
            problems.append(Problem("", "step", "the command says nothing",
                                    "leave it out to let the flight software fly"))  # fmt: skip
        if "azimuth_rad" in told and "pitch_rad" not in told:
            problems.append(Problem("", "step: azimuth_rad", "given without pitch_rad"))
        if "attitude_body_from_eci" in told and "pitch_rad" in told:
            problems.append(Problem("", "step: pitch_rad", "attitude_body_from_eci is given too"))
        if problems:
            self.clear()
            raise InputError(problems)

    def _write(self, name: str, value: ArrayLike) -> None:
        given = self.given
        if name in PER_ENGINE:
            self._write_engines(name, value)
        elif name == "thrusters":
            self._ask(given.command.thrusters)[:] = numbers(value, ((3,),), (-1.0, 1.0))
        elif name in DISCRETE:
            on = float(numbers(value, ((),), (0.0, 1.0)))
            self._ask(given.command.discrete)[DISCRETE[name]] = self._discrete(name, on)
        elif name == "attitude_body_from_eci":
            attitude = numbers(value, ((4,),), (-1.1, 1.1))
            length = math.sqrt(float(attitude @ attitude))
            if abs(length - 1.0) > UNIT_TOLERANCE:
                raise ValueError(f"has length {length:.6g}, a rotation's quaternion has length 1")
            self._ask(self._pointing)[by_tick.ATTITUDE : by_tick.PITCH_RAD] = attitude / length
        elif name in ANGLES:
            self._ask(self._pointing)[ANGLES[name]] = numbers(
                value, ((),), (-2.0 * math.pi, 2.0 * math.pi)
            )
        else:
            near = get_close_matches(str(name), NAMES, 1)
            hint = f"; do you mean {near[0]}?" if near else ""
            raise ValueError(f"is not known{hint} A command has {', '.join(NAMES)}")

    def _ask(self, part: Floats) -> Floats:
        """The part itself, which is cleared after the tick."""
        self._asked.append(part)
        return part

    def _write_engines(self, name: str, value: ArrayLike) -> None:
        """A value for each engine, or one for those of the lowest stage attached."""
        target = self._ask(getattr(self.given.command, name))
        each = target.shape[1:]
        array = numbers(value, (target.shape, each), PER_ENGINE[name])
        if name == "cutoff_time_s":
            array = array + self.released_s
        if array.shape == each:
            target[self.running] = array
        else:
            target[:] = array

    def _discrete(self, name: str, on: float) -> float:
        """The word of a discrete; a parting is possible only where the plan has it next."""
        if on not in (0.0, 1.0):
            raise ValueError(f"is {on:g}: it is either True or False")
        if on and name in ("separate", "jettison_fairing"):
            fairing = name == "jettison_fairing"
            if not self.dropped_next or fairing != (self.dropped_next == FAIRING):
                following = self.dropped_next or "nothing"
                raise ValueError(f"is not what goes next in this mission: that is {following}")
            if not math.isfinite(self.released_s):
                raise ValueError("the vehicle is still held down")
        return on * (self.stage + 1) if name == "separate" else on


def numbers(value: ArrayLike, shapes: Sequence[tuple[int, ...]], allowed: Range) -> Floats:
    """Finite numbers of one of the shapes in a range.

    Raises:
        ValueError: they are not; says what was given and what is allowed.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"is {value!r}: give numbers of shape {_words(shapes)}")
    if array.shape not in shapes:
        raise ValueError(f"has shape {array.shape}, not {_words(shapes)}")
    low, high = allowed
    if not all(low <= each <= high for each in array.ravel().tolist()):  # nan is not, either
        if not np.isfinite(array).all():
            raise ValueError(f"is {value!r}: every number must be finite")
        raise ValueError(f"is {value!r}: from {low:.6g} to {high:.6g} is allowed")
    return array.astype(np.float64)


def _words(shapes: Sequence[tuple[int, ...]]) -> str:
    return " or ".join(str(shape) if shape else "a number" for shape in shapes)
