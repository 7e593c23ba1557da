"""A campaign on the screen: outcomes with intervals, causes, key quantities, what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from downrange.cli.tables import OUTCOME_STYLES, WIDE_COLUMNS
from downrange.cli.terminal import table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from downrange.campaign.results import Campaign
    from downrange.campaign.statistics import Share
    from downrange.flight.draw_words import Left, Row

MOST_CAUSES = 12
MOST_QUANTITIES = 16
MOST_NAMES = 3
PERCENT = 100.0

# Quantities that say most of a flight, by the beginnings and ends of their names.
_KEY = (
    ("insertion.", ""), ("event.", ".flight_termination.time_s"), ("event.", ".breakup.time_s"),
    ("event.", ".seco.time_s"), ("event.", ".max_q.dynamic_pressure_pa"), ("margin.", ""),
    ("event.", ".meco.time_s"), ("body.", ".impact_speed_mps"),
)  # fmt: skip


def put_campaign(done: Campaign, to: Console) -> None:
    """Print what came of a campaign."""
    from downrange.campaign.words import headline

    request = done.request
    flown = "as planned" if request.planned else "as flown"
    groups = ", ".join(request.groups) or "nothing"
    to.print(f"\n[bold]{request.mission}[/bold], {flown}, {len(done.flights):,} flights, "
             f"seed {request.seed}; drawn: {groups}", soft_wrap=True)  # fmt: skip
    to.print(headline(done), markup=False, soft_wrap=True)
    for made in (_outcomes(done), _causes(done), _quantities(done)):
        if made.row_count:
            to.print()
            to.print(made)


def put_campaign_folder(done: Campaign, to: Console, report: bool) -> None:
    """Print where a campaign is kept, and how long it took."""
    from downrange.review.words import number

    timing = done.summary["timing"]
    to.print(f"\nCampaign  {done.folder}", markup=False, soft_wrap=True)
    if report:
        to.print(f"Report    {done.folder}/report.html", markup=False, soft_wrap=True)
    if timing["flights_per_s"] is not None:
        rate, wall_s = number(timing["flights_per_s"]), number(timing["wall_s"])
        pace = f"{rate} flights a second, {wall_s} s in all"
        to.print(f"{pace}; {timing['workers']} {timing['engine']}", style="dim")


def _outcomes(done: Campaign) -> Table:
    from rich.text import Text

    from downrange.campaign.words import outcome_word

    made = _shares("Outcomes", "Outcome")
    for name, share in done.outcomes.items():
        if share.count or name == "success":
            style = OUTCOME_STYLES.get(name, "bold red")
            made.add_row(Text(outcome_word(name), style=style), *_cells(share))
    methods = {share.method for share in done.outcomes.values() if share.count}
    made.caption, made.caption_justify = f"Intervals: {'; '.join(sorted(methods))}", "left"
    return made


def _causes(done: Campaign) -> Table:
    from downrange.campaign.words import cause_words

    made = _shares("First causes", "Cause")
    failures = {name: share for name, share in done.causes.items() if name}
    for name, share in islice(failures.items(), MOST_CAUSES):
        made.add_row(cause_words(name), *_cells(share))
    if len(failures) > MOST_CAUSES:
        made.caption = f"and {len(failures) - MOST_CAUSES} more in summary.json"
        made.caption_justify = "left"
    return made


def _shares(title: str, first: str) -> Table:
    numbers = ("Flights", "Share", "Low", "High")
    return table(title, first, *numbers, right=numbers, fold=first)


def _cells(share: Share) -> Sequence[str]:
    parts = (share.share, share.low, share.high)
    return f"{share.count:,}", *(f"{PERCENT * each:.2f} %" for each in parts)


def _quantities(done: Campaign) -> Table:
    from downrange.campaign.words import quantity_title, value_of
    from downrange.review.words import quantity

    numbers = ("Flights", "Mean", "Std", "1 %", "50 %", "99 %")
    made = table("Key quantities", "Quantity", *numbers, right=numbers, fold="Quantity")
    units = done.request.columns or {}
    for name in islice(_key_names(done.quantities), MOST_QUANTITIES):
        each = done.quantities[name]
        mean, *spread = (value_of(name, at) for at in (each.mean, each.p01, each.p50, each.p99))
        std = quantity(each.std, units.get(name) or "1")
        made.add_row(quantity_title(name), f"{each.count:,}", mean, std, *spread)
    rest = len(done.quantities) - made.row_count
    if rest > 0:
        made.caption, made.caption_justify = f"and {rest} more in summary.json", "left"
    return made


def _key_names(quantities: Mapping[str, Any]) -> Sequence[str]:
    """The names that say most, those of one kind together; all if none of them does."""
    found = [
        name for begins, ends in _KEY for name in quantities
        if name.startswith(begins) and name.endswith(ends)
    ]  # fmt: skip
    return found or list(quantities)


def put_draws(rows: Sequence[Row], left: Sequence[Left], to: Console) -> None:
    """Print what each flight draws, from where, and what is left as it is."""
    wide = to.width >= WIDE_COLUMNS
    columns = ("Value", "Group", "Distribution", "Status", "Source")
    made = table("Drawn for each flight", *(columns if wide else ("Value", "Distribution")),
                 fold="Distribution")  # fmt: skip
    for row in rows:
        value = f"{row.value} ({row.count})" if row.count > 1 else row.value
        told = (row.group, row.distribution, row.status, row.source)
        made.add_row(value, *(told if wide else (", ".join(filter(None, told[1:])),)))
    to.print(made if rows else "Nothing is drawn: noise and gusts alone differ.")
    for each in left:
        more = f" and {len(each.paths) - MOST_NAMES} more" if len(each.paths) > MOST_NAMES else ""
        names = ", ".join(each.paths[:MOST_NAMES])
        to.print(f"Not drawn, {each.why}: {names}{more}", style="dim", markup=False,
                 soft_wrap=True)  # fmt: skip
