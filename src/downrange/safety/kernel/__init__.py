"""Numbers of the flight safety system: impact point and rules."""
