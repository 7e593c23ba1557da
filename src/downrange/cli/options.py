"""Options that commands share, and those of long ones: their types and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Mission = Annotated[
    str, typer.Argument(metavar="MISSION", help="A name from [b]downrange list[/b], or a file.")
]
Planned = Annotated[
    bool, typer.Option("--planned", help="Leave out the faults of the flight as flown.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Replace a value; may be repeated."),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT", help='Add a fault: "stage1.engine.5: shutdown at 20 s"; repeatable.'
    ),
]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no report.html: quicker.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON on stdout, nothing else.")
]

# Of a flight.
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, help="Of sensor noise, gusts and draws, 1 if not given: same seed, same bits."
    ),
]
Disperse = Annotated[
    str | None,
    typer.Option(
        metavar="[GROUPS]",
        help="Draw the values that change from flight to flight: all of them, or those of "
        "engines, mass, wind, aero, sensors, structure, faults, failures; knowledge draws "
        "what is not known of the design. Several with commas.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder of the recording; runs/<mission>-<seed>-<n> if not given."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a recording that is there already.")]
FromCampaign = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Fly a flight of this campaign again, as it was there."),
]
Flight = Annotated[
    int | None, typer.Option(metavar="K", help="Which one: its number in the campaign.")
]
RecordRate = Annotated[float, typer.Option(metavar="HZ", help="Rows of telemetry a second.")]

# Of a campaign.
Flights = Annotated[
    int | None,
    typer.Option(
        "-n",
        metavar="N",
        help="How many flights, 1000 if not given; with --until-width, how many at most.",
    ),
]
CampaignSeed = Annotated[int, typer.Option(help="Of all draws: same seed, same flights.")]
Drawn = Annotated[
    str,
    typer.Option(
        metavar="GROUPS",
        help="What is drawn: all that changes from flight to flight if not given; or groups "
        "of it, with commas, as downrange fly has them; or none.",
    ),
]
UntilWidth = Annotated[
    float | None,
    typer.Option(
        metavar="WIDTH",
        help="Fly until the 95 % interval of the share of successes is no wider: 0.02.",
    ),
]
Sampler = Annotated[
    str, typer.Option(metavar="NAME", help="plain, or sobol: a scrambled sequence.")
]
Scrambles = Annotated[
    int, typer.Option(metavar="N", help="Of a sobol sequence, which give its error.")
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", help="How many fly at once; one a processor if not given."),
]
Processes = Annotated[
    bool, typer.Option("--processes", help="Workers are processes: one that dies is replaced.")
]
CampaignOut = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder; runs/<mission>-campaign-<seed>-<n> if not given."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the campaign in the folder.")]
CampaignForce = Annotated[
    bool, typer.Option("--force", help="Replace a campaign that is there already.")
]
Plan = Annotated[
    bool, typer.Option("--plan", help="Say what will be drawn, and from what; fly nothing.")
]
RecordFailures = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Record the first N flights of each cause of failure, and the most telling; "
        "0 records none.",
    ),
]
