"""Many flights of one mission: run, kept, resumed, counted; results with their uncertainty."""
