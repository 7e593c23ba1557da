"""What is made of a campaign once it is flown: summary and report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from downrange.campaign.recordings import record_flights, record_nominal

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign
    from downrange.campaign.run import Listener


def finish(done: Campaign, listener: Listener, *, failures: int, report: bool) -> None:
    """Record the nominal flight and a few of a campaign, write its summary and report.

    `failures` of each cause are recorded; with none of them no flight is.

    Raises:
        OutputError: they can't be written; the flights are kept.
    """
    if failures:
        listener.stage("recordings")
        record_nominal(done)
        record_flights(done, failures)
    if report:
        listener.stage("report")
    write_results(done, report)


def write_results(done: Campaign, report: bool) -> None:
    """Write summary.json and, if wanted, report.html. Raises OutputError."""
    from downrange.campaign.report import write_report
    from downrange.campaign.summary import write_summary_of

    write_summary_of(done)
    if report:
        write_report(done)
