"""Finds the Chromium that the benchmarks of calls drive."""

from __future__ import annotations

import shutil
import sys


def chromium_path() -> str:
    """The path of Chromium. Ends the program with advice if it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        sys.exit("This benchmark needs Chromium: apt-get install chromium")
    return path
