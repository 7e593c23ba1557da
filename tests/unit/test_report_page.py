from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_up_flight import healthy_flight, lost_flight

from downrange.errors import OutputError
from downrange.report import write_picture, write_report
from downrange.report.page import render
from downrange.telemetry import Body, Recording, Telemetry

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects what a test asks of a page, and checks that its tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1], []).append(data.strip())


@pytest.fixture(scope="module")
def html() -> str:
    return render(lost_flight(), healthy_flight())


def test_the_page_stands_alone(html: str) -> None:
    page = Page(html)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    links = [v for k, v in page.attributes if k in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in links)
    assert not re.search(r"url\((?!#)|@import", html)
    outside = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert all(address.startswith("http://www.w3.org/") for address in outside)


def test_the_page_tells_the_flight(html: str) -> None:
    page = Page(html)
    assert page.texts["h1"] == ["Made-up flight 1"]
    assert page.texts["h2"] == [
        "Timeline",
        "Objectives",
        "How each body ended",
        "Where it flew",
        "Trajectory",
        "Attitude and control",
        "Structure",
        "Propulsion and mass",
        "Safety and structural margins",
        "Smallest margins",
        "Flown against planned",
        "What was assumed",
    ]
    text = " ".join(part for parts in page.texts.values() for part in parts)
    for words in (
        "Flight terminated at T+00:30.0 (attitude).",
        "2025-03-30 10:30:00 UTC · as flown · seed 1",
        "Attitude lost",
        "Stage separation",
        "vehicle.bending.mode.1: frequency x 0.76",
        "3f8a2c91d0",
        "0.1.0",
    ):
        assert words in text


def test_every_figure_has_a_title_a_text_and_a_drawing(html: str) -> None:
    page = Page(html)
    figures = page.tags.count("figure")
    assert figures == page.tags.count("figcaption") == page.tags.count("svg") >= 20
    labels = [value for key, value in page.attributes if key == "aria-label"]
    assert len(labels) == figures
    assert all(len(label) > 15 for label in labels)


def test_the_same_flight_makes_the_same_page(html: str) -> None:
    assert render(lost_flight(), healthy_flight()) == html


def test_names_are_text_and_never_markup() -> None:
    flight = lost_flight()
    summary = {**flight.summary, "title": "<script>alert(1)</script>", "mission_hash": "<b>"}
    page = Page(render(dataclasses.replace(flight, summary=summary, bodies={})))
    assert "script" not in page.tags
    assert page.texts["h1"] == ["<script>alert(1)</script>"]


def test_the_plan_in_the_recording_is_drawn_too() -> None:
    planned = {"stage1": healthy_flight().bodies["stage1"].telemetry}
    alone = render(lost_flight())
    beside = render(dataclasses.replace(lost_flight(), planned=planned))
    assert "Flown against planned" not in alone
    assert "kplanned" not in alone.split("</style>")[1]
    assert "Flown against planned" in beside
    assert "kplanned" in beside.split("</style>")[1]


def test_an_ascent_plan_stands_in_for_a_planned_flight() -> None:
    time = np.arange(0.0, 60.0)
    ascent = {"time_s": time, "altitude_m": 1.5 * time**2}
    flight = lost_flight()
    body = render(dataclasses.replace(flight, plan={**flight.plan, "ascent": ascent}))
    assert "Flown against planned" in body
    # In the legend of altitude alone: the plan has neither place nor downrange to draw.
    assert body.split("</style>")[1].count("kplanned") == 1


def test_telemetry_alone_makes_a_report() -> None:
    time = np.arange(0.0, 100.0)
    columns = {"time_s": time, "altitude_m": 5.0 * time**2, "speed_mps": 10.0 * time}
    page = Page(render(Recording({"booster": Body("booster", Telemetry.from_columns(columns))})))
    assert page.texts["h2"] == ["Trajectory", "What was assumed"]
    assert page.tags.count("svg") == 2


def test_each_body_has_its_sections() -> None:
    flight = lost_flight()
    two = flight.bodies | {"stage2": Body("stage2", flight.bodies["stage1"].telemetry, "flying")}
    headings = Page(render(dataclasses.replace(flight, bodies=two))).texts["h2"]
    assert "Trajectory of stage\u00a01" in headings
    assert "Trajectory of stage\u00a02" in headings


def test_the_report_is_written_whole(tmp_path: Path) -> None:
    path = write_report(lost_flight(), tmp_path)
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot write"):
        write_report(lost_flight(), tmp_path / "nowhere")


def test_the_picture_is_wide_and_not_empty(tmp_path: Path) -> None:
    from matplotlib.image import imread

    path = write_picture(lost_flight(), healthy_flight(), tmp_path / "picture.png")
    pixels = imread(path)
    height, width = pixels.shape[:2]
    assert width > 3 * height
    for third in np.split(pixels[:, : width // 3 * 3, :3], 3, axis=1):
        assert third.min() < 0.5  # ink in each of the three
    with pytest.raises(OutputError, match="cannot write"):
        write_picture(lost_flight(), healthy_flight(), tmp_path / "nowhere" / "picture.png")
