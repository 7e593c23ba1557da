"""Campaigns into a folder: the same bytes whoever flies, resumed, grown, repaired, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fake_flyer import COLUMNS, FakeFlyer, MakeFake, request
from runner_case import digests, fly, leftovers, rows
from scipy.stats import beta

from downrange.campaign.folder import hold
from downrange.campaign.ledger import read_ledger
from downrange.campaign.request import read_request
from downrange.campaign.run import Hands
from downrange.campaign.sketch import Sketches
from downrange.errors import HaltError, InputError, OutputError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of 60 flights that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole") / "campaign"
    fly(folder, hands=Hands(1))
    return folder


def test_rows_are_the_flights_in_order(whole: Path) -> None:
    found = rows(whole)
    assert [row["flight"] for row in found] == list(range(60))
    assert list(found[0]) == list(COLUMNS)
    flyer = FakeFlyer(MakeFake())
    for number in (0, 17, 59):
        for name, value in flyer.row(number).items():
            absent = isinstance(value, float) and np.isnan(value)
            assert found[number][name] == (None if absent else value)


def test_the_folder_holds_what_it_should(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    assert names == {
        ".lock", "campaign.json", "mission.toml", "plan.json", "ledger.jsonl", "flights",
        "timing", "envelopes",
    }  # fmt: skip
    (run,) = map(json.loads, (whole / "timing/runs.jsonl").read_text().splitlines())
    assert (run["flights"], run["workers"], run["engine"]) == (60, 1, "threads")
    assert read_request(whole).flights == 60


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_bytes_are_the_same_whatever_the_workers(whole: Path, tmp_path: Path, workers: int) -> None:
    fly(tmp_path / "other", make=MakeFake(delay_s=0.0005), hands=Hands(workers))
    assert digests(tmp_path / "other") == digests(whole)


def test_progress_counts_in_order(tmp_path: Path) -> None:
    heard = fly(tmp_path / "campaign", hands=Hands(3))
    assert [told.flights for told in heard.told] == sorted(told.flights for told in heard.told)
    assert heard.told[-1].flights == heard.told[-1].flown == heard.told[-1].wanted == 60
    good = sum(row["outcome"] == "success" for row in rows(tmp_path / "campaign"))
    assert heard.told[-1].successes == good


def test_a_part_that_is_damaged_or_gone_is_flown_again(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder)
    damaged = folder / "flights/part-00002.parquet"
    data = bytearray(damaged.read_bytes())
    data[100] ^= 1
    damaged.write_bytes(data)
    (folder / "envelopes/part-00004.sketch").unlink()
    heard = fly(folder, resume=True)
    assert sorted(heard.said) == [
        f"{folder / 'envelopes/part-00004.sketch'} is missing: its flights are flown again",
        f"{damaged} is damaged: its flights are flown again",
    ]
    assert heard.told[-1].flown == 20
    assert digests(folder) == digests(whole)
    assert fly(folder, resume=True).said == []


def test_a_torn_ledger_loses_one_part(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder)
    ledger = folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-30])
    heard = fly(folder, resume=True)
    assert heard.told[-1].flown == 10
    assert digests(folder) == digests(whole)
    assert len(ledger.read_text().splitlines()) == 6


def test_a_damaged_line_of_the_ledger_is_told(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder)
    ledger = folder / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([lines[0], b'{"part": "x"}\n', *lines[2:]]))
    heard = fly(folder, resume=True)
    assert heard.said == [f"{ledger}: 1 lines are damaged; their parts are flown again"]
    assert digests(folder) == digests(whole)


def test_flights_may_become_more(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(35))
    assert [entry.flights for entry in read_ledger(folder)[0].values()] == [10, 10, 10, 5]
    heard = fly(folder, request(60), resume=True)
    assert heard.told[-1].flown == 30  # the part that was short is flown whole
    assert digests(folder) == digests(whole)
    assert read_request(folder).flights == 60


def test_what_was_being_written_is_removed(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(30))
    (folder / "flights/.part-00003.parquet.99.part").write_bytes(b"half")
    (folder / ".campaign.json.99.part").write_bytes(b"half")
    (folder / "flights/part-00003.parquet").write_bytes(b"not in the ledger")
    fly(folder, resume=True)
    assert leftovers(folder) == []
    assert digests(folder) == digests(whole)


def test_another_campaign_is_not_resumed_and_every_difference_is_named(
    whole: Path,
) -> None:
    before = digests(whole)
    others = request(
        50, mission_hash="4567", files={"wind.file": "89ab"}, seed=2, groups=("wind",),
        downrange="0.2.0", part_flights=20, sampler="sobol", columns=COLUMNS | {"draw.wind": "m/s"},
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        fly(whole, others, resume=True)
    assert [problem.message for problem in refused.value.problems] == [
        "the version of Downrange was 0.1.0 and is now 0.2.0",
        "the mission hash was 0123 and is now 4567",
        "the content of the mission's files was not stated and is now {'wind.file': '89ab'}",
        "the seed was 1 and is now 2",
        "the sampler was plain and is now sobol",
        "the groups drawn was ['mass'] and is now ['wind']",
        "the flights in a part was 10 and is now 20",
        "the columns was in another order and is now [('draw.wind', 'm/s')]",
        "the flights were 60 and are now 50",
    ]
    assert digests(whole) == before
    assert len(read_ledger(whole)[0]) == 6


def test_a_sobol_sequence_keeps_its_length(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(32, sampler="sobol", scrambles=16))
    with pytest.raises(InputError, match="the flights were 32 and are now 64"):
        fly(folder, request(64, sampler="sobol", scrambles=16), resume=True)


def test_a_short_last_part_is_sound_only_after_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    asked = request(None, until_width=0.21, stop_block=5)
    fly(folder, asked)
    before = digests(folder)
    (folder / "flights/part-00002.parquet").unlink()
    heard = fly(folder, asked, resume=True)
    # The part that is gone and the five of the last one, which come in chunks of four.
    assert heard.told[-1].flown == 10 + 8
    assert digests(folder) == before


def test_envelopes_are_those_of_the_flights_in_order(whole: Path) -> None:
    flyer = FakeFlyer(MakeFake())
    for part in range(6):
        expected = Sketches.new(5, 2)
        expected.add(np.array([flyer.samples(flyer.row(10 * part + n)) for n in range(10)],
                              np.float32))  # fmt: skip
        assert (whole / f"envelopes/part-{part:05d}.sketch").read_bytes() == expected.to_bytes()


def test_wall_clock_has_a_file_of_its_own(whole: Path) -> None:
    table = pq.read_table(whole / "timing/part-00003.parquet")
    assert table.column_names == ["flight", "fly_s", "worker"]
    assert table.column("flight").to_pylist() == list(range(30, 40))
    assert set(table.column("worker").to_pylist()) == {0}


def test_other_versions_are_a_warning_that_stays(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(30))
    here = request().versions or {}
    foreign = request(60, versions=here | {"numpy": "9.9", "cpu": "abacus"})
    (said,) = fly(folder, foreign, resume=True).said
    assert f"numpy {here['numpy']} before, 9.9 now" in said
    assert "abacus now" in said
    kept = read_request(folder)
    assert kept.versions == here
    assert kept.foreign == (foreign.versions,)
    assert fly(folder, resume=True).said == []
    assert read_request(folder).foreign == (foreign.versions,)
    assert digests(folder) == digests(whole)


def test_a_folder_that_is_there_is_refused_or_replaced(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(20, seed=7))
    with pytest.raises(OutputError, match=r"exists already: go on with --resume, replace it"):
        fly(folder)
    (folder / "report.html").write_text("old")
    fly(folder, force=True)
    assert digests(folder) == digests(whole)
    assert not (folder / "report.html").exists()


def test_a_folder_of_other_things_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for how in ({"force": True}, {"resume": True}):
        with pytest.raises(OutputError, match="is no campaign: nothing in it was touched"):
            fly(tmp_path, **how)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(OutputError, match="is no folder"):
        fly(tmp_path / "thesis.tex", force=True)


def test_nothing_to_resume_is_a_beginning(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    heard = fly(folder, resume=True)
    assert heard.said == [f"nothing to resume in {folder}: the campaign begins"]
    assert digests(folder) == digests(whole)


def test_two_campaigns_into_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder)
    with hold(folder, resume=True, force=False, say=print):
        for how in ({"resume": True}, {"force": True}):
            with pytest.raises(OutputError, match="in use: another campaign is flying into it"):
                fly(folder, **how)
    assert len(rows(folder)) == 60
    fly(folder, resume=True)


def test_what_never_began_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "campaign"
    with hold(folder, resume=False, force=False, say=print):
        assert folder.is_dir()
    assert not folder.exists()


def test_a_damaged_request_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(20))
    (folder / "campaign.json").write_text("{")
    with pytest.raises(InputError, match=r"campaign\.json: is damaged.*--force"):
        fly(folder, resume=True)
    (folder / "campaign.json").write_text('{"mission": "fake"}')
    with pytest.raises(InputError, match="is damaged"):
        fly(folder, resume=True)


def test_a_flight_that_cannot_be_flown_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    message = "flights 44 to 47 could not be flown: ZeroDivisionError: no such luck"
    with pytest.raises(HaltError, match=message):
        fly(folder, make=MakeFake(fails=45))
    assert len(rows(folder)) == 40
    fly(folder, resume=True)
    assert len(rows(folder)) == 60


def stopped_after(width: float, block: int, chance: float, cap: int | None = None) -> int:
    """Where the rule ends, by scipy's own beta distribution."""
    good = [FakeFlyer(MakeFake(chance)).row(n)["outcome"] == "success" for n in range(3000)]
    for flights in range(block, 3000, block):
        if cap is not None and flights > cap:
            return cap
        count = sum(good[:flights])
        low = beta.ppf(0.025, count, flights - count + 1) if count else 0.0
        high = beta.ppf(0.975, count + 1, flights - count) if count < flights else 1.0
        if high - low <= width:
            return flights
    raise AssertionError


@pytest.mark.parametrize(("width", "cap"), [(0.2, None), (0.13, None), (0.13, 1000), (0.13, 77)])
@pytest.mark.parametrize("workers", [1, 3])
def test_it_stops_where_the_interval_is_narrow_enough(
    tmp_path: Path, width: float, cap: int | None, workers: int
) -> None:
    folder = tmp_path / "campaign"
    asked = request(cap, until_width=width, stop_block=20)
    fly(folder, asked, hands=Hands(workers))
    expected = stopped_after(width, 20, 0.7, cap)
    assert [row["flight"] for row in rows(folder)] == list(range(expected))
    again = fly(folder, asked, hands=Hands(workers), resume=True)
    assert again.told == []  # nothing is flown any more


def test_the_width_may_become_narrower_and_never_wider(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    fly(folder, request(None, until_width=0.21, stop_block=5))
    short = stopped_after(0.21, 5, 0.7)
    assert len(rows(folder)) == short
    assert short % 10 == 5  # the last part is one that grows
    fly(folder, request(None, until_width=0.15, stop_block=5), resume=True)
    assert len(rows(folder)) == stopped_after(0.15, 5, 0.7)
    fly(tmp_path / "other", request(None, until_width=0.15, stop_block=5))
    assert digests(folder) == digests(tmp_path / "other")
    for others in ({"until_width": 0.21}, {"until_width": None, "flights": 500}):
        asked = replace(request(None, until_width=0.15, stop_block=5), **others)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"the width was 0\.15 and is now"):
            fly(folder, asked, resume=True)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """No more is flown ahead than a part and a chunk for each worker."""
    made: list[Any] = []

    class Watched(MakeFake):
        def __call__(self) -> Any:
            made.append(super().__call__())
            return made[-1]

    ahead: list[int] = []

    def look(told: Any) -> None:
        ahead.append(sum(count for flyer in made for _, count in flyer.flown) - told.flights)

    from downrange.campaign.run import Listener

    fly(tmp_path / "c", request(2000), Watched(), listener=Listener(progress=look))
    assert max(ahead) <= 10 + 4 * (2 + 1)
