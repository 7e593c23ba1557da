"""What a person writes for the flight software: sequence, guidance, control, target."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from downrange._spec import Spec
from downrange.units import (
    Angle,
    Duration,
    Fraction,
    Frequency,
    Length,
    NonNegativeLength,
    PositiveAcceleration,
    PositiveAngle,
    PositiveAngularRate,
    PositiveDuration,
    PositiveRatio,
    Pressure,
    Value,
    quantity,
    value,
)

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
AboveTheAir = Annotated[Value, quantity("m", minimum=120e3)]  # below it no orbit lasts a turn
Depth = Annotated[Value, quantity("1", minimum=0.0, maximum=1.0)]


class PhaseSpec(Spec):
    """One phase of the sequence, `[[phase]]`; the first one written is flown first.

    Attributes:
        name: what other phases call it.
        engines: the stage whose engines run, or "none".
        throttle: of those engines, over rated thrust; they go no lower than their `throttle_min`.
            The plan throttles as the phases do.
        acceleration_limit: sensed along the axis, to which those engines are throttled.
        steering: none (engines straight), vertical, pitch_over, programme, hold_attitude; above
            the air prograde (nose along the inertial velocity), insertion (closed loop to the
            end of the upper stage's first burn) and orbit (along the velocity that is missing
            to the target, from an apsis).
        release: the hold-down lets go when the phase begins.
        separate: the stage that is dropped when the phase begins.
        jettison_fairing: the fairing goes when the phase begins.
        slow: nothing hurries: above 100 km the flight computer ticks every `slow_tick` of
            `[control]`.
        passivate: what is left in the tanks is vented.
        until: conditions that must all hold for the phase to end, as "speed >= 100 m/s".
        any_until: conditions each of which ends it.
        next: the phase that follows; the next one written if not given.
        abort_if: conditions each of which calls the flight off, before `until` is looked at.
        abort_to: the phase that an abort leads to.
    """

    name: Name
    engines: str = "none"
    throttle: Fraction = value(1, "1")
    acceleration_limit: PositiveAcceleration | None = None
    steering: Literal[
        "none", "vertical", "pitch_over", "programme", "hold_attitude", "prograde", "insertion",
        "orbit",
    ] = "none"  # fmt: skip
    release: bool = False
    separate: str | None = None
    jettison_fairing: bool = False
    slow: bool = False
    passivate: bool = False
    until: tuple[str, ...] = ()
    any_until: tuple[str, ...] = ()
    next: str | None = None
    abort_if: tuple[str, ...] = ()
    abort_to: str = "abort"


class MonitorSpec(Spec):
    """When an engine counts as failed, `[control.monitor]`.

    Attributes:
        below: share of the chamber pressure asked for, under which it is low.
        start_allowance: time from the command to run in which it may be low.
        persistence: time that it must then be low.
    """

    below: Fraction = value("50 %", "1")
    start_allowance: Duration = value("2.5 s", "s")
    persistence: Duration = value("0.1 s", "s")


class NotchSpec(Spec):
    """Bending filters, `[control.notch]`: one on each mode that the design assumes.

    Attributes:
        depth: gain at the assumed frequency (0.03 is -30 dB); 1: no notch.
        width: width at -3 dB over the frequency.
    """

    depth: Depth = value(0.05, "1")
    width: PositiveRatio = value(0.4, "1")


class NavigationSpec(Spec):
    """Inertial navigation, `[control.navigation]`.

    Attributes:
        position_gain: share of a satellite fix's position difference that is taken over.
        velocity_gain: the same of its velocity.
        alignment_error: error of the attitude on the pad, about each body axis.
    """

    position_gain: Fraction = value(0.1, "1")
    velocity_gain: Fraction = value(0.1, "1")
    alignment_error: Angle = value("0 deg", "rad")


class ThrusterControlSpec(Spec):
    """Attitude control by thrusters, `[control.thrusters]`.

    Attributes:
        bandwidth: of the attitude loop that they close.
        rate: fastest turn asked of them.
    """

    bandwidth: PositiveAngularRate = value("0.2 rad/s", "rad/s")
    rate: PositiveAngularRate = value("1 deg/s", "rad/s")


class LoadReliefSpec(Spec):
    """Giving way to the wind, `[control.load_relief]`.

    Attributes:
        share: of the angle of attack that is felt, by which the nose turns into the flow; 0: none.
        above: dynamic pressure from which it works.
        filter_time: time constant of each of two filters on what is felt.
    """

    share: Fraction = value(0, "1")
    above: Pressure = value("8 kPa", "Pa")
    filter_time: PositiveDuration = value("0.7 s", "s")


class ControlSpec(Spec):
    """Attitude control, `[control]`; of a later stage, `[upper_control.stage2]`.

    Attributes:
        bandwidth: natural frequency of the closed rigid-body loop in pitch and yaw.
        roll_bandwidth: the same in roll.
        damping: of all three.
        integral_time: in which a steady error doubles the proportional answer.
        notch: filter on each assumed bending mode.
        low_pass: corner of a second-order low-pass on pitch and yaw; none if not given.
        gimbal_limit: largest angle asked for; the engine's own limit holds as well.
        gimbal_rate: fastest change asked for; not limited if not given.
        latency_ticks: whole ticks between measurement and command.
        chamber_filter_time: time constant of the low-pass on each chamber pressure before it counts
            as thrust in sharing out a moment; 0: as measured.
        slow_tick: of the flight computer in phases that are slow.
        load_relief: whether the nose gives way to the wind.
        thrusters: how the attitude thrusters are used.
        monitor: when an engine counts as failed.
        navigation: how far satellite fixes are believed.
    """

    bandwidth: PositiveAngularRate = value("1.2 rad/s", "rad/s")
    roll_bandwidth: PositiveAngularRate = value("1.2 rad/s", "rad/s")
    damping: PositiveRatio = value(0.8, "1")
    integral_time: PositiveDuration = value("8 s", "s")
    notch: NotchSpec = NotchSpec()
    low_pass: Frequency | None = None
    gimbal_limit: PositiveAngle = value("6 deg", "rad")
    gimbal_rate: PositiveAngularRate | None = None
    latency_ticks: Annotated[int, Field(ge=0, le=10)] = 0
    chamber_filter_time: Duration = value("0 s", "s")
    slow_tick: PositiveDuration = value("1 s", "s")
    load_relief: LoadReliefSpec = LoadReliefSpec()
    thrusters: ThrusterControlSpec = ThrusterControlSpec()
    monitor: MonitorSpec = MonitorSpec()
    navigation: NavigationSpec = NavigationSpec()


class GuidanceSpec(Spec):
    """Pitch programme, `[guidance]`; its shape is planned, these bound it.

    Attributes:
        pitch_over_rate: of the pitch-over.
        rate_limit: of the programme after it.
        head_on_above: dynamic pressure from which the plan meets the forecast wind head on;
            below it the wind counts with the square of the pressure.
        programme: what the pitch is a function of.
        insertion_altitude: where the upper stage ends its first burn, if the target is higher.
        apogee_margin: that the coast's apogee is aimed above the target's, so that the target's
            radius is crossed whatever the first burn's tail-off gives.
        staging_coast: from first-stage burn-out to upper-stage ignition, for the plan.
        fairing_altitude: above which the plan drops the fairing once the upper stage burns.
        space_rate_limit: of the attitude commanded above the air: of the nose, and of roll.
        max_dynamic_pressure: that the plan may meet.
        min_staging_altitude: that the plan must reach by first-stage burn-out.
    """

    pitch_over_rate: PositiveAngularRate = value("1 deg/s", "rad/s")
    rate_limit: PositiveAngularRate = value("2 deg/s", "rad/s")
    head_on_above: Annotated[Value, quantity("Pa", positive=True)] = value("20 kPa", "Pa")
    programme: Literal["speed", "time"] = "speed"
    insertion_altitude: AboveTheAir = value("200 km", "m")
    apogee_margin: NonNegativeLength = value("0 km", "m")
    staging_coast: Duration = value("5 s", "s")
    fairing_altitude: Length = value("110 km", "m")
    space_rate_limit: PositiveAngularRate = value("1 deg/s", "rad/s")
    max_dynamic_pressure: Pressure | None = None
    min_staging_altitude: Length | None = None


class TargetSpec(Spec):
    """The orbit to reach, `[target]`: apsides above 6,378.137 km.

    Attributes:
        perigee: altitude; below 120 km the air takes the vehicle down within a revolution.
        apogee: altitude.
        inclination: to the equator.
        heading: whether the launch goes to the north or to the south.
    """

    perigee: AboveTheAir
    apogee: Length
    inclination: Annotated[Value, quantity("rad", minimum=0.0, maximum=3.14159265358979)]
    heading: Literal["north", "south"] = "north"

    @model_validator(mode="after")
    def _ordered(self) -> TargetSpec:
        if self.apogee.si < self.perigee.si:
            raise ValueError("apogee is below perigee")
        return self
