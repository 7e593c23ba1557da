"""Numbers only: the rigid body, its flexible and moving parts, one tick of flight."""
