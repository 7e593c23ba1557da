"""The composition root: a mission becomes numbers, the numbers fly, the flight becomes a record."""
