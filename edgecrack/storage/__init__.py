"""What keeps bytes: the disk every result is written to, and the run folder on it."""
