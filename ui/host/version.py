"""The version of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """The version in the package's metadata; "0+unknown" where the source tree is used without an installation."""
    try:
        return version("omnilive")
    except PackageNotFoundError:
        return "0+unknown"
