"""Engines, gimbals and tanks: commands in, forces, moments and flows out."""
