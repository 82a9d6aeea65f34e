"""Prepares a machine for edgecrack: installs and links what pip cannot."""
