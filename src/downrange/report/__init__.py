"""Figures and the HTML page of a flight. Reads recordings only; matplotlib loads when used."""

from __future__ import annotations

from downrange.report.page import write_report
from downrange.report.picture import write_picture

__all__ = ["write_picture", "write_report"]
