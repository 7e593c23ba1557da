"""What a name or a file stands for: a mission, vehicle, site, wind or check case, read whole."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from downrange import catalog
from downrange._spec import Spec, load_toml, validate
from downrange.earth.spec import SiteSpec, WindSpec
from downrange.errors import InputError, Problem
from downrange.flight.load import Mission, load_mission
from downrange.flight.spec import MissionSpec
from downrange.units import STANDARD_GRAVITY_MPS2
from downrange.vehicle.spec import VehicleSpec, liftoff_thrust_n

CASE = "check cases"
SPECS: dict[str, type[Spec]] = {
    "missions": MissionSpec,
    "vehicles": VehicleSpec,
    "sites": SiteSpec,
    "winds": WindSpec,
}
_SHARED = {"name", "description"}  # keys that tell no kind from another


@dataclass(frozen=True, eq=False)
class Thing:
    """Something of the catalogue, or of a file.

    Attributes:
        kind: one of SPECS, or CASE.
        file: where it was read from.
        data: its tables as written.
        spec: the same, checked.
        mission: for a mission, with all that it names.
    """

    kind: str
    file: Path
    data: dict[str, Any]
    spec: Any
    mission: Mission | None = None

    @property
    def own_parts(self) -> set[str]:
        """Top keys that a mission's own file says, without the parts that other files do."""
        return {key for key, held in self.data.items() if not isinstance(held, str)}


def load(name: str) -> Thing:
    """Read what a name of the catalogue or a file stands for.

    Raises:
        InputError: there is no such thing, or it has problems; carries every one.
    """
    kind, file = _place(name)
    data = load_toml(file)
    kind = kind or _kind_of(data, file)
    if kind == "missions":
        mission = load_mission(file)
        return Thing(kind, file, data, mission.spec, mission)
    if kind == CASE:
        from downrange.verify import load_case

        return Thing(kind, file, data, load_case(file))
    return Thing(kind, file, data, validate(SPECS[kind], data, file))


def _place(name: str) -> tuple[str, Path]:
    """Kind and file of a name; of a path the file alone."""
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return "", path
    known = {each: kind for kind in reversed(catalog.KINDS) for each in catalog.names(kind)}
    if name in known:
        return known[name], catalog.find(known[name], name)
    near = get_close_matches(name, known, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "see downrange list"
    message = f"there is no vehicle, mission, site or wind {name!r}"
    raise InputError([Problem("", "", message, hint)])


def _kind_of(data: dict[str, Any], file: Path) -> str:
    """The kind whose keys a file uses most."""
    if "checkpoints" in data:
        return CASE
    keys = data.keys() - _SHARED
    used = {kind: len(keys & spec.model_fields.keys()) for kind, spec in SPECS.items()}
    best = max(used, key=lambda kind: used[kind])
    if not used[best]:
        kinds = ", ".join(kind.removesuffix("s") for kind in SPECS)
        raise InputError([Problem(str(file), "", f"is none of {kinds}: no key of theirs is in it")])
    return best


def try_out(thing: Thing) -> str:
    """Build everything that a flight would, and return what it is in a line.

    Raises:
        InputError: it reads, but can't be flown; carries the problems.
    """
    if thing.mission is not None:
        return _try_mission(thing.mission)
    match thing.kind:
        case "vehicles":
            return _try_vehicle(thing)
        case "winds":
            from downrange.earth.build import build_wind

            wind = build_wind(thing.spec, thing.file.parent)
            return f"wind, {thing.spec.model}, to {wind.altitude_m[-1] / 1e3:g} km"
        case "sites":
            return f"site, {len(thing.spec.protect)} places to protect"
        case _:
            return f"check case, {len(thing.spec.checkpoints.rows)} checkpoints"


def _try_mission(mission: Mission) -> str:
    from downrange.flight.assemble import assemble
    from downrange.flight.fly import prepare

    spec = mission.spec
    assemble(mission, spec, prepare(mission).planned, 1, 0, 1.0 / spec.tick.si)
    return (
        f"mission, {spec.vehicle.name or 'vehicle'} from {spec.site.name}, "
        f"{_count(spec.phase, 'phase')}, {_count(spec.fault, 'fault')}, "
        f"{_count(spec.objective, 'objective')}"
    )


def _try_vehicle(thing: Thing) -> str:
    from downrange.aero.build import build_aero
    from downrange.flight.correlation import vehicle_correlation_problems
    from downrange.vehicle.build import build_bending, outline

    vehicle: VehicleSpec = thing.spec
    problems = vehicle_correlation_problems(vehicle, str(thing.file))
    if problems:
        raise InputError(problems)
    build_aero(vehicle.aero, outline(vehicle), base_dir=thing.file.parent)
    build_bending(vehicle)
    engines = sum(stage.engine.count for stage in vehicle.stage)
    mass_t, ratio = vehicle.liftoff_mass_kg / 1e3, thrust_over_weight(vehicle)
    return (
        f"vehicle, {_count(vehicle.stage, 'stage')}, {engines} engines, {vehicle.length_m:g} m, "
        f"{mass_t:.1f} t, thrust over weight {ratio:.2f}"
    )


def thrust_over_weight(vehicle: VehicleSpec) -> float:
    """Thrust of the lowest stage at sea level over the weight at lift-off."""
    weight_n = vehicle.liftoff_mass_kg * STANDARD_GRAVITY_MPS2
    return liftoff_thrust_n(vehicle.stage[0].engine) / weight_n


def _count(items: tuple[Any, ...], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"
