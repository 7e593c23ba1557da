"""A vehicle: stages, fairing and payload; its mass properties, outline and bending modes."""
