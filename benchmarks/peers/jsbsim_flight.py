"""The launcher's ascent in JSBSim, from the files beside this one. Runs in its own venv.

Arguments: the script, and the step in s. A script that is not here is one that JSBSim ships.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import jsbsim
from serve import serve

MODEL = Path(__file__).parent / "jsbsim"
FOOT_M = 0.3048


def fly(script: str, step_s: float) -> dict[str, float]:
    """One flight at a fixed step; reading the files is not timed."""
    executive = jsbsim.FGFDMExec(str(MODEL) if (MODEL / script).exists() else None)
    executive.set_debug_level(0)
    if not executive.load_script(script, step_s):
        raise RuntimeError("JSBSim can't read the model")
    executive.disable_output()
    executive.run_ic()
    run = executive.run
    started = time.perf_counter()
    while run():
        pass
    wall_s = time.perf_counter() - started
    steps = float(executive["simulation/frame"])
    return {
        "wall_s": wall_s,
        "simulated_s": executive.get_sim_time(),
        "steps": steps,
        "right_hand_sides": steps,
        "end_altitude_m": executive["position/h-sl-meters"],
        "end_speed_mps": executive["velocities/eci-velocity-mag-fps"] * FOOT_M,
    }


if __name__ == "__main__":
    serve(lambda: fly(sys.argv[1], float(sys.argv[2])))
