"""Many flights of one mission: what is drawn, flown, kept and counted."""
