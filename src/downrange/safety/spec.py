"""What a person writes about the flight safety system: rules as data, places as distances."""

from __future__ import annotations

from downrange._spec import Spec
from downrange.units import (
    Duration,
    Fraction,
    NonNegativeLength,
    PositiveAngle,
    PositiveDuration,
    PositiveLength,
)


class CorridorSpec(Spec):
    """Where the impact point, and the point below the vehicle, may be.

    The corridor at time t is made of discs about the points where the plan has them between
    the times `behind * t` and `(1 + ahead) * t`. A disc's radius is the distance from its
    centre to the edge of the nearest protected place, less the distance to keep. A point must
    be as deep inside as it can travel before thrust has ended: the impact point with the
    plan's thrust turned in its worst direction.

    Attributes:
        widest: what is left on either side where nobody is near.
        narrowest: what a good flight needs on either side; a plan with less is refused.
        behind: share of the time since release. A slow vehicle, with an engine out, lags.
        ahead: share of the time since release.
        persistence: how long a point must be outside, against a single bad measurement.
    """

    widest: PositiveLength
    narrowest: PositiveLength
    behind: Fraction
    ahead: Fraction
    persistence: Duration


class AttitudeSpec(Spec):
    """How far and how long the nose may point away from the plan.

    It may for as long as thrust so directed needs to move the impact point by `drift` times
    the corridor's half-width; the time follows from the plan's thrust and time of fall.

    Attributes:
        limit: angle between the nose and its planned direction.
        drift: share of the half-width.
        shortest: lower bound of the time, against a single bad measurement.
        longest: upper bound of the time, early in flight, where thrust moves little.
    """

    limit: PositiveAngle
    drift: Fraction
    shortest: PositiveDuration
    longest: PositiveDuration


class ArmingSpec(Spec):
    """When rules may fire: clear of the pad, so that the vehicle doesn't fall back on it.

    Attributes:
        distance: from the pad.
        latest: armed at this time after release even if tracking never answered.
    """

    distance: PositiveLength
    latest: PositiveDuration


class DataLossSpec(Spec):
    """How long the vehicle may fly on without tracking.

    That is the time in which thrust in the worst direction could carry the impact point to
    the edge of what is kept, from where it was planned to be (14 CFR 417, A417.19).

    Attributes:
        longest: upper bound of that time.
    """

    longest: PositiveDuration


class BlastSpec(Spec):
    """What the propellant left does where the vehicle hits.

    Attributes:
        tnt_equivalence: mass of TNT over mass of propellant.
    """

    tnt_equivalence: Fraction


class SafetySpec(Spec):
    """The flight safety system of a mission.

    Its authority ends at the gate: where the planned impact point would move further than half
    of `corridor.widest` between a limit's crossing and the end of thrust. Beyond, no command
    chooses where things come down. Of a flight to orbit that is a minute or two before the
    insertion; a plan that stays slower is watched by `corridor.ahead` longer than it is.

    Attributes:
        keep_out: distance kept between any impact point and the edge of a protected place:
            covers what the vacuum impact point leaves out (wind, drag, lift, debris thrown
            sideways), tracking and maps.
        period: time between evaluations.
        latency: from the decision to the end of thrust.
        corridor: where the impact point and the vehicle may be.
        attitude: how far and how long the nose may point away from the plan.
        arming: when rules may fire.
        data_loss: how long the vehicle may fly on without tracking.
        blast: what the propellant left does on impact.
    """

    keep_out: NonNegativeLength
    period: PositiveDuration
    latency: Duration
    corridor: CorridorSpec
    attitude: AttitudeSpec
    arming: ArmingSpec
    data_loss: DataLossSpec
    blast: BlastSpec
