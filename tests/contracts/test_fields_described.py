"""Every field that a person can write says in its docstring what it is."""

from __future__ import annotations

import pytest

from downrange._fields import descriptions, families, meanings, summary
from downrange._spec import Spec
from downrange.earth.spec import SiteSpec, WindSpec
from downrange.flight.spec import MissionSpec
from downrange.vehicle.spec import VehicleSpec
from downrange.verify.spec import CaseSpec

ROOTS: tuple[type[Spec], ...] = (MissionSpec, VehicleSpec, SiteSpec, WindSpec, CaseSpec)
SPECS = list(dict.fromkeys(each for root in ROOTS for each in families(root)))


@pytest.mark.parametrize("cls", SPECS, ids=lambda cls: cls.__name__)
def test_every_field_is_described_and_no_other(cls: type[Spec]) -> None:
    assert list(descriptions(cls)) == list(cls.model_fields)
    assert summary(cls)
    for name, meaning in meanings(cls).items():
        assert len(meaning.text) >= 3, name
        assert meaning.kind, name


def test_the_contract_sees_all_of_a_mission() -> None:
    names = {cls.__name__ for cls in families(MissionSpec)}
    assert {"StageSpec", "TankSpec", "EngineOverride", "PlaceSpec", "NotchSpec"} <= names


def test_a_field_without_words_is_found() -> None:
    class BareSpec(Spec):
        """A thing.

        Attributes:
            told: what it is.
        """

        told: str
        untold: str

    assert list(descriptions(BareSpec)) != list(BareSpec.model_fields)
