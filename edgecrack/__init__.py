"""Road crack detection on the vehicle: video and positions in, geotagged crack masks out."""

__all__ = ["__version__"]

__version__ = "0.1.0"
