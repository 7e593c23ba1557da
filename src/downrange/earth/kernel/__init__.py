"""Compiled numbers of the Earth: import the module that you need."""
