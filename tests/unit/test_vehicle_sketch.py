"""The side view of a vehicle: its stations, the picture, and the drawing in characters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from cli_case import Command
from hypothesis import given
from hypothesis import strategies as st
from vehicle_case import vehicle, vehicle_data

from downrange._spec import validate
from downrange.cli.sketching import draw as draw_text
from downrange.cli.sketching import row_height_m
from downrange.flight.load import load_mission
from downrange.report.style import drawing
from downrange.vehicle.picture import MARGIN_PT, WIDTH_PT, draw, place_marks
from downrange.vehicle.sketch import Mark, Sketch, sketch
from downrange.vehicle.spec import VehicleSpec

LITRE_HEIGHT = 1.0 / math.pi  # a cubic metre in a tank of 2 m diameter stands so high, m


def scaled(factor: float) -> VehicleSpec:
    """The vehicle of the tests with every length times a factor, masses as volumes."""
    data = vehicle_data()

    def grow(table: dict, power: int, *keys: str) -> None:
        for key in keys:
            number, unit = table[key].split()
            table[key] = f"{float(number) * factor**power!r} {unit}"

    for stage in data["stage"]:
        grow(stage, 1, "length", "diameter", "dry_cm")
        grow(stage, 3, "dry_mass")
        grow(stage["engine"], 1, "station")
        thrust = "thrust_sl" if "thrust_sl" in stage["engine"] else "thrust_vac"
        grow(stage["engine"], 3, thrust)
        for tank in stage["tank"]:
            grow(tank, 1, "bottom", "diameter")
            grow(tank, 3, "load", "volume")
    data["stage"][0]["engine"]["layout"]["ring_radius"] = f"{0.7 * factor!r} m"
    grow(data["fairing"], 1, "length", "diameter")
    grow(data["fairing"], 3, "mass")
    grow(data["payload"], 1, "station")
    grow(data["payload"], 3, "mass")
    grow(data["imu"], 1, "station")
    grow(data["structure"], 1, "critical_station")
    return validate(VehicleSpec, data)


def test_stations_as_they_are_written() -> None:
    view = sketch(vehicle())
    assert [(s.name, s.base_m, s.top_m) for s in view.stages] == [
        ("stage1", 0.0, 20.0), ("stage2", 20.0, 25.0), ("fairing", 25.0, 29.0),
    ]  # fmt: skip
    assert [s.mass_kg for s in view.stages] == [39000.0, 7900.0, 300.0]
    assert (view.length_m, view.diameter_m) == (29.0, 2.0)
    lox, _, _, fuel2 = view.tanks
    assert (lox.path, lox.role, lox.bottom_m) == ("stage1.tank.lox", "oxidiser", 1.5)
    assert lox.top_m == pytest.approx(1.5 + 24.0 * LITRE_HEIGHT)
    assert lox.level_m == pytest.approx(1.5 + 25000.0 / 1140.0 * LITRE_HEIGHT)
    assert (fuel2.path, fuel2.role, fuel2.bottom_m) == ("stage2.tank.fuel", "fuel", 22.5)
    marks = dict(view.marks)
    assert marks["IMU"] == 3.0
    assert marks["payload"] == 26.0
    assert marks["bending moment limit"] == 14.0


def test_engines_seen_from_the_side() -> None:
    first = [n for n in sketch(vehicle()).nozzles if n.stage == "stage1"]
    # Eight in a ring from +y, and one on the axis.
    ring = [0.7 * math.cos(math.radians(45.0 * k)) for k in range(8)]
    assert [n.across_m for n in first] == pytest.approx([*ring, 0.0])
    assert {n.station_m for n in first} == {0.5}
    # Exit area from 75 kN at sea level at 285 s, which is 315 s in vacuum; sea level 101,325 Pa.
    area_m2 = 75e3 * (315.0 / 285.0 - 1.0) / 101325.0
    assert first[0].diameter_m == pytest.approx(math.sqrt(4.0 * area_m2 / math.pi))
    (second,) = (n for n in sketch(vehicle()).nozzles if n.stage == "stage2")
    assert (second.station_m, second.across_m) == (20.6, 0.0)


def test_centres_of_mass_by_hand() -> None:
    data = vehicle_data()
    del data["fairing"], data["payload"]
    data["imu"]["station"] = "3 m"
    marks = dict(sketch(validate(VehicleSpec, data)).marks)
    dry = [(4000.0, 8.0), (900.0, 22.0)]

    def liquid(load_kg: float, density: float, bottom_m: float) -> tuple[float, float]:
        return load_kg, bottom_m + 0.5 * load_kg / density * LITRE_HEIGHT

    lower = [liquid(25000.0, 1140.0, 1.5), liquid(10000.0, 580.0, 10.0)]
    upper = [liquid(5000.0, 1140.0, 21.0), liquid(2000.0, 580.0, 22.5)]

    def centre(items: list[tuple[float, float]]) -> float:
        return sum(m * x for m, x in items) / sum(m for m, _ in items)

    assert marks["CM at lift-off"] == pytest.approx(centre(dry + lower + upper))
    assert marks["CM, stage1 empty"] == pytest.approx(centre(dry + upper))
    assert "payload" not in marks


def test_everything_grows_with_the_vehicle() -> None:
    small, large = sketch(vehicle()), sketch(scaled(1.5))
    for one, other in zip(small.marks, large.marks, strict=True):
        assert other.station_m == pytest.approx(1.5 * one.station_m)
    for mine, theirs in zip(small.tanks, large.tanks, strict=True):
        places = [getattr(mine, key) for key in ("bottom_m", "level_m", "top_m", "diameter_m")]
        assert [getattr(theirs, key) for key in ("bottom_m", "level_m", "top_m", "diameter_m")] == (
            pytest.approx([1.5 * place for place in places])
        )
    flat = [number for point in small.outline for number in point]
    assert [n for p in large.outline for n in p] == pytest.approx([1.5 * n for n in flat])


def test_the_picture_is_to_scale() -> None:
    view = sketch(vehicle())
    with drawing():
        figure = draw(view, "made up")
    (axes,) = figure.axes
    width_pt, height_pt = figure.get_size_inches() * 72.0
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert width_pt / (right - left) == pytest.approx(height_pt / (high - low))
    patches = {patch.get_gid(): patch for patch in axes.patches if patch.get_gid()}
    for tank in view.tanks:
        liquid, ullage = patches[f"{tank.path}.liquid"], patches[f"{tank.path}.ullage"]
        assert liquid.get_x() == pytest.approx(tank.bottom_m)
        assert liquid.get_x() + liquid.get_width() == pytest.approx(tank.level_m)
        assert ullage.get_x() + ullage.get_width() == pytest.approx(tank.top_m)
        assert liquid.get_height() < tank.diameter_m
    for mark in view.marks:
        assert patches[mark.name].center == (mark.station_m, 0.0)
    hull = patches["hull"].get_xy()
    assert (hull[:, 0].min(), hull[:, 0].max()) == (0.0, 29.0)
    assert (hull[:, 1].min(), hull[:, 1].max()) == (-1.0, 1.0)
    assert sum(patch.get_gid() == "nozzle" for patch in axes.patches) == 10


def texts_of(view: Sketch) -> dict[str, Any]:
    with drawing():
        (axes,) = draw(view, "made up").axes
    return {text.get_text(): text for text in axes.texts}


def test_what_is_in_a_tank_is_written_where_it_can_be_read() -> None:
    view = sketch(vehicle())
    texts = texts_of(view)
    # 1.1 m of propane are too short for words along the axis.
    words = ("oxygen\n25.0 t", "propane\n10.0 t", "oxygen\n5.00 t", "propane")
    for tank, said in zip(view.tanks, words, strict=True):
        x, y = texts[said].get_position()
        assert tank.bottom_m < x < tank.level_m
        assert y == 0.0
        assert texts[said].get_rotation() == (90.0 if said == "propane" else 0.0)


@given(st.floats(2.0, 8.0))
def test_words_in_a_tank_make_way_for_a_mark(station_m: float) -> None:
    view = sketch(vehicle())._replace(marks=(Mark("here", station_m),))
    per_m = (WIDTH_PT - 2.0 * MARGIN_PT) / view.length_m
    x, _ = texts_of(view)["oxygen\n25.0 t"].get_position()
    half_pt = 0.5 * 0.55 * 9.0 * len("oxygen")
    assert abs(x - station_m) * per_m > half_pt


def test_stages_are_named_above_the_hull() -> None:
    texts = texts_of(sketch(vehicle()))
    for words, middle_m in (
        ("stage1\n20.0 m, 39.0 t", 10.0),
        ("stage2\n5.00 m, 7.90 t", 22.5),
        ("fairing\n4.00 m, 300 kg", 27.0),
    ):
        x, y = texts[words].xy
        assert x == pytest.approx(middle_m)
        assert y > 1.0  # outside the hull of 2 m diameter


def test_the_ruler_counts_in_even_steps() -> None:
    texts = texts_of(sketch(vehicle()))
    assert all(f"{x}" in texts for x in range(2, 29, 2))
    assert "0 m" in texts
    assert texts["20"].xy[0] == 20.0


@given(st.lists(st.floats(0.0, 29.0), min_size=1, max_size=8, unique=True))
def test_names_of_marks_keep_apart(stations: list[float]) -> None:
    marks = [Mark(f"mark {k}", station) for k, station in enumerate(stations)]
    spans = [
        (29.0 * mark.station_m, 29.0 * mark.station_m + 0.55 * 9.0 * len("mark 1, 12.34 m"), row)
        for mark, row in place_marks(marks, 29.0)
    ]
    for at_pt, end_pt, row in spans:
        for other_pt, other_end_pt, other_row in spans:
            if row == other_row and at_pt != other_pt:
                assert end_pt <= other_pt or other_end_pt <= at_pt
            if other_row > row:  # the other's leader passes through this row
                assert not at_pt < other_pt < end_pt


@given(st.floats(0.0, 29.0))
def test_names_stay_inside_the_picture(station_m: float) -> None:
    view = sketch(vehicle())._replace(marks=(Mark("a long name of a mark", station_m),))
    with drawing():
        figure = draw(view, "made up")
    (axes,) = figure.axes
    left_m, right_m = axes.get_xlim()
    per_m = WIDTH_PT / (right_m - left_m)
    width_pt = 0.58 * 9.0 * len("a long name of a mark, 12.34 m")
    assert (station_m - left_m) * per_m + width_pt < WIDTH_PT
    assert (view.length_m - left_m) * per_m <= WIDTH_PT - MARGIN_PT + 1e-6


def rows_of(view: Sketch) -> list[str]:
    """The drawing's rows from the base up, without the engines."""
    return [line.plain for line in draw_text(view)][-2::-1]


def test_rows_are_to_scale() -> None:
    view = sketch(vehicle())
    row_m, rows = row_height_m(view), rows_of(sketch(vehicle()))
    assert row_m == 0.5  # a quarter of 2 m, and 58 rows for 29 m
    assert len(rows) == 58
    # Straight stages are nine columns wide: 2 m in columns of 0.25 m, and the wall.
    assert all(row[10:19][0] == "│" and row[10:19][-1] == "│" for row in rows[:50])
    assert rows[0].startswith("   0.00 m")
    assert rows[50].startswith("  25.00 m")
    wet = [k for k, row in enumerate(rows) if row[10:19].strip("│") and "█" in row[10:19]]
    for tank in view.tanks:
        inside = [k for k in range(58) if tank.bottom_m <= (k + 0.5) * row_m < tank.level_m - row_m]
        assert set(inside) <= set(wet)
    dry = [k for k in range(58) if all(
        (k + 1) * row_m <= t.bottom_m or k * row_m >= t.level_m for t in view.tanks)]  # fmt: skip
    assert set(dry) & set(wet) == set()


def test_names_stand_beside_their_stations() -> None:
    view = sketch(vehicle())
    rows = rows_of(view)
    for mark in view.marks:
        row = int(mark.station_m // 0.5)
        assert f"◂ {mark.name}, {mark.station_m:.2f} m" in rows[row]
    assert "stage1: 20.0 m, 39.0 t" in rows[20]
    # 25 t of oxygen at 1140 kg/m^3 in 24 m^3.
    assert "oxygen 25.0 t, 91% full" in " ".join(rows)


def test_the_nose_narrows_and_the_engines_stand_below() -> None:
    lines = [line.plain for line in draw_text(sketch(vehicle()))]
    widths = [len(line[10:19].strip()) for line in lines[:8]]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    # The ring's columns: 0.7, 0.49, 0 m to each side of the axis in columns of 0.25 m.
    assert lines[-1][10:19] == " ▲▲ ▲ ▲▲ "


def test_a_long_vehicle_stays_on_the_screen() -> None:
    data = vehicle_data()
    data["stage"][0]["length"] = "80 m"
    data["structure"]["critical_station"] = "14 m"
    view = sketch(validate(VehicleSpec, data | {"payload": {"mass": "1 kg", "station": "86 m"}}))
    assert len(draw_text(view)) == 61


def test_a_vehicle_is_drawn_where_it_is_shown(command: Command) -> None:
    said = command("show", "spectrum")
    assert said.code == 0
    assert "To scale: a row is 0.500 m" in said.out
    imu = load_mission("spectrum-flight-1").spec.vehicle.imu.station
    assert f"◂ IMU, {imu.text}" in said.out


@pytest.mark.parametrize(("name", "begins"), [("v.png", b"\x89PNG"), ("v.svg", b"<?xml")])
def test_a_picture_on_disk(command: Command, tmp_path: Path, name: str, begins: bytes) -> None:
    said = command("show", "spectrum", "--plot", name)
    assert (said.code, said.out) == (0, f"Picture  {name}\n")
    assert (tmp_path / name).read_bytes().startswith(begins)
    again = command("show", "spectrum", "--plot", name)
    assert again.code == 2
    assert "exists already" in again.err
    assert command("show", "spectrum", "--plot", name, "--force").code == 0


def test_pictures_that_can_not_be(command: Command, tmp_path: Path) -> None:
    said = command("show", "andoya", "--plot", "v.pdf")
    assert said.code == 2
    assert "only vehicles are drawn, not sites" in said.err
    assert "v.pdf ends in none of .png, .svg" in said.err
    said = command("show", "spectrum", "--plot", "absent/v.png")
    assert said.code == 2
    assert "cannot write absent" in said.err
    assert list(tmp_path.iterdir()) == []
