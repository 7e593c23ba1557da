"""Maps: ground track, impact points, what is protected and the limits, on the coast.

Plate carree, stretched so that a kilometre is as long east as north at the map's middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downrange.report.figures import Drawing
from downrange.report.spans import goes_far, until_first_cutoff
from downrange.report.style import FONT_PT, PAGE, Palette, new_axes, new_figure, to_svg
from downrange.review.summary import degrees
from downrange.review.words import body_title, event_words, mission_time, spoken
from downrange.telemetry import Event, Recording, Telemetry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

WIDTH_PT, HEIGHT_PT = 460.0, 330.0
BOX_PT = (52.0, 24.0, 400.0, 298.0)
WORLD_PT = (52.0, 24.0, 400.0, 200.0)  # of a map of the whole Earth
SHORE_PT, WORLD_SHORE_PT = 0.5, 1.0  # the detail that a shore is drawn with
TOGETHER = 0.04  # impacts nearer than this, in shares of a map, share a name
LEAST_KM = 2.0  # half the height of the smallest map
KM_PER_DEGREE = 111.2  # of latitude, on a sphere of 6,371 km
_MERIDIANS, _PARALLELS = (-120.0, -60.0, 0.0, 60.0, 120.0), (-60.0, -30.0, 0.0, 30.0, 60.0)
LEAST_CIRCLE = 0.01  # of a map's height: smaller protected places are not named
_ENDS_DOWN = {"impact", "splashdown", "touchdown", "catch"}
_PASSED = ("orbit_insertion", "seco", "separation", "fairing_jettison")  # most telling first


@dataclass(frozen=True)
class View:
    """The part of the Earth that a map shows, degrees."""

    south: float
    north: float
    west: float
    east: float

    @property
    def stretch(self) -> float:
        """Kilometres in a degree of latitude over those in a degree of longitude."""
        return 1.0 / math.cos(math.radians(0.5 * (self.south + self.north)))

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Whether a point is in view."""
        inside = self.south <= latitude_deg <= self.north
        return inside and self.west <= longitude_deg <= self.east


WORLD = View(-90.0, 90.0, -180.0, 180.0)


def view_of(latitude_deg: Floats, longitude_deg: Floats, aspect: float) -> View:
    """A view that holds all points with air around, in the shape (width over height) asked."""
    seen = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    lat, lon = latitude_deg[seen], longitude_deg[seen]
    middle_lat, middle_lon = 0.5 * (lat.min() + lat.max()), 0.5 * (lon.min() + lon.max())
    stretch = 1.0 / math.cos(math.radians(float(np.clip(middle_lat, -85.0, 85.0))))
    up = max(0.62 * float(np.ptp(lat)), LEAST_KM / KM_PER_DEGREE)
    up = max(up, 0.62 * float(np.ptp(lon)) / stretch / aspect)
    across = up * aspect * stretch
    return View(middle_lat - up, middle_lat + up, middle_lon - across, middle_lon + across)


def draw_map(
    recording: Recording, planned: dict[str, Telemetry], *, whole: bool, palette: Palette = PAGE
) -> Drawing | None:
    """The map around the launch; of all that was flown and planned if `whole`.

    What goes to orbit is left out of the first unless nothing else flew; then its ascent counts.
    None without positions.
    """
    tracks = {n: t for n, t in _tracks(recording).items() if "latitude_deg" in t}
    planned = {n: t for n, t in planned.items() if "latitude_deg" in t}
    if not tracks:
        return None
    far = any(goes_far(t) for t in tracks.values())
    if whole:
        shown = [*tracks.values(), *planned.values()]
    else:
        stayed = [t for t in tracks.values() if not goes_far(t)]
        shown = stayed or [until_first_cutoff(t) for t in tracks.values()]
    world = whole and any(goes_far(t) for t in shown)
    box = WORLD_PT if world else BOX_PT
    view = WORLD if world else fit_view(recording, shown, BOX_PT[2] / BOX_PT[3])
    figure = new_figure(WIDTH_PT, HEIGHT_PT + box[3] - BOX_PT[3])
    axes = new_axes(figure, box, palette)
    every_s = interval(shown if far or not whole else tracks.values())
    paint_map(axes, recording, planned, view, palette, every_s)
    titles = {
        (False, False): "Ground track",
        (False, True): "The whole planned track",
        (True, False): "Around the launch",
        (True, True): "Ground track over the Earth",
    }
    title = titles[far, whole]
    end_s = max(float(t["time_s"][-1]) for t in shown)
    planned_only = whole and not far
    caption = f"to {_clock_time(end_s)}" if planned_only else f"dots every {every_s:g} s"
    alt = f"Map: {title.lower()}, {caption}, from {_corner(view.south, view.west)} to "
    alt += _corner(view.north, view.east)
    return Drawing(title, "", caption, to_svg(figure, alt), tuple(legend(recording, planned)))


def fit_view(recording: Recording, tracks: Iterable[Telemetry], aspect: float) -> View:
    """A view that holds the pad and these tracks."""
    pad = _map(recording).get("pad")
    points = [(t["latitude_deg"], t["longitude_deg"]) for t in tracks if "latitude_deg" in t]
    if pad:
        points.append((np.array([pad["latitude_deg"]]), np.array([pad["longitude_deg"]])))
    latitude, longitude = (np.concatenate(parts) for parts in zip(*points, strict=True))
    return view_of(latitude, longitude, aspect)


def _tracks(recording: Recording) -> dict[str, Telemetry]:
    return {name: body.telemetry for name, body in recording.bodies.items()}


def _map(recording: Recording) -> dict[str, Any]:
    return recording.plan.get("map") or {}


def _corner(latitude: float, longitude: float) -> str:
    return f"{degrees(latitude, 'NS', 2)} {degrees(longitude, 'EW', 2)}"


def legend(recording: Recording, planned: dict[str, Telemetry]) -> Iterator[tuple[str, str]]:
    """What the lines on a map are, as (label, kind)."""
    if len(recording.bodies) > 1:
        for i, name in enumerate(recording.bodies):
            yield body_title(name), str(i % len(PAGE.series) + 1)
    else:
        yield "flown", "1"
    if planned:
        yield "planned", "planned"
    if any("impact_latitude_deg" in body.telemetry for body in recording.bodies.values()):
        yield "impact point, vacuum", "dotted"
    if _map(recording).get("polygons") or _map(recording).get("lines"):
        yield "limit", "limit"


def paint_map(
    axes: Axes,
    recording: Recording,
    planned: dict[str, Telemetry],
    view: View,
    palette: Palette,
    every_s: float = math.inf,
) -> None:
    """Everything on the map, from the water up; dots on the tracks every so many seconds."""
    _frame(axes, view, palette)
    _land(axes, recording, view, palette)
    _limits(axes, recording, palette)
    for telemetry in planned.values():
        if "latitude_deg" in telemetry:
            _track(axes, telemetry, "", color=palette.planned, lw=3.0)
    for i, body in enumerate(recording.bodies.values()):
        colour = palette.series[i % len(palette.series)]
        if "impact_latitude_deg" in body.telemetry:
            _track(axes, body.telemetry, "impact_", color=colour, lw=0.9, ls=(0, (1, 2)))
        if "latitude_deg" in body.telemetry:
            _track(axes, body.telemetry, "", color=colour, lw=1.4)
            _clock(axes, body.telemetry, view, colour, every_s)
    names = _Names(axes, view)
    _points(axes, recording, view, palette, names)
    _protected(axes, recording, view, palette, names)
    if view is not WORLD:
        _scale_bar(axes, view, palette)


def _frame(axes: Axes, view: View, palette: Palette) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    axes.set_facecolor(palette.water)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="both", length=0)
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    for axis, signs in ((axes.xaxis, "EW"), (axes.yaxis, "NS")):
        if view is WORLD:
            axis.set_major_locator(FixedLocator(_MERIDIANS if signs == "EW" else _PARALLELS))
            axis.set_major_formatter(FuncFormatter(lambda v, _, s=signs: degrees(v, s, 0)))
            continue
        # Steps of so many units at one place: a tick's words are its very value.
        locator = MaxNLocator(4, steps=[1, 2, 5, 10])
        ticks = locator.tick_values(*axis.get_view_interval())
        places = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
        axis.set_major_locator(locator)
        axis.set_major_formatter(FuncFormatter(lambda v, _, s=signs, p=places: degrees(v, s, p)))


def _land(axes: Axes, recording: Recording, view: View, palette: Palette) -> None:
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    height_pt = float(axes.bbox.height) / axes.figure.dpi * 72.0
    detail_pt = WORLD_SHORE_PT if view is WORLD else SHORE_PT
    grid_deg = detail_pt / height_pt * (view.north - view.south)
    shores = [_coarse(*ring, view, grid_deg) for ring in coast_in(recording, view)]
    paths = [Path(shore, closed=True) for shore in shores if len(shore) > 3]
    if paths:
        land = Path.make_compound_path(*paths)
        axes.add_collection(PathCollection([land], facecolor=palette.land, lw=0, zorder=1))


def _coarse(longitude: Floats, latitude: Floats, view: View, grid_deg: float) -> Floats:
    """A closed ring, shape (n, 2), without points that share a cell with the one before.

    All rings turn one way, so that one path can hold them and fill where they meet.
    """
    cells = np.floor(np.stack((longitude / view.stretch, latitude)) / grid_deg)
    keep = np.any(np.diff(cells, axis=1, prepend=np.inf) != 0.0, axis=0)
    x, y = longitude[keep], latitude[keep]
    area = np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    ring = np.column_stack((x, y))[:: 1 if area > 0.0 else -1]
    return np.concatenate((ring, ring[:1]))


def coast_in(recording: Recording, view: View) -> list[tuple[Floats, Floats]]:
    """Rings of land as (longitude, latitude), deg: inside the site's box its own drawing."""
    from downrange.earth.coast import Chart, outline

    coast, near = _map(recording).get("coast"), None
    if coast:
        rings = [(ring["longitude_deg"], ring["latitude_deg"]) for ring in coast["rings"]]
        near = Chart.of(coast["box_deg"], [np.array(ring).T for ring in rings])
    air = 0.1 * (view.north - view.south)
    south, north = max(view.south - air, -90.0), min(view.north + air, 90.0)
    west, east = max(view.west - air, -180.0), min(view.east + air, 180.0)
    return outline(south, north, west, east, near) if west < east else []


def _limits(axes: Axes, recording: Recording, palette: Palette) -> None:
    style: dict[str, Any] = {"color": palette.danger, "lw": 1.0, "ls": (0, (5, 3)), "zorder": 3}
    for polygon in _map(recording).get("polygons") or ():
        ring = [
            np.append(polygon[key], polygon[key][0]) for key in ("longitude_deg", "latitude_deg")
        ]
        axes.plot(*ring, **style)
    for line in _map(recording).get("lines") or ():
        axes.plot(line["longitude_deg"], line["latitude_deg"], **style)


def _protected(
    axes: Axes, recording: Recording, view: View, palette: Palette, names: _Names
) -> None:
    turn = np.linspace(0.0, 2.0 * np.pi, 73)
    for place in _map(recording).get("protect") or ():
        radius = float(place.get("radius_m") or 0.0) / 1000.0 / KM_PER_DEGREE
        longitude = place["longitude_deg"] + radius * view.stretch * np.sin(turn)
        latitude = place["latitude_deg"] + radius * np.cos(turn)
        axes.fill(longitude, latitude, facecolor=palette.danger, alpha=0.13, lw=0, zorder=2)
        if radius > LEAST_CIRCLE * (view.north - view.south):
            names.write(place, spoken(str(place["name"])), palette.danger, (0.0, 0.0))


def _track(axes: Axes, telemetry: Telemetry, kind: str, **style: Any) -> None:
    longitude, latitude = telemetry[f"{kind}longitude_deg"], telemetry[f"{kind}latitude_deg"]
    step = max(1, len(telemetry) // 1000)
    longitude, latitude = longitude[::step], latitude[::step]
    # A line ends at the 180th meridian and begins anew on its other side.
    cuts = np.flatnonzero(np.abs(np.diff(longitude)) > 180.0) + 1
    longitude, latitude = (np.insert(each, cuts, np.nan) for each in (longitude, latitude))
    axes.plot(longitude, latitude, zorder=4, **style)


def _clock(axes: Axes, telemetry: Telemetry, view: View, colour: str, every_s: float) -> None:
    """Dots on the track at round times."""
    for time_s in round_times(telemetry, every_s):
        at = telemetry.at(time_s, "longitude_deg"), telemetry.at(time_s, "latitude_deg")
        if view.holds(at[1], at[0]):
            axes.plot(*at, "o", ms=3.0, color=colour, zorder=5)


def interval(tracks: Iterable[Telemetry]) -> float:
    """The time, s, between dots that can be told apart on the longest of the tracks."""
    end = max(float(t["time_s"][-1]) for t in tracks)
    return next((s for s in (5.0, 10.0, 20.0, 30.0, 60.0, 120.0) if end / s <= 8.0), 300.0)


def round_times(telemetry: Telemetry, every_s: float) -> Floats:
    """Multiples of an interval, s, within a recording."""
    end = float(telemetry["time_s"][-1])
    return np.arange(every_s, end, every_s) if every_s < end else np.empty(0)


def _points(axes: Axes, recording: Recording, view: View, palette: Palette, names: _Names) -> None:
    pad = _map(recording).get("pad")
    if pad:
        at = pad["longitude_deg"], pad["latitude_deg"]
        axes.plot(*at, "^", ms=6.0, color=palette.ink, zorder=6)
        names.write(pad, spoken(str(pad.get("name") or "pad")), palette.ink, (0.0, -12.0))
    middle = 0.7 * view.east + 0.3 * view.west
    for place, words in _impacts(recording, view):
        at = place["longitude_deg"], place["latitude_deg"]
        axes.plot(*at, "x", ms=6.5, mew=1.6, color=palette.danger, zorder=6)
        left = at[0] > 0.3 * view.west + 0.7 * view.east
        if view is not WORLD:
            names.write(place, words, palette.danger, (-9.0 if left else 9.0, 0.0))
    passed = _PASSED[:2] if view is WORLD else _PASSED
    for event in sorted(recording.events, key=lambda event: -event.time_s):
        if event.name in passed and view.holds(event.latitude_deg, event.longitude_deg):
            place = {"latitude_deg": event.latitude_deg, "longitude_deg": event.longitude_deg}
            at = event.longitude_deg, event.latitude_deg
            axes.plot(*at, "o", ms=5.0, mfc=palette.water, mec=palette.ink, mew=1.0, zorder=6)
            words = f"{event_words(event.name)}, {_clock_time(event.time_s)}"
            names.write(place, words, palette.ink, (-9.0 if at[0] > middle else 9.0, 0.0))


def _impacts(recording: Recording, view: View) -> Iterator[tuple[dict[str, Any], str]]:
    """Where something came down and its name; what lies close together shares one."""
    down = [e for e in recording.events if e.name in _ENDS_DOWN and math.isfinite(e.latitude_deg)]
    several = len(recording.bodies) > 1
    groups: list[list[Event]] = []
    for event in down:
        near = (group for group in groups if several and _together(group[0], event, view))
        group = next(near, None)
        groups += [[event]] if group is None else []
        if group is not None:
            group.append(event)
    for group in groups:
        first, *others = dict.fromkeys(body_title(event.body) for event in group)
        who = " and ".join((first, *(other.lower() for other in others)))
        when = _clock_time(group[-1].time_s)
        words = f"{who}, {when}" if several else f"{group[0].name} T+{group[0].time_s:.0f} s"
        for event in group:
            place = {"latitude_deg": event.latitude_deg, "longitude_deg": event.longitude_deg}
            yield place, words


def _together(a: Event, b: Event, view: View) -> bool:
    up = abs(a.latitude_deg - b.latitude_deg) / (view.north - view.south)
    across = abs(a.longitude_deg - b.longitude_deg) / (view.east - view.west)
    return max(up, across) < TOGETHER


def _clock_time(time_s: float) -> str:
    """Mission time to the second."""
    return mission_time(float(round(time_s))).rsplit(".", 1)[0]


class _Names:
    """Names on a map, each left out that would lie on one written before."""

    def __init__(self, axes: Axes, view: View) -> None:
        self.axes, self.view = axes, view
        self.boxes: list[tuple[float, float, float, float]] = []

    def write(
        self, place: dict[str, Any], words: str, colour: str, offset: tuple[float, float]
    ) -> None:
        """A name at a place in view, moved by an offset in points and growing away from it."""
        at = place["longitude_deg"], place["latitude_deg"]
        if not self.view.holds(at[1], at[0]):
            return
        align = "center" if offset[0] == 0.0 else "left" if offset[0] > 0.0 else "right"
        x, y = self.axes.transData.transform(at) / self.axes.figure.dpi * 72.0 + offset
        length = 0.58 * FONT_PT * len(words)
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * length
        box = (left, y - 0.6 * FONT_PT, left + length, y + 0.6 * FONT_PT)
        if any(_overlap(box, other) for other in self.boxes):
            return
        self.boxes.append(box)
        self.axes.annotate(
            words,
            at,
            xytext=offset,
            textcoords="offset points",
            ha=align,
            va="center",
            color=colour,
            fontsize=FONT_PT,
            zorder=7,
        )


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale_bar(axes: Axes, view: View, palette: Palette) -> None:
    wide_km = (view.east - view.west) / view.stretch * KM_PER_DEGREE
    size = 10.0 ** math.floor(math.log10(wide_km / 4.0))
    length_km = next(size * n for n in (5.0, 2.0, 1.0) if size * n <= wide_km / 4.0)
    share = length_km / wide_km
    axes.plot(
        [0.03, 0.03 + share], [0.04, 0.04], color=palette.ink, lw=2.0, transform=axes.transAxes,
        solid_capstyle="butt", zorder=7,
    )  # fmt: skip
    axes.annotate(
        f"{length_km:g} km", (0.03 + share / 2.0, 0.04), xycoords="axes fraction",
        xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
        color=palette.ink, fontsize=FONT_PT, zorder=7,
    )  # fmt: skip
