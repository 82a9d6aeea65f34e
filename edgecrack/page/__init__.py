"""Reads a run folder and shows it as one HTML page."""
