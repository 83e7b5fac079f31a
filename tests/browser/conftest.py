"""Fixtures of the browser tests: those of the page alone come from page_fixtures.py."""

from tests.browser.page_fixtures import (
    chromium_path,
    page_playwright,
    page_server,
    visit,
    with_devices,
    without_devices,
)

__all__ = ["chromium_path", "page_playwright", "page_server", "visit", "with_devices", "without_devices"]
