"""Engine transients, forces, moments and flows against closed forms and published engines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from downrange.faults.kernel import ENGINE_OK, new_health
from downrange.propulsion import kernel
from downrange.propulsion.build import build_engines, build_tanks, tank_indices
from downrange.propulsion.kernel import (
    AREA_M2,
    AREA_MOMENT_M3,
    LEVEL,
    MEAN_LEVEL,
    ON,
    OWN_TORQUE_NM,
    REACTION_FORCE_N,
    REACTION_MOMENT_NM,
    VACUUM_FORCE_N,
    VACUUM_MOMENT_NM,
    Engines,
    Tanks,
)
from downrange.propulsion.spec import EngineGroupSpec, TankSpec

G0_MPS2 = 9.80665
SEA_LEVEL_PA = 101325.0

GROUP = {
    "count": 1,
    "station": "0.5 m",
    "thrust_vac": "100 kN",
    "isp_vac": "300 s",
    "exit_area": "0.1 m^2",
    "oxidiser": "lox",
    "fuel": "propane",
    "mixture_ratio": 2.7,
    "throttle_min": 0.6,
    "throttle_max": 1.0,
    "start_delay": "0.3 s",
    "rise_time": "0.8 s",
    "shutdown_delay": "0.05 s",
    "fall_time": "0.4 s",
    "gimbal": {"limit": "6 deg", "rate": "12 deg/s", "natural_frequency": "6 Hz", "damping": 0.7},
    "moving_mass": "80 kg",
    "moving_cg": "0.35 m",
    "moving_inertia": "16 kg m^2",
}
NINE = GROUP | {"count": 9, "layout": {"ring": 8, "ring_radius": "0.75 m", "centre": 1}}


def tank(name: str, load: str = "10 t", residual: str = "50 kg") -> TankSpec:
    return TankSpec.model_validate(
        {
            "name": name,
            "propellant": name,
            "density": "1000 kg/m^3",
            "load": load,
            "volume": "40 m^3",
            "bottom": "1 m",
            "diameter": "2 m",
            "residual": residual,
        }
    )


def plant(data: dict[str, object]) -> tuple[Engines, Tanks]:
    stage = (tank("propane"), tank("lox", "27 t"))
    group = EngineGroupSpec.model_validate(data)
    engines = build_engines([(0, 0.0, group, tank_indices([stage])[0])])
    return engines, build_tanks([(0, stage)])


class Rig:
    """Engines with full tanks on a stand."""

    def __init__(self, data: dict[str, object]) -> None:
        self.engines, self.tanks = plant(data)
        n = self.engines.n
        self.state = kernel.new_engine_state(n)
        self.tank_kg = self.tanks.load_kg.copy()
        self.on, self.throttle = np.ones(n), np.ones(n)
        self.health = new_health(n, 0).engine
        self.ok = self.health[:, ENGINE_OK]
        self.gimbal_rad = np.zeros((n, 2))
        self.sums, self.flow_kgps = np.zeros(kernel.SUMS_SIZE), np.zeros(2)

    def run(self, dt_s: float) -> float:
        """Advance and return engine 1's integral of level, s."""
        kernel.engine_levels_step(
            self.engines,
            self.tanks,
            self.state,
            self.tank_kg,
            self.on,
            self.throttle,
            self.health,
            dt_s,
        )
        return float(self.state[0, MEAN_LEVEL] * dt_s)

    def settle(self) -> None:
        """Outlast any transient; the mean level is then the level."""
        self.run(20.0)
        self.run(0.02)

    def thrust(self, pressure_pa: float) -> np.ndarray:
        kernel.thrust_sums(self.engines, self.state, self.gimbal_rad, np.ones(1), self.sums)
        kernel.tank_flows(self.engines, self.state, np.ones(1), self.flow_kgps)
        vacuum_n = self.sums[VACUUM_FORCE_N : VACUUM_FORCE_N + 3]
        return vacuum_n - pressure_pa * self.sums[AREA_M2 : AREA_M2 + 3]

    def moment(self, pressure_pa: float, at_x_m: float) -> np.ndarray:
        force_n = self.thrust(pressure_pa)
        origin_nm = self.sums[VACUUM_MOMENT_NM : VACUUM_MOMENT_NM + 3] - (
            pressure_pa * self.sums[AREA_MOMENT_M3 : AREA_MOMENT_M3 + 3]
        )
        return origin_nm - np.cross([at_x_m, 0.0, 0.0], force_n)


def test_start_waits_then_ramps() -> None:
    rig = Rig(GROUP)
    assert rig.run(0.3) == 0.0
    assert rig.run(0.4) == pytest.approx(0.5 * 0.5 * 0.4)  # half way up the 0.8 s ramp
    assert rig.state[0, LEVEL] == pytest.approx(0.5)
    assert rig.run(10.0) == pytest.approx(0.75 * 0.4 + 9.6)


@pytest.mark.parametrize("level", [0.6, 0.8, 1.0])
def test_tail_off_impulse(level: float) -> None:
    rig = Rig(GROUP)
    rig.throttle[:] = level
    rig.run(20.0)
    rig.on[:] = 0.0
    impulse_s = rig.run(5.0)
    assert impulse_s == pytest.approx(level * 0.05 + level**2 * 0.4 / 2.0)
    assert rig.state[0, LEVEL] == 0.0


def test_throttle_moves_at_the_ramp_rate_inside_its_limits() -> None:
    rig = Rig(GROUP)
    rig.run(20.0)
    rig.throttle[:] = 0.1
    rig.run(0.16)
    assert rig.state[0, LEVEL] == pytest.approx(0.8)  # 0.16 s at 1 / 0.8 s
    rig.run(5.0)
    assert rig.state[0, LEVEL] == 0.6
    rig.throttle[:] = 1.3
    rig.run(5.0)
    assert rig.state[0, LEVEL] == 1.0


def test_a_restart_during_tail_off_keeps_falling_until_the_valves_open() -> None:
    rig = Rig(GROUP)
    rig.run(20.0)
    rig.on[:] = 0.0
    rig.run(0.05 + 0.1)  # a quarter of the fall
    rig.on[:] = 1.0
    rig.run(0.2)
    assert rig.state[0, LEVEL] == pytest.approx(0.25)


def test_a_failed_engine_falls_at_once_and_never_comes_back() -> None:
    rig = Rig(GROUP)
    rig.run(20.0)
    rig.ok[:] = 0.0
    assert rig.run(1.0) == pytest.approx(0.4 / 2.0)
    assert rig.state[0, ON] == 0.0
    assert rig.run(10.0) == 0.0


@pytest.mark.parametrize("empty", [0, 1])
def test_either_tank_at_its_residual_stops_the_engine(empty: int) -> None:
    rig = Rig(GROUP)
    rig.run(20.0)
    rig.tank_kg[empty] = 50.0
    assert rig.run(1.0) == pytest.approx(0.4 / 2.0)
    assert rig.state[0, ON] == 0.0


def test_instant_engine_has_no_transient() -> None:
    bare = {key: GROUP[key] for key in GROUP if not key.endswith(("_delay", "_time", "min", "max"))}
    rig = Rig(bare)
    assert rig.run(0.02) == pytest.approx(0.02)
    rig.on[:] = 0.0
    assert rig.run(0.02) == 0.0


# Published engines: thrust in vacuum and at sea level.
def test_merlin_at_sea_level() -> None:
    area_m2 = math.pi / 4.0 * 0.92**2
    data = GROUP | {"thrust_vac": "914 kN", "isp_vac": "311 s", "exit_area": f"{area_m2} m^2"}
    rig = Rig(data)
    rig.settle()
    assert rig.thrust(SEA_LEVEL_PA)[0] == pytest.approx(845e3, rel=0.005)
    assert rig.thrust(0.0)[0] == pytest.approx(914e3)


def test_rs_25_at_sea_level() -> None:
    # Exit area from the flow, the chamber pressure, CEA's c* and the area ratio of 69.
    flow_kgps = 2279e3 / (452.3 * G0_MPS2)
    area_m2 = 69.0 * flow_kgps * 2320.8 / 206.4e5
    data = GROUP | {"thrust_vac": "2279 kN", "isp_vac": "452.3 s", "exit_area": f"{area_m2} m^2"}
    rig = Rig(data)
    rig.settle()
    assert rig.thrust(SEA_LEVEL_PA)[0] == pytest.approx(1860e3, rel=0.015)
    assert rig.flow_kgps.sum() == pytest.approx(flow_kgps)


def test_isp_and_mixture_of_the_flow() -> None:
    rig = Rig(NINE)
    rig.settle()
    thrust_n = rig.thrust(0.0)[0]
    fuel_kgps, oxidiser_kgps = rig.flow_kgps
    assert thrust_n / (rig.flow_kgps.sum() * G0_MPS2) == pytest.approx(300.0)
    assert oxidiser_kgps / fuel_kgps == pytest.approx(2.7)


def test_a_throttled_engine_keeps_its_pressure_term_and_a_stopped_one_has_none() -> None:
    rig = Rig(GROUP)
    rig.throttle[:] = 0.6
    rig.settle()
    assert rig.thrust(SEA_LEVEL_PA)[0] == pytest.approx(0.6 * 100e3 - 0.1 * SEA_LEVEL_PA)
    rig.on[:] = 0.0
    rig.settle()
    assert np.all(rig.thrust(SEA_LEVEL_PA) == 0.0)


def test_engines_of_a_dropped_stage_push_nothing() -> None:
    rig = Rig(NINE)
    rig.settle()
    kernel.thrust_sums(rig.engines, rig.state, rig.gimbal_rad, np.zeros(1), rig.sums)
    kernel.tank_flows(rig.engines, rig.state, np.zeros(1), rig.flow_kgps)
    assert not rig.sums.any()
    assert not rig.flow_kgps.any()


def test_moments_follow_the_sign_convention() -> None:
    """M_y = z F - l F d_y, M_z = -y F - l F d_z, M_x = -F (y d_y + z d_z), small angles."""
    rig = Rig(NINE)
    rig.ok[:] = 0.0
    rig.ok[1] = 1.0  # one ring engine, off both axes
    rig.settle()
    y_m, z_m = rig.engines.position_m[1, 1:]
    assert abs(y_m * z_m) > 0.1
    force_n, arm_m, d_y, d_z = 100e3, 12.0 - 0.5, 2e-4, -3e-4
    rig.gimbal_rad[1] = d_y, d_z
    expected_nm = [
        -force_n * (y_m * d_y + z_m * d_z),
        z_m * force_n - arm_m * force_n * d_y,
        -y_m * force_n - arm_m * force_n * d_z,
    ]
    assert rig.moment(0.0, 12.0) == pytest.approx(expected_nm, abs=0.1)


@pytest.mark.parametrize("pressure_pa", [0.0, 60e3])
def test_sums_over_nine_engines(pressure_pa: float) -> None:
    """Against rotation matrices and cross products, engine by engine."""
    rig = Rig(NINE)
    rig.settle()
    rig.gimbal_rad[:] = np.linspace(-0.02, 0.03, 18).reshape(9, 2)
    force_n, moment_nm = np.zeros(3), np.zeros(3)
    for at_m, (d_y, d_z) in zip(rig.engines.position_m, rig.gimbal_rad, strict=True):
        turn = Rotation.from_rotvec([0.0, d_y, d_z])
        one_n = turn.apply([100e3 - pressure_pa * 0.1, 0.0, 0.0])
        force_n += one_n
        moment_nm += np.cross(at_m - [9.0, 0.0, 0.0], one_n)
    # The kernel's direction is (1, d_z, -d_y) normalised: angles are off by d^3 / 3 at most.
    off = 9 * 100e3 * 0.036**3
    assert rig.thrust(pressure_pa) == pytest.approx(force_n, abs=off)
    assert rig.moment(pressure_pa, 9.0) == pytest.approx(moment_nm, abs=9.0 * off)


def swung_momentum(axis: int, rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """Linear and angular momentum (about the origin) of engine 2 swinging at 1 rad/s.

    The engine is a dumb-bell of two half masses on its axis with the right CM and inertia,
    turned by rotation matrices and differentiated numerically.
    """
    engines = rig.engines
    mass_kg, cg_m = engines.moving_mass_kg[0], engines.moving_cg_m[0]
    own_kgm2 = engines.moving_inertia_kgm2[0] - mass_kg * cg_m**2
    half_m = math.sqrt(own_kgm2 / mass_kg)
    points = np.array([[-cg_m - half_m, 0.0, 0.0], [-cg_m + half_m, 0.0, 0.0]])
    direction = [0.0, 1.0, 0.0] if axis == 0 else [0.0, 0.0, 1.0]
    h_s = 1e-5

    def at(t_s: float) -> np.ndarray:
        turned = Rotation.from_rotvec(np.array(direction) * t_s).apply(points)
        return np.asarray(engines.position_m[1] + turned)

    velocity = (at(h_s) - at(-h_s)) / (2.0 * h_s)
    linear = 0.5 * mass_kg * velocity.sum(axis=0)
    return linear, 0.5 * mass_kg * np.cross(at(0.0), velocity).sum(axis=0)


@pytest.mark.parametrize("axis", [0, 1])
def test_reaction_of_a_swinging_engine_conserves_momentum(axis: int) -> None:
    """Free of outside forces, the vehicle gets what the engine's motion takes."""
    rig = Rig(NINE)
    accel = np.zeros((9, 2))
    accel[1, axis] = 1.0  # for 1 s: the engine goes from rest to 1 rad/s
    out = np.zeros(kernel.REACTION_SIZE)
    kernel.gimbal_reaction(rig.engines, accel, np.ones(1), out)
    linear, angular = swung_momentum(axis, rig)
    assert abs(linear).max() > 10.0
    assert out[REACTION_FORCE_N : REACTION_FORCE_N + 3] == pytest.approx(-linear, abs=1e-6)
    assert out[REACTION_MOMENT_NM : REACTION_MOMENT_NM + 3] == pytest.approx(-angular, abs=1e-6)
    assert out[OWN_TORQUE_NM + axis] == pytest.approx(16.0)


def test_tail_wags_dog_zero() -> None:
    """Thrust and inertia moments of a swinging engine cancel at sqrt(F L / (m l L + I))."""
    rig = Rig(GROUP)
    rig.settle()
    arm_m, d_y = 10.0, 1e-4
    zero_radps = math.sqrt(100e3 * arm_m / (80.0 * 0.35 * arm_m + 16.0))
    rig.gimbal_rad[0, 0] = d_y
    out = np.zeros(kernel.REACTION_SIZE)
    kernel.gimbal_reaction(rig.engines, np.array([[-(zero_radps**2) * d_y, 0.0]]), np.ones(1), out)
    x_cm_m = 0.5 + arm_m
    reaction_nm = out[REACTION_MOMENT_NM + 1] - (-x_cm_m * out[REACTION_FORCE_N + 2])
    thrust_nm = rig.moment(0.0, x_cm_m)[1]
    assert thrust_nm == pytest.approx(-100e3 * arm_m * d_y, rel=1e-6)
    assert reaction_nm == pytest.approx(-thrust_nm, rel=1e-6)


def test_depletion_time() -> None:
    assert kernel.depletion_time(1050.0, 50.0, 20.0) == 50.0
    assert kernel.depletion_time(40.0, 50.0, 20.0) == 0.0
    assert kernel.depletion_time(1050.0, 50.0, 0.0) == math.inf
