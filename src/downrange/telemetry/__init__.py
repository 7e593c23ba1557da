"""Channels, recordings and the data bus."""

from __future__ import annotations

from downrange.telemetry.channels import CHANNELS, Channel, channel, unit_of
from downrange.telemetry.readers import read_telemetry_csv
from downrange.telemetry.recording import Body, Event, Recording, Telemetry
from downrange.telemetry.store import read_recording, write_recording

__all__ = [
    "CHANNELS",
    "Body",
    "Channel",
    "Event",
    "Recording",
    "Telemetry",
    "channel",
    "read_recording",
    "read_telemetry_csv",
    "unit_of",
    "write_recording",
]
