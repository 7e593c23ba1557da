"""Downrange flies a launch vehicle test flight in software, from countdown to impact.

    import downrange as dr

    mission = dr.load_mission("spectrum-flight-1")
    flight = dr.fly(mission, seed=1)
    flight.events
    flight.bodies["stage1"].telemetry.to_pandas()

Names load when they are first used, so that `import downrange` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from downrange import catalog as catalog
    from downrange import verify as verify
    from downrange.campaign.results import open_campaign as open_campaign
    from downrange.campaign.run import run_campaign as run_campaign
    from downrange.errors import DownrangeError as DownrangeError
    from downrange.errors import InputError as InputError
    from downrange.errors import OutputError as OutputError
    from downrange.errors import Problem as Problem
    from downrange.flight.fly import fly as fly
    from downrange.flight.load import Mission as Mission
    from downrange.flight.load import load_mission as load_mission
    from downrange.flight.simulator import Simulator as Simulator
    from downrange.report import write_picture as write_picture
    from downrange.report import write_report as write_report
    from downrange.review import compare as compare
    from downrange.review import derive_events as derive_events
    from downrange.review import timeline as timeline
    from downrange.telemetry import Body as Body
    from downrange.telemetry import Event as Event
    from downrange.telemetry import Recording as Recording
    from downrange.telemetry import Telemetry as Telemetry
    from downrange.telemetry import read_recording as load_recording
    from downrange.telemetry import read_telemetry_csv as read_telemetry_csv
    from downrange.telemetry import write_recording as write_recording

    __version__: str

# Public name -> where it lives.
_HOMES = {
    "Body": "telemetry:Body",
    "DownrangeError": "errors:DownrangeError",
    "Event": "telemetry:Event",
    "InputError": "errors:InputError",
    "Mission": "flight.load:Mission",
    "OutputError": "errors:OutputError",
    "Problem": "errors:Problem",
    "Recording": "telemetry:Recording",
    "Simulator": "flight.simulator:Simulator",
    "Telemetry": "telemetry:Telemetry",
    "catalog": "catalog",
    "compare": "review:compare",
    "derive_events": "review:derive_events",
    "fly": "flight.fly:fly",
    "load_mission": "flight.load:load_mission",
    "load_recording": "telemetry:read_recording",
    "open_campaign": "campaign.results:open_campaign",
    "read_telemetry_csv": "telemetry:read_telemetry_csv",
    "run_campaign": "campaign.run:run_campaign",
    "timeline": "review:timeline",
    "verify": "verify",
    "write_picture": "report:write_picture",
    "write_recording": "telemetry:write_recording",
    "write_report": "report:write_report",
}

__all__ = [
    "Body",
    "DownrangeError",
    "Event",
    "InputError",
    "Mission",
    "OutputError",
    "Problem",
    "Recording",
    "Simulator",
    "Telemetry",
    "__version__",
    "catalog",
    "compare",
    "derive_events",
    "fly",
    "load_mission",
    "load_recording",
    "open_campaign",
    "read_telemetry_csv",
    "run_campaign",
    "timeline",
    "verify",
    "write_picture",
    "write_recording",
    "write_report",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        found: object = version("downrange")
    elif name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        home = import_module(f"downrange.{module}")
        found = getattr(home, attribute) if attribute else home
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
