from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_flight import EVENTS, flown_telemetry

from downrange.report.figures import (
    draw_panel,
    place_labels,
    scale_for,
    time_span,
)
from downrange.report.panels import CONTROL, STRUCTURE, TRAJECTORY, Panel, drawable, tank_panel
from downrange.report.strips import draw_engines, draw_margins
from downrange.report.style import MAX_POINTS, drawing, thin
from downrange.telemetry import CHANNELS, Event, Telemetry, channel

ALTITUDE = TRAJECTORY[0]


def draw(panel: Panel, telemetry: Telemetry, planned: Telemetry | None = None, **more: object):
    with drawing():
        return draw_panel(panel, telemetry, planned, EVENTS, **more)


@given(st.integers(2001, 9000), st.integers(0, 2**32 - 1))
def test_thinning_keeps_the_extremes_and_the_order(samples: int, seed: int) -> None:
    x = np.arange(float(samples))
    y = np.random.default_rng(seed).normal(size=samples)
    few_x, few_y = thin(x, y)
    assert len(few_x) <= MAX_POINTS
    assert (few_y.min(), few_y.max()) == (y.min(), y.max())
    assert np.all(np.diff(few_x) > 0.0)
    assert np.array_equal(y[few_x.astype(int)], few_y)


def test_thinning_leaves_short_lines_and_gaps() -> None:
    x = np.arange(MAX_POINTS, dtype=float)
    assert thin(x, x)[0] is x
    gap = np.arange(5000.0)
    gap[1000:4000] = np.nan
    few_x, few_y = thin(np.arange(5000.0), gap)
    assert np.isnan(few_y[(few_x > 1010) & (few_x < 3990)]).all()


def test_thinning_keeps_all_of_a_sparse_stretch() -> None:
    sparse = np.arange(100.0, 400.0, 10.0)
    x = np.concatenate((np.arange(0.0, 100.0, 0.02), sparse))
    few_x, few_y = thin(x, x**2)
    assert set(sparse) <= set(few_x)
    assert np.array_equal(few_y, few_x**2)


def test_thinning_joins_samples_of_one_time() -> None:
    x = np.zeros(3000)
    few_x, few_y = thin(x, np.arange(3000.0))
    assert (set(few_x), sorted(few_y)) == ({0.0}, [0.0, 2999.0])


@pytest.mark.parametrize(
    ("start", "end", "ticks"),
    [
        (150.0, 240.0, ["160 s", "180 s", "200 s", "220 s", "240 s"]),
        (0.0, 642.0, ["00:00", "02:00", "04:00", "06:00", "08:00", "10:00"]),
        (2861.0, 2923.0, ["47:50", "48:00", "48:10", "48:20", "48:30", "48:40"]),
        (0.0, 12_000.0, ["00:00", "30:00", "1:00:00", "1:30:00", "2:00:00", "2:30:00", "3:00:00"]),
    ],
)
def test_late_times_are_read_as_on_the_timeline(start: float, end: float, ticks: list[str]) -> None:
    time = np.linspace(start, end, 50)
    telemetry = Telemetry.from_columns({"time_s": time, "altitude_m": 1000.0 + time})
    with drawing():
        texts = re.findall(r">([^<>]+)</text>", draw_panel(ALTITUDE, telemetry, None, ()).svg)
    assert [text for text in texts if ":" in text or text.endswith(" s")] == ticks


def test_ignition_is_marked_where_there_was_no_liftoff() -> None:
    up = [Event(-2.0, "a", "ignition"), Event(0.0, "a", "liftoff")]
    later = [Event(20.0, "a", "ignition"), Event(30.0, "a", "seco")]
    for events, named in ((up, False), (later, True), ([*up, *later], False)):
        with drawing():
            svg = draw_panel(ALTITUDE, flown_telemetry(), None, events).svg
        assert (">ignition<" in svg) is named


def test_a_long_recording_makes_no_long_line() -> None:
    time = np.arange(0.0, 5000.0, 0.05)
    noise = np.random.default_rng(1).normal(size=time.size)
    svg = draw(ALTITUDE, Telemetry.from_columns({"time_s": time, "altitude_m": noise})).svg
    longest = max(len(re.findall(r"[ML] ", d)) for d in re.findall(r' d="([^"]*)"', svg))
    assert 500 < longest <= MAX_POINTS


@pytest.mark.parametrize(
    ("unit", "largest", "factor", "shown"),
    [
        ("m", 80_000.0, 1e-3, "km"),
        ("m", 800.0, 1.0, "m"),
        ("m", 0.04, 100.0, "cm"),
        ("Pa", 30_000.0, 1e-3, "kPa"),
        ("N", 675_000.0, 1e-3, "kN"),
        ("N", 74e6, 1e-6, "MN"),
        ("kg", 50_000.0, 1e-3, "t"),
        ("rad/s", 0.1, 180.0 / math.pi, "°/s"),
        ("K", 300.0, 1.0, "K"),
    ],
)
def test_values_are_shown_in_readable_units(
    unit: str, largest: float, factor: float, shown: str
) -> None:
    assert scale_for(unit, largest) == (factor, shown)


def test_every_panel_names_known_channels_of_one_unit() -> None:
    for panel in (*TRAJECTORY, *CONTROL, *STRUCTURE):
        known = [channel(name) for name in panel.lines]
        assert all(known)
        assert len({c.unit for c in known if c}) == 1


def test_a_panel_says_its_unit_its_lines_and_its_limit() -> None:
    panel = next(p for p in STRUCTURE if p.title == "Bending moment")
    drawing_ = draw(panel, flown_telemetry(), flown_telemetry(healthy=True), limit=6e5)
    assert (drawing_.title, drawing_.unit) == ("Bending moment", "kN m")
    assert drawing_.legend == (
        ("flown", "1"),
        ("planned", "planned"),
        ("limit 600 kN m", "limit"),
    )
    assert ">limit<" in drawing_.svg


def test_a_limit_far_off_is_told_but_does_not_squeeze_the_figure() -> None:
    panel = next(p for p in STRUCTURE if p.title == "Bending moment")
    drawing_ = draw(panel, flown_telemetry(), limit=9e9)
    assert [label for label, _ in drawing_.legend] == ["flown", "limit 9.00 GN m"]
    assert ">limit<" not in drawing_.svg


def test_figures_have_a_text_and_only_the_pages_colours() -> None:
    for panel in (*TRAJECTORY, *CONTROL):
        svg = draw(panel, flown_telemetry(), flown_telemetry(healthy=True)).svg
        assert svg.startswith('<svg role="img" aria-label="')
        assert panel.title in svg[:200]
        assert not re.search(r"#0101|#0102", svg)
        assert "var(--series-1)" in svg
        assert "<?xml" not in svg
        assert " id=" not in re.sub(r' id="[mp][0-9a-f]+"', "", svg)


def test_a_channel_without_a_number_is_an_empty_figure() -> None:
    time = np.arange(10.0)
    empty = Telemetry.from_columns({"time_s": time, "altitude_m": np.full(10, np.nan)})
    assert "<svg" in draw(ALTITUDE, empty).svg
    log = next(p for p in CONTROL if p.log)
    still = Telemetry.from_columns({"time_s": time, "attitude_error_deg": np.zeros(10)})
    assert "<svg" in draw(log, still).svg


def test_panels_end_with_thrust_or_control() -> None:
    telemetry = flown_telemetry()
    assert time_span(telemetry, "end", EVENTS)[1] == telemetry["time_s"][-1]
    # Thrust ends at T+30 s, attitude is lost at 24.8 s; 15 % of the time from T-2 s is added.
    assert time_span(telemetry, "thrust", EVENTS)[1] == pytest.approx(34.8, abs=0.06)
    assert time_span(telemetry, "lost", EVENTS)[1] == pytest.approx(24.8 + 0.15 * 26.8)
    assert time_span(telemetry, "lost", ())[1] == pytest.approx(34.8, abs=0.06)


NAMES = ["flight_termination", "attitude_lost", "oscillation", "impact", "meco", "max_q", "liftoff"]


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=7))
def test_labels_cross_neither_labels_nor_lines(times: list[float]) -> None:
    events = [Event(t, "a", name) for t, name in zip(times, NAMES, strict=False)]
    placed = [x for x in place_labels(events, (0.0, 60.0), 404.0) if x.row is not None]
    for label in placed:
        assert label.end <= 414.0
        for other in placed:
            if other is label:
                continue
            apart = label.end < other.start or other.end < label.start
            assert apart or label.row != other.row
            crossed = label.start < other.at < label.end and other.row >= label.row
            assert not crossed or other.at == label.at


def test_distant_labels_are_all_placed_low_and_right() -> None:
    events = [Event(t, "a", n) for t, n in zip((5.0, 20.0, 40.0), NAMES, strict=False)]
    placed = place_labels(events, (0.0, 60.0), 404.0)
    assert [(label.align, label.row) for label in placed] == [("left", 0)] * 3


def test_tick_labels_keep_their_digits() -> None:
    panel = Panel("Error", "small", {"attitude_error_deg": ""}, log=True)
    time = np.arange(0.0, 10.0, 0.1)
    small = Telemetry.from_columns({"time_s": time, "attitude_error_deg": 1e-3 * 2.0**time})
    assert ">0.001<" not in draw(panel, flown_telemetry()).svg
    assert re.search(r">0\.01</text>", draw(panel, small).svg)
    assert not re.search(r">0\.00</text>", draw(panel, small).svg)


def test_an_event_close_to_a_more_telling_one_is_left_out() -> None:
    events = [Event(30.0, "a", "flight_termination"), Event(30.2, "a", "max_q")]
    with drawing():
        svg = draw_panel(ALTITUDE, flown_telemetry(), None, events).svg
    assert ">terminated<" in svg
    assert ">max q<" not in svg


def test_what_follows_the_end_of_thrust_sets_no_range() -> None:
    panel = next(p for p in CONTROL if p.title == "Attitude error by axis")
    time = np.arange(0.0, 40.0, 0.1)
    error = np.where(time > 31.0, -50.0, np.sin(time))
    thrust = np.where(time < 30.0, 1e5, 0.0)
    columns = {"time_s": time, "attitude_error_pitch_deg": error, "thrust_n": thrust}
    with drawing():
        svg = draw_panel(panel, Telemetry.from_columns(columns), None, ()).svg
    assert ">1</text>" in svg
    assert ">−50</text>" not in svg


def test_tanks_become_lines() -> None:
    panel = tank_panel(flown_telemetry())
    assert panel.lines == {
        "stage1.tank.fuel.mass_kg": "Stage\u00a01 fuel",
        "stage1.tank.oxidiser.mass_kg": "Stage\u00a01 oxidiser",
    }
    bare = Telemetry.from_columns({"time_s": [0.0]})
    assert not drawable(tank_panel(bare), bare)


def test_engines_are_strips_by_number() -> None:
    with drawing():
        drawn = draw_engines(flown_telemetry(), EVENTS)
        none = draw_engines(Telemetry.from_columns({"time_s": [0.0, 1.0]}), ())
    assert drawn is not None
    assert none is None
    assert all(f">{number}</text>" in drawn.svg for number in range(1, 10))


def test_margins_are_drawn_by_kind() -> None:
    time = np.arange(0.0, 10.0, 0.05)
    left = {
        "margin.corridor_position_m": 900.0 - 100.0 * time,
        "margin.attitude_deg": 60.0 - time,
        "margin.data_loss_s": np.full(time.size, np.inf),
    }
    telemetry = Telemetry.from_columns({"time_s": time, **left})
    with drawing():
        drawn = draw_margins(telemetry, {"attitude_deg": {"limit": 60.0}}, ())
        none = draw_margins(Telemetry.from_columns({"time_s": [0.0, 1.0]}), {}, ())
    assert none == ()
    assert [(d.unit, d.legend) for d in drawn] == [
        ("km", (("Corridor position", "1"),)),
        ("%", (("Attitude", "1"),)),
    ]


def test_a_margin_that_was_never_touched_is_not_drawn() -> None:
    time = np.arange(0.0, 20.0)
    table = {"time_s": time, "margin.bending_moment_nm": 3e6 - 1000.0 * np.sin(time)}
    limits = {"bending_moment_nm": {"limit": 3e6}}
    with drawing():
        assert draw_margins(Telemetry.from_columns(table), limits, ()) == ()
        table["margin.attitude_deg"] = 45.0 - time
        (drawn,) = draw_margins(Telemetry.from_columns(table), limits, ())
    assert [label for label, _ in drawn.legend] == ["Attitude"]


def test_what_is_nothing_or_zero_all_along_is_no_panel() -> None:
    time = np.arange(0.0, 5.0)
    for values in (np.zeros(5), np.full(5, np.nan)):
        table = Telemetry.from_columns({"time_s": time, "altitude_m": values})
        assert not drawable(ALTITUDE, table)


def test_no_dictionary_channel_is_drawn_without_a_unit_scale() -> None:
    assert all(scale_for(c.unit, 1.0)[1] is not None for c in CHANNELS.values())
