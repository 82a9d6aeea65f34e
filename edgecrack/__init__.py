"""Road crack detection on the vehicle."""
