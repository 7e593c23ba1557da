"""A body of the catalogue on a test bench: no flight software, no sensors, only what moves it."""

from __future__ import annotations

from functools import cache

from downrange.dynamics.kernel.advance import FLYING, STATUS, Plant, set_modes, take_mass
from downrange.earth.build import build_earth
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.faults.kernel import new_health
from downrange.flight.assemble import build_plant, new_state
from downrange.flight.legs import legs_of
from downrange.flight.load import load_mission
from downrange.propulsion.kernel import FLOW_KGPS
from downrange.telemetry.bus import new_command
from downrange.vehicle.kernel import DAMPING_RATIO
from downrange.verify.kernel import tick

MISSION = "spectrum-flight-1"  # any vehicle would do: the laws are the same
FAR_M = 7.0e6
TICK_S = 0.02


@cache
def _plant_in_space() -> Plant:
    """The whole stack where nothing pulls, blows or turns."""
    space = build_earth()._replace(mu_m3ps2=0.0, rotation_radps=0.0, atmosphere_model=NO_AIR)
    mission = load_mission(MISSION)
    leg = legs_of(mission.spec.vehicle, mission.spec.phase)[0]
    return build_plant(mission, mission.spec, space, 0.0, leg)


class Bench:
    """A stack afloat, body axes along the inertial ones, commands held until they are changed."""

    def __init__(self, damping_ratio: float | None = None, flow_share: float = 1.0) -> None:
        """Set it up with another damping of its modes, or engines that use less than their own."""
        plant = _plant_in_space()
        table, engines = plant.bending.table.copy(), plant.engines.table.copy()
        if damping_ratio is not None:
            table[:, :, DAMPING_RATIO] = damping_ratio
        engines[:, FLOW_KGPS] *= flow_share
        self.plant = plant._replace(
            bending=plant.bending._replace(table=table),
            engines=plant.engines._replace(table=engines),
        )
        self.state = new_state(self.plant)
        self.command = new_command(plant.engines.n)
        self.health = new_health(plant.engines.n, table.shape[1])
        self.time_s = 0.0
        self.state.rigid[0], self.state.rigid[6] = FAR_M, 1.0
        self.state.words[STATUS] = FLYING
        take_mass(self.plant, self.state)
        set_modes(self.plant, self.state, self.health)

    def move(self, seconds: float, step_s: float = TICK_S) -> None:
        """On by a time in equal calls of the tick."""
        for _ in range(round(seconds / step_s)):
            tick(self.plant, self.state, self.command, self.health, self.time_s, step_s)
            self.time_s += step_s
