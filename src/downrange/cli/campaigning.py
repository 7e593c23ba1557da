"""`downrange campaign`: many flights of a mission, counted; the report of their folder anew."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from downrange.cli.counts import put_campaign, put_campaign_folder, put_draws
from downrange.cli.flying import MISSION, gather, setting, words
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
    mission: Annotated[str, MISSION],
    flights: Annotated[
        int | None,
        typer.Option(
            "-n",
            metavar="N",
            help="How many flights, 1000 if not given; with --until-width, how many at most.",
        ),
    ] = None,
    planned: Annotated[
        bool, typer.Option("--planned", help="Leave out the faults of the flight as flown.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of all draws: same seed, same flights.")] = 1,
    disperse: Annotated[
        str,
        typer.Option(
            metavar="GROUPS",
            help="What is drawn: all that changes from flight to flight if not given; or groups "
            "of it, with commas, as downrange fly has them; or none.",
        ),
    ] = "all",
    until_width: Annotated[
        float | None,
        typer.Option(
            metavar="WIDTH",
            help="Fly until the 95 % interval of the share of successes is no wider: 0.02.",
        ),
    ] = None,
    sampler: Annotated[
        str, typer.Option(metavar="NAME", help="plain, or sobol: a scrambled sequence.")
    ] = "plain",
    scrambles: Annotated[
        int, typer.Option(metavar="N", help="Of a sobol sequence, which give its error.")
    ] = 16,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Replace a value; may be repeated."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help='Add a fault: "stage1.engine.5: shutdown at 20 s"; repeatable.'
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many fly at once; one a processor if not given."),
    ] = None,
    processes: Annotated[
        bool, typer.Option("--processes", help="Workers are processes: one that dies is replaced.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder; runs/<mission>-campaign-<seed>-<n> if not given."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the campaign in the folder.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a campaign that is there already.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what will be drawn, and from what; fly nothing.")
    ] = False,
    record_failures: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Record the first N flights of each cause of failure, and "
            "the most telling; 0 records none.",
        ),
    ] = 3,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write no report.html: quicker.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on stdout, nothing else.")
    ] = False,
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
        out=out, resume=resume, force=force,
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
    from downrange.campaign.run import plan

    ready = plan(asked)
    if as_json:
        told = {"schema_version": SCHEMA_VERSION, "mission": asked.mission.name,
                "seed": asked.seed, "groups": asked.groups}  # fmt: skip
        put_json(told | {"draws": ready.draws, "left": ready.left})
    else:
        put_draws(ready.draws, ready.left, console())


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
