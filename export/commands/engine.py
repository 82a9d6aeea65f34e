"""``edgecrack-export engine``: the TensorRT engine of a bundle, on the device that is to run it.

It is ``edgecrack engine build``, where whoever exports looks for it.
"""

from __future__ import annotations

from edgecrack.commands.engine import build as engine

__all__ = ["engine"]
