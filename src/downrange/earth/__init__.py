"""The Earth and its air: geodesy, frames, gravity, atmosphere, wind, coast."""
