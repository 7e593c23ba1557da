"""What decides that a flight must end: the flight safety system, its rules, the impact point."""
