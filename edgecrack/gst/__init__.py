"""GStreamer: the one package that imports ``gi``."""
