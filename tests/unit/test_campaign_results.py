"""What is read of a campaign's folder: numbers against pandas and the rows that were written."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from campaign_case import (
    DRAWS,
    Columns,
    flown_rows,
    flown_samples,
    planned_rows,
    write_campaign,
)
from scipy.stats import beta

from downrange.campaign.results import Campaign, open_campaign
from downrange.errors import InputError

N = 2400


@pytest.fixture(scope="module")
def rows() -> Columns:
    return planned_rows(N)


@pytest.fixture(scope="module")
def campaign(rows: Columns, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return open_campaign(write_campaign(tmp_path_factory.mktemp("planned") / "c", rows))


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("flown") / "c"
    return open_campaign(write_campaign(folder, flown_rows(N), planned=False))


def exact(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval by quantiles of the beta distribution."""
    tail = 0.5 * (1.0 - level)
    low = float(beta.ppf(tail, count, n - count + 1)) if count else 0.0
    return low, float(beta.ppf(1.0 - tail, count + 1, n - count)) if count < n else 1.0


def test_outcomes_have_their_shares_and_exact_intervals(campaign: Campaign, rows: Columns) -> None:
    assert sum(share.count for share in campaign.outcomes.values()) == N
    for name in ("success", "partial", "terminated", "loss", "scrubbed", "numerical"):
        count = int((rows["outcome"] == name).sum())
        share = campaign.outcomes[name]
        assert (share.count, share.share) == (count, count / N)
        assert (share.low, share.high) == pytest.approx(exact(count, N), abs=1e-12)


def test_causes_hold_all_at_once(campaign: Campaign, rows: Columns) -> None:
    counts = pd.Series(rows["cause"]).value_counts().drop("")
    assert [(k, v.count) for k, v in campaign.causes.items()] == list(counts.items())
    for cause, count in counts.items():
        share = campaign.causes[str(cause)]
        expected = exact(int(count), N, 1.0 - 0.05 / len(counts))
        assert (share.low, share.high) == pytest.approx(expected, abs=1e-12)


def test_an_objective_that_was_not_reached_was_not_met(campaign: Campaign, rows: Columns) -> None:
    met = sum(each is True or each is np.True_ for each in rows["objective.orbit"].tolist())
    assert campaign.objectives["orbit"].count == met < N
    assert list(campaign.objectives) == [
        "clear the pad", "maximum dynamic pressure", "first-stage burn-out", "orbit",
    ]  # fmt: skip


def test_quantities_are_those_of_pandas(campaign: Campaign, rows: Columns) -> None:
    for name in ("insertion.perigee_error_m", "event.stage1.meco.time_s", "end_time_s",
                 "body.stage1.impact_speed_mps", "margin.impact_corridor_m"):  # fmt: skip
        column, told = pd.Series(rows[name]).dropna(), campaign.quantities[name]
        assert told.count == len(column)
        assert told.mean == pytest.approx(column.mean(), rel=1e-12)
        assert told.std == pytest.approx(column.std(), rel=1e-9)
        for key, level in (
            ("p01", 0.01),
            ("p05", 0.05),
            ("p50", 0.5),
            ("p95", 0.95),
            ("p99", 0.99),
        ):
            assert getattr(told, key) == pytest.approx(column.quantile(level), rel=1e-12)


def test_what_never_was_and_what_turns_is_no_quantity(campaign: Campaign) -> None:
    assert "orbit.argument_of_perigee_deg" not in campaign.quantities
    assert "orbit.raan_deg" not in campaign.quantities
    assert "body.stage2.impact_speed_mps" not in campaign.quantities
    assert not [name for name in campaign.quantities if name.startswith("draw.")]


def test_columns_come_back_as_they_were(campaign: Campaign, rows: Columns) -> None:
    flights = campaign.flights
    assert len(flights) == N
    assert list(flights.names) == list(rows)
    assert np.array_equal(flights.column("flight"), np.arange(N))
    assert np.array_equal(campaign.numbers, np.arange(N))
    for name in ("end_time_s", f"draw.{DRAWS[0][0]}", "body.stage1.end_time_s"):
        assert np.array_equal(flights.column(name), rows[name], equal_nan=True)
    assert flights.column("outcome").tolist() == rows["outcome"].tolist()
    assert flights.column("objective.orbit").tolist() == rows["objective.orbit"].tolist()
    assert "outcome" in flights
    assert "altitude" not in flights


def test_a_data_frame_has_units(campaign: Campaign, rows: Columns) -> None:
    frame = campaign.flights.to_pandas()
    assert frame.shape == (N, len(rows))
    assert frame.attrs["units"][f"draw.{DRAWS[0][0]}"] == "kg"
    few = campaign.flights.to_pandas(["flight", "outcome"])
    assert list(few) == ["flight", "outcome"]


def test_a_wrong_column_names_the_nearest(campaign: Campaign) -> None:
    with pytest.raises(InputError, match="end_time_s"):
        campaign.flights.column("end_tim_s")
    with pytest.raises(InputError, match=r"stage1\.altitude_m"):
        campaign.envelope("stage1", "altitude")


def test_losses_are_counted_by_their_time(flown: Campaign) -> None:
    frame = flown.flights.to_pandas()
    lost = frame[frame.outcome.isin(["loss", "terminated"])]
    time_s = lost["event.stage1.flight_termination.time_s"]
    assert flown.lost_by(29.0).count == (time_s <= 29.0).sum()
    assert flown.lost_by(60.0).count == len(lost) == flown.outcomes["terminated"].count
    assert np.isnan(flown.lost_time_s[~flown.lost]).all()


def test_a_vehicle_is_lost_once_at_the_first_thing_that_ends_it(tmp_path: Path) -> None:
    rows = flown_rows(40, spared=0.0)
    ended = rows["event.stage1.flight_termination.time_s"]
    broke = np.where(np.arange(40) % 2 == 0, ended - 3.0, np.nan)
    rows["event.stage1.breakup.time_s"] = broke
    unseen = np.arange(40) == 7  # neither event: its first cause stands for both
    rows["event.stage1.flight_termination.time_s"] = np.where(unseen, np.nan, ended)
    opened = open_campaign(write_campaign(tmp_path / "c", rows, planned=False))
    expected = np.where(np.isnan(broke), ended, broke)
    expected[unseen] = rows["cause_time_s"][unseen]
    assert np.array_equal(opened.lost_time_s, expected)


def test_envelopes_are_percentiles_of_the_samples(campaign: Campaign, rows: Columns) -> None:
    found = campaign.envelope("stage1", "altitude_m")
    samples = flown_samples(rows, 0, N, planned=True)[:, :, 0].astype(np.float64)
    assert found.values.shape == (7, len(found.time_s))
    assert (found.flights == N).all()
    at = len(found.time_s) // 2
    for level, value in zip(found.levels, found.values[:, at], strict=True):
        # A sketch tells a percentile within 0.5 % of rank.
        low, high = np.quantile(samples[:, at], [max(level - 0.005, 0.0), min(level + 0.005, 1.0)])
        assert low <= value <= high


def test_an_envelope_counts_those_that_still_fly(campaign: Campaign, rows: Columns) -> None:
    found = campaign.envelope("stage1", "pitch_deg")
    end_s = rows["event.stage1.flight_termination.time_s"]
    expected = [int((~(end_s < t)).sum()) for t in found.time_s]
    assert found.flights.tolist() == expected


def test_an_unfinished_campaign_opens(rows: Columns, tmp_path: Path) -> None:
    opened = open_campaign(write_campaign(tmp_path / "c", rows, finished=1000))
    assert (len(opened.flights), opened.asked, opened.finished) == (1000, N, False)
    assert opened.outcomes["success"].count == int((rows["outcome"][:1000] == "success").sum())
    assert not opened.summary["finished"]


def test_a_folder_that_is_no_campaign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        open_campaign(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no campaign"):
        open_campaign(tmp_path)
    (tmp_path / "telemetry").mkdir()
    with pytest.raises(InputError, match=r"recording of one flight.*downrange report"):
        open_campaign(tmp_path)


def test_without_a_finished_part_there_is_nothing_to_open(rows: Columns, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", rows, finished=0)
    with pytest.raises(InputError, match=r"no flight is finished yet, of 2,400.*--resume"):
        open_campaign(folder)


def test_all_that_is_damaged_is_named_at_once(rows: Columns, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", rows)
    part = folder / "flights/part-00001.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    (folder / "timing/part-00000.parquet").unlink()
    (folder / "plan.json").write_text("{", encoding="utf-8")
    (folder / "mission.toml").unlink()
    with pytest.raises(InputError) as refused:
        open_campaign(folder)
    told = {Path(p.file).name: p.message for p in refused.value.problems}
    assert told.keys() == {"part-00001.parquet", "part-00000.parquet", "plan.json", "mission.toml"}
    assert told["part-00001.parquet"] == "is damaged"
    assert told["mission.toml"] == "is missing from the campaign"


def test_a_torn_line_of_the_ledger_is_no_line(rows: Columns, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", rows)
    ledger = folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-40])
    assert len(open_campaign(folder).flights) == 2000
    ledger.write_bytes(b"what\n" + ledger.read_bytes())
    with pytest.raises(InputError, match="1 of its lines can't be read"):
        open_campaign(folder)


def test_the_stopping_rule_says_what_its_interval_is_worth(rows: Columns, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", rows, flights=None, until_width=0.05)
    told = json.loads((folder / "campaign.json").read_text(encoding="utf-8"))
    (folder / "campaign.json").write_text(json.dumps(told | {"flights": None}), encoding="utf-8")
    opened = open_campaign(folder)
    share = opened.outcomes["success"]
    assert opened.finished
    assert share.high - share.low <= 0.05
    assert share.method.startswith("Clopper-Pearson, 95 % (as stopped 9")


def test_sobol_points_have_the_scatter_of_their_scrambles(tmp_path: Path) -> None:
    rows = planned_rows(1024)
    folder = write_campaign(tmp_path / "c", rows, sampler="sobol", scrambles=16)
    share = open_campaign(folder).outcomes["success"]
    means = (rows["outcome"] == "success").reshape(16, 64).mean(axis=1)
    # Student's t at 97.5 % with 15 degrees of freedom is 2.1314 in any table.
    half = 2.1314 * means.std(ddof=1) / 4.0
    assert share.share == pytest.approx(means.mean())
    assert share.high - share.low == pytest.approx(2.0 * half, rel=1e-4)
    assert "Sobol" in share.method


def test_a_sobol_campaign_with_few_scrambles_has_no_interval(tmp_path: Path) -> None:
    rows = planned_rows(2048)
    folder = write_campaign(tmp_path / "c", rows, sampler="sobol", scrambles=16, finished=1000)
    share = open_campaign(folder).outcomes["success"]
    assert (share.low, share.high) == (0.0, 1.0)
    assert share.method == "none: 7 scrambles are flown, 16 are needed"


def alone(tmp_path: Path, **changes: Any) -> Campaign:
    """A campaign of one flight, with columns changed."""
    rows = planned_rows(1, failing=0.0) | changes
    return open_campaign(write_campaign(tmp_path / "c", rows))


def test_one_flight_is_a_campaign(tmp_path: Path) -> None:
    opened = alone(tmp_path)
    assert opened.outcomes["success"].share == 1.0
    # The exact interval of one of one: 0.025 to 1.
    assert opened.outcomes["success"].low == pytest.approx(0.025, abs=1e-12)
    assert math.isnan(opened.quantities["end_time_s"].std)
    assert opened.summary["quantities"]["end_time_s"]["std"] is None
    assert json.dumps(opened.summary, allow_nan=False)
    assert opened.footprints["stage1"].ellipses == ()
    assert opened.associations == ()


def test_all_successes_and_all_failures(tmp_path: Path) -> None:
    good = open_campaign(write_campaign(tmp_path / "good", planned_rows(300, failing=0.0)))
    assert good.causes == {}
    assert good.outcomes["success"].share == 1.0
    assert not np.isfinite(good.lost_time_s).any()
    bad = open_campaign(
        write_campaign(tmp_path / "bad", flown_rows(300, spared=0.0), planned=False)
    )
    assert bad.outcomes["success"].count == 0
    assert bad.outcomes["success"].low == 0.0
    assert all(each.outcome == "terminated" for each in bad.telling)
    for opened in (good, bad):
        assert json.dumps(opened.summary, allow_nan=False)


def test_without_impacts_there_are_no_footprints(tmp_path: Path) -> None:
    rows = planned_rows(50)
    rows |= {name: np.full(50, None) for name in rows if name.endswith(".end_surface")}
    opened = open_campaign(write_campaign(tmp_path / "c", rows))
    assert opened.impacts == {}
    assert opened.summary["ellipses"] == {}
