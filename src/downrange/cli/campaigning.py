"""`downrange campaign`: many flights of a mission, counted; the report of their folder anew."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from downrange.cli import options
from downrange.cli.counts import put_campaign, put_campaign_folder, put_draws
from downrange.cli.flying import gather, setting, words
from downrange.cli.gauge import Gauge
from downrange.cli.terminal import SCHEMA_VERSION, STOPPED, Stages, Stopped, console, put_json, say
from downrange.errors import Problem

if TYPE_CHECKING:
    from downrange.campaign.asked import Asked
    from downrange.campaign.results import Campaign

REPORT = "report"
DEFAULT = {"--seed": 1, "--disperse": "all", "--sampler": "plain", "--scrambles": 16}


class CampaignCommand(TyperCommand):
    """`downrange campaign MISSION`, where the word `report` in its place is a command."""

    @property
    def commands(self) -> dict[str, TyperCommand]:
        """The commands in it, by name."""
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(REPORT, epilog="Example: downrange campaign report runs/maiden")(report)
        return {REPORT: typer.main.get_command(app)}  # type: ignore[dict-item]

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """What is to be run: the command that the first word names, or the campaign."""
        if args[:1] == [REPORT]:
            command = self.commands[REPORT]
            return command.make_context(f"{info_name} {REPORT}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


def campaign(
    mission: options.Mission,
    flights: options.Flights = None,
    planned: options.Planned = False,
    seed: options.CampaignSeed = 1,
    disperse: options.Drawn = "all",
    until_width: options.UntilWidth = None,
    sampler: options.Sampler = "plain",
    scrambles: options.Scrambles = 16,
    settings: options.Settings = None,
    fault: options.Faults = None,
    workers: options.Workers = None,
    processes: options.Processes = False,
    out: options.CampaignOut = None,
    resume: options.Resume = False,
    force: options.CampaignForce = False,
    plan: options.Plan = False,
    record_failures: options.RecordFailures = 3,
    no_report: options.NoReport = False,
    as_json: options.AsJson = False,
) -> None:
    """Fly a mission many times: how often it goes well, how sure that is, and why if not.

    Each flight draws its own values and can be flown again alone (fly --from-campaign). A
    campaign that was stopped, or killed, goes on with --resume. The report of a folder is
    written anew by downrange campaign report DIR; a mission of that name is report.toml.
    """
    again = {
        "-n": flights, "--planned": planned, "--seed": seed, "--disperse": disperse,
        "--until-width": until_width, "--sampler": sampler, "--scrambles": scrambles,
        "--set": settings, "--fault": fault, "--workers": workers, "--processes": processes,
    }  # fmt: skip
    asked = _asked(
        mission, planned, settings or (), fault or (), record_failures, flights=flights, seed=seed,
        disperse=() if disperse == "none" else words(disperse), workers=workers,
        processes=processes, until_width=until_width, sampler=sampler, scrambles=scrambles,
        **({} if plan else {"out": out, "resume": resume, "force": force}),
    )  # fmt: skip
    if plan:
        _put_plan(asked, as_json)
        return
    command = _again(mission, asked.out, {k: v for k, v in again.items() if v != DEFAULT.get(k)})
    done = _run(asked, command, record_failures, report=not no_report)
    if as_json:
        put_json(done.summary)
    else:
        put_campaign(done, console())
        put_campaign_folder(done, console(), report=not no_report)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A campaign.")],
) -> None:
    """Write report.html and summary.json of a campaign anew."""
    with Stages() as stages:
        stages("loading")
        from downrange.campaign.finish import write_results
        from downrange.campaign.results import open_campaign

        opened = open_campaign(folder)
        stages("report")
        write_results(opened, report=True)
    console().print(f"Report  {folder / 'report.html'}", markup=False, soft_wrap=True)


def _asked(
    mission: str, planned: bool, settings: Sequence[str], faults: Sequence[str], failures: int,
    **options: Any,
) -> Asked:  # fmt: skip
    """What was asked for, checked whole.

    Raises:
        InputError: carries every problem found.
    """
    from downrange.campaign.asked import ask, loader

    problems: list[Problem] = []
    pairs = [gather(problems, setting, each) for each in settings]
    known = [pair for pair in pairs if pair is not None]
    if failures < 0:
        problems.append(Problem("--record-failures", "", f"{failures} is below 0"))
    return ask(loader(mission, planned, known, faults), problems=problems, **options)


def _put_plan(asked: Asked, as_json: bool) -> None:
    """Print what each flight will draw."""
    from downrange.flight.draw_words import describe, left_out
    from downrange.flight.fly import prepare

    plan = prepare(asked.mission).dispersed(asked.groups).plan
    rows, left = describe(plan), left_out(asked.mission, plan)
    if as_json:
        told = {"schema_version": SCHEMA_VERSION, "mission": asked.mission.name,
                "seed": asked.seed, "groups": asked.groups}  # fmt: skip
        put_json(told | {"draws": list(map(asdict, rows)), "left": list(map(asdict, left))})
    else:
        put_draws(rows, left, console())


def _run(asked: Asked, again: str, failures: int, report: bool) -> Campaign:
    """Fly, and say how to go on if it is stopped."""
    from downrange.campaign.finish import finish
    from downrange.campaign.interrupts import StoppedError
    from downrange.campaign.run import Listener, run

    after = partial(finish, failures=failures, report=report)
    try:
        with Gauge(asked.until_width, intervals=asked.sampler == "plain") as gauge:
            return run(asked, Listener(gauge.stage, gauge.say, gauge.progress), after)
    except StoppedError as stopped:
        raise Stopped(f"{stopped}; go on with: {again}") from None
    except KeyboardInterrupt:
        # Flights may still be under way in threads: the process ends without waiting for them.
        say(f"stopped at once; go on with: {again}")
        leave()
        raise


def leave() -> None:
    """End the process at once, with the exit code of a stop."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(STOPPED)


def _again(mission: str, out: Path, options: Mapping[str, Any]) -> str:
    """The command that goes on with what these options began."""
    words = ["downrange", "campaign", mission]
    for option, value in options.items():
        if value is True:
            words.append(option)
        elif isinstance(value, list):
            words += [word for each in value for word in (option, each)]
        elif value not in (None, False):
            words += [option, str(value)]
    return shlex.join([*words, "--out", str(out), "--resume"])
