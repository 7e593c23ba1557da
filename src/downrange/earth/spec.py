"""What a person writes about the Earth, its air, its wind and a launch site."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from downrange._spec import Spec
from downrange.units import (
    Angle,
    Length,
    NonNegativeSpeed,
    PositiveLength,
    PositiveRatio,
    Speed,
    SpeedGradient,
    Value,
    quantity,
)

Bearing = Annotated[Value, quantity("1", minimum=0.0, maximum=360.0)]  # degrees from north
Latitude = Annotated[
    Value, quantity("rad", minimum=-1.5707963267948966, maximum=1.5707963267948966)
]


class EarthSpec(Spec):
    """Figure, turning and gravity. The default is the Earth; the rest is for check cases.

    Attributes:
        shape: wgs84, or a sphere of `radius`; altitude counts from that shape.
        radius: of the sphere.
        rotating: False holds it still among the stars.
        gravity: j2, or inverse_square.
    """

    shape: Literal["wgs84", "sphere"] = "wgs84"
    radius: PositiveLength | None = None
    rotating: StrictBool = True
    gravity: Literal["j2", "inverse_square"] = "j2"

    @model_validator(mode="after")
    def _radius_goes_with_sphere(self) -> Self:
        if (self.shape == "sphere") != (self.radius is not None):
            raise ValueError('`radius` is given with shape = "sphere" and only then')
        return self


class AirSpec(Spec):
    """The atmosphere.

    Attributes:
        model: us76, the US Standard Atmosphere 1976; or none.
        zero_above: no air above this altitude.
    """

    model: Literal["us76", "none"] = "us76"
    zero_above: Length | None = None


class WindLevelSpec(Spec):
    """One level of a wind profile.

    Attributes:
        altitude: above the ellipsoid.
        from_deg: where it blows from, in degrees from north: 270 is a west wind.
        speed: of the wind there.
    """

    altitude: Length
    from_deg: Bearing
    speed: NonNegativeSpeed


class GustSpec(Spec):
    """A discrete gust, 1 - cosine in altitude (MIL-F-8785C 3.7.1.3, rising and falling).

    Attributes:
        altitude: of its peak.
        thickness: from still air below to still air above.
        from_deg: where it blows from.
        speed: at the peak, on top of the wind.
    """

    altitude: Length
    thickness: PositiveLength
    from_deg: Bearing
    speed: NonNegativeSpeed


class TurbulenceSpec(Spec):
    """Dryden turbulence of MIL-F-8785C.

    Attributes:
        intensity: light, moderate or severe: in free air the rms that is exceeded with the
            probability 1e-2, 1e-3 or 1e-5.
        surface_wind: wind at 20 ft, which sets the turbulence below 1,000 ft; if not given
            15, 30 or 45 kt by the intensity, as in the standard.
    """

    intensity: Literal["light", "moderate", "severe"]
    surface_wind: NonNegativeSpeed | None = None


class DeviationLevelSpec(Spec):
    """How far the wind of a flight is off at one level.

    Attributes:
        altitude: above the ellipsoid.
        north_sigma: standard deviation of the component to the north.
        east_sigma: of the component to the east.
        north: what is added on this flight to the wind that blows to the north; drawn with the
            wind, 0 if not given.
        east: the same to the east.
    """

    altitude: Length
    north_sigma: NonNegativeSpeed
    east_sigma: NonNegativeSpeed
    north: Speed | None = None
    east: Speed | None = None


class DeviationSpec(Spec):
    """How the wind of a flight is off the wind of the file: normal, level with level correlated.

    Between levels it is linear, beyond them it is held. Two levels correlate with exp(-d / L), d
    apart in altitude; the components are independent of each other.

    Attributes:
        correlation_length: L, of the law above.
        level: levels from the ground up.
    """

    correlation_length: PositiveLength
    level: tuple[DeviationLevelSpec, ...]

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        if not self.level:
            raise ValueError("a deviation needs a level")
        _check_rising(self.level)
        return self


_WIND_KEYS = {
    "still": (),
    "steady": ("from_deg", "speed"),
    "linear": ("from_deg", "speed", "gradient"),
    "profile": ("level",),
    "sounding": ("file",),
    "soundings": ("folder",),
}


class WindSpec(Spec):
    """The wind, with gusts and turbulence on top of it. Above its last level the wind is held.

    Attributes:
        name: of the file in the catalogue.
        description: one line.
        model: still, steady, linear, profile, sounding or soundings.
        from_deg: steady and linear: where it blows from.
        speed: steady and linear: at altitude 0; negative blows the other way.
        gradient: linear: growth of the speed with altitude.
        level: profile: levels from the ground up, straight lines between them.
        file: sounding: a CSV file, beside the file that names it; see `earth.sounding`.
        folder: soundings: a folder of CSV files, beside the file that names it. A flight that
            draws the wind takes one of them, any other their mean.
        sounding: soundings: the one that is taken, by its number in the order of the names.
        speed_factor: on the speeds of profile and soundings.
        turn: added to the directions of profile and soundings, clockwise.
        deviation: how a flight's wind is off this wind; what a campaign draws.
        gust: discrete gusts.
        turbulence: absent for none.
    """

    name: str = ""
    description: str = ""
    model: Literal["still", "steady", "linear", "profile", "sounding", "soundings"] = "still"
    from_deg: Bearing | None = None
    speed: Speed | None = None
    gradient: SpeedGradient | None = None
    level: tuple[WindLevelSpec, ...] = ()
    file: str | None = None
    folder: str | None = None
    sounding: int | None = Field(default=None, ge=1)
    speed_factor: PositiveRatio | None = None
    turn: Angle | None = None
    deviation: DeviationSpec | None = None
    gust: tuple[GustSpec, ...] = ()
    turbulence: TurbulenceSpec | None = None

    @model_validator(mode="after")
    def _keys_go_with_model(self) -> Self:
        wrong = []
        every = {key for keys in _WIND_KEYS.values() for key in keys}
        for key in sorted(every):
            given = getattr(self, key) not in (None, ())
            if given != (key in _WIND_KEYS[self.model]):
                wrong.append(f"`{key}` {'does not go with it' if given else 'is missing'}")
        if self.sounding is not None and self.model != "soundings":
            wrong.append("`sounding` does not go with it")
        if self.deviation is not None and self.model == "linear":
            wrong.append("`deviation` does not go with it")
        if wrong:
            raise ValueError(f'model = "{self.model}": {"; ".join(wrong)}')
        return self

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        if len(self.level) == 1:
            raise ValueError("a profile needs two levels at least")
        _check_rising(self.level)
        return self


def _check_rising(levels: Sequence[WindLevelSpec | DeviationLevelSpec]) -> None:
    """Refuse levels that do not rise, all at once."""
    wrong = [
        f"level {row + 2} ({above.altitude.text}) is not above the one before it"
        f" ({below.altitude.text})"
        for row, (below, above) in enumerate(pairwise(levels))
        if above.altitude.si <= below.altitude.si
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


class PadSpec(Spec):
    """Where the vehicle stands.

    Attributes:
        latitude: geodetic.
        longitude: east of Greenwich.
        altitude: of the vehicle's base, above the ellipsoid.
    """

    latitude: Latitude
    longitude: Angle
    altitude: Length


class PlaceSpec(Spec):
    """A place with people or property to protect: a disc about a point.

    Attributes:
        name: as the report calls it.
        latitude: geodetic, of the centre.
        longitude: east of Greenwich, of the centre.
        radius: of the disc.
    """

    name: str
    latitude: Latitude
    longitude: Angle
    radius: PositiveLength


class CoastSpec(Spec):
    """The shore near a pad, typed by hand, in place of the world's coastline inside a box.

    Attributes:
        south_deg, north_deg, west_deg, east_deg: the box.
        land: closed polygons of [latitude, longitude] in degrees; the rest of the box is sea.
        accuracy: of the shore line.
        status: of the whole drawing: published, derived, estimated or assumed.
        source: key into the bibliography.
        note: how it was drawn.
    """

    south_deg: float = Field(ge=-90.0, le=90.0)
    north_deg: float = Field(ge=-90.0, le=90.0)
    west_deg: float = Field(ge=-180.0, le=180.0)
    east_deg: float = Field(ge=-180.0, le=180.0)
    land: tuple[tuple[tuple[float, float], ...], ...]
    accuracy: PositiveLength
    status: Literal["published", "derived", "estimated", "assumed"]
    source: str
    note: str = ""

    @model_validator(mode="after")
    def _has_an_inside(self) -> Self:
        if self.south_deg >= self.north_deg or self.west_deg >= self.east_deg:
            raise ValueError("the box is empty: south must lie below north, west below east")
        if any(len(polygon) < 3 for polygon in self.land):
            raise ValueError("a polygon of land needs three points at least")
        return self


class SiteSpec(Spec):
    """A launch site: the pad, what must not be hit, the shore around it.

    Attributes:
        name: as missions name it.
        description: one line.
        pad: where the vehicle stands.
        protect: places to protect; safety rules keep their distance to each.
        coast: the shore near the pad; absent, the world's coastline serves.
    """

    name: str
    description: str = ""
    pad: PadSpec
    protect: tuple[PlaceSpec, ...] = ()
    coast: CoastSpec | None = None
