"""What a campaign was asked for: `campaign.json`, which a resumed one must agree with."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from downrange.campaign.files import file_sha256, sha256
from downrange.campaign.statistics import LEAST_SCRAMBLES
from downrange.campaign.stopping import BLOCK
from downrange.errors import InputError, OutputError, Problem

FILE = "campaign.json"
SCHEMA_VERSION = 1
PART_FLIGHTS = 1000
SAMPLERS = ("plain", "sobol")

# What a resumed campaign must have in common with the one that began it, as it is called.
_SAME = {
    "downrange": "version of Downrange", "mission": "mission", "mission_hash": "mission hash",
    "files": "content of the mission's files", "planned": "as planned", "seed": "seed",
    "sampler": "sampler", "scrambles": "scrambles",
    "groups": "groups drawn", "part_flights": "flights in a part", "stop_block": "stopping block",
    "draws": "list of what is drawn", "columns": "columns", "channels": "channels",
    "times_s": "times of the envelopes",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What was asked for, and what the rows and envelopes of its flights hold.

    Attributes:
        mission: name of the mission.
        mission_hash: of the resolved mission.
        planned: whether the mission's own faults were left out.
        seed: of all draws; flight i is the stream (seed, i).
        flights: how many at most; None where only `until_width` ends them.
        until_width: width of the interval of the success share at which it stops; None if not.
        groups: what is drawn.
        sampler: "plain" or "sobol".
        scrambles: independent scrambles of a sobol sequence; 0 where plain.
        part_flights: flights in a part.
        stop_block: after how many flights each the stopping rule looks.
        draws: what is drawn, a line each.
        bodies: what can come of the mission.
        objectives: names.
        target: the orbit that is wanted.
        columns: name of each column -> unit.
        channels: (body, channel) of the envelopes.
        times_s: times of the envelopes, s since first motion.
        versions: what it is computed with; the same give the same bits.
        foreign: what else it was computed with, where it was resumed elsewhere.
        downrange: version.
        files: SHA-256 of what the mission names besides its parts, by path in it.
    """

    mission: str
    mission_hash: str
    planned: bool
    seed: int
    flights: int | None
    until_width: float | None
    groups: tuple[str, ...]
    sampler: str = "plain"
    scrambles: int = 0
    part_flights: int = PART_FLIGHTS
    stop_block: int = BLOCK
    draws: tuple[dict[str, Any], ...] = ()
    bodies: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    target: dict[str, Any] | None = None
    columns: dict[str, str] | None = None
    channels: tuple[tuple[str, str], ...] = ()
    times_s: tuple[float, ...] = ()
    versions: dict[str, str] | None = None
    foreign: tuple[dict[str, str], ...] = ()
    downrange: str = ""
    files: dict[str, str] | None = None

    def part_of(self, part: int) -> tuple[int, int]:
        """First flight of a part and how many it has, if the flights go on that far."""
        first = part * self.part_flights
        left = self.part_flights if self.flights is None else self.flights - first
        return first, max(0, min(self.part_flights, left))

    def to_bytes(self) -> bytes:
        """As it stands in `campaign.json`."""
        data = {"schema_version": SCHEMA_VERSION} | asdict(self)
        return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def versions() -> dict[str, str]:
    """What the bits depend on besides the request."""
    packages = ("numpy", "numba", "scipy", "pyarrow")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": _cpu(),
    }


def hashes(named: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of files, and of folders by the names and contents of the files in them."""
    return {name: _hash(path) for name, path in named.items()}


def _hash(path: Path) -> str:
    if not path.is_dir():
        return file_sha256(path)
    lines = [f"{each.name} {file_sha256(each)}" for each in sorted(path.iterdir())]
    return sha256("\n".join(lines).encode())


def _cpu() -> str:
    """Model of the processor, as far as the system tells it."""
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if named:
            return named[0]
    return platform.processor()


def read_request(folder: Path) -> Request:
    """The request of a campaign's folder.

    Raises:
        InputError: there is none, or it can't be read.
    """
    file = folder / FILE
    try:
        return _frozen(json.loads(file.read_bytes()))
    except FileNotFoundError:
        hint = "a campaign is the folder that `downrange campaign` wrote"
        raise InputError([Problem(str(folder), "", "holds no campaign", hint)]) from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        hint = "it can't be resumed; fly it again with --force"
        raise InputError([Problem(str(file), "", f"is damaged: {error}", hint)]) from error


def _frozen(data: dict[str, Any]) -> Request:
    """A request of what JSON gave: its lists are tuples here."""
    known = {each.name for each in fields(Request)}
    data = {key: value for key, value in data.items() if key in known}
    data |= {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    data["channels"] = tuple((body, channel) for body, channel in data["channels"])
    return Request(**data)


def as_read(request: Request) -> Request:
    """The request as it would be read back, to be compared with one that was."""
    return _frozen(json.loads(request.to_bytes()))


def check_resumed(before: Request, now: Request, folder: Path) -> Request:
    """The request that goes on from `before`; what it was computed with before is kept.

    Raises:
        InputError: they are not the same campaign; names every difference, before and now.
    """
    differ = [
        _different(folder, said, getattr(before, key), getattr(now, key))
        for key, said in _SAME.items()
        if getattr(before, key) != getattr(now, key)
    ]
    differ += _shrunk(before, now, folder)
    if differ:
        raise InputError(differ)
    if now.versions == before.versions:
        return replace(now, foreign=before.foreign)
    others = [*before.foreign, now.versions or {}]
    foreign = tuple(each for n, each in enumerate(others) if each not in others[:n])
    return replace(now, versions=before.versions, foreign=foreign)


def _shrunk(before: Request, now: Request, folder: Path) -> list[Problem]:
    """Problems of what may only grow: the flights, and how exact their share is to be."""
    hint = "flights may only become more, the width only narrower; or fly it anew with --force"
    rule = (before.until_width is None) != (now.until_width is None)
    wider = not rule and (now.until_width or 0.0) > (before.until_width or 0.0)
    problems = []
    if rule or wider:
        said = f"the width was {_said(before.until_width)} and is now {_said(now.until_width)}"
        problems.append(Problem(str(folder), "until_width", said, hint))
    if now.sampler == "sobol" and now.flights != before.flights:
        said = f"the flights were {before.flights} and are now {now.flights}"
        fixed = "a sobol sequence has its length from the start"
        problems.append(Problem(str(folder), "flights", said, fixed))
    elif now.flights is not None and (before.flights is None or now.flights < before.flights):
        said = f"the flights were {_said(before.flights)} and are now {_said(now.flights)}"
        problems.append(Problem(str(folder), "flights", said, hint))
    return problems


def _different(folder: Path, said: str, before: Any, now: Any) -> Problem:
    if isinstance(before, dict | tuple) and isinstance(now, dict | tuple):
        before, now = _only(before, now), _only(now, before)
    hint = "resume with what it began with, or fly it anew with --force"
    message = f"the {said} was {_said(before)} and is now {_said(now)}"
    return Problem(str(folder), "", message, hint)


def _only(these: Any, those: Any) -> Any:
    """The members of these that are not among those, few enough to be read."""
    pairs = these.items() if isinstance(these, dict) else these
    others = list(those.items() if isinstance(those, dict) else those)
    return [each for each in pairs if each not in others][:5] or "in another order"


def _said(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, str | list):
        return str(value)
    return repr(value)


def changed_versions(before: Request, now: dict[str, str]) -> list[str]:
    """What a campaign was computed with and what is here, where they differ."""
    old = before.versions or {}
    return [
        f"{key} {old.get(key, 'none')} before, {now.get(key, 'none')} now"
        for key in sorted({*old, *now})
        if old.get(key) != now.get(key)
    ]


def check_numbers(
    flights: int | None, until_width: float | None, sampler: str, scrambles: int, workers: int
) -> Sequence[Problem]:
    """All that is wrong with what a campaign is asked for, besides its mission and groups."""
    problems: list[Problem] = []

    def wrong(option: str, message: str, hint: str = "") -> None:
        problems.append(Problem(option, "", message, hint))

    if flights is not None and flights < 1:
        wrong("-n", f"{flights} flights can't be flown", "at least 1")
    if workers < 1:
        wrong("--workers", f"{workers} workers can't fly", "at least 1")
    if until_width is not None and not 0.0 < until_width < 1.0:
        wrong("--until-width", f"{until_width:g} is no width", "between 0 and 1, as 0.02")
    if sampler not in SAMPLERS:
        wrong("--sampler", f"there is no sampler {sampler!r}", f"one of {', '.join(SAMPLERS)}")
    if sampler == "sobol":
        problems += _check_sobol(flights, until_width, scrambles)
    return problems


def _check_sobol(
    flights: int | None, until_width: float | None, scrambles: int
) -> Sequence[Problem]:
    problems: list[Problem] = []
    if until_width is not None:
        message = "a sobol sequence has no interval to stop at"
        problems.append(Problem("--until-width", "", message, "use --sampler plain, or -n"))
    if scrambles < LEAST_SCRAMBLES or scrambles & (scrambles - 1):
        message = f"{scrambles} scrambles can't tell its error"
        hint = f"a power of two, at least {LEAST_SCRAMBLES}"
        problems.append(Problem("--scrambles", "", message, hint))
    elif flights is not None and flights >= 1 and (flights & (flights - 1) or flights < scrambles):
        message = f"{flights} flights are no sobol sequence"
        hint = f"a power of two, at least the {scrambles} scrambles: {_near(flights, scrambles)}"
        problems.append(Problem("-n", "", message, hint))
    return problems


def _near(flights: int, least: int) -> int:
    """The next power of two."""
    return max(least, 1 << (flights - 1).bit_length())


def no_campaign(folder: Path) -> OutputError:
    """What to say of a folder that holds other things."""
    return OutputError(f"{folder} is no campaign: nothing in it was touched; name another folder")
