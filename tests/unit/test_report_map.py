from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import PAD, healthy_flight, lost_flight

from downrange.report.map import View, coast_in, draw_map, paint_map, view_of
from downrange.report.profile import draw_profile
from downrange.report.style import PICTURE, drawing, new_axes, new_figure
from downrange.telemetry import Body, Recording, Telemetry


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great circle on a sphere of 6,371 km between (latitude, longitude), by vectors."""
    units = []
    for latitude, longitude in (a, b):
        f, g = math.radians(latitude), math.radians(longitude)
        units.append((math.cos(f) * math.cos(g), math.cos(f) * math.sin(g), math.sin(f)))
    return 6371.0 * math.acos(min(1.0, sum(p * q for p, q in zip(*units, strict=True))))


@given(
    st.floats(-75.0, 75.0),
    st.floats(-170.0, 170.0),
    st.floats(0.0, 1.5),
    st.floats(0.0, 1.5),
    st.floats(0.5, 2.0),
)
def test_a_view_holds_its_points_in_its_shape(
    latitude: float, longitude: float, north: float, east: float, aspect: float
) -> None:
    lat, lon = np.array([latitude, latitude + north]), np.array([longitude, longitude + east])
    view = view_of(lat, lon, aspect)
    assert view.holds(lat[0], lon[0])
    assert view.holds(lat[1], lon[1])
    middle = 0.5 * (view.south + view.north)
    tall = distance_km((view.south, longitude), (view.north, longitude))
    wide = distance_km((middle, 0.0), (middle, 0.01)) * (view.east - view.west) / 0.01
    assert wide / tall == pytest.approx(aspect, rel=1e-3)
    assert tall >= 3.99


def painted(recording: Recording, view: View):
    with drawing():
        axes = new_axes(new_figure(460.0, 330.0), (52.0, 24.0, 400.0, 298.0), PICTURE)
        paint_map(axes, recording, {}, view, PICTURE)
    return axes


VIEW = view_of(np.array([69.09, 69.13]), np.array([15.5, 15.7]), 400.0 / 298.0)


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    axes = painted(lost_flight(), VIEW)
    bar = next(line for line in axes.lines if line.get_transform() == axes.transAxes)
    share = float(np.ptp(bar.get_xdata()))
    middle = 0.5 * (VIEW.south + VIEW.north)
    length = distance_km((middle, VIEW.west), (middle, VIEW.east)) * share
    (label,) = [t.get_text() for t in axes.texts if t.get_text().endswith(" km")]
    assert length == pytest.approx(float(label.removesuffix(" km")), rel=2e-3)


def test_protected_places_are_circles_of_their_radius() -> None:
    axes = painted(lost_flight(), VIEW)
    ring = next(p for p in axes.patches if len(p.get_xy()) > 70).get_xy()
    far = [distance_km((69.095, 15.64), (lat, lon)) for lon, lat in ring]
    # Stretched for the middle of the map, not for the place itself: within 0.2 %.
    assert far == pytest.approx([0.6] * len(far), rel=2e-3)


def test_pad_impact_and_places_are_named() -> None:
    words = {text.get_text() for text in painted(lost_flight(), VIEW).texts}
    assert {"Pad", "Town", "impact T+58 s"} <= words


def test_names_do_not_lie_on_each_other() -> None:
    far_away = view_of(np.array([68.0, 71.0]), np.array([10.0, 20.0]), 400.0 / 298.0)
    words = {text.get_text() for text in painted(lost_flight(), far_away).texts}
    assert "Pad" in words
    assert "Town" not in words


def test_what_lies_outside_is_not_named() -> None:
    far = view_of(np.array([40.0, 40.1]), np.array([15.5, 15.7]), 1.3)
    words = {text.get_text() for text in painted(lost_flight(), far).texts}
    assert not {"Pad", "Town"} & words


def test_the_sites_own_shore_holds_inside_its_box() -> None:
    drawn = {(15.575, 69.105), (15.59, 69.112), (15.63, 69.115)}  # vertices of the site's shore
    wide = View(60.0, 75.0, 0.0, 40.0)
    for view in (VIEW, wide):
        rings = coast_in(lost_flight(), view)
        assert drawn <= {point for ring in rings for point in zip(*ring, strict=True)}
        bare = coast_in(Recording({}), view)
        assert not drawn & {point for ring in bare for point in zip(*ring, strict=True)}
    assert len(coast_in(lost_flight(), wide)) > 1


def test_the_coast_ends_at_the_antimeridian() -> None:
    assert coast_in(Recording({}), View(-10.0, 10.0, 170.0, 190.0)) is not None
    assert coast_in(Recording({}), View(-10.0, 10.0, 190.0, 200.0)) == []


def test_maps_have_legends_and_texts() -> None:
    planned = {"stage1": healthy_flight().bodies["stage1"].telemetry}
    with drawing():
        near = draw_map(lost_flight(), planned, whole=False)
        side = draw_profile(lost_flight(), planned)
    assert near is not None
    assert side is not None
    assert [label for label, _ in near.legend] == [
        "flown",
        "planned",
        "impact point, vacuum",
        "limit",
    ]
    assert "dots every 10 s" in near.caption
    assert near.svg.startswith('<svg role="img" aria-label="Map')
    assert (side.unit, side.title) == ("km", "Side view")


def test_without_positions_there_is_no_map() -> None:
    bare = Recording({"a": Body("a", Telemetry.from_columns({"time_s": [0.0, 1.0]}))})
    with drawing():
        assert draw_map(bare, {}, whole=False) is None
        assert draw_profile(bare, {}) is None


def test_a_flight_without_a_plan_is_mapped_around_its_track() -> None:
    flight = dataclasses.replace(lost_flight(), plan={})
    with drawing():
        drawn = draw_map(flight, {}, whole=False)
    assert drawn is not None
    assert f"{PAD[0]:.0f}" in drawn.svg
