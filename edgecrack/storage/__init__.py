"""What keeps bytes: the run folder, and what it takes to survive a power cut."""
