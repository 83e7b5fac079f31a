"""omnilive: an assistant that sees, hears and talks with you, on your own machine. The public face.

python -m omnilive --help
"""

from __future__ import annotations

import sys

from ui.command_line import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
