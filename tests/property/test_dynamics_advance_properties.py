"""Whatever is commanded: what leaves the tanks is what went through the engines."""

from __future__ import annotations

import math

import numpy as np
from flight_case import parts, ready
from hypothesis import given, settings
from hypothesis import strategies as st

from downrange.aero.build import no_aero
from downrange.dynamics.kernel.advance import FLYING, STATUS, Plant, take_mass
from downrange.earth.kernel.atmosphere import NO_AIR
from downrange.faults.kernel import new_health
from downrange.flight.assemble import new_state
from downrange.propulsion.kernel import LEVEL, MEAN_LEVEL
from downrange.telemetry.bus import new_command
from downrange.verify.kernel import tick

TICK_S = 0.02
STANDARD_GRAVITY = 9.80665


def in_space() -> Plant:
    """The catalogue's vehicle where nothing but its engines acts on it."""
    plant = parts(ready(planned=True))[0].plant
    around = plant.around
    earth = around.earth._replace(mu_m3ps2=0.0, rotation_radps=0.0, atmosphere_model=NO_AIR)
    return plant._replace(around=around._replace(earth=earth, aero=no_aero()))


levels = st.floats(0.6, 1.0)  # engines don't throttle below
starts = st.lists(st.floats(0.0, 0.5), min_size=9, max_size=9)
cuts = st.lists(st.floats(0.7, 2.0), min_size=9, max_size=9)


@settings(max_examples=15)
@given(starts, cuts, levels, st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_thrust_and_mass_keep_the_books(
    starts_s: list[float], cuts_s: list[float], throttle: float, gimbal_y: float, gimbal_z: float
) -> None:
    """Impulse along the nose is exhaust speed times what is burnt, whoever starts and stops when.

    Each engine burns its level for its time; each tank gives its share; the speed gained lies
    between that of the first kilogram and that of the last.
    """
    plant = in_space()
    state, command = new_state(plant), new_command(10)
    health = new_health(10, 2)
    take_mass(plant, state)
    state.rigid[0], state.rigid[6], state.words[STATUS] = 7.0e6, 1.0, FLYING
    command.throttle[:9], command.gimbal_rad[:9] = throttle, (gimbal_y, gimbal_z)
    command.cutoff_time_s[:9] = cuts_s
    start_kg, tanks_kg = float(state.loads[0]), state.tank_kg.copy()
    burnt_kg, turned = np.zeros(9), 0.0
    for k in range(130):
        now = k * TICK_S
        command.engine_on[:9] = (now >= np.array(starts_s)) & (now < np.array(cuts_s))
        flown_s = tick(plant, state, command, health, now, TICK_S)
        assert abs(flown_s - TICK_S) < 1e-12
        turned = max(turned, float(np.abs(state.rigid[10:13]).max()))
        assert (
            (state.engine[:, [LEVEL, MEAN_LEVEL]] >= 0.0) & (state.engine[:, [LEVEL]] <= 1.0)
        ).all()
    assert not state.engine[:9, LEVEL].any()
    # Level at the cut: the ramp's, or the throttle where that is reached; then it holds and falls.
    row = plant.engines.table[0]
    delay_s, rise_s, hold_s, fall_s = row[6], row[7], row[8], row[9]
    flow_kgps = plant.engines.flow_kgps[:9]
    for i in range(9):
        start_s = next(k * TICK_S for k in range(130) if k * TICK_S >= starts_s[i])  # at a tick
        up_s = max(0.0, cuts_s[i] - start_s - delay_s)
        reach_s = throttle * rise_s
        level = min(throttle, up_s / rise_s)
        full_s = 0.5 * level * min(up_s, reach_s) + throttle * max(0.0, up_s - reach_s)
        burnt_kg[i] = (full_s + level * hold_s + 0.5 * level**2 * fall_s) * flow_kgps[i]
    lost_kg = start_kg - float(state.loads[0])
    np.testing.assert_allclose(lost_kg, burnt_kg.sum(), rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose((tanks_kg - state.tank_kg).sum(), lost_kg, rtol=1e-9, atol=1e-7)
    given_kg = (tanks_kg - state.tank_kg)[:2]
    np.testing.assert_allclose(given_kg[1], 2.7 * given_kg[0], rtol=1e-9, atol=1e-7)
    gain_mps = 315.0 * STANDARD_GRAVITY * math.log(start_kg / (start_kg - lost_kg))
    lean = math.hypot(gimbal_y, gimbal_z)
    felt = float(np.linalg.norm(state.rigid[3:6]))
    assert felt <= gain_mps * (1.0 + 1e-6) + 1e-3
    if turned < 0.01 and lean < 1e-3:
        assert felt >= gain_mps * 0.999 - 1e-3
