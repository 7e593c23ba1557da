"""The report of a campaign: one HTML page that stands alone, figures and style inside."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downrange.campaign.groups import GROUPS
from downrange.campaign.recordings import NOMINAL
from downrange.campaign.report import figures, ground_map, rows
from downrange.campaign.statistics import PRIOR_SOURCE
from downrange.campaign.words import count, headline, outcome_word
from downrange.errors import InputError
from downrange.report.figures import Drawing
from downrange.report.sections import Section
from downrange.report.style import drawing
from downrange.review.words import body_title, spoken
from downrange.telemetry import Telemetry, read_recording
from downrange.telemetry.store import write_whole

if TYPE_CHECKING:
    from downrange.campaign.results import Campaign

# Events whose times are drawn, the most telling first.
EVENTS = ("flight_termination", "breakup", "attitude_lost", "engine_failed", "meco", "seco",
          "max_q", "separation", "fairing_jettison", "touchdown", "orbit_insertion")  # fmt: skip
MOST_TIMES = 6


def write_report(campaign: Campaign) -> Path:
    """Write `report.html` into a campaign's folder, and return its path. Raises OutputError."""
    path = campaign.folder / "report.html"
    write_whole(path, render(campaign))
    return path


def render(campaign: Campaign) -> str:
    """The report's HTML text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    with drawing():
        drawn = {section.title: section for section in _sections(campaign)}
    environment = Environment(
        loader=PackageLoader("downrange.campaign.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    style = "\n".join(
        (files(package) / name).read_text(encoding="utf-8")
        for package, name in (
            ("downrange.report", "style.css"),
            ("downrange.campaign.report", "style.css"),
        )
    )
    told = _told(campaign) | {"drawn": drawn, "style": style}
    return environment.get_template("template.html").render(told)


def _told(campaign: Campaign) -> dict[str, Any]:
    """What the template shows, besides the figures."""
    margins = [name for name in campaign.quantities if name.startswith("margin.")]
    others = [name for name in campaign.quantities if name not in margins]
    frequent = max(campaign.outcomes, key=lambda name: campaign.outcomes[name].count)
    return {
        "title": _title(campaign),
        "subtitle": _subtitle(campaign),
        "kind": frequent,
        "headline": headline(campaign),
        "notices": tuple(_notices(campaign)),
        "numbers": tuple(rows.key_numbers(campaign)),
        "outcomes": tuple(rows.outcome_bars(campaign)),
        "causes": tuple(rows.cause_bars(campaign)),
        "objectives": tuple(rows.objective_bars(campaign)),
        "method": campaign.outcomes["success"].method,
        "beside": (rows.prior_bar(), rows.simulated_bar(campaign)),
        "prior_source": PRIOR_SOURCE,
        "insertion": tuple(rows.insertion_rows(campaign)),
        "ground": tuple(rows.ground_rows(campaign)),
        "ground_notes": tuple(rows.ground_notes(campaign)),
        "margins": tuple(rows.margin_rows(campaign)),
        "quantities": tuple(rows.spread_rows(campaign, others)),
        "associations": tuple(
            (*rows.association_title(each), each, tuple(rows.association_rows(campaign, each)))
            for each in campaign.associations
            if each.found
        ),
        "unassociated": rows.unassociated(campaign),
        "telling": tuple(
            (each.flight, each.outcome, outcome_word(each.outcome), each.why, each.command)
            for each in campaign.telling
        ),
        "draws": tuple(rows.draw_rows(campaign)),
        "drawn_together": tuple(rows.correlation_rows(campaign)),
        "drawn_values": len(campaign.request.draws),
        "least": count(campaign.envelopes.least),
        "not_drawn": tuple(_not_drawn(campaign)),
        "assumed": tuple(_assumed(campaign)),
        "flights": count(len(campaign.flights)),
        "sobol": campaign.request.sampler == "sobol",
        "until": campaign.request.until_width,
    }


def _title(campaign: Campaign) -> str:
    return str(campaign.mission_data.get("title") or spoken(campaign.request.mission))


def _subtitle(campaign: Campaign) -> str:
    request = campaign.request
    parts = [
        f"{count(len(campaign.flights))} flights",
        "as planned" if request.planned else "as flown",
        f"dispersed: {', '.join(request.groups)}" if request.groups else "nothing dispersed",
        f"seed {request.seed}",
    ]
    return " \u00b7 ".join(parts)


def _notices(campaign: Campaign) -> Iterator[str]:
    """What whoever reads the figures must know first."""
    request = campaign.request
    if not campaign.finished:
        asked = f" of {count(campaign.asked)}" if campaign.asked is not None else ""
        yield (
            f"Unfinished: {count(len(campaign.flights))}{asked} flights are here, and every "
            "figure is of these. The same command with --resume flies the rest."
        )
    if request.foreign:
        others = "; ".join(
            ", ".join(f"{k} {v}" for k, v in each.items() if (request.versions or {}).get(k) != v)
            for each in request.foreign
        )
        yield (
            f"Some flights were flown on another machine or with other versions ({others}): they "
            "may differ in the last bits from what the same flight gives here."
        )
    numerical = campaign.outcomes["numerical"]
    if numerical.count:
        yield (
            f"{count(numerical.count)} flights ended in a numerical failure. They are no successes "
            "here, and say something of the simulation, not of the vehicle."
        )


def _sections(campaign: Campaign) -> Iterator[Section]:
    """The figures by heading; a heading without figures is left out."""
    nominal = nominal_of(campaign)
    made: list[tuple[str, list[Drawing | None]]] = [
        ("sure", [figures.convergence(campaign), figures.lost_over_time(campaign)]),
        ("insertion", list(_insertion(campaign))),
        ("times", list(_times(campaign))),
        ("ground", list(ground_map.maps(campaign, nominal))),
    ]
    for title, drawings in [*made, *_envelopes(campaign, nominal)]:
        drawn = tuple(each for each in drawings if each is not None)
        if drawn:
            yield Section(title, drawn)


def _insertion(campaign: Campaign) -> Iterator[Drawing | None]:
    yield figures.scatter(campaign)
    names = [n for n in ("insertion.inclination_error_deg",) if n in campaign.quantities]
    for name, values in campaign.flights.numbers(names):
        yield figures.histogram(name, values, 0.0)


def _times(campaign: Campaign) -> Iterator[Drawing | None]:
    """Histograms of when the most telling events came."""
    names = [
        name
        for event in EVENTS
        for name in campaign.quantities
        if name.startswith("event.") and name.endswith(f".{event}.time_s")
    ]
    found = 0
    for name, values in campaign.flights.numbers(names[: 2 * MOST_TIMES]):
        made = figures.histogram(name, values) if found < MOST_TIMES else None
        found += made is not None
        yield made


def _envelopes(
    campaign: Campaign, nominal: dict[str, Telemetry]
) -> Iterator[tuple[str, list[Drawing | None]]]:
    channels = campaign.envelopes.channels
    for body in dict.fromkeys(body for body, _ in channels):
        drawings = [
            figures.envelope(campaign, body, name, nominal.get(body))
            for each, name in channels
            if each == body
        ]  # fmt: skip
        beside = any(("nominal", "planned") in each.legend for each in drawings if each)
        title = f"Envelopes of {body_title(body).lower()}"
        yield f"{title} against nominal" if beside else title, drawings


def nominal_of(campaign: Campaign) -> dict[str, Telemetry]:
    """Telemetry of the flight that draws nothing, by body: recorded, or the planned ascent."""
    folder = campaign.folder / NOMINAL
    if folder.is_dir():
        return {name: body.telemetry for name, body in read_recording(folder).bodies.items()}
    ascent = campaign.plan.get("ascent")
    first = (campaign.request.bodies or ("stage1",))[0]
    try:
        return {first: Telemetry.from_columns(ascent)} if ascent else {}
    except InputError:  # a plan of other columns than a recording's
        return {}


def _not_drawn(campaign: Campaign) -> Iterator[str]:
    """What no flight of this campaign varies."""
    groups = campaign.request.groups
    missing = [name for name in GROUPS if name not in groups]
    if missing:
        yield f"Groups that were left out: {'; '.join(f'{n} ({GROUPS[n]})' for n in missing)}."
    drawn = {str(line.get("group")) for line in campaign.request.draws}
    empty = [name for name in groups if name in GROUPS and name not in drawn]
    if empty:
        yield f"Groups that were asked for, but hold no value with a spread: {', '.join(empty)}."
    yield (
        "Values without a range or a spread in the catalogue, and every choice of the model: "
        "equations, tables of aerodynamics, the shape of the atmosphere."
    )
    yield (
        "What nobody has thought of. A failure that is in no list has no share here; the record "
        "of other first flights is beside the outcomes for that."
    )
    yield (
        "What the flight software and the safety system know: they fly every flight with the same "
        "numbers, planned once."
    )


def _assumed(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """(what, value) of how the campaign was made, for whoever wants to repeat it."""
    request = campaign.request
    timing = campaign.summary["timing"]
    yield "Mission", request.mission
    yield "Mission hash", request.mission_hash
    yield "Downrange version", request.downrange
    yield "Seed", str(request.seed)
    many = f", {request.scrambles} scrambles" if request.sampler == "sobol" else ""
    yield "Sampler", f"{request.sampler}{many}"
    if request.until_width is not None:
        yield "Stopped", f"when the interval of the success share was {request.until_width:g} wide"
    if timing["wall_s"]:
        pace = f"{timing['flights_per_s']:.1f} flights a second"
        hands = f"{timing['workers']} worker{'s' * (timing['workers'] != 1)} ({timing['engine']})"
        yield "Flown in", f"{timing['wall_s']:,.0f} s, {pace}, {hands}"
    versions = request.versions or {}
    machine = {key: versions[key] for key in ("cpu", "machine", "system") if key in versions}
    packages = {key: value for key, value in versions.items() if key not in machine}
    if machine:
        yield "Machine", ", ".join(str(each) for each in machine.values())
    if packages:
        yield "Packages", ", ".join(f"{name} {version}" for name, version in packages.items())
