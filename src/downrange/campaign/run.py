"""Run a campaign: plan it, fly it with all hands, count it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from downrange.campaign import folder as folders
from downrange.campaign.asked import Asked, ask, loader
from downrange.campaign.conduct import Progress, Work, fly_parts, sound
from downrange.campaign.files import append_line
from downrange.campaign.flyer_types import Flyer, MakeFlyer, Ready
from downrange.campaign.interrupts import Interrupts, StoppedError
from downrange.campaign.ledger import Entry
from downrange.campaign.partial import read_partial, remove_partial
from downrange.campaign.processes import RemoteFlyer
from downrange.campaign.request import Request, hashes, versions
from downrange.campaign.workers import Crew, MakePilot, in_order
from downrange.errors import HaltError, OutputError
from downrange.telemetry.store import plain

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign
    from downrange.flight.load import Mission

RUNS = "timing/runs.jsonl"


@dataclass(frozen=True)
class Listener:
    """Who is told of a campaign.

    Attributes:
        stage: told what begins: "planning", "compiling", "flights", "counting".
        say: told what a person should know, in a sentence.
        progress: told how far it is.
    """

    stage: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    progress: Callable[[Progress], None] = lambda _: None


@dataclass(frozen=True)
class Hands:
    """Who flies: how many workers, as threads or as processes of their own."""

    workers: int
    processes: bool = False

    @property
    def engine(self) -> str:
        """As the results say it."""
        return "processes" if self.processes else "threads"

    def pilots(
        self, first: Flyer, make: MakeFlyer, say: Callable[[str], None]
    ) -> Sequence[MakePilot]:
        """Makes who flies, for each worker; a thread takes the first, which is made already."""
        if self.processes:
            return [partial(RemoteFlyer, make, say)] * self.workers
        return [lambda: first, *[make] * (self.workers - 1)]


After = Callable[["Campaign", Listener], None]


def run_campaign(
    mission: Mission | str | Path,
    flights: int | None = None,
    *,
    seed: int = 1,
    planned: bool = False,
    disperse: Sequence[str] = ("all",),
    workers: int | None = None,
    until_width: float | None = None,
    sampler: str = "plain",
    out: Path | str | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Campaign:
    """Fly a mission many times and return what came of it; its folder has a summary.json too.

    A Ctrl-C ends it with the flights that are under way; `resume` goes on.

    Args:
        mission: a mission, or the name or file of one.
        flights: how many; 1000 if not given, or as many as `until_width` takes.
        seed: of all draws; flight i flies alone with `fly(mission, seed=seed, flight=i)`.
        planned: leave out the mission's own faults, where it is named.
        disperse: groups of values to draw, ("all",) for every one that changes between flights.
        workers: how many fly at once; as many as there are processors if not given.
        until_width: stop when the 95 % interval of the share of successes is as narrow.
        sampler: "plain", or "sobol" for a scrambled sequence.
        out: folder of the results; runs/<mission>-campaign-<seed>-<n> if not given.
        resume: go on with the campaign in the folder.
        progress: told how far it is.

    Raises:
        InputError: something that was asked for can't be flown; carries every problem.
        HaltError: it could not go on; what is finished is kept.
    """
    from downrange.campaign.finish import finish

    load = loader(mission, planned) if isinstance(mission, str | Path) else mission
    asked = ask(
        load, flights, seed=seed, disperse=disperse, workers=workers, until_width=until_width,
        sampler=sampler, out=None if out is None else Path(out), resume=resume,
    )  # fmt: skip
    heard = Listener() if progress is None else Listener(progress=progress)
    return run(asked, heard, partial(finish, failures=0, report=False))


def run(asked: Asked, listener: Listener, after: After | None = None) -> Campaign:
    """Fly what is asked for. What comes after the flights is done while the folder is held.

    Raises:
        InputError: it can't be planned, or is not the campaign that is to be resumed.
        HaltError: it could not go on.
        StoppedError: it was stopped.
    """
    from downrange.campaign.flyer import ready_campaign
    from downrange.campaign.results import open_campaign

    hands = Hands(asked.workers, asked.processes)
    with folders.hold(asked.out, asked.resume, asked.force, listener.say) as held:
        listener.stage("planning")
        ready = ready_campaign(
            asked.mission, seed=asked.seed, groups=asked.groups, sampler=asked.sampler,
            scrambles=asked.scrambles, flights=asked.flights,
        )  # fmt: skip
        listener.stage("compiling")
        first = ready.make()
        listener.stage("flights")
        fly_held(held, request_of(asked, ready, first), ready, first, hands, listener)
        done = open_campaign(asked.out)
        if after is not None:
            listener.stage("counting")
            try:
                after(done, listener)
            except OutputError as error:
                hint = f"the flights are kept; then: downrange campaign report {asked.out}"
                raise HaltError(f"{error}: {hint}") from error
        return done


def fly_held(
    held: folders.Hold, request: Request, ready: Ready, first: Flyer, hands: Hands,
    listener: Listener,
) -> None:  # fmt: skip
    """Fly what is missing of a campaign into the folder that is held for it; see `run`."""
    with Interrupts(listener.say) as stopping:
        work = _work(held, request, ready, listener)
        pilots = hands.pilots(first, ready.make, listener.say)
        try:
            _fly(work, pilots, first.chunk_flights, stopping)
        except StoppedError:
            _note(work, hands)
            raise
        _note(work, hands)


def request_of(asked: Asked, ready: Ready, flyer: Flyer) -> Request:
    """What `campaign.json` says of a campaign."""
    mission = asked.mission
    return Request(
        mission=mission.name, mission_hash=mission.digest, planned=mission.planned,
        seed=asked.seed, flights=asked.flights, until_width=asked.until_width,
        groups=asked.groups, sampler=asked.sampler, scrambles=asked.scrambles,
        part_flights=asked.part_flights, draws=tuple(plain(ready.draws)), bodies=ready.bodies,
        objectives=ready.objectives, target=plain(ready.target), columns=flyer.columns,
        channels=flyer.channels, times_s=tuple(flyer.times_s.tolist()), versions=versions(),
        downrange=version("downrange"), files=hashes(mission.named_files()),
    )  # fmt: skip


def _work(held: folders.Hold, request: Request, ready: Ready, listener: Listener) -> Work:
    """Begin the folder, or look at all that is in it."""
    entries: dict[int, Entry] = {}
    plan = json.dumps(plain(ready.plan), indent=1, allow_nan=False, ensure_ascii=False)
    texts = {"mission.toml": ready.mission.encode(), "plan.json": f"{plan}\n".encode()}
    if held.before is None:
        folders.begin(held, request, texts)
    else:
        request, entries = folders.go_on(held, request, texts, listener.say)
    finished = sound(held.folder, request, entries)
    begun = read_partial(held.folder, request, listener.say)
    if begun is not None and begun.part in finished:
        remove_partial(held.folder)
        begun = None
    return Work(held.folder, request, finished, begun, listener.progress)


def _fly(
    work: Work, pilots: Sequence[MakePilot], chunk_flights: int, stopping: Callable[[], bool]
) -> None:
    """Fly all that is missing."""
    # As much ahead as lasts while a part is written, and no more: memory is bounded by it.
    ahead = len(pilots) + -(-work.request.part_flights // chunk_flights)
    with Crew(pilots, stopping) as crew:
        fly_parts(work, in_order(crew, work.spans(chunk_flights), ahead))


def _note(work: Work, hands: Hands) -> None:
    """Note how long the flights of this run took. Raises HaltError."""
    if work.told is not None:
        line = {"flights": work.told.flown, "wall_s": work.told.wall_s,
                "workers": hands.workers, "engine": hands.engine}  # fmt: skip
        append_line(work.folder / RUNS, json.dumps(line).encode())
