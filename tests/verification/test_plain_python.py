"""The flight that is compiled and the same lines run by Python: one and the same."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flight_case import MISSION, parts, ready, rows_of

from downrange.flight.kernel import loop

TEN_SECONDS = 10.0
TICK_S = 0.02

PLAIN = f"""
import pickle, sys
from pathlib import Path
import numba
import numpy as np
from downrange.flight.assemble import assemble
from downrange.flight.kernel import loop
from downrange.flight.load import load_mission

assert numba.config.DISABLE_JIT
folder = Path(sys.argv[1])
planned, ticks = pickle.loads((folder / "planned").read_bytes())
mission = load_mission({MISSION!r})
numbers, flight = assemble(mission, mission.spec, planned, 1, 0, 20.0)
loop.fly(numbers, flight, ticks)
rows = flight.rows[: int(flight.clock[loop.ROWS])]
np.savez(folder / "plain.npz", rows=rows, rigid=flight.state.rigid, modal=flight.state.modal,
         engine=flight.state.engine, tanks=flight.state.tank_kg)
"""


@pytest.mark.slow
def test_ten_controlled_seconds_in_plain_python(tmp_path: Path) -> None:
    """From ignition to ten seconds after first motion, by the plan of the compiled flight."""
    prepared = ready()
    numbers, flight = parts(prepared)
    ticks = 0
    while flight.clock[loop.TICK] * TICK_S - flight.clock[loop.T0_S] < TEN_SECONDS:
        loop.fly(numbers, flight, 1)
        ticks += 1
    (tmp_path / "planned").write_bytes(pickle.dumps((prepared.planned, ticks)))
    script = tmp_path / "plain.py"
    script.write_text(PLAIN, encoding="utf-8")
    subprocess.run(
        [sys.executable, str(script), str(tmp_path)], check=True, timeout=900,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    with np.load(tmp_path / "plain.npz") as plain:
        compare(plain["rows"], rows_of(flight))
        state = flight.state
        ended = {"rigid": state.rigid, "modal": state.modal, "engine": state.engine,
                 "tanks": state.tank_kg}  # fmt: skip
        for name, ours in ended.items():
            np.testing.assert_allclose(plain[name], ours, rtol=1e-9, atol=1e-12, err_msg=name)


def compare(theirs: np.ndarray, ours: np.ndarray) -> None:
    """Every channel of every row to 1e-9 of the largest that it gets."""
    assert theirs.shape == ours.shape
    assert np.array_equal(np.isnan(theirs), np.isnan(ours))
    theirs, ours = np.nan_to_num(theirs), np.nan_to_num(ours)
    apart = np.abs(theirs - ours) / np.maximum(np.abs(ours).max(axis=0), 1e-6)
    assert apart.max() < 1e-9, np.argwhere(apart > 1e-9)[:5]
