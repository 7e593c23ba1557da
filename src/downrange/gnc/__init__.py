"""Flight software: measurements in, commands out. It knows only the assumed vehicle."""
