"""Numbers-only kernels of the flight software."""
