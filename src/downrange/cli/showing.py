"""A vehicle, mission, site or wind in tables, and where its values are from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from downrange.cli.terminal import table
from downrange.cli.things import Thing, thrust_over_weight
from downrange.flight.spec import MissionSpec
from downrange.propulsion.spec import SEA_LEVEL_PA
from downrange.review.words import NOTHING, event_title, number, quantity
from downrange.units import STANDARD_GRAVITY_MPS2, Value

if TYPE_CHECKING:
    from rich.console import Console

    from downrange.earth.spec import SiteSpec, WindSpec
    from downrange.vehicle.spec import VehicleSpec


def put_thing(thing: Thing, to: Console) -> None:
    """Print what a thing is made of."""
    title = getattr(thing.spec, "title", "") or thing.spec.name
    to.print(Text(title, style="bold"), Text(getattr(thing.spec, "description", "")), sep="\n")
    to.print(Text(str(thing.file), style="dim"), soft_wrap=True)
    match thing.kind:
        case "vehicles":
            _put_vehicle(thing.spec, to)
        case "missions":
            _put_mission(thing.spec, to)
        case "sites":
            _put_site(thing.spec, to)
        case "winds":
            _put_wind(thing.spec, to)
        case _:
            to.print(f"{len(thing.spec.checkpoints.rows)} checkpoints from {thing.spec.source}")


def _put_vehicle(vehicle: VehicleSpec, to: Console) -> None:
    _put_facts(to, {
        "Length": quantity(vehicle.length_m, "m"),
        "Mass at lift-off": quantity(vehicle.liftoff_mass_kg, "kg"),
        "Payload": _text(vehicle.payload.mass) if vehicle.payload else "none",
        "Thrust over weight": f"{thrust_over_weight(vehicle):.2f} at sea level",
        "First bending mode": _first_mode(vehicle),
    })  # fmt: skip
    _put_drawing(vehicle, to)
    numbers = ("Length", "Diameter", "Dry", "Propellant", "Burns for")
    stages = table("Stages", "Stage", *numbers, right=numbers)
    engines = table("Engines", "Stage", "Count", "Thrust", "at sea level", "Isp", "at sea level",
                    "Gimbal", right=("Count",))  # fmt: skip
    tanks = table("Tanks", "Tank", "Propellant", "Load", "Volume", right=("Load", "Volume"))
    for index, stage in enumerate(vehicle.stage):
        thrust_n, area_m2, flow_kgps = stage.engine.rating()
        load_kg = sum(tank.load.si for tank in stage.tank)
        left_kg = sum(tank.residual.si for tank in stage.tank if tank.residual)
        burn_s = (load_kg - left_kg) / (flow_kgps * stage.engine.count)
        stages.add_row(
            stage.name,
            _text(stage.length),
            _text(stage.diameter),
            _text(stage.dry_mass),
            quantity(load_kg, "kg"),
            quantity(burn_s, "s"),
        )
        sea_n = thrust_n - SEA_LEVEL_PA * area_m2
        flow_n = flow_kgps * STANDARD_GRAVITY_MPS2
        gimbal = stage.engine.gimbal
        engines.add_row(
            stage.name, str(stage.engine.count), quantity(thrust_n, "N"),
            quantity(sea_n, "N") if index == 0 else NOTHING, quantity(thrust_n / flow_n, "s"),
            quantity(sea_n / flow_n, "s") if index == 0 else NOTHING,
            f"\u00b1{gimbal.limit.text}" if gimbal else "none",
        )  # fmt: skip
        for tank in stage.tank:
            tanks.add_row(
                f"{stage.name}.tank.{tank.name}",
                tank.propellant,
                _text(tank.load),
                _text(tank.volume),
            )
    to.print("", stages, "", engines, "", tanks)


def _put_drawing(vehicle: VehicleSpec, to: Console) -> None:
    from downrange.cli.sketching import draw, row_height_m
    from downrange.vehicle.sketch import sketch

    view = sketch(vehicle)
    scale = f"a row is {quantity(row_height_m(view), 'm')}, a column half of it"
    to.print("", Text.assemble(("To scale", "bold"), f": {scale}"), sep="\n")
    for line in draw(view):
        to.print(line, no_wrap=True, overflow="ellipsis")


def _first_mode(vehicle: VehicleSpec) -> str:
    """Of the vehicle on the pad and with the lowest stage empty."""
    from downrange.vehicle.build import build_bending
    from downrange.vehicle.kernel import OMEGA_RADPS

    full, empty = (build_bending(vehicle).table[k, 0, OMEGA_RADPS] for k in (-1, 0))
    low, high = (quantity(each / (2.0 * math.pi), "Hz") for each in (full, empty))
    return f"{low} full, {high} with {vehicle.stage[0].name} empty"


def _put_mission(mission: MissionSpec, to: Console) -> None:
    target = mission.target
    orbit = f"{_text(target.perigee)} x {_text(target.apogee)}, {_text(target.inclination)}"
    _put_facts(to, {
        "First motion": mission.launch_time_utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "Vehicle": mission.vehicle.name or "of its own",
        "Site": mission.site.name,
        "Wind": mission.wind.name or mission.wind.model,
        "Target": orbit,
        "Ends": f"{mission.end.after.text} into {mission.end.phase}" if mission.end else "impact",
        "Faults": "\n".join(str(fault) for fault in mission.fault) or "none",
    })  # fmt: skip
    phases = table("Sequence", "Phase", "Engines", "Steering", "Ends when", fold="Ends when")
    for phase in mission.phase:
        ends = [" and ".join(phase.until), *phase.any_until]
        phases.add_row(phase.name, phase.engines, phase.steering, " or ".join(filter(None, ends)))
    objectives = table("Objectives", "Objective", "Met by")
    for each in mission.objective:
        conditions = [event_title(each.event)] if each.event else []
        conditions += [f"no {event_title(name).lower()}" for name in each.without]
        conditions += ["nothing comes down near the pad"] if each.pad_unharmed else []
        if each.tolerance is not None:
            near = each.tolerance
            conditions.append(f"target within {near.perigee.text} (perigee), {near.apogee.text} "
                              f"(apogee), {near.inclination.text}")  # fmt: skip
        objectives.add_row(each.name, ", ".join(conditions))
    to.print("", phases, "", objectives)


def _put_site(site: SiteSpec, to: Console) -> None:
    pad = site.pad
    pad_at = ", ".join(map(_text, (pad.latitude, pad.longitude, pad.altitude)))
    _put_facts(to, {"Pad": f"{pad_at} (latitude, longitude, altitude)"})
    places = table("To protect", "Place", "Latitude", "Longitude", "Radius")
    for place in site.protect:
        places.add_row(place.name, *map(_text, (place.latitude, place.longitude, place.radius)))
    to.print("", places)


def _put_wind(wind: WindSpec, to: Console) -> None:
    _put_facts(to, {
        "Model": wind.model,
        "File": wind.file or wind.folder or NOTHING,
        "Gusts": str(len(wind.gust)) if wind.gust else "none",
        "Turbulence": wind.turbulence.intensity if wind.turbulence else "none",
    })  # fmt: skip
    numbers = ("Altitude", "From", "Speed")
    levels = table("Levels", *numbers, right=numbers)
    for level in wind.level:
        blows_from = f"{number(level.from_deg.si)}\u00b0"
        levels.add_row(_text(level.altitude), blows_from, _text(level.speed))
    if wind.level:
        to.print("", levels)
    if wind.deviation:
        sides = ("Altitude", "North", "East")
        title = f"Deviation, 1 sigma, correlated over {wind.deviation.correlation_length.text}"
        off = table(title, *sides, right=sides)
        for each in wind.deviation.level:
            off.add_row(*map(_text, (each.altitude, each.north_sigma, each.east_sigma)))
        to.print("", off)


def _put_facts(to: Console, facts: dict[str, str]) -> None:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for what, said in facts.items():
        grid.add_row(Text(what, style="dim"), Text(said))
    to.print("", grid)


def _text(value: Value) -> str:
    return value.text


def put_sources(thing: Thing, to: Console) -> None:
    """Print every value that the file says with range, status and source; then the sources."""
    from downrange import catalog
    from downrange._spec import walk_values

    made = table(f"Values of {thing.spec.name}", "Path", "Value", "Range", "Status", "Source, note",
                 right=("Value",), fold="Source, note")  # fmt: skip
    used: dict[str, None] = {}
    for path, value in walk_values(thing.spec):
        if thing.mission is None or path.split(".")[0] in thing.own_parts:
            told = ": ".join(filter(None, (value.source, value.note)))
            sure = (value_range(value) or NOTHING, value.status or NOTHING)
            made.add_row(path, Text(value.text), *sure, Text(told))
            used |= {value.source: None} if value.source else {}
    to.print(made, "")
    _put_bibliography(list(used), catalog.sources(), to)
    others = [] if thing.mission is None else sorted(
        {held for key, held in thing.data.items() if key in ("vehicle", "site", "wind", "forecast")
         and isinstance(held, str)}
    )  # fmt: skip
    for name in others:
        to.print(f"See also: downrange sources {name}", style="dim", markup=False)


def value_range(value: Value) -> str:
    """Lowest to highest value, how it is distributed, and the spread between flights, in SI."""
    unit = "" if value.unit == "1" else f" {value.unit}"
    parts = []
    if value.low is not None and value.high is not None:
        parts.append(f"{value.low:.6g} to {value.high:.6g}{unit}")
        if value.distribution is not None:
            parts.append(value.distribution)
        if value.quantiles is not None:
            parts.append(" and ".join(f"{100.0 * each:g} %" for each in value.quantiles))
        if value.truncated:
            parts.append("cut there")
    if value.spread is not None:
        parts.append(f"\u00b1{value.spread:.3g}{unit} (1 sigma)")
    return ", ".join(parts)


def _put_bibliography(keys: list[str], known: dict[str, dict[str, str]], to: Console) -> None:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for key in keys:
        entry = known.get(key, {})
        about = [entry.get("author"), entry.get("title"), entry.get("howpublished"),
                 entry.get("year")]  # fmt: skip
        told = ". ".join(filter(None, about)) or "not in the catalogue's bibliography"
        grid.add_row(Text(key, style="bold"), Text(told))
    if keys:
        to.print(Text("Sources", style="bold"), grid, sep="\n")
