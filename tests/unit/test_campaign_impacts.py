"""Where bodies came down: lost flights apart, and the maps of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign_case import PAD, Columns, flown_rows, plan, planned_rows, write_campaign

from downrange.campaign.impacts import footprint_of
from downrange.campaign.report.ground_map import maps
from downrange.campaign.report.page import nominal_of
from downrange.campaign.results import Campaign, open_campaign
from downrange.report.style import drawing

N = 600


def opened(folder: Path, rows: Columns, **more: Any) -> Campaign:
    return open_campaign(write_campaign(folder, rows, **more))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Lost flights by the pad, and as many whose stage fell far away."""
    rows = flown_rows(N, spared=0.5)
    spared = rows["outcome"] == "success"
    rng = np.random.default_rng(4)
    for axis, middle in (("latitude", 75.4), ("longitude", 8.4)):
        column = rows[f"body.stage1.end_{axis}_deg"]
        column[spared] = middle + 0.1 * rng.normal(size=spared.sum())
    rows["body.stage1.end_surface"][spared] = "sea"
    rows["body.stage1.end_surface"][~spared] = np.where(rng.random((~spared).sum()) < 0.3,
                                                        "land", "sea")  # fmt: skip
    return opened(tmp_path_factory.mktemp("mixed") / "c", rows, planned=False)


def drawn(campaign: Campaign) -> list[Any]:
    with drawing():
        return list(maps(campaign, nominal_of(campaign)))


def test_lost_flights_have_a_place_of_their_own(mixed: Campaign) -> None:
    assert list(mixed.impacts) == ["stage1", "stage1, lost"]
    lost = mixed.impacts["stage1, lost"]
    assert mixed.lost[lost.rows].all()
    assert not mixed.lost[mixed.impacts["stage1"].rows].any()
    assert len(lost.rows) + len(mixed.impacts["stage1"].rows) == N
    assert abs(mixed.footprints["stage1, lost"].latitude_deg - PAD[0]) < 0.1
    assert mixed.footprints["stage1"].latitude_deg == pytest.approx(75.4, abs=0.05)


def test_surfaces_are_counted_for_each_place(mixed: Campaign) -> None:
    frame = mixed.flights.to_pandas(["outcome", "body.stage1.end_surface"])
    lost = frame[frame.outcome == "terminated"]["body.stage1.end_surface"].value_counts()
    assert mixed.impacts["stage1, lost"].surfaces == lost.to_dict()
    assert set(mixed.impacts["stage1"].surfaces) == {"sea"}


def test_an_ellipse_is_that_of_the_points(mixed: Campaign) -> None:
    """Half axes by hand: the variance along the long axis times the radius of 99 %."""
    points, found = mixed.impacts["stage1"], mixed.footprints["stage1"]
    plane = points.metres()
    variance = np.linalg.eigvalsh(np.cov(plane.T))
    last = found.ellipses[-1]
    radius = np.sqrt(-2.0 * np.log(0.01))
    assert last.semi_major_m == pytest.approx(radius * np.sqrt(variance[1]), rel=0.01)
    assert last.area_km2 == pytest.approx(
        np.pi * radius**2 * np.sqrt(variance.prod()) / 1e6, rel=0.01
    )


def test_of_very_many_impacts_some_are_taken(
    mixed: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = mixed.impacts["stage1"]
    monkeypatch.setattr("downrange.campaign.impacts.MOST_PLACED", 120)
    found = footprint_of(points)
    step = -(-len(points.rows) // 120)
    assert found.count == len(points.rows[::step]) <= 120
    assert f"Of the impacts, one in {step} was taken." in found.notes


def test_places_far_apart_have_a_map_of_all_and_one_each(mixed: Campaign) -> None:
    found = drawn(mixed)
    assert [each.title for each in found] == [
        "Where everything came down", "Stage\u00a01", "Stage\u00a01 of lost flights",
    ]  # fmt: skip
    whole, far, near = found
    assert "Andoya" in whole.svg
    assert "Andoya" in near.svg
    assert "Andoya" not in far.svg
    assert "Base" in near.svg
    assert ("nominal ground track", "planned") in near.legend
    assert ("nominal ground track", "planned") not in far.legend


def test_fairing_halves_share_a_map(tmp_path: Path) -> None:
    found = drawn(opened(tmp_path / "c", planned_rows(N)))
    titles = [each.title for each in found]
    assert "Fairing left and fairing right" in titles
    assert titles.count("Stage\u00a01") == 1


def test_lost_flights_alone_have_one_map(tmp_path: Path) -> None:
    (found,) = drawn(opened(tmp_path / "c", flown_rows(N, spared=0.0), planned=False))
    assert found.title == "Stage\u00a01 of lost flights"
    for share in ("50 %", "90 %", "99 %"):
        assert share in found.svg
    assert found.caption.startswith("600 impacts around 69.12")


def test_few_impacts_are_crosses_without_ellipses(tmp_path: Path) -> None:
    found = drawn(opened(tmp_path / "c", planned_rows(5, failing=0.0)))
    assert [each.title for each in found] == ["Where everything came down"]
    assert not any(kind in ("ring", "band") for _, kind in found[0].legend)


def test_a_plan_without_a_map_still_has_one_of_the_impacts(tmp_path: Path) -> None:
    bare = {key: value for key, value in plan().items() if key != "map"}
    found = drawn(opened(tmp_path / "c", flown_rows(60, spared=0.0), chosen_plan=bare))
    assert len(found) == 1
    assert "Andoya" not in found[0].svg


def test_impacts_around_the_antimeridian_are_one_cloud(tmp_path: Path) -> None:
    rows = planned_rows(N, failing=0.0)
    rng = np.random.default_rng(8)
    longitude = 180.0 + 0.2 * rng.normal(size=N)
    rows["body.stage1.end_longitude_deg"] = (longitude + 180.0) % 360.0 - 180.0
    campaign = opened(tmp_path / "c", rows)
    assert campaign.footprints["stage1"].ellipses[-1].semi_major_m < 200e3
    assert "Stage\u00a01" in [each.title for each in drawn(campaign)]
