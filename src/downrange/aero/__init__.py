"""Forces and moments of the air on a vehicle, from 0 to 180 degrees of total angle."""
