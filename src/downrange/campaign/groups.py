"""What the groups of `--disperse` are, in a few words."""

GROUPS = {
    "engines": "thrust and specific impulse from engine to engine",
    "mass": "dry masses, loads, offsets",
    "wind": "wind against its mean profile",
    "aero": "aerodynamic coefficients",
    "sensors": "errors of gyros, accelerometers and receivers",
    "structure": "stiffness and damping",
    "faults": "the range of the mission's own faults",
    "failures": "random failures by rate",
    "knowledge": "what an outsider does not know of the design, the same on every flight",
}
