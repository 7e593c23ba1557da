"""What the flight software believes of the vehicle: as specified, undrawn and without fault."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downrange.aero.kernel import CA, CM, CN_CROSSFLOW, CN_POTENTIAL, Aero
from downrange.dynamics.kernel.advance import Plant
from downrange.flight.legs import Leg
from downrange.gnc.kernel.data import AssumedVehicle
from downrange.propulsion import kernel as propulsion
from downrange.vehicle import kernel as vehicle
from downrange.vehicle.spec import VehicleSpec

Floats = NDArray[np.float64]

FRACTIONS = 11


def assumed_vehicle(spec: VehicleSpec, plant: Plant, leg: Leg) -> AssumedVehicle:
    """The vehicle as specified, for the flight software; `plant` is built from the same spec."""
    engines, tanks = plant.engines, plant.tanks
    stages = range(len(spec.stage))
    own = tanks.stage == leg.stage
    fraction = np.linspace(0.0, 1.0, FRACTIONS)
    attached = np.array(leg.attached)
    aboard = tanks.load_kg * attached[tanks.stage]
    properties = np.zeros((FRACTIONS, vehicle.PROPERTIES))
    modes = np.zeros((FRACTIONS, *plant.bending.table.shape[1:]))
    for row, share in enumerate(fraction):
        loaded = np.where(own, share, 1.0) * tanks.load_kg
        vehicle.mass_properties(plant.masses, loaded, attached, properties[row])
        left = properties[row, vehicle.PROPELLANT_KG] / aboard.sum()
        vehicle.bending_at(plant.bending, left, modes[row])
    aero = plant.around.aero
    axial, slope, x_cp = small_angle(aero)
    first = int(np.flatnonzero(engines.stage == leg.stage)[0])
    usable = [float((tanks.load_kg - tanks.residual_kg)[tanks.stage == k].sum()) for k in stages]
    residual = [float(tanks.residual_kg[tanks.stage == k].sum()) for k in stages]
    gimballed = engines.gimballed.min(axis=1) > 0.5
    tail_off_s = (
        engines.table[:, propulsion.SHUTDOWN_DELAY_S] + 0.5 * engines.table[:, propulsion.FALL_S]
    )
    thrusters = plant.thrusters
    return AssumedVehicle(
        stage=leg.stage,
        engine_stage=engines.stage,
        engine_position_m=np.ascontiguousarray(engines.position_m),
        engine_thrust_vac_n=np.ascontiguousarray(engines.thrust_vac_n),
        engine_exit_area_m2=np.ascontiguousarray(engines.exit_area_m2),
        engine_flow_kgps=np.ascontiguousarray(engines.flow_kgps),
        engine_throttle_min=np.ascontiguousarray(engines.throttle_min),
        engine_throttle_max=np.ascontiguousarray(engines.throttle_max),
        engine_gimbal_limit_rad=np.where(gimballed, engines.gimbal_limit_rad, 0.0),
        engine_tail_off_s=np.ascontiguousarray(tail_off_s),
        tank_stage=tanks.stage,
        tank_load_kg=np.ascontiguousarray(tanks.load_kg),
        stage_dry_kg=np.array([spec.stage[k].dry_mass.si + residual[k] for k in stages]),
        stage_propellant_kg=np.array(usable),
        payload_kg=float(spec.payload.mass.si) if spec.payload else 0.0,
        fairing_kg=float(spec.fairing.mass.si) if spec.fairing else 0.0,
        thruster_nm=(thrusters.roll_nm, thrusters.pitch_nm, thrusters.pitch_nm),
        thruster_pulse_s=thrusters.shortest_s,
        fraction=fraction,
        mass_kg=_column(properties, vehicle.MASS_KG),
        x_cm_m=_column(properties, vehicle.X_CM_M),
        inertia_axial_kgm2=_column(properties, vehicle.IXX_KGM2),
        inertia_lateral_kgm2=_column(properties, vehicle.IYY_KGM2),
        mode_frequency_radps=_column(modes, vehicle.OMEGA_RADPS),
        mode_mass_kg=_column(modes, vehicle.MODAL_MASS_KG),
        mode_shape_gimbal=_column(modes, vehicle.PHI_GIMBAL),
        mode_slope_imu_pm=_column(modes, vehicle.SLOPE_IMU),
        mode_damping=np.ascontiguousarray(plant.bending.damping_ratio),
        mach=aero.mach,
        axial_coefficient=axial,
        normal_slope_prad=slope,
        x_cp_m=x_cp,
        reference_area_m2=float(aero.reference_area_m2),
        imu_x_m=float(plant.imu_x_m),
        gimbal_natural_radps=float(engines.gimbal_natural_radps[first]),
        gimbal_damping=float(engines.gimbal_damping[first]),
        engine_moving_moment_kgm=float(engines.moving_mass_kg[first] * engines.moving_cg_m[first]),
    )


def small_angle(aero: Aero) -> tuple[Floats, Floats, Floats]:
    """CA, dCN/dalpha (1/rad) and centre of pressure (m) at small angles, for each Mach number."""
    step = aero.alpha_rad[1]
    normal = aero.table[:, 1, CN_POTENTIAL] + aero.table[:, 1, CN_CROSSFLOW]
    moment = aero.table[:, 1, CM]
    divisor = np.where(normal > 0.0, normal, 1.0)
    x_cp = aero.reference_x_m + aero.reference_length_m * moment / divisor
    return np.ascontiguousarray(aero.table[:, 0, CA]), normal / step, x_cp


def _column(table: Floats, index: int) -> Floats:
    return np.ascontiguousarray(table[..., index])
