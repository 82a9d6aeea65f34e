"""A new board's first hour: what holds on it, how fast it is, and one file to send home."""
