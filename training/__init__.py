"""Trains the network on images and masks, on a workstation, and writes checkpoints."""
