"""A flight in steps, with a controller of one's own in the loop."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.dynamics.kernel import rigid
from downrange.errors import InputError, Problem
from downrange.flight.assemble import engine_names, tank_names
from downrange.flight.bodies import compile_fall
from downrange.flight.dispersed import fly_drawn
from downrange.flight.draw import check_groups
from downrange.flight.fly import RECORD_HZ, Progress, how_flown, prepare
from downrange.flight.jobs import tick_jobs
from downrange.flight.kernel import by_tick, loop
from downrange.flight.legs import FAIRING
from downrange.flight.load import Mission, load_mission
from downrange.flight.orders import Orders
from downrange.flight.record import plan_record, recording_of
from downrange.flight.warm import Helper
from downrange.gnc.kernel import data as gnc_data
from downrange.propulsion import kernel as propulsion
from downrange.telemetry import Recording, bus

Floats = NDArray[np.float64]


class Measurements:
    """What the sensors say at the start of a tick: all that the flight software is given.

    Attributes:
        time_s: since first motion; -inf before it.
        tick_s: length of the last tick, which the means of the inertial unit are over.
        chamber_fraction: (engines,) chamber pressure over its rated value.
        tank_fraction: (tanks,) propellant left over that loaded.
    """

    __slots__ = ("_core", "chamber_fraction", "tank_fraction", "tick_s", "time_s")

    def __init__(self, time_s: float, tick_s: float, measured: bus.Measured) -> None:
        self.time_s, self.tick_s = time_s, tick_s
        self._core = measured.core.copy()
        self.chamber_fraction = measured.chamber_fraction.copy()
        self.tank_fraction = measured.tank_fraction.copy()

    @property
    def clock_s(self) -> float:
        """Flight computer clock, 0 at the start of the terminal sequence, s."""
        return float(self._core[bus.CLOCK_S])

    @property
    def released(self) -> bool:
        """Whether the hold-down has let go."""
        return bool(self._core[bus.RELEASED] == 1.0)

    @property
    def rate_body_radps(self) -> Floats:
        """Gyros: mean rate over the last tick, (3,), body axes, bending included."""
        return self._core[bus.GYRO_RADPS : bus.GYRO_RADPS + 3]

    @property
    def specific_force_body_mps2(self) -> Floats:
        """Accelerometers: mean specific force over the last tick at the unit, (3,), body axes."""
        return self._core[bus.ACCEL_MPS2 : bus.ACCEL_MPS2 + 3]

    @property
    def imu_valid(self) -> bool:
        """Whether the inertial unit answers; it holds its last words when it doesn't."""
        return bool(self._core[bus.IMU_VALID] == 1.0)

    @property
    def gnss_new(self) -> bool:
        """Whether a satellite fix has arrived in this tick."""
        return bool(self._core[bus.GNSS_NEW] == 1.0)

    @property
    def gnss_position_ecef_m(self) -> Floats:
        """Position of the last fix, (3,), Earth-fixed; nan before the first."""
        return self._core[bus.GNSS_POSITION_M : bus.GNSS_POSITION_M + 3]

    @property
    def gnss_velocity_ecef_mps(self) -> Floats:
        """Velocity of the last fix against the Earth, (3,), Earth-fixed; nan before the first."""
        return self._core[bus.GNSS_VELOCITY_MPS : bus.GNSS_VELOCITY_MPS + 3]


@dataclass(frozen=True, slots=True, eq=False)
class Navigation:
    """Where the flight software believed to be, and what it wanted, a tick ago.

    Attributes:
        position_eci_m: (3,).
        velocity_eci_mps: (3,).
        attitude_body_from_eci: (4,) scalar first.
        altitude_m: above the ellipsoid.
        speed_mps: against the Earth.
        commanded_body_from_eci: (4,) attitude that was commanded.
        attitude_error_body_rad: (3,) turn from the commanded attitude to the believed one.
    """

    position_eci_m: Floats
    velocity_eci_mps: Floats
    attitude_body_from_eci: Floats
    altitude_m: float
    speed_mps: float
    commanded_body_from_eci: Floats
    attitude_error_body_rad: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """How it really is. No vehicle can know this: a controller that uses it flies in a dream.

    Forces, air and mass are those of the last tick; arrays are copies.

    Attributes:
        time_s: since first motion; -inf before it.
        position_eci_m: (3,) of the centre of mass.
        velocity_eci_mps: (3,).
        attitude_body_from_eci: (4,) scalar first.
        rate_body_radps: (3,) against inertial space.
        latitude_rad: geodetic.
        longitude_rad: east of Greenwich.
        altitude_m: above the ellipsoid.
        speed_mps: against the Earth.
        airspeed_mps: against the air, wind included.
        mach: of it.
        dynamic_pressure_pa: of it.
        angle_of_attack_rad: between nose and airspeed.
        mass_kg: of the body that is steered.
        tank_kg: (tanks,).
        flow_fraction: (engines,) flow over rated flow.
        gimbal_rad: (engines, 2) about body y (pitch) and body z (yaw).
    """

    time_s: float
    position_eci_m: Floats
    velocity_eci_mps: Floats
    attitude_body_from_eci: Floats
    rate_body_radps: Floats
    latitude_rad: float
    longitude_rad: float
    altitude_m: float
    speed_mps: float
    airspeed_mps: float
    mach: float
    dynamic_pressure_pa: float
    angle_of_attack_rad: float
    mass_kg: float
    tank_kg: Floats
    flow_fraction: Floats
    gimbal_rad: Floats


class Simulator:
    """A flight in steps. Without commands it is the flight of `fly`, bit for bit.

    Args:
        mission: a mission, or the name or file of one.
        seed: of sensor noise, gusts and draws; the same seed gives the same bits.
        flight: which flight of a campaign with this seed.
        disperse: groups of values to draw, ("all",) for every one that changes between flights.
        record_rate_hz: rows of telemetry a second.
        progress: told what is being done.

    Attributes:
        engines: paths of the engines, in the order of a command's and of the measurements.
        tanks: paths of the tanks.
        phases: names of the phases of flight.
        plan: what was planned, as in the recording.
        measured: what the sensors say now, see `step`.
        done: whether the flight is over.

    Raises:
        InputError: the mission is wrong or can't be planned.
    """

    def __init__(
        self,
        mission: Mission | str | Path,
        *,
        seed: int = 1,
        flight: int = 0,
        disperse: Sequence[str] = (),
        record_rate_hz: float = RECORD_HZ,
        progress: Progress | None = None,
    ) -> None:
        tell = progress or (lambda _: None)
        if not isinstance(mission, Mission):
            mission = load_mission(mission)
        self._seed, self._groups = seed, check_groups(disperse)
        tell("planning")
        with Helper(by_tick.fly_by_tick) as helper:
            self._ready = prepare(mission, helper)
            self._begin(seed, flight, record_rate_hz)
            tell("compiling")
            helper.share(tick_jobs(self._journey.numbers, self._journey.flight))
            compile_fall(self._journey.numbers)
            self._begin_leg()
        self.measured = self._measure()

    def _begin(self, seed: int, flight: int, record_rate_hz: float) -> None:
        """Stand the vehicle of the prepared mission on its pad."""
        self._journey, self._drawn = fly_drawn(
            self._ready, self._groups, seed, flight, record_rate_hz
        )
        spec = self._journey.spec
        vehicle = spec.vehicle
        self.engines, self.tanks = engine_names(vehicle), tank_names(vehicle)
        self.phases = tuple(phase.name for phase in spec.phase)
        self._orders = Orders(
            [k for k, stage in enumerate(vehicle.stage) for _ in range(stage.engine.count)]
        )
        self._fly_s = 0.0
        self._recording: Recording | None = None
        self.done = False

    def step(
        self, command: Mapping[str, ArrayLike] | None = None, /, **parts: ArrayLike
    ) -> Measurements:
        """Fly one tick and return what the sensors say at its end.

        What `command` or the keywords name replaces the flight software's own command for this
        tick; the flight software decides all the rest, and everything if nothing is given. It
        decides on `measured`, so a controller that does is not a tick behind it. The safety
        system knows nothing of who steers.

        For each engine, as an array in the order of `engines`, or once for all engines of the
        lowest stage attached: `engine_on` (1 runs), `throttle` (0 to 1), `cutoff_time_s` (in this
        tick, since first motion), `gimbal_rad` (about body y and z; held within the actuator's
        limits). `thrusters` is the share of the tick that they fire about body x, y and z, -1 to
        1. `release`, `separate`, `jettison_fairing`, `abort` and `passivate` are True or False.

        `attitude_body_from_eci` (4, scalar first), or `pitch_rad` with or without `azimuth_rad`
        in the pad's axes, replace guidance alone: control turns to them in the phases in which
        it controls.

        Raises:
            InputError: the command can't be used, or the flight is over. Nothing was flown.
        """
        if self.done:
            over = f"the flight is over: it ended at {self.time_s:.2f} s"
            raise InputError([Problem("", "step", over, "look at `done`, then at recording()")])
        if command is not None or parts:
            self._orders.write(_told(command, parts))
        started = time.perf_counter()
        self._recording = None
        if next(self._ticks, None) is None:
            self._end_leg()
        self._orders.clear()
        self._orders.released_s = float(self._journey.flight.clock[loop.T0_S])
        self._fly_s += time.perf_counter() - started
        self.measured = self._measure()
        return self.measured

    @property
    def clock_s(self) -> float:
        """Mission clock, 0 at the start of the terminal sequence, s."""
        return float(self._journey.flight.clock[loop.TICK]) * self._journey.numbers.tick_s

    @property
    def time_s(self) -> float:
        """Time since first motion, s; -inf before it."""
        return self.clock_s - float(self._journey.flight.clock[loop.T0_S])

    @property
    def body(self) -> str:
        """Name of the body that is steered: its lowest stage."""
        return self._journey.name

    @property
    def phase(self) -> str:
        """Name of the phase of flight that the flight software is in."""
        return self.phases[int(self._journey.flight.memory.words[gnc_data.PHASE])]

    @property
    def plan(self) -> dict[str, Any]:
        """What was planned, as in the recording."""
        return plan_record(self._ready)

    @property
    def outcome(self) -> str:
        """How the mission ended, as in the summary; "flying" while it goes on."""
        return self.recording().outcome if self.done else "flying"

    def navigation(self) -> Navigation:
        """What the flight software made of the measurements before these."""
        words = self._journey.flight.memory.words

        def at(index: int, size: int) -> Floats:
            return words[index : index + size].copy()

        return Navigation(
            position_eci_m=at(gnc_data.POSITION_ECI_M, 3),
            velocity_eci_mps=at(gnc_data.VELOCITY_ECI_MPS, 3),
            attitude_body_from_eci=at(gnc_data.ATTITUDE_BODY_FROM_ECI, 4),
            altitude_m=float(words[gnc_data.NAV_ALTITUDE_M]),
            speed_mps=float(words[gnc_data.NAV_SPEED_MPS]),
            commanded_body_from_eci=at(gnc_data.COMMANDED_BODY_FROM_ECI, 4),
            attitude_error_body_rad=at(gnc_data.ATTITUDE_ERROR_RAD, 3),
        )

    def truth(self) -> Truth:
        """How it really is, now."""
        state = self._journey.flight.state
        x, aux = state.rigid.copy(), state.aux if self.done else self._orders.given.seen
        sound_mps, airspeed_mps = aux[rigid.AUX_SOUND_SPEED_MPS], float(aux[rigid.AUX_AIRSPEED_MPS])
        y, z = propulsion.GIMBAL_Y_RAD, propulsion.GIMBAL_Z_RAD
        return Truth(
            time_s=self.time_s,
            position_eci_m=x[rigid.POSITION_ECI_M : rigid.POSITION_ECI_M + 3],
            velocity_eci_mps=x[rigid.VELOCITY_ECI_MPS : rigid.VELOCITY_ECI_MPS + 3],
            attitude_body_from_eci=x[rigid.ATTITUDE_BODY_FROM_ECI : rigid.RATE_BODY_RADPS],
            rate_body_radps=x[rigid.RATE_BODY_RADPS : rigid.RATE_BODY_RADPS + 3],
            latitude_rad=float(aux[rigid.AUX_LATITUDE_RAD]),
            longitude_rad=float(aux[rigid.AUX_LONGITUDE_RAD]),
            altitude_m=float(aux[rigid.AUX_ALTITUDE_M]),
            speed_mps=float(aux[rigid.AUX_SPEED_MPS]),
            airspeed_mps=airspeed_mps,
            mach=airspeed_mps / float(sound_mps) if sound_mps > 0.0 else math.nan,
            dynamic_pressure_pa=float(aux[rigid.AUX_DYNAMIC_PRESSURE_PA]),
            angle_of_attack_rad=float(aux[rigid.AUX_ALPHA_TOTAL_RAD]),
            mass_kg=float(state.loads[rigid.MASS_KG]),
            tank_kg=state.tank_kg.copy(),
            flow_fraction=state.engine[:, propulsion.LEVEL].copy(),
            gimbal_rad=state.engine[:, y : z + 1 : z - y].copy(),
        )

    def recording(self) -> Recording:
        """The recording so far, as `fly` returns it; of a flight that goes on up to now.

        Raises:
            InputError: nothing has been flown yet.
        """
        if self._recording is None:
            if self._journey.first_flight.clock[loop.TICK] == 0.0:
                raise InputError([Problem("", "recording", "nothing has been flown", "call step")])
            journey = self._journey if self.done else self._journey.so_far()
            how = how_flown(journey, self._seed, self._groups, self._drawn, self._fly_s)
            self._recording = recording_of(self._ready, journey, how)
        return self._recording

    def _begin_leg(self) -> None:
        """Give the compiled loop what flies now, and look for the first time."""
        journey, legs = self._journey, self._journey.planned.legs
        following = legs[journey.leg + 1] if journey.leg + 1 < len(legs) else None
        self._orders.attach(legs[journey.leg], following)
        # It reads and writes arrays of these two; the journey keeps them.
        self._ticks = by_tick.fly_by_tick(journey.numbers, journey.flight, self._orders.given)
        next(self._ticks)

    def _end_leg(self) -> None:
        """The loop has stopped: the body parts and is steered on, or the flight is over."""
        journey = self._journey
        clock, discrete = journey.flight.clock, journey.flight.command.discrete
        if not journey.parts_now():
            self.done = True
            return
        fairing = self._orders.dropped_next == FAIRING
        if fairing != (discrete[bus.SEPARATE_STAGE] == 0.0):
            clock[loop.ENDED] = loop.GOING
            self._begin_leg()
            raise InputError([Problem(
                "", "step", f"{self._orders.dropped_next} is still attached and has to go first",
                "separate it, or let the flight software do it",
            )])  # fmt: skip
        journey.part()
        self._begin_leg()

    def _measure(self) -> Measurements:
        flight = self._journey.flight
        return Measurements(self.time_s, float(flight.clock[loop.TICK_BEFORE_S]), flight.measured)


def _told(
    command: Mapping[str, ArrayLike] | None, parts: Mapping[str, ArrayLike]
) -> Mapping[str, ArrayLike]:
    """The command and the keywords together."""
    if command is None:
        return parts
    if not isinstance(command, Mapping):
        raise InputError([Problem("", "step", f"the command is a {type(command).__name__}",
                                  "give a dict such as {'gimbal_rad': (0.01, 0.0)}")])  # fmt: skip
    return {**command, **parts} if parts else command
