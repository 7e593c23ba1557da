"""The report of a campaign: one HTML page that stands alone in its folder."""

from downrange.campaign.report.page import render as render
from downrange.campaign.report.page import write_report as write_report
