"""Faults as data: a schedule becomes health numbers that the hardware reads."""
