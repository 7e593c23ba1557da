"""A rung of the ladder that climbs: the steps of a whole ascent against another integrator."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from downrange.dynamics.kernel import rigid
from downrange.verify import kernel
from downrange.verify.build import Segment, build_layers, segments, start_state
from downrange.verify.check import Check
from downrange.verify.fly import fly_case, observed
from downrange.verify.spec import CaseSpec, load_case

Floats = NDArray[np.float64]

CASE = "nasa_17.toml"
TOLERANCE = 1e-12
LONGEST_S = 0.2  # a longer step would pass over corners of the tables of coefficients
# A two-thousandth of the case's own gates. What corners cost either integrator is by chance: up to
# 2 mm in 200 s with another longest step.
CLOSE = {"altitude_m": 5e-3, "velocity_east_mps": 1.5e-4, "velocity_down_mps": 1.5e-4,
         "pitch_deg": 5e-6, "q_radps": 5e-9}  # fmt: skip


def two_stages() -> list[Check]:
    """NASA's check case 17 by Runge-Kutta in steps of 5 ms and by SciPy's DOP853."""
    spec = load_case(Path(str(files("downrange.verify") / "cases")) / CASE)
    times = [30.0, 120.0, 200.0]
    ours, theirs = fly_case(spec, times), fly_by_dop853(spec, times)
    return [
        Check("two stages to orbit", f"{column} at {time:g} s", "SciPy's DOP853, same equations",
              theirs[i][column], ours[i][column], unit, CLOSE[column])
        for i, time in enumerate(times)
        for column, unit in (("altitude_m", "m"), ("velocity_east_mps", "m/s"),
                             ("velocity_down_mps", "m/s"), ("pitch_deg", "deg"),
                             ("q_radps", "rad/s"))
    ]  # fmt: skip


def fly_by_dop853(spec: CaseSpec, times_s: list[float]) -> list[dict[str, float]]:
    """The trajectory of a case, as `fly_case` gives it, by an integrator of order 8."""
    from scipy.integrate import solve_ivp

    layers = build_layers(spec)
    earth = layers.around[0].earth
    state = start_state(spec, earth)
    rows: dict[float, dict[str, float]] = {}

    def over(t: float, x: Floats) -> float:
        return float(kernel.altitude(x, t, earth)) - layers.ceiling_m

    over.terminal = True  # type: ignore[attr-defined]
    for segment in segments(spec):
        now = segment.start_s
        while now < segment.end_s:
            layer = 1 if over(now, state) > 0.0 else 0
            flown = solve_ivp(
                _slope(segment, layers.around[layer]), (now, segment.end_s), state,
                method="DOP853", events=over, rtol=TOLERANCE, atol=TOLERANCE,
                max_step=LONGEST_S, dense_output=True,
            )  # fmt: skip
            if not flown.success:
                raise ArithmeticError(flown.message)
            inside = [time for time in times_s if now <= time <= flown.t[-1]]
            rows |= {time: observed(flown.sol(time), time, earth) for time in inside}
            now, state = float(flown.t[-1]), flown.y[:, -1].copy()
            if flown.status == 1:  # at the ceiling: a microsecond past it, whichever way
                rigid.rk4_step(state, now, 1e-6, _loads_at(segment, now), layers.around[layer],
                               rigid.new_work(), np.zeros(rigid.AUX_SIZE))  # fmt: skip
                now += 1e-6
    return [rows[time] for time in times_s]


def _loads_at(segment: Segment, time_s: float) -> Floats:
    """Loads of a segment, their levels moved on to a time."""
    loads, n = segment.loads.copy(), rigid.LOADS_LEVELS
    loads[:n] += (time_s - segment.start_s) * loads[rigid.LOADS_RATES : rigid.LOADS_RATES + n]
    return loads


def _slope(segment: Segment, around: rigid.Surroundings) -> Callable[[float, Floats], Floats]:
    """The compiled derivative as SciPy calls it."""
    aux = np.zeros(rigid.AUX_SIZE)

    def slope(time_s: float, state: Floats) -> Floats:
        out = np.zeros(rigid.STATE_SIZE)
        elapsed_s = time_s - segment.start_s
        rigid.derivative(state, time_s, elapsed_s, segment.loads, around, out, aux)
        return out

    return slope


RUNGS: tuple[Callable[[], list[Check]], ...] = (two_stages,)
