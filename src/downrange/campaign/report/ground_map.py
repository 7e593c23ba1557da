"""Maps of a campaign: where each body came down, with ellipses and density, on the coast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downrange.campaign.footprint import Footprint
from downrange.campaign.report.figures import thinned
from downrange.campaign.words import count, place_title
from downrange.report.figures import Drawing
from downrange.report.map import (
    BOX_PT,
    HEIGHT_PT,
    KM_PER_DEGREE,
    WIDTH_PT,
    View,
    paint_map,
    view_of,
)
from downrange.report.style import FONT_PT, PAGE, new_axes, new_figure, to_svg
from downrange.review.summary import degrees
from downrange.telemetry import Recording, Telemetry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from downrange.campaign.results import Campaign

Floats = NDArray[np.float64]

NEAR_PAD = 3.0  # sizes of a footprint: a pad nearer than this is on its map
TOGETHER = 1.0  # sizes of the smaller: footprints nearer than this share a map
MOST_DOTS = 900
EDGE = 0.05  # of a map's width: a tick nearer to its edge has no room for its words
LEAST_KM = 1.0  # size of the smallest footprint


def maps(campaign: Campaign, nominal: dict[str, Telemetry]) -> Iterator[Drawing]:
    """A map of all that came down, where it lies far apart, and one of each place."""
    found = {body: each for body, each in campaign.footprints.items() if each.count}
    groups = list(_groups(found))
    if len(groups) > 1:  # crosses without an ellipse are on the map of all
        groups = [group for group in groups if any(found[body].ellipses for body in group)]
    pad = (campaign.plan.get("map") or {}).get("pad")
    near = [pad is not None and _near(pad, [found[body] for body in group]) for group in groups]
    shown = {body for group in groups for body in group}
    if len(groups) > 1 or len(shown) < len(found) or (pad and not all(near)):
        yield _map(campaign, list(found), nominal, with_pad=True, whole=True)
    for group, close in zip(groups, near, strict=True):
        yield _map(campaign, group, nominal, with_pad=close, whole=False)


def _groups(found: dict[str, Footprint]) -> Iterator[list[str]]:
    """Places that are hardly apart, as those of fairing halves."""
    left = list(found)
    while left:
        first = left.pop(0)
        mates = [other for other in left if _together(found[first], found[other])]
        left = [other for other in left if other not in mates]
        yield [first, *mates]


def _together(one: Footprint, other: Footprint) -> bool:
    place = {"latitude_deg": other.latitude_deg, "longitude_deg": other.longitude_deg}
    return _gap_km(one, place) < TOGETHER * min(_size_km(one), _size_km(other))


def _size_km(found: Footprint) -> float:
    """Half of the long axis of the largest ellipse, or of a cloud that has none."""
    if found.ellipses:
        return max(LEAST_KM, found.ellipses[-1].semi_major_m / 1e3)
    if found.count > 1:
        return max(LEAST_KM, 3.0 * float(np.sqrt(np.trace(found.covariance_m2))) / 1e3)
    return LEAST_KM


def _near(pad: dict[str, float], places: Sequence[Footprint]) -> bool:
    """Whether the pad is so near that it belongs on the map of some footprints."""
    return _gap_km(places[0], pad) < NEAR_PAD * max(_size_km(each) for each in places)


def _gap_km(found: Footprint, place: dict[str, float]) -> float:
    up = found.latitude_deg - place["latitude_deg"]
    turn = (found.longitude_deg - place["longitude_deg"] + 180.0) % 360.0 - 180.0
    return KM_PER_DEGREE * float(np.hypot(up, turn * np.cos(np.radians(found.latitude_deg))))


def _map(
    campaign: Campaign, bodies: Sequence[str], nominal: dict[str, Telemetry], *, with_pad: bool,
    whole: bool,
) -> Drawing:  # fmt: skip
    plan = campaign.plan
    pad = (plan.get("map") or {}).get("pad") if with_pad else None
    view = _view(campaign, bodies, pad)
    figure = new_figure(WIDTH_PT, HEIGHT_PT)
    axes = new_axes(figure, BOX_PT, PAGE)
    backdrop = Recording(bodies={}, plan=plan)
    tracks = {k: t for k, t in nominal.items() if "latitude_deg" in t}
    paint_map(axes, backdrop, tracks, view, PAGE)
    for number, body in enumerate(bodies):
        colour = PAGE.series[number % len(PAGE.series)]
        _footprint(axes, campaign, body, colour, whole=whole, named=number == 0)
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    edge = EDGE * (view.east - view.west)
    axes.set_xticks([x for x in axes.get_xticks() if view.west + edge < x < view.east - edge])
    if whole:
        _names(axes, campaign, bodies, view)
    title, caption = _told(campaign, bodies, whole)
    legend = [(place_title(body), str(k % len(PAGE.series) + 1)) for k, body in enumerate(bodies)]
    legend = legend if len(bodies) > 1 else []
    drawn = [campaign.footprints[body] for body in bodies if not whole]
    legend += [("ellipses of 50, 90 and 99 %", "ring")] if any(x.ellipses for x in drawn) else []
    legend += [("density", "band")] if any(x.density for x in drawn) else []
    seen = any(_passes(track, view) for track in tracks.values())
    legend += [("nominal ground track", "planned")] if seen else []
    return Drawing(title, "", caption, to_svg(figure, f"Map: {title}, {caption}"), tuple(legend))


def _passes(track: Telemetry, view: View) -> bool:
    places = zip(track["latitude_deg"].tolist(), track["longitude_deg"].tolist(), strict=True)
    return any(view.holds(*place) for place in places)


def _view(campaign: Campaign, bodies: Sequence[str], pad: dict[str, Any] | None) -> View:
    latitude, longitude = [], []
    for body in bodies:
        points, found = campaign.impacts[body], campaign.footprints[body]
        if found.ellipses:
            ring = found.ellipses[-1].ring_deg
            latitude.append(ring[:, 0])
            longitude.append(ring[:, 1])
        else:
            latitude.append(points.latitude_deg)
            longitude.append(points.longitude_deg)
    if pad:
        latitude.append(np.array([pad["latitude_deg"]]))
        longitude.append(np.array([pad["longitude_deg"]]))
    everywhere = np.concatenate(longitude)
    middle = everywhere[0]
    turned = middle + (everywhere - middle + 180.0) % 360.0 - 180.0
    return view_of(np.concatenate(latitude), turned, BOX_PT[2] / BOX_PT[3])


def _footprint(
    axes: Axes, campaign: Campaign, body: str, colour: str, *, whole: bool, named: bool
) -> None:
    points, found = campaign.impacts[body], campaign.footprints[body]
    rows = thinned(np.arange(len(points.rows)), MOST_DOTS)
    if not whole:
        if found.density is not None:
            _density(axes, found, colour)
        axes.plot(points.longitude_deg[rows], points.latitude_deg[rows], "o", ms=1.8, mew=0,
                  color=colour, alpha=0.55, zorder=5)  # fmt: skip
    for each in found.ellipses[-1:] if whole else found.ellipses:
        ring = each.ring_deg
        axes.plot(ring[:, 1], ring[:, 0], color=colour, lw=1.2, zorder=6)
        if not whole and named:
            top = int(np.argmax(ring[:, 0]))
            axes.annotate(f"{100.0 * each.share:g} %", (ring[top, 1], ring[top, 0]),
                          xytext=(0, 2), textcoords="offset points", ha="center", va="bottom",
                          color=colour, fontsize=FONT_PT - 1.0, zorder=8)  # fmt: skip
    if not found.ellipses:
        axes.plot(points.longitude_deg, points.latitude_deg, "x", ms=5.0, color=colour, zorder=6)


def _density(axes: Axes, found: Footprint, colour: str) -> None:
    """Regions of highest density that hold 99, 90 and 50 %, the inner the stronger."""
    field = found.density
    if field is None:
        return
    for edge in sorted(set(field.thresholds_per_km2.values())):
        if 0.0 < edge < float(field.per_km2.max()):
            axes.contourf(
                field.longitude_deg, field.latitude_deg, field.per_km2,
                levels=[edge, 1.01 * float(field.per_km2.max())], colors=[colour], alpha=0.13,
                zorder=4,
            )  # fmt: skip


def _names(axes: Axes, campaign: Campaign, bodies: Sequence[str], view: View) -> None:
    """Each place's name beside it, one for those that lie together."""
    found = {body: campaign.footprints[body] for body in bodies}
    for group in _groups(found):
        place = found[group[0]]
        ring = place.ellipses[-1].ring_deg[:, 1] if place.ellipses else [place.longitude_deg]
        left = place.longitude_deg > 0.5 * (view.west + view.east)
        at = float(min(ring) if left else max(ring)), place.latitude_deg
        axes.annotate(_listed(group), at, xytext=(-6 if left else 6, 0), va="center",
                      textcoords="offset points", ha="right" if left else "left", color=PAGE.ink,
                      fontsize=FONT_PT, zorder=8)  # fmt: skip


def _listed(places: Sequence[str]) -> str:
    """Places as words: "Fairing left and fairing right"."""
    first, *others = (place_title(place) for place in places)
    words = [first, *(other[:1].lower() + other[1:] for other in others)]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _told(campaign: Campaign, bodies: Sequence[str], whole: bool) -> tuple[str, str]:
    if whole:
        return "Where everything came down", "ellipses that hold 99 %; crosses where there are few"
    title = _listed(bodies)
    fewest = min(campaign.footprints[body].count for body in bodies)
    place = campaign.footprints[bodies[0]]
    where = f"{degrees(place.latitude_deg, 'NS', 2)} {degrees(place.longitude_deg, 'EW', 2)}"
    return title, f"{count(fewest)} impacts around {where}"
