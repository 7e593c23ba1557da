"""Numbers and names as people read them."""

from __future__ import annotations

import math
import re

NOTHING = "\u2013"  # an en dash stands where there is nothing to say

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_PREFIXED = {"m", "Pa", "N", "N m", "Hz"}
_READ = {"deg": "°", "m/s^2": "m/s²", "kg/m^3": "kg/m³", "Pa rad": "Pa rad", "1": ""}

_EVENTS = {
    "liftoff": "Lift-off",
    "pitch_over": "Pitch-over",
    "max_q": "Max q",
    "mach_1": "Mach 1",
    "meco": "MECO",
    "seco": "SECO",
    "breakup": "Break-up",
}

_EVENT_NAME = re.compile(r"\b(?:[a-z]+(?:_[a-z0-9]+)+|meco|seco|liftoff|breakup)\b(?![.:])")
_STAGE = re.compile(r"(?<![\w.])([a-z]+\d+)(?:\.engine\.(\d+))?(?![\w.:])")
_DEGREES = re.compile(r"(?<=\d) deg\b")
_TIMES = re.compile(r"(?<=\d) x (?=\d)")

_OUTCOMES = {
    "success": "Success",
    "partial": "Partial success",
    "loss": "Vehicle lost",
    "terminated": "Flight terminated",
    "scrubbed": "Scrubbed",
    "numerical": "Numerical failure",
}
_BODY_OUTCOMES = {
    "splashed": "splashed down",
    "flying": "still flying",
    "numerical": "lost to numerical failure",
}


def spoken(name: str) -> str:
    """An identifier as words: `flight_termination` as "Flight termination"."""
    words = name.replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def body_title(body: str) -> str:
    """A body's name as words: `stage1` as "Stage 1", which no line break parts."""
    return spoken(re.sub(r"(?<=[a-z])(?=\d)", "\u00a0", body))


def event_title(name: str) -> str:
    """An event's name as words."""
    return _EVENTS.get(name, spoken(name))


def event_words(name: str) -> str:
    """An event's name within a sentence: lower case, but for what is always written large."""
    title = event_title(name)
    return title if title.isupper() or title.startswith("Mach") else title.lower()


def detail_words(detail: str) -> str:
    """An event's detail as people read it: names of stages and engines, signs and events."""
    text = _EVENT_NAME.sub(lambda found: event_words(found.group()), detail)
    text = _STAGE.sub(lambda found: _stage_words(*found.groups()), text)
    return _TIMES.sub(" \u00d7 ", _DEGREES.sub("\u00b0", text))


def _stage_words(stage: str, engine: str | None) -> str:
    title = body_title(stage).lower()
    return f"{title} engine {engine}" if engine else title


def outcome_title(outcome: str) -> str:
    """A mission's outcome as words."""
    return _OUTCOMES.get(outcome, spoken(outcome) or NOTHING)


def body_outcome(outcome: str) -> str:
    """How a body ended, as words within a sentence."""
    return _BODY_OUTCOMES.get(outcome, outcome.replace("_", " ") or NOTHING)


def mission_time(time_s: float | None) -> str:
    """Time from T0 as `T+01:05.3`; hours only when there are some."""
    if time_s is None or not math.isfinite(time_s):
        return NOTHING
    tenths = round(abs(time_s) * 10.0)
    sign = "\u2212" if time_s < 0.0 and tenths else "+"
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"T{sign}{hours}:{clock}" if hours else f"T{sign}{clock}"


def number(value: float, digits: int = 3) -> str:
    """A number to that many significant digits, without exponents between 1e-4 and 1e7."""
    if value == 0.0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if not 1e-4 <= abs(rounded) < 1e7:
        return f"{value:.{digits - 1}e}"
    text = f"{rounded:,.{max(places, 0)}f}"
    return text.replace(",", "\u202f").replace("-", "\u2212")


def quantity(value: float | None, unit: str, digits: int = 3) -> str:
    """A value with its unit, prefixed to a readable size: 6310 Pa as "6.31 kPa"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if unit == "kg" and abs(value) >= 1000.0:
        return f"{number(value / 1000.0, digits)} t"
    if unit in _PREFIXED:
        for size, prefix in _PREFIXES:
            # 1.5 times the size: 1,200 m reads better than 1.20 km, 1.2 kPa than 1,200 Pa.
            if abs(value) >= size * (1.5 if unit == "m" else 1.0):
                return f"{number(value / size, digits)} {prefix}{unit}"
    read = _READ.get(unit, unit)
    gap = "" if read in ("°", "") else " "
    return f"{number(value, digits)}{gap}{read}"
