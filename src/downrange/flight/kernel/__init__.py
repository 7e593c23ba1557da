"""The flight loop as numbers."""
