"""What holds on this unit and what does not: one file a subject, one line each, and what to do."""
