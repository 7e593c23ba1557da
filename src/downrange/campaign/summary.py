"""The JSON object of a campaign: what `downrange campaign --json` prints and summary.json holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from downrange.campaign.statistics import prior_success, running_share
from downrange.telemetry.store import plain, write_summary

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

SCHEMA_VERSION = 1
POINTS = 40  # of the convergence
RUNS = "timing/runs.jsonl"


def summary_of(campaign: Campaign) -> dict[str, Any]:
    """All that is told of a campaign as one object; what there is not is None, never nan."""
    request = campaign.request
    mission = campaign.mission_data
    told: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "downrange": request.downrange,
        "mission": request.mission,
        "title": mission.get("title"),
        "mission_hash": request.mission_hash,
        "planned": request.planned,
        "seed": request.seed,
        "flights": len(campaign.flights),
        "flights_asked": request.flights,
        "until_width": request.until_width,
        "finished": campaign.finished,
        "sampler": request.sampler,
        "scrambles": request.scrambles,
        "groups": request.groups,
        "outcomes": {name: share.as_dict() for name, share in campaign.outcomes.items()},
        "causes": {name: share.as_dict() for name, share in campaign.causes.items()},
        "objectives": {name: share.as_dict() for name, share in campaign.objectives.items()},
        "prior": prior_success()._asdict(),
        "quantities": {name: each.as_dict() for name, each in campaign.quantities.items()},
        "ellipses": {body: _ground(campaign, body) for body in campaign.footprints},
        "convergence": _convergence(campaign),
        "telling": [asdict(each) for each in campaign.telling],
        "versions": request.versions,
        "foreign_workers": list(request.foreign),
        "timing": timing_of(campaign),
        "folder": str(campaign.folder),
    }
    found: dict[str, Any] = plain(told)
    return found


def write_summary_of(campaign: Campaign) -> dict[str, Any]:
    """Write summary.json into the folder, whole or not at all. Raises OutputError."""
    write_summary(campaign.summary, campaign.folder)
    return campaign.summary


def _convergence(campaign: Campaign) -> dict[str, Any] | None:
    """Share of successes after more and more flights; Sobol points come in no order."""
    if campaign.request.sampler == "sobol":
        return None
    running = running_share(campaign.success, POINTS)
    return {key: plain(value) for key, value in running._asdict().items()}


def _ground(campaign: Campaign, body: str) -> dict[str, Any]:
    """Where a body came down: the mean point, on what, and the ellipses."""
    found = campaign.footprints[body]
    densest = {} if found.density is None else found.density.areas_km2
    return {
        "count": found.count,
        "latitude_deg": found.latitude_deg,
        "longitude_deg": found.longitude_deg,
        "surfaces": campaign.impacts[body].surfaces,
        "ellipses": [
            {
                "share": each.share,
                "semi_major_m": each.semi_major_m,
                "semi_minor_m": each.semi_minor_m,
                "azimuth_deg": each.azimuth_deg,
                "area_km2": each.area_km2,
                "densest_area_km2": densest.get(each.share),
                "inside": each.inside.as_dict(),
            }
            for each in found.ellipses
        ],
        "notes": found.notes,
    }


def timing_of(campaign: Campaign) -> dict[str, Any]:
    """Wall clock of all runs that flew it; None where no run has noted any."""
    path = campaign.folder / RUNS
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    runs = [json.loads(line) for line in lines]
    wall_s = sum(run["wall_s"] for run in runs)
    flown = sum(run["flights"] for run in runs)
    return {
        "wall_s": wall_s if runs else None,
        "flights_per_s": flown / wall_s if wall_s > 0.0 else None,
        "workers": runs[-1]["workers"] if runs else None,
        "engine": runs[-1]["engine"] if runs else None,
    }
