"""``edgecrack`` on a Jetson that is stood in for.

``python -m tests.edgecrack.gst.jetson.program RELEASE run ...``
"""

from __future__ import annotations

import sys

from edgecrack.__main__ import main
from tests.edgecrack.gst.jetson.releases import install

if __name__ == "__main__":
    install(sys.argv.pop(1))
    main()
