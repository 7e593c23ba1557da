"""Spectrum in the catalogue against what is published of it, and the sums between its figures."""

from __future__ import annotations

import math

import pytest

from downrange import catalog
from downrange._spec import load_toml, validate
from downrange.vehicle.spec import VehicleSpec

G0 = 9.80665
VEHICLE = validate(VehicleSpec, load_toml(catalog.find("vehicles", "spectrum")))
FIRST, SECOND = VEHICLE.stage


def burnable_kg(stage):
    """Propellant that can be burnt at the mixture ratio, less what stays in the other tank."""
    lox, fuel = (
        next(t.load.si - t.residual.si for t in stage.tank if t.name == name)
        for name in ("lox", "fuel")
    )
    ratio = stage.engine.mixture_ratio.si
    return min(lox / ratio, fuel) * (1.0 + ratio)


def test_size_is_28_by_2_metres():
    assert VEHICLE.length_m == pytest.approx(28.0)
    assert {stage.diameter.si for stage in VEHICLE.stage} == {2.0}


def test_nine_engines_push_675_kn_at_sea_level():
    engine = FIRST.engine
    sea_level_n = engine.thrust_vac.si * engine.isp_sl.si / engine.isp_vac.si
    assert engine.count == 9
    assert 9 * sea_level_n == pytest.approx(675e3, rel=0.001)


def test_first_stage_burns_150_s():
    engine = FIRST.engine
    flow = 9 * engine.thrust_vac.si / (engine.isp_vac.si * G0)
    assert burnable_kg(FIRST) / flow == pytest.approx(150.0, abs=1.0)


def test_second_stage_burns_300_s():
    engine = SECOND.engine
    flow = engine.thrust_vac.si / (engine.isp_vac.si * G0)
    assert burnable_kg(SECOND) / flow == pytest.approx(300.0, abs=2.0)


def test_the_tanks_run_dry_together():
    for stage in VEHICLE.stage:
        burnt = sum(tank.load.si - tank.residual.si for tank in stage.tank)
        assert burnable_kg(stage) == pytest.approx(burnt, rel=0.002)


def test_lift_off_mass_lies_between_46_and_54_t():
    assert 46e3 < VEHICLE.liftoff_mass_kg < 54e3
    assert 1.25 < 675e3 / (VEHICLE.liftoff_mass_kg * G0) < 1.5


def test_every_tank_has_room_for_a_little_gas():
    for stage in VEHICLE.stage:
        for tank in stage.tank:
            ullage = 1.0 - tank.load.si / (tank.density.si * tank.volume.si)
            assert 0.02 < ullage < 0.05, (stage.name, tank.name)


def test_ideal_speed_suffices_for_the_orbit():
    # 10.8 to 12.3 km/s without payload: an independent estimate from the same masses.
    mass, speed = VEHICLE.liftoff_mass_kg, 0.0
    for stage in VEHICLE.stage:
        burnt = burnable_kg(stage)
        speed += stage.engine.isp_vac.si * G0 * math.log(mass / (mass - burnt))
        mass -= stage.dry_mass.si + sum(tank.load.si for tank in stage.tank)
        if stage is FIRST:
            mass -= VEHICLE.fairing.mass.si
    assert 10.8e3 < speed < 12.3e3


def test_nozzles_stay_clear_of_one_another_inside_the_skin():
    engine = FIRST.engine
    area = engine.thrust_vac.si * (1.0 - engine.isp_sl.si / engine.isp_vac.si) / 101325.0
    width = 2.0 * math.sqrt(area / math.pi)
    ring = engine.layout.ring_radius.si
    assert 2.0 * ring * math.sin(math.pi / 8.0) > 1.2 * width
    assert ring + 0.5 * width < 1.0
