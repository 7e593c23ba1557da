"""What a person may write about aerodynamics, and what is said when it is wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from downrange._spec import unsourced, validate
from downrange.aero.build import build_aero, build_case_aero
from downrange.aero.kernel import body_coefficients
from downrange.aero.spec import AeroSpec, CaseAeroSpec
from downrange.aero.table import read_table
from downrange.errors import InputError

POINTS = [(0.0, 2.0), (24.0, 2.0), (28.0, 0.0)]


def problems(data: dict[str, object], cls: type = CaseAeroSpec) -> list[str]:
    with pytest.raises(InputError) as caught:
        validate(cls, data, "case.toml")
    return [str(problem) for problem in caught.value.problems]


def test_numbers_and_tables_may_mix() -> None:
    """The common grid of angles loses no point of any table, and ends are held."""
    spec = validate(
        CaseAeroSpec,
        {
            "reference_area": "1 m^2",
            "drag": 0.4,
            "lift": {"alpha": ["-10 deg", "5 deg", "10 deg"], "value": [-1.0, 0.2, 2.0]},
            "side": {"beta": ["0 deg", "3 deg"], "value": [0.0, -0.3]},
        },
    )
    aero = build_case_aero(spec)
    at = np.radians([-40.0, -10.0, 0.0, 3.0, 5.0, 10.0, 50.0])
    found = [np.interp(at, aero.alpha_rad, column) for column in aero.table[0].T[:3]]
    assert found[0] == pytest.approx([0.4] * 7)
    assert found[1] == pytest.approx([-1.0, -1.0, -0.2, 0.04, 0.2, 2.0, 2.0])
    assert found[2] == pytest.approx([0.0, 0.0, 0.0, -0.3, -0.3, -0.3, -0.3])


def test_every_problem_of_a_case_is_named() -> None:
    found = problems(
        {
            "reference_area": "1 m",
            "drag": "much",
            "lift": {"alpha": ["0 deg", "1 deg"], "value": [0.0]},
            "side": {"alpha": ["1 deg", "0 deg"], "value": [0.0, 1.0]},
            "yaw_moment": {"value": [1.0]},
            "pitch_momnt": 0.0,
        }
    )
    text = "\n".join(found)
    assert len(found) == 6
    assert "case.toml: reference_area: expected an area" in text
    assert "drag: Input should be a number or a table" in text or "drag: should be" in text
    assert "lift: 2 angles but 1 values" in text
    assert "side: angles must rise: 0 deg follows 1 deg" in text
    assert "yaw_moment: a table needs its angles" in text
    assert "did you mean pitch_moment?" in text


def test_moments_need_their_length() -> None:
    (found,) = problems({"reference_area": "1 m^2", "pitch_moment": 0.1, "damping": {"yaw": -1.0}})
    assert "reference_span and reference_chord" in found


def test_every_default_has_a_source_and_a_range() -> None:
    assert unsourced(AeroSpec()) == []


def table_text(rows: list[str], header: str = "mach,alpha_deg,CN,CA,Cm") -> str:
    return "\n".join([header, *rows]) + "\n"


def good_rows() -> list[str]:
    return [
        f"{mach},{alpha},{min(2.0 * math.radians(alpha), 3.0)},{0.5 - mach / 10},{alpha / 10}"
        for mach in (0.0, 2.0)
        for alpha in (0, 10, 90, 180)
    ]


def test_a_table_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "aero.csv").write_text(table_text(good_rows()))
    spec = validate(
        AeroSpec,
        {
            "table": {
                "file": "aero.csv",
                "reference_area": "3 m^2",
                "reference_length": "2 m",
                "moment_station": "14 m",
            }
        },
    )
    aero = build_aero(spec, POINTS, base_dir=tmp_path)
    found = body_coefficients(aero.mach, aero.alpha_rad[1], aero.table, 1.0, math.radians(5.0))
    assert found[0] + found[1] == pytest.approx(2.0 * math.radians(5.0))
    assert found[2:] == pytest.approx((0.4, 0.5))
    assert (aero.reference_area_m2, aero.reference_length_m, aero.reference_x_m) == (3.0, 2.0, 14.0)
    assert np.all(aero.table[..., 1] >= 0.0)


def test_a_table_whole_in_rows_of_any_order(tmp_path: Path) -> None:
    file = tmp_path / "aero.csv"
    file.write_text(table_text(good_rows()[::-1]))
    read = read_table(file)
    assert read.mach.tolist() == [0.0, 2.0]
    assert read.cm[1].tolist() == [0.0, 1.0, 9.0, 18.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table_text(good_rows(), "mach,alpha,CN,CA,Cm"), "has no column alpha_deg"),
        (table_text([*good_rows(), "2.0,10,1,1,1"]), "line 10: repeats Mach 2, 10 deg"),
        (table_text([*good_rows(), "2.0,20,x,1,1"]), "line 10: CN should be a number, got 'x'"),
        (table_text([*good_rows(), "2.0,200,1,1,1"]), "alpha_deg 200 is not within 0 to 180"),
        (table_text([*good_rows(), "-1,20,1,1,1"]), "a Mach number of -1"),
        (table_text([*good_rows(), "3.0,10,1,1,1"]), "Mach 3 has no row at 0, 90, 180 deg"),
        (table_text(good_rows()[:3] + good_rows()[4:7]), "reach from 0 to 180"),
        (table_text(good_rows()[:4]), "two Mach numbers"),
        (table_text([]), "reach from 0 to 180"),
        ("", "has no column"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "aero.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=r"aero\.csv") as caught:
        read_table(file)
    assert said in str(caught.value)


def test_a_table_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not a text file"):
        read_table(tmp_path / "binary.csv")
    with pytest.raises(InputError, match="can't be read"):
        read_table(tmp_path)


def test_fins_and_a_table_exclude_each_other() -> None:
    fin = {"count": 4, "root_chord": "1 m", "tip_chord": "1 m", "span": "1 m", "station": "1 m"}
    table = {
        "file": "a.csv", "reference_area": "1 m^2", "reference_length": "1 m",
        "moment_station": "0 m",
    }  # fmt: skip
    (found,) = problems({"fin": fin, "table": table}, AeroSpec)
    assert "leave out the fins" in found
