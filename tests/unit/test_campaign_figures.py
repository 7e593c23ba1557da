"""Figures of a campaign: what is drawn, from what, and what is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign_case import Columns, flown_rows, planned_rows, times_s, write_campaign

from downrange.campaign.report import figures
from downrange.campaign.report.figures import MOST_BINS, MOST_DOTS, histogram, thinned
from downrange.campaign.report.page import nominal_of
from downrange.campaign.results import Campaign, open_campaign
from downrange.campaign.sketch import Sketches
from downrange.report.figures import Drawing
from downrange.report.style import drawing
from downrange.telemetry import Body, Recording, Telemetry, write_recording

N = 800


@pytest.fixture(autouse=True)
def _drawing() -> Any:
    with drawing():
        yield


def opened(folder: Path, rows: Columns, **more: Any) -> Campaign:
    return open_campaign(write_campaign(folder, rows, **more))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return opened(tmp_path_factory.mktemp("planned") / "c", planned_rows(N))


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return opened(tmp_path_factory.mktemp("flown") / "c", flown_rows(N), planned=False)


def made(drawing: Drawing | None) -> Drawing:
    assert drawing is not None
    return drawing


def dots(found: Drawing) -> int:
    return found.svg.count("<use ")


def test_convergence_is_of_what_most_flights_did(planned: Campaign, flown: Campaign) -> None:
    assert made(figures.convergence(planned)).title == "Share of successes"
    assert made(figures.convergence(flown)).title == "Share of losses"
    assert made(figures.convergence(planned)).caption.endswith("now 800")


def test_a_handful_of_flights_and_sobol_points_do_not_converge(tmp_path: Path) -> None:
    assert figures.convergence(opened(tmp_path / "few", planned_rows(19))) is None
    sobol = opened(tmp_path / "sobol", planned_rows(256), sampler="sobol", scrambles=16)
    assert figures.convergence(sobol) is None


def test_losses_over_time_need_some(planned: Campaign, flown: Campaign, tmp_path: Path) -> None:
    middle = np.nanmedian(flown.lost_time_s)
    assert f"T+00:{middle:.1f}" in made(figures.lost_over_time(flown)).caption
    assert made(figures.lost_over_time(planned)).title == "Lost so far"
    assert figures.lost_over_time(opened(tmp_path / "c", planned_rows(40, failing=0.0))) is None


def test_a_histogram_tells_its_percentiles() -> None:
    values = np.linspace(140.0, 150.0, 1001)
    found = made(histogram("event.stage1.meco.time_s", values))
    assert found.title == "Stage\u00a01 MECO"
    told = "T+02:20.1 to T+02:29.9, middle T+02:25.0; 1\u202f001 flights"
    assert found.caption == told
    assert found.unit == ""


def test_a_histogram_needs_values_that_differ() -> None:
    assert histogram("end_time_s", np.full(100, 3.0)) is None
    assert histogram("end_time_s", np.arange(9.0)) is None
    assert histogram("end_time_s", np.full(100, np.nan)) is None


def test_a_far_value_does_not_squeeze_a_histogram() -> None:
    values = np.concatenate((np.random.default_rng(2).normal(100.0, 1.0, 5000), [9e5]))
    found = made(histogram("margin.impact_corridor_m", values))
    assert re.search(r", \d+ beyond the edges$", found.caption)
    assert found.unit == "m"


def test_bins_are_neither_few_nor_many() -> None:
    rng = np.random.default_rng(3)
    heavy = np.concatenate((rng.normal(size=1000), rng.normal(size=1000) * 100.0))
    assert figures._bins(heavy) == MOST_BINS
    # Freedman and Diaconis by hand: of 1,000 even values the quartiles are half of the range apart.
    assert figures._bins(np.linspace(0.0, 1.0, 1000)) == 12


def test_dots_are_few_and_spread_over_all() -> None:
    rows = np.arange(10_000)
    found = thinned(rows)
    assert len(found) <= MOST_DOTS
    assert found[0] == 0
    assert found[-1] > 9_990
    assert np.array_equal(thinned(np.arange(7)), np.arange(7))


def test_insertions_are_drawn_around_the_target(planned: Campaign) -> None:
    found = made(figures.scatter(planned))
    missed = planned.outcomes["partial"].count
    assert f"; {missed} beyond the edges" in found.caption
    reached = planned.quantities["insertion.apogee_error_m"].count
    assert dots(found) >= reached - missed - 10


def test_without_insertions_none_are_drawn(tmp_path: Path) -> None:
    rows = flown_rows(50, spared=0.0)
    assert figures.scatter(opened(tmp_path / "c", rows, planned=False)) is None


def test_an_envelope_has_the_nominal_ascent_beside(planned: Campaign) -> None:
    nominal = nominal_of(planned)["stage1"]
    found = made(figures.envelope(planned, "stage1", "altitude_m", nominal))
    assert ("nominal", "planned") in found.legend
    assert (found.title, found.unit) == ("Altitude", "km")
    assert "MECO" in found.svg
    assert "max q" in found.svg
    alone = made(figures.envelope(planned, "stage1", "altitude_m", None))
    assert ("nominal", "planned") not in alone.legend


def test_a_recorded_nominal_flight_is_taken_before_the_plan(
    planned: Campaign, tmp_path: Path
) -> None:
    telemetry = Telemetry.from_columns({"time_s": [0.0, 100.0], "altitude_m": [0.0, 1.0]})
    campaign = opened(tmp_path / "c", planned_rows(30))
    body = Body("stage2", telemetry, "in_orbit")
    (campaign.folder / "recordings").mkdir()
    write_recording(Recording({"stage2": body}), campaign.folder / "recordings/nominal")
    assert list(nominal_of(campaign)) == ["stage2"]
    assert list(nominal_of(planned)) == ["stage1"]


def test_an_envelope_ends_where_few_fly_on(flown: Campaign) -> None:
    found = flown.envelope("stage1", "pitch_deg")
    assert flown.envelopes.least == 10
    assert found.flights[-1] < 50
    assert made(figures.envelope(flown, "stage1", "pitch_deg", None)).title == "Pitch"


def with_channel(folder: Path, name: str, values: float) -> Campaign:
    """A campaign whose only envelope is of one channel."""
    campaign = opened(folder, planned_rows(40), channels=[["stage2", name]])
    sketches = Sketches.new(len(times_s(planned=True)), 1)
    steady = np.full((40, len(times_s(planned=True)), 1), values, np.float32)
    sketches.add(steady * np.linspace(0.9, 1.0, 40, dtype=np.float32)[:, None, None])
    sketches.save(campaign.folder / "envelopes/part-00000.sketch")
    return campaign


@pytest.mark.parametrize(
    ("name", "far", "near"),
    [
        ("downrange_m", 1.5e7, 2e6),
        ("crossrange_m", 1.5e7, 2e4),
        ("dynamic_pressure_pa", 300.0, 3e4),
    ],
)
def test_channels_that_say_nothing_of_a_body_are_left_out(
    name: str, far: float, near: float, tmp_path: Path
) -> None:
    none, some = (with_channel(tmp_path / f"{v:g}", name, v) for v in (far, near))
    assert figures.envelope(none, "stage2", name, None) is None
    assert figures.envelope(some, "stage2", name, None) is not None


def test_small_angles_have_a_logarithmic_axis(tmp_path: Path) -> None:
    campaign = with_channel(tmp_path / "c", "angle_of_attack_deg", 5.0)
    assert made(figures.envelope(campaign, "stage2", "angle_of_attack_deg", None)).unit == "°"


def test_a_long_flight_is_told_by_the_clock(planned: Campaign) -> None:
    short = made(figures.envelope(planned, "stage1", "speed_mps", None))
    assert "30 s" in short.svg
    values = np.linspace(2000.0, 3000.0, 500)
    long = made(histogram("event.stage2.orbit_insertion.time_s", values))
    assert "40:00" in long.svg
    assert " s<" not in long.svg


def test_the_same_figure_has_the_same_bytes(planned: Campaign) -> None:
    assert made(figures.scatter(planned)).svg == made(figures.scatter(planned)).svg
