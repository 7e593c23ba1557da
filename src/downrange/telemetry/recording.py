"""What a flight leaves behind: telemetry per body, events, plan and summary."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downrange.errors import InputError, Problem
from downrange.telemetry.channels import channel, nearest, unit_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Telemetry:
    """One body's channels against time: named float64 columns, one row per sample.

    `values` has shape (samples, channels) and is read only; nan where nothing was measured.
    `time_s` must be there and may not fall. Every name is in the channel dictionary.
    """

    names: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        names = tuple(self.names)
        values = np.array(self.values, dtype=np.float64, order="F", ndmin=2)
        problems = list(_table_problems(names, values))
        if problems:
            raise InputError(problems)
        values.flags.writeable = False
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "values", values)

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[float] | Floats]) -> Telemetry:
        """Telemetry from name -> column."""
        table = [np.asarray(column, dtype=np.float64) for column in columns.values()]
        return cls(tuple(columns), np.column_stack(table) if table else np.empty((0, 0)))

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Floats:
        return self.column(name)

    def column(self, name: str) -> Floats:
        """One channel, shape (samples,), in the unit of its name. A wrong name is an error."""
        if name not in self.names:
            message = "this recording has no such channel"
            raise InputError([Problem("telemetry", name, message, nearest(name, self.names))])
        return self.values[:, self.names.index(name)]

    def at(self, time_s: float, name: str) -> float:
        """One channel at a time, linear between samples; nan outside the recording."""
        time = self.column("time_s")
        return float(np.interp(time_s, time, self.column(name), left=np.nan, right=np.nan))

    def matching(self, prefix: str, suffix: str = "") -> tuple[str, ...]:
        """Names that start and end so, in recorded order: `matching("margin.")`."""
        return tuple(n for n in self.names if n.startswith(prefix) and n.endswith(suffix))

    def unit(self, name: str) -> str:
        """The unit of one channel; "1" for a pure number."""
        self.column(name)
        return unit_of(name)

    def to_pandas(self) -> pd.DataFrame:
        """A data frame with one column per channel and their units in `attrs["units"]`."""
        import pandas as pd

        frame = pd.DataFrame(np.array(self.values), columns=list(self.names))
        frame.attrs["units"] = {name: unit_of(name) for name in self.names}
        return frame


def _table_problems(names: tuple[str, ...], values: Floats) -> list[Problem]:
    def problem(path: str, message: str, hint: str = "") -> Problem:
        return Problem("telemetry", path, message, hint)

    if values.ndim != 2 or values.shape[1] != len(names):
        return [problem("", f"{len(names)} names for a table of shape {values.shape}")]
    problems = [problem(n, "named twice") for n in sorted(set(names)) if names.count(n) > 1]
    for name in names:
        if channel(name) is None:
            from downrange.telemetry.channels import CHANNELS

            hint = nearest(name, CHANNELS)
            problems.append(problem(name, "not in the channel dictionary", hint))
    if "time_s" not in names:
        return [*problems, problem("time_s", "every table of telemetry needs its time")]
    time = values[:, names.index("time_s")]
    if not np.all(np.isfinite(time)) or np.any(np.diff(time) < 0.0):
        problems.append(problem("time_s", "time must be finite and may not fall"))
    return problems


@dataclass(frozen=True)
class Event:
    """Something that happened to a body, and the state in which it did; nan where unknown."""

    time_s: float
    body: str
    name: str
    detail: str = ""
    altitude_m: float = float("nan")
    speed_mps: float = float("nan")
    mach: float = float("nan")
    dynamic_pressure_pa: float = float("nan")
    latitude_deg: float = float("nan")
    longitude_deg: float = float("nan")


@dataclass(frozen=True, eq=False)
class Body:
    """One thing that flew: its telemetry, and how it ended (a word of the summary's)."""

    name: str
    telemetry: Telemetry
    outcome: str = ""


@dataclass(frozen=True, eq=False)
class Recording:
    """One flight. `summary` is the object that `downrange fly --json` prints.

    `mission` is the resolved mission as TOML text; `plan` what was planned from it (numbers
    of guidance, and `plan["map"]` for the report); `planned` the nominal flight's telemetry
    by body, empty if none was flown; `folder` where it was read from or written to.
    """

    bodies: dict[str, Body]
    events: tuple[Event, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    mission: str = ""
    planned: dict[str, Telemetry] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The mission's name."""
        return str(self.summary.get("mission") or "flight")

    @property
    def outcome(self) -> str:
        """The mission's outcome; empty for a flight that nobody judged."""
        return str(self.summary.get("outcome") or "")

    @property
    def mission_data(self) -> dict[str, Any]:
        """The resolved mission as a dict."""
        return tomllib.loads(self.mission)

    def events_named(self, name: str, body: str | None = None) -> tuple[Event, ...]:
        """The events of one name, in time order; of one body, or of all."""
        found = (e for e in self.events if e.name == name and body in (None, e.body))
        return tuple(sorted(found, key=lambda event: event.time_s))
