"""Break the physics on purpose and see which checks of `downrange verify` notice.

A check that nothing can make fail checks nothing. Each mutation below is one replacement of text
in a copy of the package, on which `downrange verify --json` then runs; what fails is told as a
Markdown table on stdout. The copy compiles what was changed anew, so a mutation takes a minute or
two.

    python scripts/mutate.py                        # all of them
    python scripts/mutate.py j2 coriolis            # those whose name holds one of the words
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
ALL_WELL = "none: the unchanged copy"


@dataclass(frozen=True)
class Mutation:
    """One mistake: the only place of a text in a file, and what stands there instead."""

    name: str
    file: str  # below src/downrange
    old: str
    new: str


MUTATIONS = (
    Mutation("J2 with the other sign", "earth/kernel/gravity.py",
             "j = 1.5 * earth.j2", "j = -1.5 * earth.j2"),
    Mutation("J2 pulls to the pole as to the equator", "earth/kernel/gravity.py",
             "(3.0 - s)", "(1.0 - s)"),
    Mutation("gravity as 1 / r^1.999", "earth/kernel/gravity.py",
             "over / math.sqrt(r2)", "over / math.sqrt(r2) * r2**0.0005"),
    Mutation("the Earth turns the other way (Coriolis)", "earth/build.py",
             "ROTATION_RADPS = 7.292115e-5", "ROTATION_RADPS = -7.292115e-5"),
    Mutation("air does not turn with the Earth", "earth/kernel/geodesy.py",
             "return (v_eci_mps[0] + w * r_eci_m[1], v_eci_mps[1] - w * r_eci_m[0], v_eci_mps[2])",
             "return (v_eci_mps[0], v_eci_mps[1], v_eci_mps[2])"),
    Mutation("no gyroscopic term (w x I w)", "dynamics/kernel/rigid.py",
             "mx = moment[0] - (q * hz - r * hy)", "mx = moment[0]"),
    Mutation("a product of inertia with the other sign", "dynamics/kernel/rigid.py",
             "cxy = ixy * izz + ixz * iyz", "cxy = -ixy * izz + ixz * iyz"),
    Mutation("no term of changing inertia", "dynamics/kernel/rigid.py",
             "loads[28] * loads[11] + loads[30]", "loads[30]"),
    Mutation("back pressure of half the exit area", "propulsion/kernel.py",
             "area = table[i, EXIT_AREA_M2] *", "area = 0.5 * table[i, EXIT_AREA_M2] *"),
    Mutation("side force of the thrust not moved to the CM", "dynamics/kernel/rigid.py",
             "loads[26] + x_cm * tz", "loads[26]"),
    Mutation("more fuel to the mixture than its ratio", "propulsion/kernel.py",
             "fuel = flow / (1.0 + table[i, MIXTURE_RATIO])",
             "fuel = flow / table[i, MIXTURE_RATIO]"),
    Mutation("bending damped by 1e-5 of the critical more", "vehicle/kernel.py",
             "decay = math.exp(-zeta * omega_radps * h_s)",
             "decay = math.exp(-(zeta + 1e-5) * omega_radps * h_s)"),
    Mutation("a beam a thousandth too stiff", "vehicle/beam.py",
             "return np.moveaxis(matrix / length**3, -1, 0)",
             "return np.moveaxis(1.001 * matrix / length**3, -1, 0)"),
    Mutation("slender-body lift without the half angle", "aero/jorgensen.py",
             "return ratio * np.sin(2.0 * folded) * np.cos(0.5 * folded)",
             "return ratio * np.sin(folded) * np.cos(0.5 * folded)"),
    Mutation("guidance blind to what it sensed", "gnc/kernel/upfg.py",
             "vgo = sub(vector_at(memory, VGO_MPS), vector_at(memory, SENSED_MPS))",
             "vgo = vector_at(memory, VGO_MPS)"),
    Mutation("wind blows to where it comes from", "earth/sounding.py",
             "return -np.asarray(speed) * np.cos(bearing), -np.asarray(speed) * np.sin(bearing)",
             "return np.asarray(speed) * np.cos(bearing), np.asarray(speed) * np.sin(bearing)"),
    Mutation("damping per rate * length / V", "aero/kernel.py",
             "rate_n = 0.25 * density_kgpm3", "rate_n = 0.5 * density_kgpm3"),
    Mutation("moment of the air not moved to the CM", "aero/kernel.py",
             "arm_x = aero.case_moment_centre_m[0] + aero.reference_x_m - x_cm_m",
             "arm_x = 0.0"),
    Mutation("drag without the half of dynamic pressure", "aero/kernel.py",
             "drag_over_speed = 0.5 * density_kgpm3", "drag_over_speed = 1.0 * density_kgpm3"),
    Mutation("side force at the angle of attack", "aero/kernel.py",
             "at_beta, f_beta = bracket(angles, math.atan2(vy, plane))",
             "at_beta, f_beta = bracket(angles, math.atan2(vz, vx))"),
    Mutation("air has no end that a case gives it", "verify/build.py",
             "return Layers((below, above), earth.air_zero_above_m)",
             "return Layers((below, above), math.inf)"),
    Mutation("the atmosphere weighed at 9.81 m/s^2", "earth/kernel/atmosphere.py",
             "G0_MPS2 = 9.80665", "G0_MPS2 = 9.81"),
    Mutation("an ellipsoid of 1 / 298.25", "earth/build.py",
             "FLATTENING = 1.0 / 298.257223563", "FLATTENING = 1.0 / 298.25"),
    Mutation("the last stage of the step looks ahead by nine tenths", "dynamics/kernel/rigid.py",
             "to_next = h_s if stage == 2 else 0.5 * h_s",
             "to_next = (0.9 if stage == 2 else 0.5) * h_s"),
    Mutation("random normals a fortieth too narrow", "_random.py",
             "math.sqrt(-2.0 * math.log(", "math.sqrt(-1.9 * math.log("),
    Mutation("what nobody steers falls by 9.81 m/s^2", "dynamics/kernel/fall.py",
             "FREE_SIZE):\n            x[i] = probe[i]",
             "FREE_SIZE):\n            x[i] = probe[i] - (0.00335 * h_s if i == 3 else 0.0)"),
    Mutation("an interval of 90 % told as one of 95 %", "campaign/statistics.py",
             "alpha = 1.0 - _level(level)", "alpha = 2.0 - 2.0 * _level(level)"),
    Mutation("the upper end of an interval one success too low", "campaign/statistics.py",
             "1.0 - _lower(n - k, n, 0.5 * alpha)", "1.0 - _lower(n - k + 1, n, 0.5 * alpha)"),
    Mutation("an ellipse as for one dimension", "campaign/footprint.py",
             "c2 = -2.0 * math.log1p(-share)", "c2 = -1.0 * math.log1p(-share)"),
    Mutation("a campaign stops a look too late", "campaign/stopping.py",
             "return int(looks[narrow[0]])", "return int(looks[narrow[0]]) + self.block"),
)  # fmt: skip


def mutated(mutation: Mutation | None, folder: Path) -> Path:
    """A copy of the package with the mistake in it."""
    copy = folder / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if mutation is not None:
        file = copy / "downrange" / mutation.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutation.old) != 1:
            sys.exit(f"{mutation.name}: {mutation.file} holds {text.count(mutation.old)} times "
                     f"{mutation.old!r}, not once")  # fmt: skip
        file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    return copy


def failing(mutation: Mutation | None, cache: Path | None) -> list[tuple[str, str]]:
    """(name, what) of the checks that fail; one row of words where `verify` itself broke down."""
    with tempfile.TemporaryDirectory(prefix="downrange-mutate-") as scratch:
        copy = mutated(mutation, Path(scratch))
        environment = os.environ | {
            "PYTHONPATH": str(copy),
            "DOWNRANGE_CACHE": str(cache or Path(scratch) / "cache"),
        }
        run = subprocess.run(
            [sys.executable, "-c", "from downrange.cli import main; main()", "verify", "--json"],
            capture_output=True, text=True, env=environment, cwd=scratch, check=False,
        )  # fmt: skip
    if run.returncode not in (0, 1) or not run.stdout.startswith("{"):
        last = (run.stderr.strip().splitlines() or ["no word"])[-1]
        return [("verify breaks down", last)]
    checks = json.loads(run.stdout)["checks"]
    return [(check["name"], check["what"]) for check in checks if not check["pass"]]


def row(mutation: Mutation | None, missed: list[tuple[str, str]]) -> str:
    """One row of the table: the mistake, where, and how many checks of which case or law fail."""
    counts = collections.Counter(name for name, _ in missed)
    caught = ", ".join(f"{name} ({count})" for name, count in counts.items()) or "**nothing**"
    if mutation is None:
        return f"| {ALL_WELL} | | {caught if missed else 'nothing, as it should be'} |"
    return f"| {mutation.name} | `{mutation.file}` | {caught} |"


def main() -> None:
    """Run the mutations asked for; the exit code is 1 if one is not noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only mutations whose name holds one of these")
    parser.add_argument("--cache", type=Path, help="folder of compiled code to keep between runs")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    given = parser.parse_args()
    words = [word.lower() for word in given.words]
    chosen: list[Mutation | None] = [
        each for each in MUTATIONS if not words or any(word in each.name.lower() for word in words)
    ]
    if given.list:
        print(*(each.name for each in chosen if each), sep="\n")
        return
    if not words:
        chosen.insert(0, None)
    print("| mistake | file | checks that fail |\n|---|---|---|", flush=True)
    unnoticed = False
    for mutation in chosen:
        missed = failing(mutation, given.cache)
        unnoticed |= (mutation is None) == bool(missed)
        print(row(mutation, missed), flush=True)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
