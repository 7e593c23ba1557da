"""The object that `downrange campaign --json` prints keeps its shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from campaign_case import flown_rows, planned_rows, write_campaign
from jsonschema import Draft202012Validator

from downrange.campaign.results import open_campaign
from downrange.campaign.summary import write_summary_of

NUMBER = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
STATISTICS = ("mean", "std", "p01", "p05", "p50", "p95", "p99")
PROBABILITY = {"type": "number", "minimum": 0.0, "maximum": 1.0}


def table(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": item}


def record(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": keys, "required": list(keys)}


SHARE = record(
    count=COUNT, share=PROBABILITY, low=PROBABILITY, high=PROBABILITY, method=TEXT
)  # fmt: skip
SCHEMA = record(
    schema_version={"const": 1},
    downrange=TEXT,
    mission=TEXT,
    mission_hash=TEXT,
    planned={"type": "boolean"},
    seed=COUNT,
    flights=COUNT,
    flights_asked={"type": ["integer", "null"]},
    finished={"type": "boolean"},
    sampler={"enum": ["plain", "sobol"]},
    groups={"type": "array", "items": TEXT},
    outcomes=table(SHARE),
    causes=table(SHARE),
    objectives=table(SHARE),
    prior=record(mean=PROBABILITY, low=PROBABILITY, high=PROBABILITY, source=TEXT),
    quantities=table(
        record(count=COUNT, **dict.fromkeys(STATISTICS, NUMBER))
    ),
    ellipses=table(
        record(
            count=COUNT,
            latitude_deg=NUMBER,
            longitude_deg=NUMBER,
            surfaces=table(COUNT),
            ellipses={
                "type": "array",
                "items": record(
                    share=PROBABILITY, semi_major_m=NUMBER, semi_minor_m=NUMBER,
                    azimuth_deg=NUMBER, area_km2=NUMBER, densest_area_km2=NUMBER, inside=SHARE,
                ),
            },
            notes={"type": "array", "items": TEXT},
        )
    ),
    convergence=record(
        flights={"type": "array", "items": COUNT},
        share={"type": "array", "items": PROBABILITY},
        low={"type": "array", "items": PROBABILITY},
        high={"type": "array", "items": PROBABILITY},
    ),
    telling={"type": "array", "maxItems": 10,
             "items": record(flight=COUNT, outcome=TEXT, why=TEXT, command=TEXT)},
    foreign_workers={"type": "array"},
    timing=record(
        wall_s=NUMBER, flights_per_s=NUMBER, workers={"type": ["integer", "null"]},
        engine={"type": ["string", "null"]},
    ),
    folder=TEXT,
)  # fmt: skip


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("flights", [1, 150])
def test_the_summary_has_its_shape(planned: bool, flights: int, tmp_path: Path) -> None:
    rows = planned_rows(flights) if planned else flown_rows(flights)
    campaign = open_campaign(write_campaign(tmp_path / "c", rows, planned=planned))
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(campaign.summary)
    assert json.loads(json.dumps(campaign.summary, allow_nan=False)) == campaign.summary
    assert set(campaign.summary["outcomes"]) == {
        "success", "partial", "loss", "terminated", "scrubbed", "numerical",
    }  # fmt: skip


def test_the_file_holds_the_same(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", planned_rows(150))
    runs = ({"flights": 100, "wall_s": 8.0, "workers": 1, "engine": "threads"},
            {"flights": 50, "wall_s": 2.0, "workers": 2, "engine": "threads"})  # fmt: skip
    text = "".join(json.dumps(run) + "\n" for run in runs)
    (folder / "timing/runs.jsonl").write_text(text, encoding="utf-8")
    told = write_summary_of(open_campaign(folder))
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == told
    assert told["timing"] == {
        "wall_s": 10.0, "flights_per_s": 15.0, "workers": 2, "engine": "threads",
    }  # fmt: skip
