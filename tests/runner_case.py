"""Fake campaigns into folders, and what of them must be the same however they were flown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from fake_flyer import MakeFake, ready, request

from downrange.campaign.conduct import Progress
from downrange.campaign.folder import hold
from downrange.campaign.ledger import read_ledger
from downrange.campaign.request import Request
from downrange.campaign.run import Hands, Listener, fly_held

KEPT = ("flights", "envelopes")  # the same bytes always; timing never is


@dataclass
class Heard:
    """What a campaign said, and how far it told it was."""

    said: list[str] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        return Listener(say=self.said.append, progress=self.told.append)


def fly(
    folder: Path, asked: Request | None = None, make: MakeFake | None = None, *,
    hands: Hands | None = None, resume: bool = False, force: bool = False,
    listener: Listener | None = None,
) -> Heard:  # fmt: skip
    """Fly a fake campaign."""
    heard = Heard()
    listening = listener or heard.listener
    made = ready(make)
    with hold(folder, resume, force, listening.say) as held:
        fly_held(held, asked or request(), made, made.make(), hands or Hands(2), listening)
    return heard


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that must be the same."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for kind in KEPT for path in sorted((folder / kind).iterdir())
    }  # fmt: skip


def rows(folder: Path) -> list[dict[str, Any]]:
    """All rows in order, as the ledger has their parts."""
    entries, unread = read_ledger(folder)
    assert unread == 0
    found: list[dict[str, Any]] = []
    for part in sorted(entries):
        found += pq.read_table(folder / f"flights/part-{part:05d}.parquet").to_pylist()
    return found


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))
