"""Channels, recordings and the data bus."""
