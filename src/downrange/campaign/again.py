"""One flight of a campaign, to be flown again alone: the same mission, seed and draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from downrange.campaign.ledger import read_ledger
from downrange.campaign.request import Request, read_request
from downrange.errors import InputError, Problem

if TYPE_CHECKING:
    from downrange.flight.load import Mission


class Again(NamedTuple):
    """What a flight of a campaign is flown with.

    `points` are scrambles and flights of a sobol sequence; None where draws are plain.
    """

    mission: Mission
    seed: int
    groups: tuple[str, ...]
    points: tuple[int, int] | None


def flight_of(mission: str, folder: Path | None, flight: int | None) -> Again:
    """What flight number `flight` of the campaign in a folder is flown with.

    Raises:
        InputError: there is no such campaign or flight, or it is one of another mission.
    """
    if folder is None or flight is None:
        missing = "--from-campaign" if folder is None else "--flight"
        message = "is missing: a flight of a campaign has a folder and a number"
        hint = "--from-campaign DIR --flight K"
        raise InputError([Problem(missing, "", message, hint)])
    request = read_request(folder)
    problems = [*_check_flight(folder, request, flight), *_check_mission(mission, request)]
    if problems:
        raise InputError(problems)
    points = None
    if request.sampler == "sobol" and request.flights is not None:
        points = request.scrambles, request.flights
    return Again(_mission(folder, request), request.seed, request.groups, points)


def _check_flight(folder: Path, request: Request, flight: int) -> list[Problem]:
    there = sum(entry.flights for entry in read_ledger(folder)[0].values())
    flights = there if request.flights is None else max(there, request.flights)
    if 0 <= flight < flights:
        return []
    message = f"there is no flight {flight} in {folder}"
    return [Problem("--flight", "", message, f"from 0 to {flights - 1}")]


def _check_mission(mission: str, request: Request) -> list[Problem]:
    """Problems of a mission that is not the campaign's: named as there, or by a file."""
    from downrange import catalog
    from downrange._spec import load_toml

    try:
        name = load_toml(catalog.find("missions", mission)).get("name")
    except InputError as error:
        if mission == request.mission:  # its own file need not be there any more
            return []
        return error.problems
    if name == request.mission:
        return []
    message = f"{mission} is not the campaign's mission"
    return [Problem("", "MISSION", message, f"it flew {request.mission}")]


def _mission(folder: Path, request: Request) -> Mission:
    """The mission as the campaign flew it.

    Raises:
        InputError: it is damaged, or has been changed.
    """
    from downrange.flight.load import load_mission

    file = folder / "mission.toml"
    mission = replace(load_mission(file), planned=request.planned)
    if mission.digest != request.mission_hash:
        message = "is not what was flown: its hash is another"
        hint = f"expected {request.mission_hash}, found {mission.digest}"
        raise InputError([Problem(str(file), "", message, hint)])
    return mission
