"""Flight software: measurements in, commands out. It knows the assumed vehicle, never the true one."""
