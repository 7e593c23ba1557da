"""Soundings: every header that is understood, and every mistake that is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from downrange.earth.build import build_earth, build_wind
from downrange.earth.kernel.atmosphere import air
from downrange.earth.kernel.wind import wind_ned
from downrange.earth.sounding import read_sounding
from downrange.earth.spec import WindSpec
from downrange.errors import InputError

GOOD = "altitude_m,direction_deg,speed_mps\n0,270,5\n1000,280,10\n25000,290,20\n"


@pytest.fixture
def sounding(tmp_path: Path):
    """Write text to a file, give its path."""

    def write(text: str | bytes) -> Path:
        file = tmp_path / "sounding.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def problems(file: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_sounding(file)
    assert all(problem.file == str(file) for problem in caught.value.problems)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_plain_table(sounding) -> None:
    altitude, direction, speed = read_sounding(sounding(GOOD))
    assert altitude.tolist() == [0.0, 1000.0, 25000.0]
    assert direction.tolist() == [270.0, 280.0, 290.0]
    assert speed.tolist() == [5.0, 10.0, 20.0]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("Height_km, Wind_Dir_deg, Wind_Speed_kt", "2, 90, 10", (2000.0, 90.0, 5.14444)),
        ("alt_ft,from_deg,speed_kmh", "10000,90,36", (3048.0, 90.0, 10.0)),
        ("temp_C,speed_fps,altitude_m,direction_deg", "-5,100,2000,90", (2000.0, 90.0, 30.48)),
        ("altitude_m,u_east_mps,v_north_mps", "2000,-3,-4", (2000.0, 36.8699, 5.0)),
        # US76 table I: geopotential 10,000 m is 10,016 m; 264.36 hPa at 10,000 m geopotential.
        ("geopotential_height_m,direction_deg,speed_mps", "10000,90,1", (10015.8, 90.0, 1.0)),
        ("pressure_hPa,direction_deg,speed_mps", "264.36,90,1", (10015.8, 90.0, 1.0)),
        (
            "altitude_m,pressure_hPa,direction_deg,speed_mps",
            "9000,264.36,90,1",
            (9000.0, 90.0, 1.0),
        ),
    ],
)
def test_headers_and_units(
    sounding, header: str, row: str, expected: tuple[float, float, float]
) -> None:
    ground = {"pressure_hPa": "1013.25"}.get(header.split(",", maxsplit=1)[0], "0")
    cells = [ground if k == 0 else "0" for k in range(header.count(",") + 1)]
    file = sounding(f"# made up\n{header}\n{','.join(cells)}\n\n{row}\n")
    altitude, direction, speed = read_sounding(file)
    assert (altitude[1], direction[1], speed[1]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("altitude", [-300.0, 5e3, 15e3, 30e3, 45e3, 50e3, 65e3, 80e3])
def test_pressure_turns_into_the_altitude_where_the_standard_has_it(
    sounding, altitude: float
) -> None:
    pascal = air(altitude, build_earth())[1]
    text = f"pressure_pa,direction_deg,speed_mps\n{pascal!r},1,1\n{0.5 * pascal!r},1,1\n"
    assert read_sounding(sounding(text))[0][0] == pytest.approx(altitude, abs=1e-6)


def test_rows_without_wind_are_left_out(sounding) -> None:
    text = GOOD + "26000,,\n27000,nan,nan\n28000,300,30\n"
    altitude, _, _ = read_sounding(sounding(text))
    assert altitude.tolist() == [0.0, 1000.0, 25000.0, 28000.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [": is empty"]),
        ("\n\n# nothing\n", [": is empty"]),
        (b"\x89PNG\xff\xfe\x00", [": is not a text file"]),
        ("a,b\n1,2\n", ["row 1: no column for altitude or pressure; has a,b".replace("a,b", "a, b"),
                        "row 1: no column for direction; has a, b",
                        "row 1: no column for speed; has a, b"]),
        ("altitude_m,speed_mps\n0,1\n",
         ["row 1: no column for direction; has altitude_m, speed_mps"]),
        ("altitude,direction_deg,speed_mps\n0,1,1\n",
         ["row 1: no column for altitude or pressure; has altitude, direction_deg, speed_mps"]),
        (GOOD + "25000,1,1\n", ["row 5: altitude 25000.0 m repeats that of row 4, 25000.0 m"]),
        (GOOD + "900,1,1\n", ["row 5: altitude 900.0 m falls below that of row 4, 25000.0 m"]),
        (GOOD + "26000,west,fast\n",
         ["row 5, direction_deg: expected a number, got 'west'",
          "row 5, speed_mps: expected a number, got 'fast'"]),
        (GOOD + "26000,270\n", ["row 5, speed_mps: is missing"]),
        (GOOD + "inf,270,3\n", ["row 5, altitude_m: expected a number, got 'inf'"]),
        (GOOD + "26000,361,3\n", ["row 5, direction_deg: must be at most 360, got 361"]),
        (GOOD + "26000,270,-3\n", ["row 5, speed_mps: must not be negative, got -3"]),
        ("altitude_m,direction_deg,speed_mps\n0,1,1\n", [": has 1 rows with wind; it needs two"]),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_row(
    sounding, text: str | bytes, expected: list[str]
) -> None:
    assert problems(sounding(text)) == expected


def test_all_mistakes_come_at_once_but_not_thousands(sounding) -> None:
    found = problems(sounding(GOOD + "x,1,1\n900,y,1\n1,2,z\n"))
    assert len(found) == 3
    many = problems(sounding(GOOD + "x,y,z\n" * 500))
    assert len(many) == 21
    assert many[-1] == ": and 1480 more problems"


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.csv") == [": does not exist"]
    assert problems(tmp_path)[0].startswith(": can't be read")


def test_sounding_becomes_a_wind(sounding) -> None:
    file = sounding(GOOD)
    spec = WindSpec(model="sounding", file=file.name)
    wind = build_wind(spec, file.parent, minimum_top_m=20e3)
    assert wind_ned(0.0, wind) == pytest.approx((0.0, 5.0, 0.0), abs=1e-12)
    with pytest.raises(InputError, match=r"sounding\.csv: ends at 25000 m; it must reach 30000 m"):
        build_wind(spec, file.parent, minimum_top_m=30e3)


@pytest.mark.parametrize(
    ("name", "levels", "fastest_mps", "altitude_km"),
    [
        ("raob_KBRO_1999-05-04T00Z.csv", 159, 48.9, 12.7),
        ("raob_KJAX_1999-05-04T00Z.csv", 192, 27.3, 12.7),
        ("era5_30N_81.25W_2020-02-23T16Z_Cape_winter_proxy.csv", 37, 53.0, 10.7),
    ],
)
def test_published_soundings(
    reference_data: Path, name: str, levels: int, fastest_mps: float, altitude_km: float
) -> None:
    altitude, direction, speed = read_sounding(reference_data / "winds" / name)
    assert len(altitude) == levels
    assert speed[altitude < 20e3].max() == pytest.approx(fastest_mps, abs=0.3)
    peak = np.argmax(np.where(altitude < 20e3, speed, 0.0))
    assert altitude[peak] / 1000.0 == pytest.approx(altitude_km, abs=0.1)
    assert 180.0 < direction[peak] < 360.0  # the jet is westerly
