"""Fixtures of the browser tests: the page alone (page_fixtures.py), and whole calls (call_fixtures.py)."""

from tests.browser.call_fixtures import call_page, studio, transcribe
from tests.browser.languages.speech import say
from tests.browser.page_fixtures import (
    chromium_path,
    page_playwright,
    page_server,
    visit,
    with_devices,
    without_devices,
)

__all__ = [
    "call_page",
    "chromium_path",
    "page_playwright",
    "page_server",
    "say",
    "studio",
    "transcribe",
    "visit",
    "with_devices",
    "without_devices",
]
