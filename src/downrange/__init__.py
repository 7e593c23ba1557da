"""Downrange flies a launch vehicle test flight in software, from countdown to impact."""
