"""Reading a run folder, and showing it as one page."""
