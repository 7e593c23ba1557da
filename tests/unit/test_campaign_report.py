"""The report of a campaign: alone in its folder, with what it must say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign_case import Columns, flown_rows, planned_rows, write_campaign
from test_report_page import Page

from downrange.campaign.report import render
from downrange.campaign.results import Campaign, open_campaign
from downrange.campaign.statistics import share_of
from downrange.campaign.words import both, cause_words, count, headline, percent, quantity_title

N = 1200


def opened(folder: Path, rows: Columns, **more: Any) -> Campaign:
    return open_campaign(write_campaign(folder, rows, **more))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return opened(tmp_path_factory.mktemp("planned") / "c", planned_rows(N))


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return opened(tmp_path_factory.mktemp("flown") / "c", flown_rows(N), planned=False)


@pytest.fixture(scope="module")
def html(planned: Campaign) -> str:
    return render(planned)


@pytest.fixture(scope="module")
def flown_html(flown: Campaign) -> str:
    return render(flown)


def words_of(html: str) -> str:
    page = Page(html)
    return " ".join(part for parts in page.texts.values() for part in parts)


def test_the_page_stands_alone(html: str, flown_html: str) -> None:
    for text in (html, flown_html):
        page = Page(text)
        assert not {"script", "link", "img", "iframe"} & set(page.tags)
        links = [v for k, v in page.attributes if k in ("src", "href", "xlink:href")]
        assert all(value.startswith("#") for value in links)
        assert not re.search(r"url\((?!#)|@import", text)
        outside = set(re.findall(r"https?://[^\s\"'<]+", text))
        assert all(address.startswith("http://www.w3.org/") for address in outside)


def test_the_page_has_its_sections(html: str, flown_html: str) -> None:
    told = Page(html).texts["h2"]
    assert told == [
        "How it ended",
        "Beside it: the record of new launchers",
        "First cause",
        "Objectives",
        "How sure, and how soon",
        "Insertion errors",
        "When things happened",
        "Envelopes of stage\u00a01 against nominal",
        "Where it came down",
        "Smallest margins",
        "The most telling flights",
        "What goes with it",
        "How to read the intervals",
        "What was assumed",
    ]
    assert "Where it came down" in Page(flown_html).texts["h2"]


def test_the_headline_has_the_shares_with_their_intervals(
    planned: Campaign, flown: Campaign, html: str, flown_html: str
) -> None:
    success = both(planned.outcomes["success"])
    assert f"Success in {success} of 1\u202f200 flights; lost by T+180\u00a0s in" in words_of(html)
    lost = both(flown.lost_by(60.0))
    assert f"Lost by T+60\u00a0s in {lost} of 1\u202f200 flights" in words_of(flown_html)


def test_the_prior_is_apart_and_says_what_it_is(html: str) -> None:
    apart = html[html.index('<div class="apart">') : html.index("First cause")]
    assert "Of first flights in general" in apart
    # Beta(2, 1): mean 2/3; its quantiles are the roots of the probability, 0.224 and 0.975.
    assert "67\u00a0%, 22 to 97\u00a0%" in apart
    assert "Guikema" in apart
    assert "no result" in apart


def test_the_telling_flights_have_their_commands(planned: Campaign, html: str) -> None:
    found = Page(html).texts["code"]
    assert found == [each.command for each in planned.telling]
    assert all(re.search(r"--from-campaign \S+ --flight \d+$", each) for each in found)


def test_everything_drawn_is_told_with_its_source(html: str) -> None:
    text = words_of(html)
    assert "What was drawn: 27 values" in text
    for told in ("vehicle.stage1.engine.*.thrust_vac (9)", "vehicle.stage2.dry_mass",
                 "normal 900.0 \u00b1 9.000, cut at 873.0 and 927.0\u00a0kg", "wind.scale",
                 "downrange-spectrum", "estimated"):  # fmt: skip
        assert told in text
    assert "Groups that were left out: knowledge" in text
    for told in ("0.1.0", "0fb19e15d60a6118", "a processor, x86_64, Linux", "numpy 2.4.6"):
        assert told in text


def test_the_map_shows_what_is_protected(flown_html: str) -> None:
    ground = flown_html[flown_html.index("Where it came down") :]
    assert "Base" in ground
    assert "50 %" in ground
    assert "99 %" in ground


def test_every_figure_has_a_title_and_a_text(html: str, flown_html: str) -> None:
    for text in (html, flown_html):
        page = Page(text)
        figures = page.tags.count("figure")
        assert figures == page.tags.count("figcaption") == page.tags.count("svg") >= 8
        labels = [value for key, value in page.attributes if key == "aria-label"]
        assert len(labels) == figures


def test_the_nominal_ascent_is_drawn_beside(html: str, tmp_path: Path) -> None:
    assert "kplanned" in html.split("</style>")[1]
    plan = {"map": {"pad": {"name": "Pad", "latitude_deg": 69.1, "longitude_deg": 15.6}}}
    bare = render(opened(tmp_path / "c", planned_rows(60), chosen_plan=plan))
    assert "kplanned" not in bare.split("</style>")[1]


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    rows = planned_rows(60)
    rows["cause"][rows["cause"] == ""] = "<script>alert(1)</script>"
    page = Page(render(opened(tmp_path / "c", rows, mission="<b>x</b>")))
    assert "script" not in page.tags
    assert "b" not in page.texts or "x" not in page.texts["b"]


def test_the_same_campaign_makes_the_same_page(planned: Campaign, html: str) -> None:
    assert render(open_campaign(planned.folder)) == html


def test_the_page_is_small_however_many_flights(html: str) -> None:
    assert len(html) < 1_000_000


def test_an_unfinished_campaign_says_so(tmp_path: Path) -> None:
    text = words_of(render(opened(tmp_path / "c", planned_rows(N), finished=1000)))
    assert "Unfinished: 1\u202f000 of 1\u202f200 flights are here" in text


def test_a_foreign_machine_is_told(tmp_path: Path, html: str) -> None:
    other = {"numpy": "9.9.9", "cpu": "another", "python": "3.11.7"}
    text = words_of(render(opened(tmp_path / "c", planned_rows(60), foreign=[other])))
    assert "with other versions (numpy 9.9.9, cpu another)" in text
    assert "with other versions" not in words_of(html)


def test_numerical_failures_are_told(tmp_path: Path) -> None:
    rows = planned_rows(60)
    rows["outcome"][:2] = "numerical"
    assert "2 flights ended in a numerical failure" in words_of(
        render(opened(tmp_path / "c", rows))
    )


@pytest.mark.parametrize("flights", [1, 2, 12])
def test_few_flights_make_a_report(flights: int, tmp_path: Path) -> None:
    for planned in (True, False):
        rows = planned_rows(flights) if planned else flown_rows(flights, spared=0.0)
        text = words_of(render(opened(tmp_path / str(planned), rows, planned=planned)))
        assert "The most telling flights" in text
        plural = "s" if flights > 1 else ""
        assert f"of {flights} flight{plural}" in text


def test_a_campaign_without_impacts_or_channels_makes_a_report(tmp_path: Path) -> None:
    rows = planned_rows(60)
    rows |= {name: np.full(60, None) for name in rows if name.endswith(".end_surface")}
    rows = {k: v for k, v in rows.items() if not k.startswith(("insertion.", "draw.", "margin."))}
    campaign = opened(tmp_path / "c", rows | {"draw.x": np.ones(60)}, channels=[], times_s=[],
                      draws=[])  # fmt: skip
    text = words_of(render(campaign))
    assert "Where it came down" not in text
    assert "Envelopes" not in text
    assert "Nothing was drawn" in text


def test_sobol_points_are_read_otherwise(tmp_path: Path) -> None:
    campaign = opened(tmp_path / "c", planned_rows(512), sampler="sobol", scrambles=16)
    text = words_of(render(campaign))
    assert "scrambled Sobol points" in text
    assert "again and again with other seeds" not in text


def test_the_report_is_written_whole(planned: Campaign) -> None:
    path = planned.report()
    assert path == planned.folder / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(planned.folder.glob(".*part"))


def test_shares_are_told_as_far_as_they_are_known() -> None:
    assert both(share_of(1942, 2000)) == "97.1\u00a0% (96.3 to 97.8)"
    assert both(share_of(0, 2000)) == "0\u00a0% (0 to 0.18)"
    assert both(share_of(10, 10)) == "100\u00a0% (69.2 to 100)"
    assert percent(0.5, 1e-4) == "50.000\u00a0%"
    assert count(1234567) == "1\u202f234\u202f567"


def test_columns_are_told_in_words() -> None:
    assert quantity_title("event.stage1.meco.time_s") == "Stage\u00a01 MECO"
    assert quantity_title("event.stage2.seco.altitude_m") == "Stage\u00a02 SECO, altitude"
    assert quantity_title("insertion.perigee_error_m") == "Perigee error"
    assert quantity_title("body.fairing_left.impact_speed_mps") == "Fairing left impact speed"
    assert quantity_title("margin.bending_moment_nm") == "Margin to bending moment"
    assert cause_words("limit_exceeded: bending moment") == "Limit exceeded: bending moment"
    assert cause_words("attitude_lost") == "Attitude lost"


def test_a_single_loss_is_told_without_a_plural(tmp_path: Path) -> None:
    campaign = opened(tmp_path / "c", flown_rows(1, spared=0.0), planned=False)
    assert headline(campaign) == "Lost by T+30\u00a0s in 100\u00a0% (2.5 to 100) of 1 flight."
