"""A unit made ready for edgecrack: what a wheel cannot bring."""
